//! Which orders a job is about, as of one position of the ledger.

use std::collections::BTreeSet;

use daybook_domain::event::Subject;
use daybook_domain::job::{JobKind, JobRow, RowOrder};
use daybook_domain::limits::MAX_JOB_ROWS;
use daybook_domain::order::TicketState;
use daybook_domain::{MerchantId, Order, OrderNumber, Position, State, StreamId, evolve};
use daybook_views::Views;
use daybook_views::query::{Condition, Direction, Filter, OrderQuery, Row, Scope as Whose, Sort, SortField, Take};

use crate::access::{Relation, Tenant};
use crate::http::Services;
use crate::schema::error::ApiError;
use crate::schema::filter::{self, OrderWhere, Seen};
use crate::schema::lookup;

/// Orders that are named one by one.
pub(crate) const MAX_NAMED: usize = 10_000;
/// Rows that are read under one hold of the views: others wait for no more than these.
const ROWS_A_LOOK: usize = 250;
/// Orders that changed meanwhile which are looked at under the last hold.
const LAST_LOOK: usize = 256;
/// Steps of one such look.
const MAX_STEPS: u64 = 50_000_000;
/// Bytes of the log that are gone through for what changed meanwhile.
const SCAN_BYTES: usize = 256 << 10;

/// An order by its number, with what its parcel bears.
#[derive(Clone, Debug)]
pub(crate) struct NamedRow {
    pub(crate) number: OrderNumber,
    pub(crate) carrier: Option<Box<str>>,
    pub(crate) tracking_number: Option<Box<str>>,
}

/// How the orders are chosen.
#[derive(Clone, Debug)]
pub(crate) enum Chosen {
    Ids(Vec<StreamId>),
    /// Each is one row, in this order.
    Rows(Vec<NamedRow>),
    /// All that match, whatever page they are on.
    Where(Box<OrderWhere>),
}

pub(super) struct Selection {
    pub(super) rows: Vec<JobRow>,
    pub(super) at: Position,
}

fn row(order: RowOrder) -> JobRow {
    JobRow { order, ticket: None, carrier: None, tracking_number: None }
}

fn too_many() -> ApiError {
    ApiError::TooMuchWork(format!("a job is about at most {MAX_JOB_ROWS} orders: choose fewer"))
}

/// Reads the views in steps, and the ledger.
///
/// # Errors
///
/// [`ApiError::TooMuchWork`] when it is more than a job may have.
pub(super) fn select(
    services: &Services,
    seen: &Seen,
    merchant: Option<&MerchantId>,
    kind: JobKind,
    chosen: Chosen,
) -> Result<Selection, ApiError> {
    let mut selection = match chosen {
        Chosen::Ids(ids) => by_id(services, &seen.tenant, ids)?,
        Chosen::Rows(rows) => by_number(services, seen, merchant, rows)?,
        Chosen::Where(wanted) => matching(services, seen, &wanted)?,
    };
    if kind.is_on_tickets() {
        selection.rows = by_ticket(services, kind, &selection)?;
    }
    if selection.rows.len() > MAX_JOB_ROWS as usize { Err(too_many()) } else { Ok(selection) }
}

fn by_id(services: &Services, tenant: &Tenant, ids: Vec<StreamId>) -> Result<Selection, ApiError> {
    let at = services.reader.watermark();
    let mut known = BTreeSet::new();
    let mut rows = Vec::with_capacity(ids.len());
    for id in ids.into_iter().filter(|id| known.insert(*id)) {
        // One that the token may do nothing to is one that is not there.
        let is_own = lookup::relation(services, tenant, id)? == Relation::Own;
        let unknown = || RowOrder::Unknown { number: OrderNumber::from_stored(&id.to_string()), is_ambiguous: false };
        rows.push(row(if is_own { RowOrder::Known(id) } else { unknown() }));
    }
    Ok(Selection { rows, at })
}

