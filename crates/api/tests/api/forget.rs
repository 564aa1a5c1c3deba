//! Who may have a buyer forgotten, and where.

use daybook_domain::Role;
use serde_json::{Value, json};

use crate::kit::{PLATFORM, Server, by, order, request};
use crate::socket::Socket;

const ROOT: &str = "dbk_4444444444444444444444444444444444444444444444444444444444444444";
const BELOW: &str = "dbk_5555555555555555555555555555555555555555555555555555555555555555";

async fn shop() -> Server {
    let server = Server::start().await;
    for (id, parent) in [("m0", None), ("m1", Some("m0")), ("m2", Some("m0")), ("other", None)] {
        server.merchant(id, parent).await;
    }
    server.issue_to(0x44, ROOT, Role::Owner, Some("m0"), None).await;
    server.issue_to(0x55, BELOW, Role::Owner, Some("m1"), None).await;
    for merchant in ["m0", "m1", "m2", "other"] {
        server.done("placeOrder", order(merchant, "A-1", "ann")).await;
        let reason = json!({"code": "BUYER_REQUEST", "text": "ann does not want it"});
        server.done("cancelOrder", json!({"order": by(merchant, "A-1"), "reason": reason})).await;
    }
    server.settle().await;
    server
}

async fn ask(server: &Server, token: &str, query: &str, variables: Value) -> Value {
    let head = format!("Content-Type: application/json\r\nAuthorization: Bearer {token}\r\n");
    let body = json!({"query": query, "variables": variables}).to_string();
    request(server.address, "POST /graphql", &head, body.as_bytes()).await.json()
}

async fn erase(server: &Server, token: &str, merchant: &str) -> Value {
    let query =
        "mutation ($input: EraseBuyerInput!) { eraseBuyer(input: $input) { orders userErrors { code field } } }";
    let input = json!({"commandId": server.uuid(), "merchant": merchant, "buyer": "Ann", "reason": "BUYER_REQUEST"});
    ask(server, token, query, json!({ "input": input })).await
}

async fn accounts(server: &Server) -> Vec<(String, Value)> {
    let query = "{ orders(scope: SUBTREE, sortBy: {field: PLACED_AT, direction: ASC}) { nodes { merchant { id } buyer { account } } } }";
    let answer = ask(server, PLATFORM, query, json!({})).await;
    let nodes = answer["data"]["orders"]["nodes"].as_array().unwrap_or_else(|| panic!("{answer}")).clone();
    let mut found: Vec<_> = nodes
        .iter()
        .map(|node| (node["merchant"]["id"].as_str().unwrap().to_owned(), node["buyer"]["account"].clone()))
        .collect();
    found.sort_by(|one, other| one.0.cmp(&other.0));
    found
}

fn of(answers: [Value; 4]) -> Vec<(String, Value)> {
    ["m0", "m1", "m2", "other"].map(str::to_owned).into_iter().zip(answers).collect()
}

#[tokio::test]
async fn a_buyer_is_one_of_a_whole_tree_and_its_roots_owner_forgets_them() {
    let server = shop().await;
    let there = || json!("ann");
    let forbidden = erase(&server, BELOW, "m1").await;
    assert_eq!(forbidden["errors"][0]["extensions"]["code"], "FORBIDDEN", "{forbidden}");
    // What is not the token's own is answered as what is not there.
    for (token, merchant) in [(BELOW, "m0"), (BELOW, "other"), (ROOT, "m1"), (ROOT, "other"), (PLATFORM, "nobody")] {
        let answer = erase(&server, token, merchant).await;
        let code = &answer["data"]["eraseBuyer"]["userErrors"][0]["code"];
        assert_eq!(code, "MERCHANT_UNKNOWN", "{merchant}: {answer}");
    }
    assert_eq!(accounts(&server).await, of([there(), there(), there(), there()]));
    let erased = erase(&server, ROOT, "m0").await;
    assert_eq!(erased["data"]["eraseBuyer"], json!({"orders": 3, "userErrors": []}), "{erased}");
    assert_eq!(
        accounts(&server).await,
        of([Value::Null, Value::Null, Value::Null, there()]),
        "another tree's buyer stays"
    );
    let audit =
        "{ auditLog(where: {kind: {eq: \"subject-erased\"}}) { nodes { subject name merchant event { reason } } } }";
    server.settle().await;
    for (token, count) in [(ROOT, 1), (BELOW, 0), (PLATFORM, 1)] {
        let answer = ask(&server, token, audit, json!({})).await;
        let nodes = answer["data"]["auditLog"]["nodes"].as_array().unwrap_or_else(|| panic!("{answer}")).clone();
        assert_eq!(nodes.len(), count, "{answer}");
        for node in nodes {
            let expected = json!({"subject": "BUYER", "name": "A-1, A-1, A-1", "merchant": "m0", "event": {"reason": "BUYER_REQUEST"}});
            assert_eq!(node, expected);
        }
    }
}

#[tokio::test]
async fn the_platform_names_any_merchant_of_the_tree() {
    let server = shop().await;
    let erased = erase(&server, PLATFORM, "m2").await;
    assert_eq!(erased["data"]["eraseBuyer"], json!({"orders": 3, "userErrors": []}), "{erased}");
    let again = erase(&server, PLATFORM, "m0").await;
    let unknown = json!([{"code": "BUYER_UNKNOWN", "field": ["input", "buyer"]}]);
    assert_eq!(again["data"]["eraseBuyer"], json!({"orders": null, "userErrors": unknown}), "{again}");
}

/// A subscription that goes on tells of what happens to their orders from then on, and of nobody.
#[tokio::test]
async fn whoever_follows_their_orders_is_told_of_nobody_any_more() {
    let server = shop().await;
    let query = "subscription ($after: Position!) { orderEvents(after: $after, scope: SUBTREE) { kind order { number \
                 merchant { id } buyer { account } history(first: 50) { nodes { kind data } } } } }";
    let mut sockets = Vec::new();
    for token in [PLATFORM, ROOT] {
        let mut socket = Socket::greeted_with(&server, token).await;
        let after = server.services.reader.watermark().to_string();
        let payload = json!({"query": query, "variables": {"after": after}});
        socket.send(json!({"id": "1", "type": "subscribe", "payload": payload})).await;
        sockets.push(socket);
    }
    server.done("addTag", json!({"order": by("m0", "A-1"), "tag": "before"})).await;
    for socket in &mut sockets {
        let event = socket.event().await;
        assert_eq!(event["order"]["buyer"]["account"], "ann", "{event}");
        assert!(event["order"]["history"].to_string().contains("ann does not want it"), "{event}");
    }
    assert_eq!(erase(&server, ROOT, "m0").await["data"]["eraseBuyer"]["userErrors"], json!([]));
    server.done("addTag", json!({"order": by("m0", "A-1"), "tag": "after"})).await;
    for socket in &mut sockets {
        let event = socket.event().await;
        assert_eq!((&event["kind"], &event["order"]["number"]), (&json!("tag-added"), &json!("A-1")));
        assert_eq!(event["order"]["buyer"]["account"], Value::Null, "{event}");
        assert!(!event.to_string().contains("ann"), "{event}");
    }
}
