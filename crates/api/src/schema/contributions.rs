//! The events behind a figure: found through the views, then told by each order's own history.

use std::ops::RangeInclusive;
use std::sync::Arc;

use async_graphql::{Context, ID, Object, Result, SimpleObject};
use daybook_domain::posting::{Metric, Milestones, Posting, postings};
use daybook_domain::{Event, Money, Order, Position, Recorded};
use daybook_views::query::{Basis, Contributor, ContributorQuery, Contributors, HoursOfWeek};

use super::dashboard::Asked;
use super::error::ApiError;
use super::moment::Moment;
use super::order::OrderObject;
use super::page::{self, PageInfo, from_hex, to_hex};
use super::query::READ;
use super::scalar::{DateTime, Decimal, Position as PositionScalar};
use super::{read, zone};
use crate::access;
use crate::auth::Session;
use crate::http::Services;
use crate::reads::Going;

const DAY_MICROS: i64 = 86_400_000_000;
/// Orders that are looked at under one hold of the views: some milliseconds, however few a day has.
pub(super) const LOOKS: usize = 25_000;

/// What one event adds to a figure.
#[derive(Clone, Debug)]
pub(crate) struct Contribution {
    recorded: Arc<Recorded>,
    amount: String,
    /// The UTC day on which it counts, and its order.
    at: (i32, u32),
}

#[Object(name = "DashboardEvent")]
impl Contribution {
    async fn position(&self) -> PositionScalar {
        PositionScalar(self.recorded.position)
    }

    /// Such as `payment-captured`.
    async fn kind(&self) -> &'static str {
        self.recorded.event.kind().name()
    }

    async fn occurred_at(&self) -> DateTime {
        DateTime(self.recorded.occurred_at)
    }

    /// What it adds to the figure: money in the currency that was asked for, or 1.
    async fn amount(&self) -> Decimal {
        Decimal(self.amount.clone())
    }

    async fn order_id(&self) -> ID {
        ID(self.recorded.stream.to_string())
    }

    /// As of this event; null for those who may not ask for orders.
    #[graphql(complexity = "READ + child_complexity")]
    async fn order(&self, ctx: &Context<'_>) -> Result<Option<OrderObject>> {
        if !access::sees_orders(ctx.data::<Session>()?.actor.role) {
            return Ok(None);
        }
        let (stream, revision) = (self.recorded.stream, self.recorded.revision);
        let tenant = ctx.data::<Session>()?.tenant.clone();
        read(ctx, move |services| OrderObject::load(services, &tenant, stream, |event| event.revision <= revision))
            .await
    }
}

#[derive(SimpleObject)]
#[graphql(name = "DashboardEventEdge")]
pub(crate) struct ContributionEdge {
    cursor: String,
    node: Contribution,
}

#[derive(SimpleObject)]
#[graphql(name = "DashboardEventConnection")]
pub(crate) struct ContributionConnection {
    nodes: Vec<Contribution>,
    edges: Vec<ContributionEdge>,
    page_info: PageInfo,
}

/// The UTC day, the order in the views, the revision of the event.
type Cursor = (i32, u32, u32);

fn cursor(of: &Contribution) -> String {
    let (day, row) = of.at;
    to_hex(&[day.to_be_bytes(), row.to_be_bytes(), of.recorded.revision.to_be_bytes()].concat())
}

fn read_cursor(text: &str) -> Result<Cursor, ApiError> {
    let bytes: Option<[u8; 12]> = from_hex(text).and_then(|bytes| bytes.try_into().ok());
    let [a, b, c, d, e, f, g, h, i, j, k, l] =
        bytes.ok_or_else(|| ApiError::Invalid("after is not a cursor of this list".into()))?;
    Ok((i32::from_be_bytes([a, b, c, d]), u32::from_be_bytes([e, f, g, h]), u32::from_be_bytes([i, j, k, l])))
}

/// Of the hours of the week; `weekday` is 1 for Monday.
pub(crate) fn hours(weekday: Option<i32>, hour: Option<i32>) -> Result<HoursOfWeek, ApiError> {
    let within = |value: i32, known: RangeInclusive<u8>, what: &str| {
        let found = u8::try_from(value).ok().filter(|value| known.contains(value));
        found.ok_or_else(|| ApiError::Invalid(format!("{what} is {} to {}", known.start(), known.end())))
    };
    let weekday = weekday.map(|weekday| within(weekday, 1..=7, "weekday")).transpose()?.map(|weekday| weekday - 1);
    let hour = hour.map(|hour| within(hour, 0..=23, "hour")).transpose()?;
    Ok(HoursOfWeek { weekday, hour })
}

