use std::time::Duration;

use daybook_domain::Role;
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use crate::kit::{PLATFORM, Server, payment};

pub(crate) struct Socket(pub(crate) WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Socket {
    pub(crate) async fn open(server: &Server) -> Socket {
        Self::try_open(server, None).await.unwrap()
    }

    /// For a page of this origin; the status with which it is refused.
    pub(crate) async fn try_open(server: &Server, origin: Option<&str>) -> Result<Socket, u16> {
        let mut request = format!("ws://{}/graphql/ws", server.address).into_client_request().unwrap();
        request.headers_mut().insert("sec-websocket-protocol", "graphql-transport-ws".parse().unwrap());
        if let Some(origin) = origin {
            request.headers_mut().insert("origin", origin.parse().unwrap());
        }
        match connect_async(request).await {
            Ok((socket, _)) => Ok(Socket(socket)),
            Err(Error::Http(response)) => Err(response.status().as_u16()),
            Err(error) => panic!("{error}"),
        }
    }

    pub(crate) async fn greeted(server: &Server) -> Socket {
        Self::greeted_with(server, PLATFORM).await
    }

    pub(crate) async fn greeted_with(server: &Server, token: &str) -> Socket {
        let mut socket = Self::open(server).await;
        let payload = json!({"Authorization": format!("Bearer {token}")});
        socket.send(json!({"type": "connection_init", "payload": payload})).await;
        assert_eq!(socket.next().await.unwrap()["type"], "connection_ack");
        socket
    }

    pub(crate) async fn send(&mut self, message: Value) {
        self.0.send(Message::text(message.to_string())).await.unwrap();
    }

    /// The next message; a close frame as `{"close": code}`; none at the end.
    pub(crate) async fn next(&mut self) -> Option<Value> {
        let next = tokio::time::timeout(Duration::from_secs(5), self.0.next()).await.expect("an answer in time");
        match next?.ok()? {
            Message::Text(text) => Some(serde_json::from_str(&text).unwrap()),
            Message::Close(frame) => Some(json!({"close": frame.map(|frame| u16::from(frame.code))})),
            other => panic!("{other:?}"),
        }
    }

    async fn subscribe(&mut self, after: &str, merchant: &str, scope: &str) {
        let query = "subscription ($after: Position!, $merchant: String, $scope: Scope!) {
            orderEvents(after: $after, merchant: $merchant, scope: $scope) { position kind order { number label revision } } }";
        let variables = json!({"after": after, "merchant": merchant, "scope": scope});
        self.send(json!({"id": "1", "type": "subscribe", "payload": {"query": query, "variables": variables}})).await;
    }

    pub(crate) async fn event(&mut self) -> Value {
        let mut message = self.next().await.unwrap();
        assert_eq!(message["payload"].get("errors"), None, "{message}");
        message["payload"]["data"]["orderEvents"].take()
    }
}

async fn tree() -> Server {
    let server = Server::start().await;
    server.merchant("top", None).await;
    server.merchant("m1", Some("top")).await;
    server.merchant("m2", Some("top")).await;
    server.place("m1", "N-1", "a").await;
    server.place("m2", "N-2", "a").await;
    server.done("recordPayment", payment("m1", "N-1", "T-1", "10.00")).await;
    server
}

fn told(event: &Value) -> (&str, &str, &str) {
    (
        event["kind"].as_str().unwrap(),
        event["order"]["number"].as_str().unwrap(),
        event["order"]["label"].as_str().unwrap(),
    )
}

#[tokio::test]
async fn a_subscription_is_resumed_without_gap_or_repeat() {
    let server = tree().await;
    let mut socket = Socket::greeted(&server).await;
    socket.subscribe("0", "top", "SUBTREE").await;
    let first = socket.event().await;
    assert_eq!(told(&first), ("order-placed", "N-1", "AWAITING_PAYMENT"), "as of that event, though paid since");
    drop(socket);
    let mut socket = Socket::greeted(&server).await;
    socket.subscribe(first["position"].as_str().unwrap(), "top", "SUBTREE").await;
    assert_eq!(told(&socket.event().await), ("order-placed", "N-2", "AWAITING_PAYMENT"));
    assert_eq!(told(&socket.event().await), ("payment-captured", "N-1", "TO_SHIP"));
    server.place("m2", "N-3", "a").await;
    assert_eq!(told(&socket.event().await), ("order-placed", "N-3", "AWAITING_PAYMENT"), "live from here on");
}

#[tokio::test]
async fn a_subscription_is_of_its_merchants() {
    let server = tree().await;
    server.settle().await;
    for (merchant, scope, expected) in [("m2", "OWN", "N-2"), ("top", "OWN", "N-9"), ("m1", "SUBTREE", "N-1")] {
        let mut socket = Socket::greeted(&server).await;
        socket.subscribe("0", merchant, scope).await;
        if expected == "N-9" {
            server.place("top", "N-9", "a").await;
        }
        assert_eq!(told(&socket.event().await).1, expected);
    }
}

