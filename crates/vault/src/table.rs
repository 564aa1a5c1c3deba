//! What is known of the slots in memory: their states, the keys that were unwrapped so far, and who has which slot.

use std::collections::{HashMap, HashSet};

use zeroize::{Zeroize, Zeroizing};

use crate::layout::{SlotId, SubjectHash};

/// The log names a slot that the key file does not have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the key file has no slot {slot}: it is older than the log; restore the newest copy of the key file")]
pub struct UnknownSlot {
    pub slot: SlotId,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SlotState {
    /// The key is in the file, wrapped.
    Wrapped,
    /// The key is in `keys`.
    Unwrapped,
    /// Erased by this process.
    Erased,
    /// Read as erased when the file was opened: perhaps not on disk yet.
    ErasedBefore,
    /// The key's part of the slot was damaged when the file was opened.
    Damaged,
}

impl SlotState {
    pub(crate) fn is_erased(self) -> bool {
        matches!(self, SlotState::Erased | SlotState::ErasedBefore)
    }
}

#[derive(Default)]
pub(crate) struct Table {
    states: Vec<SlotState>,
    keys: KeyCache,
    /// Live subjects only.
    subjects: HashMap<SubjectHash, SlotId>,
    /// The next slot to hand out; lower ones never are again.
    next: u32,
    erased: u32,
}

impl Table {
    /// Empty, with room for so many.
    pub(crate) fn for_slots(prepared: u32) -> Self {
        let prepared = prepared as usize;
        Self { states: Vec::with_capacity(prepared), subjects: HashMap::with_capacity(prepared), ..Self::default() }
    }

    pub(crate) fn prepared(&self) -> u32 {
        // Slots are counted in 32 bits when they are prepared.
        u32::try_from(self.states.len()).unwrap_or(u32::MAX)
    }

    pub(crate) fn handed_out(&self) -> u32 {
        self.next
    }

    pub(crate) fn erased(&self) -> u32 {
        self.erased
    }

    pub(crate) fn left(&self) -> u32 {
        self.prepared().saturating_sub(self.next)
    }

    pub(crate) fn push(&mut self, state: SlotState) {
        self.states.push(state);
        self.erased += u32::from(state.is_erased());
    }

    pub(crate) fn state(&self, slot: SlotId) -> Result<SlotState, UnknownSlot> {
        self.states.get(slot.0 as usize).copied().ok_or(UnknownSlot { slot })
    }

    pub(crate) fn was_handed_out(&self, slot: SlotId) -> bool {
        slot.0 < self.next
    }

    pub(crate) fn mark_used(&mut self, slot: SlotId) {
        self.next = self.next.max(slot.0.saturating_add(1));
    }

    /// The next slot with a sound key. `None` when new ones must be prepared first.
    pub(crate) fn take_next(&mut self) -> Option<SlotId> {
        while self.next < self.prepared() {
            let slot = SlotId(self.next);
            self.next += 1;
            if matches!(self.state(slot), Ok(SlotState::Wrapped | SlotState::Unwrapped)) {
                return Some(slot);
            }
        }
        None
    }

    pub(crate) fn key(&self, slot: SlotId) -> Option<Zeroizing<[u8; 32]>> {
        self.keys.get(slot)
    }

    /// Keeps an unwrapped key, unless the slot was erased meanwhile.
    pub(crate) fn keep_key(&mut self, slot: SlotId, key: &[u8; 32]) {
        if let Some(state) = self.states.get_mut(slot.0 as usize)
            && *state == SlotState::Wrapped
        {
            *state = SlotState::Unwrapped;
            self.keys.put(slot, key);
        }
    }

    pub(crate) fn slot_of(&self, subject: &SubjectHash) -> Option<SlotId> {
        self.subjects.get(subject).copied()
    }

    pub(crate) fn bind(&mut self, subject: SubjectHash, slot: SlotId) {
        self.subjects.insert(subject, slot);
        self.mark_used(slot);
    }

    /// Forgets keys and subjects. Walks all subjects, because only the file knows a slot's subject and it may be damaged.
    pub(crate) fn forget(&mut self, slots: &HashSet<SlotId>) {
        if slots.is_empty() {
            return;
        }
        for &slot in slots {
            if let Some(state) = self.states.get_mut(slot.0 as usize) {
                self.erased += u32::from(!state.is_erased());
                *state = SlotState::Erased;
            }
            self.keys.wipe(slot);
            self.mark_used(slot);
        }
        self.subjects.retain(|_, bound| !slots.contains(bound));
    }

    pub(crate) fn erased_slots(&self) -> Vec<SlotId> {
        let erased = (0..).map(SlotId).zip(&self.states).filter(|(_, state)| state.is_erased());
        erased.map(|(slot, _)| slot).collect()
    }

    /// Handed out, not erased, and nobody's.
    pub(crate) fn unowned(&self) -> Vec<SlotId> {
        let mut is_owned = vec![false; self.next as usize];
        for slot in self.subjects.values() {
            if let Some(owned) = is_owned.get_mut(slot.0 as usize) {
                *owned = true;
            }
        }
        let live = |slot: &SlotId| self.state(*slot).is_ok_and(|state| !state.is_erased());
        (0..self.next)
            .map(SlotId)
            .zip(is_owned)
            .filter(|(slot, owned)| !owned && live(slot))
            .map(|(slot, _)| slot)
            .collect()
    }

    /// Forgets who has the slot. Walks all subjects, see [`Table::forget`].
    pub(crate) fn disown(&mut self, slot: SlotId) {
        self.subjects.retain(|_, bound| *bound != slot);
        self.mark_used(slot);
    }
}

const CHUNK: usize = 1024;

/// 32 bytes per slot, in chunks that are allocated when first used and never moved: a vector that grew would leave copies
/// of keys behind in freed memory.
#[derive(Default)]
struct KeyCache {
    chunks: Vec<Option<Box<[[u8; 32]]>>>,
}

impl KeyCache {
    fn get(&self, slot: SlotId) -> Option<Zeroizing<[u8; 32]>> {
        let chunk = self.chunks.get(slot.0 as usize / CHUNK)?.as_ref()?;
        Some(Zeroizing::new(chunk[slot.0 as usize % CHUNK]))
    }

    fn put(&mut self, slot: SlotId, key: &[u8; 32]) {
        let at = slot.0 as usize / CHUNK;
        if self.chunks.len() <= at {
            self.chunks.resize_with(at + 1, || None);
        }
        let chunk = self.chunks[at].get_or_insert_with(|| vec![[0; 32]; CHUNK].into_boxed_slice());
        chunk[slot.0 as usize % CHUNK] = *key;
    }

    fn wipe(&mut self, slot: SlotId) {
        if let Some(Some(chunk)) = self.chunks.get_mut(slot.0 as usize / CHUNK) {
            chunk[slot.0 as usize % CHUNK].zeroize();
        }
    }
}

impl Drop for KeyCache {
    fn drop(&mut self) {
        for chunk in self.chunks.iter_mut().flatten() {
            chunk.zeroize();
        }
    }
}
