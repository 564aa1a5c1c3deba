//! The disk itself: what survives a power loss, and do the faults come when they are asked for?

#![allow(clippy::unwrap_used, reason = "a test")]

use daybook_testkit::disk::{Control, Counter, Failure, Fault, Loss, LossyDisk};
use daybook_testkit::random::{Random, seed};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// A disk in a temporary folder, and a place to restore to.
struct Bench {
    disk: LossyDisk,
    folder: tempfile::TempDir,
}

impl Bench {
    fn new() -> Bench {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("root");
        fs::create_dir(&root).unwrap();
        fs::write(root.join("old"), "o".repeat(1000)).unwrap();
        let disk = LossyDisk::adopt(&root, &folder.path().join("platter")).unwrap();
        Bench { disk, folder }
    }

    fn control(&self) -> &Control {
        self.disk.control()
    }

    /// Runs steps of `disk-probe` in the root and returns what it printed.
    fn run(&self, steps: &[&str]) -> String {
        String::from_utf8(self.output(steps).stdout).unwrap()
    }

    fn output(&self, steps: &[&str]) -> Output {
        let mut probe = Command::new(env!("CARGO_BIN_EXE_disk-probe"));
        self.disk.attach(probe.args(steps).current_dir(self.disk.root())).output().unwrap()
    }

    fn after(&self, loss: Loss, name: &str) -> PathBuf {
        let dest = self.folder.path().join(name);
        self.disk.restore(&dest, loss).unwrap();
        dest
    }
}

/// `name: content` for files, `name/` for folders; content as runs of one byte, so `a10 b2` is ten a and two b.
fn list(folder: &Path) -> Vec<String> {
    let mut found = BTreeMap::new();
    let mut folders = vec![(String::new(), folder.to_path_buf())];
    while let Some((prefix, folder)) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let entry = entry.unwrap();
            let name = format!("{prefix}{}", entry.file_name().to_str().unwrap());
            if entry.file_type().unwrap().is_dir() {
                folders.push((format!("{name}/"), entry.path()));
                found.insert(format!("{name}/"), String::new());
            } else {
                found.insert(format!("{name}:"), runs(&fs::read(entry.path()).unwrap()));
            }
        }
    }
    found.into_iter().map(|(name, content)| name + &content).collect()
}

fn runs(bytes: &[u8]) -> String {
    let mut text = String::new();
    for run in bytes.chunk_by(|a, b| a == b) {
        let letter = if run[0] == 0 { '0' } else { char::from(run[0]) };
        text.push_str(&format!(" {letter}{}", run.len()));
    }
    text
}

/// After `steps` and a power loss that takes all that was not synced, `survives` is there and nothing else.
#[track_caller]
fn check(steps: &[&str], survives: &[&str]) {
    let bench = Bench::new();
    assert_eq!(bench.run(steps), "", "a step failed");
    assert_eq!(list(&bench.after(Loss::Everything, "after")), survives);
}

const OLD: &str = "old: o1000";

#[test]
fn a_file_never_synced_is_lost() {
    check(&["write new 5000 n"], &[OLD]);
}

#[test]
fn a_synced_file_without_its_folder_loses_its_name() {
    check(&["write new 5000 n", "fsync new"], &[OLD]);
}

#[test]
fn a_synced_folder_without_its_file_loses_the_bytes() {
    check(&["write new 5000 n", "fsync-dir ."], &["new:", OLD]);
}

#[test]
fn a_fully_synced_file_survives() {
    check(&["write new 5000 n", "fsync new", "fsync-dir ."], &["new: n5000", OLD]);
    check(&["write new 5000 n", "fdatasync new", "fsync-dir ."], &["new: n5000", OLD]);
}

#[test]
fn a_sync_covers_what_was_written_before_it_only() {
    check(&["put old 100 10 x", "fdatasync old", "put old 500 10 y"], &["old: o100 x10 o890"]);
}

#[test]
fn overwriting_and_cutting_is_undone_until_synced() {
    check(&["put old 0 1000 x"], &[OLD]);
    check(&["truncate old 10"], &[OLD]);
    check(&["write old 3 x"], &[OLD]);
    check(&["truncate old 10", "fsync old"], &["old: o10"]);
    check(&["truncate old 10", "truncate old 1000", "fsync old"], &["old: o10 0990"]);
}

