//! What happened. An event is a fact: it is never altered, and folding it never fails.

use crate::command::Origin;
use crate::ids::{Actor, CommandId, MerchantId, OrderNumber, Position, Revision, Role, Sku, StreamId, Tag};
use crate::money::Currency;
use crate::policy::Terms;
use crate::reason::ReasonCode;
use crate::sealed::{Sealed, Slot};
use crate::stock::{Balance, Goods};
use crate::time::Timestamp;

/// How a line is delivered. The numbers are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum SkuKind {
    /// 卡密: a secret is delivered.
    Card = 1,
    /// 直充: delivered by hand or adapter from inputs that the buyer typed.
    TopUp = 2,
    Physical = 3,
}

/// One line of an order. `T` is a personal text: plain at the edge, [`Sealed`] in events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line<T> {
    pub sku: Sku,
    pub title: Box<str>,
    pub kind: SkuKind,
    pub quantity: u32,
    /// Per unit, in minor units of the order's currency.
    pub unit_minor: i64,
    /// Whose goods these are, where that is not the order's merchant.
    pub supplier: Option<MerchantId>,
    /// What the buyer typed for a top-up (account, server, …), as a JSON object.
    pub inputs: Option<T>,
}

/// The numbers are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum AdjustmentKind {
    Discount = 1,
    Freight = 2,
    Fee = 3,
    Tax = 4,
    /// Makes an imported order's total what was really paid, where the source's parts do not add up.
    Correction = 5,
}

/// What is added to or taken off the sum of the lines, in minor units of the order's currency.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Adjustment {
    pub kind: AdjustmentKind,
    pub label: Box<str>,
    pub amount_minor: i64,
}

/// Why an order is kept out of the normal queue. The numbers are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Hold {
    Stock = 1,
    Address = 2,
    Payment = 3,
    Risk = 4,
}

impl Hold {
    /// Whether the clock of shipping stands still meanwhile.
    pub fn pauses_shipping(self) -> bool {
        match self {
            Hold::Address | Hold::Payment | Hold::Risk => true,
            Hold::Stock => false,
        }
    }
}

/// What an order's event starts, and another one stops. The numbers are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Clock {
    /// Until an order must be paid: then it expires.
    Pay = 1,
    /// Until an unpaid order's buyer is reminded.
    Remind = 2,
    /// Until cards and top-ups must be delivered.
    ShipVirtual = 3,
    /// Until a carrier must have collected the parcels.
    Collect = 4,
    /// Until a refund must be approved or rejected: then the merchant is warned.
    AnswerRefund = 5,
    /// Until it goes to the platform.
    EscalateRefund = 6,
    /// Until an approved refund must be paid out.
    PayRefund = 7,
    /// Until a delivered order is closed.
    Observe = 8,
    /// Until cards are delivered without a person: at once.
    Deliver = 9,
}

/// What a merchant is warned of. The numbers are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Alert {
    RefundRate = 1,
    Conversion = 2,
    QueueAge = 3,
    LowStock = 4,
}

/// Whom a dispute was decided for. The numbers are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Outcome {
    Buyer = 1,
    Merchant = 2,
}

/// What a refund gives back. The numbers are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum RefundKind {
    /// Money that paid for goods: counts in the refund rate.
    Goods = 1,
    /// What was paid above the order's total.
    Excess = 2,
    /// What came after the order was cancelled.
    Late = 3,
}

/// Where a shipment is; a checkpoint never goes back to an earlier one. The numbers are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum TrackingStatus {
    Collected = 1,
    InTransit = 2,
    OutForDelivery = 3,
    Delivered = 4,
}

/// When shipping must have happened; absent parts do not apply, and an import starts no clocks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ShipDue {
    /// Cards and top-ups must be delivered by then.
    pub virtual_by: Option<Timestamp>,
    /// Parcels must have been collected by then.
    pub collect_by: Option<Timestamp>,
}

/// The clocks of an unpaid order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PayDue {
    pub pay_by: Timestamp,
    pub remind_at: Timestamp,
}

/// The clocks of a refund ticket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RefundDue {
    /// Missed: the merchant is warned.
    pub answer_by: Timestamp,
    /// Missed: the ticket moves to the platform's queue.
    pub escalate_at: Timestamp,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MerchantRegistered {
    pub id: MerchantId,
    pub name: Box<str>,
    /// Root first, the parent last; empty for a tree's root.
    pub ancestors: Vec<MerchantId>,
}

