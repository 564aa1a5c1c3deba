//! What is done to a folder's key file while nobody serves the folder.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use daybook_domain::{Event, Kind};
use daybook_ledger::Ledger;
use daybook_vault::{CopyError, Journal, JournalError, MasterKey, RotateError, Vault, destroy_file};
use thiserror::Error;

use crate::error::{ReadError, ShutdownError};
use crate::folder::{OpenFolderError, master_key};
use crate::relearn::{self, KeysError};
use crate::{Clock, FolderOptions, Reader, open_folder};

/// Why a key file was not changed, or not to its end.
#[derive(Debug, Error)]
pub enum ChangeKeysError {
    #[error(transparent)]
    Open(#[from] OpenFolderError),
    #[error(transparent)]
    Close(#[from] ShutdownError),
    #[error(transparent)]
    Copy(#[from] CopyError),
    #[error(transparent)]
    Rotate(#[from] RotateError),
    #[error("the key file was put back, but not learned to its end: {0}")]
    Sync(#[source] daybook_vault::WriteError),
    #[error("{path}: {source}")]
    Io { path: PathBuf, source: io::Error },
}

impl From<daybook_ledger::OpenError> for ChangeKeysError {
    fn from(error: daybook_ledger::OpenError) -> Self {
        Self::Open(error.into())
    }
}

impl From<daybook_vault::OpenError> for ChangeKeysError {
    fn from(error: daybook_vault::OpenError) -> Self {
        Self::Open(error.into())
    }
}

impl From<JournalError> for ChangeKeysError {
    fn from(error: JournalError) -> Self {
        Self::Open(error.into())
    }
}

impl From<KeysError> for ChangeKeysError {
    fn from(error: KeysError) -> Self {
        Self::Open(error.into())
    }
}

impl From<ReadError> for ChangeKeysError {
    fn from(error: ReadError) -> Self {
        Self::Open(error.into())
    }
}

/// Whether this master key opens the folder's key file.
pub fn are_keys_under(dir: &Path, master: &MasterKey) -> bool {
    Vault::id_of(&dir.join("keys"), master).is_ok()
}

/// Puts the folder's keys under another master key. False: they are under it already, as after a rotation that was interrupted
/// behind its end.
///
/// # Errors
/// The folder does not open, with the master key that `options` name. Then, and unless the error says otherwise, the key file
/// is as it was.
pub fn rotate_master_key(
    dir: &Path,
    options: &FolderOptions,
    new: &MasterKey,
    clock: Clock,
) -> Result<bool, ChangeKeysError> {
    let path = dir.join("keys");
    if are_keys_under(dir, new) {
        return Ok(false);
    }
    // What the log says is erased is no key to be taken along.
    open_folder(dir, options, clock)?.engine.shutdown()?;
    let (_ledger, appender, vault) = Ledger::open_if(dir, &options.ledger, |_, _| {
        let master = master_key(dir, options).map_err(OpenFolderError::from)?;
        Ok::<_, ChangeKeysError>(Vault::open(&path, &master)?.0)
    })?;
    let rotated = vault.rotate(&path, new);
    // What cannot be marked as closed is checked by the next opening.
    let _ = appender.close();
    rotated?;
    Ok(true)
}

/// What was done to a copy before it became the folder's key file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RestoredKeys {
    /// Events that were looked at.
    pub events: u64,
    /// Keys that were erased though the log does not say so: it ends before, or went another way.
    pub erased_later: usize,
}

/// Puts an older copy of the key file back, once everything that the log says of erasures and buyers is done to it, and what the
/// journals of erasures beside the copy and in the folder say.
///
/// # Errors
/// It is of another ledger or under another master key, or does not fit the log. Then the key file that was there is as it was.
pub fn restore_keys(dir: &Path, options: &FolderOptions, from: &Path) -> Result<RestoredKeys, ChangeKeysError> {
    let (path, beside) = (dir.join("keys"), dir.join("keys.tmp"));
    let io = |path: &Path| {
        let path = path.to_owned();
        move |source| ChangeKeysError::Io { path, source }
    };
    let (ledger, appender, vault) = Ledger::open_if(dir, &options.ledger, |log, _| {
        let master = master_key(dir, options).map_err(OpenFolderError::from)?;
        let keys = Vault::id_of(from, &master)?;
        if keys != log {
            return Err(OpenFolderError::OtherKeys { keys, log }.into());
        }
        Vault::copy_file(from, &beside)?;
        Ok::<_, ChangeKeysError>(Vault::open(&beside, &master)?.0)
    })?;
    let reader = Reader::open(ledger, Arc::new(vault));
    let restored = learn(&reader, dir, from);
    let _ = appender.close();
    drop(reader);
    let restored = match restored {
        Ok(restored) => restored,
        Err(error) => {
            let _ = destroy_file(&beside);
            return Err(error);
        }
    };
    // The next start looks at the whole log once more.
    let note = dir.join("keys.position");
    match fs::remove_file(&note) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(io(&note)(error)),
        _ => {}
    }
    Vault::put_in_place(&beside, &path)?;
    Ok(restored)
}

fn learn(reader: &Reader, dir: &Path, from: &Path) -> Result<RestoredKeys, ChangeKeysError> {
    let ledger = reader.ledger().id();
    let beside_copy = match from.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        Some(folder) => Journal::load_for(folder, ledger, reader.vault())?,
        None => Journal::load_for(Path::new("."), ledger, reader.vault())?,
    };
    // Kept in the folder, for whoever puts another copy there.
    beside_copy.add_to(dir, ledger)?;
    let journal = Journal::load_for(dir, ledger, reader.vault())?;
    journal.apply(reader.vault())?;
    let mut later: BTreeSet<u32> = journal.slots.iter().map(|slot| slot.0).collect();
    reader.each_of(&[Kind::SubjectErased], |recorded| {
        if let Event::SubjectErased(event) = &recorded.event {
            later.remove(&event.slot.0);
        }
    })?;
    let relearned = relearn::relearn_all(reader)?;
    reader.vault().sync().map_err(ChangeKeysError::Sync)?;
    Ok(RestoredKeys { events: relearned.events, erased_later: later.len() })
}
