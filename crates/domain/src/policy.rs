//! How long each clock runs, what is done without a person, and what is warned of. The platform's defaults, what a
//! merchant says for good over them, and what it says for some time over that.
//!
//! A policy is asked when a clock starts: the due time stands in that event, and a policy that changes moves none.

use crate::event::{PolicySet, RefundDue, ShipDue};
use crate::limits::MAX_SPAN_SECONDS;
use crate::time::{DAY_MICROS, HOUR_MICROS, MINUTE_MICROS, SECOND_MICROS, Timestamp};

/// Spans in microseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    pub pay_within_micros: i64,
    pub remind_after_micros: i64,
    pub ship_virtual_within_micros: i64,
    pub collect_physical_within_micros: i64,
    pub answer_refund_within_micros: i64,
    pub escalate_refund_after_micros: i64,
    pub pay_refund_within_micros: i64,
    pub observe_for_micros: i64,
    /// Paid cards are delivered without a person …
    pub auto_deliver: bool,
    /// … unless somebody wants to look at each order first.
    pub manual_review: bool,
    /// Warn above this refund rate, in millionths.
    pub warn_refund_rate: Option<u32>,
    /// Warn below this conversion, in millionths.
    pub warn_conversion: Option<u32>,
    /// Warn when an exception is older, in microseconds.
    pub warn_queue_age_micros: Option<i64>,
}

/// What a merchant says of its policy; the rest stays as it was. Spans in seconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Terms {
    pub pay_within: Option<u32>,
    pub remind_after: Option<u32>,
    pub ship_virtual_within: Option<u32>,
    pub collect_physical_within: Option<u32>,
    pub answer_refund_within: Option<u32>,
    pub escalate_refund_after: Option<u32>,
    pub pay_refund_within: Option<u32>,
    pub observe_for: Option<u32>,
    pub auto_deliver: Option<bool>,
    pub manual_review: Option<bool>,
    /// In millionths.
    pub warn_refund_rate: Option<u32>,
    /// In millionths.
    pub warn_conversion: Option<u32>,
    pub warn_queue_age: Option<u32>,
}

impl Policy {
    pub const DEFAULT: Policy = Policy {
        pay_within_micros: 30 * MINUTE_MICROS,
        remind_after_micros: 10 * MINUTE_MICROS,
        ship_virtual_within_micros: 2 * HOUR_MICROS,
        collect_physical_within_micros: 24 * HOUR_MICROS,
        answer_refund_within_micros: 12 * HOUR_MICROS,
        escalate_refund_after_micros: 24 * HOUR_MICROS,
        pay_refund_within_micros: HOUR_MICROS,
        observe_for_micros: 7 * DAY_MICROS,
        auto_deliver: false,
        manual_review: false,
        warn_refund_rate: None,
        warn_conversion: None,
        warn_queue_age_micros: None,
    };

    /// With what `terms` say in the place of what was.
    pub fn under(self, terms: &Terms) -> Self {
        let micros = |seconds: u32| i64::from(seconds) * SECOND_MICROS;
        let span = |said: Option<u32>, before: i64| said.map_or(before, micros);
        let warn = |said: Option<u32>, before: Option<u32>, never: u32| said.or(before).filter(|share| *share != never);
        Self {
            pay_within_micros: span(terms.pay_within, self.pay_within_micros),
            remind_after_micros: span(terms.remind_after, self.remind_after_micros),
            ship_virtual_within_micros: span(terms.ship_virtual_within, self.ship_virtual_within_micros),
            collect_physical_within_micros: span(terms.collect_physical_within, self.collect_physical_within_micros),
            answer_refund_within_micros: span(terms.answer_refund_within, self.answer_refund_within_micros),
            escalate_refund_after_micros: span(terms.escalate_refund_after, self.escalate_refund_after_micros),
            pay_refund_within_micros: span(terms.pay_refund_within, self.pay_refund_within_micros),
            observe_for_micros: span(terms.observe_for, self.observe_for_micros),
            auto_deliver: terms.auto_deliver.unwrap_or(self.auto_deliver),
            manual_review: terms.manual_review.unwrap_or(self.manual_review),
            warn_refund_rate: warn(terms.warn_refund_rate, self.warn_refund_rate, Terms::NO_REFUND_RATE),
            warn_conversion: warn(terms.warn_conversion, self.warn_conversion, Terms::NO_CONVERSION),
            warn_queue_age_micros: match terms.warn_queue_age {
                Some(Terms::NO_QUEUE_AGE) => None,
                Some(seconds) => Some(micros(seconds)),
                None => self.warn_queue_age_micros,
            },
        }
    }

