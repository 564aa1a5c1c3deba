//! The largest commands that are let through fit into a commit, over the real command line.
#![allow(clippy::unwrap_used, reason = "unwrap is how a test fails")]

mod support;

use std::fs;

use daybook_domain::limits::{
    MAX_ADJUSTMENTS, MAX_CONTACT_BYTES, MAX_DEPTH, MAX_LINES, MAX_NAME_CHARS, MAX_ORDER_TEXT_BYTES, MAX_QUANTITY,
    MAX_TEXT_CHARS,
};
use serde_json::{Value, json};
use support::run;

/// As long as an id may be.
fn merchant(depth: usize) -> String {
    format!("{depth:0>64}")
}

fn register(depth: usize) -> Value {
    let mut line = json!({"action": "register-merchant", "id": merchant(depth), "name": "m"});
    if depth > 0 {
        line["parent"] = merchant(depth - 1).into();
    }
    line
}

/// An order of `text_bytes` in all, with as much as there may be of everything else.
fn place(text_bytes: usize) -> Value {
    let number = "号".repeat(64);
    let account = "户".repeat(MAX_NAME_CHARS);
    let contact = json!({"n": "c".repeat(MAX_CONTACT_BYTES - 8)});
    let adjustment = json!({"kind": "FREIGHT", "label": "l", "amount": "0.01"});
    let fixed = number.len() + account.len() + contact.to_string().len() + MAX_ADJUSTMENTS;
    let of_line = 1 + 1 + merchant(0).len() + "{}".len();
    let line = json!({
        "sku": "s", "title": "t", "kind": "PHYSICAL", "quantity": MAX_QUANTITY, "unitPrice": "99999.99",
        "supplier": merchant(0), "inputs": {},
    });
    let mut left = text_bytes - fixed - of_line * MAX_LINES;
    let mut lines = Vec::new();
    for _ in 0..MAX_LINES {
        let mut line = line.clone();
        let more = left.min(MAX_CONTACT_BYTES - 2);
        if more < 7 {
            line["title"] = "t".repeat(1 + more).into();
        } else {
            line["inputs"] = json!({"k": "i".repeat(more - 6)});
        }
        left -= more;
        lines.push(line);
    }
    json!({
        "action": "place", "at": "2024-01-01T00:00:00Z", "merchant": merchant(MAX_DEPTH), "number": number,
        "buyer": {"account": account, "contact": contact}, "currency": "CNY",
        "lines": lines, "adjustments": vec![adjustment; MAX_ADJUSTMENTS],
    })
}

#[test]
fn what_keeps_every_limit_fits_into_a_commit() {
    let folder = tempfile::tempdir().unwrap();
    let import = |name: &str, lines: &[Value]| -> Value {
        let file = folder.path().join(name);
        fs::write(&file, lines.iter().map(Value::to_string).collect::<Vec<_>>().join("\n")).unwrap();
        let output = run(&["import", "jsonl", file.to_str().unwrap(), "--json"], &folder.path().join("data"));
        serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{output:?}"))
    };
    let merchants: Vec<Value> = (0..=MAX_DEPTH).map(register).collect();
    assert_eq!(import("merchants", &merchants)["notImported"], 0);

    let report = import("too much", &[place(MAX_ORDER_TEXT_BYTES + 1)]);
    let why = report["badLines"][0]["why"].as_str().unwrap();
    assert!(why.contains("INVALID_INPUT: lines have too much text"), "{why}");
    assert!(why.contains(&format!("{} bytes, at most {MAX_ORDER_TEXT_BYTES}", MAX_ORDER_TEXT_BYTES + 1)), "{why}");

    let order = place(MAX_ORDER_TEXT_BYTES);
    let price = |line: usize| json!({"line": line, "unitPrice": {"amount": "99999.98", "currency": "CNY"}});
    let edit = json!({
        "action": "edit-price", "at": "2024-01-01T00:01:00Z", "merchant": order["merchant"], "number": order["number"],
        "prices": (1..=MAX_LINES).map(price).collect::<Vec<_>>(),
        "reason": {"code": "NEGOTIATED", "text": "𠀀".repeat(MAX_TEXT_CHARS)},
    });
    let report = import("just enough", &[order, edit]);
    assert_eq!((&report["imported"], &report["notImported"]), (&2.into(), &0.into()), "{report}");
}
