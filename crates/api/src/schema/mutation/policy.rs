//! A merchant's policy.

use async_graphql::{ID, InputObject, MaybeUndefined};
use daybook_domain::Command;
use daybook_domain::command::SetPolicy;
use daybook_domain::event::PolicySet;
use daybook_domain::policy::Terms;

use super::form::{Form, input};
use crate::schema::error::ErrorCode;
use crate::schema::scalar::{DateTime, Decimal};

/// What is left out stays as it was. A clock that runs already is not moved. It is of this merchant alone: those below it
/// have policies of their own.
#[derive(Clone, Debug, InputObject)]
pub(crate) struct SetPolicyInput {
    /// A UUID that you choose; the same command sent again returns its first receipt.
    command_id: ID,
    /// The revision that you believe the merchant to be at.
    expected_revision: Option<i32>,
    pub(crate) merchant: String,
    /// How long a buyer has to pay.
    pay_within_seconds: Option<i32>,
    /// After how long the buyer is reminded to pay; never, if this is longer than `payWithinSeconds`.
    remind_after_seconds: Option<i32>,
    /// How long after the payment cards and top-ups must be delivered.
    ship_virtual_within_seconds: Option<i32>,
    /// How long after the payment a carrier must have collected the parcels.
    collect_physical_within_seconds: Option<i32>,
    /// How long a refund may wait for an answer before the merchant is warned.
    answer_refund_within_seconds: Option<i32>,
    /// How long it may wait before it goes to the platform.
    escalate_refund_after_seconds: Option<i32>,
    /// How long after the approval the money must be back.
    pay_refund_within_seconds: Option<i32>,
    /// How long a delivered order is observed before it is closed.
    observe_for_seconds: Option<i32>,
    /// Whether paid cards are delivered without a person …
    auto_deliver: Option<bool>,
    /// … unless somebody wants to look at each order first.
    manual_review: Option<bool>,
    /// Warn above this refund rate, from 0 to 1, such as `"0.05"`; null or 1: never.
    warn_refund_rate: MaybeUndefined<Decimal>,
    /// Warn below this conversion, from 0 to 1; null or 0: never.
    warn_conversion: MaybeUndefined<Decimal>,
    /// Warn when an exception is older; null or 366 days: never.
    warn_queue_age_seconds: MaybeUndefined<i32>,
    /// For some time: from here on …
    valid_from: Option<DateTime>,
    /// … until here, as for a holiday. Without this, for good.
    valid_to: Option<DateTime>,
}

input!(SetPolicyInput, |it, form| {
    let merchant = form.merchant(&it.merchant);
    let noted = form.errors.len();
    let mut span = |name, seconds: Option<i32>| seconds.and_then(|seconds| form.number(name, seconds, 0));
    let mut terms = Terms {
        pay_within: span("payWithinSeconds", it.pay_within_seconds),
        remind_after: span("remindAfterSeconds", it.remind_after_seconds),
        ship_virtual_within: span("shipVirtualWithinSeconds", it.ship_virtual_within_seconds),
        collect_physical_within: span("collectPhysicalWithinSeconds", it.collect_physical_within_seconds),
        answer_refund_within: span("answerRefundWithinSeconds", it.answer_refund_within_seconds),
        escalate_refund_after: span("escalateRefundAfterSeconds", it.escalate_refund_after_seconds),
        pay_refund_within: span("payRefundWithinSeconds", it.pay_refund_within_seconds),
        observe_for: span("observeForSeconds", it.observe_for_seconds),
        warn_queue_age: match it.warn_queue_age_seconds {
            MaybeUndefined::Undefined => None,
            MaybeUndefined::Null => Some(Terms::NO_QUEUE_AGE),
            MaybeUndefined::Value(seconds) => span("warnQueueAgeSeconds", Some(seconds)),
        },
        auto_deliver: it.auto_deliver,
        manual_review: it.manual_review,
        warn_refund_rate: None,
        warn_conversion: None,
    };
    terms.warn_refund_rate = share(form, "warnRefundRate", &it.warn_refund_rate, Terms::NO_REFUND_RATE);
    terms.warn_conversion = share(form, "warnConversion", &it.warn_conversion, Terms::NO_CONVERSION);
    let (Some(merchant), true) = (merchant, form.errors.len() == noted) else { return Ok(None) };
    let set = PolicySet { terms, valid_from: it.valid_from.map(|at| at.0), valid_to: it.valid_to.map(|at| at.0) };
    Ok(Some(Command::SetPolicy(SetPolicy { merchant, set })))
});

fn share(form: &mut Form<'_>, name: &str, text: &MaybeUndefined<Decimal>, never: u32) -> Option<u32> {
    let text = match text {
        MaybeUndefined::Undefined => return None,
        MaybeUndefined::Null => return Some(never),
        MaybeUndefined::Value(text) => text,
    };
    let millionths = text.to_millionths().filter(|millionths| *millionths <= 1_000_000);
    if millionths.is_none() {
        let message = format!("{name} is a share from 0 to 1 with at most six decimals, such as \"0.05\"");
        form.wrong(name, ErrorCode::InvalidInput, message);
    }
    millionths
}
