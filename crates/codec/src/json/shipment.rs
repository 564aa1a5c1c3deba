//! Parcels on their way.

use std::borrow::Cow;

use daybook_domain::event::{Delivered, ShipmentConfirmed, ShippedLine, TrackingStatus, TrackingUpdated};

use super::text::{Opener, Sealer, Text};
use super::{JsonError, JsonForm};
use crate::shape::shapes;
use crate::values::One;

shapes! {
    /// Goods left the merchant.
    struct ShipmentConfirmedJson<'a> {
        /// From 1 within the order.
        shipment: u16,
        lines: Vec<ShippedLineJson>,
        carrier: Option<Cow<'a, str>>,
        tracking_number: Option<Cow<'a, str>>,
    }

    struct ShippedLineJson {
        /// From 1.
        line: u16,
        quantity: u32,
    }

    /// A carrier saw the parcel.
    struct TrackingUpdatedJson<'a> {
        shipment: u16,
        /// The carrier's id of this checkpoint, unique within the order.
        checkpoint: Cow<'a, str>,
        status: One<TrackingStatus>,
        place: Option<Text>,
    }

    /// Every unit has been delivered.
    struct DeliveredJson {
        /// The shipment whose delivery was the last.
        shipment: u16,
    }
}

impl From<ShippedLine> for ShippedLineJson {
    fn from(shipped: ShippedLine) -> Self {
        Self { line: shipped.line, quantity: shipped.quantity }
    }
}

impl From<ShippedLineJson> for ShippedLine {
    fn from(json: ShippedLineJson) -> Self {
        Self { line: json.line, quantity: json.quantity }
    }
}

impl<'a> JsonForm<'a> for ShipmentConfirmedJson<'a> {
    type Event = ShipmentConfirmed;

    fn from_event(event: &'a ShipmentConfirmed, _: &mut Opener<'_>) -> Self {
        Self {
            shipment: event.shipment,
            lines: event.lines.iter().copied().map(Into::into).collect(),
            carrier: event.carrier.as_deref().map(Cow::Borrowed),
            tracking_number: event.tracking_number.as_deref().map(Cow::Borrowed),
        }
    }

    fn into_event(self, _: &mut Sealer<'_>) -> Result<ShipmentConfirmed, JsonError> {
        Ok(ShipmentConfirmed {
            shipment: self.shipment,
            lines: self.lines.into_iter().map(Into::into).collect(),
            carrier: self.carrier.map(Into::into),
            tracking_number: self.tracking_number.map(Into::into),
        })
    }
}

impl<'a> JsonForm<'a> for TrackingUpdatedJson<'a> {
    type Event = TrackingUpdated;

    fn from_event(event: &'a TrackingUpdated, opener: &mut Opener<'_>) -> Self {
        Self {
            shipment: event.shipment,
            checkpoint: Cow::Borrowed(&event.checkpoint),
            status: One(event.status),
            place: opener.maybe(event.place.as_ref()),
        }
    }

    fn into_event(self, sealer: &mut Sealer<'_>) -> Result<TrackingUpdated, JsonError> {
        Ok(TrackingUpdated {
            shipment: self.shipment,
            checkpoint: self.checkpoint.into(),
            status: self.status.0,
            place: sealer.maybe("place", self.place)?,
        })
    }
}

impl<'a> JsonForm<'a> for DeliveredJson {
    type Event = Delivered;

    fn from_event(event: &'a Delivered, _: &mut Opener<'_>) -> Self {
        Self { shipment: event.shipment }
    }

    fn into_event(self, _: &mut Sealer<'_>) -> Result<Delivered, JsonError> {
        Ok(Delivered { shipment: self.shipment })
    }
}
