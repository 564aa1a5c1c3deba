//! Bulk work: one action on many orders, as a user asks for it.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use daybook_domain::command::{AddTag, AdvanceJob, CheckJob, Command, OpenJob, SelectForJob};
use daybook_domain::event::SkuKind;
use daybook_domain::job::{ErrorPolicy, JobAction, JobRow, Refusals, RowOrder};
use daybook_domain::{Automatic, CommandId, Event, MerchantId, OrderNumber, Origin, Role, StreamId, Tag};
use daybook_engine::Request;
use daybook_views::Views;
use daybook_views::query::{Condition, Filter, OrderQuery, Take};
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::access::{CLERK, ask};
use crate::kit::{Server, by, cny, order, payment};
use crate::socket::Socket;

/// The fields of roots that are asked for here, also by those who may not.
pub(crate) const FIELDS: [&str; 13] = [
    "job",
    "jobs",
    "bulkConfirmShipment",
    "bulkDeliverCards",
    "bulkRecordTracking",
    "bulkCancel",
    "bulkAddNote",
    "bulkAddTag",
    "bulkEditPrice",
    "bulkApproveRefunds",
    "bulkSettleRefunds",
    "startJob",
    "cancelJob",
];

const JOB: &str = "query ($id: ID!) { job(id: $id) { id kind state total done refused cancelCause
    preview { count totals { amount currency } refusals { code count } }
    results(first: 250) { nodes { row order { number } number ticket state position userErrors { code message } } } } }";

fn document(name: &str) -> String {
    let kind = if name.ends_with("Job") { "Job" } else { &format!("{}{}", name[..1].to_uppercase(), &name[1..]) };
    format!(
        "mutation ($input: {kind}Input!) {{ result: {name}(input: $input) {{ receipt {{ position repeated }}
         job {{ id state total preview {{ count totals {{ amount currency }} refusals {{ code count }} }} }}
         userErrors {{ field code }} }} }}"
    )
}

async fn opened_by(server: &Server, token: &str, name: &str, mut input: Value) -> Value {
    let object = input.as_object_mut().unwrap();
    object.entry("commandId").or_insert_with(|| server.uuid().into());
    if !name.ends_with("Job") {
        object.entry("errorPolicy").or_insert_with(|| "SKIP_REFUSED".into());
    }
    let mut answer = ask(server, token, &document(name), json!({"input": input})).await;
    assert_eq!(answer.get("errors"), None, "{name}: {answer}");
    answer["data"]["result"].take()
}

async fn opened(server: &Server, name: &str, input: Value) -> Value {
    let opened = opened_by(server, crate::kit::PLATFORM, name, input).await;
    assert_eq!(opened["userErrors"], json!([]), "{name}");
    opened["job"].clone()
}

async fn job(server: &Server, id: &Value) -> Value {
    server.data(JOB, json!({ "id": id })).await["job"].take()
}

/// The job once it has ended.
async fn ended(server: &Server, id: &Value) -> Value {
    until(server, id, &["DONE", "REFUSED", "CANCELLED"]).await
}

async fn until(server: &Server, id: &Value, states: &[&str]) -> Value {
    let deadline = Instant::now() + Duration::from_secs(20);
    loop {
        let job = job(server, id).await;
        if states.contains(&job["state"].as_str().unwrap()) {
            return job;
        }
        assert!(Instant::now() < deadline, "never {states:?}: {job}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

async fn carried_out(server: &Server, name: &str, input: Value) -> Value {
    let job = opened(server, name, input).await;
    ended(server, &job["id"]).await
}

/// The rows as (number, code or DONE).
fn fates(job: &Value) -> Vec<(String, String)> {
    let nodes = job["results"]["nodes"].as_array().unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    nodes
        .iter()
        .map(|node| {
            let number = if node["order"].is_null() { &node["number"] } else { &node["order"]["number"] };
            let errors = node["userErrors"].as_array().unwrap();
            (text(number), errors.first().map_or_else(|| text(&node["state"]), |error| text(&error["code"])))
        })
        .collect()
}

fn pairs(list: &[(&str, &str)]) -> Vec<(String, String)> {
    list.iter().map(|(number, fate)| ((*number).to_owned(), (*fate).to_owned())).collect()
}

async fn paid(server: &Server, merchant: &str, number: &str) {
    server.place(merchant, number, "ann").await;
    server.done("recordPayment", payment(merchant, number, &format!("T-{merchant}-{number}"), "10.00")).await;
}

/// A shop with these paid orders.
async fn shop(numbers: &[&str]) -> Server {
    let server = Server::start().await;
    server.merchant("m1", None).await;
    for number in numbers {
        paid(&server, "m1", number).await;
    }
    server.settle().await;
    server
}

async fn label(server: &Server, number: &str) -> Value {
    let query = "query ($by: OrderInput!) { order(by: $by) { label } }";
    server.data(query, json!({"by": by("m1", number)})).await["order"]["label"].take()
}

/// What happened to an order under this job.
fn events_of(server: &Server, merchant: &str, number: &str, job: &Value) -> Vec<&'static str> {
    let order = StreamId::order(&MerchantId::new(merchant).unwrap(), &OrderNumber::new(number).unwrap());
    let history = server.services.reader.history(order).unwrap();
    let of_job = |id: uuid::Uuid| Some(id.to_string().as_str()) == job.as_str();
    history.iter().filter(|it| it.correlation.is_some_and(of_job)).map(|it| it.event.kind().name()).collect()
}

#[tokio::test]
async fn what_matches_is_shipped_and_what_became_of_it_is_told() {
    let server = shop(&["A-1", "A-2", "A-3"]).await;
    server.place("m1", "A-4", "ann").await;
    server.settle().await;
    let opened = server
        .data(
            r#"mutation { bulkConfirmShipment(input: {commandId: "00000000-0000-4000-8000-000000000001",
                where: {label: {oneOf: [TO_SHIP]}}, merchant: "m1", scope: OWN, errorPolicy: SKIP_REFUSED, carrier: "SF"})
                { job { id state total done refused } userErrors { code } } }"#,
            json!({}),
        )
        .await;
    let id = &opened["bulkConfirmShipment"]["job"]["id"];
    assert_eq!(
        (&opened["bulkConfirmShipment"]["userErrors"], &opened["bulkConfirmShipment"]["job"]["total"]),
        (&json!([]), &json!(3))
    );
    let told = ended(&server, id).await;
    assert_eq!(
        [&told["state"], &told["total"], &told["done"], &told["refused"]],
        [&json!("DONE"), &json!(3), &json!(3), &json!(0)]
    );
    assert_eq!(fates(&told), pairs(&[("A-1", "DONE"), ("A-2", "DONE"), ("A-3", "DONE")]));
    let query = format!(
        "query {{ job(id: {id}) {{ id state total done refused results(first: 50) {{ nodes {{ order {{ number }} position userErrors {{ code }} }} }} }} }}"
    );
    let asked = server.data(&query, json!({})).await;
    let shipped = &asked["job"]["results"]["nodes"][1];
    let position: u64 = shipped["position"].as_str().unwrap().parse().unwrap();
    let event = server.services.reader.event(position).unwrap().unwrap();
    assert!(matches!(&event.event, Event::ShipmentConfirmed(e) if e.carrier.as_deref() == Some("SF")), "{event:?}");
    assert_eq!(event.correlation.unwrap().to_string(), *id.as_str().unwrap());
    assert_eq!(label(&server, "A-4").await, "AWAITING_PAYMENT", "it did not match");
}

