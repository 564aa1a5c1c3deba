//! What needs to look inside: frozen bytes, faults of the device, frames that only look right.

use std::fs::OpenOptions;
use std::io::ErrorKind;
use std::num::NonZeroU16;
use std::sync::Arc;

use proptest::prelude::*;
use uuid::Uuid;

use crate::bytes::put;
use crate::frame::{FRAME_HEADER, FrameHeader, chain_hash};
use crate::page::{Content, Packer};
use crate::wal_file::{ChainPoint, follow_frames, frame_after};
use crate::{
    Append, BatchBuilder, Ledger, Options, Origin, Position, PushError, Record, RecordDraft, RecordError, Tail, hex,
};

const LEDGER: Uuid = Uuid::from_u128(0xAABB);

fn draft(stream: u128) -> RecordDraft {
    RecordDraft {
        stream: Uuid::from_u128(stream),
        kind: 0x0102,
        version: 3,
        command_id: Uuid::from_u128(0x11),
        command_hash: [0xC0; 16],
        actor: Uuid::from_u128(0x22),
        role: 9,
        recorded_at: 1_700_000_000_000_000,
        occurred_at: Some(1_600_000_000_000_000),
        reason: NonZeroU16::new(0x0405),
        causation: Position::new(1),
        correlation: Some(Uuid::from_u128(0x33)),
        origin: Origin::Import,
        payload: b"payload".to_vec(),
    }
}

fn plain(stream: u128) -> RecordDraft {
    RecordDraft {
        occurred_at: None,
        reason: None,
        causation: None,
        correlation: None,
        origin: Origin::Live,
        ..draft(stream)
    }
}

fn tail(next: u64) -> Tail {
    Tail { next: Position::new(next).unwrap(), epoch: 7 }
}

/// A frame of `count` records of new streams from `first` on.
fn frame(first: u64, count: u32, chain: [u8; 32]) -> Vec<u8> {
    let mut batch = BatchBuilder::new(tail(first));
    for index in 0..count {
        batch.push_commit(&[(plain(u128::from(first) * 1000 + u128::from(index)), 1, None)]).unwrap();
    }
    let mut frame = batch.finish().frame;
    let header = FrameHeader {
        payload_len: u32::try_from(frame.len() - FRAME_HEADER).unwrap(),
        count,
        first: Position::new(first).unwrap(),
        epoch: 7,
        chain,
    };
    header.seal(LEDGER, &mut frame);
    frame
}

mod golden {
    //! These bytes are on people's disks: they never change. A new form gets a new format number.
    use super::*;

    const RECORD: &str = concat!(
        "99000000013d020103000100020009000600000000000000020000000500000000000000000000000000000000000000",
        "0000004400000000000000000000000000000011c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0000000000000000000000000",
        "0000002200401e18240a06000000a40731af050005040100000000000000000000000000000000000000000000337061",
        "796c6f6164ff3211c8",
    );
    const PLAIN: &str = concat!(
        "770000000100020103000000020009000500000000000000010000000000000000000000000000000000000000000000",
        "0000004400000000000000000000000000000011c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0000000000000000000000000",
        "0000002200401e18240a06007061796c6f6164548970ad",
    );
    const FRAME_HEAD: &str = concat!(
        "44426672010000001001000002000000050000000000000007000000000000000000000000000000000000000000aabb",
        "5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5aaf9c8aca",
    );
    const PACKED_PAGE: &str = concat!(
        "44427067010001000000000000000000000000000000aabb050000000000000002000000a20000009619d05d50000000",
        "490000000000000000000000000000000000004400000000000000000000000000000011c0c0c0c0c0c0c0c0c0c0c0c0",
        "c0c0c0c00000000000000000000000000000002200000000000000000000000000000033f00202000f16000002010300",
        "0000020009013d0b0010010b00f02002070702010201010100088080f281838985060c8080a0faa0ccd705850805010e",
        "7061796c6f61647061796c6f6164",
    );
    const PAGE_HEAD: &str = "44427067010000000000000000000000000000000000aabb0500000000000000020000001001000062d3ca5a";

