//! Placing, prices, payments, cancelling.

use async_graphql::{ID, InputObject, Json};
use daybook_domain::command::{Cancel, EditPrice, FailPayment, NewPrice, PlaceOrder, RecordPayment};
use daybook_domain::event::{Adjustment, Line};
use daybook_domain::{Command, Currency, MerchantId, OrderNumber, Sku};

use super::form::{Form, ReasonInput, boxed, input};
use crate::schema::enums::{AdjustmentKind, SkuKind};
use crate::schema::error::ErrorCode;
use crate::schema::lookup::OrderInput;
use crate::schema::money::MoneyInput;
use crate::schema::scalar::DateTime;

#[derive(Clone, Debug, InputObject)]
pub(crate) struct BuyerInput {
    /// Kept sealed.
    account: String,
    /// Name, telephone, address, and a `code` if the buyer chose one to look the order up: kept sealed.
    contact: Option<Json<serde_json::Map<String, serde_json::Value>>>,
}

#[derive(Clone, Debug, InputObject)]
pub(crate) struct OrderLineInput {
    sku: String,
    title: String,
    quantity: i32,
    kind: SkuKind,
    unit_price: MoneyInput,
    /// Whose goods these are, where that is not the order's merchant.
    supplier: Option<String>,
    /// What the buyer typed for a top-up: kept sealed.
    inputs: Option<Json<serde_json::Map<String, serde_json::Value>>>,
}

#[derive(Clone, Debug, InputObject)]
pub(crate) struct AdjustmentInput {
    kind: AdjustmentKind,
    label: String,
    /// Below zero: taken off.
    amount: MoneyInput,
}

#[derive(Clone, Debug, InputObject)]
pub(crate) struct PlaceOrderInput {
    /// A UUID that you choose; the same command sent again returns its first receipt.
    command_id: ID,
    /// The revision that you believe the order to be at; 0: it is not there yet.
    expected_revision: Option<i32>,
    merchant: String,
    /// Unique within the merchant; made from `commandId` when omitted.
    number: Option<String>,
    buyer: BuyerInput,
    /// All in one currency.
    lines: Vec<OrderLineInput>,
    adjustments: Option<Vec<AdjustmentInput>>,
}

input!(PlaceOrderInput, |it, form| {
    let merchant = form.merchant(&it.merchant);
    let number = it.number.as_deref().map(|number| form.read("number", OrderNumber::new(number)));
    let Some(first) = it.lines.first() else {
        form.wrong("lines", ErrorCode::NoLines, "the order has no lines");
        return Ok(None);
    };
    let currency = form.read("lines.0.unitPrice.currency", Currency::new(&first.unit_price.currency));
    let Some(currency) = currency else { return Ok(None) };
    let lines = it.lines.into_iter().enumerate().map(|(at, line)| read_line(form, at, line, currency));
    let lines: Vec<Option<Line<String>>> = lines.collect();
    let adjustments = it.adjustments.unwrap_or_default().into_iter().enumerate().map(|(at, adjustment)| {
        let amount_minor = in_currency(form, &format!("adjustments.{at}.amount"), &adjustment.amount, currency)?;
        Some(Adjustment { kind: adjustment.kind.into(), label: boxed(adjustment.label), amount_minor })
    });
    let adjustments: Vec<Option<Adjustment>> = adjustments.collect();
    let (Some(merchant), false) = (merchant, number == Some(None)) else { return Ok(None) };
    let (Some(lines), Some(adjustments)) = (lines.into_iter().collect(), adjustments.into_iter().collect()) else {
        return Ok(None);
    };
    Ok(Some(Command::Place(PlaceOrder {
        merchant,
        number: number.flatten(),
        account: it.buyer.account,
        contact: it.buyer.contact.map(|contact| serde_json::Value::Object(contact.0).to_string()),
        currency,
        lines,
        adjustments,
    })))
});

fn read_line(form: &mut Form<'_>, at: usize, line: OrderLineInput, currency: Currency) -> Option<Line<String>> {
    let sku = form.read(&format!("lines.{at}.sku"), Sku::new(&line.sku));
    let quantity = form.number(&format!("lines.{at}.quantity"), line.quantity, 1);
    let unit_minor = in_currency(form, &format!("lines.{at}.unitPrice"), &line.unit_price, currency);
    let supplier = match &line.supplier {
        Some(supplier) => Some(form.read(&format!("lines.{at}.supplier"), MerchantId::new(supplier))?),
        None => None,
    };
    Some(Line {
        sku: sku?,
        title: boxed(line.title),
        kind: line.kind.into(),
        quantity: quantity?,
        unit_minor: unit_minor?,
        supplier,
        inputs: line.inputs.map(|inputs| serde_json::Value::Object(inputs.0).to_string()),
    })
}

