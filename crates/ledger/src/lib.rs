//! The append-only log: pages and volumes on sled, guarded by a write-ahead file.
//!
//! It knows envelopes and bytes, and no order. One [`Appender`] writes: [`BatchBuilder`] encodes commits, and
//! [`Appender::append`] makes a whole [`Batch`] durable with one write and one sync, or says that it did not. Any number
//! of [`Ledger`] handles read what is durable, and nothing else.
//!
//! ```
//! # use daybook_ledger::{Append, BatchBuilder, Ledger, Options, Origin, RecordDraft};
//! # use uuid::Uuid;
//! # let folder = tempfile::tempdir()?;
//! # let dir = &folder.path().join("data");
//! Ledger::create(dir, Uuid::from_u128(1))?;
//! let (ledger, mut appender) = Ledger::open(dir, &Options::default())?;
//!
//! let stream = Uuid::from_u128(2);
//! let draft = RecordDraft {
//!     stream,
//!     kind: 1,
//!     version: 1,
//!     command_id: Uuid::from_u128(3),
//!     command_hash: [0; 16],
//!     actor: Uuid::from_u128(4),
//!     role: 0,
//!     recorded_at: 1_700_000_000_000_000,
//!     occurred_at: None,
//!     reason: None,
//!     causation: None,
//!     correlation: None,
//!     origin: Origin::Live,
//!     payload: b"placed".to_vec(),
//! };
//! let mut batch = BatchBuilder::new(appender.tail());
//! batch.push_commit(&[(draft, 1, None)])?;
//! assert!(matches!(appender.append(batch.finish()), Append::Done { last: 1 }));
//!
//! assert_eq!(ledger.watermark(), 1);
//! assert_eq!(ledger.read_stream(stream)?[0].record().payload, b"placed");
//! appender.close()?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod appender;
mod backup;
mod batch;
mod binder;
mod bytes;
mod chunk;
mod columns;
mod create;
mod cut;
mod frame;
mod fsio;
#[cfg(fuzzing)]
pub mod fuzzing;
mod heads;
mod hex;
mod identity;
mod idle_sync;
mod lock;
mod manifest;
mod marker;
mod merkle;
mod open;
mod options;
mod page;
mod page_store;
mod position;
mod prove;
mod read;
mod record;
mod run;
mod scrub;
mod seal;
mod shared;
mod shelf;
mod spares;
mod stats;
mod stream_index;
#[cfg(test)]
mod tests;
mod threads;
mod tree;
mod verify;
mod wal_file;
mod wal_index;

use std::path::{Path, PathBuf};

pub use appender::{Append, Appender};
pub use backup::{BackupError, BackupReport, RestoreError, RestoreReport, restore, restore_with};
pub use batch::{Batch, BatchBuilder, Emptied, PushError, Tail};
pub use chunk::Chunk;
pub use create::CreateError;
pub use cut::Cut;
pub use open::OpenError;
pub use options::Options;
pub use page_store::StoreError;
pub use position::{Head, Position};
pub use prove::{ProofError, SignedRoot};
pub use read::{Ledger, ReadError};
pub use record::{Origin, OwnedRecord, Record, RecordDraft, RecordError};
pub use scrub::Scrubbed;
pub use shelf::ShelfError;
pub use stats::{SYNC_BUCKETS_MICROS, Stats};
pub use verify::{Finding, VerifyReport, verify_dir, verify_dir_against};

/// A commit's records together, in bytes.
pub const MAX_COMMIT_BYTES: usize = 48 << 10;
/// A batch as it is written, in bytes.
pub const MAX_BATCH_BYTES: usize = 512 << 10;

fn volumes_dir(dir: &Path) -> PathBuf {
    dir.join("volumes")
}
