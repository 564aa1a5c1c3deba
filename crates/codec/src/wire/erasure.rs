//! Erasures.

use daybook_domain::event::SubjectErased;
use daybook_domain::{MerchantId, Slot};
use serde::{Deserialize, Serialize};

use super::{BadField, FromWire, ToWire};

#[derive(Serialize, Deserialize)]
pub(crate) struct SubjectErasedV1<'a> {
    merchant: &'a str,
    slot: u32,
}

impl<'a> ToWire<'a> for SubjectErasedV1<'a> {
    type Event = SubjectErased;

    fn from_event(event: &'a SubjectErased) -> Self {
        Self { merchant: event.merchant.as_str(), slot: event.slot.0 }
    }
}

impl<'a> FromWire<'a> for SubjectErasedV1<'a> {
    type Event = SubjectErased;

    fn into_event(self) -> Result<SubjectErased, BadField> {
        Ok(SubjectErased { merchant: MerchantId::from_stored(self.merchant), slot: Slot(self.slot) })
    }
}
