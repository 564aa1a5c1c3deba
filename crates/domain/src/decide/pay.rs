//! Money coming in. Whatever comes is recorded: too little, too much, too late, in the wrong currency.

use super::judge::Judge;
use super::{Events, hold, is_live, reported, stock};
use crate::command::{Context, FailPayment, RecordPayment};
use crate::event::{
    DeliveryDue, Hold, HoldPlaced, HoldReleased, LatePaymentReceived, OrderCancelled, OrderReinstated, PaymentCaptured,
    PaymentClaimed, PaymentFailed, PaymentMismatched, RefundKind, RefundRequested, ReminderDue, ShipDue,
};
use crate::ids::StreamId;
use crate::limits::MAX_AMOUNT_MINOR;
use crate::order::{Lifecycle, Order};
use crate::policy::Policy;
use crate::reason::ReasonCode;
use crate::rejection::Rejection;
use crate::sealed::Sealed;
use crate::spelling;
use crate::state::Facts;

/// A trade number counts once within a merchants' tree: the exact repeat of a callback is answered with the first
/// receipt, anything else under the same number is refused.
pub(super) fn repeated(
    facts: &Facts<'_>,
    stream: StreamId,
    order: &Order,
    c: &RecordPayment,
) -> Result<Option<StreamId>, Rejection> {
    let root = order.tree_root();
    for claim in [Some(spelling::claim(root, c)), spelling::claim_as_given(root, c)].into_iter().flatten() {
        let Some(first) = facts.claim(claim) else { continue };
        let is_same =
            first.order == stream && first.amount_minor == c.amount.minor && first.currency == c.amount.currency;
        return if is_same { Ok(Some(claim)) } else { Err(Rejection::TradeNumberUsed) };
    }
    Ok(None)
}

pub(super) fn record(
    facts: &Facts<'_>,
    order: &Order,
    c: &RecordPayment,
    context: &Context,
    judge: &mut Judge,
    out: &mut Events,
) -> Result<(), Rejection> {
    if order.captures >= 10_000 {
        return Err(Rejection::TooMany);
    }
    reported::check(order, context)?;
    let at = context.happened_at();
    judge.remark_unless(at >= order.placed_at, Rejection::BeforePlacing);
    let claim = spelling::claim(order.tree_root(), c);
    let policy = facts.policy(order, context.now);
    let c = &spelt(c);
    let amount_minor = c.amount.minor;
    if c.amount.currency != order.currency {
        out.push_because(
            ReasonCode::WrongCurrency,
            PaymentMismatched {
                provider: c.provider.clone(),
                trade_number: c.trade_number.clone(),
                amount_minor,
                currency: c.amount.currency,
            },
        );
        put_on_hold(order, context, ReasonCode::WrongCurrency, out);
    } else if order.lifecycle == Lifecycle::Cancelled {
        check_sum(order, amount_minor, judge)?;
        late(facts, order, c, &policy, context, out)?;
    } else {
        check_sum(order, amount_minor, judge)?;
        let excess_minor = amount_minor.saturating_sub(order.due_minor()).max(0);
        let pays = order.paid_at.is_none() && amount_minor >= order.due_minor();
        out.push(PaymentCaptured {
            provider: c.provider.clone(),
            trade_number: c.trade_number.clone(),
            amount_minor,
            excess_minor,
            ship_due: (pays && is_live(context)).then(|| ship_due(order, &policy, context)),
        });
        if pays && excess_minor == 0 && order.held_for_failure {
            let why = ReasonCode::PaymentFailed;
            out.push_because(why, HoldReleased { hold: Hold::Payment, ship_due: None, note: None });
        }
        if excess_minor > 0 {
            put_on_hold(order, context, ReasonCode::Overpaid, out);
        }
        if pays {
            stock::take(facts, order, out);
            deliver_alone(order, &policy, context, out);
        }
    }
    out.push_to(claim, PaymentClaimed { order: out.stream, amount_minor, currency: c.amount.currency });
    Ok(())
}

/// All that came in for an order is at most what one amount may be; of history, at most what can be added up.
fn check_sum(order: &Order, amount_minor: i64, judge: &mut Judge) -> Result<(), Rejection> {
    let before = order.captured_minor.checked_add(order.late_minor);
    let sum = before.and_then(|before| before.checked_add(amount_minor)).ok_or(Rejection::AmountTooLarge)?;
    judge.rule(sum <= MAX_AMOUNT_MINOR, || Rejection::AmountTooLarge)
}

/// As it is stored.
fn spelt(c: &RecordPayment) -> RecordPayment {
    RecordPayment {
        provider: spelling::provider(&c.provider).into(),
        trade_number: spelling::trade_number(&c.trade_number).into(),
        ..*c
    }
}

