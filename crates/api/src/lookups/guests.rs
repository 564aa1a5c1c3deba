//! Credentials of look-ups. They are in memory alone: a server that starts again knows none.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use daybook_domain::{MerchantId, StreamId, Timestamp};
use hashbrown::HashMap;

/// At the same time; some hundred bytes each.
const MAX_GUESTS: usize = 100_000;
/// Of one order: with another one the oldest ends.
const MAX_OF_ONE: usize = 10;

/// Somebody who looked an order up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Guest {
    pub(crate) merchant: MerchantId,
    pub(crate) order: StreamId,
    pub(crate) ends: Timestamp,
}

impl Guest {
    /// Where a token of `daybook token create` has `dbk_`.
    pub(crate) const PREFIX: &str = "dbb_";
}

#[derive(Default)]
pub(crate) struct Guests(Mutex<Known>);

#[derive(Default)]
struct Known {
    by_hash: HashMap<[u8; 32], Guest>,
    /// The oldest first.
    of_order: HashMap<StreamId, VecDeque<[u8; 32]>>,
}

impl Guests {
    fn known(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// False: there are too many.
    pub(crate) fn add(&self, secret_sha256: [u8; 32], guest: Guest, now: Timestamp) -> bool {
        let mut known = self.known();
        if known.by_hash.len() >= MAX_GUESTS {
            known.let_go(now);
            if known.by_hash.len() >= MAX_GUESTS {
                return false;
            }
        }
        let hashes = known.of_order.entry(guest.order).or_default();
        hashes.push_back(secret_sha256);
        let oldest = if hashes.len() > MAX_OF_ONE { hashes.pop_front() } else { None };
        if let Some(oldest) = oldest {
            known.by_hash.remove(&oldest);
        }
        known.by_hash.insert(secret_sha256, guest);
        true
    }

    /// Whose it is, whether it is still good or not; none that were never there.
    pub(crate) fn get(&self, secret_sha256: &[u8; 32]) -> Option<Guest> {
        self.known().by_hash.get(secret_sha256).cloned()
    }
}

impl Known {
    /// Of what is not good any more.
    fn let_go(&mut self, now: Timestamp) {
        self.by_hash.retain(|_, guest| now < guest.ends);
        let by_hash = &self.by_hash;
        self.of_order.retain(|_, hashes| {
            hashes.retain(|hash| by_hash.contains_key(hash));
            !hashes.is_empty()
        });
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn guest(order: u128, ends: i64) -> Guest {
        let order = StreamId(Uuid::from_u128(order));
        Guest { merchant: MerchantId::new("m1").unwrap(), order, ends: Timestamp(ends) }
    }

    fn hash(number: usize) -> [u8; 32] {
        let mut hash = [0; 32];
        hash[..8].copy_from_slice(&number.to_be_bytes());
        hash
    }

    #[test]
    fn one_order_has_so_many_and_the_oldest_ends_first() {
        let guests = Guests::default();
        for number in 0..=MAX_OF_ONE {
            assert!(guests.add(hash(number), guest(1, 100), Timestamp(0)));
        }
        assert!(guests.add(hash(99), guest(2, 100), Timestamp(0)));
        assert_eq!(guests.get(&hash(0)), None);
        assert_eq!(guests.get(&hash(1)), Some(guest(1, 100)));
        assert_eq!(guests.get(&hash(99)), Some(guest(2, 100)));
    }

    #[test]
    fn none_that_is_good_makes_room() {
        let guests = Guests::default();
        for number in 0..MAX_GUESTS {
            assert!(guests.add(hash(number), guest(number as u128, 100), Timestamp(0)));
        }
        assert!(!guests.add(hash(MAX_GUESTS), guest(0, 100), Timestamp(99)));
        assert!(guests.add(hash(MAX_GUESTS), guest(0, 200), Timestamp(100)), "they have ended");
        assert_eq!(guests.known().by_hash.len(), 1);
        assert_eq!(guests.known().of_order.len(), 1);
    }
}
