//! Cards, top-ups, addresses, disputes, policies, and what waits.

use daybook_domain::Command;
use daybook_domain::command::{ClearAlert, RaiseAlert};
use serde_json::{Value, json};

use crate::kit::{Server, by, cny, order, payment, request};
use crate::socket::Socket;

async fn shop() -> Server {
    let server = Server::start().await;
    server.merchant("top", None).await;
    server.merchant("m1", Some("top")).await;
    server
}

/// The test's clock moves on by a microsecond whenever it is asked: the fractions of its seconds say nothing.
fn whole_seconds(value: Value) -> Value {
    match value {
        Value::String(text) => match text.split_once('.') {
            Some((seconds, fraction)) if fraction.ends_with('Z') => Value::String(format!("{seconds}Z")),
            _ => Value::String(text),
        },
        Value::Array(items) => items.into_iter().map(whole_seconds).collect(),
        Value::Object(fields) => fields.into_iter().map(|(name, value)| (name, whole_seconds(value))).collect(),
        other => other,
    }
}

fn reason(code: &str) -> Value {
    json!({"code": code, "text": "asked by phone"})
}

const IMPORT: &str = "mutation ($input: ImportCardsInput!) { importCards(input: $input) {
    receipt { position repeated } imported duplicates { line } stock { free cards } userErrors { field code } } }";
const REVEAL: &str = "mutation ($input: RevealCardsInput!) { revealCards(input: $input) {
    secrets cards { line sku secret } order { cards } receipt { position repeated } userErrors { code } } }";

async fn import(server: &Server, command: &str, secrets: &[String]) -> Value {
    let input = json!({"commandId": command, "merchant": "m1", "sku": "card", "secrets": secrets});
    server.data(IMPORT, json!({"input": input})).await["importCards"].take()
}

fn secrets(numbers: impl Iterator<Item = usize>) -> Vec<String> {
    numbers.map(|number| format!("CARD-{number:06}-secret")).collect()
}

#[tokio::test]
async fn many_cards_come_in_and_those_known_before_are_named() {
    let server = shop().await;
    let command = server.uuid();
    let first = import(&server, &command, &secrets(0..1_000)).await;
    assert_eq!((&first["imported"], &first["duplicates"]), (&json!(1_000), &json!([])));
    assert_eq!(first["stock"], json!({"free": 1_000, "cards": 1_000}));
    let again = import(&server, &command, &secrets(0..1_000)).await;
    assert_eq!((&again["imported"], &again["receipt"]["repeated"]), (&json!(1_000), &json!(true)));
    assert_eq!(again["stock"]["free"], 1_000, "nothing came in twice");
    let mut mixed = secrets(999..1_101);
    mixed.push("CARD-001050-secret".to_owned());
    let mixed = import(&server, &server.uuid(), &mixed).await;
    assert_eq!(mixed["imported"], 101);
    assert_eq!(mixed["duplicates"], json!([{"line": 1}, {"line": 103}]), "one known before, one twice in the list");
    let known = import(&server, &server.uuid(), &secrets(0..2)).await;
    assert_eq!(known["userErrors"], json!([{"field": ["input"], "code": "CARDS_KNOWN"}]));
    assert_eq!((&known["imported"], &known["receipt"]), (&json!(0), &Value::Null));
    assert_eq!(known["duplicates"], json!([{"line": 1}, {"line": 2}]));
    let wrong = import(&server, &server.uuid(), &["ok".into(), " ".into(), "x".repeat(1_025), "a\nb".into()]).await;
    let fields: Vec<&Value> = wrong["userErrors"].as_array().unwrap().iter().map(|error| &error["field"][2]).collect();
    assert_eq!(fields, ["1", "2", "3"]);
}

