//! Refund tickets.

use daybook_domain::Timestamp;
use daybook_domain::event::{RefundApproved, RefundFailed, RefundKind, RefundRejected, RefundRequested, RefundSettled};
use serde::{Deserialize, Serialize};

use super::parts::{RefundDueV1, SealedV1, seal, unseal, variant};
use super::{BadField, FromWire, ToWire};

#[derive(Serialize, Deserialize)]
pub(crate) struct RefundRequestedV1<'a> {
    ticket: u16,
    kind: u8,
    amount_minor: i64,
    due: Option<RefundDueV1>,
    #[serde(borrow)]
    note: Option<SealedV1<'a>>,
}

impl<'a> ToWire<'a> for RefundRequestedV1<'a> {
    type Event = RefundRequested;

    fn from_event(event: &'a RefundRequested) -> Self {
        Self {
            ticket: event.ticket,
            kind: event.kind as u8,
            amount_minor: event.amount_minor,
            due: event.due.map(Into::into),
            note: seal(event.note.as_ref()),
        }
    }
}

impl<'a> FromWire<'a> for RefundRequestedV1<'a> {
    type Event = RefundRequested;

    fn into_event(self) -> Result<RefundRequested, BadField> {
        Ok(RefundRequested {
            ticket: self.ticket,
            kind: variant("kind", self.kind, RefundKind::VARIANTS, |kind| kind as u8)?,
            amount_minor: self.amount_minor,
            due: self.due.map(Into::into),
            note: unseal(self.note),
        })
    }
}

#[derive(Serialize, Deserialize)]
pub(crate) struct RefundApprovedV1<'a> {
    ticket: u16,
    pay_by: Option<i64>,
    #[serde(borrow)]
    note: Option<SealedV1<'a>>,
}

impl<'a> ToWire<'a> for RefundApprovedV1<'a> {
    type Event = RefundApproved;

    fn from_event(event: &'a RefundApproved) -> Self {
        Self { ticket: event.ticket, pay_by: event.pay_by.map(|at| at.0), note: seal(event.note.as_ref()) }
    }
}

impl<'a> FromWire<'a> for RefundApprovedV1<'a> {
    type Event = RefundApproved;

    fn into_event(self) -> Result<RefundApproved, BadField> {
        Ok(RefundApproved { ticket: self.ticket, pay_by: self.pay_by.map(Timestamp), note: unseal(self.note) })
    }
}

#[derive(Serialize, Deserialize)]
pub(crate) struct RefundRejectedV1<'a> {
    ticket: u16,
    #[serde(borrow)]
    note: Option<SealedV1<'a>>,
}

impl<'a> ToWire<'a> for RefundRejectedV1<'a> {
    type Event = RefundRejected;

    fn from_event(event: &'a RefundRejected) -> Self {
        Self { ticket: event.ticket, note: seal(event.note.as_ref()) }
    }
}

impl<'a> FromWire<'a> for RefundRejectedV1<'a> {
    type Event = RefundRejected;

    fn into_event(self) -> Result<RefundRejected, BadField> {
        Ok(RefundRejected { ticket: self.ticket, note: unseal(self.note) })
    }
}

#[derive(Serialize, Deserialize)]
pub(crate) struct RefundSettledV1<'a> {
    ticket: u16,
    amount_minor: i64,
    provider: Option<&'a str>,
    trade_number: Option<&'a str>,
}

impl<'a> ToWire<'a> for RefundSettledV1<'a> {
    type Event = RefundSettled;

    fn from_event(event: &'a RefundSettled) -> Self {
        Self {
            ticket: event.ticket,
            amount_minor: event.amount_minor,
            provider: event.provider.as_deref(),
            trade_number: event.trade_number.as_deref(),
        }
    }
}

impl<'a> FromWire<'a> for RefundSettledV1<'a> {
    type Event = RefundSettled;

    fn into_event(self) -> Result<RefundSettled, BadField> {
        Ok(RefundSettled {
            ticket: self.ticket,
            amount_minor: self.amount_minor,
            provider: self.provider.map(Into::into),
            trade_number: self.trade_number.map(Into::into),
        })
    }
}

#[derive(Serialize, Deserialize)]
pub(crate) struct RefundFailedV1<'a> {
    ticket: u16,
    failure: &'a str,
    #[serde(borrow)]
    note: Option<SealedV1<'a>>,
}

impl<'a> ToWire<'a> for RefundFailedV1<'a> {
    type Event = RefundFailed;

    fn from_event(event: &'a RefundFailed) -> Self {
        Self { ticket: event.ticket, failure: &event.failure, note: seal(event.note.as_ref()) }
    }
}

impl<'a> FromWire<'a> for RefundFailedV1<'a> {
    type Event = RefundFailed;

    fn into_event(self) -> Result<RefundFailed, BadField> {
        Ok(RefundFailed { ticket: self.ticket, failure: self.failure.into(), note: unseal(self.note) })
    }
}
