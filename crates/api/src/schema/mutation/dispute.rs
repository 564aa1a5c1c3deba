//! What buyer and merchant cannot settle between them.

use async_graphql::{ID, InputObject};
use daybook_domain::Command;
use daybook_domain::command::{AddEvidence, OpenDispute, ResolveDispute};

use super::form::{ReasonInput, input};
use crate::schema::enums::Outcome;
use crate::schema::lookup::OrderInput;
use crate::schema::money::MoneyInput;

#[derive(Clone, Debug, InputObject)]
pub(crate) struct OpenDisputeInput {
    /// A UUID that you choose; the same command sent again returns its first receipt.
    command_id: ID,
    /// The revision that you believe the order to be at.
    expected_revision: Option<i32>,
    order: OrderInput,
    reason: ReasonInput,
}

input!(OpenDisputeInput, |it, form| {
    let Some(order) = form.order(&it.order)? else { return Ok(None) };
    Ok(Some(Command::OpenDispute(OpenDispute { order, reason: it.reason.into() })))
});

#[derive(Clone, Debug, InputObject)]
pub(crate) struct AddEvidenceInput {
    /// A UUID that you choose; the same command sent again returns its first receipt.
    command_id: ID,
    /// The revision that you believe the order to be at.
    expected_revision: Option<i32>,
    order: OrderInput,
    /// Kept sealed.
    text: String,
}

input!(AddEvidenceInput, |it, form| {
    let Some(order) = form.order(&it.order)? else { return Ok(None) };
    Ok(Some(Command::AddEvidence(AddEvidence { order, text: it.text })))
});

#[derive(Clone, Debug, InputObject)]
pub(crate) struct ResolveDisputeInput {
    /// A UUID that you choose; the same command sent again returns its first receipt.
    command_id: ID,
    /// The revision that you believe the order to be at.
    expected_revision: Option<i32>,
    order: OrderInput,
    outcome: Outcome,
    /// For the buyer: what goes back; omitted: all that may be refunded. It is asked for as a refund ticket.
    refund: Option<MoneyInput>,
    reason: ReasonInput,
}

input!(ResolveDisputeInput, |it, form| {
    let order = form.order(&it.order)?;
    let refund = it.refund.map(|refund| form.money("refund", &refund));
    let (Some(order), false) = (order, refund == Some(None)) else { return Ok(None) };
    let (outcome, refund, reason) = (it.outcome.into(), refund.flatten(), it.reason.into());
    Ok(Some(Command::ResolveDispute(ResolveDispute { order, outcome, refund, reason })))
});
