//! How events make an order's state. Total: facts are believed.

use super::{Lifecycle, Order, PendingChange, Shipment, Ticket, TicketState};
use crate::clock::Breach;
use crate::event::{Event, Hold, Recorded, RefundKind, ShipDue, TrackingStatus};
use crate::ids::Role;
use crate::reason::ReasonCode;
use crate::stock::Booking;
use crate::time::Timestamp;

impl Order {
    /// Folds one more event in. Facts are believed: nothing here refuses.
    pub fn apply(&mut self, recorded: &Recorded) {
        let at = recorded.occurred_at;
        if self.delivered_at.is_none() && is_staff(recorded.actor.role) && is_handling(recorded) {
            self.is_attended = true;
        }
        match &recorded.event {
            Event::PriceEdited(e) => {
                if let Some(line) = self.lines.get_mut(usize::from(e.line).wrapping_sub(1)) {
                    line.unit_minor = e.new_unit_minor;
                }
            }
            Event::PaymentCaptured(e) => {
                self.capture(e.amount_minor, e.excess_minor, at);
                self.start_shipping(e.ship_due, recorded.recorded_at);
            }
            Event::LatePaymentReceived(e) => self.late_minor = self.late_minor.saturating_add(e.amount_minor),
            Event::OrderReinstated(e) => {
                self.lifecycle = Lifecycle::Placed;
                self.cancel_reason = None;
                self.late_minor = self.late_minor.saturating_sub(e.captured_minor);
                self.book(Booking::Taken);
                self.capture(e.captured_minor, e.excess_minor, at);
                self.start_shipping(e.ship_due, recorded.recorded_at);
            }
            Event::OrderCancelled(_) => {
                self.lifecycle = Lifecycle::Cancelled;
                self.cancel_reason = recorded.reason;
                self.pending_change = None;
                self.book(Booking::Released);
            }
            Event::RestCancelled(e) => {
                for rest in &e.lines {
                    if let Some(line) = self.lines.get_mut(usize::from(rest.line).wrapping_sub(1)) {
                        line.cancelled = line.cancelled.saturating_add(rest.quantity);
                    }
                }
                self.pending_change = None;
                self.mark_shipped(at);
            }
            Event::RestockRequested(_) => self.book(Booking::Waiting),
            Event::OrderRestocked(_) => self.book(Booking::Taken),
            Event::HoldPlaced(e) => {
                self.was_exception = true;
                self.holds.insert(e.hold);
                self.set_held(e.hold, Some(at));
                if e.hold == Hold::Payment {
                    self.held_for_failure = recorded.reason == Some(ReasonCode::PaymentFailed);
                    self.held_for_excess = recorded.reason == Some(ReasonCode::Overpaid);
                }
                if e.hold.pauses_shipping() {
                    self.paused_since = self.paused_since.or(Some(recorded.recorded_at));
                }
            }
            Event::HoldReleased(e) => {
                self.holds.remove(e.hold);
                self.set_held(e.hold, None);
                if e.hold == Hold::Payment {
                    self.held_for_failure = false;
                    self.held_for_excess = false;
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
            Event::PaymentMismatched(_) => {
                self.held_for_failure = false;
                self.held_for_excess = false;
            }
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
            Event::RefundRequested(e) => {
                self.was_exception = true;
                self.tickets.push(Ticket {
                    kind: e.kind,
                    amount_minor: e.amount_minor,
                    state: TicketState::Requested,
                    reason: recorded.reason,
                    requested_at: at,
                    approved_at: None,
                    due: e.due,
                    pay_by: None,
                });
            }
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
            | Event::EvidenceRead(_)
            | Event::ContactRevealed(_)
            | Event::OrderPlaced(_)
            | Event::MerchantRegistered(_)
            | Event::MerchantMoved(_)
            | Event::MerchantClosed(_)
            | Event::MerchantReopened(_)
            | Event::PolicySet(_)
            | Event::ProfileSet(_)
            | Event::AlertRaised(_)
            | Event::AlertCleared(_)
            | Event::CardClaimed(_)
            | Event::JobOpened(_)
            | Event::JobSelected(_)
            | Event::JobPreviewed(_)
            | Event::JobStarted(_)
            | Event::JobChecked(_)
            | Event::JobAdvanced(_)
            | Event::JobCancelled(_)
            | Event::JobFinished(_)
            | Event::ExportOpened(_)
            | Event::ExportFetched(_)
            | Event::SubjectErased(_)
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
    fn capture(&mut self, amount_minor: i64, excess_minor: i64, at: Timestamp) {
        self.captures = self.captures.saturating_add(1);
        self.captured_minor = self.captured_minor.saturating_add(amount_minor);
        self.excess_minor = self.excess_minor.saturating_add(excess_minor);
        if excess_minor > 0 {
            // That a payment failed before matters no more; now there is money that has to go back.
            self.held_for_excess |= self.held_for_failure;
            self.held_for_failure = false;
        }
        if self.is_paid() && self.paid_at.is_none() {
            self.paid_at = Some(at);
            self.book(Booking::Taken);
        }
    }

    /// Clocks that start while something holds them stand still from then on: what was before costs them nothing. They are
    /// the shop's own, so it is not the moment that counts when the money moved, but when the shop heard of it.
    fn start_shipping(&mut self, due: Option<ShipDue>, at: Timestamp) {
        if due.is_some() {
            self.ship_due = due;
            self.paused_since = self.paused_since.map(|_| at);
        }
    }

    fn ship(&mut self, units: impl IntoIterator<Item = (u16, u32)>, parcel: Shipment, at: Timestamp) {
        for (line, quantity) in units {
            if let Some(line) = self.lines.get_mut(usize::from(line).wrapping_sub(1)) {
                line.shipped = line.shipped.saturating_add(quantity);
            }
        }
        self.shipments.push(parcel);
        self.mark_shipped(at);
    }

    fn mark_shipped(&mut self, at: Timestamp) {
        if self.unshipped() == 0 && self.shipped_at.is_none() {
            self.shipped_at = Some(at);
        }
    }

    fn set_held(&mut self, hold: Hold, since: Option<Timestamp>) {
        if let Some(held) = self.held_since.get_mut(hold as usize - 1) {
            *held = since;
        }
    }

    pub(super) fn book(&mut self, booking: Booking) {
        if self.booking != Booking::None {
            self.booking = booking;
        }
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

/// What somebody has to do to get an order out. That it is placed and paid, a shop's own front may tell with a token of the
/// shop's, and what follows from that in the same commit.
#[expect(clippy::wildcard_enum_match_arm, reason = "all others tell of the buyer, of money, or of parcels")]
fn is_handling(recorded: &Recorded) -> bool {
    match &recorded.event {
        Event::HoldReleased(_) => recorded.reason != Some(ReasonCode::PaymentFailed),
        Event::PriceEdited(_)
        | Event::OrderRestocked(_)
        | Event::ShipmentConfirmed(_)
        | Event::CardsAssigned(_)
        | Event::TopUpSucceeded(_)
        | Event::TopUpFailed(_)
        | Event::AddressChangeRequested(_)
        | Event::AddressChanged(_)
        | Event::AddressChangeRejected(_)
        | Event::RestCancelled(_)
        | Event::RefundApproved(_)
        | Event::RefundRejected(_)
        | Event::RefundFailed(_)
        | Event::RefundSettled(_)
        | Event::NoteAdded(_)
        | Event::TagAdded(_) => true,
        _ => false,
    }
}

/// A person of the shop, or above it.
fn is_staff(role: Role) -> bool {
    match role {
        Role::Platform | Role::Owner | Role::Clerk | Role::Support => true,
        Role::System | Role::Auditor | Role::Analyst | Role::Buyer | Role::Webhook | Role::Importer => false,
    }
}