/// Money for a cancelled order. If it was only too late, is enough, and the goods are still there, the order lives again;
/// else it goes back.
fn late(
    facts: &Facts<'_>,
    order: &Order,
    c: &RecordPayment,
    policy: &Policy,
    context: &Context,
    out: &mut Events,
) -> Result<(), Rejection> {
    let amount_minor = c.amount.minor;
    out.push_because(
        ReasonCode::LatePayment,
        LatePaymentReceived { provider: c.provider.clone(), trade_number: c.trade_number.clone(), amount_minor },
    );
    if !is_live(context) {
        return Ok(());
    }
    let due = order.due_minor();
    let expired = order.cancel_reason == Some(ReasonCode::Timeout);
    // What an expired order had paid in part goes back: this money alone must be enough, and that other must be settled.
    let is_enough = amount_minor >= due && !order.has_open_ticket() && order.refunded_minor == 0;
    if expired && is_enough && stock::can_take_again(facts, order) {
        let excess_minor = amount_minor.saturating_sub(due).max(0);
        out.push_because(
            ReasonCode::LatePayment,
            OrderReinstated {
                captured_minor: amount_minor,
                excess_minor,
                ship_due: Some(ship_due(order, policy, context)),
            },
        );
        if excess_minor > 0 {
            put_on_hold(order, context, ReasonCode::Overpaid, out);
        }
        stock::take_again(facts, order, out);
        deliver_alone(order, policy, context, out);
    } else {
        request_refund(order, (RefundKind::Late, amount_minor), ReasonCode::LatePayment, policy, context, 0, out)?;
    }
    Ok(())
}

fn put_on_hold(order: &Order, context: &Context, why: ReasonCode, out: &mut Events) {
    if is_live(context) && !order.holds.contains(Hold::Payment) {
        out.push_because(why, HoldPlaced { hold: Hold::Payment, note: None });
    }
}

/// In the commit that pays an order: its cards need no person, if the policy says so at this moment.
fn deliver_alone(order: &Order, policy: &Policy, context: &Context, out: &mut Events) {
    if is_live(context) && policy.delivers_alone() && !order.card_lines.is_empty() {
        out.push(DeliveryDue { deliver_at: context.now });
    }
}

fn ship_due(order: &Order, policy: &Policy, context: &Context) -> ShipDue {
    let (has_virtual, has_physical) = order.kinds();
    policy.ship_due(context.now, has_virtual, has_physical)
}

/// Opens a ticket that nobody had to ask for. `opened` counts the tickets that this decision opened before.
pub(super) fn request_refund(
    order: &Order,
    (kind, amount_minor): (RefundKind, i64),
    why: ReasonCode,
    policy: &Policy,
    context: &Context,
    opened: u16,
    out: &mut Events,
) -> Result<(), Rejection> {
    out.push_because(
        why,
        RefundRequested {
            ticket: next_ticket(order)?.saturating_add(opened),
            kind,
            amount_minor,
            due: is_live(context).then(|| policy.refund_due(context.now)),
            note: None,
        },
    );
    Ok(())
}

pub(super) fn next_ticket(order: &Order) -> Result<u16, Rejection> {
    if order.tickets.len() >= crate::limits::MAX_PER_ORDER {
        return Err(Rejection::TooMany);
    }
    u16::try_from(order.tickets.len() + 1).map_err(|_| Rejection::TooMany)
}

pub(super) fn fail(
    facts: &Facts<'_>,
    order: &Order,
    c: &FailPayment<Sealed>,
    context: &Context,
    judge: &mut Judge,
    out: &mut Events,
) -> Result<(), Rejection> {
    reported::check(order, context)?;
    judge.rule(order.lifecycle != Lifecycle::Cancelled, || Rejection::OrderCancelled)?;
    let payment = order.payment();
    judge.rule(order.paid_at.is_none(), || Rejection::NotUnpaid { payment })?;
    let provider = spelling::provider(&c.provider).into();
    out.push(PaymentFailed { provider, failure: c.failure.clone(), note: c.note.clone() });
    if is_live(context) {
        // A reminder after the deadline would remind of nothing.
        let after = context.now.plus_micros(facts.policy(order, context.now).remind_after_micros);
        let remind_at = order.pay_due.map_or(after, |due| after.min(due.pay_by));
        out.push(ReminderDue { remind_at });
        put_on_hold(order, context, ReasonCode::PaymentFailed, out);
    }
    Ok(())
}

pub(super) fn expire(facts: &Facts<'_>, order: &Order, context: &Context, out: &mut Events) -> Result<(), Rejection> {
    if order.lifecycle == Lifecycle::Cancelled {
        return Err(Rejection::OrderCancelled);
    }
    if order.paid_at.is_some() {
        return Err(Rejection::AlreadyPaid);
    }
    let due = order.pay_due.ok_or(Rejection::NoDeadline)?;
    if context.now < due.pay_by {
        return Err(Rejection::DeadlineNotReached { due_at: due.pay_by });
    }
    out.push_because(ReasonCode::Timeout, OrderCancelled { note: None });
    hold::dissolve(order, context, out);
    stock::give_back(facts, order, out);
    let left = order.refundable_minor(RefundKind::Goods);
    if left > 0 {
        let policy = facts.policy(order, context.now);
        request_refund(order, (RefundKind::Goods, left), ReasonCode::Timeout, &policy, context, 0, out)?;
    }
    Ok(())
}
