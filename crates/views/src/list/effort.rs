//! What one query may cost. Counted in steps of some nanoseconds: a test of a row, or a part of opening a list.

use std::cell::Cell;

use super::branch::Branch;
use super::test::Test;
use crate::query::QueryError;

/// What is left of the steps that a query may take.
#[derive(Debug)]
pub(crate) struct Effort {
    left: Cell<u64>,
}

/// The query would cost more than it may.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TooMuch;

impl From<TooMuch> for QueryError {
    fn from(_: TooMuch) -> Self {
        QueryError::TooMuchWork
    }
}

impl Effort {
    pub(crate) fn new(steps: u64) -> Self {
        Self { left: Cell::new(steps) }
    }

    #[inline]
    pub(crate) fn spend(&self, steps: usize) -> Result<(), TooMuch> {
        let left = self.left.get().checked_sub(steps as u64).ok_or(TooMuch)?;
        self.left.set(left);
        Ok(())
    }

    /// Refuses early what would be refused half-way.
    pub(crate) fn foresee(&self, rows: usize, steps_a_row: usize) -> Result<(), TooMuch> {
        let steps = (rows as u64).saturating_mul(steps_a_row as u64);
        if steps > self.left.get() { Err(TooMuch) } else { Ok(()) }
    }
}

/// Steps that looking at one row takes.
pub(crate) fn steps_a_row(branch: &Branch<'_>) -> usize {
    1 + branch.iter().map(|test| steps(test)).sum::<usize>()
}

fn steps(test: &Test) -> usize {
    match test {
        Test::Class(_) | Test::Time { .. } | Test::Amount { .. } => 1,
        Test::Rows(_) | Test::Buyers(_) | Test::DueBefore(_) => 2,
        Test::Merchants(set) => 2 + 4 * usize::from(set.subtree),
        // The order is unpacked.
        Test::Skus(_) => 8,
        Test::Marks(tags) => 8 * tags.len(),
        Test::And(tests) | Test::Or(tests) => tests.iter().map(steps).sum(),
    }
}
