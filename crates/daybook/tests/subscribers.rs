//! Subscribers that do not read, at the real server: they cost it little, are cut off, and go on from where they were;
//! those that read are told everything meanwhile.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "unwrap is how a test fails")]

mod support;

use std::fs;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use support::{Server, run, token};
use tokio::net::{TcpSocket, TcpStream};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;

const EVENTS: usize = 20_000;
/// Some 3 KB an event, so that all of them are more than any system keeps for a connection.
const ALIASES: usize = 45;
const SLOW: usize = 4;
/// Much less than what the slow ones did not take.
const MAX_GROWTH_BYTES: u64 = 128 << 20;

struct Subscriber(WebSocketStream<TcpStream>);

impl Subscriber {
    async fn after(server: &Server, after: u64) -> Self {
        let address: SocketAddr = server.address.parse().unwrap();
        let socket = TcpSocket::new_v4().unwrap();
        // Little is kept for it on this side.
        socket.set_recv_buffer_size(16 << 10).unwrap();
        let stream = socket.connect(address).await.unwrap();
        let mut request = format!("ws://{address}/graphql/ws").into_client_request().unwrap();
        request.headers_mut().insert("sec-websocket-protocol", "graphql-transport-ws".parse().unwrap());
        request.headers_mut().insert("authorization", format!("Bearer {}", server.token).parse().unwrap());
        let (mut socket, _) = tokio_tungstenite::client_async(request, stream).await.unwrap();
        let ids: String = (0..ALIASES).map(|n| format!("anotherIdOfIt{n}: orderId ")).collect();
        let query = format!("subscription {{ orderEvents(after: {after}) {{ position {ids} }} }}");
        for message in
            [json!({"type": "connection_init"}), json!({"id": "1", "type": "subscribe", "payload": {"query": query}})]
        {
            socket.send(Message::text(message.to_string())).await.unwrap();
        }
        let greeting = socket.next().await.unwrap().unwrap().into_text().unwrap();
        assert_eq!(serde_json::from_str::<Value>(&greeting).unwrap()["type"], "connection_ack");
        Self(socket)
    }

    /// The next event's position, and the bytes that it came in; none when the server has ended the connection.
    async fn next(&mut self) -> Option<(u64, usize)> {
        let next = tokio::time::timeout(Duration::from_secs(60), self.0.next()).await.expect("an event in time");
        let text = next?.ok()?.into_text().ok()?;
        let (_, rest) = text.split_once("\"position\":\"").unwrap_or_else(|| panic!("{text}"));
        Some((rest.split('"').next().unwrap().parse().unwrap(), text.len()))
    }
}

fn resident_bytes(process: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().strip_suffix(" kB").unwrap().parse::<u64>().unwrap() << 10
}

fn metric(server: &Server, name: &str) -> u64 {
    let (_, text) = server.client().request("GET /metrics", "").unwrap();
    let line = text.lines().find(|line| line.starts_with(&format!("{name} ")));
    line.unwrap().rsplit(' ').next().unwrap().parse().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_does_not_read_is_cut_off_hurts_nobody_and_misses_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let token = token(&data);
    let server = Server::start(&data, token);
    let order = |number: usize| {
        let lines = json!([{"sku": "card", "title": "Card", "kind": "CARD", "quantity": 1, "unitPrice": "9.90"}]);
        json!({"action": "place", "at": "2024-01-02T10:00:00Z", "merchant": "m1", "number": format!("A-{number}"),
               "buyer": {"account": "a"}, "currency": "CNY", "lines": lines})
    };
    let file = folder.path().join("orders.jsonl");
    let text: String = (0..EVENTS).map(|number| format!("{}\n", order(number))).collect();
    fs::write(&file, text).unwrap();
    assert!(run(&["merchant", "create", "m1"], &data).status.success());

    let mut slow = Vec::new();
    for _ in 0..SLOW {
        slow.push(Subscriber::after(&server, 0).await);
    }
    let before = resident_bytes(server.id());
    let mut readers = tokio::task::JoinSet::new();
    for _ in 0..2 {
        let mut reader = Subscriber::after(&server, 0).await;
        readers.spawn(async move {
            let (mut told, mut bytes) = (Vec::new(), 0);
            while told.len() < EVENTS {
                let (position, length) = reader.next().await.expect("who reads is not cut off");
                told.push(position);
                bytes += length;
            }
            (told, bytes)
        });
    }
    let import = tokio::task::spawn_blocking(move || run(&["import", "jsonl", file.to_str().unwrap()], &data));
    let (mut all, mut all_bytes) = (Vec::new(), 0);
    while let Some(reader) = readers.join_next().await {
        let (told, bytes) = reader.unwrap();
        assert!(told.is_sorted_by(|a, b| a < b), "in the ledger's order");
        assert!(all.is_empty() || all == told, "everybody is told the same");
        (all, all_bytes) = (told, bytes);
    }
    assert!(import.await.unwrap().status.success());
    let growth = resident_bytes(server.id()).saturating_sub(before);
    let untaken = (SLOW * all_bytes) as u64;
    println!("{all_bytes} bytes a subscriber; {SLOW} did not read; the server grew by {growth} bytes");
    assert!(untaken > MAX_GROWTH_BYTES + MAX_GROWTH_BYTES / 2, "{untaken} bytes are too few to tell");
    assert!(growth < MAX_GROWTH_BYTES, "{growth} bytes for {untaken} that nobody took");

    let deadline = Instant::now() + Duration::from_secs(90);
    while metric(&server, "daybook_websockets_cut_off_total") < SLOW as u64 {
        assert!(Instant::now() < deadline, "never cut off");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(metric(&server, "daybook_websockets"), 0);

    // What was on its way is still there to be read; the rest is told after its last position.
    let mut cut_off = slow.pop().unwrap();
    let (mut told, mut buffered) = (Vec::new(), 0);
    while let Some((position, bytes)) = cut_off.next().await {
        told.push(position);
        buffered += bytes;
    }
    assert!(buffered < 16 << 20 && told.len() < EVENTS / 2, "{buffered} bytes of {all_bytes} were kept for it");
    let mut resumed = Subscriber::after(&server, told.last().copied().unwrap_or(0)).await;
    while told.len() < EVENTS {
        told.push(resumed.next().await.unwrap().0);
    }
    assert!(told == all, "no gap, and nothing twice");
}