fn by_number(
    services: &Services,
    seen: &Seen,
    merchant: Option<&MerchantId>,
    named: Vec<NamedRow>,
) -> Result<Selection, ApiError> {
    let at = services.reader.watermark();
    let merchant = seen.tenant.own().or(merchant);
    // The merchant's own are found without the views.
    let own = |number: &OrderNumber| {
        let order = StreamId::order(merchant?, number);
        services.reader.head(order).map(|_| order)
    };
    let needs_views = seen.tenant.shows_all() && (merchant.is_none() || seen.scope.is_subtree());
    let mut rows = Vec::with_capacity(named.len());
    for some in named.chunks(ROWS_A_LOOK) {
        let views = if needs_views { Some(services.host.views()) } else { None };
        for NamedRow { number, carrier, tracking_number } in some {
            let order = match (own(number), &views) {
                (Some(order), _) => RowOrder::Known(order),
                (None, Some(views)) => in_views(views, merchant, number)?,
                (None, None) => RowOrder::Unknown { number: number.clone(), is_ambiguous: false },
            };
            let (carrier, tracking_number) = (carrier.clone(), tracking_number.clone());
            rows.push(JobRow { order, ticket: None, carrier, tracking_number });
        }
    }
    Ok(Selection { rows, at })
}

fn in_views(views: &Views, merchant: Option<&MerchantId>, number: &OrderNumber) -> Result<RowOrder, ApiError> {
    let found = views.order_list()?.by_number(merchant, number);
    Ok(match found.as_slice() {
        [one] => RowOrder::Known(one.id),
        more => RowOrder::Unknown { number: number.clone(), is_ambiguous: !more.is_empty() },
    })
}

/// All orders that match at one position, though the views are held for a short time only: what was found page by page is
/// put right by those orders that changed since the first page.
fn matching(services: &Services, seen: &Seen, wanted: &OrderWhere) -> Result<Selection, ApiError> {
    // Who has an account, or a telephone, is a question of the moment: it is asked again wherever something is put right.
    let build = |views: &Views| -> Result<(Whose, Filter), ApiError> {
        let (whose, mut filter) = filter::build(services, views, Some(wanted.clone()), seen)?;
        // What is shown of the merchants below is only shown.
        if let Some(own) = seen.tenant.own() {
            let own = Condition::Merchant { ids: vec![own.clone()], subtree: false };
            filter = Filter::And(vec![filter, Filter::Is(own)]);
        }
        Ok((whose, filter))
    };
    let (mut from, (whose, filter)) = {
        let views = services.host.views();
        (views.position(), build(&views)?)
    };
    let mut found = pages(services, &whose, &filter)?;
    loop {
        let to = services.host.position();
        let mut changed = touched(services, from, to)?;
        if changed.len() > LAST_LOOK {
            // Put right as of about now; the next look has less to put right.
            let changed: Vec<StreamId> = changed.into_iter().collect();
            for some in changed.chunks(LAST_LOOK) {
                let views = services.host.views();
                put_right(&views, build(&views)?, some, &mut found)?;
            }
            from = to;
            continue;
        }
        let views = services.host.views();
        let at = views.position();
        changed.append(&mut touched(services, to, at)?);
        let changed: Vec<StreamId> = changed.into_iter().collect();
        put_right(&views, build(&views)?, &changed, &mut found)?;
        drop(views);
        let rows = found.into_iter().map(|(_, order)| row(RowOrder::Known(order))).collect();
        return Ok(Selection { rows, at });
    }
}

/// By when they were placed.
type Found = BTreeSet<(i64, StreamId)>;

fn key(row: &Row) -> (i64, StreamId) {
    (row.order.placed_at.0, row.id)
}

fn pages(services: &Services, whose: &Whose, filter: &Filter) -> Result<Found, ApiError> {
    let mut found = Found::new();
    let mut query = OrderQuery {
        scope: whose.clone(),
        filter: filter.clone(),
        sort: Sort { field: SortField::PlacedAt, direction: Direction::Ascending },
        after: None,
        before: None,
        take: Take::First(ROWS_A_LOOK),
    };
    loop {
        let page = services.host.views().order_list()?.page_within(&query, MAX_STEPS)?;
        query.after = page.rows.last().map(|last| last.cursor(SortField::PlacedAt));
        found.extend(page.rows.iter().map(key));
        if found.len() > MAX_JOB_ROWS as usize {
            return Err(too_many());
        }
        if !page.has_next {
            return Ok(found);
        }
    }
}