#[test]
fn growth_through_a_hole_is_zeros() {
    check(&["put old 9000 5 x", "fdatasync old"], &["old: o1000 08000 x5"]);
}

#[test]
fn a_removal_is_undone_until_the_folder_is_synced() {
    check(&["remove old"], &[OLD]);
    check(&["remove old", "fsync-dir ."], &[]);
    // The inode is free for `new` now; the old bytes must not be mistaken for its own.
    check(&["remove old", "write new 8 n", "fsync new"], &[OLD]);
}

#[test]
fn a_rename_is_undone_until_the_folder_is_synced() {
    let replace = ["write tmp 8 n", "fsync tmp", "rename tmp old"];
    check(&replace, &[OLD]);
    check(&[&replace[..], &["fsync-dir ."]].concat(), &["old: n8"]);
    check(&["write tmp 8 n", "rename tmp old", "fsync-dir ."], &["old:"]);
}

#[test]
fn folders_and_their_names_are_synced_apart() {
    let make = ["mkdir d", "write d/f 8 n", "fsync d/f"];
    check(&make, &[OLD]);
    check(&[&make[..], &["fsync-dir d"]].concat(), &[OLD]);
    check(&[&make[..], &["fsync-dir ."]].concat(), &["d/", OLD]);
    check(&[&make[..], &["fsync-dir d", "fsync-dir ."]].concat(), &["d/", "d/f: n8", OLD]);
    let all = [&make[..], &["fsync-dir d", "fsync-dir .", "remove d/f", "rmdir d"]].concat();
    check(&all, &["d/", "d/f: n8", OLD]);
    check(&[&all[..], &["fsync-dir ."]].concat(), &[OLD]);
    check(&["mkdir d", "fsync-dir .", "rename old d/old", "fsync-dir d", "fsync-dir ."], &["d/", "d/old: o1000"]);
}

#[test]
fn copies_inside_the_kernel_are_seen() {
    check(&["copy old new", "fsync new", "fsync-dir ."], &["new: o1000", OLD]);
    check(&["copy old new", "fsync-dir ."], &["new:", OLD]);
}

#[test]
fn a_hard_link_is_a_name() {
    check(&["link old new"], &[OLD]);
    check(&["link old new", "fsync-dir ."], &["new: o1000", OLD]);
}

/// What was written before a kill is in the page cache: the next program's sync makes it durable.
#[test]
fn the_page_cache_outlives_the_program() {
    let bench = Bench::new();
    bench.run(&["put old 0 10 x"]);
    bench.run(&["fsync old"]);
    assert_eq!(list(&bench.after(Loss::Everything, "after")), ["old: x10 o990"]);
}

/// sled's `flush` calls `sync_file_range` alone.
#[test]
fn sled_flush_alone_loses_data() {
    let bench = Bench::new();
    let said = bench.run(&["sled-put db 0", "sled-sync db", "sled-put db 1000"]);
    assert_eq!(said, "");
    assert!(bench.control().get(Counter::RangeSyncs) > 0, "sled no longer syncs ranges: look again at what flush does");
    assert_eq!(keys(&bench.disk.root().join("db")), 1000, "nothing is lost by the kill");
    assert_eq!(keys(&bench.after(Loss::Everything, "after").join("db")), 0);
}

#[test]
fn sled_with_its_files_and_folders_synced_survives() {
    let bench = Bench::new();
    assert_eq!(bench.run(&["sled-put db 1000", "sled-sync db"]), "");
    assert_eq!(keys(&bench.after(Loss::Everything, "after").join("db")), 1000);
}

fn keys(folder: &Path) -> usize {
    let db = sled::Config::new().path(folder).flush_every_ms(None).segment_size(1 << 16).open().unwrap();
    db.iter().map(Result::unwrap).count()
}

