//! What clients asked for and were told. A line each: `S sequence` before submitting, then `A sequence position` when
//! acknowledged or `R sequence` when refused for want of room. Without an answer the outcome is unknown.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Answer {
    /// Nobody came back: the commit may be there whole, or not at all.
    None,
    /// It is durable, from this position on.
    Acknowledged(u64),
    /// It is not there and never will be.
    Refused,
}

fn path(folder: &Path, client: u32) -> PathBuf {
    folder.join(format!("client-{client}"))
}

/// One client's journal, for writing.
pub(super) struct Journal(File);

impl Journal {
    pub(super) fn open(folder: &Path, client: u32) -> io::Result<Journal> {
        Ok(Journal(File::options().append(true).create(true).open(path(folder, client))?))
    }

    pub(super) fn submitting(&mut self, sequence: u64) -> io::Result<()> {
        self.line(&format!("S {sequence}\n"))
    }

    pub(super) fn acknowledged(&mut self, sequence: u64, first: u64) -> io::Result<()> {
        self.line(&format!("A {sequence} {first}\n"))
    }

    pub(super) fn refused(&mut self, sequence: u64) -> io::Result<()> {
        self.line(&format!("R {sequence}\n"))
    }

    /// One call, so that a kill leaves all of the line or nothing.
    fn line(&mut self, line: &str) -> io::Result<()> {
        self.0.write_all(line.as_bytes())
    }
}

/// A client's commits by sequence number; empty if it never wrote a journal.
pub(super) fn read(folder: &Path, client: u32) -> io::Result<BTreeMap<u64, Answer>> {
    let mut commits = BTreeMap::new();
    let text = match fs::read_to_string(path(folder, client)) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
        Err(error) => return Err(error),
    };
    for line in text.lines() {
        let words: Vec<&str> = line.split(' ').collect();
        let number = |at: usize| words[at].parse::<u64>().map_err(io::Error::other);
        match words[..] {
            ["S", _] => commits.insert(number(1)?, Answer::None),
            ["A", _, _] => commits.insert(number(1)?, Answer::Acknowledged(number(2)?)),
            ["R", _] => commits.insert(number(1)?, Answer::Refused),
            _ => return Err(io::Error::other(format!("a client's journal says {line:?}"))),
        };
    }
    Ok(commits)
}

/// How many commits all clients had answered.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Answers {
    pub acknowledged: u64,
    pub refused: u64,
    pub unanswered: u64,
}

/// Counts what the clients' journals in `folder` say.
///
/// # Errors
///
/// When a journal cannot be read.
pub fn answers(folder: &Path) -> io::Result<Answers> {
    let mut answers = Answers::default();
    for client in 1.. {
        if !path(folder, client).exists() {
            break;
        }
        for answer in read(folder, client)?.values() {
            match answer {
                Answer::None => answers.unanswered += 1,
                Answer::Acknowledged(_) => answers.acknowledged += 1,
                Answer::Refused => answers.refused += 1,
            }
        }
    }
    Ok(answers)
}
