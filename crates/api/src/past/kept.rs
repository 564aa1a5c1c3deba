//! Views of the past that were asked for lately.

use std::sync::Arc;

use daybook_domain::Position;
use daybook_views::Views;

/// However small they are.
const MAX_VIEWS: usize = 16;
/// Together, the newest one aside: whoever asked for that asks again.
const MAX_BYTES: usize = 256 << 20;

#[derive(Default)]
pub(super) struct Kept {
    /// Those that were asked for last stand last; with the bytes that they take.
    views: Vec<(Position, Arc<Views>, usize)>,
}

impl Kept {
    pub(super) fn get(&mut self, position: Position) -> Option<Arc<Views>> {
        let at = self.views.iter().position(|(kept, ..)| *kept == position)?;
        let found = self.views.remove(at);
        let views = Arc::clone(&found.1);
        self.views.push(found);
        Some(views)
    }

    pub(super) fn put(&mut self, position: Position, views: Arc<Views>) {
        let bytes = views.footprint().into_iter().map(|(_, bytes)| bytes).sum();
        self.add(position, views, bytes);
    }

    fn add(&mut self, position: Position, views: Arc<Views>, bytes: usize) {
        self.views.push((position, views, bytes));
        while self.views.len() > MAX_VIEWS || (self.views.len() > 1 && self.bytes() > MAX_BYTES) {
            self.views.remove(0);
        }
    }

    pub(super) fn clear(&mut self) {
        self.views.clear();
    }

    fn bytes(&self) -> usize {
        self.views.iter().map(|(.., bytes)| bytes).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn positions(kept: &Kept) -> Vec<Position> {
        kept.views.iter().map(|(position, ..)| *position).collect()
    }

    #[test]
    fn those_that_were_asked_for_last_stay() {
        let mut kept = Kept::default();
        for position in 1..=20 {
            kept.put(position, Arc::default());
            assert!(kept.get(1).is_some(), "it is asked for again and again");
        }
        assert_eq!(kept.views.len(), MAX_VIEWS);
        assert!(kept.get(2).is_none());
        assert_eq!(positions(&kept)[MAX_VIEWS - 2..], [20, 1]);
    }

    #[test]
    fn large_ones_are_fewer_and_the_newest_stays_however_large_it_is() {
        let mut kept = Kept::default();
        for position in 1..=5 {
            kept.add(position, Arc::default(), MAX_BYTES / 3);
        }
        assert_eq!(positions(&kept), [3, 4, 5]);
        kept.add(6, Arc::default(), 2 * MAX_BYTES);
        assert_eq!(positions(&kept), [6]);
    }
}
