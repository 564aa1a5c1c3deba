//! What one event adds to which figure. Every countable figure of a dashboard is a sum of these, so the same function
//! that makes a figure can also say which events made it.

use crate::command::Origin;
use crate::event::{Clock, Event, Recorded, RefundKind};
use crate::order::Order;

/// Checkpoints keep a flag for each by its number: never reuse one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Metric {
    PlacedOrders = 0,
    /// Once an order, when captured first reaches its total.
    PaidOrders = 1,
    /// Once an order, at its first settled refund of goods.
    RefundedOrders = 2,
    /// Captured less the excess, before refunds, in minor units.
    PaidAmount = 3,
    /// Once an order, when its last unit arrived.
    DeliveredOrders = 4,
    /// Of the delivered orders those to which nobody of the shop did anything before.
    UnattendedOrders = 5,
    /// Once an order, when it first comes into the exception queue.
    ExceptionOrders = 6,
    /// Refunds of goods that were asked for.
    RefundRequests = 7,
    /// Refunds that were approved or rejected, of those that a clock ran for.
    AnsweredRefunds = 8,
    /// Of these those that were answered before it ran out.
    RefundsAnsweredInTime = 9,
    /// Each clock that was missed.
    ShipVirtualBreaches = 10,
    CollectBreaches = 11,
    AnswerRefundBreaches = 12,
    EscalateRefundBreaches = 13,
    PayRefundBreaches = 14,
}

impl Metric {
    pub const ALL: [Metric; 15] = [
        Metric::PlacedOrders,
        Metric::PaidOrders,
        Metric::RefundedOrders,
        Metric::PaidAmount,
        Metric::DeliveredOrders,
        Metric::UnattendedOrders,
        Metric::ExceptionOrders,
        Metric::RefundRequests,
        Metric::AnsweredRefunds,
        Metric::RefundsAnsweredInTime,
        Metric::ShipVirtualBreaches,
        Metric::CollectBreaches,
        Metric::AnswerRefundBreaches,
        Metric::EscalateRefundBreaches,
        Metric::PayRefundBreaches,
    ];

    /// What counts how often this clock was missed; none for a clock that makes something happen when it runs out.
    pub fn of_breach(clock: Clock) -> Option<Self> {
        match clock {
            Clock::ShipVirtual => Some(Metric::ShipVirtualBreaches),
            Clock::Collect => Some(Metric::CollectBreaches),
            Clock::AnswerRefund => Some(Metric::AnswerRefundBreaches),
            Clock::EscalateRefund => Some(Metric::EscalateRefundBreaches),
            Clock::PayRefund => Some(Metric::PayRefundBreaches),
            Clock::Pay | Clock::Remind | Clock::Observe | Clock::Deliver => None,
        }
    }
}

/// A span of an order's life whose length is measured. Checkpoints keep a flag for each by its number: never reuse one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Stage {
    PlacedToPaid = 0,
    PaidToShipped = 1,
    ShippedToDelivered = 2,
    RefundRequestedToApproved = 3,
    RefundApprovedToSettled = 4,
}

impl Stage {
    pub const ALL: [Stage; 5] = [
        Stage::PlacedToPaid,
        Stage::PaidToShipped,
        Stage::ShippedToDelivered,
        Stage::RefundRequestedToApproved,
        Stage::RefundApprovedToSettled,
    ];

    /// The name in GraphQL.
    pub fn name(self) -> &'static str {
        match self {
            Stage::PlacedToPaid => "PLACED_TO_PAID",
            Stage::PaidToShipped => "PAID_TO_SHIPPED",
            Stage::ShippedToDelivered => "SHIPPED_TO_DELIVERED",
            Stage::RefundRequestedToApproved => "REFUND_REQUESTED_TO_APPROVED",
            Stage::RefundApprovedToSettled => "REFUND_APPROVED_TO_SETTLED",
        }
    }
}

/// One contribution of one event to one figure. It falls into the period when the order was placed (cohort) or when
/// the event happened (booked); its merchant and currency are the order's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Posting {
    Count {
        metric: Metric,
        amount: i64,
    },
    /// Whole seconds; negative where the source's clocks disagree.
    Duration {
        stage: Stage,
        seconds: i64,
    },
}

