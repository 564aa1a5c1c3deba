//! Pages in a sled folder. Sled panics on damage in places: every call is guarded.
//!
//! Sled writes a leaf anew, with all its up to 16 values, whenever it is split or was changed ten times; what it had before
//! stays in the file as a hole. So pages that are put behind one another under new keys are written three times, and take
//! twice their size for ever. Here the keys are made first, with nothing under them, a good many at a time, and a page is
//! put under a key that is there: then no leaf is split any more, none is changed more than the nine times that it is left
//! as it is, and every page is written once.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use thiserror::Error;

use crate::Position;

/// So many keys are made at a time, fewer in a small folder.
const KEYS_AHEAD: u64 = 1024;
/// More than two leaves' keys stay empty behind the last page, so that making more never moves a page.
const KEYS_LEFT: u64 = 48;

/// How a sled folder holds the pages of a volume.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Layout {
    /// Under their first position; a leaf of 16 pages of 64 KiB stays below a quarter of a segment, beyond which sled makes a
    /// file under `blobs/`. Volumes that were sealed before there were others.
    Positions,
    /// Under their number in the volume, from 0, with empty keys behind the last; a leaf has 9 keys, of at most 64 KiB each.
    Numbers,
}

impl Layout {
    const fn segment_bytes(self) -> usize {
        match self {
            Self::Positions => 8 << 20,
            Self::Numbers => 4 << 20,
        }
    }

    /// Where page number `number`, from 0, is, which begins at position `first`.
    pub(crate) fn key(self, number: usize, first: Position) -> u64 {
        match self {
            Self::Positions => first.get(),
            Self::Numbers => number as u64,
        }
    }
}

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
    layout: Layout,
    /// There is a key for every number below; not looked for before something is put in, so that a damaged leaf that holds
    /// nothing but keys keeps nobody from the pages.
    keys: OnceLock<AtomicU64>,
    /// Taken out only when it is dropped.
    db: Option<sled::Db>,
}

impl PageStore {
    /// Opens the folder, making it if it does not exist.
    pub(crate) fn create(folder: &Path, layout: Layout) -> Result<Self, StoreError> {
        let started = Instant::now();
        let config = sled::Config::new()
            .path(folder)
            .segment_size(layout.segment_bytes())
            .cache_capacity(CACHE_BYTES)
            .flush_every_ms(None);
        loop {
            match guard(folder, || config.open()) {
                Ok(db) => return Ok(Self { folder: folder.into(), layout, keys: OnceLock::new(), db: Some(db) }),
                Err(error) if is_locked(&error) && started.elapsed() < LOCK_PATIENCE => {
                    std::thread::sleep(Duration::from_millis(5));
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Opens a folder that must be there: sled itself would make an empty one.
    pub(crate) fn open(folder: &Path, layout: Layout) -> Result<Self, StoreError> {
        if folder.join("db").is_file() && folder.join("conf").is_file() {
            Self::create(folder, layout)
        } else {
            Err(StoreError::Missing { folder: folder.into() })
        }
    }

    pub(crate) fn layout(&self) -> Layout {
        self.layout
    }

    pub(crate) fn get(&self, key: u64) -> Result<Option<sled::IVec>, StoreError> {
        let page = self.call(|db| db.get(key.to_be_bytes()))?;
        Ok(page.filter(|page| !page.is_empty()))
    }

    /// Not called by two at a time.
    pub(crate) fn insert(&self, key: u64, page: &[u8]) -> Result<(), StoreError> {
        if self.layout == Layout::Numbers {
            self.make_keys(key)?;
        }
        self.call(|db| db.insert(key.to_be_bytes(), page)).map(drop)
    }

    /// Makes keys ahead of `key`, when few are left.
    fn make_keys(&self, key: u64) -> Result<(), StoreError> {
        let keys = match self.keys.get() {
            Some(keys) => keys,
            None => {
                let last = self.call(|db| db.last())?;
                self.keys.get_or_init(|| AtomicU64::new(last.map_or(0, |(key, _)| number(&key).saturating_add(1))))
            }
        };
        let made = keys.load(Ordering::Relaxed);
        if key + KEYS_LEFT / 2 < made {
            return Ok(());
        }
        let wanted = key + KEYS_LEFT + key.min(KEYS_AHEAD);
        for key in made..wanted {
            self.call(|db| db.insert(key.to_be_bytes(), &[]))?;
        }
        keys.store(wanted, Ordering::Relaxed);
        Ok(())
    }

    /// Writes out what is buffered. Not a sync: the caller fsyncs the files.
    pub(crate) fn flush(&self) -> Result<(), StoreError> {
        self.call(|db| db.flush()).map(drop)
    }

    /// All pages in the order of their keys.
    pub(crate) fn for_each(&self, mut each: impl FnMut(u64, &[u8])) -> Result<(), StoreError> {
        self.call(|db| {
            db.iter().filter(|entry| !entry.as_ref().is_ok_and(|(_, page)| page.is_empty())).try_for_each(|entry| {
                let (key, page) = entry?;
                each(number(&key), &page);
                Ok(())
            })
        })
    }

    /// How many pages there are.
    pub(crate) fn len(&self) -> Result<usize, StoreError> {
        let mut count = 0;
        self.for_each(|_, _| count += 1)?;
        Ok(count)
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

/// No page is under a key that is none of ours.
fn number(key: &[u8]) -> u64 {
    key.try_into().map_or(u64::MAX, u64::from_be_bytes)
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
