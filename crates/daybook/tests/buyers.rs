//! Who is one buyer, over the real binary: orders are found by any spelling of the account, also after a crash.
#![allow(clippy::unwrap_used, reason = "unwrap is how a test fails")]

mod support;

use std::fs;

use serde_json::{Value, json};
use support::{Server, run, token};

fn place(number: &str, account: &str) -> Value {
    json!({
        "action": "place", "merchant": "m1", "number": number, "buyer": {"account": account}, "currency": "CNY",
        "lines": [{"sku": "card", "title": "Card", "kind": "CARD", "quantity": 1, "unitPrice": "9.90"}],
    })
}

#[test]
fn orders_of_a_buyer_are_found_by_any_spelling_of_the_account() {
    let folder = tempfile::tempdir().unwrap();
    let (file, data) = (folder.path().join("history.jsonl"), folder.path().join("data"));
    let lines = [
        json!({"action": "register-merchant", "id": "m1", "name": "Shop"}),
        place("A-1", "Zoë@Example.org"),
        place("A-2", " zoë@example.org"),
        place("A-3", "other"),
    ];
    fs::write(&file, lines.map(|line| line.to_string()).join("\n")).unwrap();
    assert!(run(&["import", "jsonl", file.to_str().unwrap()], &data).status.success());
    let token = token(&data);

    let mut server = Server::start(&data, token.clone());
    let check = |server: &Server, numbers: &[&str]| {
        for account in ["Zoë@Example.org", "zoë@example.org", "ZOË@EXAMPLE.ORG "] {
            let query = "query($account: String!) { orders(where: {buyer: {eq: $account}}) { nodes { number } } }";
            let found = server.query(query, &json!({"account": account}))["orders"]["nodes"].take();
            let mut found: Vec<&str> =
                found.as_array().unwrap().iter().map(|node| node["number"].as_str().unwrap()).collect();
            found.sort_unstable();
            assert_eq!(found, numbers, "{account}");
        }
    };
    check(&server, &["A-1", "A-2"]);
    let mutation = "mutation($input: PlaceOrderInput!) { placeOrder(input: $input) { userErrors { code field } \
                    order { number } receipt { position } } }";
    let send = |id: &str, number: &str, account: &str| {
        let line = json!({"sku": "card", "title": "Card", "quantity": 1, "kind": "CARD",
                          "unitPrice": {"amount": "9.90", "currency": "CNY"}});
        let input = json!({"commandId": id, "merchant": "m1", "number": number, "buyer": {"account": account}, "lines": [line]});
        server.query(mutation, &json!({"input": input}))["placeOrder"].take()
    };
    let refused = send("5b2f6a52-6f0e-4e0b-9d53-0f5b1d6f6f01", "A-4", "zoë@example.org ");
    let expected = json!([{"code": "INVALID_INPUT", "field": ["input", "buyer", "account"]}]);
    assert_eq!((&refused["userErrors"], &refused["order"]), (&expected, &Value::Null));
    let placed = send("5b2f6a52-6f0e-4e0b-9d53-0f5b1d6f6f02", "A-4", "ZOË@example.org");
    assert_eq!((&placed["userErrors"], &placed["order"]["number"]), (&json!([]), &json!("A-4")));

    // What the keys' file had not synced yet is learned again from the log.
    server.kill();
    drop(server);
    let server = Server::start(&data, token);
    check(&server, &["A-1", "A-2", "A-4"]);
}
