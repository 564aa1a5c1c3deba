//! Erasures.

use daybook_domain::event::SubjectErased;
use daybook_domain::{MerchantId, Slot};

use super::text::{Opener, Sealer};
use super::{JsonError, JsonForm};
use crate::shape::shapes;
use crate::values::Called;

shapes! {
    /// A buyer's key was destroyed: what was sealed under it cannot be read any more, wherever it lies.
    struct SubjectErasedJson<'a> {
        /// The root of the merchants' tree in which they ordered.
        merchant: Called<'a, MerchantId>,
        /// Of the key; it stood for the buyer in their orders.
        slot: u32,
    }
}

impl<'a> JsonForm<'a> for SubjectErasedJson<'a> {
    type Event = SubjectErased;

    fn from_event(event: &'a SubjectErased, _: &mut Opener<'_>) -> Self {
        Self { merchant: Called::new(&event.merchant), slot: event.slot.0 }
    }

    fn into_event(self, _: &mut Sealer<'_>) -> Result<SubjectErased, JsonError> {
        Ok(SubjectErased { merchant: self.merchant.into_name(), slot: Slot(self.slot) })
    }
}
