//! What differs between two moments, on the command line.
#![allow(clippy::unwrap_used, reason = "unwrap is how a test fails")]

mod support;

use std::path::Path;

use serde_json::{Value, json};
use support::{Server, run, token};

fn good(args: &[&str], data: &Path) -> String {
    let output = run(args, data);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn wrong(args: &[&str], data: &Path) -> String {
    let output = run(args, data);
    assert_eq!(output.status.code(), Some(1));
    String::from_utf8(output.stderr).unwrap()
}

/// The position of a mutation's receipt.
fn done(server: &Server, n: u64, name: &str, input: &Value) -> u64 {
    let mut input = input.clone();
    input["commandId"] = format!("00000000-0000-4000-8000-{n:012}").into();
    let kind = match name {
        "placeHold" => "HoldInput!".to_owned(),
        name => format!("{}{}Input!", name[..1].to_uppercase(), &name[1..]),
    };
    let query = format!(
        "mutation ($input: {kind}) {{ {name}(input: $input) {{ receipt {{ position }} userErrors {{ code message }} }} }}"
    );
    let result = server.query(&query, &json!({"input": input}))[name].take();
    assert_eq!(result["userErrors"], json!([]), "{name}");
    result["receipt"]["position"].as_str().unwrap().parse().unwrap()
}

fn order(number: &str) -> Value {
    json!({"merchant": "m1", "number": number, "buyer": {"account": "ann"},
           "lines": [{"sku": "mug", "title": "Mug", "quantity": 1, "kind": "PHYSICAL",
                      "unitPrice": {"amount": "9.90", "currency": "CNY"}}]})
}

#[test]
fn the_rows_that_differ_are_told_with_what_they_were_and_are() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let token = token(&data);
    good(&["merchant", "create", "m1"], &data);
    let server = Server::start(&data, token);
    let by = |number: &str| json!({"number": {"merchant": "m1", "number": number}});
    done(&server, 1, "receiveStock", &json!({"merchant": "m1", "sku": "mug", "quantity": 7}));
    done(&server, 2, "placeOrder", &order("N-1"));
    let from = done(&server, 3, "placeOrder", &order("N-2"));
    let pay = json!({"order": by("N-1"), "provider": "alipay", "tradeNumber": "t-1", "amount": {"amount": "9.90", "currency": "CNY"}});
    done(&server, 4, "recordPayment", &pay);
    done(&server, 5, "placeHold", &json!({"order": by("N-2"), "hold": "RISK"}));
    let to = done(&server, 6, "placeOrder", &order("N-3"));
    let (from, to) = (format!("position:{from}"), format!("position:{to}"));
    done(&server, 7, "addTag", &json!({"order": by("N-1"), "tag": "later"}));

    let diff = |view: &str, rest: &[&str]| {
        let args = [&["diff", view, "--from", &from, "--to", &to][..], rest].concat();
        good(&args, &data)
    };
    let orders = diff("orders", &["--json"]);
    let rows: Vec<Value> = orders.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(rows.iter().map(|row| row["row"].as_str().unwrap()).collect::<Vec<_>>(), ["m1/N-1", "m1/N-2", "m1/N-3"]);
    assert_eq!(rows[0]["fields"]["label"], json!({"before": "AWAITING_PAYMENT", "after": "TO_SHIP"}));
    assert_eq!(rows[0]["fields"]["captured"], json!({"before": "0", "after": "990"}));
    assert_eq!(rows[0]["fields"].get("tags"), None, "that came later, or is the same");
    assert_eq!(rows[1]["fields"]["holds"], json!({"before": "", "after": "RISK"}));
    assert_eq!(rows[2]["fields"]["label"], json!({"before": null, "after": "AWAITING_PAYMENT"}));
    let text = diff("orders", &[]);
    assert!(text.contains("m1/N-1\n  label: AWAITING_PAYMENT -> TO_SHIP\n  payment: UNPAID -> PAID\n"), "{text}");
    assert!(text.contains("m1/N-3 (new)\n") && !text.contains("rest"), "{text}");

    // What was reserved for the one that is paid is deducted, and the new one has one reserved.
    assert_eq!(diff("stock", &[]), "m1/mug\n  free: 5 -> 4\n  deducted: 0 -> 1\n");
    let exceptions = diff("exceptions", &[]);
    assert!(exceptions.starts_with("m1/N-2 RISK (new)\n  since: 20"), "{exceptions}");
    let dashboard = diff("dashboard", &[]);
    assert!(
        dashboard.contains("all merchants CNY COHORT all days\n  placedOrders: 2 -> 3\n  paidOrders: 0 -> 1\n"),
        "{dashboard}"
    );
    assert!(dashboard.contains("m1 CNY BOOKED 20"), "{dashboard}");
    // The other way round.
    let gone = good(&["diff", "exceptions", "--from", &to, "--to", &from], &data);
    assert!(gone.starts_with("m1/N-2 RISK (gone)\n"), "{gone}");
    let now = good(&["diff", "orders", "--from", &to, "--json"], &data);
    assert!(now.contains("later") && now.lines().count() == 1, "{now}");
    let never = good(&["diff", "orders", "--from", "time:2001-01-01T00:00:00Z", "--to", &from, "--json"], &data);
    assert_eq!(never.lines().count(), 2);

    assert_eq!(server.interrupt(), Some(0));
    assert_eq!(diff("orders", &["--json"]), orders, "at rest as beside a server");
    assert_eq!(diff("dashboard", &[]), dashboard);

    let ahead = wrong(&["diff", "stock", "--from", "position:1000000"], &data);
    assert!(ahead.contains("--from position:1000000 is not there yet: the ledger ends at"), "{ahead}");
    let unread = wrong(&["diff", "stock", "--from", "yesterday"], &data);
    assert!(unread.contains("neither position:N nor time:2026-01-31T12:00:00Z"), "{unread}");
    let unknown = run(&["diff", "lists", "--from", "position:1"], &data);
    assert_eq!(unknown.status.code(), Some(2));
}
