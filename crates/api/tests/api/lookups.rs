//! A buyer without a token looks one order up, and is shown that one alone.

use std::time::{Duration, Instant};

use daybook_api::Limits;
use daybook_domain::Role;
use serde_json::{Value, json};

use crate::access::{ask, filled, id_of, may, mutations, questions, told};
use crate::kit::{Answer, Server, by, order, payment};
use crate::socket::Socket;

const PATH: &str = "POST /lookup";

async fn send(server: &Server, body: &Value) -> Answer {
    server.http(PATH, "Content-Type: application/json\r\n", body.to_string().as_bytes()).await
}

async fn place(server: &Server, merchant: &str, number: &str, account: &str, contact: Value) {
    let mut placed = order(merchant, number, account);
    placed["buyer"]["contact"] = contact;
    server.done("placeOrder", placed).await;
    server.done("recordPayment", payment(merchant, number, &format!("T-{merchant}-{number}"), "10.00")).await;
}

/// Two merchants of one tree and orders of ann.
async fn shops(limits: Limits) -> Server {
    let server = Server::start_within(limits).await;
    server.merchant("m0", None).await;
    for merchant in ["m1", "m2"] {
        server.merchant(merchant, Some("m0")).await;
    }
    let tel = |tel: &str| json!({"name": "李小龙", "tel": tel});
    place(&server, "m1", "N-m1", "ann", tel("+86 138-1234-5678")).await;
    place(&server, "m1", "N-other", "ann", tel("13812345678")).await;
    place(&server, "m2", "N-m2", "ann", tel("13812345678")).await;
    place(&server, "m1", "N-code", "bob", json!({"tel": "13812345678", "code": "open-1"})).await;
    server.place("m1", "N-bare", "cyd").await;
    place(&server, "m1", "N-short", "dan", json!({"tel": "12", "code": "12345"})).await;
    place(&server, "m1", "N-brief", "dan", json!({"tel": "13812345678", "code": "12345"})).await;
    for merchant in ["m1", "m2"] {
        place(&server, merchant, "N-twin", "eve", tel(if merchant == "m1" { "13900000001" } else { "13900000002" }))
            .await;
        place(&server, merchant, "N-same", "eve", tel("13900000003")).await;
    }
    server.settle().await;
    server
}

fn patient() -> Limits {
    Limits { wrong_tokens: None, ..Limits::default() }
}

fn asked(merchant: Option<&str>, number: &str, code: &str) -> Value {
    match merchant {
        Some(merchant) => json!({"merchant": merchant, "number": number, "code": code}),
        None => json!({"number": number, "code": code}),
    }
}

fn code(answer: &Answer) -> (u16, String) {
    (answer.status, answer.json()["errors"][0]["extensions"]["code"].as_str().unwrap_or("").to_owned())
}

async fn opened(server: &Server, merchant: Option<&str>, number: &str, code: &str) -> String {
    let answer = send(server, &asked(merchant, number, code)).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert!(answer.head.contains("cache-control: no-store"), "{}", answer.head);
    let token = answer.json()["token"].as_str().unwrap().to_owned();
    assert!(token.starts_with("dbb_") && token.len() == 68, "{token}");
    token
}