/// The merchant's policy: what is left out stays as it was. Without dates for good, else for that time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PolicySet {
    pub terms: Terms,
    pub valid_from: Option<Timestamp>,
    /// Not included.
    pub valid_to: Option<Timestamp>,
}

/// A threshold of the merchant's policy was crossed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AlertRaised {
    pub alert: Alert,
    /// Of which stock is low.
    pub sku: Option<Sku>,
    /// In the threshold's unit: millionths, seconds or pieces.
    pub measured: i64,
    pub threshold: i64,
}

/// What was measured is on the good side of the threshold again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AlertCleared {
    pub alert: Alert,
    pub sku: Option<Sku>,
    pub measured: i64,
}

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

/// What the buyer typed for one line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LineInputs<T> {
    /// From 1.
    pub line: u16,
    /// As a JSON object.
    pub inputs: T,
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

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ShippedLine {
    /// From 1.
    pub line: u16,
    pub quantity: u32,
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

/// Cards of one line, by their numbers within the SKU: the oldest that were left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AssignedCards {
    /// From 1.
    pub line: u16,
    /// The first card's number, from 0; the others follow it.
    pub first: u64,
    pub quantity: u32,
}

/// Cards are the order's own from now on, and nobody else's ever.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CardsAssigned {
    /// From 1 within the order.
    pub shipment: u16,
    pub cards: Vec<AssignedCards>,
}

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

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StockReceived {
    pub merchant: MerchantId,
    pub sku: Sku,
    pub quantity: u32,
    /// Of a delivery note, for one.
    pub reference: Option<Box<str>>,
}

/// Somebody counted what no paid order has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StockCounted {
    pub merchant: MerchantId,
    pub sku: Sku,
    pub counted: u32,
}

/// What was counted differs from what the log says by so many units; from now on the count is right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StockCorrected {
    pub difference: i64,
}

/// From how few free units on the stock is low.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StockMarkSet {
    pub merchant: MerchantId,
    pub sku: Sku,
    pub low_at: u32,
}

/// Cards came in; each counts as one unit of stock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CardsImported {
    pub merchant: MerchantId,
    pub sku: Sku,
    /// The first card's number within the SKU, from 0; the others follow it.
    pub first: u64,
    pub secrets: Vec<Sealed>,
    /// Places in the command, from 0, of the cards that had been imported before.
    pub known: Vec<u16>,
}

/// An order was placed: some units are kept for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StockReserved {
    pub order: StreamId,
    pub quantity: u32,
    /// After this event, as in all that follow.
    pub balance: Balance,
}

/// An order that had only reserved some was cancelled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StockReleased {
    pub order: StreamId,
    pub quantity: u32,
    pub balance: Balance,
}

/// An order was paid: what was reserved for it is its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StockTaken {
    pub order: StreamId,
    pub quantity: u32,
    pub balance: Balance,
}

/// An order that had taken some was cancelled, or gave them up: they are free again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StockReturned {
    pub order: StreamId,
    pub quantity: u32,
    pub balance: Balance,
}

/// Cards of an order were drawn: the oldest that were left. Units that nobody had booked are taken with them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CardsDrawn {
    pub order: StreamId,
    pub quantity: u32,
    pub balance: Balance,
}

/// A card's first and only event: a secret is imported once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CardClaimed {
    /// The stream of the SKU that it was imported for.
    pub sku: StreamId,
    /// Its number there.
    pub number: u64,
}

