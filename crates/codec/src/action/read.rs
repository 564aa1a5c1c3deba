//! The import's lines to actions.

use std::borrow::Cow;

use daybook_domain::command::{
    AddNote, AddTag, ApproveRefund, Cancel, Command, ConfirmShipment, CountStock, EditPrice, FailPayment, FailRefund,
    NewPrice, PlaceHold, PlaceOrder, Rate, ReceiveStock, RecordPayment, RecordTracking, RegisterMerchant, RejectRefund,
    ReleaseHold, RequestRefund, SetStockMark, SettleRefund,
};
use daybook_domain::event::{Adjustment, Line};
use daybook_domain::reason::Reason;
use daybook_domain::{Currency, MerchantId, OrderNumber, StreamId};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::lines::*;
use super::{ACTIONS, Action, ActionError, OrderName};
use crate::problem;
use crate::values::{Called, Decimal, Id, Time};

/// Only to find out which action it is.
#[derive(Deserialize)]
#[serde(expecting = "a JSON object")]
struct Head {
    action: String,
}

/// Reads one line of an import.
///
/// # Errors
///
/// [`ActionError`] names the field: unknown, missing, of another type, or holding what it may not. What only the
/// order's history can tell is not looked at.
pub fn parse_action(line: &str) -> Result<Action, ActionError> {
    let head: Head = problem::from_str(line)?;
    match head.action.as_str() {
        "register-merchant" => register_merchant(read(line)?),
        "place" => place(read(line)?),
        "edit-price" => edit_price(read(line)?),
        "record-payment" => record_payment(read(line)?),
        "fail-payment" => fail_payment(read(line)?),
        "cancel" => cancel(read(line)?),
        "place-hold" => place_hold(read(line)?),
        "release-hold" => release_hold(read(line)?),
        "confirm-shipment" => confirm_shipment(read(line)?),
        "record-tracking" => record_tracking(read(line)?),
        "request-refund" => request_refund(read(line)?),
        "approve-refund" => approve_refund(read(line)?),
        "reject-refund" => reject_refund(read(line)?),
        "settle-refund" => settle_refund(read(line)?),
        "fail-refund" => fail_refund(read(line)?),
        "add-note" => add_note(read(line)?),
        "add-tag" => add_tag(read(line)?),
        "rate" => rate(read(line)?),
        "receive-stock" => receive_stock(read(line)?),
        "count-stock" => count_stock(read(line)?),
        "set-stock-mark" => set_stock_mark(read(line)?),
        other => {
            let shown: String = other.chars().take(40).collect();
            Err(ActionError::new("action", format!("{shown:?} is none of {}", ACTIONS.join(", "))))
        }
    }
}

fn read<T: DeserializeOwned>(line: &str) -> Result<T, ActionError> {
    Ok(problem::from_str(line)?)
}

/// Which order is meant.
struct Target {
    stream: StreamId,
    named: Option<OrderName>,
}

fn target(
    id: Option<Id>,
    merchant: Option<Called<'_, MerchantId>>,
    number: Option<Called<'_, OrderNumber>>,
) -> Result<Target, ActionError> {
    match (id, merchant, number) {
        (Some(id), None, None) => Ok(Target { stream: StreamId(id.0), named: None }),
        (None, Some(merchant), Some(number)) => {
            let name = OrderName { merchant: merchant.into_name(), number: number.into_name() };
            Ok(Target { stream: StreamId::order(&name.merchant, &name.number), named: Some(name) })
        }
        (Some(_), _, _) => Err(ActionError::new("order", "stands beside merchant and number; name the order one way")),
        (None, Some(_), None) => Err(ActionError::new("number", "is missing")),
        (None, None, Some(_)) => Err(ActionError::new("merchant", "is missing")),
        (None, None, None) => Err(ActionError::new("merchant", "is missing, and so is number: which order is meant?")),
    }
}

fn action(
    at: Option<Time>,
    named: Option<OrderName>,
    source: Option<Cow<'_, str>>,
    command: Command<String>,
) -> Result<Action, ActionError> {
    Ok(Action { at: at.map(|at| at.0), source: source.map(Cow::into_owned), named, command })
}

fn text(text: Option<Cow<'_, str>>) -> Option<String> {
    text.map(Cow::into_owned)
}

fn boxed(text: Option<Cow<'_, str>>) -> Option<Box<str>> {
    text.map(Into::into)
}