#[tokio::test]
async fn the_code_is_what_was_chosen_or_else_the_telephone() {
    let server = shops(patient()).await;
    for (merchant, number, code, order) in [
        (Some("m1"), "N-m1", "13812345678", "N-m1"),
        (None, "N-m1", " 0086 138 1234 5678", "N-m1"),
        (None, " N-code ", "open-1", "N-code"),
        (None, "N-twin", "13900000002", "N-twin"),
        (Some(""), "N-m2", "138-1234-5678", "N-m2"),
        (None, "N-brief", "13812345678", "N-brief"),
    ] {
        let token = opened(&server, merchant, number, code).await;
        let answer =
            ask(&server, &token, "{ viewer { role merchant order } orders { nodes { id number } } }", json!({})).await;
        let data = &answer["data"];
        assert_eq!(data["orders"]["nodes"][0]["number"], order, "{answer}");
        assert_eq!(data["viewer"]["role"], "BUYER");
        assert_eq!(data["viewer"]["order"], data["orders"]["nodes"][0]["id"]);
    }
    for (merchant, number, code) in [
        (Some("m1"), "N-m1", "13812345679"),
        (Some("m2"), "N-m1", "13812345678"),
        (Some("m9"), "N-m1", "13812345678"),
        (Some("m1"), "n-m1", "13812345678"),
        (None, "N-code", "13812345678"),
        (None, "N-bare", "13812345678"),
        (None, "N-short", "12345"),
        (None, "N-short", "12"),
        (None, "N-brief", "12345"),
        (None, "N-none", "13812345678"),
    ] {
        let wrong = send(&server, &asked(merchant, number, code)).await;
        let expected = json!({"errors": [{"message": "there is no order of this number with this code",
            "extensions": {"code": "NOT_FOUND"}}]});
        assert_eq!((wrong.status, wrong.json()), (404, expected), "{number} {code}");
    }
    assert_eq!(code(&send(&server, &asked(None, "N-same", "13900000003")).await), (409, "NUMBER_AMBIGUOUS".into()));
    opened(&server, Some("m2"), "N-same", "13900000003").await;
    // Others' tokens say that they show more.
    assert_eq!(server.data("{ viewer { order } }", json!({})).await["viewer"]["order"], Value::Null);
    let lines = server.incidents(17).await;
    let failed: Vec<_> = lines.iter().filter(|line| line["what"] == "look-up-failed").collect();
    assert_eq!(failed.len(), 10);
    assert!(failed.iter().all(|line| line["code"] == "lookup-wrong" && line.get("actor").is_none()));
    let opened: Vec<_> = lines.iter().filter(|line| line["what"] == "look-up").collect();
    assert_eq!(opened.len(), 7);
    let first =
        server.data("query ($by: OrderInput!) { order(by: $by) { id } }", json!({"by": by("m1", "N-m1")})).await;
    let ids: std::collections::BTreeSet<_> = opened.iter().map(|line| line["credential"].as_str().unwrap()).collect();
    assert_eq!((ids.len(), &opened[0]["order"], &opened[0]["remote"]), (7, &first["order"]["id"], &json!("127.0.0.1")));
    assert!(!json!(lines).to_string().contains("dbb_"));
}

/// The platform approves it.
async fn change(server: &Server, token: &str, number: &str, contact: Value) {
    let ask_for =
        "mutation ($input: RequestAddressChangeInput!) { requestAddressChange(input: $input) { userErrors { code } } }";
    let approve =
        "mutation ($input: ApproveAddressChangeInput!) { approveAddressChange(input: $input) { userErrors { code } } }";
    let input = json!({"commandId": server.uuid(), "order": by("m1", number), "contact": contact});
    let asked = ask(server, token, ask_for, json!({"input": input})).await;
    assert_eq!(asked["data"]["requestAddressChange"]["userErrors"], json!([]), "{asked}");
    let input = json!({"commandId": server.uuid(), "order": by("m1", number)});
    let approved = server.data(approve, json!({"input": input})).await;
    assert_eq!(approved["approveAddressChange"]["userErrors"], json!([]), "{approved}");
}

#[tokio::test]
async fn a_new_telephone_counts_and_a_code_changes_only_for_its_buyer() {
    let server = shops(patient()).await;
    let other = server.other_platform_token().await;
    for number in ["N-m1", "N-code"] {
        change(&server, &other, number, json!({"tel": "13700000000", "code": "planted"})).await;
    }
    assert_eq!(send(&server, &asked(None, "N-m1", "13812345678")).await.status, 404);
    assert_eq!(send(&server, &asked(None, "N-m1", "planted")).await.status, 404);
    opened(&server, None, "N-m1", "13700000000").await;
    for wrong in ["13700000000", "planted"] {
        assert_eq!(send(&server, &asked(None, "N-code", wrong)).await.status, 404, "{wrong}");
    }
    let buyer = opened(&server, None, "N-code", "open-1").await;
    change(&server, &buyer, "N-code", json!({"tel": "13700000001", "code": "open-2"})).await;
    change(&server, &buyer, "N-code", json!({"tel": "13700000002"})).await;
    assert_eq!(send(&server, &asked(None, "N-code", "open-1")).await.status, 404);
    opened(&server, None, "N-code", "open-2").await;
}

