use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};

use daybook_ledger::{
    Append, BackupError, BatchBuilder, CreateError, Ledger, Position, RestoreError, restore, verify_dir,
};

use crate::kit::{Open, all, copy, draft, folder, open, payload, small};
use crate::volumes::wait_for_volumes;

struct Random(u64);

struct Ending<'a>(&'a AtomicBool);

impl Drop for Ending<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

impl Random {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % end
    }
}

fn random() -> (u64, Random) {
    let given = std::env::var("BACKUP_SEED").ok().and_then(|seed| seed.parse().ok());
    let seed = given.unwrap_or_else(|| {
        u64::from(std::process::id()) << 20 | u64::from(std::time::Instant::now().elapsed().subsec_nanos())
    });
    (seed, Random(seed))
}

/// A batch of commits of one to three records.
fn append(it: &mut Open, commits: u64) {
    let mut batch = BatchBuilder::new(it.appender.tail());
    for _ in 0..commits {
        let number = batch.tail().next.get();
        let drafts =
            (0..1 + number % 3).map(|more| draft(number * 5 % 41 + more, payload(number + more, 150))).collect();
        it.push(&mut batch, drafts);
    }
    assert!(matches!(it.appender.append(batch.finish()), Append::Done { .. }));
}

/// The first and last position of the commit that holds `position`.
fn commit_of(ledger: &Ledger, position: u64) -> (u64, u64) {
    let owned = ledger.read(Position::new(position).unwrap()).unwrap();
    let record = owned.record();
    let first = position - u64::from(record.commit_index);
    (first, first + u64::from(record.commit_count) - 1)
}

/// Opens it, goes on, and closes it.
fn is_whole(dir: &Path, wanted: &[Vec<u8>]) {
    let mut it = open(dir, &small());
    assert!(it.ledger.cut().is_none());
    assert!(all(&it.ledger) == wanted, "it holds other records");
    append(&mut it, 3);
    assert!(it.ledger.verify().is_sound());
    it.close();
    let report = verify_dir(dir).unwrap();
    assert!(report.is_sound(), "{report}");
}

#[test]
fn twenty_backups_are_made_and_restored_while_others_write() {
    let folder = folder();
    let temp = folder.dir.parent().unwrap();
    let backup = temp.join("backup");
    let (seed, mut random) = random();
    println!("BACKUP_SEED={seed}");
    let mut it = open(&folder.dir, &small());
    append(&mut it, 3);
    let ledger = it.ledger.clone();
    // Commits that may still be written: as fast as they can be, but not so many that comparing them takes long.
    let budget = AtomicI64::new(0);
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for count in (1..30).cycle() {
                while budget.load(Ordering::Relaxed) <= 0 {
                    if stop.load(Ordering::Relaxed) {
                        return;
                    }
                    std::thread::sleep(std::time::Duration::from_millis(1));
                }
                append(&mut it, count);
                budget.fetch_sub(count as i64, Ordering::Relaxed);
            }
        });
        // Else a failure here would wait for the writer for ever.
        let _ending = Ending(&stop);
        let mut before = 0;
        for round in 0..20 {
            let at_least = ledger.watermark();
            budget.store(300, Ordering::Relaxed);
            let report = ledger.back_up(&backup).unwrap();
            assert!(report.before == before && report.last >= at_least, "{report:?} after {before}, {at_least}");
            before = report.last;
            let records = all(&ledger);
            let dir = temp.join(format!("restored-{round}"));
            let restored = restore(&backup, &dir, None, &[]).unwrap();
            assert_eq!((restored.last, restored.records), (report.last, report.last));
            is_whole(&dir, &records[..report.last as usize]);
            fs::remove_dir_all(&dir).unwrap();

            let wanted = 1 + random.below(report.last);
            let (first, last) = commit_of(&ledger, wanted);
            let to = |position| restore(&backup, &dir, Position::new(position), &[]);
            let last = if last > report.last { first - 1 } else { last };
            if wanted < last {
                match to(wanted) {
                    Err(RestoreError::WithinCommit { before, after, .. }) => {
                        assert_eq!((before, after), (first - 1, last))
                    }
                    other => panic!("{wanted} lies within {first} to {last}: {other:?}"),
                }
                fs::remove_dir_all(&dir).unwrap();
            }
            assert_eq!(to(last).unwrap().last, last);
            is_whole(&dir, &records[..last as usize]);
            fs::remove_dir_all(&dir).unwrap();
        }
    });
    assert!(ledger.stats().volumes > 3, "{:?}", ledger.stats());
}

/// A backup of some volumes and a tail in several parts.
fn backed_up() -> (crate::kit::Folder, PathBuf, Vec<Vec<u8>>) {
    let folder = folder();
    let backup = folder.dir.parent().unwrap().join("backup");
    let mut it = open(&folder.dir, &small());
    for _ in 0..70 {
        append(&mut it, 10);
    }
    wait_for_volumes(&it.ledger, 2);
    it.ledger.back_up(&backup).unwrap();
    append(&mut it, 10);
    append(&mut it, 10);
    let report = it.ledger.back_up(&backup).unwrap();
    assert_eq!((report.copied_volumes, report.volumes), (0, 2));
    let records = all(&it.ledger);
    assert_eq!(report.last, records.len() as u64);
    it.close();
    (folder, backup, records)
}

fn files(dir: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, found);
        } else if path.file_name().unwrap() != "lock" {
            found.push(path);
        }
    }
}

