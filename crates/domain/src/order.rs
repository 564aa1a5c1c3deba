//! An order's state: what the rules need to know of its past, folded from its events. Folding is total.

mod axes;
mod fold;

use std::sync::Arc;

use uuid::Uuid;

use crate::clock::Breach;
use crate::command::Origin;
use crate::event::{
    Hold, Line, OrderPlaced, PayDue, RefundDue, RefundKind, ShipDue, SkuKind, TrackingStatus, tree_root,
};
use crate::ids::{MerchantId, Sku};
use crate::money::Currency;
use crate::reason::ReasonCode;
use crate::sealed::{Sealed, Slot};
use crate::stock::{Booking, Goods};
use crate::time::Timestamp;

pub use axes::{AfterSales, Axes, Fulfilment, Holds, Lifecycle, Payment};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LineState {
    pub kind: SkuKind,
    pub quantity: u32,
    pub unit_minor: i64,
    pub shipped: u32,
    /// Units that were not shipped, and will not be.
    pub cancelled: u32,
}

impl LineState {
    /// Units that are still to be shipped.
    pub fn left(&self) -> u32 {
        self.quantity.saturating_sub(self.shipped).saturating_sub(self.cancelled)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TicketState {
    Requested,
    Approved,
    /// Approved, but the pay-out failed: may be settled again.
    Failed,
    Rejected,
    Settled,
}

impl TicketState {
    pub fn is_open(self) -> bool {
        matches!(self, TicketState::Requested | TicketState::Approved | TicketState::Failed)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ticket {
    pub kind: RefundKind,
    pub amount_minor: i64,
    pub state: TicketState,
    /// Why it was asked for.
    pub reason: Option<ReasonCode>,
    pub requested_at: Timestamp,
    pub approved_at: Option<Timestamp>,
    pub due: Option<RefundDue>,
    /// Once it is approved.
    pub pay_by: Option<Timestamp>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shipment {
    pub status: Option<TrackingStatus>,
    /// When its last checkpoint happened.
    pub seen_at: Option<Timestamp>,
    pub delivered: bool,
    /// A carrier has it, so that somebody will see it.
    pub is_tracked: bool,
}

impl Shipment {
    /// No carrier has seen it yet.
    pub fn is_awaited(&self) -> bool {
        self.is_tracked && self.status.is_none() && !self.delivered
    }
}

/// A new address or account that nobody has decided on yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PendingChange {
    /// From 1 within the order.
    pub number: u16,
    /// Who asked for it.
    pub by: Uuid,
}

/// A line whose goods are cards.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CardLine {
    /// From 1.
    pub line: u16,
    pub sku: Sku,
}

/// A line whose units are booked on the stock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CountedLine {
    /// From 1.
    pub line: u16,
    /// Place in the order's goods.
    pub goods: u16,
}

/// Amounts are minor units of `currency`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    pub merchant: MerchantId,
    /// Of its merchant when it was placed, root first: shared by all orders that were placed there, where those are told together.
    pub ancestors: Arc<[MerchantId]>,
    pub buyer: Slot,
    pub currency: Currency,
    pub origin: Origin,
    pub lines: Vec<LineState>,
    pub adjustments_minor: i64,
    pub lifecycle: Lifecycle,
    /// Why it was cancelled.
    pub cancel_reason: Option<ReasonCode>,
    pub holds: Holds,
    /// Since when each hold is there.
    pub held_since: [Option<Timestamp>; 4],
    /// It was in the exception queue once, whether it still is or not.
    pub was_exception: bool,
    /// The Payment hold is there because a payment failed, and goes when one succeeds.
    pub held_for_failure: bool,
    /// The Payment hold is there because more was paid than was due, and for nothing else: it goes with the excess.
    pub held_for_excess: bool,
    /// Since when the shipping clocks stand still: Address, Payment and Risk holds pause them, Stock does not.
    pub paused_since: Option<Timestamp>,
    /// All that was captured, the excess included.
    pub captured_minor: i64,
    /// What was captured above the total, whether returned or not.
    pub excess_minor: i64,
    pub excess_returned_minor: i64,
    /// Goods refunds that were settled.
    pub refunded_minor: i64,
    /// Late money that did not reinstate the order, and how much of it went back.
    pub late_minor: i64,
    pub late_returned_minor: i64,
    pub captures: u32,
    pub tickets: Vec<Ticket>,
    pub shipments: Vec<Shipment>,
    pub checkpoints: Vec<Box<str>>,
    pub tags: Vec<Box<str>>,
    pub notes: u32,
    pub ratings: u32,
    pub placed_at: Timestamp,
    pub paid_at: Option<Timestamp>,
    pub shipped_at: Option<Timestamp>,
    pub delivered_at: Option<Timestamp>,
    /// The first settled refund of goods.
    pub refunded_at: Option<Timestamp>,
    pub observed_until: Option<Timestamp>,
    pub pay_due: Option<PayDue>,
    pub ship_due: Option<ShipDue>,
    /// Its goods of which stock is counted, and what it has of them.
    pub goods: Vec<Goods>,
    pub booking: Booking,
    /// When its buyer is to be reminded to pay.
    pub remind_at: Option<Timestamp>,
    /// From when on its cards are delivered without a person.
    pub deliver_at: Option<Timestamp>,
    /// The clocks that were missed.
    pub breaches: Vec<Breach>,
    /// Changes of address or account that were asked for.
    pub changes: u16,
    pub pending_change: Option<PendingChange>,
    pub disputes: u16,
    /// Since when a dispute is open.
    pub disputed_since: Option<Timestamp>,
    pub card_lines: Vec<CardLine>,
    pub counted_lines: Vec<CountedLine>,
    /// Cards that were assigned to it.
    pub cards: u32,
    /// A person of the shop did something to it before it was delivered.
    pub is_attended: bool,
}

impl Order {
    pub fn placed(event: &OrderPlaced, origin: Origin, at: Timestamp) -> Self {
        let lines = event.lines.iter().map(line_state).collect();
        let mut order = Self {
            merchant: event.merchant.clone(),
            ancestors: event.ancestors.as_slice().into(),
            buyer: event.buyer(),
            currency: event.currency,
            origin,
            lines,
            adjustments_minor: event.adjustments.iter().fold(0, |sum: i64, a| sum.saturating_add(a.amount_minor)),
            lifecycle: Lifecycle::Placed,
            cancel_reason: None,
            holds: Holds::default(),
            held_since: [None; 4],
            was_exception: false,
            held_for_failure: false,
            held_for_excess: false,
            paused_since: None,
            captured_minor: 0,
            excess_minor: 0,
            excess_returned_minor: 0,
            refunded_minor: 0,
            late_minor: 0,
            late_returned_minor: 0,
            captures: 0,
            tickets: Vec::new(),
            shipments: Vec::new(),
            checkpoints: Vec::new(),
            tags: Vec::new(),
            notes: 0,
            ratings: 0,
            placed_at: at,
            paid_at: None,
            shipped_at: None,
            delivered_at: None,
            refunded_at: None,
            observed_until: None,
            pay_due: event.pay_due,
            ship_due: event.ship_due,
            goods: event.reserved.clone(),
            booking: if event.reserved.is_empty() { Booking::None } else { Booking::Reserved },
            remind_at: event.pay_due.map(|due| due.remind_at),
            deliver_at: None,
            breaches: Vec::new(),
            changes: 0,
            pending_change: None,
            disputes: 0,
            disputed_since: None,
            card_lines: (1..)
                .zip(&event.lines)
                .filter(|(_, line)| line.kind == SkuKind::Card)
                .map(|(number, line)| CardLine { line: number, sku: line.sku.clone() })
                .collect(),
            counted_lines: counted_lines(event.lines.iter().map(|line| &line.sku), &event.reserved),
            cards: 0,
            is_attended: false,
        };
        if order.is_paid() {
            order.paid_at = Some(at);
            order.book(Booking::Taken);
        }
        order
    }

