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
    assert!(told.contains("put the newest copy of the key file"), "{told}");
    refused(run(&["merchant", "list"], &new));
    assert!(!new.join("keys").exists());
    bring_keys(&data, &new);
    assert!(good(run(&["merchant", "list"], &new)).contains("m1"));
}
