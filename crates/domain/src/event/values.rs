//! What several events and commands are made of.

use crate::ids::{MerchantId, Sku};
use crate::time::Timestamp;

/// How a line is delivered. The numbers are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum SkuKind {
    /// 卡密: a secret is delivered.
    Card = 1,
    /// 直充: delivered by hand or adapter from inputs that the buyer typed.
    TopUp = 2,
    Physical = 3,
}

/// One line of an order. `T` is a personal text: plain at the edge, [`crate::Sealed`] in events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line<T> {
    pub sku: Sku,
    pub title: Box<str>,
    pub kind: SkuKind,
    pub quantity: u32,
    /// Per unit, in minor units of the order's currency.
    pub unit_minor: i64,
    /// Whose goods these are, where that is not the order's merchant.
    pub supplier: Option<MerchantId>,
    /// What the buyer typed for a top-up (account, server, …), as a JSON object.
    pub inputs: Option<T>,
}

/// The numbers are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum AdjustmentKind {
    Discount = 1,
    Freight = 2,
    Fee = 3,
    Tax = 4,
    /// Makes an imported order's total what was really paid, where the source's parts do not add up.
    Correction = 5,
}

/// What is added to or taken off the sum of the lines, in minor units of the order's currency.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Adjustment {
    pub kind: AdjustmentKind,
    pub label: Box<str>,
    pub amount_minor: i64,
}

/// Why an order is kept out of the normal queue. The numbers are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Hold {
    Stock = 1,
    Address = 2,
    Payment = 3,
    Risk = 4,
}

impl Hold {
    /// Whether the clock of shipping stands still meanwhile.
    pub fn pauses_shipping(self) -> bool {
        match self {
            Hold::Address | Hold::Payment | Hold::Risk => true,
            Hold::Stock => false,
        }
    }
}

/// What an order's event starts, and another one stops. The numbers are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Clock {
    /// Until an order must be paid: then it expires.
    Pay = 1,
    /// Until an unpaid order's buyer is reminded.
    Remind = 2,
    /// Until cards and top-ups must be delivered.
    ShipVirtual = 3,
    /// Until a carrier must have collected the parcels.
    Collect = 4,
    /// Until a refund must be approved or rejected: then the merchant is warned.
    AnswerRefund = 5,
    /// Until it goes to the platform.
    EscalateRefund = 6,
    /// Until an approved refund must be paid out.
    PayRefund = 7,
    /// Until a delivered order is closed.
    Observe = 8,
    /// Until cards are delivered without a person: at once.
    Deliver = 9,
}

/// What a merchant is warned of. The numbers are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Alert {
    RefundRate = 1,
    Conversion = 2,
    QueueAge = 3,
    LowStock = 4,
}

/// Whom a dispute was decided for. The numbers are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Outcome {
    Buyer = 1,
    Merchant = 2,
}

/// What a refund gives back. The numbers are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum RefundKind {
    /// Money that paid for goods: counts in the refund rate.
    Goods = 1,
    /// What was paid above the order's total.
    Excess = 2,
    /// What came after the order was cancelled.
    Late = 3,
}

/// Where a shipment is; a checkpoint never goes back to an earlier one. The numbers are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum TrackingStatus {
    Collected = 1,
    InTransit = 2,
    OutForDelivery = 3,
    Delivered = 4,
}

/// When shipping must have happened; absent parts do not apply, and an import starts no clocks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ShipDue {
    /// Cards and top-ups must be delivered by then.
    pub virtual_by: Option<Timestamp>,
    /// Parcels must have been collected by then.
    pub collect_by: Option<Timestamp>,
}

/// The clocks of an unpaid order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PayDue {
    pub pay_by: Timestamp,
    pub remind_at: Timestamp,
}

/// The clocks of a refund ticket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RefundDue {
    /// Missed: the merchant is warned.
    pub answer_by: Timestamp,
    /// Missed: the ticket moves to the platform's queue.
    pub escalate_at: Timestamp,
}

/// What the buyer typed for one line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LineInputs<T> {
    /// From 1.
    pub line: u16,
    /// As a JSON object.
    pub inputs: T,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ShippedLine {
    /// From 1.
    pub line: u16,
    pub quantity: u32,
}

/// Cards of one line, by their numbers within the SKU: the oldest that were left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AssignedCards {
    /// From 1.
    pub line: u16,
    /// The first card's number, from 0; the others follow it.
    pub first: u64,
    pub quantity: u32,
}

impl<T> Line<T> {
    /// In minor units; none when it overflows.
    pub fn total_minor(&self) -> Option<i64> {
        self.unit_minor.checked_mul(i64::from(self.quantity))
    }
}

impl ShipDue {
    pub fn is_empty(self) -> bool {
        self.virtual_by.is_none() && self.collect_by.is_none()
    }

    /// Later by so many microseconds.
    pub fn moved_by(self, micros: i64) -> Self {
        let moved = |due: Option<Timestamp>| due.map(|at| at.plus_micros(micros));
        Self { virtual_by: moved(self.virtual_by), collect_by: moved(self.collect_by) }
    }
}
