//! What automation does when a clock runs out. Late is better than never: only a clock that has not run out yet, or that
//! something stopped before, is refused.

use super::Events;
use crate::command::Context;
use crate::event::{Clock, DeadlineBreached, OrderClosed, PaymentReminded};
use crate::order::{Lifecycle, Order};
use crate::rejection::Rejection;
use crate::time::Timestamp;

/// When the clock ran out.
fn due(order: &Order, clock: Clock, ticket: Option<u16>, context: &Context) -> Result<Timestamp, Rejection> {
    let due_at = order.pending_clock(clock, ticket).ok_or(Rejection::ClockNotOpen { clock })?;
    if context.now < due_at {
        return Err(Rejection::DeadlineNotReached { due_at });
    }
    Ok(due_at)
}

pub(super) fn remind(order: &Order, context: &Context, out: &mut Events) -> Result<(), Rejection> {
    due(order, Clock::Remind, None, context)?;
    out.push(PaymentReminded {});
    Ok(())
}

pub(super) fn breach(
    order: &Order,
    clock: Clock,
    ticket: Option<u16>,
    context: &Context,
    out: &mut Events,
) -> Result<(), Rejection> {
    if !clock.can_be_missed() {
        return Err(Rejection::ClockNotOpen { clock });
    }
    let due_at = due(order, clock, ticket, context)?;
    out.push(DeadlineBreached { clock, ticket, due_at });
    Ok(())
}

pub(super) fn close(order: &Order, context: &Context, out: &mut Events) -> Result<(), Rejection> {
    if order.lifecycle == Lifecycle::Completed {
        if order.has_open_ticket() {
            return Err(Rejection::RefundOpen);
        }
        if order.disputed_since.is_some() {
            return Err(Rejection::DisputeOpen);
        }
        if !order.holds.is_empty() {
            return Err(Rejection::OnHold);
        }
    }
    due(order, Clock::Observe, None, context)?;
    out.push(OrderClosed {});
    Ok(())
}
