//! Makes batches durable, then answers.

use std::io;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use daybook_ledger::{Append, Appender, Batch, Emptied, Tail};

use crate::alarm::{self, Alarm, Stopped, Thread, stop};
use crate::decide_thread::Message;
use crate::error::ExecuteError;
use crate::inbox::Outbox;
use crate::request::{Answer, Reply};

/// A batch and the answers that wait for it.
pub(crate) struct Decided {
    pub(crate) batch: Batch,
    pub(crate) answers: Vec<(Reply, Answer)>,
}

pub(crate) enum Work {
    Batch(Decided),
    /// Ends with a bug while it has the next batch.
    #[cfg(test)]
    Break,
}

pub(crate) enum Synced {
    /// What the batch leaves behind.
    Done(Emptied),
    /// Not written. The ledger still ends here.
    Refused { tail: Tail, why: Refusal },
    /// Nothing more is written.
    Stopped { why: Arc<str> },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    Full,
    Fenced,
}

type Handle = JoinHandle<Result<(), io::Error>>;

pub(crate) fn spawn(appender: Appender, back: Outbox, stopped: Stopped) -> (Writer, Handle) {
    let tail = appender.tail();
    let (sender, inbox) = channel();
    let appender = Arc::new(Mutex::new(Some(appender)));
    let own = Arc::clone(&appender);
    let handle = std::thread::Builder::new()
        .name("daybook-sync".into())
        .spawn(move || {
            let _alarm = Alarm::new(Thread::Sync, stopped.clone(), Some(back.clone()));
            run(&own, &inbox, &back, &stopped)
        })
        .expect("the system can start a thread");
    (Writer { batches: sender, appender: Some(appender), tail }, handle)
}

/// The deciding side's end.
pub(crate) struct Writer {
    pub(crate) batches: Sender<Work>,
    /// For a batch that the deciding thread writes itself; none once it is closed. Without it every batch is handed over.
    pub(crate) appender: Option<Arc<Mutex<Option<Appender>>>>,
    /// Where the ledger ended at the start.
    pub(crate) tail: Tail,
}

fn run(
    appender: &Mutex<Option<Appender>>,
    inbox: &Receiver<Work>,
    back: &Outbox,
    stopped: &Stopped,
) -> Result<(), io::Error> {
    while let Ok(work) = inbox.recv() {
        #[cfg(test)]
        if matches!(work, Work::Break) {
            let _in_hand = inbox.recv();
            panic!("a test breaks the sync thread");
        }
        #[cfg_attr(not(test), allow(irrefutable_let_patterns, reason = "a test has other work"))]
        let Work::Batch(Decided { batch, answers }) = work else { continue };
        let synced = append(appender, batch, stopped);
        answer(answers, &synced);
        if back.send(Message::Synced(synced)).is_err() {
            break;
        }
    }
    match appender.lock() {
        Ok(mut appender) => appender.take().map_or(Ok(()), Appender::close),
        // Whoever wrote with it did not come to an end: the next opening finds out how far it came, as after a crash.
        Err(poisoned) => {
            drop(poisoned.into_inner().take());
            Ok(())
        }
    }
}

/// Makes a batch durable. Nobody else does meanwhile.
pub(crate) fn append(appender: &Mutex<Option<Appender>>, batch: Batch, stopped: &Stopped) -> Synced {
    let mut appender = appender.lock().unwrap_or_else(PoisonError::into_inner);
    let Some(appender) = appender.as_mut() else { return Synced::Stopped { why: alarm::why(Thread::Sync) } };
    match appender.append(batch) {
        Append::Done { .. } => Synced::Done(appender.take_emptied()),
        Append::Full => Synced::Refused { tail: appender.tail(), why: Refusal::Full },
        Append::Fenced => {
            tracing::error!("a batch was built for another tail: nothing of it was written");
            Synced::Refused { tail: appender.tail(), why: Refusal::Fenced }
        }
        Append::Unknown(error) => {
            let why: Arc<str> =
                format!("a write to the ledger failed ({error}); start Daybook again to learn what is durable").into();
            stop(stopped, Arc::clone(&why));
            Synced::Stopped { why }
        }
    }
}

/// Answers as decided if the batch is durable; otherwise nothing that was decided on it holds.
pub(crate) fn answer(answers: Vec<(Reply, Answer)>, synced: &Synced) {
    for (reply, answer) in answers {
        reply.send(match synced {
            Synced::Done(_) => answer,
            Synced::Refused { why: Refusal::Full, .. } => Err(ExecuteError::Full),
            Synced::Refused { why: Refusal::Fenced, .. } => Err(ExecuteError::Fenced),
            Synced::Stopped { why } => Err(ExecuteError::Stopped { why: Arc::clone(why) }),
        });
    }
}
