//! Backups of a folder that is served and written to, and folders that are made of them.
#![allow(clippy::unwrap_used, reason = "unwrap is how a test fails")]

mod support;

use std::path::Path;
use std::process::Output;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use serde_json::{Value, json};
use support::{Server, daybook, run, token};

const ORDER: &str =
    "mutation($id: ID!, $number: String!) { placeOrder(input: {commandId: $id, merchant: \"m1\", number: $number,
    buyer: {account: \"ann@example.org\"}, lines: [{sku: \"card\", title: \"Card\", quantity: 1, kind: CARD,
    unitPrice: {amount: \"9.90\", currency: \"CNY\"}}]}) { receipt { position } userErrors { message } } }";

fn good(output: Output) -> String {
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn refused(output: Output) -> String {
    assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stdout));
    String::from_utf8(output.stderr).unwrap()
}

fn restore(backup: &Path, data: &Path, more: &[&str]) -> Output {
    daybook().arg("restore").arg(backup).arg("--data").arg(data).args(more).output().unwrap()
}

/// The keys are backed up by themselves.
fn bring_keys(from: &Path, to: &Path) {
    for name in ["keys", "master.key"] {
        std::fs::copy(from.join(name), to.join(name)).unwrap();
    }
}

fn events(data: &Path) -> Vec<String> {
    good(run(&["export", "events"], data)).lines().map(str::to_owned).collect()
}

#[test]
fn a_folder_that_is_written_to_is_backed_up_and_comes_back() {
    let temp = tempfile::tempdir().unwrap();
    let (data, backup) = (temp.path().join("data"), temp.path().join("backup"));
    good(run(&["merchant", "create", "m1"], &data));
    let server = Server::start(&data, token(&data));
    let stop = AtomicBool::new(false);
    let placed = AtomicU64::new(0);
    let mut rounds = Vec::new();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for n in 1_u64.. {
                if stop.load(Ordering::Relaxed) {
                    return;
                }
                let id = format!("00000000-0000-4000-8000-{n:012}");
                let given = json!({"id": id, "number": format!("N-{n}")});
                assert_eq!(server.query(ORDER, &given)["placeOrder"]["userErrors"], json!([]));
                placed.store(n, Ordering::Relaxed);
            }
        });
        for round in 0..4 {
            let at_least = placed.load(Ordering::Relaxed);
            let told = good(run(&["backup", "--json", "--to", backup.to_str().unwrap()], &data));
            let told: Value = serde_json::from_str(&told).unwrap();
            let restored = temp.path().join(format!("restored-{round}"));
            let shown: Value = serde_json::from_str(&good(restore(&backup, &restored, &["--json"]))).unwrap();
            assert_eq!(shown["last"], told["last"]);
            bring_keys(&data, &restored);
            rounds.push((at_least, told["last"].as_u64().unwrap(), restored));
        }
        stop.store(true, Ordering::Relaxed);
    });
    assert_eq!(server.interrupt(), Some(0));
    let whole = events(&data);
    for (at_least, last, restored) in &rounds {
        assert!(good(run(&["verify"], restored)).contains("\nsound\n"));
        // Bringing out is an event too, the last one there.
        let there = events(restored);
        let last = usize::try_from(*last).unwrap();
        assert_eq!(there[..last], whole[..last]);
        if *at_least > 0 {
            let history = good(run(&["history", &format!("N-{at_least}")], restored));
            assert!(history.contains("ann@example.org"), "{history}");
        }
    }
    // To a moment of which somebody knows the position.
    let early = temp.path().join("early");
    let position = (rounds[3].1 / 2).to_string();
    good(restore(&backup, &early, &["--to-position", &position]));
    bring_keys(&data, &early);
    let last = usize::try_from(rounds[3].1 / 2).unwrap();
    assert_eq!(events(&early)[..last], whole[..last]);
}

