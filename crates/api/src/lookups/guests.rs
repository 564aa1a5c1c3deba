//! Credentials of look-ups. They are in memory alone: a server that starts again knows none.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::Hash;
use std::sync::{Mutex, MutexGuard, PoisonError};

use daybook_domain::{MerchantId, StreamId, Timestamp};
use hashbrown::HashMap;

/// How many there are at the same time, some hundred bytes each. With another one the oldest ends: of the order or of the merchant
/// that has all it may have, or else of the merchant that has most.
const BOUNDS: Bounds = Bounds { all: 100_000, of_merchant: 50_000, of_order: 10 };

#[derive(Clone, Copy)]
struct Bounds {
    all: usize,
    of_merchant: usize,
    of_order: usize,
}

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

pub(crate) struct Guests {
    bounds: Bounds,
    known: Mutex<Known>,
}

impl Default for Guests {
    fn default() -> Self {
        Self { bounds: BOUNDS, known: Mutex::default() }
    }
}

/// By the numbers in which they came, the oldest first.
#[derive(Default)]
struct Known {
    next: u64,
    guests: BTreeMap<u64, ([u8; 32], Guest)>,
    by_hash: HashMap<[u8; 32], u64>,
    of_merchant: HashMap<MerchantId, BTreeSet<u64>>,
    of_order: HashMap<StreamId, BTreeSet<u64>>,
}

impl Guests {
    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn add(&self, secret_sha256: [u8; 32], guest: Guest, now: Timestamp) {
        let mut known = self.known();
        while let Some((&oldest, (_, guest))) = known.guests.first_key_value()
            && guest.ends <= now
        {
            known.remove(oldest);
        }
        while let Some(one) = known.in_the_way_of(&guest, self.bounds) {
            known.remove(one);
        }
        let number = known.next;
        known.next += 1;
        known.of_merchant.entry(guest.merchant.clone()).or_default().insert(number);
        known.of_order.entry(guest.order).or_default().insert(number);
        known.by_hash.insert(secret_sha256, number);
        known.guests.insert(number, (secret_sha256, guest));
    }

    /// Whose it is, whether it is still good or not; none that is not there.
    pub(crate) fn get(&self, secret_sha256: &[u8; 32]) -> Option<Guest> {
        let known = self.known();
        let number = known.by_hash.get(secret_sha256)?;
        known.guests.get(number).map(|(_, guest)| guest.clone())
    }

    /// Whoever looked one of these orders up is let in no more: its buyer was erased.
    pub(crate) fn end_of(&self, orders: &[StreamId]) {
        let mut known = self.known();
        for order in orders {
            for number in known.of_order.get(order).cloned().unwrap_or_default() {
                known.remove(number);
            }
        }
    }

    /// It ends before its time.
    pub(crate) fn end(&self, secret_sha256: &[u8; 32]) {
        let mut known = self.known();
        if let Some(&number) = known.by_hash.get(secret_sha256) {
            known.remove(number);
        }
    }
}

impl Known {
    /// Which one has to end before this one comes, if any has.
    fn in_the_way_of(&self, guest: &Guest, bounds: Bounds) -> Option<u64> {
        let oldest = |of: Option<&BTreeSet<u64>>, most| of.filter(|of| of.len() >= most)?.first().copied();
        let of_all = || {
            let largest = || self.of_merchant.values().max_by_key(|of| of.len());
            if self.guests.len() >= bounds.all { oldest(largest(), 1) } else { None }
        };
        oldest(self.of_order.get(&guest.order), bounds.of_order)
            .or_else(|| oldest(self.of_merchant.get(&guest.merchant), bounds.of_merchant))
            .or_else(of_all)
    }

    fn remove(&mut self, number: u64) {
        let Some((hash, guest)) = self.guests.remove(&number) else { return };
        self.by_hash.remove(&hash);
        remove_from(&mut self.of_merchant, &guest.merchant, number);
        remove_from(&mut self.of_order, &guest.order, number);
    }
}

fn remove_from<K: Eq + Hash>(sets: &mut HashMap<K, BTreeSet<u64>>, key: &K, number: u64) {
    let Some(set) = sets.get_mut(key) else { return };
    set.remove(&number);
    if set.is_empty() {
        sets.remove(key);
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn guests(all: usize, of_merchant: usize, of_order: usize) -> Guests {
        Guests { bounds: Bounds { all, of_merchant, of_order }, known: Mutex::default() }
    }

    fn guest(merchant: &str, order: u128, ends: i64) -> Guest {
        let order = StreamId(Uuid::from_u128(order));
        Guest { merchant: MerchantId::new(merchant).unwrap(), order, ends: Timestamp(ends) }
    }

    fn add(guests: &Guests, merchant: &str, order: u128, secret: u8) {
        guests.add([secret; 32], guest(merchant, order, 100), Timestamp(0));
    }

    fn good(guests: &Guests) -> Vec<u8> {
        (0..=u8::MAX).filter(|secret| guests.get(&[*secret; 32]).is_some()).collect()
    }

    #[test]
    fn one_order_has_so_many_and_the_oldest_ends_first() {
        let guests = guests(10, 10, 2);
        for secret in 0..4 {
            add(&guests, "m1", 1, secret);
        }
        add(&guests, "m1", 2, 9);
        assert_eq!(good(&guests), [2, 3, 9]);
        assert_eq!(guests.get(&[9; 32]), Some(guest("m1", 2, 100)));
    }

    #[test]
    fn one_merchant_takes_nobody_elses_places() {
        let guests = guests(6, 4, 10);
        add(&guests, "m2", 100, 0);
        for secret in 1..=10 {
            add(&guests, "m1", secret.into(), secret);
        }
        assert_eq!(good(&guests), [0, 7, 8, 9, 10], "it has four");
        for secret in 11..=13 {
            add(&guests, "m3", secret.into(), secret);
        }
        assert_eq!(good(&guests), [0, 9, 10, 11, 12, 13], "whoever has most makes room");
    }

    #[test]
    fn those_of_an_order_whose_buyer_was_erased_end_and_no_others() {
        let guests = guests(10, 10, 10);
        for (order, secret) in [(1, 1), (1, 2), (2, 3), (3, 4)] {
            add(&guests, "m1", order, secret);
        }
        guests.end_of(&[StreamId(Uuid::from_u128(1)), StreamId(Uuid::from_u128(3)), StreamId(Uuid::from_u128(9))]);
        assert_eq!(good(&guests), [3]);
    }

    #[test]
    fn those_that_have_ended_make_room_first_and_leave_nothing_behind() {
        let guests = guests(3, 3, 10);
        for secret in 0..3 {
            add(&guests, "m1", secret.into(), secret);
        }
        guests.add([3; 32], guest("m2", 3, 200), Timestamp(100));
        assert_eq!(good(&guests), [3]);
        let known = guests.known();
        let sizes = [known.guests.len(), known.by_hash.len(), known.of_merchant.len(), known.of_order.len()];
        assert_eq!(sizes, [1; 4]);
    }
}
