//! Another address, or another account for a top-up.

use async_graphql::{ID, InputObject, Json};
use daybook_domain::Command;
use daybook_domain::command::{ApproveAddressChange, RejectAddressChange, RequestAddressChange};
use daybook_domain::event::LineInputs;

use super::form::{ReasonInput, input};
use crate::schema::lookup::OrderInput;

type Object = Json<serde_json::Map<String, serde_json::Value>>;

fn text(object: Object) -> String {
    serde_json::Value::Object(object.0).to_string()
}

#[derive(Clone, Debug, InputObject)]
pub(crate) struct LineInputsInput {
    /// From 1; a top-up.
    line: i32,
    /// Such as account and server: kept sealed.
    inputs: Object,
}

#[derive(Clone, Debug, InputObject)]
pub(crate) struct RequestAddressChangeInput {
    /// A UUID that you choose; the same command sent again returns its first receipt.
    command_id: ID,
    /// The revision that you believe the order to be at.
    expected_revision: Option<i32>,
    order: OrderInput,
    /// The new name, telephone, address: kept sealed.
    contact: Option<Object>,
    /// New inputs of top-ups.
    inputs: Option<Vec<LineInputsInput>>,
    reason: Option<ReasonInput>,
}

input!(RequestAddressChangeInput, |it, form| {
    let order = form.order(&it.order)?;
    let inputs = it.inputs.unwrap_or_default().into_iter().enumerate().map(|(at, new)| {
        let line = form.number(&format!("inputs.{at}.line"), new.line, 1);
        Some(LineInputs { line: line?, inputs: text(new.inputs) })
    });
    let inputs: Vec<Option<LineInputs<String>>> = inputs.collect();
    let (Some(order), Some(inputs)) = (order, inputs.into_iter().collect()) else { return Ok(None) };
    let (contact, reason) = (it.contact.map(text), it.reason.map(Into::into));
    Ok(Some(Command::RequestAddressChange(RequestAddressChange { order, contact, inputs, reason })))
});

/// Under another token than the one that asked for the change: a token is one person.
#[derive(Clone, Debug, InputObject)]
pub(crate) struct ApproveAddressChangeInput {
    /// A UUID that you choose; the same command sent again returns its first receipt.
    command_id: ID,
    /// The revision that you believe the order to be at.
    expected_revision: Option<i32>,
    order: OrderInput,
    /// Kept sealed.
    note: Option<String>,
}

input!(ApproveAddressChangeInput, |it, form| {
    let Some(order) = form.order(&it.order)? else { return Ok(None) };
    Ok(Some(Command::ApproveAddressChange(ApproveAddressChange { order, note: it.note })))
});

/// Under another token than the one that asked for the change: a token is one person.
#[derive(Clone, Debug, InputObject)]
pub(crate) struct RejectAddressChangeInput {
    /// A UUID that you choose; the same command sent again returns its first receipt.
    command_id: ID,
    /// The revision that you believe the order to be at.
    expected_revision: Option<i32>,
    order: OrderInput,
    reason: ReasonInput,
}

input!(RejectAddressChangeInput, |it, form| {
    let Some(order) = form.order(&it.order)? else { return Ok(None) };
    Ok(Some(Command::RejectAddressChange(RejectAddressChange { order, reason: it.reason.into() })))
});
