//! Views that are folded again: of a folder at rest, and beside the ones that serve.
#![allow(clippy::unwrap_used, reason = "unwrap is how a test fails")]

mod support;

use std::path::Path;
use std::process::Output;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use daybook_domain::{Event, Timestamp};
use daybook_engine::{Clock, FolderOptions, open_folder};
use daybook_views::Views;
use daybook_views::store::Store;
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

/// A folder's checkpoints of a view as a fold would have made them that counts differently: whole, but of other content.
fn folded_differently(data: &Path, view: &str, edit: impl Fn(&mut [u8])) {
    let folder = data.join("views").join(view);
    let files = || std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path());
    let is_chunk = |path: &Path| path.extension().is_some_and(|extension| extension == "chunk");
    for path in files().filter(|path| is_chunk(path)) {
        let mut bytes = std::fs::read(&path).unwrap();
        let old = blake3::hash(&bytes);
        edit(&mut bytes);
        let new = blake3::hash(&bytes);
        std::fs::remove_file(&path).unwrap();
        std::fs::write(folder.join(format!("{}.chunk", new.to_hex())), bytes).unwrap();
        for path in files().filter(|path| !is_chunk(path)) {
            let mut manifest = std::fs::read(&path).unwrap();
            manifest.truncate(manifest.len() - 32);
            let places: Vec<usize> =
                (0..manifest.len() - 31).filter(|&at| manifest[at..at + 32] == *old.as_bytes()).collect();
            places.into_iter().for_each(|at| manifest[at..at + 32].copy_from_slice(new.as_bytes()));
            let hash = blake3::hash(&manifest);
            manifest.extend_from_slice(hash.as_bytes());
            std::fs::write(&path, manifest).unwrap();
        }
    }
}

/// Two more of the SKU came in than the log says.
fn two_too_many(bytes: &mut [u8]) {
    let after = bytes.windows(3).position(|three| three == b"mug").unwrap() + 3;
    bytes[after] += 4;
}

const MUGS: &str = "{ stock { nodes { sku received free } } }";

#[test]
fn what_an_older_fold_made_otherwise_is_listed_and_replaced_and_nobody_is_refused_meanwhile() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let token = token(&data);
    good(&run(&["merchant", "create", "m1"], &data));
    let server = Server::start(&data, token.clone());
    assert_eq!(server.query(RECEIVE, &json!({}))["receiveStock"]["userErrors"], json!([]));
    (1..=50).for_each(|n| drop(place(&server, n)));
    assert_eq!(server.interrupt(), Some(0));
    let right = run(&["rebuild", "all", "--compare"], &data);
    let same = ["orders", "dashboard", "stock", "queues", "tokens", "jobs"]
        .map(|view| format!("{view}: 0 rows differ from what the log says\n"))
        .concat();
    assert!(good(&right).starts_with(&same), "{}", good(&right));

    folded_differently(&data, "stock-v3", two_too_many);
    let server = Server::start(&data, token.clone());
    let mugs = |n: u64| json!({"stock": {"nodes": [{"sku": "mug", "received": n, "free": n}]}});
    assert_eq!(server.query(MUGS, &json!({})), mugs(9), "what was made otherwise is served");
    let is_over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let asking = scope.spawn(|| {
            let (mut answers, mut is_replaced) = (0, false);
            while !is_over.load(Ordering::Relaxed) {
                // Panics when it is refused.
                let found = server.query(MUGS, &json!({}));
                is_replaced |= found == mugs(7);
                assert_eq!(found, mugs(if is_replaced { 7 } else { 9 }), "the old one answers till then");
                place(&server, 1_000 + answers);
                answers += 1;
            }
            (answers, is_replaced)
        });
        let output = run(&["rebuild", "all", "--compare"], &data);
        let lines: Vec<&str> = good(&output).lines().collect();
        let expected = [
            "orders: 0 rows differ from what the log says",
            "dashboard: 0 rows differ from what the log says",
            "stock m1/mug",
            "  received: 9 -> 7",
            "  free: 9 -> 7",
            "stock: 1 row differs from what the log says",
            "queues: 0 rows differ from what the log says",
            "tokens: 0 rows differ from what the log says",
            "jobs: 0 rows differ from what the log says",
        ];
        assert_eq!(lines[..lines.len() - 1], expected, "{lines:?}");
        assert_eq!(server.query(MUGS, &json!({})), mugs(7));
        is_over.store(true, Ordering::Relaxed);
        let (answers, is_replaced) = asking.join().unwrap();
        assert!(answers > 0 && (is_replaced || answers < 2), "{answers} answers");
    });
    // Nor does the past know it otherwise any more.
    let position = server.query(ORDER, &json!({"id": "00000000-0000-4000-8000-000000000001"}));
    let at = json!({"at": {"position": position["placeOrder"]["receipt"]["position"]}});
    let then = "query ($at: AsOf!) { stock(asOf: $at) { nodes { sku received free } } }";
    assert_eq!(server.query(then, &at), mugs(7));
    assert_eq!(server.interrupt(), Some(0));

    folded_differently(&data, "stock-v3", two_too_many);
    let output = run(&["rebuild", "stock", "--compare"], &data);
    assert!(good(&output).starts_with("stock m1/mug\n  received: 9 -> 7\n  free: 9 -> 7\nstock: 1 row differs"));
    let server = Server::start(&data, token);
    assert_eq!(server.query(MUGS, &json!({})), mugs(7));
    assert_eq!(server.interrupt(), Some(0));
}

