//! Cancelling, notes, tags, ratings.

use super::judge::Judge;
use super::pay::request_refund;
use super::{Events, hold, is_live, stock};
use crate::command::{AddNote, AddTag, Cancel, Context, Rate, RevealContact};
use crate::event::{ContactRevealed, NoteAdded, OrderCancelled, OrderRated, RefundKind, TagAdded};
use crate::limits::MAX_PER_ORDER;
use crate::order::{Fulfilment, Lifecycle, Order};
use crate::reason::ReasonCode;
use crate::rejection::Rejection;
use crate::sealed::Sealed;
use crate::state::Facts;

pub(super) fn cancel(
    facts: &Facts<'_>,
    order: &Order,
    c: &Cancel<Sealed>,
    context: &Context,
    judge: &mut Judge,
    out: &mut Events,
) -> Result<(), Rejection> {
    if order.lifecycle == Lifecycle::Cancelled {
        return Err(Rejection::OrderCancelled);
    }
    // Late money reinstates an order that expired, and none that somebody cancelled.
    if is_live(context) && c.reason.code == ReasonCode::Timeout {
        return Err(Rejection::Invalid { field: "reason", problem: "must not be TIMEOUT: such orders expire".into() });
    }
    let fulfilment = order.fulfilment();
    judge.rule(fulfilment == Fulfilment::None, || Rejection::AlreadyShipped { fulfilment })?;
    judge.rule(order.lifecycle == Lifecycle::Placed, || Rejection::OrderCompleted)?;
    out.push_because(c.reason.code, OrderCancelled { note: c.reason.text.clone() });
    hold::dissolve(order, context, out);
    stock::give_back(facts, order, out);
    if is_live(context) {
        let policy = facts.policy(order, context.now);
        let mut opened = 0;
        for kind in [RefundKind::Goods, RefundKind::Excess] {
            let left = order.refundable_minor(kind);
            if left > 0 {
                request_refund(order, (kind, left), c.reason.code, &policy, context, opened, out)?;
                opened += 1;
            }
        }
    }
    Ok(())
}

pub(super) fn note(order: &Order, c: &AddNote<Sealed>, out: &mut Events) -> Result<(), Rejection> {
    if order.notes as usize >= MAX_PER_ORDER {
        return Err(Rejection::TooMany);
    }
    out.push(NoteAdded { text: c.text.clone() });
    Ok(())
}

pub(super) fn reveal_contact(c: &RevealContact<Sealed>, out: &mut Events) {
    out.push_because(c.reason.code, ContactRevealed { note: c.reason.text.clone() });
}

pub(super) fn tag(order: &Order, c: &AddTag, out: &mut Events) -> Result<(), Rejection> {
    if order.tags.iter().any(|tag| **tag == *c.tag.as_str()) {
        return Err(Rejection::TagKnown);
    }
    if order.tags.len() >= MAX_PER_ORDER {
        return Err(Rejection::TooMany);
    }
    out.push(TagAdded { tag: c.tag.clone() });
    Ok(())
}

pub(super) fn rate(
    order: &Order,
    c: &Rate<Sealed>,
    context: &Context,
    judge: &mut Judge,
    out: &mut Events,
) -> Result<(), Rejection> {
    if order.ratings as usize >= MAX_PER_ORDER {
        return Err(Rejection::TooMany);
    }
    // No observation starts for imported orders: there a delivery is enough.
    let may_rate = if is_live(context) { order.is_observed_at(context.now) } else { order.delivered_at.is_some() };
    judge.rule(may_rate, || Rejection::NotObserved)?;
    judge.rule(order.ratings == 0, || Rejection::AlreadyRated)?;
    judge.remark_unless(context.happened_at() >= order.placed_at, Rejection::BeforePlacing);
    out.push(OrderRated { score: c.score, comment: c.comment.clone() });
    Ok(())
}
