//! Money coming in.

use daybook_domain::event::{
    LatePaymentReceived, PaymentCaptured, PaymentClaimed, PaymentFailed, PaymentMismatched, ReminderDue,
};
use daybook_domain::{StreamId, Timestamp};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::parts::{SealedV1, ShipDueV1, currency, seal, unseal};
use super::{BadField, FromWire, ToWire};

#[derive(Serialize, Deserialize)]
pub(crate) struct PaymentCapturedV1<'a> {
    provider: &'a str,
    trade_number: &'a str,
    amount_minor: i64,
    excess_minor: i64,
    ship_due: Option<ShipDueV1>,
}

impl<'a> ToWire<'a> for PaymentCapturedV1<'a> {
    type Event = PaymentCaptured;

    fn from_event(event: &'a PaymentCaptured) -> Self {
        Self {
            provider: &event.provider,
            trade_number: &event.trade_number,
            amount_minor: event.amount_minor,
            excess_minor: event.excess_minor,
            ship_due: event.ship_due.map(Into::into),
        }
    }
}

impl<'a> FromWire<'a> for PaymentCapturedV1<'a> {
    type Event = PaymentCaptured;

    fn into_event(self) -> Result<PaymentCaptured, BadField> {
        Ok(PaymentCaptured {
            provider: self.provider.into(),
            trade_number: self.trade_number.into(),
            amount_minor: self.amount_minor,
            excess_minor: self.excess_minor,
            ship_due: self.ship_due.map(Into::into),
        })
    }
}

#[derive(Serialize, Deserialize)]
pub(crate) struct PaymentMismatchedV1<'a> {
    provider: &'a str,
    trade_number: &'a str,
    amount_minor: i64,
    currency: [u8; 3],
}

impl<'a> ToWire<'a> for PaymentMismatchedV1<'a> {
    type Event = PaymentMismatched;

    fn from_event(event: &'a PaymentMismatched) -> Self {
        Self {
            provider: &event.provider,
            trade_number: &event.trade_number,
            amount_minor: event.amount_minor,
            currency: event.currency.to_bytes(),
        }
    }
}

impl<'a> FromWire<'a> for PaymentMismatchedV1<'a> {
    type Event = PaymentMismatched;

    fn into_event(self) -> Result<PaymentMismatched, BadField> {
        Ok(PaymentMismatched {
            provider: self.provider.into(),
            trade_number: self.trade_number.into(),
            amount_minor: self.amount_minor,
            currency: currency("currency", self.currency)?,
        })
    }
}

#[derive(Serialize, Deserialize)]
pub(crate) struct PaymentFailedV1<'a> {
    provider: &'a str,
    failure: &'a str,
    #[serde(borrow)]
    note: Option<SealedV1<'a>>,
}

impl<'a> ToWire<'a> for PaymentFailedV1<'a> {
    type Event = PaymentFailed;

    fn from_event(event: &'a PaymentFailed) -> Self {
        Self { provider: &event.provider, failure: &event.failure, note: seal(event.note.as_ref()) }
    }
}

impl<'a> FromWire<'a> for PaymentFailedV1<'a> {
    type Event = PaymentFailed;

    fn into_event(self) -> Result<PaymentFailed, BadField> {
        Ok(PaymentFailed { provider: self.provider.into(), failure: self.failure.into(), note: unseal(self.note) })
    }
}

#[derive(Serialize, Deserialize)]
pub(crate) struct ReminderDueV1 {
    remind_at: i64,
}

impl ToWire<'_> for ReminderDueV1 {
    type Event = ReminderDue;

    fn from_event(event: &ReminderDue) -> Self {
        Self { remind_at: event.remind_at.0 }
    }
}

impl FromWire<'_> for ReminderDueV1 {
    type Event = ReminderDue;

    fn into_event(self) -> Result<ReminderDue, BadField> {
        Ok(ReminderDue { remind_at: Timestamp(self.remind_at) })
    }
}

#[derive(Serialize, Deserialize)]
pub(crate) struct LatePaymentReceivedV1<'a> {
    provider: &'a str,
    trade_number: &'a str,
    amount_minor: i64,
}

impl<'a> ToWire<'a> for LatePaymentReceivedV1<'a> {
    type Event = LatePaymentReceived;

    fn from_event(event: &'a LatePaymentReceived) -> Self {
        Self { provider: &event.provider, trade_number: &event.trade_number, amount_minor: event.amount_minor }
    }
}

impl<'a> FromWire<'a> for LatePaymentReceivedV1<'a> {
    type Event = LatePaymentReceived;

    fn into_event(self) -> Result<LatePaymentReceived, BadField> {
        Ok(LatePaymentReceived {
            provider: self.provider.into(),
            trade_number: self.trade_number.into(),
            amount_minor: self.amount_minor,
        })
    }
}

#[derive(Serialize, Deserialize)]
pub(crate) struct PaymentClaimedV1 {
    order: [u8; 16],
    amount_minor: i64,
    currency: [u8; 3],
}

impl ToWire<'_> for PaymentClaimedV1 {
    type Event = PaymentClaimed;

    fn from_event(event: &PaymentClaimed) -> Self {
        Self {
            order: event.order.0.into_bytes(),
            amount_minor: event.amount_minor,
            currency: event.currency.to_bytes(),
        }
    }
}

impl FromWire<'_> for PaymentClaimedV1 {
    type Event = PaymentClaimed;

    fn into_event(self) -> Result<PaymentClaimed, BadField> {
        Ok(PaymentClaimed {
            order: StreamId(Uuid::from_bytes(self.order)),
            amount_minor: self.amount_minor,
            currency: currency("currency", self.currency)?,
        })
    }
}
