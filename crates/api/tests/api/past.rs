//! What was known then: the same answers as then, whatever has happened since.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::sync_channel;

use daybook_domain::{MerchantId, Role, Timestamp};
use daybook_testkit::random::{self, Random};
use daybook_vault::SlotId;
use daybook_views::store::Store;
use daybook_views::{VIEWS, Views};
use serde_json::{Value, json};

use crate::kit::{Server, by, cny, payment};

const LIST: &str = "query ($at: AsOf, $after: String) { orders(first: 4, after: $after, scope: SUBTREE, asOf: $at) {
    pageInfo { hasNextPage hasPreviousPage endCursor } edges { cursor } nodes { id number label revision position placedAt
        axes { lifecycle payment fulfilment afterSales holds } lines { sku title quantity shipped cancelled }
        total { amount } captured { amount } refunded { amount } tags buyer { account }
        merchant { id name timeZone parent { id name } childrenCount children { nodes { id name } } }
        holds { hold since } clocks { kind dueAt missed } refunds { number state amount { amount } }
        history(first: 50) { nodes { revision kind } } } } }";

const OTHERS: &[&str] = &[
    "query ($at: AsOf, $after: String) { orders(first: 3, after: $after, scope: SUBTREE, sortBy: {field: AMOUNT, direction: ASC},
        where: {label: {oneOf: [TO_SHIP, AWAITING_PAYMENT, EXCEPTION]}}, asOf: $at) {
        pageInfo { hasNextPage endCursor } nodes { number label total { amount } } } }",
    "query ($at: AsOf) { due: ordersCount(scope: SUBTREE, where: {dueBefore: \"2023-11-14T23:00:00Z\"}, asOf: $at)
        held: ordersCount(scope: SUBTREE, where: {hold: {eq: RISK}}, asOf: $at)
        anns: ordersCount(where: {buyer: {eq: \"ben\"}}, asOf: $at)
        m3: ordersCount(scope: SUBTREE, where: {merchant: {eq: \"m3\"}}, asOf: $at)
        of: ordersCount(scope: SUBTREE, where: {OR: [{tag: {eq: \"vip\"}}, {product: {eq: \"mug\"}}]}, asOf: $at) }",
    "query ($at: AsOf) { dashboard(merchant: \"g\", scope: SUBTREE, range: {gte: \"2023-11-14T00:00:00Z\", lt: \"2023-11-16T00:00:00Z\"},
        currency: \"CNY\", asOf: $at) { timeZone placedOrders paidOrders refundedOrders conversionRate paidAmount { amount }
        averageOrderValue { amount } peak { weekday hour } byDay { date placedOrders } exceptionOrders refundRequests
        byMerchant { merchant { id name } placedOrders paidAmount { amount } } byProduct { merchant { name } sku units paidAmount { amount } }
        byRefundReason { reason requests } byActor { actor { id role } orders events } repeatBuyerRate
        forecast(hours: 3) { weeks hours { at placedOrders } } stages { stage count medianSeconds } } }",
    "query ($at: AsOf, $after: String) { dashboardEvents(merchant: \"g\", scope: SUBTREE, range: {gte: \"2023-11-14T00:00:00Z\", lt: \"2023-11-16T00:00:00Z\"},
        currency: \"CNY\", metric: PAID_AMOUNT, basis: BOOKED, first: 3, after: $after, asOf: $at) {
        pageInfo { hasNextPage endCursor } nodes { position kind amount orderId order { label } } } }",
    "query ($at: AsOf, $after: String) { stock(scope: SUBTREE, first: 2, after: $after, asOf: $at) { pageInfo { hasNextPage endCursor }
        nodes { merchant { id name } sku counted received free reserved deducted low } } stockCount(scope: SUBTREE, low: true, asOf: $at) }",
    "query ($at: AsOf, $after: String) { exceptions(scope: SUBTREE, first: 2, after: $after, asOf: $at) { pageInfo { hasNextPage endCursor }
        nodes { kind since dueAt ticket order { number label } } } exceptionsCount(scope: SUBTREE, asOf: $at) { kind count oldestSince } }",
    "query ($at: AsOf, $after: String) { deadlines(scope: SUBTREE, first: 3, after: $after, asOf: $at) { pageInfo { hasNextPage endCursor }
        nodes { kind dueAt order { number } } } deadlinesCount(scope: SUBTREE, before: \"2023-11-14T23:30:00Z\", asOf: $at) }",
];

/// What was answered, and when.
struct Noted {
    position: u64,
    time: String,
    token: String,
    query: &'static str,
    after: Value,
    answer: Value,
}

fn rfc3339(micros: i64) -> String {
    daybook_codec::format_time(Timestamp(micros))
}

/// The whole answer to a token.
async fn ask(server: &Server, token: &str, query: &str, variables: Value) -> Value {
    let body = json!({"query": query, "variables": variables}).to_string();
    let head = format!("Authorization: Bearer {token}\r\nContent-Type: application/json\r\n");
    server.http("POST /graphql", &head, body.as_bytes()).await.json()
}

/// Asks for all pages of all queries, as somebody does who looks at everything.
async fn note(server: &Server, tokens: &[String], noted: &mut Vec<Noted>) {
    server.settle().await;
    let position = server.services.reader.watermark();
    let time = rfc3339(server.micros.load(Ordering::Relaxed));
    for token in tokens {
        for &query in [LIST].iter().chain(OTHERS) {
            let mut after = Value::Null;
            loop {
                let answer = ask(server, token, query, json!({"at": null, "after": after})).await;
                let page = answer["data"].as_object().into_iter().flat_map(|data| data.values());
                let next = page.filter(|page| page["pageInfo"]["hasNextPage"] == true);
                let next = next.map(|page| page["pageInfo"]["endCursor"].clone()).next();
                let (token, time) = (token.clone(), time.clone());
                noted.push(Noted { position, time, token, query, after, answer });
                match next {
                    Some(next) => after = next,
                    None => break,
                }
            }
        }
    }
    server.pass(1);
}

fn without_accounts(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                if name == "account" { *value = Value::Null } else { without_accounts(value) }
            }
        }
        Value::Array(all) => all.iter_mut().for_each(without_accounts),
        _ => {}
    }
}

