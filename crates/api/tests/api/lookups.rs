//! A buyer without a token looks one order up, and is shown that one alone.

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
    place(&server, "m1", "N-short", "dan", json!({"tel": "12", "code": "123"})).await;
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
        (None, "N-short", "123"),
        (None, "N-short", "12"),
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
    assert!(server.incidents(9).await.iter().all(|line| line["code"] == "lookup-wrong" && line.get("actor").is_none()));
}

#[tokio::test]
async fn another_address_does_not_change_a_chosen_code_and_a_new_telephone_counts() {
    let server = shops(patient()).await;
    let other = server.other_platform_token().await;
    for number in ["N-m1", "N-code"] {
        let change = json!({"order": by("m1", number), "contact": {"tel": "13700000000"}});
        server.done("requestAddressChange", change).await;
        let approve = "mutation ($input: ApproveAddressChangeInput!) { approveAddressChange(input: $input) { userErrors { code } } }";
        let input = json!({"commandId": server.uuid(), "order": by("m1", number)});
        ask(&server, &other, approve, json!({"input": input})).await;
    }
    assert_eq!(send(&server, &asked(None, "N-m1", "13812345678")).await.status, 404);
    opened(&server, None, "N-m1", "13700000000").await;
    assert_eq!(send(&server, &asked(None, "N-code", "13700000000")).await.status, 404);
    opened(&server, None, "N-code", "open-1").await;
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
    // A right one begins anew.
    for _ in 0..3 {
        for _ in 0..4 {
            assert_eq!(send(&server, &asked(Some("m1"), "N-m1", "13800000000")).await.status, 404);
        }
        opened(&server, Some("m1"), "N-m1", "13812345678").await;
    }
    let lines = server.incidents(25).await;
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

/// The first answer.
async fn run(socket: &mut Socket, id: &str, query: &str) -> Value {
    socket.send(json!({"id": id, "type": "subscribe", "payload": {"query": query}})).await;
    loop {
        let message = socket.next().await.unwrap();
        if message["id"] == id && message["type"] != "complete" {
            return message;
        }
    }
}

#[tokio::test]
async fn a_look_up_ends_after_half_an_hour() {
    let server = Server::start().await;
    server.merchant("m1", None).await;
    place(&server, "m1", "N-1", "ann", json!({"tel": "13812345678"})).await;
    server.settle().await;
    let token = opened(&server, Some("m1"), "N-1", "13812345678").await;
    let mut socket = Socket::greeted_with(&server, &token).await;
    let query = "{ orders { nodes { number } } }";
    assert_eq!(ask(&server, &token, query, json!({})).await["data"]["orders"]["nodes"], json!([{"number": "N-1"}]));
    server.pass(29 * 60);
    assert_eq!(ask(&server, &token, query, json!({})).await["errors"], Value::Null);
    // A buyer follows nothing; what it may ask for over a WebSocket ends with the look-up.
    let refused = run(&mut socket, "1", "subscription { orderEvents { position } }").await;
    assert!(refused.to_string().contains("FORBIDDEN"), "{refused}");
    server.pass(61);
    let ended = ask(&server, &token, query, json!({})).await;
    assert_eq!(ended["errors"][0]["extensions"]["code"], "UNAUTHENTICATED", "{ended}");
    assert_eq!(ended["errors"][0]["message"], "the look-up has ended: look the order up again");
    let over = run(&mut socket, "2", query).await;
    assert!(over.to_string().contains("UNAUTHENTICATED"), "{over}");
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
