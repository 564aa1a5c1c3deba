//! A file with faults is imported, corrected in place and imported again: exactly what was corrected is new.
#![allow(clippy::unwrap_used, reason = "unwrap is how a test fails")]

mod support;

use std::fs;
use std::path::PathBuf;

use serde_json::Value;
use support::run;

const BEFORE: &str = r#"{"action":"register-merchant","id":"m1","name":"Shop"}
{"action":"place","merchant":"m1","number":"A-1","buyer":{"account":"b"},"currency":"CNY","lines":[{"sku":"card","title":"Card","kind":"CARD","quantity":2,"unitPrice":"9.90"}]}"#;

fn note(text: &str) -> String {
    format!(r#"{{"action":"add-note","merchant":"m1","number":"A-1","text":"{text}"}}"#)
}

struct Shop {
    folder: tempfile::TempDir,
}

impl Shop {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// Imports the merchant, the order, and these lines.
    fn import(&self, lines: &[&[u8]]) -> Value {
        self.import_as("history.jsonl", &[], lines)
    }

    fn import_as(&self, name: &str, args: &[&str], lines: &[&[u8]]) -> Value {
        let file = self.folder.path().join(name);
        fs::write(&file, [BEFORE.as_bytes()].iter().chain(lines).copied().collect::<Vec<_>>().join(&b'\n')).unwrap();
        let output = run(&[&["import", "jsonl", file.to_str().unwrap(), "--json"], args].concat(), &self.data());
        serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{output:?}"))
    }

    fn notes(&self) -> Vec<String> {
        let output = run(&["history", "m1/A-1", "--json"], &self.data());
        let lines = String::from_utf8(output.stdout).unwrap();
        let events = lines.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        let notes = events.filter(|event| event["kind"] == "note-added");
        notes.map(|event| event["data"]["text"].as_str().unwrap().to_owned()).collect()
    }
}

fn counts(report: &Value) -> [u64; 3] {
    ["imported", "alreadyThere", "notImported"].map(|field| report[field].as_u64().unwrap())
}

#[test]
fn a_line_that_is_corrected_in_place_is_imported_and_no_other() {
    let (first, corrected, last) = (note("first"), note("corrected"), note("last"));
    let long = note(&"x".repeat(1 << 20));
    let by_id = r#"{"order":"6d1bf42e-3a91-5910-af05-d2ea6422a55b","action":"add-note","text":"corrected"#;
    for bad in [
        corrected.replace("text", "txt").as_bytes(),
        corrected.replace("\"A-1\"", "\" A-1\"").as_bytes(),
        corrected.replace("\"corrected\"", "7").as_bytes(),
        corrected.trim_end_matches('}').as_bytes(),
        corrected.replace("corrected", "corr\"ected").as_bytes(),
        by_id.as_bytes(),
        &[&corrected.as_bytes()[..60], b"\xff\"}"].concat(),
        long.as_bytes(),
    ] {
        let shown = String::from_utf8_lossy(&bad[..bad.len().min(100)]);
        let shop = Shop::new();
        let faulty = shop.import(&[first.as_bytes(), bad, last.as_bytes()]);
        assert_eq!(counts(&faulty), [4, 0, 1], "{shown}");
        let again = shop.import(&[first.as_bytes(), corrected.as_bytes(), last.as_bytes()]);
        assert_eq!(counts(&again), [1, 4, 0], "{shown}: {again}");
        assert_eq!(shop.notes(), ["first", "last", "corrected"], "{shown}");
        let appended = note("appended");
        let more = shop.import(&[first.as_bytes(), corrected.as_bytes(), last.as_bytes(), appended.as_bytes()]);
        assert_eq!(counts(&more), [1, 5, 0], "{shown}: {more}");
    }
}

/// Nobody can tell which order it was about: once it is corrected those behind it stand at other places.
#[test]
fn a_line_of_which_nothing_could_be_read_makes_no_other_one_count_twice() {
    let shop = Shop::new();
    let (first, corrected, second, last) = (note("first"), note("corrected"), note("second"), note("last"));
    let faulty = shop.import(&[first.as_bytes(), b"no action", second.as_bytes(), last.as_bytes()]);
    assert_eq!(counts(&faulty), [5, 0, 1]);
    let again = shop.import(&[first.as_bytes(), corrected.as_bytes(), second.as_bytes(), last.as_bytes()]);
    assert_eq!(counts(&again), [0, 3, 3], "{again}");
    assert!(again["badLines"][0]["why"].as_str().unwrap().contains("COMMAND_ID_REUSED"), "{again}");
    let last_line = again["badLines"].as_array().unwrap().last().unwrap();
    assert!(last_line["why"].as_str().unwrap().contains("put line 4 behind the others"), "{again}");
    assert_eq!(shop.notes(), ["first", "second", "last"]);
    let moved = shop.import(&[first.as_bytes(), second.as_bytes(), last.as_bytes(), corrected.as_bytes()]);
    assert_eq!(counts(&moved), [1, 5, 0], "{moved}");
    assert_eq!(shop.notes(), ["first", "second", "last", "corrected"]);
}

#[test]
fn a_removed_duplicate_makes_no_other_one_count_twice() {
    let shop = Shop::new();
    let (twice, second, last) = (note("twice"), note("second"), note("last"));
    assert_eq!(counts(&shop.import(&[&twice, &twice, &second, &last].map(|line| line.as_bytes()))), [6, 0, 0]);
    let again = shop.import(&[&twice, &second, &last].map(|line| line.as_bytes()));
    assert_eq!(counts(&again), [0, 3, 2], "{again}");
    assert_eq!(shop.notes(), ["twice", "twice", "second", "last"]);
}

#[test]
fn orders_without_a_number_are_counted_by_their_merchant() {
    let place = |account: &str| {
        let line = BEFORE.lines().last().unwrap().replace("\"number\":\"A-1\",", "");
        line.replace("\"account\":\"b\"", &format!("\"account\":\"{account}\""))
    };
    let (first, corrected, last) = (place("first"), place("corrected"), place("last"));
    for (bad, expected) in
        [(corrected.replace("\"currency\":\"CNY\",", ""), [1, 4, 0]), ("no action".into(), [0, 3, 2])]
    {
        let shop = Shop::new();
        assert_eq!(counts(&shop.import(&[&first, &bad, &last].map(|line| line.as_bytes()))), [4, 0, 1], "{bad}");
        let again = shop.import(&[&first, &corrected, &last].map(|line| line.as_bytes()));
        assert_eq!(counts(&again), expected, "{bad}: {again}");
    }
}

/// What brings its own id depends on no other line.
#[test]
fn a_changed_line_with_its_own_id_keeps_no_other_one_out() {
    let shop = Shop::new();
    let own = |text: &str| note(text).replace('}', ",\"source\":\"7\"}");
    let (other, new) = (note("other"), note("new"));
    assert_eq!(counts(&shop.import(&[own("as it was").as_bytes(), other.as_bytes()])), [4, 0, 0]);
    let again = shop.import(&[own("changed").as_bytes(), other.as_bytes(), new.as_bytes()]);
    assert_eq!(counts(&again), [1, 3, 1], "{again}");
    assert_eq!(shop.notes(), ["as it was", "other", "new"]);
}

/// No id tells that a line was imported under another source: what must not happen is that it counts twice.
#[test]
fn a_file_under_another_name_changes_nothing_and_says_how_to_go_on() {
    let shop = Shop::new();
    let (first, new) = (note("first"), note("new"));
    let elsewhere = BEFORE.lines().last().unwrap().replace("A-1", "A-2");
    assert_eq!(counts(&shop.import(&[first.as_bytes()])), [3, 0, 0]);
    let lines = [first.as_bytes(), new.as_bytes(), elsewhere.as_bytes()];
    let renamed = shop.import_as("renamed.jsonl", &[], &lines);
    assert_eq!(counts(&renamed), [1, 1, 3], "the same merchant; the order and its notes; A-2 is new: {renamed}");
    let why: Vec<_> = renamed["badLines"].as_array().unwrap().iter().map(|bad| bad["why"].as_str().unwrap()).collect();
    assert!(why[0].contains("--source") && why[1].contains("line 2") && why[2].contains("line 2"), "{renamed}");
    assert_eq!(shop.notes(), ["first"]);
    let named = shop.import_as("renamed.jsonl", &["--source", "history.jsonl"], &[first.as_bytes(), new.as_bytes()]);
    assert_eq!(counts(&named), [1, 3, 0], "{named}");
    assert_eq!(shop.notes(), ["first", "new"]);
    // Lines that do not place it again are new ones of another source.
    let file = shop.folder.path().join("more.jsonl");
    fs::write(&file, note("more")).unwrap();
    assert!(run(&["import", "jsonl", file.to_str().unwrap()], &shop.data()).status.success());
    assert_eq!(shop.notes(), ["first", "new", "more"]);
}

/// What Windows' editors put first is no part of the first line.
#[test]
fn a_byte_order_mark_is_passed_over() {
    let shop = Shop::new();
    let file = shop.folder.path().join("marked.jsonl");
    fs::write(&file, format!("\u{feff}{BEFORE}\r\n")).unwrap();
    let output = run(&["import", "jsonl", file.to_str().unwrap(), "--json"], &shop.data());
    assert_eq!(counts(&serde_json::from_slice(&output.stdout).unwrap()), [2, 0, 0], "{output:?}");
}

#[test]
fn what_was_recorded_against_a_rule_names_its_first_lines() {
    let shop = Shop::new();
    let far = |text: &str| note(text).replace("add-note\",", "add-note\",\"at\":\"2999-01-01T00:00:00Z\",");
    let report = shop.import(&[far("first").as_bytes(), note("second").as_bytes(), far("third").as_bytes()]);
    assert_eq!(report["remarks"]["add-note: IN_THE_FUTURE"], 2, "{report}");
    let first = &report["remarksFirst"][0];
    assert_eq!((&first["what"], &first["lines"]), (&"add-note: IN_THE_FUTURE".into(), &serde_json::json!([3, 5])));
    assert!(first["why"].as_str().unwrap().contains("future"), "{report}");
}
