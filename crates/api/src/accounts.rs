//! Buyers' accounts that were opened lately, so that a page does not open the same ones again.

use std::sync::{Arc, PoisonError, RwLock};

use daybook_domain::{Kind, Slot};
use daybook_engine::{Opened, Reader};
use daybook_views::OrderList;
use hashbrown::HashMap;

/// When so many are known, all are forgotten: opening one takes about a microsecond.
const MAX_KNOWN: usize = 65_536;

#[derive(Default)]
pub(crate) struct Accounts {
    known: RwLock<HashMap<Slot, Arc<str>>>,
}

impl Accounts {
    /// None: erased, damaged, or unknown to the views.
    pub(crate) fn get(&self, slot: Slot, reader: &Reader, list: OrderList<'_>) -> Option<Arc<str>> {
        // Whoever opened it beside the erasure may have put it back.
        if reader.is_erased(slot) {
            self.forget(slot);
            return None;
        }
        if let Some(known) = self.known.read().unwrap_or_else(PoisonError::into_inner).get(&slot) {
            return Some(Arc::clone(known));
        }
        let account = list.account(slot)?;
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

    /// The same of a page's buyers: one look at what is known and one at what was erased, which mostly is all.
    pub(crate) fn get_all(&self, slots: &[Slot], reader: &Reader, list: OrderList<'_>) -> Vec<Option<Arc<str>>> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        let mut all: Vec<Option<Arc<str>>> = slots.iter().map(|slot| known.get(slot).map(Arc::clone)).collect();
        drop(known);
        let is_any_erased = reader.is_any_erased(slots);
        for (slot, account) in slots.iter().zip(&mut all) {
            if account.is_none() || is_any_erased {
                *account = self.get(*slot, reader, list);
            }
        }
        all
    }

    pub(crate) fn forget(&self, slot: Slot) {
        let is_known = self.known.read().unwrap_or_else(PoisonError::into_inner).contains_key(&slot);
        if is_known {
            self.known.write().unwrap_or_else(PoisonError::into_inner).remove(&slot);
        }
    }
}

#[cfg(test)]
mod tests {
    use daybook_domain::Timestamp;
    use daybook_engine::{Folder, FolderOptions, open_folder};
    use daybook_vault::SlotId;
    use daybook_views::Views;

    use super::*;

    /// As when whoever opened them before the erasure keeps them after it.
    #[test]
    fn whose_key_is_destroyed_is_shown_no_more_though_the_account_is_kept() {
        let dir = tempfile::tempdir().unwrap();
        let options = FolderOptions { id_if_new: Some(uuid::Uuid::from_u128(1)), ..FolderOptions::default() };
        let Folder { reader, .. } = open_folder(&dir.path().join("data"), &options, Arc::new(|| Timestamp(1))).unwrap();
        let slots = ["ann", "ben"].map(|account| Slot(reader.vault().slot_for("m1", account).unwrap().0));
        let views = Views::new();
        let (accounts, list) = (Accounts::default(), views.order_list().unwrap());
        let keep = |slot| accounts.known.write().unwrap().insert(slot, "known".into());
        slots.into_iter().for_each(|slot| _ = keep(slot));
        let known = Some(Arc::from("known"));
        assert_eq!(accounts.get_all(&slots, &reader, list), [known.clone(), known.clone()]);
        reader.vault().erase(SlotId(slots[0].0)).unwrap();
        for _ in 0..2 {
            assert_eq!(accounts.get_all(&slots, &reader, list), [None, known.clone()]);
            assert!(!accounts.known.read().unwrap().contains_key(&slots[0]));
            keep(slots[0]);
        }
    }
}
