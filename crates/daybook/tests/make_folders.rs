//! How the kept data folders in `replay-fixtures/` were made. A folder that is there is never made again: each stands for
//! the format of its day, and later versions must go on opening it. A new format gets a new folder:
//!
//!     cargo test --package daybook --test make_folders -- --ignored
//!     cargo xtask bless

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use daybook_codec::{action_name, import_command_id, parse_action};
use daybook_domain::command::{AddNote, Command};
use daybook_domain::{Actor, CommandId, Event, Role, StreamId, Timestamp};
use daybook_engine::{
    Clock, ExecuteError, Folder, FolderOptions, MasterKey, MasterKeySource, Request, open_folder, rotate_master_key,
};
use daybook_ledger::Options;
use daybook_proof::Notary;
use daybook_views::Views;
use daybook_views::store::Store;
use uuid::Uuid;

/// `daybook test key that guards 0 !`, in hexadecimal: known to everybody, so it must never be used for anything real.
const TEST_KEY: &str = "646179626f6f6b2074657374206b657920746861742067756172647320302021";

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../replay-fixtures")
}

fn small(volume_events: u64) -> Options {
    Options { volume_events, wal_file_bytes: 64 << 10, ..Options::default() }
}

fn last_order(folder: &Folder) -> StreamId {
    let events = folder.reader.events(1, 1 << 20).unwrap();
    let placed = events.iter().rfind(|recorded| matches!(recorded.event, Event::OrderPlaced(_)));
    placed.unwrap().stream
}

