//! Why a command was refused. Nothing is written.

use thiserror::Error;

use crate::event::Clock;
use crate::ids::{MerchantId, Revision, Role, Sku};
use crate::money::{Currency, Money};
use crate::order::{Fulfilment, Payment};
use crate::time::Timestamp;

/// Roughly from "this can never be" to "not now": `decide` checks in the order of the command's own file, so the same
/// wrong command always gets the same answer.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Rejection {
    #[error("{field} {problem}")]
    Invalid { field: &'static str, problem: String },
    #[error("the order has no lines")]
    NoLines,
    #[error("there is no merchant {id}")]
    MerchantUnknown { id: MerchantId },
    #[error("merchant {id} is registered already")]
    MerchantExists { id: MerchantId },
    #[error("a merchant may have at most {max} merchants above it")]
    TreeTooDeep { max: usize },
    #[error("a merchant stays within its tree, and a tree's root where it is")]
    OtherTree,
    #[error("a merchant cannot stand below itself")]
    BelowItself,
    #[error("the merchant stands there already")]
    NotMoved,
    #[error("merchant {id} is closed")]
    MerchantClosed { id: MerchantId },
    #[error("the merchant is not closed")]
    MerchantOpen,
    #[error("there is no such order")]
    OrderUnknown,
    #[error("this merchant has an order with that number already")]
    NumberTaken,
    #[error("the stream is at revision {actual}, not at the expected one; read it again and decide anew")]
    RevisionConflict { actual: Revision },
    #[error("this command id was used before, for another command")]
    CommandIdReused,
    #[error("the order is in {expected}, the amount in {given}")]
    CurrencyMismatch { expected: Currency, given: Currency },
    #[error("the amount must be more than zero")]
    AmountNotPositive,
    #[error("the sum would be below zero")]
    TotalNegative,
    #[error("the sum would be zero; cancel the order instead")]
    TotalZero,
    #[error("an amount is larger than Daybook keeps")]
    AmountTooLarge,
    #[error("this trade number was recorded before, for another order or amount")]
    TradeNumberUsed,
    #[error("the order is cancelled")]
    OrderCancelled,
    #[error("the order is completed")]
    OrderCompleted,
    #[error("the order is not unpaid any more")]
    NotUnpaid { payment: Payment },
    #[error("the order is not paid")]
    NotPaid { payment: Payment },
    #[error("the order is fully paid")]
    AlreadyPaid,
    #[error("the order carries no payment deadline")]
    NoDeadline,
    #[error("the deadline has not passed yet")]
    DeadlineNotReached { due_at: Timestamp },
    #[error("the clock {} does not run", clock.name())]
    ClockNotOpen { clock: Clock },
    #[error("the merchant is warned of this already")]
    AlertRaised,
    #[error("the merchant is not warned of this")]
    AlertNotRaised,
    #[error("there are too few cards of {sku}: {left} are left")]
    OutOfCards { sku: Sku, left: u64 },
    #[error("line {line} is of cards that were imported: deliver them instead")]
    DeliverCards { line: u16 },
    #[error("no cards are left to deliver")]
    NoCardsToDeliver,
    #[error("no cards were delivered")]
    NoCards,
    #[error("all of these cards were imported before")]
    CardsKnown,
    #[error("line {line} is no top-up")]
    NotTopUp { line: u16 },
    #[error("no top-up is left to complete")]
    NoTopUpLeft,
    #[error("name the line: several top-ups are left")]
    LineAmbiguous,
    #[error("a change of address or account waits for a decision")]
    ChangePending,
    #[error("no change of address or account waits for a decision")]
    NoChangePending,
    #[error("whoever asked for the change cannot decide on it")]
    ReviewerIsRequester,
    #[error("a dispute is open")]
    DisputeOpen,
    #[error("no dispute is open")]
    NoOpenDispute,
    #[error("the order never had a dispute, so no evidence either")]
    NoEvidence,
    #[error("the order is on hold")]
    OnHold,
    #[error("this hold is placed already")]
    AlreadyHeld,
    #[error("the stock has more of these goods; count it first if they are not there")]
    NotShort,
    #[error("there is no such hold")]
    NotHeld,
    #[error("a refund ticket is open")]
    RefundOpen,
    #[error("goods were shipped already")]
    AlreadyShipped { fulfilment: Fulfilment },
    #[error("nothing is left to ship")]
    NothingToShip,
    #[error("line {line} has {unshipped} units that are not shipped")]
    MoreThanUnshipped { line: u16, unshipped: u32 },
    #[error("the order has no line {line}")]
    LineUnknown { line: u16 },
    #[error("no shipment was confirmed yet")]
    NothingShipped,
    #[error("name the shipment: the order has several")]
    ShipmentAmbiguous,
    #[error("the order has no shipment {shipment}")]
    ShipmentUnknown { shipment: u16 },
    #[error("this checkpoint was recorded already")]
    CheckpointKnown,
    #[error("the parcel was seen at a later stage or time already")]
    TrackingBackwards,
    #[error("everything was delivered already")]
    AlreadyDelivered,
    #[error("the order has no refund ticket {ticket}")]
    TicketUnknown { ticket: u16 },
    #[error("name the ticket: several are open")]
    TicketAmbiguous,
    #[error("no refund ticket is open")]
    NoOpenTicket,
    #[error("the ticket is closed")]
    TicketClosed,
    #[error("the ticket was approved already")]
    TicketApproved,
    #[error("the ticket is not approved yet")]
    TicketNotApproved,
    #[error("no goods stand against this money: it can only be paid back")]
    MustBePaidBack,
    #[error("at most {left} can be refunded")]
    MoreThanRefundable { left: Money },
    #[error("the order has this tag already")]
    TagKnown,
    #[error("the order can be rated, and disputed, only within its observation time")]
    NotObserved,
    #[error("the order was rated already")]
    AlreadyRated,
    #[error("there is too little of {sku}: {free} are free")]
    OutOfStock { sku: Sku, free: i64 },
    #[error("the order cannot hold any more of this")]
    TooMany,
    #[error("this command happened earlier than the order was placed")]
    BeforePlacing,
    #[error("this happened in the future: more than five minutes after now")]
    InTheFuture,
    #[error("it happened before what is recorded of the order already")]
    OutOfOrder,
    #[error("a token of role {role} belongs to a merchant")]
    TokenNeedsMerchant { role: RoleName },
    #[error("a token of the role buyer belongs to a buyer, and no other token does")]
    TokenNeedsBuyer,
    #[error("there is no such token")]
    TokenUnknown,
    #[error("the token exists already")]
    TokenExists,
    #[error("the token is revoked already")]
    TokenRevoked,
    #[error("no buyer with this account is known there: nobody ordered with it, or they were erased already")]
    BuyerUnknown,
    #[error("{orders} of the buyer's orders are not finished: finish them first, or say that they are erased even so")]
    OrdersUnfinished { orders: u32 },
    #[error("the buyer of the order was erased: nothing is written about them any more; leave the text out")]
    BuyerErased,
    #[error("there is no such export")]
    ExportUnknown,
    #[error("there is no such job")]
    JobUnknown,
    #[error("the job has ended already")]
    JobEnded,
    #[error("the job does not wait to be started")]
    JobNotWaiting,
    #[error("the job is not at this step")]
    JobOutOfTurn,
}

