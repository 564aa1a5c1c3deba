//! Who bought, by the slot that opens their data: the account as the first order carried it.

use daybook_domain::{Sealed, Slot};
use hashbrown::HashMap;

use crate::Row;
use crate::blobs::Blobs;
use crate::chunks::CHUNK;
use crate::column::Column;
use crate::error::FoldError;

/// A slot has a place of its own below so many places a buyer, and some to begin with: whatever slots a folder names, places
/// take no more than a few times what the buyers do.
const PLACES_A_BUYER: usize = 8;
const FIRST_PLACES: usize = 1 << 12;
const NOBODY: u32 = u32::MAX;

#[derive(Debug, Default)]
pub(crate) struct Buyers {
    pub(crate) slots: Column<Slot>,
    pub(crate) first_rows: Column<Row>,
    accounts: Blobs,
    /// The buyer of each slot. Slots are given out one after another, so that nearly every place is somebody's.
    by_slot: Column<u32>,
    /// Those whose slot was far from what so few buyers fill.
    far: HashMap<Slot, u32>,
}

impl Buyers {
    pub(crate) fn len(&self) -> usize {
        self.slots.len()
    }

    pub(crate) fn slot(&self, buyer: u32) -> Slot {
        self.slots[buyer as usize]
    }

    pub(crate) fn find(&self, slot: Slot) -> Option<u32> {
        let near = self.by_slot.get(slot.0 as usize).copied().filter(|&buyer| buyer != NOBODY);
        near.or_else(|| if self.far.is_empty() { None } else { self.far.get(&slot).copied() })
    }

    pub(crate) fn account(&self, buyer: u32) -> &[u8] {
        self.accounts.get(buyer)
    }

    pub(crate) fn see(&mut self, account: &Sealed, row: Row) -> Result<u32, FoldError> {
        match self.find(account.slot) {
            Some(buyer) => Ok(buyer),
            None => self.add(account.slot, &account.bytes, row),
        }
    }

    fn add(&mut self, slot: Slot, account: &[u8], row: Row) -> Result<u32, FoldError> {
        self.accounts.push(account);
        self.add_slot(slot, row)
    }

    /// Makes room for so many more.
    pub(crate) fn reserve(&mut self, buyers: usize) {
        self.accounts.reserve(buyers);
    }

    /// Adds buyers who are not known yet. None: they are, or are more than there can be.
    pub(crate) fn add_all<'a>(&mut self, buyers: impl Iterator<Item = (Slot, Row, &'a [u8])>) -> Option<()> {
        let mut accounts = Vec::with_capacity(buyers.size_hint().0.min(CHUNK));
        for (slot, row, account) in buyers {
            if self.find(slot).is_some() {
                return None;
            }
            self.add_slot(slot, row).ok()?;
            accounts.push(account);
        }
        self.accounts.extend(accounts.into_iter());
        Some(())
    }

    /// Whose account is added apart.
    fn add_slot(&mut self, slot: Slot, row: Row) -> Result<u32, FoldError> {
        let full = FoldError::Full { what: "buyers" };
        let buyer = u32::try_from(self.slots.len()).ok().filter(|&buyer| buyer != NOBODY).ok_or(full)?;
        self.slots.push(slot);
        self.first_rows.push(row);
        let place = slot.0 as usize;
        if place < PLACES_A_BUYER * self.slots.len() + FIRST_PLACES {
            while self.by_slot.len() <= place {
                self.by_slot.push(NOBODY);
            }
            self.by_slot[place] = buyer;
        } else {
            self.far.insert(slot, buyer);
        }
        Ok(buyer)
    }

    /// Bytes that are allocated.
    pub(crate) fn footprint(&self) -> usize {
        self.slots.footprint()
            + self.first_rows.footprint()
            + self.accounts.footprint()
            + self.by_slot.footprint()
            + self.far.allocation_size()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_near_and_far_are_found() {
        let mut buyers = Buyers::default();
        let slots = [3, 0, 4_000_000_000, 5_000, u32::MAX, 1, 4_200, 5_001, 9_000];
        for (buyer, slot) in (0_u32..).zip(slots.map(Slot)) {
            assert_eq!(buyers.find(slot), None);
            assert_eq!(buyers.add(slot, &buyer.to_le_bytes(), buyer).unwrap(), buyer);
            for (buyer, slot) in (0..=buyer).zip(slots.map(Slot)) {
                assert_eq!(buyers.find(slot), Some(buyer));
                assert_eq!((buyers.slot(buyer), buyers.account(buyer)), (slot, &buyer.to_le_bytes()[..]));
            }
        }
        assert_eq!([2, 4_999, 5_002].map(|slot| buyers.find(Slot(slot))), [None; 3]);
        assert!(!buyers.far.is_empty() && buyers.far.len() < slots.len());
    }

    #[test]
    fn slots_that_are_far_apart_take_no_more_room_than_their_buyers() {
        for step in [7, 100, 4_000, 4_095, 400_000] {
            let mut buyers = Buyers::default();
            let slots = || (0..10_000).map(|n| Slot(n * step));
            buyers.add_all((0..).zip(slots()).map(|(row, slot)| (slot, row, &[][..]))).unwrap();
            assert!((0..).zip(slots()).all(|(buyer, slot)| buyers.find(slot) == Some(buyer)));
            assert!(slots().all(|slot| buyers.find(Slot(slot.0 + 1)).is_none()));
            assert!(buyers.footprint() < 100 * 10_000, "{} bytes for steps of {step}", buyers.footprint());
        }
    }
}
