//! Parcels on their way.

use daybook_domain::event::{Delivered, ShipmentConfirmed, ShippedLine, TrackingStatus, TrackingUpdated};
use serde::{Deserialize, Serialize};

use super::parts::{SealedV1, seal, unseal, variant};
use super::{BadField, FromWire, ToWire};

#[derive(Serialize, Deserialize)]
pub(crate) struct ShipmentConfirmedV1<'a> {
    shipment: u16,
    lines: Vec<ShippedLineV1>,
    carrier: Option<&'a str>,
    tracking_number: Option<&'a str>,
}

#[derive(Serialize, Deserialize)]
struct ShippedLineV1 {
    line: u16,
    quantity: u32,
}

impl<'a> ToWire<'a> for ShipmentConfirmedV1<'a> {
    type Event = ShipmentConfirmed;

    fn from_event(event: &'a ShipmentConfirmed) -> Self {
        let line = |shipped: &ShippedLine| ShippedLineV1 { line: shipped.line, quantity: shipped.quantity };
        Self {
            shipment: event.shipment,
            lines: event.lines.iter().map(line).collect(),
            carrier: event.carrier.as_deref(),
            tracking_number: event.tracking_number.as_deref(),
        }
    }
}

impl<'a> FromWire<'a> for ShipmentConfirmedV1<'a> {
    type Event = ShipmentConfirmed;

    fn into_event(self) -> Result<ShipmentConfirmed, BadField> {
        let line = |wire: ShippedLineV1| ShippedLine { line: wire.line, quantity: wire.quantity };
        Ok(ShipmentConfirmed {
            shipment: self.shipment,
            lines: self.lines.into_iter().map(line).collect(),
            carrier: self.carrier.map(Into::into),
            tracking_number: self.tracking_number.map(Into::into),
        })
    }
}

#[derive(Serialize, Deserialize)]
pub(crate) struct TrackingUpdatedV1<'a> {
    shipment: u16,
    checkpoint: &'a str,
    status: u8,
    #[serde(borrow)]
    place: Option<SealedV1<'a>>,
}

impl<'a> ToWire<'a> for TrackingUpdatedV1<'a> {
    type Event = TrackingUpdated;

    fn from_event(event: &'a TrackingUpdated) -> Self {
        Self {
            shipment: event.shipment,
            checkpoint: &event.checkpoint,
            status: event.status as u8,
            place: seal(event.place.as_ref()),
        }
    }
}

impl<'a> FromWire<'a> for TrackingUpdatedV1<'a> {
    type Event = TrackingUpdated;

    fn into_event(self) -> Result<TrackingUpdated, BadField> {
        Ok(TrackingUpdated {
            shipment: self.shipment,
            checkpoint: self.checkpoint.into(),
            status: variant("status", self.status, TrackingStatus::VARIANTS, |status| status as u8)?,
            place: unseal(self.place),
        })
    }
}

#[derive(Serialize, Deserialize)]
pub(crate) struct DeliveredV1 {
    shipment: u16,
}

impl ToWire<'_> for DeliveredV1 {
    type Event = Delivered;

    fn from_event(event: &Delivered) -> Self {
        Self { shipment: event.shipment }
    }
}

impl FromWire<'_> for DeliveredV1 {
    type Event = Delivered;

    fn into_event(self) -> Result<Delivered, BadField> {
        Ok(Delivered { shipment: self.shipment })
    }
}