    fn unhex(text: &str) -> Vec<u8> {
        text.as_bytes().chunks(2).map(|pair| u8::from_str_radix(str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
    }

    #[test]
    fn bytes_are_frozen() {
        let mut batch = BatchBuilder::new(tail(5));
        batch.push_commit(&[(plain(0x44), 1, None), (draft(0x44), 2, Position::new(5))]).unwrap();
        let batch = batch.finish();
        let records: Vec<_> = batch.records().map(|record| record.bytes().to_vec()).collect();
        assert_eq!(hex::encode(&records[0]), PLAIN);
        assert_eq!(hex::encode(&records[1]), RECORD);

        let mut packer = Packer::new(Position::new(5).unwrap());
        assert!(batch.records().all(|record| packer.push(&record).is_none()));
        let page = packer.finish().unwrap();
        for golden in [format!("{PAGE_HEAD}{PLAIN}{RECORD}"), PACKED_PAGE.into()] {
            let golden = unhex(&golden);
            assert_eq!(Content::parse(LEDGER, &golden), Ok(page.content()), "{}", hex::encode(&page.encode(LEDGER)));
        }

        let mut frame = batch.frame;
        let header = FrameHeader {
            payload_len: u32::try_from(frame.len() - FRAME_HEADER).unwrap(),
            count: 2,
            first: Position::new(5).unwrap(),
            epoch: 7,
            chain: [0x5A; 32],
        };
        header.seal(LEDGER, &mut frame);
        assert_eq!(hex::encode(&frame), format!("{FRAME_HEAD}{PLAIN}{RECORD}"));
        assert_eq!(FrameHeader::parse(LEDGER, &frame), Some(header));
        assert_eq!(FrameHeader::parse(Uuid::nil(), &frame), None);
    }
}

/// Gives a record's bytes a right checksum after something in them was changed.
fn changed(bytes: &[u8], at: usize, value: u8) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    bytes[at] = value;
    let body = bytes.len() - 4;
    let crc = crc32fast::hash(&bytes[..body]);
    put(&mut bytes, body, &crc.to_le_bytes());
    bytes
}

#[test]
fn a_record_that_breaks_the_format_is_refused_whatever_its_checksum_says() {
    let mut batch = BatchBuilder::new(tail(5));
    batch.push_commit(&[(plain(0x44), 1, None), (plain(0x44), 2, Position::new(5))]).unwrap();
    let batch = batch.finish();
    let good = batch.records().nth(1).unwrap().bytes().to_vec();
    assert_eq!(Record::parse(&changed(&good, 14, 8)).unwrap().role, 8);
    let cases = [
        (4, 2, RecordError::Format(2)),
        (5, 1 << 6, RecordError::Field("flag byte")),
        (5, 1 << 7, RecordError::Field("flag byte")),
        (5, 3, RecordError::Field("origin")),
        (10, 2, RecordError::Field("commit boundary")),
        (12, 0, RecordError::Field("commit boundary")),
        (15, 1, RecordError::Field("reserved byte")),
        (16, 0, RecordError::Field("position")),
        (24, 0, RecordError::Field("place in its stream")),
        (24, 1, RecordError::Field("place in its stream")),
        (28, 0, RecordError::Field("place in its stream")),
        (28, 6, RecordError::Field("place in its stream")),
    ];
    for (at, value, error) in cases {
        assert_eq!(Record::parse(&changed(&good, at, value)), Err(error), "byte {at} = {value}");
    }
    let mut flipped = good.clone();
    flipped[60] ^= 1;
    assert_eq!(Record::parse(&flipped), Err(RecordError::Checksum));
    assert_eq!(Record::parse(&good[..good.len() - 1]), Err(RecordError::Length(good.len() - 1)));
}

#[test]
fn a_refused_commit_leaves_the_batch_as_it_was() {
    let mut batch = BatchBuilder::new(tail(10));
    batch.push_commit(&[(plain(1), 1, None)]).unwrap();
    let before = (batch.bytes(), batch.tail());
    let place = |index, revision, previous| PushError::Place { index, revision, previous };
    let cases = [
        // Stream 1 is at revision 1, position 10; stream 2 is new here.
        (vec![(plain(1), 1, None)], place(0, 1, 0)),
        (vec![(plain(1), 3, Position::new(10))], place(0, 3, 10)),
        (vec![(plain(1), 2, Position::new(9))], place(0, 2, 9)),
        (vec![(plain(2), 2, Position::new(10))], place(0, 2, 10)),
        (vec![(plain(2), 0, None)], place(0, 0, 0)),
        (
            vec![(plain(2), 1, None), (plain(1), 2, Position::new(10)), (plain(2), 2, Position::new(12))],
            place(2, 2, 12),
        ),
        (vec![(RecordDraft { causation: Position::new(11), ..plain(2) }, 1, None)], PushError::Causation { index: 0 }),
    ];
    for (drafts, error) in cases {
        assert_eq!(batch.push_commit(&drafts), Err(error));
        assert_eq!((batch.bytes(), batch.tail()), before);
    }
    let good = [(plain(2), 1, None), (plain(1), 2, Position::new(10)), (plain(2), 2, Position::new(11))];
    assert_eq!(batch.push_commit(&good), Ok(11..=13));
    assert_eq!(batch.finish().len(), 4);
}

/// What a recycled file still holds may look right in all but its place in the chain.
#[test]
fn a_stale_frame_does_not_continue_the_chain() {
    let first = frame(1, 2, [0; 32]);
    let begin = ChainPoint { next: Position::FIRST, chain: [0; 32], offset: 0 };
    let follow = |bytes: &[u8]| {
        let mut seen = 0;
        let end = follow_frames(LEDGER, bytes, begin, |_, _, _| {
            seen += 1;
            Ok::<(), ()>(())
        });
        (seen, end.unwrap())
    };
    let right = frame(3, 2, chain_hash(&first));
    assert_eq!(follow(&[&first[..], &right].concat()).0, 2);

    // Older positions: what every recycled file holds. The chain hash is right here to try the position alone.
    let older = [&first[..], &frame(1, 2, chain_hash(&first))].concat();
    let (seen, end) = follow(&older);
    assert_eq!((seen, end.next.get()), (1, 3));
    assert_eq!(frame_after(LEDGER, &older, end), None);

    // The right position, another past.
    let forked = [&first[..], &frame(3, 2, [9; 32])].concat();
    let (seen, end) = follow(&forked);
    assert_eq!((seen, end.next.get()), (1, 3));
    assert_eq!(frame_after(LEDGER, &forked, end), Some(first.len() as u64), "no crash leaves that");
}

fn small() -> Options {
    Options { wal_file_bytes: 12 << 10, ..Options::default() }
}

fn one(appender: &crate::Appender, stream: u128) -> crate::Batch {
    let mut batch = BatchBuilder::new(appender.tail());
    let large = RecordDraft { payload: vec![1; 3000], ..plain(stream) };
    batch.push_commit(&[(large, 1, None)]).unwrap();
    batch.finish()
}

#[test]
fn a_failed_write_poisons() {
    let temp = tempfile::tempdir().unwrap();
    Ledger::create(temp.path(), LEDGER).unwrap();
    let (ledger, mut appender) = Ledger::open(temp.path(), &small()).unwrap();
    assert!(matches!(appender.append(one(&appender, 1)), Append::Done { last: 1 }));

    // A descriptor that cannot be written to stands for a device that fails.
    let current = appender.current.as_mut().unwrap();
    let path = crate::wal_file::wal_path(temp.path(), Position::FIRST);
    let working = std::mem::replace(&mut current.file, Arc::new(OpenOptions::new().read(true).open(&path).unwrap()));
    assert!(matches!(appender.append(one(&appender, 2)), Append::Unknown(_)));
    appender.current.as_mut().unwrap().file = working;
    let before = std::fs::read(&path).unwrap();
    assert!(matches!(appender.append(one(&appender, 2)), Append::Unknown(_)), "stays so although it would work again");
    assert_eq!(std::fs::read(&path).unwrap(), before, "the file is not touched");
    assert_eq!(ledger.watermark(), 1);
    assert!(ledger.read(Position::FIRST).is_ok(), "reading goes on");
    assert!(appender.close().is_err(), "not a clean end");
    drop(ledger);

    let (ledger, mut appender) = Ledger::open(temp.path(), &small()).unwrap();
    assert!(matches!(appender.append(one(&appender, 2)), Append::Done { last: 2 }));
    assert_eq!(ledger.watermark(), 2);
}

#[test]
fn a_write_that_does_not_fit_and_cannot_be_taken_back_poisons() {
    let temp = tempfile::tempdir().unwrap();
    Ledger::create(temp.path(), LEDGER).unwrap();
    let (_ledger, mut appender) = Ledger::open(temp.path(), &small()).unwrap();
    assert!(matches!(appender.append(one(&appender, 1)), Append::Done { last: 1 }));
    let full = OpenOptions::new().read(true).write(true).open("/dev/full").unwrap();
    appender.current.as_mut().unwrap().file = Arc::new(full);
    match appender.append(one(&appender, 2)) {
        Append::Unknown(error) => assert_eq!(error.kind(), ErrorKind::StorageFull),
        other => panic!("{other:?}"),
    }
    assert!(matches!(appender.append(one(&appender, 2)), Append::Unknown(_)));
}

#[test]
fn a_full_disk_is_said_and_passes() {
    let temp = tempfile::tempdir().unwrap();
    Ledger::create(temp.path(), LEDGER).unwrap();
    let (ledger, mut appender) = Ledger::open(temp.path(), &small()).unwrap();
    assert!(matches!(appender.append(one(&appender, 1000)), Append::Done { last: 1 }));
    appender.spares.refuse(true);
    let mut full = 0;
    let mut last = 1;
    for stream in 0..20 {
        match appender.append(one(&appender, stream)) {
            Append::Done { last: done } => {
                assert_eq!(full, 0, "no room came back by itself");
                last = done;
            }
            Append::Full => full += 1,
            other => panic!("{other:?}"),
        }
        assert_eq!(ledger.watermark(), last);
    }
    assert!(full > 10);
    appender.spares.refuse(false);
    assert!(matches!(appender.append(one(&appender, 100)), Append::Done { last: done } if done == last + 1));
    appender.close().unwrap();
    drop(ledger);
    let (ledger, _appender) = Ledger::open(temp.path(), &small()).unwrap();
    assert_eq!(ledger.watermark(), last + 1);
}

/// A closed ledger of four records, all in one sealed volume.
fn sealed(dir: &std::path::Path) -> Options {
    sealed_volumes(dir, 1)
}

/// A closed ledger of sealed volumes of four records each.
fn sealed_volumes(dir: &std::path::Path, volumes: u64) -> Options {
    let options = Options { volume_events: 4, ..small() };
    Ledger::create(dir, LEDGER).unwrap();
    let (ledger, mut appender) = Ledger::open(dir, &options).unwrap();
    for stream in 0..4 * volumes {
        assert!(matches!(appender.append(one(&appender, u128::from(stream))), Append::Done { .. }));
    }
    while ledger.stats().volumes < volumes {
        std::thread::sleep(std::time::Duration::from_millis(1));
    }
    appender.close().unwrap();
    options
}

/// Right in every checksum, but not what was sealed.
#[test]
fn a_page_that_was_replaced_is_not_read() {
    let temp = tempfile::tempdir().unwrap();
    let options = sealed(temp.path());
    let folder = crate::shelf::volume_folder(temp.path(), Position::FIRST);
    let store =
        crate::page_store::PageStore::open(&crate::shelf::sled_folder(&folder), crate::page_store::Layout::Numbers)
            .unwrap();
    let mut packer = Packer::new(Position::FIRST);
    let mut other = BatchBuilder::new(tail(1));
    for stream in 0..4 {
        other.push_commit(&[(plain(stream), 1, None)]).unwrap();
    }
    assert!(other.finish().records().all(|record| packer.push(&record).is_none()));
    store.insert(0, &packer.finish().unwrap().encode(LEDGER)).unwrap();
    drop(store);

    let (ledger, appender) = Ledger::open(temp.path(), &options).unwrap();
    let error = ledger.read(Position::FIRST).unwrap_err().to_string();
    assert!(error.contains("the page at position 1 is not what the manifest says"), "{error}");
    let report = ledger.verify();
    assert!(report.findings.iter().any(|finding| finding.what.contains("not what the manifest says")), "{report}");
    drop((ledger, appender));
    assert!(!crate::verify_dir(temp.path()).unwrap().is_sound());
}

/// With every checksum of sled's right: the page is looked at as if sled had stored it so.
#[test]
fn every_flipped_bit_of_a_sealed_page_is_refused_by_the_reader() {
    const RECORDS: u64 = 8;
    let temp = tempfile::tempdir().unwrap();
    Ledger::create(temp.path(), LEDGER).unwrap();
    let options = Options { volume_events: RECORDS, ..small() };
    let (ledger, mut appender) = Ledger::open(temp.path(), &options).unwrap();
    let mut batch = BatchBuilder::new(appender.tail());
    for stream in 0..u128::from(RECORDS) {
        batch.push_commit(&[(plain(stream), 1, None)]).unwrap();
    }
    assert!(matches!(appender.append(batch.finish()), Append::Done { last: RECORDS }));
    while ledger.stats().volumes < 1 {
        std::thread::sleep(std::time::Duration::from_millis(1));
    }
    // From then on nothing is served from the write-ahead file.
    appender.close().unwrap();
    drop(ledger);
    let (ledger, _appender) = Ledger::open(temp.path(), &options).unwrap();
    let volume = ledger.shared.shelf.open_volume(Position::FIRST).unwrap();
    let page = volume.page(0).unwrap().to_vec();
    assert!(volume.pages().len() == 1 && page.len() > 250, "{}", page.len());
    let refused = |bytes: &[u8], what: &str| {
        volume.store().insert(0, bytes).unwrap();
        for position in [1, RECORDS] {
            let position = Position::new(position).unwrap();
            let errors = [ledger.read(position).map(drop), ledger.read_from(position, 1 << 20).map(drop)];
            for error in errors {
                let error = error.expect_err(what).to_string();
                assert!(error.contains("the page at position 1") && error.contains("restore"), "{what}: {error}");
            }
        }
        assert!(matches!(ledger.scrub_step(Position::FIRST), crate::Scrubbed::Damaged { .. }), "{what}");
        // Its own checksum alone tells too, where no manifest stands beside it.
        assert!(crate::page::parse_page(LEDGER, bytes).is_err(), "{what}");
    };
    for at in 0..page.len() {
        for bit in 0..8 {
            let mut flipped = page.clone();
            flipped[at] ^= 1 << bit;
            refused(&flipped, &format!("byte {at}, bit {bit}"));
        }
    }
    for length in (0..page.len()).step_by(7) {
        refused(&page[..length], &format!("cut to {length}"));
    }
    volume.store().insert(0, &page).unwrap();
    assert_eq!(ledger.read_from(Position::FIRST, 1 << 20).unwrap().len() as u64, RECORDS);
}

#[test]
fn a_volume_that_is_slow_to_open_holds_up_no_reader_of_another() {
    let temp = tempfile::tempdir().unwrap();
    let options = sealed_volumes(temp.path(), 2);
    let second = Position::new(5).unwrap();
    let folder = crate::shelf::sled_folder(&crate::shelf::volume_folder(temp.path(), second));
    let (ledger, _appender) = Ledger::open(temp.path(), &options).unwrap();
    // As if somebody were still closing it.
    let held = crate::page_store::PageStore::open(&folder, crate::page_store::Layout::Numbers).unwrap();
    let read = |position| {
        let ledger = ledger.clone();
        let (done, result) = std::sync::mpsc::channel();
        std::thread::spawn(move || done.send(ledger.read(position).map(|record| record.record().position)));
        result
    };
    let slow = [read(second), read(second)];
    std::thread::sleep(std::time::Duration::from_millis(200));
    let other = read(Position::FIRST).recv_timeout(std::time::Duration::from_secs(4)).expect("it need not wait");
    assert_eq!(other.unwrap(), Position::FIRST);
    for slow in &slow {
        assert!(slow.try_recv().is_err(), "the volume is not free yet");
    }
    drop(held);
    for slow in slow {
        assert_eq!(slow.recv().unwrap().unwrap(), second);
    }
}

/// Appends enough for the binder to be told of it, several times over.
fn append_much(appender: &mut crate::Appender) {
    for stream in 0..40 {
        let mut batch = BatchBuilder::new(appender.tail());
        let payload = vec![7; 40 << 10];
        let stream = u128::from(appender.tail().next.get()) * 100 + stream;
        batch.push_commit(&[(RecordDraft { payload, ..plain(stream) }, 1, None)]).unwrap();
        assert!(matches!(appender.append(batch.finish()), Append::Done { .. }));
    }
}

#[test]
fn the_tree_holds_up_no_append_however_long_it_is_busy() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("data");
    Ledger::create(&dir, LEDGER).unwrap();
    let (ledger, mut appender) = Ledger::open(&dir, &Options::default()).unwrap();
    let (done, is_done) = std::sync::mpsc::channel();
    // As while it is synced.
    let busy = ledger.shared.tree.grown();
    let appending = std::thread::spawn(move || {
        append_much(&mut appender);
        done.send(()).unwrap();
        appender
    });
    let result = is_done.recv_timeout(std::time::Duration::from_secs(60));
    drop(busy);
    assert!(result.is_ok(), "an append waited for the tree");
    appending.join().unwrap().close().unwrap();
}

