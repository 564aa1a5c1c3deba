//! When each token was last used, to about a minute. Not in the ledger: a question writes no event.

use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, PoisonError, RwLock};

use daybook_domain::Timestamp;
use uuid::Uuid;

/// A use this soon after the one that is known is not noted.
const RESOLUTION_MICROS: i64 = 60_000_000;

/// By the tokens' public ids; only tokens that exist. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct Uses(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    by_token: RwLock<HashMap<Uuid, AtomicI64>>,
    /// Grows with each use that is noted.
    noted: AtomicU64,
}

impl Uses {
    /// As of these, such as they were written down.
    pub fn new(known: impl IntoIterator<Item = (Uuid, Timestamp)>) -> Self {
        let by_token = known.into_iter().map(|(token, at)| (token, AtomicI64::new(at.0))).collect();
        Self(Arc::new(Inner { by_token: RwLock::new(by_token), noted: AtomicU64::new(0) }))
    }

    /// A token that is valid was used. Waits for nothing but, once a token, for others that read here.
    pub(crate) fn note(&self, token: Uuid, now: Timestamp) {
        let by_token = self.0.by_token.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = by_token.get(&token) {
            if now.0.saturating_sub(known.load(Relaxed)) >= RESOLUTION_MICROS {
                known.fetch_max(now.0, Relaxed);
                self.0.noted.fetch_add(1, Relaxed);
            }
            return;
        }
        drop(by_token);
        let mut by_token = self.0.by_token.write().unwrap_or_else(PoisonError::into_inner);
        by_token.entry(token).or_insert(AtomicI64::new(i64::MIN)).fetch_max(now.0, Relaxed);
        self.0.noted.fetch_add(1, Relaxed);
    }

    /// None: never, as far as is known.
    pub fn last(&self, token: Uuid) -> Option<Timestamp> {
        let by_token = self.0.by_token.read().unwrap_or_else(PoisonError::into_inner);
        by_token.get(&token).map(|at| Timestamp(at.load(Relaxed)))
    }

    /// How many uses were noted: whoever writes them down need not when it is the same as before.
    pub fn noted(&self) -> u64 {
        self.0.noted.load(Relaxed)
    }

    /// All of them, in no order.
    pub fn all(&self) -> Vec<(Uuid, Timestamp)> {
        let by_token = self.0.by_token.read().unwrap_or_else(PoisonError::into_inner);
        by_token.iter().map(|(token, at)| (*token, Timestamp(at.load(Relaxed)))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_use_is_noted_once_a_minute_and_never_goes_back() {
        let (old, new) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let uses = Uses::new([(old, Timestamp(100))]);
        uses.note(old, Timestamp(100 + RESOLUTION_MICROS - 1));
        assert_eq!((uses.last(old), uses.noted()), (Some(Timestamp(100)), 0));
        uses.note(old, Timestamp(100 + RESOLUTION_MICROS));
        uses.note(old, Timestamp(0));
        assert_eq!((uses.last(old), uses.noted()), (Some(Timestamp(100 + RESOLUTION_MICROS)), 1));
        assert_eq!(uses.last(new), None);
        uses.note(new, Timestamp(5));
        assert_eq!((uses.last(new), uses.noted(), uses.all().len()), (Some(Timestamp(5)), 2, 2));
    }
}
