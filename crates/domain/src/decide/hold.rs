//! Holds keep an order out of the normal queue.

use super::judge::Judge;
use super::{Events, is_live, stock};
use crate::command::{Context, PlaceHold, ReleaseHold};
use crate::event::{Hold, HoldPlaced, HoldReleased, ShipDue};
use crate::order::{Lifecycle, Order};
use crate::reason::ReasonCode;
use crate::rejection::Rejection;
use crate::sealed::Sealed;
use crate::state::Facts;
use crate::time::Timestamp;

pub(super) fn place(
    facts: &Facts<'_>,
    order: &Order,
    c: &PlaceHold<Sealed>,
    context: &Context,
    judge: &mut Judge,
    out: &mut Events,
) -> Result<(), Rejection> {
    if order.holds.contains(c.hold) {
        return Err(Rejection::AlreadyHeld);
    }
    judge.rule(order.lifecycle != Lifecycle::Cancelled, || Rejection::OrderCancelled)?;
    judge.rule(order.delivered_at.is_none(), || Rejection::AlreadyDelivered)?;
    let note = c.reason.as_ref().and_then(|reason| reason.text.clone());
    let code = c.reason.as_ref().map_or(ReasonCode::Other, |reason| reason.code);
    out.push_because(code, HoldPlaced { hold: c.hold, note });
    if c.hold == Hold::Stock && is_live(context) {
        stock::freeze(facts, order, code, out)?;
    }
    Ok(())
}

pub(super) fn release(
    facts: &Facts<'_>,
    order: &Order,
    c: &ReleaseHold<Sealed>,
    context: &Context,
    out: &mut Events,
) -> Result<(), Rejection> {
    if !order.holds.contains(c.hold) {
        return Err(Rejection::NotHeld);
    }
    if c.hold == Hold::Address && order.pending_change.is_some() {
        return Err(Rejection::ChangePending);
    }
    if c.hold == Hold::Stock {
        stock::restock(facts, order, out)?;
    }
    let note = c.reason.as_ref().and_then(|reason| reason.text.clone());
    let code = c.reason.as_ref().map_or(ReasonCode::Other, |reason| reason.code);
    out.push_because(code, HoldReleased { hold: c.hold, ship_due: resumed(order, c.hold, context.now), note });
    Ok(())
}

/// What an order was held for that is cancelled now: nothing waits for goods, an address or a payment any more. Money that
/// somebody has to look at, and a risk, remain.
pub(super) fn dissolve(order: &Order, context: &Context, out: &mut Events) {
    if !is_live(context) {
        return;
    }
    for hold in order.holds.iter() {
        let is_over = match hold {
            Hold::Stock | Hold::Address => true,
            Hold::Payment => order.held_for_failure,
            Hold::Risk => false,
        };
        if is_over {
            out.push_because(ReasonCode::OrderCancelled, HoldReleased { hold, ship_due: None, note: None });
        }
    }
}

/// The shipping clocks once `hold` is gone: later by the time they stood still, if it was the last that paused them.
pub(super) fn resumed(order: &Order, hold: Hold, now: Timestamp) -> Option<ShipDue> {
    let paused_since = order.paused_since?;
    let due = order.ship_due.filter(|due| !due.is_empty())?;
    let mut left = order.holds;
    left.remove(hold);
    if !hold.pauses_shipping() || left.iter().any(Hold::pauses_shipping) {
        return None;
    }
    Some(due.moved_by(now.0.saturating_sub(paused_since.0).max(0)))
}
