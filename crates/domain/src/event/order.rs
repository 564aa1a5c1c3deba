//! Events of orders, and of the money that they claim.

use super::{
    Adjustment, AssignedCards, Clock, Hold, Line, LineInputs, Outcome, PayDue, RefundDue, RefundKind, ShipDue,
    ShippedLine, TrackingStatus,
};
use crate::ids::{MerchantId, OrderNumber, StreamId, Tag};
use crate::money::Currency;
use crate::sealed::{Sealed, Slot};
use crate::stock::Goods;
use crate::time::Timestamp;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrderPlaced {
    pub merchant: MerchantId,
    /// The merchant's ancestors when the order was placed, root first: a merchant that moves later takes no order along.
    pub ancestors: Vec<MerchantId>,
    pub number: OrderNumber,
    /// The buyer's account; its slot is the buyer.
    pub account: Sealed,
    /// Name, telephone, address, as a JSON object.
    pub contact: Option<Sealed>,
    pub currency: Currency,
    pub lines: Vec<Line<Sealed>>,
    pub adjustments: Vec<Adjustment>,
    pub pay_due: Option<PayDue>,
    /// Only for a live order of total 0, which is paid when placed.
    pub ship_due: Option<ShipDue>,
    /// What was reserved for it in the same commit: the goods of which stock is counted.
    pub reserved: Vec<Goods>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PriceEdited {
    /// From 1.
    pub line: u16,
    pub old_unit_minor: i64,
    pub new_unit_minor: i64,
    /// Of a command's several, the first event's alone.
    pub note: Option<Sealed>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PaymentCaptured {
    pub provider: Box<str>,
    pub trade_number: Box<str>,
    pub amount_minor: i64,
    /// How much of the amount was above what was due.
    pub excess_minor: i64,
    /// Set by the capture that pays the order.
    pub ship_due: Option<ShipDue>,
}

/// Paid in a currency that is not the order's: kept apart, on hold, until a person decides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PaymentMismatched {
    pub provider: Box<str>,
    pub trade_number: Box<str>,
    pub amount_minor: i64,
    pub currency: Currency,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PaymentFailed {
    pub provider: Box<str>,
    /// The provider's own error code.
    pub failure: Box<str>,
    pub note: Option<Sealed>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReminderDue {
    pub remind_at: Timestamp,
}

/// The buyer was reminded to pay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PaymentReminded {}

/// Money for an order that was cancelled before it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LatePaymentReceived {
    pub provider: Box<str>,
    pub trade_number: Box<str>,
    pub amount_minor: i64,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrderReinstated {
    /// The late money that now counts as captured.
    pub captured_minor: i64,
    /// How much of it was above what was due.
    pub excess_minor: i64,
    pub ship_due: Option<ShipDue>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrderCancelled {
    pub note: Option<Sealed>,
}

/// What was not shipped will not be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RestCancelled {
    pub lines: Vec<ShippedLine>,
    pub note: Option<Sealed>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HoldPlaced {
    pub hold: Hold,
    pub note: Option<Sealed>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HoldReleased {
    pub hold: Hold,
    /// The shipping clocks, moved by the time that the hold paused them.
    pub ship_due: Option<ShipDue>,
    pub note: Option<Sealed>,
}

/// The address, or the account of a top-up, is to be another one; the order waits until somebody decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddressChangeRequested {
    /// From 1 within the order.
    pub change: u16,
    /// The new contact, as a JSON object.
    pub contact: Option<Sealed>,
    pub inputs: Vec<LineInputs<Sealed>>,
    pub note: Option<Sealed>,
}

/// What was asked for holds from now on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddressChanged {
    pub change: u16,
    pub note: Option<Sealed>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddressChangeRejected {
    pub change: u16,
    pub note: Option<Sealed>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShipmentConfirmed {
    /// From 1 within the order.
    pub shipment: u16,
    pub lines: Vec<ShippedLine>,
    pub carrier: Option<Box<str>>,
    pub tracking_number: Option<Box<str>>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrackingUpdated {
    pub shipment: u16,
    /// The carrier's id of this checkpoint, unique within the order.
    pub checkpoint: Box<str>,
    pub status: TrackingStatus,
    /// Where the parcel is; may name the buyer's street.
    pub place: Option<Sealed>,
}

/// The order's cards are to be delivered without a person, from this moment on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeliveryDue {
    pub deliver_at: Timestamp,
}

/// Cards are the order's own from now on, and nobody else's ever.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CardsAssigned {
    /// From 1 within the order.
    pub shipment: u16,
    pub cards: Vec<AssignedCards>,
}

/// Somebody who sees the order's buyer masked saw who it is, and where the order goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContactRevealed {
    pub note: Option<Sealed>,
}

/// Somebody read what speaks for the sides of the order's disputes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EvidenceRead {}

/// Somebody saw the secrets of the order's cards.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CardsRevealed {
    /// How many cards.
    pub cards: u32,
}

/// Units of a top-up were delivered: all of the line, or a part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TopUpSucceeded {
    pub shipment: u16,
    /// From 1.
    pub line: u16,
    pub quantity: u32,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TopUpFailed {
    pub line: u16,
    pub failure: Box<str>,
    pub note: Option<Sealed>,
}

/// Every unit has been delivered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivered {
    /// The shipment whose delivery was the last.
    pub shipment: u16,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrderCompleted {}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ObservationStarted {
    pub until: Timestamp,
}

/// Nothing can happen to the order any more that a clock waits for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrderClosed {}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefundRequested {
    /// From 1 within the order.
    pub ticket: u16,
    pub kind: RefundKind,
    pub amount_minor: i64,
    pub due: Option<RefundDue>,
    pub note: Option<Sealed>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefundApproved {
    pub ticket: u16,
    /// Missed: a breach.
    pub pay_by: Option<Timestamp>,
    pub note: Option<Sealed>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefundRejected {
    pub ticket: u16,
    pub note: Option<Sealed>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefundSettled {
    pub ticket: u16,
    pub amount_minor: i64,
    pub provider: Option<Box<str>>,
    pub trade_number: Option<Box<str>>,
}

/// The pay-out failed; the ticket stays open and may be settled again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefundFailed {
    pub ticket: u16,
    pub failure: Box<str>,
    pub note: Option<Sealed>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoteAdded {
    pub text: Sealed,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TagAdded {
    pub tag: Tag,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrderRated {
    /// 1 (worst) to 5.
    pub score: u8,
    pub comment: Option<Sealed>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DisputeOpened {
    /// From 1 within the order.
    pub dispute: u16,
    pub note: Option<Sealed>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EvidenceAdded {
    pub dispute: u16,
    pub text: Sealed,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DisputeResolved {
    pub dispute: u16,
    pub outcome: Outcome,
    pub note: Option<Sealed>,
}

/// A clock ran out before what it waited for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeadlineBreached {
    pub clock: Clock,
    /// Of the clocks of a refund ticket.
    pub ticket: Option<u16>,
    pub due_at: Timestamp,
}

/// The order is paid, and there is too little of its goods: it waits until stock comes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RestockRequested {}

/// The goods that the order waited for are its own now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrderRestocked {}

/// A trade number's first and only event: which order the money went to, or a refund came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PaymentClaimed {
    pub order: StreamId,
    pub amount_minor: i64,
    pub currency: Currency,
}

impl OrderPlaced {
    pub fn buyer(&self) -> Slot {
        self.account.slot
    }
}
