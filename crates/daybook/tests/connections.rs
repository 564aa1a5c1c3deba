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
    let serve = "ulimit -n 256; exec \"$0\" serve --listen 127.0.0.1:0 --data \"$1\"";
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
