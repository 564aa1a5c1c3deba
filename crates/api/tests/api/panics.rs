//! A bug in a resolver ends its own request and nothing else.

use std::sync::Arc;

use daybook_api::faults::router_with_bugs;
use serde_json::{Value, json};

use crate::kit::Server;
use crate::log;
use crate::socket::Socket;

async fn server() -> Server {
    log::keep();
    let server = Server::start_with(|services| router_with_bugs(services, &["ordersCount", "reason"])).await;
    server.merchant("m1", None).await;
    server
}

/// The number under which the log has the cause.
fn masked(errors: &Value) -> String {
    assert_eq!(errors[0]["extensions"], json!({"code": "INTERNAL"}), "{errors}");
    let message = errors[0]["message"].as_str().unwrap();
    let number = message.strip_prefix("internal error ").unwrap().strip_suffix("; the server's log says more");
    number.unwrap_or_else(|| panic!("{message}")).to_owned()
}

/// That it happened, under its number; its words may hold what the client sent.
fn logged(number: &str, words: &str) {
    let text = log::text();
    let is_it = |line: &&str| line.contains("a panic") && line.contains(&format!("id={number} "));
    assert!(text.lines().any(|line| is_it(&line)), "{number}:\n{text}");
    assert!(!text.contains(words), "{words}:\n{text}");
}

#[tokio::test]
async fn a_panic_is_masked_logged_and_ends_its_request_alone() {
    let server = server().await;
    let mut connection = server.connect().await;
    for _ in 0..3 {
        let answer = connection.post(&json!({"query": "{ viewer { id } ordersCount }"})).await;
        assert_eq!(answer.status, 500);
        assert!(!answer.body.contains("secret") && !answer.body.contains("panic"), "{}", answer.body);
        assert_eq!(answer.json().get("data"), None);
        logged(&masked(&answer.json()["errors"]), "secret ordersCount");
    }
    let answer = connection.post(&json!({"query": "{ viewer { role } }"})).await;
    assert_eq!(answer.json()["data"]["viewer"]["role"], "PLATFORM", "on the same connection");
    let metrics = server.http("GET /metrics", "", b"").await.body;
    assert!(metrics.contains("daybook_requests_total{outcome=\"panicked\"} 3"), "{metrics}");
}

#[tokio::test]
async fn a_panic_over_the_socket_ends_its_operation_alone() {
    let server = server().await;
    server.place("m1", "N-1", "a").await;
    let mut socket = Socket::greeted(&server).await;
    for (id, query, cause) in [
        ("q", "{ ordersCount }", "secret ordersCount"),
        ("s", "subscription { orderEvents(after: \"0\") { position reason } }", "secret reason"),
    ] {
        socket.send(json!({"id": id, "type": "subscribe", "payload": {"query": query}})).await;
        let message = socket.next().await.unwrap();
        assert_eq!((&message["id"], &message["type"]), (&json!(id), &json!("next")), "{message}");
        assert!(!message.to_string().contains("secret"), "{message}");
        logged(&masked(&message["payload"]["errors"]), cause);
        assert_eq!(socket.next().await.unwrap(), json!({"id": id, "type": "complete"}));
    }
    socket.send(json!({"id": "v", "type": "subscribe", "payload": {"query": "{ viewer { role } }"}})).await;
    assert_eq!(socket.next().await.unwrap()["payload"]["data"]["viewer"]["role"], "PLATFORM");
}

#[tokio::test]
async fn a_lock_that_a_panic_left_behind_takes_nothing_down() {
    let server = Server::start().await;
    server.merchant("m1", None).await;
    server.place("m1", "N-1", "a").await;
    server.settle().await;
    let host = Arc::clone(&server.services.host);
    let poisoned = std::thread::spawn(move || host.with_views_mut(|_| panic!("while the views are changed"))).join();
    assert!(poisoned.is_err());
    server.place("m1", "N-2", "a").await;
    server.settle().await;
    let data = server.data("{ ordersCount orders { nodes { number buyer { account } } } }", json!({})).await;
    assert_eq!(data["ordersCount"], 2);
    assert_eq!(data["orders"]["nodes"][0], json!({"number": "N-2", "buyer": {"account": "a"}}));
    assert_eq!(server.http("GET /metrics", "", b"").await.status, 200);
    assert_eq!(server.http("GET /readyz", "", b"").await.status, 200);
}
