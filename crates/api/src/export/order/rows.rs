//! Orders as of a position: from the list where nothing happened to them since, else from their events.

use std::sync::Arc;

use daybook_domain::{Event, Kind, Label, Order, Position, Recorded, StreamId};
use daybook_engine::Opened;
use daybook_views::query::{Row, RowLine};
use serde_json::{Map, Value};

use super::columns::{From, Spec};
use crate::export::ExportError;
use crate::http::Services;
use crate::schema::delivery;

/// Orders that are looked up under one hold of the views: a fraction of a millisecond.
pub(super) const CHUNK: usize = 128;

/// What the chosen columns need beside the list.
#[derive(Clone, Copy)]
pub(super) struct Needs {
    account: bool,
    history: bool,
}

impl Needs {
    pub(super) fn of(columns: impl Iterator<Item = &'static Spec>) -> Self {
        let mut needs = Self { account: false, history: false };
        for column in columns {
            needs.account |= column.from == From::Account;
            needs.history |= column.from == From::History;
        }
        needs
    }
}

pub(super) struct Found {
    pub(super) row: Row,
    /// None: erased, damaged, or not asked for.
    pub(super) account: Option<Arc<str>>,
    pub(super) past: Option<Past>,
}

/// What only the events tell.
#[derive(Default)]
pub(super) struct Past {
    pub(super) carriers: Vec<Box<str>>,
    pub(super) tracking_numbers: Vec<Box<str>>,
    pub(super) contact: Option<Map<String, Value>>,
    pub(super) inputs: Map<String, Value>,
}

/// In the order of `ids`.
pub(super) fn find(
    services: &Services,
    ids: &[StreamId],
    position: Position,
    needs: Needs,
) -> Result<Vec<Found>, ExportError> {
    let looked_up = look_up(services, ids, position, needs)?;
    let mut found = Vec::with_capacity(ids.len());
    for (&id, (row, account)) in ids.iter().zip(looked_up) {
        let events = if row.is_none() || needs.history { as_of(services, id, position)? } else { Vec::new() };
        let row = match row {
            Some(row) => row,
            None => fold(&events).ok_or(ExportError::NoOrder(id))?,
        };
        let past = needs.history.then(|| past(services, id, &events));
        found.push(Found { row, account, past });
    }
    Ok(found)
}

type LookedUp = (Option<Row>, Option<Arc<str>>);

/// Rows that are as they were at the position, and accounts.
fn look_up(
    services: &Services,
    ids: &[StreamId],
    position: Position,
    needs: Needs,
) -> Result<Vec<LookedUp>, ExportError> {
    let views = services.host.views();
    let list = views.order_list()?;
    let look_up = |&id: &StreamId| {
        let row = list.by_id(id);
        let account = row.as_ref().filter(|_| needs.account).and_then(|row| {
            let slot = row.order.buyer;
            services.host.accounts.get(slot, &services.reader, list)
        });
        (row.filter(|row| row.position <= position && views.position() >= position), account)
    };
    Ok(ids.iter().map(look_up).collect())
}

/// The order's events up to the position.
fn as_of(services: &Services, id: StreamId, position: Position) -> Result<Vec<Recorded>, ExportError> {
    let mut events = services.reader.history(id)?;
    events.truncate(events.partition_point(|recorded| recorded.position <= position));
    Ok(events)
}

fn fold(events: &[Recorded]) -> Option<Row> {
    let (first, rest) = events.split_first()?;
    let Event::OrderPlaced(placed) = &first.event else { return None };
    let mut order = Order::placed(placed, first.origin, first.occurred_at);
    rest.iter().for_each(|recorded| order.apply(recorded));
    let last = rest.last().unwrap_or(first);
    let lines = placed.lines.iter().map(|line| RowLine { sku: line.sku.clone(), title: (&*line.title).into() });
    Some(Row {
        id: first.stream,
        number: placed.number.clone(),
        lines: lines.collect(),
        label: Label::of(order.axes()),
        total_minor: order.total_minor(),
        revision: last.revision,
        position: last.position,
        order,
    })
}

fn past(services: &Services, id: StreamId, events: &[Recorded]) -> Past {
    let mut past = Past::default();
    for recorded in events {
        if let Event::ShipmentConfirmed(event) = &recorded.event {
            past.carriers.extend(event.carrier.clone().filter(|carrier| !past.carriers.contains(carrier)));
            past.tracking_numbers.extend(event.tracking_number.clone());
        }
    }
    let Some(Event::OrderPlaced(placed)) = events.first().map(|first| &first.event) else { return past };
    let texts = delivery::texts(placed, events);
    let root = daybook_domain::event::tree_root(&placed.ancestors, &placed.merchant);
    let open = |(kind, text): (Kind, _)| match services.reader.open_text(text, root, id, kind) {
        Opened::Text(text) => serde_json::from_str(&text).ok(),
        Opened::Erased | Opened::Damaged => None,
    };
    past.contact = texts.contact.and_then(open);
    for (line, found) in texts.inputs {
        if let Some(inputs) = open(found) {
            past.inputs.insert(line.to_string(), Value::Object(inputs));
        }
    }
    past
}