#[tokio::test]
async fn cards_go_out_oldest_first_and_whoever_sees_them_is_recorded() {
    let server = shop().await;
    import(&server, &server.uuid(), &secrets(0..150)).await;
    for (number, quantity) in [("N-1", 99), ("N-2", 3)] {
        let mut placed = order("m1", number, "ann");
        placed["lines"][0]["quantity"] = quantity.into();
        server.done("placeOrder", placed).await;
        let total = format!("{}.00", quantity * 5);
        server.done("recordPayment", payment("m1", number, &format!("T-{number}"), &total)).await;
    }
    let reveal = async |number: &str, command: &str| {
        let input = json!({"commandId": command, "order": by("m1", number)});
        server.data(REVEAL, json!({"input": input})).await["revealCards"].take()
    };
    let early = reveal("N-1", &server.uuid()).await;
    assert_eq!(early["userErrors"], json!([{"code": "NO_CARDS"}]));
    assert_eq!(early["secrets"], json!([]));
    for number in ["N-1", "N-2"] {
        let delivered = server.done("deliverCards", json!({"order": by("m1", number)})).await;
        assert_eq!(delivered["order"]["axes"]["lifecycle"], "COMPLETED");
        assert_eq!(server.refused("deliverCards", json!({"order": by("m1", number)})).await.0, "ALREADY_DELIVERED");
    }
    let shown = reveal("N-2", &server.uuid()).await;
    // The order's cards stand in two imports.
    assert_eq!(shown["secrets"], json!(secrets(99..102)));
    assert_eq!(shown["cards"][0], json!({"line": 1, "sku": "card", "secret": "CARD-000099-secret"}));
    assert_eq!(shown["order"]["cards"], 3);
    let command = server.uuid();
    let mut once = reveal("N-1", &command).await;
    assert_eq!(once["secrets"], json!(secrets(0..99)));
    let again = reveal("N-1", &command).await;
    once["receipt"]["repeated"] = true.into();
    assert_eq!(once, again, "the same caller sees the same, without another event");
    let history =
        "query ($by: OrderInput!) { order(by: $by) { history(first: 50) { nodes { kind actor { id } data } } } }";
    for (number, seen) in [("N-1", 1), ("N-2", 1)] {
        let answer = server.data(history, json!({"by": by("m1", number)})).await;
        let nodes = answer["order"]["history"]["nodes"].as_array().unwrap();
        assert_eq!(nodes.iter().filter(|node| node["kind"] == "cards-revealed").count(), seen, "{number}");
        assert!(!answer.to_string().contains("-secret"), "no secret stands in the history");
    }
    let all = server.data("{ events(first: 250) { nodes { kind data } } }", json!({})).await.to_string();
    assert!(all.contains("cards-imported") && !all.contains("-secret"));
}

#[tokio::test]
async fn nobody_sees_secrets_through_the_command_of_another() {
    let server = shop().await;
    import(&server, &server.uuid(), &secrets(0..5)).await;
    server.place("m1", "N-1", "ann").await;
    server.done("recordPayment", payment("m1", "N-1", "T", "10.00")).await;
    server.done("deliverCards", json!({"order": by("m1", "N-1")})).await;
    let input = json!({"commandId": server.uuid(), "order": by("m1", "N-1")});
    let shown = server.data(REVEAL, json!({"input": input})).await;
    assert_eq!(shown["revealCards"]["secrets"], json!(secrets(0..2)));
    let other = server.other_platform_token().await;
    let body = json!({"query": REVEAL, "variables": {"input": input}}).to_string();
    let head = format!("Content-Type: application/json\r\nAuthorization: Bearer {other}\r\n");
    let answer = request(server.address, "POST /graphql", &head, body.as_bytes()).await.json();
    assert_eq!(answer["data"]["revealCards"]["secrets"], json!([]), "{answer}");
    assert_eq!(answer["data"]["revealCards"]["userErrors"], json!([{"code": "COMMAND_ID_REUSED"}]));
}

