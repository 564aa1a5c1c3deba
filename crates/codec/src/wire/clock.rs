//! What clocks do, and what starts them.

use daybook_domain::Timestamp;
use daybook_domain::event::{Clock, DeadlineBreached, DeliveryDue, OrderClosed, PaymentReminded};
use serde::{Deserialize, Serialize};

use super::parts::variant;
use super::{BadField, FromWire, ToWire};

#[derive(Serialize, Deserialize)]
pub(crate) struct PaymentRemindedV1 {}

impl ToWire<'_> for PaymentRemindedV1 {
    type Event = PaymentReminded;

    fn from_event(_: &PaymentReminded) -> Self {
        Self {}
    }
}

impl FromWire<'_> for PaymentRemindedV1 {
    type Event = PaymentReminded;

    fn into_event(self) -> Result<PaymentReminded, BadField> {
        Ok(PaymentReminded {})
    }
}

#[derive(Serialize, Deserialize)]
pub(crate) struct DeliveryDueV1 {
    deliver_at: i64,
}

impl ToWire<'_> for DeliveryDueV1 {
    type Event = DeliveryDue;

    fn from_event(event: &DeliveryDue) -> Self {
        Self { deliver_at: event.deliver_at.0 }
    }
}

impl FromWire<'_> for DeliveryDueV1 {
    type Event = DeliveryDue;

    fn into_event(self) -> Result<DeliveryDue, BadField> {
        Ok(DeliveryDue { deliver_at: Timestamp(self.deliver_at) })
    }
}

#[derive(Serialize, Deserialize)]
pub(crate) struct OrderClosedV1 {}

impl ToWire<'_> for OrderClosedV1 {
    type Event = OrderClosed;

    fn from_event(_: &OrderClosed) -> Self {
        Self {}
    }
}

impl FromWire<'_> for OrderClosedV1 {
    type Event = OrderClosed;

    fn into_event(self) -> Result<OrderClosed, BadField> {
        Ok(OrderClosed {})
    }
}

#[derive(Serialize, Deserialize)]
pub(crate) struct DeadlineBreachedV1 {
    clock: u8,
    ticket: Option<u16>,
    due_at: i64,
}

impl ToWire<'_> for DeadlineBreachedV1 {
    type Event = DeadlineBreached;

    fn from_event(event: &DeadlineBreached) -> Self {
        Self { clock: event.clock as u8, ticket: event.ticket, due_at: event.due_at.0 }
    }
}

impl FromWire<'_> for DeadlineBreachedV1 {
    type Event = DeadlineBreached;

    fn into_event(self) -> Result<DeadlineBreached, BadField> {
        Ok(DeadlineBreached {
            clock: variant("clock", self.clock, Clock::VARIANTS, |clock| clock as u8)?,
            ticket: self.ticket,
            due_at: Timestamp(self.due_at),
        })
    }
}
