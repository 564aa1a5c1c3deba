//! What we are compared with: each peer with as few lines as do it justice, and with an answer that means the same as ours:
//! it survives a power loss. Nothing in here knows Daybook.
//!
//! A peer appends an event to a stream if the stream is where its caller believes it to be, and answers with what the
//! caller then believes: a version, or the event's place in the whole store, as the peer has it.

mod fetch;
mod fjall_log;
mod handoff;
mod nats;
mod postgres;
mod process;
mod sled_log;
mod umadb;

use std::fmt;

pub use fetch::Programs;
pub use handoff::{Handoff, Job};
pub use nats::Nats;
pub use postgres::{
    NewOrder, PgAfter, PgAppends, PgBulk, PgFigures, PgHistory, PgList, PgOrders, PgReader, PgSums, Postgres, SETTINGS,
    event_table_bytes, load_events, load_shop, memory,
};
pub use process::{Server, end_all};
pub use umadb::UmaDb;

pub use fjall_log::start as start_fjall;
pub use sled_log::start as start_sled;

/// The release of a library that is compiled in, as the lock file has it.
#[must_use]
pub fn locked(name: &str) -> String {
    let lines: Vec<&str> = include_str!("../../../Cargo.lock").lines().collect();
    let wanted = format!("name = \"{name}\"");
    let version = lines.windows(2).find(|two| two[0] == wanted).and_then(|two| two[1].split('"').nth(1));
    format!("{name} {}", version.unwrap_or("of unknown release"))
}

/// The stream is not where its caller believed it to be; nothing was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Conflict;

/// Why a peer does not take part.
#[derive(Debug)]
pub struct Absent(pub String);

impl fmt::Display for Absent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Whatever went wrong with it says why it is not there.
pub(crate) fn absent(what: &str, why: impl fmt::Display) -> Absent {
    Absent(format!("{what}: {why}"))
}
