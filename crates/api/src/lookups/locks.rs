//! How often a code can be tried for an order's number.

use std::hash::{BuildHasher, RandomState};
use std::sync::{Mutex, MutexGuard, PoisonError};

use daybook_domain::{OrderNumber, Timestamp};

/// Tries after which a number is locked …
const MAX_TRIES: usize = 5;
/// … until the first of them is as old as this.
const COUNTED_MICROS: i64 = 15 * 60 * 1_000_000;
/// In all of them a few mebibytes, whoever tries whatever. Numbers that fall into one cell share its tries: that errs on the side
/// of a lock, and takes hundreds of wrong codes a second to happen at all.
const CELLS: usize = 1 << 17;

/// When each of the tries was, in microseconds; zero is none. Zeros cost no memory until there is a try.
type Cell = [i64; MAX_TRIES];

/// Tries by number, whichever merchant is named, or none: else each way of asking would have tries of its own, and whoever
/// compares them would learn whether there is such an order.
pub(super) struct Locks {
    /// Drawn for each process, so that nobody can choose numbers that fall into another's cell.
    hasher: RandomState,
    cells: Mutex<Vec<Cell>>,
}

/// One that was counted.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Try {
    cell: usize,
    at: Timestamp,
}

impl Default for Locks {
    fn default() -> Self {
        Self { hasher: RandomState::new(), cells: Mutex::new(vec![[0; MAX_TRIES]; CELLS]) }
    }
}

impl Locks {
    fn cells(&self) -> MutexGuard<'_, Vec<Cell>> {
        self.cells.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn cell_of(&self, number: &OrderNumber) -> usize {
        usize::try_from(self.hasher.hash_one(number.as_str()) % CELLS as u64).unwrap_or(0)
    }

    /// Counts a try, before it is known whether it is right: so many at once are no more than one after another.
    ///
    /// # Errors
    /// The number is locked until then; nothing is counted.
    pub(super) fn begin(&self, number: &OrderNumber, now: Timestamp) -> Result<Try, Timestamp> {
        let cell = self.cell_of(number);
        let mut cells = self.cells();
        let ends = |at: i64| Timestamp(at).plus_micros(COUNTED_MICROS);
        match cells[cell].iter_mut().find(|at| ends(**at) <= now) {
            Some(room) => {
                *room = now.0;
                Ok(Try { cell, at: now })
            }
            None => Err(cells[cell].iter().copied().map(ends).min().unwrap_or(now)),
        }
    }

    /// It does not count. Those of others, and of the same number before, do.
    pub(super) fn take_back(&self, Try { cell, at }: Try) {
        if let Some(slot) = self.cells()[cell].iter_mut().find(|slot| **slot == at.0) {
            *slot = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: i64 = 1_000_000;
    const NOW: Timestamp = Timestamp(1_700_000_000 * SECOND);

    fn number(text: &str) -> OrderNumber {
        OrderNumber::new(text).unwrap()
    }

    fn after(seconds: i64) -> Timestamp {
        NOW.plus_micros(seconds * SECOND)
    }

    #[test]
    fn five_tries_lock_a_number_until_the_first_is_a_quarter_of_an_hour_old() {
        let (locks, one) = (Locks::default(), number("N-1"));
        for second in 0..5 {
            assert!(locks.begin(&one, after(second)).is_ok());
        }
        for second in [4, 5, 899] {
            assert_eq!(locks.begin(&one, after(second)), Err(after(900)), "asking does not make it longer");
        }
        assert!(locks.begin(&number("N-2"), after(5)).is_ok());
        assert!(locks.begin(&one, after(900)).is_ok());
        assert_eq!(locks.begin(&one, after(900)), Err(after(901)), "each ages on its own");
    }

    #[test]
    fn what_is_taken_back_leaves_those_before_it() {
        let (locks, one) = (Locks::default(), number("N-1"));
        for second in 0..4 {
            assert!(locks.begin(&one, after(second)).is_ok());
        }
        for second in 4..100 {
            let right = locks.begin(&one, after(second)).unwrap();
            locks.take_back(right);
        }
        assert!(locks.begin(&one, after(100)).is_ok());
        assert_eq!(locks.begin(&one, after(100)), Err(after(900)));
    }

    #[test]
    fn a_crowd_of_numbers_neither_forgets_a_lock_nor_locks_others() {
        let (locks, locked) = (Locks::default(), number("locked"));
        while locks.begin(&locked, NOW).is_ok() {}
        let refused = (0..CELLS / 2).filter(|one| locks.begin(&number(&format!("N-{one}")), after(1)).is_err());
        // Some share the cell of the lock, or one with five others.
        assert!(refused.count() < 100);
        assert_eq!(locks.begin(&locked, after(2)), Err(after(900)));
    }
}
