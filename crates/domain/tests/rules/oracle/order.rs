//! The facts of an order, and what a person reads of them.

use super::{Clock, DAY, Money, PARCEL};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Life {
    Placed,
    Cancelled,
    Completed,
    Closed,
}

/// What it has of the stock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Booked {
    Reserved,
    /// Paid, but not there: still reserved.
    Waiting,
    Taken,
    Released,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TicketIs {
    Requested,
    Approved,
    Failed,
    Rejected,
    Settled,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Ticket {
    pub(crate) money: Money,
    pub(crate) amount: i64,
    pub(crate) is: TicketIs,
    pub(super) asked_at: i64,
    pub(super) approved_at: i64,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Line {
    pub(crate) sku: usize,
    pub(crate) quantity: u32,
    pub(crate) unit: i64,
    /// Not shipped yet.
    pub(crate) left: u32,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Parcel {
    pub(super) is_tracked: bool,
    /// 0: nobody saw it; 4: it arrived.
    pub(super) status: u8,
}

impl Parcel {
    /// What needs no carrier.
    pub(super) const ARRIVED: Self = Self { is_tracked: false, status: 4 };

    pub(crate) fn has_arrived(self) -> bool {
        self.status == 4
    }
}

#[derive(Debug)]
pub(crate) struct Order {
    pub(crate) lines: Vec<Line>,
    pub(super) discount: i64,
    pub(crate) life: Life,
    /// Cancelled because nobody paid in time.
    pub(super) is_timed_out: bool,
    pub(super) placed_at: i64,
    pub(super) remind_at: Option<i64>,
    pub(crate) paid_at: Option<i64>,
    /// What was paid for the goods; never above the total.
    pub(crate) captured: i64,
    pub(crate) refunded: i64,
    pub(crate) excess: i64,
    pub(crate) excess_back: i64,
    pub(crate) late: i64,
    pub(crate) late_back: i64,
    pub(crate) tickets: Vec<Ticket>,
    pub(crate) holds: [bool; 4],
    /// It is held because a payment failed, and for nothing else about money.
    pub(super) is_held_for_failure: bool,
    /// It is held because too much was paid, and for nothing else about money.
    pub(super) is_held_for_excess: bool,
    /// Minutes that the clocks of shipping stood still since it was paid.
    pub(super) stood_still: i64,
    /// Units by SKU that the stock knows of.
    pub(crate) units: Vec<(usize, i64)>,
    pub(crate) booked: Booked,
    pub(crate) parcels: Vec<Parcel>,
    pub(super) checkpoints: Vec<u8>,
    /// What the units cost that were cancelled after others had been shipped.
    pub(super) rest: i64,
    /// Each card's number.
    pub(crate) cards: Vec<i64>,
    pub(crate) is_delivered: bool,
    pub(super) observed_until: i64,
    /// Who asked for another address.
    pub(crate) change_by: Option<u8>,
    pub(crate) is_disputed: bool,
    pub(super) is_rated: bool,
    pub(super) missed: Vec<(Clock, Option<u16>)>,
}

impl Order {
    pub(crate) fn total(&self) -> i64 {
        self.lines.iter().map(|line| line.unit * i64::from(line.quantity)).sum::<i64>() - self.discount
    }

    pub(crate) fn due(&self) -> i64 {
        if self.paid_at.is_some() { 0 } else { (self.total() - self.captured + self.refunded).max(0) }
    }

    pub(crate) fn left(&self) -> u32 {
        self.lines.iter().map(|line| line.left).sum()
    }

    pub(super) fn line(&mut self, number: u16) -> Option<&mut Line> {
        self.lines.get_mut(usize::from(number).checked_sub(1)?)
    }

    fn has_parcels(&self) -> bool {
        self.lines.iter().any(|line| line.sku == PARCEL)
    }

    pub(super) fn has_shipped(&self) -> bool {
        !self.parcels.is_empty()
    }

    pub(super) fn is_fully_refunded(&self) -> bool {
        self.refunded > 0 && self.refunded >= self.captured
    }

    pub(crate) fn has_open_ticket(&self) -> bool {
        self.tickets.iter().any(|ticket| ticket.is_open())
    }

    pub(crate) fn is_held(&self) -> bool {
        self.holds.contains(&true)
    }

    /// The blueprint's list, the first that matches.
    pub(crate) fn label(&self) -> &'static str {
        if self.has_open_ticket() || self.is_disputed {
            return "AFTER_SALES";
        }
        if self.is_held() {
            return "EXCEPTION";
        }
        if self.life == Life::Cancelled {
            return "CANCELLED";
        }
        if self.is_fully_refunded() {
            return "REFUNDED";
        }
        if self.is_delivered {
            return "COMPLETED";
        }
        if self.has_shipped() && self.left() == 0 {
            return "SHIPPED";
        }
        if self.paid_at.is_some() { "TO_SHIP" } else { "AWAITING_PAYMENT" }
    }

    /// Until when it must be shipped, by a person and by a carrier; absent while that clock does not run.
    pub(crate) fn ship_by(&self) -> (Option<i64>, Option<i64>) {
        (self.due_of(Clock::ShipVirtual, None), self.due_of(Clock::Collect, None))
    }

    /// When a clock that runs runs out.
    fn due_of(&self, clock: Clock, ticket: Option<u16>) -> Option<i64> {
        let of = |state: &[TicketIs]| {
            let ticket = self.tickets.get(usize::from(ticket?).checked_sub(1)?)?;
            state.contains(&ticket.is).then_some(ticket)
        };
        match clock {
            Clock::Pay => None,
            Clock::AnswerRefund => Some(of(&[TicketIs::Requested])?.asked_at + 12 * 60),
            Clock::EscalateRefund => Some(of(&[TicketIs::Requested])?.asked_at + DAY),
            Clock::PayRefund => Some(of(&[TicketIs::Approved, TicketIs::Failed])?.approved_at + 60),
            Clock::ShipVirtual | Clock::Collect => {
                let stands_still = self.holds[1..].contains(&true);
                if ticket.is_some() || self.life != Life::Placed || self.is_fully_refunded() || stands_still {
                    return None;
                }
                let is_left =
                    |is_parcel| self.lines.iter().any(|line| (line.sku == PARCEL) == is_parcel && line.left > 0);
                let is_awaited = self.parcels.iter().any(|parcel| parcel.is_tracked && parcel.status == 0);
                let (runs, span) = match clock {
                    Clock::ShipVirtual => (is_left(false), 2 * 60),
                    _ => (is_left(true) || is_awaited && self.has_parcels(), DAY),
                };
                runs.then_some(self.paid_at? + span + self.stood_still)
            }
        }
    }

    /// Recorded once for each clock that ran out.
    pub(super) fn breach(&mut self, clock: Clock, ticket: Option<u16>, now: i64) -> super::Answer {
        let is_missed = self.due_of(clock, ticket).is_some_and(|due| now >= due);
        if !is_missed || self.missed.contains(&(clock, ticket)) {
            return super::Answer::Refused;
        }
        self.missed.push((clock, ticket));
        super::Answer::Done
    }
}

impl Ticket {
    pub(crate) fn is_open(&self) -> bool {
        matches!(self.is, TicketIs::Requested | TicketIs::Approved | TicketIs::Failed)
    }
}