#[tokio::test]
async fn who_sees_buyers_masked_sees_nothing_of_the_code() {
    let server = shops(patient()).await;
    let support = format!("dbk_{}", "6".repeat(64));
    server.issue_to(0x66, &support, Role::Support, Some("m1"), None).await;
    let query = "query ($by: OrderInput!) { order(by: $by) { delivery { contact } } }";
    let seen = ask(&server, &support, query, json!({"by": by("m1", "N-code")})).await;
    let contact = json!({"tel": "1***8", "code": "***"});
    assert_eq!(seen["data"]["order"]["delivery"]["contact"], contact, "{seen}");
}

#[tokio::test]
async fn a_buyers_history_tells_of_parcels_and_not_of_what_the_shop_writes() {
    let server = shops(patient()).await;
    let it = || by("m1", "N-m1");
    server.done("addNote", json!({"order": it(), "text": "watch this one"})).await;
    server.done("addTag", json!({"order": it(), "tag": "troublesome"})).await;
    server.done("confirmShipment", json!({"order": it(), "carrier": "SF", "trackingNumber": "SF-1"})).await;
    let seen = json!({"order": it(), "checkpoint": "c", "status": "IN_TRANSIT", "place": "Wuhan, 5 Lake Road"});
    server.done("recordTracking", seen).await;
    server.done("addNote", json!({"order": it(), "text": "watch it still"})).await;
    let query =
        "query ($by: OrderInput!, $after: String) { order(by: $by) { revision history(first: 3, after: $after) {
        nodes { revision kind changes { field } data } pageInfo { hasNextPage endCursor } } } }";
    let of_one = opened(&server, None, "N-m1", "13812345678").await;
    let of_all = format!("dbk_{}", "7".repeat(64));
    let root = daybook_domain::MerchantId::new("m0").unwrap();
    let ann = server.services.reader.buyer_slot(&root, "ann");
    server.issue_to(0x67, &of_all, Role::Buyer, Some("m1"), ann).await;
    for token in [of_one, of_all] {
        let first = ask(&server, &token, query, json!({"by": it()})).await;
        let history = &first["data"]["order"]["history"];
        assert_eq!(
            (&history["pageInfo"]["hasNextPage"], &first["data"]["order"]["revision"]),
            (&json!(true), &json!(7))
        );
        let rest = ask(&server, &token, query, json!({"by": it(), "after": history["pageInfo"]["endCursor"]})).await;
        assert_eq!(rest["data"]["order"]["history"]["pageInfo"]["hasNextPage"], false, "{rest}");
        let nodes: Vec<&Value> = [&first, &rest]
            .into_iter()
            .flat_map(|answer| answer["data"]["order"]["history"]["nodes"].as_array().unwrap())
            .collect();
        let kinds: Vec<&Value> = nodes.iter().map(|node| &node["kind"]).collect();
        assert_eq!(kinds, ["order-placed", "payment-captured", "shipment-confirmed", "tracking-updated"]);
        assert_eq!(nodes[1]["data"]["tradeNumber"], Value::Null);
        assert_eq!((&nodes[2]["data"]["carrier"], &nodes[2]["data"]["trackingNumber"]), (&json!("SF"), &json!("SF-1")));
        assert_eq!(nodes[3]["data"]["place"], "Wuhan, 5 Lake Road");
        for hidden in ["watch", "troublesome", "\"tags\"", "\"notes\"", "T-m1-N-m1"] {
            assert!(!json!(nodes).to_string().contains(hidden), "{hidden}: {nodes:?}");
        }
    }
}

