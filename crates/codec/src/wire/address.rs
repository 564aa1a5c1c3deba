//! Changes of address or account.

use daybook_domain::Sealed;
use daybook_domain::event::{AddressChangeRejected, AddressChangeRequested, AddressChanged, LineInputs};
use serde::{Deserialize, Serialize};

use super::parts::{SealedV1, seal, unseal};
use super::{BadField, FromWire, ToWire};

#[derive(Serialize, Deserialize)]
pub(crate) struct LineInputsV1<'a> {
    line: u16,
    #[serde(borrow)]
    inputs: SealedV1<'a>,
}

impl<'a> From<&'a LineInputs<Sealed>> for LineInputsV1<'a> {
    fn from(new: &'a LineInputs<Sealed>) -> Self {
        Self { line: new.line, inputs: (&new.inputs).into() }
    }
}

impl From<LineInputsV1<'_>> for LineInputs<Sealed> {
    fn from(wire: LineInputsV1<'_>) -> Self {
        Self { line: wire.line, inputs: wire.inputs.into() }
    }
}

#[derive(Serialize, Deserialize)]
pub(crate) struct AddressChangeRequestedV1<'a> {
    change: u16,
    #[serde(borrow)]
    contact: Option<SealedV1<'a>>,
    #[serde(borrow)]
    inputs: Vec<LineInputsV1<'a>>,
    #[serde(borrow)]
    note: Option<SealedV1<'a>>,
}

impl<'a> ToWire<'a> for AddressChangeRequestedV1<'a> {
    type Event = AddressChangeRequested;

    fn from_event(event: &'a AddressChangeRequested) -> Self {
        Self {
            change: event.change,
            contact: seal(event.contact.as_ref()),
            inputs: event.inputs.iter().map(Into::into).collect(),
            note: seal(event.note.as_ref()),
        }
    }
}

impl<'a> FromWire<'a> for AddressChangeRequestedV1<'a> {
    type Event = AddressChangeRequested;

    fn into_event(self) -> Result<AddressChangeRequested, BadField> {
        Ok(AddressChangeRequested {
            change: self.change,
            contact: unseal(self.contact),
            inputs: self.inputs.into_iter().map(Into::into).collect(),
            note: unseal(self.note),
        })
    }
}

#[derive(Serialize, Deserialize)]
pub(crate) struct AddressChangedV1<'a> {
    change: u16,
    #[serde(borrow)]
    note: Option<SealedV1<'a>>,
}

impl<'a> ToWire<'a> for AddressChangedV1<'a> {
    type Event = AddressChanged;

    fn from_event(event: &'a AddressChanged) -> Self {
        Self { change: event.change, note: seal(event.note.as_ref()) }
    }
}

impl<'a> FromWire<'a> for AddressChangedV1<'a> {
    type Event = AddressChanged;

    fn into_event(self) -> Result<AddressChanged, BadField> {
        Ok(AddressChanged { change: self.change, note: unseal(self.note) })
    }
}

#[derive(Serialize, Deserialize)]
pub(crate) struct AddressChangeRejectedV1<'a> {
    change: u16,
    #[serde(borrow)]
    note: Option<SealedV1<'a>>,
}

impl<'a> ToWire<'a> for AddressChangeRejectedV1<'a> {
    type Event = AddressChangeRejected;

    fn from_event(event: &'a AddressChangeRejected) -> Self {
        Self { change: event.change, note: seal(event.note.as_ref()) }
    }
}

impl<'a> FromWire<'a> for AddressChangeRejectedV1<'a> {
    type Event = AddressChangeRejected;

    fn into_event(self) -> Result<AddressChangeRejected, BadField> {
        Ok(AddressChangeRejected { change: self.change, note: unseal(self.note) })
    }
}