    pub fn tree_root(&self) -> &MerchantId {
        tree_root(&self.ancestors, &self.merchant)
    }

    pub fn total_minor(&self) -> i64 {
        self.lines.iter().fold(self.adjustments_minor, |sum, line| {
            sum.saturating_add(line.unit_minor.saturating_mul(i64::from(line.quantity)))
        })
    }

    /// What is still to be paid; never negative.
    pub fn due_minor(&self) -> i64 {
        if self.paid_at.is_some() { 0 } else { self.total_minor().saturating_sub(self.kept_minor()).max(0) }
    }

    /// Captured in full, once: what goes back later does not undo it, what went back before has to be paid again. An order
    /// of total 0 needs no capture when it was placed live; an imported one does.
    pub fn is_paid(&self) -> bool {
        if self.captures == 0 {
            return self.origin == Origin::Live && self.total_minor() == 0;
        }
        self.paid_at.is_some() || self.kept_minor().saturating_add(self.excess_minor) >= self.total_minor()
    }

    /// What was captured for the goods and not given back.
    fn kept_minor(&self) -> i64 {
        self.captured_minor.saturating_sub(self.excess_minor).saturating_sub(self.refunded_minor)
    }

    /// What was captured above the total and not given back yet.
    pub fn excess_outstanding_minor(&self) -> i64 {
        self.excess_minor.saturating_sub(self.excess_returned_minor)
    }

    /// Of what was captured for the goods: refunded, or asked for and not answered yet.
    pub(crate) fn given_back_minor(&self) -> i64 {
        self.refunded_minor.saturating_add(self.pending_minor(|kind| kind == RefundKind::Goods))
    }

