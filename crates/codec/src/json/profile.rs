//! What a merchant tells of itself.

use std::borrow::Cow;

use daybook_domain::event::ProfileSet;

use super::text::{Opener, Sealer};
use super::{JsonError, JsonForm};
use crate::shape::shapes;

shapes! {
    /// The merchant's profile: what is left out stays as it was, and what is empty is no longer its own.
    struct ProfileSetJson<'a> {
        /// An IANA name, such as Asia/Shanghai.
        time_zone: Option<Cow<'a, str>>,
        /// Where buyers pay: {number}, {amount} and {currency} stand for what the order has.
        pay_url: Option<Cow<'a, str>>,
    }
}

impl<'a> JsonForm<'a> for ProfileSetJson<'a> {
    type Event = ProfileSet;

    fn from_event(event: &'a ProfileSet, _: &mut Opener<'_>) -> Self {
        event.into()
    }

    fn into_event(self, _: &mut Sealer<'_>) -> Result<ProfileSet, JsonError> {
        Ok(ProfileSet { time_zone: self.time_zone.map(Into::into), pay_url: self.pay_url.map(Into::into) })
    }
}

impl<'a> From<&'a ProfileSet> for ProfileSetJson<'a> {
    fn from(set: &'a ProfileSet) -> Self {
        Self {
            time_zone: set.time_zone.as_deref().map(Cow::Borrowed),
            pay_url: set.pay_url.as_deref().map(Cow::Borrowed),
        }
    }
}
