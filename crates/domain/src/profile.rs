//! What a merchant tells of itself: its time zone, and where its buyers pay.

use crate::event::ProfileSet;

/// What a merchant says itself; what it does not say, those above it may.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Profile {
    /// An IANA name.
    pub time_zone: Option<Box<str>>,
    /// A link with places for what differs from order to order: `{number}`, `{amount}`, `{currency}`.
    pub pay_url: Option<Box<str>>,
}

impl Profile {
    /// Where nobody says another one.
    pub const DEFAULT_TIME_ZONE: &str = "UTC";

    pub fn set(&mut self, set: &ProfileSet) {
        let own = |text: &str| (!text.is_empty()).then(|| text.into());
        if let Some(time_zone) = &set.time_zone {
            self.time_zone = own(time_zone);
        }
        if let Some(pay_url) = &set.pay_url {
            self.pay_url = own(pay_url);
        }
    }

    /// With what is said above for what is not said here.
    pub fn or(self, above: &Self) -> Self {
        Self {
            time_zone: self.time_zone.or_else(|| above.time_zone.clone()),
            pay_url: self.pay_url.or_else(|| above.pay_url.clone()),
        }
    }

    pub fn time_zone(&self) -> &str {
        self.time_zone.as_deref().unwrap_or(Self::DEFAULT_TIME_ZONE)
    }
}
