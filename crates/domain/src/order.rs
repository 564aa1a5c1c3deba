//! An order's state: what the rules need to know of its past, folded from its events. Folding is total.

use uuid::Uuid;

use crate::clock::Breach;
use crate::command::Origin;
use crate::event::{
    Event, Hold, Line, OrderPlaced, PayDue, Recorded, RefundDue, RefundKind, ShipDue, SkuKind, TrackingStatus,
    tree_root,
};
use crate::ids::{MerchantId, Role, Sku};
use crate::money::Currency;
use crate::reason::ReasonCode;
use crate::sealed::{Sealed, Slot};
use crate::stock::{Booking, Goods};
use crate::time::Timestamp;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Lifecycle {
    Placed,
    Cancelled,
    Completed,
    Closed,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Payment {
    Unpaid,
    Partial,
    Paid,
    Overpaid,
    PartlyRefunded,
    Refunded,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Fulfilment {
    None,
    Partial,
    Shipped,
    Delivered,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AfterSales {
    None,
    Observing,
    RefundOpen,
    Disputed,
}

/// A set of [`Hold`]s.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Holds(u8);

impl Holds {
    pub const ALL: [Hold; 4] = [Hold::Stock, Hold::Address, Hold::Payment, Hold::Risk];

    fn bit(hold: Hold) -> u8 {
        1 << (hold as u8)
    }

    pub fn contains(self, hold: Hold) -> bool {
        self.0 & Self::bit(hold) != 0
    }

    pub fn insert(&mut self, hold: Hold) {
        self.0 |= Self::bit(hold);
    }

    pub fn remove(&mut self, hold: Hold) {
        self.0 &= !Self::bit(hold);
    }

    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    pub fn iter(self) -> impl Iterator<Item = Hold> {
        Self::ALL.into_iter().filter(move |&hold| self.contains(hold))
    }

    /// One bit a hold, for compact views.
    pub fn bits(self) -> u8 {
        self.0
    }

    pub fn from_bits(bits: u8) -> Self {
        Self(bits)
    }
}

/// The separate axes of an order; its label is a function of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Axes {
    pub lifecycle: Lifecycle,
    pub payment: Payment,
    pub fulfilment: Fulfilment,
    pub after_sales: AfterSales,
    pub holds: Holds,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LineState {
    pub kind: SkuKind,
    pub quantity: u32,
    pub unit_minor: i64,
    pub shipped: u32,
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

/// Amounts are minor units of `currency`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    pub merchant: MerchantId,
    pub ancestors: Vec<MerchantId>,
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
    /// The Payment hold is there because a payment failed, and goes when one succeeds.
    pub held_for_failure: bool,
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
            ancestors: event.ancestors.clone(),
            buyer: event.buyer(),
            currency: event.currency,
            origin,
            lines,
            adjustments_minor: event.adjustments.iter().fold(0, |sum: i64, a| sum.saturating_add(a.amount_minor)),
            lifecycle: Lifecycle::Placed,
            cancel_reason: None,
            holds: Holds::default(),
            held_since: [None; 4],
            held_for_failure: false,
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
        self.total_minor().saturating_sub(self.captured_minor.saturating_sub(self.excess_minor)).max(0)
    }

    /// Captured in full. An order of total 0 needs no capture when it was placed live; an imported one does.
    pub fn is_paid(&self) -> bool {
        if self.captures == 0 {
            return self.origin == Origin::Live && self.total_minor() == 0;
        }
        self.captured_minor >= self.total_minor()
    }

    /// What was captured above the total and not given back yet.
    pub fn excess_outstanding_minor(&self) -> i64 {
        self.excess_minor.saturating_sub(self.excess_returned_minor)
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
            RefundKind::Goods => {
                self.captured_minor.saturating_sub(self.excess_minor).saturating_sub(self.refunded_minor)
            }
            RefundKind::Excess => self.excess_outstanding_minor(),
            RefundKind::Late => self.late_minor.saturating_sub(self.late_returned_minor),
        };
        left.saturating_sub(self.pending_minor(|pending| pending == kind)).max(0)
    }

    pub fn unshipped(&self) -> u32 {
        self.lines.iter().fold(0, |sum: u32, line| sum.saturating_add(line.quantity.saturating_sub(line.shipped)))
    }

    /// Units of a line (from 1) that are not shipped.
    pub fn left_of(&self, line: u16) -> u32 {
        let line = self.lines.get(usize::from(line).wrapping_sub(1));
        line.map_or(0, |line| line.quantity.saturating_sub(line.shipped))
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

    pub fn is_observed_at(&self, now: Timestamp) -> bool {
        self.lifecycle == Lifecycle::Completed && self.observed_until.is_some_and(|until| now < until)
    }

    pub fn payment(&self) -> Payment {
        if self.refunded_minor > 0 {
            let goods = self.captured_minor.saturating_sub(self.excess_minor);
            if self.refunded_minor >= goods { Payment::Refunded } else { Payment::PartlyRefunded }
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

    /// Folds one more event in. Facts are believed: nothing here refuses.
    pub fn apply(&mut self, recorded: &Recorded) {
        let at = recorded.occurred_at;
        if self.delivered_at.is_none() && is_staff(recorded.actor.role) {
            self.is_attended = true;
        }
        match &recorded.event {
            Event::PriceEdited(e) => {
                if let Some(line) = self.lines.get_mut(usize::from(e.line).wrapping_sub(1)) {
                    line.unit_minor = e.new_unit_minor;
                }
            }
            Event::PaymentCaptured(e) => self.capture(e.amount_minor, e.excess_minor, e.ship_due, at),
            Event::LatePaymentReceived(e) => self.late_minor = self.late_minor.saturating_add(e.amount_minor),
            Event::OrderReinstated(e) => {
                self.lifecycle = Lifecycle::Placed;
                self.cancel_reason = None;
                self.late_minor = self.late_minor.saturating_sub(e.captured_minor);
                self.book(Booking::Taken);
                self.capture(e.captured_minor, e.excess_minor, e.ship_due, at);
            }
            Event::OrderCancelled(_) => {
                self.lifecycle = Lifecycle::Cancelled;
                self.cancel_reason = recorded.reason;
                self.pending_change = None;
                self.book(Booking::Released);
            }
            Event::RestockRequested(_) => self.book(Booking::Waiting),
            Event::OrderRestocked(_) => self.book(Booking::Taken),
            Event::HoldPlaced(e) => {
                self.holds.insert(e.hold);
                self.set_held(e.hold, Some(at));
                if e.hold == Hold::Payment {
                    self.held_for_failure = recorded.reason == Some(ReasonCode::PaymentFailed);
                }
                if e.hold.pauses_shipping() {
                    self.paused_since = self.paused_since.or(Some(at));
                }
            }
            Event::HoldReleased(e) => {
                self.holds.remove(e.hold);
                self.set_held(e.hold, None);
                if e.hold == Hold::Payment {
                    self.held_for_failure = false;
                }
                if !self.holds.iter().any(Hold::pauses_shipping) {
                    self.paused_since = None;
                }
                if e.ship_due.is_some() {
                    self.ship_due = e.ship_due;
                }
            }
            Event::ShipmentConfirmed(e) => {
                let parcel =
                    Shipment { status: None, seen_at: None, delivered: false, is_tracked: e.tracking_number.is_some() };
                self.ship(e.lines.iter().map(|shipped| (shipped.line, shipped.quantity)), parcel, at);
            }
            Event::CardsAssigned(e) => {
                self.cards = e.cards.iter().fold(self.cards, |sum, cards| sum.saturating_add(cards.quantity));
                self.ship(e.cards.iter().map(|cards| (cards.line, cards.quantity)), delivered_at_once(at), at);
            }
            Event::TopUpSucceeded(e) => self.ship([(e.line, e.quantity)], delivered_at_once(at), at),
            Event::AddressChangeRequested(e) => {
                self.changes = self.changes.max(e.change);
                self.pending_change = Some(PendingChange { number: e.change, by: recorded.actor.id });
            }
            Event::AddressChanged(_) | Event::AddressChangeRejected(_) => self.pending_change = None,
            Event::ReminderDue(e) => self.remind_at = Some(e.remind_at),
            Event::PaymentReminded(_) => self.remind_at = None,
            Event::DeliveryDue(e) => self.deliver_at = Some(e.deliver_at),
            Event::OrderClosed(_) => self.lifecycle = Lifecycle::Closed,
            Event::DisputeOpened(e) => {
                self.disputes = self.disputes.max(e.dispute);
                self.disputed_since = Some(at);
            }
            Event::DisputeResolved(_) => self.disputed_since = None,
            Event::DeadlineBreached(e) => self.breaches.push(Breach { clock: e.clock, ticket: e.ticket }),
            // Kept apart from the order, until a person decides: no later payment does away with that.
            Event::PaymentMismatched(_) => self.held_for_failure = false,
            Event::TrackingUpdated(e) => {
                self.checkpoints.push(e.checkpoint.clone());
                if let Some(shipment) = self.shipments.get_mut(usize::from(e.shipment).wrapping_sub(1)) {
                    shipment.status = Some(e.status);
                    shipment.seen_at = Some(at);
                    shipment.delivered |= e.status == TrackingStatus::Delivered;
                }
            }
            Event::Delivered(_) => self.delivered_at = Some(at),
            Event::OrderCompleted(_) => self.lifecycle = Lifecycle::Completed,
            Event::ObservationStarted(e) => self.observed_until = Some(e.until),
            Event::RefundRequested(e) => self.tickets.push(Ticket {
                kind: e.kind,
                amount_minor: e.amount_minor,
                state: TicketState::Requested,
                requested_at: at,
                approved_at: None,
                due: e.due,
                pay_by: None,
            }),
            Event::RefundApproved(e) => {
                if let Some(ticket) = self.ticket_mut(e.ticket) {
                    ticket.state = TicketState::Approved;
                    ticket.approved_at = Some(at);
                    ticket.pay_by = e.pay_by;
                }
            }
            Event::RefundRejected(e) => self.set_ticket(e.ticket, TicketState::Rejected),
            Event::RefundFailed(e) => self.set_ticket(e.ticket, TicketState::Failed),
            Event::RefundSettled(e) => {
                self.set_ticket(e.ticket, TicketState::Settled);
                match self.ticket(e.ticket).map(|ticket| ticket.kind) {
                    Some(RefundKind::Goods) | None => {
                        self.refunded_minor = self.refunded_minor.saturating_add(e.amount_minor);
                        self.refunded_at = self.refunded_at.or(Some(at));
                    }
                    Some(RefundKind::Excess) => {
                        self.excess_returned_minor = self.excess_returned_minor.saturating_add(e.amount_minor);
                    }
                    Some(RefundKind::Late) => {
                        self.late_returned_minor = self.late_returned_minor.saturating_add(e.amount_minor);
                    }
                }
            }
            Event::NoteAdded(_) => self.notes = self.notes.saturating_add(1),
            Event::TagAdded(e) => self.tags.push(e.tag.as_str().into()),
            Event::OrderRated(_) => self.ratings = self.ratings.saturating_add(1),
            // Of no consequence for later decisions, or of other streams.
            Event::PaymentFailed(_)
            | Event::TopUpFailed(_)
            | Event::CardsRevealed(_)
            | Event::EvidenceAdded(_)
            | Event::OrderPlaced(_)
            | Event::MerchantRegistered(_)
            | Event::PolicySet(_)
            | Event::AlertRaised(_)
            | Event::AlertCleared(_)
            | Event::CardClaimed(_)
            | Event::CardsImported(_)
            | Event::CardsDrawn(_)
            | Event::TokenIssued(_)
            | Event::TokenRevoked(_)
            | Event::PaymentClaimed(_)
            | Event::StockReceived(_)
            | Event::StockCounted(_)
            | Event::StockCorrected(_)
            | Event::StockMarkSet(_)
            | Event::StockReserved(_)
            | Event::StockReleased(_)
            | Event::StockTaken(_)
            | Event::StockReturned(_) => {}
        }
    }

    /// The sums were checked when the payment was recorded; a fold refuses nothing, whatever is stored.
    fn capture(&mut self, amount_minor: i64, excess_minor: i64, ship_due: Option<ShipDue>, at: Timestamp) {
        self.captures = self.captures.saturating_add(1);
        self.captured_minor = self.captured_minor.saturating_add(amount_minor);
        self.excess_minor = self.excess_minor.saturating_add(excess_minor);
        if excess_minor > 0 {
            // Whatever it was held for before, now there is money that somebody has to look at.
            self.held_for_failure = false;
        }
        if self.is_paid() && self.paid_at.is_none() {
            self.paid_at = Some(at);
            self.book(Booking::Taken);
        }
        if ship_due.is_some() {
            self.ship_due = ship_due;
        }
    }

    fn ship(&mut self, units: impl IntoIterator<Item = (u16, u32)>, parcel: Shipment, at: Timestamp) {
        for (line, quantity) in units {
            if let Some(line) = self.lines.get_mut(usize::from(line).wrapping_sub(1)) {
                line.shipped = line.shipped.saturating_add(quantity);
            }
        }
        self.shipments.push(parcel);
        if self.unshipped() == 0 && self.shipped_at.is_none() {
            self.shipped_at = Some(at);
        }
    }

    fn set_held(&mut self, hold: Hold, since: Option<Timestamp>) {
        if let Some(held) = self.held_since.get_mut(hold as usize - 1) {
            *held = since;
        }
    }

    fn book(&mut self, booking: Booking) {
        if self.booking != Booking::None {
            self.booking = booking;
        }
    }

    pub fn ticket(&self, number: u16) -> Option<&Ticket> {
        self.tickets.get(usize::from(number).wrapping_sub(1))
    }

    fn ticket_mut(&mut self, number: u16) -> Option<&mut Ticket> {
        self.tickets.get_mut(usize::from(number).wrapping_sub(1))
    }

    fn set_ticket(&mut self, number: u16, state: TicketState) {
        if let Some(ticket) = self.ticket_mut(number) {
            ticket.state = state;
        }
    }
}

/// What needs no parcel arrives when it is sent.
fn delivered_at_once(at: Timestamp) -> Shipment {
    Shipment { status: Some(TrackingStatus::Delivered), seen_at: Some(at), delivered: true, is_tracked: false }
}

/// A person of the shop, or above it.
fn is_staff(role: Role) -> bool {
    match role {
        Role::Platform | Role::Owner | Role::Clerk | Role::Support => true,
        Role::System | Role::Auditor | Role::Analyst | Role::Buyer | Role::Webhook | Role::Importer => false,
    }
}

fn line_state(line: &Line<Sealed>) -> LineState {
    LineState { kind: line.kind, quantity: line.quantity, unit_minor: line.unit_minor, shipped: 0 }
}
