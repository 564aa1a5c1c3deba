//! A served job that is killed again and again: every order gets what it was asked for, once.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "unwrap is how a test fails")]

mod support;

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use support::{Server, run, token};

const ORDERS: u32 = 6_000;
const JOB: &str = "query ($id: ID!) { job(id: $id) { state total done refused cancelCause } }";

fn job(server: &Server, id: &str) -> Value {
    server.query(JOB, &json!({ "id": id }))["job"].take()
}

fn orders(data: &Path, folder: &Path) {
    let mut lines = String::from("{\"action\":\"register-merchant\",\"id\":\"m1\",\"name\":\"Shop\"}\n");
    for n in 0..ORDERS {
        let line = json!({"action": "place", "merchant": "m1", "number": format!("A-{n}"), "buyer": {"account": format!("b{}", n % 97)},
            "currency": "CNY", "lines": [{"sku": "mug", "title": "Mug", "kind": "PHYSICAL", "quantity": 1, "unitPrice": "5.00"}]});
        writeln!(lines, "{line}").unwrap();
    }
    let file = folder.join("orders.jsonl");
    std::fs::write(&file, lines).unwrap();
    let imported = run(&["import", "jsonl", file.to_str().unwrap()], data);
    assert!(imported.status.success(), "{}", String::from_utf8_lossy(&imported.stderr));
}

/// How often each stream has a note of this job, by the log itself.
fn notes(data: &Path, id: &str) -> BTreeMap<String, u32> {
    let export = run(&["export", "events"], data);
    assert!(export.status.success(), "{}", String::from_utf8_lossy(&export.stderr));
    let mut notes = BTreeMap::new();
    for line in String::from_utf8(export.stdout).unwrap().lines() {
        let event: Value = serde_json::from_str(line).unwrap();
        if event["kind"] == "note-added" && event["correlation"] == id {
            *notes.entry(event["stream"].as_str().unwrap().to_owned()).or_default() += 1;
        }
    }
    notes
}

#[test]
fn a_job_that_is_killed_goes_on_and_does_nothing_twice() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let token = token(&data);
    orders(&data, folder.path());
    let mut server = Server::start(&data, token.clone());
    // A note can be added any number of times: nothing but the command's id keeps it from coming twice.
    let open = "mutation ($input: BulkAddNoteInput!) { it: bulkAddNote(input: $input) { job { id total } userErrors { code } } }";
    let input = json!({"commandId": "00000000-0000-4000-8000-000000000007", "where": {}, "merchant": "m1",
        "errorPolicy": "SKIP_REFUSED", "text": "call her"});
    let opened = server.query(open, &json!({ "input": input }));
    assert_eq!((&opened["it"]["userErrors"], &opened["it"]["job"]["total"]), (&json!([]), &json!(ORDERS)));
    let id = opened["it"]["job"]["id"].as_str().unwrap().to_owned();

    let deadline = Instant::now() + Duration::from_secs(120);
    let (mut kills, mut last) = (0, 0);
    loop {
        let told = job(&server, &id);
        let done = told["done"].as_u64().unwrap();
        if told["state"] != "RUNNING" || Instant::now() > deadline {
            break;
        }
        // Somewhere between two marks.
        if done > last && kills < 4 {
            last = done;
            std::thread::sleep(Duration::from_millis(17 * kills));
            server.kill();
            kills += 1;
            server = Server::start(&data, token.clone());
        }
        std::thread::sleep(Duration::from_millis(3));
    }
    let told = job(&server, &id);
    let expected = json!({"state": "DONE", "total": ORDERS, "done": ORDERS, "refused": 0, "cancelCause": null});
    assert_eq!(told, expected);
    assert!(kills >= 2, "it was done before it could be killed: {kills}");
    // The same mutation again is the same job, whoever was killed in between.
    let again = server.query(open, &json!({ "input": input }));
    assert_eq!(again["it"]["job"]["id"], id);
    assert_eq!(server.interrupt(), Some(0));

    let notes = notes(&data, &id);
    assert_eq!(notes.len(), ORDERS as usize, "every order has its note");
    assert!(notes.values().all(|&count| count == 1), "an order has it twice");
    let verify = run(&["verify"], &data);
    assert!(verify.status.success(), "{}", String::from_utf8_lossy(&verify.stdout));
}