#[test]
fn a_tree_that_could_not_be_written_is_once_it_can() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("data");
    Ledger::create(&dir, LEDGER).unwrap();
    // Its folder cannot be made where a file is.
    std::fs::write(dir.join("tree"), "in the way").unwrap();
    let (ledger, mut appender) = Ledger::open(&dir, &Options::default()).unwrap();
    // Enough for a row of its file.
    while appender.tail().next.get() < 600 {
        append_much(&mut appender);
    }
    let wait_for = |what: &str, is_so: &dyn Fn() -> bool| {
        let begun = std::time::Instant::now();
        while !is_so() {
            assert!(begun.elapsed().as_secs() < 60, "{what}");
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
    };
    // Then it was tried.
    wait_for("not bound", &|| ledger.stats().bound > 500);
    assert!(ledger.shared.tree.size() < 256);
    std::fs::remove_file(dir.join("tree")).unwrap();
    // Without anything that is appended, or asked.
    wait_for("the tree stays behind", &|| ledger.shared.tree.size() >= ledger.stats().bound);
    appender.close().unwrap();
}

#[test]
fn heads_that_were_replaced_are_refused() {
    let temp = tempfile::tempdir().unwrap();
    let options = sealed(temp.path());
    let path = crate::shelf::heads_path(&crate::shelf::volume_folder(temp.path(), Position::FIRST));
    let heads = crate::heads::Heads::parse(LEDGER, Position::FIRST, std::fs::read(&path).unwrap()).unwrap();
    let mut heads: Vec<_> = heads.all().collect();
    heads[0].1.revision = 2;
    std::fs::write(&path, crate::heads::encode(LEDGER, Position::FIRST, &heads)).unwrap();
    let error = Ledger::open(temp.path(), &options).unwrap_err().to_string();
    assert!(error.contains("it is not what the manifest says"), "{error}");
}

