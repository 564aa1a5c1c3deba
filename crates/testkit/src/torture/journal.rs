//! What clients asked for and were told: one file for all of them, a line each.
//!
//! | line | meaning |
//! |---|---|
//! | `S client sequence` | is about to be submitted |
//! | `A client sequence position` | was acknowledged: durable from this position on |
//! | `R client sequence` | was refused for want of room |
//! | `Y` | the journal was synced: every answer above is on the device |
//!
//! Without an answer the outcome is unknown. Answers are written and synced by one thread, which lets one sync do for all
//! that came while the one before was under way; a client goes on when its own is synced. So an answer counts as told
//! once a `Y` stands below it, and everything that led to it (its submission above all) is at least as durable.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

use super::commits::Commit;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Answer {
    /// Nobody came back: the commit may be there whole, or not at all.
    None,
    /// It is durable, from this position on.
    Acknowledged(u64),
    /// It is not there and never will be.
    Refused,
}

fn path(folder: &Path) -> PathBuf {
    folder.join("answers")
}

/// A handle on the journal, for writing; clients clone it.
#[derive(Clone)]
pub(super) struct Journal {
    file: Arc<File>,
    answers: Sender<Entry>,
}

/// A line with an answer, and whom to tell that it is durable.
struct Entry {
    line: String,
    synced: Sender<io::Result<()>>,
}

impl Journal {
    /// Opens the journal in `folder` and starts the thread that syncs it, which ends with the last handle.
    pub(super) fn open(folder: &Path) -> io::Result<Journal> {
        let file = Arc::new(File::options().append(true).create(true).open(path(folder))?);
        // Its name has to be as durable as what is said under it.
        File::open(folder)?.sync_all()?;
        let (answers, entries) = channel();
        let synced = Arc::clone(&file);
        thread::Builder::new().name("journal".into()).spawn(move || sync_in_groups(&synced, &entries))?;
        Ok(Journal { file, answers })
    }

    /// Not synced: what is submitted but not known to be answered has no claim to anything.
    pub(super) fn submitting(&self, commit: Commit) -> io::Result<()> {
        line(&self.file, &format!("S {} {}\n", commit.client, commit.sequence))
    }

    /// Returns when the answer is durable.
    pub(super) fn acknowledged(&self, commit: Commit, first: u64) -> io::Result<()> {
        self.answered(format!("A {} {} {first}\n", commit.client, commit.sequence))
    }

    /// Returns when the answer is durable.
    pub(super) fn refused(&self, commit: Commit) -> io::Result<()> {
        self.answered(format!("R {} {}\n", commit.client, commit.sequence))
    }

    fn answered(&self, line: String) -> io::Result<()> {
        let (synced, done) = channel();
        let gone = || io::Error::other("the thread that syncs the journal is gone");
        self.answers.send(Entry { line, synced }).map_err(|_| gone())?;
        done.recv().map_err(|_| gone())?
    }
}

fn sync_in_groups(file: &File, entries: &Receiver<Entry>) {
    while let Ok(first) = entries.recv() {
        let group: Vec<Entry> = std::iter::once(first).chain(entries.try_iter()).collect();
        let lines: String = group.iter().map(|entry| entry.line.as_str()).collect();
        let result = line(file, &lines).and_then(|()| file.sync_data()).and_then(|()| line(file, "Y\n"));
        for entry in group {
            let answer = result.as_ref().map_or_else(|error| Err(io::Error::other(error.to_string())), |()| Ok(()));
            // Nobody waits any more when the load is ending.
            let _ = entry.synced.send(answer);
        }
    }
}

/// One call, so that a kill leaves all of it or nothing, and no other thread's line comes in between.
fn line(mut file: &File, line: &str) -> io::Result<()> {
    file.write_all(line.as_bytes())
}

/// What the journal says of all commits.
#[derive(Debug, Default)]
pub(super) struct Told {
    pub(super) answers: BTreeMap<Commit, Answer>,
    /// Acknowledgements whose sync is known to have ended.
    pub(super) synced: u64,
}

impl Told {
    /// A client's next sequence number.
    pub(super) fn next_of(&self, client: u32) -> u64 {
        let all = Commit { client, sequence: 0 }..=Commit { client, sequence: u64::MAX };
        self.answers.range(all).next_back().map_or(1, |(commit, _)| commit.sequence + 1)
    }
}

/// Reads the journal in `folder`; empty if nobody wrote one.
pub(super) fn read(folder: &Path) -> io::Result<Told> {
    let text = match fs::read_to_string(path(folder)) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
        Err(error) => return Err(error),
    };
    let mut told = Told::default();
    let mut acknowledged = 0;
    for line in text.lines() {
        let wrong = || io::Error::other(format!("the journal says {line:?}"));
        let words: Vec<&str> = line.split(' ').collect();
        let commit = || -> Option<Commit> {
            Some(Commit { client: words.get(1)?.parse().ok()?, sequence: words.get(2)?.parse().ok()? })
        };
        let answer = match words[..] {
            ["Y"] => {
                told.synced = acknowledged;
                continue;
            }
            ["S", _, _] => Answer::None,
            ["R", _, _] => Answer::Refused,
            ["A", _, _, position] => {
                acknowledged += 1;
                Answer::Acknowledged(position.parse().map_err(|_| wrong())?)
            }
            _ => return Err(wrong()),
        };
        told.answers.insert(commit().ok_or_else(wrong)?, answer);
    }
    Ok(told)
}

/// How many commits all clients had answered.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Answers {
    pub acknowledged: u64,
    /// Of those, whose place in the journal is known to be durable.
    pub synced: u64,
    pub refused: u64,
    pub unanswered: u64,
}

/// Counts what the clients' journal in `folder` says.
///
/// # Errors
///
/// When it cannot be read.
pub fn answers(folder: &Path) -> io::Result<Answers> {
    let told = read(folder)?;
    let mut answers = Answers { synced: told.synced, ..Answers::default() };
    for answer in told.answers.values() {
        match answer {
            Answer::None => answers.unanswered += 1,
            Answer::Acknowledged(_) => answers.acknowledged += 1,
            Answer::Refused => answers.refused += 1,
        }
    }
    Ok(answers)
}
