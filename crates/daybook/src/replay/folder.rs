//! Kept data folders: of the format of their day, or damaged.
//!
//! - `data/`: the folder's files, without the zeros at their ends. Never rewritten: it stands for what is on disks.
//! - `files.txt`: how long each file is in bytes, and the folders (their lines end with `/`).
//! - `expected.txt`: what `daybook verify` and opening say of it.
//! - `TEST-ONLY-master-key`, if its personal texts are to be read: guards nothing, as everybody has it.
//! - `verifier-key`, if it has signed checkpoints: the public half of the key that signed them.

use std::collections::HashMap;
use std::fs::{self, File, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;

use daybook_codec::to_json;
use daybook_domain::{State, StreamId, Timestamp, evolve};
use daybook_engine::{Folder, FolderOptions, MasterKeySource, Reader, open_folder};
use daybook_proof::{VerifierKey, signed_roots};
use daybook_views::checkpoint::Since;
use daybook_views::{BulkFold, Views};
use tempfile::TempDir;

use crate::console::out;
use crate::failure::Failure;
use crate::history::with_texts;
use crate::{data, follower, verify};

pub(super) const DATA: &str = "data";
const FILES: &str = "files.txt";
const TEST_KEY: &str = "TEST-ONLY-master-key";
const VERIFIER_KEY: &str = "verifier-key";
/// Bytes of the log that are read at a time.
const CHUNK_BYTES: usize = 1 << 20;

/// What became of a kept folder.
pub(super) struct Kept {
    /// What verifying and opening said.
    pub(super) said: String,
    /// Its events as lines, personal texts opened; none if it was refused.
    pub(super) events: Option<String>,
}

/// Verifies and opens a copy of the folder that `fixture` holds.
pub(super) fn try_out(fixture: &Path) -> Result<Kept, Failure> {
    let temp = TempDir::new()?;
    let data = temp.path().join(DATA);
    lay_out(fixture, &data)?;
    let signed = signed_roots(&data, verifier(fixture)?.as_slice(), None)?;
    let report = daybook_ledger::verify_dir_against(&data, &signed.roots)?;
    let mut said = String::from("$ daybook verify --data data\n");
    said.push_str(&verify::text(&report, true));
    out!(said, "exit code {}\n\nopening:", u8::from(!report.is_sound()));
    let events = match open(fixture, &data) {
        Ok(folder) => {
            let events = events(&folder.reader)?;
            if let Some(cut) = folder.reader.ledger().cut() {
                out!(said, "{cut}, and was cut off");
            }
            out!(said, "{} events", events.lines().count());
            if let Some(last) = data::open_notary(&folder.reader)?.check()? {
                out!(said, "goes on from the checkpoint of {} records that was signed", last.size);
            }
            are_views_those_of_the_log(&data, &folder.reader)?;
            folder.engine.shutdown()?;
            Some(events)
        }
        Err(refusal) => {
            out!(said, "error: {refusal}");
            None
        }
    };
    Ok(Kept { said: said.replace(&data.display().to_string(), DATA), events })
}

/// Writes the files with their zeros.
fn lay_out(fixture: &Path, data: &Path) -> Result<(), Failure> {
    fs::create_dir_all(data)?;
    for line in fs::read_to_string(fixture.join(FILES))?.lines() {
        if let Some(folder) = line.strip_suffix('/') {
            fs::create_dir_all(data.join(folder))?;
            continue;
        }
        let wrong = || Failure::new(format!("{FILES} says {line:?}: a name and a length in bytes should be there"));
        let (name, length) = line.split_once(' ').ok_or_else(wrong)?;
        fs::copy(fixture.join(DATA).join(name), data.join(name))?;
        let file = File::options().write(true).open(data.join(name))?;
        file.set_len(length.parse().map_err(|_| wrong())?)?;
        // As in a data folder, whatever modes a checkout gives.
        file.set_permissions(Permissions::from_mode(0o600))?;
    }
    Ok(())
}

fn open(fixture: &Path, data: &Path) -> Result<Folder, Failure> {
    let key = fixture.join(TEST_KEY);
    let master_key =
        if key.exists() { MasterKeySource::Hex(fs::read_to_string(key)?) } else { MasterKeySource::Folder };
    let options = FolderOptions { master_key, ..FolderOptions::default() };
    // Nothing is written, so no time is ever asked for.
    Ok(open_folder(data, &options, Arc::new(|| Timestamp(0)))?)
}

fn verifier(fixture: &Path) -> Result<Option<VerifierKey>, Failure> {
    let path = fixture.join(VERIFIER_KEY);
    if path.exists() { Ok(Some(fs::read_to_string(path)?.trim().parse()?)) } else { Ok(None) }
}

/// Views that were written down are either not used, as those of a version before, or what folding the log gives.
fn are_views_those_of_the_log(data: &Path, reader: &Reader) -> Result<(), Failure> {
    let (Some(kept), _) = follower::store(data, reader).load(reader.watermark())? else { return Ok(()) };
    let all = |views: Views| -> Result<_, Failure> {
        let whole = follower::fold(reader, BulkFold::new(views), reader.watermark(), |_| true)?.finish();
        Ok(whole.checkpoint(&Since::default()))
    };
    if all(kept)? == all(Views::new())? {
        return Ok(());
    }
    Err(Failure::new("the views that were written down are not those of the log"))
}

fn events(reader: &Reader) -> Result<String, Failure> {
    let mut streams: HashMap<StreamId, Option<State>> = HashMap::new();
    let mut lines = String::new();
    let mut from = 1;
    loop {
        let next = reader.for_each(from, CHUNK_BYTES, |recorded| {
            let state = streams.entry(recorded.stream).or_default();
            evolve(state, &recorded);
            let json = match state {
                Some(State::Order(order)) => with_texts(reader, &recorded, order.tree_root()),
                // No personal text stands in other streams.
                Some(_) | None => to_json(&recorded, &mut |_, _| None),
            };
            out!(lines, "{json}");
        })?;
        if next == from {
            return Ok(lines);
        }
        from = next;
    }
}
