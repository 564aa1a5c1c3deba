//! The stories in `replay-fixtures/`: rules and views say today what their files say. `just bless` rewrites them.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

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
    assert!(text.lines().count() >= 12, "{text}");
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
