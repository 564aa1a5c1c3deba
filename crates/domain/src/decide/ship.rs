//! Shipping and delivery.

use super::judge::Judge;
use super::{Events, is_live, reported};
use crate::command::{ConfirmShipment, Context, RecordTracking};
use crate::event::{
    Delivered, ObservationStarted, OrderCompleted, ShipmentConfirmed, ShippedLine, SkuKind, TrackingStatus,
    TrackingUpdated,
};
use crate::limits::MAX_PER_ORDER;
use crate::order::{Lifecycle, Order, Payment};
use crate::rejection::Rejection;
use crate::sealed::Sealed;
use crate::state::Facts;
use crate::targets::StockTarget;

pub(super) fn confirm(
    facts: &Facts<'_>,
    order: &Order,
    c: &ConfirmShipment,
    context: &Context,
    judge: &mut Judge,
    out: &mut Events,
) -> Result<(), Rejection> {
    let shipment = next_shipment(order)?;
    let at = context.happened_at();
    check_may_ship(order, judge)?;
    judge.remark_unless(at >= order.placed_at, Rejection::BeforePlacing);
    judge.remark_unless(order.paid_at.is_none_or(|paid_at| at >= paid_at), Rejection::OutOfOrder);
    let lines = match &c.lines {
        Some(asked) => summed(order, asked, judge)?,
        None => rest(order, is_live(context)),
    };
    judge.rule(!lines.is_empty(), || Rejection::NothingToShip)?;
    for shipped in &lines {
        judge.rule(!has_cards(facts, order, shipped.line), || Rejection::DeliverCards { line: shipped.line })?;
    }
    out.push(ShipmentConfirmed {
        shipment,
        lines,
        carrier: c.carrier.clone(),
        tracking_number: c.tracking_number.clone(),
    });
    Ok(())
}

/// Whether goods may leave now, whatever goods they are.
pub(super) fn check_may_ship(order: &Order, judge: &mut Judge) -> Result<(), Rejection> {
    judge.rule(order.lifecycle != Lifecycle::Cancelled, || Rejection::OrderCancelled)?;
    judge.rule(order.delivered_at.is_none(), || Rejection::AlreadyDelivered)?;
    let payment = order.payment();
    judge.rule(order.paid_at.is_some(), || Rejection::NotPaid { payment })?;
    judge.rule(order.holds.is_empty(), || Rejection::OnHold)?;
    judge.rule(!order.has_open_ticket(), || Rejection::RefundOpen)?;
    judge.rule(payment != Payment::Refunded, || Rejection::NotPaid { payment })
}

/// The number of the order's next shipment, from 1.
pub(super) fn next_shipment(order: &Order) -> Result<u16, Rejection> {
    if order.shipments.len() >= MAX_PER_ORDER {
        return Err(Rejection::TooMany);
    }
    u16::try_from(order.shipments.len() + 1).map_err(|_| Rejection::TooMany)
}

/// In the commit of a shipment (number, and units by line) that arrives as it is sent: it may be the last.
pub(super) fn complete_if_all_arrived(
    facts: &Facts<'_>,
    order: &Order,
    shipment: u16,
    units: &[(u16, u32)],
    context: &Context,
    out: &mut Events,
) {
    let sent = units.iter().fold(0_u32, |sum, (_, quantity)| sum.saturating_add(*quantity));
    if order.unshipped() <= sent && order.shipments.iter().all(|parcel| parcel.delivered) {
        complete(facts, order, shipment, context, out);
    }
}

/// Everything has been delivered.
fn complete(facts: &Facts<'_>, order: &Order, shipment: u16, context: &Context, out: &mut Events) {
    if order.delivered_at.is_some() {
        return;
    }
    out.push(Delivered { shipment });
    if order.lifecycle == Lifecycle::Placed {
        out.push(OrderCompleted {});
        if is_live(context) {
            let policy = facts.policy(order, context.now);
            out.push(ObservationStarted { until: context.now.plus_micros(policy.observe_for_micros) });
        }
    }
}

