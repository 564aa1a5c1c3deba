//! Changes of address or account.

use daybook_domain::event::{AddressChangeRejected, AddressChangeRequested, AddressChanged, LineInputs};

use super::text::{Opener, Sealer, Text};
use super::{JsonError, JsonForm};
use crate::shape::shapes;

shapes! {
    /// What the buyer typed for one line.
    struct LineInputsJson {
        /// From 1.
        line: u16,
        /// As a JSON object.
        inputs: Text,
    }
}

shapes! {
    /// The address, or the account of a top-up, is to be another one.
    struct AddressChangeRequestedJson {
        /// From 1 within the order.
        change: u16,
        /// The new contact, as a JSON object.
        contact: Option<Text>,
        inputs: Vec<LineInputsJson>,
        note: Option<Text>,
    }

    /// What was asked for holds from now on.
    struct AddressChangedJson {
        change: u16,
        note: Option<Text>,
    }

    /// The address stays as it was.
    struct AddressChangeRejectedJson {
        change: u16,
        note: Option<Text>,
    }
}

impl<'a> JsonForm<'a> for AddressChangeRequestedJson {
    type Event = AddressChangeRequested;

    fn from_event(event: &'a AddressChangeRequested, opener: &mut Opener<'_>) -> Self {
        Self {
            change: event.change,
            contact: opener.maybe(event.contact.as_ref()),
            inputs: event
                .inputs
                .iter()
                .map(|new| LineInputsJson { line: new.line, inputs: opener.text(&new.inputs) })
                .collect(),
            note: opener.maybe(event.note.as_ref()),
        }
    }

    fn into_event(self, sealer: &mut Sealer<'_>) -> Result<AddressChangeRequested, JsonError> {
        Ok(AddressChangeRequested {
            change: self.change,
            contact: sealer.maybe("contact", self.contact)?,
            inputs: self
                .inputs
                .into_iter()
                .map(|new| Ok(LineInputs { line: new.line, inputs: sealer.text("inputs", new.inputs)? }))
                .collect::<Result<_, JsonError>>()?,
            note: sealer.maybe("note", self.note)?,
        })
    }
}

impl<'a> JsonForm<'a> for AddressChangedJson {
    type Event = AddressChanged;

    fn from_event(event: &'a AddressChanged, opener: &mut Opener<'_>) -> Self {
        Self { change: event.change, note: opener.maybe(event.note.as_ref()) }
    }

    fn into_event(self, sealer: &mut Sealer<'_>) -> Result<AddressChanged, JsonError> {
        Ok(AddressChanged { change: self.change, note: sealer.maybe("note", self.note)? })
    }
}

impl<'a> JsonForm<'a> for AddressChangeRejectedJson {
    type Event = AddressChangeRejected;

    fn from_event(event: &'a AddressChangeRejected, opener: &mut Opener<'_>) -> Self {
        Self { change: event.change, note: opener.maybe(event.note.as_ref()) }
    }

    fn into_event(self, sealer: &mut Sealer<'_>) -> Result<AddressChangeRejected, JsonError> {
        Ok(AddressChangeRejected { change: self.change, note: sealer.maybe("note", self.note)? })
    }
}
