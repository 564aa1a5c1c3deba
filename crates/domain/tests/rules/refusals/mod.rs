//! Every refusal: in which situation which command is refused with which code. One table a subject; the test below says
//! that no code is forgotten.

mod goods;
mod jobs;
mod merchants;
mod money;
mod orders;
mod rest;

use std::collections::BTreeSet;

use daybook_domain::*;

use crate::given::*;

/// In this world the command is refused with this code.
struct Row {
    world: World,
    command: Command<Sealed>,
    /// When it happened, as the caller says.
    occurred_at: Option<Timestamp>,
    code: &'static str,
}

fn row(world: World, command: Command<Sealed>, code: &'static str) -> Row {
    Row { world, command, occurred_at: None, code }
}

impl Row {
    /// Happened so many minutes after the order was placed, says the caller.
    fn told(self, minutes: i64) -> Self {
        Self { occurred_at: Some(at(minutes)), ..self }
    }

    fn check(mut self) -> &'static str {
        match self.world.send_at(&self.command, self.occurred_at) {
            Err(rejection) => {
                assert_eq!(rejection.code(), self.code, "{:?}: {rejection}", self.command);
                assert_eq!(code_of(&rejection), self.code, "the list of codes has another one");
                self.code
            }
            Ok(decision) => panic!("{} was expected of {:?}: {decision:?}", self.code, self.command),
        }
    }
}

/// The match is exhaustive: a new refusal does not compile before it stands in this list.
macro_rules! codes {
    ($($variant:ident = $code:literal,)*) => {
        const CODES: &[&str] = &[$($code,)*];

        fn code_of(rejection: &Rejection) -> &'static str {
            match rejection {
                $(Rejection::$variant { .. } => $code,)*
            }
        }
    };
}

