//! The real server, killed, out of room and without power: whatever a client has a receipt for is there.
//!
//! `SERVE_CYCLES` sets how often the server is killed (default 6); `CRASH_SEED` repeats a run as far as threads allow.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use daybook_domain::command::{Command, RegisterMerchant};
use daybook_domain::{Actor, CommandId, MerchantId, Role, Timestamp};
use daybook_engine::{FolderOptions, Request, open_folder};
use daybook_testkit::disk::{Counter, Fault, Loss, LossyDisk};
use daybook_testkit::random::{Random, seed};
use serde_json::{Value, json};
use support::{Client, Server};
use uuid::Uuid;

const CLIENTS: u64 = 6;
const REGISTER: &str =
    "mutation ($input: RegisterMerchantInput!) { registerMerchant(input: $input) { userErrors { code } } }";
const PLACE: &str = "mutation ($input: PlaceOrderInput!) { placeOrder(input: $input) \
                     { receipt { position } order { id } userErrors { code message } } }";
const FIND: &str = "query ($id: ID!) { order(by: {id: $id}) { number position revision buyer { account } } }";

/// What one order's receipt said.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Told {
    order: String,
    position: u64,
}

/// What the clients asked for and were told, in a file; an answer counts once it is synced.
struct Journal {
    file: Mutex<File>,
    path: PathBuf,
}

impl Journal {
    fn new(path: PathBuf) -> Self {
        Self { file: Mutex::new(File::options().append(true).create(true).open(&path).unwrap()), path }
    }

    fn asking(&self, number: &str) {
        writeln!(self.file.lock().unwrap(), "S {number}").unwrap();
    }

    fn told(&self, number: &str, told: &Told) {
        let file = {
            let mut file = self.file.lock().unwrap();
            file.write_all(format!("A {number} {} {}\n", told.order, told.position).as_bytes()).unwrap();
            file.try_clone().unwrap()
        };
        // Outside the lock: whoever writes meanwhile shares the sync or has the next.
        file.sync_data().unwrap();
    }

    /// How many answers there are, while others go on writing.
    fn receipts(&self) -> usize {
        std::fs::read_to_string(&self.path).unwrap().lines().filter(|line| line.starts_with("A ")).count()
    }

    /// All numbers asked for, and what was told of those that were answered.
    fn read(&self) -> (BTreeSet<String>, BTreeMap<String, Told>) {
        let text = std::fs::read_to_string(&self.path).unwrap();
        let (mut asked, mut told) = (BTreeSet::new(), BTreeMap::new());
        for line in text.lines() {
            match line.split(' ').collect::<Vec<_>>()[..] {
                ["S", number] => drop(asked.insert(number.to_owned())),
                ["A", number, order, position] => {
                    let receipt = Told { order: order.to_owned(), position: position.parse().unwrap() };
                    assert_eq!(told.insert(number.to_owned(), receipt), None, "{number} was answered twice");
                }
                _ => panic!("the journal says {line:?}"),
            }
        }
        (asked, told)
    }
}

/// What a client got for an order that it placed.
enum Answer {
    Told(Told),
    /// A GraphQL error's code.
    Code(String),
    /// Nobody knows.
    None,
}

fn account(number: &str) -> String {
    format!("buyer-{}@example.com", number.bytes().map(u64::from).sum::<u64>() % 7)
}

fn place(client: &Client, command: Uuid, number: &str) -> Answer {
    let line = json!({"sku": "card-100", "title": "Game card 100", "quantity": 1, "kind": "CARD",
                      "unitPrice": {"amount": "9.90", "currency": "CNY"}});
    let input = json!({"commandId": command.to_string(), "merchant": "m1", "number": number,
                       "buyer": {"account": account(number)}, "lines": [line]});
    let Ok(answer) = client.ask(PLACE, &json!({"input": input})) else { return Answer::None };
    if let Some(code) = answer["errors"][0]["extensions"]["code"].as_str() {
        return Answer::Code(code.to_owned());
    }
    let placed = &answer["data"]["placeOrder"];
    assert_eq!(placed["userErrors"], json!([]), "{answer:#}");
    Answer::Told(Told {
        order: placed["order"]["id"].as_str().unwrap().to_owned(),
        position: number_of(&placed["receipt"]["position"]),
    })
}

/// A position, which is a string in JSON.
fn number_of(position: &Value) -> u64 {
    position.as_str().map_or_else(|| position.as_u64().unwrap(), |text| text.parse().unwrap())
}

