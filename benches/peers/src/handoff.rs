//! Many callers, one writer: it takes whatever waits, makes all of it durable at once, and then answers each.
//!
//! Who was answered mostly asks again at once. If the writer did not wait for those, its batches would be of one half of the
//! callers and then of the other. So it waits until as many are there as were answered and had come meanwhile, or for half of the
//! time that the last batch took, but 2 ms at most; and it is woken once for some of them, not for each: the rules that Daybook's
//! own writer has.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use crate::Conflict;

/// More does not wait in one batch: as much as the largest batch of ours.
const MOST: usize = 2_048;
/// As many are waited for at once, at most: those that come later are taken while others are on their way.
const TOGETHER: usize = 16;
/// Nobody is waited for longer.
const LONGEST_WAIT: Duration = Duration::from_millis(2);

/// One event that somebody waits for.
#[derive(Debug)]
pub struct Job {
    pub stream: u32,
    pub expected: u64,
    pub bytes: Vec<u8>,
}

type Answer = oneshot::Sender<Result<u64, Conflict>>;

/// The way to the writer; the writer ends when it is dropped.
#[derive(Debug)]
pub struct Handoff {
    to: Arc<Queue>,
    writer: Option<JoinHandle<()>>,
}

impl Handoff {
    /// `commit` makes a batch durable and says what became of each; a batch is never empty.
    ///
    /// # Panics
    /// When the system starts no thread.
    pub fn start(commit: impl FnMut(&[Job]) -> Vec<Result<u64, Conflict>> + Send + 'static) -> Self {
        let to = Arc::new(Queue::default());
        let inbox = Arc::clone(&to);
        let writer = std::thread::spawn(move || {
            let _ended = Ended(&inbox);
            write(&inbox, commit);
        });
        Self { to, writer: Some(writer) }
    }

    /// # Errors
    /// When the stream is not where it was expected.
    ///
    /// # Panics
    /// When the writer failed.
    pub async fn append(&self, job: Job) -> Result<u64, Conflict> {
        let (answer, answered) = oneshot::channel();
        self.to.put(job, answer);
        answered.await.expect("the writer answers")
    }
}

impl Drop for Handoff {
    fn drop(&mut self) {
        self.to.close();
        if let Some(writer) = self.writer.take() {
            // If it failed, whoever waited was told.
            let _ = writer.join();
        }
    }
}

/// What waits for the writer.
#[derive(Debug, Default)]
struct Queue {
    waiting: Mutex<Waiting>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Waiting {
    jobs: Vec<(Job, Answer)>,
    /// The writer sleeps until so many are there; 0 while it is awake.
    awaited: usize,
    /// Nobody sends any more, or nobody reads.
    is_closed: bool,
}

impl Queue {
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn put(&self, job: Job, answer: Answer) {
        let mut waiting = self.lock();
        if waiting.is_closed {
            // Whoever asked learns it by the answer that never comes.
            return;
        }
        waiting.jobs.push((job, answer));
        let wakes = waiting.awaited > 0 && waiting.jobs.len() >= waiting.awaited;
        if wakes {
            waiting.awaited = 0;
        }
        drop(waiting);
        if wakes {
            self.changed.notify_one();
        }
    }

    /// All that waits, once there are `wanted`; what there is at `until`, or when nobody sends any more.
    fn take(&self, wanted: usize, until: Option<Instant>, into: &mut Vec<(Job, Answer)>) {
        let mut waiting = self.lock();
        while waiting.jobs.len() < wanted && !waiting.is_closed {
            waiting.awaited = wanted;
            waiting = match until.map(|until| until.saturating_duration_since(Instant::now())) {
                None => self.changed.wait(waiting).unwrap_or_else(PoisonError::into_inner),
                Some(Duration::ZERO) => break,
                Some(left) => self.changed.wait_timeout(waiting, left).unwrap_or_else(PoisonError::into_inner).0,
            };
        }
        waiting.awaited = 0;
        into.append(&mut waiting.jobs);
    }

    fn close(&self) {
        let mut waiting = self.lock();
        waiting.is_closed = true;
        drop(waiting);
        self.changed.notify_one();
    }
}

/// A writer that failed tells those who wait.
struct Ended<'a>(&'a Queue);

impl Drop for Ended<'_> {
    fn drop(&mut self) {
        self.0.close();
        self.0.lock().jobs.clear();
    }
}

fn write(inbox: &Queue, mut commit: impl FnMut(&[Job]) -> Vec<Result<u64, Conflict>>) {
    let mut came = Vec::new();
    let (mut wanted, mut until) = (0, Instant::now());
    loop {
        if came.is_empty() {
            inbox.take(1, None, &mut came);
            if came.is_empty() {
                return;
            }
        }
        while came.len() < wanted && Instant::now() < until {
            inbox.take((wanted - came.len()).min(TOGETHER), Some(until), &mut came);
        }
        // What is more than fits waits for the next batch.
        let rest = came.split_off(came.len().min(MOST));
        let (batch, answers): (Vec<Job>, Vec<Answer>) = std::mem::replace(&mut came, rest).into_iter().unzip();
        let begin = Instant::now();
        let outcomes = commit(&batch);
        let now = Instant::now();
        // Those who came meanwhile, before those who are answered come again.
        inbox.take(0, None, &mut came);
        wanted = (answers.len() + came.len()).min(MOST);
        until = now + (now.duration_since(begin) / 2).min(LONGEST_WAIT);
        for (answer, outcome) in answers.into_iter().zip(outcomes) {
            // A caller that went away is no error.
            let _ = answer.send(outcome);
        }
    }
}
