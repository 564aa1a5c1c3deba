//! What happened. An event is a fact: it is never altered, and folding it never fails.

mod erasure;
mod export;
mod job;
mod merchant;
mod order;
mod stock;
mod values;

use crate::command::Origin;
use crate::ids::{Actor, CommandId, MerchantId, Position, Revision, StreamId};
use crate::reason::ReasonCode;
use crate::stock::Balance;
use crate::time::Timestamp;

pub use erasure::*;
pub use export::*;
pub use job::*;
pub use merchant::*;
pub use order::*;
pub use stock::*;
pub use values::*;

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
    MerchantMoved = 5, "merchant-moved";
    MerchantClosed = 6, "merchant-closed";
    MerchantReopened = 7, "merchant-reopened";
    ProfileSet = 8, "profile-set";
    TokenIssued = 11, "token-issued";
    TokenRevoked = 12, "token-revoked";
    SubjectErased = 21, "subject-erased";
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
    RestCancelled = 122, "rest-cancelled";
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
    EvidenceRead = 177, "evidence-read";
    ContactRevealed = 178, "contact-revealed";
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
    JobOpened = 401, "job-opened";
    JobSelected = 402, "job-selected";
    JobPreviewed = 403, "job-previewed";
    JobStarted = 404, "job-started";
    JobChecked = 405, "job-checked";
    JobAdvanced = 406, "job-advanced";
    JobCancelled = 407, "job-cancelled";
    JobFinished = 408, "job-finished";
    ExportOpened = 501, "export-opened";
    ExportFetched = 502, "export-fetched";
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
    /// One action on many orders.
    Job,
    /// A file that somebody takes out.
    Export,
    /// Somebody who is not known any more.
    Erasure,
}

impl Kind {
    pub fn tag(self) -> u16 {
        self as u16
    }

    /// What its streams are about.
    pub fn subject(self) -> Subject {
        match self {
            Kind::MerchantRegistered
            | Kind::PolicySet
            | Kind::AlertRaised
            | Kind::AlertCleared
            | Kind::MerchantMoved
            | Kind::MerchantClosed
            | Kind::MerchantReopened
            | Kind::ProfileSet => Subject::Merchant,
            Kind::TokenIssued | Kind::TokenRevoked => Subject::Token,
            Kind::PaymentClaimed | Kind::CardClaimed => Subject::Claim,
            Kind::StockReceived
            | Kind::StockCounted
            | Kind::StockCorrected
            | Kind::StockMarkSet
            | Kind::CardsImported => Subject::Sku,
            Kind::JobOpened
            | Kind::JobSelected
            | Kind::JobPreviewed
            | Kind::JobStarted
            | Kind::JobChecked
            | Kind::JobAdvanced
            | Kind::JobCancelled
            | Kind::JobFinished => Subject::Job,
            Kind::ExportOpened | Kind::ExportFetched => Subject::Export,
            Kind::SubjectErased => Subject::Erasure,
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
            | Kind::RestCancelled
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
            | Kind::EvidenceRead
            | Kind::ContactRevealed
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

/// The root of the tree that a merchant with these ancestors stands in.
pub fn tree_root<'a>(ancestors: &'a [MerchantId], merchant: &'a MerchantId) -> &'a MerchantId {
    ancestors.first().unwrap_or(merchant)
}
