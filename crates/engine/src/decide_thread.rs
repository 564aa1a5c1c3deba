//! Decides commands one after another, each against state that includes the ones before.

use std::collections::VecDeque;
use std::num::NonZeroU16;
use std::sync::Arc;
use std::sync::mpsc::{SendError, Sender};
use std::time::Instant;

use daybook_domain::state::Facts;
use daybook_domain::{
    Context, Decision, Expected, NewEvent, Position, Recorded, Rejection, StreamId, Timestamp, decide,
};
use daybook_ledger::{BatchBuilder, Emptied, MAX_BATCH_BYTES, MAX_COMMIT_BYTES, Origin, PushError, RecordDraft, Tail};
use daybook_vault::Vault;
use hashbrown::HashMap;

use crate::alarm::{self, Stopped, Thread};
use crate::cache::{Cache, Stream};
use crate::clock::time_to_record;
use crate::erase::Lately;
use crate::error::ExecuteError;
use crate::gathering::{Gathering, Left};
use crate::inbox::Inbox;
use crate::job::{Body, Job, Surroundings};
use crate::load_thread::Load;
use crate::request::{Answer, Receipt, Reply};
use crate::sync_thread::{Decided, Synced, Work, Writer, answer, append};
use crate::{Clock, ClockBehind, Reader, seal};

/// Streams in one generation of the cache: as many as a hash table of 2¹⁷ places takes before it doubles.
const CACHE_GENERATION: usize = 114_688;
/// A batch is sent off at this many bytes, whatever waits.
const BATCH_BYTES: usize = 384 << 10;
// Whatever comes next has room in a batch that is not sent off yet.
const _: () = assert!(BATCH_BYTES + MAX_COMMIT_BYTES < MAX_BATCH_BYTES);
/// Every so many events the key file's index of buyers is synced.
const KEYS_EVERY: u64 = 1 << 16;

pub(crate) enum Message {
    Job(Box<Job>),
    LoadFailed {
        arrival: u64,
        held: Vec<StreamId>,
    },
    Synced(Synced),
    /// Record nothing at this time or before any more, and tell what was decided last.
    Pass {
        time: Timestamp,
        tell: Sender<Position>,
    },
    /// The loader or the sync thread ended with a bug, and what they had in hand is lost.
    Broken {
        thread: Thread,
        why: Arc<str>,
    },
    #[cfg(test)]
    Break(Thread),
    /// Finish what is queued and end.
    Close,
}

pub(crate) struct Decider {
    reader: Reader,
    vault: Arc<Vault>,
    clock: Clock,
    writer: Writer,
    loader: Sender<Load>,
    /// Jobs that the loader has.
    loading: usize,
    /// Jobs that arrived so far.
    arrivals: u64,
    /// The streams of those jobs, each with the arrivals of the jobs that hold it. A later job that meets one goes
    /// behind: what one caller sent first is decided first.
    delayed: HashMap<StreamId, Vec<u64>>,
    cache: Cache,
    batch: BatchBuilder,
    /// The memory of the batch before, for the next.
    emptied: Emptied,
    answers: Vec<(Reply, Answer)>,
    /// A batch is being synced.
    in_flight: bool,
    gathering: Gathering,
    /// Jobs that are not decided yet: more than one only while the batch is full.
    waiting: VecDeque<Box<Job>>,
    last_recorded: Timestamp,
    lately: Lately,
    keys_synced: Position,
    stopped: Option<Arc<str>>,
    /// Where it is told that nothing more is written.
    alarm: Stopped,
    closing: bool,
}

/// What became of a job.
enum Step {
    Answered(Answer),
    /// This stream has to be read first.
    Missing(StreamId),
    /// A job that came before holds one of its streams.
    Behind,
}

impl Decider {
    pub(crate) fn new(
        reader: Reader,
        vault: Arc<Vault>,
        clock: Clock,
        last_recorded: Timestamp,
        writer: Writer,
        loader: Sender<Load>,
        alarm: Stopped,
    ) -> Self {
        let batch = BatchBuilder::new(writer.tail);
        let keys_synced = reader.watermark();
        Self {
            reader,
            vault,
            clock,
            writer,
            loader,
            loading: 0,
            arrivals: 0,
            delayed: HashMap::new(),
            cache: Cache::new(CACHE_GENERATION),
            batch,
            emptied: Emptied::default(),
            answers: Vec::new(),
            in_flight: false,
            gathering: Gathering::default(),
            waiting: VecDeque::new(),
            last_recorded,
            lately: Lately::since(keys_synced),
            keys_synced,
            stopped: None,
            alarm,
            closing: false,
        }
    }

