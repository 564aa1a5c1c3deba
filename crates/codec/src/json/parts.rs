//! Parts that several events share.

use daybook_domain::MerchantId;
use daybook_domain::event::{PayDue, RefundDue, ShipDue};

use crate::shape::shapes;
use crate::values::{Called, Time};

shapes! {
    /// When shipping must have happened; absent parts do not apply.
    struct ShipDueJson {
        /// Cards and top-ups must be delivered by then.
        virtual_by: Option<Time>,
        /// Parcels must have been collected by then.
        collect_by: Option<Time>,
    }

    /// The clocks of an unpaid order.
    struct PayDueJson {
        pay_by: Time,
        remind_at: Time,
    }

    /// The clocks of a refund ticket.
    struct RefundDueJson {
        /// Missed: the merchant is warned.
        answer_by: Time,
        /// Missed: the ticket moves to the platform's queue.
        escalate_at: Time,
    }
}

impl From<ShipDue> for ShipDueJson {
    fn from(due: ShipDue) -> Self {
        Self { virtual_by: due.virtual_by.map(Time), collect_by: due.collect_by.map(Time) }
    }
}

impl From<ShipDueJson> for ShipDue {
    fn from(json: ShipDueJson) -> Self {
        Self { virtual_by: json.virtual_by.map(|at| at.0), collect_by: json.collect_by.map(|at| at.0) }
    }
}

impl From<PayDue> for PayDueJson {
    fn from(due: PayDue) -> Self {
        Self { pay_by: Time(due.pay_by), remind_at: Time(due.remind_at) }
    }
}

impl From<PayDueJson> for PayDue {
    fn from(json: PayDueJson) -> Self {
        Self { pay_by: json.pay_by.0, remind_at: json.remind_at.0 }
    }
}

impl From<RefundDue> for RefundDueJson {
    fn from(due: RefundDue) -> Self {
        Self { answer_by: Time(due.answer_by), escalate_at: Time(due.escalate_at) }
    }
}

impl From<RefundDueJson> for RefundDue {
    fn from(json: RefundDueJson) -> Self {
        Self { answer_by: json.answer_by.0, escalate_at: json.escalate_at.0 }
    }
}

pub(crate) fn merchants(ids: &[MerchantId]) -> Vec<Called<'_, MerchantId>> {
    ids.iter().map(Called::new).collect()
}

pub(crate) fn into_merchants(ids: Vec<Called<'_, MerchantId>>) -> Vec<MerchantId> {
    ids.into_iter().map(Called::into_name).collect()
}