/// The checkpoints that a version would have left whose stock took no notice of what a count corrected: folded from the same log by
/// that other rule, and marked as made by other rules, as its own would be.
fn left_by_a_version_that_counts_otherwise(data: &Path) {
    let clock: Clock = Arc::new(|| Timestamp(0));
    let folder = open_folder(data, &FolderOptions::default(), clock).unwrap();
    let mut views = Views::new();
    let mut left_out = 0;
    for recorded in folder.reader.events(1, usize::MAX >> 1).unwrap() {
        match recorded.event {
            Event::StockCorrected(_) => left_out += 1,
            _ => views.apply(&recorded).unwrap(),
        }
    }
    assert_eq!(left_out, 1);
    std::fs::remove_dir_all(data.join("views")).unwrap();
    let mut store = Store::new(&data.join("views"), *folder.reader.ledger().id().as_bytes());
    let checkpoint = store.checkpoint(&views).unwrap();
    store.save(&checkpoint).unwrap();
    folder.engine.shutdown().unwrap();
    // Behind the name stands the version, in seven bits a byte, and in its upper half the fold.
    let folder = data.join("views").join("stock-v3");
    for path in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        if path.extension().is_some_and(|extension| extension == "chunk") {
            continue;
        }
        let mut manifest = std::fs::read(&path).unwrap();
        manifest.truncate(manifest.len() - 32);
        let at = manifest.windows(5).position(|five| five == b"stock").unwrap() + 5;
        assert_eq!(manifest[at], 3);
        manifest.splice(at..=at, [0x83, 0x80, 0x1c]);
        let hash = blake3::hash(&manifest);
        manifest.extend_from_slice(hash.as_bytes());
        std::fs::write(&path, manifest).unwrap();
    }
}

