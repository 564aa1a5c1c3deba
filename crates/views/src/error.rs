//! Why a fold stops.

use daybook_domain::{Position, Revision, StreamId};
use thiserror::Error;

/// What a view cannot fold. The view stops there and is rebuilt from the log; if that fails at the same event, the
/// log holds something that this version does not understand.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum FoldError {
    #[error("order {order} has an event before it was placed; rebuild the view")]
    OrderUnknown { order: StreamId },
    #[error("order {order} is placed a second time; rebuild the view")]
    OrderTwice { order: StreamId },
    #[error("order {order} goes from revision {from} to {to}, events are missing; rebuild the view")]
    RevisionGap { order: StreamId, from: Revision, to: Revision },
    #[error("the view holds as many {what} as it can number; split the ledger")]
    Full { what: &'static str },
    #[error("an event takes more from what an order has paid than it adds")]
    AmountNegative,
    #[error("its checkpoint could not be used; it is being rebuilt or must be")]
    NoCheckpoint,
    #[error("nobody received, counted or marked the SKU of stream {sku} before")]
    SkuUnknown { sku: StreamId },
    #[error("a merchant was moved or closed before it was registered, that of stream {stream}; rebuild the view")]
    MerchantUnknown { stream: StreamId },
    #[error("token {token} ends before it was issued; rebuild the view")]
    TokenUnknown { token: StreamId },
    #[error("job {job} has an event before it was opened; rebuild the view")]
    JobUnknown { job: StreamId },
    #[error("{why}")]
    NoEvent { why: String },
    #[error("an event counts an order more or less than once")]
    OddCount,
    #[error("what the view kept of its orders cannot be read back; rebuild the view")]
    Unsettled,
    #[error("an index does not hold row {row} where it must stand; rebuild the view")]
    IndexBroken { row: u32 },
}

/// A view that folds no further.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("view {view} stopped at position {at}: {error}")]
pub struct Stopped {
    pub view: &'static str,
    /// The event that it could not fold.
    pub at: Position,
    pub error: FoldError,
}
