//! Thresholds that a merchant's policy names: crossed, an alert is raised; crossed back, it is cleared. What is raised
//! already stands in the merchant's own events, so that each crossing is told once.

use daybook_domain::command::{ClearAlert, RaiseAlert};
use daybook_domain::event::Alert;
use daybook_domain::merchant::Merchant;
use daybook_domain::policy::Policy;
use daybook_domain::time::{DAY_MICROS, MINUTE_MICROS, SECOND_MICROS};
use daybook_domain::{Automatic, Command, CommandId, MerchantId, Revision, Sku, State, StreamId, Timestamp};
use daybook_engine::{ReadError, Reader, Request};
use daybook_views::query::{Basis, DashboardQuery, Figures, Scope, ratio_millionths};
use daybook_views::{Stopped, Views};
use hashbrown::{HashMap, HashSet};

use crate::task;

/// How often each merchant is looked at.
const EVERY_MICROS: i64 = MINUTE_MICROS;
/// Merchants that are looked at in one round: the views are not held for long.
const A_ROUND: usize = 20;
/// A rate of fewer orders says nothing.
const FEWEST_ORDERS: u64 = 20;
/// Of what was paid and refunded in the week before.
const REFUNDS_MICROS: i64 = 7 * DAY_MICROS;
/// Of the orders of a day that have had their time to be paid.
const CONVERSION_MICROS: i64 = DAY_MICROS;
/// SKUs of one merchant that are warned of newly in one round.
const MOST_SKUS: usize = 250;

#[derive(Debug, Default)]
pub(crate) struct Alerts {
    /// As of its stream's revision.
    known: HashMap<MerchantId, (Revision, Merchant)>,
    /// Those that are still to be looked at, the next one last.
    left: Vec<MerchantId>,
    /// When all are looked at again.
    next: Option<Timestamp>,
}

/// What is measured of a merchant, against what its policy allows.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Measured {
    alert: Alert,
    sku: Option<Sku>,
    measured: i64,
    /// None: nothing is to be warned of any more.
    threshold: Option<i64>,
    is_crossed: bool,
}

impl Alerts {
    /// Reads the policies of the merchants that come next, where they have changed.
    ///
    /// # Errors
    ///
    /// Why the last one that cannot be read cannot be; the others are.
    pub(crate) fn prepare(&mut self, reader: &Reader, now: Timestamp) -> Result<(), ReadError> {
        let mut outcome = Ok(());
        // A clock that was set back must not hold the warnings up.
        if self.next.is_some_and(|next| next > now.plus_micros(EVERY_MICROS)) {
            self.next = Some(now);
        }
        for id in self.left.iter().rev().take(A_ROUND) {
            let stream = StreamId::merchant(id);
            let Some((_, revision)) = reader.head(stream) else { continue };
            if self.known.get(id).is_some_and(|(known, _)| *known == revision) {
                continue;
            }
            match reader.state(stream) {
                Ok(Some(State::Merchant(merchant))) => drop(self.known.insert(id.clone(), (revision, merchant))),
                Ok(_) => {}
                Err(error) => outcome = Err(error),
            }
        }
        outcome
    }

    pub(crate) fn next(&self) -> Option<Timestamp> {
        if self.left.is_empty() { self.next } else { Some(Timestamp(i64::MIN)) }
    }

    /// What the merchants whose turn it is are to be warned of, and what not any more; and a view that could not tell.
    pub(crate) fn check(&mut self, views: &Views, now: Timestamp) -> (Vec<Request>, Result<(), Stopped>) {
        if self.left.is_empty() {
            if self.next.is_none_or(|next| next <= now) {
                let all = views.merchants().page(None, None, usize::MAX).merchants;
                self.left = all.into_iter().rev().map(|entry| entry.id).collect();
                self.next = Some(now.plus_micros(EVERY_MICROS));
            }
            // Their policies are read first.
            return (Vec::new(), Ok(()));
        }
        let (mut requests, mut outcome) = (Vec::new(), Ok(()));
        for id in self.left.split_off(self.left.len().saturating_sub(A_ROUND)) {
            if let Some((revision, merchant)) = self.known.get(&id) {
                let policy = merchant.policy_at(now);
                let measured = [
                    rate(views, merchant, Alert::RefundRate, policy.warn_refund_rate, now),
                    rate(views, merchant, Alert::Conversion, policy.warn_conversion, now),
                    queue_age(views, merchant, &policy, now),
                    low_stock(views, merchant),
                ];
                for found in measured {
                    match found {
                        Ok(found) => {
                            requests.extend(found.into_iter().filter_map(|found| request(merchant, *revision, found)));
                        }
                        Err(stopped) => outcome = Err(stopped),
                    }
                }
            }
        }
        (requests, outcome)
    }
}

