//! A copy of the log in a folder of its own, made while the ledger is in use, and a ledger made of it again.
//!
//! ```text
//! state                                how far the backup goes; replaced last, so that what it says is there
//! volumes/<first>/{pages, manifest}    a sealed volume: its pages one after another; copied once, never written again
//! tail/<volume>-<first>-<last>.frames  batches of volumes that are not sealed, as they stand in write-ahead files
//! ```
//!
//! Numbers in names are positions of 20 digits. Nothing of sled is copied: its files belong to whoever has them open. There are
//! no keys in it, so that what is erased later is erased here too.

mod restore;
mod state;
mod tail;
mod write;

use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;
use uuid::Uuid;

pub use restore::{RestoreError, RestoreReport, restore, restore_with};

use crate::{OpenError, Position, ReadError, fsio};

/// What a backup holds, and what of it this run copied.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BackupReport {
    /// It goes up to here; 0 if the ledger is empty.
    pub last: u64,
    /// The last position before this run.
    pub before: u64,
    /// Sealed volumes in it.
    pub volumes: u64,
    /// Those that this run copied.
    pub copied_volumes: u64,
    /// Bytes that this run wrote.
    pub bytes: u64,
}

/// Why there is no backup. What the folder held before is as it was.
#[derive(Debug, Error)]
pub enum BackupError {
    #[error("{dir} holds the backup of ledger {theirs}, this is {ours}: name another folder")]
    OtherLedger { dir: PathBuf, theirs: Uuid, ours: Uuid },
    #[error("{dir} is no backup and not empty: name a new folder")]
    Foreign { dir: PathBuf },
    #[error("{dir} cannot be made, the folder above it is not there: make that first")]
    NoParent { dir: PathBuf },
    #[error(
        "the backup in {dir} goes on to position {theirs}, this ledger to {ours}: it was restored from before that; back up into a \
         new folder, and keep the old one"
    )]
    Ahead { dir: PathBuf, theirs: u64, ours: u64 },
    #[error(
        "what the backup in {dir} has at position {position} is not what stands there in this ledger: they went different ways; back up \
         into a new folder, and keep the old one"
    )]
    Forked { dir: PathBuf, position: u64 },
    #[error("{dir}: another backup into it is under way")]
    InUse { dir: PathBuf },
    #[error("{file}: {what}; back up into a new folder")]
    Damaged { file: PathBuf, what: String },
    #[error("{file}: {source}")]
    Io { file: PathBuf, source: io::Error },
    #[error(transparent)]
    Read(#[from] ReadError),
}

fn volume_folder(dir: &Path, first: Position) -> PathBuf {
    dir.join("volumes").join(format!("{:020}", first.get()))
}

fn pages_path(folder: &Path) -> PathBuf {
    folder.join("pages")
}

/// `for` errors: what was done to this file failed so.
fn at(file: &Path) -> impl FnOnce(io::Error) -> BackupError {
    move |source| BackupError::Io { file: file.into(), source }
}

/// Makes `path` of what `write` writes: whole, or not at all.
fn write_whole(
    path: &Path,
    write: impl FnOnce(&mut io::BufWriter<std::fs::File>) -> io::Result<()>,
) -> io::Result<u64> {
    let tmp = path.with_extension("tmp");
    let mut file = io::BufWriter::with_capacity(1 << 20, std::fs::File::create(&tmp)?);
    write(&mut file)?;
    let file = file.into_inner().map_err(io::IntoInnerError::into_error)?;
    file.sync_all()?;
    let bytes = file.metadata()?.len();
    std::fs::rename(&tmp, path)?;
    fsio::sync_dir(path.parent().unwrap_or(Path::new(".")))?;
    Ok(bytes)
}

impl From<crate::shelf::ShelfError> for BackupError {
    fn from(error: crate::shelf::ShelfError) -> Self {
        Self::Read(error.into())
    }
}

/// Why a folder that should be locked is not.
fn in_use(dir: &Path, error: OpenError) -> BackupError {
    match error {
        OpenError::Io { file, source } => BackupError::Io { file, source },
        _ => BackupError::InUse { dir: dir.into() },
    }
}
