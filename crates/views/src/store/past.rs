//! Checkpoints that stay for the past: a question about it begins at the nearest one before, instead of at the first event.
//!
//! They lie evenly over the whole log, so that none of it is far from one: the first of each stretch of so many events.
//! Stretches double when there are too many of them, or when together they take too much room; what did not change between
//! two checkpoints is one file for both. One that is missing costs time, nothing else.

use std::collections::{BTreeMap, HashSet};

use daybook_domain::Position;

use super::{Ignored, Manifest, Manifests, Store, StoreError, manifest_name, remove};
use crate::checkpoint::Since;
use crate::registry::{ORDERS, VIEWS, ViewName};
use crate::views::Views;

/// Events of a stretch at least: some hundredths of a second to fold.
#[cfg(not(test))]
const STRETCH: u64 = 1 << 16;
#[cfg(test)]
const STRETCH: u64 = 1 << 4;
/// Checkpoints for the past at most.
const MAX_KEPT: usize = 32;
/// Bytes of chunks that nothing but the past needs, whatever the newest checkpoint takes; beside that as many as that.
const SPARE_BYTES: u64 = 64 << 20;

impl Store {
    /// The newest usable checkpoint of all views that is not behind `at`, and what was ignored on the way. Whoever saves
    /// meanwhile may remove it: then it is an older one, or none.
    ///
    /// # Errors
    ///
    /// When the folder cannot be listed.
    pub fn nearest(&self, at: Position) -> Result<(Option<Views>, Vec<Ignored>), StoreError> {
        let mut ignored = Vec::new();
        for position in self.positions(ORDERS)?.into_iter().filter(|&position| position <= at) {
            let found = match self.whole(position) {
                Ok(found) => found,
                Err(why) => {
                    ignored.push(why);
                    continue;
                }
            };
            match self.restore(position, &found) {
                Ok(views) => return Ok((Some(views), ignored)),
                Err((view, error)) => ignored.push(Ignored { view, position, reason: error.to_string() }),
            }
        }
        Ok((None, ignored))
    }

    /// Saves views of the past, where that shortens the way for whoever asks about it next: whether it did. They must be
    /// folded from the same log by the same code as those that are saved.
    ///
    /// # Errors
    ///
    /// When it cannot be written.
    pub fn keep(&mut self, past: &Views) -> Result<bool, StoreError> {
        let position = past.position();
        let is_whole = past.status().iter().all(|view| view.stopped.is_none());
        let newest = self.newest.get(&ORDERS).map_or(0, |manifest| manifest.position);
        if !is_whole || position >= newest || self.whole(position).is_ok() {
            return Ok(false);
        }
        let mut positions: Vec<Position> = self.all_whole()?.into_keys().chain([position]).collect();
        positions.sort_unstable();
        // Whether there is room is known when it is written.
        if !chosen(&positions, |_| true).contains(&position) {
            return Ok(false);
        }
        self.write(&past.checkpoint(&Since::default()))?;
        self.tidy(super::KEPT_MANIFESTS)?;
        Ok(true)
    }

    /// Makes nothing of what was saved until now be used any more, such as after views were rebuilt.
    ///
    /// # Errors
    ///
    /// When a manifest cannot be removed.
    pub fn forget(&self) -> Result<(), StoreError> {
        for view in VIEWS {
            for position in self.positions(view)? {
                remove(&self.view_folder(view).join(manifest_name(position)))?;
            }
        }
        Ok(())
    }

    /// The manifests of all views at a position, by the rules of now: the past is told by them alone.
    fn whole(&self, position: Position) -> Result<Manifests, Ignored> {
        let manifest = |view: ViewName| match self.manifest(view, position, Position::MAX) {
            Ok(manifest) if manifest.fold == view.fold => Ok((view, manifest)),
            Ok(_) => Err(Ignored { view, position, reason: "other rules made it".to_owned() }),
            Err(reason) => Err(Ignored { view, position, reason }),
        };
        VIEWS.into_iter().map(manifest).collect()
    }

