//! Buyers' accounts that were opened lately, so that a page does not open the same ones again.

use std::sync::{Arc, PoisonError, RwLock};

use daybook_domain::{Kind, Slot};
use daybook_engine::{Opened, Reader};
use daybook_views::query::BuyerAccount;
use hashbrown::HashMap;

/// When so many are known, all are forgotten: opening one takes about a microsecond.
const MAX_KNOWN: usize = 65_536;

#[derive(Default)]
pub(crate) struct Accounts {
    known: RwLock<HashMap<Slot, Arc<str>>>,
}

impl Accounts {
    /// None: erased, damaged, or unknown to the views.
    pub(crate) fn get(
        &self,
        slot: Slot,
        reader: &Reader,
        sealed: impl FnOnce() -> Option<BuyerAccount>,
    ) -> Option<Arc<str>> {
        // Whoever opened it beside the erasure may have put it back.
        if reader.is_erased(slot) {
            self.forget(slot);
            return None;
        }
        if let Some(known) = self.known.read().unwrap_or_else(PoisonError::into_inner).get(&slot) {
            return Some(Arc::clone(known));
        }
        let account = sealed()?;
        match reader.open_text(&account.sealed, &account.tree_root, account.stream, Kind::OrderPlaced) {
            Opened::Text(text) => {
                let text: Arc<str> = text.into();
                let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
                if known.len() >= MAX_KNOWN {
                    known.clear();
                }
                known.insert(slot, Arc::clone(&text));
                Some(text)
            }
            Opened::Erased | Opened::Damaged => None,
        }
    }

    pub(crate) fn forget(&self, slot: Slot) {
        let is_known = self.known.read().unwrap_or_else(PoisonError::into_inner).contains_key(&slot);
        if is_known {
            self.known.write().unwrap_or_else(PoisonError::into_inner).remove(&slot);
        }
    }
}
