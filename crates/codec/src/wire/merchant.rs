//! A merchant's events.

use daybook_domain::MerchantId;
use daybook_domain::event::{MerchantClosed, MerchantMoved, MerchantRegistered, MerchantReopened};
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

#[derive(Serialize, Deserialize)]
pub(crate) struct MerchantMovedV1<'a> {
    parent: &'a str,
}

impl<'a> ToWire<'a> for MerchantMovedV1<'a> {
    type Event = MerchantMoved;

    fn from_event(event: &'a MerchantMoved) -> Self {
        Self { parent: event.parent.as_str() }
    }
}

impl<'a> FromWire<'a> for MerchantMovedV1<'a> {
    type Event = MerchantMoved;

    fn into_event(self) -> Result<MerchantMoved, BadField> {
        Ok(MerchantMoved { parent: MerchantId::from_stored(self.parent) })
    }
}

#[derive(Serialize, Deserialize)]
pub(crate) struct MerchantClosedV1 {}

impl ToWire<'_> for MerchantClosedV1 {
    type Event = MerchantClosed;

    fn from_event(_: &MerchantClosed) -> Self {
        Self {}
    }
}

impl FromWire<'_> for MerchantClosedV1 {
    type Event = MerchantClosed;

    fn into_event(self) -> Result<MerchantClosed, BadField> {
        Ok(MerchantClosed {})
    }
}

#[derive(Serialize, Deserialize)]
pub(crate) struct MerchantReopenedV1 {}

impl ToWire<'_> for MerchantReopenedV1 {
    type Event = MerchantReopened;

    fn from_event(_: &MerchantReopened) -> Self {
        Self {}
    }
}

impl FromWire<'_> for MerchantReopenedV1 {
    type Event = MerchantReopened;

    fn into_event(self) -> Result<MerchantReopened, BadField> {
        Ok(MerchantReopened {})
    }
}
