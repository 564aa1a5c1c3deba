//! A load on a ledger that may be killed at any instant, and the check of what it left.
//!
//! [`run`] submits commits whose content follows from client and sequence number alone, and journals outside the data
//! folder: each submission before it is made, each answer after it came. [`check`] opens the ledger and compares it
//! with the journal: nothing acknowledged is missing, nothing is there that was not submitted or that was refused, no
//! commit is there by half or twice, positions and revisions have no gaps, and what an earlier check saw is unchanged.
//!
//! An answer is journalled with a sync, and its client goes on only after that: what the journal says was told would be
//! there after a loss of power too.

mod check;
mod commits;
mod journal;
mod run;

pub use check::{Found, check};
pub use journal::{Answers, answers};
pub use run::{End, Load, READS, run};

use daybook_ledger::Options;

/// Volumes and write-ahead files so small that both change many times in a second of load.
#[must_use]
pub fn options() -> Options {
    Options { volume_events: 2000, wal_file_bytes: 128 << 10, open_volumes: 2, ..Options::default() }
}
