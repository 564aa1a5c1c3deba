//! Disputes: what buyer and merchant cannot settle between them.

use super::judge::Judge;
use super::pay::request_refund;
use super::{Events, is_live};
use crate::command::{AddEvidence, Context, OpenDispute, ResolveDispute};
use crate::event::{DisputeOpened, DisputeResolved, EvidenceAdded, EvidenceRead, Outcome, RefundKind};
use crate::limits::MAX_PER_ORDER;
use crate::money::Money;
use crate::order::Order;
use crate::policy::Policy;
use crate::reason::ReasonCode;
use crate::rejection::Rejection;
use crate::sealed::Sealed;

pub(super) fn open(
    order: &Order,
    c: &OpenDispute<Sealed>,
    context: &Context,
    judge: &mut Judge,
    out: &mut Events,
) -> Result<(), Rejection> {
    if usize::from(order.disputes) >= MAX_PER_ORDER {
        return Err(Rejection::TooMany);
    }
    if order.disputed_since.is_some() {
        return Err(Rejection::DisputeOpen);
    }
    let may_open = if is_live(context) { order.is_observed_at(context.now) } else { order.delivered_at.is_some() };
    judge.rule(may_open, || Rejection::NotObserved)?;
    let dispute = order.disputes.saturating_add(1);
    out.push_because(c.reason.code, DisputeOpened { dispute, note: c.reason.text.clone() });
    Ok(())
}

fn opened(order: &Order) -> Result<u16, Rejection> {
    order.disputed_since.map(|_| order.disputes).ok_or(Rejection::NoOpenDispute)
}

pub(super) fn add_evidence(order: &Order, c: &AddEvidence<Sealed>, out: &mut Events) -> Result<(), Rejection> {
    out.push(EvidenceAdded { dispute: opened(order)?, text: c.text.clone() });
    Ok(())
}

pub(super) fn read_evidence(order: &Order, out: &mut Events) -> Result<(), Rejection> {
    if order.disputes == 0 {
        return Err(Rejection::NoEvidence);
    }
    out.push(EvidenceRead {});
    Ok(())
}

/// For the buyer, the money that goes back is asked for in the same commit.
pub(super) fn resolve(
    order: &Order,
    c: &ResolveDispute<Sealed>,
    policy: &Policy,
    context: &Context,
    out: &mut Events,
) -> Result<(), Rejection> {
    let dispute = opened(order)?;
    let left = order.refundable_minor(RefundKind::Goods);
    let back = match (c.outcome, c.refund) {
        (Outcome::Merchant, Some(_)) => {
            let problem = "is only for the buyer: leave it out".into();
            return Err(Rejection::Invalid { field: "refund", problem });
        }
        (Outcome::Merchant, None) => 0,
        (Outcome::Buyer, Some(asked)) if asked.currency != order.currency => {
            return Err(Rejection::CurrencyMismatch { expected: order.currency, given: asked.currency });
        }
        (Outcome::Buyer, Some(asked)) => asked.minor,
        (Outcome::Buyer, None) => left,
    };
    if back > left {
        return Err(Rejection::MoreThanRefundable { left: Money::new(left, order.currency) });
    }
    out.push_because(c.reason.code, DisputeResolved { dispute, outcome: c.outcome, note: c.reason.text.clone() });
    if back > 0 && is_live(context) {
        request_refund(order, (RefundKind::Goods, back), ReasonCode::DisputeLost, policy, context, 0, out)?;
    }
    Ok(())
}
