//! Refund tickets: asked, answered, paid out.

use super::judge::Judge;
use super::pay::next_ticket;
use super::{Events, hold, is_live, rest, stock};
use crate::command::{ApproveRefund, Context, FailRefund, RejectRefund, RequestRefund, SettleRefund};
use crate::event::{
    Hold, HoldReleased, OrderCancelled, PaymentClaimed, RefundApproved, RefundFailed, RefundKind, RefundRejected,
    RefundRequested, RefundSettled,
};
use crate::ids::StreamId;
use crate::money::Money;
use crate::order::{Fulfilment, Lifecycle, Order, Ticket, TicketState};
use crate::reason::ReasonCode;
use crate::rejection::Rejection;
use crate::sealed::Sealed;
use crate::spelling;
use crate::state::Facts;

pub(super) fn request(
    facts: &Facts<'_>,
    order: &Order,
    c: &RequestRefund<Sealed>,
    context: &Context,
    judge: &mut Judge,
    out: &mut Events,
) -> Result<(), Rejection> {
    if let Some(asked) = c.amount
        && asked.currency != order.currency
    {
        return Err(Rejection::CurrencyMismatch { expected: order.currency, given: asked.currency });
    }
    let kind = c.kind.unwrap_or_else(|| meant(order, c.amount));
    let left = order.refundable_minor(kind);
    let amount_minor = c.amount.map_or(left, |asked| asked.minor);
    judge.rule(amount_minor > 0 && amount_minor <= left, || Rejection::MoreThanRefundable {
        left: Money::new(left, order.currency),
    })?;
    out.push_because(
        c.reason.code,
        RefundRequested {
            ticket: next_ticket(order)?,
            kind,
            amount_minor,
            due: is_live(context).then(|| facts.policy(order, context.now).refund_due(context.now)),
            note: c.reason.text.clone(),
        },
    );
    Ok(())
}

/// What a request without a kind asks for: the excess, or the late money, where there is enough of it.
fn meant(order: &Order, asked: Option<Money>) -> RefundKind {
    let covers = |kind| {
        let left = order.refundable_minor(kind);
        left > 0 && asked.is_none_or(|asked| asked.minor <= left)
    };
    if covers(RefundKind::Excess) {
        RefundKind::Excess
    } else if covers(RefundKind::Late) {
        RefundKind::Late
    } else {
        RefundKind::Goods
    }
}

/// The ticket that is meant: the named one, or the only one that is open.
fn open_ticket(order: &Order, named: Option<u16>) -> Result<(u16, &Ticket), Rejection> {
    if let Some(number) = named {
        let ticket = order.ticket(number).ok_or(Rejection::TicketUnknown { ticket: number })?;
        return if ticket.state.is_open() { Ok((number, ticket)) } else { Err(Rejection::TicketClosed) };
    }
    let mut open = (1..).zip(&order.tickets).filter(|(_, ticket)| ticket.state.is_open());
    match (open.next(), open.next()) {
        (Some(found), None) => Ok(found),
        (Some(_), Some(_)) => Err(Rejection::TicketAmbiguous),
        (None, _) => Err(Rejection::NoOpenTicket),
    }
}

pub(super) fn approve(
    facts: &Facts<'_>,
    order: &Order,
    c: &ApproveRefund<Sealed>,
    context: &Context,
    out: &mut Events,
) -> Result<(), Rejection> {
    let (number, ticket) = open_ticket(order, c.ticket)?;
    if ticket.state != TicketState::Requested {
        return Err(Rejection::TicketApproved);
    }
    out.push(RefundApproved {
        ticket: number,
        pay_by: is_live(context)
            .then(|| context.now.plus_micros(facts.policy(order, context.now).pay_refund_within_micros)),
        note: c.note.clone(),
    });
    Ok(())
}