/// A trade number's first and only event: which order the money went to, or a refund came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PaymentClaimed {
    pub order: StreamId,
    pub amount_minor: i64,
    pub currency: Currency,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenIssued {
    /// The token's public id, which is also its actor's.
    pub id: uuid::Uuid,
    pub role: Role,
    /// The tenant; none for the platform.
    pub merchant: Option<MerchantId>,
    pub expires_at: Option<Timestamp>,
    pub label: Box<str>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenRevoked {}

macro_rules! events {
    ($($(#[$doc:meta])* $name:ident = $tag:literal, $kebab:literal;)*) => {
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub enum Event {
            $($(#[$doc])* $name($name),)*
        }

        /// The stable tag and name of an event. The numbers are stored: never reuse one.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u16)]
        pub enum Kind {
            $($name = $tag,)*
        }

        impl Kind {
            pub const ALL: &[Kind] = &[$(Kind::$name,)*];

            pub fn name(self) -> &'static str {
                match self {
                    $(Kind::$name => $kebab,)*
                }
            }
        }

        impl Event {
            pub fn kind(&self) -> Kind {
                match self {
                    $(Event::$name(_) => Kind::$name,)*
                }
            }
        }

        $(impl From<$name> for Event {
            fn from(event: $name) -> Self {
                Event::$name(event)
            }
        })*
    };
}

events! {
    MerchantRegistered = 1, "merchant-registered";
    PolicySet = 2, "policy-set";
    AlertRaised = 3, "alert-raised";
    AlertCleared = 4, "alert-cleared";
    TokenIssued = 11, "token-issued";
    TokenRevoked = 12, "token-revoked";
    OrderPlaced = 101, "order-placed";
    PriceEdited = 102, "price-edited";
    PaymentCaptured = 111, "payment-captured";
    PaymentMismatched = 112, "payment-mismatched";
    PaymentFailed = 113, "payment-failed";
    ReminderDue = 114, "reminder-due";
    LatePaymentReceived = 115, "late-payment-received";
    OrderReinstated = 116, "order-reinstated";
    PaymentReminded = 117, "payment-reminded";
    OrderCancelled = 121, "order-cancelled";
    HoldPlaced = 131, "hold-placed";
    HoldReleased = 132, "hold-released";
    AddressChangeRequested = 133, "address-change-requested";
    AddressChanged = 134, "address-changed";
    AddressChangeRejected = 135, "address-change-rejected";
    ShipmentConfirmed = 141, "shipment-confirmed";
    TrackingUpdated = 142, "tracking-updated";
    Delivered = 143, "delivered";
    DeliveryDue = 144, "delivery-due";
    CardsAssigned = 145, "cards-assigned";
    CardsRevealed = 146, "cards-revealed";
    TopUpSucceeded = 147, "top-up-succeeded";
    TopUpFailed = 148, "top-up-failed";
    OrderCompleted = 151, "order-completed";
    ObservationStarted = 152, "observation-started";
    OrderClosed = 153, "order-closed";
    RefundRequested = 161, "refund-requested";
    RefundApproved = 162, "refund-approved";
    RefundRejected = 163, "refund-rejected";
    RefundSettled = 164, "refund-settled";
    RefundFailed = 165, "refund-failed";
    NoteAdded = 171, "note-added";
    TagAdded = 172, "tag-added";
    OrderRated = 173, "order-rated";
    DisputeOpened = 174, "dispute-opened";
    EvidenceAdded = 175, "evidence-added";
    DisputeResolved = 176, "dispute-resolved";
    RestockRequested = 181, "restock-requested";
    OrderRestocked = 182, "order-restocked";
    DeadlineBreached = 183, "deadline-breached";
    PaymentClaimed = 201, "payment-claimed";
    CardClaimed = 202, "card-claimed";
    StockReceived = 301, "stock-received";
    StockCounted = 302, "stock-counted";
    StockCorrected = 303, "stock-corrected";
    StockMarkSet = 304, "stock-mark-set";
    CardsImported = 305, "cards-imported";
    StockReserved = 311, "stock-reserved";
    StockReleased = 312, "stock-released";
    StockTaken = 313, "stock-taken";
    StockReturned = 314, "stock-returned";
    CardsDrawn = 315, "cards-drawn";
}

/// What all events of a stream are about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    Merchant,
    Token,
    Order,
    Claim,
    /// What people do to the stock of a SKU.
    Sku,
    /// What orders do to it.
    Account,
}

impl Kind {
    pub fn tag(self) -> u16 {
        self as u16
    }

    /// What its streams are about.
    pub fn subject(self) -> Subject {
        match self {
            Kind::MerchantRegistered | Kind::PolicySet | Kind::AlertRaised | Kind::AlertCleared => Subject::Merchant,
            Kind::TokenIssued | Kind::TokenRevoked => Subject::Token,
            Kind::PaymentClaimed | Kind::CardClaimed => Subject::Claim,
            Kind::StockReceived
            | Kind::StockCounted
            | Kind::StockCorrected
            | Kind::StockMarkSet
            | Kind::CardsImported => Subject::Sku,
            Kind::StockReserved | Kind::StockReleased | Kind::StockTaken | Kind::StockReturned | Kind::CardsDrawn => {
                Subject::Account
            }
            Kind::OrderPlaced
            | Kind::PriceEdited
            | Kind::PaymentCaptured
            | Kind::PaymentMismatched
            | Kind::PaymentFailed
            | Kind::ReminderDue
            | Kind::LatePaymentReceived
            | Kind::OrderReinstated
            | Kind::OrderCancelled
            | Kind::HoldPlaced
            | Kind::HoldReleased
            | Kind::ShipmentConfirmed
            | Kind::TrackingUpdated
            | Kind::Delivered
            | Kind::OrderCompleted
            | Kind::ObservationStarted
            | Kind::RefundRequested
            | Kind::RefundApproved
            | Kind::RefundRejected
            | Kind::RefundSettled
            | Kind::RefundFailed
            | Kind::NoteAdded
            | Kind::TagAdded
            | Kind::OrderRated
            | Kind::RestockRequested
            | Kind::OrderRestocked
            | Kind::PaymentReminded
            | Kind::AddressChangeRequested
            | Kind::AddressChanged
            | Kind::AddressChangeRejected
            | Kind::DeliveryDue
            | Kind::CardsAssigned
            | Kind::CardsRevealed
            | Kind::TopUpSucceeded
            | Kind::TopUpFailed
            | Kind::OrderClosed
            | Kind::DisputeOpened
            | Kind::EvidenceAdded
            | Kind::DisputeResolved
            | Kind::DeadlineBreached => Subject::Order,
        }
    }

    /// An event of this kind tells its stream's whole state: those before it need not be read.
    pub fn carries_state(self) -> bool {
        self.subject() == Subject::Account
    }

    pub fn from_tag(tag: u16) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.tag() == tag)
    }

    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.name() == name)
    }
}

