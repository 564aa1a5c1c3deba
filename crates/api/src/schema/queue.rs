//! What waits: the exception queue, and deadlines.

use std::sync::Arc;

use async_graphql::SimpleObject;
use daybook_domain::Timestamp;
use daybook_views::Views;
use daybook_views::query::{
    DeadlineCursor, DeadlineQuery, ExceptionCount as Counted, ExceptionCursor, ExceptionKind, ExceptionQuery,
    Scope as ViewScope,
};

use super::enums;
use super::error::ApiError;
use super::moment::Moment;
use super::order::OrderObject;
use super::orders;
use super::page::{PageInfo, first, from_hex, to_hex};
use super::scalar::DateTime;
use crate::access::Tenant;
use crate::http::Services;

/// Whose orders are asked about, and what the token shows of them. A merchant's place in the tree is the one that it had when
/// the order was placed.
pub(crate) struct Whose {
    pub(crate) scope: ViewScope,
    pub(crate) tenant: Tenant,
    /// That of the views which are asked.
    pub(crate) moment: Moment,
}

/// An order that is kept out of the normal queue; one that is for several reasons is in the queue several times.
#[derive(Clone, SimpleObject)]
#[graphql(name = "OrderException")]
pub(crate) struct Exception {
    order: Arc<OrderObject>,
    kind: enums::ExceptionKind,
    since: DateTime,
    /// When something must have happened; null where no clock runs.
    due_at: Option<DateTime>,
    /// The refund ticket, from 1.
    ticket: Option<u16>,
}

#[derive(SimpleObject)]
pub(crate) struct OrderExceptionEdge {
    cursor: String,
    node: Exception,
}

#[derive(SimpleObject)]
pub(crate) struct OrderExceptionConnection {
    nodes: Vec<Exception>,
    edges: Vec<OrderExceptionEdge>,
    page_info: PageInfo,
}

/// How many wait for the same reason.
#[derive(Clone, Copy, SimpleObject)]
pub(crate) struct ExceptionCount {
    kind: enums::ExceptionKind,
    count: u64,
    /// Since when the oldest of them waits.
    oldest_since: Option<DateTime>,
    /// How long that is.
    oldest_age_seconds: Option<i64>,
}

/// A clock that will ring when it runs out.
#[derive(Clone, SimpleObject)]
pub(crate) struct Deadline {
    order: Arc<OrderObject>,
    kind: enums::Clock,
    due_at: DateTime,
    /// The refund ticket, from 1.
    ticket: Option<u16>,
}

#[derive(SimpleObject)]
pub(crate) struct DeadlineEdge {
    cursor: String,
    node: Deadline,
}

#[derive(SimpleObject)]
pub(crate) struct DeadlineConnection {
    nodes: Vec<Deadline>,
    edges: Vec<DeadlineEdge>,
    page_info: PageInfo,
}

fn time(at: Option<Timestamp>) -> Option<DateTime> {
    at.map(DateTime)
}

/// The oldest first.
pub(crate) fn exceptions(
    services: &Services,
    views: &Views,
    whose: &Whose,
    kinds: Option<&[enums::ExceptionKind]>,
    wanted: Option<i32>,
    after: Option<&str>,
) -> Result<OrderExceptionConnection, ApiError> {
    let kinds =
        kinds.map_or_else(|| ExceptionKind::ALL.to_vec(), |kinds| kinds.iter().map(|&kind| kind.into()).collect());
    let after = after.map(exception_after).transpose()?;
    let has_previous = after.is_some();
    let query = ExceptionQuery { scope: whose.scope.clone(), kinds, after, first: first(wanted)? };
    let page = views.queues()?.exceptions(&query);
    let cursors: Vec<String> = page.entries.iter().map(|entry| exception_cursor(&entry.cursor)).collect();
    let rest: Vec<_> = page.entries.iter().map(|entry| (entry.kind, entry.since, entry.due, entry.ticket)).collect();
    let rows = page.entries.into_iter().map(|entry| entry.row).collect();
    let nodes: Vec<Exception> = orders::objects(services, views, &whose.moment, &whose.tenant, rows)?
        .into_iter()
        .zip(rest)
        .map(|(order, (kind, since, due, ticket))| Exception {
            order,
            kind: kind.into(),
            since: DateTime(since),
            due_at: time(due),
            ticket,
        })
        .collect();
    let page_info = PageInfo::of(cursors.iter().map(String::as_str), page.has_next, has_previous);
    let edges = cursors.into_iter().zip(&nodes).map(|(cursor, node)| OrderExceptionEdge { cursor, node: node.clone() });
    Ok(OrderExceptionConnection { edges: edges.collect(), nodes, page_info })
}

