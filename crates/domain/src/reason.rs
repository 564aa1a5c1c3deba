//! Why something was done: a stable code in the envelope, and if wanted a (sealed) text beside it.

/// The numbers are stored: never reuse one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u16)]
pub enum ReasonCode {
    Other = 1,
    BuyerRequest = 2,
    MerchantRequest = 3,
    OutOfStock = 4,
    PriceError = 5,
    Negotiated = 6,
    Promotion = 7,
    WrongItem = 8,
    Damaged = 9,
    NotAsDescribed = 10,
    NotReceived = 11,
    Duplicate = 12,
    Fraud = 13,
    Goodwill = 14,
    Timeout = 15,
    Overpaid = 16,
    LatePayment = 17,
    WrongCurrency = 18,
    OrderCancelled = 19,
    FullyRefunded = 20,
    NotRefundable = 21,
    Imported = 22,
    PaymentFailed = 23,
    WrongAccount = 24,
    AddressChange = 25,
    DisputeLost = 26,
}

impl ReasonCode {
    pub const ALL: [ReasonCode; 26] = [
        ReasonCode::Other,
        ReasonCode::BuyerRequest,
        ReasonCode::MerchantRequest,
        ReasonCode::OutOfStock,
        ReasonCode::PriceError,
        ReasonCode::Negotiated,
        ReasonCode::Promotion,
        ReasonCode::WrongItem,
        ReasonCode::Damaged,
        ReasonCode::NotAsDescribed,
        ReasonCode::NotReceived,
        ReasonCode::Duplicate,
        ReasonCode::Fraud,
        ReasonCode::Goodwill,
        ReasonCode::Timeout,
        ReasonCode::Overpaid,
        ReasonCode::LatePayment,
        ReasonCode::WrongCurrency,
        ReasonCode::OrderCancelled,
        ReasonCode::FullyRefunded,
        ReasonCode::NotRefundable,
        ReasonCode::Imported,
        ReasonCode::PaymentFailed,
        ReasonCode::WrongAccount,
        ReasonCode::AddressChange,
        ReasonCode::DisputeLost,
    ];

    pub fn code(self) -> u16 {
        self as u16
    }

    pub fn from_code(code: u16) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.code() == code)
    }

    /// The name in JSON, GraphQL and histories.
    pub fn name(self) -> &'static str {
        match self {
            ReasonCode::Other => "OTHER",
            ReasonCode::BuyerRequest => "BUYER_REQUEST",
            ReasonCode::MerchantRequest => "MERCHANT_REQUEST",
            ReasonCode::OutOfStock => "OUT_OF_STOCK",
            ReasonCode::PriceError => "PRICE_ERROR",
            ReasonCode::Negotiated => "NEGOTIATED",
            ReasonCode::Promotion => "PROMOTION",
            ReasonCode::WrongItem => "WRONG_ITEM",
            ReasonCode::Damaged => "DAMAGED",
            ReasonCode::NotAsDescribed => "NOT_AS_DESCRIBED",
            ReasonCode::NotReceived => "NOT_RECEIVED",
            ReasonCode::Duplicate => "DUPLICATE",
            ReasonCode::Fraud => "FRAUD",
            ReasonCode::Goodwill => "GOODWILL",
            ReasonCode::Timeout => "TIMEOUT",
            ReasonCode::Overpaid => "OVERPAID",
            ReasonCode::LatePayment => "LATE_PAYMENT",
            ReasonCode::WrongCurrency => "WRONG_CURRENCY",
            ReasonCode::OrderCancelled => "ORDER_CANCELLED",
            ReasonCode::FullyRefunded => "FULLY_REFUNDED",
            ReasonCode::NotRefundable => "NOT_REFUNDABLE",
            ReasonCode::Imported => "IMPORTED",
            ReasonCode::PaymentFailed => "PAYMENT_FAILED",
            ReasonCode::WrongAccount => "WRONG_ACCOUNT",
            ReasonCode::AddressChange => "ADDRESS_CHANGE",
            ReasonCode::DisputeLost => "DISPUTE_LOST",
        }
    }

    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.name() == name)
    }
}

/// A reason as a command brings it. `T` is a text about people: plain at the edge, sealed further in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason<T> {
    pub code: ReasonCode,
    pub text: Option<T>,
}
