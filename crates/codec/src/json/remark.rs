//! Notes, tags, ratings.

use daybook_domain::Tag;
use daybook_domain::event::{ContactRevealed, NoteAdded, OrderRated, TagAdded};

use super::text::{Opener, Sealer, Text};
use super::{JsonError, JsonForm};
use crate::shape::shapes;
use crate::values::Called;

shapes! {
    /// A note was written.
    struct NoteAddedJson {
        text: Text,
    }

    /// Somebody who sees the order's buyer masked saw who it is, and where the order goes.
    struct ContactRevealedJson {
        note: Option<Text>,
    }

    /// A tag was put on the order.
    struct TagAddedJson<'a> {
        tag: Called<'a, Tag>,
    }

    /// The buyer rated the order.
    struct OrderRatedJson {
        /// 1 (worst) to 5.
        score: u8,
        comment: Option<Text>,
    }
}

impl<'a> JsonForm<'a> for NoteAddedJson {
    type Event = NoteAdded;

    fn from_event(event: &'a NoteAdded, opener: &mut Opener<'_>) -> Self {
        Self { text: opener.text(&event.text) }
    }

    fn into_event(self, sealer: &mut Sealer<'_>) -> Result<NoteAdded, JsonError> {
        Ok(NoteAdded { text: sealer.text("text", self.text)? })
    }
}

impl<'a> JsonForm<'a> for TagAddedJson<'a> {
    type Event = TagAdded;

    fn from_event(event: &'a TagAdded, _: &mut Opener<'_>) -> Self {
        Self { tag: Called::new(&event.tag) }
    }

    fn into_event(self, _: &mut Sealer<'_>) -> Result<TagAdded, JsonError> {
        Ok(TagAdded { tag: self.tag.into_name() })
    }
}

impl<'a> JsonForm<'a> for OrderRatedJson {
    type Event = OrderRated;

    fn from_event(event: &'a OrderRated, opener: &mut Opener<'_>) -> Self {
        Self { score: event.score, comment: opener.maybe(event.comment.as_ref()) }
    }

    fn into_event(self, sealer: &mut Sealer<'_>) -> Result<OrderRated, JsonError> {
        Ok(OrderRated { score: self.score, comment: sealer.maybe("comment", self.comment)? })
    }
}

impl<'a> JsonForm<'a> for ContactRevealedJson {
    type Event = ContactRevealed;

    fn from_event(event: &'a ContactRevealed, opener: &mut Opener<'_>) -> Self {
        Self { note: opener.maybe(event.note.as_ref()) }
    }

    fn into_event(self, sealer: &mut Sealer<'_>) -> Result<ContactRevealed, JsonError> {
        Ok(ContactRevealed { note: sealer.maybe("note", self.note)? })
    }
}
