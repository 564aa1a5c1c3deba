//! WebSockets of whom nobody knows who they are, and of clients that do not keep to the protocol.

use std::time::Duration;

use serde_json::{Value, json};

use crate::kit::{PLATFORM, Server};
use crate::ready::eleven_seconds_pass;
use crate::socket::Socket;

async fn open_sockets(server: &Server) -> u64 {
    let text = server.http("GET /metrics", "", b"").await.body;
    let line = text.lines().find_map(|line| line.strip_prefix("daybook_websockets ")).unwrap();
    line.parse().unwrap()
}

fn subscribe(id: &str, query: &str) -> Value {
    json!({"id": id, "type": "subscribe", "payload": {"query": query}})
}

#[tokio::test]
async fn a_ping_is_no_greeting() {
    let server = Server::start().await;
    let mut socket = Socket::open(&server).await;
    for _ in 0..3 {
        socket.send(json!({"type": "ping"})).await;
        assert_eq!(socket.next().await.unwrap()["type"], "pong");
    }
    eleven_seconds_pass().await;
    assert_eq!(socket.next().await.unwrap(), json!({"close": 4408}));
    let mut greeted = Socket::greeted(&server).await;
    eleven_seconds_pass().await;
    greeted.send(subscribe("q", "{ viewer { role } }")).await;
    assert_eq!(greeted.next().await.unwrap()["payload"]["data"]["viewer"]["role"], "PLATFORM");
}

#[tokio::test]
async fn before_the_greeting_messages_are_short() {
    let server = Server::start().await;
    let greeting = |bytes: usize| {
        let payload = json!({"Authorization": format!("Bearer {PLATFORM}"), "more": "x".repeat(bytes)});
        json!({"type": "connection_init", "payload": payload})
    };
    let mut socket = Socket::open(&server).await;
    socket.send(greeting(13_000)).await;
    assert_eq!(socket.next().await.unwrap(), json!({"close": 4400}));
    let mut socket = Socket::open(&server).await;
    socket.send(greeting(3_000)).await;
    assert_eq!(socket.next().await.unwrap()["type"], "connection_ack");
    socket.send(subscribe("q", &format!("{{ viewer {{ role }} }} #{}", "x".repeat(5_000)))).await;
    assert_eq!(socket.next().await.unwrap()["payload"]["data"]["viewer"]["role"], "PLATFORM");
}

#[tokio::test]
async fn pages_of_other_hosts_open_no_socket() {
    let server = Server::start().await;
    let own = format!("http://{}", server.address);
    for (origin, refused) in [(own.as_str(), false), ("http://evil.example", true), ("null", true)] {
        let opened = Socket::try_open(&server, Some(origin)).await;
        assert_eq!(opened.err(), refused.then_some(403), "{origin}");
    }
}

#[tokio::test]
async fn strangers_are_few() {
    let server = Server::start().await;
    let mut known = Socket::greeted(&server).await;
    let mut strangers = Vec::new();
    for _ in 0..64 {
        strangers.push(Socket::open(&server).await);
    }
    assert_eq!(Socket::try_open(&server, None).await.err(), Some(503));
    known.send(subscribe("q", "{ viewer { role } }")).await;
    assert_eq!(
        known.next().await.unwrap()["payload"]["data"]["viewer"]["role"],
        "PLATFORM",
        "others are not disturbed"
    );
    // One that says who it is makes room for another.
    let payload = json!({"Authorization": format!("Bearer {PLATFORM}")});
    strangers[0].send(json!({"type": "connection_init", "payload": payload})).await;
    assert_eq!(strangers[0].next().await.unwrap()["type"], "connection_ack");
    let mut opened = Socket::try_open(&server, None).await;
    for _ in 0..100 {
        if opened.is_ok() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
        opened = Socket::try_open(&server, None).await;
    }
    assert_eq!(opened.err(), None);
}

#[tokio::test]
async fn who_does_not_read_is_not_waited_for() {
    let server = Server::start().await;
    let mut socket = Socket::greeted(&server).await;
    let types = "__schema { types { name description fields { name description args { name description } }
                 inputFields { name description } enumValues { name description } } }";
    let all = format!("{{ {} }}", (0..12).map(|n| format!("s{n}: {types} ")).collect::<String>());
    // Fewer than may be under way, however slow the server is; their answers are more than a socket keeps.
    for n in 0..75 {
        socket.send(subscribe(&n.to_string(), &all)).await;
    }
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(open_sockets(&server).await, 1);
    for _ in 0..3 {
        eleven_seconds_pass().await;
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(open_sockets(&server).await, 0);
}

#[tokio::test]
async fn an_id_is_short_and_used_once_at_a_time() {
    let server = Server::start().await;
    let follow = "subscription { orderEvents { position } }";
    let mut socket = Socket::greeted(&server).await;
    for id in ["a", "b"] {
        socket.send(subscribe(id, follow)).await;
    }
    socket.send(json!({"id": "a", "type": "complete"})).await;
    assert_eq!(socket.next().await.unwrap(), json!({"id": "a", "type": "complete"}));
    socket.send(subscribe("a", "{ viewer { role } }")).await;
    assert_eq!(socket.next().await.unwrap()["type"], "next");
    assert_eq!(socket.next().await.unwrap(), json!({"id": "a", "type": "complete"}));
    socket.send(subscribe("a", follow)).await;
    socket.send(subscribe("b", follow)).await;
    assert_eq!(socket.next().await.unwrap(), json!({"close": 4409}));
    let mut socket = Socket::greeted(&server).await;
    socket.send(subscribe(&"x".repeat(65), follow)).await;
    assert_eq!(socket.next().await.unwrap(), json!({"close": 4400}));
}

#[tokio::test]
async fn refusals_come_to_an_end() {
    let server = Server::start().await;
    let mut socket = Socket::greeted(&server).await;
    let mut refused = 0;
    for n in 0..200 {
        socket.send(subscribe(&n.to_string(), "{{")).await;
        let message = socket.next().await.unwrap();
        if message == json!({"close": 4429}) {
            break;
        }
        assert!(message.to_string().contains("DOCUMENT_REFUSED"), "{message}");
        refused += 1;
        match socket.next().await.unwrap() {
            message if message == json!({"close": 4429}) => break,
            message => assert_eq!(message["type"], "complete"),
        }
    }
    assert!((30..40).contains(&refused), "{refused}");
    // All at once, before any is answered.
    let mut socket = Socket::greeted(&server).await;
    let follow = "subscription { orderEvents { position } }";
    for n in 0..100 {
        socket.send(subscribe(&n.to_string(), follow)).await;
    }
    let mut last = json!({});
    while last.get("close").is_none() {
        last = socket.next().await.unwrap();
    }
    assert_eq!(last, json!({"close": 4429}));
}
