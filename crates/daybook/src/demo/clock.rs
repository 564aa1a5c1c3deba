//! A clock that tells each command its own moment.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use daybook_domain::Timestamp;
use daybook_engine::Clock;

/// The writer asks for the time once per command, in the order in which the commands were sent: so the moments are
/// queued beside them, and thousands of commands can be under way at once although each has a time of its own. Once
/// the past is over, the system's clock takes over.
#[derive(Clone)]
pub(super) struct DemoClock {
    queued: Arc<Mutex<Queued>>,
    system: Clock,
}

struct Queued {
    moments: VecDeque<Timestamp>,
    last: Timestamp,
    is_past: bool,
}

impl DemoClock {
    pub(super) fn new(start: Timestamp, system: Clock) -> Self {
        let queued = Queued { moments: VecDeque::new(), last: start, is_past: true };
        Self { queued: Arc::new(Mutex::new(queued)), system }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Queued> {
        self.queued.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The moment of the next command that will be sent.
    pub(super) fn push(&self, at: Timestamp) {
        self.lock().moments.push_back(at);
    }

    /// Nothing is under way: forgets moments that were not asked for.
    pub(super) fn settle(&self, at: Timestamp) {
        let mut queued = self.lock();
        queued.moments.clear();
        queued.last = at;
    }

    /// From now on the time is the real one.
    pub(super) fn arrive(&self) {
        self.lock().is_past = false;
    }

    pub(super) fn clock(&self) -> Clock {
        let this = self.clone();
        Arc::new(move || {
            let mut queued = this.lock();
            if !queued.is_past {
                return (this.system)();
            }
            if let Some(next) = queued.moments.pop_front() {
                queued.last = next;
            }
            queued.last
        })
    }
}