    /// For whom the batch waits still. Answers that no sync goes before wait for nobody.
    fn gathers(&self) -> Option<Left> {
        if self.batch.is_empty() {
            return None;
        }
        self.gathering.left(Instant::now(), self.answers.len(), self.in_flight)
    }

    pub(crate) fn run(mut self, mut inbox: Inbox) {
        loop {
            let message = if let Some(message) = inbox.next_now() {
                message
            } else if let Some(left) = self.gathers() {
                let Some(message) = inbox.next_of(left.others, left.time) else { continue };
                message
            } else {
                // Nobody else is waiting to be decided: what there is may go.
                self.send_off();
                if self.closing && self.is_idle() {
                    return;
                }
                let Some(message) = inbox.next() else { return };
                message
            };
            match message {
                Message::Job(job) => self.waiting.push_back(job),
                Message::LoadFailed { arrival, held } => self.release(arrival, &held),
                Message::Synced(synced) => self.synced(synced),
                Message::Pass { time, tell } => {
                    self.last_recorded = self.last_recorded.max(time.plus_micros(1));
                    // Who asked may have gone.
                    let _ = tell.send(self.batch.tail().next.get() - 1);
                }
                Message::Broken { thread, why } => self.broken(thread, why),
                #[cfg(test)]
                Message::Break(thread) => self.break_for_a_test(thread),
                Message::Close => self.closing = true,
            }
            self.take_waiting();
        }
    }

    /// Decides what waits, in order of arrival, as far as there is room.
    fn take_waiting(&mut self) {
        loop {
            if self.is_full() {
                self.send_off();
            }
            if self.is_full() {
                // The batch before is still being synced.
                return;
            }
            let Some(job) = self.waiting.pop_front() else { return };
            self.take(job);
        }
    }

    fn is_full(&self) -> bool {
        self.batch.bytes() >= BATCH_BYTES
    }

    fn is_idle(&self) -> bool {
        !self.in_flight && self.answers.is_empty() && self.waiting.is_empty() && self.loading == 0
    }

    /// Hands the batch to the sync thread if that is free.
    fn send_off(&mut self) {
        if self.in_flight || self.answers.is_empty() {
            return;
        }
        let answers = std::mem::take(&mut self.answers);
        if self.batch.is_empty() {
            // Refusals and repeats alone: everything they were decided against is durable.
            answer(answers, &Synced::Done(Emptied::default()));
            return;
        }
        self.gathering.begins(Instant::now(), answers.len());
        let next = BatchBuilder::within(self.batch.tail(), std::mem::take(&mut self.emptied));
        let batch = std::mem::replace(&mut self.batch, next).finish();
        if answers.len() == 1
            && let Some(appender) = &self.writer.appender
        {
            // One caller alone: a hand-over to another thread would only be waited for. Who comes meanwhile is decided after
            // this sync, which his own would have had to wait for.
            let synced = append(appender, batch, &self.alarm);
            answer(answers, &synced);
            self.synced(synced);
            return;
        }
        match self.writer.batches.send(Work::Batch(Decided { batch, answers })) {
            Ok(()) => self.in_flight = true,
            Err(SendError(_lost)) => self.broken(Thread::Sync, alarm::why(Thread::Sync)),
        }
    }

    /// Nothing more is decided, and nobody waits for what the thread had.
    fn broken(&mut self, thread: Thread, why: Arc<str>) {
        match thread {
            Thread::Decide => {}
            Thread::Load => {
                // What it sent back before it ended waits here, and is still to be released.
                self.loading = self.waiting.iter().filter(|job| !job.held.is_empty()).count();
                self.delayed.clear();
                self.stopped.get_or_insert(why);
            }
            Thread::Sync => self.synced(Synced::Stopped { why }),
        }
    }