/// Without a merchant a clerk follows its own; of others it is told nothing, and no more of one that is not there.
#[tokio::test]
async fn a_clerk_follows_its_own_merchant_alone() {
    let server = tree().await;
    let clerk = format!("dbk_{}", "6".repeat(64));
    server.issue(&clerk, daybook_domain::Role::Clerk).await;
    let mut socket = Socket::greeted_with(&server, &clerk).await;
    for (id, field) in [("1", "orderEvents"), ("2", "queueChanges"), ("3", "alerts")] {
        for merchant in ["m2", "top", "nobody"] {
            let query = format!("subscription {{ {field}(after: 0, merchant: \"{merchant}\") {{ position }} }}");
            socket.send(json!({"id": id, "type": "subscribe", "payload": {"query": query}})).await;
            let answer = socket.next().await.unwrap();
            assert!(answer.to_string().contains("FORBIDDEN"), "{field} {merchant}: {answer}");
            if answer["type"] == "next" {
                assert_eq!(socket.next().await.unwrap()["type"], "complete");
            }
        }
    }
    let query = "subscription { orderEvents(after: 0) { position kind order { number label } } }";
    socket.send(json!({"id": "9", "type": "subscribe", "payload": {"query": query}})).await;
    assert_eq!(told(&socket.event().await), ("order-placed", "N-1", "AWAITING_PAYMENT"));
    assert_eq!(told(&socket.event().await), ("payment-captured", "N-1", "TO_SHIP"));
    server.place("m2", "N-4", "a").await;
    server.place("m1", "N-5", "a").await;
    assert_eq!(told(&socket.event().await).1, "N-5");
}

#[tokio::test]
async fn the_greeting_must_bring_a_token() {
    let server = Server::start().await;
    let mut socket = Socket::open(&server).await;
    socket.send(json!({"type": "connection_init", "payload": {"Authorization": "Bearer dbk_1"}})).await;
    assert_eq!(socket.next().await.unwrap(), json!({"close": 4403}));
    let mut socket = Socket::open(&server).await;
    socket.subscribe("0", "m1", "OWN").await;
    assert!(socket.next().await.unwrap()["close"].is_number(), "nothing is answered before the greeting");
}

#[tokio::test]
async fn roles_that_can_follow_nothing_get_no_socket() {
    let server = Server::start().await;
    server.merchant("m1", None).await;
    server.place("m1", "N-1", "ann").await;
    let merchant = daybook_domain::MerchantId::new("m1").unwrap();
    let ann = server.services.reader.buyer_slot(&merchant, "ann");
    for (number, role) in [Role::Buyer, Role::Analyst, Role::Webhook, Role::Auditor].into_iter().enumerate() {
        let token = format!("dbk_{number:064x}");
        let buyer = ann.filter(|_| role == Role::Buyer);
        server.issue_to(0x90 + number as u128, &token, role, Some("m1"), buyer).await;
        let mut socket = Socket::open(&server).await;
        let payload = json!({"Authorization": format!("Bearer {token}")});
        socket.send(json!({"type": "connection_init", "payload": payload})).await;
        let answer = socket.next().await.unwrap();
        match role {
            Role::Auditor => assert_eq!(answer["type"], "connection_ack", "it follows orders"),
            _ => assert_eq!(answer, json!({"close": 4403}), "{role:?}"),
        }
    }
}

#[tokio::test]
async fn a_revoked_token_ends_its_subscriptions() {
    let server = tree().await;
    let mut socket = Socket::greeted(&server).await;
    socket.subscribe(&server.services.reader.watermark().to_string(), "top", "SUBTREE").await;
    server.place("m1", "N-5", "a").await;
    assert_eq!(told(&socket.event().await).1, "N-5");
    server.revoke(PLATFORM).await;
    let message = socket.next().await.unwrap();
    assert_eq!(message["payload"]["errors"][0]["extensions"]["code"], "UNAUTHENTICATED", "{message}");
    assert_eq!(socket.next().await.unwrap()["type"], "complete");
}

#[tokio::test]
async fn queries_and_hostile_documents_over_the_socket() {
    let server = tree().await;
    let mut socket = Socket::greeted(&server).await;
    socket.send(json!({"id": "q", "type": "subscribe", "payload": {"query": "{ viewer { role } }"}})).await;
    assert_eq!(socket.next().await.unwrap()["payload"]["data"]["viewer"]["role"], "PLATFORM");
    assert_eq!(socket.next().await.unwrap()["type"], "complete");
    let deep = format!("{}{}", "{a".repeat(5_000), "}".repeat(5_000));
    socket.send(json!({"id": "d", "type": "subscribe", "payload": {"query": deep}})).await;
    let message = socket.next().await.unwrap();
    assert!(message.to_string().contains("DOCUMENT_REFUSED"), "{message}");
}

#[tokio::test]
async fn a_revoked_token_may_begin_nothing_more() {
    let server = tree().await;
    let mut socket = Socket::greeted(&server).await;
    server.revoke(PLATFORM).await;
    socket.send(json!({"id": "q", "type": "subscribe", "payload": {"query": "{ viewer { role } }"}})).await;
    let message = socket.next().await.unwrap();
    assert!(message.to_string().contains("UNAUTHENTICATED"), "{message}");
}

#[tokio::test]
async fn a_socket_has_no_more_than_64_operations() {
    let server = tree().await;
    let mut socket = Socket::greeted(&server).await;
    let query = "subscription { orderEvents { position } }";
    for n in 0..65 {
        socket.send(json!({"id": n.to_string(), "type": "subscribe", "payload": {"query": query}})).await;
    }
    let message = socket.next().await.unwrap();
    assert_eq!(message["id"], "64");
    assert!(message.to_string().contains("TOO_MANY_OPERATIONS"), "{message}");
    assert_eq!(socket.next().await.unwrap()["type"], "complete");
    // Ending one makes room for another.
    socket.send(json!({"id": "3", "type": "complete"})).await;
    assert_eq!(socket.next().await.unwrap(), json!({"id": "3", "type": "complete"}));
    socket.send(json!({"id": "q", "type": "subscribe", "payload": {"query": "{ viewer { role } }"}})).await;
    assert_eq!(socket.next().await.unwrap()["payload"]["data"]["viewer"]["role"], "PLATFORM");
}
