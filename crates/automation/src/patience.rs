//! What was refused is not asked for again at once.

use daybook_domain::Timestamp;
use daybook_domain::time::{HOUR_MICROS, SECOND_MICROS};
use hashbrown::HashMap;

use crate::task::Task;

const FIRST_MICROS: i64 = 5 * SECOND_MICROS;
const LONGEST_MICROS: i64 = HOUR_MICROS;

#[derive(Clone, Copy, Debug)]
struct Waiting {
    until: Timestamp,
    micros: i64,
}

/// Tasks that wait until they are tried again: twice as long after each refusal, an hour at most.
#[derive(Debug, Default)]
pub(crate) struct Patience {
    waiting: HashMap<Task, Waiting>,
}

impl Patience {
    pub(crate) fn refused(&mut self, task: Task, now: Timestamp) {
        let before = self.waiting.get(&task).map_or(FIRST_MICROS / 2, |waiting| waiting.micros);
        let micros = before.saturating_mul(2).min(LONGEST_MICROS);
        self.waiting.insert(task, Waiting { until: now.plus_micros(micros), micros });
    }

    pub(crate) fn done(&mut self, task: &Task) {
        self.waiting.remove(task);
    }

    /// A clock that was set back makes nothing wait for longer than it would have.
    pub(crate) fn is_waiting(&self, task: &Task, now: Timestamp) -> bool {
        self.waiting
            .get(task)
            .is_some_and(|waiting| now < waiting.until && waiting.until <= now.plus_micros(waiting.micros))
    }

    /// Forgets those whose time has come long ago: something else has settled them.
    pub(crate) fn tidy(&mut self, now: Timestamp) {
        self.waiting.retain(|_, waiting| now < waiting.until.plus_micros(LONGEST_MICROS));
    }

    /// When the first of them is tried again.
    pub(crate) fn next(&self, now: Timestamp) -> Option<Timestamp> {
        self.waiting.values().map(|waiting| waiting.until).filter(|until| *until > now).min()
    }
}