#[test]
fn a_part_of_what_was_not_synced_may_survive_in_any_order() {
    let seed = seed("DISK_SEED");
    let bench = Bench::new();
    let steps = ["put old 0 1000 x", "put old 1000 20000 y", "write a 600 a", "rename a b", "write c 10 c", "remove c"];
    assert_eq!(bench.run(&steps), "");
    let mut random = Random::new(seed);
    let (mut states, mut names) = (BTreeSet::new(), BTreeSet::new());
    for round in 0..200 {
        let after = bench.after(Loss::Part { seed: random.draw() }, &format!("after{round}"));
        let old = fs::read(after.join("old")).unwrap();
        assert!(old.len() >= 1000, "durable bytes were cut off");
        for (sector, bytes) in old.chunks(512).enumerate() {
            let written = |at: usize| if at < 1000 { b'x' } else { b'y' };
            let durable = |at: usize| if at < 1000 { b'o' } else { 0 };
            let at = sector * 512;
            let all = |byte: &dyn Fn(usize) -> u8| bytes.iter().enumerate().all(|(i, b)| *b == byte(at + i));
            assert!(all(&written) || all(&durable), "round {round}: sector {sector} is neither old nor new");
        }
        states.insert(runs(&old));
        names.extend(list(&after).into_iter().map(|line| line.split(':').next().unwrap_or_default().to_owned()));
        // Twice the same seed is twice the same loss.
        assert_eq!(list(&bench.after(Loss::Part { seed: round }, &format!("x{round}"))), {
            list(&bench.after(Loss::Part { seed: round }, &format!("y{round}")))
        });
    }
    assert!(states.len() > 40, "only {} different outcomes", states.len());
    assert_eq!(names.into_iter().collect::<Vec<_>>(), ["a", "b", "c", "old"]);
}

#[test]
fn writes_may_become_durable_by_themselves() {
    let bench = Bench::new();
    bench.control().set(Fault::WriteBack(1000));
    bench.run(&["put old 0 1000 x"]);
    bench.control().set(Fault::WriteBack(0));
    bench.run(&["put old 0 1000 y"]);
    assert_eq!(list(&bench.after(Loss::Everything, "after")), ["old: x1000"]);
}

#[test]
fn a_full_disk_refuses_new_blocks_only() {
    let bench = Bench::new();
    bench.control().set(Fault::Full(true));
    let said = bench.run(&["put old 500 3596 x", "put old 4096 1 y", "write new 1 n"]);
    let kinds: Vec<_> = said.lines().map(|line| line.split(" No space").next().unwrap()).collect();
    assert_eq!(kinds, ["put old 4096 1 y: StorageFull", "write new 1 n: StorageFull"], "{said}");
    assert_eq!(bench.control().get(Counter::NoSpace), 2);
    bench.control().set(Fault::Full(false));
    assert_eq!(bench.run(&["put old 4096 1 y"]), "");
    assert_eq!(runs(&fs::read(bench.disk.root().join("old")).unwrap()), " o500 x3596 y1");
}

/// As on a real disk, a write that crosses the end of the room is cut short before it fails.
#[test]
fn room_runs_out_after_so_many_bytes() {
    let bench = Bench::new();
    bench.control().set(Fault::Room(Some(8192)));
    let said = bench.run(&["write new 20000 n"]);
    assert!(said.starts_with("write new 20000 n: StorageFull"), "{said}");
    assert_eq!(runs(&fs::read(bench.disk.root().join("new")).unwrap()), " n8192");
}

/// The nastiest part of a failed sync: the next one succeeds and proves nothing.
#[test]
fn a_failed_sync_loses_the_bytes_for_good() {
    for (fault, step) in [(Fault::FailFsync(2), "fsync old"), (Fault::FailFdatasync(2), "fdatasync old")] {
        let bench = Bench::new();
        bench.control().set(fault);
        let said = bench.run(&["put old 0 10 x", step, "put old 20 10 y", step, "put old 30 10 z", step]);
        assert!(said.starts_with(&format!("{step}: ")) && said.contains("os error 5"), "{said}");
        assert_eq!(said.lines().count(), 1, "{said}");
        assert_eq!(bench.control().get(Counter::Failed), 1);
        // All three writes are in one sector, and the last sync wrote it whole: give the lost one a sector of its own.
        let bench = Bench::new();
        bench.control().set(fault);
        bench.run(&[step, "put old 0 10 x", step, "put old 600 10 z", step]);
        assert_eq!(list(&bench.after(Loss::Everything, "after")), ["old: o600 z10 o390"]);
    }
}