    fn pending_minor(&self, of: impl Fn(RefundKind) -> bool) -> i64 {
        self.tickets
            .iter()
            .filter(|ticket| ticket.state.is_open() && of(ticket.kind))
            .fold(0, |sum: i64, ticket| sum.saturating_add(ticket.amount_minor))
    }

    /// What a new ticket of this kind may ask for at most.
    pub fn refundable_minor(&self, kind: RefundKind) -> i64 {
        let left = match kind {
            RefundKind::Goods => self.kept_minor(),
            RefundKind::Excess => self.excess_outstanding_minor(),
            RefundKind::Late => self.late_minor.saturating_sub(self.late_returned_minor),
        };
        left.saturating_sub(self.pending_minor(|pending| pending == kind)).max(0)
    }

    pub fn unshipped(&self) -> u32 {
        self.lines.iter().fold(0, |sum: u32, line| sum.saturating_add(line.left()))
    }

    /// Units of a line (from 1) that are not shipped.
    pub fn left_of(&self, line: u16) -> u32 {
        let line = self.lines.get(usize::from(line).wrapping_sub(1));
        line.map_or(0, LineState::left)
    }

    pub fn shipped_units(&self) -> u32 {
        self.lines.iter().fold(0, |sum: u32, line| sum.saturating_add(line.shipped))
    }

    /// Since when it is in the exception queue for this hold.
    pub fn held_since(&self, hold: Hold) -> Option<Timestamp> {
        self.held_since.get(hold as usize - 1).copied().flatten()
    }

    pub fn has_open_ticket(&self) -> bool {
        self.tickets.iter().any(|ticket| ticket.state.is_open())
    }

    /// Nobody has to do, ship or pay anything any more, so nobody needs to know who the buyer is. What is only observed can
    /// still be disputed, by somebody who wants to be known.
    pub fn is_finished(&self) -> bool {
        self.lifecycle != Lifecycle::Placed
            && !self.has_open_ticket()
            && self.disputed_since.is_none()
            && self.excess_outstanding_minor() <= 0
            && self.late_minor <= self.late_returned_minor
    }

    pub fn is_observed_at(&self, now: Timestamp) -> bool {
        self.lifecycle == Lifecycle::Completed && self.observed_until.is_some_and(|until| now < until)
    }

    pub fn payment(&self) -> Payment {
        let goods = self.captured_minor.saturating_sub(self.excess_minor);
        if self.refunded_minor > 0 && self.refunded_minor >= goods {
            Payment::Refunded
        } else if self.refunded_minor > 0 && self.is_paid() {
            // Before, it is still to be paid, whatever went back: nobody may be told to ship it.
            Payment::PartlyRefunded
        } else if self.excess_outstanding_minor() > 0 {
            Payment::Overpaid
        } else if self.is_paid() {
            Payment::Paid
        } else if self.captured_minor > 0 {
            Payment::Partial
        } else {
            Payment::Unpaid
        }
    }

    pub fn fulfilment(&self) -> Fulfilment {
        if self.delivered_at.is_some() {
            Fulfilment::Delivered
        } else if self.shipments.is_empty() {
            Fulfilment::None
        } else if self.unshipped() == 0 {
            Fulfilment::Shipped
        } else {
            Fulfilment::Partial
        }
    }

    pub fn after_sales(&self) -> AfterSales {
        if self.disputed_since.is_some() {
            AfterSales::Disputed
        } else if self.has_open_ticket() {
            AfterSales::RefundOpen
        } else if self.lifecycle == Lifecycle::Completed && self.observed_until.is_some() {
            AfterSales::Observing
        } else {
            AfterSales::None
        }
    }

    pub fn axes(&self) -> Axes {
        Axes {
            lifecycle: self.lifecycle,
            payment: self.payment(),
            fulfilment: self.fulfilment(),
            after_sales: self.after_sales(),
            holds: self.holds,
        }
    }

    pub fn kinds(&self) -> (bool, bool) {
        let is_physical = |line: &LineState| line.kind == SkuKind::Physical;
        (self.lines.iter().any(|line| !is_physical(line)), self.lines.iter().any(is_physical))
    }

    pub fn ticket(&self, number: u16) -> Option<&Ticket> {
        self.tickets.get(usize::from(number).wrapping_sub(1))
    }
}

/// The lines whose SKUs are among the goods.
pub fn counted_lines<'a>(skus: impl Iterator<Item = &'a Sku>, goods: &[Goods]) -> Vec<CountedLine> {
    let place = |sku: &Sku| goods.iter().position(|goods| goods.sku == *sku).and_then(|at| u16::try_from(at).ok());
    (1..).zip(skus).filter_map(|(line, sku)| Some(CountedLine { line, goods: place(sku)? })).collect()
}

fn line_state(line: &Line<Sealed>) -> LineState {
    LineState { kind: line.kind, quantity: line.quantity, unit_minor: line.unit_minor, shipped: 0, cancelled: 0 }
}
