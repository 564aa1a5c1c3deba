//! Stories: what was asked, what the rules made of it, and what the views say then. A story is a folder:
//!
//! - `commands.jsonl`, if it is there: one action per line, as in docs/import-format.md, and those that imports do not
//!   know (see `unimported.rs`); `"as"` names who acts (see `actors.rs`). A line `{"origin":"IMPORT","at":…}` turns
//!   what follows into history that is brought in then.
//! - `events.jsonl`: one event per line, as `daybook export events` writes them, personal texts opened.
//! - `views.json`: the orders, counts, dashboard, stock and what waits after the last event.
//!
//! - `data/` and `expected.txt`, if they are there: a kept data folder (see `folder.rs`) that holds these events, or that
//!   is damaged and refused.
//!
//! Replaying decides the commands again, opens the folder again and folds the events again: all must give what stands in
//! the files. So a changed rule or a changed view shows as a difference, and `--bless` writes it down; but nothing ever
//! rewrites `data/`.

mod actors;
mod folder;
mod golden;
mod story;
mod unimported;
mod waiting;
mod world;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use crate::cli::ReplayArgs;
use crate::console::{self, out};
use crate::failure::Failure;

const COMMANDS: &str = "commands.jsonl";
const EVENTS: &str = "events.jsonl";
const VIEWS: &str = "views.json";
const EXPECTED: &str = "expected.txt";

pub(crate) fn run(args: &ReplayArgs) -> Result<ExitCode, Failure> {
    let stories = stories(&args.story)?;
    let mut text = String::new();
    let mut is_right = true;
    for folder in &stories {
        let name = folder.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
        match replay(folder, args.bless) {
            Ok(Some(count)) => out!(text, "{name}: {count} events"),
            Ok(None) => out!(text, "{name}: refused"),
            Err(difference) => {
                is_right = false;
                out!(text, "{name}: {difference}");
            }
        }
    }
    console::print(&text)?;
    Ok(if is_right { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The folder itself, or all stories in it.
fn stories(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let is_story = |folder: &Path| [EVENTS, COMMANDS, folder::DATA].iter().any(|name| folder.join(name).exists());
    if is_story(folder) {
        return Ok(vec![folder.to_path_buf()]);
    }
    let entries = fs::read_dir(folder).map_err(|error| Failure::new(format!("{}: {error}", folder.display())))?;
    let mut found = Vec::new();
    for entry in entries {
        let path = entry?.path();
        if is_story(&path) {
            found.push(path);
        }
    }
    found.sort();
    if found.is_empty() {
        return Err(Failure::new(format!("{} holds no story: no {EVENTS} in it or below", folder.display())));
    }
    Ok(found)
}

/// How many events the story has, none if it is a folder that is refused as it should be; or the first difference.
fn replay(folder: &Path, bless: bool) -> Result<Option<usize>, Failure> {
    let mut refused = Vec::new();
    if let Some(commands) = read(&folder.join(COMMANDS))? {
        let (events, refusals) = story::decide_all(&commands)?;
        refused = refusals;
        settle(&folder.join(EVENTS), &events, bless)?;
    }
    if folder.join(folder::DATA).exists() {
        let kept = folder::try_out(folder)?;
        settle(&folder.join(EXPECTED), &kept.said, bless)?;
        let Some(events) = kept.events else { return Ok(None) };
        settle(&folder.join(EVENTS), &events, bless)?;
    }
    let events = read(&folder.join(EVENTS))?.ok_or_else(|| Failure::new(format!("there is no {EVENTS}")))?;
    let events = story::read_events(&events)?;
    settle(&folder.join(VIEWS), &golden::views(&events, &refused)?, bless)?;
    Ok(Some(events.len()))
}

fn read(path: &Path) -> Result<Option<String>, Failure> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Failure::new(format!("{}: {error}", path.display()))),
    }
}

/// Writes the file, or compares it.
fn settle(path: &Path, now: &str, bless: bool) -> Result<(), Failure> {
    if bless {
        return Ok(fs::write(path, now)?);
    }
    let name = path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
    let Some(before) = read(path)? else {
        return Err(Failure::new(format!("there is no {name}; --bless writes it")));
    };
    let mut lines = (1_u32..).zip(
        before
            .lines()
            .map(Some)
            .chain(std::iter::repeat(None))
            .zip(now.lines().map(Some).chain(std::iter::repeat(None))),
    );
    let different = lines.find(|(_, (before, now))| before != now || (before.is_none() && now.is_none()));
    match different {
        Some((line, (before, now))) if before.is_some() || now.is_some() => Err(Failure::new(format!(
            "{name} line {line} differs\n  - {}\n  + {}",
            before.unwrap_or("(nothing)"),
            now.unwrap_or("(nothing)")
        ))),
        Some(_) | None => Ok(()),
    }
}