/// Asks the same again about then, in any order.
async fn asked_again(server: &Server, noted: &[Noted], random: &mut Random, is_erased: bool, when: &str) {
    for n in 0..noted.len() {
        let Noted { position, time, token, query, after, answer } =
            &noted[usize::try_from(random.below(noted.len() as u64)).unwrap()];
        let at = if n % 2 == 0 { json!({"position": position.to_string()}) } else { json!({"time": time}) };
        let mut expected = answer.clone();
        let mut found = ask(server, token, query, json!({"at": at, "after": after})).await;
        if is_erased {
            assert!(!found.to_string().contains("\"ann\""), "{found}");
            without_accounts(&mut expected);
            without_accounts(&mut found);
        }
        assert_eq!(found, expected, "{when}, as of {at}: {query}");
    }
}

/// Something that happens in a shop; what is refused is refused.
async fn act(server: &Server, random: &mut Random, orders: &mut Vec<(&'static str, String)>) {
    server.pass(random.below(900).cast_signed());
    if orders.len() < 3 || random.per_mille(250) {
        let merchant = random.pick(&["g", "m1", "m2", "m3"]);
        let number = format!("N-{}", orders.len());
        let sku = random.pick(&["mug", "card", "tea"]);
        let mut order = crate::kit::order(merchant, &number, random.pick(&["ann", "ben", "cy"]));
        order["lines"][0]["sku"] = sku.into();
        order["lines"][0]["kind"] = random.pick(&["PHYSICAL", "CARD"]).into();
        if server.mutate("placeOrder", order).await["order"] != Value::Null {
            orders.push((merchant, number));
        }
        return;
    }
    let (merchant, number) = orders[usize::try_from(random.below(orders.len() as u64)).unwrap()].clone();
    let order = by(merchant, &number);
    let reason = json!({"code": "OTHER", "text": "because"});
    let trade = server.uuid();
    match random.below(12) {
        0..=3 => drop(server.mutate("recordPayment", payment(merchant, &number, &trade, "10.00")).await),
        4 => drop(server.mutate("placeHold", json!({"order": order, "hold": "RISK"})).await),
        5 => drop(server.mutate("releaseHold", json!({"order": order, "hold": "RISK"})).await),
        6 => drop(server.mutate("cancelOrder", json!({"order": order, "reason": reason})).await),
        7 => {
            let refund = json!({"order": order, "amount": cny("3.00"), "reason": reason});
            drop(server.mutate("requestRefund", refund).await);
        }
        8 => drop(server.mutate("addTag", json!({"order": order, "tag": "vip"})).await),
        9 => {
            let id = server.uuid();
            let input =
                json!({"commandId": id, "merchant": random.pick(&["m1", "m2", "m3"]), "sku": "mug", "quantity": 5});
            let query = "mutation ($input: ReceiveStockInput!) { receiveStock(input: $input) { userErrors { code } } }";
            drop(server.ask(query, json!({"input": input})).await);
        }
        10 => {
            let zone = random.pick(&["Asia/Shanghai", "UTC", "America/Sao_Paulo"]);
            let input = json!({"commandId": server.uuid(), "merchant": random.pick(&["g", "m1"]), "timeZone": zone});
            let query = "mutation ($input: SetProfileInput!) { setProfile(input: $input) { userErrors { code } } }";
            drop(server.ask(query, json!({"input": input})).await);
        }
        // Never from below one of those who ask: its rights of today hold, which another test shows.
        _ => move_merchant(server, "m3", random.pick(&["m1", "g"])).await,
    }
}

async fn move_merchant(server: &Server, merchant: &str, parent: &str) {
    let input = json!({"commandId": server.uuid(), "merchant": merchant, "parent": parent});
    let query = "mutation ($input: MoveMerchantInput!) { moveMerchant(input: $input) { userErrors { code } } }";
    drop(server.ask(query, json!({"input": input})).await);
}

async fn tree(server: &Server) {
    for (id, parent) in [("g", None), ("m1", Some("g")), ("m2", Some("g")), ("m3", Some("m1"))] {
        server.merchant(id, parent).await;
    }
}

fn folded(server: &Server) -> Box<Views> {
    let mut views = Box::new(Views::new());
    server.services.reader.events(1, usize::MAX >> 1).unwrap().iter().for_each(|event| views.apply(event).unwrap());
    views
}

#[test]
fn whatever_was_answered_is_answered_again_about_then() {
    let mut random = Random::new(random::seed("DAYBOOK_PAST_SEED"));
    let dir = tempfile::tempdir().unwrap();
    // Each with a runtime of its own: with it all that has the folder open ends.
    let runtime = || tokio::runtime::Runtime::new().unwrap();
    let (noted, micros) = runtime().block_on(grown(dir.path(), &mut random));
    runtime().block_on(async {
        let server = Server::reopened_in(dir.path()).await;
        server.micros.store(micros, Ordering::Relaxed);
        server.settle().await;
        asked_again(&server, &noted, &mut random, false, "after a restart").await;
        let ann = server.services.reader.buyer_slot(&MerchantId::new("g").unwrap(), "ann").expect("she ordered");
        server.services.reader.vault().erase(SlotId(ann.0)).unwrap();
        server.services.host.forget(ann);
        asked_again(&server, &noted, &mut random, true, "after an erasure").await;
    });
}

/// A shop that grew; what was answered on the way, and the time of its clock.
async fn grown(dir: &Path, random: &mut Random) -> (Vec<Noted>, i64) {
    let server = Server::start_in(dir).await;
    tree(&server).await;
    server.place("m1", "A-1", "ann").await;
    let token = |n: u64| format!("dbk_{n:064}");
    for (n, role, merchant) in [(4, Role::Owner, "g"), (5, Role::Support, "m2"), (6, Role::Analyst, "g")] {
        server.issue_to(n.into(), &token(n), role, Some(merchant), None).await;
    }
    let tokens = [crate::kit::PLATFORM.to_owned(), token(4), token(5), token(6)];
    let mut store = Store::new(&dir.join("views"), *server.services.reader.ledger().id().as_bytes());
    let (hand_in, handed) = sync_channel(1);
    server.services.host.past().with_checkpoints(store.folder().to_path_buf(), hand_in);
    let (mut noted, mut orders) = (Vec::new(), Vec::new());
    for step in 0..90 {
        act(&server, random, &mut orders).await;
        if step % 15 == 14 {
            note(&server, &tokens, &mut noted).await;
            let checkpoint = store.checkpoint(&server.services.host.views()).unwrap();
            store.save(&checkpoint).unwrap();
        }
    }
    assert!(noted.iter().all(|noted| noted.token != tokens[0] || noted.answer.get("errors").is_none()));
    assert!(noted.iter().any(|noted| noted.after != Value::Null && noted.query == LIST), "there are pages");
    assert!(
        noted
            .iter()
            .any(|noted| noted.answer["data"]["exceptions"]["nodes"].as_array().is_some_and(|all| !all.is_empty()))
    );
    asked_again(&server, &noted, random, false, "a moment later").await;
    for _ in 0..30 {
        act(&server, random, &mut orders).await;
    }
    asked_again(&server, &noted, random, false, "after more events").await;

    let rebuilt = folded(&server);
    server.settle().await;
    let replaced = server.services.host.with_views_mut(|views| views.replace(&VIEWS, rebuilt));
    assert!(replaced.is_ok());
    server.services.host.past().forget(&server.services.reader);
    asked_again(&server, &noted, random, false, "after a rebuild").await;
    drop(handed);

    let micros = server.micros.load(Ordering::Relaxed);
    server.services.engine.shutdown().unwrap();
    (noted, micros)
}

#[tokio::test]
async fn a_moment_that_is_none_is_told_so() {
    let server = Server::start().await;
    server.merchant("m1", None).await;
    server.place("m1", "N-1", "ann").await;
    let head = server.services.reader.watermark();
    let refused = |at: Value| {
        let server = &server;
        async move {
            let answer = server.ask("query ($at: AsOf!) { ordersCount(asOf: $at) }", json!({"at": at})).await;
            let error = &answer["errors"][0];
            assert_eq!(error["extensions"]["code"], "INVALID_ARGUMENT", "{answer}");
            error["message"].as_str().unwrap().to_owned()
        }
    };
    let ahead = refused(json!({"position": (head + 1).to_string()})).await;
    assert_eq!(ahead, format!("asOf.position {} is not there yet: the ledger ends at {head}", head + 1));
    let ahead = refused(json!({"time": "2101-01-01T00:00:00Z"})).await;
    assert_eq!(ahead, "asOf.time has not come yet; leave asOf out to ask about now");
    let other = refused(json!({"revision": 1})).await;
    assert_eq!(other, "asOf.revision is one order's: give asOf a position or a time of the ledger");

    let count = "query ($at: AsOf!) { ordersCount(asOf: $at) }";
    for (at, expected) in [
        (json!({"position": "0"}), 0),
        (json!({"time": "2001-01-01T00:00:00Z"}), 0),
        (json!({"position": head.to_string()}), 1),
    ] {
        assert_eq!(server.data(count, json!({"at": at})).await["ordersCount"], expected, "{at}");
    }
}

/// How old the oldest one was, not how old it would be now.
#[tokio::test]
async fn what_depends_on_the_clock_is_as_of_that_time() {
    let server = Server::start().await;
    server.merchant("m1", None).await;
    server.place("m1", "N-1", "ann").await;
    let held = server.done("placeHold", json!({"order": by("m1", "N-1"), "hold": "RISK"})).await;
    let since = server.micros.load(Ordering::Relaxed);
    server.pass(500);
    let query = "query ($at: AsOf) { exceptionsCount(asOf: $at) { kind count oldestAgeSeconds } }";
    let age = |at: Value| {
        let server = &server;
        async move {
            let data = server.data(query, json!({"at": at})).await;
            let all = data["exceptionsCount"].as_array().unwrap();
            all.iter().find(|of| of["count"] == 1).unwrap()["oldestAgeSeconds"].as_i64().unwrap()
        }
    };
    server.settle().await;
    assert_eq!(age(json!(null)).await, 500);
    assert_eq!(age(json!({"time": rfc3339(since + 120_000_000)})).await, 120);
    assert_eq!(age(json!({"position": held["receipt"]["position"]})).await, 0);
}

#[tokio::test]
async fn telephones_are_known_of_now_alone() {
    let server = Server::start().await;
    let query = "query ($where: OrderWhere, $at: AsOf) { ordersCount(where: $where, asOf: $at) orders(where: $where, asOf: $at) { nodes { id } } }";
    let wanted = json!({"OR": [{"phoneTail": {"eq": "0042"}}]});
    let answer = server.ask(query, json!({"where": wanted, "at": {"position": "1"}})).await;
    for error in answer["errors"].as_array().unwrap() {
        assert_eq!(error["extensions"]["code"], "INVALID_ARGUMENT", "{answer}");
        assert!(error["message"].as_str().unwrap().starts_with("phoneTail is known of now alone"), "{answer}");
    }
}

/// Today's rights hold: of whoever was moved away nothing is shown that is not frozen in the order itself.
#[tokio::test]
async fn who_may_not_see_it_now_does_not_see_it_through_the_past() {
    let server = Server::start().await;
    tree(&server).await;
    let (agent, other) = (format!("dbk_{:064}", 4), format!("dbk_{:064}", 5));
    server.issue_to(4, &agent, Role::Owner, Some("m1"), None).await;
    server.issue_to(5, &other, Role::Owner, Some("m2"), None).await;
    for merchant in ["m1", "m3"] {
        let input = json!({"commandId": server.uuid(), "merchant": merchant, "sku": "mug", "quantity": 5});
        let query = "mutation ($input: ReceiveStockInput!) { receiveStock(input: $input) { userErrors { code } } }";
        server.data(query, json!({"input": input})).await;
    }
    server.place("m3", "N-before", "ann").await;
    server.settle().await;
    let then = json!({"position": server.services.reader.watermark().to_string()});
    let query = "query ($at: AsOf) { stock(scope: SUBTREE, asOf: $at) { nodes { merchant { id childrenCount children { nodes { id } } } } }
        stockCount(scope: SUBTREE, asOf: $at) orders(scope: SUBTREE, asOf: $at) { nodes { number buyer { account } } } }";
    let with_m3 = json!({"data": {"stock": {"nodes": [
        {"merchant": {"id": "m1", "childrenCount": 1, "children": {"nodes": [{"id": "m3"}]}}},
        {"merchant": {"id": "m3", "childrenCount": 0, "children": {"nodes": []}}}]}, "stockCount": 2,
        "orders": {"nodes": [{"number": "N-before", "buyer": {"account": "a***n"}}]}}});
    assert_eq!(ask(&server, &agent, query, json!({"at": null})).await, with_m3);
    assert_eq!(ask(&server, &agent, query, json!({"at": then})).await, with_m3);

    move_merchant(&server, "m3", "m2").await;
    server.place("m3", "N-after", "ann").await;
    server.settle().await;
    let without = json!({"data": {"stock": {"nodes": [
        {"merchant": {"id": "m1", "childrenCount": 0, "children": {"nodes": []}}}]}, "stockCount": 1,
        "orders": {"nodes": [{"number": "N-before", "buyer": {"account": "a***n"}}]}}});
    assert_eq!(ask(&server, &agent, query, json!({"at": null})).await, without, "orders stay where they were placed");
    assert_eq!(ask(&server, &agent, query, json!({"at": then})).await, without);
    // Named, it is refused as anybody's else is.
    let named = "query ($at: AsOf) { stock(merchant: \"m3\", asOf: $at) { nodes { sku } } }";
    let refused = ask(&server, &agent, named, json!({"at": then})).await;
    assert_eq!(refused["errors"][0]["extensions"]["code"], "FORBIDDEN", "{refused}");
    // Whoever it stands below now does not come into what was not his either.
    let none = json!({"data": {"stock": {"nodes": []}, "stockCount": 0, "orders": {"nodes": []}}});
    assert_eq!(ask(&server, &other, query, json!({"at": then})).await, none);
}

