//! The names of the small enumerations, one spelling for JSON, GraphQL, histories and reports.

use crate::command::Origin;
use crate::event::{AdjustmentKind, Alert, Clock, Hold, Outcome, RefundKind, SkuKind, TrackingStatus};
use crate::export::{ExportFormat, ExportKind};
use crate::job::{CancelCause, ErrorPolicy, JobKind, JobState};
use crate::order::{AfterSales, Fulfilment, Lifecycle, Payment};
use crate::stock::Booking;

macro_rules! names {
    ($($type:ident { $($variant:ident = $name:literal),* $(,)? })*) => {$(
        impl $type {
            pub const VARIANTS: &[$type] = &[$($type::$variant),*];

            pub fn name(self) -> &'static str {
                match self {
                    $($type::$variant => $name,)*
                }
            }

            pub fn from_name(name: &str) -> Option<Self> {
                match name {
                    $($name => Some($type::$variant),)*
                    _ => None,
                }
            }
        }
    )*};
}

names! {
    Origin { Live = "LIVE", Import = "IMPORT", System = "SYSTEM" }
    SkuKind { Card = "CARD", TopUp = "TOP_UP", Physical = "PHYSICAL" }
    AdjustmentKind {
        Discount = "DISCOUNT", Freight = "FREIGHT", Fee = "FEE", Tax = "TAX", Correction = "CORRECTION",
    }
    Hold { Stock = "STOCK", Address = "ADDRESS", Payment = "PAYMENT", Risk = "RISK" }
    Clock {
        Pay = "PAY", Remind = "REMIND", ShipVirtual = "SHIP_VIRTUAL", Collect = "COLLECT",
        AnswerRefund = "ANSWER_REFUND", EscalateRefund = "ESCALATE_REFUND", PayRefund = "PAY_REFUND",
        Observe = "OBSERVE", Deliver = "DELIVER",
    }
    Alert {
        RefundRate = "REFUND_RATE", Conversion = "CONVERSION", QueueAge = "QUEUE_AGE", LowStock = "LOW_STOCK",
    }
    Outcome { Buyer = "BUYER", Merchant = "MERCHANT" }
    RefundKind { Goods = "GOODS", Excess = "EXCESS", Late = "LATE" }
    TrackingStatus {
        Collected = "COLLECTED", InTransit = "IN_TRANSIT", OutForDelivery = "OUT_FOR_DELIVERY", Delivered = "DELIVERED",
    }
    JobKind {
        Ship = "SHIP", DeliverCards = "DELIVER_CARDS", RecordTracking = "RECORD_TRACKING", Cancel = "CANCEL",
        AddNote = "ADD_NOTE", AddTag = "ADD_TAG", EditPrice = "EDIT_PRICE", ApproveRefunds = "APPROVE_REFUNDS",
        SettleRefunds = "SETTLE_REFUNDS",
    }
    ErrorPolicy { RejectAll = "REJECT_ALL", SkipRefused = "SKIP_REFUSED" }
    CancelCause {
        Asked = "ASKED", TokenRevoked = "TOKEN_REVOKED", Refusal = "REFUSAL", Incomplete = "INCOMPLETE",
    }
    ExportKind { Orders = "ORDERS", Events = "EVENTS" }
    ExportFormat { Xlsx = "XLSX", Csv = "CSV", Jsonl = "JSONL" }
    JobState {
        Opening = "OPENING", Previewing = "PREVIEWING", Waiting = "WAITING", Checking = "CHECKING",
        Running = "RUNNING", Done = "DONE", Refused = "REFUSED", Cancelled = "CANCELLED",
    }
    Booking {
        None = "NONE", Reserved = "RESERVED", Taken = "TAKEN", Waiting = "WAITING", Released = "RELEASED",
    }
    Lifecycle { Placed = "PLACED", Cancelled = "CANCELLED", Completed = "COMPLETED", Closed = "CLOSED" }
    Payment {
        Unpaid = "UNPAID", Partial = "PARTIAL", Paid = "PAID", Overpaid = "OVERPAID",
        PartlyRefunded = "PARTLY_REFUNDED", Refunded = "REFUNDED",
    }
    Fulfilment { None = "NONE", Partial = "PARTIAL", Shipped = "SHIPPED", Delivered = "DELIVERED" }
    AfterSales { None = "NONE", Observing = "OBSERVING", RefundOpen = "REFUND_OPEN", Disputed = "DISPUTED" }
}
