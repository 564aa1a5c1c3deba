//! What a merchant tells of itself.

use daybook_domain::event::ProfileSet;
use serde::{Deserialize, Serialize};

use super::{BadField, FromWire, ToWire};

#[derive(Serialize, Deserialize)]
pub(crate) struct ProfileSetV1<'a> {
    time_zone: Option<&'a str>,
    pay_url: Option<&'a str>,
}

impl<'a> ToWire<'a> for ProfileSetV1<'a> {
    type Event = ProfileSet;

    fn from_event(event: &'a ProfileSet) -> Self {
        Self { time_zone: event.time_zone.as_deref(), pay_url: event.pay_url.as_deref() }
    }
}

impl<'a> FromWire<'a> for ProfileSetV1<'a> {
    type Event = ProfileSet;

    fn into_event(self) -> Result<ProfileSet, BadField> {
        Ok(ProfileSet { time_zone: self.time_zone.map(Into::into), pay_url: self.pay_url.map(Into::into) })
    }
}
