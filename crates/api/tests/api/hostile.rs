use std::time::{Duration, Instant};

use serde_json::json;

use crate::kit::{PLATFORM, Server};
use crate::socket::Socket;

/// What must not be shown to anybody outside.
pub(crate) const INSIDE: [&str; 6] = ["/src/", ".rs:", "panicked", "async_graphql", "daybook_", "Error {"];

#[tokio::test]
async fn hostile_documents_are_refused_fast_and_say_nothing_of_the_inside() {
    let server = Server::start().await;
    let aliases: String = (0..2_000).map(|n| format!("a{n}: viewer {{ id }} ")).collect();
    let fields = "id ".repeat(5_000);
    let spreads: String =
        (0..30).map(|n| format!("fragment f{n} on Query {{ ...f{0} ...f{0} }} ", n + 1)).collect::<String>();
    let wide = "{ orders(first: 250) { nodes { history(first: 250) { nodes { changes { field } } } } } }";
    let merged = format!("{{ {} }}", "viewer { id } ".repeat(900));
    let documents = [
        format!("{}{}", "{ node ".repeat(5_000), "}".repeat(5_000)),
        format!("{{ merchant(id: \"m\") {{ {} id {} }} }}", "parent { ".repeat(14), "}".repeat(14)),
        format!("{{ a(b: {}1{}) }}", "[".repeat(30_000), "]".repeat(30_000)),
        format!("{{ {aliases} }}"),
        format!("{{ viewer {{ {fields} }} }}"),
        format!("{{ ...f0 }} {spreads} fragment f30 on Query {{ viewer {{ id }} }}"),
        "{ ...a } fragment a on Query { ...a }".to_owned(),
        wide.to_owned(),
        merged,
        format!("{{ viewer {{ id {} }} }}", "@include(if: true) ".repeat(60)),
        "{ unknownField }".to_owned(),
        "{ viewer { id ".to_owned(),
        "{ orders(first: \"fifty\") { nodes { id } } }".to_owned(),
        "{ orders(where: {labels: {eq: PAID}}) { nodes { id } } }".to_owned(),
        "{ order(by: {}) { id } }".to_owned(),
        "{ order(by: {id: \"x\", number: {number: \"y\"}}) { id } }".to_owned(),
        "{ orders(where: {placedAt: {gte: \"yesterday\"}}) { nodes { id } } }".to_owned(),
        "mutation { addTag(input: {}) { receipt { position } } }".to_owned(),
        "subscription { orderEvents { position } }".to_owned(),
        String::new(),
        "\u{0}\u{fffe}{".to_owned(),
    ];
    for document in documents {
        let shown: String = document.chars().take(60).collect();
        let start = Instant::now();
        let answer = server.post(json!({"query": document}).to_string().as_bytes()).await;
        let took = start.elapsed();
        let body = answer.json();
        assert!(body["errors"][0]["message"].is_string(), "{shown}: {body}");
        assert!(body["errors"][0]["extensions"]["code"].is_string(), "{shown}: {body}");
        assert!(took < Duration::from_millis(1_000), "{shown} took {took:?}");
        for inside in INSIDE {
            assert!(!answer.body.contains(inside), "{shown} shows {inside}: {body}");
        }
    }
}