#[tokio::test]
async fn a_top_up_fails_for_its_account_and_succeeds_with_another() {
    let server = shop().await;
    let mut placed = order("m1", "N-1", "ann");
    placed["lines"][0]["kind"] = "TOP_UP".into();
    placed["lines"][0]["inputs"] = json!({"account": "an", "server": "3"});
    placed["buyer"]["contact"] = json!({"phone": "1"});
    server.done("placeOrder", placed).await;
    server.done("recordPayment", payment("m1", "N-1", "T", "10.00")).await;
    let it = || by("m1", "N-1");
    server.done("completeTopUp", json!({"order": it(), "quantity": 1})).await;
    let failed = json!({"order": it(), "failure": "NO_SUCH_ACCOUNT", "wrongAccount": true, "note": "typed wrong"});
    assert_eq!(server.done("failTopUp", failed).await["order"]["axes"]["holds"], json!(["ADDRESS"]));
    // Part of it has arrived; what is left goes to another account.
    let change = json!({"order": it(), "inputs": [{"line": 1, "inputs": {"account": "ann", "server": "3"}}]});
    assert_eq!(server.done("requestAddressChange", change.clone()).await["order"]["label"], "EXCEPTION");
    let mut other = order("m1", "N-2", "ann");
    other["lines"][0]["kind"] = "TOP_UP".into();
    other["lines"][0]["inputs"] = json!({"account": "an", "server": "3"});
    other["buyer"]["contact"] = json!({"phone": "1"});
    server.done("placeOrder", other).await;
    server.done("recordPayment", payment("m1", "N-2", "T-2", "10.00")).await;
    let mut change = change;
    change["order"] = by("m1", "N-2");
    let waiting = server.done("requestAddressChange", change.clone()).await;
    assert_eq!(waiting["order"]["label"], "EXCEPTION");
    assert_eq!(server.refused("requestAddressChange", change).await.0, "CHANGE_PENDING");
    let approve = json!({"order": by("m1", "N-2")});
    assert_eq!(server.refused("approveAddressChange", approve.clone()).await.0, "REVIEWER_IS_REQUESTER");
    let reject = json!({"order": by("m1", "N-2"), "reason": reason("OTHER")});
    assert_eq!(server.refused("rejectAddressChange", reject).await.0, "REVIEWER_IS_REQUESTER");
    let where_to = "query ($by: OrderInput!) { order(by: $by) { label pendingAddressChange { number requestedBy }
        delivery { contact inputs { line inputs } } } }";
    let before = server.data(where_to, json!({"by": by("m1", "N-2")})).await["order"].take();
    assert_eq!(before["delivery"]["inputs"], json!([{"line": 1, "inputs": {"account": "an", "server": "3"}}]));
    assert_eq!(before["pendingAddressChange"]["number"], 1);
    let body = json!({"query": "mutation ($input: ApproveAddressChangeInput!) { approveAddressChange(input: $input) {
        order { label } userErrors { code } } }", "variables": {"input": {"commandId": server.uuid(), "order": by("m1", "N-2")}}});
    let other = server.other_platform_token().await;
    let head = format!("Content-Type: application/json\r\nAuthorization: Bearer {other}\r\n");
    let approved = request(server.address, "POST /graphql", &head, body.to_string().as_bytes()).await.json();
    assert_eq!(approved["data"]["approveAddressChange"]["order"]["label"], "TO_SHIP", "{approved}");
    let after = server.data(where_to, json!({"by": by("m1", "N-2")})).await["order"].take();
    assert_eq!(after["delivery"]["inputs"], json!([{"line": 1, "inputs": {"account": "ann", "server": "3"}}]));
    assert_eq!(after["delivery"]["contact"], json!({"phone": "1"}), "what was not changed stays");
    let done = server.done("completeTopUp", json!({"order": by("m1", "N-2")})).await;
    assert_eq!(done["order"]["label"], "COMPLETED");
}

