//! What is on disk. One struct per kind and version, named with its version and **frozen**: bincode is positional, so a
//! field added, removed, moved or given another type makes stored events unreadable. A change is a new struct with the
//! next version; the old one stays, and reading it is upcasting.
//!
//! Mapped to and from the domain by hand, so that the domain can change its shape without changing a byte here.

pub(crate) mod address;
pub(crate) mod card;
pub(crate) mod clock;
pub(crate) mod dispute;
pub(crate) mod erasure;
pub(crate) mod export;
pub(crate) mod hold;
pub(crate) mod job;
pub(crate) mod merchant;
pub(crate) mod order;
pub(crate) mod parts;
pub(crate) mod payment;
pub(crate) mod policy;
pub(crate) mod profile;
pub(crate) mod refund;
pub(crate) mod remark;
pub(crate) mod shipment;
pub(crate) mod stock;
pub(crate) mod token;

use serde::{Deserialize, Serialize};

use crate::error::FieldProblem;

/// A field that a payload of the right shape fills with what it may not hold.
#[derive(Debug)]
pub(crate) struct BadField {
    pub(crate) field: &'static str,
    pub(crate) problem: FieldProblem,
}

/// A stored form that is read; it borrows from the payload.
pub(crate) trait FromWire<'a>: Deserialize<'a> {
    type Event;

    fn into_event(self) -> Result<Self::Event, BadField>;
}

/// A stored form that is written, the current one of its kind; it borrows from the event.
pub(crate) trait ToWire<'a>: Serialize {
    type Event;

    fn from_event(event: &'a Self::Event) -> Self;
}
