//! Nothing secret gets into the process log, whatever becomes of the request that brought it.

use daybook_api::faults::router_with_bugs;
use serde_json::{Value, json};

use crate::kit::{Server, by, order, payment};
use crate::log;
use crate::socket::Socket;

/// Each part of what only its owner may know; nothing else in this test holds it.
const CARD: &str = "SECRETCARD";
const ACCOUNT: &str = "secret-account@example.com";
const PHONE: &str = "13800001111";
const ADDRESS: &str = "秘密路七号";
const INPUT: &str = "secret-game-account";
const NOTE: &str = "secret words of a buyer";
const WRONG: &str = "dbk_5ecre7c0ffee5ecre7c0ffee5ecre7c0ffee5ecre7c0ffee5ecre7c0ffee5ecre7c0";

const SECRETS: [&str; 8] = [CARD, ACCOUNT, PHONE, ADDRESS, INPUT, NOTE, "5ecre7c0ffee", "dbk_1111"];

const IMPORT: &str =
    "mutation ($input: ImportCardsInput!) { importCards(input: $input) { imported userErrors { code message } } }";
const REVEAL: &str =
    "mutation ($input: RevealCardsInput!) { revealCards(input: $input) { secrets userErrors { code } } }";

fn placed(number: &str) -> Value {
    let mut placed = order("m1", number, ACCOUNT);
    placed["buyer"]["contact"] = json!({"phone": PHONE, "address": ADDRESS});
    placed["lines"][0]["quantity"] = json!(1);
    placed["lines"].as_array_mut().unwrap().push(json!({"sku": "top-up", "title": "Top-up", "quantity": 1,
        "kind": "TOP_UP", "unitPrice": {"amount": "5.00", "currency": "CNY"}, "inputs": {"account": INPUT}}));
    placed
}

/// What is right.
async fn an_order_from_end_to_end(server: &Server) {
    server.merchant("m1", None).await;
    let cards = json!({"commandId": server.uuid(), "merchant": "m1", "sku": "card", "secrets": [format!("{CARD}-1"), format!("{CARD}-2")]});
    assert_eq!(server.data(IMPORT, json!({"input": cards})).await["importCards"]["imported"], 2);
    server.done("placeOrder", placed("N-1")).await;
    server.done("recordPayment", payment("m1", "N-1", "T-1", "10.00")).await;
    server.done("addNote", json!({"order": by("m1", "N-1"), "text": NOTE})).await;
    server.done("deliverCards", json!({"order": by("m1", "N-1")})).await;
    let shown = server.data(REVEAL, json!({"input": {"commandId": server.uuid(), "order": by("m1", "N-1")}})).await;
    assert!(shown.to_string().contains(CARD), "{shown}");
    server.settle().await;
    let query = "query ($a: String!) { orders(where: {buyer: {eq: $a}}) { nodes { buyer { account } } } }";
    assert!(server.data(query, json!({"a": ACCOUNT})).await.to_string().contains(ACCOUNT));
    let history = server
        .ask(
            "query ($by: OrderInput!) { order(by: $by) { history(first: 50) { nodes { data } } } }",
            json!({"by": by("m1", "N-1")}),
        )
        .await;
    assert!(history.to_string().contains(NOTE), "{history}");
}

/// What is refused by the rules, by the schema, or as no document at all.
async fn refusals(server: &Server) {
    let again = json!({"commandId": server.uuid(), "merchant": "m1", "sku": "card", "secrets": [format!("{CARD}-1")]});
    server.ask(IMPORT, json!({"input": again})).await;
    let hidden =
        json!({"commandId": server.uuid(), "merchant": "m1", "sku": "card", "secrets": [format!("{CARD}\u{200b}")]});
    server.ask(IMPORT, json!({"input": hidden})).await;
    server.ask(IMPORT, json!({"input": {"secrets": CARD}})).await;
    server.ask(IMPORT, json!({"input": format!("{CARD}-3")})).await;
    server.mutate("placeOrder", placed("N-1")).await;
    let mut large = placed("N-2");
    large["buyer"]["contact"] = json!({"address": ADDRESS.repeat(5_000)});
    server.mutate("placeOrder", large).await;
    for document in [
        format!("mutation {{ importCards(input: {{secrets: [\"{CARD}\"] }}"),
        format!("{{ merchant(id: \"{CARD}\" \"{NOTE}\") {{ id }} }}"),
        format!("{{ {INPUT} }}"),
        format!("{{ orders(where: {{placedAt: {{gte: \"{ACCOUNT}\"}}}}) {{ nodes {{ id }} }} }}"),
        format!("{{ orders(after: \"{ACCOUNT}\") {{ nodes {{ id }} }} }}"),
        format!("query ($a: Int = \"{PHONE}\") {{ orders(first: $a) {{ nodes {{ id }} }} }}"),
        format!("{{ a {} # {CARD}", "{".repeat(5_000)),
    ] {
        let answer = server.ask(&document, json!({})).await;
        assert!(answer["errors"].is_array(), "{document}");
    }
    for body in [
        CARD.to_owned(),
        format!("{{\"query\": \"{CARD}"),
        format!("{{\"query\": 7, \"{CARD}\": 1}}"),
        format!("[\"{CARD}\"]"),
    ] {
        assert_eq!(server.post(body.as_bytes()).await.status, 400);
    }
}

