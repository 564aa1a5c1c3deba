//! Events of merchants and tokens.

use super::Alert;
use crate::ids::{MerchantId, Role, Sku};
use crate::policy::Terms;
use crate::sealed::Slot;
use crate::time::Timestamp;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MerchantRegistered {
    pub id: MerchantId,
    pub name: Box<str>,
    /// Root first, the parent last; empty for a tree's root.
    pub ancestors: Vec<MerchantId>,
}

/// It stands below another one of its tree from now on, and what stands below it came along. Orders keep the place that
/// they were placed at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MerchantMoved {
    pub parent: MerchantId,
}

/// It takes no more orders, and no merchant joins below it; what it has goes on to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MerchantClosed {}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MerchantReopened {}

/// The merchant's policy: what is left out stays as it was. Without dates for good, else for that time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PolicySet {
    pub terms: Terms,
    pub valid_from: Option<Timestamp>,
    /// Not included.
    pub valid_to: Option<Timestamp>,
}

/// The merchant's profile: what is left out stays as it was, and what is empty is no longer its own.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProfileSet {
    /// An IANA name.
    pub time_zone: Option<Box<str>>,
    /// Where buyers pay.
    pub pay_url: Option<Box<str>>,
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
pub struct TokenIssued {
    /// The token's public id, which is also its actor's.
    pub id: uuid::Uuid,
    pub role: Role,
    /// The tenant; none for the platform.
    pub merchant: Option<MerchantId>,
    pub expires_at: Option<Timestamp>,
    pub label: Box<str>,
    /// The one whose orders it shows.
    pub buyer: Option<Slot>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenRevoked {}
