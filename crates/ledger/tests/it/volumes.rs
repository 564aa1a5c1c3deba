use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use daybook_ledger::{Ledger, Options, Position};

use crate::kit::{all, folder, open, small};

pub(crate) fn wait_for_volumes(ledger: &Ledger, volumes: u64) {
    let started = Instant::now();
    while ledger.stats().volumes < volumes {
        assert!(started.elapsed() < Duration::from_secs(30), "not sealed: {:?}", ledger.stats());
        std::thread::sleep(Duration::from_millis(2));
    }
}

fn files(dir: &std::path::Path) -> Vec<String> {
    let mut names: Vec<_> =
        std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn volumes_are_sealed_while_readers_read_and_the_writer_writes() {
    let folder = folder();
    let mut it = open(&folder.dir, &small());
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for reader in 0..3_u64 {
            let ledger = it.ledger.clone();
            let stop = &stop;
            scope.spawn(move || {
                let mut next = Position::FIRST;
                let mut random = reader + 1;
                while !stop.load(Ordering::Relaxed) {
                    let before = ledger.watermark();
                    let chunk = ledger.read_from(next, 20_000).unwrap();
                    assert!(!chunk.is_empty() || next.get() > before, "at {next}, watermark {before}");
                    for (index, record) in chunk.records().enumerate() {
                        assert_eq!(record.position, next.plus(index as u64));
                        assert!(record.position.get() <= ledger.watermark());
                    }
                    next = chunk.next().unwrap_or(next);
                    if before > 0 {
                        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                        let position = Position::new(1 + (random >> 33) % before).unwrap();
                        assert_eq!(ledger.read(position).unwrap().record().position, position);
                        let stream = uuid::Uuid::from_u128(u128::from(random % 37) + 1);
                        if let Some(head) = ledger.head(stream) {
                            assert_eq!(ledger.read_stream_from_head(head, 0).unwrap().len(), head.revision as usize);
                        }
                    }
                }
            });
        }
        for batch in 0..400 {
            it.append(1 + batch % 30, 37, 200);
        }
        stop.store(true, Ordering::Relaxed);
    });
    let records = it.ledger.watermark();
    let volumes = records / 530;
    wait_for_volumes(&it.ledger, volumes);
    let before = all(&it.ledger);
    assert_eq!(before.len() as u64, records);
    it.close();

    let it = open(&folder.dir, &small());
    assert!(it.ledger.stats().volumes >= volumes);
    assert_eq!(all(&it.ledger), before);
    for volume in files(&folder.dir.join("volumes")) {
        let blobs = folder.dir.join("volumes").join(volume).join("sled/blobs");
        assert_eq!(files(&blobs), [] as [String; 0]);
    }
}

#[test]
fn what_is_at_hand_is_in_no_volume_and_is_short() {
    let folder = folder();
    let mut it = open(&folder.dir, &small());
    for batch in 0..400 {
        it.append(1 + batch % 30, 37, 200);
    }
    wait_for_volumes(&it.ledger, it.ledger.watermark() / 530);
    let at_hand = |it: &crate::kit::Open, stream, most| it.ledger.read_stream_at_hand(stream, most).unwrap();
    let bytes = |records: Vec<daybook_ledger::OwnedRecord>| -> Vec<Vec<u8>> {
        records.iter().map(|owned| owned.record().bytes().to_vec()).collect()
    };
    // The oldest events of each are sealed.
    for stream in (1..=37).map(uuid::Uuid::from_u128) {
        assert!(at_hand(&it, stream, u32::MAX).is_none());
    }
    assert!(at_hand(&it, uuid::Uuid::from_u128(99), 8).is_none(), "there is no such stream");
    let last = it.append(2, 1_000_000, 50);
    for stream in [last, last + 1].map(|n| uuid::Uuid::from_u128(n.into())) {
        let found = at_hand(&it, stream, 1).expect("its only event was just written");
        assert_eq!(found.len(), 1);
        assert_eq!(bytes(found), bytes(it.ledger.read_stream(stream).unwrap()));
        assert!(at_hand(&it, stream, 0).is_none(), "longer than was asked for");
    }
}