/// The orders that something happened to behind `from`, up to `to`.
fn touched(services: &Services, from: Position, to: Position) -> Result<BTreeSet<StreamId>, ApiError> {
    let mut orders = BTreeSet::new();
    let mut next = from + 1;
    while next <= to {
        let begun = next;
        next = services.reader.for_each(next, SCAN_BYTES, |recorded| {
            if recorded.position <= to && recorded.event.kind().subject() == Subject::Order {
                orders.insert(recorded.stream);
            }
        })?;
        if next == begun {
            break;
        }
    }
    Ok(orders)
}

fn put_right(
    views: &Views,
    (whose, filter): (Whose, Filter),
    changed: &[StreamId],
    found: &mut Found,
) -> Result<(), ApiError> {
    if changed.is_empty() {
        return Ok(());
    }
    let list = views.order_list()?;
    let query = OrderQuery {
        scope: whose,
        filter: Filter::And(vec![Filter::Is(Condition::Id(changed.to_vec())), filter]),
        take: Take::First(changed.len()),
        ..OrderQuery::default()
    };
    let matching: BTreeSet<(i64, StreamId)> = list.page_within(&query, MAX_STEPS)?.rows.iter().map(key).collect();
    for row in changed.iter().filter_map(|id| list.by_id(*id)) {
        if !matching.contains(&key(&row)) {
            found.remove(&key(&row));
        }
    }
    found.extend(matching);
    Ok(())
}

/// A row for each ticket that is meant, as of the selection's position; of an order that has none, one that will say so.
fn by_ticket(services: &Services, kind: JobKind, selection: &Selection) -> Result<Vec<JobRow>, ApiError> {
    let is_meant = |state: TicketState| match state {
        TicketState::Requested => kind == JobKind::ApproveRefunds,
        TicketState::Approved | TicketState::Failed => kind == JobKind::SettleRefunds,
        TicketState::Rejected | TicketState::Settled => false,
    };
    let tickets = |order: &Order| -> Vec<u16> {
        let numbered = (1_u16..).zip(&order.tickets).filter(|(_, ticket)| is_meant(ticket.state));
        numbered.map(|(number, _)| number).collect()
    };
    let mut all = Vec::with_capacity(selection.rows.len());
    for some in selection.rows.chunks(ROWS_A_LOOK) {
        // Whoever waits for the views does not wait for a disk too: the ledger is read when they are let go.
        let known: Vec<Option<(Position, Vec<u16>)>> = {
            let views = services.host.views();
            let list = views.order_list()?;
            let look = |row: &JobRow| {
                let RowOrder::Known(order) = row.order else { return None };
                list.by_id(order).map(|known| (known.position, tickets(&known.order)))
            };
            some.iter().map(look).collect()
        };
        for (row, known) in some.iter().zip(known) {
            let RowOrder::Known(order) = row.order else {
                all.push(row.clone());
                continue;
            };
            let head = services.reader.head(order).map(|(position, _)| position);
            let meant = match known {
                Some((position, meant)) if Some(position) == head && position <= selection.at => meant,
                // Something happened to it since, or the views have not got there yet.
                Some(_) | None => {
                    as_of(services, order, selection.at)?.map(|order| tickets(&order)).unwrap_or_default()
                }
            };
            if meant.is_empty() {
                all.push(row.clone());
            }
            all.extend(meant.into_iter().map(|ticket| JobRow { ticket: Some(ticket), ..row.clone() }));
        }
    }
    Ok(all)
}

/// The order as it was at a position; none if there was none. Reads the ledger.
fn as_of(services: &Services, order: StreamId, at: Position) -> Result<Option<Box<Order>>, ApiError> {
    let mut state = None;
    let history = services.reader.history(order)?;
    history.iter().take_while(|recorded| recorded.position <= at).for_each(|it| evolve(&mut state, it));
    Ok(if let Some(State::Order(order)) = state { Some(order) } else { None })
}
