//! How long each clock runs. These are the platform's defaults; a merchant's own policy will replace them per event,
//! which is why a due time stands in the event that starts the clock and is never computed again.

use crate::event::{RefundDue, ShipDue};
use crate::time::{DAY_MICROS, HOUR_MICROS, MINUTE_MICROS, Timestamp};

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
    };

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
