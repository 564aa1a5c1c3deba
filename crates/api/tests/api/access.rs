//! Who may ask for what, and of whose orders: every field of every root, by role and by tenant.

use std::collections::BTreeSet;

use daybook_domain::Role;
use serde_json::{Value, json};

use crate::kit::{Server, by, cny, order, payment, request};

pub(crate) const CLERK: &str = "dbk_5555555555555555555555555555555555555555555555555555555555555555";

pub(crate) async fn ask(server: &Server, token: &str, query: &str, variables: Value) -> Value {
    let head = format!("Content-Type: application/json\r\nAuthorization: Bearer {token}\r\n");
    let body = json!({"query": query, "variables": variables}).to_string();
    request(server.address, "POST /graphql", &head, body.as_bytes()).await.json()
}

fn code(answer: &Value) -> &str {
    answer["errors"][0]["extensions"]["code"].as_str().unwrap_or("")
}

/// The same document, from every role: refused for the role, or for anything else.
#[tokio::test]
async fn each_field_answers_the_roles_of_the_table_and_no_other() {
    let server = Server::start().await;
    server.merchant("m1", None).await;
    for (number, role) in Role::ALL.into_iter().enumerate() {
        let token = format!("dbk_{number:064x}");
        server.issue(&token, role).await;
        for (root, field, roles) in daybook_api::access_table() {
            // A subscription over HTTP is refused for what it is, once the role may ask for it.
            let answer = ask(&server, &token, &format!("{} {{ {field} }}", root.to_lowercase()), json!({})).await;
            let is_refused = code(&answer) == "FORBIDDEN";
            assert_eq!(is_refused, !roles.contains(&role), "{root}.{field} as {}: {answer}", role.name());
        }
    }
}

