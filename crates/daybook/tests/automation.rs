//! A served shop in which nobody does anything but buy: cards go out, unpaid orders expire, clocks are missed.
#![allow(clippy::unwrap_used, reason = "unwrap is how a test fails")]

mod support;

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use support::{Server, run, token};

/// As a person finds it out: asks until it is so.
fn until(what: &str, is_so: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(30);
    while !is_so() {
        assert!(Instant::now() < deadline, "never: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn place(server: &Server, command: u32, number: &str, kind: &str) {
    let line = json!({"sku": format!("sku-{kind}"), "title": "Goods", "quantity": 2, "kind": kind,
        "unitPrice": {"amount": "5.00", "currency": "CNY"}, "inputs": {"account": "a"}});
    let mut input = json!({"commandId": id(command), "merchant": "m1", "number": number, "buyer": {"account": "ann"}, "lines": [line]});
    if kind != "TOP_UP" {
        input["lines"][0].as_object_mut().unwrap().remove("inputs");
    }
    mutate(server, "placeOrder", "PlaceOrderInput", &input);
}

fn pay(server: &Server, command: u32, number: &str) {
    let input = json!({"commandId": id(command), "order": by(number), "provider": "alipay",
        "tradeNumber": format!("T-{number}"), "amount": {"amount": "10.00", "currency": "CNY"}});
    mutate(server, "recordPayment", "RecordPaymentInput", &input);
}

fn mutate(server: &Server, name: &str, kind: &str, input: &Value) {
    let query =
        format!("mutation ($input: {kind}!) {{ it: {name}(input: $input) {{ userErrors {{ field code message }} }} }}");
    assert_eq!(server.query(&query, &json!({"input": input}))["it"]["userErrors"], json!([]), "{name}");
}

fn id(n: u32) -> String {
    format!("00000000-0000-4000-8000-{n:012}")
}

fn by(number: &str) -> Value {
    json!({"number": {"merchant": "m1", "number": number}})
}

fn read(server: &Server, number: &str) -> Value {
    let query = "query ($by: OrderInput!) { order(by: $by) { label cards breaches { kind } history(first: 50) {
        nodes { kind actor { role name } } } } }";
    server.query(query, &json!({"by": by(number)}))["order"].take()
}

#[test]
fn what_nobody_does_happens_all_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let token = token(&data);
    assert!(run(&["merchant", "create", "m1"], &data).status.success());
    let file = folder.path().join("cards.txt");
    std::fs::write(&file, "SECRET-1\nSECRET-2\n\nSECRET-3\nSECRET-4\nSECRET-1\n").unwrap();
    let mut server = Server::start(&data, token.clone());
    // Over the server's socket.
    let cards = ["import", "cards", file.to_str().unwrap(), "--merchant", "m1", "--sku", "sku-CARD"];
    let output = run(&cards, &data);
    let said = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{said}{}", String::from_utf8_lossy(&output.stderr));
    assert!(said.contains("imported 4 cards") && said.contains("line 6"), "{said}");
    let policy = json!({"commandId": id(1), "merchant": "m1", "payWithinSeconds": 2, "remindAfterSeconds": 1,
        "autoDeliver": true, "manualReview": false, "shipVirtualWithinSeconds": 1});
    mutate(&server, "setPolicy", "SetPolicyInput", &policy);
    place(&server, 2, "A-1", "CARD");
    pay(&server, 3, "A-1");
    until("cards are delivered", || read(&server, "A-1")["cards"] == 2);
    let order = read(&server, "A-1");
    let nodes = order["history"]["nodes"].as_array().unwrap();
    let assigned = nodes.iter().find(|node| node["kind"] == "cards-assigned").unwrap();
    assert_eq!(assigned["actor"], json!({"role": "SYSTEM", "name": "system:auto-deliver"}));
    let reveal = json!({"input": {"commandId": id(4), "order": by("A-1")}});
    let shown =
        server.query("mutation ($input: RevealCardsInput!) { revealCards(input: $input) { secrets } }", &reveal);
    assert_eq!(shown["revealCards"]["secrets"], json!(["SECRET-1", "SECRET-2"]));
    place(&server, 5, "A-2", "TOP_UP");
    pay(&server, 6, "A-2");
    until("the clock of shipping is missed", || read(&server, "A-2")["breaches"] == json!([{"kind": "SHIP_VIRTUAL"}]));
    place(&server, 7, "A-3", "TOP_UP");
    // What comes due while the server is down is done when it is up again.
    server.kill();
    drop(server);
    std::thread::sleep(Duration::from_millis(2_500));
    let server = Server::start(&data, token);
    until("the order expires", || read(&server, "A-3")["label"] == "CANCELLED");
    let kinds: Vec<String> = read(&server, "A-3")["history"]["nodes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|node| node["kind"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(kinds.iter().filter(|kind| *kind == "order-cancelled").count(), 1, "{kinds:?}");
    let deadlines = server.query("{ deadlines(first: 10) { nodes { kind order { number } } } }", &json!({}));
    let waiting: Vec<&Value> =
        deadlines["deadlines"]["nodes"].as_array().unwrap().iter().map(|node| &node["kind"]).collect();
    assert_eq!(waiting, ["OBSERVE"], "of the delivered order");
}
