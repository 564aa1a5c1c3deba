//! The console's session before the real API: a token comes in, its cookie asks.
#![allow(clippy::unwrap_used, reason = "unwrap is how a test fails")]

mod support;

use std::io::{Read, Write};
use std::net::TcpStream;

use serde_json::{Value, json};
use support::{Server, token};

fn ask(server: &Server, line: &str, head: &str, body: &str) -> String {
    let mut stream = TcpStream::connect(&server.address).unwrap();
    let length = body.len();
    let head = format!(
        "{line} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nContent-Type: application/json\r\n{head}Content-Length: {length}\r\n\r\n{body}",
        server.address
    );
    stream.write_all(head.as_bytes()).unwrap();
    stream.write_all(body.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn a_browser_signs_in_and_asks() {
    let folder = tempfile::tempdir().unwrap();
    let secret = token(folder.path());
    let server = Server::start(folder.path(), secret.clone());
    let own = "Sec-Fetch-Site: same-origin\r\n";
    for page in ["/", "/orders/0190d0a0-0000-7000-8000-000000000001", "/dashboard"] {
        let answer = ask(&server, &format!("GET {page}"), "", "");
        assert!(answer.starts_with("HTTP/1.1 200 OK\r\ncontent-type: text/html"), "{page}: {answer}");
    }
    let wrong = json!({"token": format!("dbk_{}", "0".repeat(64))}).to_string();
    let refused = ask(&server, "POST /session", own, &wrong);
    assert!(refused.starts_with("HTTP/1.1 401") && refused.contains("UNAUTHENTICATED"), "{refused}");
    let opened = ask(&server, "POST /session", own, &json!({"token": secret}).to_string());
    let cookie = opened.lines().find_map(|line| line.strip_prefix("set-cookie: ")).unwrap();
    let cookie = format!("{own}Cookie: {}\r\n", cookie.split(';').next().unwrap());
    let query = "query ($scope: Scope) { orders(scope: $scope, first: 50) { nodes { number } } }";
    let body = json!({"query": query, "variables": {"scope": "SUBTREE"}}).to_string();
    let answer = ask(&server, "POST /graphql", &cookie, &body);
    let answer: Value = serde_json::from_str(answer.split_once("\r\n\r\n").unwrap().1).unwrap();
    assert_eq!(answer["data"]["orders"]["nodes"], json!([]), "{answer}");
    let foreign = ask(&server, "POST /graphql", &cookie.replace("same-origin", "cross-site"), &body);
    assert!(foreign.starts_with("HTTP/1.1 401"), "{foreign}");
    assert_eq!(server.interrupt(), Some(0));
}