#[tokio::test]
async fn a_dispute_is_opened_argued_and_decided() {
    let server = shop().await;
    import(&server, &server.uuid(), &secrets(0..5)).await;
    server.place("m1", "N-1", "ann").await;
    server.done("recordPayment", payment("m1", "N-1", "T", "10.00")).await;
    let it = || by("m1", "N-1");
    let open = json!({"order": it(), "reason": reason("NOT_AS_DESCRIBED")});
    assert_eq!(server.refused("openDispute", open.clone()).await.0, "NOT_OBSERVED");
    server.done("deliverCards", json!({"order": it()})).await;
    assert_eq!(server.done("openDispute", open.clone()).await["order"]["label"], "AFTER_SALES");
    assert_eq!(server.refused("openDispute", open).await.0, "DISPUTE_OPEN");
    server.done("addEvidence", json!({"order": it(), "text": "a screenshot"})).await;
    let resolve = json!({"order": it(), "outcome": "BUYER", "refund": cny("4.00"), "reason": reason("GOODWILL")});
    let mut wrong = resolve.clone();
    wrong["refund"] = cny("10.01");
    assert_eq!(server.refused("resolveDispute", wrong).await.0, "MORE_THAN_REFUNDABLE");
    assert_eq!(server.done("resolveDispute", resolve).await["order"]["axes"]["afterSales"], "REFUND_OPEN");
    assert_eq!(server.refused("addEvidence", json!({"order": it(), "text": "late"})).await.0, "NO_OPEN_DISPUTE");
    let read = "query ($by: OrderInput!) { order(by: $by) { disputedSince refunds { amount { amount } state answerBy escalateAt payBy }
        clocks { kind dueAt ticket missed } breaches { kind } attended holds { hold since } } }";
    let order = server.data(read, json!({"by": it()})).await["order"].take();
    assert_eq!(order["refunds"][0]["amount"]["amount"], "4.00");
    let clocks: Vec<&Value> = order["clocks"].as_array().unwrap().iter().map(|clock| &clock["kind"]).collect();
    assert_eq!(clocks, ["ANSWER_REFUND", "ESCALATE_REFUND"]);
    assert_eq!((&order["breaches"], &order["disputedSince"]), (&json!([]), &Value::Null));
}

#[tokio::test]
async fn a_policy_holds_for_clocks_that_start_from_then_on() {
    let server = shop().await;
    let set = "mutation ($input: SetPolicyInput!) { setPolicy(input: $input) { receipt { position }
        policy { payWithinSeconds remindAfterSeconds autoDeliver manualReview warnRefundRate observeForSeconds }
        userErrors { field code } } }";
    let pay_by = async |number: &str| {
        server.place("m1", number, "ann").await;
        let read = "query ($by: OrderInput!) { order(by: $by) { clocks { kind dueAt } } }";
        server.data(read, json!({"by": by("m1", number)})).await["order"]["clocks"].take()
    };
    let before = pay_by("N-1").await;
    let input = json!({"commandId": server.uuid(), "merchant": "m1", "payWithinSeconds": 60, "remindAfterSeconds": 30,
        "autoDeliver": true, "manualReview": false, "warnRefundRate": "0.05"});
    let answer = server.data(set, json!({"input": input})).await["setPolicy"].take();
    assert_eq!(
        answer["policy"],
        json!({"payWithinSeconds": 60, "remindAfterSeconds": 30, "autoDeliver": true, "manualReview": false,
            "warnRefundRate": "0.050000", "observeForSeconds": 604_800})
    );
    assert_eq!(
        whole_seconds(pay_by("N-2").await),
        json!([
            {"kind": "REMIND", "dueAt": "2023-11-14T22:13:50Z"}, {"kind": "PAY", "dueAt": "2023-11-14T22:14:20Z"}
        ])
    );
    let read = "query ($by: OrderInput!) { order(by: $by) { clocks { kind dueAt } } }";
    assert_eq!(server.data(read, json!({"by": by("m1", "N-1")})).await["order"]["clocks"], before, "not moved");
    let merchant = "{ merchant(id: \"m1\") { policy { payWithinSeconds } alerts { kind sku } } }";
    let read = server.data(merchant, json!({})).await;
    assert_eq!(read["merchant"], json!({"policy": {"payWithinSeconds": 60}, "alerts": []}));
    let wrong = json!({"commandId": server.uuid(), "merchant": "m 1", "payWithinSeconds": -1, "warnConversion": "1.1"});
    let errors = server.data(set, json!({"input": wrong})).await["setPolicy"]["userErrors"].take();
    let fields: Vec<&Value> = errors.as_array().unwrap().iter().map(|error| &error["field"][1]).collect();
    assert_eq!(fields, ["merchant", "payWithinSeconds", "warnConversion"]);
    let over =
        json!({"commandId": server.uuid(), "merchant": "m1", "autoDeliver": false, "validTo": "2020-01-01T00:00:00Z"});
    let errors = server.data(set, json!({"input": over})).await["setPolicy"]["userErrors"].take();
    assert_eq!(errors, json!([{"field": ["input", "validTo"], "code": "INVALID_INPUT"}]));
}

