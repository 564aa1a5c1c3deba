//! What the appender, the readers and the binder share.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use tokio::sync::watch;
use uuid::Uuid;

use crate::cut::Cut;
use crate::frame::Chain;
use crate::lock::DirLock;
use crate::shelf::Shelf;
use crate::stats::Counters;
use crate::stream_index::StreamIndex;
use crate::tree::Tree;
use crate::wal_index::WalIndex;
use crate::{Options, Position};

#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) dir: PathBuf,
    pub(crate) ledger: Uuid,
    pub(crate) options: Options,
    /// The last durable position. Changed only while `streams` is locked for writing, so that a head that a reader finds
    /// is never beyond it.
    pub(crate) watermark: AtomicU64,
    pub(crate) watch: watch::Sender<u64>,
    pub(crate) streams: RwLock<StreamIndex>,
    pub(crate) wal: RwLock<WalIndex>,
    pub(crate) shelf: Shelf,
    pub(crate) tree: Tree,
    pub(crate) work: Mutex<Work>,
    pub(crate) work_changed: Condvar,
    /// Held while a volume is sealed and its write-ahead files go, or while neither may happen.
    pub(crate) sealing: Mutex<()>,
    pub(crate) counters: Counters,
    /// What opening cut off the end.
    pub(crate) cut: Option<Cut>,
    /// Dropped last, with the last handle.
    pub(crate) _lock: DirLock,
}

/// What the binder has to do.
#[derive(Debug, Default)]
pub(crate) struct Work {
    /// Volumes that have ended and are not sealed yet, oldest first.
    pub(crate) ended: std::collections::VecDeque<EndedVolume>,
    /// The last durable position of which the binder was told.
    pub(crate) durable: u64,
    pub(crate) stop: bool,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct EndedVolume {
    pub(crate) first: Position,
    pub(crate) last: Position,
    pub(crate) chain: Chain,
}

impl Shared {
    pub(crate) fn watermark(&self) -> u64 {
        self.watermark.load(Ordering::Acquire)
    }

    pub(crate) fn streams(&self) -> RwLockReadGuard<'_, StreamIndex> {
        self.streams.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn streams_mut(&self) -> RwLockWriteGuard<'_, StreamIndex> {
        self.streams.write().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn wal(&self) -> RwLockReadGuard<'_, WalIndex> {
        self.wal.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn wal_mut(&self) -> RwLockWriteGuard<'_, WalIndex> {
        self.wal.write().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn work(&self) -> MutexGuard<'_, Work> {
        self.work.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
