//! The stories in `replay-fixtures/`: rules and views say today what their files say. `just bless` rewrites them.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use daybook_codec::recorded_from_json;
use daybook_domain::{Kind, Label, Sealed, Slot, State, StreamId, evolve};

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../replay-fixtures")
}

fn replay(folder: &Path) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_daybook"));
    command.arg("replay").arg(folder);
    if std::env::var_os("BLESS").is_some() && folder == fixtures() {
        command.arg("--bless");
    }
    command.output().unwrap()
}

#[test]
fn rules_and_views_make_of_every_story_what_its_files_say() {
    let output = replay(&fixtures());
    let text = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{text}{}", String::from_utf8_lossy(&output.stderr));
    assert!(text.lines().count() >= 65, "{text}");
}

#[test]
fn the_page_of_situations_names_every_story_and_no_other() {
    let page = fs::read_to_string(fixtures().join("../docs/situations.md")).unwrap();
    let rows = page.lines().filter(|line| line.starts_with('|'));
    let links = rows.flat_map(|row| row.split("](../replay-fixtures/").skip(1));
    let named: BTreeSet<String> = links.map(|rest| rest.split(')').next().unwrap().to_owned()).collect();
    let folders = fs::read_dir(fixtures()).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_dir());
    let names = folders.map(|folder| folder.file_name().unwrap().to_str().unwrap().to_owned());
    // Golden bytes are no story.
    let stories: BTreeSet<String> = names.filter(|name| name != "golden").collect();
    assert_eq!(named, stories);
}

/// The kinds of events of a story, and the labels that its orders had at any time.
fn told_by(story: &str) -> BTreeSet<&'static str> {
    let mut streams: BTreeMap<StreamId, Option<State>> = BTreeMap::new();
    let mut told = BTreeSet::new();
    for line in fs::read_to_string(fixtures().join(story).join("events.jsonl")).unwrap_or_default().lines() {
        let json = serde_json::from_str(line).unwrap();
        let recorded = recorded_from_json(&json, &mut |_| Sealed { slot: Slot(1), bytes: Vec::new() }).unwrap();
        told.insert(recorded.event.kind().name());
        let state = streams.entry(recorded.stream).or_default();
        evolve(state, &recorded);
        if let Some(State::Order(order)) = state {
            told.insert(Label::of(order.axes()).name());
        }
    }
    told
}

#[test]
fn each_row_of_the_page_tells_what_its_stories_tell() {
    let page = fs::read_to_string(fixtures().join("../docs/situations.md")).unwrap();
    let mut found = 0;
    for row in page.lines().filter(|line| line.starts_with('|')) {
        let told: BTreeSet<_> = row
            .split("](../replay-fixtures/")
            .skip(1)
            .flat_map(|rest| told_by(rest.split(')').next().unwrap()))
            .collect();
        let cells: Vec<&str> = row.split('|').collect();
        // Events and labels; in the first table the events of the way in and of the way out.
        let columns = match cells.len() {
            7 => [2, 3],
            8 => [3, 5],
            _ => continue,
        };
        let words = columns
            .into_iter()
            .flat_map(|column| cells[column].split(|c: char| !(c.is_ascii_alphabetic() || c == '-' || c == '_')));
        for word in words {
            if Kind::from_name(word).is_some() || Label::ALL.iter().any(|label| label.name() == word) {
                found += 1;
                assert!(told.contains(word), "{word} is in no story of {row}");
            }
        }
    }
    assert!(found > 200, "{found}");
}

/// What a card's secret is stands in its own event, and in no view.
#[test]
fn views_of_stories_show_no_secret() {
    let mut secrets = 0;
    for entry in fs::read_dir(fixtures()).unwrap() {
        let folder = entry.unwrap().path();
        let Ok(commands) = fs::read_to_string(folder.join("commands.jsonl")) else { continue };
        let views = fs::read_to_string(folder.join("views.json")).unwrap();
        for line in commands.lines() {
            let line: serde_json::Value = serde_json::from_str(line).unwrap();
            for secret in line["secrets"].as_array().into_iter().flatten() {
                secrets += 1;
                assert!(!views.contains(secret.as_str().unwrap()), "{}", folder.display());
            }
        }
    }
    assert!(secrets > 10, "{secrets}");
}