#[tokio::test]
async fn a_warning_is_switched_off_and_what_is_dated_is_listed() {
    let server = shop().await;
    let set = "mutation ($input: SetPolicyInput!) { setPolicy(input: $input) {
        policy { warnRefundRate warnConversion warnQueueAgeSeconds } userErrors { field code } } }";
    let set_policy = async |with: Value| {
        let mut input = json!({"commandId": server.uuid(), "merchant": "m1"});
        input.as_object_mut().unwrap().extend(with.as_object().unwrap().clone());
        let mut answer = server.data(set, json!({"input": input})).await["setPolicy"].take();
        assert_eq!(answer["userErrors"], json!([]));
        answer["policy"].take()
    };
    let on = json!({"warnRefundRate": "0.050000", "warnConversion": "0.500000", "warnQueueAgeSeconds": 600});
    assert_eq!(set_policy(on.clone()).await, on);
    assert_eq!(set_policy(json!({"payWithinSeconds": 60})).await, on, "what is left out stays");
    let off = json!({"warnRefundRate": null, "warnConversion": null, "warnQueueAgeSeconds": null});
    assert_eq!(set_policy(off.clone()).await, off);
    assert_eq!(set_policy(json!({"warnConversion": "0.25"})).await["warnConversion"], "0.250000", "and on again");

    let from_now = json!({"validFrom": "2023-11-14T00:00:00Z", "validTo": "2023-11-14T23:00:00Z",
        "autoDeliver": true, "warnRefundRate": "0.1"});
    set_policy(from_now).await;
    set_policy(json!({"validFrom": "2024-01-01T00:00:00Z", "payWithinSeconds": 90, "warnConversion": null})).await;
    let read = "{ merchant(id: \"m1\") { policy { warnRefundRate }
        datedPolicies { validFrom validTo payWithinSeconds autoDeliver warnRefundRate warnConversion } } }";
    let both = server.data(read, json!({})).await["merchant"].take();
    assert_eq!(both["policy"], json!({"warnRefundRate": "0.100000"}));
    let later = json!({"validFrom": "2024-01-01T00:00:00Z", "validTo": null, "payWithinSeconds": 90, "autoDeliver": null,
        "warnRefundRate": null, "warnConversion": "0.000000"});
    assert_eq!(
        both["datedPolicies"],
        json!([{"validFrom": "2023-11-14T00:00:00Z", "validTo": "2023-11-14T23:00:00Z", "payWithinSeconds": null,
            "autoDeliver": true, "warnRefundRate": "0.100000", "warnConversion": null}, later])
    );
    server.pass(3_600);
    let one = server.data(read, json!({})).await["merchant"].take();
    assert_eq!(one["datedPolicies"], json!([later]), "the other one is over");
    let root = server.data("{ merchant(id: \"top\") { datedPolicies { validFrom } } }", json!({})).await;
    assert_eq!(root["merchant"]["datedPolicies"], json!([]));
}

