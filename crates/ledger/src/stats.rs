//! Counters for the metrics page.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

/// Upper bounds in microseconds of the sync histogram's buckets; one more bucket holds what is longer.
pub const SYNC_BUCKETS_MICROS: [u64; 12] =
    [100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 1_000_000];

#[derive(Debug, Default)]
pub(crate) struct Counters {
    pub(crate) records: AtomicU64,
    pub(crate) batches: AtomicU64,
    pub(crate) synced_bytes: AtomicU64,
    pub(crate) sync_micros: AtomicU64,
    sync_buckets: [AtomicU64; SYNC_BUCKETS_MICROS.len() + 1],
    pub(crate) bound: AtomicU64,
    pub(crate) scrubbed_pages: AtomicU64,
    pub(crate) scrub_damaged: AtomicU64,
}

/// What happened since the ledger was opened, and how large it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Records appended.
    pub appends: u64,
    /// Batches appended, each with one sync.
    pub batches: u64,
    pub synced_bytes: u64,
    /// All syncs together, in microseconds.
    pub sync_micros: u64,
    /// Syncs by duration; bounds in [`SYNC_BUCKETS_MICROS`].
    pub sync_buckets: [u64; SYNC_BUCKETS_MICROS.len() + 1],
    /// Sealed volumes.
    pub volumes: u64,
    /// The last position that is in a page in sled, sealed or not.
    pub bound: u64,
    /// Steps of a scrub: sealed pages that were looked at.
    pub scrubbed_pages: u64,
    /// Of those, that were damaged, or whose volume was.
    pub scrub_damaged: u64,
    pub streams: u64,
    /// Memory of the stream index in bytes.
    pub stream_index_bytes: u64,
}

impl Counters {
    pub(crate) fn appended(&self, records: u32, bytes: usize, sync: Duration) {
        let micros = u64::try_from(sync.as_micros()).unwrap_or(u64::MAX);
        let bucket = SYNC_BUCKETS_MICROS.partition_point(|&bound| bound < micros);
        self.records.fetch_add(u64::from(records), Relaxed);
        self.batches.fetch_add(1, Relaxed);
        self.synced_bytes.fetch_add(bytes as u64, Relaxed);
        self.sync_micros.fetch_add(micros, Relaxed);
        self.sync_buckets[bucket].fetch_add(1, Relaxed);
    }

    pub(crate) fn snapshot(&self) -> Stats {
        Stats {
            appends: self.records.load(Relaxed),
            batches: self.batches.load(Relaxed),
            synced_bytes: self.synced_bytes.load(Relaxed),
            sync_micros: self.sync_micros.load(Relaxed),
            sync_buckets: std::array::from_fn(|bucket| self.sync_buckets[bucket].load(Relaxed)),
            bound: self.bound.load(Relaxed),
            scrubbed_pages: self.scrubbed_pages.load(Relaxed),
            scrub_damaged: self.scrub_damaged.load(Relaxed),
            ..Stats::default()
        }
    }
}