#[test]
fn only_the_newest_are_at_hand_though_no_volume_has_the_others() {
    let folder = folder();
    let in_one_file = Options { volume_events: 1 << 20, wal_file_bytes: 64 << 20, ..Options::default() };
    let mut it = open(&folder.dir, &in_one_file);
    // Each record is of a stream of its own.
    while it.ledger.watermark() < (1 << 16) + 500 {
        it.append(1_000, u64::MAX, 10);
    }
    let at_hand = |position: u64| {
        let stream = uuid::Uuid::from_u128(u128::from(position) + 1);
        assert_eq!(it.ledger.read_stream(stream).unwrap().len(), 1);
        it.ledger.read_stream_at_hand(stream, 8).unwrap().is_some()
    };
    let oldest = it.ledger.watermark() - (1 << 16);
    assert_eq!([1, oldest, oldest + 1, it.ledger.watermark()].map(at_hand), [false, false, true, true]);
}

#[test]
fn full_pages_make_no_blobs() {
    let folder = folder();
    let options = Options { volume_events: 500, wal_file_bytes: 4 << 20, open_volumes: 1, ..Options::default() };
    let mut it = open(&folder.dir, &options);
    // Two records of 32 KiB less their headers: every page is as large as a page can be.
    for _ in 0..80 {
        it.append(14, 3, 32_500);
    }
    wait_for_volumes(&it.ledger, 2);
    let before = all(&it.ledger);
    it.close();
    for volume in files(&folder.dir.join("volumes")) {
        let blobs = folder.dir.join("volumes").join(volume).join("sled/blobs");
        assert_eq!(files(&blobs), [] as [String; 0]);
    }
    assert_eq!(all(&open(&folder.dir, &options).ledger), before);
}

#[test]
fn an_unsealed_sled_folder_is_repaired_or_made_anew() {
    let folder = folder();
    let options = Options { volume_events: 3000, wal_file_bytes: 256 << 10, open_volumes: 2, ..Options::default() };
    let mut it = open(&folder.dir, &options);
    for _ in 0..100 {
        it.append(29, 11, 400);
    }
    let started = Instant::now();
    while it.ledger.stats().bound < 2000 && started.elapsed() < Duration::from_secs(20) {
        std::thread::sleep(Duration::from_millis(2));
    }
    let before = all(&it.ledger);
    it.close();

    let sled = folder.dir.join(format!("volumes/{:020}/sled", 1));
    let db = sled.join("db");
    let whole = std::fs::read(&db).unwrap();
    type Damage = fn(&[u8]) -> Vec<u8>;
    let damages: [(&str, Damage); 4] = [
        ("cut", |whole| whole[..whole.len() / 2].to_vec()),
        ("empty", |_| Vec::new()),
        ("flipped", |whole| {
            let mut bytes = whole.to_vec();
            for at in (1000..bytes.len()).step_by(20_000) {
                bytes[at] ^= 4;
            }
            bytes
        }),
        ("noise", |whole| (0..whole.len()).map(|at| (at * 31 % 251) as u8).collect()),
    ];
    for (name, damage) in damages {
        let _ = std::fs::remove_dir_all(folder.dir.join("again"));
        let copy = folder.dir.parent().unwrap().join(name);
        crate::kit::copy(&folder.dir, &copy);
        std::fs::write(copy.join(format!("volumes/{:020}/sled/db", 1)), damage(&whole)).unwrap();
        let mut it = open(&copy, &options);
        assert_eq!(all(&it.ledger), before, "{name}");
        for _ in 0..5 {
            it.append(29, 11, 400);
        }
        wait_for_volumes(&it.ledger, 1);
        assert_eq!(all(&it.ledger)[..before.len()], before, "{name}");
        it.close();
    }
}

/// A volume as large as in use.
#[test]
fn a_volume_of_real_size() {
    let folder = folder();
    let options = Options::default();
    let mut it = open(&folder.dir, &options);
    while it.ledger.watermark() <= options.volume_events {
        it.append(1000, 300_000, 90);
    }
    let records = it.ledger.watermark();
    wait_for_volumes(&it.ledger, 1);
    let report = it.ledger.verify();
    assert!(report.is_sound() && report.records == records && report.volumes == 1, "{report}");
    it.close();
    let it = open(&folder.dir, &options);
    let mut next = Position::FIRST;
    while let Some(after) = it.ledger.read_from(next, 1 << 20).unwrap().next() {
        next = after;
    }
    assert_eq!(next.get(), records + 1);
    assert_eq!(it.ledger.stats().streams, 300_000);
}
