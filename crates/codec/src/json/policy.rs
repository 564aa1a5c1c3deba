//! A merchant's policy and what it is warned of.

use daybook_domain::Sku;
use daybook_domain::event::{Alert, AlertCleared, AlertRaised, PolicySet};
use daybook_domain::policy::Terms;

use super::text::{Opener, Sealer};
use super::{JsonError, JsonForm};
use crate::shape::shapes;
use crate::values::{Called, One, Time};

shapes! {
    /// The merchant's policy: what is left out stays as it was. Without dates for good, else for that time.
    struct PolicySetJson {
        pay_within_seconds: Option<u32>,
        remind_after_seconds: Option<u32>,
        ship_virtual_within_seconds: Option<u32>,
        collect_physical_within_seconds: Option<u32>,
        answer_refund_within_seconds: Option<u32>,
        escalate_refund_after_seconds: Option<u32>,
        pay_refund_within_seconds: Option<u32>,
        observe_for_seconds: Option<u32>,
        /// Paid cards are delivered without a person.
        auto_deliver: Option<bool>,
        /// Unless somebody wants to look at each order first.
        manual_review: Option<bool>,
        /// Warn above this refund rate.
        warn_refund_rate_millionths: Option<u32>,
        /// Warn below this conversion.
        warn_conversion_millionths: Option<u32>,
        /// Warn when an exception is older.
        warn_queue_age_seconds: Option<u32>,
        valid_from: Option<Time>,
        /// Not included.
        valid_to: Option<Time>,
    }
}

impl From<&PolicySet> for PolicySetJson {
    fn from(set: &PolicySet) -> Self {
        let terms = &set.terms;
        Self {
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
            warn_refund_rate_millionths: terms.warn_refund_rate,
            warn_conversion_millionths: terms.warn_conversion,
            warn_queue_age_seconds: terms.warn_queue_age,
            valid_from: set.valid_from.map(Time),
            valid_to: set.valid_to.map(Time),
        }
    }
}

impl<'a> JsonForm<'a> for PolicySetJson {
    type Event = PolicySet;

    fn from_event(event: &'a PolicySet, _: &mut Opener<'_>) -> Self {
        event.into()
    }

    fn into_event(self, _: &mut Sealer<'_>) -> Result<PolicySet, JsonError> {
        let terms = Terms {
            pay_within: self.pay_within_seconds,
            remind_after: self.remind_after_seconds,
            ship_virtual_within: self.ship_virtual_within_seconds,
            collect_physical_within: self.collect_physical_within_seconds,
            answer_refund_within: self.answer_refund_within_seconds,
            escalate_refund_after: self.escalate_refund_after_seconds,
            pay_refund_within: self.pay_refund_within_seconds,
            observe_for: self.observe_for_seconds,
            auto_deliver: self.auto_deliver,
            manual_review: self.manual_review,
            warn_refund_rate: self.warn_refund_rate_millionths,
            warn_conversion: self.warn_conversion_millionths,
            warn_queue_age: self.warn_queue_age_seconds,
        };
        Ok(PolicySet { terms, valid_from: self.valid_from.map(|at| at.0), valid_to: self.valid_to.map(|at| at.0) })
    }
}

shapes! {
    /// A threshold of the merchant's policy was crossed. Measured in millionths, seconds or pieces.
    struct AlertRaisedJson<'a> {
        alert: One<Alert>,
        /// Of which stock is low.
        sku: Option<Called<'a, Sku>>,
        measured: i64,
        threshold: i64,
    }

    /// What was measured is on the good side again.
    struct AlertClearedJson<'a> {
        alert: One<Alert>,
        sku: Option<Called<'a, Sku>>,
        measured: i64,
    }
}

impl<'a> JsonForm<'a> for AlertRaisedJson<'a> {
    type Event = AlertRaised;

    fn from_event(event: &'a AlertRaised, _: &mut Opener<'_>) -> Self {
        Self {
            alert: One(event.alert),
            sku: event.sku.as_ref().map(Called::new),
            measured: event.measured,
            threshold: event.threshold,
        }
    }

    fn into_event(self, _: &mut Sealer<'_>) -> Result<AlertRaised, JsonError> {
        Ok(AlertRaised {
            alert: self.alert.0,
            sku: self.sku.map(Called::into_name),
            measured: self.measured,
            threshold: self.threshold,
        })
    }
}

impl<'a> JsonForm<'a> for AlertClearedJson<'a> {
    type Event = AlertCleared;

    fn from_event(event: &'a AlertCleared, _: &mut Opener<'_>) -> Self {
        Self { alert: One(event.alert), sku: event.sku.as_ref().map(Called::new), measured: event.measured }
    }

    fn into_event(self, _: &mut Sealer<'_>) -> Result<AlertCleared, JsonError> {
        Ok(AlertCleared { alert: self.alert.0, sku: self.sku.map(Called::into_name), measured: self.measured })
    }
}