/// What each mutation needs beside the order, or the merchant, that it is about.
fn mutations() -> Vec<(&'static str, Value)> {
    let reason = || json!({"code": "OTHER"});
    let of_order = vec![
        ("editPrice", json!({"prices": [{"line": 1, "unitPrice": cny("4.00")}], "reason": reason()})),
        ("recordPayment", json!({"provider": "alipay", "tradeNumber": "T-9", "amount": cny("1.00")})),
        ("failPayment", json!({"provider": "alipay", "failure": "F"})),
        ("cancelOrder", json!({"reason": reason()})),
        ("cancelRest", json!({"reason": reason()})),
        ("placeHold", json!({"hold": "RISK"})),
        ("releaseHold", json!({"hold": "RISK"})),
        ("deliverCards", json!({})),
        ("revealCards", json!({})),
        ("completeTopUp", json!({})),
        ("failTopUp", json!({"failure": "F"})),
        ("requestAddressChange", json!({"contact": {"tel": "1"}})),
        ("approveAddressChange", json!({})),
        ("rejectAddressChange", json!({"reason": reason()})),
        ("confirmShipment", json!({})),
        ("recordTracking", json!({"checkpoint": "c", "status": "COLLECTED"})),
        ("requestRefund", json!({"reason": reason()})),
        ("approveRefund", json!({})),
        ("rejectRefund", json!({"reason": reason()})),
        ("settleRefund", json!({})),
        ("failRefund", json!({"failure": "F"})),
        ("addNote", json!({"text": "x"})),
        ("addTag", json!({"tag": "x"})),
        ("rateOrder", json!({"score": 5})),
        ("openDispute", json!({"reason": reason()})),
        ("addEvidence", json!({"text": "x"})),
    ];
    let mut all: Vec<(&'static str, Value)> = of_order
        .into_iter()
        .map(|(name, mut input)| {
            input["order"] = json!("ORDER");
            (name, input)
        })
        .collect();
    let mut placed = order("MERCHANT", "N-7", "ann");
    placed["merchant"] = json!("MERCHANT");
    all.extend([
        ("placeOrder", placed),
        ("importCards", json!({"merchant": "MERCHANT", "sku": "card", "secrets": ["C-1"]})),
        ("receiveStock", json!({"merchant": "MERCHANT", "sku": "mug", "quantity": 1})),
        ("countStock", json!({"merchant": "MERCHANT", "sku": "mug", "counted": 1})),
        ("setStockMark", json!({"merchant": "MERCHANT", "sku": "mug", "lowAt": 1})),
    ]);
    all
}

/// `LOOKUP` and `MERCHANT` stand for the order's lookup and the merchant's id.
fn questions() -> Vec<(&'static str, &'static str)> {
    vec![
        ("orders", r#"{ orders(where: {merchant: {eq: "MERCHANT"}}) { nodes { number } } }"#),
        ("ordersCount", r#"{ ordersCount(where: {merchant: {oneOf: ["MERCHANT"]}}) }"#),
        ("order", "{ order(by: LOOKUP) { number buyer { account } history(first: 5) { nodes { kind } } } }"),
        ("node", r#"{ node(id: "ID") { id } }"#),
        ("merchant", r#"{ merchant(id: "MERCHANT") { id name policy { payWithinSeconds } } }"#),
        (
            "dashboard",
            r#"{ dashboard(merchant: "MERCHANT", range: {gte: "2023-11-14T00:00:00Z", lt: "2023-11-16T00:00:00Z"}, currency: "CNY") { placedOrders } }"#,
        ),
        (
            "dashboardEvents",
            r#"{ dashboardEvents(merchant: "MERCHANT", range: {gte: "2023-11-14T00:00:00Z", lt: "2023-11-16T00:00:00Z"}, currency: "CNY", metric: PLACED_ORDERS) { nodes { position } } }"#,
        ),
        ("stock", r#"{ stock(merchant: "MERCHANT") { nodes { sku } } }"#),
        ("stockCount", r#"{ stockCount(merchant: "MERCHANT") }"#),
        ("exceptions", r#"{ exceptions(merchant: "MERCHANT") { nodes { kind } } }"#),
        ("exceptionsCount", r#"{ exceptionsCount(merchant: "MERCHANT") { count } }"#),
        ("deadlines", r#"{ deadlines(merchant: "MERCHANT") { nodes { kind } } }"#),
        ("deadlinesCount", r#"{ deadlinesCount(merchant: "MERCHANT") }"#),
    ]
}

/// `m1` is the clerk's; `m3` stands below it, `m2` is nobody of its, `m9` is not there.
async fn shops() -> Server {
    let server = Server::start().await;
    server.merchant("m1", None).await;
    server.merchant("m2", None).await;
    server.merchant("m3", Some("m1")).await;
    for merchant in ["m1", "m2", "m3"] {
        let number = format!("N-{merchant}");
        server.place(merchant, &number, "ann").await;
        server.done("recordPayment", payment(merchant, &number, &format!("T-{merchant}"), "10.00")).await;
        server.done("placeHold", json!({"order": by(merchant, &number), "hold": "ADDRESS"})).await;
    }
    server.issue(CLERK, Role::Clerk).await;
    server.settle().await;
    server
}

async fn id_of(server: &Server, merchant: &str) -> String {
    if merchant == "m9" {
        return "00000000-0000-0000-0000-00000000dead".into();
    }
    let query = "query ($by: OrderInput!) { order(by: $by) { id } }";
    let found = server.data(query, json!({"by": by(merchant, &format!("N-{merchant}"))})).await;
    found["order"]["id"].as_str().unwrap().to_owned()
}

/// As text, with names and ids of the merchant taken out: two answers that are the same tell nothing.
fn told(answer: &Value, merchant: &str, id: &str) -> String {
    answer.to_string().replace(id, "ID").replace(merchant, "MERCHANT")
}

#[tokio::test]
async fn a_foreign_order_is_answered_as_one_that_is_not_there() {
    let server = shops().await;
    // Jobs are asked about elsewhere.
    let mut covered: BTreeSet<&str> = crate::bulk::FIELDS.into_iter().chain(["viewer"]).collect();
    let nobody = id_of(&server, "m9").await;
    for (field, query) in questions() {
        covered.insert(field);
        for foreign in ["m2", "m3"] {
            let id = id_of(&server, foreign).await;
            for lookup in ["id", "number"] {
                let fill = |merchant: &str, id: &str| {
                    let by_id = format!(r#"{{id: "{id}"}}"#);
                    let by_number = format!(r#"{{number: {{merchant: "{merchant}", number: "N-{merchant}"}}}}"#);
                    let order = if lookup == "id" { by_id } else { by_number };
                    query
                        .replace("LOOKUP", &order)
                        .replace("MERCHANT", merchant)
                        .replace("\"ID\"", &format!("\"{id}\""))
                };
                let answer = ask(&server, CLERK, &fill(foreign, &id), json!({})).await;
                let none = ask(&server, CLERK, &fill("m9", &nobody), json!({})).await;
                assert_eq!(told(&answer, foreign, &id), told(&none, "m9", &nobody), "{field} of {foreign} by {lookup}");
                let all = server.ask(&fill(foreign, &id), json!({})).await;
                assert_ne!(told(&all, foreign, &id), told(&none, "m9", &nobody), "{field}: it is there");
                let own_id = id_of(&server, "m1").await;
                let own = ask(&server, CLERK, &fill("m1", &own_id), json!({})).await;
                assert_eq!(own["errors"], Value::Null, "{field} of its own: {own}");
                assert_eq!(own, server.ask(&fill("m1", &own_id), json!({})).await, "{field}");
            }
        }
    }
    for (field, input) in mutations() {
        covered.insert(field);
        let kind = format!("{}{}Input!", field[..1].to_uppercase(), &field[1..]);
        let kind = if field.ends_with("Hold") { "HoldInput!" } else { &kind };
        let query =
            format!("mutation ($input: {kind}) {{ {field}(input: $input) {{ userErrors {{ field code message }} }} }}");
        let watermark = server.services.reader.watermark();
        for foreign in ["m2", "m3"] {
            let id = id_of(&server, foreign).await;
            for lookup in ["id", "number"] {
                let fill = |merchant: &str, id: &str| {
                    let mut input = input.clone();
                    input["commandId"] = json!(server.uuid());
                    if input["order"] == "ORDER" {
                        input["order"] =
                            if lookup == "id" { json!({"id": id}) } else { by(merchant, &format!("N-{merchant}")) };
                    }
                    if input["merchant"] == "MERCHANT" {
                        input["merchant"] = json!(merchant);
                    }
                    json!({"input": input})
                };
                let answer = ask(&server, CLERK, &query, fill(foreign, &id)).await;
                let none = ask(&server, CLERK, &query, fill("m9", &nobody)).await;
                assert_eq!(told(&answer, foreign, &id), told(&none, "m9", &nobody), "{field} of {foreign} by {lookup}");
                let codes = answer["data"][field]["userErrors"].to_string();
                assert!(codes.contains("_UNKNOWN"), "{field}: {answer}");
            }
        }
        assert_eq!(server.services.reader.watermark(), watermark, "{field} wrote something");
        // Its own is let through, whatever the rules say of it then.
        let mut own = input.clone();
        own["commandId"] = json!(server.uuid());
        if own["order"] == "ORDER" {
            own["order"] = by("m1", "N-m1");
        } else {
            own["merchant"] = json!("m1");
        }
        let answer = ask(&server, CLERK, &query, json!({"input": own})).await;
        assert_eq!(answer["errors"], Value::Null, "{field}: {answer}");
        assert!(!answer.to_string().contains("_UNKNOWN"), "{field}: {answer}");
    }
    let expected: BTreeSet<&str> = daybook_api::access_table()
        .filter(|(root, _, roles)| *root != "Subscription" && roles.contains(&Role::Clerk))
        .map(|(_, field, _)| field)
        .collect();
    assert_eq!(covered, expected, "every field that a clerk may ask for is asked for here");
}

#[tokio::test]
async fn without_a_merchant_a_clerk_means_its_own() {
    let server = shops().await;
    let query = r#"{ viewer { role merchant } orders { nodes { number } } ordersCount
        narrowed: orders(where: {OR: [{merchant: {eq: "m2"}}, {merchant: {eq: "m1"}}]}) { nodes { number } }
        order(by: {number: {number: "N-m1"}}) { number merchant { id parent { id } } } below: order(by: {number: {number: "N-m3"}}) { number }
        exceptions { nodes { order { number } } } deadlines(first: 9) { nodes { order { number } } }
        dashboard(range: {gte: "2023-11-14T00:00:00Z", lt: "2023-11-16T00:00:00Z"}, currency: "CNY") { placedOrders byMerchant { merchant { id } } } }"#;
    let answer = ask(&server, CLERK, query, json!({})).await;
    let data = &answer["data"];
    assert_eq!(data["viewer"], json!({"role": "CLERK", "merchant": "m1"}), "{answer}");
    for list in ["orders", "narrowed"] {
        assert_eq!(data[list]["nodes"], json!([{"number": "N-m1"}]), "{list}");
    }
    assert_eq!((&data["ordersCount"], &data["dashboard"]["placedOrders"]), (&json!(1), &json!(1)));
    assert_eq!((&data["order"]["number"], &data["below"]), (&json!("N-m1"), &Value::Null));
    assert!(!data.to_string().contains("N-m2") && !data.to_string().contains("N-m3"), "{data}");
    // The orders below it are not shown, and that is said.
    for query in [
        "{ ordersCount(scope: SUBTREE) }",
        "{ exceptionsCount(scope: SUBTREE) { count } }",
        "{ stockCount(scope: SUBTREE) }",
    ] {
        assert_eq!(code(&ask(&server, CLERK, query, json!({})).await), "FORBIDDEN", "{query}");
    }
}

/// Cursors can be made up, and so can the ids of orders.
#[tokio::test]
async fn a_cursor_of_a_foreign_order_is_one_of_an_order_that_is_not_there() {
    let server = shops().await;
    let at = format!("{:016x}", 1_700_000_000_000_000_i64);
    for sort in ["PLACED_AT", "AMOUNT"] {
        let head = if sort == "PLACED_AT" { format!("01{at}") } else { "02434e590000000000000064".to_owned() };
        for side in ["after", "before"] {
            let answer = async |id: &str| {
                let cursor = format!("{head}{}", id.replace('-', ""));
                let query =
                    format!("{{ orders({side}: \"{cursor}\", sortBy: {{field: {sort}}}) {{ nodes {{ number }} }} }}");
                ask(&server, CLERK, &query, json!({})).await
            };
            let none = answer(&id_of(&server, "m9").await).await;
            assert_eq!(code(&none), "INVALID_ARGUMENT", "{none}");
            for foreign in ["m2", "m3"] {
                assert_eq!(answer(&id_of(&server, foreign).await).await, none, "{side} {sort}");
            }
            let own = answer(&id_of(&server, "m1").await).await;
            assert_eq!(own["errors"], Value::Null, "{side} {sort}: {own}");
        }
    }
}

#[tokio::test]
async fn an_orders_history_does_not_tell_who_stands_above() {
    let server = Server::start().await;
    server.merchant("top", None).await;
    server.merchant("m1", Some("top")).await;
    server.place("m1", "N-1", "ann").await;
    server.issue(CLERK, Role::Clerk).await;
    let query = r#"{ order(by: {number: {number: "N-1"}}) { history(first: 5) { nodes { kind data } } merchant { parent { id } } } }"#;
    let own = ask(&server, CLERK, query, json!({})).await;
    assert_eq!(own["data"]["order"]["history"]["nodes"][0]["data"]["ancestors"], json!([]), "{own}");
    assert!(!own.to_string().contains("top"), "{own}");
    assert!(server.ask(query, json!({})).await.to_string().contains("top"));
}
