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

fn json_of(answer: &str) -> Value {
    serde_json::from_str(answer.split_once("\r\n\r\n").unwrap().1).unwrap()
}

#[test]
fn a_buyer_who_looked_an_order_up_has_a_session_like_everybody() {
    let folder = tempfile::tempdir().unwrap();
    let secret = token(folder.path());
    let server = Server::start(folder.path(), secret.clone());
    let own = "Sec-Fetch-Site: same-origin\r\n";
    let bearer = format!("Authorization: Bearer {secret}\r\n");
    let does = |query: &str| {
        let answer = json_of(&ask(&server, "POST /graphql", &bearer, &json!({"query": query}).to_string()));
        assert!(answer["errors"].is_null() && !answer.to_string().contains("\"code\":"), "{answer}");
    };
    does(
        r#"mutation { registerMerchant(input: {commandId: "00000000-0000-0000-0000-000000000001", id: "s1", name: "Shop"}) {
        userErrors { code } } }"#,
    );
    for number in 1..=2 {
        does(&format!(
            r#"mutation {{ placeOrder(input: {{commandId: "00000000-0000-0000-0000-00000000001{number}", merchant: "s1", number: "N-{number}",
                buyer: {{account: "ann", contact: {{tel: "13812345678"}}}}, lines: [{{sku: "mug", title: "Mug", quantity: 1, kind: PHYSICAL,
                unitPrice: {{amount: "5.00", currency: "CNY"}}}}]}}) {{ userErrors {{ code }} }} }}"#
        ));
    }
    let asked = json!({"merchant": "s1", "number": "N-1", "code": "13812345678"}).to_string();
    let opened = json_of(&ask(&server, "POST /lookup", own, &asked));
    let session = ask(&server, "POST /session", own, &json!({"token": opened["token"]}).to_string());
    let cookie = session.lines().find_map(|line| line.strip_prefix("set-cookie: ")).expect("a cookie");
    let cookie = format!("{own}Cookie: {}\r\n", cookie.split(';').next().unwrap());
    let query = json!({"query": "{ viewer { role merchant } orders { nodes { number } } }"}).to_string();
    // The list is a moment behind.
    let answer = loop {
        let answer = json_of(&ask(&server, "POST /graphql", &cookie, &query));
        if answer["data"]["orders"]["nodes"] != json!([]) {
            break answer;
        }
    };
    let expected = json!({"viewer": {"role": "BUYER", "merchant": "s1"}, "orders": {"nodes": [{"number": "N-1"}]}});
    assert_eq!(answer["data"], expected, "{answer}");
    let closed = ask(&server, "DELETE /session", &cookie, "");
    assert!(closed.starts_with("HTTP/1.1 204"), "{closed}");
    let answer = json_of(&ask(&server, "POST /graphql", &cookie, &query));
    assert_eq!(answer["errors"][0]["extensions"]["code"], "UNAUTHENTICATED", "it ended with the session: {answer}");
    assert_eq!(server.interrupt(), Some(0));
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
