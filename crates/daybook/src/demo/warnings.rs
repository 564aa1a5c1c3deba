//! What the shops are warned of: stock that is low, and a week with many refunds.

use std::collections::{BTreeSet, HashMap};

use daybook_domain::command::{ClearAlert, RaiseAlert};
use daybook_domain::event::{Alert, RefundKind};
use daybook_domain::time::{DAY_MICROS, HOUR_MICROS, SECOND_MICROS};
use daybook_domain::{Command, CommandId, MerchantId, Sku, StreamId, Timestamp};

use super::life::Step;
use super::people::{self, SYSTEM};
use super::policies::Policies;
use super::random::Random;
use super::{rhythm, shop};
use crate::data::merchant_id;
use crate::failure::Failure;

const SPAN_MICROS: i64 = 7 * DAY_MICROS;
/// With fewer orders a rate says nothing.
const FEWEST: usize = 10;

fn step(random: &mut Random, at: Timestamp, command: Command<String>) -> Step {
    Step { at, request: people::request(CommandId(random.id()), SYSTEM, command) }
}

/// Of a SKU that is low as soon as its mark is set: there never is as much of it as the shop would like.
pub(super) fn low_stock(random: &mut Random, plan: &[Step]) -> Vec<Step> {
    let mut counted: HashMap<(&MerchantId, &Sku), u32> = HashMap::new();
    let mut steps = Vec::new();
    for Step { at, request } in plan {
        if let Command::CountStock(count) = &request.command {
            counted.insert((&count.merchant, &count.sku), count.counted);
        }
        if let Command::SetStockMark(mark) = &request.command
            && let Some(&left) = counted.get(&(&mark.merchant, &mark.sku))
            && left <= mark.low_at
        {
            let raise = RaiseAlert {
                merchant: mark.merchant.clone(),
                alert: Alert::LowStock,
                sku: Some(mark.sku.clone()),
                measured: left.into(),
                threshold: mark.low_at.into(),
            };
            steps.push(step(random, at.plus_micros(5 * SECOND_MICROS), Command::RaiseAlert(raise)));
        }
    }
    steps
}

/// When which of a shop's orders were paid, and when money went back for goods.
#[derive(Default)]
struct Counted {
    paid: Vec<Timestamp>,
    refunded: Vec<Timestamp>,
}

impl Counted {
    /// In millionths, of the week before; none with too few orders.
    fn rate(&self, at: Timestamp) -> Option<i64> {
        let week = |times: &[Timestamp]| {
            let until = times.partition_point(|time| *time < at);
            until - times.partition_point(|time| *time < at.plus_micros(-SPAN_MICROS))
        };
        let paid = week(&self.paid);
        let refunded = i64::try_from(week(&self.refunded)).ok()?;
        (paid >= FEWEST).then(|| refunded * 1_000_000 / i64::try_from(paid).unwrap_or(i64::MAX))
    }
}

/// By shop, from a plan in the order of its times.
fn count(plan: &[Step]) -> HashMap<MerchantId, Counted> {
    let mut all: HashMap<MerchantId, Counted> = HashMap::new();
    let mut merchants: HashMap<StreamId, MerchantId> = HashMap::new();
    let (mut paid, mut goods) = (BTreeSet::new(), BTreeSet::new());
    for Step { at, request } in plan {
        if let Command::Place(place) = &request.command {
            let number = place.number.as_ref();
            merchants.extend(number.map(|number| (StreamId::order(&place.merchant, number), place.merchant.clone())));
        }
        if let Command::RecordPayment(pay) = &request.command
            && paid.insert(pay.order)
            && let Some(merchant) = merchants.get(&pay.order)
        {
            all.entry(merchant.clone()).or_default().paid.push(*at);
        }
        if let Command::RequestRefund(ask) = &request.command
            && ask.kind == Some(RefundKind::Goods)
        {
            goods.insert(ask.order);
        }
        if let Command::SettleRefund(settle) = &request.command
            && goods.remove(&settle.order)
            && let Some(merchant) = merchants.get(&settle.order)
        {
            all.entry(merchant.clone()).or_default().refunded.push(*at);
        }
    }
    all
}

/// Each day, for the shops that want to know: raised when a week's rate is above what they said, cleared when it is not
/// any more.
pub(super) fn refund_rates(
    random: &mut Random,
    policies: Policies,
    plan: &[Step],
    now: Timestamp,
) -> Result<Vec<Step>, Failure> {
    let counted = count(plan);
    let mut steps = Vec::new();
    for merchant in shop::MERCHANTS {
        let id = merchant_id(merchant.id)?;
        let (Some(counted), alert, sku) = (counted.get(&id), Alert::RefundRate, None) else { continue };
        let mut is_raised = false;
        for day in 0..=rhythm::DAYS {
            let at = rhythm::start(now).plus_micros(day * DAY_MICROS + 8 * HOUR_MICROS);
            let threshold = policies.at(merchant, at).warn_refund_rate.map(i64::from);
            let (Some(threshold), Some(measured)) = (threshold, counted.rate(at)) else { continue };
            let merchant = id.clone();
            if measured > threshold && !is_raised {
                let raise = RaiseAlert { merchant, alert, sku: sku.clone(), measured, threshold };
                steps.push(step(random, at, Command::RaiseAlert(raise)));
            } else if measured <= threshold && is_raised {
                let clear = ClearAlert { merchant, alert, sku: sku.clone(), measured };
                steps.push(step(random, at, Command::ClearAlert(clear)));
            } else {
                continue;
            }
            is_raised = !is_raised;
        }
    }
    Ok(steps)
}
