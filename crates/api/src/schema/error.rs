//! What goes wrong, in one place: refusals are `userErrors`, everything else a GraphQL error with a stable code.

use async_graphql::{Enum, Error, ErrorExtensionValues, SimpleObject};
use daybook_domain::{Position, Rejection};
use daybook_engine::{ExecuteError, PositionAtError, ReadError};
use daybook_views::Stopped;
use daybook_views::query::QueryError;

use super::code::Code;
use crate::edge::SOON;
use crate::host::Behind;

macro_rules! codes {
    ($($(#[$doc:meta])* $variant:ident = $name:literal),* $(,)?) => {
        /// Why a mutation was refused.
        #[derive(Clone, Copy, Debug, Enum, PartialEq, Eq)]
        pub(crate) enum ErrorCode {
            $($(#[$doc])* #[graphql(name = $name)] $variant,)*
        }

        impl ErrorCode {
    /// As the schema names it.
    pub(crate) fn name(self) -> &'static str {
        Self::ALL.iter().find(|(code, _)| *code == self).map_or("", |(_, name)| *name)
    }

            pub(crate) const ALL: &[(ErrorCode, &str)] = &[$((ErrorCode::$variant, $name),)*];
        }
    };
}

codes! {
    /// A field holds what it may not; `field` says which.
    InvalidInput = "INVALID_INPUT",
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
    /// Several orders bear the number: name the merchant, or use the id.
    NumberAmbiguous = "NUMBER_AMBIGUOUS",
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
    /// Too many exports are under way.
    TooManyExports = "TOO_MANY_EXPORTS",
    JobUnknown = "JOB_UNKNOWN",
    JobEnded = "JOB_ENDED",
    JobNotWaiting = "JOB_NOT_WAITING",
    JobOutOfTurn = "JOB_OUT_OF_TURN",
    /// Too many jobs have not ended yet.
    TooManyJobs = "TOO_MANY_JOBS",
    /// More orders are chosen than a job may have.
    TooManyOrders = "TOO_MANY_ORDERS",
    /// Of a job's row: a fault of the server, or the buyer's data was erased.
    NotCarriedOut = "NOT_CARRIED_OUT",
    /// The command's events are larger than one commit may be: split it.
    CommandTooLarge = "COMMAND_TOO_LARGE",
}

impl ErrorCode {
    fn of(rejection: &Rejection) -> Self {
        Self::from_code(rejection.code())
    }

    /// A test holds that each rejection has its code here.
    pub(crate) fn from_code(code: &str) -> Self {
        Self::ALL.iter().find(|(_, name)| *name == code).map_or(ErrorCode::InvalidInput, |(code, _)| *code)
    }
}

/// Why a mutation was refused: expected, and for the caller to deal with.
#[derive(Clone, Debug, SimpleObject)]
pub(crate) struct UserError {
    /// The path to the field that is at fault, such as `["input", "lines", "0", "quantity"]`.
    pub(crate) field: Vec<String>,
    pub(crate) code: ErrorCode,
    /// For a person; may change.
    pub(crate) message: String,
}

impl UserError {
    pub(crate) fn new(field: Vec<String>, code: ErrorCode, message: impl Into<String>) -> Self {
        Self { field, code, message: message.into() }
    }

    pub(crate) fn of(rejection: &Rejection) -> Self {
        let field = match rejection {
            Rejection::Invalid { field, .. } => field,
            Rejection::NoLines => "lines",
            Rejection::NumberTaken => "number",
            Rejection::RevisionConflict { .. } => "expectedRevision",
            Rejection::CommandIdReused => "commandId",
            Rejection::OrderUnknown => "order",
            Rejection::MerchantExists { .. } => "id",
            Rejection::TradeNumberUsed => "tradeNumber",
            Rejection::ShipmentUnknown { .. } | Rejection::ShipmentAmbiguous => "shipment",
            Rejection::TicketUnknown { .. } | Rejection::TicketAmbiguous => "ticket",
            Rejection::CheckpointKnown => "checkpoint",
            Rejection::TagKnown => "tag",
            Rejection::TokenUnknown | Rejection::TokenRevoked => "token",
            Rejection::BuyerUnknown => "buyer",
            Rejection::OrdersUnfinished { .. } => "evenOpen",
            Rejection::TokenNeedsMerchant { .. } => "merchant",
            Rejection::ExportUnknown | Rejection::JobUnknown | Rejection::JobEnded | Rejection::JobNotWaiting => "id",
            Rejection::BeforePlacing | Rejection::InTheFuture => "occurredAt",
            _ => "",
        };
        let path = std::iter::once("input").chain(field.split('.').filter(|part| !part.is_empty()));
        Self::new(path.map(str::to_owned).collect(), ErrorCode::of(rejection), rejection.to_string())
    }
}

/// What is answered as a GraphQL error. It has no `Display` on purpose: only [`ApiError::message`] leaves the process.
#[derive(Debug)]
pub(crate) enum ApiError {
    /// What was asked for makes no sense, and why.
    Invalid(String),
    NumberAmbiguous,
    Forbidden(&'static str),
    Unauthenticated(&'static str),
    View(Stopped),
    Behind(Behind),
    /// The query would look at too many orders; the text says what to narrow.
    TooMuchWork(String),
    TimedOut,
    Busy,
    /// Contacts up to `wanted` are not read yet.
    Reading {
        at: Position,
        wanted: Position,
    },
    /// The views of this position are not folded yet.
    Folding {
        position: Position,
    },
    /// The token, or its merchant, has its share of moments that wait to be folded.
    ManyMoments,
    Full,
    Stopped,
    /// Logged in full, shown as a number.
    Internal(Box<dyn std::error::Error + Send + Sync>),
}

impl ApiError {
    /// The stable code in `extensions.code`.
    pub(crate) fn code(&self) -> Code {
        match self {
            ApiError::Invalid(_) => Code::InvalidArgument,
            ApiError::NumberAmbiguous => Code::NumberAmbiguous,
            ApiError::Forbidden(_) => Code::Forbidden,
            ApiError::Unauthenticated(_) => Code::Unauthenticated,
            ApiError::View(_) => Code::ViewStopped,
            ApiError::Behind(_) => Code::ViewBehind,
            ApiError::TooMuchWork(_) => Code::TooMuchWork,
            ApiError::TimedOut => Code::TimedOut,
            ApiError::Busy | ApiError::Reading { .. } | ApiError::Folding { .. } | ApiError::ManyMoments => Code::Busy,
            ApiError::Full => Code::DiskFull,
            ApiError::Stopped => Code::Unavailable,
            ApiError::Internal(_) => Code::Internal,
        }
    }

    pub(crate) fn message(&self) -> String {
        match self {
            ApiError::Invalid(why) | ApiError::TooMuchWork(why) => why.clone(),
            ApiError::NumberAmbiguous => {
                "several orders bear this number: name the merchant, or use the order's id".into()
            }
            ApiError::Forbidden(why) | ApiError::Unauthenticated(why) => (*why).into(),
            ApiError::View(stopped) => {
                format!("the view {} stopped at position {}; others go on", stopped.view, stopped.at)
            }
            ApiError::Behind(behind) => behind.to_string(),
            ApiError::TimedOut => "this took more than ten seconds; ask for less at once".into(),
            ApiError::Busy => "too many others are waiting; try again in a moment".into(),
            ApiError::Reading { at, wanted } => format!(
                "telephones cannot be asked for yet: contacts are read up to position {at} of {wanted}; ask again in a moment"
            ),
            ApiError::Folding { position } => {
                format!("position {position} is still being folded; ask for the same again in a moment")
            }
            ApiError::ManyMoments => {
                "your token, or its merchant, asked for several moments that are still being folded; ask again in a moment".into()
            }
            ApiError::Full => "the disk is full: nothing was written".into(),
            ApiError::Stopped => "no commands are taken at the moment".into(),
            ApiError::Internal(error) => masked(error.as_ref()),
        }
    }
}

/// Logs what must not be shown; returns what may be.
pub(crate) fn masked(error: &(dyn std::error::Error + 'static)) -> String {
    use std::sync::atomic::{AtomicU64, Ordering};
    static NEXT: AtomicU64 = AtomicU64::new(1);
    let id = NEXT.fetch_add(1, Ordering::Relaxed);
    tracing::error!(id, error, "a request failed");
    format!("internal error {id}; the server's log says more")
}

impl From<ApiError> for Error {
    fn from(error: ApiError) -> Self {
        let mut extensions = ErrorExtensionValues::default();
        extensions.set("code", error.code().name());
        if error.code() == Code::Busy {
            extensions.set("retryAfter", SOON.0);
        }
        Error { message: error.message(), source: None, extensions: Some(extensions) }
    }
}

impl From<ReadError> for ApiError {
    fn from(error: ReadError) -> Self {
        ApiError::Internal(Box::new(error))
    }
}

impl From<PositionAtError> for ApiError {
    fn from(error: PositionAtError) -> Self {
        match error {
            PositionAtError::Read(error) => error.into(),
            PositionAtError::Late => ApiError::Busy,
        }
    }
}

impl From<Stopped> for ApiError {
    fn from(stopped: Stopped) -> Self {
        ApiError::View(stopped)
    }
}

impl From<Behind> for ApiError {
    fn from(behind: Behind) -> Self {
        ApiError::Behind(behind)
    }
}

impl From<QueryError> for ApiError {
    fn from(error: QueryError) -> Self {
        match error {
            QueryError::TooMuchWork => ApiError::TooMuchWork(error.to_string()),
            QueryError::CursorOfOtherSort
            | QueryError::CursorUnknown
            | QueryError::RangeTooLong { .. }
            | QueryError::AmountsTooLarge => ApiError::Invalid(error.to_string()),
        }
    }
}

/// A command that was not carried out: refused, or failed.
pub(crate) fn refused(error: ExecuteError) -> Result<UserError, ApiError> {
    match error {
        ExecuteError::Rejected(rejection) => Ok(UserError::of(&rejection)),
        error @ ExecuteError::TooLarge { .. } => {
            Ok(UserError::new(vec!["input".into()], ErrorCode::CommandTooLarge, error.to_string()))
        }
        ExecuteError::Busy | ExecuteError::ErasedMeanwhile => Err(ApiError::Busy),
        ExecuteError::Full => Err(ApiError::Full),
        error @ (ExecuteError::Stopped { .. } | ExecuteError::ClockBehind(_)) => {
            tracing::error!(%error, "a command met a writer that takes none");
            Err(ApiError::Stopped)
        }
        error @ (ExecuteError::Read(_) | ExecuteError::Seal(_) | ExecuteError::Fenced) => {
            Err(ApiError::Internal(Box::new(error)))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rejection_has_its_code() {
        let source = include_str!("../../../domain/src/rejection.rs");
        let codes: Vec<&str> = source
            .lines()
            .filter_map(|line| line.trim().strip_prefix("Rejection::")?.split_once("=> \"")?.1.strip_suffix("\","))
            .collect();
        assert!(codes.len() > 50, "{codes:?}");
        for code in codes {
            assert!(ErrorCode::ALL.iter().any(|(_, name)| *name == code), "{code} is missing");
        }
    }

    /// The codes in the first column of the table below a heading of docs/api.md, in its order.
    fn documented(heading: &str) -> Vec<&'static str> {
        let page = include_str!("../../../../docs/api.md");
        let (_, rest) = page.split_once(heading).expect("the heading");
        let section = rest.split("\n## ").next().unwrap();
        section.lines().filter_map(|line| Some(line.strip_prefix("| `")?.split_once("` |")?.0)).collect()
    }

    #[test]
    fn the_documentation_lists_every_code_and_no_other() {
        let codes: Vec<&str> = ErrorCode::ALL.iter().map(|(_, name)| *name).collect();
        assert_eq!(documented("\n## How mutations answer\n"), codes);
        let codes: Vec<&str> = Code::ALL.iter().map(|code| code.name()).collect();
        assert_eq!(documented("\n## GraphQL errors\n"), codes);
    }
}
