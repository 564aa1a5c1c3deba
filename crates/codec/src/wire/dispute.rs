//! Disputes.

use daybook_domain::event::{DisputeOpened, DisputeResolved, EvidenceAdded, EvidenceRead, Outcome};
use serde::{Deserialize, Serialize};

use super::parts::{SealedV1, seal, unseal, variant};
use super::{BadField, FromWire, ToWire};

#[derive(Serialize, Deserialize)]
pub(crate) struct DisputeOpenedV1<'a> {
    dispute: u16,
    #[serde(borrow)]
    note: Option<SealedV1<'a>>,
}

impl<'a> ToWire<'a> for DisputeOpenedV1<'a> {
    type Event = DisputeOpened;

    fn from_event(event: &'a DisputeOpened) -> Self {
        Self { dispute: event.dispute, note: seal(event.note.as_ref()) }
    }
}

impl<'a> FromWire<'a> for DisputeOpenedV1<'a> {
    type Event = DisputeOpened;

    fn into_event(self) -> Result<DisputeOpened, BadField> {
        Ok(DisputeOpened { dispute: self.dispute, note: unseal(self.note) })
    }
}

#[derive(Serialize, Deserialize)]
pub(crate) struct EvidenceAddedV1<'a> {
    dispute: u16,
    #[serde(borrow)]
    text: SealedV1<'a>,
}

impl<'a> ToWire<'a> for EvidenceAddedV1<'a> {
    type Event = EvidenceAdded;

    fn from_event(event: &'a EvidenceAdded) -> Self {
        Self { dispute: event.dispute, text: (&event.text).into() }
    }
}

impl<'a> FromWire<'a> for EvidenceAddedV1<'a> {
    type Event = EvidenceAdded;

    fn into_event(self) -> Result<EvidenceAdded, BadField> {
        Ok(EvidenceAdded { dispute: self.dispute, text: self.text.into() })
    }
}

#[derive(Serialize, Deserialize)]
pub(crate) struct DisputeResolvedV1<'a> {
    dispute: u16,
    outcome: u8,
    #[serde(borrow)]
    note: Option<SealedV1<'a>>,
}

impl<'a> ToWire<'a> for DisputeResolvedV1<'a> {
    type Event = DisputeResolved;

    fn from_event(event: &'a DisputeResolved) -> Self {
        Self { dispute: event.dispute, outcome: event.outcome as u8, note: seal(event.note.as_ref()) }
    }
}

impl<'a> FromWire<'a> for DisputeResolvedV1<'a> {
    type Event = DisputeResolved;

    fn into_event(self) -> Result<DisputeResolved, BadField> {
        Ok(DisputeResolved {
            dispute: self.dispute,
            outcome: variant("outcome", self.outcome, Outcome::VARIANTS, |outcome| outcome as u8)?,
            note: unseal(self.note),
        })
    }
}

#[derive(Serialize, Deserialize)]
pub(crate) struct EvidenceReadV1 {}

impl ToWire<'_> for EvidenceReadV1 {
    type Event = EvidenceRead;

    fn from_event(_: &EvidenceRead) -> Self {
        Self {}
    }
}

impl FromWire<'_> for EvidenceReadV1 {
    type Event = EvidenceRead;

    fn into_event(self) -> Result<EvidenceRead, BadField> {
        Ok(EvidenceRead {})
    }
}