/// Too many refunds, or too few payments, in millionths.
fn rate(
    views: &Views,
    merchant: &Merchant,
    alert: Alert,
    threshold: Option<u32>,
    now: Timestamp,
) -> Result<Vec<Measured>, Stopped> {
    if threshold.is_none() && !merchant.has_alert(alert, None) {
        return Ok(Vec::new());
    }
    let is_refunds = alert == Alert::RefundRate;
    let figures = if is_refunds {
        figures(views, merchant, now.plus_micros(-REFUNDS_MICROS), now, Basis::Booked)?
    } else {
        let until = now.plus_micros(-merchant.policy_at(now).pay_within_micros);
        figures(views, merchant, until.plus_micros(-CONVERSION_MICROS), until, Basis::Cohort)?
    };
    let (part, whole) = if is_refunds { (figures.refunded, figures.paid) } else { (figures.paid, figures.placed) };
    let measured = ratio_millionths(part, whole).filter(|_| whole >= FEWEST_ORDERS);
    let measured = measured.and_then(|measured| i64::try_from(measured).ok());
    let threshold = threshold.map(i64::from);
    let is_crossed = match (measured, threshold) {
        (Some(measured), Some(threshold)) if is_refunds => measured > threshold,
        (Some(measured), Some(threshold)) => measured < threshold,
        (_, _) => false,
    };
    Ok(vec![Measured { alert, sku: None, measured: measured.unwrap_or_default(), threshold, is_crossed }])
}

/// Of the merchant's own orders in all currencies; the amounts are left out.
fn figures(
    views: &Views,
    merchant: &Merchant,
    from: Timestamp,
    to: Timestamp,
    basis: Basis,
) -> Result<Figures, Stopped> {
    let dashboard = views.dashboard()?;
    let mut sum = Figures::default();
    for &currency in views.currencies() {
        let query = DashboardQuery {
            merchant: Some(merchant.id.clone()),
            subtree: false,
            under: None,
            from,
            to,
            zone: &[],
            currency,
            basis,
            merchants: 0,
        };
        // A sum that is too large is of amounts, which nobody asks for here.
        let Ok(answer) = dashboard.answer(&query) else { continue };
        sum.placed += answer.figures.placed;
        sum.paid += answer.figures.paid;
        sum.refunded += answer.figures.refunded;
    }
    Ok(sum)
}

fn queue_age(views: &Views, merchant: &Merchant, policy: &Policy, now: Timestamp) -> Result<Vec<Measured>, Stopped> {
    let alert = Alert::QueueAge;
    if policy.warn_queue_age_micros.is_none() && !merchant.has_alert(alert, None) {
        return Ok(Vec::new());
    }
    let counts = views.queues()?.exception_counts(&own(merchant));
    let oldest = counts.iter().filter_map(|count| count.oldest).min();
    let measured = oldest.map_or(0, |oldest| now.seconds_since(oldest).max(0));
    let threshold = policy.warn_queue_age_micros.map(|micros| micros / SECOND_MICROS);
    let is_crossed = threshold.is_some_and(|threshold| measured > threshold);
    Ok(vec![Measured { alert, sku: None, measured, threshold, is_crossed }])
}

/// SKUs with no more free units than their mark, and those that were and are not any more.
fn low_stock(views: &Views, merchant: &Merchant) -> Result<Vec<Measured>, Stopped> {
    let stock = views.stock()?;
    let alert = Alert::LowStock;
    let measured = |sku: &Sku, free: i64, low_at: u32, is_crossed| Measured {
        alert,
        sku: Some(sku.clone()),
        measured: free,
        threshold: Some(low_at.into()),
        is_crossed,
    };
    let raised = merchant.alerts.iter().filter(|(raised, _)| *raised == alert).filter_map(|(_, sku)| sku.as_ref());
    let raised: HashSet<&Sku> = raised.collect();
    let low = stock.low_of(&merchant.id).filter(|entry| !raised.contains(&entry.sku)).take(MOST_SKUS);
    let mut all: Vec<Measured> =
        low.map(|entry| measured(&entry.sku, entry.free(), entry.state.low_at, true)).collect();
    for sku in raised {
        if let Some(entry) = stock.get(&merchant.id, sku).filter(|entry| !entry.is_low()) {
            all.push(measured(sku, entry.free(), entry.state.low_at, false));
        }
    }
    Ok(all)
}

fn own(merchant: &Merchant) -> Scope {
    Scope::Merchants { ids: vec![merchant.id.clone()], subtree: false }
}

/// None: the merchant knows.
fn request(merchant: &Merchant, revision: Revision, found: Measured) -> Option<Request> {
    let Measured { alert, sku, measured, threshold, is_crossed } = found;
    let (is_raised, id) = (merchant.has_alert(alert, sku.as_ref()), merchant.id.clone());
    let automatic = Automatic::of_alert(alert);
    let command = match (is_crossed, is_raised, threshold) {
        (true, false, Some(threshold)) => {
            Command::RaiseAlert(RaiseAlert { merchant: id, alert, sku: sku.clone(), measured, threshold })
        }
        (false, true, _) => Command::ClearAlert(ClearAlert { merchant: id, alert, sku: sku.clone(), measured }),
        (_, _, _) => return None,
    };
    // The same crossing has the same id, whoever finds it.
    let (sku, revision) = (sku.as_ref().map_or("", Sku::as_str), revision.to_string());
    let id = CommandId::derived(&[automatic.name(), merchant.id.as_str(), sku, &revision]);
    Some(task::request(automatic, id, command))
}
