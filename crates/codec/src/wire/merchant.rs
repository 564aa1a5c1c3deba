//! A merchant's events.

use daybook_domain::MerchantId;
use daybook_domain::event::MerchantRegistered;
use serde::{Deserialize, Serialize};

use super::parts::{merchant_texts, merchants};
use super::{BadField, FromWire, ToWire};

#[derive(Serialize, Deserialize)]
pub(crate) struct MerchantRegisteredV1<'a> {
    id: &'a str,
    name: &'a str,
    #[serde(borrow)]
    ancestors: Vec<&'a str>,
}

impl<'a> ToWire<'a> for MerchantRegisteredV1<'a> {
    type Event = MerchantRegistered;

    fn from_event(event: &'a MerchantRegistered) -> Self {
        Self { id: event.id.as_str(), name: &event.name, ancestors: merchant_texts(&event.ancestors) }
    }
}

impl<'a> FromWire<'a> for MerchantRegisteredV1<'a> {
    type Event = MerchantRegistered;

    fn into_event(self) -> Result<MerchantRegistered, BadField> {
        Ok(MerchantRegistered {
            id: MerchantId::from_stored(self.id),
            name: self.name.into(),
            ancestors: merchants(&self.ancestors),
        })
    }
}
