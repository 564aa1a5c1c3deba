//! The axes of an order: separate from each other, and each folded from events.

use crate::event::Hold;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Lifecycle {
    Placed,
    Cancelled,
    Completed,
    Closed,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Payment {
    Unpaid,
    Partial,
    Paid,
    Overpaid,
    PartlyRefunded,
    Refunded,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Fulfilment {
    None,
    Partial,
    Shipped,
    Delivered,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AfterSales {
    None,
    Observing,
    RefundOpen,
    Disputed,
}

/// A set of [`Hold`]s.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Holds(u8);

impl Holds {
    fn bit(hold: Hold) -> u8 {
        1 << (hold as u8)
    }

    pub fn contains(self, hold: Hold) -> bool {
        self.0 & Self::bit(hold) != 0
    }

    pub fn insert(&mut self, hold: Hold) {
        self.0 |= Self::bit(hold);
    }

    pub fn remove(&mut self, hold: Hold) {
        self.0 &= !Self::bit(hold);
    }

    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    pub fn iter(self) -> impl Iterator<Item = Hold> {
        Hold::VARIANTS.iter().copied().filter(move |&hold| self.contains(hold))
    }

    /// One bit a hold, for compact views.
    pub fn bits(self) -> u8 {
        self.0
    }

    pub fn from_bits(bits: u8) -> Self {
        Self(bits)
    }
}

/// The separate axes of an order; its label is a function of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Axes {
    pub lifecycle: Lifecycle,
    pub payment: Payment,
    pub fulfilment: Fulfilment,
    pub after_sales: AfterSales,
    pub holds: Holds,
}
