//! Who did what, across all streams.

use daybook_domain::Role;
use daybook_domain::event::Subject;
use serde_json::{Value, json};

use crate::kit::{PLATFORM, Server, by, cny, order, payment, request};

const OWNER: &str = "dbk_4444444444444444444444444444444444444444444444444444444444444444";
const AUDITOR: &str = "dbk_9999999999999999999999999999999999999999999999999999999999999999";

async fn ask(server: &Server, token: &str, query: &str, variables: Value) -> Value {
    let head = format!("Content-Type: application/json\r\nAuthorization: Bearer {token}\r\n");
    let body = json!({"query": query, "variables": variables}).to_string();
    let mut answer = request(server.address, "POST /graphql", &head, body.as_bytes()).await.json();
    assert_eq!(answer.get("errors"), None, "{answer}");
    answer["data"].take()
}

/// All entries, in pages of so many.
async fn log(server: &Server, token: &str, wanted: &Value, first: usize) -> Vec<Value> {
    let query = "query ($where: AuditWhere, $first: Int, $after: String) { auditLog(where: $where, first: $first, after: $after) {
        nodes { event { position kind actor { id role } recordedAt } subject name merchant }
        edges { cursor } pageInfo { hasNextPage endCursor } } }";
    let (mut all, mut after) = (Vec::new(), Value::Null);
    loop {
        let page = ask(server, token, query, json!({"where": wanted, "first": first, "after": after})).await;
        let page = &page["auditLog"];
        let nodes = page["nodes"].as_array().unwrap();
        let cursors: Vec<&Value> = page["edges"].as_array().unwrap().iter().map(|edge| &edge["cursor"]).collect();
        assert_eq!(cursors, nodes.iter().map(|node| &node["event"]["position"]).collect::<Vec<_>>());
        all.extend(nodes.iter().cloned());
        if page["pageInfo"]["hasNextPage"] == false {
            return all;
        }
        after = page["pageInfo"]["endCursor"].clone();
    }
}

fn kinds(entries: &[Value]) -> Vec<&str> {
    entries.iter().map(|entry| entry["event"]["kind"].as_str().unwrap()).collect()
}

async fn shop() -> Server {
    let server = Server::start().await;
    for (id, parent) in [("m0", None), ("m1", Some("m0")), ("m2", Some("m0")), ("m3", Some("m1"))] {
        server.merchant(id, parent).await;
    }
    server.issue_to(0x44, OWNER, Role::Owner, Some("m1"), None).await;
    server.issue_to(0x99, AUDITOR, Role::Auditor, None, None).await;
    for merchant in ["m1", "m2", "m3"] {
        server.done("placeOrder", order(merchant, "A-1", "ann")).await;
        let prices = json!([{"line": 1, "unitPrice": cny("4.00")}]);
        let reason = json!({"code": "NEGOTIATED"});
        server.done("editPrice", json!({"order": by(merchant, "A-1"), "prices": prices, "reason": reason})).await;
        server.done("recordPayment", payment(merchant, "A-1", &format!("T-{merchant}"), "8.00")).await;
        server.pass(3_600);
    }
    let stock = "mutation ($input: ReceiveStockInput!) { receiveStock(input: $input) { userErrors { code } } }";
    for merchant in ["m1", "m2"] {
        let input = json!({"commandId": server.uuid(), "merchant": merchant, "sku": "mug", "quantity": 3});
        server.data(stock, json!({"input": input})).await;
    }
    let input = json!({"commandId": server.uuid(), "order": by("m1", "A-1"), "reason": {"code": "FRAUD"}});
    let reveal = "mutation ($input: RevealContactInput!) { revealContact(input: $input) { userErrors { code } } }";
    ask(&server, OWNER, reveal, json!({"input": input})).await;
    server.settle().await;
    server
}

#[tokio::test]
async fn everything_that_somebody_did_is_listed_the_newest_first() {
    let server = shop().await;
    let events = server.services.reader.events(1, usize::MAX / 2).unwrap();
    let wanted: Vec<String> = events
        .iter()
        .rev()
        .filter(|event| !matches!(event.event.kind().subject(), Subject::Claim | Subject::Account))
        .map(|event| event.position.to_string())
        .collect();
    assert!(wanted.len() > 15 && wanted.len() < events.len());
    for token in [PLATFORM, AUDITOR] {
        for first in [1, 2, 7, 250] {
            let entries = log(&server, token, &Value::Null, first).await;
            let positions: Vec<&str> =
                entries.iter().map(|entry| entry["event"]["position"].as_str().unwrap()).collect();
            assert_eq!(positions, wanted, "{first}");
        }
    }
    let newest = &log(&server, PLATFORM, &Value::Null, 1).await[0];
    assert_eq!(
        (&newest["event"]["kind"], &newest["subject"], &newest["name"], &newest["merchant"]),
        (&json!("contact-revealed"), &json!("ORDER"), &json!("A-1"), &json!("m1")),
        "{newest}"
    );
}

