//! Slots that were erased, beside copies that know nothing of it: `erasures-<ledger>`. What is restored from them is then not
//! opened again by a copy of the key file from before.
//!
//! ```text
//! daybook-erasures 1
//! slot 17              rising
//! blake3 01234567…     of all lines before
//! ```

use std::collections::BTreeSet;
use std::fmt::Write;
use std::io;
use std::path::{Path, PathBuf};

use uuid::Uuid;

use crate::disk::write_private_file;
use crate::error::{AssignError, EraseError};
use crate::layout::SlotId;
use crate::vault::Vault;

/// Keys that may have been given out after a copy was made: to erase them, they are prepared, 128 bytes each.
const MOST_LATER: u32 = 16 << 20;
const HEAD: &str = "daybook-erasures 1\n";

/// Why it is not known what was erased, or not written down.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    #[error(
        "{path} is damaged: take it from another copy; without it, who was erased lately is known from the log alone"
    )]
    Damaged { path: PathBuf },
    #[error(
        "{path} names key {slot}, which is not of this ledger, where {handed_out} were ever given out: take it from another copy"
    )]
    Beyond { path: PathBuf, slot: SlotId, handed_out: u32 },
    #[error(
        "{path} says that key {slot} was erased, and here it is in use: it is of a ledger that went another way; name another folder"
    )]
    InUse { path: PathBuf, slot: SlotId },
    #[error("could not read or write {path}")]
    Io { path: PathBuf, source: io::Error },
    #[error("what was erased is not in the key file yet, and could not be put there: {0}")]
    Prepare(#[from] AssignError),
    #[error("what was erased could not be erased in the key file: {0}")]
    Erase(#[from] EraseError),
}

/// The slots of one ledger that were erased, whatever its log says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Journal {
    pub slots: BTreeSet<SlotId>,
}

fn path(folder: &Path, ledger: Uuid) -> PathBuf {
    folder.join(format!("erasures-{}", ledger.hyphenated()))
}

impl Journal {
    /// All that are erased in a key file now.
    pub fn of(vault: &Vault) -> Self {
        Self { slots: vault.erased_slots().into_iter().collect() }
    }

    /// The folder's; an empty one if there is none.
    ///
    /// # Errors
    /// It is damaged or cannot be read.
    pub fn load(folder: &Path, ledger: Uuid) -> Result<Self, JournalError> {
        let path = path(folder, ledger);
        match std::fs::read_to_string(&path) {
            Ok(text) => Self::parse(&text).ok_or(JournalError::Damaged { path }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Self::default()),
            Err(source) => Err(JournalError::Io { path, source }),
        }
    }

    /// [`Journal::load`], of what is to be erased in a key file: no more than could have been given out after that copy was made.
    ///
    /// # Errors
    /// As [`Journal::load`]; and it names what no copy could have.
    pub fn load_for(folder: &Path, ledger: Uuid, vault: &Vault) -> Result<Self, JournalError> {
        let (journal, handed_out) = (Self::load(folder, ledger)?, vault.handed_out());
        match journal.slots.last() {
            Some(last) if last.0 > handed_out.saturating_add(MOST_LATER) => {
                Err(JournalError::Beyond { path: path(folder, ledger), slot: *last, handed_out })
            }
            _ => Ok(journal),
        }
    }

    /// [`Journal::of`] added to a folder's, unless that says of a key that is in use here that it was erased: in another future of
    /// this ledger, whose copies are not to be mixed with these.
    ///
    /// # Errors
    /// As [`Journal::add_to`]; and for that.
    pub fn add_all_of(vault: &Vault, folder: &Path, ledger: Uuid) -> Result<usize, JournalError> {
        let (there, ours) = (Self::load(folder, ledger)?, Self::of(vault));
        let in_use = |slot: &&SlotId| slot.0 < vault.handed_out() && !ours.slots.contains(*slot);
        match there.slots.iter().find(in_use) {
            Some(slot) => Err(JournalError::InUse { path: path(folder, ledger), slot: *slot }),
            None => ours.add_to(folder, ledger),
        }
    }

    /// Adds these to the folder's, and tells how many it has then. Nothing is taken out of it, and none is made for nothing.
    ///
    /// # Errors
    /// What is there is damaged, or it cannot be read or written.
    pub fn add_to(&self, folder: &Path, ledger: Uuid) -> Result<usize, JournalError> {
        let there = Self::load(folder, ledger)?;
        let all = Self { slots: there.slots.union(&self.slots).copied().collect() };
        if all != there {
            let path = path(folder, ledger);
            write_private_file(&path, all.encode().as_bytes()).map_err(|source| JournalError::Io { path, source })?;
        }
        Ok(all.slots.len())
    }

    /// Erases them in a key file, also those that it has not prepared yet, so that they never become somebody else's.
    ///
    /// # Errors
    /// Failures to prepare slots, and to erase them.
    pub fn apply(&self, vault: &Vault) -> Result<(), JournalError> {
        let Some(last) = self.slots.last() else { return Ok(()) };
        vault.prepare_through(*last)?;
        Ok(vault.erase_all(&self.slots.iter().copied().collect::<Vec<_>>())?)
    }

    fn encode(&self) -> String {
        let mut text = HEAD.to_owned();
        for slot in &self.slots {
            // Writing to a string does not fail.
            let _ = writeln!(text, "slot {slot}");
        }
        let hash = blake3::hash(text.as_bytes()).to_hex();
        let _ = writeln!(text, "blake3 {hash}");
        text
    }

    fn parse(text: &str) -> Option<Self> {
        let lines = text.strip_prefix(HEAD)?.lines();
        let slots = lines.filter(|line| !line.starts_with("blake3 "));
        let slots = slots.map(|line| Some(SlotId(line.strip_prefix("slot ")?.parse().ok()?)));
        let journal = Self { slots: slots.collect::<Option<_>>()? };
        (journal.encode() == text).then_some(journal)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_and_nothing_else() {
        let journal = Journal { slots: [SlotId(0), SlotId(17), SlotId(4_000_000_000)].into() };
        let text = journal.encode();
        assert_eq!(Journal::parse(&text), Some(journal));
        for at in 0..text.len() {
            let mut bytes = text.clone().into_bytes();
            bytes[at] ^= 1;
            let changed = String::from_utf8(bytes).unwrap();
            assert_eq!(Journal::parse(&changed), None, "{changed}");
            assert_eq!(Journal::parse(&text[..at]), None);
        }
    }

    #[test]
    fn nothing_is_taken_out_of_it() {
        let folder = tempfile::tempdir().unwrap();
        let (ledger, other) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let of = |slots: &[u32]| Journal { slots: slots.iter().copied().map(SlotId).collect() };
        assert_eq!(of(&[]).add_to(folder.path(), ledger).unwrap(), 0);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
        assert_eq!(of(&[3, 1]).add_to(folder.path(), ledger).unwrap(), 2);
        assert_eq!(of(&[2]).add_to(folder.path(), ledger).unwrap(), 3);
        assert_eq!(Journal::load(folder.path(), ledger).unwrap(), of(&[1, 2, 3]));
        assert_eq!(Journal::load(folder.path(), other).unwrap(), of(&[]));
        std::fs::write(path(folder.path(), ledger), "daybook-erasures 1\nslot 1\n").unwrap();
        assert!(matches!(of(&[4]).add_to(folder.path(), ledger), Err(JournalError::Damaged { .. })));
    }
}
