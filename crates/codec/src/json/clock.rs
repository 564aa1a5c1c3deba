//! What clocks do, and what starts them.

use daybook_domain::event::{Clock, DeadlineBreached, DeliveryDue, OrderClosed, PaymentReminded};

use super::text::{Opener, Sealer};
use super::{JsonError, JsonForm};
use crate::shape::shapes;
use crate::values::{One, Time};

shapes! {
    /// The buyer was reminded to pay.
    struct PaymentRemindedJson {}

    /// The order's cards are to be delivered without a person, from this moment on.
    struct DeliveryDueJson {
        deliver_at: Time,
    }

    /// Nothing can happen to the order any more that a clock waits for.
    struct OrderClosedJson {}

    /// A clock ran out before what it waited for.
    struct DeadlineBreachedJson {
        clock: One<Clock>,
        /// Of the clocks of a refund ticket.
        ticket: Option<u16>,
        due_at: Time,
    }
}

impl<'a> JsonForm<'a> for PaymentRemindedJson {
    type Event = PaymentReminded;

    fn from_event(_: &'a PaymentReminded, _: &mut Opener<'_>) -> Self {
        Self {}
    }

    fn into_event(self, _: &mut Sealer<'_>) -> Result<PaymentReminded, JsonError> {
        Ok(PaymentReminded {})
    }
}

impl<'a> JsonForm<'a> for DeliveryDueJson {
    type Event = DeliveryDue;

    fn from_event(event: &'a DeliveryDue, _: &mut Opener<'_>) -> Self {
        Self { deliver_at: Time(event.deliver_at) }
    }

    fn into_event(self, _: &mut Sealer<'_>) -> Result<DeliveryDue, JsonError> {
        Ok(DeliveryDue { deliver_at: self.deliver_at.0 })
    }
}

impl<'a> JsonForm<'a> for OrderClosedJson {
    type Event = OrderClosed;

    fn from_event(_: &'a OrderClosed, _: &mut Opener<'_>) -> Self {
        Self {}
    }

    fn into_event(self, _: &mut Sealer<'_>) -> Result<OrderClosed, JsonError> {
        Ok(OrderClosed {})
    }
}

impl<'a> JsonForm<'a> for DeadlineBreachedJson {
    type Event = DeadlineBreached;

    fn from_event(event: &'a DeadlineBreached, _: &mut Opener<'_>) -> Self {
        Self { clock: One(event.clock), ticket: event.ticket, due_at: Time(event.due_at) }
    }

    fn into_event(self, _: &mut Sealer<'_>) -> Result<DeadlineBreached, JsonError> {
        Ok(DeadlineBreached { clock: self.clock.0, ticket: self.ticket, due_at: self.due_at.0 })
    }
}