#[test]
fn what_other_rules_made_is_served_until_somebody_has_seen_what_differs() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let token = token(&data);
    good(&run(&["merchant", "create", "m1"], &data));
    let server = Server::start(&data, token.clone());
    let receive = |n: u64, sku: &str, quantity: u64| {
        let query = "mutation($input: ReceiveStockInput!) { receiveStock(input: $input) { userErrors { code } } }";
        let id = format!("00000000-0000-4000-8000-{n:012}");
        let input = json!({"commandId": id, "merchant": "m1", "sku": sku, "quantity": quantity});
        assert_eq!(server.query(query, &json!({"input": input}))["receiveStock"]["userErrors"], json!([]));
    };
    receive(9_001, "mug", 7);
    receive(9_002, "tea", 5);
    let count = r#"mutation { countStock(input: {commandId: "00000000-0000-4000-8000-000000009003", merchant: "m1", sku: "mug",
        counted: 4}) { userErrors { code } } }"#;
    assert_eq!(server.query(count, &json!({}))["countStock"]["userErrors"], json!([]));
    (1..=50).for_each(|n| drop(place(&server, n)));
    assert_eq!(server.interrupt(), Some(0));
    left_by_a_version_that_counts_otherwise(&data);

    let of_other_fold = |server: &Server| {
        let (_, metrics) = server.client().request("GET /metrics", "").unwrap();
        let mut values =
            metrics.lines().filter_map(|line| line.strip_prefix("daybook_view_of_other_fold{view=\"stock\"} "));
        values.next().unwrap().parse::<u64>().unwrap()
    };
    // It is what is served, by a version whose rules are others, from the first answer on and after a restart too.
    let stock = |mugs: u64| {
        let row = |sku: &str, n: u64| json!({"sku": sku, "received": n, "free": n});
        json!({"stock": {"nodes": [row("mug", mugs), row("tea", 5)]}})
    };
    for _ in 0..2 {
        let server = Server::start(&data, token.clone());
        assert_eq!(server.query(MUGS, &json!({})), stock(7));
        assert_eq!(of_other_fold(&server), 1);
        assert_eq!(server.interrupt(), Some(0));
    }
    let told = run(&["rebuild", "orders"], &data);
    let why = String::from_utf8_lossy(&told.stderr).into_owned();
    assert_eq!(told.status.code(), Some(1), "{why}");
    assert!(why.contains("stock is as another version of Daybook made it") && why.contains("rebuild all"), "{why}");

    let server = Server::start(&data, token.clone());
    let is_new = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let asking = scope.spawn(|| {
            let mut answers = 0;
            // Until the new ones answer.
            while !is_new.load(Ordering::Relaxed) {
                // Panics when it is refused.
                let found = server.query(MUGS, &json!({}));
                is_new.store(found == stock(4), Ordering::Relaxed);
                assert!(found == stock(4) || found == stock(7), "{found}");
                let position = place(&server, 2_000 + answers);
                assert_eq!(seen(&server, &position)["ordersCount"], 51 + answers);
                answers += 1;
            }
            answers
        });
        // Those who ask have begun.
        while server.query("{ ordersCount }", &json!({}))["ordersCount"].as_u64().unwrap() < 53 {}
        let output = run(&["rebuild", "all", "--compare"], &data);
        let lines: Vec<&str> = good(&output).lines().collect();
        let expected = [
            "orders: 0 rows differ from what the log says",
            "dashboard: 0 rows differ from what the log says",
            "stock m1/mug",
            "  received: 7 -> 4",
            "  free: 7 -> 4",
            "stock: 1 row differs from what the log says",
            "queues: 0 rows differ from what the log says",
            "tokens: 0 rows differ from what the log says",
            "jobs: 0 rows differ from what the log says",
        ];
        assert_eq!(lines[..lines.len() - 1], expected, "{lines:?}");
        assert_eq!(server.query(MUGS, &json!({})), stock(4), "they took over");
        let answers = asking.join().unwrap();
        assert!(answers > 2, "{answers} answers");
    });
    assert_eq!(server.interrupt(), Some(0));
    let server = Server::start(&data, token);
    assert_eq!(server.query(MUGS, &json!({})), stock(4), "and stay");
    assert_eq!(of_other_fold(&server), 0);
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
    for (view, version) in [("orders", 7), ("dashboard", 3), ("stock", 3), ("tokens", 1), ("jobs", 1)] {
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