/// A story whose file says something else.
fn tampered(file: &str, from: &str, to: &str) -> (Option<i32>, String) {
    let story = fixtures().join("overpaid-returned");
    let copy = tempfile::tempdir().unwrap();
    for name in ["commands.jsonl", "events.jsonl", "views.json"] {
        let text = fs::read_to_string(story.join(name)).unwrap();
        let text = if name == file {
            assert!(text.contains(from), "{file} has no {from}");
            text.replacen(from, to, 1)
        } else {
            text
        };
        fs::write(copy.path().join(name), text).unwrap();
    }
    let output = replay(copy.path());
    (output.status.code(), String::from_utf8(output.stdout).unwrap())
}

#[test]
fn a_difference_is_named_by_file_and_line() {
    let (code, text) = tampered("views.json", "SHIPPED", "COMPLETED");
    assert_eq!(code, Some(1));
    assert!(text.contains("views.json line "), "{text}");
    let (code, text) = tampered("commands.jsonl", r#""amount":"10.00""#, r#""amount":"9.00""#);
    assert_eq!(code, Some(1));
    assert!(text.contains("events.jsonl line 6 differs"), "{text}");
    let (code, text) = tampered("events.jsonl", r#""excessMinor":500"#, r#""excessMinor":501"#);
    assert!(code == Some(1) && text.contains("events.jsonl line"), "{text}");
}

/// All files below a folder, by name.
fn bytes_below(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut files = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(bytes_below(&path));
        } else {
            files.insert(path.clone(), fs::read(path).unwrap());
        }
    }
    files
}

fn copy(from: &Path, to: &Path) {
    for (path, bytes) in bytes_below(from) {
        let path = to.join(path.strip_prefix(from).unwrap());
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
}

#[test]
fn blessing_never_rewrites_a_kept_folder() {
    let temp = tempfile::tempdir().unwrap();
    for name in
        ["folder-format-1", "folder-format-2", "folder-key-file-2", "folder-damaged-closed", "folder-damaged-killed"]
    {
        let story = temp.path().join(name);
        copy(&fixtures().join(name), &story);
        let before = bytes_below(&story.join("data"));
        fs::write(story.join("expected.txt"), "something else").unwrap();
        assert_eq!(replay(&story).status.code(), Some(1), "{name}");
        let mut bless = Command::new(env!("CARGO_BIN_EXE_daybook"));
        assert!(bless.args(["replay", "--bless"]).arg(&story).status().unwrap().success());
        assert_eq!(replay(&story).status.code(), Some(0), "{name}");
        assert!(bytes_below(&story.join("data")) == before, "{name}: data was rewritten");
    }
}

/// What a later version would do that could not read the folder any more, or read something else in it.
#[test]
fn a_kept_folder_that_reads_otherwise_is_a_difference() {
    let temp = tempfile::tempdir().unwrap();
    let story = temp.path().join("story");
    copy(&fixtures().join("folder-format-1"), &story);
    let file = story.join("data/wal/00000000000000000051.wal");
    let mut bytes = fs::read(&file).unwrap();
    bytes[5000] ^= 1;
    fs::write(&file, bytes).unwrap();
    let output = replay(&story);
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.code() == Some(1) && text.contains("expected.txt line"), "{text}");
    copy(&fixtures().join("folder-format-1"), &story);
    // Without its key the history is there, and the personal texts are not.
    fs::write(story.join("TEST-ONLY-master-key"), "11".repeat(32)).unwrap();
    let output = replay(&story);
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.code() == Some(1) && text.contains("expected.txt line"), "{text}");
}
