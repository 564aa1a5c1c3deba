//! Those who append: each with what it needs, all asked the same way.

use std::fs;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use daybook_peers::{Absent, Conflict, Handoff, Job, Nats, PgAppends, Postgres, Programs, UmaDb};
use tokio::task::block_in_place;

use crate::compare::notes::Notes;
use crate::file::BareFile;

/// Bytes of an event.
pub(crate) const EVENT_BYTES: usize = 300;
/// More connections than `PostgreSQL` gained anything by.
pub(crate) const MOST_CONNECTIONS: usize = 128;

/// One who appends; most are what the module of that name in `daybook-peers` says.
pub(crate) enum Peer {
    /// The same hand-off as between our callers and our writer, and nothing else: no stream is looked at.
    BareFile(Handoff),
    Fjall(Handoff),
    Sled(Handoff),
    // Ends before its server.
    Postgres(PgAppends, Postgres),
    UmaDb(UmaDb),
    Nats(Nats),
    Daybook(Notes),
}

impl Peer {
    /// Whether it refuses what expects something else than there is.
    pub(crate) fn checks(&self) -> bool {
        !matches!(self, Self::BareFile(_))
    }

    /// As a table names it.
    pub(crate) fn name(&self) -> String {
        match self {
            Self::BareFile(_) => "bare file, the same hand-off".into(),
            Self::Fjall(_) => "fjall, one writer".into(),
            Self::Sled(_) => "sled, naively".into(),
            Self::Postgres(..) => "PostgreSQL".into(),
            Self::UmaDb(_) => "UmaDB".into(),
            Self::Nats(_) => "NATS JetStream".into(),
            Self::Daybook(_) => "**Daybook**".into(),
        }
    }

    /// What it is, exactly.
    pub(crate) fn version(&self) -> Option<String> {
        match self {
            Self::BareFile(_) | Self::Daybook(_) => None,
            Self::Fjall(_) => Some(daybook_peers::locked("fjall")),
            Self::Sled(_) => Some(daybook_peers::locked("sled")),
            Self::Postgres(_, server) => Some(server.version.clone()),
            Self::UmaDb(server) => Some(server.version.clone()),
            Self::Nats(server) => Some(server.version.clone()),
        }
    }

    /// What the caller expects next time. `width`: how many connections its callers share, where that is for us to say.
    pub(crate) async fn append(
        &self,
        (caller, width): (usize, usize),
        stream: u32,
        expected: u64,
        bytes: &Bytes,
    ) -> Result<u64, Conflict> {
        match self {
            Self::BareFile(writer) | Self::Fjall(writer) | Self::Sled(writer) => {
                writer.append(Job { stream, expected, bytes: bytes.to_vec() }).await
            }
            Self::Postgres(appends, _) => appends.append(caller % width, stream, expected, bytes).await,
            Self::UmaDb(server) => server.append(caller, stream, expected, bytes.clone()).await,
            Self::Nats(server) => server.append(caller, stream, expected, bytes.clone()).await,
            Self::Daybook(notes) => notes.append(stream, expected).await,
        }
    }
}

/// All who can be had, in the order of the tables, and why the others cannot.
pub(crate) async fn all(programs: &Programs, dir: &Path, streams: u32) -> (Vec<Peer>, Vec<Absent>) {
    let [file, daybook] = own(dir, streams);
    let found = [
        Ok(file),
        daybook_peers::start_fjall(&folder(dir, "fjall")).map(Peer::Fjall),
        daybook_peers::start_sled(&folder(dir, "sled")).map(Peer::Sled),
        postgres(dir).await,
        UmaDb::start(programs, dir).await.map(Peer::UmaDb),
        Nats::start(programs, dir).await.map(Peer::Nats),
        Ok(daybook),
    ];
    let (mut peers, mut absent) = (Vec::new(), Vec::new());
    for one in found {
        match one {
            Ok(peer) => peers.push(peer),
            Err(why) => absent.push(why),
        }
    }
    (peers, absent)
}

/// Nobody else: the file, and Daybook.
pub(crate) fn own(dir: &Path, streams: u32) -> [Peer; 2] {
    let daybook = block_in_place(|| Notes::new(&folder(dir, "daybook"), streams));
    [Peer::BareFile(bare_file(&folder(dir, "file"))), Peer::Daybook(daybook)]
}

fn folder(dir: &Path, name: &str) -> PathBuf {
    let path = dir.join(name);
    fs::create_dir(&path).expect("a new folder");
    path
}

async fn postgres(dir: &Path) -> Result<Peer, Absent> {
    let server = Postgres::start(dir).await?;
    let appends = PgAppends::new(&server, MOST_CONNECTIONS).await?;
    Ok(Peer::Postgres(appends, server))
}

fn bare_file(dir: &Path) -> Handoff {
    let mut file = BareFile::create(dir);
    Handoff::start(move |jobs| {
        let mut batch = Vec::with_capacity(jobs.len() * EVENT_BYTES);
        jobs.iter().for_each(|job| batch.extend_from_slice(&job.bytes));
        file.append(&batch);
        jobs.iter().map(|job| Ok(job.expected + 1)).collect()
    })
}
