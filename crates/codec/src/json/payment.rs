//! Money coming in.

use std::borrow::Cow;

use daybook_domain::event::{
    LatePaymentReceived, PaymentCaptured, PaymentClaimed, PaymentFailed, PaymentMismatched, ReminderDue,
};
use daybook_domain::{Money, StreamId};

use super::parts::ShipDueJson;
use super::text::{Opener, Sealer, Text};
use super::{JsonError, JsonForm};
use crate::shape::shapes;
use crate::values::{Amount, Id, Time};

shapes! {
    /// Money came in. Amounts are minor units of the order's currency.
    struct PaymentCapturedJson<'a> {
        provider: Cow<'a, str>,
        trade_number: Cow<'a, str>,
        amount_minor: i64,
        /// How much of the amount was above what was due.
        excess_minor: i64,
        /// Set by the capture that pays the order.
        ship_due: Option<ShipDueJson>,
    }

    /// Money came in a currency that is not the order's.
    struct PaymentMismatchedJson<'a> {
        provider: Cow<'a, str>,
        trade_number: Cow<'a, str>,
        amount: Amount,
    }

    /// The buyer tried to pay and could not.
    struct PaymentFailedJson<'a> {
        provider: Cow<'a, str>,
        /// The provider's own error code.
        failure: Cow<'a, str>,
        note: Option<Text>,
    }

    /// The buyer is to be reminded of paying.
    struct ReminderDueJson {
        remind_at: Time,
    }

    /// Money came for an order that was cancelled before, in minor units of the order's currency.
    struct LatePaymentReceivedJson<'a> {
        provider: Cow<'a, str>,
        trade_number: Cow<'a, str>,
        amount_minor: i64,
    }

    /// A trade number was used; the stream is the trade number's own.
    struct PaymentClaimedJson {
        /// The stream of the order that the money went to.
        order: Id,
        amount: Amount,
    }
}

impl<'a> JsonForm<'a> for PaymentCapturedJson<'a> {
    type Event = PaymentCaptured;

    fn from_event(event: &'a PaymentCaptured, _: &mut Opener<'_>) -> Self {
        Self {
            provider: Cow::Borrowed(&event.provider),
            trade_number: Cow::Borrowed(&event.trade_number),
            amount_minor: event.amount_minor,
            excess_minor: event.excess_minor,
            ship_due: event.ship_due.map(Into::into),
        }
    }

    fn into_event(self, _: &mut Sealer<'_>) -> Result<PaymentCaptured, JsonError> {
        Ok(PaymentCaptured {
            provider: self.provider.into(),
            trade_number: self.trade_number.into(),
            amount_minor: self.amount_minor,
            excess_minor: self.excess_minor,
            ship_due: self.ship_due.map(Into::into),
        })
    }
}

impl<'a> JsonForm<'a> for PaymentMismatchedJson<'a> {
    type Event = PaymentMismatched;

    fn from_event(event: &'a PaymentMismatched, _: &mut Opener<'_>) -> Self {
        Self {
            provider: Cow::Borrowed(&event.provider),
            trade_number: Cow::Borrowed(&event.trade_number),
            amount: Amount(Money::new(event.amount_minor, event.currency)),
        }
    }

    fn into_event(self, _: &mut Sealer<'_>) -> Result<PaymentMismatched, JsonError> {
        Ok(PaymentMismatched {
            provider: self.provider.into(),
            trade_number: self.trade_number.into(),
            amount_minor: self.amount.0.minor,
            currency: self.amount.0.currency,
        })
    }
}

impl<'a> JsonForm<'a> for PaymentFailedJson<'a> {
    type Event = PaymentFailed;

    fn from_event(event: &'a PaymentFailed, opener: &mut Opener<'_>) -> Self {
        Self {
            provider: Cow::Borrowed(&event.provider),
            failure: Cow::Borrowed(&event.failure),
            note: opener.maybe(event.note.as_ref()),
        }
    }

    fn into_event(self, sealer: &mut Sealer<'_>) -> Result<PaymentFailed, JsonError> {
        Ok(PaymentFailed {
            provider: self.provider.into(),
            failure: self.failure.into(),
            note: sealer.maybe("note", self.note)?,
        })
    }
}

impl<'a> JsonForm<'a> for ReminderDueJson {
    type Event = ReminderDue;

    fn from_event(event: &'a ReminderDue, _: &mut Opener<'_>) -> Self {
        Self { remind_at: Time(event.remind_at) }
    }

    fn into_event(self, _: &mut Sealer<'_>) -> Result<ReminderDue, JsonError> {
        Ok(ReminderDue { remind_at: self.remind_at.0 })
    }
}

impl<'a> JsonForm<'a> for LatePaymentReceivedJson<'a> {
    type Event = LatePaymentReceived;

    fn from_event(event: &'a LatePaymentReceived, _: &mut Opener<'_>) -> Self {
        Self {
            provider: Cow::Borrowed(&event.provider),
            trade_number: Cow::Borrowed(&event.trade_number),
            amount_minor: event.amount_minor,
        }
    }

    fn into_event(self, _: &mut Sealer<'_>) -> Result<LatePaymentReceived, JsonError> {
        Ok(LatePaymentReceived {
            provider: self.provider.into(),
            trade_number: self.trade_number.into(),
            amount_minor: self.amount_minor,
        })
    }
}

impl<'a> JsonForm<'a> for PaymentClaimedJson {
    type Event = PaymentClaimed;

    fn from_event(event: &'a PaymentClaimed, _: &mut Opener<'_>) -> Self {
        Self { order: event.order.into(), amount: Amount(Money::new(event.amount_minor, event.currency)) }
    }

    fn into_event(self, _: &mut Sealer<'_>) -> Result<PaymentClaimed, JsonError> {
        Ok(PaymentClaimed {
            order: StreamId(self.order.0),
            amount_minor: self.amount.0.minor,
            currency: self.amount.0.currency,
        })
    }
}