#[test]
fn what_cannot_be_done_is_said() {
    let temp = tempfile::tempdir().unwrap();
    let (data, backup) = (temp.path().join("data"), temp.path().join("backup"));
    good(run(&["merchant", "create", "m1"], &data));
    let within = data.join("backups").join("today");
    let why = refused(run(&["backup", "--to", within.to_str().unwrap()], &data));
    assert!(why.contains("would be lost with it"), "{why}");
    let why = refused(run(&["backup", "--to", temp.path().join("no/where").to_str().unwrap()], &data));
    assert!(why.contains("make that first"), "{why}");
    good(run(&["backup", "--to", backup.to_str().unwrap()], &data));
    let why = refused(restore(&backup, &data, &[]));
    assert!(why.contains("already holds a ledger"), "{why}");
    let why = refused(restore(&temp.path().join("none"), &temp.path().join("new"), &[]));
    assert!(why.contains("holds no backup"), "{why}");
    // Without its keys nothing is opened, and nothing made in their place.
    let new = temp.path().join("new");
    let told = good(restore(&backup, &new, &[]));
    assert!(told.contains("daybook keys restore --data") && told.contains("Nobody signed any of it"), "{told}");
    refused(run(&["merchant", "list"], &new));
    assert!(!new.join("keys").exists());
    bring_keys(&data, &new);
    assert!(good(run(&["merchant", "list"], &new)).contains("m1"));
}

#[test]
fn what_was_signed_must_be_what_comes_back() {
    let temp = tempfile::tempdir().unwrap();
    let place = |name: &str| temp.path().join(name);
    let (data, other) = (place("data"), place("other"));
    good(run(&["merchant", "create", "m1"], &data));
    good(run(&["keys", "create"], &data));
    let key = good(run(&["keys", "show"], &data));
    let key = key.trim();
    copy(&data, &other);
    for (folder, merchant) in [(&data, "m2"), (&other, "m3")] {
        good(run(&["merchant", "create", merchant], folder));
        good(run(&["checkpoint"], folder));
        good(run(&["merchant", "create", "m4"], folder));
    }
    let back_up = |folder: &Path, to: &str| good(run(&["backup", "--to", place(to).to_str().unwrap()], folder));
    back_up(&data, "backup");
    back_up(&other, "branch");

    let told = good(restore(&place("backup"), &place("restored"), &["--key", key]));
    assert!(told.contains("and 1 checkpoints") && told.contains("for what comes after nobody vouches"), "{told}");
    bring_keys(&data, &place("restored"));
    assert!(good(run(&["verify", "--key", key], &place("restored"))).contains("\nsound\n"));
    // Before it was signed there is nothing to compare, and nothing that was signed is kept.
    let told = good(restore(&place("backup"), &place("early"), &["--key", key, "--to-position", "1"]));
    assert!(told.contains("and 0 checkpoints"), "{told}");

    // Another branch of the ledger under this one's checkpoint; its own one, signed by somebody else; and none at all.
    std::fs::copy(place("backup").join("checkpoints"), place("branch").join("checkpoints")).unwrap();
    for more in [vec!["--key", key], vec![]] {
        let why = refused(restore(&place("branch"), &place("branched"), &more));
        assert!(why.contains("not sound"), "{why}");
        // It is no ledger that somebody could go on with.
        let why = refused(run(&["merchant", "list"], &place("branched")));
        assert!(why.contains("there is no ledger"), "{why}");
        std::fs::remove_dir_all(place("branched")).unwrap();
    }
    good(run(&["merchant", "create", "stranger"], &place("strange")));
    good(run(&["keys", "create"], &place("strange")));
    let strangers = good(run(&["keys", "show"], &place("strange")));
    let why = refused(restore(&place("backup"), &place("new"), &["--key", strangers.trim()]));
    assert!(why.contains("it is not signed by") && why.contains("name that too"), "{why}");
    std::fs::remove_file(place("backup").join("checkpoints")).unwrap();
    for more in [vec!["--key", key], vec![]] {
        let why = refused(restore(&place("backup"), &place("new"), &more));
        assert!(why.contains("were signed and kept") && why.contains("remove"), "{why}");
    }
    // As it says, if there is none.
    std::fs::remove_file(place("backup").join("checkpoints.end")).unwrap();
    let why = refused(restore(&place("backup"), &place("new"), &["--key", key]));
    assert!(why.contains("has no checkpoint"), "{why}");
    good(restore(&place("backup"), &place("new"), &[]));
    // Checkpoints that are lost here are not lost there too.
    back_up(&data, "backup");
    for (gone, said) in [("checkpoints", "were signed and kept"), ("checkpoints.end", "lost or changed")] {
        std::fs::remove_file(data.join(gone)).unwrap();
        let why = refused(run(&["backup", "--to", place("backup").to_str().unwrap()], &data));
        assert!(why.contains(said), "{why}");
    }
    assert!(std::fs::read_to_string(place("backup").join("checkpoints")).unwrap().contains("daybook-ledger/"));
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        match entry.file_type().unwrap().is_dir() {
            true => copy(&entry.path(), &target),
            false => drop(std::fs::copy(entry.path(), &target).unwrap()),
        }
    }
}
