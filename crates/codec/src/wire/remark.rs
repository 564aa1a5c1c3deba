//! Notes, tags, ratings.

use daybook_domain::Tag;
use daybook_domain::event::{ContactRevealed, NoteAdded, OrderRated, TagAdded};
use serde::{Deserialize, Serialize};

use super::parts::{SealedV1, seal, unseal};
use super::{BadField, FromWire, ToWire};

#[derive(Serialize, Deserialize)]
pub(crate) struct NoteAddedV1<'a> {
    #[serde(borrow)]
    text: SealedV1<'a>,
}

impl<'a> ToWire<'a> for NoteAddedV1<'a> {
    type Event = NoteAdded;

    fn from_event(event: &'a NoteAdded) -> Self {
        Self { text: (&event.text).into() }
    }
}

impl<'a> FromWire<'a> for NoteAddedV1<'a> {
    type Event = NoteAdded;

    fn into_event(self) -> Result<NoteAdded, BadField> {
        Ok(NoteAdded { text: self.text.into() })
    }
}

#[derive(Serialize, Deserialize)]
pub(crate) struct TagAddedV1<'a> {
    tag: &'a str,
}

impl<'a> ToWire<'a> for TagAddedV1<'a> {
    type Event = TagAdded;

    fn from_event(event: &'a TagAdded) -> Self {
        Self { tag: event.tag.as_str() }
    }
}

impl<'a> FromWire<'a> for TagAddedV1<'a> {
    type Event = TagAdded;

    fn into_event(self) -> Result<TagAdded, BadField> {
        Ok(TagAdded { tag: Tag::from_stored(self.tag) })
    }
}

#[derive(Serialize, Deserialize)]
pub(crate) struct OrderRatedV1<'a> {
    score: u8,
    #[serde(borrow)]
    comment: Option<SealedV1<'a>>,
}

impl<'a> ToWire<'a> for OrderRatedV1<'a> {
    type Event = OrderRated;

    fn from_event(event: &'a OrderRated) -> Self {
        Self { score: event.score, comment: seal(event.comment.as_ref()) }
    }
}

impl<'a> FromWire<'a> for OrderRatedV1<'a> {
    type Event = OrderRated;

    fn into_event(self) -> Result<OrderRated, BadField> {
        Ok(OrderRated { score: self.score, comment: unseal(self.comment) })
    }
}

#[derive(Serialize, Deserialize)]
pub(crate) struct ContactRevealedV1<'a> {
    #[serde(borrow)]
    note: Option<SealedV1<'a>>,
}

impl<'a> ToWire<'a> for ContactRevealedV1<'a> {
    type Event = ContactRevealed;

    fn from_event(event: &'a ContactRevealed) -> Self {
        Self { note: seal(event.note.as_ref()) }
    }
}

impl<'a> FromWire<'a> for ContactRevealedV1<'a> {
    type Event = ContactRevealed;

    fn into_event(self) -> Result<ContactRevealed, BadField> {
        Ok(ContactRevealed { note: unseal(self.note) })
    }
}