/// An open folder with what the stories' commands made of it, and its clock.
fn play(data: &Path, stories: &[&str], volume_events: u64) -> Folder {
    let micros = Arc::new(AtomicI64::new(0));
    let clock = {
        let micros = Arc::clone(&micros);
        Arc::new(move || Timestamp(micros.load(Ordering::Relaxed)))
    };
    let options = FolderOptions {
        ledger: small(volume_events),
        master_key: MasterKeySource::Hex(TEST_KEY.into()),
        id_if_new: Some(Uuid::from_u128(0xDA1B_00C0)),
    };
    let folder = open_folder(data, &options, clock).unwrap();
    let clerk = Actor { id: Uuid::from_u128(3), role: Role::Clerk };
    for (at, story) in stories.iter().enumerate() {
        let commands = fs::read_to_string(fixtures().join(story).join("commands.jsonl")).unwrap();
        // The stories' orders and payments bear the same numbers.
        let commands = commands.replace(r#""A-"#, &format!(r#""A{at}-"#)).replace(r#""T-"#, &format!(r#""T{at}-"#));
        for (line, text) in (1..).zip(commands.lines().filter(|line| !line.contains(r#""action":"expire""#))) {
            let action = parse_action(text).unwrap();
            // Each story begins on the same day: nothing is recorded by a clock that goes back.
            micros.fetch_max(action.at.unwrap().0, Ordering::Relaxed);
            let name = action_name(&action.command);
            let id = import_command_id(story, action.target(), name, &format!("{line}"));
            match folder.engine.submit(Request::live(id, clerk, action.command)).wait() {
                Ok(_) | Err(ExecuteError::Rejected(_)) => {}
                Err(error) => panic!("{story} line {line}: {error}"),
            }
        }
    }
    settle(&folder, volume_events);
    folder
}

/// Until what is done in the background is done.
fn settle(folder: &Folder, volume_events: u64) {
    let ended = folder.reader.watermark() / volume_events;
    let deadline = Instant::now() + Duration::from_secs(20);
    while folder.reader.ledger().stats().volumes < ended.min(1) {
        assert!(Instant::now() < deadline, "no volume was sealed");
        std::thread::sleep(Duration::from_millis(10));
    }
    // Whatever is sealed next would change files while they are copied.
    std::thread::sleep(Duration::from_millis(500));
}

/// The views as a server writes them down.
fn keep_views(data: &Path, folder: &Folder) {
    let mut views = Views::new();
    for recorded in folder.reader.events(1, 1 << 30).unwrap() {
        views.apply(&recorded).unwrap();
    }
    let mut store = Store::new(&data.join("views"), *folder.reader.ledger().id().as_bytes());
    let checkpoint = store.checkpoint(&views).unwrap();
    store.save(&checkpoint).unwrap();
}

/// Keeps a folder as it is now, without the zeros at the ends of its files; `files.txt` says how long they were.
fn keep(data: &Path, name: &str) -> PathBuf {
    let fixture = fixtures().join(name);
    let mut lines = Vec::new();
    keep_folder(data, data, &fixture.join("data"), &mut lines);
    lines.sort();
    fs::write(fixture.join("files.txt"), lines.join("\n") + "\n").unwrap();
    fs::write(fixture.join("TEST-ONLY-master-key"), format!("{TEST_KEY}\n")).unwrap();
    fixture
}

/// The same without the keys, which are never asked for: the log is refused first.
fn keep_log(data: &Path, name: &str) -> PathBuf {
    let fixture = keep(data, name);
    fs::remove_file(fixture.join("data/keys")).unwrap();
    let _ = fs::remove_file(fixture.join("data/keys.position"));
    fs::remove_file(fixture.join("TEST-ONLY-master-key")).unwrap();
    let lines = fs::read_to_string(fixture.join("files.txt")).unwrap();
    let lines: Vec<&str> = lines.lines().filter(|line| !line.starts_with("keys")).collect();
    fs::write(fixture.join("files.txt"), lines.join("\n") + "\n").unwrap();
    fixture
}

fn keep_folder(from: &Path, folder: &Path, to: &Path, lines: &mut Vec<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.strip_prefix(from).unwrap().to_str().unwrap().to_owned();
        if name == "lock" || name.contains("spare-") {
            continue;
        }
        if path.is_dir() {
            lines.push(format!("{name}/"));
            keep_folder(from, &path, to, lines);
            continue;
        }
        let bytes = fs::read(&path).unwrap();
        let used = bytes.iter().rposition(|&byte| byte != 0).map_or(0, |last| last + 1);
        lines.push(format!("{name} {}", bytes.len()));
        fs::create_dir_all(to.join(&name).parent().unwrap()).unwrap();
        fs::write(to.join(&name), &bytes[..used]).unwrap();
    }
}

fn flip(file: &Path, at: impl Fn(&[u8]) -> usize) {
    let mut bytes = fs::read(file).unwrap();
    let at = at(&bytes);
    bytes[at] ^= 0x10;
    fs::write(file, bytes).unwrap();
}

const FIRST_FILE: &str = "data/wal/00000000000000000001.wal";

#[test]
#[ignore = "makes fixtures that are not there yet"]
fn make_the_folders_that_are_missing() {
    let missing = |name: &str| !fixtures().join(name).exists();
    let temp = tempfile::tempdir().unwrap();
    if missing("folder-format-1") {
        let data = temp.path().join("format-1");
        let stories = [
            "card-order",
            "cancel-paid",
            "holds-and-clocks",
            "overpaid-returned",
            "partial-shipment",
            "price-edit",
            "refund-failed-settled",
            "refund-rejected-asked-again",
        ];
        let folder = play(&data, &stories, 50);
        folder.engine.shutdown().unwrap();
        keep(&data, "folder-format-1");
    }
    // Key file of format 2, tree, signed checkpoints, views; not closed.
    if missing("folder-key-file-2") {
        let data = temp.path().join("key-file-2");
        let stories = ["partial-refund", "stock-reserved-taken-released", "two-refunds", "partial-shipment"];
        let folder = play(&data, &stories, 30);
        folder.engine.shutdown().unwrap();
        drop(folder);
        let options = |key: &str| FolderOptions {
            ledger: small(30),
            master_key: MasterKeySource::Hex(key.into()),
            ..FolderOptions::default()
        };
        let clock: Clock = Arc::new(|| Timestamp(1_785_000_000_000_000));
        let (other, key) = ("42".repeat(32), MasterKey::from_hex(TEST_KEY).unwrap());
        let new = MasterKey::from_hex(&other).unwrap();
        assert!(rotate_master_key(&data, &options(TEST_KEY), &new, Arc::clone(&clock)).unwrap());
        assert!(rotate_master_key(&data, &options(&other), &key, Arc::clone(&clock)).unwrap());
        let folder = open_folder(&data, &options(TEST_KEY), clock).unwrap();
        settle(&folder, 30);
        keep_views(&data, &folder);
        let notary = Notary::open(folder.reader.ledger().clone(), None).unwrap();
        let verifier = notary.create_key(Some("test-only")).unwrap();
        notary.sign().unwrap();
        let note = AddNote { order: last_order(&folder), text: "behind what was signed".into() };
        let clerk = Actor { id: Uuid::from_u128(3), role: Role::Clerk };
        let request = Request::live(CommandId(Uuid::from_u128(0xF)), clerk, Command::AddNote(note));
        folder.engine.submit(request).wait().unwrap();
        std::thread::sleep(Duration::from_millis(500));
        // Whoever signs needs a key of their own.
        fs::remove_file(data.join("signing.key")).unwrap();
        let fixture = keep(&data, "folder-key-file-2");
        fs::write(fixture.join("verifier-key"), format!("{verifier}\n")).unwrap();
        folder.engine.shutdown().unwrap();
    }
    // Packed pages under their numbers, a tree without leaves.
    if missing("folder-format-2") {
        let data = temp.path().join("format-2");
        let stories = ["card-order", "partial-refund", "price-edit", "cancel-paid", "two-refunds", "holds-and-clocks"];
        let folder = play(&data, &stories, 40);
        settle(&folder, 40);
        folder.engine.shutdown().unwrap();
        keep(&data, "folder-format-2");
    }
    if missing("folder-damaged-closed") {
        let data = temp.path().join("closed");
        play(&data, &["card-order"], 1 << 20).engine.shutdown().unwrap();
        let fixture = keep_log(&data, "folder-damaged-closed");
        // In the last batch: nothing follows it, so only the mark knows of it.
        flip(&fixture.join(FIRST_FILE), |bytes| bytes.len() - 40);
    }
    if missing("folder-damaged-killed") {
        let data = temp.path().join("killed");
        let folder = play(&data, &["card-order"], 1 << 20);
        // As a killed process leaves it: not marked as closed.
        let fixture = keep_log(&data, "folder-damaged-killed");
        folder.engine.shutdown().unwrap();
        flip(&fixture.join(FIRST_FILE), |bytes| 4096 + (bytes.len() - 4096) / 2);
    }
}
