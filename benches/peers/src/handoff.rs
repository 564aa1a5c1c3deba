//! Many callers, one writer: it takes whatever waits, makes all of it durable at once, and then answers each.
//!
//! Who was answered mostly asks again at once. If the writer did not wait for those, its batches would be of one half of the
//! callers and then of the other. So it waits until as many are there as were answered and had come meanwhile, or for half of the
//! time that the last batch took, but 2 ms at most: the rule that Daybook's own writer has.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use crate::Conflict;

/// More does not wait in one batch: as much as the largest batch of ours.
const MOST: usize = 2_048;
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
    to: Option<Sender<(Job, Answer)>>,
    writer: Option<JoinHandle<()>>,
}

impl Handoff {
    /// `commit` makes a batch durable and says what became of each; a batch is never empty.
    ///
    /// # Panics
    /// When the system starts no thread.
    pub fn start(commit: impl FnMut(&[Job]) -> Vec<Result<u64, Conflict>> + Send + 'static) -> Self {
        let (to, inbox) = channel();
        let writer = std::thread::spawn(move || write(&inbox, commit));
        Self { to: Some(to), writer: Some(writer) }
    }

    /// # Errors
    /// When the stream is not where it was expected.
    ///
    /// # Panics
    /// When the writer failed.
    pub async fn append(&self, job: Job) -> Result<u64, Conflict> {
        let (answer, answered) = oneshot::channel();
        self.to.as_ref().expect("not dropped yet").send((job, answer)).expect("the writer lives");
        answered.await.expect("the writer answers")
    }
}

impl Drop for Handoff {
    fn drop(&mut self) {
        drop(self.to.take());
        if let Some(writer) = self.writer.take() {
            // If it failed, whoever waited was told.
            let _ = writer.join();
        }
    }
}

fn write(inbox: &Receiver<(Job, Answer)>, mut commit: impl FnMut(&[Job]) -> Vec<Result<u64, Conflict>>) {
    let (mut jobs, mut answers) = (Vec::new(), Vec::new());
    let (mut wanted, mut until) = (0, Instant::now());
    loop {
        if jobs.is_empty() {
            let Ok((job, answer)) = inbox.recv() else { return };
            jobs.push(job);
            answers.push(answer);
        }
        take(inbox, &mut jobs, &mut answers);
        while jobs.len() < wanted.min(MOST)
            && let Some(left) = until.checked_duration_since(Instant::now())
            && let Ok((job, answer)) = inbox.recv_timeout(left)
        {
            jobs.push(job);
            answers.push(answer);
            take(inbox, &mut jobs, &mut answers);
        }
        let begin = Instant::now();
        let outcomes = commit(&jobs);
        let now = Instant::now();
        jobs.clear();
        let answered: Vec<Answer> = std::mem::take(&mut answers);
        // Those who came meanwhile, before those who are answered come again.
        take(inbox, &mut jobs, &mut answers);
        wanted = answered.len() + jobs.len();
        until = now + (now.duration_since(begin) / 2).min(LONGEST_WAIT);
        for (answer, outcome) in answered.into_iter().zip(outcomes) {
            // A caller that went away is no error.
            let _ = answer.send(outcome);
        }
    }
}

/// Whatever waits.
fn take(inbox: &Receiver<(Job, Answer)>, jobs: &mut Vec<Job>, answers: &mut Vec<Answer>) {
    while jobs.len() < MOST
        && let Ok((job, answer)) = inbox.try_recv()
    {
        jobs.push(job);
        answers.push(answer);
    }
}
