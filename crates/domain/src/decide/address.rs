//! Another address, or another account for a top-up: one person asks, another one decides, the order waits.

use super::judge::Judge;
use super::{Events, hold, is_live};
use crate::command::{ApproveAddressChange, Context, RejectAddressChange, RequestAddressChange};
use crate::event::{
    AddressChangeRejected, AddressChangeRequested, AddressChanged, Hold, HoldPlaced, HoldReleased, SkuKind,
};
use crate::limits::MAX_PER_ORDER;
use crate::order::{Lifecycle, LineState, Order, PendingChange};
use crate::reason::ReasonCode;
use crate::rejection::Rejection;
use crate::sealed::Sealed;

pub(super) fn request(
    order: &Order,
    c: &RequestAddressChange<Sealed>,
    context: &Context,
    judge: &mut Judge,
    out: &mut Events,
) -> Result<(), Rejection> {
    if usize::from(order.changes) >= MAX_PER_ORDER {
        return Err(Rejection::TooMany);
    }
    for new in &c.inputs {
        let line = order.lines.get(usize::from(new.line).wrapping_sub(1));
        let line = line.ok_or(Rejection::LineUnknown { line: new.line })?;
        if line.kind != SkuKind::TopUp {
            return Err(Rejection::NotTopUp { line: new.line });
        }
    }
    judge.rule(order.lifecycle != Lifecycle::Cancelled, || Rejection::OrderCancelled)?;
    // What was shipped is on its way; an account can be found wrong when some of its units are there already.
    let fulfilment = order.fulfilment();
    let has_shipped = |line: &LineState| line.kind == SkuKind::Physical && line.shipped > 0;
    let is_too_late = order.unshipped() == 0
        || c.contact.is_some() && order.lines.iter().any(has_shipped)
        || c.inputs.iter().any(|new| order.left_of(new.line) == 0);
    judge.rule(!is_too_late, || Rejection::AlreadyShipped { fulfilment })?;
    if order.pending_change.is_some() {
        return Err(Rejection::ChangePending);
    }
    let code = c.reason.as_ref().map_or(ReasonCode::BuyerRequest, |reason| reason.code);
    out.push_because(
        code,
        AddressChangeRequested {
            change: order.changes.saturating_add(1),
            contact: c.contact.clone(),
            inputs: c.inputs.clone(),
            note: c.reason.as_ref().and_then(|reason| reason.text.clone()),
        },
    );
    if is_live(context) && !order.holds.contains(Hold::Address) {
        out.push_because(ReasonCode::AddressChange, HoldPlaced { hold: Hold::Address, note: None });
    }
    Ok(())
}

/// The change, if whoever decides now did not ask for it.
fn reviewed(order: &Order, context: &Context, judge: &mut Judge) -> Result<PendingChange, Rejection> {
    let pending = order.pending_change.ok_or(Rejection::NoChangePending)?;
    judge.rule(pending.by != context.actor.id, || Rejection::ReviewerIsRequester)?;
    Ok(pending)
}

fn go_on(order: &Order, context: &Context, out: &mut Events) {
    if is_live(context) && order.holds.contains(Hold::Address) {
        let ship_due = hold::resumed(order, Hold::Address, context.now);
        out.push_because(ReasonCode::AddressChange, HoldReleased { hold: Hold::Address, ship_due, note: None });
    }
}

pub(super) fn approve(
    order: &Order,
    c: &ApproveAddressChange<Sealed>,
    context: &Context,
    judge: &mut Judge,
    out: &mut Events,
) -> Result<(), Rejection> {
    let pending = reviewed(order, context, judge)?;
    out.push(AddressChanged { change: pending.number, note: c.note.clone() });
    go_on(order, context, out);
    Ok(())
}

pub(super) fn reject(
    order: &Order,
    c: &RejectAddressChange<Sealed>,
    context: &Context,
    judge: &mut Judge,
    out: &mut Events,
) -> Result<(), Rejection> {
    let pending = reviewed(order, context, judge)?;
    out.push_because(c.reason.code, AddressChangeRejected { change: pending.number, note: c.reason.text.clone() });
    go_on(order, context, out);
    Ok(())
}