#[test]
fn whatever_is_changed_in_a_backup_is_found() {
    let (folder, backup, _) = backed_up();
    let temp = folder.dir.parent().unwrap();
    let (seed, mut random) = random();
    println!("BACKUP_SEED={seed}");
    let mut found = Vec::new();
    files(&backup, &mut found);
    found.sort();
    // Two volumes of two files, a tail of at least two parts, and the state.
    assert!(found.len() >= 7, "{found:?}");
    let changes = std::env::var("BACKUP_CHANGES").ok().and_then(|count| count.parse().ok()).unwrap_or(40);
    let dir = temp.join("restored");
    let refused = |what: &str| {
        let result = restore(&backup, &dir, None, &[]);
        assert!(result.is_err(), "{what} is not found");
        if dir.exists() {
            fs::remove_dir_all(&dir).unwrap();
        }
        result.unwrap_err().to_string()
    };
    for path in &found {
        let whole = fs::read(path).unwrap();
        for _ in 0..changes {
            let (at, bit) = (random.below(whole.len() as u64) as usize, random.below(8));
            let mut changed = whole.clone();
            changed[at] ^= 1 << bit;
            fs::write(path, changed).unwrap();
            refused(&format!("bit {bit} of byte {at} of {}", path.display()));
            fs::write(path, &whole[..at]).unwrap();
            refused(&format!("the end from byte {at} of {}", path.display()));
        }
        fs::remove_file(path).unwrap();
        let name = path.file_name().unwrap();
        let why = refused(&format!("the loss of {}", path.display()));
        assert!(name == "state" || why.contains("missing"), "{why}");
        fs::write(path, &whole).unwrap();
    }
    assert!(restore(&backup, &dir, None, &[]).is_ok());
}

#[test]
fn only_what_leads_on_is_put_to_a_backup() {
    let (folder, backup, _) = backed_up();
    let temp = folder.dir.parent().unwrap();
    let other = temp.join("other");
    copy(&folder.dir, &other);
    for (dir, commits) in [(&folder.dir, 5), (&other, 6)] {
        let mut it = open(dir, &small());
        append(&mut it, commits);
        it.close();
    }
    let mut it = open(&folder.dir, &small());
    it.ledger.back_up(&backup).unwrap();
    // The one whose last record differs, and the one that does not go so far.
    let ended = it.ledger.watermark();
    append(&mut it, 40);
    it.close();
    let it = open(&other, &small());
    let again = it.ledger.back_up(&backup);
    assert!(matches!(again, Err(BackupError::Forked { position, .. }) if position == ended), "{again:?}");
    it.close();
    let early = temp.join("early");
    restore(&backup, &early, Position::new(commit_of_dir(&folder.dir, ended / 2)), &[]).unwrap();
    let it = open(&early, &small());
    let again = it.ledger.back_up(&backup);
    assert!(matches!(again, Err(BackupError::Ahead { theirs, .. }) if theirs == ended), "{again:?}");
    it.close();

    let strange = temp.join("strange");
    Ledger::create(&strange, uuid::Uuid::from_u128(5)).unwrap();
    let it = open(&strange, &small());
    assert!(matches!(it.ledger.back_up(&backup), Err(BackupError::OtherLedger { .. })));
    assert!(matches!(it.ledger.back_up(&folder.dir), Err(BackupError::Foreign { .. })));
    // Nothing yet is a backup too.
    let empty = temp.join("empty");
    assert_eq!(it.ledger.back_up(&empty).unwrap().last, 0);
    it.close();
    let restored = temp.join("restored");
    assert_eq!(restore(&empty, &restored, None, &[]).unwrap().last, 0);
    open(&restored, &small()).close();

    let refused = restore(&backup, &folder.dir, None, &[]);
    assert!(matches!(refused, Err(RestoreError::Create(CreateError::Exists { .. }))), "{refused:?}");
    let refused = restore(&folder.dir, &temp.join("none"), None, &[]);
    assert!(matches!(refused, Err(RestoreError::NoBackup { .. })), "{refused:?}");
    let refused = restore(&backup, &temp.join("none"), Position::new(ended + 1), &[]);
    assert!(matches!(refused, Err(RestoreError::Beyond { last, .. }) if last == ended), "{refused:?}");
}

fn commit_of_dir(dir: &Path, position: u64) -> u64 {
    let it = open(dir, &small());
    let (_, last) = commit_of(&it.ledger, position);
    it.close();
    last
}

/// Whatever a run has written before it was killed, the backup is what it was before, and the next run carries it on.
#[test]
fn a_run_that_was_killed_changes_nothing() {
    let (folder, backup, records) = backed_up();
    let temp = folder.dir.parent().unwrap();
    let before = fs::read(backup.join("state")).unwrap();
    let mut it = open(&folder.dir, &small());
    // Far enough that another volume is sealed, and its part of the tail would go.
    for _ in 0..40 {
        append(&mut it, 10);
    }
    wait_for_volumes(&it.ledger, 3);
    let kept = temp.join("kept");
    copy(&backup, &kept);
    it.ledger.back_up(&backup).unwrap();
    // What stands there before the state is replaced: everything of the run, and everything from before it.
    copy(&kept.join("tail"), &backup.join("tail"));
    fs::write(backup.join("state"), before).unwrap();
    fs::write(backup.join("tail/part.tmp"), b"half").unwrap();
    let dir = temp.join("restored");
    assert_eq!(restore(&backup, &dir, None, &[]).unwrap().last, records.len() as u64);
    is_whole(&dir, &records);

    let report = it.ledger.back_up(&backup).unwrap();
    assert_eq!((report.before, report.last), (records.len() as u64, it.ledger.watermark()));
    let dir = temp.join("restored again");
    restore(&backup, &dir, None, &[]).unwrap();
    is_whole(&dir, &all(&it.ledger));
    it.close();
}