codes! {
    Invalid = "INVALID_INPUT",
    NoLines = "NO_LINES",
    MerchantUnknown = "MERCHANT_UNKNOWN",
    MerchantExists = "MERCHANT_EXISTS",
    TreeTooDeep = "TREE_TOO_DEEP",
    OtherTree = "OTHER_TREE",
    BelowItself = "BELOW_ITSELF",
    NotMoved = "NOT_MOVED",
    MerchantClosed = "MERCHANT_CLOSED",
    MerchantOpen = "MERCHANT_OPEN",
    OrderUnknown = "ORDER_UNKNOWN",
    NumberTaken = "NUMBER_TAKEN",
    RevisionConflict = "REVISION_CONFLICT",
    CommandIdReused = "COMMAND_ID_REUSED",
    CurrencyMismatch = "CURRENCY_MISMATCH",
    AmountNotPositive = "AMOUNT_NOT_POSITIVE",
    TotalNegative = "TOTAL_NEGATIVE",
    TotalZero = "TOTAL_ZERO",
    AmountTooLarge = "AMOUNT_TOO_LARGE",
    TradeNumberUsed = "TRADE_NUMBER_USED",
    OrderCancelled = "ORDER_CANCELLED",
    OrderCompleted = "ORDER_COMPLETED",
    NotUnpaid = "NOT_UNPAID",
    NotPaid = "NOT_PAID",
    AlreadyPaid = "ALREADY_PAID",
    NoDeadline = "NO_DEADLINE",
    DeadlineNotReached = "DEADLINE_NOT_REACHED",
    ClockNotOpen = "CLOCK_NOT_OPEN",
    AlertRaised = "ALERT_RAISED",
    AlertNotRaised = "ALERT_NOT_RAISED",
    OutOfCards = "OUT_OF_CARDS",
    DeliverCards = "DELIVER_CARDS",
    NoCardsToDeliver = "NO_CARDS_TO_DELIVER",
    NoCards = "NO_CARDS",
    CardsKnown = "CARDS_KNOWN",
    NotTopUp = "NOT_TOP_UP",
    NoTopUpLeft = "NO_TOP_UP_LEFT",
    LineAmbiguous = "LINE_AMBIGUOUS",
    ChangePending = "CHANGE_PENDING",
    NoChangePending = "NO_CHANGE_PENDING",
    ReviewerIsRequester = "REVIEWER_IS_REQUESTER",
    DisputeOpen = "DISPUTE_OPEN",
    NoOpenDispute = "NO_OPEN_DISPUTE",
    NoEvidence = "NO_EVIDENCE",
    OnHold = "ON_HOLD",
    AlreadyHeld = "ALREADY_HELD",
    NotShort = "NOT_SHORT",
    NotHeld = "NOT_HELD",
    RefundOpen = "REFUND_OPEN",
    AlreadyShipped = "ALREADY_SHIPPED",
    NothingToShip = "NOTHING_TO_SHIP",
    MoreThanUnshipped = "MORE_THAN_UNSHIPPED",
    LineUnknown = "LINE_UNKNOWN",
    NothingShipped = "NOTHING_SHIPPED",
    ShipmentAmbiguous = "SHIPMENT_AMBIGUOUS",
    ShipmentUnknown = "SHIPMENT_UNKNOWN",
    CheckpointKnown = "CHECKPOINT_KNOWN",
    TrackingBackwards = "TRACKING_BACKWARDS",
    AlreadyDelivered = "ALREADY_DELIVERED",
    TicketUnknown = "TICKET_UNKNOWN",
    TicketAmbiguous = "TICKET_AMBIGUOUS",
    NoOpenTicket = "NO_OPEN_TICKET",
    TicketClosed = "TICKET_CLOSED",
    TicketApproved = "TICKET_APPROVED",
    TicketNotApproved = "TICKET_NOT_APPROVED",
    MustBePaidBack = "MUST_BE_PAID_BACK",
    MoreThanRefundable = "MORE_THAN_REFUNDABLE",
    TagKnown = "TAG_KNOWN",
    NotObserved = "NOT_OBSERVED",
    AlreadyRated = "ALREADY_RATED",
    OutOfStock = "OUT_OF_STOCK",
    TooMany = "TOO_MANY",
    BeforePlacing = "BEFORE_PLACING",
    InTheFuture = "IN_THE_FUTURE",
    OutOfOrder = "OUT_OF_ORDER",
    TokenNeedsMerchant = "TOKEN_NEEDS_MERCHANT",
    TokenNeedsBuyer = "TOKEN_NEEDS_BUYER",
    TokenUnknown = "TOKEN_UNKNOWN",
    TokenExists = "TOKEN_EXISTS",
    TokenRevoked = "TOKEN_REVOKED",
    BuyerUnknown = "BUYER_UNKNOWN",
    OrdersUnfinished = "ORDERS_UNFINISHED",
    BuyerErased = "BUYER_ERASED",
    ExportUnknown = "EXPORT_UNKNOWN",
    JobUnknown = "JOB_UNKNOWN",
    JobEnded = "JOB_ENDED",
    JobNotWaiting = "JOB_NOT_WAITING",
    JobOutOfTurn = "JOB_OUT_OF_TURN",
}

/// What `decide` refuses nothing with, and why.
const GIVEN_ELSEWHERE: [(&str, &str); 4] = [
    ("REVISION_CONFLICT", "the engine compares revisions before anything is decided"),
    ("COMMAND_ID_REUSED", "the engine remembers the ids of commands"),
    ("OUT_OF_ORDER", "only a remark on history: what happens now happens after all that is recorded"),
    ("BUYER_ERASED", "the engine has the keys, and knows that one is gone"),
];

#[test]
fn every_code_is_some_rows_outcome() {
    let tables = [goods::rows(), jobs::rows(), merchants::rows(), money::rows(), orders::rows(), rest::rows()];
    let given: BTreeSet<&str> = tables.into_iter().flatten().map(Row::check).collect();
    let left: Vec<&str> = CODES.iter().copied().filter(|code| !given.contains(code)).collect();
    assert_eq!(left, GIVEN_ELSEWHERE.map(|(code, _)| code), "these codes have no row");
    assert_eq!(CODES.iter().collect::<BTreeSet<_>>().len(), CODES.len(), "two refusals share a code");
}
