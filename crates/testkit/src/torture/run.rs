//! The load: clients, one writer that commits in groups, one reader.

use super::commits::{Commit, same};
use super::journal::{self, Journal};
use super::options;
use crate::random::Random;
use daybook_ledger::{Append, Appender, BatchBuilder, Head, Ledger, Position, RecordDraft};
use std::collections::HashMap;
use std::fs;
use std::io;
use std::ops::ControlFlow;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::thread;
use std::time::Duration;
use uuid::Uuid;

/// What to do until killed.
#[derive(Debug, Clone, Copy)]
pub struct Load {
    /// Threads that submit, at most one commit at a time each.
    pub clients: u32,
    /// The longest pause of a client between two commits, in microseconds.
    pub think_micros: u64,
    pub seed: u64,
}

/// Why a load ended by itself.
#[derive(Debug)]
pub enum End {
    /// The ledger answered that it writes no more.
    Poisoned(io::Error),
    /// Something that must not happen.
    Broken(String),
}

/// File in the journals' folder with the number of records that the reader found as they should be (u64, little endian).
pub const READS: &str = "reads";

struct Submission {
    commit: Commit,
    answer: Sender<Outcome>,
}

enum Outcome {
    Done { first: u64 },
    Full,
}

/// Opens the ledger in `data`, creating it if need be, and loads it until something ends it.
#[must_use]
pub fn run(data: &Path, journals: &Path, load: Load) -> End {
    match start(data, journals, load) {
        Ok(end) => end,
        Err(what) => End::Broken(what),
    }
}

fn start(data: &Path, journals: &Path, load: Load) -> Result<End, String> {
    if !Ledger::exists(data) {
        Ledger::create(data, Uuid::from_u128(1)).map_err(|error| error.to_string())?;
    }
    let (ledger, appender) = Ledger::open(data, &options()).map_err(|error| format!("opening: {error}"))?;
    let (submit, submissions) = sync_channel(load.clients as usize);
    let (end, ended) = channel();
    let told = journal::read(journals).map_err(|error| error.to_string())?;
    let journal = Journal::open(journals).map_err(|error| error.to_string())?;
    for client in 1..=load.clients {
        let next = Commit { client, sequence: told.next_of(client) };
        let (journal, submit, end) = (journal.clone(), submit.clone(), end.clone());
        let random = Random::new(load.seed ^ u64::from(client));
        spawn(end, move || be_client(next, &journal, &submit, random, load.think_micros));
    }
    let reads = fs::File::create(journals.join(READS)).map_err(|error| error.to_string())?;
    let reader = ledger.clone();
    let random = Random::new(load.seed);
    spawn(end.clone(), move || be_reader(&reader, &reads, random));
    spawn(end, move || be_writer(&ledger, appender, &submissions));
    ended.recv().map_err(|_| "all threads are gone".to_owned())
}

/// A thread that works until something ends the load, and then says what.
fn spawn(end: Sender<End>, work: impl FnOnce() -> End + Send + 'static) {
    thread::spawn(move || {
        let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(work));
        let _ = end.send(result.unwrap_or_else(|_| End::Broken("a thread panicked".to_owned())));
    });
}

fn be_client(
    mut commit: Commit,
    journal: &Journal,
    submit: &SyncSender<Submission>,
    mut random: Random,
    think_micros: u64,
) -> End {
    loop {
        let (answer, answered) = channel();
        if let Err(error) = journal.submitting(commit) {
            return End::Broken(format!("the journal: {error}"));
        }
        // When the writer is gone it has said why; its word must come first.
        let outcome = submit.send(Submission { commit, answer }).ok().and_then(|()| answered.recv().ok());
        let Some(outcome) = outcome else {
            loop {
                thread::park()
            }
        };
        let noted = match outcome {
            Outcome::Done { first } => journal.acknowledged(commit, first),
            Outcome::Full => journal.refused(commit),
        };
        if let Err(error) = noted {
            return End::Broken(format!("the journal: {error}"));
        }
        let longest = if matches!(outcome, Outcome::Full) { think_micros.max(5000) } else { think_micros };
        thread::sleep(Duration::from_micros(random.below(longest + 1)));
        commit.sequence += 1;
    }
}