/// A role as it is written in messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RoleName(pub Role);

impl std::fmt::Display for RoleName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.0.name())
    }
}

impl Rejection {
    /// The stable code in the API, the import's report and the documentation.
    pub fn code(&self) -> &'static str {
        match self {
            Rejection::Invalid { .. } => "INVALID_INPUT",
            Rejection::ClockNotOpen { .. } => "CLOCK_NOT_OPEN",
            Rejection::AlertRaised => "ALERT_RAISED",
            Rejection::AlertNotRaised => "ALERT_NOT_RAISED",
            Rejection::OutOfCards { .. } => "OUT_OF_CARDS",
            Rejection::DeliverCards { .. } => "DELIVER_CARDS",
            Rejection::NoCardsToDeliver => "NO_CARDS_TO_DELIVER",
            Rejection::NoCards => "NO_CARDS",
            Rejection::CardsKnown => "CARDS_KNOWN",
            Rejection::NotTopUp { .. } => "NOT_TOP_UP",
            Rejection::NoTopUpLeft => "NO_TOP_UP_LEFT",
            Rejection::LineAmbiguous => "LINE_AMBIGUOUS",
            Rejection::ChangePending => "CHANGE_PENDING",
            Rejection::NoChangePending => "NO_CHANGE_PENDING",
            Rejection::ReviewerIsRequester => "REVIEWER_IS_REQUESTER",
            Rejection::DisputeOpen => "DISPUTE_OPEN",
            Rejection::NoOpenDispute => "NO_OPEN_DISPUTE",
            Rejection::NoEvidence => "NO_EVIDENCE",
            Rejection::NoLines => "NO_LINES",
            Rejection::MerchantUnknown { .. } => "MERCHANT_UNKNOWN",
            Rejection::MerchantExists { .. } => "MERCHANT_EXISTS",
            Rejection::TreeTooDeep { .. } => "TREE_TOO_DEEP",
            Rejection::OtherTree => "OTHER_TREE",
            Rejection::BelowItself => "BELOW_ITSELF",
            Rejection::NotMoved => "NOT_MOVED",
            Rejection::MerchantClosed { .. } => "MERCHANT_CLOSED",
            Rejection::MerchantOpen => "MERCHANT_OPEN",
            Rejection::OrderUnknown => "ORDER_UNKNOWN",
            Rejection::NumberTaken => "NUMBER_TAKEN",
            Rejection::RevisionConflict { .. } => "REVISION_CONFLICT",
            Rejection::CommandIdReused => "COMMAND_ID_REUSED",
            Rejection::CurrencyMismatch { .. } => "CURRENCY_MISMATCH",
            Rejection::AmountNotPositive => "AMOUNT_NOT_POSITIVE",
            Rejection::TotalNegative => "TOTAL_NEGATIVE",
            Rejection::TotalZero => "TOTAL_ZERO",
            Rejection::AmountTooLarge => "AMOUNT_TOO_LARGE",
            Rejection::TradeNumberUsed => "TRADE_NUMBER_USED",
            Rejection::OrderCancelled => "ORDER_CANCELLED",
            Rejection::OrderCompleted => "ORDER_COMPLETED",
            Rejection::NotUnpaid { .. } => "NOT_UNPAID",
            Rejection::NotPaid { .. } => "NOT_PAID",
            Rejection::AlreadyPaid => "ALREADY_PAID",
            Rejection::NoDeadline => "NO_DEADLINE",
            Rejection::DeadlineNotReached { .. } => "DEADLINE_NOT_REACHED",
            Rejection::OnHold => "ON_HOLD",
            Rejection::AlreadyHeld => "ALREADY_HELD",
            Rejection::NotShort => "NOT_SHORT",
            Rejection::NotHeld => "NOT_HELD",
            Rejection::RefundOpen => "REFUND_OPEN",
            Rejection::AlreadyShipped { .. } => "ALREADY_SHIPPED",
            Rejection::NothingToShip => "NOTHING_TO_SHIP",
            Rejection::MoreThanUnshipped { .. } => "MORE_THAN_UNSHIPPED",
            Rejection::LineUnknown { .. } => "LINE_UNKNOWN",
            Rejection::NothingShipped => "NOTHING_SHIPPED",
            Rejection::ShipmentAmbiguous => "SHIPMENT_AMBIGUOUS",
            Rejection::ShipmentUnknown { .. } => "SHIPMENT_UNKNOWN",
            Rejection::CheckpointKnown => "CHECKPOINT_KNOWN",
            Rejection::TrackingBackwards => "TRACKING_BACKWARDS",
            Rejection::AlreadyDelivered => "ALREADY_DELIVERED",
            Rejection::TicketUnknown { .. } => "TICKET_UNKNOWN",
            Rejection::TicketAmbiguous => "TICKET_AMBIGUOUS",
            Rejection::NoOpenTicket => "NO_OPEN_TICKET",
            Rejection::TicketClosed => "TICKET_CLOSED",
            Rejection::TicketApproved => "TICKET_APPROVED",
            Rejection::TicketNotApproved => "TICKET_NOT_APPROVED",
            Rejection::MustBePaidBack => "MUST_BE_PAID_BACK",
            Rejection::MoreThanRefundable { .. } => "MORE_THAN_REFUNDABLE",
            Rejection::TagKnown => "TAG_KNOWN",
            Rejection::NotObserved => "NOT_OBSERVED",
            Rejection::AlreadyRated => "ALREADY_RATED",
            Rejection::OutOfStock { .. } => "OUT_OF_STOCK",
            Rejection::TooMany => "TOO_MANY",
            Rejection::BeforePlacing => "BEFORE_PLACING",
            Rejection::InTheFuture => "IN_THE_FUTURE",
            Rejection::OutOfOrder => "OUT_OF_ORDER",
            Rejection::TokenNeedsMerchant { .. } => "TOKEN_NEEDS_MERCHANT",
            Rejection::TokenNeedsBuyer => "TOKEN_NEEDS_BUYER",
            Rejection::TokenUnknown => "TOKEN_UNKNOWN",
            Rejection::TokenExists => "TOKEN_EXISTS",
            Rejection::TokenRevoked => "TOKEN_REVOKED",
            Rejection::BuyerUnknown => "BUYER_UNKNOWN",
            Rejection::OrdersUnfinished { .. } => "ORDERS_UNFINISHED",
            Rejection::BuyerErased => "BUYER_ERASED",
            Rejection::ExportUnknown => "EXPORT_UNKNOWN",
            Rejection::JobUnknown => "JOB_UNKNOWN",
            Rejection::JobEnded => "JOB_ENDED",
            Rejection::JobNotWaiting => "JOB_NOT_WAITING",
            Rejection::JobOutOfTurn => "JOB_OUT_OF_TURN",
        }
    }
}