impl Event {
    /// What orders have of a SKU after this event of its account.
    #[expect(clippy::wildcard_enum_match_arm, reason = "all others carry no balance")]
    pub fn balance(&self) -> Option<Balance> {
        match self {
            Event::StockReserved(e) => Some(e.balance),
            Event::StockReleased(e) => Some(e.balance),
            Event::StockTaken(e) => Some(e.balance),
            Event::StockReturned(e) => Some(e.balance),
            Event::CardsDrawn(e) => Some(e.balance),
            _ => None,
        }
    }
}

/// An event that a decision wants appended to a stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewEvent {
    pub stream: StreamId,
    pub reason: Option<ReasonCode>,
    pub event: Event,
}

/// An event as the ledger holds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recorded {
    pub position: Position,
    pub stream: StreamId,
    pub revision: Revision,
    /// The schema version that it was stored with.
    pub version: u16,
    /// The last position of the commit that this event is part of: the command's receipt.
    pub commit_end: Position,
    pub command_id: CommandId,
    pub actor: Actor,
    pub origin: Origin,
    pub reason: Option<ReasonCode>,
    /// The event that caused this one, for what automation does.
    pub causation: Option<Position>,
    /// What belongs together across streams, such as the orders of one bulk job.
    pub correlation: Option<uuid::Uuid>,
    /// The engine's clock: never runs backwards.
    pub recorded_at: Timestamp,
    /// When it happened in the world.
    pub occurred_at: Timestamp,
    pub event: Event,
}

impl<T> Line<T> {
    /// In minor units; none when it overflows.
    pub fn total_minor(&self) -> Option<i64> {
        self.unit_minor.checked_mul(i64::from(self.quantity))
    }
}

impl ShipDue {
    pub fn is_empty(self) -> bool {
        self.virtual_by.is_none() && self.collect_by.is_none()
    }

    /// Later by so many microseconds.
    pub fn moved_by(self, micros: i64) -> Self {
        let moved = |due: Option<Timestamp>| due.map(|at| at.plus_micros(micros));
        Self { virtual_by: moved(self.virtual_by), collect_by: moved(self.collect_by) }
    }
}

impl OrderPlaced {
    pub fn buyer(&self) -> Slot {
        self.account.slot
    }
}

/// The root of the tree that a merchant with these ancestors stands in.
pub fn tree_root<'a>(ancestors: &'a [MerchantId], merchant: &'a MerchantId) -> &'a MerchantId {
    ancestors.first().unwrap_or(merchant)
}
