//! A new, empty ledger.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;
use uuid::Uuid;

use crate::identity::{self, Identity};
use crate::lock::DirLock;
use crate::marker::Marker;
use crate::wal_file::wal_dir;
use crate::{Ledger, OpenError, fsio, volumes_dir};

/// Why no ledger was created.
#[derive(Debug, Error)]
pub enum CreateError {
    #[error("data folder {dir} already holds a ledger; open it, or name another folder")]
    Exists { dir: PathBuf },
    #[error("data folder {dir} holds records but no file `ledger`; restore it from a backup, or name another folder")]
    Leftover { dir: PathBuf },
    #[error("{dir} holds {found:?}, which is not Daybook's: name an empty folder, or one that is not there yet")]
    Foreign { dir: PathBuf, found: OsString },
    #[error("{dir} is a file: name a folder")]
    NoFolder { dir: PathBuf },
    #[error("{dir} cannot be made, the folder above it is not there: make that first")]
    NoParent { dir: PathBuf },
    #[error(transparent)]
    Lock(OpenError),
    #[error("data folder {dir} cannot be set up: {}: {source}", fsio::advice(source))]
    Io { dir: PathBuf, source: io::Error },
}

/// What a data folder may hold before its ledger is there: what a creation that was cut short left, the keys, and what a
/// file system has at its root.
const OWN: [&str; 15] = [
    "lock",
    "wal",
    "volumes",
    "durable",
    "ledger",
    "keys",
    "master.key",
    "signing.key",
    "signing.pub",
    "checkpoints",
    "checkpoints.end",
    "tree",
    "views",
    "owner.sock",
    "lost+found",
];

/// Something in the folder that nobody put there for a ledger: a name that was mistyped must not turn somebody's folder
/// into a data folder.
fn foreign(dir: &Path) -> io::Result<Option<OsString>> {
    for entry in fs::read_dir(dir)? {
        let name = entry?.file_name();
        // Unfinished files have an ending of their own.
        let is_own =
            |own: &&str| name.to_str().is_some_and(|name| name == *own || name.starts_with(&format!("{own}.")));
        let is_of_erasures = name.to_str().is_some_and(|name| name.starts_with("erasures-"));
        if !OWN.iter().any(is_own) && !is_of_erasures {
            return Ok(Some(name));
        }
    }
    Ok(None)
}

/// Makes a folder for a ledger that is to come, and locks it: a new one, or one in which there is none.
pub(crate) fn prepare(dir: &Path) -> Result<DirLock, CreateError> {
    let io = |source| CreateError::Io { dir: dir.into(), source };
    if dir.exists() && !dir.is_dir() {
        return Err(CreateError::NoFolder { dir: dir.into() });
    }
    fsio::make_dir(dir).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => CreateError::NoParent { dir: dir.into() },
        _ => io(error),
    })?;
    let exists = || CreateError::Exists { dir: dir.into() };
    if Ledger::exists(dir) {
        return Err(exists());
    }
    if let Some(found) = foreign(dir).map_err(io)? {
        return Err(CreateError::Foreign { dir: dir.into(), found });
    }
    let lock = DirLock::take(dir).map_err(CreateError::Lock)?;
    if Ledger::exists(dir) {
        return Err(exists());
    }
    for inner in [wal_dir(dir), volumes_dir(dir)] {
        fsio::make_dir(&inner).map_err(io)?;
        if fs::read_dir(&inner).map_err(io)?.next().is_some() {
            return Err(CreateError::Leftover { dir: dir.into() });
        }
    }
    Ok(lock)
}

impl Ledger {
    /// Does the folder hold a ledger?
    #[must_use]
    pub fn exists(dir: &Path) -> bool {
        identity::path(dir).exists()
    }

    /// Sets up an empty ledger in `dir`, which is made if it does not exist (its parent must). `id` names the ledger for
    /// ever. A creation that a crash cut short can be repeated.
    pub fn create(dir: &Path, id: Uuid) -> Result<(), CreateError> {
        let io = |source| CreateError::Io { dir: dir.into(), source };
        let _lock = prepare(dir)?;
        Marker::create(dir, id).map_err(io)?;
        // Last: this file is what makes it a ledger.
        Identity { ledger: id, epoch: 0 }.store(dir).map_err(io)
    }
}