pub(crate) fn exception_counts(
    services: &Services,
    views: &Views,
    whose: &Whose,
) -> Result<Vec<ExceptionCount>, ApiError> {
    let now = whose.moment.now(services);
    let counts = views.queues()?.exception_counts(&whose.scope);
    let of = |counted: Counted| ExceptionCount {
        kind: counted.kind.into(),
        count: counted.count,
        oldest_since: time(counted.oldest),
        oldest_age_seconds: counted.oldest.map(|oldest| now.seconds_since(oldest).max(0)),
    };
    Ok(counts.into_iter().map(of).collect())
}

/// The next one first.
pub(crate) fn deadlines(
    services: &Services,
    views: &Views,
    whose: &Whose,
    before: Option<Timestamp>,
    wanted: Option<i32>,
    after: Option<&str>,
) -> Result<DeadlineConnection, ApiError> {
    let after = after.map(deadline_after).transpose()?;
    let has_previous = after.is_some();
    let query = DeadlineQuery { scope: whose.scope.clone(), before, after, first: first(wanted)? };
    let page = views.queues()?.deadlines(&query);
    let cursors: Vec<String> = page.entries.iter().map(|entry| deadline_cursor(&entry.cursor)).collect();
    let clocks: Vec<_> = page.entries.iter().map(|entry| entry.running).collect();
    let rows = page.entries.into_iter().map(|entry| entry.row).collect();
    let nodes: Vec<Deadline> = orders::objects(services, views, &whose.moment, &whose.tenant, rows)?
        .into_iter()
        .zip(clocks)
        .map(|(order, running)| Deadline {
            order,
            kind: running.clock.into(),
            due_at: DateTime(running.due),
            ticket: running.ticket,
        })
        .collect();
    let page_info = PageInfo::of(cursors.iter().map(String::as_str), page.has_next, has_previous);
    let edges = cursors.into_iter().zip(&nodes).map(|(cursor, node)| DeadlineEdge { cursor, node: node.clone() });
    Ok(DeadlineConnection { edges: edges.collect(), nodes, page_info })
}

pub(crate) fn deadlines_count(views: &Views, whose: &Whose, before: Option<Timestamp>) -> Result<u64, ApiError> {
    Ok(views.queues()?.deadline_count(&whose.scope, before))
}

/// A moment, an order, a kind, a ticket.
fn cursor(at: Timestamp, order: u32, kind: u8, ticket: u16) -> String {
    let mut bytes = Vec::with_capacity(15);
    bytes.extend_from_slice(&at.0.to_be_bytes());
    bytes.extend_from_slice(&order.to_be_bytes());
    bytes.push(kind);
    bytes.extend_from_slice(&ticket.to_be_bytes());
    to_hex(&bytes)
}

fn read_cursor(text: &str) -> Result<(Timestamp, u32, u8, u16), ApiError> {
    let bytes: Option<[u8; 15]> = from_hex(text).and_then(|bytes| bytes.try_into().ok());
    let [a, b, c, d, e, f, g, h, i, j, k, l, kind, m, n] =
        bytes.ok_or_else(|| ApiError::Invalid("after is not a cursor of this list".into()))?;
    let at = Timestamp(i64::from_be_bytes([a, b, c, d, e, f, g, h]));
    Ok((at, u32::from_be_bytes([i, j, k, l]), kind, u16::from_be_bytes([m, n])))
}

fn exception_cursor(at: &ExceptionCursor) -> String {
    cursor(at.since, at.order, at.kind as u8, at.ticket)
}

fn exception_after(text: &str) -> Result<ExceptionCursor, ApiError> {
    let (since, order, kind, ticket) = read_cursor(text)?;
    let kind = ExceptionKind::ALL.into_iter().find(|known| *known as u8 == kind);
    let kind = kind.ok_or_else(|| ApiError::Invalid("after is not a cursor of this list".into()))?;
    Ok(ExceptionCursor { since, order, kind, ticket })
}

fn deadline_cursor(at: &DeadlineCursor) -> String {
    cursor(at.due, at.order, at.clock, at.ticket)
}

fn deadline_after(text: &str) -> Result<DeadlineCursor, ApiError> {
    let (due, order, clock, ticket) = read_cursor(text)?;
    Ok(DeadlineCursor { due, order, clock, ticket })
}
