//! Refund tickets.

use std::borrow::Cow;

use daybook_domain::event::{RefundApproved, RefundFailed, RefundKind, RefundRejected, RefundRequested, RefundSettled};

use super::parts::RefundDueJson;
use super::text::{Opener, Sealer, Text};
use super::{JsonError, JsonForm};
use crate::shape::shapes;
use crate::values::{One, Time};

shapes! {
    /// Money is asked back. The amount is minor units of the order's currency.
    struct RefundRequestedJson {
        /// From 1 within the order.
        ticket: u16,
        kind: One<RefundKind>,
        amount_minor: i64,
        due: Option<RefundDueJson>,
        note: Option<Text>,
    }

    /// The money may go back.
    struct RefundApprovedJson {
        ticket: u16,
        /// It must be paid out by then.
        pay_by: Option<Time>,
        note: Option<Text>,
    }

    /// The money does not go back.
    struct RefundRejectedJson {
        ticket: u16,
        note: Option<Text>,
    }

    /// The money went back, in minor units of the order's currency.
    struct RefundSettledJson<'a> {
        ticket: u16,
        amount_minor: i64,
        provider: Option<Cow<'a, str>>,
        trade_number: Option<Cow<'a, str>>,
    }

    /// Paying out failed; the ticket stays open.
    struct RefundFailedJson<'a> {
        ticket: u16,
        failure: Cow<'a, str>,
        note: Option<Text>,
    }
}

impl<'a> JsonForm<'a> for RefundRequestedJson {
    type Event = RefundRequested;

    fn from_event(event: &'a RefundRequested, opener: &mut Opener<'_>) -> Self {
        Self {
            ticket: event.ticket,
            kind: One(event.kind),
            amount_minor: event.amount_minor,
            due: event.due.map(Into::into),
            note: opener.maybe(event.note.as_ref()),
        }
    }

    fn into_event(self, sealer: &mut Sealer<'_>) -> Result<RefundRequested, JsonError> {
        Ok(RefundRequested {
            ticket: self.ticket,
            kind: self.kind.0,
            amount_minor: self.amount_minor,
            due: self.due.map(Into::into),
            note: sealer.maybe("note", self.note)?,
        })
    }
}

impl<'a> JsonForm<'a> for RefundApprovedJson {
    type Event = RefundApproved;

    fn from_event(event: &'a RefundApproved, opener: &mut Opener<'_>) -> Self {
        Self { ticket: event.ticket, pay_by: event.pay_by.map(Time), note: opener.maybe(event.note.as_ref()) }
    }

    fn into_event(self, sealer: &mut Sealer<'_>) -> Result<RefundApproved, JsonError> {
        Ok(RefundApproved {
            ticket: self.ticket,
            pay_by: self.pay_by.map(|at| at.0),
            note: sealer.maybe("note", self.note)?,
        })
    }
}

impl<'a> JsonForm<'a> for RefundRejectedJson {
    type Event = RefundRejected;

    fn from_event(event: &'a RefundRejected, opener: &mut Opener<'_>) -> Self {
        Self { ticket: event.ticket, note: opener.maybe(event.note.as_ref()) }
    }

    fn into_event(self, sealer: &mut Sealer<'_>) -> Result<RefundRejected, JsonError> {
        Ok(RefundRejected { ticket: self.ticket, note: sealer.maybe("note", self.note)? })
    }
}

impl<'a> JsonForm<'a> for RefundSettledJson<'a> {
    type Event = RefundSettled;

    fn from_event(event: &'a RefundSettled, _: &mut Opener<'_>) -> Self {
        Self {
            ticket: event.ticket,
            amount_minor: event.amount_minor,
            provider: event.provider.as_deref().map(Cow::Borrowed),
            trade_number: event.trade_number.as_deref().map(Cow::Borrowed),
        }
    }

    fn into_event(self, _: &mut Sealer<'_>) -> Result<RefundSettled, JsonError> {
        Ok(RefundSettled {
            ticket: self.ticket,
            amount_minor: self.amount_minor,
            provider: self.provider.map(Into::into),
            trade_number: self.trade_number.map(Into::into),
        })
    }
}

impl<'a> JsonForm<'a> for RefundFailedJson<'a> {
    type Event = RefundFailed;

    fn from_event(event: &'a RefundFailed, opener: &mut Opener<'_>) -> Self {
        Self { ticket: event.ticket, failure: Cow::Borrowed(&event.failure), note: opener.maybe(event.note.as_ref()) }
    }

    fn into_event(self, sealer: &mut Sealer<'_>) -> Result<RefundFailed, JsonError> {
        Ok(RefundFailed { ticket: self.ticket, failure: self.failure.into(), note: sealer.maybe("note", self.note)? })
    }
}
