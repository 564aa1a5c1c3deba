//! Histories of what is no order: of a SKU, a merchant and a token; at rest and while the folder is served.
#![allow(clippy::unwrap_used, reason = "unwrap is how a test fails")]

mod support;

use std::path::Path;

use serde_json::{Value, json};
use support::{Server, run, token};

fn id(n: u32) -> String {
    format!("00000000-0000-4000-8000-{n:012}")
}

fn shown(data: &Path, args: &[&str]) -> String {
    let output = run(&[&["history"], args].concat(), data);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn events(data: &Path, args: &[&str]) -> Vec<Value> {
    shown(data, &[args, &["--json"]].concat()).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// What went wrong.
fn refused(data: &Path, args: &[&str]) -> String {
    let output = run(&[&["history"], args].concat(), data);
    assert_eq!((output.status.code(), output.stdout.as_slice()), (Some(1), &b""[..]), "{args:?}");
    String::from_utf8(output.stderr).unwrap()
}

fn kinds(events: &[Value]) -> Vec<&str> {
    events.iter().map(|event| event["kind"].as_str().unwrap()).collect()
}

/// As `field: after`.
fn changed(event: &Value) -> Vec<String> {
    let changes = event["changes"].as_array().unwrap().iter();
    changes
        .map(|change| format!("{}: {}", change["field"].as_str().unwrap(), change["after"].as_str().unwrap()))
        .collect()
}

#[test]
fn a_skus_history_is_what_people_and_orders_did_to_it() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let platform = token(&data);
    assert!(run(&["merchant", "create", "m1"], &data).status.success());
    let server = Server::start(&data, platform);
    let mut number = 0;
    let mut done = |name: &str, input: &str| {
        number += 1;
        let id = id(number);
        let document = format!(
            "mutation {{ {name}(input: {{commandId: \"{id}\", {input}}}) {{ userErrors {{ code message }} }} }}"
        );
        assert_eq!(server.query(&document, &json!({}))[name]["userErrors"], json!([]), "{name}");
    };
    let price = r#"{amount: "9.90", currency: "CNY"}"#;
    done("importCards", r#"merchant: "m1", sku: "gc/10", secrets: ["SECRET-1", "SECRET-2", "SECRET-3"]"#);
    done("receiveStock", r#"merchant: "m1", sku: "mug", quantity: 7"#);
    done(
        "placeOrder",
        &format!(
            r#"merchant: "m1", number: "A-1", buyer: {{account: "ann"}}, lines: [{{sku: "gc/10", title: "Card", quantity: 2, kind: CARD, unitPrice: {price}}}]"#
        ),
    );
    done("setStockMark", r#"merchant: "m1", sku: "gc/10", lowAt: 1"#);
    done(
        "recordPayment",
        r#"order: {number: {number: "A-1"}}, provider: "p", tradeNumber: "T", amount: {amount: "19.80", currency: "CNY"}"#,
    );

    let told = |data: &Path| {
        let events = events(data, &["sku:m1/gc/10"]);
        let positions: Vec<u64> = events.iter().map(|event| event["position"].as_u64().unwrap()).collect();
        assert!(positions.is_sorted(), "{positions:?}");
        events
    };
    let served = told(&data);
    assert_eq!(kinds(&served)[..4], ["cards-imported", "stock-reserved", "stock-mark-set", "stock-taken"]);
    assert_eq!(changed(&served[1]), ["reserved: 2", "free: 1"]);
    assert_eq!(changed(&served[2]), ["lowAt: 1"]);
    assert_eq!(changed(&served[3]), ["reserved: 0", "deducted: 2"]);
    let text = shown(&data, &["sku:m1/gc/10"]);
    assert!(text.contains("free: 3 → 1") && text.contains("stock-reserved"), "{text}");
    assert!(!text.contains("SECRET") && !format!("{served:?}").contains("SECRET"), "secrets are shown to nobody here");
    // Stopped early.
    let position = served[1]["position"].to_string();
    assert_eq!(events(&data, &["sku:m1/gc/10", "--as-of", &format!("position:{position}")]), served[..2]);
    // Automation may have gone on meanwhile.
    let later = events(&data, &["sku:m1/gc/10", "--as-of", "time:2126-01-01T00:00:00Z"]);
    assert_eq!(later[..served.len()], served);
    assert!(refused(&data, &["sku:m1/gc/10", "--as-of", "revision:1"]).contains("position:N"));
    assert!(refused(&data, &["sku:m1/gc/10", "--as-of", "position:1"]).contains("did not exist yet"));
    assert_eq!(kinds(&events(&data, &["sku:m1/mug"])), ["stock-received"]);
    assert_eq!(server.interrupt(), Some(0));
    // The folder at rest tells the same.
    assert_eq!(told(&data)[..served.len()], served);
}

#[test]
fn a_merchants_and_a_tokens_history_are_told_and_what_is_not_there_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let secret = token(&data);
    assert!(run(&["merchant", "create", "m1", "--name", "Shop one"], &data).status.success());
    let server = Server::start(&data, secret.clone());
    let set = format!(
        "mutation {{ setPolicy(input: {{commandId: \"{}\", merchant: \"m1\", payWithinSeconds: 600}}) {{ userErrors {{ code }} }} }}",
        id(1)
    );
    assert_eq!(server.query(&set, &json!({}))["setPolicy"]["userErrors"], json!([]));
    assert_eq!(server.interrupt(), Some(0));

    assert_eq!(kinds(&events(&data, &["merchant:m1"])), ["merchant-registered", "policy-set"]);
    assert_eq!(events(&data, &["merchant:m1", "--as-of", "revision:1"]).len(), 1);
    assert!(shown(&data, &["merchant:m1"]).contains("Shop one"));

    let list = run(&["token", "list", "--json"], &data);
    let listed: Value = serde_json::from_slice(&list.stdout).unwrap();
    let named = format!("token:{}", listed["id"].as_str().unwrap());
    assert!(run(&["token", "revoke", listed["id"].as_str().unwrap()], &data).status.success());
    let told = shown(&data, &[&named]);
    assert!(told.contains("token-issued") && told.contains("token-revoked"), "{told}");
    assert!(!told.contains(&secret[4..]), "{told}");
    assert_eq!(kinds(&events(&data, &[&named, "--as-of", "revision:1"])), ["token-issued"]);

    for (what, said) in [
        ("merchant:m9", "daybook merchant list"),
        ("merchant:", "merchant id \"\" is empty"),
        ("sku:m1", "sku:MERCHANT/SKU"),
        ("sku:m9/mug", "there is no merchant m9"),
        ("sku:m1/mug", "was ever received"),
        ("token:7", "daybook token list"),
        ("token:00000000-0000-4000-8000-000000000001", "daybook token list"),
        ("m1/A-1", "there is no such order"),
        ("store:m1", "merchant:ID"),
    ] {
        let words = refused(&data, &[what]);
        assert!(words.contains(said), "{what}: {words}");
    }
}
