//! A merchant's policy, and what it is warned of.

use async_graphql::SimpleObject;
use daybook_domain::event::PolicySet;
use daybook_domain::time::SECOND_MICROS;
use daybook_domain::{MerchantId, StreamId, policy};

use super::enums;
use super::error::ApiError;
use super::merchant;
use super::scalar::{DateTime, Decimal};
use crate::http::Services;

/// How long each clock runs, what is done without a person, and what is warned of.
#[derive(Clone, Debug, SimpleObject)]
pub(crate) struct Policy {
    pay_within_seconds: i64,
    /// Never reached, if it is longer than `payWithinSeconds`.
    remind_after_seconds: i64,
    ship_virtual_within_seconds: i64,
    collect_physical_within_seconds: i64,
    answer_refund_within_seconds: i64,
    escalate_refund_after_seconds: i64,
    pay_refund_within_seconds: i64,
    observe_for_seconds: i64,
    auto_deliver: bool,
    manual_review: bool,
    /// Null: never.
    warn_refund_rate: Option<Decimal>,
    /// Null: never.
    warn_conversion: Option<Decimal>,
    /// Null: never.
    warn_queue_age_seconds: Option<i64>,
}

impl From<policy::Policy> for Policy {
    fn from(policy: policy::Policy) -> Self {
        let seconds = |micros: i64| micros / SECOND_MICROS;
        let share = |millionths: Option<u32>| millionths.map(|share| Decimal::from_millionths(share.into()));
        Self {
            pay_within_seconds: seconds(policy.pay_within_micros),
            remind_after_seconds: seconds(policy.remind_after_micros),
            ship_virtual_within_seconds: seconds(policy.ship_virtual_within_micros),
            collect_physical_within_seconds: seconds(policy.collect_physical_within_micros),
            answer_refund_within_seconds: seconds(policy.answer_refund_within_micros),
            escalate_refund_after_seconds: seconds(policy.escalate_refund_after_micros),
            pay_refund_within_seconds: seconds(policy.pay_refund_within_micros),
            observe_for_seconds: seconds(policy.observe_for_micros),
            auto_deliver: policy.auto_deliver,
            manual_review: policy.manual_review,
            warn_refund_rate: share(policy.warn_refund_rate),
            warn_conversion: share(policy.warn_conversion),
            warn_queue_age_seconds: policy.warn_queue_age_micros.map(seconds),
        }
    }
}

/// What was set for some time, or from some moment on, over what holds for good; null where it sets nothing.
#[derive(Clone, Debug, SimpleObject)]
pub(crate) struct DatedPolicy {
    /// Null: from when it was set.
    valid_from: Option<DateTime>,
    /// Null: for good.
    valid_to: Option<DateTime>,
    pay_within_seconds: Option<u32>,
    remind_after_seconds: Option<u32>,
    ship_virtual_within_seconds: Option<u32>,
    collect_physical_within_seconds: Option<u32>,
    answer_refund_within_seconds: Option<u32>,
    escalate_refund_after_seconds: Option<u32>,
    pay_refund_within_seconds: Option<u32>,
    observe_for_seconds: Option<u32>,
    auto_deliver: Option<bool>,
    manual_review: Option<bool>,
    /// 1: never.
    warn_refund_rate: Option<Decimal>,
    /// 0: never.
    warn_conversion: Option<Decimal>,
    /// 366 days: never.
    warn_queue_age_seconds: Option<u32>,
}

impl From<&PolicySet> for DatedPolicy {
    fn from(set: &PolicySet) -> Self {
        let terms = &set.terms;
        let share = |millionths: Option<u32>| millionths.map(|share| Decimal::from_millionths(share.into()));
        Self {
            valid_from: set.valid_from.map(DateTime),
            valid_to: set.valid_to.map(DateTime),
            pay_within_seconds: terms.pay_within,
            remind_after_seconds: terms.remind_after,
            ship_virtual_within_seconds: terms.ship_virtual_within,
            collect_physical_within_seconds: terms.collect_physical_within,
            answer_refund_within_seconds: terms.answer_refund_within,
            escalate_refund_after_seconds: terms.escalate_refund_after,
            pay_refund_within_seconds: terms.pay_refund_within,
            observe_for_seconds: terms.observe_for,
            auto_deliver: terms.auto_deliver,
            manual_review: terms.manual_review,
            warn_refund_rate: share(terms.warn_refund_rate),
            warn_conversion: share(terms.warn_conversion),
            warn_queue_age_seconds: terms.warn_queue_age,
        }
    }
}

/// A threshold of the merchant's policy that is crossed.
#[derive(Clone, Debug, SimpleObject)]
pub(crate) struct RaisedAlert {
    kind: enums::AlertKind,
    /// Of which stock is low.
    sku: Option<String>,
}

/// What holds now; none for a merchant that was never registered. Reads the ledger.
pub(crate) fn load(services: &Services, merchant: &MerchantId) -> Result<Option<Policy>, ApiError> {
    let now = services.engine.now();
    Ok(merchant::state(services, StreamId::merchant(merchant))?.map(|merchant| merchant.policy_at(now).into()))
}

/// Reads the ledger.
pub(crate) fn dated(services: &Services, merchant: &MerchantId) -> Result<Vec<DatedPolicy>, ApiError> {
    let now = services.engine.now();
    let merchant = merchant::state(services, StreamId::merchant(merchant))?;
    Ok(merchant.iter().flat_map(|merchant| merchant.policies.dated_from(now)).map(DatedPolicy::from).collect())
}

/// Reads the ledger.
pub(crate) fn alerts(services: &Services, merchant: &MerchantId) -> Result<Vec<RaisedAlert>, ApiError> {
    let raised =
        merchant::state(services, StreamId::merchant(merchant))?.map(|merchant| merchant.alerts).unwrap_or_default();
    let of = |(kind, sku): (daybook_domain::event::Alert, Option<daybook_domain::Sku>)| RaisedAlert {
        kind: kind.into(),
        sku: sku.map(|sku| sku.as_str().to_owned()),
    };
    Ok(raised.into_iter().map(of).collect())
}