#[tokio::test]
async fn every_action_is_carried_out_and_one_refusal_never_stops_the_others() {
    let server = shop(&["S-1", "S-2", "C-1", "C-2", "R-1", "R-2"]).await;
    let reason = json!({"code": "OTHER", "text": "why"});
    for number in ["U-1", "U-2", "U-3"] {
        server.place("m1", number, "ann").await;
    }
    let held = json!({"order": by("m1", "S-1"), "hold": "ADDRESS"});
    server.done("placeHold", held.clone()).await;
    for number in ["D-1", "D-2"] {
        let mut placed = order("m1", number, "ann");
        placed["lines"][0]["sku"] = json!("game");
        server.done("placeOrder", placed).await;
        server.done("recordPayment", payment("m1", number, &format!("T-{number}"), "10.00")).await;
    }
    // Only now is the stock counted.
    let cards = json!({"commandId": server.uuid(), "merchant": "m1", "sku": "game", "secrets": ["K-1", "K-2", "K-3"]});
    let import = "mutation ($input: ImportCardsInput!) { importCards(input: $input) { imported } }";
    assert_eq!(server.data(import, json!({"input": cards})).await["importCards"]["imported"], 3);
    for number in ["R-1", "R-2"] {
        for amount in ["1.00", "2.00"] {
            let ask = json!({"order": by("m1", number), "amount": cny(amount), "reason": reason});
            server.done("requestRefund", ask).await;
        }
    }
    server.done("rejectRefund", json!({"order": by("m1", "R-2"), "ticket": 1, "reason": reason})).await;
    server.settle().await;
    let price = |of: Value| {
        let mut price = of;
        price["unitPrice"] = cny("4.00");
        json!([price])
    };
    let of_cards = price(json!({"sku": "card"}));
    let of_nothing = price(json!({"sku": "nothing"}));
    let of_second = price(json!({"line": 2}));
    type Row = (&'static str, Value, &'static [(&'static str, &'static str)], &'static str);
    let rows: Vec<Row> = vec![
        (
            "bulkConfirmShipment",
            json!({"numbers": ["S-1", "S-2"], "trackingNumber": "1"}),
            &[("S-1", "ON_HOLD"), ("S-2", "DONE")],
            "shipment-confirmed",
        ),
        (
            "bulkRecordTracking",
            json!({"numbers": ["S-1", "S-2"], "checkpoint": "c1", "status": "COLLECTED", "place": "her street"}),
            &[("S-1", "NOTHING_SHIPPED"), ("S-2", "DONE")],
            "tracking-updated",
        ),
        // Two units each, three cards.
        (
            "bulkDeliverCards",
            json!({"numbers": ["D-1", "D-2"]}),
            &[("D-1", "DONE"), ("D-2", "OUT_OF_CARDS")],
            "cards-assigned",
        ),
        (
            "bulkCancel",
            json!({"numbers": ["S-2", "C-1"], "reason": reason}),
            &[("S-2", "ALREADY_SHIPPED"), ("C-1", "DONE")],
            "order-cancelled",
        ),
        (
            "bulkAddNote",
            json!({"numbers": ["C-1", "C-2"], "text": "call her"}),
            &[("C-1", "DONE"), ("C-2", "DONE")],
            "note-added",
        ),
        (
            "bulkAddTag",
            json!({"numbers": ["C-1", "C-1", "C-2"], "tag": "vip"}),
            &[("C-1", "DONE"), ("C-2", "DONE")],
            "tag-added",
        ),
        (
            "bulkEditPrice",
            json!({"numbers": ["C-2", "U-1"], "prices": of_cards, "reason": reason}),
            &[("C-2", "NOT_UNPAID"), ("U-1", "DONE")],
            "price-edited",
        ),
        (
            "bulkEditPrice",
            json!({"numbers": ["U-2"], "prices": of_nothing, "reason": reason}),
            &[("U-2", "LINE_UNKNOWN")],
            "none",
        ),
        (
            "bulkEditPrice",
            json!({"numbers": ["U-3"], "prices": of_second, "reason": reason}),
            &[("U-3", "LINE_UNKNOWN")],
            "none",
        ),
        // A row for each ticket.
        (
            "bulkApproveRefunds",
            json!({"numbers": ["R-1", "R-2", "C-2"], "note": "fine"}),
            &[("R-1", "DONE"), ("R-1", "DONE"), ("R-2", "DONE"), ("C-2", "NO_OPEN_TICKET")],
            "refund-approved",
        ),
        (
            "bulkSettleRefunds",
            json!({"numbers": ["R-1", "C-2", "R-2"], "provider": "alipay"}),
            &[("R-1", "DONE"), ("R-1", "DONE"), ("C-2", "NO_OPEN_TICKET"), ("R-2", "DONE")],
            "refund-settled",
        ),
    ];
    for (name, mut input, expected, event) in rows {
        input["merchant"] = json!("m1");
        let told = carried_out(&server, name, input).await;
        assert_eq!(fates(&told), pairs(expected), "{name}");
        let done = expected.iter().filter(|(_, fate)| *fate == "DONE").count();
        let refused = expected.len() - done;
        assert_eq!(
            (&told["state"], &told["done"], &told["refused"]),
            (&json!("DONE"), &json!(done), &json!(refused)),
            "{name}"
        );
        for (number, fate) in expected {
            let events = events_of(&server, "m1", number, &told["id"]);
            assert_eq!(events.first() == Some(&event), *fate == "DONE", "{name} {number}: {events:?}");
        }
    }
    let query =
        "query ($by: OrderInput!) { order(by: $by) { total { amount } history(first: 250) { nodes { kind data } } } }";
    let edited = server.data(query, json!({"by": by("m1", "U-1")})).await;
    assert_eq!(edited["order"]["total"]["amount"], "8.00");
    let noted = server.data(query, json!({"by": by("m1", "C-2")})).await.to_string();
    assert!(noted.contains("call her"), "the note is opened for whoever may read it: {noted}");
    let log = server.data("{ events(first: 250, kinds: [\"job-opened\"]) { nodes { kind data } } }", json!({})).await;
    assert!(log.to_string().contains("call her") && log.to_string().contains("her street"), "{log}");
    for recorded in server.services.reader.events(1, usize::MAX / 2).unwrap() {
        let stored = daybook_codec::encode(&recorded.event).payload;
        assert!(!String::from_utf8_lossy(&stored).contains("call her"), "sealed in {:?}", recorded.event.kind());
    }
}

#[tokio::test]
async fn a_sheet_of_parcels_is_answered_row_by_row() {
    let server = shop(&["A-1", "A-2"]).await;
    let rows = json!([
        {"number": "A-1", "carrier": "YTO", "trackingNumber": "Y-1"},
        {"number": "nowhere", "trackingNumber": "Y-2"},
        {"number": "A-2", "trackingNumber": "Y-3"},
        {"number": "A-1", "trackingNumber": "Y-4"},
    ]);
    let told =
        carried_out(&server, "bulkConfirmShipment", json!({"rows": rows, "merchant": "m1", "carrier": "SF"})).await;
    let expected = [("A-1", "DONE"), ("nowhere", "ORDER_UNKNOWN"), ("A-2", "DONE"), ("A-1", "NOTHING_TO_SHIP")];
    assert_eq!(fates(&told), pairs(&expected));
    assert_eq!((&told["done"], &told["refused"]), (&json!(2), &json!(2)));
    let query = "{ job(id: ID) { results(refused: true, first: 1, after: AFTER) { nodes { row userErrors { code } } pageInfo { endCursor hasNextPage } } } }";
    let ask = |after: &str| query.replace("ID", &told["id"].to_string()).replace("AFTER", after);
    let first = server.data(&ask("null"), json!({})).await["job"]["results"].take();
    assert_eq!((&first["nodes"][0]["row"], &first["pageInfo"]["hasNextPage"]), (&json!(2), &json!(true)), "{first}");
    let second =
        server.data(&ask(&first["pageInfo"]["endCursor"].to_string()), json!({})).await["job"]["results"].take();
    assert_eq!(
        (&second["nodes"][0]["row"], &second["pageInfo"]["hasNextPage"]),
        (&json!(4), &json!(false)),
        "{second}"
    );
    let shipped = |number: &str| {
        let order = StreamId::order(&MerchantId::new("m1").unwrap(), &OrderNumber::new(number).unwrap());
        let history = server.services.reader.history(order).unwrap();
        let Event::ShipmentConfirmed(event) = history.into_iter().last().unwrap().event else { panic!("not shipped") };
        (event.carrier.unwrap(), event.tracking_number.unwrap())
    };
    assert_eq!(shipped("A-1"), ("YTO".into(), "Y-1".into()));
    assert_eq!(shipped("A-2"), ("SF".into(), "Y-3".into()));
}

#[tokio::test]
async fn orders_are_chosen_by_ids_and_by_numbers_and_none_is_lost() {
    let server = shop(&["A-1", "A-2"]).await;
    server.merchant("m2", Some("m1")).await;
    paid(&server, "m2", "A-2").await;
    paid(&server, "m2", "B-1").await;
    server.settle().await;
    let id = server.data("query ($by: OrderInput!) { order(by: $by) { id } }", json!({"by": by("m1", "A-1")})).await;
    let nobody = "00000000-0000-0000-0000-00000000dead";
    let ids = json!([id["order"]["id"], nobody, id["order"]["id"]]);
    let told = carried_out(&server, "bulkAddTag", json!({"ids": ids, "tag": "a"})).await;
    assert_eq!(told["results"]["nodes"][1]["userErrors"][0]["code"], "ORDER_UNKNOWN", "{told}");
    assert_eq!((&told["total"], &told["done"]), (&json!(2), &json!(1)));
    // Without a merchant a number must be the only one of its kind.
    let numbers = json!({"numbers": ["A-1", "A-2", "B-1"], "tag": "b"});
    let told = carried_out(&server, "bulkAddTag", numbers).await;
    assert_eq!(fates(&told), pairs(&[("A-1", "DONE"), ("A-2", "NUMBER_AMBIGUOUS"), ("B-1", "DONE")]));
    for (scope, fate) in [("OWN", "ORDER_UNKNOWN"), ("SUBTREE", "DONE")] {
        let numbers = json!({"numbers": ["A-2", "B-1"], "merchant": "m1", "scope": scope, "tag": scope});
        let told = carried_out(&server, "bulkAddTag", numbers).await;
        assert_eq!(fates(&told), pairs(&[("A-2", "DONE"), ("B-1", fate)]), "{scope}");
    }
    let none = carried_out(&server, "bulkAddTag", json!({"where": {"tag": {"eq": "none"}}, "tag": "c"})).await;
    assert_eq!((&none["state"], &none["total"], &none["done"]), (&json!("DONE"), &json!(0), &json!(0)));
}

#[tokio::test]
async fn with_reject_all_one_refusal_is_enough() {
    let server = shop(&["A-1", "A-2", "A-3"]).await;
    server.done("placeHold", json!({"order": by("m1", "A-2"), "hold": "ADDRESS"})).await;
    let input = json!({"numbers": ["A-1", "A-2", "A-3", "A-9"], "merchant": "m1", "errorPolicy": "REJECT_ALL"});
    let told = carried_out(&server, "bulkConfirmShipment", input).await;
    assert_eq!((&told["state"], &told["done"], &told["refused"]), (&json!("REFUSED"), &json!(0), &json!(2)));
    let expected = [("A-1", "NOT_DONE"), ("A-2", "ON_HOLD"), ("A-3", "NOT_DONE"), ("A-9", "ORDER_UNKNOWN")];
    assert_eq!(fates(&told), pairs(&expected));
    for number in ["A-1", "A-2", "A-3"] {
        assert_eq!(events_of(&server, "m1", number, &told["id"]), [""; 0], "nothing was done to {number}");
    }
    let input = json!({"numbers": ["A-1", "A-3"], "merchant": "m1", "errorPolicy": "REJECT_ALL"});
    let told = carried_out(&server, "bulkConfirmShipment", input).await;
    assert_eq!((&told["state"], &told["done"]), (&json!("DONE"), &json!(2)));
}

#[tokio::test]
async fn what_was_previewed_is_what_runs() {
    let server = shop(&["A-1", "A-2", "A-3"]).await;
    server.done("placeHold", json!({"order": by("m1", "A-3"), "hold": "ADDRESS"})).await;
    server.settle().await;
    let input = json!({"where": {"payment": {"eq": "PAID"}}, "merchant": "m1", "previewOnly": true});
    let opened = opened(&server, "bulkConfirmShipment", input).await;
    assert_eq!(opened["state"], "WAITING", "{opened}");
    let expected = json!({"count": 3, "totals": [{"amount": "30.00", "currency": "CNY"}], "refusals": [{"code": "ON_HOLD", "count": 1}]});
    assert_eq!(opened["preview"], expected);
    // Others go on meanwhile: one more order, one hold less, one parcel sent by hand.
    paid(&server, "m1", "A-4").await;
    server.done("releaseHold", json!({"order": by("m1", "A-3"), "hold": "ADDRESS"})).await;
    server.done("confirmShipment", json!({"order": by("m1", "A-1")})).await;
    assert_eq!(job(&server, &opened["id"]).await["state"], "WAITING");
    let started = opened_by(&server, crate::kit::PLATFORM, "startJob", json!({"id": opened["id"]})).await;
    assert_eq!(started["userErrors"], json!([]));
    let told = ended(&server, &opened["id"]).await;
    assert_eq!(fates(&told), pairs(&[("A-1", "NOTHING_TO_SHIP"), ("A-2", "DONE"), ("A-3", "DONE")]));
    assert_eq!(label(&server, "A-4").await, "TO_SHIP", "it was not selected");
    for name in ["startJob", "cancelJob"] {
        let answer = opened_by(&server, crate::kit::PLATFORM, name, json!({"id": opened["id"]})).await;
        assert_eq!(answer["userErrors"][0]["code"], "JOB_ENDED");
    }
    let told: Vec<Value> = server.incidents(2).await.iter().map(|line| json!([line["field"], line["code"]])).collect();
    assert_eq!(told, [json!(["startJob", "JOB_ENDED"]), json!(["cancelJob", "JOB_ENDED"])]);
}

#[tokio::test]
async fn a_job_that_waits_can_be_dropped() {
    let server = shop(&["A-1"]).await;
    let input = json!({"numbers": ["A-1"], "merchant": "m1", "previewOnly": true, "reason": {"code": "OTHER"}});
    let waiting = opened(&server, "bulkCancel", input).await;
    let cancelled = opened_by(&server, crate::kit::PLATFORM, "cancelJob", json!({"id": waiting["id"]})).await;
    assert_eq!(cancelled["job"]["state"], "CANCELLED", "{cancelled}");
    let told = job(&server, &waiting["id"]).await;
    assert_eq!((&told["cancelCause"], fates(&told)), (&json!("ASKED"), pairs(&[("A-1", "NOT_DONE")])));
    let started = opened_by(&server, crate::kit::PLATFORM, "startJob", json!({"id": waiting["id"]})).await;
    assert_eq!(started["userErrors"][0]["code"], "JOB_ENDED");
    // Nothing waits that was not asked to.
    let done = opened(&server, "bulkAddTag", json!({"numbers": ["A-1"], "merchant": "m1", "tag": "x"})).await;
    server.settle().await;
    let started = opened_by(&server, crate::kit::PLATFORM, "startJob", json!({"id": done["id"]})).await;
    assert!(
        ["JOB_NOT_WAITING", "JOB_ENDED"].contains(&started["userErrors"][0]["code"].as_str().unwrap()),
        "{started}"
    );
    assert_eq!(label(&server, "A-1").await, "TO_SHIP");
}

#[tokio::test]
async fn a_job_that_is_cancelled_stops_between_orders() {
    let server = shop(&[]).await;
    let numbers: Vec<String> = (0..40).map(|n| format!("A-{n}")).collect();
    for number in &numbers {
        server.place("m1", number, "ann").await;
    }
    server.stop_jobs();
    let job = opened(&server, "bulkAddTag", json!({"numbers": numbers, "merchant": "m1", "tag": "x"})).await;
    assert_eq!(job["state"], "RUNNING");
    let cancelled = opened_by(&server, crate::kit::PLATFORM, "cancelJob", json!({"id": job["id"]})).await;
    assert_eq!(cancelled["userErrors"], json!([]));
    server.carry_on_jobs();
    tokio::time::sleep(Duration::from_millis(100)).await;
    let told = ended(&server, &job["id"]).await;
    assert_eq!((&told["state"], &told["done"]), (&json!("CANCELLED"), &json!(0)));
    assert!(numbers.iter().all(|number| events_of(&server, "m1", number, &job["id"]).is_empty()));
}

#[tokio::test]
async fn the_same_command_is_one_job() {
    let server = shop(&["A-1", "A-2"]).await;
    let command = server.uuid();
    let input = json!({"commandId": command, "where": {"label": {"eq": "TO_SHIP"}}, "merchant": "m1"});
    let first = opened_by(&server, crate::kit::PLATFORM, "bulkConfirmShipment", input.clone()).await;
    ended(&server, &first["job"]["id"]).await;
    server.settle().await;
    // Nothing matches any more: what is answered is what was selected then.
    let again = opened_by(&server, crate::kit::PLATFORM, "bulkConfirmShipment", input.clone()).await;
    assert_eq!((&again["job"]["id"], &again["receipt"]["repeated"]), (&first["job"]["id"], &json!(true)));
    assert_eq!((&again["job"]["total"], &again["job"]["state"]), (&json!(2), &json!("DONE")));
    for (key, value) in
        [("carrier", json!("SF")), ("where", json!({"label": {"eq": "SHIPPED"}})), ("previewOnly", json!(true))]
    {
        let mut other = input.clone();
        other[key] = value;
        let refused = opened_by(&server, crate::kit::PLATFORM, "bulkConfirmShipment", other).await;
        assert_eq!(refused["userErrors"][0]["code"], "COMMAND_ID_REUSED", "{key}: {refused}");
    }
    let other = json!({"commandId": command, "where": {"label": {"eq": "TO_SHIP"}}, "merchant": "m1"});
    let refused = opened_by(&server, crate::kit::PLATFORM, "bulkDeliverCards", other).await;
    assert_eq!(refused["userErrors"][0]["code"], "COMMAND_ID_REUSED", "another action");
}

#[tokio::test]
async fn progress_is_told_to_the_end() {
    let server = shop(&["A-1", "A-2", "A-3"]).await;
    let waiting = json!({"numbers": ["A-1", "A-2", "A-3", "A-4"], "merchant": "m1", "previewOnly": true});
    let job = opened(&server, "bulkConfirmShipment", waiting).await;
    let mut socket = Socket::greeted(&server).await;
    let query = "subscription ($id: ID!) { jobProgress(id: $id) { state total done refused } }";
    let payload = json!({"query": query, "variables": {"id": job["id"]}});
    socket.send(json!({"id": "1", "type": "subscribe", "payload": payload})).await;
    let mut told = vec![socket.next().await.unwrap()["payload"]["data"]["jobProgress"].clone()];
    assert_eq!(told[0], json!({"state": "WAITING", "total": 4, "done": 0, "refused": 0}));
    opened_by(&server, crate::kit::PLATFORM, "startJob", json!({"id": job["id"]})).await;
    loop {
        let message = socket.next().await.unwrap();
        if message["type"] == "complete" {
            break;
        }
        told.push(message["payload"]["data"]["jobProgress"].clone());
    }
    assert_eq!(told.last().unwrap(), &json!({"state": "DONE", "total": 4, "done": 3, "refused": 1}));
    assert!(told.windows(2).all(|two| two[0] != two[1]), "each tells something new: {told:?}");
    let payload = json!({"query": query, "variables": {"id": "00000000-0000-0000-0000-00000000dead"}});
    socket.send(json!({"id": "2", "type": "subscribe", "payload": payload})).await;
    let refused = socket.next().await.unwrap();
    assert!(refused.to_string().contains("there is no such job"), "{refused}");
}

/// A job's progress, asked for with these fields, and the first that is told of it.
async fn followed(server: &Server, job: &Value, fields: &str) -> (Socket, Value) {
    let mut socket = Socket::greeted(server).await;
    let query = format!("subscription ($id: ID!) {{ jobProgress(id: $id) {{ {fields} }} }}");
    let payload = json!({"query": query, "variables": {"id": job["id"]}});
    socket.send(json!({"id": "1", "type": "subscribe", "payload": payload})).await;
    let first = socket.next().await.unwrap();
    (socket, first)
}

#[tokio::test]
async fn progress_is_told_with_its_rows_however_long_it_takes() {
    let server = shop(&["A-1"]).await;
    let waiting = json!({"numbers": ["A-1"], "merchant": "m1", "previewOnly": true});
    let job = opened(&server, "bulkConfirmShipment", waiting).await;
    let (mut socket, first) = followed(&server, &job, "state results(first: 1) { nodes { state } }").await;
    let expected = |state: &str| json!({"state": state, "results": {"nodes": [{"state": "PENDING"}]}});
    assert_eq!(first["payload"]["data"]["jobProgress"], expected("WAITING"), "{first}");
    crate::ready::eleven_seconds_pass().await;
    server.stop_jobs();
    opened_by(&server, crate::kit::PLATFORM, "startJob", json!({"id": job["id"]})).await;
    let next = socket.next().await.unwrap();
    assert_eq!(next["payload"], json!({"data": {"jobProgress": expected("RUNNING")}}));
}

#[tokio::test]
async fn progress_is_told_a_few_times_a_second_and_to_the_end() {
    const ROWS: u32 = 60;
    let server = shop(&[]).await;
    server.stop_jobs();
    let numbers: Vec<String> = (0..ROWS).map(|n| format!("A-{n}")).collect();
    let job = opened(&server, "bulkAddTag", json!({"numbers": numbers, "merchant": "m1", "tag": "x"})).await;
    let (mut socket, _) = followed(&server, &job, "state done").await;
    let begun = Instant::now();
    for next in 1..=ROWS {
        step(&server, Command::AdvanceJob(AdvanceJob { job: job_id(&job), next, refusals: Vec::new() })).await;
    }
    let mut told = Vec::new();
    loop {
        let message = socket.next().await.unwrap();
        if message["type"] == "complete" {
            break;
        }
        told.push(message["payload"]["data"]["jobProgress"].clone());
    }
    assert_eq!(told.last().unwrap(), &json!({"state": "DONE", "done": ROWS}));
    // One each fifth of a second, and now and then another that came while it was told.
    let most = 3 + begun.elapsed().as_millis() / 100;
    assert!(u128::try_from(told.len()).unwrap() <= most, "{} of {most}: {told:?}", told.len());
}

#[tokio::test]
async fn a_clerk_acts_on_its_own_orders_alone() {
    let server = shop(&["A-1"]).await;
    server.merchant("m2", None).await;
    server.merchant("m3", Some("m1")).await;
    for merchant in ["m2", "m3"] {
        paid(&server, merchant, &format!("N-{merchant}")).await;
    }
    server.issue(CLERK, Role::Clerk).await;
    server.settle().await;
    let reason = json!({"code": "OTHER"});
    let price = json!([{"line": 1, "unitPrice": cny("1.00")}]);
    let inputs = [
        ("bulkConfirmShipment", json!({})),
        ("bulkDeliverCards", json!({})),
        ("bulkRecordTracking", json!({"checkpoint": "c", "status": "COLLECTED"})),
        ("bulkCancel", json!({"reason": reason})),
        ("bulkAddNote", json!({"text": "x"})),
        ("bulkAddTag", json!({"tag": "x"})),
        ("bulkEditPrice", json!({"prices": price, "reason": reason})),
        ("bulkApproveRefunds", json!({})),
        ("bulkSettleRefunds", json!({})),
    ];
    assert_eq!(inputs.iter().map(|(name, _)| *name).collect::<Vec<_>>(), FIELDS[2..11]);
    for (name, input) in inputs {
        let with = |key: &str, value: Value| {
            let mut input = input.clone();
            input[key] = value;
            input
        };
        for foreign in ["m2", "m3", "m9"] {
            let number = format!("N-{foreign}");
            let mut named = with("numbers", json!([number]));
            named["merchant"] = json!(foreign);
            let refused = opened_by(&server, CLERK, name, named).await;
            assert_eq!(refused["userErrors"][0]["code"], "MERCHANT_UNKNOWN", "{name} {foreign}");
            let order = StreamId::order(&MerchantId::new(foreign).unwrap(), &OrderNumber::new(&number).unwrap());
            for chosen in [with("numbers", json!([number])), with("ids", json!([order.to_string()]))] {
                let job = opened_by(&server, CLERK, name, chosen).await;
                assert_eq!(job["userErrors"], json!([]), "{name}");
                let told = ended(&server, &job["job"]["id"]).await;
                let row = &told["results"]["nodes"][0];
                assert_eq!(
                    (&row["order"], &row["userErrors"][0]["code"]),
                    (&Value::Null, &json!("ORDER_UNKNOWN")),
                    "{name}"
                );
            }
            if foreign != "m9" {
                assert_eq!(
                    server.services.reader.history(order).unwrap().iter().filter(|it| it.correlation.is_some()).count(),
                    0
                );
            }
        }
        let query = document(name);
        for wanted in
            [json!({"merchant": {"eq": "m2"}}), json!({"merchant": {"eq": "m3"}}), json!({"merchant": {"eq": "m9"}})]
        {
            let mut input = with("where", wanted);
            input["commandId"] = json!(server.uuid());
            input["errorPolicy"] = json!("SKIP_REFUSED");
            let empty = ask(&server, CLERK, &query, json!({"input": input})).await;
            assert_eq!(empty["data"]["result"]["job"]["total"], 0, "{name}: {empty}");
            ended(&server, &empty["data"]["result"]["job"]["id"]).await;
        }
        let mut below = with("where", json!({}));
        below["commandId"] = json!(server.uuid());
        (below["errorPolicy"], below["scope"]) = (json!("SKIP_REFUSED"), json!("SUBTREE"));
        let refused = ask(&server, CLERK, &query, json!({"input": below})).await;
        assert_eq!(refused["errors"][0]["extensions"]["code"], "FORBIDDEN", "{name}: {refused}");
        let all = opened_by(&server, CLERK, name, with("where", json!({}))).await;
        assert_eq!(all["job"]["total"], 1, "{name}: its own order alone");
        ended(&server, &all["job"]["id"]).await;
    }
    let own = ask(&server, CLERK, "{ jobs(first: 250) { nodes { id merchant } } }", json!({})).await;
    assert!(own["data"]["jobs"]["nodes"].as_array().unwrap().iter().all(|job| job["merchant"] == "m1"), "{own}");
    assert_eq!(own["data"]["jobs"]["nodes"].as_array().unwrap().len(), 9 * 10);
    // The platform's job is as one that is not there.
    let job =
        opened(&server, "bulkAddTag", json!({"numbers": ["A-1"], "merchant": "m1", "tag": "p", "previewOnly": true}))
            .await;
    let nobody = json!("00000000-0000-0000-0000-00000000dead");
    for id in [&job["id"], &nobody] {
        let asked = ask(&server, CLERK, "query ($id: ID!) { job(id: $id) { id } }", json!({ "id": id })).await;
        assert_eq!(asked["data"]["job"], Value::Null, "{asked}");
        for name in ["startJob", "cancelJob"] {
            let refused = opened_by(&server, CLERK, name, json!({ "id": id })).await;
            assert_eq!(refused["userErrors"], json!([{"field": ["input", "id"], "code": "JOB_UNKNOWN"}]), "{name}");
        }
        let after =
            ask(&server, CLERK, "query ($id: String!) { jobs(after: $id) { nodes { id } } }", json!({ "id": id }))
                .await;
        assert_eq!(after["errors"][0]["message"], "after is not a cursor of this list");
        let mut socket = Socket::greeted_with(&server, CLERK).await;
        let payload =
            json!({"query": "subscription ($id: ID!) { jobProgress(id: $id) { done } }", "variables": {"id": id}});
        socket.send(json!({"id": "1", "type": "subscribe", "payload": payload})).await;
        assert!(socket.next().await.unwrap().to_string().contains("there is no such job"));
    }
    assert_eq!(self::job(&server, &job["id"]).await["state"], "WAITING");
}

#[tokio::test]
async fn a_job_ends_with_the_token_that_it_was_opened_with() {
    let server = shop(&["A-1"]).await;
    server.issue(CLERK, Role::Clerk).await;
    server.stop_jobs();
    let job = opened_by(&server, CLERK, "bulkConfirmShipment", json!({"numbers": ["A-1"]})).await;
    assert_eq!(job["userErrors"], json!([]));
    server.revoke(CLERK).await;
    server.carry_on_jobs();
    let told = ended(&server, &job["job"]["id"]).await;
    assert_eq!(
        (&told["state"], &told["cancelCause"], &told["done"]),
        (&json!("CANCELLED"), &json!("TOKEN_REVOKED"), &json!(0))
    );
    assert_eq!(label(&server, "A-1").await, "TO_SHIP");
}

#[tokio::test]
async fn too_much_at_once_is_refused_in_clear_words() {
    let server = shop(&["A-1"]).await;
    let tag = |key: &str, value: Value| json!({key: value, "merchant": "m1", "tag": "x", "previewOnly": true});
    let many: Vec<String> = (0..10_001).map(|n| format!("N-{n}")).collect();
    let refused = opened_by(&server, crate::kit::PLATFORM, "bulkAddTag", tag("numbers", json!(many))).await;
    assert_eq!(refused["userErrors"], json!([{"field": ["input", "numbers"], "code": "TOO_MANY_ORDERS"}]));
    let told = opened(&server, "bulkAddTag", json!({"numbers": many[1..], "merchant": "m1", "tag": "y"})).await;
    let told = ended(&server, &told["id"]).await;
    assert_eq!((&told["total"], &told["refused"]), (&json!(10_000), &json!(10_000)), "all of them are told");
    for (input, field) in [
        (json!({"tag": "x"}), "ids"),
        (json!({"tag": "x", "ids": [], "numbers": []}), "ids"),
        (json!({"tag": "x", "ids": ["no id"]}), "ids.0"),
        (json!({"tag": "x", "numbers": ["A-1", "a b"]}), "numbers.1"),
        (json!({"tag": "", "numbers": ["A-1"]}), "tag"),
    ] {
        let refused = opened_by(&server, crate::kit::PLATFORM, "bulkAddTag", input).await;
        let path: Vec<&str> = std::iter::once("input").chain(field.split('.')).collect();
        assert_eq!(refused["userErrors"], json!([{"field": path, "code": "INVALID_INPUT"}]), "{field}");
    }
    let long = "x".repeat(4_001);
    let refused =
        opened_by(&server, crate::kit::PLATFORM, "bulkAddNote", json!({"numbers": ["A-1"], "text": long})).await;
    assert_eq!(refused["userErrors"], json!([{"field": ["input", "text"], "code": "INVALID_INPUT"}]));
    for _ in 0..20 {
        opened(&server, "bulkAddTag", tag("numbers", json!(["A-1"]))).await;
    }
    let refused = opened_by(&server, crate::kit::PLATFORM, "bulkAddTag", tag("numbers", json!(["A-1"]))).await;
    assert_eq!(refused["userErrors"][0]["code"], "TOO_MANY_JOBS");
    let newest = server.data("{ jobs(first: 1) { nodes { id } } }", json!({})).await["jobs"]["nodes"][0]["id"].take();
    opened_by(&server, crate::kit::PLATFORM, "cancelJob", json!({ "id": newest })).await;
    opened(&server, "bulkAddTag", tag("numbers", json!(["A-1"]))).await;
}

/// The views learn what was written meanwhile, and nothing more.
fn fold(server: &Server) {
    let host = &server.services.host;
    host.apply(&server.services.reader.events(host.position() + 1, 1 << 20).unwrap()).unwrap();
}

/// What comes of it while the views follow.
async fn followed_by_views<T>(server: &Server, work: impl Future<Output = T>) -> T {
    let mut work = std::pin::pin!(work);
    loop {
        fold(server);
        if let Ok(done) = timeout(Duration::from_millis(5), &mut work).await {
            return done;
        }
    }
}

/// Opens a job on nothing that is there: the answer's code, or the job's state.
async fn opening(server: &Server, token: &str) -> String {
    let input = json!({"commandId": server.uuid(), "errorPolicy": "SKIP_REFUSED", "ids": [server.uuid()], "tag": "x"});
    let answer = ask(server, token, &document("bulkAddTag"), json!({"input": input})).await;
    let result = &answer["data"]["result"];
    let told = [&answer["errors"][0]["extensions"]["code"], &result["userErrors"][0]["code"], &result["job"]["state"]];
    told.into_iter().find_map(Value::as_str).unwrap().to_owned()
}

/// Nobody folds here, so that what is opened is not over until the test says so.
#[tokio::test]
async fn few_jobs_are_opened_at_a_time_and_others_are_told_to_come_again() {
    const OTHER: &str = "dbk_6666666666666666666666666666666666666666666666666666666666666666";
    let server = Server::start_without_follower().await;
    server.merchant("m1", None).await;
    server.merchant("m2", None).await;
    server.issue(CLERK, Role::Clerk).await;
    server.issue_to(9, OTHER, Role::Clerk, Some("m2"), None).await;
    fold(&server);
    let mut going = FuturesUnordered::new();
    let next_is = async |going: &mut FuturesUnordered<_>, code: &str| {
        let next = timeout(Duration::from_secs(10), going.next()).await;
        assert_eq!(next.expect("an answer at once"), Some(code.to_owned()));
    };
    // Three of one and six together have a place.
    for (token, sent, refused) in [(crate::kit::PLATFORM, 5, 2), (CLERK, 4, 1), (OTHER, 2, 2)] {
        going.extend((0..sent).map(|_| opening(&server, token)));
        for _ in 0..refused {
            next_is(&mut going, "BUSY").await;
        }
    }
    assert_eq!(going.len(), 6);
    // They are opened though nobody waits for them any more, and so keep their places.
    drop(going);
    assert_eq!(opening(&server, OTHER).await, "BUSY");
    let opened = || server.services.reader.events(1, 1 << 20).unwrap();
    let opened = || opened().iter().filter(|it| matches!(it.event, Event::JobOpened(_))).count();
    let all_are = async {
        while opened() < 6 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    followed_by_views(&server, all_are).await;
    fold(&server);
    assert_eq!(followed_by_views(&server, opening(&server, OTHER)).await, "RUNNING");
    assert_eq!(opened(), 7);
}

#[tokio::test]
async fn jobs_that_are_being_opened_count_as_open() {
    let server = Server::start_without_follower().await;
    for _ in 0..18 {
        assert_eq!(followed_by_views(&server, opening(&server, crate::kit::PLATFORM)).await, "RUNNING");
    }
    let mut going: FuturesUnordered<_> = (0..3).map(|_| opening(&server, crate::kit::PLATFORM)).collect();
    let refused = timeout(Duration::from_secs(10), going.next()).await.expect("an answer at once");
    assert_eq!(refused.unwrap(), "TOO_MANY_JOBS");
    let rest: Vec<String> = followed_by_views(&server, going.collect()).await;
    assert_eq!(rest, ["RUNNING", "RUNNING"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn a_selection_is_of_one_position_though_others_write() {
    let server = shop(&[]).await;
    const ORDERS: usize = 900;
    let id = MerchantId::new("m1").unwrap();
    let orders: Vec<StreamId> =
        (0..ORDERS).map(|n| StreamId::order(&id, &OrderNumber::new(&format!("A-{n}")).unwrap())).collect();
    for n in 0..ORDERS {
        server.place("m1", &format!("A-{n}"), "ann").await;
    }
    server.settle().await;
    let mut jobs = Vec::new();
    for round in 0..6 {
        let engine = server.services.engine.clone();
        let (orders, next) = (orders.clone(), server.uuid());
        let tagging = tokio::task::spawn_blocking(move || {
            // Out of order, so that what was passed already changes too.
            let mut pending = Vec::new();
            for n in 0..ORDERS {
                let order = orders[(n * 7 + round * 131) % ORDERS];
                let tag = Tag::new(&format!("r{round}")).unwrap();
                let command_id = daybook_domain::CommandId::derived(&["test", &next, &n.to_string()]);
                let actor = daybook_domain::Actor { id: uuid::Uuid::from_u128(1), role: Role::System };
                let request = daybook_engine::Request::live(command_id, actor, Command::AddTag(AddTag { order, tag }));
                pending.push(engine.submit(request));
                if n % 16 == 0 {
                    std::thread::sleep(Duration::from_micros(300));
                }
            }
            pending.into_iter().for_each(|pending| drop(pending.wait().unwrap()));
        });
        let tag = format!("r{round}");
        let input = json!({"where": {"tag": {"eq": tag}}, "merchant": "m1", "tag": "found", "previewOnly": true});
        for _ in 0..3 {
            jobs.push((tag.clone(), opened(&server, "bulkAddTag", input.clone()).await["id"].clone()));
            tokio::time::sleep(Duration::from_millis(3)).await;
        }
        tagging.await.unwrap();
    }
    let events = server.services.reader.events(1, usize::MAX / 2).unwrap();
    let mut partial = 0;
    for (tag, id) in jobs {
        let job = StreamId(id.as_str().unwrap().parse().unwrap());
        let Some(daybook_domain::State::Job(job)) = server.services.reader.state(job).unwrap() else {
            panic!("no job")
        };
        let mut selected = Vec::new();
        for stretch in &job.selections {
            let Event::JobSelected(event) = server.services.reader.event(stretch.position).unwrap().unwrap().event
            else {
                panic!()
            };
            selected.extend(event.rows.into_iter().map(|row| match row.order {
                daybook_domain::job::RowOrder::Known(order) => order,
                other => panic!("{other:?}"),
            }));
        }
        let mut views = Views::new();
        events.iter().take_while(|it| it.position <= job.selected_at).for_each(|it| views.apply(it).unwrap());
        let filter = Filter::Is(Condition::Tag(vec![Tag::new(&tag).unwrap()]));
        let query = OrderQuery { filter, take: Take::First(ORDERS), ..OrderQuery::default() };
        let page = views.order_list().unwrap().page(&query).unwrap();
        let wanted: BTreeSet<StreamId> = page.rows.iter().map(|row| row.id).collect();
        partial += usize::from(!wanted.is_empty() && wanted.len() < ORDERS);
        assert_eq!(selected.len(), wanted.len(), "none twice");
        assert_eq!(selected.into_iter().collect::<BTreeSet<_>>(), wanted, "as of {}", job.selected_at);
    }
    assert!(partial > 0, "no selection was made while others wrote");
}

/// What becomes of tickets between the selection's position and the run is not selected.
#[tokio::test]
async fn tickets_are_those_of_the_selections_position() {
    let server = Server::start_without_follower().await;
    server.merchant("m1", None).await;
    let reason = json!({"code": "OTHER", "text": "why"});
    let ticket = |number: &str| json!({"order": by("m1", number), "ticket": 1});
    for number in ["R-1", "R-2", "R-3"] {
        paid(&server, "m1", number).await;
        server.done("requestRefund", json!({"order": by("m1", number), "amount": cny("1.00"), "reason": reason})).await;
    }
    server.done("approveRefund", ticket("R-1")).await;
    server.done("approveRefund", ticket("R-2")).await;
    fold(&server);
    let at = server.services.host.position();
    // The views do not hear of these yet.
    server.done("approveRefund", ticket("R-3")).await;
    server.done("settleRefund", ticket("R-2")).await;
    let mut opening = std::pin::pin!(opened(&server, "bulkSettleRefunds", json!({"where": {}, "merchant": "m1"})));
    let is_opened = |event: &Event| matches!(event, Event::JobOpened(_));
    while !server.services.reader.events(at, 1 << 20).unwrap().iter().any(|it| is_opened(&it.event)) {
        assert!(timeout(Duration::from_millis(5), &mut opening).await.is_err(), "it waits for the views");
    }
    let job = followed_by_views(&server, opening).await;
    server.carry_on_jobs();
    let told = followed_by_views(&server, ended(&server, &job["id"])).await;
    let expected = [("R-1", "DONE"), ("R-2", "TICKET_CLOSED"), ("R-3", "NO_OPEN_TICKET")];
    assert_eq!(fates(&told), pairs(&expected));
    assert_eq!(events_of(&server, "m1", "R-3", &job["id"]), [""; 0], "its ticket was approved behind {at}");
}

/// So many paid orders, placed without HTTP.
async fn many(server: &Server, count: usize) -> Vec<String> {
    many_of(server, count, |_| ("mug".to_owned(), SkuKind::Physical)).await
}

/// As [`many`], each of what `goods` says of its number.
async fn many_of(server: &Server, count: usize, goods: fn(&str) -> (String, SkuKind)) -> Vec<String> {
    let numbers: Vec<String> = (0..count).map(|n| format!("M-{n}")).collect();
    let (engine, placed, seed) = (server.services.engine.clone(), numbers.clone(), server.uuid());
    let placing = tokio::task::spawn_blocking(move || {
        let place = |number: &String| {
            let (sku, kind) = goods(number);
            let line = daybook_domain::event::Line {
                sku: daybook_domain::Sku::new(&sku).unwrap(),
                title: "Mug".into(),
                kind,
                quantity: 1,
                unit_minor: 500,
                supplier: None,
                inputs: None,
            };
            let place = daybook_domain::command::PlaceOrder {
                merchant: MerchantId::new("m1").unwrap(),
                number: Some(OrderNumber::new(number).unwrap()),
                account: "ann".into(),
                contact: None,
                currency: daybook_domain::Currency::CNY,
                lines: vec![line],
                adjustments: Vec::new(),
            };
            let id = daybook_domain::CommandId::derived(&[&seed, number]);
            let actor = daybook_domain::Actor { id: uuid::Uuid::from_u128(1), role: Role::System };
            engine.submit(daybook_engine::Request::live(id, actor, Command::Place(place)))
        };
        let pay = |number: &String| {
            let pay = daybook_domain::command::RecordPayment {
                order: StreamId::order(&MerchantId::new("m1").unwrap(), &OrderNumber::new(number).unwrap()),
                provider: "alipay".into(),
                trade_number: number.as_str().into(),
                amount: daybook_domain::Money::new(500, daybook_domain::Currency::CNY),
            };
            let id = daybook_domain::CommandId::derived(&[&seed, number, "pay"]);
            let actor = daybook_domain::Actor { id: uuid::Uuid::from_u128(1), role: Role::System };
            engine.submit(daybook_engine::Request::live(id, actor, Command::RecordPayment(pay)))
        };
        let pending: Vec<_> = placed.iter().map(place).chain(placed.iter().map(pay)).collect();
        pending.into_iter().for_each(|pending| drop(pending.wait().unwrap()));
    });
    placing.await.unwrap();
    server.settle().await;
    numbers
}

/// Stopped and started in the middle, as by restarts, and at last cancelled: what is counted is what was done, once.
#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn a_job_that_is_interrupted_and_cancelled_counts_what_it_did() {
    let server = shop(&[]).await;
    let numbers = many(&server, 4_000).await;
    let input = json!({"where": {"product": {"eq": "mug"}}, "merchant": "m1", "text": "call her"});
    let opened = opened(&server, "bulkAddNote", input).await;
    assert_eq!(opened["total"], 4_000);
    for _ in 0..3 {
        tokio::time::sleep(Duration::from_millis(15)).await;
        server.stop_jobs();
        server.carry_on_jobs();
    }
    opened_by(&server, crate::kit::PLATFORM, "cancelJob", json!({"id": opened["id"]})).await;
    let mut told = ended(&server, &opened["id"]).await;
    let effects = |numbers: &[String]| -> Vec<usize> {
        numbers.iter().map(|number| events_of(&server, "m1", number, &opened["id"]).len()).collect()
    };
    // What was under way is counted a moment later.
    let deadline = Instant::now() + Duration::from_secs(20);
    let done = loop {
        let done: usize = effects(&numbers).iter().sum();
        if told["done"] == json!(done) {
            break done;
        }
        assert!(Instant::now() < deadline, "{told} of {done}");
        tokio::time::sleep(Duration::from_millis(20)).await;
        told = job(&server, &opened["id"]).await;
    };
    assert!(effects(&numbers).iter().all(|count| *count <= 1), "an order twice");
    assert!(done > 0, "it was cancelled before it began");
    assert_eq!(told["state"], if done == 4_000 { "DONE" } else { "CANCELLED" });
}

/// Each row by itself is let through, and the second has nothing left to ship.
#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn with_reject_all_a_refusal_in_between_stops_the_rest() {
    let server = shop(&[]).await;
    let mut numbers = many(&server, 900).await;
    numbers.insert(1, "M-0".to_owned());
    let rows: Vec<Value> = numbers.iter().map(|number| json!({"number": number})).collect();
    let input = json!({"rows": rows, "merchant": "m1", "errorPolicy": "REJECT_ALL", "previewOnly": true});
    let waiting = opened(&server, "bulkConfirmShipment", input).await;
    until(&server, &waiting["id"], &["WAITING"]).await;
    assert_eq!(job(&server, &waiting["id"]).await["preview"]["refusals"], json!([]), "each by itself");
    opened_by(&server, crate::kit::PLATFORM, "startJob", json!({"id": waiting["id"]})).await;
    let told = ended(&server, &waiting["id"]).await;
    assert_eq!(
        (&told["state"], &told["cancelCause"], &told["refused"]),
        (&json!("CANCELLED"), &json!("REFUSAL"), &json!(1))
    );
    assert_eq!(fates(&told)[..2], pairs(&[("M-0", "DONE"), ("M-0", "NOTHING_TO_SHIP")]));
    let done = usize::try_from(told["done"].as_u64().unwrap()).unwrap();
    assert!(done <= 512, "no more than was under way: {done}");
    let shipped = numbers[1..].iter().filter(|number| !events_of(&server, "m1", number, &waiting["id"]).is_empty());
    assert_eq!(shipped.count(), done);
}

/// What whoever carries jobs on writes, in a server that ends right behind it.
async fn step(server: &Server, command: Command<String>) {
    let id = CommandId(server.uuid().parse().unwrap());
    let request = Request { origin: Origin::System, ..Request::live(id, Automatic::Jobs.actor(), command) };
    server.services.engine.submit(request).await.unwrap();
}

fn job_id(job: &Value) -> StreamId {
    StreamId(job["id"].as_str().unwrap().parse().unwrap())
}

#[tokio::test]
async fn with_reject_all_a_refusal_stops_the_rest_in_the_next_server_too() {
    let server = shop(&["A-1", "A-2", "A-3", "A-4"]).await;
    server.stop_jobs();
    let numbers = ["A-1", "A-2", "A-3", "A-4"];
    let input = json!({"numbers": numbers, "merchant": "m1", "errorPolicy": "REJECT_ALL"});
    let opened = opened(&server, "bulkConfirmShipment", input).await;
    let job = job_id(&opened);
    step(&server, Command::CheckJob(CheckJob { job, refused: 0, refusals: Vec::new() })).await;
    let refusals = vec![Refusals { code: "ON_HOLD".into(), message: "the order is on hold".into(), rows: vec![0] }];
    step(&server, Command::AdvanceJob(AdvanceJob { job, next: 1, refusals })).await;
    server.carry_on_jobs();
    let told = ended(&server, &opened["id"]).await;
    assert_eq!(
        (&told["state"], &told["cancelCause"], &told["done"], &told["refused"]),
        (&json!("CANCELLED"), &json!("REFUSAL"), &json!(0), &json!(1))
    );
    let expected = [("A-1", "ON_HOLD"), ("A-2", "NOT_DONE"), ("A-3", "NOT_DONE"), ("A-4", "NOT_DONE")];
    assert_eq!(fates(&told), pairs(&expected));
    assert!(numbers.iter().all(|number| events_of(&server, "m1", number, &opened["id"]).is_empty()));
}

/// Each refusal says something else, so that few of them fit into one event.
#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn what_was_refused_is_never_told_as_done_though_the_server_is_stopped_again_and_again() {
    const ROUNDS: u32 = 10;
    let server = shop(&[]).await;
    let goods = |number: &str| (format!("{number}{}", "x".repeat(64 - number.len())), SkuKind::Card);
    let numbers = many_of(&server, 600, goods).await;
    server.stop_jobs();
    let id = MerchantId::new("m1").unwrap();
    let row = |number: &String| {
        let order = RowOrder::Known(StreamId::order(&id, &OrderNumber::new(number).unwrap()));
        JobRow { order, ticket: None, carrier: None, tracking_number: None }
    };
    let rows: Vec<JobRow> = numbers.iter().map(row).collect();
    let total = u32::try_from(rows.len()).unwrap();
    let command_id = CommandId(server.uuid().parse().unwrap());
    let open = Command::OpenJob(OpenJob {
        asked: [0; 32],
        action: JobAction::DeliverCards,
        policy: ErrorPolicy::SkipRefused,
        merchant: None,
        selected_at: 1,
        total: ROUNDS * total,
        waits: false,
        token: None,
    });
    let actor = daybook_domain::Actor { id: uuid::Uuid::from_u128(1), role: Role::System };
    server.services.engine.submit(Request::live(command_id, actor, open)).await.unwrap();
    let job = StreamId::job(None, command_id);
    for round in 0..ROUNDS {
        step(&server, Command::SelectForJob(SelectForJob { job, first: round * total, rows: rows.clone() })).await;
    }
    server.settle().await;
    for _ in 0..10 {
        server.carry_on_jobs();
        tokio::time::sleep(Duration::from_millis(20)).await;
        server.stop_jobs();
    }
    server.carry_on_jobs();
    let told = ended(&server, &json!(job.to_string())).await;
    assert_eq!((&told["state"], &told["done"], &told["refused"]), (&json!("DONE"), &json!(0), &json!(ROUNDS * total)));
    assert!(fates(&told).iter().all(|(_, fate)| fate == "OUT_OF_CARDS"), "{told}");
}

/// One event holds what a check found: 40 KiB of it.
#[tokio::test]
async fn with_reject_all_the_first_refusals_are_listed_and_all_are_counted() {
    let server = shop(&[]).await;
    let goods = |number: &str| (format!("{number}{}", "x".repeat(64 - number.len())), SkuKind::Card);
    let numbers = many_of(&server, 600, goods).await;
    let input = json!({"numbers": numbers, "merchant": "m1", "errorPolicy": "REJECT_ALL"});
    let told = carried_out(&server, "bulkDeliverCards", input).await;
    assert_eq!((&told["state"], &told["refused"]), (&json!("REFUSED"), &json!(600)));
    assert!(fates(&told).iter().all(|(_, fate)| fate == "OUT_OF_CARDS"), "{told}");
    let query =
        "query ($id: ID!) { job(id: $id) { listed: results(first: 250, after: \"250\", refused: true) { nodes { row } }
         others: results(first: 50, after: \"550\") { nodes { state userErrors { code } } } } }";
    let rest = server.data(query, json!({"id": told["id"]})).await["job"].take();
    let listed = rest["listed"]["nodes"].as_array().unwrap().len();
    assert!((50..250).contains(&listed), "{listed} more");
    let other = json!({"state": "NOT_DONE", "userErrors": []});
    assert_eq!(rest["others"]["nodes"], json!(vec![other; 50]));
}
