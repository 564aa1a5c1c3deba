//! What the ledger holds against what its clients were told.

use super::commits::{Commit, same};
use super::journal::{self, Answer, Told};
use super::options;
use daybook_ledger::{Head, Ledger, Position, Record};
use std::collections::{HashMap, HashSet};
use std::fs;
use std::path::Path;
use uuid::Uuid;

/// What a check saw when all was right.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Found {
    pub records: u64,
    pub commits: u64,
    pub acknowledged: u64,
    /// Commits that are there although their client was never answered.
    pub survived_unanswered: u64,
    pub volumes: u64,
}

/// File in the journals' folder: how far the last check saw, and a hash of all that.
const SEEN: &str = "seen";

/// Opens the ledger in `data`, compares all of it with the journal, and lets go of it: properly closed if `close`,
/// else as a crash would.
///
/// # Errors
///
/// Says what is wrong: with the ledger, or with reading it.
pub fn check(data: &Path, journals: &Path, close: bool) -> Result<Found, String> {
    let told = journal::read(journals).map_err(|error| error.to_string())?;
    if !Ledger::exists(data) {
        // Killed before it was created: then nobody can have been told anything.
        return match told.answers.len() {
            0 => Ok(Found::default()),
            commits => Err(format!("no ledger, though {commits} commits were submitted")),
        };
    }
    let (ledger, appender) = Ledger::open(data, &options()).map_err(|error| format!("opening: {error}"))?;
    let mut scan = Scan::new(&told, read_seen(journals)?);
    scan.all(&ledger)?;
    scan.nothing_acknowledged_is_missing()?;
    for (stream, head) in &scan.heads {
        one_stream(&ledger, *stream, *head)?;
    }
    let watermark = ledger.watermark();
    let seen = format!("{watermark} {}", scan.hash.finalize().to_hex());
    fs::write(journals.join(SEEN), seen).map_err(|error| error.to_string())?;
    scan.found.volumes = ledger.stats().volumes;
    if close {
        appender.close().map_err(|error| format!("closing: {error}"))?;
    }
    Ok(scan.found)
}

fn read_seen(journals: &Path) -> Result<Option<(u64, String)>, String> {
    let Ok(text) = fs::read_to_string(journals.join(SEEN)) else { return Ok(None) };
    let (watermark, hash) = text.split_once(' ').ok_or("the file of what was seen is damaged")?;
    Ok(Some((watermark.parse().map_err(|_| "the file of what was seen is damaged")?, hash.to_owned())))
}

struct Scan<'a> {
    told: &'a Told,
    seen: Option<(u64, String)>,
    hash: blake3::Hasher,
    heads: HashMap<Uuid, Head>,
    /// The commit that is being read and its first position.
    open: Option<(Commit, u64)>,
    done: HashSet<Commit>,
    next: Position,
    found: Found,
}

impl<'a> Scan<'a> {
    fn new(told: &'a Told, seen: Option<(u64, String)>) -> Scan<'a> {
        Scan {
            told,
            seen,
            hash: blake3::Hasher::new(),
            heads: HashMap::new(),
            open: None,
            done: HashSet::new(),
            next: Position::FIRST,
            found: Found::default(),
        }
    }

    fn all(&mut self, ledger: &Ledger) -> Result<(), String> {
        let watermark = ledger.watermark();
        while self.next.get() <= watermark {
            let chunk =
                ledger.read_from(self.next, 1 << 16).map_err(|error| format!("reading {}: {error}", self.next))?;
            if chunk.is_empty() {
                return Err(format!("nothing at {} though {watermark} is durable", self.next));
            }
            for record in chunk.records() {
                self.record(&record).map_err(|what| format!("position {}: {what}", self.next))?;
                self.next = self.next.plus(1);
            }
        }
        if let Some((commit, first)) = self.open {
            return Err(format!("{commit:?} from {first} is there by half at the end"));
        }
        match &self.seen {
            Some((seen, _)) if *seen > watermark => {
                Err(format!("{seen} was seen before, now the ledger ends at {watermark}"))
            }
            _ => Ok(()),
        }
    }

    fn record(&mut self, record: &Record<'_>) -> Result<(), String> {
        if record.position != self.next {
            return Err(format!("record {} stands here", record.position));
        }
        let commit = Commit::from_command(record.command_id).ok_or("a command that nobody made")?;
        let drafts = commit.drafts();
        let index = usize::from(record.commit_index);
        if usize::from(record.commit_count) != drafts.len()
            || !drafts.get(index).is_some_and(|draft| same(record, draft))
        {
            return Err(format!("not what {commit:?} said"));
        }
        let first = self.next.get() - u64::from(record.commit_index);
        match self.open {
            None if index == 0 => self.open = Some((commit, first)),
            Some(open) if open == (commit, first) => {}
            open => return Err(format!("record {index} of {commit:?} follows {open:?}")),
        }
        if record.ends_commit() {
            self.open = None;
            self.commit(commit, first)?;
        }
        self.stream(record)?;
        self.found.records += 1;
        self.hash.update(record.bytes());
        if let Some((seen, hash)) = &self.seen
            && *seen == self.next.get()
            && *hash != self.hash.finalize().to_hex().as_str()
        {
            return Err("what was here before has changed".to_owned());
        }
        Ok(())
    }

    fn commit(&mut self, commit: Commit, first: u64) -> Result<(), String> {
        if !self.done.insert(commit) {
            return Err(format!("{commit:?} is there twice"));
        }
        self.found.commits += 1;
        match self.told.answers.get(&commit) {
            None => Err(format!("{commit:?} was never submitted")),
            Some(Answer::Refused) => Err(format!("{commit:?} was refused")),
            Some(Answer::Acknowledged(at)) if *at != first => Err(format!("{commit:?} was acknowledged at {at}")),
            Some(Answer::Acknowledged(_)) => Ok(()),
            Some(Answer::None) => {
                self.found.survived_unanswered += 1;
                Ok(())
            }
        }
    }

    fn stream(&mut self, record: &Record<'_>) -> Result<(), String> {
        let before = self.heads.insert(record.stream, Head { position: record.position, revision: record.revision });
        let expected = before.map_or((1, None), |head| (head.revision + 1, Some(head.position)));
        if (record.revision, record.previous) != expected {
            return Err(format!("revision {} after {:?}, not {expected:?}", record.revision, record.previous));
        }
        Ok(())
    }

    fn nothing_acknowledged_is_missing(&mut self) -> Result<(), String> {
        for (commit, answer) in &self.told.answers {
            let Answer::Acknowledged(position) = answer else { continue };
            if !self.done.contains(commit) {
                let Commit { client, sequence } = commit;
                let end = self.next.get() - 1;
                return Err(format!(
                    "commit {sequence} of client {client}, acknowledged at {position}, is lost: the ledger ends at {end}"
                ));
            }
            self.found.acknowledged += 1;
        }
        Ok(())
    }
}

/// The stream index agrees with the scan, and the newest records are found through it.
fn one_stream(ledger: &Ledger, stream: Uuid, head: Head) -> Result<(), String> {
    if ledger.head(stream) != Some(head) {
        return Err(format!("stream {stream} ends at {:?}, not {head:?}", ledger.head(stream)));
    }
    let after = head.revision.saturating_sub(20);
    let records = ledger.read_stream_from_head(head, after).map_err(|error| format!("stream {stream}: {error}"))?;
    let revisions: Vec<u32> = records.iter().map(|owned| owned.record().revision).collect();
    if revisions != (after + 1..=head.revision).collect::<Vec<_>>() {
        return Err(format!("stream {stream} has revisions {revisions:?}"));
    }
    Ok(())
}
