//! What happened. An event is a fact: it is never altered, and folding it never fails.

use crate::command::Origin;
use crate::ids::{Actor, CommandId, MerchantId, OrderNumber, Position, Revision, Role, Sku, StreamId, Tag};
use crate::money::Currency;
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
    OrderCancelled = 121, "order-cancelled";
    HoldPlaced = 131, "hold-placed";
    HoldReleased = 132, "hold-released";
    ShipmentConfirmed = 141, "shipment-confirmed";
    TrackingUpdated = 142, "tracking-updated";
    Delivered = 143, "delivered";
    OrderCompleted = 151, "order-completed";
    ObservationStarted = 152, "observation-started";
    RefundRequested = 161, "refund-requested";
    RefundApproved = 162, "refund-approved";
    RefundRejected = 163, "refund-rejected";
    RefundSettled = 164, "refund-settled";
    RefundFailed = 165, "refund-failed";
    NoteAdded = 171, "note-added";
    TagAdded = 172, "tag-added";
    OrderRated = 173, "order-rated";
    RestockRequested = 181, "restock-requested";
    OrderRestocked = 182, "order-restocked";
    PaymentClaimed = 201, "payment-claimed";
    StockReceived = 301, "stock-received";
    StockCounted = 302, "stock-counted";
    StockCorrected = 303, "stock-corrected";
    StockMarkSet = 304, "stock-mark-set";
    StockReserved = 311, "stock-reserved";
    StockReleased = 312, "stock-released";
    StockTaken = 313, "stock-taken";
    StockReturned = 314, "stock-returned";
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
            Kind::MerchantRegistered => Subject::Merchant,
            Kind::TokenIssued | Kind::TokenRevoked => Subject::Token,
            Kind::PaymentClaimed => Subject::Claim,
            Kind::StockReceived | Kind::StockCounted | Kind::StockCorrected | Kind::StockMarkSet => Subject::Sku,
            Kind::StockReserved | Kind::StockReleased | Kind::StockTaken | Kind::StockReturned => Subject::Account,
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
            | Kind::OrderRestocked => Subject::Order,
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