#[tokio::test]
async fn what_waits_is_listed_counted_and_filtered() {
    let server = shop().await;
    server.merchant("m2", Some("top")).await;
    server.place("m1", "N-1", "ann").await;
    server.pass(60);
    server.place("m2", "N-2", "ann").await;
    server.done("failPayment", json!({"order": by("m2", "N-2"), "provider": "alipay", "failure": "BALANCE"})).await;
    server.pass(60);
    server.done("recordPayment", payment("m1", "N-1", "T", "10.00")).await;
    let ask = json!({"order": by("m1", "N-1"), "reason": reason("BUYER_REQUEST")});
    let last = server.done("requestRefund", ask).await["receipt"]["position"].take();
    let query = "query ($at: Position, $kind: [ExceptionKind!], $scope: Scope, $after: String) {
        exceptions(merchant: \"top\", scope: $scope, kind: $kind, first: 1, after: $after, atLeast: $at) {
            nodes { order { number label } kind since dueAt ticket } edges { cursor } pageInfo { hasNextPage endCursor } } }";
    let first = server.data(query, json!({"at": last, "scope": "SUBTREE"})).await["exceptions"].take();
    assert_eq!(
        whole_seconds(first["nodes"].clone()),
        json!([{"order": {"number": "N-2", "label": "EXCEPTION"}, "kind": "PAYMENT", "since": "2023-11-14T22:14:20Z",
            "dueAt": "2023-11-14T22:44:20Z", "ticket": null}])
    );
    assert_eq!(first["pageInfo"]["hasNextPage"], true);
    let after = first["pageInfo"]["endCursor"].clone();
    let second = server.data(query, json!({"scope": "SUBTREE", "after": after})).await["exceptions"].take();
    assert_eq!(second["nodes"][0]["kind"], "REFUND");
    assert_eq!((&second["nodes"][0]["ticket"], &second["pageInfo"]["hasNextPage"]), (&json!(1), &json!(false)));
    let kinds = server.data(query, json!({"scope": "SUBTREE", "kind": ["STOCK", "RISK"]})).await;
    assert_eq!(kinds["exceptions"]["nodes"], json!([]));
    let own = server.data(query, json!({"scope": "OWN"})).await;
    assert_eq!(own["exceptions"]["nodes"], json!([]));
    server.pass(60);
    let counts = "{ exceptionsCount(merchant: \"m2\") { kind count oldestSince oldestAgeSeconds } deadlinesCount }";
    let counts = server.data(counts, json!({})).await;
    assert_eq!(
        whole_seconds(counts["exceptionsCount"][2].clone()),
        json!({"kind": "PAYMENT", "count": 1, "oldestSince": "2023-11-14T22:14:20Z", "oldestAgeSeconds": 120})
    );
    assert_eq!(counts["exceptionsCount"].as_array().unwrap().len(), 5);
    let due =
        "query ($after: String) { deadlines(first: 2, after: $after) { nodes { order { number } kind dueAt ticket }
        pageInfo { endCursor hasNextPage } } }";
    let page = server.data(due, json!({})).await["deadlines"].take();
    let kinds: Vec<(&str, &str)> = page["nodes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|node| (node["kind"].as_str().unwrap(), node["order"]["number"].as_str().unwrap()))
        .collect();
    assert_eq!(kinds, [("REMIND", "N-2"), ("PAY", "N-2")]);
    let rest = server.data(due, json!({"after": page["pageInfo"]["endCursor"]})).await["deadlines"].take();
    assert_eq!(
        (&rest["nodes"][0]["kind"], &rest["nodes"][0]["order"]["number"]),
        (&json!("SHIP_VIRTUAL"), &json!("N-1"))
    );
    let all = counts["deadlinesCount"].as_u64().unwrap();
    assert_eq!(all, 5, "remind, pay; ship, answer, escalate");
    let before = "{ deadlinesCount(before: \"2023-11-14T22:44:20Z\") orders(where: {breach: {oneOf: [PAY, COLLECT]}}) { nodes { number } } }";
    let before = server.data(before, json!({})).await;
    assert_eq!((&before["deadlinesCount"], &before["orders"]["nodes"]), (&json!(1), &json!([])));
    for (field, cursor) in [("exceptions", "zz"), ("deadlines", "00")] {
        let answer =
            server.ask(&format!("{{ {field}(after: \"{cursor}\") {{ nodes {{ dueAt }} }} }}"), json!({})).await;
        assert_eq!(answer["errors"][0]["extensions"]["code"], "INVALID_ARGUMENT", "{answer}");
    }
    let single = server.data("{ exceptions(merchant: \"m2\", kind: PAYMENT) { nodes { kind } } }", json!({})).await;
    assert_eq!(single["exceptions"]["nodes"].as_array().unwrap().len(), 1, "one kind needs no list");
}