#[tokio::test]
async fn what_is_wrong_is_told_without_what_was_sent() {
    let server = Server::start().await;
    let import = |rest: &str| format!("mutation {{\n  importCards(input: {rest}) {{ imported }} }}");
    let documents = [
        import(r#"{merchant: "m1", secrets: ["TOP-1"] sku: }"#),
        import(r#"{merchant: "m1", secrets: ["TOP-1", "\q"]}"#),
        import(r#"{merchant: "m1", secrets: [TOP-1]}"#),
        import(r#"{merchant: "m1", secrets: ["TOP-1"]"#),
        import(r#"{merchant: "m1", secrets: ["TOP-1}"#),
        import(r#""TOP-1""#),
        import(r#"["TOP-1"]"#),
        import(r#"{merchant: "m1", commandId: "TOP-1", sku: "s", secrets: [7, "TOP-1"]}"#),
        r#"{ merchant(id: "TOP-1" "TOP-1") { id } }"#.to_owned(),
        r#"{ orders(where: {placedAt: {gte: "TOP-1"}}) { nodes { id } } }"#.to_owned(),
        r#"{ orders(where: "TOP-1") { nodes { id } } }"#.to_owned(),
        r#"{ orders(first: "TOP-1") { nodes { id } } }"#.to_owned(),
    ];
    let mut socket = Socket::greeted(&server).await;
    for document in documents {
        let answer = server.post(json!({"query": document}).to_string().as_bytes()).await;
        assert_eq!(answer.json()["errors"][0]["extensions"]["code"], "DOCUMENT_REFUSED", "{document}: {}", answer.body);
        assert!(!answer.body.contains("TOP-1"), "{document}: {}", answer.body);
        socket.send(json!({"id": "a", "type": "subscribe", "payload": {"query": document}})).await;
        let told = socket.next().await.unwrap().to_string();
        assert!(told.contains("DOCUMENT_REFUSED") && !told.contains("TOP-1"), "{document}: {told}");
        assert_eq!(socket.next().await.unwrap()["type"], "complete");
    }
    let query = "mutation ($input: ImportCardsInput!) { importCards(input: $input) { imported } }";
    let told = server.ask(query, json!({"input": "TOP-1"})).await;
    assert_eq!(told["errors"][0]["message"], "Expected input type \"ImportCardsInput\"");
    let broken = server.ask("{\n  viewer { id ]", json!({})).await;
    let message = broken["errors"][0]["message"].as_str().unwrap();
    assert!(message.starts_with("line 2, column 15: expected "), "{message}");
}

#[tokio::test]
async fn a_value_of_a_wrong_kind_is_named_by_its_path() {
    let server = Server::start().await;
    let place = "mutation ($it: PlaceOrderInput!) { placeOrder(input: $it) { receipt { position } } }";
    let order = |price: serde_json::Value| {
        json!({"it": {"commandId": "00000000-0000-4000-8000-000000000001", "merchant": "m1", "buyer": {"account": "a"},
            "lines": [{"sku": "s", "title": "S", "quantity": 1, "kind": "CARD",
                "unitPrice": {"amount": price, "currency": "CNY"}}]}})
    };
    let list = "query ($w: OrderWhere, $p: Position) { orders(where: $w, atLeast: $p) { nodes { id } } }";
    let dashboard = "query ($r: TimeRange!) { dashboard(currency: \"CNY\", range: $r) { __typename } }";
    for (query, variables, path, look) in [
        (place, order(json!(9.9)), "input.lines.0.unitPrice.amount", "such as \"9.90\""),
        (place, order(json!(9)), "input.lines.0.unitPrice.amount", "such as \"9.90\""),
        (list, json!({"w": {"placedAt": {"gte": "yesterday"}}}), "where.placedAt.gte", "2018-01-31T12:00:00Z"),
        (list, json!({"w": {"placedAt": {"gte": 7}}}), "where.placedAt.gte", "2018-01-31T12:00:00Z"),
        (list, json!({"p": "x"}), "atLeast", "\"1234\""),
        (dashboard, json!({"r": {"gte": "2018-02-30T00:00:00Z", "lt": "2018-03-01T00:00:00Z"}}), "range.gte", "31T12"),
    ] {
        let answer = server.ask(query, variables).await;
        let message = answer["errors"][0]["message"].as_str().unwrap();
        assert!(message.contains(&format!("\"{path}\"")) && message.contains(look), "{answer}");
    }
}

/// Documents whose brackets hide in what is no string.
fn hidden_brackets() -> Vec<String> {
    let lists = "[".repeat(3_000);
    let closed = format!("{lists}{}", "]".repeat(3_000));
    vec![
        format!(r#"{{ a: __type(name: """\""" """) {{ name }} b: __type(name: {closed}) {{ name }} }}"#),
        format!(r#"{{ a: __type(name: """x\\""" c: """) {{ name }} b: __type(name: {closed}) {{ name }} }}"#),
        format!(r#"{{ a: __type(name: ["""x"{lists}"#),
        format!(r#"{{ a: __type(name: ["""x"{closed}]) {{ name }} }}"#),
        format!("{{ a: __type(name: \"x\r\\\" {lists}"),
        format!("query ($a: {lists}A) {{ viewer {{ id }} }}"),
        format!("query ($a: A = {closed}) {{ viewer {{ id }} }}"),
        format!("{{ viewer {{ id @include(if: {closed}) }} }}"),
    ]
}

#[test]
fn brackets_that_hide_end_no_process() {
    // As in the server, where a thread has the runtime's own 2 MiB.
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    runtime.block_on(async {
        let server = Server::start().await;
        let mut socket = Socket::greeted(&server).await;
        for document in hidden_brackets() {
            let start = Instant::now();
            let body = server.post(json!({"query": document}).to_string().as_bytes()).await.json();
            assert_eq!(body["errors"][0]["extensions"]["code"], "DOCUMENT_REFUSED", "{body}");
            socket.send(json!({"id": "a", "type": "subscribe", "payload": {"query": document}})).await;
            let message = socket.next().await.unwrap();
            assert!(message.to_string().contains("DOCUMENT_REFUSED"), "{message}");
            assert_eq!(socket.next().await.unwrap()["type"], "complete");
            assert!(start.elapsed() < Duration::from_secs(1), "{:?}", start.elapsed());
        }
        assert_eq!(server.http("GET /healthz", "", b"").await.status, 200);
    });
}

#[tokio::test]
async fn hostile_filters_are_refused() {
    let server = Server::start().await;
    let query = "query ($w: OrderWhere) { orders(where: $w) { nodes { id } } ordersCount(where: $w) }";
    let mut deep = json!({"number": {"eq": "x"}});
    for _ in 0..20 {
        deep = json!({"AND": [deep]});
    }
    let many: Vec<String> = (0..2_000).map(|n| n.to_string()).collect();
    let wide: Vec<_> = (0..500).map(|n| json!({"number": {"eq": n.to_string()}})).collect();
    for filter in [deep, json!({"number": {"oneOf": many}}), json!({"OR": wide})] {
        let answer = server.ask(query, json!({"w": filter})).await;
        assert_eq!(answer["errors"][0]["extensions"]["code"], "INVALID_ARGUMENT");
    }
}

#[tokio::test]
async fn bodies_that_are_no_request_are_refused() {
    let server = Server::start().await;
    let big = format!("{{\"query\": \"{}\"}}", "x".repeat(10 << 20));
    let deep = format!(
        "{{\"query\": \"{{ viewer {{ id }} }}\", \"variables\": {{\"a\": {}{}}}}}",
        "[".repeat(50_000),
        "]".repeat(50_000)
    );
    for (body, status, code) in [
        (big.as_str(), 413, "BODY_TOO_LARGE"),
        (r#"[{"query": "{ viewer { id } }"}]"#, 400, "BAD_REQUEST"),
        ("", 400, "BAD_REQUEST"),
        ("{", 400, "BAD_REQUEST"),
        ("null", 400, "BAD_REQUEST"),
        (r#"{"query": 7}"#, 400, "BAD_REQUEST"),
        (deep.as_str(), 400, "BAD_REQUEST"),
    ] {
        let start = Instant::now();
        let answer = server.post(body.as_bytes()).await;
        let shown: String = body.chars().take(40).collect();
        assert_eq!(answer.status, status, "{shown}");
        assert_eq!(answer.json()["errors"][0]["extensions"]["code"], code, "{shown}");
        assert!(start.elapsed() < Duration::from_secs(1), "{shown}");
    }
    let head = format!("Content-Type: text/plain\r\nAuthorization: Bearer {PLATFORM}\r\n");
    assert_eq!(server.http("POST /graphql", &head, b"{}").await.status, 415);
}

#[tokio::test]
async fn the_media_type_decides_the_status() {
    let server = Server::start().await;
    let head = format!(
        "Content-Type: application/json\r\nAuthorization: Bearer {PLATFORM}\r\nAccept: application/graphql-response+json, application/json;q=0.9\r\n"
    );
    let wrong = br#"{"query": "{ nothing }"}"#;
    let modern = server.http("POST /graphql", &head, wrong).await;
    assert_eq!(modern.status, 400);
    assert!(modern.head.contains("content-type: application/graphql-response+json"), "{}", modern.head);
    assert!(modern.json().get("data").is_none());
    assert_eq!(server.post(wrong).await.status, 200);
    let fine = server.http("POST /graphql", &head, br#"{"query": "{ viewer { id } }"}"#).await;
    assert_eq!(fine.status, 200);
    // An error of one field leaves the others, and the status.
    let partly = br#"{"query": "{ viewer { role } orders(first: 999) { nodes { id } } }"}"#;
    assert_eq!(server.http("POST /graphql", &head, partly).await.status, 200);
}
