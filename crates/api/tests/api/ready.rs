//! When requests should go elsewhere.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::time::Duration;

use daybook_domain::command::{Command as LedgerCommand, RegisterMerchant};
use daybook_domain::{Actor, CommandId, MerchantId, Role};
use daybook_engine::Request;
use daybook_testkit::disk::{Fault, LossyDisk};
use serde_json::json;
use uuid::Uuid;

use crate::kit::{Server, post, request};

/// The status and the reason.
async fn ready(server: &Server) -> (u16, String) {
    assert_eq!(server.http("GET /healthz", "", b"").await.status, 200);
    let answer = server.http("GET /readyz", "", b"").await;
    let reason = if answer.status == 200 { String::new() } else { answer.json()["reason"].as_str().unwrap().into() };
    (answer.status, reason)
}

fn fold_one(server: &Server) {
    let host = &server.services.host;
    let events = server.services.reader.events(host.position() + 1, 1).unwrap();
    host.apply(&events[..1]).unwrap();
}

fn fold(server: &Server) {
    let host = &server.services.host;
    loop {
        let events = server.services.reader.events(host.position() + 1, 1 << 20).unwrap();
        if events.is_empty() {
            return;
        }
        host.apply(&events).unwrap();
    }
}

pub(crate) async fn register(server: &Server, numbers: std::ops::Range<u128>) {
    let actor = Actor { id: Uuid::nil(), role: Role::System };
    let all = numbers.map(|n| {
        let id = MerchantId::new(&format!("m{n}")).unwrap();
        let command = LedgerCommand::RegisterMerchant(RegisterMerchant { id, name: "Shop".into(), parent: None });
        server.services.engine.submit(Request::live(CommandId(Uuid::from_u128(n)), actor, command))
    });
    for pending in all.collect::<Vec<_>>() {
        pending.await.unwrap();
    }
}

pub(crate) async fn eleven_seconds_pass() {
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(11)).await;
    tokio::time::resume();
}

#[tokio::test]
async fn unready_while_the_views_are_too_far_behind_for_too_long() {
    let server = Server::start_without_follower().await;
    fold(&server);
    let fit = (200, String::new());
    let behind = (503, "VIEWS_BEHIND".to_owned());
    assert_eq!(ready(&server).await, fit);
    register(&server, 0..10_000).await;
    assert_eq!(ready(&server).await, fit);
    // As long as they move.
    for _ in 0..3 {
        eleven_seconds_pass().await;
        fold_one(&server);
        assert_eq!(ready(&server).await, fit, "10,000 events are not too far");
    }
    eleven_seconds_pass().await;
    assert_eq!(ready(&server).await, behind, "not one event for too long");
    fold(&server);
    assert_eq!(ready(&server).await, fit);
    register(&server, 30_000..40_010).await;
    assert_eq!(ready(&server).await, fit, "not yet for too long");
    for _ in 0..2 {
        fold_one(&server);
        eleven_seconds_pass().await;
    }
    assert_eq!(ready(&server).await, behind, "too far, though they move");
    fold(&server);
    register(&server, 10_000..10_001).await;
    assert_eq!(ready(&server).await, fit, "not yet for too long");
    eleven_seconds_pass().await;
    assert_eq!(ready(&server).await, behind);
    fold(&server);
    assert_eq!(ready(&server).await, fit);
    register(&server, 10_001..20_002).await;
    assert_eq!(ready(&server).await, fit, "the time begins anew");
    eleven_seconds_pass().await;
    assert_eq!(ready(&server).await, behind);
}

#[tokio::test]
async fn degraded_when_a_view_has_stopped() {
    let server = Server::start_without_follower().await;
    server.merchant("m1", None).await;
    server.place("m1", "N-1", "a").await;
    let mut events = server.services.reader.events(1, 1 << 20).unwrap();
    let last = events.len() - 1;
    server.services.host.apply(&events[..last]).unwrap();
    events[last].event = daybook_domain::event::OrderCompleted {}.into();
    assert!(server.services.host.apply(&events[last..]).is_err());
    // No other server would do better, and all else works.
    assert_eq!(ready(&server).await, (200, String::new()));
    let answer = server.http("GET /readyz", "", b"").await.json();
    assert_eq!(answer["degraded"]["reason"], "VIEW_STOPPED", "{answer}");
    let answer = server.ask("{ ordersCount viewer { role } }", json!({})).await;
    assert_eq!(answer["errors"][0]["extensions"]["code"], "VIEW_STOPPED", "{answer}");
}

const FOLDER: &str = "DAYBOOK_TEST_FOLDER";

/// Not a test: the server of the test below, in a process of its own, on a disk that fails when told to.
#[tokio::test]
#[ignore = "run by another test"]
async fn a_server_on_a_disk_that_fails() {
    let Some(folder) = std::env::var_os(FOLDER) else { return };
    let server = Server::start_in(folder.as_ref()).await;
    server.merchant("m1", None).await;
    server.settle().await;
    println!("\naddress {}", server.address);
    // Until the other process hangs up.
    tokio::task::spawn_blocking(|| std::io::stdin().read_line(&mut String::new())).await.unwrap().unwrap();
    std::process::exit(0);
}

#[tokio::test]
async fn unready_when_the_writer_has_stopped() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    std::fs::create_dir(&data).unwrap();
    let disk = LossyDisk::adopt(&data, &folder.path().join("platter")).unwrap();
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "ready::a_server_on_a_disk_that_fails", "--ignored", "--nocapture"]);
    command.env(FOLDER, disk.root()).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = disk.attach(&mut command).spawn().unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut address = lines.map_while(Result::ok).filter_map(|line| line.strip_prefix("address ")?.parse().ok());
    let address: std::net::SocketAddr = address.next().expect("the server's address");

    assert_eq!(request(address, "GET /readyz", "", b"").await.status, 200);
    let query =
        "mutation ($input: RegisterMerchantInput!) { registerMerchant(input: $input) { receipt { position } } }";
    let mut answer = None;
    // More than once: the ledger also syncs what nobody waits for.
    for n in 0..10_u128 {
        disk.control().set(Fault::FailFdatasync(1));
        let input = json!({"commandId": Uuid::from_u128(77 + n).to_string(), "id": format!("m2-{n}"), "name": "Shop"});
        let request = json!({"query": query, "variables": {"input": input}}).to_string();
        let this = post(address, request.as_bytes()).await;
        let is_refused = this.json().get("errors").is_some();
        answer = Some(this);
        if is_refused {
            break;
        }
    }
    let answer = answer.unwrap();
    assert_eq!(answer.json()["errors"][0]["extensions"]["code"], "UNAVAILABLE", "{}", answer.body);
    let answer = request(address, "GET /readyz", "", b"").await;
    assert_eq!((answer.status, &answer.json()["reason"]), (503, &json!("WRITER_STOPPED")));
    assert!(!answer.body.contains("os error") && !answer.body.contains("fdatasync"), "{}", answer.body);
    assert_eq!(request(address, "GET /healthz", "", b"").await.status, 200);
    let answer = post(address, br#"{"query": "{ merchant(id: \"m1\") { name } }"}"#).await;
    assert_eq!(answer.json()["data"]["merchant"]["name"], "Shop m1", "what is there can still be read");
    drop(child.stdin.take());
    child.wait().unwrap();
}