#[tokio::test]
async fn it_is_narrowed_by_actor_kind_merchant_and_time() {
    let server = shop().await;
    let entries = async |wanted: Value| log(&server, PLATFORM, &wanted, 3).await;
    let by_owner = entries(json!({"actor": {"eq": "00000000-0000-0000-0000-000000000044"}})).await;
    assert_eq!(kinds(&by_owner), ["contact-revealed"]);
    let nobody = json!({"actor": {"oneOf": ["00000000-0000-0000-0000-0000000000ff", "system:pay-within"]}});
    assert_eq!(entries(nobody).await, [] as [Value; 0]);
    let misspelt = json!({"where": {"actor": {"eq": "system:pay-wihtin"}}});
    let query = "query ($where: AuditWhere) { auditLog(where: $where) { nodes { name } } }";
    let refused = server.ask(query, misspelt).await;
    assert_eq!(refused["errors"][0]["extensions"]["code"], "INVALID_ARGUMENT", "{refused}");
    let edits = entries(json!({"kind": {"oneOf": ["price-edited", "stock-received"]}})).await;
    assert_eq!(kinds(&edits), ["stock-received", "stock-received", "price-edited", "price-edited", "price-edited"]);
    assert_eq!(
        (&edits[0]["subject"], &edits[0]["name"], &edits[0]["merchant"]),
        (&json!("SKU"), &json!("mug"), &json!("m2"))
    );
    let of_m2 = entries(json!({"merchant": {"eq": "m2"}})).await;
    assert_eq!(
        kinds(&of_m2),
        ["stock-received", "payment-captured", "price-edited", "order-placed", "merchant-registered"]
    );
    // The time of an entry, from which on there are as many as were listed before it.
    let all = entries(Value::Null).await;
    for place in [0, 3, all.len() - 1] {
        let at = &all[place]["event"]["recordedAt"];
        let since = entries(json!({"time": {"gte": at}})).await;
        let before = entries(json!({"time": {"lt": at}})).await;
        assert_eq!(since.len() + before.len(), all.len(), "{at}");
        assert!(since.iter().any(|entry| entry["event"]["position"] == all[place]["event"]["position"]), "{at}");
        assert_eq!([since, before].concat(), all);
    }
    let wrong = server.ask(r#"{ auditLog(where: {kind: {eq: "price-eaten"}}) { nodes { name } } }"#, json!({})).await;
    assert_eq!(wrong["errors"][0]["extensions"]["code"], "INVALID_ARGUMENT", "{wrong}");
}

#[tokio::test]
async fn an_owner_sees_what_was_done_to_its_own() {
    let server = shop().await;
    let own = log(&server, OWNER, &Value::Null, 2).await;
    let all = log(&server, PLATFORM, &json!({"merchant": {"eq": "m1"}}), 250).await;
    assert_eq!(own, all);
    assert_eq!(
        kinds(&own),
        [
            "contact-revealed",
            "stock-received",
            "payment-captured",
            "price-edited",
            "order-placed",
            "token-issued",
            "merchant-registered"
        ]
    );
    for foreign in ["m0", "m2", "m3", "m9"] {
        assert_eq!(log(&server, OWNER, &json!({"merchant": {"eq": foreign}}), 50).await, [] as [Value; 0], "{foreign}");
    }
    // Where it was moved to tells who stands above.
    let moved = "mutation ($input: MoveMerchantInput!) { moveMerchant(input: $input) { userErrors { code } } }";
    server.data(moved, json!({"input": {"commandId": server.uuid(), "merchant": "m1", "parent": "m2"}})).await;
    server.settle().await;
    let data = "{ auditLog(first: 1) { nodes { event { kind data } } } }";
    let newest = &ask(&server, OWNER, data, json!({})).await["auditLog"]["nodes"][0]["event"];
    assert_eq!(newest, &json!({"kind": "merchant-moved", "data": {}}));
}
