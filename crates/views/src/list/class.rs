//! Orders whose axes are all the same are one class. A label, an axis or a hold is then a set of classes, which makes
//! every filter on them exact without looking at a row.

use daybook_domain::event::Hold;
use daybook_domain::order::{AfterSales, Axes, Fulfilment, Lifecycle, Payment};

/// A class's number: all axes in 13 bits.
pub(crate) type Class = u16;

pub(crate) fn class_of(axes: Axes) -> Class {
    let lifecycle: Class = match axes.lifecycle {
        Lifecycle::Placed => 0,
        Lifecycle::Cancelled => 1,
        Lifecycle::Completed => 2,
        Lifecycle::Closed => 3,
    };
    let payment: Class = match axes.payment {
        Payment::Unpaid => 0,
        Payment::Partial => 1,
        Payment::Paid => 2,
        Payment::Overpaid => 3,
        Payment::PartlyRefunded => 4,
        Payment::Refunded => 5,
    };
    let fulfilment: Class = match axes.fulfilment {
        Fulfilment::None => 0,
        Fulfilment::Partial => 1,
        Fulfilment::Shipped => 2,
        Fulfilment::Delivered => 3,
    };
    let after_sales: Class = match axes.after_sales {
        AfterSales::None => 0,
        AfterSales::Observing => 1,
        AfterSales::RefundOpen => 2,
        AfterSales::Disputed => 3,
    };
    let holds = axes.holds.iter().fold(0, |bits: Class, hold| bits | hold_bit(hold));
    lifecycle | (payment << 2) | (fulfilment << 5) | (after_sales << 7) | (holds << 9)
}

fn hold_bit(hold: Hold) -> Class {
    match hold {
        Hold::Stock => 1,
        Hold::Address => 2,
        Hold::Payment => 4,
        Hold::Risk => 8,
    }
}

/// The classes that were ever seen, each with the axes that it stands for.
#[derive(Debug, Default)]
pub(crate) struct Classes {
    pub(crate) seen: Vec<(Class, Axes)>,
}

impl Classes {
    pub(crate) fn see(&mut self, axes: Axes) -> Class {
        let class = class_of(axes);
        if !self.seen.iter().any(|(seen, _)| *seen == class) {
            self.seen.push((class, axes));
        }
        class
    }
}

/// A set of classes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ClassSet {
    bits: Box<[u64; 128]>,
}

impl ClassSet {
    pub(crate) fn of(classes: impl Iterator<Item = Class>) -> Self {
        let mut bits = Box::new([0; 128]);
        for class in classes {
            bits[usize::from(class >> 6) & 127] |= 1 << (class & 63);
        }
        Self { bits }
    }

    pub(crate) fn contains(&self, class: Class) -> bool {
        self.bits[usize::from(class >> 6) & 127] & (1 << (class & 63)) != 0
    }

    pub(crate) fn and(&mut self, other: &Self) {
        self.bits.iter_mut().zip(other.bits.iter()).for_each(|(mine, theirs)| *mine &= theirs);
    }
}