/// Tokens that let nobody in, wherever they stand; many enough to be limited.
async fn wrong_tokens(server: &Server) {
    for _ in 0..15 {
        for header in
            [format!("Bearer {WRONG}"), format!("Basic {WRONG}"), WRONG.to_owned(), format!("Bearer {WRONG}0")]
        {
            let head = format!("Content-Type: application/json\r\nAuthorization: {header}\r\n");
            let answer = server.http("POST /graphql", &head, b"{\"query\": \"{ viewer { id } }\"}").await;
            assert!([401, 429].contains(&answer.status));
        }
    }
    for line in [format!("GET /graphql?token={WRONG}"), format!("GET /{WRONG}"), format!("PUT /healthz?{CARD}")] {
        server.http(&line, &format!("Authorization: Bearer {WRONG}\r\n"), b"").await;
    }
    for authorization in [format!("Bearer {WRONG}"), WRONG.to_owned()] {
        let mut socket = Socket::open(server).await;
        socket.send(json!({"type": "connection_init", "payload": {"Authorization": authorization}})).await;
        assert!(socket.next().await.unwrap()["close"].is_number());
    }
}

async fn over_a_socket(server: &Server) {
    let mut socket = Socket::greeted(server).await;
    let revealed =
        json!({"query": REVEAL, "variables": {"input": {"commandId": server.uuid(), "order": by("m1", "N-1")}}});
    let refused = json!({"query": IMPORT, "variables": {"input": {"secrets": CARD}}});
    let events =
        json!({"query": "subscription { orderEvents(after: 0) { kind order { buyer { account contact } } } }"});
    for (id, payload) in [("1", revealed), ("2", refused), ("3", events)] {
        socket.send(json!({"id": id, "type": "subscribe", "payload": payload})).await;
        assert_eq!(socket.next().await.unwrap()["type"], "next");
        if id != "3" {
            assert_eq!(socket.next().await.unwrap()["type"], "complete");
        }
    }
    socket.send(json!({"id": CARD, "type": NOTE})).await;
    while socket.next().await.is_some_and(|message| message.get("close").is_none()) {}
}

/// A bug whose words hold what was sent.
async fn bugs() {
    let server = Server::start_with(|services| router_with_bugs(services, &["ordersCount", CARD])).await;
    for query in [format!("{{ {CARD}: ordersCount }}"), "{ ordersCount }".to_owned()] {
        assert_eq!(server.post(json!({"query": query}).to_string().as_bytes()).await.status, 500);
    }
    let mut socket = Socket::greeted(&server).await;
    let query = format!("{{ {CARD}: ordersCount }}");
    socket.send(json!({"id": "1", "type": "subscribe", "payload": {"query": query}})).await;
    assert!(socket.next().await.unwrap().to_string().contains("INTERNAL"));
}

#[tokio::test]
async fn no_secret_gets_into_the_log_whatever_becomes_of_its_request() {
    log::keep();
    tracing::trace!("even what is only traced");
    let server = Server::start().await;
    an_order_from_end_to_end(&server).await;
    refusals(&server).await;
    wrong_tokens(&server).await;
    over_a_socket(&server).await;
    bugs().await;
    server.services.engine.shutdown().unwrap();
    let query = "mutation ($input: PlaceOrderInput!) { placeOrder(input: $input) { receipt { position } } }";
    let mut late = placed("N-9");
    late["commandId"] = json!(server.uuid());
    let answer = server.ask(query, json!({"input": late})).await;
    assert_eq!(answer["errors"][0]["extensions"]["code"], "UNAVAILABLE", "{answer}");
    let text = log::text();
    assert!(text.contains("a panic, whose place is on standard error"), "the log is kept: {text}");
    assert!(text.contains("even what is only traced"), "all of it is kept");
    assert!(!text.contains("dbk_"), "no token at all");
    for secret in SECRETS {
        let line = text.lines().find(|line| line.contains(secret));
        assert_eq!(line, None, "{secret}");
    }
}