/// Every field that a buyer may ask for, of another order of the same account: answered as of one that is not there.
#[tokio::test]
async fn no_other_order_is_reached_by_any_field() {
    let server = shops(patient()).await;
    let token = opened(&server, Some("m1"), "N-m1", "13812345678").await;
    let id = async |number: &str, merchant: &str| {
        let found = server
            .data("query ($by: OrderInput!) { order(by: $by) { id } }", json!({"by": by(merchant, number)}))
            .await;
        found["order"]["id"].as_str().unwrap().to_owned()
    };
    let nobody = id_of(&server, "m9").await;
    let mut covered = std::collections::BTreeSet::from(["viewer"]);
    for (field, query) in questions().into_iter().filter(|(field, _)| may(Role::Buyer, field)) {
        covered.insert(field);
        for (merchant, number) in [("m1", "N-other"), ("m2", "N-m2"), ("m1", "N-code")] {
            let id = id(number, merchant).await;
            let query = query.replace("N-MERCHANT", number);
            // Of a list of the own merchant's, what is asked for by its own filter.
            let query =
                query.replace(r#"where: {merchant: {eq: "MERCHANT"}}"#, &format!(r#"where: {{id: {{eq: "{id}"}}}}"#));
            let query = query
                .replace(r#"where: {merchant: {oneOf: ["MERCHANT"]}}"#, &format!(r#"where: {{id: {{eq: "{id}"}}}}"#));
            for lookup in ["id", "number"] {
                let asked =
                    filled(&query, lookup, merchant, &id).replace(&format!("N-{merchant}\""), &format!("{number}\""));
                let answer = ask(&server, &token, &asked, json!({})).await;
                let none =
                    ask(&server, &token, &asked.replace(&id, &nobody).replace(number, "N-none"), json!({})).await;
                assert_eq!(
                    told(&answer, merchant, &id),
                    told(&none, merchant, &nobody),
                    "{field} of {number}: {asked}"
                );
                let all = server.ask(&asked, json!({})).await;
                assert_ne!(told(&all, merchant, &id), told(&none, merchant, &nobody), "{field}: it is there");
            }
        }
        let own = id("N-m1", "m1").await;
        let asked = filled(query, "id", "m1", &own);
        let answer = ask(&server, &token, &asked, json!({})).await;
        assert_eq!(answer["errors"], Value::Null, "{field}: {answer}");
        assert!(
            answer.to_string().contains("N-m1") || answer.to_string().contains(&own) || field == "ordersCount",
            "{answer}"
        );
    }
    let listed = "{ orders(scope: SUBTREE) { nodes { number } } ordersCount(where: {OR: [{}, {buyer: {eq: \"ann\"}}]})
        byPhone: ordersCount(where: {phoneTail: {eq: \"5678\"}}) }";
    let answer = ask(&server, &token, listed, json!({})).await;
    let expected = json!({"orders": {"nodes": [{"number": "N-m1"}]}, "ordersCount": 1, "byPhone": 1});
    assert_eq!(answer["data"], expected, "{answer}");

    for (field, input) in mutations().into_iter().filter(|(field, _)| may(Role::Buyer, field)) {
        covered.insert(field);
        let kind = format!("{}{}Input!", field[..1].to_uppercase(), &field[1..]);
        let query = format!("mutation ($input: {kind}) {{ {field}(input: $input) {{ userErrors {{ code }} }} }}");
        let sent = async |order: Value| {
            let mut input = input.clone();
            input["commandId"] = json!(server.uuid());
            input["order"] = order;
            ask(&server, &token, &query, json!({"input": input})).await
        };
        let watermark = server.services.reader.watermark();
        for order in [by("m1", "N-other"), by("m2", "N-m2"), json!({"id": id("N-other", "m1").await})] {
            let answer = sent(order).await;
            assert_eq!(answer["data"][field]["userErrors"], json!([{"code": "ORDER_UNKNOWN"}]), "{field}: {answer}");
        }
        assert_eq!(server.services.reader.watermark(), watermark, "{field} wrote something");
        let answer = sent(by("m1", "N-m1")).await;
        assert!(answer["errors"].is_null() && !answer.to_string().contains("_UNKNOWN"), "{field}: {answer}");
    }
    let expected: std::collections::BTreeSet<&str> = daybook_api::access_table()
        .filter(|(_, _, roles)| roles.contains(&Role::Buyer))
        .map(|(_, field, _)| field)
        .collect();
    assert_eq!(covered, expected, "every field of the role is asked for here");
}

#[tokio::test]
async fn five_wrong_codes_lock_a_number_whether_it_is_there_or_not() {
    let server = shops(patient()).await;
    for number in ["N-m1", "N-none"] {
        for _ in 0..5 {
            assert_eq!(
                code(&send(&server, &asked(Some("m1"), number, "13800000000")).await),
                (404, "NOT_FOUND".into())
            );
        }
        let locked = send(&server, &asked(Some("m1"), number, "13812345678")).await;
        assert_eq!(code(&locked), (429, "LOCKED".into()), "also for the right code");
        assert!(locked.head.contains("retry-after: 9"), "{}", locked.head);
        assert!(locked.json()["errors"][0]["message"].as_str().unwrap().contains("try again in 9"), "{}", locked.body);
    }
    opened(&server, Some("m1"), "N-other", "13812345678").await;
    server.pass(14 * 60);
    assert_eq!(send(&server, &asked(Some("m1"), "N-m1", "13812345678")).await.status, 429);
    server.pass(61);
    opened(&server, Some("m1"), "N-m1", "13812345678").await;
    let lines = server.incidents(15).await;
    let order =
        server.data("query ($by: OrderInput!) { order(by: $by) { id } }", json!({"by": by("m1", "N-m1")})).await;
    let first =
        json!({"what": "look-up-failed", "code": "lookup-wrong", "order": order["order"]["id"], "remote": "127.0.0.1"});
    for (name, value) in first.as_object().unwrap() {
        assert_eq!(lines[0][name], *value, "{}", lines[0]);
    }
    assert_eq!(lines[5]["code"], "lookup-locked");
    assert!(lines[6].get("order").is_none(), "there is none");
    let told = json!(lines).to_string();
    assert!(!told.contains("1380000") && !told.contains("N-m1"), "neither codes nor numbers: {told}");
}

/// However it is asked for, each try is one of the five: else there would be five for each way of asking.
#[tokio::test]
async fn no_way_of_asking_has_tries_of_its_own_and_no_right_code_gives_any_back() {
    let server = shops(patient()).await;
    for merchant in [Some("m1"), None, Some("m2"), Some("m9")] {
        assert_eq!(send(&server, &asked(merchant, "N-twin", "13800000000")).await.status, 404);
    }
    // Who has an order of the same number knows its code.
    for _ in 0..10 {
        opened(&server, Some("m2"), "N-twin", "13900000002").await;
    }
    assert_eq!(send(&server, &asked(Some("m1"), "N-twin", "13800000000")).await.status, 404);
    for merchant in [Some("m1"), None, Some("m2"), Some("m9")] {
        let locked = send(&server, &asked(merchant, "N-twin", "13900000001")).await;
        assert_eq!(code(&locked), (429, "LOCKED".into()), "{merchant:?}");
    }
    // Without a merchant, a code that is right for one order is tried on the others too.
    server.pass(15 * 60);
    for _ in 0..5 {
        opened(&server, None, "N-twin", "13900000002").await;
    }
    assert_eq!(code(&send(&server, &asked(None, "N-twin", "13900000002")).await).0, 429);
    for _ in 0..10 {
        opened(&server, None, "N-m1", "13812345678").await;
    }
}

#[tokio::test]
async fn who_sends_slowly_is_refused_no_sooner() {
    let server = shops(patient()).await;
    let body = asked(Some("m1"), "N-m1", "13800000000").to_string();
    let mut connection = server.connect().await;
    let head = format!(
        "{PATH} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    connection.write(head.as_bytes()).await;
    tokio::time::sleep(Duration::from_millis(400)).await;
    let sent = Instant::now();
    connection.write(body.as_bytes()).await;
    assert_eq!(connection.answer().await.status, 404);
    assert!(sent.elapsed() >= Duration::from_millis(240), "{:?}", sent.elapsed());
}

#[tokio::test]
async fn a_look_up_ends_when_its_buyer_ends_it() {
    let server = shops(patient()).await;
    let end = async |token: &str| {
        let head = format!("Authorization: Bearer {token}\r\n");
        server.http("DELETE /lookup", &head, b"").await
    };
    let token = opened(&server, None, "N-m1", "13812345678").await;
    let stays = opened(&server, None, "N-m1", "13812345678").await;
    assert_eq!(end(&token).await.status, 204);
    let status = async |token: &str| ask(&server, token, "{ viewer { role } }", json!({})).await["errors"].is_null();
    assert!(!status(&token).await && status(&stays).await);
    assert_eq!(code(&end(&token).await), (401, "UNAUTHENTICATED".into()));
    assert_eq!(code(&end(crate::kit::PLATFORM).await), (403, "FORBIDDEN".into()));
    assert!(status(crate::kit::PLATFORM).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn many_at_once_are_no_more_than_one_after_another() {
    let server = shops(patient()).await;
    let tries: Vec<_> = (0..40)
        .map(|_| {
            let (address, body) = (server.address, asked(None, "N-m1", "13800000000").to_string());
            tokio::spawn(async move {
                crate::kit::request(address, PATH, "Content-Type: application/json\r\n", body.as_bytes()).await.status
            })
        })
        .collect();
    let mut wrong = 0;
    for answer in tries {
        match answer.await.unwrap() {
            404 => wrong += 1,
            429 | 503 => {}
            other => panic!("{other}"),
        }
    }
    assert!(wrong <= 5, "{wrong}");
}

#[tokio::test]
async fn an_address_has_a_rate_and_right_codes_do_not_count() {
    let server = shops(Limits::default()).await;
    for _ in 0..25 {
        opened(&server, None, "N-m1", "13812345678").await;
    }
    let mut answers = Vec::new();
    for number in 0..60 {
        answers.push(code(&send(&server, &asked(None, &format!("X-{number}"), "13800000000")).await));
        if answers.last().is_some_and(|(status, _)| *status == 429) {
            break;
        }
    }
    assert_eq!(answers.last(), Some(&(429, "RATE_LIMITED".into())), "{answers:?}");
    assert_eq!(
        code(&send(&server, &asked(None, "N-m1", "13812345678")).await).0,
        429,
        "not even whether it is right is told"
    );
}

#[tokio::test]
async fn a_look_up_ends_after_half_an_hour() {
    let server = Server::start().await;
    server.merchant("m1", None).await;
    place(&server, "m1", "N-1", "ann", json!({"tel": "13812345678"})).await;
    server.settle().await;
    let token = opened(&server, Some("m1"), "N-1", "13812345678").await;
    let query = "{ orders { nodes { number } } }";
    assert_eq!(ask(&server, &token, query, json!({})).await["data"]["orders"]["nodes"], json!([{"number": "N-1"}]));
    server.pass(29 * 60);
    assert_eq!(ask(&server, &token, query, json!({})).await["errors"], Value::Null);
    server.pass(61);
    let ended = ask(&server, &token, query, json!({})).await;
    assert_eq!(ended["errors"][0]["extensions"]["code"], "UNAUTHENTICATED", "{ended}");
    assert_eq!(ended["errors"][0]["message"], "the look-up has ended: look the order up again");
    opened(&server, Some("m1"), "N-1", "13812345678").await;
}

#[test]
fn another_server_knows_no_look_ups_of_the_one_before() {
    let dir = tempfile::tempdir().unwrap();
    // Each with a runtime of its own: with it all that has the folder open ends.
    let run = |token: Option<String>| {
        tokio::runtime::Runtime::new().unwrap().block_on(async {
            let Some(token) = token else {
                let server = Server::start_in(dir.path()).await;
                server.merchant("m1", None).await;
                place(&server, "m1", "N-1", "ann", json!({"tel": "13812345678"})).await;
                let token = opened(&server, Some("m1"), "N-1", "13812345678").await;
                assert_eq!(ask(&server, &token, "{ viewer { role } }", json!({})).await["errors"], Value::Null);
                server.services.engine.shutdown().unwrap();
                return json!(token);
            };
            let server = Server::reopened_in(dir.path()).await;
            let answer = ask(&server, &token, "{ viewer { role } }", json!({})).await;
            server.services.engine.shutdown().unwrap();
            answer
        })
    };
    let token = run(None).as_str().unwrap().to_owned();
    let answer = run(Some(token));
    assert_eq!(answer["errors"][0]["extensions"]["code"], "UNAUTHENTICATED", "{answer}");
}

#[tokio::test]
async fn what_is_no_look_up_is_refused_in_clear_words() {
    let server = shops(patient()).await;
    let right = asked(None, "N-m1", "13812345678").to_string();
    let json = "Content-Type: application/json\r\n";
    let long = asked(None, "N-m1", &"1".repeat(5_000)).to_string();
    for (head, body, status) in [
        ("", right.as_str(), 415),
        ("Content-Type: text/plain\r\n", &right, 415),
        ("Content-Type: application/x-www-form-urlencoded\r\n", "number=N-m1&code=1", 415),
        ("Content-Type: application/json\r\nOrigin: https://elsewhere.example\r\n", &right, 403),
        (json, "", 400),
        (json, "[]", 400),
        (json, r#"{"number": "N-m1"}"#, 400),
        (json, r#"{"number": "N-m1", "code": "1", "more": 1}"#, 400),
        (json, r#"{"number": "", "code": "1"}"#, 400),
        (json, r#"{"number": "N-m1", "code": " "}"#, 400),
        (json, &long, 413),
        ("Content-Type: application/json\r\nOrigin: http://x\r\n", &right, 200),
    ] {
        let answer = server.http(PATH, head, body.as_bytes()).await;
        assert_eq!(answer.status, status, "{head} {body}: {}", answer.body);
        if status == 400 {
            let message = answer.json()["errors"][0]["message"].as_str().unwrap().to_owned();
            assert!(message.starts_with("send {\"merchant\": "), "{message}");
            assert!(!message.contains("N-m1"), "{message}");
        }
    }
    assert_eq!(server.http("GET /lookup", "", b"").await.status, 405);
    for token in ["dbb_", "dbb_12", &format!("dbb_{}", "0".repeat(64)), &format!("dbb_{}", "g".repeat(64))] {
        let answer = ask(&server, token, "{ viewer { role } }", json!({})).await;
        assert_eq!(answer["errors"][0]["extensions"]["code"], "UNAUTHENTICATED", "{token}");
    }
}

/// There is nothing that a look-up could follow, so none is open when its buyer is erased.
#[tokio::test]
async fn a_look_up_gets_no_socket() {
    let server = shops(patient()).await;
    let answer = send(&server, &asked(Some("m1"), "N-m1", "13812345678")).await;
    let token = answer.json()["token"].as_str().unwrap().to_owned();
    let mut socket = Socket::open(&server).await;
    let payload = json!({"Authorization": format!("Bearer {token}")});
    socket.send(json!({"type": "connection_init", "payload": payload})).await;
    assert_eq!(socket.next().await.unwrap(), json!({"close": 4403}));
}
