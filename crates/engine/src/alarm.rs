//! A thread of the engine that ends with a bug must not end unseen: whoever waits for it would wait for ever.

use std::sync::Arc;

use tokio::sync::watch;

use crate::decide_thread::Message;
use crate::inbox::Outbox;

/// Why the engine writes no more, once it does not.
pub(crate) type Stopped = watch::Sender<Option<Arc<str>>>;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Thread {
    Decide,
    Load,
    Sync,
}

/// Held by a thread while it works; goes off when the thread ends with a panic.
pub(crate) struct Alarm {
    thread: Thread,
    stopped: Stopped,
    /// To the deciding thread.
    jobs: Option<Outbox>,
}

impl Alarm {
    pub(crate) fn new(thread: Thread, stopped: Stopped, jobs: Option<Outbox>) -> Self {
        Self { thread, stopped, jobs }
    }
}

impl Drop for Alarm {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            return;
        }
        let why = why(self.thread);
        tracing::error!(%why, "the engine takes no more commands");
        stop(&self.stopped, Arc::clone(&why));
        if let Some(jobs) = &self.jobs {
            // The deciding thread may have ended before: then nobody waits.
            let _ = jobs.send(Message::Broken { thread: self.thread, why });
        }
    }
}

pub(crate) fn why(thread: Thread) -> Arc<str> {
    let thread = match thread {
        Thread::Decide => "decides commands",
        Thread::Load => "reads streams",
        Thread::Sync => "writes to the ledger",
    };
    format!("the thread that {thread} ended with a bug; see the log, then start Daybook again").into()
}

/// The first reason stays.
pub(crate) fn stop(stopped: &Stopped, why: Arc<str>) {
    stopped.send_if_modified(|is| {
        let is_first = is.is_none();
        is.get_or_insert(why);
        is_first
    });
}
