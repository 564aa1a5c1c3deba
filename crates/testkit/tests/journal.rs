//! The journal that the crash tests believe: what it says was told survives the loss of power.

#![allow(clippy::unwrap_used, reason = "a test")]

use daybook_testkit::disk::{Loss, LossyDisk};
use daybook_testkit::random::{Random, seed};
use daybook_testkit::torture::answers;
use std::fs;
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

const CLIENTS: u64 = 8;

#[test]
fn an_answer_in_the_journal_survives_the_loss_of_power() {
    let mut random = Random::new(seed("CRASH_SEED"));
    let folder = tempfile::tempdir().unwrap();
    for round in 0..5 {
        let [root, platter, after] =
            ["disk", "platter", "after"].map(|name| folder.path().join(format!("{name}-{round}")));
        fs::create_dir_all(root.join("journals")).unwrap();
        let disk = LossyDisk::adopt(&root, &platter).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_ledger-torture"));
        command.arg("run").args([root.join("data"), root.join("journals")]);
        command.args([CLIENTS, 500, random.draw()].map(|number| number.to_string())).stdout(Stdio::null());
        let mut load = disk.attach(&mut command).spawn().unwrap();
        sleep(Duration::from_millis(200 + random.below(200)));
        load.kill().unwrap();
        load.wait().unwrap();

        let told = answers(&root.join("journals")).unwrap();
        assert!(told.synced > 20, "too little was done to prove anything: {told:?}");
        assert!(told.acknowledged - told.synced <= CLIENTS, "clients go on without their syncs: {told:?}");
        disk.restore(&after, Loss::Everything).unwrap();
        let left = answers(&after.join("journals")).unwrap();
        assert!(left.acknowledged >= told.synced, "{told:?} became {left:?}");
    }
}
