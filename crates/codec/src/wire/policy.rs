//! A merchant's policy and what it is warned of.

use daybook_domain::event::{Alert, AlertCleared, AlertRaised, PolicySet};
use daybook_domain::policy::Terms;
use daybook_domain::{Sku, Timestamp};
use serde::{Deserialize, Serialize};

use super::parts::variant;
use super::{BadField, FromWire, ToWire};

/// Spans in seconds, shares in millionths.
#[derive(Serialize, Deserialize)]
pub(crate) struct PolicySetV1 {
    pay_within: Option<u32>,
    remind_after: Option<u32>,
    ship_virtual_within: Option<u32>,
    collect_physical_within: Option<u32>,
    answer_refund_within: Option<u32>,
    escalate_refund_after: Option<u32>,
    pay_refund_within: Option<u32>,
    observe_for: Option<u32>,
    auto_deliver: Option<bool>,
    manual_review: Option<bool>,
    warn_refund_rate: Option<u32>,
    warn_conversion: Option<u32>,
    warn_queue_age: Option<u32>,
    valid_from: Option<i64>,
    valid_to: Option<i64>,
}

impl ToWire<'_> for PolicySetV1 {
    type Event = PolicySet;

    fn from_event(event: &PolicySet) -> Self {
        let Terms {
            pay_within,
            remind_after,
            ship_virtual_within,
            collect_physical_within,
            answer_refund_within,
            escalate_refund_after,
            pay_refund_within,
            observe_for,
            auto_deliver,
            manual_review,
            warn_refund_rate,
            warn_conversion,
            warn_queue_age,
        } = event.terms;
        Self {
            pay_within,
            remind_after,
            ship_virtual_within,
            collect_physical_within,
            answer_refund_within,
            escalate_refund_after,
            pay_refund_within,
            observe_for,
            auto_deliver,
            manual_review,
            warn_refund_rate,
            warn_conversion,
            warn_queue_age,
            valid_from: event.valid_from.map(|at| at.0),
            valid_to: event.valid_to.map(|at| at.0),
        }
    }
}

impl FromWire<'_> for PolicySetV1 {
    type Event = PolicySet;

    fn into_event(self) -> Result<PolicySet, BadField> {
        let terms = Terms {
            pay_within: self.pay_within,
            remind_after: self.remind_after,
            ship_virtual_within: self.ship_virtual_within,
            collect_physical_within: self.collect_physical_within,
            answer_refund_within: self.answer_refund_within,
            escalate_refund_after: self.escalate_refund_after,
            pay_refund_within: self.pay_refund_within,
            observe_for: self.observe_for,
            auto_deliver: self.auto_deliver,
            manual_review: self.manual_review,
            warn_refund_rate: self.warn_refund_rate,
            warn_conversion: self.warn_conversion,
            warn_queue_age: self.warn_queue_age,
        };
        Ok(PolicySet { terms, valid_from: self.valid_from.map(Timestamp), valid_to: self.valid_to.map(Timestamp) })
    }
}

#[derive(Serialize, Deserialize)]
pub(crate) struct AlertRaisedV1<'a> {
    alert: u8,
    sku: Option<&'a str>,
    measured: i64,
    threshold: i64,
}

impl<'a> ToWire<'a> for AlertRaisedV1<'a> {
    type Event = AlertRaised;

    fn from_event(event: &'a AlertRaised) -> Self {
        Self {
            alert: event.alert as u8,
            sku: event.sku.as_ref().map(Sku::as_str),
            measured: event.measured,
            threshold: event.threshold,
        }
    }
}

impl<'a> FromWire<'a> for AlertRaisedV1<'a> {
    type Event = AlertRaised;

    fn into_event(self) -> Result<AlertRaised, BadField> {
        Ok(AlertRaised {
            alert: variant("alert", self.alert, Alert::VARIANTS, |alert| alert as u8)?,
            sku: self.sku.map(Sku::from_stored),
            measured: self.measured,
            threshold: self.threshold,
        })
    }
}

#[derive(Serialize, Deserialize)]
pub(crate) struct AlertClearedV1<'a> {
    alert: u8,
    sku: Option<&'a str>,
    measured: i64,
}

impl<'a> ToWire<'a> for AlertClearedV1<'a> {
    type Event = AlertCleared;

    fn from_event(event: &'a AlertCleared) -> Self {
        Self { alert: event.alert as u8, sku: event.sku.as_ref().map(Sku::as_str), measured: event.measured }
    }
}

impl<'a> FromWire<'a> for AlertClearedV1<'a> {
    type Event = AlertCleared;

    fn into_event(self) -> Result<AlertCleared, BadField> {
        Ok(AlertCleared {
            alert: variant("alert", self.alert, Alert::VARIANTS, |alert| alert as u8)?,
            sku: self.sku.map(Sku::from_stored),
            measured: self.measured,
        })
    }
}
