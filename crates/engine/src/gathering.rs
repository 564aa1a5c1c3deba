//! How long a batch waits for more, when nothing else is to be done.
//!
//! Callers who are answered mostly ask again at once. If what was decided during a sync went as soon as that ended, they would
//! just miss it, and be half of the callers in every other sync: each sync for half as many as it could be for. So a batch
//! waits until as many are in it as were answered before, or for a part of the time that a sync takes.

use std::time::{Duration, Instant};

/// Of the time that the last sync took.
const PART: u32 = 2;
/// Whatever a sync took.
const LONGEST: Duration = Duration::from_millis(2);

#[derive(Debug, Default)]
pub(crate) struct Gathering {
    /// The batch that is being synced: since when, and how many are answered after it.
    syncing: Option<(Instant, usize)>,
    /// How many may come together, and until when they are waited for.
    wanted: Option<(usize, Instant)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Left {
    /// How many others may come.
    pub(crate) others: usize,
    pub(crate) time: Duration,
}

impl Gathering {
    /// A batch is handed over, with so many who wait for it.
    pub(crate) fn begins(&mut self, now: Instant, waiting: usize) {
        self.syncing = Some((now, waiting));
        self.wanted = None;
    }

    /// It is durable; so many were decided meanwhile.
    pub(crate) fn ends(&mut self, now: Instant, decided: usize) {
        let Some((begun, answered)) = self.syncing.take() else { return };
        let patience = now.duration_since(begun) / PART;
        self.wanted = Some((answered + decided, now + patience.min(LONGEST)));
    }

    /// For whom those who were decided are to wait still; none if they may go.
    pub(crate) fn left(&self, now: Instant, decided: usize, in_flight: bool) -> Option<Left> {
        let (wanted, until) = self.wanted?;
        if in_flight || decided == 0 || decided >= wanted {
            return None;
        }
        let time = until.checked_duration_since(now).filter(|left| !left.is_zero())?;
        Some(Left { others: wanted - decided, time })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn those_who_were_answered_are_waited_for_and_not_for_long() {
        let mut gathering = Gathering::default();
        let begun = Instant::now();
        let after = |micros| begun + Duration::from_micros(micros);
        assert_eq!(gathering.left(begun, 1, false), None, "nobody was answered before");
        gathering.begins(begun, 30);
        gathering.ends(after(300), 10);
        let left = Left { others: 30, time: Duration::from_micros(140) };
        assert_eq!(gathering.left(after(310), 10, false), Some(left), "thirty may come");
        assert_eq!(gathering.left(after(310), 0, false), None, "there is nothing to send off");
        assert_eq!(gathering.left(after(310), 10, true), None, "another batch is on its way");
        assert_eq!(gathering.left(after(310), 40, false), None, "all are there");
        assert_eq!(gathering.left(after(450), 10, false), None, "it was long enough");
        gathering.begins(after(500), 20);
        gathering.ends(after(90_500), 10);
        let left = Left { others: 20, time: LONGEST };
        assert_eq!(gathering.left(after(90_500), 10, false), Some(left), "after a slow sync");
    }
}
