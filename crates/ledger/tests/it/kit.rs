use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use daybook_ledger::{Append, Appender, BatchBuilder, Head, Ledger, Options, Origin, Position, RecordDraft};
use tempfile::TempDir;
use uuid::Uuid;

pub(crate) const ID: Uuid = Uuid::from_u128(0xDA1B00C);

/// Small files and volumes, so that a test meets their ends.
pub(crate) fn small() -> Options {
    Options { volume_events: 500, wal_file_bytes: 256 << 10, ..Options::default() }
}

/// Files and volumes that a test does not meet the end of.
pub(crate) fn tiny_file() -> Options {
    Options { volume_events: 1 << 20, wal_file_bytes: 12 << 10, ..Options::default() }
}

pub(crate) struct Folder {
    _temp: TempDir,
    pub(crate) dir: PathBuf,
}

pub(crate) fn folder() -> Folder {
    // In memory where that is possible: these tests are about bytes, not about the device.
    let memory = Path::new("/dev/shm");
    let temp = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() }.unwrap();
    let dir = temp.path().join("data");
    Ledger::create(&dir, ID).unwrap();
    Folder { _temp: temp, dir }
}

/// A ledger in use, and what was acknowledged.
pub(crate) struct Open {
    pub(crate) ledger: Ledger,
    pub(crate) appender: Appender,
    heads: HashMap<Uuid, Head>,
}

pub(crate) fn open(dir: &Path, options: &Options) -> Open {
    let (ledger, appender) = Ledger::open(dir, options).unwrap();
    Open { ledger, appender, heads: HashMap::new() }
}

pub(crate) fn draft(stream: u64, payload: Vec<u8>) -> RecordDraft {
    RecordDraft {
        stream: Uuid::from_u128(u128::from(stream) + 1),
        kind: 7,
        version: 1,
        command_id: Uuid::from_u128(99),
        command_hash: [5; 16],
        actor: Uuid::from_u128(77),
        role: 2,
        recorded_at: 1_700_000_000_000_000,
        occurred_at: None,
        reason: None,
        causation: None,
        correlation: None,
        origin: Origin::Live,
        payload,
    }
}

/// Bytes that differ from one number to the next.
pub(crate) fn payload(number: u64, length: usize) -> Vec<u8> {
    let mut state = number.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    (0..length)
        .map(|_| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state as u8
        })
        .collect()
}

impl Open {
    /// Adds a commit of the drafts, placed where their streams end.
    pub(crate) fn push(&mut self, batch: &mut BatchBuilder, drafts: Vec<RecordDraft>) {
        let first = batch.tail().next;
        let placed: Vec<_> = drafts
            .into_iter()
            .enumerate()
            .map(|(index, draft)| {
                let head = self.heads.get(&draft.stream).copied().or_else(|| self.ledger.head(draft.stream));
                let revision = head.map_or(1, |head| head.revision + 1);
                let position = first.plus(index as u64);
                self.heads.insert(draft.stream, Head { position, revision });
                (draft, revision, head.map(|head| head.position))
            })
            .collect();
        batch.push_commit(&placed).unwrap();
    }

    /// One batch of `commits` commits of one record each, spread over `streams` streams.
    pub(crate) fn append(&mut self, commits: u64, streams: u64, length: usize) -> u64 {
        let mut batch = BatchBuilder::new(self.appender.tail());
        for _ in 0..commits {
            let number = batch.tail().next.get();
            self.push(&mut batch, vec![draft(number % streams, payload(number, length))]);
        }
        match self.appender.append(batch.finish()) {
            Append::Done { last } => last,
            other => panic!("not appended: {other:?}"),
        }
    }

    pub(crate) fn close(self) {
        self.appender.close().unwrap();
    }
}

/// Every record's bytes, read in chunks.
pub(crate) fn all(ledger: &Ledger) -> Vec<Vec<u8>> {
    let mut found = Vec::new();
    let mut next = Position::FIRST;
    loop {
        let chunk = ledger.read_from(next, 10_000).unwrap();
        let Some(after) = chunk.next() else { return found };
        found.extend(chunk.records().map(|record| record.bytes().to_vec()));
        next = after;
    }
}

/// From the beginning again, where a file was given another name meanwhile: in the background files are made ready to be used again.
pub(crate) fn copy(from: &Path, to: &Path) {
    for _ in 0..100 {
        match try_copy(from, to) {
            Ok(()) => return,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => std::fs::remove_dir_all(to).unwrap(),
            Err(error) => panic!("{}: {error}", from.display()),
        }
    }
    panic!("{} never comes to rest", from.display());
}

fn try_copy(from: &Path, to: &Path) -> std::io::Result<()> {
    std::fs::create_dir_all(to)?;
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            try_copy(&entry.path(), &target)?;
        } else {
            std::fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}

/// A volume's sled folder, past the ledger, once whoever had it open has let go.
pub(crate) fn open_sled(folder: &Path) -> sled::Db {
    let config = sled::Config::new().path(folder).segment_size(4 << 20);
    let deadline = Instant::now() + Duration::from_secs(10);
    loop {
        match config.open() {
            Ok(db) => return db,
            Err(error) => assert!(Instant::now() < deadline, "{error}"),
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}
