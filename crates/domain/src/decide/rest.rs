//! The end of an order that was shipped in part: what it lacks will not come.

use super::pay::request_refund;
use super::{Events, hold, ship, stock};
use crate::command::{Cancel, Context};
use crate::event::{Hold, HoldReleased, RefundKind, RestCancelled, ShippedLine};
use crate::order::{Lifecycle, Order};
use crate::reason::ReasonCode;
use crate::rejection::Rejection;
use crate::sealed::Sealed;
use crate::state::Facts;

pub(super) fn cancel(
    facts: &Facts<'_>,
    order: &Order,
    c: &Cancel<Sealed>,
    context: &Context,
    out: &mut Events,
) -> Result<(), Rejection> {
    if order.lifecycle == Lifecycle::Cancelled {
        return Err(Rejection::OrderCancelled);
    }
    let lines = ship::unshipped(order);
    if order.shipments.is_empty() {
        return Err(Rejection::NothingShipped);
    }
    if lines.is_empty() {
        return Err(Rejection::NothingToShip);
    }
    out.push_because(c.reason.code, RestCancelled { lines: lines.clone(), note: c.reason.text.clone() });
    // Nothing waits for goods or for an address any more.
    for held in [Hold::Stock, Hold::Address] {
        if order.holds.contains(held) {
            let ship_due = hold::resumed(order, held, context.now);
            out.push_because(ReasonCode::OrderCancelled, HoldReleased { hold: held, ship_due, note: None });
        }
    }
    stock::give_back_rest(facts, order, out);
    let owed = worth(order, &lines).saturating_sub(order.given_back_minor());
    let owed = owed.min(order.refundable_minor(RefundKind::Goods));
    if owed > 0 {
        let policy = facts.policy(order, context.now);
        request_refund(order, (RefundKind::Goods, owed), c.reason.code, &policy, context, 0, out)?;
    }
    let last = u16::try_from(order.shipments.len()).unwrap_or(u16::MAX);
    let units: Vec<(u16, u32)> = lines.iter().map(|line| (line.line, line.quantity)).collect();
    ship::complete_if_all_arrived(facts, order, last, &units, context, out);
    Ok(())
}

/// What was paid for the units that were cancelled after others had been shipped.
pub(super) fn worth_of_cancelled(order: &Order) -> i64 {
    let worth = order
        .lines
        .iter()
        .fold(0, |sum: i64, line| sum.saturating_add(line.unit_minor.saturating_mul(line.cancelled.into())));
    worth.min(order.captured_minor.saturating_sub(order.excess_minor))
}

/// What these units cost, in minor units of the order's currency.
fn worth(order: &Order, lines: &[ShippedLine]) -> i64 {
    lines.iter().fold(0, |sum: i64, rest| {
        let line = order.lines.get(usize::from(rest.line).wrapping_sub(1));
        let unit = line.map_or(0, |line| line.unit_minor);
        sum.saturating_add(unit.saturating_mul(rest.quantity.into()))
    })
}
