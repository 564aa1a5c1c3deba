//! Cards and top-ups.

use async_graphql::{ID, InputObject};
use daybook_domain::Command;
use daybook_domain::command::{CompleteTopUp, FailTopUp};

use super::form::{boxed, input};
use crate::schema::lookup::OrderInput;

#[derive(Clone, Debug, InputObject)]
pub(crate) struct DeliverCardsInput {
    /// A UUID that you choose; the same command sent again returns its first receipt.
    command_id: ID,
    /// The revision that you believe the order to be at.
    expected_revision: Option<i32>,
    order: OrderInput,
}

input!(DeliverCardsInput, |it, form| {
    let Some(order) = form.order(&it.order)? else { return Ok(None) };
    Ok(Some(Command::DeliverCards { order }))
});

#[derive(Clone, Debug, InputObject)]
pub(crate) struct RevealCardsInput {
    /// A UUID that you choose; sent again by the same caller, it shows the same secrets without another event.
    command_id: ID,
    /// The revision that you believe the order to be at.
    expected_revision: Option<i32>,
    order: OrderInput,
}

input!(RevealCardsInput, |it, form| {
    let Some(order) = form.order(&it.order)? else { return Ok(None) };
    Ok(Some(Command::RevealCards { order }))
});

#[derive(Clone, Debug, InputObject)]
pub(crate) struct CompleteTopUpInput {
    /// A UUID that you choose; the same command sent again returns its first receipt.
    command_id: ID,
    /// The revision that you believe the order to be at.
    expected_revision: Option<i32>,
    order: OrderInput,
    /// From 1; may be omitted while one top-up is left.
    line: Option<i32>,
    /// Units that were delivered; omitted: all that are left of the line.
    quantity: Option<i32>,
}

input!(CompleteTopUpInput, |it, form| {
    let order = form.order(&it.order)?;
    let line = form.optional_number("line", it.line);
    let quantity = it.quantity.map(|quantity| form.number("quantity", quantity, 1));
    let (Some(order), Some(line), false) = (order, line, quantity == Some(None)) else { return Ok(None) };
    Ok(Some(Command::CompleteTopUp(CompleteTopUp { order, line, quantity: quantity.flatten() })))
});

#[derive(Clone, Debug, InputObject)]
pub(crate) struct FailTopUpInput {
    /// A UUID that you choose; the same command sent again returns its first receipt.
    command_id: ID,
    /// The revision that you believe the order to be at.
    expected_revision: Option<i32>,
    order: OrderInput,
    /// From 1; may be omitted while one top-up is left.
    line: Option<i32>,
    /// The supplier's own error code.
    failure: String,
    /// There is no such account: the order waits until the buyer names another one.
    wrong_account: Option<bool>,
    /// Kept sealed.
    note: Option<String>,
}

input!(FailTopUpInput, |it, form| {
    let order = form.order(&it.order)?;
    let line = form.optional_number("line", it.line);
    let (Some(order), Some(line)) = (order, line) else { return Ok(None) };
    let wrong_account = it.wrong_account.unwrap_or_default();
    Ok(Some(Command::FailTopUp(FailTopUp { order, line, failure: boxed(it.failure), wrong_account, note: it.note })))
});
