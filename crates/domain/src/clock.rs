//! An order's clocks: which of them run, and when each runs out. A due time stands in the event that started the clock
//! and is never computed again.

use crate::event::{Clock, Hold, SkuKind};
use crate::order::{Lifecycle, Order, Payment, Shipment, TicketState};
use crate::time::Timestamp;

/// A clock that runs: what it waits for has not happened yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Running {
    pub due: Timestamp,
    pub clock: Clock,
    /// From 1; of the clocks of a refund ticket.
    pub ticket: Option<u16>,
}

/// A clock that was missed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Breach {
    pub clock: Clock,
    pub ticket: Option<u16>,
}

impl Clock {
    /// Whether running out is somebody's fault, and recorded as such; else it makes something happen.
    pub fn can_be_missed(self) -> bool {
        match self {
            Clock::ShipVirtual | Clock::Collect | Clock::AnswerRefund | Clock::EscalateRefund | Clock::PayRefund => {
                true
            }
            Clock::Pay | Clock::Remind | Clock::Deliver | Clock::Observe => false,
        }
    }
}

impl Order {
    /// Every clock that runs, missed or not.
    pub fn each_clock(&self, mut each: impl FnMut(Running)) {
        let mut tell = |clock, due: Option<Timestamp>| {
            if let Some(due) = due {
                each(Running { due, clock, ticket: None });
            }
        };
        let is_placed = self.lifecycle == Lifecycle::Placed;
        if is_placed && self.paid_at.is_none() {
            tell(Clock::Pay, self.pay_due.map(|due| due.pay_by));
            tell(Clock::Remind, self.remind_at);
        }
        if is_placed && self.paid_at.is_some() && self.payment() != Payment::Refunded {
            if self.holds.is_empty() && !self.has_open_ticket() && self.is_left(|kind| kind == SkuKind::Card) {
                tell(Clock::Deliver, self.deliver_at);
            }
            let due = self.ship_due.filter(|_| !self.holds.iter().any(Hold::pauses_shipping));
            if self.is_left(|kind| kind != SkuKind::Physical) {
                tell(Clock::ShipVirtual, due.and_then(|due| due.virtual_by));
            }
            // Without a tracking number a parcel counts as collected when its shipment was confirmed.
            if self.is_left(|kind| kind == SkuKind::Physical) || self.shipments.iter().any(Shipment::is_awaited) {
                tell(Clock::Collect, due.and_then(|due| due.collect_by));
            }
        }
        let is_settled = !self.has_open_ticket() && self.disputed_since.is_none() && self.holds.is_empty();
        if self.lifecycle == Lifecycle::Completed && is_settled {
            tell(Clock::Observe, self.observed_until);
        }
        for (number, ticket) in (1..).zip(&self.tickets) {
            let mut tell = |clock, due: Option<Timestamp>| {
                if let Some(due) = due {
                    each(Running { due, clock, ticket: Some(number) });
                }
            };
            match ticket.state {
                TicketState::Requested => {
                    tell(Clock::AnswerRefund, ticket.due.map(|due| due.answer_by));
                    tell(Clock::EscalateRefund, ticket.due.map(|due| due.escalate_at));
                }
                TicketState::Approved | TicketState::Failed => tell(Clock::PayRefund, ticket.pay_by),
                TicketState::Rejected | TicketState::Settled => {}
            }
        }
    }

    /// The clocks that will still make something happen when they run out: a missed one is told once.
    pub fn each_pending_clock(&self, mut each: impl FnMut(Running)) {
        self.each_clock(|running| {
            if !self.has_missed(running.clock, running.ticket) {
                each(running);
            }
        });
    }

    /// When this clock runs out, if it runs and was not missed before.
    pub fn pending_clock(&self, clock: Clock, ticket: Option<u16>) -> Option<Timestamp> {
        let mut found = None;
        self.each_pending_clock(|running| {
            if running.clock == clock && running.ticket == ticket {
                found = Some(running.due);
            }
        });
        found
    }

    pub fn has_missed(&self, clock: Clock, ticket: Option<u16>) -> bool {
        self.breaches.contains(&Breach { clock, ticket })
    }

    fn is_left(&self, of: impl Fn(SkuKind) -> bool) -> bool {
        self.lines.iter().any(|line| of(line.kind) && line.left() > 0)
    }
}