#[test]
fn the_process_is_killed_in_the_middle_of_a_write_or_a_sync() {
    let bench = Bench::new();
    bench.control().set(Fault::KillAtWrite(2));
    let output = bench.output(&["put old 0 10 x", "put old 20 10 y", "put old 40 10 z"]);
    assert_eq!(output.status.signal(), Some(9));
    assert_eq!(runs(&fs::read(bench.disk.root().join("old")).unwrap()), " x10 o10 y5 o975");

    let bench = Bench::new();
    bench.control().set(Fault::KillAtSync(1));
    let output = bench.output(&["put old 0 2048 x", "fsync old", "put old 0 1 z"]);
    assert_eq!(output.status.signal(), Some(9));
    assert_eq!(list(&bench.after(Loss::Everything, "after")), ["old: x1024"]);
}

/// Without the environment, and outside of the root, nothing changes for the program.
#[test]
fn files_elsewhere_are_left_alone() {
    let bench = Bench::new();
    let outside = bench.folder.path().join("outside");
    bench.control().set(Fault::Full(true));
    assert_eq!(bench.run(&[&format!("write {} 5000 n", outside.display()), "copy old ../copy"]), "");
    assert_eq!(fs::read(outside).unwrap().len(), 5000);
    assert_eq!(bench.control().get(Counter::Writes), 0);
}

/// Every call that changes something can be the one that fails, and then nothing is changed.
#[test]
fn the_call_that_was_named_fails_and_does_nothing() {
    const STEPS: [&str; 8] = [
        "write new 10 x",
        "mkdir folder",
        "rename old older",
        "truncate older 5",
        "fsync new",
        "fsync-dir .",
        "link new other",
        "remove new",
    ];
    // Making `new` and writing into it are two calls.
    let failing = [0, 0, 1, 2, 3, 4, 5, 6, 7];
    for (call, step) in (1..).zip(failing) {
        let bench = Bench::new();
        bench.control().set(Fault::FailAt { call, error: Failure::Broken, lasts: false });
        let said = bench.run(&STEPS);
        let first = format!("{}: Uncategorized Input/output error (os error 5)", STEPS[step]);
        assert_eq!(said.lines().next(), Some(first.as_str()), "call {call}: {said}");
        assert_eq!(bench.control().get(Counter::Failed), 1, "call {call}");
    }
    let bench = Bench::new();
    bench.control().set(Fault::FailAt { call: 10, error: Failure::Broken, lasts: false });
    assert_eq!((bench.run(&STEPS).as_str(), bench.control().get(Counter::Calls)), ("", 9), "no call was left out");

    let bench = Bench::new();
    bench.control().set(Fault::FailAt { call: 1, error: Failure::NoRoom, lasts: true });
    let said =
        bench.run(&["fsync old", "truncate old 7", "write new 1 x", "put old 0 1 x", "mkdir folder", "remove old"]);
    let full: Vec<&str> = said.lines().map(|line| line.split(": ").next().unwrap()).collect();
    assert_eq!(full, ["write new 1 x", "put old 0 1 x", "mkdir folder"], "{said}");
    assert!(said.lines().all(|line| line.contains("StorageFull")), "{said}");
    assert_eq!((bench.control().get(Counter::NoSpace), bench.control().get(Counter::RoomCalls)), (3, 3));
    bench.control().set(Fault::FailAt { call: 0, error: Failure::NoRoom, lasts: false });
    assert_eq!(bench.run(&["write new 1 x"]), "");
}

#[test]
fn the_wall_clock_is_off_by_as_much_as_was_said() {
    let bench = Bench::new();
    let clock = |off| {
        bench.control().set(Fault::ClockOff(off));
        bench.run(&["clock"]).trim().parse::<i64>().unwrap()
    };
    let right = clock(0);
    for off in [-86_400 * 10, 86_400 * 365 * 3] {
        assert!((right + off..right + off + 60).contains(&clock(off)), "{off}");
    }
}
