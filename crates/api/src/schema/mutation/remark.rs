//! Notes, tags, ratings, holds.

use async_graphql::{ID, InputObject};
use daybook_domain::command::{self, AddNote, AddTag, Rate};
use daybook_domain::{Command, StreamId, Tag};

use super::form::{Form, Input, ReasonInput, input};
use crate::schema::enums::Hold;
use crate::schema::error::ApiError;
use crate::schema::lookup::OrderInput;

#[derive(Clone, Debug, InputObject)]
pub(crate) struct AddNoteInput {
    /// A UUID that you choose; the same command sent again returns its first receipt.
    command_id: ID,
    /// The revision that you believe the order to be at.
    expected_revision: Option<i32>,
    order: OrderInput,
    /// Kept sealed.
    text: String,
}

input!(AddNoteInput, |it, form| {
    let Some(order) = form.order(&it.order)? else { return Ok(None) };
    Ok(Some(Command::AddNote(AddNote { order, text: it.text })))
});

#[derive(Clone, Debug, InputObject)]
pub(crate) struct AddTagInput {
    /// A UUID that you choose; the same command sent again returns its first receipt.
    command_id: ID,
    /// The revision that you believe the order to be at.
    expected_revision: Option<i32>,
    order: OrderInput,
    /// Plain text: nothing personal belongs in it.
    tag: String,
}

input!(AddTagInput, |it, form| {
    let order = form.order(&it.order)?;
    let tag = form.read("tag", Tag::new(&it.tag));
    let (Some(order), Some(tag)) = (order, tag) else { return Ok(None) };
    Ok(Some(Command::AddTag(AddTag { order, tag })))
});

#[derive(Clone, Debug, InputObject)]
pub(crate) struct RateOrderInput {
    /// A UUID that you choose; the same command sent again returns its first receipt.
    command_id: ID,
    /// The revision that you believe the order to be at.
    expected_revision: Option<i32>,
    order: OrderInput,
    /// 1 (worst) to 5.
    score: i32,
    /// Kept sealed.
    comment: Option<String>,
}

input!(RateOrderInput, |it, form| {
    let order = form.order(&it.order)?;
    let score = form.number("score", it.score, 0);
    let (Some(order), Some(score)) = (order, score) else { return Ok(None) };
    Ok(Some(Command::Rate(Rate { order, score, comment: it.comment })))
});

#[derive(Clone, Debug, InputObject)]
pub(crate) struct HoldInput {
    /// A UUID that you choose; the same command sent again returns its first receipt.
    command_id: ID,
    /// The revision that you believe the order to be at.
    expected_revision: Option<i32>,
    order: OrderInput,
    hold: Hold,
    reason: Option<ReasonInput>,
}

/// The same input, placing or releasing.
#[derive(Clone)]
pub(crate) struct PlaceHold(pub(crate) HoldInput);
#[derive(Clone)]
pub(crate) struct ReleaseHold(pub(crate) HoldInput);

impl HoldInput {
    fn command(
        self,
        form: &mut Form<'_>,
        make: impl FnOnce(StreamId, Hold, Option<ReasonInput>) -> Command<String>,
    ) -> Result<Option<Command<String>>, ApiError> {
        Ok(form.order(&self.order)?.map(|order| make(order, self.hold, self.reason)))
    }
}

impl Input for PlaceHold {
    fn command_id(&self) -> &ID {
        &self.0.command_id
    }

    fn expected_revision(&self) -> Option<i32> {
        self.0.expected_revision
    }

    fn command(self, form: &mut Form<'_>) -> Result<Option<Command<String>>, ApiError> {
        self.0.command(form, |order, hold, reason| {
            let reason = reason.map(Into::into);
            Command::PlaceHold(command::PlaceHold { order, hold: hold.into(), reason })
        })
    }
}

impl Input for ReleaseHold {
    fn command_id(&self) -> &ID {
        &self.0.command_id
    }

    fn expected_revision(&self) -> Option<i32> {
        self.0.expected_revision
    }

    fn command(self, form: &mut Form<'_>) -> Result<Option<Command<String>>, ApiError> {
        self.0.command(form, |order, hold, reason| {
            let reason = reason.map(Into::into);
            Command::ReleaseHold(command::ReleaseHold { order, hold: hold.into(), reason })
        })
    }
}
