//! Holds.

use daybook_domain::event::{Hold, HoldPlaced, HoldReleased};
use serde::{Deserialize, Serialize};

use super::parts::{SealedV1, ShipDueV1, seal, unseal, variant};
use super::{BadField, FromWire, ToWire};

fn hold(number: u8) -> Result<Hold, BadField> {
    variant("hold", number, Hold::VARIANTS, |hold| hold as u8)
}

#[derive(Serialize, Deserialize)]
pub(crate) struct HoldPlacedV1<'a> {
    hold: u8,
    #[serde(borrow)]
    note: Option<SealedV1<'a>>,
}

impl<'a> ToWire<'a> for HoldPlacedV1<'a> {
    type Event = HoldPlaced;

    fn from_event(event: &'a HoldPlaced) -> Self {
        Self { hold: event.hold as u8, note: seal(event.note.as_ref()) }
    }
}

impl<'a> FromWire<'a> for HoldPlacedV1<'a> {
    type Event = HoldPlaced;

    fn into_event(self) -> Result<HoldPlaced, BadField> {
        Ok(HoldPlaced { hold: hold(self.hold)?, note: unseal(self.note) })
    }
}

#[derive(Serialize, Deserialize)]
pub(crate) struct HoldReleasedV1<'a> {
    hold: u8,
    ship_due: Option<ShipDueV1>,
    #[serde(borrow)]
    note: Option<SealedV1<'a>>,
}

impl<'a> ToWire<'a> for HoldReleasedV1<'a> {
    type Event = HoldReleased;

    fn from_event(event: &'a HoldReleased) -> Self {
        Self { hold: event.hold as u8, ship_due: event.ship_due.map(Into::into), note: seal(event.note.as_ref()) }
    }
}

impl<'a> FromWire<'a> for HoldReleasedV1<'a> {
    type Event = HoldReleased;

    fn into_event(self) -> Result<HoldReleased, BadField> {
        Ok(HoldReleased { hold: hold(self.hold)?, ship_due: self.ship_due.map(Into::into), note: unseal(self.note) })
    }
}