    /// Whether cards go out without a person.
    pub fn delivers_alone(&self) -> bool {
        self.auto_deliver && !self.manual_review
    }

    /// The shipping clocks that start when an order is paid at `paid_at`.
    pub fn ship_due(&self, paid_at: Timestamp, has_virtual: bool, has_physical: bool) -> ShipDue {
        ShipDue {
            virtual_by: has_virtual.then(|| paid_at.plus_micros(self.ship_virtual_within_micros)),
            collect_by: has_physical.then(|| paid_at.plus_micros(self.collect_physical_within_micros)),
        }
    }

    /// The clocks of a refund ticket opened at `asked_at`.
    pub fn refund_due(&self, asked_at: Timestamp) -> RefundDue {
        RefundDue {
            answer_by: asked_at.plus_micros(self.answer_refund_within_micros),
            escalate_at: asked_at.plus_micros(self.escalate_refund_after_micros),
        }
    }
}

impl Terms {
    /// A warning is switched off by the value that is hardest to cross: what is left out stays as it was.
    pub const NO_REFUND_RATE: u32 = 1_000_000;
    pub const NO_CONVERSION: u32 = 0;
    pub const NO_QUEUE_AGE: u32 = MAX_SPAN_SECONDS;

    /// With what `newer` says in the place of what was said.
    fn and(self, newer: &Terms) -> Self {
        Self {
            pay_within: newer.pay_within.or(self.pay_within),
            remind_after: newer.remind_after.or(self.remind_after),
            ship_virtual_within: newer.ship_virtual_within.or(self.ship_virtual_within),
            collect_physical_within: newer.collect_physical_within.or(self.collect_physical_within),
            answer_refund_within: newer.answer_refund_within.or(self.answer_refund_within),
            escalate_refund_after: newer.escalate_refund_after.or(self.escalate_refund_after),
            pay_refund_within: newer.pay_refund_within.or(self.pay_refund_within),
            observe_for: newer.observe_for.or(self.observe_for),
            auto_deliver: newer.auto_deliver.or(self.auto_deliver),
            manual_review: newer.manual_review.or(self.manual_review),
            warn_refund_rate: newer.warn_refund_rate.or(self.warn_refund_rate),
            warn_conversion: newer.warn_conversion.or(self.warn_conversion),
            warn_queue_age: newer.warn_queue_age.or(self.warn_queue_age),
        }
    }
}

/// What a merchant ever said of its policy, as far as it still matters.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PolicyBook {
    /// For good.
    always: Terms,
    /// For some time each, as they came.
    dated: Vec<PolicySet>,
}

impl PolicyBook {
    /// What holds at this moment: of several for some time the one that was said last.
    pub fn at(&self, now: Timestamp) -> Policy {
        let holds =
            |set: &&PolicySet| set.valid_from.is_none_or(|from| from <= now) && set.valid_to.is_none_or(|to| now < to);
        let always = Policy::DEFAULT.under(&self.always);
        self.dated.iter().filter(holds).fold(always, |policy, set| policy.under(&set.terms))
    }

    /// How many were said for some time, and are not over.
    pub fn dated(&self) -> usize {
        self.dated.len()
    }

    /// Those for some time that are not over, as they came.
    pub fn dated_from(&self, now: Timestamp) -> impl Iterator<Item = &PolicySet> {
        self.dated.iter().filter(move |dated| dated.valid_to.is_none_or(|to| now < to))
    }

    pub(crate) fn set(&mut self, set: &PolicySet, at: Timestamp) {
        self.dated.retain(|dated| dated.valid_to.is_none_or(|to| at < to));
        if set.valid_from.is_none() && set.valid_to.is_none() {
            // What has no end and has begun holds for good: what is said later stands over it.
            let has_begun =
                |dated: &PolicySet| dated.valid_to.is_none() && dated.valid_from.is_none_or(|from| from <= at);
            let begun = self.dated.extract_if(.., |dated| has_begun(dated));
            self.always = begun.fold(self.always, |always, dated| always.and(&dated.terms)).and(&set.terms);
        } else {
            self.dated.push(*set);
        }
    }
}