/// The asked lines, one entry a line, checked against what is unshipped.
fn summed(order: &Order, asked: &[ShippedLine], judge: &mut Judge) -> Result<Vec<ShippedLine>, Rejection> {
    let mut lines: Vec<ShippedLine> = Vec::with_capacity(asked.len());
    for part in asked {
        match lines.iter_mut().find(|line| line.line == part.line) {
            Some(line) => line.quantity = line.quantity.saturating_add(part.quantity),
            None => lines.push(*part),
        }
    }
    for shipped in &lines {
        let line = order
            .lines
            .get(usize::from(shipped.line).wrapping_sub(1))
            .ok_or(Rejection::LineUnknown { line: shipped.line })?;
        let unshipped = line.left();
        judge.rule(shipped.quantity <= unshipped, || Rejection::MoreThanUnshipped { line: shipped.line, unshipped })?;
    }
    Ok(lines)
}

/// All the parcels that are left; of an order that has none left, everything. History ships everything.
fn rest(order: &Order, is_live: bool) -> Vec<ShippedLine> {
    let all = unshipped(order);
    let is_parcel = |rest: &&ShippedLine| {
        let line = order.lines.get(usize::from(rest.line).wrapping_sub(1));
        line.is_some_and(|line| line.kind == SkuKind::Physical)
    };
    let parcels: Vec<ShippedLine> = all.iter().filter(is_parcel).copied().collect();
    if is_live && !parcels.is_empty() { parcels } else { all }
}

/// Every unit that was neither shipped nor cancelled.
pub(super) fn unshipped(order: &Order) -> Vec<ShippedLine> {
    let lines = (1..).zip(&order.lines);
    lines.map(|(line, state)| ShippedLine { line, quantity: state.left() }).filter(|rest| rest.quantity > 0).collect()
}

/// Whether the line's goods lie in the ledger as secrets: then a parcel does not bring them.
fn has_cards(facts: &Facts<'_>, order: &Order, line: u16) -> bool {
    let cards = order.card_lines.iter().find(|card| card.line == line);
    cards.is_some_and(|card| facts.sku(&StockTarget::of_card(order, card)).cards > 0)
}

pub(super) fn track(
    facts: &Facts<'_>,
    order: &Order,
    c: &RecordTracking<Sealed>,
    context: &Context,
    judge: &mut Judge,
    out: &mut Events,
) -> Result<(), Rejection> {
    if order.checkpoints.len() >= MAX_PER_ORDER {
        return Err(Rejection::TooMany);
    }
    reported::check(order, context)?;
    let at = context.happened_at();
    let shipment = match c.shipment {
        Some(shipment) => shipment,
        None if order.shipments.len() > 1 => return Err(Rejection::ShipmentAmbiguous),
        None => 1,
    };
    judge.rule(!order.shipments.is_empty(), || Rejection::NothingShipped)?;
    let index = usize::from(shipment).wrapping_sub(1);
    let parcel = order.shipments.get(index);
    judge.rule(parcel.is_some() || order.shipments.is_empty(), || Rejection::ShipmentUnknown { shipment })?;
    if order.checkpoints.contains(&c.checkpoint) {
        return Err(Rejection::CheckpointKnown);
    }
    judge.rule(order.delivered_at.is_none(), || Rejection::AlreadyDelivered)?;
    if let Some(parcel) = parcel {
        let goes_on =
            parcel.status.is_none_or(|status| c.status >= status) && parcel.seen_at.is_none_or(|seen_at| at >= seen_at);
        judge.rule(goes_on, || Rejection::TrackingBackwards)?;
    }
    judge.remark_unless(at >= order.placed_at, Rejection::BeforePlacing);
    judge.remark_unless(order.shipped_at.is_none_or(|shipped_at| at >= shipped_at), Rejection::OutOfOrder);
    out.push(TrackingUpdated { shipment, checkpoint: c.checkpoint.clone(), status: c.status, place: c.place.clone() });
    let all_arrived = c.status == TrackingStatus::Delivered
        && order.shipments.iter().enumerate().all(|(i, parcel)| i == index || parcel.delivered);
    let is_last = all_arrived && (order.unshipped() == 0 || !is_live(context));
    if is_last {
        complete(facts, order, shipment, context, out);
    }
    Ok(())
}
