//! A new, empty ledger.

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
    #[error(transparent)]
    Lock(OpenError),
    #[error("data folder {dir} cannot be set up: {source}")]
    Io { dir: PathBuf, source: io::Error },
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
        fsio::make_dir(dir).map_err(io)?;
        let _lock = DirLock::take(dir).map_err(CreateError::Lock)?;
        if Self::exists(dir) {
            return Err(CreateError::Exists { dir: dir.into() });
        }
        for inner in [wal_dir(dir), volumes_dir(dir)] {
            fsio::make_dir(&inner).map_err(io)?;
            if fs::read_dir(&inner).map_err(io)?.next().is_some() {
                return Err(CreateError::Leftover { dir: dir.into() });
            }
        }
        Marker::create(dir, id).map_err(io)?;
        // Last: this file is what makes it a ledger.
        Identity { ledger: id, epoch: 0 }.store(dir).map_err(io)
    }
}