pub(super) fn reject(
    order: &Order,
    c: &RejectRefund<Sealed>,
    judge: &mut Judge,
    out: &mut Events,
) -> Result<(), Rejection> {
    let (number, ticket) = open_ticket(order, c.ticket)?;
    // The money may be on its way already; only once that failed can the answer still be no.
    judge.rule(ticket.state != TicketState::Approved, || Rejection::TicketApproved)?;
    // No goods stand against this money: rejected, it would be kept, and in nobody's sight.
    let left = order.given_back_minor().saturating_sub(ticket.amount_minor);
    let is_owed = match ticket.kind {
        RefundKind::Late => true,
        RefundKind::Goods => order.lifecycle == Lifecycle::Cancelled || left < rest::worth_of_cancelled(order),
        RefundKind::Excess => order.lifecycle == Lifecycle::Cancelled,
    };
    judge.rule(!is_owed, || Rejection::MustBePaidBack)?;
    out.push_because(c.reason.code, RefundRejected { ticket: number, note: c.reason.text.clone() });
    Ok(())
}

/// What a provider paid out counts once within a merchants' tree, as what came in does.
pub(super) fn repeated(
    facts: &Facts<'_>,
    stream: StreamId,
    order: &Order,
    c: &SettleRefund,
) -> Result<Option<StreamId>, Rejection> {
    let Some(claim) = spelling::refund_claim(order.tree_root(), c) else { return Ok(None) };
    let Some(first) = facts.claim(claim) else { return Ok(None) };
    // Sent again once its ticket is closed, it may mean none that is open.
    let meant = c.ticket.and_then(|number| order.ticket(number)).or_else(|| Some(open_ticket(order, None).ok()?.1));
    // A ticket that is not paid out yet was never paid out under this number.
    let is_another = c.ticket.and(meant).is_some_and(|ticket| ticket.state != TicketState::Settled);
    let is_same =
        first.order == stream && !is_another && meant.is_none_or(|ticket| ticket.amount_minor == first.amount_minor);
    if is_same { Ok(Some(claim)) } else { Err(Rejection::TradeNumberUsed) }
}

pub(super) fn settle(
    facts: &Facts<'_>,
    order: &Order,
    c: &SettleRefund,
    context: &Context,
    judge: &mut Judge,
    out: &mut Events,
) -> Result<(), Rejection> {
    let (number, ticket) = open_ticket(order, c.ticket)?;
    judge.rule(ticket.state != TicketState::Requested, || Rejection::TicketNotApproved)?;
    out.push(RefundSettled {
        ticket: number,
        amount_minor: ticket.amount_minor,
        provider: c.provider.as_deref().map(|given| spelling::provider(given).into()),
        trade_number: c.trade_number.as_deref().map(|given| spelling::trade_number(given).into()),
    });
    if let Some(claim) = spelling::refund_claim(order.tree_root(), c) {
        let claimed = PaymentClaimed { order: out.stream, amount_minor: ticket.amount_minor, currency: order.currency };
        out.push_to(claim, claimed);
    }
    if !is_live(context) {
        return Ok(());
    }
    match ticket.kind {
        RefundKind::Goods => {
            let refunded = order.refunded_minor.saturating_add(ticket.amount_minor);
            let is_full = refunded >= order.captured_minor.saturating_sub(order.excess_minor);
            if is_full && order.lifecycle == Lifecycle::Placed && order.fulfilment() == Fulfilment::None {
                out.push_because(ReasonCode::FullyRefunded, OrderCancelled { note: None });
                hold::dissolve(order, context, out);
                stock::give_back(facts, order, out);
            }
        }
        RefundKind::Excess => {
            let is_balanced = order.excess_outstanding_minor() <= ticket.amount_minor;
            if is_balanced && order.held_for_excess && order.holds.contains(Hold::Payment) {
                out.push_because(
                    ReasonCode::Overpaid,
                    HoldReleased {
                        hold: Hold::Payment,
                        ship_due: hold::resumed(order, Hold::Payment, context.now),
                        note: None,
                    },
                );
            }
        }
        RefundKind::Late => {}
    }
    Ok(())
}

pub(super) fn fail(order: &Order, c: &FailRefund<Sealed>, out: &mut Events) -> Result<(), Rejection> {
    let (number, ticket) = open_ticket(order, c.ticket)?;
    if ticket.state == TicketState::Requested {
        return Err(Rejection::TicketNotApproved);
    }
    out.push(RefundFailed { ticket: number, failure: c.failure.clone(), note: c.note.clone() });
    Ok(())
}
