//! The schema of an import's line.

use serde_json::{Value, json};

use super::lines::*;
use crate::shape::Shape;

/// JSON Schema, draft 2020-12, of what [`super::parse_action`] reads.
pub fn action_schema() -> Value {
    let lines = [
        named("register-merchant", RegisterMerchantLine::schema()),
        named("place", PlaceLine::schema()),
        on_order("edit-price", EditPriceLine::schema()),
        on_order("record-payment", RecordPaymentLine::schema()),
        on_order("fail-payment", FailPaymentLine::schema()),
        on_order("cancel", CancelLine::schema()),
        on_order("place-hold", PlaceHoldLine::schema()),
        on_order("release-hold", ReleaseHoldLine::schema()),
        on_order("confirm-shipment", ConfirmShipmentLine::schema()),
        on_order("record-tracking", RecordTrackingLine::schema()),
        on_order("request-refund", RequestRefundLine::schema()),
        on_order("approve-refund", ApproveRefundLine::schema()),
        on_order("reject-refund", RejectRefundLine::schema()),
        on_order("settle-refund", SettleRefundLine::schema()),
        on_order("fail-refund", FailRefundLine::schema()),
        on_order("add-note", AddNoteLine::schema()),
        on_order("add-tag", AddTagLine::schema()),
        on_order("rate", RateLine::schema()),
        named("receive-stock", ReceiveStockLine::schema()),
        named("count-stock", CountStockLine::schema()),
        named("set-stock-mark", SetStockMarkLine::schema()),
    ];
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A line of an import",
        "oneOf": lines,
    })
}

fn named(action: &str, mut schema: Value) -> Value {
    schema["properties"]["action"] = json!({ "const": action });
    schema
}

/// The order is named one way: by id, or by merchant and number.
fn on_order(action: &str, schema: Value) -> Value {
    let mut schema = named(action, schema);
    schema["oneOf"] = json!([
        { "required": ["order"], "not": { "anyOf": [{ "required": ["merchant"] }, { "required": ["number"] }] } },
        { "required": ["merchant", "number"], "not": { "required": ["order"] } },
    ]);
    schema
}
