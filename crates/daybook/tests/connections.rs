//! Connections that ask for nothing shut nobody out: the real binary, with few files to open.
#![allow(clippy::unwrap_used, reason = "unwrap is how a test fails")]

mod support;

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::json;
use support::{Server, token};

/// A server that may have 256 files open.
fn server(data: &std::path::Path) -> Server {
    let token = token(data);
    let mut command = Command::new("sh");
    let serve = "ulimit -n 256; exec \"$0\" serve --listen 127.0.0.1:0 --rate-limit 0 --data \"$1\"";
    command.args(["-c", serve, env!("CARGO_BIN_EXE_daybook")]).arg(data);
    Server::spawn(command, token)
}

fn is_closed(mut stream: &TcpStream, within: Duration) -> bool {
    stream.set_read_timeout(Some(within)).unwrap();
    match stream.read(&mut [0]) {
        Ok(count) => count == 0,
        Err(error) => error.kind() == ErrorKind::ConnectionReset,
    }
}

#[test]
fn idle_connections_shut_nobody_out() {
    let folder = tempfile::tempdir().unwrap();
    let server = server(folder.path());
    let busy = TcpStream::connect(&server.address).unwrap();
    // Its head never ends.
    write!(&busy, "GET /healthz HTTP/1.1\r\nHost: x\r\n").unwrap();
    let held: Vec<TcpStream> = (0..300).map(|_| TcpStream::connect(&server.address).unwrap()).collect();
    for _ in 0..20 {
        let start = Instant::now();
        assert_eq!(server.status("GET /healthz", ""), 200);
        assert_eq!(server.status("GET /readyz", ""), 200);
        assert_eq!(server.query("{ viewer { role } }", &json!({}))["viewer"]["role"], "PLATFORM");
        assert!(start.elapsed() < Duration::from_secs(2), "{:?}", start.elapsed());
    }
    let open = held.iter().filter(|stream| !is_closed(stream, Duration::from_millis(1))).count();
    assert!((50..=128).contains(&open), "{open} of 300 idle connections are open");
    let start = Instant::now();
    assert!(held.iter().all(|stream| is_closed(stream, Duration::from_secs(15))), "who asks for nothing is sent away");
    assert!(is_closed(&busy, Duration::from_secs(1)));
    assert!(start.elapsed() < Duration::from_secs(15), "{:?}", start.elapsed());
    assert_eq!(server.interrupt(), Some(0));
}

/// 4,000 orders of ten lines with long titles: more bytes than the system keeps for a client that does not read.
fn history() -> String {
    let line = |n: usize| json!({"sku": format!("s{n}"), "title": "x".repeat(200), "kind": "PHYSICAL", "quantity": 1, "unitPrice": "1.00"});
    let lines: Vec<_> = (0..10).map(line).collect();
    let merchant = json!({"action": "register-merchant", "at": "2024-01-01T00:00:00Z", "id": "m1", "name": "Shop"});
    let orders = (0..4_000).map(|n| {
        json!({"action": "place", "at": "2024-02-01T10:00:00Z", "merchant": "m1", "number": format!("A-{n}"),
            "buyer": {"account": "ann"}, "currency": "CNY", "lines": lines})
    });
    std::iter::once(merchant).chain(orders).map(|line| format!("{line}\n")).collect()
}

#[test]
fn who_takes_a_file_slowly_makes_no_room() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("history.jsonl");
    std::fs::write(&file, history()).unwrap();
    let data = folder.path().join("data");
    let imported = support::run(&["import", "jsonl", file.to_str().unwrap()], &data);
    assert!(imported.status.success(), "{}", String::from_utf8_lossy(&imported.stderr));
    let server = server(&data);
    let export = "mutation { exportEvents(input: {commandId: \"8f0f6a4e-5a0c-4a7e-9a51-1a2b3c4d5e6f\", format: JSONL}) { export { id } } }";
    let export = server.query(export, &json!({}))["exportEvents"]["export"].clone();
    let state = "query ($id: ID!) { export(id: $id) { state url } }";
    let made = loop {
        let export = server.query(state, &json!({"id": export["id"]}))["export"].clone();
        if export["state"] == "DONE" {
            break export;
        }
        std::thread::sleep(Duration::from_millis(20));
    };
    let mut slow = TcpStream::connect(&server.address).unwrap();
    let (url, token) = (made["url"].as_str().unwrap(), server.client().token);
    write!(slow, "GET {url} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer {token}\r\n\r\n")
        .unwrap();
    let mut first = [0; 4096];
    let read = slow.read(&mut first).unwrap();
    let held: Vec<TcpStream> = (0..300).map(|_| TcpStream::connect(&server.address).unwrap()).collect();
    for _ in 0..20 {
        assert_eq!(server.status("GET /healthz", ""), 200);
    }
    let mut answer = first[..read].to_vec();
    slow.read_to_end(&mut answer).unwrap();
    let answer = String::from_utf8(answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.contains(&format!("content-length: {}\r\n", body.len())), "{head}");
    assert!(body.len() > 8 << 20, "{}", body.len());
    drop(held);
}

#[test]
fn a_connection_that_has_asked_may_ask_again_later() {
    let folder = tempfile::tempdir().unwrap();
    let server = server(folder.path());
    let mut stream = TcpStream::connect(&server.address).unwrap();
    for pause in [0, 11] {
        std::thread::sleep(Duration::from_secs(pause));
        write!(stream, "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
        let mut answer = [0; 15];
        stream.read_exact(&mut answer).unwrap();
        assert_eq!(&answer, b"HTTP/1.1 200 OK");
        let mut rest = [0; 1024];
        assert!(stream.read(&mut rest).unwrap() > 0);
    }
    // Ending the server ends the connection too.
    assert_eq!(server.interrupt(), Some(0));
    stream.set_read_timeout(Some(Duration::from_secs(1))).unwrap();
    assert_eq!(stream.read(&mut [0; 1024]).unwrap(), 0);
}
