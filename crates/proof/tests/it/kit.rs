use std::path::{Path, PathBuf};

use daybook_codec::encode;
use daybook_domain::event::{Delivered, OrderRated, RefundRejected, TagAdded};
use daybook_domain::{Event, Role, StreamId, Tag, Timestamp};
use daybook_ledger::{Append, Appender, BatchBuilder, Head, Ledger, Options, Origin, Position, RecordDraft};
use daybook_proof::{Notary, VerifierKey};
use daybook_testkit::random::Random;
use tempfile::TempDir;
use uuid::Uuid;

pub(crate) const ID: Uuid = Uuid::from_u128(0x1ED6E4);
pub(crate) const ORDERS: u64 = 12;
pub(crate) const NOW: Timestamp = Timestamp(1_790_000_000_000_000);

/// What happened to which order. One commit each.
pub(crate) type History = Vec<(u64, Event)>;

pub(crate) fn order(number: u64) -> StreamId {
    StreamId(Uuid::from_u128(0x0DE5 << 64 | u128::from(number)))
}

pub(crate) fn any_event(random: &mut Random) -> Event {
    match random.below(4) {
        0 => TagAdded { tag: Tag::new(&format!("标签-{}", random.below(1_000_000))).unwrap() }.into(),
        1 => OrderRated { score: 1 + random.below(5) as u8, comment: None }.into(),
        2 => Delivered { shipment: random.below(60_000) as u16 }.into(),
        _ => RefundRejected { ticket: random.below(60_000) as u16, note: None }.into(),
    }
}

pub(crate) fn any_history(random: &mut Random, commits: u64) -> History {
    (0..commits).map(|_| (random.below(ORDERS), any_event(random))).collect()
}

pub(crate) fn temp() -> TempDir {
    // In memory where that is possible: these tests are about bytes, not about the device.
    let memory = Path::new("/dev/shm");
    if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() }.unwrap()
}

/// Small files; volumes end where a test wants it.
pub(crate) fn options(volume_events: u64) -> Options {
    Options { volume_events, wal_file_bytes: 64 << 10, ..Options::default() }
}

/// A record that nothing is remarkable about; `kind` with its version.
pub(crate) fn draft(stream: Uuid, number: u64, kind: (u16, u16), payload: Vec<u8>) -> RecordDraft {
    RecordDraft {
        stream,
        kind: kind.0,
        version: kind.1,
        command_id: Uuid::from_u128(u128::from(number)),
        command_hash: [5; 16],
        actor: Uuid::from_u128(77),
        role: Role::Clerk as u8,
        recorded_at: 1_700_000_000_000_000 + number as i64,
        occurred_at: None,
        reason: None,
        causation: None,
        correlation: None,
        origin: Origin::Live,
        payload,
    }
}

pub(crate) struct Book {
    pub(crate) ledger: Ledger,
    appender: Appender,
    number: u64,
}

impl Book {
    pub(crate) fn open(dir: &Path, volume_events: u64) -> Book {
        if !Ledger::exists(dir) {
            Ledger::create(dir, ID).unwrap();
        }
        let (ledger, appender) = Ledger::open(dir, &options(volume_events)).unwrap();
        let number = ledger.watermark();
        Book { ledger, appender, number }
    }

    /// Appends it with what follows from its place alone: the same history always makes the same records.
    pub(crate) fn append(&mut self, history: &[(u64, Event)]) {
        for part in history.chunks(20) {
            let mut batch = BatchBuilder::new(self.appender.tail());
            let mut heads = std::collections::HashMap::new();
            for (number, event) in part {
                self.number += 1;
                let stream = order(*number).0;
                let head: Option<Head> = heads.get(&stream).copied().or_else(|| self.ledger.head(stream));
                let after = Head { position: batch.tail().next, revision: head.map_or(1, |head| head.revision + 1) };
                heads.insert(stream, after);
                let encoded = encode(event);
                let draft = draft(stream, self.number, (encoded.kind, encoded.version), encoded.payload);
                batch.push_commit(&[(draft, after.revision, head.map(|head| head.position))]).unwrap();
            }
            assert!(matches!(self.appender.append(batch.finish()), Append::Done { .. }));
        }
    }

    /// Appends records of one stream as one commit.
    pub(crate) fn commit(&mut self, drafts: Vec<RecordDraft>) {
        let mut batch = BatchBuilder::new(self.appender.tail());
        let head = self.ledger.head(drafts[0].stream);
        let (mut previous, mut revision) = (head.map(|head| head.position), head.map_or(0, |head| head.revision));
        let first = batch.tail().next;
        let place = |(at, draft)| {
            revision += 1;
            (draft, revision, previous.replace(first.plus(at as u64)))
        };
        let placed: Vec<_> = drafts.into_iter().enumerate().map(place).collect();
        batch.push_commit(&placed).unwrap();
        assert!(matches!(self.appender.append(batch.finish()), Append::Done { .. }));
    }

    pub(crate) fn notary(&self) -> Notary {
        Notary::open(self.ledger.clone(), None).unwrap()
    }

    /// With the key made if there is none.
    pub(crate) fn signing(&self) -> (Notary, VerifierKey) {
        let notary = self.notary();
        let key = notary.verifier().unwrap_or_else(|| notary.create_key(Some("shop.example/ledger")).unwrap());
        (notary, key)
    }

    pub(crate) fn close(self) {
        self.appender.close().unwrap();
    }
}

/// Every record's bytes.
pub(crate) fn records(ledger: &Ledger, until: u64) -> Option<Vec<Vec<u8>>> {
    let at = |position| Some(ledger.read(Position::new(position)?).ok()?.record().bytes().to_vec());
    (1..=until).map(at).collect()
}

pub(crate) fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), &target).unwrap();
        }
    }
}

/// All files below a folder.
pub(crate) fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push(path);
        }
    }
    found.sort();
    found
}
