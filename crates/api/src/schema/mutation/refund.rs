//! Refund tickets.

use async_graphql::{ID, InputObject};
use daybook_domain::Command;
use daybook_domain::command::{ApproveRefund, FailRefund, RejectRefund, RequestRefund, SettleRefund};

use super::form::{ReasonInput, boxed, input};
use crate::schema::enums::RefundKind;
use crate::schema::lookup::OrderInput;
use crate::schema::money::MoneyInput;

#[derive(Clone, Debug, InputObject)]
pub(crate) struct RequestRefundInput {
    /// A UUID that you choose; the same command sent again returns its first receipt.
    command_id: ID,
    /// The revision that you believe the order to be at.
    expected_revision: Option<i32>,
    order: OrderInput,
    /// Omitted: the excess, where there is one that covers the amount; else goods.
    kind: Option<RefundKind>,
    /// Omitted: all that may be refunded.
    amount: Option<MoneyInput>,
    reason: ReasonInput,
}

input!(RequestRefundInput, |it, form| {
    let order = form.order(&it.order)?;
    let amount = it.amount.map(|amount| form.money("amount", &amount));
    let (Some(order), false) = (order, amount == Some(None)) else { return Ok(None) };
    let (kind, amount) = (it.kind.map(Into::into), amount.flatten());
    Ok(Some(Command::RequestRefund(RequestRefund { order, kind, amount, reason: it.reason.into() })))
});

#[derive(Clone, Debug, InputObject)]
pub(crate) struct ApproveRefundInput {
    /// A UUID that you choose; the same command sent again returns its first receipt.
    command_id: ID,
    /// The revision that you believe the order to be at.
    expected_revision: Option<i32>,
    order: OrderInput,
    /// From 1; may be omitted while one ticket is open.
    ticket: Option<i32>,
    /// Kept sealed.
    note: Option<String>,
}

input!(ApproveRefundInput, |it, form| {
    let order = form.order(&it.order)?;
    let ticket = form.optional_number("ticket", it.ticket);
    let (Some(order), Some(ticket)) = (order, ticket) else { return Ok(None) };
    Ok(Some(Command::ApproveRefund(ApproveRefund { order, ticket, note: it.note })))
});

#[derive(Clone, Debug, InputObject)]
pub(crate) struct RejectRefundInput {
    /// A UUID that you choose; the same command sent again returns its first receipt.
    command_id: ID,
    /// The revision that you believe the order to be at.
    expected_revision: Option<i32>,
    order: OrderInput,
    /// From 1; may be omitted while one ticket is open.
    ticket: Option<i32>,
    reason: ReasonInput,
}

input!(RejectRefundInput, |it, form| {
    let order = form.order(&it.order)?;
    let ticket = form.optional_number("ticket", it.ticket);
    let (Some(order), Some(ticket)) = (order, ticket) else { return Ok(None) };
    Ok(Some(Command::RejectRefund(RejectRefund { order, ticket, reason: it.reason.into() })))
});

#[derive(Clone, Debug, InputObject)]
pub(crate) struct SettleRefundInput {
    /// A UUID that you choose; the same command sent again returns its first receipt.
    command_id: ID,
    /// The revision that you believe the order to be at.
    expected_revision: Option<i32>,
    order: OrderInput,
    /// From 1; may be omitted while one ticket is open.
    ticket: Option<i32>,
    provider: Option<String>,
    /// The provider's number of the pay-out.
    trade_number: Option<String>,
}

input!(SettleRefundInput, |it, form| {
    let order = form.order(&it.order)?;
    let ticket = form.optional_number("ticket", it.ticket);
    let (Some(order), Some(ticket)) = (order, ticket) else { return Ok(None) };
    let (provider, trade_number) = (it.provider.map(boxed), it.trade_number.map(boxed));
    Ok(Some(Command::SettleRefund(SettleRefund { order, ticket, provider, trade_number })))
});

#[derive(Clone, Debug, InputObject)]
pub(crate) struct FailRefundInput {
    /// A UUID that you choose; the same command sent again returns its first receipt.
    command_id: ID,
    /// The revision that you believe the order to be at.
    expected_revision: Option<i32>,
    order: OrderInput,
    /// From 1; may be omitted while one ticket is open.
    ticket: Option<i32>,
    /// The provider's own error code.
    failure: String,
    /// Kept sealed.
    note: Option<String>,
}

input!(FailRefundInput, |it, form| {
    let order = form.order(&it.order)?;
    let ticket = form.optional_number("ticket", it.ticket);
    let (Some(order), Some(ticket)) = (order, ticket) else { return Ok(None) };
    Ok(Some(Command::FailRefund(FailRefund { order, ticket, failure: boxed(it.failure), note: it.note })))
});