    #[cfg(test)]
    fn break_for_a_test(&mut self, thread: Thread) {
        match thread {
            Thread::Decide => panic!("a test breaks the deciding thread"),
            Thread::Load => self.loader.send(Load::Break).unwrap(),
            Thread::Sync => {
                self.writer.appender = None;
                self.writer.batches.send(Work::Break).unwrap();
            }
        }
    }

    fn synced(&mut self, synced: Synced) {
        self.in_flight = false;
        match synced {
            Synced::Done(emptied) => {
                self.emptied = emptied;
                self.gathering.ends(Instant::now(), self.answers.len());
                let durable = self.reader.watermark();
                if durable - self.keys_synced >= KEYS_EVERY {
                    self.keys_synced = durable;
                    self.load(Load::Keys);
                }
            }
            Synced::Refused { tail, .. } => self.discard(&synced, tail),
            Synced::Stopped { ref why } => {
                self.stopped = Some(Arc::clone(why));
                // Never appended to again: only empty, so that nobody waits for it to have room.
                self.discard(&synced, self.writer.tail);
            }
        }
    }

    /// What was decided since counted on a batch that was not written.
    fn discard(&mut self, why: &Synced, tail: Tail) {
        answer(std::mem::take(&mut self.answers), why);
        self.cache.clear();
        self.lately.discard(&self.reader);
        self.batch = BatchBuilder::new(tail);
    }

    fn take(&mut self, mut job: Box<Job>) {
        let held = std::mem::take(&mut job.held);
        if job.arrival == 0 {
            self.arrivals += 1;
            job.arrival = self.arrivals;
        } else if !held.is_empty() {
            self.release(job.arrival, &held);
        }
        for (id, stream) in job.loaded.drain(..) {
            self.learn(id, stream);
        }
        if let Some(why) = &self.stopped {
            job.reply.send(Err(ExecuteError::Stopped { why: Arc::clone(why) }));
            return;
        }
        match self.step(&mut job) {
            Step::Answered(answer) => self.answers.push((job.reply, answer)),
            Step::Missing(stream) => {
                self.hold(job.arrival, &job.held);
                self.load(Load::Stream(stream, job));
            }
            Step::Behind => {
                self.hold(job.arrival, &job.held);
                self.load(Load::Behind(job));
            }
        }
    }

    fn load(&mut self, load: Load) {
        let Err(SendError(load)) = self.loader.send(load) else { return };
        match load {
            Load::Stream(_, job) | Load::Behind(job) => {
                self.release(job.arrival, &job.held);
                job.reply.send(Err(ExecuteError::Stopped { why: alarm::why(Thread::Load) }));
            }
            // It is relearned at the next start.
            Load::Keys => {}
            #[cfg(test)]
            Load::Break => {}
        }
    }

    fn hold(&mut self, arrival: u64, streams: &[StreamId]) {
        self.loading += 1;
        for &stream in streams {
            self.delayed.entry(stream).or_default().push(arrival);
        }
    }

    fn release(&mut self, arrival: u64, streams: &[StreamId]) {
        self.loading -= 1;
        for stream in streams {
            if let Some(holders) = self.delayed.get_mut(stream) {
                holders.retain(|&holder| holder != arrival);
                if holders.is_empty() {
                    self.delayed.remove(stream);
                }
            }
        }
    }

    /// Whether a job that came before this one holds the stream.
    fn is_delayed(&self, stream: StreamId, arrival: u64) -> bool {
        self.delayed.get(&stream).is_some_and(|holders| holders.iter().any(|&holder| holder < arrival))
    }

    /// Takes in what the loader read, unless the stream went on meanwhile.
    fn learn(&mut self, id: StreamId, stream: Stream) {
        let head = self.reader.head(id).map_or(0, |(position, _)| position);
        if stream.head == head && !self.cache.touch(id) {
            self.cache.insert(id, stream);
        }
    }

    /// Whether the stream is in memory now; a stream that does not exist is.
    fn have(&mut self, id: StreamId) -> bool {
        if self.cache.touch(id) {
            return true;
        }
        if self.reader.head(id).is_some() {
            return false;
        }
        self.cache.insert(id, Stream::default());
        true
    }