#[tokio::test]
async fn changes_of_the_queue_are_told_as_they_come() {
    let server = shop().await;
    let mut socket = Socket::greeted(&server).await;
    let query = "subscription { queueChanges(after: \"0\", merchant: \"top\", scope: SUBTREE) { moved kind ticket order { number label } } }";
    socket.send(json!({"id": "1", "type": "subscribe", "payload": {"query": query}})).await;
    server.place("m1", "N-1", "ann").await;
    let it = || by("m1", "N-1");
    server.done("placeHold", json!({"order": it(), "hold": "RISK"})).await;
    server.done("releaseHold", json!({"order": it(), "hold": "RISK"})).await;
    server.done("recordPayment", payment("m1", "N-1", "T", "10.00")).await;
    server.done("requestRefund", json!({"order": it(), "reason": reason("BUYER_REQUEST")})).await;
    server.done("rejectRefund", json!({"order": it(), "reason": reason("OTHER")})).await;
    let mut told = Vec::new();
    for _ in 0..4 {
        let mut message = socket.next().await.unwrap();
        let change = message["payload"]["data"]["queueChanges"].take();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        told.push((text(&change["moved"]), text(&change["kind"]), text(&change["order"]["label"])));
    }
    let expected = [
        ("ENTERED", "RISK", "EXCEPTION"),
        ("LEFT", "RISK", "AWAITING_PAYMENT"),
        ("ENTERED", "REFUND", "AFTER_SALES"),
        ("LEFT", "REFUND", "TO_SHIP"),
    ];
    let told: Vec<(&str, &str, &str)> =
        told.iter().map(|(moved, kind, label)| (moved.as_str(), kind.as_str(), label.as_str())).collect();
    assert_eq!(told, expected);
}

#[tokio::test]
async fn warnings_are_told_to_those_above_the_merchant() {
    let server = shop().await;
    server.merchant("m2", None).await;
    let mut socket = Socket::greeted(&server).await;
    let query = "subscription { alerts(after: \"0\", merchant: \"top\", scope: SUBTREE) { raised kind sku measured threshold merchant { id } } }";
    socket.send(json!({"id": "1", "type": "subscribe", "payload": {"query": query}})).await;
    let of = |merchant: &str| daybook_domain::MerchantId::new(merchant).unwrap();
    let sku = || Some(daybook_domain::Sku::new("card").unwrap());
    let alert = daybook_domain::event::Alert::LowStock;
    for merchant in ["m2", "m1"] {
        let raise = RaiseAlert { merchant: of(merchant), alert, sku: sku(), measured: 2, threshold: 3 };
        server.execute(Command::RaiseAlert(raise)).await;
    }
    let clear = ClearAlert { merchant: of("m1"), alert, sku: sku(), measured: 9 };
    server.execute(Command::ClearAlert(clear)).await;
    let mut next = async || socket.next().await.unwrap()["payload"]["data"]["alerts"].take();
    assert_eq!(
        next().await,
        json!({"raised": true, "kind": "LOW_STOCK", "sku": "card", "measured": 2, "threshold": 3, "merchant": {"id": "m1"}})
    );
    let cleared = next().await;
    assert_eq!(
        (&cleared["raised"], &cleared["measured"], &cleared["threshold"]),
        (&json!(false), &json!(9), &json!(null))
    );
    let raised = "{ merchant(id: \"m2\") { alerts { kind sku } } }";
    let raised = server.data(raised, json!({})).await;
    assert_eq!(raised["merchant"]["alerts"], json!([{"kind": "LOW_STOCK", "sku": "card"}]));
}