fn in_currency(form: &mut Form<'_>, path: &str, money: &MoneyInput, currency: Currency) -> Option<i64> {
    let money = form.money(path, money)?;
    if money.currency != currency {
        let message = format!("the order is in {currency}, the amount in {}", money.currency);
        form.wrong(&format!("{path}.currency"), ErrorCode::CurrencyMismatch, message);
        return None;
    }
    Some(money.minor)
}

#[derive(Clone, Debug, InputObject)]
pub(crate) struct NewPriceInput {
    /// From 1.
    line: i32,
    unit_price: MoneyInput,
}

#[derive(Clone, Debug, InputObject)]
pub(crate) struct EditPriceInput {
    /// A UUID that you choose; the same command sent again returns its first receipt.
    command_id: ID,
    /// The revision that you believe the order to be at.
    expected_revision: Option<i32>,
    order: OrderInput,
    prices: Vec<NewPriceInput>,
    reason: ReasonInput,
}

input!(EditPriceInput, |it, form| {
    let order = form.order(&it.order)?;
    let prices = it.prices.iter().enumerate().map(|(at, price)| {
        let line = form.number(&format!("prices.{at}.line"), price.line, 1);
        let unit = form.money(&format!("prices.{at}.unitPrice"), &price.unit_price);
        Some(NewPrice { line: line?, unit: unit? })
    });
    let prices: Vec<Option<NewPrice>> = prices.collect();
    let (Some(order), Some(prices)) = (order, prices.into_iter().collect()) else { return Ok(None) };
    Ok(Some(Command::EditPrice(EditPrice { order, prices, reason: it.reason.into() })))
});

#[derive(Clone, Debug, InputObject)]
pub(crate) struct RecordPaymentInput {
    /// A UUID that you choose; the same command sent again returns its first receipt.
    command_id: ID,
    /// The revision that you believe the order to be at.
    expected_revision: Option<i32>,
    order: OrderInput,
    /// Who took the money, such as `alipay`.
    provider: String,
    /// The provider's own number: counted once within a merchants' tree.
    trade_number: String,
    amount: MoneyInput,
    /// When it happened, where that is not now.
    occurred_at: Option<DateTime>,
}

input!(RecordPaymentInput, occurred_at occurred_at, |it, form| {
    let order = form.order(&it.order)?;
    let amount = form.money("amount", &it.amount);
    let (Some(order), Some(amount)) = (order, amount) else { return Ok(None) };
    let (provider, trade_number) = (boxed(it.provider), boxed(it.trade_number));
    Ok(Some(Command::RecordPayment(RecordPayment { order, provider, trade_number, amount })))
});

#[derive(Clone, Debug, InputObject)]
pub(crate) struct FailPaymentInput {
    /// A UUID that you choose; the same command sent again returns its first receipt.
    command_id: ID,
    /// The revision that you believe the order to be at.
    expected_revision: Option<i32>,
    order: OrderInput,
    provider: String,
    /// The provider's own error code.
    failure: String,
    /// About people: kept sealed.
    note: Option<String>,
    /// When it happened, where that is not now.
    occurred_at: Option<DateTime>,
}

input!(FailPaymentInput, occurred_at occurred_at, |it, form| {
    let Some(order) = form.order(&it.order)? else { return Ok(None) };
    let (provider, failure) = (boxed(it.provider), boxed(it.failure));
    Ok(Some(Command::FailPayment(FailPayment { order, provider, failure, note: it.note })))
});

#[derive(Clone, Debug, InputObject)]
pub(crate) struct CancelOrderInput {
    /// A UUID that you choose; the same command sent again returns its first receipt.
    command_id: ID,
    /// The revision that you believe the order to be at.
    expected_revision: Option<i32>,
    order: OrderInput,
    reason: ReasonInput,
}

input!(CancelOrderInput, |it, form| {
    let Some(order) = form.order(&it.order)? else { return Ok(None) };
    Ok(Some(Command::Cancel(Cancel { order, reason: it.reason.into() })))
});

#[derive(Clone, Debug, InputObject)]
pub(crate) struct CancelRestInput {
    /// A UUID that you choose; the same command sent again returns its first receipt.
    command_id: ID,
    /// The revision that you believe the order to be at.
    expected_revision: Option<i32>,
    order: OrderInput,
    reason: ReasonInput,
}

input!(CancelRestInput, |it, form| {
    let Some(order) = form.order(&it.order)? else { return Ok(None) };
    Ok(Some(Command::CancelRest(Cancel { order, reason: it.reason.into() })))
});