    fn step(&mut self, job: &mut Job) -> Step {
        let mut known: Vec<StreamId> = Vec::with_capacity(8);
        loop {
            let wanted = job.body.missing(&job.targets, &self.facts(&known));
            if wanted.is_empty() {
                break;
            }
            for id in wanted {
                known.push(id);
                if self.is_delayed(id, job.arrival) {
                    job.held = known;
                    return Step::Behind;
                }
                if !self.have(id) {
                    job.held = known;
                    return Step::Missing(id);
                }
            }
        }
        let own = job.targets.own;
        if let Some(answer) = self.repeated_or_conflicting(own, job) {
            return Step::Answered(answer);
        }
        let facts = self.facts(&known);
        let context = match self.context(own, &job.request) {
            Ok(context) => context,
            Err(error) => return Step::Answered(Err(error.into())),
        };
        if job.is_check {
            return Step::Answered(self.check(own, job, &facts, &context));
        }
        // Sealing is done once; a job that has to wait keeps its sealed form.
        if let Body::Plain(command) = &job.body {
            let is_gone = |slot| self.lately.is_gone(slot, &self.vault);
            match seal::in_writer(command.clone(), &job.targets, &context, &facts, &self.vault, is_gone) {
                Ok(sealed) => job.body = Body::Sealed(sealed),
                Err(error) => return Step::Answered(Err(error)),
            }
        }
        let Body::Sealed(command) = &job.body else { unreachable!("sealed above") };
        if let Err(error) = self.lately.check(command, &self.vault) {
            return Step::Answered(Err(error));
        }
        match decide(&facts, command, &job.targets, &context) {
            Err(rejection) => Step::Answered(Err(rejection.into())),
            Ok(Decision::Repeat { of }) => Step::Answered(Ok(self.receipt_of(of, own))),
            Ok(Decision::Commit { events, remarks }) => {
                Step::Answered(self.commit(own, &job.request, job.hash, &context, events, remarks))
            }
        }
    }

    /// What would become of the command: nothing is sealed, and nothing written.
    fn check(&self, own: StreamId, job: &Job, facts: &Facts<'_>, context: &Context) -> Answer {
        let decided = match &job.body {
            Body::Plain(command) => {
                if facts.order(own).is_some_and(|order| self.lately.is_gone(order.buyer, &self.vault)) {
                    command.clone().seal(|_, _| Err(Rejection::BuyerErased))?;
                }
                decide(facts, &seal::unsealed(command.clone()), &job.targets, context)
            }
            Body::Sealed(command) => decide(facts, command, &job.targets, context),
        };
        let remarks = match decided? {
            Decision::Commit { events: _, remarks } => remarks,
            Decision::Repeat { of } => return Ok(self.receipt_of(of, own)),
        };
        let position = self.cache.get(own).map_or(0, |stream| stream.head);
        Ok(Receipt { position, command_id: job.request.command_id, stream: own, repeated: false, remarks })
    }

