//! Commands on a folder that is served: its owner carries them out.
#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "unwrap is how a test fails")]

mod support;

use std::fs;
use std::io::{Read, Write};
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use support::{Server, daybook, run, token};

const COUNT: &str = "{ ordersCount(scope: SUBTREE) }";
const QUERY: &str = "{\"query\": \"{ ordersCount(scope: SUBTREE) }\"}";
const VERSION: &str = env!("CARGO_PKG_VERSION");

struct Served {
    folder: tempfile::TempDir,
    server: Server,
}

impl Served {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self::within(folder, "data")
    }

    fn within(folder: tempfile::TempDir, name: &str) -> Self {
        let data = folder.path().join(name);
        let token = token(&data);
        Self { server: Server::start(&data, token), folder }
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn socket(&self) -> PathBuf {
        self.data().join("owner.sock")
    }

    fn run(&self, args: &[&str]) -> Output {
        run(args, &self.data())
    }

    /// What a command that ends well writes to standard output.
    fn good(&self, args: &[&str]) -> String {
        let output = self.run(args);
        assert_eq!(output.status.code(), Some(0), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    fn orders(&self) -> u64 {
        self.server.query(COUNT, &json!({}))["ordersCount"].as_u64().unwrap()
    }

    fn connect(&self) -> UnixStream {
        let stream = UnixStream::connect(self.socket()).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        stream
    }

    fn file(&self, orders: usize) -> PathBuf {
        let path = self.folder.path().join("orders.jsonl");
        fs::write(&path, orders_of_m1(orders)).unwrap();
        path
    }
}

fn orders_of_m1(count: usize) -> String {
    let mut lines = String::from(
        "{\"action\":\"register-merchant\",\"at\":\"2024-01-01T00:00:00Z\",\"id\":\"m1\",\"name\":\"Shop\"}\n",
    );
    for number in 1..=count {
        lines.push_str(&order("m1", &format!("A-{number}")));
    }
    lines
}

fn order(merchant: &str, number: &str) -> String {
    let lines = json!([{"sku": "card", "title": "Card", "kind": "CARD", "quantity": 1, "unitPrice": "9.90"}]);
    let action = json!({
        "action": "place", "at": "2024-01-02T10:00:00Z", "merchant": merchant, "number": number,
        "buyer": {"account": "小明"}, "currency": "CNY", "lines": lines,
    });
    format!("{action}\n")
}

fn lines(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(60);
    while !is_so() {
        assert!(Instant::now() < deadline, "never {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn commands_on_a_served_folder_are_carried_out_and_seen_over_http() {
    let served = Served::new();
    assert_eq!(served.good(&["merchant", "create", "m1", "--name", "Shop"]), "m1\n");
    served.good(&["merchant", "create", "m2", "--parent", "m1"]);
    until("seen", || {
        let found = served.server.query("{ merchant(id: \"m2\") { name parent { name } } }", &json!({}));
        found["merchant"] == json!({"name": "m2", "parent": {"name": "Shop"}})
    });

    let file = served.folder.path().join("history.jsonl");
    fs::write(&file, order("m2", "B/1") + "no action\n").unwrap();
    let imported = served.run(&["import", "jsonl", file.to_str().unwrap(), "--json"]);
    assert_eq!(imported.status.code(), Some(1), "a line is bad");
    let report: Value = serde_json::from_slice(&imported.stdout).unwrap();
    assert_eq!((&report["imported"], &report["notImported"]), (&json!(1), &json!(1)));
    until("folded", || served.orders() == 1);

    for name in ["B/1", "m2/B/1", "m1/B/1"] {
        assert!(served.good(&["history", name]).contains("小明"), "{name}");
    }
    let refused = served.run(&["history", "B/2"]);
    assert_eq!((refused.status.code(), text(&refused.stdout)), (Some(1), ""));
    assert_eq!(text(&refused.stderr), "error: B/2: there is no such order\n");

    let kinds: Vec<Value> =
        lines(&served.good(&["export", "events", "--after", "1"])).iter().map(|event| event["kind"].clone()).collect();
    assert_eq!(kinds, ["merchant-registered", "merchant-registered", "order-placed"]);
    let verified: Value = serde_json::from_str(&served.good(&["verify", "--json"])).unwrap();
    // The export is the fifth.
    assert_eq!((&verified["sound"], &verified["records"]), (&json!(true), &json!(5)));

    let rebuilt = served.good(&["rebuild", "all"]);
    assert!(rebuilt.contains("folded again"), "{rebuilt}");
}

#[test]
fn tokens_and_merchants_are_listed_without_secrets_and_a_token_ends_at_once() {
    let mut served = Served::new();
    let secret = served.good(&["token", "create", "--role", "platform", "--label", "books"]).trim().to_owned();
    let listed = served.good(&["token", "list", "--json"]);
    let tokens = lines(&listed);
    assert_eq!(tokens.len(), 2);
    assert_eq!(
        (&tokens[1]["role"], &tokens[1]["label"], &tokens[1]["revokedAt"], &tokens[1]["merchant"]),
        (&json!("platform"), &json!("books"), &Value::Null, &Value::Null)
    );
    assert!(tokens[1]["createdAt"].as_str().unwrap().starts_with("20"));
    let fields: Vec<&String> = tokens[1].as_object().unwrap().keys().collect();
    assert_eq!(fields, ["createdAt", "expiresAt", "id", "label", "lastUsedAt", "merchant", "revokedAt", "role"]);
    let id = tokens[1]["id"].as_str().unwrap();
    let table = served.good(&["token", "list"]);
    assert!(table.contains(id) && table.contains("books"), "{table}");
    for secret in [&secret, &served.server.token] {
        assert!(!listed.contains(&secret[4..]) && !table.contains(&secret[4..]));
    }

    let own = std::mem::replace(&mut served.server.token, secret);
    assert_eq!(served.server.status("POST /graphql", QUERY), 200);
    served.good(&["token", "revoke", id]);
    assert_eq!(served.server.status("POST /graphql", QUERY), 401);
    served.server.token = own;
    assert!(lines(&served.good(&["token", "list", "--json"]))[1]["revokedAt"].is_string());
    let again = served.run(&["token", "revoke", id]);
    assert_eq!(again.status.code(), Some(1), "it was revoked before");
    assert_eq!(served.run(&["token", "revoke", "00000000-0000-0000-0000-000000000000"]).status.code(), Some(1));

    served.good(&["merchant", "create", "m1", "--name", "Shop"]);
    served.good(&["merchant", "create", "m2", "--parent", "m1"]);
    let listed = |served: &Served| lines(&served.good(&["merchant", "list", "--json"]));
    let row = |id: &str, name: &str, parent: Option<&str>, closed: bool| json!({"id": id, "name": name, "parent": parent, "closed": closed, "timeZone": "UTC", "payUrl": null});
    assert_eq!(listed(&served), [row("m1", "Shop", None, false), row("m2", "m2", Some("m1"), false)]);
    served.good(&["merchant", "create", "m3", "--parent", "m1"]);
    served.good(&["merchant", "move", "m3", "--parent", "m2"]);
    assert_eq!(served.run(&["merchant", "move", "m2", "--parent", "m3"]).status.code(), Some(1), "a circle");
    served.good(&["merchant", "close", "m3"]);
    assert_eq!(listed(&served)[2], row("m3", "m3", Some("m2"), true));
    served.good(&["merchant", "reopen", "m3"]);
    let table = "id  parent  state  time zone  name\nm1  –       open   UTC        Shop\nm2  m1      open   UTC        m2\n\
                 m3  m2      open   UTC        m3\n";
    assert_eq!(served.good(&["merchant", "list"]), table);
}

#[test]
fn a_merchant_says_its_time_zone_and_where_its_buyers_pay() {
    let served = Served::new();
    for more in [vec!["m1"], vec!["m2", "--parent", "m1"], vec!["m3", "--parent", "m2"]] {
        served.good(&[&["merchant", "create"], more.as_slice()].concat());
    }
    let listed = |of: &dyn Fn(&[&str]) -> String| -> Vec<Value> {
        let rows = lines(&of(&["merchant", "list", "--json"]));
        rows.iter().map(|row| json!([row["timeZone"], row["payUrl"]])).collect()
    };
    let (url, own) = ("https://pay.example/{number}?a={amount}&c={currency}", "http://localhost:3000/");
    served.good(&["merchant", "set", "m1", "--time-zone", "Asia/Shanghai", "--pay-url", url]);
    served.good(&["merchant", "set", "m2", "--pay-url", own]);
    let shanghai = |url: &str| json!(["Asia/Shanghai", url]);
    let inherited = [shanghai(url), shanghai(own), shanghai(own)];
    assert_eq!(listed(&|args: &[&str]| served.good(args)), inherited);
    let table = served.good(&["merchant", "list"]);
    assert!(table.contains("m3  m2      open   Asia/Shanghai  m3\n"), "{table}");
    until("the API tells it too", || {
        let found = served.server.query("{ merchant(id: \"m3\") { timeZone payUrl } }", &json!({}));
        found["merchant"] == json!({"timeZone": "Asia/Shanghai", "payUrl": own})
    });
    served.good(&["merchant", "set", "m2", "--pay-url", ""]);
    assert_eq!(listed(&|args: &[&str]| served.good(args)), [shanghai(url), shanghai(url), shanghai(url)]);
    for (args, code, told) in [
        (vec!["m1"], 2, "--time-zone <ZONE>|--pay-url <URL>"),
        (vec!["m9", "--time-zone", "UTC"], 1, "m9"),
        (vec!["m1", "--time-zone", "Shanghai"], 1, "\"Shanghai\" is not a time zone such as Asia/Shanghai or UTC"),
        (vec!["m1", "--pay-url", "http://pay.example/"], 1, "payUrl must begin with https://"),
    ] {
        let refused = served.run(&[&["merchant", "set"], args.as_slice()].concat());
        let error = String::from_utf8(refused.stderr).unwrap();
        assert_eq!(refused.status.code(), Some(code), "{args:?}: {error}");
        assert!(error.contains(told), "{args:?}: {error}");
    }
    // At rest it is the same.
    let data = served.data();
    assert_eq!(served.server.interrupt(), Some(0));
    let at_rest = |args: &[&str]| {
        let output = run(args, &data);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    at_rest(&["merchant", "set", "m1", "--time-zone", "Asia/Tokyo"]);
    let tokyo = json!(["Asia/Tokyo", url]);
    assert_eq!(listed(&at_rest), [tokyo.clone(), tokyo.clone(), tokyo]);
    let history = at_rest(&["history", "merchant:m2", "--json"]);
    assert_eq!(history.matches("\"profile-set\"").count(), 2, "{history}");
}

#[test]
fn nobody_else_may_use_the_socket_and_it_goes_with_its_owner() {
    let served = Served::new();
    let meta = fs::metadata(served.socket()).unwrap();
    assert!(meta.file_type().is_socket());
    assert_eq!(meta.permissions().mode() & 0o777, 0o600);
    assert!(!served.data().join("owner.sock.new").exists());
    let (data, socket) = (served.data(), served.socket());
    assert_eq!(served.server.interrupt(), Some(0));
    assert!(!socket.exists());
    let listed = run(&["token", "list"], &data);
    assert_eq!(listed.status.code(), Some(0), "at rest");
}

#[test]
fn a_dead_owners_socket_is_nobodys() {
    let mut served = Served::new();
    served.server.kill();
    assert!(served.socket().exists());
    // What a crash right while it was made leaves behind.
    let nursery = served.data().join("owner.sock.new");
    fs::create_dir(&nursery).unwrap();
    fs::write(nursery.join("owner.sock"), "").unwrap();
    served.good(&["merchant", "create", "at-rest"]);
    served.server = Server::start(&served.data(), served.server.token.clone());
    served.good(&["merchant", "create", "served"]);
    until("seen", || {
        let found = served.server.query("{ merchant(id: \"served\") { id } }", &json!({}));
        found["merchant"]["id"] == "served"
    });
}

#[test]
fn a_path_longer_than_a_sockets_address_works_too() {
    let folder = tempfile::tempdir().unwrap();
    let name = "d".repeat(180);
    let served = Served::within(folder, &name);
    let data = served.folder.path().join(&name);
    let made = run(&["merchant", "create", "m1"], &data);
    assert_eq!(made.status.code(), Some(0), "{}", text(&made.stderr));
    let meta = fs::metadata(data.join("owner.sock")).unwrap();
    assert_eq!(meta.permissions().mode() & 0o777, 0o600);
    assert_eq!(served.server.interrupt(), Some(0));
    assert!(!data.join("owner.sock").exists());
}

fn frame(kind: u8, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap();
    [&[kind][..], &length.to_le_bytes(), payload].concat()
}

fn hello(ask: &Value) -> Vec<u8> {
    frame(1, json!({"daybook": VERSION, "ask": ask}).to_string().as_bytes())
}

/// The whole answer; it must end.
fn answer(mut stream: UnixStream, bytes: &[u8]) -> String {
    // It may be turned away before it said everything.
    let _ = stream.write_all(bytes);
    let mut answer = Vec::new();
    match stream.read_to_end(&mut answer) {
        Ok(_) => {}
        // What it said and nobody read is why.
        Err(error) => assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset),
    }
    String::from_utf8_lossy(&answer).into_owned()
}

#[test]
fn hostile_bytes_are_answered_and_change_nothing() {
    let served = Served::new();
    let long = [&[1][..], &u32::MAX.to_le_bytes(), &[b'x'; 100]].concat();
    let other = frame(1, json!({"daybook": "9.9.9", "ask": {"Surprise": 1}}).to_string().as_bytes());
    let more = json!({"Merchant": {"what": {"Create": {"id": "x", "name": null, "parent": null, "more": 1}}}});
    for (bytes, expected) in [
        (b"GET / HTTP/1.1\r\n\r\n".to_vec(), "unknown kind 71"),
        (long, "4294967295 bytes"),
        (frame(1, b"{\"daybook\""), "could not read a command"),
        (frame(1, &[0xff; 60_000]), "could not read a command"),
        (frame(3, b"x"), "expected a command"),
        (other, "9.9.9"),
        (hello(&json!({"Surprise": 1})), "another build"),
        (hello(&more), "another build"),
        (hello(&json!({"Merchant": "x"})), "another build"),
    ] {
        let answer = answer(served.connect(), &bytes);
        assert!(answer.starts_with('\u{6}') && answer.contains(expected), "{expected}: {answer:?}");
    }
    // Somebody who says half a word, or none, holds up nobody.
    let mut half = served.connect();
    half.write_all(&[1, 200]).unwrap();
    let _silent = served.connect();
    served.good(&["verify"]);
    assert_eq!(lines(&served.good(&["merchant", "list", "--json"])), [Value::Null; 0]);
    // And does not stay.
    let mut end = Vec::new();
    half.read_to_end(&mut end).unwrap();
    assert!(!end.is_empty());
}

#[test]
fn only_so_many_commands_are_under_way() {
    let served = Served::new();
    let silent: Vec<UnixStream> = (0..16).map(|_| served.connect()).collect();
    let refused = served.run(&["merchant", "list"]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(text(&refused.stderr).contains("16 commands"), "{}", text(&refused.stderr));
    drop(silent);
    until("free again", || served.run(&["merchant", "list"]).status.success());
}

#[test]
fn who_does_not_read_holds_up_nobody() {
    let served = Served::new();
    served.good(&["import", "jsonl", served.file(3_000).to_str().unwrap()]);
    let mut deaf = served.connect();
    deaf.write_all(&hello(&json!({"Export": {"what": {"Events": {"format": "Jsonl", "after": 0}}}}))).unwrap();
    // It has more to say than a socket keeps.
    std::thread::sleep(Duration::from_millis(500));
    served.good(&["merchant", "create", "m2"]);
    served.good(&["verify"]);
    until("folded", || served.orders() == 3_000);
    let began = Instant::now();
    assert_eq!(served.server.interrupt(), Some(0));
    assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());
    let mut said = Vec::new();
    deaf.read_to_end(&mut said).unwrap();
    assert!(said.len() < 1_000_000 && !said.ends_with(&frame(5, &[0])), "{} bytes: it could say all", said.len());
}

fn start_import(served: &Served, file: &Path) -> Child {
    let mut command = daybook();
    command.args(["import", "jsonl", file.to_str().unwrap(), "--json", "--data"]).arg(served.data());
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

const MANY: usize = 60_000;

#[test]
fn a_client_that_is_killed_ends_its_import_which_can_go_on() {
    let served = Served::new();
    let file = served.file(MANY);
    let mut client = start_import(&served, &file);
    until("under way", || served.orders() > 100);
    client.kill().unwrap();
    client.wait().unwrap();
    // The owner ends it between lines.
    let mut last = served.orders();
    until("at an end", || {
        std::thread::sleep(Duration::from_millis(300));
        std::mem::replace(&mut last, served.orders()) == last
    });
    assert!(last < MANY as u64, "it was over before it was killed");
    let rest: Value =
        serde_json::from_str(&served.good(&["import", "jsonl", file.to_str().unwrap(), "--json"])).unwrap();
    assert_eq!((&rest["alreadyThere"], &rest["imported"]), (&json!(last + 1), &json!(MANY as u64 - last)));
    until("folded", || served.orders() == MANY as u64);
}

fn interrupt(child: &Child) {
    let status = std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(status.success());
}

#[test]
fn ctrl_c_ends_an_import_on_a_served_folder_with_its_report() {
    let served = Served::new();
    let file = served.file(MANY);
    let client = start_import(&served, &file);
    until("under way", || served.orders() > 100);
    interrupt(&client);
    let output = client.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let imported = report["imported"].as_u64().unwrap();
    assert!(report["stopped"] == true && imported < MANY as u64, "{report}");
    assert!(text(&output.stderr).contains("run the same import again"), "{}", text(&output.stderr));
    until("folded", || served.orders() == imported - 1);
}

#[test]
fn an_owner_that_ends_lets_an_import_report_what_it_did() {
    let served = Served::new();
    let file = served.file(MANY);
    let client = start_import(&served, &file);
    until("under way", || served.orders() > 100);
    assert_eq!(served.server.interrupt(), Some(0));
    let output = client.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert!(report["stopped"] == true && report["imported"].as_u64().unwrap() > 100, "{report}");
}

#[test]
fn what_only_the_client_can_open_is_refused() {
    let served = Served::new();
    let mut command = daybook();
    command.args(["import", "jsonl", "/dev/stdin", "--data"]).arg(served.data());
    let mut client = command.stdin(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    client.stdin.take().unwrap().write_all(orders_of_m1(1).as_bytes()).unwrap();
    let output = client.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("/dev/stdin: the server on this folder cannot read it"));
    // A link is followed, but keeps its name: it is what the lines' ids belong to.
    let link = served.folder.path().join("link.jsonl");
    std::os::unix::fs::symlink(served.file(1), &link).unwrap();
    let relative = "link.jsonl";
    let mut command = daybook();
    command.args(["import", "jsonl", relative, "--json", "--data"]).arg(served.data());
    let output = command.current_dir(served.folder.path()).output().unwrap();
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["imported"], 2);
    let (data, _folder) = (served.data(), &served.folder);
    assert_eq!(served.server.interrupt(), Some(0));
    let again = run(&["import", "jsonl", link.to_str().unwrap(), "--json"], &data);
    let report: Value = serde_json::from_slice(&again.stdout).unwrap();
    assert_eq!((&report["imported"], &report["alreadyThere"]), (&json!(0), &json!(2)), "at rest it is the same source");
}
