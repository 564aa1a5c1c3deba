//! Who may ask for what, and of whose orders: every field of every root, by role and by tenant.

use std::collections::BTreeSet;

use daybook_api::Limits;
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
    // A role that is let in nowhere is a credential that is not taken, each time.
    let server = Server::start_within(Limits { wrong_tokens: None, ..Limits::default() }).await;
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
pub(crate) fn mutations() -> Vec<(&'static str, Value)> {
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
        ("readEvidence", json!({})),
        ("revealContact", json!({"reason": reason()})),
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
        ("setPolicy", json!({"merchant": "MERCHANT", "payWithinSeconds": 600})),
        ("setProfile", json!({"merchant": "MERCHANT", "timeZone": "Asia/Shanghai", "payUrl": ""})),
        ("placeOrder", placed),
        ("importCards", json!({"merchant": "MERCHANT", "sku": "card", "secrets": ["C-1"]})),
        ("receiveStock", json!({"merchant": "MERCHANT", "sku": "mug", "quantity": 1})),
        ("countStock", json!({"merchant": "MERCHANT", "sku": "mug", "counted": 1})),
        ("setStockMark", json!({"merchant": "MERCHANT", "sku": "mug", "lowAt": 1})),
    ]);
    all
}

/// `LOOKUP` and `MERCHANT` stand for the order's lookup and the merchant's id.
pub(crate) fn questions() -> Vec<(&'static str, &'static str)> {
    vec![
        ("orders", r#"{ orders(where: {merchant: {eq: "MERCHANT"}}) { nodes { number } } }"#),
        ("ordersCount", r#"{ ordersCount(where: {merchant: {oneOf: ["MERCHANT"]}}) }"#),
        (
            "order",
            "{ order(by: LOOKUP) { number merchant { timeZone payUrl } buyer { account } history(first: 5) { nodes { kind } } } }",
        ),
        ("orderEvidence", "{ orderEvidence(by: LOOKUP) { key } }"),
        ("node", r#"{ node(id: "ID") { id } }"#),
        ("merchant", r#"{ merchant(id: "MERCHANT") { id name timeZone payUrl policy { payWithinSeconds } } }"#),
        ("auditLog", r#"{ auditLog(where: {merchant: {eq: "MERCHANT"}}) { nodes { name event { kind } } } }"#),
        ("merchants", r#"{ merchants(root: "MERCHANT") { nodes { id } } }"#),
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

/// `m1` is the caller's; `m0` stands above it, `m3` below, `m2` beside, and `m9` is not there. Each has an order of ann.
async fn shops() -> Server {
    let server = Server::start().await;
    server.merchant("m0", None).await;
    for (merchant, parent) in [("m1", "m0"), ("m2", "m0"), ("m3", "m1")] {
        server.merchant(merchant, Some(parent)).await;
    }
    let profile = json!({"commandId": server.uuid(), "merchant": "m0", "timeZone": "Asia/Shanghai",
        "payUrl": "https://pay.example/{number}"});
    let set = "mutation ($input: SetProfileInput!) { setProfile(input: $input) { userErrors { code } } }";
    assert_eq!(server.data(set, json!({"input": profile})).await["setProfile"]["userErrors"], json!([]));
    for merchant in ["m0", "m1", "m2", "m3"] {
        let number = format!("N-{merchant}");
        let mut placed = order(merchant, &number, "ann");
        placed["buyer"]["contact"] = json!({"name": "李小龙", "tel": "13812345678"});
        server.done("placeOrder", placed).await;
        server.done("recordPayment", payment(merchant, &number, &format!("T-{merchant}"), "10.00")).await;
        server.done("placeHold", json!({"order": by(merchant, &number), "hold": "ADDRESS"})).await;
    }
    server.issue(CLERK, Role::Clerk).await;
    server.settle().await;
    server
}

/// A token of `m1`, and for a buyer's one that shows its orders of ann.
async fn token_of(server: &Server, role: Role) -> String {
    let token = format!("dbk_{:064x}", 0x7000 + u32::from(role as u8));
    let root = daybook_domain::MerchantId::new("m0").unwrap();
    let ann = server.services.reader.buyer_slot(&root, "ann").filter(|_| role == Role::Buyer);
    server.issue_to(0x70 + role as u128, &token, role, Some("m1"), ann).await;
    token
}

const OF_MERCHANTS: [Role; 7] =
    [Role::Owner, Role::Clerk, Role::Support, Role::Auditor, Role::Analyst, Role::Buyer, Role::Webhook];

/// Asked about beside what they are of: `tokens.rs`, `forget.rs`, jobs in `bulk.rs`, and exports in `files.rs`.
const ELSEWHERE: [&str; 5] = ["viewer", "tokens", "issueToken", "revokeToken", "eraseBuyer"];

fn is_mutation(field: &str) -> bool {
    daybook_api::access_table().any(|(root, name, _)| name == field && root == "Mutation")
}

pub(crate) fn may(role: Role, field: &str) -> bool {
    daybook_api::access_table().any(|(_, name, roles)| name == field && roles.contains(&role))
}

pub(crate) async fn id_of(server: &Server, merchant: &str) -> String {
    if merchant == "m9" {
        return "00000000-0000-0000-0000-00000000dead".into();
    }
    let query = "query ($by: OrderInput!) { order(by: $by) { id } }";
    let found = server.data(query, json!({"by": by(merchant, &format!("N-{merchant}"))})).await;
    found["order"]["id"].as_str().unwrap().to_owned()
}

/// As text, with names and ids of the merchant taken out: two answers that are the same tell nothing.
pub(crate) fn told(answer: &Value, merchant: &str, id: &str) -> String {
    answer.to_string().replace(id, "ID").replace(merchant, "MERCHANT")
}

pub(crate) fn filled(query: &str, lookup: &str, merchant: &str, id: &str) -> String {
    let by_id = format!(r#"{{id: "{id}"}}"#);
    let by_number = format!(r#"{{number: {{merchant: "{merchant}", number: "N-{merchant}"}}}}"#);
    let order = if lookup == "id" { by_id } else { by_number };
    query.replace("LOOKUP", &order).replace("MERCHANT", merchant).replace("\"ID\"", &format!("\"{id}\""))
}

#[tokio::test]
async fn a_foreign_order_is_asked_about_as_one_that_is_not_there() {
    let server = shops().await;
    let nobody = id_of(&server, "m9").await;
    for role in OF_MERCHANTS {
        let token = token_of(&server, role).await;
        let mut covered: BTreeSet<&str> = ELSEWHERE
            .into_iter()
            .chain(crate::bulk::FIELDS)
            .chain(crate::files::FIELDS)
            .filter(|field| may(role, field) && !is_mutation(field))
            .collect();
        // The log is the whole ledger's: a token of a merchant is refused, whatever it asks.
        covered.extend(may(role, "events").then_some("events"));
        for (field, query) in questions().into_iter().filter(|(field, _)| may(role, field)) {
            covered.insert(field);
            let what = format!("{field} as {}", role.name());
            // What a buyer's own shop has of others is as foreign as all the rest; it has none of it here.
            for (foreign, lookup) in [("m0", "id"), ("m0", "number"), ("m2", "id"), ("m2", "number")] {
                let id = id_of(&server, foreign).await;
                let asked = filled(query, lookup, foreign, &id);
                let answer = ask(&server, &token, &asked, json!({})).await;
                let none = ask(&server, &token, &filled(query, lookup, "m9", &nobody), json!({})).await;
                assert_eq!(told(&answer, foreign, &id), told(&none, "m9", &nobody), "{what} of {foreign} by {lookup}");
                let all = server.ask(&asked, json!({})).await;
                assert_ne!(told(&all, foreign, &id), told(&none, "m9", &nobody), "{what}: it is there");
            }
            // Its own is shown, and what is below it too, but for the buyer.
            for (shown, is_masked) in [("m1", matches!(role, Role::Support | Role::Analyst)), ("m3", true)] {
                let id = id_of(&server, shown).await;
                let asked = filled(query, "id", shown, &id);
                let mut answer = ask(&server, &token, &asked, json!({})).await;
                let mut all = server.ask(&asked, json!({})).await;
                // What was done below its own is not told.
                if (role == Role::Buyer || matches!(field, "auditLog" | "orderEvidence")) && shown == "m3" {
                    let none = ask(&server, &token, &filled(query, "id", "m9", &nobody), json!({})).await;
                    assert_eq!(told(&answer, shown, &id), told(&none, "m9", &nobody), "{what} of {shown}");
                    continue;
                }
                assert_eq!(answer["errors"], Value::Null, "{what} of {shown}: {answer}");
                if is_masked && field == "order" {
                    assert_eq!(answer["data"]["order"]["buyer"]["account"].take(), "a***n", "{what} of {shown}");
                    assert_eq!(all["data"]["order"]["buyer"]["account"].take(), "ann");
                }
                if shown == "m3" && field == "merchant" {
                    assert_eq!(answer["data"]["merchant"]["policy"].take(), Value::Null, "{what} of {shown}");
                    all["data"]["merchant"]["policy"].take();
                }
                assert_eq!(answer, all, "{what} of {shown}");
            }
        }
        let expected: BTreeSet<&str> = daybook_api::access_table()
            .filter(|(root, _, roles)| *root == "Query" && roles.contains(&role))
            .map(|(_, field, _)| field)
            .collect();
        assert_eq!(covered, expected, "every query that the role {} may ask is asked here", role.name());
    }
}

#[tokio::test]
async fn nothing_is_done_to_a_foreign_order_and_that_is_answered_as_if_it_were_not_there() {
    let server = shops().await;
    let nobody = id_of(&server, "m9").await;
    for role in OF_MERCHANTS {
        let token = token_of(&server, role).await;
        let mut covered: BTreeSet<&str> = ELSEWHERE
            .into_iter()
            .chain(crate::bulk::FIELDS)
            .chain(crate::files::FIELDS)
            .filter(|field| may(role, field) && is_mutation(field))
            .collect();
        for (field, input) in mutations().into_iter().filter(|(field, _)| may(role, field)) {
            covered.insert(field);
            let kind = format!("{}{}Input!", field[..1].to_uppercase(), &field[1..]);
            let kind = if field.ends_with("Hold") { "HoldInput!" } else { &kind };
            let query = format!(
                "mutation ($input: {kind}) {{ {field}(input: $input) {{ userErrors {{ field code message }} }} }}"
            );
            let fill = |merchant: &str, id: &str, lookup: &str| {
                let mut input = input.clone();
                input["commandId"] = json!(server.uuid());
                if input["order"] == "ORDER" {
                    let number = by(merchant, &format!("N-{merchant}"));
                    input["order"] = if lookup == "id" { json!({"id": id}) } else { number };
                }
                if input["merchant"] == "MERCHANT" {
                    input["merchant"] = json!(merchant);
                }
                json!({"input": input})
            };
            let what = format!("{field} as {}", role.name());
            let watermark = server.services.reader.watermark();
            for foreign in ["m0", "m2", "m3"] {
                let id = id_of(&server, foreign).await;
                for lookup in ["id", "number"] {
                    let answer = ask(&server, &token, &query, fill(foreign, &id, lookup)).await;
                    let none = ask(&server, &token, &query, fill("m9", &nobody, lookup)).await;
                    let (told_of, told_none) = (told(&answer, foreign, &id), told(&none, "m9", &nobody));
                    assert_eq!(told_of, told_none, "{what} of {foreign} by {lookup}");
                    let codes = answer["data"][field]["userErrors"].to_string();
                    assert!(codes.contains("_UNKNOWN"), "{what}: {answer}");
                }
            }
            assert_eq!(server.services.reader.watermark(), watermark, "{what} wrote something");
            // Its own is let through, whatever the rules say of it then.
            let own = id_of(&server, "m1").await;
            let answer = ask(&server, &token, &query, fill("m1", &own, "number")).await;
            assert_eq!(answer["errors"], Value::Null, "{what}: {answer}");
            assert!(!answer.to_string().contains("_UNKNOWN"), "{what}: {answer}");
        }
        let expected: BTreeSet<&str> = daybook_api::access_table()
            .filter(|(root, _, roles)| *root == "Mutation" && roles.contains(&role))
            .map(|(_, field, _)| field)
            .collect();
        assert_eq!(covered, expected, "every mutation of the role {} is sent here", role.name());
    }
}

#[tokio::test]
async fn without_a_merchant_a_clerk_means_its_own() {
    let server = shops().await;
    let query = r#"{ viewer { role merchant } orders { nodes { number } } ordersCount
        narrowed: orders(where: {OR: [{merchant: {eq: "m2"}}, {merchant: {eq: "m1"}}]}) { nodes { number } }
        nothing: orders(where: {merchant: {oneOf: []}}) { nodes { number } }
        order(by: {number: {number: "N-m1"}}) { number merchant { id parent { id } } } below: order(by: {number: {number: "N-m3"}}) { number }
        exceptions { nodes { order { number } } } deadlines(first: 9) { nodes { order { number } } }
        merchants { nodes { id parent { id } } }
        dashboard(range: {gte: "2023-11-14T00:00:00Z", lt: "2023-11-16T00:00:00Z"}, currency: "CNY") { placedOrders byMerchant { merchant { id } } } }"#;
    let answer = ask(&server, CLERK, query, json!({})).await;
    let data = &answer["data"];
    assert_eq!(data["viewer"], json!({"role": "CLERK", "merchant": "m1"}), "{answer}");
    for list in ["orders", "narrowed"] {
        assert_eq!(data[list]["nodes"], json!([{"number": "N-m1"}]), "{list}");
    }
    assert_eq!(data["nothing"]["nodes"], json!([]));
    assert_eq!((&data["ordersCount"], &data["dashboard"]["placedOrders"]), (&json!(1), &json!(1)));
    assert_eq!((&data["order"]["number"], &data["below"]), (&json!("N-m1"), &Value::Null));
    let merchants = json!([{"id": "m1", "parent": null}, {"id": "m3", "parent": {"id": "m1"}}]);
    assert_eq!(data["merchants"]["nodes"], merchants, "what stands above is not told");
    assert!(!data.to_string().contains("N-m2") && !data.to_string().contains("N-m3"), "{data}");
}

/// The sub-order view: what was placed below the caller, without who the buyers are.
#[tokio::test]
async fn an_agent_sees_the_orders_below_without_their_buyers() {
    let server = shops().await;
    server.done("addNote", json!({"order": by("m3", "N-m3"), "text": "ann is my cousin"})).await;
    server.settle().await;
    let answer = async |query: &str| ask(&server, CLERK, query, json!({})).await;
    let list = answer(
        "{ orders(scope: SUBTREE, sortBy: {direction: ASC}) { nodes { number buyer { account } delivery { contact } } } }",
    );
    let list = list.await;
    let clear = json!({"number": "N-m1", "buyer": {"account": "ann"},
        "delivery": {"contact": {"name": "李小龙", "tel": "13812345678"}}});
    let masked = json!({"number": "N-m3", "buyer": {"account": "a***n"},
        "delivery": {"contact": {"name": "李***龙", "tel": "1***8"}}});
    assert_eq!(list["data"]["orders"]["nodes"], json!([clear, masked]), "{list}");
    let own = r#"{ order(by: {number: {merchant: "m3", number: "N-m3"}}) { buyer { account } merchant { id }
        history(first: 20) { nodes { kind data } } } queue: exceptions(scope: SUBTREE) { nodes { order { number buyer { account } } } }
        plain: orders(scope: SUBTREE) { edges { node { buyer { account } number } } } }"#;
    let own = answer(own).await;
    assert_eq!(own["errors"], Value::Null, "{own}");
    assert_eq!(own["data"]["order"]["buyer"]["account"], "a***n");
    for secret in ["cousin", "13812345678", "李小龙"] {
        assert!(!own.to_string().contains(secret), "{secret} in {own}");
    }
    // Nor does the key under which the texts are sealed tell that two orders are of the same buyer.
    let text = own.to_string();
    assert!(
        text.contains("\"sealed\":0") && text.matches("\"sealed\":").count() == text.matches("\"sealed\":0").count()
    );
    assert!(
        text.contains("\"tradeNumber\":null") && !text.contains("T-m3"),
        "what leads to the buyer elsewhere: {text}"
    );
    let rate = |scope: &str| {
        format!(
            r#"{{ dashboard(scope: {scope}, range: {{gte: "2023-11-14T00:00:00Z", lt: "2023-11-16T00:00:00Z"}}, currency: "CNY")
            {{ repeatBuyerRate }} }}"#
        )
    };
    let rates = [answer(&rate("OWN")).await, answer(&rate("SUBTREE")).await];
    assert_eq!(rates[0]["data"]["dashboard"]["repeatBuyerRate"], "0.000000", "{rates:?}");
    assert_eq!(rates[1]["data"]["dashboard"]["repeatBuyerRate"], Value::Null, "ann ordered at both: {rates:?}");
    assert_eq!(own.to_string().matches("\"ann\"").count(), 2, "its own order, in the queue and in the list: {own}");
    // Filters on what is masked find own orders alone, however they are put.
    for (found, filter) in [
        (r#"["N-m1"]"#, r#"{buyer: {eq: "ann"}}"#),
        (r#"[]"#, r#"{buyer: {eq: "ann"}, number: {eq: "N-m3"}}"#),
        (r#"[]"#, r#"{merchant: {eq: "m3"}, buyer: {eq: "ann"}}"#),
        (r#"[]"#, r#"{AND: [{merchant: {oneOf: ["m3"]}}, {OR: [{buyer: {eq: "ann"}}]}]}"#),
        (r#"["N-m3"]"#, r#"{OR: [{buyer: {eq: "bob"}}, {number: {eq: "N-m3"}}]}"#),
        (r#"["N-m3"]"#, r#"{merchant: {eq: "m3"}}"#),
        (r#"[]"#, r#"{merchant: {oneOf: ["m0", "m2", "m9"]}}"#),
        (r#"[]"#, r#"{AND: [{merchant: {eq: "m0"}}]}"#),
    ] {
        let found: Value = serde_json::from_str(found).unwrap();
        let answer = answer(&format!("{{ orders(scope: SUBTREE, where: {filter}) {{ nodes {{ number }} }} }}")).await;
        let numbers: Vec<&Value> =
            answer["data"]["orders"]["nodes"].as_array().unwrap().iter().map(|node| &node["number"]).collect();
        assert_eq!(json!(numbers), found, "{filter}");
        let count = format!("{{ ordersCount(scope: SUBTREE, where: {filter}) }}");
        assert_eq!(ask(&server, CLERK, &count, json!({})).await["data"]["ordersCount"], numbers.len(), "{filter}");
    }
    let figures = r#"{ dashboard(scope: SUBTREE, range: {gte: "2023-11-14T00:00:00Z", lt: "2023-11-16T00:00:00Z"}, currency: "CNY")
        { placedOrders } exceptionsCount(scope: SUBTREE) { count } deadlinesCount(scope: SUBTREE) }"#;
    let figures = answer(figures).await;
    assert_eq!(figures["data"]["dashboard"]["placedOrders"], 2, "{figures}");
}

/// Whoever stood above an order when it was placed sees it, and nobody who stands there now.
#[tokio::test]
async fn a_merchant_that_moves_leaves_its_orders_where_they_were_placed() {
    const OTHER: &str = "dbk_6666666666666666666666666666666666666666666666666666666666666666";
    let server = shops().await;
    server.issue_to(0x66, OTHER, Role::Owner, Some("m2"), None).await;
    let moved = "mutation ($input: MoveMerchantInput!) { moveMerchant(input: $input) { merchant { id parent { id } }
        userErrors { code } } }";
    let input = |merchant: &str, parent: &str| json!({"input": {"commandId": server.uuid(), "merchant": merchant, "parent": parent}});
    let result = server.data(moved, input("m3", "m2")).await;
    assert_eq!(result["moveMerchant"], json!({"merchant": {"id": "m3", "parent": {"id": "m2"}}, "userErrors": []}));
    let code = async |merchant: &str, parent: &str| {
        let result = server.data(moved, input(merchant, parent)).await;
        result["moveMerchant"]["userErrors"][0]["code"].as_str().unwrap_or_default().to_owned()
    };
    assert_eq!(code("m2", "m3").await, "BELOW_ITSELF");
    assert_eq!(code("m3", "m2").await, "NOT_MOVED");
    assert_eq!(code("m0", "m1").await, "OTHER_TREE");
    let mut later = order("m3", "N-later", "ann");
    later["buyer"]["contact"] = json!({"tel": "2"});
    server.done("placeOrder", later).await;
    server.done("placeHold", json!({"order": by("m3", "N-later"), "hold": "RISK"})).await;
    server.settle().await;
    let query = r#"{ orders(scope: SUBTREE) { nodes { number } } named: orders(where: {merchant: {eq: "m3"}}) { nodes { number } }
        earlier: order(by: {number: {merchant: "m3", number: "N-m3"}}) { number }
        later: order(by: {number: {merchant: "m3", number: "N-later"}}) { number }
        exceptions(scope: SUBTREE) { nodes { order { number } } }
        dashboard(scope: SUBTREE, range: {gte: "2023-11-14T00:00:00Z", lt: "2023-11-16T00:00:00Z"}, currency: "CNY")
        { placedOrders byMerchant { merchant { id } placedOrders } } }"#;
    for (token, own, seen, hidden) in [(CLERK, "N-m1", "N-m3", "N-later"), (OTHER, "N-m2", "N-later", "N-m3")] {
        let answer = ask(&server, token, query, json!({})).await;
        let data = &answer["data"];
        assert_eq!(answer["errors"], Value::Null, "{answer}");
        for list in ["orders", "exceptions", "named"] {
            let text = data[list].to_string();
            assert!(text.contains(seen) && !text.contains(hidden), "{list}: {text}");
        }
        let (shown, other) = if seen == "N-m3" { ("earlier", "later") } else { ("later", "earlier") };
        assert_eq!((&data[shown]["number"], &data[other]), (&json!(seen), &Value::Null));
        assert_eq!(data["dashboard"]["placedOrders"], 2, "{own}: {data}");
    }
    // Of a merchant that is below it now, it sees what was placed below it.
    let named = r#"{ dashboard(merchant: "m3", range: {gte: "2023-11-14T00:00:00Z", lt: "2023-11-16T00:00:00Z"}, currency: "CNY")
        { placedOrders } exceptionsCount(merchant: "m3") { kind count } }"#;
    let now = ask(&server, OTHER, named, json!({})).await;
    assert_eq!(now["data"]["dashboard"]["placedOrders"], 1, "{now}");
    let before = ask(&server, CLERK, named, json!({})).await;
    assert_eq!(self::code(&before), "FORBIDDEN", "{before}");
}

#[tokio::test]
async fn a_closed_merchant_takes_no_orders_and_finishes_those_that_it_has() {
    let server = shops().await;
    let close = "mutation ($input: MerchantInput!) { closeMerchant(input: $input) { merchant { closed } userErrors { code } } }";
    let reopen = "mutation ($input: MerchantInput!) { reopenMerchant(input: $input) { merchant { closed } userErrors { code } } }";
    let input = || json!({"input": {"commandId": server.uuid(), "merchant": "m1"}});
    let closed = server.data(close, input()).await;
    server.settle().await;
    assert_eq!(closed["closeMerchant"]["userErrors"], json!([]), "{closed}");
    assert_eq!(server.data("{ merchant(id: \"m1\") { closed } }", json!({})).await["merchant"]["closed"], true);
    assert_eq!(server.refused("placeOrder", order("m1", "N-9", "ann")).await.0, "MERCHANT_CLOSED");
    server.done("releaseHold", json!({"order": by("m1", "N-m1"), "hold": "ADDRESS"})).await;
    server.done("confirmShipment", json!({"order": by("m1", "N-m1")})).await;
    let again = server.data(close, input()).await;
    assert_eq!(again["closeMerchant"]["userErrors"][0]["code"], "MERCHANT_CLOSED");
    server.data(reopen, input()).await;
    server.place("m1", "N-9", "ann").await;
    let open = server.data(reopen, input()).await;
    assert_eq!(open["reopenMerchant"]["userErrors"][0]["code"], "MERCHANT_OPEN");
}

/// Support sees buyers masked, and unmasks one by saying so; evidence is read the same way.
#[tokio::test]
async fn what_is_unmasked_or_read_as_evidence_is_an_event() {
    let server = shops().await;
    let support = token_of(&server, Role::Support).await;
    let found =
        ask(&server, &support, r#"{ orders(where: {buyer: {eq: "ann"}}) { nodes { number } } }"#, json!({})).await;
    assert_eq!(found["data"]["orders"]["nodes"], json!([]), "whoever sees buyers masked cannot ask for one");
    let reveal = "mutation ($input: RevealContactInput!) { revealContact(input: $input) { account delivery { contact }
        userErrors { code } } }";
    let input = json!({"input": {"commandId": server.uuid(), "order": by("m1", "N-m1"),
        "reason": {"code": "BUYER_REQUEST", "text": "she calls"}}});
    let first = ask(&server, &support, reveal, input.clone()).await;
    let shown = &first["data"]["revealContact"];
    assert_eq!((&shown["account"], &shown["delivery"]["contact"]["tel"]), (&json!("ann"), &json!("13812345678")));
    assert_eq!(ask(&server, &support, reveal, input.clone()).await, first, "sent again, it shows the same");
    let other = ask(&server, CLERK, reveal, input).await;
    assert_eq!(other["data"]["revealContact"]["userErrors"][0]["code"], "COMMAND_ID_REUSED", "{other}");
    server.done("releaseHold", json!({"order": by("m1", "N-m1"), "hold": "ADDRESS"})).await;
    server.done("confirmShipment", json!({"order": by("m1", "N-m1")})).await;
    let parcel = json!({"order": by("m1", "N-m1"), "checkpoint": "c", "status": "DELIVERED"});
    server.done("recordTracking", parcel).await;
    server.done("openDispute", json!({"order": by("m1", "N-m1"), "reason": {"code": "DAMAGED"}})).await;
    server.done("addEvidence", json!({"order": by("m1", "N-m1"), "text": "a photograph of it"})).await;
    let history = r#"{ order(by: {number: {merchant: "m1", number: "N-m1"}}) { history(first: 50) { nodes { kind actor { role } data } } } }"#;
    let before = server.data(history, json!({})).await;
    assert!(!before.to_string().contains("photograph"), "nobody reads evidence in passing: {before}");
    let read =
        "mutation ($input: ReadEvidenceInput!) { readEvidence(input: $input) { evidence { dispute text actor { role } }
        userErrors { code } } }";
    let input = json!({"input": {"commandId": server.uuid(), "order": by("m1", "N-m1")}});
    let evidence = ask(&server, &support, read, input).await;
    assert_eq!(
        evidence["data"]["readEvidence"]["evidence"],
        json!([{"dispute": 1, "text": "a photograph of it", "actor": {"role": "PLATFORM"}}]),
        "{evidence}"
    );
    let after = server.data(history, json!({})).await;
    let kinds: Vec<(&Value, &Value)> = after["order"]["history"]["nodes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|node| (&node["kind"], &node["actor"]["role"]))
        .filter(|(kind, _)| *kind == "contact-revealed" || *kind == "evidence-read")
        .collect();
    let support = json!("SUPPORT");
    assert_eq!(kinds, [(&json!("contact-revealed"), &support), (&json!("evidence-read"), &support)]);
}

/// A buyer's token shows what they bought there, and nothing else of the shop.
#[tokio::test]
async fn a_buyer_sees_their_own_orders() {
    let server = shops().await;
    server.place("m1", "N-bob", "bob").await;
    server.settle().await;
    let ann = token_of(&server, Role::Buyer).await;
    let query = r#"{ orders(scope: SUBTREE) { nodes { number buyer { account } } } ordersCount
        others: orders(where: {OR: [{buyer: {eq: "bob"}}, {number: {eq: "N-bob"}}]}) { nodes { number } }
        bobs: order(by: {number: {number: "N-bob"}}) { number } own: order(by: {number: {number: "N-m1"}}) { number } }"#;
    let seen = ask(&server, &ann, query, json!({})).await;
    let data = &seen["data"];
    assert_eq!(data["orders"]["nodes"], json!([{"number": "N-m1", "buyer": {"account": "ann"}}]), "{seen}");
    assert_eq!((&data["ordersCount"], &data["others"]["nodes"]), (&json!(1), &json!([])));
    assert_eq!((&data["bobs"], &data["own"]["number"]), (&Value::Null, &json!("N-m1")));
    // The shop's people write for themselves, and what the shop sets is its own.
    server.done("addNote", json!({"order": by("m1", "N-m1"), "text": "watch this one"})).await;
    server.done("addTag", json!({"order": by("m1", "N-m1"), "tag": "troublesome"})).await;
    server.settle().await;
    let shown = r#"{ node(id: "m1") { id } orders { nodes { tags merchant { policy { payWithinSeconds } childrenCount } } }
        order(by: {number: {number: "N-m1"}}) { tags history(first: 50) { nodes { kind data } } } }"#;
    let shown = ask(&server, &ann, shown, json!({})).await;
    assert_eq!(shown["errors"], Value::Null, "{shown}");
    assert!(!shown.to_string().contains("watch"), "{shown}");
    let merchant = json!({"policy": null, "childrenCount": 0});
    assert_eq!(shown["data"]["orders"]["nodes"], json!([{"tags": [], "merchant": merchant}]), "{shown}");
    assert_eq!((&shown["data"]["node"], &shown["data"]["order"]["tags"]), (&Value::Null, &json!([])));
    let refund = "mutation ($input: RequestRefundInput!) { requestRefund(input: $input) { userErrors { code } } }";
    let input = |number: &str| {
        json!({"input": {"commandId": server.uuid(), "order": {"number": {"number": number}},
            "reason": {"code": "NOT_RECEIVED"}}})
    };
    let foreign = ask(&server, &ann, refund, input("N-bob")).await;
    assert_eq!(foreign["data"]["requestRefund"]["userErrors"][0]["code"], "ORDER_UNKNOWN", "{foreign}");
    let own = ask(&server, &ann, refund, input("N-m1")).await;
    assert_eq!(own["data"]["requestRefund"]["userErrors"], json!([]), "{own}");
}

/// Of the whole ledger: an analyst's events name nobody, an auditor's do.
#[tokio::test]
async fn analysts_and_auditors_read_the_log() {
    const ALL_ANALYST: &str = "dbk_7777777777777777777777777777777777777777777777777777777777777777";
    const ALL_AUDITOR: &str = "dbk_8888888888888888888888888888888888888888888888888888888888888888";
    let server = shops().await;
    server.issue_to(0x77, ALL_ANALYST, Role::Analyst, None, None).await;
    server.issue_to(0x78, ALL_AUDITOR, Role::Auditor, None, None).await;
    server.settle().await;
    let log = "{ events(first: 50) { nodes { kind data } } }";
    let seen = ask(&server, ALL_ANALYST, log, json!({})).await;
    assert!(seen.to_string().contains("order-placed") && !seen.to_string().contains("ann"), "{seen}");
    assert!(ask(&server, ALL_AUDITOR, log, json!({})).await.to_string().contains("\"ann\""));
    let figures = r#"{ dashboard(range: {gte: "2023-11-14T00:00:00Z", lt: "2023-11-16T00:00:00Z"}, currency: "CNY") { placedOrders } }"#;
    let seen = ask(&server, ALL_ANALYST, figures, json!({})).await;
    assert_eq!(seen["data"]["dashboard"]["placedOrders"], 4, "{seen}");
    let behind = r#"{ dashboardEvents(range: {gte: "2023-11-14T00:00:00Z", lt: "2023-11-16T00:00:00Z"}, currency: "CNY",
        metric: PLACED_ORDERS) { nodes { amount order { number } } } }"#;
    let seen = ask(&server, ALL_ANALYST, behind, json!({})).await;
    assert_eq!(seen["data"]["dashboardEvents"]["nodes"][0], json!({"amount": "1", "order": null}), "{seen}");
    for role in [Role::Analyst, Role::Auditor] {
        let own = token_of(&server, role).await;
        assert_eq!(code(&ask(&server, &own, log, json!({})).await), "FORBIDDEN");
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
            for foreign in ["m0", "m2"] {
                assert_eq!(answer(&id_of(&server, foreign).await).await, none, "{side} {sort}");
            }
            for shown in ["m1", "m3"] {
                let own = answer(&id_of(&server, shown).await).await;
                assert_eq!(own["errors"], Value::Null, "{side} {sort}: {own}");
            }
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