#[tokio::test]
async fn what_was_not_shipped_of_an_order_is_cancelled() {
    let server = shop().await;
    server.done("placeOrder", order("m1", "N-1", "ann")).await;
    server.done("recordPayment", payment("m1", "N-1", "T", "10.00")).await;
    let it = || by("m1", "N-1");
    let rest = || json!({"order": it(), "reason": reason("OUT_OF_STOCK")});
    assert_eq!(server.refused("cancelRest", rest()).await.0, "NOTHING_SHIPPED");
    server.done("confirmShipment", json!({"order": it(), "lines": [{"line": 1, "quantity": 1}]})).await;
    assert_eq!(server.done("cancelRest", rest()).await["order"]["label"], "AFTER_SALES");
    assert_eq!(
        server.refused("rejectRefund", json!({"order": it(), "reason": reason("OTHER")})).await.0,
        "MUST_BE_PAID_BACK"
    );
    server.settle().await;
    let query = "query ($by: OrderInput!) { order(by: $by) { lines { quantity shipped cancelled } refunds { amount { amount } } } }";
    let told = server.data(query, json!({"by": it()})).await["order"].take();
    assert_eq!(told["lines"], json!([{"quantity": 2, "shipped": 1, "cancelled": 1}]));
    assert_eq!(told["refunds"], json!([{"amount": {"amount": "5.00"}}]));
}

#[tokio::test]
async fn cards_that_look_alike_are_one_and_a_refused_import_brings_none() {
    let server = shop().await;
    let card = |secrets: Value| json!({"merchant": "m1", "sku": "card", "secrets": secrets});
    for secret in ["X-1 ", " X-1", "X-1\u{200b}", "X\u{fe0f}-1", "\u{feff}X-1"] {
        let answer = import_as(&server, card(json!(["X-0", secret]))).await;
        assert_eq!(answer["userErrors"][0]["field"], json!(["input", "secrets", "1"]), "{answer}");
        assert_eq!(answer["imported"], 0);
    }
    // More than one commit holds: what the first one meets stops all of them.
    let many: Vec<String> = (0..500).map(|number| format!("M-{number:04}")).collect();
    let mut stale = card(json!(many));
    stale["expectedRevision"] = json!(7);
    let answer = import_as(&server, stale).await;
    assert_eq!((&answer["imported"], &answer["userErrors"][0]["code"]), (&json!(0), &json!("REVISION_CONFLICT")));
    let answer = import_as(&server, card(json!(many))).await;
    assert_eq!((&answer["imported"], &answer["stock"]["free"]), (&json!(500), &json!(500)), "{answer}");
}

async fn import_as(server: &Server, mut input: Value) -> Value {
    input["commandId"] = server.uuid().into();
    let query = "mutation ($input: ImportCardsInput!) { importCards(input: $input) {
        imported duplicates { line } stock { free } userErrors { field code } } }";
    server.data(query, json!({"input": input})).await["importCards"].take()
}

#[tokio::test]
async fn no_document_reveals_more_orders_than_three() {
    let server = shop().await;
    let fields = |count: usize| -> String {
        let field = |n| format!("a{n}: revealCards(input: $input) {{ secrets userErrors {{ code }} }} ");
        let fields: String = (0..count).map(field).collect();
        format!("mutation ($input: RevealCardsInput!) {{ {fields} }}")
    };
    let variables = || json!({"input": {"commandId": server.uuid(), "order": by("m1", "N-1")}});
    let told = server.data(&fields(3), variables()).await;
    assert_eq!(told["a2"]["userErrors"][0]["code"], "ORDER_UNKNOWN");
    let refused = server.ask(&fields(4), variables()).await;
    assert_eq!(refused["errors"][0]["extensions"]["code"], "DOCUMENT_REFUSED", "{refused}");
}
