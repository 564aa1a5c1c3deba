//! Stock.

use async_graphql::{ID, InputObject};
use daybook_domain::command::{CountStock, ReceiveStock, SetStockMark};
use daybook_domain::{Command, MerchantId, Sku};

use super::form::{Form, boxed, input};

fn read_names(form: &mut Form<'_>, merchant: &str, sku: &str) -> Option<(MerchantId, Sku)> {
    let merchant = form.merchant(merchant);
    let sku = form.read("sku", Sku::new(sku));
    Some((merchant?, sku?))
}

#[derive(Clone, Debug, InputObject)]
pub(crate) struct ReceiveStockInput {
    /// A UUID that you choose; the same command sent again returns its first receipt.
    command_id: ID,
    /// The revision that you believe the SKU to be at; 0: nobody received, counted or marked it yet.
    expected_revision: Option<i32>,
    pub(crate) merchant: String,
    pub(crate) sku: String,
    /// From 1; what comes in. From the first time on the SKU is counted, and no more can be ordered than there is.
    quantity: i32,
    /// Of a delivery note, for one; nothing personal.
    reference: Option<String>,
}

input!(ReceiveStockInput, |it, form| {
    let names = read_names(form, &it.merchant, &it.sku);
    let quantity = form.number("quantity", it.quantity, 1);
    let (Some((merchant, sku)), Some(quantity)) = (names, quantity) else { return Ok(None) };
    let reference = it.reference.map(boxed);
    Ok(Some(Command::ReceiveStock(ReceiveStock { merchant, sku, quantity, reference })))
});

#[derive(Clone, Debug, InputObject)]
pub(crate) struct CountStockInput {
    /// A UUID that you choose; the same command sent again returns its first receipt.
    command_id: ID,
    /// The revision that you believe the SKU to be at; 0: nobody received, counted or marked it yet.
    expected_revision: Option<i32>,
    pub(crate) merchant: String,
    pub(crate) sku: String,
    /// Units that no paid order has: what is free, and what is reserved.
    counted: i32,
}

input!(CountStockInput, |it, form| {
    let names = read_names(form, &it.merchant, &it.sku);
    let counted = form.number("counted", it.counted, 0);
    let (Some((merchant, sku)), Some(counted)) = (names, counted) else { return Ok(None) };
    Ok(Some(Command::CountStock(CountStock { merchant, sku, counted })))
});

#[derive(Clone, Debug, InputObject)]
pub(crate) struct SetStockMarkInput {
    /// A UUID that you choose; the same command sent again returns its first receipt.
    command_id: ID,
    /// The revision that you believe the SKU to be at; 0: nobody received, counted or marked it yet.
    expected_revision: Option<i32>,
    pub(crate) merchant: String,
    pub(crate) sku: String,
    /// With so few free units, or fewer, the stock is low; 0, when nothing is free, for a SKU that was never marked.
    low_at: i32,
}

input!(SetStockMarkInput, |it, form| {
    let names = read_names(form, &it.merchant, &it.sku);
    let low_at = form.number("lowAt", it.low_at, 0);
    let (Some((merchant, sku)), Some(low_at)) = (names, low_at) else { return Ok(None) };
    Ok(Some(Command::SetStockMark(SetStockMark { merchant, sku, low_at })))
});
