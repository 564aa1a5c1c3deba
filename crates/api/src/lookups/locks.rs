//! How often a code can be tried for an order's number.

use std::sync::{Mutex, MutexGuard, PoisonError};

use daybook_domain::{MerchantId, OrderNumber, Timestamp};
use hashbrown::HashMap;

/// Wrong codes after which a number is locked …
const MAX_WRONG: u8 = 5;
/// … and for how long; as long after the last one they are forgotten.
const LOCKED_MICROS: i64 = 15 * 60 * 1_000_000;
/// Numbers that are tried at the same time. A lock that runs is never forgotten to make room for another.
const MAX_KNOWN: usize = 100_000;

/// What is tried: a merchant's number, or without one that of all merchants together.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Key {
    merchant: Option<MerchantId>,
    /// Upper and lower case are locked together, though they are other orders.
    number: Box<str>,
}

impl Key {
    pub(super) fn new(merchant: Option<&MerchantId>, number: &OrderNumber) -> Self {
        Self { merchant: merchant.cloned(), number: number.as_str().to_lowercase().into() }
    }
}

struct Tries {
    /// Those that are under way count as wrong until they are right: so many at once are no more than one after another.
    wrong: u8,
    until: Timestamp,
}

/// Whether a code can be tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Trying {
    Now,
    /// From then on.
    Later(Timestamp),
    /// Too many numbers are tried.
    NoRoom,
}

#[derive(Default)]
pub(super) struct Locks(Mutex<HashMap<Key, Tries>>);

impl Locks {
    fn known(&self) -> MutexGuard<'_, HashMap<Key, Tries>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts a try as wrong, unless it is told otherwise.
    pub(super) fn begin(&self, key: &Key, now: Timestamp) -> Trying {
        let mut known = self.known();
        if known.len() >= MAX_KNOWN && !known.contains_key(key) {
            known.retain(|_, tries| now < tries.until);
            if known.len() >= MAX_KNOWN {
                return Trying::NoRoom;
            }
        }
        let until = now.plus_micros(LOCKED_MICROS);
        let tries = known.entry(key.clone()).or_insert(Tries { wrong: 0, until });
        if now >= tries.until {
            tries.wrong = 0;
        } else if tries.wrong >= MAX_WRONG {
            return Trying::Later(tries.until);
        }
        *tries = Tries { wrong: tries.wrong + 1, until };
        Trying::Now
    }

    /// It was right.
    pub(super) fn forget(&self, key: &Key) {
        self.known().remove(key);
    }

    /// It was neither right nor wrong.
    pub(super) fn undo(&self, key: &Key) {
        if let Some(tries) = self.known().get_mut(key) {
            tries.wrong = tries.wrong.saturating_sub(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: i64 = 60 * 1_000_000;

    fn key(merchant: Option<&str>, number: &str) -> Key {
        let merchant = merchant.map(|id| MerchantId::new(id).unwrap());
        Key::new(merchant.as_ref(), &OrderNumber::new(number).unwrap())
    }

    #[test]
    fn five_wrong_codes_lock_a_number_for_a_quarter_of_an_hour() {
        let (locks, one) = (Locks::default(), key(Some("m1"), "N-1"));
        for second in 0..5 {
            assert_eq!(locks.begin(&one, Timestamp(second * 1_000_000)), Trying::Now);
        }
        let until = Timestamp(4_000_000 + 15 * MINUTE);
        assert_eq!(locks.begin(&key(Some("m1"), "n-1"), Timestamp(5_000_000)), Trying::Later(until));
        assert_eq!(locks.begin(&one, Timestamp(until.0 - 1)), Trying::Later(until), "asking does not make it longer");
        for other in [key(None, "N-1"), key(Some("m2"), "N-1"), key(Some("m1"), "N-2")] {
            assert_eq!(locks.begin(&other, Timestamp(5_000_000)), Trying::Now);
        }
        for _ in 0..5 {
            assert_eq!(locks.begin(&one, until), Trying::Now, "it begins anew");
        }
        assert_eq!(locks.begin(&one, until), Trying::Later(until.plus_micros(15 * MINUTE)));
    }

    #[test]
    fn a_right_code_and_a_fault_count_as_none() {
        let (locks, one) = (Locks::default(), key(None, "N-1"));
        for _ in 0..20 {
            for _ in 0..4 {
                assert_eq!(locks.begin(&one, Timestamp(0)), Trying::Now);
            }
            assert_eq!(locks.begin(&one, Timestamp(0)), Trying::Now);
            locks.forget(&one);
        }
        for _ in 0..20 {
            assert_eq!(locks.begin(&one, Timestamp(0)), Trying::Now);
            locks.undo(&one);
        }
    }

    #[test]
    fn no_lock_that_runs_is_forgotten_to_make_room() {
        let locks = Locks::default();
        let locked = key(None, "locked");
        while locks.begin(&locked, Timestamp(0)) == Trying::Now {}
        for number in 1..MAX_KNOWN {
            assert_eq!(locks.begin(&key(None, &format!("N-{number}")), Timestamp(1)), Trying::Now);
        }
        assert_eq!(locks.begin(&key(None, "one-more"), Timestamp(2)), Trying::NoRoom);
        assert_eq!(locks.begin(&locked, Timestamp(2)), Trying::Later(Timestamp(15 * MINUTE)));
        assert_eq!(locks.begin(&key(None, "N-1"), Timestamp(2)), Trying::Now, "those that are known go on");
        assert_eq!(locks.begin(&key(None, "one-more"), Timestamp(1 + 15 * MINUTE)), Trying::Now);
    }
}
