//! What lists show of an order and of what belongs to it, written at once. The resolvers of these types answer the same.

use daybook_domain::Money;
use daybook_domain::order::{Axes, LineState};
use daybook_views::query::RowLine;

use super::enums;
use super::merchant::MerchantObject;
use super::money::MoneyObject;
use super::order::{
    AddressChange, DueTimes, MissedClock, OrderHold, OrderObject, RefundTicket, RunningClock, Shipment,
};
use super::plain::{Listed, Plan, plain};
use super::scalar::DateTime;
use crate::json::Json;

plain! { MoneyFields of "Money", |money: Money, out| {
    "amount" Amount => out.amount(money),
    "currency" Currency => out.word(money.currency.as_str()),
}}

plain! { SumFields of "Money", |money: &MoneyObject, out| {
    "amount" Amount => out.word(&money.amount.0),
    "currency" Currency => out.word(&money.currency),
}}

plain! { MerchantFields of "Merchant", |merchant: &MerchantObject, out| {
    "id" Id => out.text(merchant.0.id.as_str()),
    "name" Name => out.text(&merchant.0.name),
    "closed" Closed => out.bool(merchant.0.is_closed),
    "timeZone" TimeZone => out.text(merchant.0.profile.time_zone()),
    "payUrl" PayUrl => out.option(merchant.0.profile.pay_url.as_deref(), |url, out| out.text(url)),
}}

plain! { BuyerFields of "Buyer", |account: Option<&str>, out| {
    "account" Account => out.option(account, |account, out| out.text(account)),
}}

plain! { AxesFields of "OrderAxes", |axes: &Axes, out| {
    "lifecycle" Lifecycle => out.name(enums::Lifecycle::from(axes.lifecycle)),
    "payment" Payment => out.name(enums::Payment::from(axes.payment)),
    "fulfilment" Fulfilment => out.name(enums::Fulfilment::from(axes.fulfilment)),
    "afterSales" AfterSales => out.name(enums::AfterSales::from(axes.after_sales)),
    "holds" Holds => out.list(axes.holds.iter(), |hold, out| out.name(enums::Hold::from(hold))),
}}

/// One line of an order.
pub(crate) struct Line<'a> {
    order: &'a OrderObject,
    number: u64,
    line: &'a RowLine,
    state: &'a LineState,
}

plain! { LineFields of "OrderLine", |line: &Line<'_>, out| {
    "id" Id => out.id_of(line.order.id.0, line.number),
    "number" Number => out.number(line.number),
    "sku" Sku => out.text(line.line.sku.as_str()),
    "title" Title => out.text(&line.line.title),
    "kind" Kind => out.name(enums::SkuKind::from(line.state.kind)),
    "quantity" Quantity => out.number(line.state.quantity.into()),
    "unitPrice" UnitPrice(price: MoneyFields) => {
        MoneyFields::write(Money::new(line.state.unit_minor, line.order.order.currency), price, out);
    },
    "shipped" Shipped => out.number(line.state.shipped.into()),
    "cancelled" Cancelled => out.number(line.state.cancelled.into()),
}}

plain! { RefundFields of "RefundTicket", |refund: &RefundTicket, out| {
    "number" Number => out.number(refund.number.into()),
    "kind" Kind => out.name(refund.kind),
    "amount" Amount(money: SumFields) => SumFields::write(&refund.amount, money, out),
    "state" State => out.name(refund.state),
    "requestedAt" RequestedAt => out.time(refund.requested_at.0),
    "approvedAt" ApprovedAt => time(refund.approved_at, out),
    "answerBy" AnswerBy => time(refund.answer_by, out),
    "escalateAt" EscalateAt => time(refund.escalate_at, out),
    "payBy" PayBy => time(refund.pay_by, out),
}}

plain! { ShipmentFields of "Shipment", |shipment: &Shipment, out| {
    "number" Number => out.number(shipment.number.into()),
    "status" Status => out.option(shipment.status, |status, out| out.name(status)),
    "delivered" Delivered => out.bool(shipment.delivered),
}}

plain! { HoldFields of "OrderHold", |hold: &OrderHold, out| {
    "hold" Hold => out.name(hold.hold),
    "since" Since => time(hold.since, out),
}}

plain! { ClockFields of "RunningClock", |clock: &RunningClock, out| {
    "kind" Kind => out.name(clock.kind),
    "dueAt" DueAt => out.time(clock.due_at.0),
    "ticket" Ticket => out.option(clock.ticket, |ticket, out| out.number(ticket.into())),
    "missed" Missed => out.bool(clock.missed),
}}

plain! { BreachFields of "MissedClock", |clock: &MissedClock, out| {
    "kind" Kind => out.name(clock.kind),
    "ticket" Ticket => out.option(clock.ticket, |ticket, out| out.number(ticket.into())),
}}

plain! { DueFields of "DueTimes", |due: &DueTimes, out| {
    "payBy" PayBy => time(due.pay_by, out),
    "shipVirtualBy" ShipVirtualBy => time(due.ship_virtual_by, out),
    "collectBy" CollectBy => time(due.collect_by, out),
    "observedUntil" ObservedUntil => time(due.observed_until, out),
}}