fn register(server: &Server) {
    let input = json!({"commandId": Uuid::from_u128(1).to_string(), "id": "m1", "name": "Shop"});
    let data = server.query(REGISTER, &json!({"input": input}));
    assert_eq!(data["registerMerchant"]["userErrors"], json!([]));
}

/// Everything told is there as it was told, by the server's own word.
fn all_is_there(server: &Server, told: &BTreeMap<String, Told>) {
    for (number, told) in told {
        let found = server.query(FIND, &json!({"id": told.order}))["order"].take();
        assert_eq!(found["number"], *number, "{number}, of which a client has a receipt, is lost: {told:?}");
        assert_eq!(number_of(&found["position"]), told.position, "{number}");
        assert_eq!(found["buyer"]["account"], account(number), "the key of {number}'s buyer is lost");
    }
}

/// The log itself: no gap, nothing that nobody asked for, nothing twice.
fn log_is_right(data: &Path, asked: &BTreeSet<String>, told: &BTreeMap<String, Told>) {
    let verify = support::run(&["verify"], data);
    assert!(verify.status.success(), "{}", String::from_utf8_lossy(&verify.stdout));
    let export = support::run(&["export", "events"], data);
    assert!(export.status.success(), "{}", String::from_utf8_lossy(&export.stderr));
    let mut placed = BTreeSet::new();
    for (expected, line) in (1_u64..).zip(String::from_utf8(export.stdout).unwrap().lines()) {
        let event: Value = serde_json::from_str(line).unwrap();
        assert_eq!(event["position"], expected, "{line}");
        let Some(number) = event["data"]["number"].as_str() else { continue };
        assert!(asked.contains(number), "{number} was never asked for");
        assert!(placed.insert(number.to_owned()), "{number} is there twice");
    }
    assert!(told.keys().all(|number| placed.contains(number)));
    assert!(!placed.is_empty());
}

#[test]
fn every_receipt_survives_kill_9() {
    let mut random = Random::new(seed("CRASH_SEED"));
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let token = support::token(&data);
    let journal = Journal::new(folder.path().join("journal"));
    let cycles: u64 = std::env::var("SERVE_CYCLES").map_or(6, |text| text.parse().unwrap());
    let mut server = Server::start(&data, token.clone());
    register(&server);
    for cycle in 0..cycles {
        let before = journal.read().1.len();
        let until = Instant::now() + Duration::from_millis(150 + random.below(500));
        let client = server.client();
        std::thread::scope(|scope| {
            for at in 0..CLIENTS {
                let (client, journal) = (client.clone(), &journal);
                scope.spawn(move || {
                    for next in 0_u64.. {
                        let number = format!("k{cycle}-{at}-{next}");
                        journal.asking(&number);
                        match place(&client, Uuid::from_u64_pair(cycle << 8 | at, next), &number) {
                            Answer::Told(told) => journal.told(&number, &told),
                            Answer::Code(code) => panic!("{number}: {code}"),
                            Answer::None => return,
                        }
                    }
                });
            }
            std::thread::sleep(until.saturating_duration_since(Instant::now()));
            // On a machine that is busy with something else, a little later.
            let deadline = Instant::now() + Duration::from_secs(20);
            while journal.receipts() <= before + 20 && Instant::now() < deadline {
                std::thread::sleep(Duration::from_millis(10));
            }
            server.kill();
        });
        server = Server::start(&data, token.clone());
        let (_, told) = journal.read();
        println!("kill {cycle}: {} receipts", told.len());
        assert!(told.len() > before + 20, "too little was done to prove anything");
        all_is_there(&server, &told);
    }
    assert_eq!(server.interrupt(), Some(0));
    let (asked, told) = journal.read();
    log_is_right(&data, &asked, &told);
}

/// Says that it is done also when the test fails, or the clients would go on for ever.
struct Done<'a>(&'a AtomicBool);

