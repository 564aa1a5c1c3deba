//! fjall, in process: an event and its stream's head in one batch, one `fdatasync` of its journal for all that waited.

use std::collections::HashMap;
use std::path::Path;

use fjall::{Database, Keyspace, KeyspaceCreateOptions, PersistMode};

use crate::handoff::{Handoff, Job};
use crate::{Absent, Conflict, absent};

/// The writer over a new database in this folder.
///
/// # Errors
/// When fjall cannot open it.
pub fn start(dir: &Path) -> Result<Handoff, Absent> {
    let failed = |error: fjall::Error| absent("fjall", error);
    // As it comes, but for the persisting: we say when.
    let db = Database::builder(dir).manual_journal_persist(true).open().map_err(failed)?;
    let events = db.keyspace("events", KeyspaceCreateOptions::default).map_err(failed)?;
    let heads = db.keyspace("heads", KeyspaceCreateOptions::default).map_err(failed)?;
    Ok(Handoff::start(move |jobs| commit(&db, &events, &heads, jobs)))
}

fn commit(db: &Database, events: &Keyspace, heads: &Keyspace, jobs: &[Job]) -> Vec<Result<u64, Conflict>> {
    let mut moved: HashMap<u32, u64> = HashMap::with_capacity(jobs.len());
    let mut batch = db.batch().durability(Some(PersistMode::SyncData));
    let outcomes = jobs
        .iter()
        .map(|job| {
            let stream = job.stream.to_be_bytes();
            let at = moved.get(&job.stream).copied().unwrap_or_else(|| head(heads, stream));
            if at != job.expected {
                return Err(Conflict);
            }
            let next = at + 1;
            moved.insert(job.stream, next);
            batch.insert(events, event_key(job.stream, next), job.bytes.as_slice());
            batch.insert(heads, stream, next.to_be_bytes());
            Ok(next)
        })
        .collect();
    batch.commit().expect("a disk");
    outcomes
}

fn head(heads: &Keyspace, stream: [u8; 4]) -> u64 {
    let found = heads.get(stream).expect("a disk");
    found.map_or(0, |bytes| u64::from_be_bytes(bytes.as_ref().try_into().expect("eight bytes were written")))
}

/// Events of a stream lie beside each other, in their order.
pub(crate) fn event_key(stream: u32, version: u64) -> [u8; 12] {
    let mut key = [0; 12];
    key[..4].copy_from_slice(&stream.to_be_bytes());
    key[4..].copy_from_slice(&version.to_be_bytes());
    key
}
