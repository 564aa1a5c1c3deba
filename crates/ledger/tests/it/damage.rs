//! Damage to what is on disk: either everything acknowledged is there and identical, or a refusal.

use std::collections::BTreeMap;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use daybook_ledger::{Ledger, OpenError, Options, Position, ReadError, verify_dir};

use crate::kit::{self, Folder, all, folder, open, tiny_file};
use crate::volumes::wait_for_volumes;

/// All files of a small folder, to lay it anew after each try.
struct Picture {
    files: BTreeMap<PathBuf, Vec<u8>>,
}

impl Picture {
    fn take(dir: &Path) -> Self {
        let mut files = BTreeMap::new();
        let mut folders = vec![dir.to_path_buf()];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else if !path.file_name().unwrap().to_str().unwrap().starts_with("spare-") {
                    files.insert(path.strip_prefix(dir).unwrap().into(), std::fs::read(&path).unwrap());
                }
            }
        }
        Self { files }
    }

    fn lay(&self, dir: &Path) {
        for inner in ["wal", "volumes"] {
            let _ = std::fs::remove_dir_all(dir.join(inner));
            std::fs::create_dir_all(dir.join(inner)).unwrap();
        }
        for (path, bytes) in &self.files {
            std::fs::create_dir_all(dir.join(path).parent().unwrap()).unwrap();
            std::fs::write(dir.join(path), bytes).unwrap();
        }
    }

    fn path(&self, part: &str) -> PathBuf {
        let found: Vec<_> = self.files.keys().filter(|path| path.to_str().unwrap().contains(part)).collect();
        assert_eq!(found.len(), 1, "{part}: {found:?}");
        found[0].clone()
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Outcome {
    Same,
    Refused,
}

/// Opens a folder that may be damaged; panics if anything acknowledged is missing or different without a refusal.
fn outcome(dir: &Path, options: &Options, acknowledged: &[Vec<u8>], what: &str) -> Outcome {
    match Ledger::open(dir, options) {
        Ok((ledger, appender)) => {
            let found = all(&ledger);
            assert!(found.len() >= acknowledged.len(), "{what}: only {} records are left", found.len());
            assert!(found[..acknowledged.len()] == *acknowledged, "{what}: other records than before");
            drop(appender);
            Outcome::Same
        }
        Err(OpenError::Damaged { .. } | OpenError::NewerFormat { .. }) => {
            assert!(
                verify_dir(dir).map_or(true, |report| !report.is_sound()),
                "{what}: refused, but verify finds nothing"
            );
            Outcome::Refused
        }
        Err(other) => panic!("{what}: {other}"),
    }
}

/// Four batches in one write-ahead file, of which `acknowledged` holds the records.
fn small_ledger(clean: bool) -> (Folder, Picture, Vec<Vec<u8>>) {
    let folder = folder();
    let mut it = open(&folder.dir, &tiny_file());
    for commits in [1, 2, 1, 2] {
        it.append(commits, 2, 20);
    }
    let acknowledged = all(&it.ledger);
    let picture = if clean {
        it.close();
        Picture::take(&folder.dir)
    } else {
        // As a killed process leaves it.
        let picture = Picture::take(&folder.dir);
        drop(it);
        picture
    };
    (folder, picture, acknowledged)
}

const WAL: &str = "wal/00000000000000000001.wal";

/// Where the frames end in the only write-ahead file: after its last byte that is not zero (a checksum's).
fn frames_end(picture: &Picture) -> usize {
    picture.files[Path::new(WAL)].iter().rposition(|&byte| byte != 0).unwrap() + 1
}

#[test]
fn every_flipped_bit_of_a_write_ahead_file_is_noticed_or_harmless() {
    for clean in [true, false] {
        let (folder, picture, acknowledged) = small_ledger(clean);
        let whole = &picture.files[Path::new(WAL)];
        let end = frames_end(&picture);
        assert!((4096 + 900..4096 + 1600).contains(&end), "{end}");
        // Every bit of the header's fields and of the frames; a sample of the zeros between and after them.
        let bits = |byte: usize| byte < 80 || (4090..end + 90).contains(&byte) || byte.is_multiple_of(97);
        for byte in (0..whole.len()).filter(|&byte| bits(byte)) {
            for bit in 0..8 {
                if byte >= end && bit % 3 != 0 {
                    continue;
                }
                let mut flipped = whole.clone();
                flipped[byte] ^= 1 << bit;
                picture.lay(&folder.dir);
                std::fs::write(folder.dir.join(WAL), flipped).unwrap();
                let what = format!("clean {clean}, byte {byte}, bit {bit}");
                let expected = if byte < end { Outcome::Refused } else { Outcome::Same };
                assert_eq!(outcome(&folder.dir, &tiny_file(), &acknowledged, &what), expected, "{what}");
            }
        }
    }
}

/// Records as they are read in a row, and whether that went to the end.
fn up_to_damage(ledger: &Ledger) -> (Vec<Vec<u8>>, bool) {
    let (mut found, mut next) = (Vec::new(), Position::FIRST);
    while let Ok(chunk) = ledger.read_from(next, 1 << 20) {
        let Some(after) = chunk.next() else { return (found, true) };
        found.extend(chunk.records().map(|record| record.bytes().to_vec()));
        next = after;
    }
    (found, false)
}

/// On a disk that was sound when the ledger was opened.
#[test]
fn every_flipped_bit_under_an_open_ledger_is_refused_by_the_reader_or_harmless() {
    let folder = folder();
    let mut it = open(&folder.dir, &tiny_file());
    for commits in [1, 2, 1, 2] {
        it.append(commits, 2, 20);
    }
    let acknowledged = all(&it.ledger);
    let end = frames_end(&Picture::take(&folder.dir));
    let file = std::fs::File::options().read(true).write(true).open(folder.dir.join(WAL)).unwrap();
    let mut refused = 0;
    for at in 4096..end {
        let mut whole = [0];
        file.read_exact_at(&mut whole, at as u64).unwrap();
        for bit in 0..8 {
            let what = format!("byte {at}, bit {bit}");
            file.write_all_at(&[whole[0] ^ 1 << bit], at as u64).unwrap();
            let mut wrong = 0;
            for (position, expected) in (1..).zip(&acknowledged) {
                match it.ledger.read(Position::new(position).unwrap()) {
                    Ok(record) => assert_eq!(record.record().bytes(), expected, "{what}"),
                    Err(ReadError::Damaged { file, .. }) => {
                        assert!(file.ends_with(WAL), "{what}: {file:?}");
                        wrong += 1;
                    }
                    Err(other) => panic!("{what}: {other}"),
                }
            }
            let (in_a_row, is_whole) = up_to_damage(&it.ledger);
            assert!(acknowledged.starts_with(&in_a_row), "{what}: other records in a row");
            assert!(!is_whole || (wrong == 0 && in_a_row.len() == acknowledged.len()), "{what}: read in a row");
            refused += usize::from(wrong > 0);
            // Also of what no reader looks at again.
            if (at * 8 + bit) % 13 == 0 {
                assert!(!it.ledger.verify().is_sound(), "{what}: verify finds nothing");
            }
        }
        file.write_all_at(&whole, at as u64).unwrap();
    }
    assert!(refused > acknowledged.len() * 100 * 8, "of each record's hundred bytes every bit: {refused}");
    assert_eq!(all(&it.ledger), acknowledged);
}

#[test]
fn refusing_changes_nothing() {
    let (folder, picture, _) = small_ledger(false);
    let mut flipped = picture.files[Path::new(WAL)].clone();
    flipped[4096 + 100] ^= 1;
    picture.lay(&folder.dir);
    std::fs::write(folder.dir.join(WAL), &flipped).unwrap();
    let before = Picture::take(&folder.dir);
    Ledger::open(&folder.dir, &tiny_file()).unwrap_err();
    let after = Picture::take(&folder.dir);
    for (path, bytes) in &before.files {
        // The lock's owner is not part of the data.
        assert!(path == Path::new("lock") || after.files[path] == *bytes, "{path:?}");
    }
    assert_eq!(before.files.len(), after.files.len());
}

#[test]
fn a_cut_write_ahead_file_is_refused_at_every_length() {
    for clean in [true, false] {
        let (folder, picture, acknowledged) = small_ledger(clean);
        let whole = &picture.files[Path::new(WAL)];
        for length in (0..whole.len()).step_by(29).chain([4095, 4096, 4097, whole.len() - 1]) {
            picture.lay(&folder.dir);
            std::fs::write(folder.dir.join(WAL), &whole[..length]).unwrap();
            let what = format!("clean {clean}, cut to {length}");
            assert_eq!(outcome(&folder.dir, &tiny_file(), &acknowledged, &what), Outcome::Refused, "{what}");
        }
    }
}

#[test]
fn a_lost_last_batch_is_named() {
    let (folder, picture, _) = small_ledger(false);
    let mut cut = picture.files[Path::new(WAL)].clone();
    let end = frames_end(&picture);
    cut[end - 300..end].fill(0);
    picture.lay(&folder.dir);
    std::fs::write(folder.dir.join(WAL), cut).unwrap();
    let error = Ledger::open(&folder.dir, &tiny_file()).unwrap_err().to_string();
    assert!(error.contains("positions 5 to 6 were acknowledged but are missing or damaged"), "{error}");
    assert!(error.contains("restore the folder from a backup"), "{error}");
}

/// Whole and undamaged, but another history than the one that was acknowledged.
#[test]
fn a_file_from_another_past_is_refused() {
    let folder = folder();
    let mut it = open(&folder.dir, &tiny_file());
    it.append(1, 2, 20);
    it.close();
    let fork = folder.dir.parent().unwrap().join("fork");
    kit::copy(&folder.dir, &fork);
    for (dir, length) in [(&folder.dir, 20), (&fork, 21)] {
        let mut it = open(dir, &tiny_file());
        it.append(1, 2, length);
        it.close();
    }
    std::fs::copy(fork.join(WAL), folder.dir.join(WAL)).unwrap();
    let error = Ledger::open(&folder.dir, &tiny_file()).unwrap_err().to_string();
    assert!(error.contains("position 2 is not what was acknowledged there"), "{error}");
    assert!(!verify_dir(&folder.dir).unwrap().is_sound());
}

/// A crash after the write and before the acknowledgement: the mark is one batch behind.
#[test]
fn a_torn_batch_that_nobody_was_told_of_is_cleared_away() {
    let folder = folder();
    let mut it = open(&folder.dir, &tiny_file());
    it.append(1, 2, 20);
    it.append(2, 2, 20);
    let acknowledged = all(&it.ledger);
    let mark = std::fs::read(folder.dir.join("durable")).unwrap();
    let before = frames_end(&Picture::take(&folder.dir));
    it.append(2, 2, 20);
    let mut picture = Picture::take(&folder.dir);
    picture.files.insert("durable".into(), mark);
    drop(it);

    let whole = picture.files[Path::new(WAL)].clone();
    let end = frames_end(&picture);
    picture.lay(&folder.dir);
    let found = open(&folder.dir, &tiny_file()).ledger;
    assert_eq!(found.watermark(), 5, "a whole batch stays");
    drop(found);
    for kept in (before..end).step_by(3) {
        let mut torn = whole.clone();
        torn[kept..end].fill(0);
        if kept % 2 == 0 && kept < end - 20 {
            // Or with its middle missing.
            torn[end - 20..end].copy_from_slice(&whole[end - 20..end]);
        }
        picture.lay(&folder.dir);
        std::fs::write(folder.dir.join(WAL), &torn).unwrap();
        let mut it = open(&folder.dir, &tiny_file());
        assert_eq!(all(&it.ledger), acknowledged, "torn at {kept}");
        let cleared = std::fs::read(folder.dir.join(WAL)).unwrap();
        assert!(cleared[before..].iter().all(|&byte| byte == 0), "torn at {kept}");
        it.append(1, 2, 1);
        let with_one = all(&it.ledger);
        it.close();
        let it = open(&folder.dir, &tiny_file());
        assert_eq!(all(&it.ledger), with_one, "torn at {kept}");
    }
}

/// The mark may be old after power loss: what follows the damage must tell.
#[test]
fn damage_before_a_whole_batch_is_no_torn_end() {
    let folder = folder();
    let mut it = open(&folder.dir, &tiny_file());
    let mark = std::fs::read(folder.dir.join("durable")).unwrap();
    for _ in 0..3 {
        it.append(1, 2, 20);
    }
    let mut picture = Picture::take(&folder.dir);
    drop(it);
    picture.files.insert("durable".into(), mark);
    picture.files.get_mut(Path::new(WAL)).unwrap()[4096 + 90] ^= 1;
    picture.lay(&folder.dir);
    let error = Ledger::open(&folder.dir, &tiny_file()).unwrap_err().to_string();
    assert!(error.contains("a later batch stands whole") && error.contains("daybook verify"), "{error}");
}

/// The same where the later batch is in the next file.
#[test]
fn damage_before_another_file_is_no_torn_end() {
    let folder = folder();
    let mut it = open(&folder.dir, &tiny_file());
    let mark = std::fs::read(folder.dir.join("durable")).unwrap();
    while it.ledger.watermark() < 4 {
        it.append(1, 2, 2500);
    }
    let mut picture = Picture::take(&folder.dir);
    drop(it);
    let wal_files = picture.files.keys().filter(|path| path.starts_with("wal")).count();
    assert_eq!(wal_files, 2);
    picture.files.insert("durable".into(), mark);
    let end = frames_end(&picture);
    picture.files.get_mut(Path::new(WAL)).unwrap()[end - 1] ^= 1;
    picture.lay(&folder.dir);
    let error = Ledger::open(&folder.dir, &tiny_file()).unwrap_err().to_string();
    assert!(error.contains("it does not continue what is before it, which ends at position"), "{error}");
    assert!(!verify_dir(&folder.dir).unwrap().is_sound());
}

#[test]
fn a_clean_end_allows_nothing_more() {
    let folder = folder();
    let mut it = open(&folder.dir, &tiny_file());
    it.append(1, 2, 20);
    it.close();
    let mark = std::fs::read(folder.dir.join("durable")).unwrap();
    let mut it = open(&folder.dir, &tiny_file());
    it.append(1, 2, 20);
    it.close();
    std::fs::write(folder.dir.join("durable"), mark).unwrap();
    let error = Ledger::open(&folder.dir, &tiny_file()).unwrap_err().to_string();
    assert!(error.contains("although the ledger was closed at 1"), "{error}");
}

#[test]
fn one_mark_makes_good_for_the_other() {
    for clean in [true, false] {
        let (folder, picture, acknowledged) = small_ledger(clean);
        let whole = picture.files[Path::new("durable")].clone();
        for slot in [0, 4096] {
            for byte in slot..slot + 100 {
                let mut flipped = whole.clone();
                flipped[byte] ^= 1 << (byte % 8);
                picture.lay(&folder.dir);
                std::fs::write(folder.dir.join("durable"), &flipped).unwrap();
                let what = format!("clean {clean}, byte {byte}");
                assert_eq!(outcome(&folder.dir, &tiny_file(), &acknowledged, &what), Outcome::Same, "{what}");

                // It still tells of a lost last batch.
                picture.lay(&folder.dir);
                std::fs::write(folder.dir.join("durable"), &flipped).unwrap();
                let mut cut = picture.files[Path::new(WAL)].clone();
                let end = frames_end(&picture);
                cut[end - 30..end].fill(0);
                std::fs::write(folder.dir.join(WAL), &cut).unwrap();
                assert_eq!(outcome(&folder.dir, &tiny_file(), &acknowledged, &what), Outcome::Refused, "{what}");
            }
        }
        let mut both = whole.clone();
        both[10] ^= 1;
        both[4106] ^= 1;
        picture.lay(&folder.dir);
        std::fs::write(folder.dir.join("durable"), &both).unwrap();
        assert_eq!(outcome(&folder.dir, &tiny_file(), &acknowledged, "both"), Outcome::Refused);
    }
}

#[test]
fn a_damaged_identity_is_refused() {
    let (folder, picture, acknowledged) = small_ledger(true);
    let whole = picture.files[Path::new("ledger")].clone();
    for bit in 0..whole.len() * 8 {
        let mut flipped = whole.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        picture.lay(&folder.dir);
        std::fs::write(folder.dir.join("ledger"), flipped).unwrap();
        assert_eq!(outcome(&folder.dir, &tiny_file(), &acknowledged, "identity"), Outcome::Refused, "bit {bit}");
    }
}

#[test]
fn a_missing_file_is_refused() {
    // Enough for several write-ahead files of one volume.
    let folder = folder();
    let mut it = open(&folder.dir, &tiny_file());
    for _ in 0..30 {
        it.append(2, 3, 300);
    }
    let acknowledged = all(&it.ledger);
    let picture = Picture::take(&folder.dir);
    drop(it);
    let needed: Vec<_> = picture.files.keys().filter(|path| *path != Path::new("lock")).collect();
    assert!(needed.len() >= 5, "{needed:?}");
    for path in needed {
        picture.lay(&folder.dir);
        std::fs::remove_file(folder.dir.join(path)).unwrap();
        match Ledger::open(&folder.dir, &tiny_file()) {
            Err(OpenError::Damaged { .. } | OpenError::NoLedger { .. } | OpenError::Io { .. }) => {}
            other => {
                panic!("without {path:?}: {:?} of {}", other.map(|(ledger, _)| all(&ledger).len()), acknowledged.len())
            }
        }
    }
}

/// Two sealed volumes and an open one.
fn volumes() -> (Folder, Picture, Vec<Vec<u8>>, Options) {
    let options = Options { volume_events: 300, wal_file_bytes: 64 << 10, open_volumes: 1, ..Options::default() };
    let folder = folder();
    let mut it = open(&folder.dir, &options);
    for _ in 0..70 {
        it.append(10, 23, 150);
    }
    wait_for_volumes(&it.ledger, 2);
    let acknowledged = all(&it.ledger);
    let report = it.ledger.verify();
    assert!(report.is_sound() && report.records == 700 && report.volumes == 2, "{report}");
    it.close();
    let report = verify_dir(&folder.dir).unwrap();
    assert!(report.is_sound() && report.records == 700 && report.volumes == 2, "{report}");
    let picture = Picture::take(&folder.dir);
    (folder, picture, acknowledged, options)
}

#[test]
fn damaged_manifests_and_heads_are_refused() {
    let (folder, picture, acknowledged, options) = volumes();
    picture.lay(&folder.dir);
    for part in ["0001/manifest", "0301/manifest", "0001/heads", "0301/heads"] {
        let path = folder.dir.join(picture.path(part));
        let whole = std::fs::read(&path).unwrap();
        for at in 0..whole.len() {
            let mut flipped = whole.clone();
            flipped[at] ^= 1 << (at % 8);
            std::fs::write(&path, flipped).unwrap();
            match Ledger::open(&folder.dir, &options) {
                Err(OpenError::Damaged { file, .. }) => assert_eq!(file, path),
                other => panic!("{part} byte {at}: {:?}", other.map(drop)),
            }
        }
        for length in (0..whole.len()).step_by(41) {
            std::fs::write(&path, &whole[..length]).unwrap();
            assert_eq!(outcome(&folder.dir, &options, &acknowledged, part), Outcome::Refused, "{part} cut to {length}");
        }
        std::fs::remove_file(&path).unwrap();
        assert_eq!(outcome(&folder.dir, &options, &acknowledged, part), Outcome::Refused, "{part} missing");
        std::fs::write(&path, whole).unwrap();
    }
    for volume in [1, 301] {
        picture.lay(&folder.dir);
        std::fs::remove_dir_all(folder.dir.join(format!("volumes/{volume:020}"))).unwrap();
        assert_eq!(outcome(&folder.dir, &options, &acknowledged, "volume"), Outcome::Refused, "{volume} missing");
        picture.lay(&folder.dir);
        std::fs::remove_dir_all(folder.dir.join(format!("volumes/{volume:020}/sled"))).unwrap();
        assert_eq!(outcome(&folder.dir, &options, &acknowledged, "pages"), Outcome::Refused, "{volume}: pages missing");
    }
}

/// Sled's own files: a read may fail, but never miss or change a record, and what a read finds verify finds.
#[test]
fn damaged_pages_are_noticed() {
    let (folder, picture, acknowledged, options) = volumes();
    let (mut same, mut noticed) = (0, 0);
    let seed = 20_260_101_u64;
    println!("seed {seed}");
    let mut random = seed;
    let mut next = move |below: usize| {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (random >> 33) as usize % below
    };
    let sled_files: Vec<_> =
        picture.files.keys().filter(|path| path.to_str().unwrap().contains("1/sled/")).cloned().collect();
    assert!(sled_files.len() >= 4, "{sled_files:?}");
    for round in 0..40 {
        let path = &sled_files[round % sled_files.len()];
        let mut bytes = picture.files[path].clone();
        // Most of sled's file is empty: look where the data is.
        let used = bytes.iter().rposition(|&byte| byte != 0).unwrap_or(0) + 1;
        let at = next(used);
        match round % 5 {
            0 => bytes.truncate(at),
            1 => bytes[at..].fill(0),
            _ => bytes[at] ^= 1 << next(8),
        }
        picture.lay(&folder.dir);
        std::fs::write(folder.dir.join(path), &bytes).unwrap();
        let what = format!("round {round}, {path:?} of {} bytes at {at}", bytes.len());
        let (ledger, appender) = match Ledger::open(&folder.dir, &options) {
            Ok(open) => open,
            Err(OpenError::Damaged { .. }) => continue,
            Err(other) => panic!("{what}: {other}"),
        };
        let mut failed = false;
        for (index, expected) in acknowledged.iter().enumerate().step_by(3) {
            match ledger.read(Position::new(index as u64 + 1).unwrap()) {
                Ok(record) => assert_eq!(record.record().bytes(), expected, "{what}"),
                Err(_) => failed = true,
            }
        }
        assert_eq!(ledger.watermark(), acknowledged.len() as u64);
        let sound = ledger.verify().is_sound();
        assert!(!failed || !sound, "{what}: verify finds nothing");
        if failed {
            noticed += 1
        } else {
            same += 1
        }
        drop((ledger, appender));
        let sound = verify_dir(&folder.dir).unwrap().is_sound();
        assert!(!failed || !sound, "{what}: verify of the folder finds nothing");
    }
    println!("{noticed} noticed, {same} without effect");
    assert!(noticed > 4 && same > 0);
}

/// Files of sealed volumes are used again as they are: what they still hold must not come back.
#[test]
fn what_a_recycled_file_held_stays_forgotten() {
    let options = Options { volume_events: 200, wal_file_bytes: 64 << 10, open_volumes: 2, ..Options::default() };
    let folder = folder();
    let mut it = open(&folder.dir, &options);
    let mut recycled = 0;
    let (mut ended, mut in_volume) = (0, 0);
    for round in 0..60 {
        it.append(10 + round % 3, 7, 300);
        in_volume += 10 + round % 3;
        if in_volume >= options.volume_events {
            (ended, in_volume) = (ended + 1, 0);
        }
        // The copy must not be taken while a volume is being sealed: it would show several moments at once.
        wait_for_volumes(&it.ledger, ended);
        let copy = folder.dir.parent().unwrap().join("crashed");
        let _ = std::fs::remove_dir_all(&copy);
        kit::copy(&folder.dir, &copy);
        for entry in std::fs::read_dir(copy.join("wal")).unwrap() {
            let bytes = std::fs::read(entry.unwrap().path()).unwrap();
            recycled += usize::from(bytes[bytes.len() / 2..].iter().any(|&byte| byte != 0));
        }
        let before = all(&it.ledger);
        let mut crashed = open(&copy, &options);
        assert_eq!(all(&crashed.ledger), before, "round {round}");
        assert_eq!(crashed.ledger.cut(), None, "round {round}: what the file held before is no batch of today");
        crashed.append(1, 7, 30);
        assert_eq!(all(&crashed.ledger)[..before.len()], before, "round {round}");
    }
    assert!(recycled > 20, "{recycled}");
}