fn be_writer(ledger: &Ledger, mut appender: Appender, submissions: &Receiver<Submission>) -> End {
    loop {
        let Ok(first) = submissions.recv() else { return End::Broken("no client is left".to_owned()) };
        let group: Vec<Submission> = std::iter::once(first).chain(submissions.try_iter()).collect();
        if let ControlFlow::Break(end) = append_group(ledger, &mut appender, &group) {
            return end;
        }
    }
}

fn append_group(ledger: &Ledger, appender: &mut Appender, group: &[Submission]) -> ControlFlow<End> {
    let mut heads = HashMap::new();
    let mut batch = BatchBuilder::new(appender.tail());
    let mut firsts = Vec::new();
    for submission in group {
        let placed = place(submission.commit.drafts(), batch.tail().next, &mut heads, ledger);
        match batch.push_commit(&placed) {
            Ok(positions) => firsts.push(*positions.start()),
            Err(error) => return ControlFlow::Break(End::Broken(format!("pushing: {error}"))),
        }
    }
    let last = batch.tail().next.get() - 1;
    let answers: Vec<Outcome> = match appender.append(batch.finish()) {
        Append::Done { last: done } if done == last => {
            firsts.into_iter().map(|first| Outcome::Done { first }).collect()
        }
        Append::Done { last: done } => {
            return ControlFlow::Break(End::Broken(format!("a batch up to {last} was done up to {done}")));
        }
        Append::Full => group.iter().map(|_| Outcome::Full).collect(),
        Append::Fenced => return ControlFlow::Break(End::Broken("fenced, though nobody else writes".to_owned())),
        Append::Unknown(error) => return ControlFlow::Break(End::Poisoned(error)),
    };
    for (submission, answer) in group.iter().zip(answers) {
        let _ = submission.answer.send(answer);
    }
    ControlFlow::Continue(())
}

/// Gives each draft its place in its stream.
fn place(
    drafts: Vec<RecordDraft>,
    first: Position,
    heads: &mut HashMap<Uuid, Option<Head>>,
    ledger: &Ledger,
) -> Vec<(RecordDraft, u32, Option<Position>)> {
    let mut placed = Vec::new();
    for (index, draft) in (0_u64..).zip(drafts) {
        let head = heads.entry(draft.stream).or_insert_with(|| ledger.head(draft.stream));
        let revision = head.map_or(0, |head| head.revision) + 1;
        let previous = head.map(|head| head.position);
        *head = Some(Head { position: first.plus(index), revision });
        placed.push((draft, revision, previous));
    }
    placed
}

/// Reads here and there without pause: nobody may ever see a wrong record or one that is not there.
fn be_reader(ledger: &Ledger, reads: &fs::File, mut random: Random) -> End {
    let mut count: u64 = 0;
    loop {
        let watermark = ledger.watermark();
        let Some(position) = Position::new(watermark.saturating_sub(random.below(watermark.max(1)))) else {
            thread::sleep(Duration::from_millis(1));
            continue;
        };
        let chunk = match ledger.read_from(position, 4096) {
            Ok(chunk) => chunk,
            Err(error) => return End::Broken(format!("reading from {position}: {error}")),
        };
        for (offset, record) in (0_u64..).zip(chunk.records()) {
            if record.position != position.plus(offset) || !is_right(&record) {
                return End::Broken(format!("a reader found a wrong record at {}", position.plus(offset)));
            }
            count += 1;
        }
        if chunk.is_empty() {
            return End::Broken(format!("nothing at {position} though {watermark} is durable"));
        }
        if let Err(error) = reads.write_all_at(&count.to_le_bytes(), 0) {
            return End::Broken(format!("the reader's count: {error}"));
        }
        thread::sleep(Duration::from_micros(500));
    }
}

fn is_right(record: &daybook_ledger::Record<'_>) -> bool {
    let drafts = Commit::from_command(record.command_id).map(Commit::drafts).unwrap_or_default();
    drafts.get(usize::from(record.commit_index)).is_some_and(|draft| same(record, draft))
}