impl Drop for Done<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// A folder with the shop's merchant, in whose write-ahead file is room for a few orders only.
fn nearly_full(data: &Path) {
    let ledger = daybook_ledger::Options { wal_file_bytes: 48 << 10, ..Default::default() };
    let options = FolderOptions { ledger, id_if_new: Some(Uuid::from_u128(5)), ..FolderOptions::default() };
    let clock = Arc::new(|| Timestamp::from_seconds(1_700_000_000));
    let folder = open_folder(data, &options, clock).unwrap();
    let register = RegisterMerchant { id: MerchantId::new("m1").unwrap(), name: "Shop".into(), parent: None };
    let operator = Actor { id: Uuid::from_u128(1), role: Role::Platform };
    let request = Request::live(CommandId(Uuid::from_u128(1)), operator, Command::RegisterMerchant(register));
    folder.engine.submit(request).wait().unwrap();
    folder.engine.shutdown().unwrap();
}

/// Files that were made ready while there was room would put off the end of it.
fn without_spares(data: &Path) {
    for entry in std::fs::read_dir(data.join("wal")).unwrap() {
        let path = entry.unwrap().path();
        if path.file_name().unwrap().to_str().unwrap().starts_with("spare-") {
            std::fs::remove_file(path).unwrap();
        }
    }
}

#[test]
fn a_full_disk_is_said_and_passes() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("disk");
    let data = root.join("data");
    std::fs::create_dir(&root).unwrap();
    nearly_full(&data);
    let token = support::token(&data);
    without_spares(&data);
    let disk = LossyDisk::adopt(&root, &folder.path().join("platter")).unwrap();
    let start = || {
        let mut command = support::daybook();
        command.args(["serve", "--listen", "127.0.0.1:0", "--rate-limit", "0", "--data"]).arg(&data);
        disk.attach(&mut command);
        Server::spawn(command, token.clone())
    };
    // Enough to open the folder, not for another write-ahead file.
    disk.control().set(Fault::Room(Some(512 << 10)));
    let mut server = start();

    let journal = Journal::new(folder.path().join("journal"));
    let (refused, done) = (AtomicU64::new(0), AtomicBool::new(false));
    std::thread::scope(|scope| {
        for at in 0..CLIENTS {
            let (client, journal, refused, done) = (server.client(), &journal, &refused, &done);
            scope.spawn(move || {
                for next in 0_u64.. {
                    if done.load(Ordering::Relaxed) {
                        return;
                    }
                    let number = format!("f{at}-{next}");
                    journal.asking(&number);
                    // A client that was refused sends the same command again, as the error says.
                    loop {
                        match place(&client, Uuid::from_u64_pair(at, next), &number) {
                            Answer::Told(told) => break journal.told(&number, &told),
                            Answer::Code(code) => assert_eq!(code, "DISK_FULL", "{number}"),
                            Answer::None => panic!("{number}: no answer"),
                        }
                        refused.fetch_add(1, Ordering::Relaxed);
                        if done.load(Ordering::Relaxed) {
                            return;
                        }
                        std::thread::sleep(Duration::from_millis(5));
                    }
                }
            });
        }
        let clients = Done(&done);
        let wait = |what: &str, is_so: &dyn Fn() -> bool| {
            let deadline = Instant::now() + Duration::from_secs(20);
            while !is_so() {
                assert!(Instant::now() < deadline, "waited in vain for {what}");
                std::thread::sleep(Duration::from_millis(10));
            }
        };
        let receipts = || journal.read().1.len();
        wait("refusals", &|| refused.load(Ordering::Relaxed) > 50);
        let (_, full) = journal.read();
        assert!(full.len() > 10, "too little was done to prove anything: {}", full.len());
        all_is_there(&server, &full);
        let last = full.values().map(|told| told.position).max().unwrap();
        let count =
            server.query("query ($at: Position) { ordersCount(atLeast: $at) }", &json!({"at": last.to_string()}));
        assert!(count["ordersCount"].as_u64().unwrap() >= full.len() as u64, "the list stands still: {count}");
        assert!(disk.control().get(Counter::NoSpace) > 0);

        disk.control().set(Fault::Room(None));
        wait("receipts after there is room again", &|| receipts() > full.len() + 100);
        drop(clients);
    });
    server.kill();

    // The power goes too: only what was synced is left, of the log and of the keys.
    let root = folder.path().join("after");
    disk.restore(&root, Loss::Everything).unwrap();
    let data = root.join("data");
    let server = Server::start(&data, token);
    let (asked, told) = journal.read();
    println!("{} receipts, {} refusals for want of room", told.len(), refused.load(Ordering::Relaxed));
    all_is_there(&server, &told);
    assert_eq!(server.interrupt(), Some(0));
    log_is_right(&data, &asked, &told);
}