fn any_draft() -> impl Strategy<Value = RecordDraft> {
    let ids = (any::<u128>(), any::<u128>(), any::<[u8; 16]>(), any::<u128>());
    let codes = (any::<u16>(), any::<u16>(), any::<u8>(), 0..3_u8);
    let optional = (
        proptest::option::of(any::<i64>()),
        proptest::option::of(1..=u16::MAX),
        proptest::option::of(1..1000_u64),
        proptest::option::of(any::<u128>()),
    );
    let rest = (any::<i64>(), proptest::collection::vec(any::<u8>(), 0..600));
    (ids, codes, optional, rest).prop_map(|(ids, codes, optional, (recorded_at, payload))| RecordDraft {
        stream: Uuid::from_u128(ids.0),
        command_id: Uuid::from_u128(ids.1),
        command_hash: ids.2,
        actor: Uuid::from_u128(ids.3),
        kind: codes.0,
        version: codes.1,
        role: codes.2,
        origin: [Origin::Live, Origin::Import, Origin::System][usize::from(codes.3)],
        recorded_at,
        occurred_at: optional.0,
        reason: optional.1.and_then(NonZeroU16::new),
        causation: optional.2.and_then(Position::new),
        correlation: optional.3.map(Uuid::from_u128),
        payload,
    })
}

