//! Real orders: after an import every figure that is answered over HTTP is the one that independent code
//! (`olist_expected.py`) computes from the CSV files. They may not be part of the project, so they are looked for where
//! `DAYBOOK_OLIST` points, else in `../shared/data/olist` beside the workspace.
#![allow(clippy::unwrap_used, reason = "unwrap is how a test fails")]

mod support;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use support::{Server, daybook, run, token};

const FIGURES: &str = "placedOrders paidOrders conversionRate paidAmount { amount } averageOrderValue { amount }";

fn source() -> Option<PathBuf> {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/olist");
    let folder = std::env::var_os("DAYBOOK_OLIST").map_or_else(beside, PathBuf::from);
    if folder.is_dir() {
        return Some(folder);
    }
    eprintln!("SKIPPED: no Olist data in {}; set DAYBOOK_OLIST to its folder", folder.display());
    None
}

fn expected(source: &Path) -> Value {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/olist_expected.py");
    let output = Command::new("python3").arg(script).arg(source).output().expect("python3 is needed for this test");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn import(source: &Path, data: &Path) -> Value {
    let output = run(&["import", "olist", source.to_str().unwrap(), "--json"], data);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// What is in the source, as its description counts it.
fn check_report(report: &Value) {
    assert_eq!(report["notImported"], 0);
    for (class, count) in [
        ("carrier before approval", 1359),
        ("carrier before purchase", 166),
        ("delivered before carrier", 23),
        ("delivered without approval time", 14),
        ("delivered without carrier time", 2),
        ("delivered without customer time", 8),
        ("orders without items", 775),
        ("orders without payment", 1),
        ("orders with several sellers", 1278),
        ("orders with several payments", 2961),
        ("payments of value 0: no event", 9),
        ("orders whose payments differ from items and freight", 576),
        ("orders without review", 768),
        ("orders with several reviews", 547),
        ("reviews without creation date", 12),
        ("reviews without answer time", 48),
        ("cancelled although paid, no refund in the source", 484),
    ] {
        assert_eq!(report["anomalies"][class], count, "{class}");
    }
    assert!(report["unmappedColumns"].as_array().unwrap().iter().any(|column| column == "order_reviews.review_id"));
}

/// Those in use: spare ones have another name.
fn wal_files(data: &Path) -> usize {
    let Ok(files) = std::fs::read_dir(data.join("wal")) else { return 0 };
    files.filter(|file| file.as_ref().is_ok_and(|file| file.path().extension().is_some_and(|end| end == "wal"))).count()
}

/// Killed in the middle, then run again, then once more.
fn import_in_pieces(source: &Path, data: &Path) {
    let mut child = daybook()
        .args(["import", "olist", source.to_str().unwrap(), "--data"])
        .arg(data)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    // The second write-ahead file comes with about half of the events, however fast it is.
    let deadline = Instant::now() + Duration::from_secs(300);
    while wal_files(data) < 2 {
        assert_eq!(child.try_wait().unwrap(), None, "it was over before it could be killed");
        assert!(Instant::now() < deadline, "it never got anywhere");
        std::thread::sleep(Duration::from_millis(5));
    }
    child.kill().unwrap();
    assert_eq!(child.wait().unwrap().code(), None, "it was over before it could be killed");
    let resumed = import(source, data);
    let count = |report: &Value, field: &str| report[field].as_u64().unwrap();
    let all = count(&resumed, "imported") + count(&resumed, "alreadyThere");
    assert_eq!(all, 500_852, "{resumed}");
    let (there, new) = (count(&resumed, "alreadyThere"), count(&resumed, "imported"));
    eprintln!("{there} actions were there when the import was killed, {new} were not");
    assert!(there > 0 && new > 0, "not killed midway");
    check_report(&resumed);
    let again = import(source, data);
    assert_eq!((count(&again, "imported"), count(&again, "alreadyThere")), (0, all));
}

#[test]
fn all_figures_are_those_of_the_source() {
    let Some(source) = source() else { return };
    let expected = expected(&source);
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    import_in_pieces(&source, &data);
    let server = Server::start(&data, token(&data));
    check_labels(&server, &expected);
    check_dashboard(&server, &expected);
    check_months(&server, &expected);
    check_sellers(&server, &expected);
    check_buyers(&server, &expected);
    #[cfg(unix)]
    assert_eq!(server.interrupt(), Some(0));
    check_script(&data, &expected);
}

fn check_labels(server: &Server, expected: &Value) {
    let query = "query($label: OrderLabel!) { ordersCount(where: {label: {oneOf: [$label]}}, scope: SUBTREE) }";
    for label in
        ["AWAITING_PAYMENT", "TO_SHIP", "SHIPPED", "COMPLETED", "CANCELLED", "REFUNDED", "AFTER_SALES", "EXCEPTION"]
    {
        let count = &server.query(query, &json!({"label": label}))["ordersCount"];
        assert_eq!(count.as_u64(), Some(expected["labels"][label].as_u64().unwrap_or(0)), "{label}");
    }
}

fn dashboard(server: &Server, merchant: &str, scope: &str, from: &str, to: &str, what: &str) -> Value {
    let query = format!(
        "query($merchant: String, $scope: Scope, $from: DateTime!, $to: DateTime!) {{ dashboard(merchant: $merchant, scope: $scope, \
         range: {{gte: $from, lt: $to}}, timeZone: \"UTC\", currency: \"BRL\", basis: COHORT) {{ {what} }} }}"
    );
    server.query(&query, &json!({"merchant": merchant, "scope": scope, "from": from, "to": to}))["dashboard"].take()
}

const FROM: &str = "2016-01-01T00:00:00Z";
const TO: &str = "2019-01-01T00:00:00Z";

/// `found` as it is answered, `expected` as the script writes it.
fn same(found: &Value, expected: &Value, what: &str) {
    let answer = json!({
        "placedOrders": found["placedOrders"],
        "paidOrders": found["paidOrders"],
        "conversionRate": found["conversionRate"],
        "paidAmount": found["paidAmount"]["amount"],
        "averageOrderValue": found["averageOrderValue"]["amount"],
    });
    let mut expected = expected.clone();
    expected.as_object_mut().unwrap().remove("id");
    assert_eq!(answer, expected, "{what}");
}

fn check_dashboard(server: &Server, expected: &Value) {
    let what = format!(
        "{FIGURES} peak {{ weekday hour placedOrders }} byWeekdayHour {{ weekday hour placedOrders paidOrders }} \
         byDay {{ date placedOrders paidOrders paidAmount {{ amount }} }}"
    );
    let found = dashboard(server, "olist", "SUBTREE", FROM, TO, &what);
    same(&found, &expected["total"], "all orders");
    assert_eq!(found["peak"], expected["peak"]);
    assert_eq!(found["byWeekdayHour"], expected["hours"]);
    let days = expected["days"].as_object().unwrap();
    let mut with_orders = 0;
    for day in found["byDay"].as_array().unwrap() {
        match days.get(day["date"].as_str().unwrap()) {
            Some(expected) => {
                with_orders += 1;
                let amount = &day["paidAmount"]["amount"];
                assert_eq!(
                    (&day["placedOrders"], &day["paidOrders"], amount),
                    (&expected["placedOrders"], &expected["paidOrders"], &expected["paidAmount"]),
                    "{day}"
                );
            }
            None => assert_eq!(day["placedOrders"], 0, "{day}"),
        }
    }
    assert_eq!(with_orders, days.len());
}

fn check_months(server: &Server, expected: &Value) {
    for (month, expected) in expected["months"].as_object().unwrap() {
        let (year, number) = month.split_once('-').unwrap();
        let (year, number): (u32, u32) = (year.parse().unwrap(), number.parse().unwrap());
        let next = format!("{}-{:02}", year + number / 12, number % 12 + 1);
        let start = |month: &str| format!("{month}-01T00:00:00Z");
        same(&dashboard(server, "olist", "SUBTREE", &start(month), &start(&next), FIGURES), expected, month);
    }
}

fn check_sellers(server: &Server, expected: &Value) {
    let sellers = expected["sellers"].as_array().unwrap();
    let what = "byMerchant(first: 250) { merchant { id } placedOrders paidAmount { amount } }";
    let found = dashboard(server, "olist", "SUBTREE", FROM, TO, what);
    let found = found["byMerchant"].as_array().unwrap();
    assert_eq!(found.len(), 250);
    for (found, expected) in found.iter().zip(sellers) {
        let answer = (&found["merchant"]["id"], &found["placedOrders"], &found["paidAmount"]["amount"]);
        assert_eq!(answer, (&expected["id"], &expected["placedOrders"], &expected["paidAmount"]));
    }
    for expected in sellers {
        let id = expected["id"].as_str().unwrap();
        same(&dashboard(server, id, "OWN", FROM, TO, FIGURES), expected, id);
    }
}

fn check_buyers(server: &Server, expected: &Value) {
    let query = "query($buyer: String!) { orders(where: {buyer: {eq: $buyer}}, scope: SUBTREE, first: 250) { \
                 nodes { placedAt number label merchant { id } buyer { account } } pageInfo { hasNextPage } } }";
    for (buyer, expected) in expected["buyers"].as_object().unwrap() {
        let found = server.query(query, &json!({"buyer": buyer}))["orders"].take();
        assert_eq!(found["pageInfo"]["hasNextPage"], false);
        let mut orders: Vec<Value> = found["nodes"]
            .as_array()
            .unwrap()
            .iter()
            .map(|node| {
                assert_eq!(&node["buyer"]["account"], buyer);
                json!([node["placedAt"], node["number"], node["label"], node["merchant"]["id"]])
            })
            .collect();
        let times: Vec<_> = orders.iter().map(|order| order[0].as_str().unwrap().to_owned()).collect();
        assert!(times.is_sorted_by(|a, b| a >= b), "{buyer}: newest first");
        orders.sort_by_key(|order| std::cmp::Reverse(order.to_string()));
        assert_eq!(&Value::from(orders), expected, "{buyer}");
    }
}

/// The script of docs/ over the whole export.
fn check_script(data: &Path, expected: &Value) {
    let mut export = daybook()
        .args(["export", "events", "--format", "jsonl", "--data"])
        .arg(data)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/rebuild-figure.py");
    let output = Command::new("python3").arg(script).stdin(export.stdout.take().unwrap()).output().unwrap();
    assert!(export.wait().unwrap().success());
    let found: Value = serde_json::from_slice(&output.stdout).unwrap();
    let amount: String = expected["total"]["paidAmount"].as_str().unwrap().replace('.', "");
    assert_eq!(found["BRL"]["paidOrders"], expected["total"]["paidOrders"]);
    assert_eq!(found["BRL"]["paidAmountMinor"].to_string(), amount);
}