/// Whoever came to stand below the asker later is shown from then on, also where it is named.
#[tokio::test]
async fn what_was_not_seen_then_is_not_seen_through_the_past() {
    let server = Server::start().await;
    for (id, parent) in [("g", None), ("m1", Some("g")), ("m2", Some("g")), ("m3", Some("m2")), ("m4", Some("m3"))] {
        server.merchant(id, parent).await;
    }
    let agent = format!("dbk_{:064}", 4);
    server.issue_to(4, &agent, Role::Owner, Some("m1"), None).await;
    let receive = |merchant: &'static str| {
        let input = json!({"commandId": server.uuid(), "merchant": merchant, "sku": "mug", "quantity": 5});
        let query = "mutation ($input: ReceiveStockInput!) { receiveStock(input: $input) { userErrors { code } } }";
        server.data(query, json!({"input": input}))
    };
    for merchant in ["m1", "m3", "m4"] {
        receive(merchant).await;
    }
    let zone = json!({"commandId": server.uuid(), "merchant": "m3", "timeZone": "America/Sao_Paulo"});
    let query = "mutation ($input: SetProfileInput!) { setProfile(input: $input) { userErrors { code } } }";
    server.data(query, json!({"input": zone})).await;
    server.place("m3", "N-before", "ann").await;
    server.done("placeHold", json!({"order": by("m3", "N-before"), "hold": "RISK"})).await;
    server.settle().await;
    let then = json!({"position": server.services.reader.watermark().to_string()});
    move_merchant(&server, "m3", "m1").await;
    server.settle().await;
    let moved = json!({"position": server.services.reader.watermark().to_string()});

    let query = r#"query ($at: AsOf) {
        all: stock(scope: SUBTREE, asOf: $at) { nodes { merchant { id } free } } allCount: stockCount(scope: SUBTREE, asOf: $at)
        below: stock(merchant: "m3", scope: SUBTREE, asOf: $at) { nodes { merchant { id } free } }
        belowCount: stockCount(merchant: "m3", scope: SUBTREE, asOf: $at)
        own: stock(merchant: "m3", asOf: $at) { nodes { merchant { id } free } } ownCount: stockCount(merchant: "m4", asOf: $at)
        orders(scope: SUBTREE, asOf: $at) { nodes { number } }
        ordersCount(scope: SUBTREE, where: {merchant: {eq: "m3"}}, asOf: $at)
        dashboard(merchant: "m3", scope: SUBTREE, range: {gte: "2023-11-14T00:00:00Z", lt: "2023-11-16T00:00:00Z"},
            currency: "CNY", asOf: $at) { placedOrders timeZone }
        exceptions(merchant: "m3", scope: SUBTREE, asOf: $at) { nodes { kind } }
        exceptionsCount(merchant: "m3", scope: SUBTREE, asOf: $at) { count }
        deadlines(merchant: "m3", scope: SUBTREE, asOf: $at) { nodes { kind } }
        deadlinesCount(merchant: "m3", scope: SUBTREE, asOf: $at) }"#;
    let has = |id: &str| json!({"merchant": {"id": id}, "free": 5});
    let answer = |seen: &[&str], zone: &str| {
        let nodes = |of: &[&str]| -> Vec<Value> { of.iter().map(|id| has(id)).collect() };
        let below: Vec<&str> = seen.iter().copied().filter(|id| *id != "m1").collect();
        let own: Vec<&str> = seen.iter().copied().filter(|id| *id == "m3").collect();
        json!({"data": {"all": {"nodes": nodes(seen)}, "allCount": seen.len(),
            "below": {"nodes": nodes(&below)}, "belowCount": below.len(),
            "own": {"nodes": nodes(&own)}, "ownCount": seen.iter().filter(|id| **id == "m4").count(),
            // An order stays where it was placed, also now.
            "orders": {"nodes": []}, "ordersCount": 0, "dashboard": {"placedOrders": 0, "timeZone": zone},
            "exceptions": {"nodes": []}, "exceptionsCount": [], "deadlines": {"nodes": []}, "deadlinesCount": 0}})
    };
    let without_counts = |mut answer: Value| {
        let counts = answer["data"]["exceptionsCount"].as_array_mut().unwrap();
        counts.retain(|of| of["count"] != 0);
        answer
    };
    let ask = |at: Value| ask(&server, &agent, query, json!({ "at": at }));
    assert_eq!(without_counts(ask(then).await), answer(&["m1"], "UTC"), "before");
    for at in [Value::Null, moved] {
        assert_eq!(without_counts(ask(at).await), answer(&["m1", "m3", "m4"], "America/Sao_Paulo"), "afterwards");
    }
    let known = "query ($at: AsOf) { orders(scope: SUBTREE, asOf: $at) { nodes { number } } exceptionsCount(scope: SUBTREE, asOf: $at) { count } }";
    let all = server.data(known, json!({"at": null})).await;
    assert_eq!(all["orders"]["nodes"], json!([{"number": "N-before"}]), "there is something to be seen by others");
    assert!(all["exceptionsCount"].as_array().unwrap().iter().any(|of| of["count"] == 1));
}