proptest! {
    #[test]
    fn a_record_is_read_as_it_was_written(draft in any_draft(), next in 1000..u64::MAX / 2, revision in 1..u32::MAX, flip in any::<usize>()) {
        let previous = if revision == 1 { None } else { Position::new(next - 1) };
        let mut batch = BatchBuilder::new(tail(next));
        batch.push_commit(&[(draft.clone(), revision, previous)]).unwrap();
        let batch = batch.finish();
        let bytes = batch.records().next().unwrap().bytes();
        prop_assert_eq!(bytes.len(), draft.record_bytes());
        let record = Record::parse(bytes).unwrap();
        let read = RecordDraft {
            stream: record.stream,
            command_id: record.command_id,
            command_hash: record.command_hash,
            actor: record.actor,
            kind: record.kind,
            version: record.version,
            role: record.role,
            origin: record.origin,
            recorded_at: record.recorded_at,
            occurred_at: draft.occurred_at.map(|_| record.occurred_at),
            reason: record.reason,
            causation: record.causation,
            correlation: record.correlation,
            payload: record.payload.to_vec(),
        };
        prop_assert_eq!(record.occurred_at, draft.occurred_at.unwrap_or(draft.recorded_at));
        prop_assert_eq!(read, draft);
        prop_assert_eq!((record.position.get(), record.revision, record.previous), (next, revision, previous));
        prop_assert_eq!((record.commit_index, record.commit_count), (0, 1));

        let mut flipped = bytes.to_vec();
        let bit = flip % (bytes.len() * 8);
        flipped[bit / 8] ^= 1 << (bit % 8);
        prop_assert!(Record::parse(&flipped).is_err());
    }
}
