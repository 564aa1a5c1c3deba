//! The ledger under kill -9, power loss, a full disk and failing syncs.
//!
//! `CRASH_CYCLES` sets how often the load is killed (default 40) and `POWER_CYCLES` how often the power is cut (default
//! 25); `CRASH_SEED` repeats a run as far as threads allow. A failed run keeps its folder and prints where it is.

#![allow(clippy::unwrap_used, reason = "a test")]

use daybook_testkit::disk::{Counter, Fault, Loss, LossyDisk};
use daybook_testkit::random::{Random, seed};
use daybook_testkit::torture::{Answers, READS, answers};
use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

const CLIENTS: u32 = 8;

/// A data folder, on a lossy disk or on the real one, and the journals beside it.
struct Rig {
    folder: PathBuf,
    disk: Option<LossyDisk>,
    generation: u32,
    random: Random,
    history: Vec<String>,
    done: bool,
}

impl Rig {
    fn new(lossy: bool) -> Rig {
        Rig::with(lossy, seed("CRASH_SEED"))
    }

    fn with(lossy: bool, seed: u64) -> Rig {
        let random = Random::new(seed);
        let folder = tempfile::Builder::new().prefix("ledger-torture-").tempdir().unwrap().keep();
        fs::create_dir(folder.join("journals")).unwrap();
        let mut rig = Rig { folder, disk: None, generation: 0, random, history: Vec::new(), done: false };
        fs::create_dir(rig.root()).unwrap();
        if lossy {
            rig.adopt();
        }
        rig
    }

    fn root(&self) -> PathBuf {
        self.folder.join(format!("disk-{}", self.generation))
    }

    fn platter(&self) -> PathBuf {
        self.folder.join(format!("platter-{}", self.generation))
    }

    fn adopt(&mut self) {
        self.disk = Some(LossyDisk::adopt(&self.root(), &self.platter()).unwrap());
    }

    fn disk(&self) -> &LossyDisk {
        self.disk.as_ref().unwrap()
    }

    fn set(&mut self, fault: Fault) {
        self.history.push(format!("{fault:?}"));
        self.disk().control().set(fault);
    }

    fn answers(&self) -> Answers {
        answers(&self.folder.join("journals")).unwrap()
    }

    fn reads(&self) -> u64 {
        let bytes = fs::read(self.folder.join("journals").join(READS)).unwrap_or_default();
        bytes.try_into().map_or(0, u64::from_le_bytes)
    }

    fn command(&self, verb: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ledger-torture"));
        command.arg(verb).arg(self.root().join("data")).arg(self.folder.join("journals"));
        command.stdout(Stdio::piped());
        if let Some(disk) = &self.disk {
            disk.attach(&mut command);
        }
        command
    }

    fn load(&mut self, think_micros: u64) -> Running {
        let seed = self.random.draw();
        let mut command = self.command("run");
        let numbers = [u64::from(CLIENTS), think_micros, seed];
        Running(Some(command.args(numbers.map(|number| number.to_string())).spawn().unwrap()))
    }

    /// Loads the ledger for a random 50 to 400 ms, then kills it, unless a fault does so before.
    fn load_and_kill(&mut self) -> Ended {
        let mut child = self.load(2000);
        let until = Instant::now() + Duration::from_millis(50 + self.random.below(351));
        while Instant::now() < until && !child.has_ended() {
            sleep(Duration::from_millis(2));
        }
        self.kill(child)
    }

    fn kill(&mut self, mut running: Running) -> Ended {
        let mut child = running.0.take().unwrap();
        child.kill().unwrap();
        let output = child.wait_with_output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        self.history.push(format!("load: {} {said}", output.status));
        Ended { status: output.status, said }
    }

    fn check(&mut self) -> String {
        let how = if self.random.per_mille(300) { "close" } else { "drop" };
        let output = self.command("check").arg(how).output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        self.history.push(format!("check, {how}: {said}"));
        assert!(output.status.success(), "{}\n{said}", output.status);
        said
    }

    /// Goes on with what the power loss left.
    fn power_loss(&mut self, loss: Loss) {
        self.history.push(format!("power loss: {loss:?}"));
        let (root, platter) = (self.root(), self.platter());
        self.generation += 1;
        self.disk().restore(&self.root(), loss).unwrap();
        // The last state before the loss is kept for whoever looks into a failure.
        let before = self.folder.join("before");
        let _ = fs::remove_dir_all(&before);
        fs::rename(root, before).unwrap();
        fs::remove_dir_all(platter).unwrap();
        self.adopt();
    }

