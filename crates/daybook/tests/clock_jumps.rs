//! A server whose machine's clock jumps, under a library that moves the clock that programs read.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "unwrap is how a test fails")]

mod support;

use std::path::PathBuf;
use std::time::{Duration, Instant};

use daybook_testkit::disk::{Fault, LossyDisk};
use serde_json::{Value, json};
use support::Server;
use uuid::Uuid;

const DAY: i64 = 86_400;
const YEAR: i64 = 365 * DAY;
const PLACE: &str = "mutation ($input: PlaceOrderInput!) { placeOrder(input: $input) { receipt { position } } }";
const REGISTER: &str =
    "mutation ($input: RegisterMerchantInput!) { registerMerchant(input: $input) { userErrors { code } } }";

struct Shop {
    disk: LossyDisk,
    data: PathBuf,
    token: String,
    _folder: tempfile::TempDir,
}

impl Shop {
    fn new() -> Shop {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("disk");
        let data = root.join("data");
        std::fs::create_dir(&root).unwrap();
        let token = support::token(&data);
        let disk = LossyDisk::adopt(&root, &folder.path().join("platter")).unwrap();
        Shop { disk, data, token, _folder: folder }
    }

    fn serve(&self) -> Server {
        let mut command = support::daybook();
        command.args(["serve", "--listen", "127.0.0.1:0", "--rate-limit", "0", "--data"]).arg(&self.data);
        self.disk.attach(&mut command);
        Server::spawn(command, self.token.clone())
    }

    /// Seconds by which the machine's clock is off from now on.
    fn clock_off(&self, seconds: i64) {
        self.disk.control().set(Fault::ClockOff(seconds));
    }

    /// The log at rest: when each event was recorded, as text that sorts, and its kind and order.
    fn log(&self) -> Vec<(String, String, String)> {
        // What leaves is recorded too, by the clock of that machine.
        let mut command = support::daybook();
        command.args(["export", "events", "--data"]).arg(&self.data);
        let output = self.disk.attach(&mut command).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let text = String::from_utf8(output.stdout).unwrap();
        let word = |event: &Value, name: &str| event[name].as_str().unwrap().to_owned();
        let events = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        events.map(|event| (word(&event, "recordedAt"), word(&event, "kind"), word(&event, "stream"))).collect()
    }
}

fn place(server: &Server, number: &str) -> Value {
    let line = json!({"sku": "game", "title": "Game", "quantity": 1, "kind": "TOP_UP",
                      "unitPrice": {"amount": "9.90", "currency": "CNY"}});
    let mut id = [0; 16];
    id[..number.len()].copy_from_slice(number.as_bytes());
    let input = json!({"commandId": Uuid::from_bytes(id).to_string(), "merchant": "m1",
                       "number": number, "buyer": {"account": "b"}, "lines": [line]});
    server.client().ask(PLACE, &json!({"input": input})).unwrap()
}

#[track_caller]
fn placed(server: &Server, number: &str) {
    let answer = place(server, number);
    assert!(answer["data"]["placeOrder"]["receipt"]["position"].is_string(), "{number}: {answer:#}");
}

/// Refused; nothing is lost by asking, and whatever is only read is answered.
#[track_caller]
fn refused(server: &Server, number: &str) {
    let answer = place(server, number);
    assert_eq!(answer["errors"][0]["extensions"]["code"], "UNAVAILABLE", "{number}: {answer:#}");
    assert_eq!(server.query("{ ordersCount(scope: SUBTREE) }", &json!({}))["ordersCount"], json!(3));
}

fn label(server: &Server, number: &str) -> String {
    let by = json!({"by": {"number": {"merchant": "m1", "number": number}}});
    let found = server.query("query ($by: OrderInput!) { order(by: $by) { label } }", &by);
    found["order"]["label"].as_str().unwrap_or_else(|| panic!("{number}: {found}")).to_owned()
}

#[track_caller]
fn until(what: &str, is_so: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while !is_so() {
        assert!(Instant::now() < deadline, "never {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn a_clock_that_jumps_years_ahead_and_back_rings_what_is_due_once_and_loses_nothing() {
    let shop = Shop::new();
    let server = shop.serve();
    let input = json!({"commandId": Uuid::from_u128(1).to_string(), "id": "m1", "name": "Shop"});
    server.query(REGISTER, &json!({"input": input}));
    placed(&server, "before");

    // Days ahead and minutes back: as far as that is bridged, at the newest event's time.
    shop.clock_off(10 * DAY);
    until("expired ten days ahead", || label(&server, "before") == "CANCELLED");
    placed(&server, "ahead");
    shop.clock_off(10 * DAY - 120);
    placed(&server, "bridged");
    // What is not due is left alone, though the clock has jumped.
    for number in ["ahead", "bridged"] {
        assert_eq!(label(&server, number), "AWAITING_PAYMENT", "{number}");
    }

    // Days back while it serves, over a restart, and after a kill.
    shop.clock_off(0);
    refused(&server, "refused");
    assert_eq!(server.interrupt(), Some(0));
    let mut command = support::daybook();
    command.args(["merchant", "create", "m2", "--data"]).arg(&shop.data);
    let at_rest = shop.disk.attach(&mut command).output().unwrap();
    let said = String::from_utf8(at_rest.stderr).unwrap();
    assert_eq!(at_rest.status.code(), Some(1), "{said}");
    assert!(said.contains("but the newest event was recorded at") && said.contains("set the clock right"), "{said}");
    let mut server = shop.serve();
    refused(&server, "refused");
    server.kill();
    let server = shop.serve();
    refused(&server, "refused");
    // The same command, once the clock is right again.
    shop.clock_off(10 * DAY);
    until("taken again", || place(&server, "refused")["errors"].is_null());
    assert_eq!(label(&server, "ahead"), "AWAITING_PAYMENT", "nothing rang meanwhile");

    // Years ahead over a restart: all that was due rings, each once; what comes then has all its time.
    assert_eq!(server.interrupt(), Some(0));
    shop.clock_off(3 * YEAR);
    let server = shop.serve();
    for number in ["ahead", "bridged", "refused"] {
        until("expired years ahead", || label(&server, number) == "CANCELLED");
    }
    placed(&server, "late");
    std::thread::sleep(Duration::from_millis(1_500));
    assert_eq!(label(&server, "late"), "AWAITING_PAYMENT");
    assert_eq!(server.interrupt(), Some(0));

    let log = shop.log();
    assert!(log.is_sorted_by(|one, next| one.0 <= next.0), "recorded times run backwards: {log:?}");
    let cancelled = log.iter().filter(|(_, kind, _)| kind == "order-cancelled").count();
    assert_eq!(cancelled, 4, "each once: {log:?}");
    let verify = support::run(&["verify"], &shop.data);
    assert!(verify.status.success(), "{}", String::from_utf8_lossy(&verify.stdout));
}