fn reason(line: ReasonLine<'_>) -> Reason<String> {
    Reason { code: line.code.0, text: text(line.text) }
}

fn minor(field: String, decimal: &Decimal<'_>, currency: Currency) -> Result<i64, ActionError> {
    decimal.minor(currency).map_err(|error| ActionError { field, problem: error.to_string() })
}

fn register_merchant(line: RegisterMerchantLine<'_>) -> Result<Action, ActionError> {
    let command = RegisterMerchant {
        id: line.id.into_name(),
        name: line.name.into(),
        parent: line.parent.map(Called::into_name),
    };
    action(line.at, None, line.source, Command::RegisterMerchant(command))
}

fn place(place: PlaceLine<'_>) -> Result<Action, ActionError> {
    let currency = place.currency.0;
    let mut lines = Vec::with_capacity(place.lines.len());
    for (index, line) in place.lines.into_iter().enumerate() {
        lines.push(Line {
            sku: line.sku.into_name(),
            title: line.title.into(),
            kind: line.kind.0,
            quantity: line.quantity,
            unit_minor: minor(format!("lines[{index}].unitPrice"), &line.unit_price, currency)?,
            supplier: line.supplier.map(Called::into_name),
            inputs: line.inputs.map(|inputs| inputs.text.into_owned()),
        });
    }
    let mut adjustments = Vec::new();
    for (index, adjustment) in place.adjustments.into_iter().flatten().enumerate() {
        adjustments.push(Adjustment {
            kind: adjustment.kind.0,
            label: adjustment.label.into(),
            amount_minor: minor(format!("adjustments[{index}].amount"), &adjustment.amount, currency)?,
        });
    }
    let command = PlaceOrder {
        merchant: place.merchant.into_name(),
        number: place.number.map(Called::into_name),
        account: place.buyer.account.into_owned(),
        contact: place.buyer.contact.map(|contact| contact.text.into_owned()),
        currency,
        lines,
        adjustments,
    };
    action(place.at, None, place.source, Command::Place(command))
}

fn edit_price(line: EditPriceLine<'_>) -> Result<Action, ActionError> {
    let Target { stream: order, named } = target(line.order, line.merchant, line.number)?;
    let prices = line.prices.iter().map(|price| NewPrice { line: price.line, unit: price.unit_price.0 }).collect();
    let command = EditPrice { order, prices, reason: reason(line.reason) };
    action(line.at, named, line.source, Command::EditPrice(command))
}

fn record_payment(line: RecordPaymentLine<'_>) -> Result<Action, ActionError> {
    let Target { stream: order, named } = target(line.order, line.merchant, line.number)?;
    let command = RecordPayment {
        order,
        provider: line.provider.into(),
        trade_number: line.trade_number.into(),
        amount: line.amount.0,
    };
    action(line.at, named, line.source, Command::RecordPayment(command))
}

fn fail_payment(line: FailPaymentLine<'_>) -> Result<Action, ActionError> {
    let Target { stream: order, named } = target(line.order, line.merchant, line.number)?;
    let command =
        FailPayment { order, provider: line.provider.into(), failure: line.failure.into(), note: text(line.note) };
    action(line.at, named, line.source, Command::FailPayment(command))
}

fn cancel(line: CancelLine<'_>) -> Result<Action, ActionError> {
    let Target { stream: order, named } = target(line.order, line.merchant, line.number)?;
    action(line.at, named, line.source, Command::Cancel(Cancel { order, reason: reason(line.reason) }))
}

fn place_hold(line: PlaceHoldLine<'_>) -> Result<Action, ActionError> {
    let Target { stream: order, named } = target(line.order, line.merchant, line.number)?;
    let command = PlaceHold { order, hold: line.hold.0, reason: line.reason.map(reason) };
    action(line.at, named, line.source, Command::PlaceHold(command))
}

fn release_hold(line: ReleaseHoldLine<'_>) -> Result<Action, ActionError> {
    let Target { stream: order, named } = target(line.order, line.merchant, line.number)?;
    let command = ReleaseHold { order, hold: line.hold.0, reason: line.reason.map(reason) };
    action(line.at, named, line.source, Command::ReleaseHold(command))
}