/// The next ones that contribute, and the position of the views that say so; the views are held for this step alone.
///
/// The steps of an answer see the views at rising positions, but it tells of no event behind the position of the first one.
/// That makes them one: entries are only added, each by an event, so that a place that was passed gains nothing that would
/// have to be told, and an order that is found for what came since has no event to tell of.
pub(super) fn step(
    services: &Services,
    going: &Going,
    moment: &Moment,
    query: &ContributorQuery<'_>,
) -> Result<(Contributors, Position), ApiError> {
    going.check()?;
    moment.with(services, |views| Ok((views.dashboard()?.contributors(query), views.position())))
}

/// Reads the views and the ledger.
#[expect(clippy::too_many_arguments, reason = "what is asked, and where")]
pub(crate) fn list(
    services: &Services,
    going: &Going,
    moment: &Moment,
    asked: &Asked,
    hours: HoursOfWeek,
    metric: Metric,
    first: Option<i32>,
    after: Option<&str>,
) -> Result<ContributionConnection, ApiError> {
    let first = page::first(first)?;
    let after = after.map(read_cursor).transpose()?;
    let zone = zone::offsets(&asked.time_zone)?;
    let mut query = ContributorQuery {
        merchant: asked.merchant.clone(),
        subtree: asked.subtree,
        under: asked.under.clone(),
        from: asked.from,
        to: asked.to,
        currency: asked.currency,
        basis: asked.basis,
        metric,
        hours,
        zone: &zone,
        from_order: after.map(|(day, row, _)| (day, row)),
        // Each contributes something, but the one that the page before ended with.
        first: first + 2,
        looks: LOOKS,
    };
    let mut nodes = Vec::with_capacity(first + 1);
    let (mut some, position) = step(services, going, moment, &query)?;
    loop {
        for found in some.found {
            going.check()?;
            let behind = after.filter(|(day, row, _)| (*day, *row) == (found.day, found.row)).map(|after| after.2);
            of_order(services, &query, &found, position, |contribution| {
                if behind.is_none_or(|behind| contribution.recorded.revision > behind) && nodes.len() <= first {
                    nodes.push(contribution);
                }
            })?;
            if nodes.len() > first {
                break;
            }
        }
        if nodes.len() > first || some.next.is_none() {
            break;
        }
        query.from_order = some.next;
        (some, _) = step(services, going, moment, &query)?;
    }
    let has_next = nodes.len() > first;
    nodes.truncate(first);
    let cursors: Vec<String> = nodes.iter().map(cursor).collect();
    let page_info = PageInfo::of(cursors.iter().map(String::as_str), has_next, after.is_some());
    let edges = cursors.into_iter().zip(&nodes).map(|(cursor, node)| ContributionEdge { cursor, node: node.clone() });
    Ok(ContributionConnection { edges: edges.collect(), nodes, page_info })
}

/// What the order's events up to a position contribute on that day.
fn of_order(
    services: &Services,
    asked: &ContributorQuery<'_>,
    found: &Contributor,
    position: Position,
    mut each: impl FnMut(Contribution),
) -> Result<(), ApiError> {
    let mut order: Option<Order> = None;
    for recorded in services.reader.history(found.order)?.into_iter().take_while(|it| it.position <= position) {
        let before = order.as_ref().map(Milestones::of).unwrap_or_default();
        let after = match (order.take(), &recorded.event) {
            (None, Event::OrderPlaced(placed)) => Order::placed(placed, recorded.origin, recorded.occurred_at),
            (None, _) => return Ok(()),
            (Some(mut order), _) => {
                order.apply(&recorded);
                order
            }
        };
        let mut amount = 0;
        postings(before, &after, &recorded, |posting| {
            if let Posting::Count { metric: of, amount: adds } = posting
                && of == asked.metric
            {
                amount += adds;
            }
        });
        let counts_at = match asked.basis {
            Basis::Cohort => after.placed_at,
            Basis::Booked => recorded.occurred_at,
        };
        let is_on_day = counts_at.0.div_euclid(DAY_MICROS) == i64::from(found.day);
        let is_asked = (asked.from..asked.to).contains(&counts_at) && asked.hours.include(asked.zone, counts_at);
        if amount != 0 && is_on_day && is_asked {
            let amount = match asked.metric {
                Metric::PaidAmount => Money::new(amount, after.currency).amount(),
                _ => amount.to_string(),
            };
            let at = (found.day, found.row);
            each(Contribution { recorded: Arc::new(recorded), amount, at });
        }
        order = Some(after);
    }
    Ok(())
}
