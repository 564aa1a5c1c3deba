//! The first command of a newcomer, and what can be done with the folder afterwards.
#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "unwrap is how a test fails")]

mod support;

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use serde_json::json;
use support::{Server, daybook, run, token};

const ALL: &str = "{ ordersCount(scope: SUBTREE) }";

/// A demo on a free port, its address and its token.
fn demo(more: &[&str]) -> (Child, String, String) {
    let mut child = daybook()
        .args(["demo", "--orders", "400", "--listen", "127.0.0.1:0"])
        .args(more)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
    let mut after = |what: &str| lines.find_map(|line| line.split(what).nth(1).map(str::to_owned)).unwrap();
    let address = after("http://").split('/').next().unwrap().to_owned();
    let token = format!("dbk_{}", after("dbk_"));
    std::thread::spawn(move || lines.for_each(drop));
    (child, address, token)
}

fn interrupt(mut child: Child) -> Option<i32> {
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
    child.wait().unwrap().code()
}

fn count(server: &Server) -> u64 {
    server.query(ALL, &json!({}))["ordersCount"].as_u64().unwrap()
}

#[test]
fn a_demo_goes_on_selling_and_its_folder_can_be_served() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("shop");
    let (child, address, secret) = demo(&["--data", data.to_str().unwrap()]);
    let server = Server::at(child, address, secret);
    let first = count(&server);
    assert!(first >= 400, "{first}");
    while count(&server) < first + 2 {
        std::thread::sleep(std::time::Duration::from_millis(200));
    }
    let listed = run(&["merchant", "list"], &data);
    assert_eq!(listed.status.code(), Some(0), "the demo does it: {}", String::from_utf8_lossy(&listed.stderr));
    assert!(listed.stdout.len() > 100, "{listed:?}");
    assert_eq!(server.interrupt(), Some(0));

    let rebuilt = run(&["rebuild", "all"], &data);
    assert_eq!(rebuilt.status.code(), Some(0), "{}", String::from_utf8_lossy(&rebuilt.stderr));
    let server = Server::start(&data, token(&data));
    let orders = count(&server);
    assert!(String::from_utf8_lossy(&rebuilt.stdout).contains(&format!(" {orders} orders")), "{rebuilt:?}");
    assert_eq!(server.interrupt(), Some(0));
    let again = Server::start(&data, token(&data));
    assert_eq!(count(&again), orders, "what the checkpoint brings back");
}

#[test]
fn a_past_is_what_its_seed_makes_it() {
    let folder = tempfile::tempdir().unwrap();
    let numbers = |name: &str, seed: &str| {
        let data = folder.path().join(name);
        let made = run(&["demo", "--past-only", "--orders", "120", "--seed", seed], &data);
        assert_eq!(made.status.code(), Some(0), "{}", String::from_utf8_lossy(&made.stderr));
        let secret = String::from_utf8(made.stdout).unwrap().lines().next().unwrap().replace("Token:       ", "");
        let server = Server::start(&data, secret);
        let asked = "{ orders(scope: SUBTREE, first: 250, sortBy: {field: PLACED_AT, direction: ASC}) {
            nodes { number buyer { account } lines { title quantity } } } }";
        server.query(asked, &json!({}))["orders"]["nodes"].as_array().unwrap().clone()
    };
    let first = numbers("first", "5");
    assert_eq!(first.len(), 120);
    assert_eq!(first, numbers("again", "5"));
    assert_ne!(first, numbers("other", "6"));

    let nowhere = daybook().args(["demo", "--past-only"]).output().unwrap();
    assert_eq!(nowhere.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&nowhere.stderr).contains("--data <DIR>"), "{nowhere:?}");
}

#[test]
fn a_demo_without_a_folder_leaves_nothing_behind() {
    let temporary = tempfile::tempdir().unwrap();
    let mut command = daybook();
    command.args(["demo", "--orders", "50", "--listen", "127.0.0.1:0"]).env("TMPDIR", temporary.path());
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    lines.map(Result::unwrap).find(|line| line.contains("Ctrl-C")).unwrap();
    assert_eq!(std::fs::read_dir(temporary.path()).unwrap().count(), 1);
    assert_eq!(interrupt(child), Some(0));
    assert_eq!(std::fs::read_dir(temporary.path()).unwrap().count(), 0);
}