/// What the figures need to know of an order as it was before an event: small, so that a fold need not keep the whole
/// order twice. By default of an order that is not placed yet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Milestones {
    is_placed: bool,
    is_paid: bool,
    is_shipped: bool,
    is_delivered: bool,
    is_refunded: bool,
    was_exception: bool,
    /// Captured less the excess.
    goods_minor: i64,
}

impl Milestones {
    pub fn of(order: &Order) -> Self {
        Self {
            is_placed: true,
            is_paid: order.paid_at.is_some(),
            is_shipped: order.shipped_at.is_some(),
            is_delivered: order.delivered_at.is_some(),
            is_refunded: order.refunded_at.is_some(),
            was_exception: order.was_exception,
            goods_minor: order.captured_minor.saturating_sub(order.excess_minor),
        }
    }
}

/// What an event counts for whatever its order was before.
#[expect(clippy::wildcard_enum_match_arm, reason = "all others count for what they make of their order")]
fn count_by_event(after: &Order, recorded: &Recorded, count: &mut impl FnMut(Metric, i64)) {
    match &recorded.event {
        Event::RefundRequested(e) if e.kind == RefundKind::Goods => count(Metric::RefundRequests, 1),
        Event::RefundApproved(e) => count_answer(after, e.ticket, recorded, count),
        // An approval that was taken back had answered it already.
        Event::RefundRejected(e) if after.ticket(e.ticket).is_none_or(|ticket| ticket.approved_at.is_none()) => {
            count_answer(after, e.ticket, recorded, count);
        }
        Event::DeadlineBreached(e) => {
            if let Some(metric) = Metric::of_breach(e.clock) {
                count(metric, 1);
            }
        }
        _ => {}
    }
}

fn count_answer(after: &Order, ticket: u16, recorded: &Recorded, count: &mut impl FnMut(Metric, i64)) {
    let Some(due) = after.ticket(ticket).and_then(|ticket| ticket.due) else { return };
    count(Metric::AnsweredRefunds, 1);
    if recorded.occurred_at <= due.answer_by {
        count(Metric::RefundsAnsweredInTime, 1);
    }
}

/// Tells `post` what `recorded` contributes, given its order before and after it.
pub fn postings(before: Milestones, after: &Order, recorded: &Recorded, mut post: impl FnMut(Posting)) {
    let now = Milestones::of(after);
    let mut count = |metric, amount| post(Posting::Count { metric, amount });
    if !before.is_placed {
        count(Metric::PlacedOrders, 1);
    }
    let paid = now.is_paid && !before.is_paid;
    let shipped = now.is_shipped && !before.is_shipped;
    let delivered = now.is_delivered && !before.is_delivered;
    if paid {
        count(Metric::PaidOrders, 1);
    }
    if now.is_refunded && !before.is_refunded {
        count(Metric::RefundedOrders, 1);
    }
    let captured = now.goods_minor.saturating_sub(before.goods_minor);
    if captured != 0 {
        count(Metric::PaidAmount, captured);
    }
    if delivered {
        count(Metric::DeliveredOrders, 1);
        // Of an imported order nobody knows.
        if !after.is_attended && after.origin != Origin::Import {
            count(Metric::UnattendedOrders, 1);
        }
    }
    if now.was_exception && !before.was_exception {
        count(Metric::ExceptionOrders, 1);
    }
    count_by_event(after, recorded, &mut count);
    let mut span = |stage, from: Option<crate::Timestamp>, to: Option<crate::Timestamp>| {
        if let (Some(from), Some(to)) = (from, to) {
            post(Posting::Duration { stage, seconds: to.seconds_since(from) });
        }
    };
    if paid {
        span(Stage::PlacedToPaid, Some(after.placed_at), after.paid_at);
    }
    if shipped {
        span(Stage::PaidToShipped, after.paid_at, after.shipped_at);
    }
    if delivered {
        span(Stage::ShippedToDelivered, after.shipped_at, after.delivered_at);
    }
    if let Event::RefundApproved(e) = &recorded.event
        && let Some(ticket) = after.ticket(e.ticket)
    {
        span(Stage::RefundRequestedToApproved, Some(ticket.requested_at), ticket.approved_at);
    }
    if let Event::RefundSettled(e) = &recorded.event
        && let Some(ticket) = after.ticket(e.ticket)
    {
        span(Stage::RefundApprovedToSettled, ticket.approved_at, Some(recorded.occurred_at));
    }
}
