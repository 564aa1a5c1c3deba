//! Pages in a sled folder. Sled panics on damage in places: every call is guarded.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use thiserror::Error;

use crate::Position;

/// A leaf of 16 full pages stays below a quarter of this, so that sled never makes a file under `blobs/`.
const SEGMENT_BYTES: usize = 8 << 20;
/// The system's page cache and our readers keep what is hot.
const CACHE_BYTES: u64 = 1 << 20;
/// A dropped database gives up its lock when its last helper thread is done with it.
const LOCK_PATIENCE: Duration = Duration::from_secs(10);

/// What sled answered instead of doing what was asked.
#[derive(Debug, Error)]
pub enum StoreError {
    #[error("{folder}: it is missing or not whole")]
    Missing { folder: PathBuf },
    #[error("{folder}: sled: {source}")]
    Sled { folder: PathBuf, source: sled::Error },
    #[error("{folder}: sled gave up: {message}")]
    Panicked { folder: PathBuf, message: String },
}

#[derive(Debug)]
pub(crate) struct PageStore {
    folder: PathBuf,
    /// Taken out only when it is dropped.
    db: Option<sled::Db>,
}

impl PageStore {
    /// Opens the folder, making it if it does not exist.
    pub(crate) fn create(folder: &Path) -> Result<Self, StoreError> {
        let started = Instant::now();
        let config = sled::Config::new()
            .path(folder)
            .segment_size(SEGMENT_BYTES)
            .cache_capacity(CACHE_BYTES)
            .flush_every_ms(None);
        loop {
            match guard(folder, || config.open()) {
                Ok(db) => return Ok(Self { folder: folder.into(), db: Some(db) }),
                Err(error) if is_locked(&error) && started.elapsed() < LOCK_PATIENCE => {
                    std::thread::sleep(Duration::from_millis(5));
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Opens a folder that must be there: sled itself would make an empty one.
    pub(crate) fn open(folder: &Path) -> Result<Self, StoreError> {
        if folder.join("db").is_file() && folder.join("conf").is_file() {
            Self::create(folder)
        } else {
            Err(StoreError::Missing { folder: folder.into() })
        }
    }

    pub(crate) fn get(&self, first: Position) -> Result<Option<sled::IVec>, StoreError> {
        self.call(|db| db.get(first.get().to_be_bytes()))
    }

    pub(crate) fn insert(&self, first: Position, page: &[u8]) -> Result<(), StoreError> {
        self.call(|db| db.insert(first.get().to_be_bytes(), page)).map(drop)
    }

    /// Writes out what is buffered. Not a sync: the caller fsyncs the files.
    pub(crate) fn flush(&self) -> Result<(), StoreError> {
        self.call(|db| db.flush()).map(drop)
    }

    /// The first positions of all pages, as they stand in the keys; 0 for a key that is none.
    pub(crate) fn firsts(&self) -> Result<Vec<u64>, StoreError> {
        let position = |key: sled::IVec| key.as_ref().try_into().map_or(0, u64::from_be_bytes);
        self.call(|db| db.iter().keys().map(|key| key.map(position)).collect())
    }

    /// How many keys there are.
    pub(crate) fn len(&self) -> Result<usize, StoreError> {
        self.call(|db| db.iter().keys().try_fold(0, |count, key| key.map(|_| count + 1)))
    }

    fn call<T>(&self, work: impl FnOnce(&sled::Db) -> sled::Result<T>) -> Result<T, StoreError> {
        let db = self.db.as_ref().expect("there until it is dropped");
        guard(&self.folder, || work(db))
    }
}

impl Drop for PageStore {
    fn drop(&mut self) {
        let db = self.db.take();
        if let Err(error) = guard(&self.folder, || {
            drop(db);
            Ok(())
        }) {
            tracing::warn!(%error, "a sled folder could not be closed");
        }
    }
}

fn guard<T>(folder: &Path, work: impl FnOnce() -> sled::Result<T>) -> Result<T, StoreError> {
    match catch_unwind(AssertUnwindSafe(work)) {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(source)) => Err(StoreError::Sled { folder: folder.into(), source }),
        Err(panic) => Err(StoreError::Panicked { folder: folder.into(), message: message(panic.as_ref()) }),
    }
}

fn message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("it panicked").into()
}

fn is_locked(error: &StoreError) -> bool {
    matches!(error, StoreError::Sled { source: sled::Error::Io(io), .. } if io.to_string().contains("acquire lock"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_becomes_an_error() {
        let folder = Path::new("volume/sled");
        let error = guard(folder, || -> sled::Result<()> { panic!("torn page") }).unwrap_err();
        assert_eq!(error.to_string(), "volume/sled: sled gave up: torn page");
    }
}
