//! sled as one would take it at first: a key for each event, a key for each stream's head, a flush for all that waited.
//!
//! On Linux sled's `flush` ends in `sync_file_range`, which writes neither the file's length nor what the disk's own cache
//! holds: less than the `fdatasync` that the others' answers wait for.

use std::collections::HashMap;
use std::path::Path;

use sled::{Batch, Tree};

use crate::fjall_log::event_key;
use crate::handoff::{Handoff, Job};
use crate::{Absent, Conflict, absent};

/// The writer over a new database in this folder.
///
/// # Errors
/// When sled cannot open it.
pub fn start(dir: &Path) -> Result<Handoff, Absent> {
    let failed = |error: sled::Error| absent("sled", error);
    // It flushes when we say so, not twice a second as well.
    let db = sled::Config::new().path(dir).flush_every_ms(None).open().map_err(failed)?;
    let all = db.open_tree("events").map_err(failed)?;
    // The tree alone does not keep the database's threads.
    Ok(Handoff::start(move |jobs| {
        let outcomes = commit(&all, jobs);
        db.flush().expect("a disk");
        outcomes
    }))
}

/// A batch is of one tree, so events and heads stand in one: a head's key is shorter.
fn commit(all: &Tree, jobs: &[Job]) -> Vec<Result<u64, Conflict>> {
    let mut moved: HashMap<u32, u64> = HashMap::with_capacity(jobs.len());
    let mut batch = Batch::default();
    let outcomes = jobs
        .iter()
        .map(|job| {
            let stream = job.stream.to_be_bytes();
            let at = moved.get(&job.stream).copied().unwrap_or_else(|| head(all, stream));
            if at != job.expected {
                return Err(Conflict);
            }
            let next = at + 1;
            moved.insert(job.stream, next);
            batch.insert(&event_key(job.stream, next), job.bytes.as_slice());
            batch.insert(&stream, &next.to_be_bytes());
            Ok(next)
        })
        .collect();
    all.apply_batch(batch).expect("a disk");
    outcomes
}

fn head(all: &Tree, stream: [u8; 4]) -> u64 {
    let found = all.get(stream).expect("a disk");
    found.map_or(0, |bytes| u64::from_be_bytes(bytes.as_ref().try_into().expect("eight bytes were written")))
}
