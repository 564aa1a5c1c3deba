//! Token buckets, each of them one number: the time at which it will be full again.

use std::hash::Hash;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use hashbrown::HashMap;
use tokio::time::Instant;

/// Buckets that are not full. When there are as many, those that have filled up are forgotten; if that is not half of
/// them, all are.
const MAX_KNOWN: usize = 16_384;

const NANOS_A_SECOND: u128 = 1_000_000_000;

/// How fast a bucket fills, and how much it holds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pace {
    pub(crate) units_per_second: u64,
    pub(crate) burst_units: u64,
}

impl Pace {
    /// How long so many units take to flow in, in nanoseconds.
    fn nanos(&self, units: u64) -> u64 {
        let nanos = u128::from(units) * NANOS_A_SECOND / u128::from(self.units_per_second.max(1));
        u64::try_from(nanos).unwrap_or(u64::MAX)
    }
}

/// One bucket a key.
pub(crate) struct Buckets<K> {
    pace: Pace,
    begun: Instant,
    /// In nanoseconds since `begun`; a bucket that is not here is full.
    full_at: Mutex<HashMap<K, u64>>,
}

impl<K: Eq + Hash> Buckets<K> {
    pub(crate) fn new(pace: Pace) -> Self {
        Self { pace, begun: Instant::now(), full_at: Mutex::default() }
    }

    /// Takes so many units, a whole bucket at most.
    ///
    /// # Errors
    /// How long it takes until there are as many; then nothing is taken.
    pub(crate) fn take(&self, key: K, units: u64) -> Result<(), Duration> {
        let now = u64::try_from(self.begun.elapsed().as_nanos()).unwrap_or(u64::MAX);
        let mut full_at = self.full_at();
        let since = full_at.get(&key).map_or(now, |&at| at.max(now));
        let then = since.saturating_add(self.pace.nanos(units.min(self.pace.burst_units)));
        let latest = now.saturating_add(self.pace.nanos(self.pace.burst_units));
        if then > latest {
            return Err(Duration::from_nanos(then - latest));
        }
        if full_at.len() >= MAX_KNOWN {
            full_at.retain(|_, at| *at > now);
            if full_at.len() > MAX_KNOWN / 2 {
                full_at.clear();
            }
        }
        full_at.insert(key, then);
        Ok(())
    }

    /// What was taken, and is not to count.
    pub(crate) fn give_back(&self, key: &K, units: u64) {
        if let Some(at) = self.full_at().get_mut(key) {
            *at = at.saturating_sub(self.pace.nanos(units));
        }
    }

    fn full_at(&self) -> MutexGuard<'_, HashMap<K, u64>> {
        self.full_at.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn buckets(units_per_second: u64, burst_units: u64) -> Buckets<u32> {
        Buckets::new(Pace { units_per_second, burst_units })
    }

    #[tokio::test(start_paused = true)]
    async fn a_bucket_is_emptied_at_once_and_fills_at_its_pace() {
        let buckets = buckets(10, 30);
        for _ in 0..30 {
            assert_eq!(buckets.take(1, 1), Ok(()));
        }
        assert_eq!(buckets.take(1, 1), Err(Duration::from_millis(100)));
        assert_eq!(buckets.take(2, 1), Ok(()), "another one's is its own");
        tokio::time::advance(Duration::from_millis(99)).await;
        assert_eq!(buckets.take(1, 1), Err(Duration::from_millis(1)));
        tokio::time::advance(Duration::from_millis(1)).await;
        assert_eq!(buckets.take(1, 1), Ok(()));
        assert_eq!(buckets.take(1, 1), Err(Duration::from_millis(100)), "what was refused took nothing");
        tokio::time::advance(Duration::from_secs(1_000)).await;
        assert_eq!(buckets.take(1, 30), Ok(()));
        assert_eq!(buckets.take(1, 1), Err(Duration::from_millis(100)), "it never holds more than a burst");
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_given_back_was_not_taken() {
        let buckets = buckets(1, 2);
        for _ in 0..100 {
            assert_eq!(buckets.take(1, 1), Ok(()));
            buckets.give_back(&1, 1);
        }
        buckets.give_back(&1, 100);
        assert_eq!((buckets.take(1, 1), buckets.take(1, 1)), (Ok(()), Ok(())), "it never holds more than a burst");
        assert_eq!(buckets.take(1, 1), Err(Duration::from_secs(1)));
    }

    #[tokio::test(start_paused = true)]
    async fn what_costs_more_than_a_bucket_holds_takes_a_full_one() {
        let buckets = buckets(10, 30);
        assert_eq!(buckets.take(1, u64::MAX), Ok(()));
        assert_eq!(buckets.take(1, u64::MAX), Err(Duration::from_secs(3)));
        tokio::time::advance(Duration::from_secs(3)).await;
        assert_eq!(buckets.take(1, 31), Ok(()));
    }

    #[tokio::test(start_paused = true)]
    async fn there_are_only_so_many_of_them() {
        let buckets = buckets(1, 2);
        let crowd = u32::try_from(MAX_KNOWN).unwrap() * 4;
        for key in 0..crowd {
            assert_eq!(buckets.take(key, 2), Ok(()));
            assert!(buckets.full_at().len() <= MAX_KNOWN);
        }
        tokio::time::advance(Duration::from_secs(2)).await;
        for key in 0..crowd {
            assert_eq!(buckets.take(key, 2), Ok(()), "full again");
        }
    }
}
