//! Questions that take long, or that wait for the views, hold nobody up but those who asked them.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::kit::Server;
use crate::reads::slow_disk;
use crate::ready::register;

/// On the one thread that serves here.
async fn answers_at_once(server: &Server) {
    let start = Instant::now();
    for path in ["/healthz", "/readyz", "/metrics"] {
        assert_eq!(server.http(&format!("GET {path}"), "", b"").await.status, 200, "{path}");
    }
    let viewer = server.ask("{ viewer { role } }", json!({})).await;
    assert_eq!(viewer["data"]["viewer"]["role"], "PLATFORM");
    assert!(start.elapsed() < Duration::from_secs(2), "{:?}", start.elapsed());
}

const DASHBOARD: &str = r#"{ dashboard(currency: "CNY", range: {gte: "2023-01-01T00:00:00Z", lt: "2024-01-01T00:00:00Z"}) {
    placedOrders byMerchant { merchant { name } placedOrders } } }"#;

#[tokio::test]
async fn whoever_waits_for_the_views_holds_nobody_up() {
    let server = Server::start_without_follower().await;
    server.merchant("m1", None).await;
    server.place("m1", "N-1", "a").await;
    let events = server.services.reader.events(1, 1 << 20).unwrap();
    server.services.host.apply(&events).unwrap();
    answers_at_once(&server).await;

    let fold = slow_disk(&server);
    let questions = [
        "{ orders { nodes { number merchant { name } } } }",
        "{ ordersCount }",
        DASHBOARD,
        r#"{ order(by: {number: {number: "N-1"}}) { number } }"#,
        r#"{ merchants { nodes { name children { nodes { id } } } } }"#,
        r#"{ merchants(root: "m1") { nodes { name } } }"#,
        r#"{ merchant(id: "m1") { name } }"#,
        r#"{ node(id: "m1") { id } }"#,
    ];
    let mut asking = Vec::new();
    for query in questions {
        let mut connection = server.connect().await;
        connection.send(&json!({"query": query})).await;
        asking.push((query, connection));
    }
    let mut command = server.connect().await;
    let query = "mutation ($input: AddTagInput!) { addTag(input: $input) { order { tags } userErrors { code } } }";
    let order = json!({"number": {"number": "N-1"}});
    let input = json!({"commandId": server.uuid(), "order": order, "tag": "vip"});
    command.send(&json!({"query": query, "variables": {"input": input}})).await;
    tokio::time::sleep(Duration::from_millis(50)).await;
    answers_at_once(&server).await;

    fold.send(()).unwrap();
    for (query, mut connection) in asking {
        let answer = connection.answer().await.json();
        assert_eq!(answer.get("errors"), None, "{query}: {answer}");
    }
    assert_eq!(command.answer().await.json()["data"]["addTag"]["order"]["tags"], json!(["vip"]));
}

#[tokio::test]
async fn a_question_that_takes_too_long_is_refused_and_holds_nobody_up() {
    let server = Server::start().await;
    register(&server, 0..1_000).await;
    server.settle().await;
    let all: Vec<String> = (0..1_000).map(|n| format!("m{n}")).collect();
    // Each merchant is compared with each, a hundred times over.
    let alternatives: Vec<Value> = (0..95).map(|_| json!({"merchant": {"oneOf": all}})).collect();
    let variables = json!({"w": {"OR": alternatives}});
    for query in [
        "query ($w: OrderWhere) { ordersCount(where: $w, scope: SUBTREE) }",
        "query ($w: OrderWhere) { orders(where: $w, scope: SUBTREE) { nodes { id } } }",
    ] {
        let mut asking = server.connect().await;
        asking.send(&json!({"query": query, "variables": variables})).await;
        let (answer, ()) = tokio::join!(asking.answer(), answers_at_once(&server));
        let error = &answer.json()["errors"][0];
        assert_eq!(error["extensions"]["code"], "TOO_MUCH_WORK", "{error}");
        assert!(error["message"].as_str().unwrap().contains("narrow it"), "{error}");
    }
    let few = json!({"w": {"OR": [{"merchant": {"oneOf": all}}]}});
    let data = server.data("query ($w: OrderWhere) { ordersCount(where: $w, scope: SUBTREE) }", few).await;
    assert_eq!(data["ordersCount"], 0);
}

#[tokio::test]
async fn a_document_asks_the_views_some_twenty_times_at_most() {
    let server = Server::start().await;
    let by_number = r#"order(by: {number: {number: "N-1"}}) { id }"#;
    let range = r#"{gte: "2023-01-01T00:00:00Z", lt: "2024-01-01T00:00:00Z"}"#;
    let board = format!(r#"dashboard(currency: "CNY", range: {range}) {{ placedOrders }}"#);
    for (question, most) in
        [("ordersCount", 25), ("orders(first: 1) { nodes { id } }", 24), (&board, 24), (by_number, 50)]
    {
        let within: String = (0..most).map(|n| format!("a{n}: {question} ")).collect();
        let answer = server.ask(&format!("{{ {within} }}"), json!({})).await;
        assert_eq!(answer.get("errors"), None, "{question}: {answer}");
        let beyond = format!("{{ {within} b: {question} }}");
        let answer = server.ask(&beyond, json!({})).await;
        assert_eq!(answer["errors"][0]["extensions"]["code"], "DOCUMENT_REFUSED", "{question}: {answer}");
        // The same field again and again, without a name of its own.
        let repeated = format!("{{ {} }}", format!("{question} ").repeat(990));
        let answer = server.ask(&repeated, json!({})).await;
        assert_eq!(answer["errors"][0]["extensions"]["code"], "DOCUMENT_REFUSED", "{question}: {answer}");
    }
}
