//! Reads of the ledger hold nobody up but those who wait for them, and these are bounded.

use std::sync::Arc;
use std::sync::mpsc::{Sender, channel};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::kit::{Server, by};
use crate::ready::eleven_seconds_pass;
use crate::socket::Socket;

/// As many as may run and wait.
const PLACES: usize = 72;

/// Makes the views' lock a slow disk, or a fold that takes long: an order that is read from the ledger wants to know its merchant's name. To be
/// ended by the sender; ends by itself in ten seconds.
pub(crate) fn slow_disk(server: &Server) -> Sender<()> {
    let host = Arc::clone(&server.services.host);
    let (end, ended) = channel();
    let (held, is_held) = channel();
    std::thread::spawn(move || {
        host.with_views_mut(|_| {
            held.send(()).unwrap();
            let _ = ended.recv_timeout(Duration::from_secs(10));
        });
    });
    is_held.recv().unwrap();
    end
}

/// A server with one order, and the order's id. Nothing follows the ledger: it would stand at the lock on this thread.
async fn server() -> (Server, Value) {
    let server = Server::start_without_follower().await;
    server.merchant("m1", None).await;
    let id = server.place("m1", "N-1", "a").await["order"]["id"].take();
    let events = server.services.reader.events(1, 1 << 20).unwrap();
    server.services.host.apply(&events).unwrap();
    (server, id)
}

fn order_by_id(id: &Value) -> Value {
    json!({"query": "query ($id: ID!) { order(by: {id: $id}) { number } }", "variables": {"id": id}})
}

#[tokio::test]
async fn slow_reads_hold_nobody_up_and_are_bounded() {
    let (server, id) = server().await;
    let mut socket = Socket::greeted(&server).await;
    let start = Instant::now();
    let disk = slow_disk(&server);

    let mut reading = Vec::new();
    for _ in 0..PLACES {
        let mut connection = server.connect().await;
        connection.send(&order_by_id(&id)).await;
        reading.push(connection);
    }
    // The server answers whatever needs no disk, on the one thread that serves here.
    let viewer = server.ask("{ viewer { role } }", json!({})).await;
    assert_eq!(viewer["data"]["viewer"]["role"], "PLATFORM");
    assert_eq!(server.http("GET /healthz", "", b"").await.status, 200);
    // Whoever comes now is told to come again.
    for _ in 0..3 {
        let answer = server.post(order_by_id(&id).to_string().as_bytes()).await.json();
        assert_eq!(answer["errors"][0]["extensions"]["code"], "BUSY", "{answer}");
    }
    // But neither a command that was carried out nor a subscription.
    let mut mutation = server.connect().await;
    let query = "mutation ($input: AddTagInput!) { addTag(input: $input) { receipt { position } order { tags } } }";
    let input = json!({"commandId": server.uuid(), "order": {"id": id}, "tag": "vip"});
    mutation.send(&json!({"query": query, "variables": {"input": input}})).await;
    let query = "subscription { orderEvents(after: \"0\") { kind order { number } } }";
    socket.send(json!({"id": "1", "type": "subscribe", "payload": {"query": query}})).await;
    while server.services.reader.watermark() < 4 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());

    disk.send(()).unwrap();
    for mut connection in reading {
        assert_eq!(connection.answer().await.json(), json!({"data": {"order": {"number": "N-1"}}}));
    }
    let answer = mutation.answer().await.json();
    assert_eq!(answer["data"]["addTag"]["order"]["tags"], json!(["vip"]), "{answer}");
    let event = socket.event().await;
    assert_eq!(event, json!({"kind": "order-placed", "order": {"number": "N-1"}}));
    let answer = server.post(order_by_id(&id).to_string().as_bytes()).await.json();
    assert_eq!(answer["data"]["order"]["number"], "N-1", "there is room again");
}

#[tokio::test]
async fn one_query_with_many_reads_is_not_in_its_own_way() {
    let server = Server::start().await;
    server.merchant("m1", None).await;
    for n in 0..PLACES + 10 {
        server.place("m1", &format!("N-{n}"), "a").await;
    }
    let query = "{ events(first: 250, kinds: [\"order-placed\"]) { nodes { changes { field } data } } }";
    let data = server.data(query, json!({})).await;
    assert_eq!(data["events"]["nodes"].as_array().unwrap().len(), PLACES + 10);
    let order =
        server.data("query ($by: OrderInput!) { order(by: $by) { number } }", json!({"by": by("m1", "N-7")})).await;
    assert_eq!(order["order"]["number"], "N-7");
}

#[tokio::test]
async fn an_operation_begins_no_read_after_ten_seconds() {
    let (server, id) = server().await;
    let disk = slow_disk(&server);
    let mut connection = server.connect().await;
    let query = "query ($id: ID!) { a: order(by: {id: $id}) { number } b: order(by: {id: $id}) { number } }";
    connection.send(&json!({"query": query, "variables": {"id": id}})).await;
    tokio::time::sleep(Duration::from_millis(50)).await;
    eleven_seconds_pass().await;
    disk.send(()).unwrap();
    let answer = connection.answer().await.json();
    assert_eq!(answer["data"]["a"]["number"], "N-1", "what had begun ends: {answer}");
    assert_eq!(answer["errors"][0]["path"], json!(["b"]));
    assert_eq!(answer["errors"][0]["extensions"]["code"], "TIMED_OUT");
    let answer = server.post(order_by_id(&id).to_string().as_bytes()).await.json();
    assert_eq!(answer["data"]["order"]["number"], "N-1");
}

#[tokio::test]
async fn nothing_of_a_history_is_still_told_from_its_end() {
    let (server, id) = server().await;
    let query = "query ($id: ID!, $after: String) { order(by: {id: $id}) { history(first: 0, after: $after) {
                 nodes { kind } pageInfo { hasNextPage } } } }";
    for (after, has_next) in [(json!(null), true), (json!("1"), false)] {
        let data = server.data(query, json!({"id": id, "after": after})).await;
        assert_eq!(data["order"]["history"], json!({"nodes": [], "pageInfo": {"hasNextPage": has_next}}));
    }
}

#[tokio::test]
async fn a_reader_that_went_away_makes_room() {
    let (server, id) = server().await;
    let disk = slow_disk(&server);
    let mut reading = Vec::new();
    for _ in 0..PLACES {
        let mut connection = server.connect().await;
        connection.send(&order_by_id(&id)).await;
        reading.push(connection);
    }
    drop(reading);
    // Those that wait for their turn make room when they go; those that run do when they end.
    let mut code = json!("BUSY");
    let mut later = server.connect().await;
    for _ in 0..100 {
        later.send(&order_by_id(&id)).await;
        match tokio::time::timeout(Duration::from_millis(100), later.answer()).await {
            Ok(answer) => code = answer.json()["errors"][0]["extensions"]["code"].take(),
            Err(_) => {
                code = json!("waits");
                break;
            }
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(code, "waits");
    disk.send(()).unwrap();
    assert_eq!(later.answer().await.json()["data"]["order"]["number"], "N-1");
}
