//! What the operator signs, as anybody gets it, and evidence, as those get it whom it concerns.

use daybook_proof::{Checkpoint, VerifierKey, verify_consistency, verify_evidence};
use serde_json::{Value, json};

use crate::kit::{Server, by};

fn key(server: &Server) -> VerifierKey {
    server.services.notary.as_ref().unwrap().verifier().unwrap()
}

fn sign(server: &Server) -> u64 {
    server.services.notary.as_ref().unwrap().sign().unwrap().checkpoint.size
}

#[tokio::test]
async fn checkpoints_and_proofs_are_for_anybody() {
    let server = Server::start().await;
    let get = async |path: &str| server.http(&format!("GET {path}"), "", b"").await;
    assert_eq!(get("/checkpoint").await.status, 404);
    server.merchant("m1", None).await;
    let first = sign(&server);
    server.place("m1", "N-1", "ann").await;
    let last = sign(&server);
    let newest = get("/checkpoint").await;
    assert_eq!((newest.status, newest.head.contains("cache-control: no-cache")), (200, true));
    let checkpoint = Checkpoint::open(&newest.body, &key(&server)).unwrap();
    assert_eq!((checkpoint.size, checkpoint.size > first), (last, true));
    let earlier = get(&format!("/checkpoint/{first}")).await;
    assert_eq!(Checkpoint::open(&earlier.body, &key(&server)).unwrap().size, first);
    assert!(
        earlier.head.contains("cache-control: public, max-age=300\r\n"),
        "another key may sign it: {}",
        earlier.head
    );
    let proof = get(&format!("/checkpoint/consistency?from={first}&to={last}")).await;
    assert_eq!((proof.status, proof.head.contains("content-type: application/json")), (200, true));
    let (from, to) = verify_consistency(&proof.body, &key(&server)).unwrap();
    assert_eq!((from.size, to), (first, checkpoint));
    for (path, status) in [
        (format!("/checkpoint/{}", last + 1), 404),
        ("/checkpoint/0".into(), 404),
        ("/checkpoint/one".into(), 400),
        ("/checkpoint/-1".into(), 400),
        ("/checkpoint/consistency".into(), 400),
        (format!("/checkpoint/consistency?from={first}&to=x"), 400),
        (format!("/checkpoint/consistency?from={last}&to={first}"), 404),
        (format!("/checkpoint/consistency?from=0&to={last}"), 404),
    ] {
        let answer = get(&path).await;
        assert_eq!(answer.status, status, "{path}: {}", answer.body);
    }
}

#[tokio::test]
async fn evidence_that_was_asked_for_proves_itself_and_has_every_event() {
    let server = Server::start().await;
    server.merchant("m1", None).await;
    server.place("m1", "N-1", "ann").await;
    server.done("addNote", json!({"order": by("m1", "N-1"), "text": "ann's door is the green one"})).await;
    let ask = "query ($by: OrderInput!) { orderEvidence(by: $by) { bundle key } order(by: $by) { id history(first: 9) { \
               nodes { position } } } }";
    let data = server.data(ask, json!({"by": by("m1", "N-1")})).await;
    let bundle = data["orderEvidence"]["bundle"].as_str().unwrap();
    assert_eq!(data["orderEvidence"]["key"], key(&server).to_string());
    assert!(!bundle.contains("green one"), "personal texts stay sealed");
    let verified = verify_evidence(bundle, &key(&server)).unwrap();
    let shown: Vec<&Value> =
        data["order"]["history"]["nodes"].as_array().unwrap().iter().map(|node| &node["position"]).collect();
    assert_eq!(
        (verified.events, verified.order.to_string()),
        (shown.len(), data["order"]["id"].as_str().unwrap().into())
    );
    assert_eq!(shown.last().unwrap().to_string().trim_matches('"'), verified.last_position.to_string());
    let none = server.data(ask, json!({"by": by("m1", "N-404")})).await;
    assert_eq!(none, json!({"orderEvidence": null, "order": null}));
    let merchant = daybook_domain::StreamId::merchant(&daybook_domain::MerchantId::new("m1").unwrap());
    let other = server.data(ask, json!({"by": {"id": merchant.0.to_string()}})).await;
    assert_eq!(other["orderEvidence"], Value::Null, "a merchant is no order");
}

#[tokio::test]
async fn those_who_ask_all_the_time_keep_nobody_off() {
    let server = Server::start().await;
    server.merchant("m1", None).await;
    let size = sign(&server);
    let ask = async || {
        for _ in 0..25 {
            let path = format!("GET /checkpoint/consistency?from={size}&to={size}");
            let answer = server.http(&path, "", b"").await;
            assert_eq!(answer.status, 200, "{}", answer.body);
        }
    };
    futures_util::future::join_all((0..12).map(|_| ask())).await;
}

#[tokio::test]
async fn how_far_the_ledger_is_signed_is_measured() {
    let server = Server::start().await;
    let value = async |name: &str| {
        let text = server.http("GET /metrics", "", b"").await.body;
        let line = text.lines().find(|line| line.starts_with(&format!("{name} "))).map(str::to_owned);
        line.map(|line| line.rsplit(' ').next().unwrap().parse::<u64>().unwrap())
    };
    let (position, lag) = ("daybook_checkpoint_position", "daybook_checkpoint_lag_seconds");
    server.merchant("m1", None).await;
    let size = sign(&server);
    assert_eq!((value(position).await, value(lag).await), (Some(size), Some(0)));
    server.place("m1", "N-1", "ann").await;
    server.micros.fetch_add(90_000_000, std::sync::atomic::Ordering::Relaxed);
    assert_eq!((value(position).await, value(lag).await), (Some(size), Some(90)));
    sign(&server);
    assert_eq!(value(lag).await, Some(0));
    let unsigned = server.serve_again(daybook_api::Services { notary: None, ..server.services.clone() }).await;
    assert!(!unsigned.http("GET /metrics", "", b"").await.body.contains("daybook_checkpoint"));
}

#[tokio::test]
async fn evidence_of_an_order_to_which_too_much_happened_is_the_command_lines() {
    let server = Server::start().await;
    server.merchant("m1", None).await;
    server.place("m1", "N-1", "ann").await;
    let text = "长".repeat(4_000);
    for _ in 0..130 {
        server.done("addNote", json!({"order": by("m1", "N-1"), "text": text})).await;
    }
    let ask = "query ($by: OrderInput!) { orderEvidence(by: $by) { bundle } }";
    let answer = server.ask(ask, json!({"by": by("m1", "N-1")})).await;
    assert_eq!(answer["errors"][0]["extensions"]["code"], "TOO_MUCH_WORK", "{answer}");
    assert!(answer["errors"][0]["message"].as_str().unwrap().contains("`daybook evidence`"), "{answer}");
}

#[tokio::test]
async fn without_a_key_it_is_said_who_makes_one() {
    let server = Server::start().await;
    server.merchant("m1", None).await;
    server.place("m1", "N-1", "ann").await;
    let unsigned = server.serve_again(daybook_api::Services { notary: None, ..server.services.clone() }).await;
    let answer = unsigned
        .ask("query ($by: OrderInput!) { orderEvidence(by: $by) { key } }", json!({"by": by("m1", "N-1")}))
        .await;
    assert_eq!(answer["errors"][0]["extensions"]["code"], "INVALID_ARGUMENT", "{answer}");
    assert!(answer["errors"][0]["message"].as_str().unwrap().contains("makes a key first"));
}