    fn all_whole(&self) -> Result<BTreeMap<Position, Manifests>, StoreError> {
        let positions = self.positions(ORDERS)?;
        Ok(positions.into_iter().filter_map(|position| Some((position, self.whole(position).ok()?))).collect())
    }

    /// The positions whose checkpoints stay.
    pub(super) fn kept_for_the_past(&self) -> Result<Vec<Position>, StoreError> {
        let all = self.all_whole()?;
        let positions: Vec<Position> = all.keys().copied().collect();
        Ok(chosen(&positions, |kept| self.room_of(&all, kept) <= self.spare()))
    }

    fn spare(&self) -> u64 {
        let newest = self.newest.values().flat_map(|manifest| manifest.chunks.values());
        newest.map(|chunk| chunk.bytes).sum::<u64>() + SPARE_BYTES
    }

    /// Bytes of the chunks that these have and the newest has not.
    fn room_of(&self, all: &BTreeMap<Position, Manifests>, kept: &[Position]) -> u64 {
        let hashes = |manifest: &Manifest| manifest.chunks.values().copied().collect::<Vec<_>>();
        let mut seen: HashSet<[u8; 32]> = self.newest.values().flat_map(hashes).map(|chunk| chunk.hash).collect();
        let chunks = kept.iter().filter_map(|position| all.get(position)).flat_map(|found| found.values());
        chunks.flat_map(hashes).filter(|chunk| seen.insert(chunk.hash)).map(|chunk| chunk.bytes).sum()
    }
}

/// Of rising positions the first of each stretch.
fn spaced(positions: impl IntoIterator<Item = Position>, stretch: u64) -> Vec<Position> {
    let mut kept: Vec<Position> = Vec::new();
    for position in positions {
        if kept.last().is_none_or(|last| last / stretch < position / stretch) {
            kept.push(position);
        }
    }
    kept
}

/// Of rising positions those that stay; none if there is not even room for one.
fn chosen(positions: &[Position], is_room: impl Fn(&[Position]) -> bool) -> Vec<Position> {
    let last = positions.last().copied().unwrap_or_default();
    let mut stretch = STRETCH;
    loop {
        let kept = spaced(positions.iter().copied(), stretch);
        if kept.len() <= MAX_KEPT && is_room(&kept) {
            return kept;
        }
        if stretch > last {
            return Vec::new();
        }
        stretch = stretch.saturating_mul(2);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn those_that_stay_are_few_and_none_of_the_log_is_far_from_one() {
        for last in [1, 15, 16, 500, 10_000, 1_000_000] {
            let positions: Vec<Position> = (0..=last).step_by(5).collect();
            let kept = chosen(&positions, |_| true);
            assert!(kept.len() <= MAX_KEPT, "{last}: {kept:?}");
            let gaps = kept.iter().zip(kept.iter().skip(1)).map(|(one, next)| next - one);
            let longest = gaps.chain(kept.last().map(|at| last - at)).max().unwrap();
            assert!(longest <= 2 * STRETCH.max(last / (MAX_KEPT as u64 / 2)), "{last}: {longest}, {kept:?}");
        }
    }

    /// Or else what was kept a moment ago would have to be made again.
    #[test]
    fn what_stays_later_stayed_before() {
        let mut kept: Vec<Position> = Vec::new();
        for position in (0..40_000).step_by(7) {
            let before = kept.clone();
            kept.push(position);
            kept = chosen(&kept, |_| true);
            assert!(kept.iter().all(|at| before.contains(at) || *at == position));
        }
        assert!(kept.len() > MAX_KEPT / 4, "{kept:?}");
    }

    #[test]
    fn there_are_fewer_where_there_is_no_room() {
        let positions: Vec<Position> = (0..400).collect();
        assert_eq!(chosen(&positions, |kept| kept.len() <= 3).len(), 2);
        assert_eq!(chosen(&positions, |_| false), []);
    }
}
