//! Shipping and tracking.

use async_graphql::{ID, InputObject};
use daybook_domain::Command;
use daybook_domain::command::{ConfirmShipment, RecordTracking};
use daybook_domain::event::ShippedLine;

use super::form::{boxed, input};
use crate::schema::enums::TrackingStatus;
use crate::schema::lookup::OrderInput;
use crate::schema::scalar::DateTime;

#[derive(Clone, Debug, InputObject)]
pub(crate) struct ShippedLineInput {
    /// From 1.
    line: i32,
    quantity: i32,
}

#[derive(Clone, Debug, InputObject)]
pub(crate) struct ConfirmShipmentInput {
    /// A UUID that you choose; the same command sent again returns its first receipt.
    command_id: ID,
    /// The revision that you believe the order to be at.
    expected_revision: Option<i32>,
    order: OrderInput,
    /// Omitted: every unit that is not shipped yet.
    lines: Option<Vec<ShippedLineInput>>,
    carrier: Option<String>,
    tracking_number: Option<String>,
}

input!(ConfirmShipmentInput, |it, form| {
    let order = form.order(&it.order)?;
    let lines = it.lines.map(|lines| {
        let read = lines.iter().enumerate().map(|(at, line)| {
            let number = form.number(&format!("lines.{at}.line"), line.line, 1);
            let quantity = form.number(&format!("lines.{at}.quantity"), line.quantity, 1);
            Some(ShippedLine { line: number?, quantity: quantity? })
        });
        read.collect::<Vec<_>>().into_iter().collect::<Option<Vec<_>>>()
    });
    let (Some(order), false) = (order, lines == Some(None)) else { return Ok(None) };
    Ok(Some(Command::ConfirmShipment(ConfirmShipment {
        order,
        lines: lines.flatten(),
        carrier: it.carrier.map(boxed),
        tracking_number: it.tracking_number.map(boxed),
    })))
});

#[derive(Clone, Debug, InputObject)]
pub(crate) struct RecordTrackingInput {
    /// A UUID that you choose; the same command sent again returns its first receipt.
    command_id: ID,
    /// The revision that you believe the order to be at.
    expected_revision: Option<i32>,
    order: OrderInput,
    /// From 1; may be omitted while the order has one shipment.
    shipment: Option<i32>,
    /// The carrier's id of this checkpoint, unique within the order.
    checkpoint: String,
    status: TrackingStatus,
    /// Kept sealed.
    place: Option<String>,
    /// When it happened, where that is not now.
    occurred_at: Option<DateTime>,
}

input!(RecordTrackingInput, occurred_at occurred_at, |it, form| {
    let order = form.order(&it.order)?;
    let shipment = form.optional_number("shipment", it.shipment);
    let (Some(order), Some(shipment)) = (order, shipment) else { return Ok(None) };
    let (checkpoint, status) = (boxed(it.checkpoint), it.status.into());
    Ok(Some(Command::RecordTracking(RecordTracking { order, shipment, checkpoint, status, place: it.place })))
});