    /// The last look: everything on disk, by the ledger's own means too.
    fn finish(mut self) -> Answers {
        let answers = self.answers();
        println!("{}\n{answers:?}", self.check());
        assert!(answers.acknowledged > 20, "too little was done to prove anything");
        assert!(answers.acknowledged - answers.synced <= u64::from(CLIENTS), "an answer was not synced: {answers:?}");
        let report = daybook_ledger::verify_dir(&self.root().join("data")).unwrap();
        assert!(report.is_sound(), "{:?}", report.findings);
        self.done = true;
        answers
    }

    fn any_loss(&mut self) -> Loss {
        if self.random.per_mille(400) { Loss::Everything } else { Loss::Part { seed: self.random.draw() } }
    }
}

impl Drop for Rig {
    fn drop(&mut self) {
        if self.done {
            let _ = fs::remove_dir_all(&self.folder);
        } else {
            println!("kept: {}", self.folder.display());
            for line in self.history.iter().rev().take(20).rev() {
                println!("  {line}");
            }
        }
    }
}

/// A load that does not outlive a test that fails.
struct Running(Option<Child>);

impl Running {
    fn has_ended(&mut self) -> bool {
        self.0.as_mut().unwrap().try_wait().unwrap().is_some()
    }
}

impl Running {
    /// What a load that has ended printed.
    fn last_words(&mut self) -> String {
        let output = self.0.take().unwrap().wait_with_output().unwrap();
        format!("{} {}", output.status, String::from_utf8_lossy(&output.stdout))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(child) = &mut self.0 {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

struct Ended {
    status: ExitStatus,
    said: String,
}

impl Ended {
    #[track_caller]
    fn was_killed(&self) {
        assert_eq!(self.status.signal(), Some(9), "the load ended by itself: {} {}", self.status, self.said);
    }

    /// Killed, or ended by the injected error: poisoned, not opened, or unable to open a sealed volume for a reader.
    #[track_caller]
    fn may_have_failed(&self) {
        let failed = self.status.code() == Some(70) || self.said.contains("os error 5");
        assert!(failed || self.status.signal() == Some(9), "{} {}", self.status, self.said);
    }
}

fn cycles(variable: &str, default: u32) -> u32 {
    std::env::var(variable).map_or(default, |text| text.parse().unwrap())
}

#[track_caller]
fn wait_for(what: &str, mut done: impl FnMut() -> bool) {
    let until = Instant::now() + Duration::from_secs(20);
    while !done() {
        assert!(Instant::now() < until, "waited in vain for {what}");
        sleep(Duration::from_millis(10));
    }
}

/// As [`wait_for`], for something that only a load that goes on can bring.
#[track_caller]
fn wait_under(running: &mut Running, what: &str, mut done: impl FnMut() -> bool) {
    wait_for(what, || {
        let ended = running.has_ended();
        let done = done();
        assert!(done || !ended, "the load ended by itself before {what}: {}", running.last_words());
        done
    });
}

#[test]
fn nothing_is_lost_when_the_process_is_killed() {
    let started = Instant::now();
    let all = cycles("CRASH_CYCLES", 40);
    let mut acknowledged = 0;
    let seed = seed("CRASH_SEED");
    let mut rig = Rig::with(false, seed);
    for cycle in 0..all {
        // Every check reads everything: long runs begin anew, or they would hardly do anything else.
        if cycle > 0 && cycle % 100 == 0 {
            acknowledged += rig.finish().acknowledged;
            rig = Rig::with(false, seed.wrapping_add(cycle.into()));
        }
        println!("cycle {cycle}");
        rig.load_and_kill().was_killed();
        // Now and then it is killed again before anybody looks.
        if !rig.random.per_mille(200) {
            rig.check();
        }
    }
    acknowledged += rig.finish().acknowledged;
    println!("{all} kills, {acknowledged} commits acknowledged, 0 lost, in {:.0?}", started.elapsed());
}

#[test]
fn nothing_is_lost_when_the_power_is_cut() {
    let started = Instant::now();
    let all = cycles("POWER_CYCLES", 25);
    let mut acknowledged = 0;
    let seed = seed("CRASH_SEED");
    let mut rig = Rig::with(true, seed);
    let mut cut = 0;
    let mut begun = 0;
    while cut < all {
        println!("cut {cut}");
        if cut >= begun + 100 {
            begun = cut;
            acknowledged += rig.finish().acknowledged;
            rig = Rig::with(true, seed.wrapping_add(cut.into()));
        }
        let write_back = rig.random.pick(&[0, 200, 1000]);
        rig.set(Fault::WriteBack(write_back));
        let (write, sync) = (1 + rig.random.below(1500), 1 + rig.random.below(300));
        match rig.random.below(4) {
            0 => rig.set(Fault::KillAtWrite(write)),
            1 => rig.set(Fault::KillAtSync(sync)),
            _ => {}
        }
        rig.load_and_kill().was_killed();
        rig.set(Fault::KillAtWrite(0));
        rig.set(Fault::KillAtSync(0));
        // What was seen after a mere kill must still be there after the power is cut.
        if rig.random.per_mille(300) {
            rig.check();
        }
        if rig.random.per_mille(800) {
            let loss = rig.any_loss();
            rig.power_loss(loss);
            cut += 1;
            if rig.random.per_mille(800) {
                rig.check();
            }
        }
    }
    acknowledged += rig.finish().acknowledged;
    println!("{all} power cuts, {acknowledged} commits acknowledged, 0 lost, in {:.0?}", started.elapsed());
}

/// A kill just before a folder's sync leaves a name that the next start finds, but that is not durable yet: what is
/// acknowledged under it later must survive all the same.
#[test]
fn names_found_after_a_kill_are_made_durable() {
    let mut rig = Rig::new(true);
    for round in 0..15 {
        println!("round {round}");
        let nth = 1 + rig.random.below(25);
        rig.set(Fault::KillAtFolderSync(nth));
        rig.load_and_kill().was_killed();
        rig.set(Fault::KillAtFolderSync(0));
        let before = rig.answers();
        let mut child = rig.load(1000);
        wait_under(&mut child, "a few acknowledgements", || rig.answers().acknowledged > before.acknowledged + 5);
        rig.kill(child).was_killed();
        rig.power_loss(Loss::Everything);
        rig.check();
    }
    rig.finish();
}

/// The write-ahead file that was begun last, and how many of its bytes are not zeros at the end.
fn newest_file(rig: &Rig) -> (PathBuf, Vec<u8>, usize) {
    let files = fs::read_dir(rig.root().join("data/wal")).unwrap().map(|entry| entry.unwrap().path());
    let path = files.filter(|path| path.extension().is_some_and(|end| end == "wal")).max().unwrap();
    let bytes = fs::read(&path).unwrap();
    let used = bytes.iter().rposition(|&byte| byte != 0).unwrap() + 1;
    (path, bytes, used)
}

/// Nothing follows the last batch that could tell damage from a torn end: only the mark can, if it is not older.
#[test]
fn damage_to_the_last_batch_is_no_torn_end_after_power_loss_in_a_pause() {
    let mut rig = Rig::new(true);
    for round in 0..4 {
        println!("round {round}");
        let before = rig.answers().synced;
        // Each client has one commit, and then thinks longer than this test takes.
        let mut child = rig.load(3_600_000_000);
        wait_under(&mut child, "a commit of each client", || rig.answers().synced >= before + u64::from(CLIENTS));
        sleep(Duration::from_millis(600));
        rig.kill(child).was_killed();
        rig.power_loss(Loss::Everything);
        let (path, whole, used) = newest_file(&rig);
        let mut damaged = whole.clone();
        damaged[used - 20] ^= 1;
        fs::write(&path, damaged).unwrap();
        let output = rig.command("check").arg("drop").output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(said.contains("acknowledged but are missing or damaged"), "{} {said}", output.status);
        fs::write(&path, whole).unwrap();
        rig.check();
    }
    rig.finish();
}

#[test]
fn a_full_disk_refuses_writes_and_loses_nothing() {
    let mut rig = Rig::new(true);
    for round in 0..6 {
        println!("round {round}");
        let mut child = rig.load(1000);
        let before = rig.answers();
        wait_under(&mut child, "acknowledgements", || rig.answers().acknowledged > before.acknowledged + 100);
        // By turns everything at once, and running out in the middle of something.
        if round % 2 == 0 {
            rig.set(Fault::Full(true));
        } else {
            let room = rig.random.below(300_000);
            rig.set(Fault::Room(Some(room)));
        }
        wait_under(&mut child, "refusals", || rig.answers().refused > before.refused + 30);
        let (reads, full) = (rig.reads(), rig.answers());
        wait_under(&mut child, "reads while full", || rig.reads() > reads + 100);
        wait_under(&mut child, "more refusals", || rig.answers().refused > full.refused + 10);
        rig.set(Fault::Full(false));
        rig.set(Fault::Room(None));
        let room = rig.answers();
        wait_under(&mut child, "acknowledgements after there is room again", || {
            rig.answers().acknowledged > room.acknowledged + 500
        });
        rig.kill(child).was_killed();
        rig.check();
        let loss = rig.any_loss();
        rig.power_loss(loss);
        rig.check();
    }
    rig.finish();
}

/// Killed or without power while it is full.
#[test]
fn a_crash_on_a_full_disk_loses_nothing() {
    let mut rig = Rig::new(true);
    for round in 0..8 {
        println!("round {round}");
        let mut child = rig.load(1000);
        let before = rig.answers();
        wait_under(&mut child, "acknowledgements", || rig.answers().acknowledged > before.acknowledged + 50);
        let room = rig.random.below(200_000);
        rig.set(Fault::Room(Some(room)));
        wait_under(&mut child, "refusals", || rig.answers().refused > before.refused + 10);
        rig.kill(child).was_killed();
        if rig.random.per_mille(500) {
            let loss = rig.any_loss();
            rig.power_loss(loss);
        }
        rig.set(Fault::Room(None));
        rig.check();
    }
    rig.finish();
}

#[test]
fn a_failed_fdatasync_poisons_and_loses_nothing() {
    let mut rig = Rig::new(true);
    let mut poisoned = 0;
    for round in 0..12 {
        println!("round {round}");
        let failed = rig.disk().control().get(Counter::Failed);
        let nth = 1 + rig.random.below(150);
        rig.set(Fault::FailFdatasync(nth));
        let mut child = rig.load(1000);
        wait_for("the failed sync", || rig.disk().control().get(Counter::Failed) > failed);
        wait_for("the end of the load", || child.has_ended());
        let ended = rig.kill(child);
        ended.may_have_failed();
        poisoned += u32::from(ended.status.code() == Some(70));
        if rig.random.per_mille(700) {
            rig.check();
        }
        if rig.random.per_mille(700) {
            let loss = rig.any_loss();
            rig.power_loss(loss);
            rig.check();
        }
    }
    assert!(poisoned > 6, "only {poisoned} appends met the failed sync");
    rig.finish();
}

/// fsync is what prepares files and seals volumes: the load may go on or stop, but nothing may be lost. Above all not
/// when a later fsync of the same file succeeds: that says nothing of the bytes whose sync failed.
#[test]
fn a_failed_fsync_loses_nothing() {
    let mut rig = Rig::new(true);
    for round in 0..8 {
        println!("round {round}");
        let nth = 1 + rig.random.below(60);
        rig.set(Fault::FailFsync(nth));
        rig.load_and_kill().may_have_failed();
        rig.set(Fault::FailFsync(0));
        if rig.random.per_mille(300) {
            rig.check();
        }
        if rig.random.per_mille(700) {
            rig.load_and_kill().was_killed();
        }
        let loss = rig.any_loss();
        rig.power_loss(loss);
        rig.check();
    }
    rig.finish();
}

/// A load long enough that whatever failed in the background is tried again.
#[test]
fn what_is_tried_again_after_a_failed_fsync_is_durable() {
    let mut rig = Rig::new(true);
    for round in 0..3 {
        println!("round {round}");
        // The first volume's sealing meets it, or the making of a write-ahead file.
        let nth = 12 + rig.random.below(12);
        rig.set(Fault::FailFsync(nth));
        let child = rig.load(5000);
        sleep(Duration::from_millis(2500));
        rig.kill(child).may_have_failed();
        rig.set(Fault::FailFsync(0));
        rig.power_loss(Loss::Everything);
        rig.check();
    }
    rig.finish();
}