    fn facts(&self, known: &[StreamId]) -> Facts<'_> {
        let mut facts = Facts::default();
        for &id in known {
            facts.add(id, self.cache.get(id).and_then(|stream| stream.state.as_ref()));
        }
        facts
    }

    fn context(&self, own: StreamId, request: &Surroundings) -> Result<Context, ClockBehind> {
        Ok(Context {
            command_id: request.command_id,
            actor: request.actor,
            origin: request.origin,
            revision: self.cache.get(own).map_or(0, |stream| stream.revision),
            now: time_to_record((self.clock)(), self.last_recorded)?,
            occurred_at: request.occurred_at,
        })
    }

    /// The same command again gets its old receipt, whatever happened since; only then do expectations count.
    fn repeated_or_conflicting(&self, own: StreamId, job: &Job) -> Option<Answer> {
        let stream = self.cache.get(own)?;
        if let Some(seen) = stream.saw(job.request.command_id) {
            if seen.hash != job.hash {
                return Some(Err(Rejection::CommandIdReused.into()));
            }
            return Some(Ok(Receipt {
                position: seen.commit_end,
                command_id: seen.command_id,
                stream: own,
                repeated: true,
                remarks: Vec::new(),
            }));
        }
        let actual = stream.revision;
        let fits = match job.request.expected {
            Expected::Any => true,
            Expected::NoStream => actual == 0,
            Expected::Exact(revision) => actual == revision,
        };
        (!fits).then(|| Err(Rejection::RevisionConflict { actual }.into()))
    }

    /// The receipt of the commit in which `of` began.
    fn receipt_of(&self, of: StreamId, own: StreamId) -> Receipt {
        let first = self.cache.get(of).and_then(|stream| stream.seen.first());
        let seen = first.expect("a stream that exists was begun by a command");
        Receipt {
            position: seen.commit_end,
            command_id: seen.command_id,
            stream: own,
            repeated: true,
            remarks: Vec::new(),
        }
    }

    fn commit(
        &mut self,
        own: StreamId,
        request: &Surroundings,
        hash: [u8; 16],
        context: &Context,
        events: Vec<NewEvent>,
        remarks: Vec<Rejection>,
    ) -> Answer {
        let drafts = self.drafts(request, hash, context, &events);
        let positions = match self.batch.push_commit(&drafts) {
            Ok(positions) => positions,
            Err(PushError::CommitTooLarge { bytes }) => return Err(ExecuteError::TooLarge { bytes }),
            Err(
                error @ (PushError::BatchFull { .. }
                | PushError::Count(_)
                | PushError::Place { .. }
                | PushError::Causation { .. }),
            ) => unreachable!("a decision made a commit that cannot be: {error}"),
        };
        self.last_recorded = context.now;
        let commit_end = *positions.end();
        for ((position, event), (draft, revision, _)) in positions.zip(events).zip(&drafts) {
            let recorded = Recorded {
                position,
                stream: event.stream,
                revision: *revision,
                version: draft.version,
                commit_end,
                command_id: request.command_id,
                actor: request.actor,
                origin: request.origin,
                reason: event.reason,
                causation: request.causation,
                correlation: request.correlation,
                recorded_at: context.now,
                occurred_at: context.happened_at(),
                event: event.event,
            };
            self.lately.note(&recorded);
            self.cache.get_mut(event.stream).expect("every stream of a decision was looked up").apply(&recorded, hash);
        }
        Ok(Receipt { position: commit_end, command_id: request.command_id, stream: own, repeated: false, remarks })
    }

    /// The commit's records, each with its revision and the stream's event before it.
    fn drafts(
        &self,
        request: &Surroundings,
        hash: [u8; 16],
        context: &Context,
        events: &[NewEvent],
    ) -> Vec<(RecordDraft, u32, Option<daybook_ledger::Position>)> {
        let mut drafts: Vec<(RecordDraft, u32, Option<daybook_ledger::Position>)> = Vec::with_capacity(events.len());
        let mut next = self.batch.tail().next;
        let mut ends: Vec<(StreamId, u32, daybook_ledger::Position)> = Vec::with_capacity(2);
        for event in events {
            let (revision, previous) = match ends.iter().rev().find(|(stream, ..)| *stream == event.stream) {
                Some(&(_, revision, position)) => (revision, Some(position)),
                None => self
                    .cache
                    .get(event.stream)
                    .map_or((0, None), |stream| (stream.revision, daybook_ledger::Position::new(stream.head))),
            };
            let revision = revision + 1;
            drafts.push((draft(request, hash, context, event), revision, previous));
            ends.push((event.stream, revision, next));
            next = next.plus(1);
        }
        drafts
    }
}

fn draft(request: &Surroundings, hash: [u8; 16], context: &Context, event: &NewEvent) -> RecordDraft {
    let encoded = daybook_codec::encode(&event.event);
    RecordDraft {
        stream: event.stream.0,
        kind: encoded.kind,
        version: encoded.version,
        command_id: request.command_id.0,
        command_hash: hash,
        actor: request.actor.id,
        role: request.actor.role.code(),
        recorded_at: context.now.0,
        occurred_at: Some(context.happened_at().0),
        reason: event.reason.and_then(|reason| NonZeroU16::new(reason.code())),
        causation: request.causation.and_then(daybook_ledger::Position::new),
        correlation: request.correlation,
        origin: match request.origin {
            daybook_domain::Origin::Live => Origin::Live,
            daybook_domain::Origin::Import => Origin::Import,
            daybook_domain::Origin::System => Origin::System,
        },
        payload: encoded.payload,
    }
}