plain! { ChangeFields of "AddressChange", |change: &AddressChange, out| {
    "number" Number => out.number(change.number.into()),
    "requestedBy" RequestedBy => out.text(&change.requested_by.0),
}}

plain! { OrderFields of "Order", |one: &OrderObject, out| {
    "id" Id => out.id(one.id.0),
    "number" Number => out.text(one.number.as_str()),
    "merchant" Merchant(merchant: MerchantFields) => MerchantFields::write(&one.merchant, merchant, out),
    "buyer" Buyer(buyer: BuyerFields) => BuyerFields::write(one.account.as_deref(), buyer, out),
    "placedAt" PlacedAt => out.time(one.order.placed_at),
    "label" Label => out.name(enums::Label::from(one.label)),
    "axes" Axes(axes: AxesFields) => AxesFields::write(&one.order.axes(), axes, out),
    "lines" Lines(line: LineFields) => {
        let both = (1..).zip(one.lines.iter().zip(&one.order.lines));
        let lines = both.map(|(number, (line, state))| Line { order: one, number, line, state });
        out.list(lines, |each, out| LineFields::write(&each, line, out));
    },
    "total" Total(money: MoneyFields) => MoneyFields::write(one.sum(one.total_minor), money, out),
    "due" Due(money: MoneyFields) => MoneyFields::write(one.sum(one.due_minor()), money, out),
    "captured" Captured(money: MoneyFields) => MoneyFields::write(one.sum(one.order.captured_minor), money, out),
    "refunded" Refunded(money: MoneyFields) => MoneyFields::write(one.sum(one.order.refunded_minor), money, out),
    "refunds" Refunds(refund: RefundFields) => {
        out.list(one.refund_tickets(), |each, out| RefundFields::write(&each, refund, out));
    },
    "shipments" Shipments(shipment: ShipmentFields) => {
        out.list(one.parcels(), |each, out| ShipmentFields::write(&each, shipment, out));
    },
    "tags" Tags => out.list(&one.order.tags, |tag, out| out.text(tag)),
    "dueTimes" DueTimes(due: DueFields) => DueFields::write(&one.times(), due, out),
    "holds" Holds(hold: HoldFields) => out.list(one.held(), |each, out| HoldFields::write(&each, hold, out)),
    "clocks" Clocks(clock: ClockFields) => out.list(one.running(), |each, out| ClockFields::write(&each, clock, out)),
    "breaches" Breaches(clock: BreachFields) => {
        out.list(one.missed(), |each, out| BreachFields::write(&each, clock, out));
    },
    "pendingAddressChange" Change(change: ChangeFields) => {
        out.option(one.address_change(), |each, out| ChangeFields::write(&each, change, out));
    },
    "disputedSince" DisputedSince => time(one.order.disputed_since.map(DateTime), out),
    "cards" Cards => out.number(one.order.cards.into()),
    "attended" Attended => out.bool(one.order.is_attended),
    "revision" Revision => out.number(one.revision.into()),
    "position" Position => out.quoted(one.position),
}}

fn time(at: Option<DateTime>, out: &mut Json) {
    out.option(at, |at, out| out.time(at.0));
}

impl Listed for OrderObject {
    type Fields = OrderFields;
    const BYTES: usize = 800;

    fn write(&self, plan: &Plan<OrderFields>, out: &mut Json) {
        OrderFields::write(self, plan, out);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use async_graphql::parser::parse_schema;
    use async_graphql::parser::types::{TypeKind, TypeSystemDefinition};

    use super::*;
    use crate::schema::plain::Plain;

    /// A field that was forgotten would make each list slow that selects it.
    fn holds_all<F: Plain>(but: &[&str]) {
        let types = parse_schema(crate::sdl()).unwrap().definitions.into_iter();
        let found = types.filter_map(|definition| match definition {
            TypeSystemDefinition::Type(found) if found.node.name.node == F::TYPE => Some(found.node.kind),
            _ => None,
        });
        let Some(TypeKind::Object(object)) = found.last() else { panic!("{} is no object", F::TYPE) };
        let fields: BTreeSet<String> = object.fields.iter().map(|field| field.node.name.node.to_string()).collect();
        let held = F::NAMES.iter().chain(but).map(|name| (*name).to_owned());
        assert_eq!(held.collect::<BTreeSet<String>>(), fields, "{}", F::TYPE);
    }

    #[test]
    fn no_field_is_forgotten() {
        holds_all::<OrderFields>(&["actions", "delivery", "history"]);
        holds_all::<MerchantFields>(&["alerts", "children", "childrenCount", "datedPolicies", "parent", "policy"]);
        holds_all::<MoneyFields>(&[]);
        holds_all::<SumFields>(&[]);
        holds_all::<BuyerFields>(&[]);
        holds_all::<AxesFields>(&[]);
        holds_all::<LineFields>(&[]);
        holds_all::<RefundFields>(&[]);
        holds_all::<ShipmentFields>(&[]);
        holds_all::<HoldFields>(&[]);
        holds_all::<ClockFields>(&[]);
        holds_all::<BreachFields>(&[]);
        holds_all::<DueFields>(&[]);
        holds_all::<ChangeFields>(&[]);
    }
}
