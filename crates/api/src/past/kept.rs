//! Views of the past that were asked for lately.

use std::sync::Arc;
use std::time::{Duration, Instant};

use daybook_domain::Position;
use daybook_views::Views;

/// However small they are.
const MAX_VIEWS: usize = 16;
/// Together, with what is being folded.
const MAX_BYTES: usize = 256 << 20;
/// However large they are: a question may be about two moments.
const AT_LEAST: usize = 2;
/// For so long what somebody was told to come again for is kept for him.
const GRACE: Duration = Duration::from_secs(30);
/// What an event takes of the views' memory, as long as none were measured.
const BYTES_AN_EVENT: usize = 128;
/// Smaller views tell little of what an event takes.
const MEASURED_FROM: usize = 1 << 20;

pub(super) struct Kept {
    /// Those that were asked for last stand last.
    views: Vec<Moment>,
    bytes_an_event: usize,
}

struct Moment {
    position: Position,
    views: Arc<Views>,
    bytes: usize,
    /// Somebody was told to come again for it, and may until then.
    owed_until: Option<Instant>,
}

impl Moment {
    /// Letting go of it would free nothing, or break a promise.
    fn stays(&self, now: Instant) -> bool {
        Arc::strong_count(&self.views) > 1 || self.owed_until.is_some_and(|until| now < until)
    }
}

impl Default for Kept {
    fn default() -> Self {
        Self { views: Vec::new(), bytes_an_event: BYTES_AN_EVENT }
    }
}

impl Kept {
    pub(super) fn get(&mut self, position: Position) -> Option<Arc<Views>> {
        let at = self.views.iter().position(|kept| kept.position == position)?;
        let mut found = self.views.remove(at);
        found.owed_until = None;
        let views = Arc::clone(&found.views);
        self.views.push(found);
        Some(views)
    }

    /// `is_owed`: whoever asked for it was told to come again.
    pub(super) fn put(&mut self, position: Position, views: Arc<Views>, is_owed: bool, now: Instant) {
        let bytes = views.footprint().into_iter().map(|(_, bytes)| bytes).sum();
        if let Some(events) = usize::try_from(position).ok().filter(|events| *events > 0 && bytes >= MEASURED_FROM) {
            self.bytes_an_event = bytes / events;
        }
        self.add(position, views, bytes, is_owed, now);
    }

    fn add(&mut self, position: Position, views: Arc<Views>, bytes: usize, is_owed: bool, now: Instant) {
        self.views.push(Moment { position, views, bytes, owed_until: is_owed.then(|| now + GRACE) });
        self.fit(0, 0, now);
    }

    /// Lets go of as many as the views of this position need, about. False: those that are in use leave them no room.
    pub(super) fn make_room_for(&mut self, position: Position, now: Instant) -> bool {
        let events = usize::try_from(position).unwrap_or(usize::MAX);
        self.fit(1, events.saturating_mul(self.bytes_an_event), now)
    }

    /// Lets go of those that were not asked for longest, until there is room for so many more. False: there is none.
    fn fit(&mut self, more: usize, bytes: usize, now: Instant) -> bool {
        // The newest one stays however large it is, unless another is to come.
        let always = usize::from(more == 0);
        loop {
            let count = self.views.len();
            let fits = count + more <= MAX_VIEWS && self.bytes().saturating_add(bytes) <= MAX_BYTES;
            if fits || count <= always {
                return true;
            }
            match self.views[..count - always].iter().position(|kept| !kept.stays(now)) {
                Some(at) => drop(self.views.remove(at)),
                None => return count + more <= AT_LEAST,
            }
        }
    }

    pub(super) fn clear(&mut self) {
        self.views.clear();
    }

    fn bytes(&self) -> usize {
        self.views.iter().fold(0, |sum, kept| sum.saturating_add(kept.bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn positions(kept: &Kept) -> Vec<Position> {
        kept.views.iter().map(|kept| kept.position).collect()
    }

    #[test]
    fn those_that_were_asked_for_last_stay() {
        let (mut kept, now) = (Kept::default(), Instant::now());
        for position in 1..=20 {
            kept.put(position, Arc::default(), false, now);
            assert!(kept.get(1).is_some(), "it is asked for again and again");
        }
        assert_eq!(kept.views.len(), MAX_VIEWS);
        assert!(kept.get(2).is_none());
        assert_eq!(positions(&kept)[MAX_VIEWS - 2..], [20, 1]);
    }

    #[test]
    fn large_ones_are_fewer_and_the_newest_stays_however_large_it_is() {
        let (mut kept, now) = (Kept::default(), Instant::now());
        for position in 1..=5 {
            kept.add(position, Arc::default(), MAX_BYTES / 3, false, now);
        }
        assert_eq!(positions(&kept), [3, 4, 5]);
        kept.add(6, Arc::default(), 2 * MAX_BYTES, false, now);
        assert_eq!(positions(&kept), [6]);
    }

    #[test]
    fn what_is_to_be_folded_counts_before_it_is_there() {
        let (mut kept, now) = (Kept::default(), Instant::now());
        for position in 1..=3 {
            kept.add(position, Arc::default(), MAX_BYTES / 4, false, now);
        }
        let quarter = (MAX_BYTES / 4 / BYTES_AN_EVENT) as u64;
        assert!(kept.make_room_for(quarter, now));
        assert_eq!(positions(&kept), [1, 2, 3], "it has room beside them");
        assert!(kept.make_room_for(2 * quarter, now));
        assert_eq!(positions(&kept), [2, 3]);
        assert!(kept.make_room_for(9 * quarter, now), "however large, where nobody uses others");
        assert!(kept.views.is_empty());
    }

    #[test]
    fn what_is_used_is_let_go_of_by_nobody_and_what_comes_waits_for_it() {
        let (mut kept, now) = (Kept::default(), Instant::now());
        let used: Vec<Arc<Views>> = (0..2).map(|_| Arc::default()).collect();
        for (position, views) in (1..).zip(&used) {
            kept.add(position, Arc::clone(views), MAX_BYTES, false, now);
        }
        assert!(!kept.make_room_for(1, now));
        assert_eq!(positions(&kept), [1, 2]);
        drop(used);
        assert!(kept.make_room_for(1, now));
        assert!(kept.views.is_empty());
        let used: Arc<Views> = Arc::default();
        kept.add(3, Arc::clone(&used), MAX_BYTES, false, now);
        assert!(kept.make_room_for(1, now), "one question may be about two moments");
        assert_eq!(positions(&kept), [3]);
    }

    #[test]
    fn whoever_was_told_to_come_again_finds_it() {
        let (mut kept, now) = (Kept::default(), Instant::now());
        kept.put(1, Arc::default(), true, now);
        for position in 2..=40 {
            kept.put(position, Arc::default(), false, now);
        }
        assert_eq!(positions(&kept)[0], 1);
        assert!(kept.get(1).is_some());
        for position in 41..=80 {
            kept.put(position, Arc::default(), false, now);
        }
        assert!(kept.get(1).is_none(), "it was asked for");
        kept.put(1, Arc::default(), true, now);
        let later = now + GRACE;
        for position in 81..=120 {
            kept.put(position, Arc::default(), false, later);
        }
        assert!(kept.get(1).is_none(), "nobody came");
    }
}