/// Of an order that has moved on nothing can be done to what it was.
#[tokio::test]
async fn what_can_be_done_is_told_of_orders_that_are_still_so() {
    let server = Server::start().await;
    server.merchant("m1", None).await;
    server.place("m1", "N-1", "ann").await;
    server.place("m1", "N-2", "ann").await;
    let then = json!({"position": server.services.reader.watermark().to_string()});
    server.done("addTag", json!({"order": by("m1", "N-1"), "tag": "vip"})).await;
    let query =
        "query ($at: AsOf) { orders(sortBy: {direction: ASC}, asOf: $at) { nodes { number tags actions { name } } } }";
    let data = server.data(query, json!({"at": then})).await;
    let nodes = data["orders"]["nodes"].as_array().unwrap();
    assert_eq!((&nodes[0]["actions"], &nodes[0]["tags"]), (&json!([]), &json!([])));
    assert!(!nodes[1]["actions"].as_array().unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn many_who_ask_for_the_same_moment_wait_for_one_fold() {
    let server = Arc::new(Server::start().await);
    server.merchant("m1", None).await;
    for n in 0..20 {
        server.place("m1", &format!("N-{n}"), "ann").await;
    }
    let head = server.services.reader.watermark();
    let asking = (0..40).map(|n| {
        let (server, at) = (Arc::clone(&server), json!({"position": (head - n % 2).to_string()}));
        tokio::spawn(
            async move { server.ask("query ($at: AsOf!) { ordersCount(asOf: $at) }", json!({"at": at})).await },
        )
    });
    for (n, asked) in asking.collect::<Vec<_>>().into_iter().enumerate() {
        assert_eq!(asked.await.unwrap(), json!({"data": {"ordersCount": 20 - n % 2}}));
    }
}
