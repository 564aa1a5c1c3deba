//! How many of something each has at the same time, and no more than its share.

use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use daybook_domain::MerchantId;
use hashbrown::HashMap;
use uuid::Uuid;

use crate::auth::Session;

/// Whom a share is of: a token, and all tokens of a merchant together.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Sharer {
    Token(Uuid),
    Merchant(MerchantId),
}

impl Sharer {
    pub(crate) fn of(session: &Session) -> Vec<Self> {
        let merchant = session.tenant.own().cloned().map(Sharer::Merchant);
        [Sharer::Token(session.actor.id)].into_iter().chain(merchant).collect()
    }
}

/// Of everybody who has any. Clones count together.
#[derive(Clone)]
pub(crate) struct Shares<K>(Arc<Mutex<HashMap<K, usize>>>);

/// One of them, of each of its keys, until it is dropped.
pub(crate) struct Share<K: Eq + Hash> {
    shares: Shares<K>,
    keys: Vec<K>,
}

impl<K> Default for Shares<K> {
    fn default() -> Self {
        Self(Arc::default())
    }
}

impl<K: Eq + Hash + Clone> Shares<K> {
    /// None, and nothing is counted, if one of these has as many as `most` gives it.
    pub(crate) fn take(&self, keys: Vec<K>, most: impl Fn(&K) -> usize) -> Option<Share<K>> {
        let mut counts = self.counts();
        if keys.iter().any(|key| counts.get(key).copied().unwrap_or_default() >= most(key)) {
            return None;
        }
        for key in &keys {
            *counts.entry(key.clone()).or_default() += 1;
        }
        drop(counts);
        Some(Share { shares: self.clone(), keys })
    }
}

impl<K> Shares<K> {
    fn counts(&self) -> MutexGuard<'_, HashMap<K, usize>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<K: Eq + Hash> Drop for Share<K> {
    fn drop(&mut self) {
        let mut counts = self.shares.counts();
        for key in &self.keys {
            if let Some(count) = counts.get_mut(key) {
                *count -= 1;
                if *count == 0 {
                    counts.remove(key);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_has_its_share_and_no_more() {
        let shares = Shares::default();
        let take = |keys: &[&'static str]| shares.take(keys.to_vec(), |&key| if key == "shop" { 3 } else { 2 });
        let mut ann = vec![take(&["ann", "shop"]).unwrap(), take(&["ann", "shop"]).unwrap()];
        assert!(take(&["ann", "shop"]).is_none());
        let bob = take(&["bob", "shop"]).unwrap();
        assert!(take(&["bob", "shop"]).is_none(), "the shop has all of its own");
        assert!(take(&["bob", "other"]).is_some(), "what was refused was not counted");
        ann.pop();
        let again = take(&["ann", "shop"]).unwrap();
        drop((ann, bob, again));
        assert!(shares.counts().is_empty(), "nothing is kept of those that are gone");
    }
}
