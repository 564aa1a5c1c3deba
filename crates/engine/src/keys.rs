//! What is done to a folder's key file while nobody serves the folder.

use std::fs::{self, File};
use std::io::{self, Seek, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use daybook_ledger::Ledger;
use daybook_vault::{CopyError, MasterKey, RotateError, Vault};
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

/// Puts an older copy of the key file back, once everything that the log says of erasures and buyers is done to it. Returns the
/// number of events that were looked at.
///
/// # Errors
/// It is of another ledger or under another master key, or does not fit the log. Then the key file that was there is as it was.
pub fn restore_keys(dir: &Path, options: &FolderOptions, from: &Path) -> Result<u64, ChangeKeysError> {
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
    let relearned = relearn::relearn_all(&reader)
        .map_err(ChangeKeysError::from)
        .and_then(|relearned| reader.vault().sync().map(|()| relearned.events).map_err(ChangeKeysError::Sync));
    let _ = appender.close();
    drop(reader);
    let events = match relearned {
        Ok(events) => events,
        Err(error) => {
            let _ = fs::remove_file(&beside);
            return Err(error);
        }
    };
    // The next start looks at the whole log once more.
    let note = dir.join("keys.position");
    match fs::remove_file(&note) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(io(&note)(error)),
        _ => {}
    }
    let old = File::options().write(true).open(&path).ok();
    fs::rename(&beside, &path).and_then(|()| File::open(dir)?.sync_all()).map_err(io(&path))?;
    if let Some(old) = old {
        overwrite(old).map_err(io(&path))?;
    }
    Ok(events)
}

/// What no name leads to any more.
fn overwrite(mut file: File) -> io::Result<()> {
    let length = file.metadata()?.len();
    file.rewind()?;
    io::copy(&mut io::Read::take(io::repeat(0), length), &mut file)?;
    file.flush()?;
    file.sync_data()
}
