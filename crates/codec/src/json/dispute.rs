//! Disputes.

use daybook_domain::event::{DisputeOpened, DisputeResolved, EvidenceAdded, EvidenceRead, Outcome};

use super::text::{Opener, Sealer, Text};
use super::{JsonError, JsonForm};
use crate::shape::shapes;
use crate::values::One;

shapes! {
    /// Buyer and merchant do not agree.
    struct DisputeOpenedJson {
        /// From 1 within the order.
        dispute: u16,
        note: Option<Text>,
    }

    /// Somebody said what speaks for one of them.
    struct EvidenceAddedJson {
        dispute: u16,
        text: Text,
    }

    /// Somebody read what speaks for the sides of the order's disputes.
    struct EvidenceReadJson {}

    /// Somebody decided.
    struct DisputeResolvedJson {
        dispute: u16,
        outcome: One<Outcome>,
        note: Option<Text>,
    }
}

impl<'a> JsonForm<'a> for DisputeOpenedJson {
    type Event = DisputeOpened;

    fn from_event(event: &'a DisputeOpened, opener: &mut Opener<'_>) -> Self {
        Self { dispute: event.dispute, note: opener.maybe(event.note.as_ref()) }
    }

    fn into_event(self, sealer: &mut Sealer<'_>) -> Result<DisputeOpened, JsonError> {
        Ok(DisputeOpened { dispute: self.dispute, note: sealer.maybe("note", self.note)? })
    }
}

impl<'a> JsonForm<'a> for EvidenceAddedJson {
    type Event = EvidenceAdded;

    fn from_event(event: &'a EvidenceAdded, opener: &mut Opener<'_>) -> Self {
        Self { dispute: event.dispute, text: opener.text(&event.text) }
    }

    fn into_event(self, sealer: &mut Sealer<'_>) -> Result<EvidenceAdded, JsonError> {
        Ok(EvidenceAdded { dispute: self.dispute, text: sealer.text("text", self.text)? })
    }
}

impl<'a> JsonForm<'a> for EvidenceReadJson {
    type Event = EvidenceRead;

    fn from_event(_: &'a EvidenceRead, _: &mut Opener<'_>) -> Self {
        Self {}
    }

    fn into_event(self, _: &mut Sealer<'_>) -> Result<EvidenceRead, JsonError> {
        Ok(EvidenceRead {})
    }
}

impl<'a> JsonForm<'a> for DisputeResolvedJson {
    type Event = DisputeResolved;

    fn from_event(event: &'a DisputeResolved, opener: &mut Opener<'_>) -> Self {
        Self { dispute: event.dispute, outcome: One(event.outcome), note: opener.maybe(event.note.as_ref()) }
    }

    fn into_event(self, sealer: &mut Sealer<'_>) -> Result<DisputeResolved, JsonError> {
        Ok(DisputeResolved { dispute: self.dispute, outcome: self.outcome.0, note: sealer.maybe("note", self.note)? })
    }
}