fn confirm_shipment(line: ConfirmShipmentLine<'_>) -> Result<Action, ActionError> {
    let Target { stream: order, named } = target(line.order, line.merchant, line.number)?;
    let command = ConfirmShipment {
        order,
        lines: line.lines.map(|lines| lines.into_iter().map(Into::into).collect()),
        carrier: boxed(line.carrier),
        tracking_number: boxed(line.tracking_number),
    };
    action(line.at, named, line.source, Command::ConfirmShipment(command))
}

fn record_tracking(line: RecordTrackingLine<'_>) -> Result<Action, ActionError> {
    let Target { stream: order, named } = target(line.order, line.merchant, line.number)?;
    let command = RecordTracking {
        order,
        shipment: line.shipment,
        checkpoint: line.checkpoint.into(),
        status: line.status.0,
        place: text(line.place),
    };
    action(line.at, named, line.source, Command::RecordTracking(command))
}

fn request_refund(line: RequestRefundLine<'_>) -> Result<Action, ActionError> {
    let Target { stream: order, named } = target(line.order, line.merchant, line.number)?;
    let command = RequestRefund {
        order,
        kind: line.kind.map(|kind| kind.0),
        amount: line.amount.map(|amount| amount.0),
        reason: reason(line.reason),
    };
    action(line.at, named, line.source, Command::RequestRefund(command))
}

fn approve_refund(line: ApproveRefundLine<'_>) -> Result<Action, ActionError> {
    let Target { stream: order, named } = target(line.order, line.merchant, line.number)?;
    let command = ApproveRefund { order, ticket: line.ticket, note: text(line.note) };
    action(line.at, named, line.source, Command::ApproveRefund(command))
}

fn reject_refund(line: RejectRefundLine<'_>) -> Result<Action, ActionError> {
    let Target { stream: order, named } = target(line.order, line.merchant, line.number)?;
    let command = RejectRefund { order, ticket: line.ticket, reason: reason(line.reason) };
    action(line.at, named, line.source, Command::RejectRefund(command))
}

fn settle_refund(line: SettleRefundLine<'_>) -> Result<Action, ActionError> {
    let Target { stream: order, named } = target(line.order, line.merchant, line.number)?;
    let command = SettleRefund {
        order,
        ticket: line.ticket,
        provider: boxed(line.provider),
        trade_number: boxed(line.trade_number),
    };
    action(line.at, named, line.source, Command::SettleRefund(command))
}

fn fail_refund(line: FailRefundLine<'_>) -> Result<Action, ActionError> {
    let Target { stream: order, named } = target(line.order, line.merchant, line.number)?;
    let command = FailRefund { order, ticket: line.ticket, failure: line.failure.into(), note: text(line.note) };
    action(line.at, named, line.source, Command::FailRefund(command))
}

fn add_note(line: AddNoteLine<'_>) -> Result<Action, ActionError> {
    let Target { stream: order, named } = target(line.order, line.merchant, line.number)?;
    action(line.at, named, line.source, Command::AddNote(AddNote { order, text: line.text.into_owned() }))
}

fn add_tag(line: AddTagLine<'_>) -> Result<Action, ActionError> {
    let Target { stream: order, named } = target(line.order, line.merchant, line.number)?;
    action(line.at, named, line.source, Command::AddTag(AddTag { order, tag: line.tag.into_name() }))
}

fn rate(line: RateLine<'_>) -> Result<Action, ActionError> {
    let Target { stream: order, named } = target(line.order, line.merchant, line.number)?;
    let command = Rate { order, score: line.score, comment: text(line.comment) };
    action(line.at, named, line.source, Command::Rate(command))
}

fn receive_stock(line: ReceiveStockLine<'_>) -> Result<Action, ActionError> {
    let command = ReceiveStock {
        merchant: line.merchant.into_name(),
        sku: line.sku.into_name(),
        quantity: line.quantity,
        reference: boxed(line.reference),
    };
    action(line.at, None, line.source, Command::ReceiveStock(command))
}

fn count_stock(line: CountStockLine<'_>) -> Result<Action, ActionError> {
    let command = CountStock { merchant: line.merchant.into_name(), sku: line.sku.into_name(), counted: line.counted };
    action(line.at, None, line.source, Command::CountStock(command))
}

fn set_stock_mark(line: SetStockMarkLine<'_>) -> Result<Action, ActionError> {
    let command = SetStockMark { merchant: line.merchant.into_name(), sku: line.sku.into_name(), low_at: line.low_at };
    action(line.at, None, line.source, Command::SetStockMark(command))
}
