//! Holds.

use daybook_domain::event::{Hold, HoldPlaced, HoldReleased};

use super::parts::ShipDueJson;
use super::text::{Opener, Sealer, Text};
use super::{JsonError, JsonForm};
use crate::shape::shapes;
use crate::values::One;

shapes! {
    /// The order was taken out of the normal queue.
    struct HoldPlacedJson {
        hold: One<Hold>,
        note: Option<Text>,
    }

    /// The hold is gone.
    struct HoldReleasedJson {
        hold: One<Hold>,
        /// The shipping clocks, moved by the time that the hold paused them.
        ship_due: Option<ShipDueJson>,
        note: Option<Text>,
    }
}

impl<'a> JsonForm<'a> for HoldPlacedJson {
    type Event = HoldPlaced;

    fn from_event(event: &'a HoldPlaced, opener: &mut Opener<'_>) -> Self {
        Self { hold: One(event.hold), note: opener.maybe(event.note.as_ref()) }
    }

    fn into_event(self, sealer: &mut Sealer<'_>) -> Result<HoldPlaced, JsonError> {
        Ok(HoldPlaced { hold: self.hold.0, note: sealer.maybe("note", self.note)? })
    }
}

impl<'a> JsonForm<'a> for HoldReleasedJson {
    type Event = HoldReleased;

    fn from_event(event: &'a HoldReleased, opener: &mut Opener<'_>) -> Self {
        Self {
            hold: One(event.hold),
            ship_due: event.ship_due.map(Into::into),
            note: opener.maybe(event.note.as_ref()),
        }
    }

    fn into_event(self, sealer: &mut Sealer<'_>) -> Result<HoldReleased, JsonError> {
        Ok(HoldReleased {
            hold: self.hold.0,
            ship_due: self.ship_due.map(Into::into),
            note: sealer.maybe("note", self.note)?,
        })
    }
}
