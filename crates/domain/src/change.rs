//! What an event changed, field by field: for a person who traces a dispute.

use crate::clock::Breach;
use crate::event::Hold;
use crate::label::Label;
use crate::money::Money;
use crate::order::{Order, TicketState};
use crate::stock::{Balance, Booking, SkuState};
use crate::time::Timestamp;

/// A field's value; the edges know how to write it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    Text(String),
    Number(u64),
    Money(Money),
    Time(Timestamp),
}

/// One changed field, such as `line.1.unitPrice`. Absent before: it came to be; absent after: it is gone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    pub field: String,
    pub before: Option<Value>,
    pub after: Option<Value>,
}

/// The fields in which the order after an event differs from the order before it, in a fixed order.
pub fn changes(before: Option<&Order>, after: &Order) -> Vec<Change> {
    differing(before.map(fields).unwrap_or_default(), fields(after))
}

/// The same for a SKU: what people did to it, and what orders have of it.
pub fn stock_changes(before: Option<(SkuState, Balance)>, after: (SkuState, Balance)) -> Vec<Change> {
    differing(before.map(stock_fields).unwrap_or_default(), stock_fields(after))
}

fn stock_fields((sku, balance): (SkuState, Balance)) -> Vec<(String, Value)> {
    // Units may be fewer than none.
    let units = |units: i64| Value::Text(units.to_string());
    vec![
        ("received".into(), units(sku.received)),
        ("reserved".into(), Value::Number(balance.reserved)),
        ("deducted".into(), Value::Number(balance.deducted)),
        ("free".into(), units(balance.free(sku.received))),
        ("cards".into(), Value::Number(sku.cards)),
        ("assigned".into(), Value::Number(balance.assigned)),
        ("lowAt".into(), Value::Number(sku.low_at.into())),
    ]
}

fn differing(old: Vec<(String, Value)>, new: Vec<(String, Value)>) -> Vec<Change> {
    let value_in = |list: &[(String, Value)], field: &str| {
        list.iter().find(|(name, _)| name == field).map(|(_, value)| value.clone())
    };
    let mut found: Vec<Change> = new
        .iter()
        .filter_map(|(field, value)| {
            let before = value_in(&old, field);
            (before.as_ref() != Some(value)).then(|| Change {
                field: field.clone(),
                before,
                after: Some(value.clone()),
            })
        })
        .collect();
    let gone = old.into_iter().filter(|(field, _)| value_in(&new, field).is_none());
    found.extend(gone.map(|(field, value)| Change { field, before: Some(value), after: None }));
    found
}

fn fields(order: &Order) -> Vec<(String, Value)> {
    let axes = order.axes();
    let money = |minor| Value::Money(Money::new(minor, order.currency));
    let text = |text: &str| Value::Text(text.to_owned());
    let mut list: Vec<(String, Value)> = vec![
        ("label".into(), text(Label::of(axes).name())),
        ("axes.lifecycle".into(), text(axes.lifecycle.name())),
        ("axes.payment".into(), text(axes.payment.name())),
        ("axes.fulfilment".into(), text(axes.fulfilment.name())),
        ("axes.afterSales".into(), text(axes.after_sales.name())),
        ("total".into(), money(order.total_minor())),
        ("captured".into(), money(order.captured_minor)),
    ];
    let mut push = |field: &str, value| list.push((field.to_owned(), value));
    if !axes.holds.is_empty() {
        let names: Vec<&str> = axes.holds.iter().map(Hold::name).collect();
        push("axes.holds", Value::Text(names.join(",")));
    }
    for (field, minor) in [
        ("excess", order.excess_outstanding_minor()),
        ("refunded", order.refunded_minor),
        ("late", order.late_minor.saturating_sub(order.late_returned_minor)),
    ] {
        if minor != 0 {
            push(field, money(minor));
        }
    }
    if let Some(reason) = order.cancel_reason {
        push("cancelReason", text(reason.name()));
    }
    for (field, time) in [
        ("payBy", order.pay_due.map(|due| due.pay_by)),
        ("shipVirtualBy", order.ship_due.and_then(|due| due.virtual_by)),
        ("collectBy", order.ship_due.and_then(|due| due.collect_by)),
        ("observedUntil", order.observed_until),
        ("remindAt", order.remind_at),
        ("deliverAt", order.deliver_at),
    ] {
        if let Some(at) = time {
            push(field, Value::Time(at));
        }
    }
    for (number, line) in (1..).zip(&order.lines) {
        let number: u32 = number;
        push(&format!("line.{number}.quantity"), Value::Number(line.quantity.into()));
        push(&format!("line.{number}.unitPrice"), money(line.unit_minor));
        if line.shipped > 0 {
            push(&format!("line.{number}.shipped"), Value::Number(line.shipped.into()));
        }
        if line.cancelled > 0 {
            push(&format!("line.{number}.cancelled"), Value::Number(line.cancelled.into()));
        }
    }
    for (number, shipment) in (1..).zip(&order.shipments) {
        let number: u32 = number;
        let status = shipment.status.map_or("CONFIRMED", |status| status.name());
        push(&format!("shipment.{number}"), text(status));
    }
    for (number, ticket) in (1..).zip(&order.tickets) {
        let number: u32 = number;
        push(&format!("refund.{number}.amount"), money(ticket.amount_minor));
        push(&format!("refund.{number}.state"), text(ticket.state.name()));
    }
    for (field, count) in [("notes", order.notes), ("ratings", order.ratings)] {
        if count > 0 {
            push(field, Value::Number(count.into()));
        }
    }
    if order.booking != Booking::None {
        push("stock", text(order.booking.name()));
    }
    if order.cards > 0 {
        push("cards", Value::Number(order.cards.into()));
    }
    if let Some(change) = order.pending_change {
        push("addressChange", Value::Number(change.number.into()));
    }
    if order.disputed_since.is_some() {
        push("dispute", Value::Number(order.disputes.into()));
    }
    if !order.breaches.is_empty() {
        let of_ticket = |ticket: Option<u16>| ticket.map_or(String::new(), |number| format!(" {number}"));
        let missed = |breach: &Breach| format!("{}{}", breach.clock.name(), of_ticket(breach.ticket));
        push("missed", Value::Text(order.breaches.iter().map(missed).collect::<Vec<_>>().join(",")));
    }
    if !order.tags.is_empty() {
        push("tags", Value::Text(order.tags.join(",")));
    }
    list
}

impl TicketState {
    pub fn name(self) -> &'static str {
        match self {
            TicketState::Requested => "REQUESTED",
            TicketState::Approved => "APPROVED",
            TicketState::Failed => "FAILED",
            TicketState::Rejected => "REJECTED",
            TicketState::Settled => "SETTLED",
        }
    }
}
