//! Views that are folded again: of a folder at rest, and beside the ones that serve.
#![allow(clippy::unwrap_used, reason = "unwrap is how a test fails")]

mod support;

use std::path::Path;
use std::process::Output;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use serde_json::{Value, json};
use support::{Server, run, token};

const ORDER: &str = "mutation($id: ID!) { placeOrder(input: {commandId: $id, merchant: \"m1\", buyer: {account: \"ann\"},
    lines: [{sku: \"card\", title: \"Card\", quantity: 1, kind: CARD, unitPrice: {amount: \"9.90\", currency: \"CNY\"}}]})
    { receipt { position } userErrors { message } } }";
const SEEN: &str = "query($from: Position!) { ordersCount(scope: SUBTREE, atLeast: $from)
    dashboard(merchant: \"m1\", scope: SUBTREE, range: {gte: \"2020-01-01T00:00:00Z\", lt: \"2100-01-01T00:00:00Z\"},
        timeZone: \"UTC\", currency: \"CNY\", atLeast: $from) { placedOrders }
    stock(atLeast: $from) { nodes { sku free } } }";

const RECEIVE: &str = r#"mutation { receiveStock(input: {commandId: "00000000-0000-4000-8000-0000000000ff", merchant: "m1",
    sku: "mug", quantity: 7}) { userErrors { code } } }"#;

const TAG: &str = r#"mutation { bulkAddTag(input: {commandId: "00000000-0000-4000-8000-0000000000fe", where: {}, merchant: "m1",
    errorPolicy: SKIP_REFUSED, tag: "vip"}) { userErrors { code } } }"#;
const JOBS: &str = "{ jobs { nodes { id state total done results(first: 3) { nodes { state order { number } } } } } }";

fn place(server: &Server, n: u64) -> String {
    let id = format!("00000000-0000-4000-8000-{n:012}");
    let placed = server.query(ORDER, &json!({ "id": id }))["placeOrder"].take();
    assert_eq!(placed["userErrors"], json!([]));
    placed["receipt"]["position"].as_str().unwrap().to_owned()
}

fn seen(server: &Server, from: &str) -> Value {
    server.query(SEEN, &json!({ "from": from }))
}

fn good(output: &Output) -> &str {
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    std::str::from_utf8(&output.stdout).unwrap()
}

/// A folder's views as they are on disk, with a byte changed in every chunk of one of them.
fn damage(data: &Path, view: &str) {
    let mut damaged = 0;
    for entry in std::fs::read_dir(data.join("views").join(view)).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "chunk") {
            let mut bytes = std::fs::read(&path).unwrap();
            bytes[0] ^= 1;
            std::fs::write(&path, bytes).unwrap();
            damaged += 1;
        }
    }
    assert!(damaged > 0, "{view} has chunks");
}

#[test]
fn a_served_folders_views_are_rebuilt_while_they_answer_and_orders_come_in() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let token = token(&data);
    good(&run(&["merchant", "create", "m1"], &data));
    let server = Server::start(&data, token);
    let (is_over, orders) = (AtomicBool::new(false), AtomicU64::new(0));
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !is_over.load(Ordering::Relaxed) {
                let n = orders.load(Ordering::Relaxed) + 1;
                let position = place(&server, n);
                orders.store(n, Ordering::Relaxed);
                let found = seen(&server, &position);
                assert_eq!(found, json!({"ordersCount": n, "dashboard": {"placedOrders": n}, "stock": {"nodes": []}}));
            }
        });
        for round in 0..10 {
            let view = ["orders", "dashboard", "stock", "all"][round % 4];
            let before = orders.load(Ordering::Relaxed);
            let output = run(&["rebuild", view], &data);
            let text = good(&output);
            let counted: u64 = text.trim().rsplit(' ').nth(1).unwrap().parse().unwrap();
            assert!(counted >= before && text.contains("folded again"), "{text}");
        }
        is_over.store(true, Ordering::Relaxed);
    });
    assert!(orders.load(Ordering::Relaxed) > 10, "orders came in meanwhile");
    assert_eq!(server.interrupt(), Some(0));
}

#[test]
fn a_view_of_a_folder_at_rest_is_rebuilt() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let token = token(&data);
    good(&run(&["merchant", "create", "m1"], &data));
    let server = Server::start(&data, token.clone());
    let received = server.query(RECEIVE, &json!({}));
    assert_eq!(received["receiveStock"]["userErrors"], json!([]));
    let last = (1..=50).fold(String::new(), |_, n| place(&server, n));
    let whole = seen(&server, &last);
    assert_eq!(server.query(TAG, &json!({}))["bulkAddTag"]["userErrors"], json!([]));
    let is_done = |jobs: &Value| jobs["jobs"]["nodes"][0]["done"] == 50;
    let jobs = (0..2_000).map(|_| server.query(JOBS, &json!({}))).find(is_done).expect("the job is done");
    assert_eq!(server.interrupt(), Some(0));
    for (view, version) in [("orders", 6), ("dashboard", 2), ("stock", 3), ("tokens", 1), ("jobs", 1)] {
        damage(&data, &format!("{view}-v{version}"));
        let output = run(&["rebuild", view], &data);
        assert_eq!(good(&output).split(' ').next(), Some(view));
        let server = Server::start(&data, token.clone());
        assert_eq!(seen(&server, &last), whole);
        assert_eq!(server.query(JOBS, &json!({})), jobs);
        assert_eq!(server.interrupt(), Some(0));
    }
    let unknown = run(&["rebuild", "lists"], &data);
    assert_eq!(unknown.status.code(), Some(2));
    assert!(
        String::from_utf8_lossy(&unknown.stderr).contains("orders, dashboard, stock, queues, tokens, jobs, all"),
        "{unknown:?}"
    );
}
