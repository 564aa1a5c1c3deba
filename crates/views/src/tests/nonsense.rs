//! Chunks whose bytes were damaged before they were hashed: what cannot be is refused, and nothing panics.

use std::collections::BTreeMap;

use super::asked::{ask_dashboard, ask_everything};
use super::list::fold;
use super::world::{Random, World};
use crate::checkpoint::{ChunkId, ChunksOf, Part, RestoreError, Since};
use crate::chunks::CHUNK;
use crate::query::Basis;
use crate::registry::ORDERS;
use crate::views::Views;

type Saved = (ChunksOf, BTreeMap<ChunkId, Vec<u8>>);

/// Views of a random world, and what is saved of them.
fn folded(seed: u64, steps: usize) -> (Views, Saved) {
    println!("seed {seed}");
    let views = fold(&World::random(seed, steps));
    let whole = saved(&views);
    (views, whole)
}

fn saved(views: &Views) -> Saved {
    let saved = views.checkpoint(&Since::default());
    let ids = saved.iter().map(|view| (view.view, view.all.clone())).collect();
    (ids, saved.iter().flat_map(|view| view.changed.clone()).collect())
}

fn restored((ids, chunks): &Saved, position: u64) -> Result<Views, RestoreError> {
    Views::restore(position, ids, &|id| chunks.get(&id).cloned()).map_err(|(_, error)| error)
}

/// Some bits may be others without anybody's noticing, such as those of a name. How many are noticed at least, of 60: fewer are
/// where a part is no longer held against what it must be.
const NOTICED: [(Part, u32); 8] = [
    (Part::Names, 24),
    (Part::Strings, 15),
    (Part::Buyers, 5),
    (Part::Orders, 8),
    (Part::Entries, 20),
    (Part::Skus, 12),
    (Part::Tokens, 4),
    (Part::Jobs, 5),
];

#[test]
fn a_damaged_bit_is_refused_or_does_no_harm() {
    let (views, whole) = folded(77, 300);
    let mut random = Random(5);
    for (part, least) in NOTICED {
        let ids: Vec<ChunkId> = whole.1.keys().copied().filter(|id| id.part == part).collect();
        let mut refused = 0;
        for _ in 0..60 {
            let mut damaged = whole.clone();
            let chunk = damaged.1.get_mut(random.pick(&ids)).unwrap();
            let at = usize::try_from(random.below(chunk.len() as u64)).unwrap();
            chunk[at] ^= 1 << random.below(8);
            match restored(&damaged, views.position()) {
                Ok(other) => ask_everything(&other, &views),
                Err(_) => refused += 1,
            }
        }
        println!("{part:?}: {refused}");
        assert!(refused >= least, "{refused} of {part:?} were refused");
    }
}

#[test]
fn no_amount_below_zero_is_read() {
    let (views, whole) = folded(81, 300);
    let id = ChunkId { part: Part::Entries, number: 0 };
    // An amount's sign is the lowest bit of its first byte.
    for at in 0..whole.1[&id].len() {
        let mut damaged = whole.clone();
        damaged.1.get_mut(&id).unwrap()[at] ^= 1;
        if let Ok(other) = restored(&damaged, views.position()) {
            ask_dashboard(&other, Basis::Booked, None);
        }
    }
}

#[test]
fn orders_that_refer_to_what_is_not_there_are_refused() {
    let (views, whole) = folded(78, 500);
    // Without one of the later chunks of buyers, and without all orders but the first ones.
    for (part, is_gone) in [(Part::Buyers, 0..1), (Part::Orders, 1..u32::MAX)] {
        let mut cut = whole.clone();
        let ids = cut.0.get_mut(&ORDERS).unwrap();
        let before = ids.len();
        ids.retain(|id| id.part != part || !is_gone.contains(&id.number));
        assert!(ids.len() < before);
        assert_eq!(restored(&cut, views.position()).unwrap_err(), RestoreError::Inconsistent);
    }
    let mut missing = whole.clone();
    let last = missing.0[&ORDERS].last().copied().unwrap();
    missing.1.remove(&last);
    assert_eq!(restored(&missing, views.position()).unwrap_err(), RestoreError::Missing(last));
}

#[test]
fn a_chunk_that_is_longer_or_shorter_is_refused() {
    let (views, whole) = folded(82, 300);
    for &id in whole.1.keys() {
        let (mut longer, mut shorter) = (whole.clone(), whole.clone());
        longer.1.get_mut(&id).unwrap().push(0);
        shorter.1.get_mut(&id).unwrap().pop();
        for other in [longer, shorter] {
            assert_eq!(restored(&other, views.position()).unwrap_err(), RestoreError::Damaged(id));
        }
    }
}

#[test]
fn more_in_a_chunk_than_is_ever_written_together_is_refused() {
    let (views, whole) = folded(79, 3_000);
    let mut parts = Vec::new();
    // The first two chunks of a part as one.
    for (of_view, ids) in &whole.0 {
        for &id in ids.iter().filter(|id| id.number == 0) {
            let next = ChunkId { number: 1, ..id };
            let Some(behind) = whole.1.get(&next) else { continue };
            let mut joined = whole.clone();
            joined.0.get_mut(of_view).unwrap().retain(|one| *one != next);
            let front = joined.1.get_mut(&id).unwrap();
            front[0] += behind[0];
            front.extend_from_slice(&behind[1..]);
            assert_eq!(restored(&joined, views.position()).unwrap_err(), RestoreError::Damaged(id));
            parts.push(id.part);
        }
    }
    assert_eq!(parts, [Part::Entries, Part::Jobs, Part::Orders, Part::Skus, Part::Tokens]);
    // Of the others there is one chunk: it takes texts and buyers of no order until it is full.
    for (part, one) in [(Part::Strings, &[1, b'A'][..]), (Part::Buyers, &[100, 0, 0])] {
        let (mut fuller, id) = (whole.clone(), ChunkId { part, number: 0 });
        let chunk = fuller.1.get_mut(&id).unwrap();
        for last in chunk[0]..u8::try_from(CHUNK).unwrap() {
            let start = chunk.len();
            chunk.extend_from_slice(one);
            chunk[start + usize::from(part == Part::Strings)] += last;
            chunk[0] += 1;
        }
        let mut over = fuller.clone();
        let chunk = over.1.get_mut(&id).unwrap();
        chunk[0] += 1;
        chunk.extend_from_slice(one);
        restored(&fuller, views.position()).unwrap();
        assert_eq!(restored(&over, views.position()).unwrap_err(), RestoreError::Damaged(id));
    }
}

#[test]
fn currencies_are_three_capitals_though_nobody_may_take_them_now() {
    let (views, whole) = folded(80, 200);
    let id = ChunkId { part: Part::Names, number: 0 };
    for (code, is_read) in
        [("ZZZ", true), ("VEF", true), ("A\"B", false), ("cny", false), ("CN ", false), ("ÄB", false)]
    {
        let mut other = whole.clone();
        let names = other.1.get_mut(&id).unwrap();
        let at = names.windows(3).position(|three| three == b"CNY").unwrap();
        names[at..at + 3].copy_from_slice(code.as_bytes());
        match restored(&other, views.position()) {
            Ok(views) => assert!(is_read && views.currencies().iter().any(|currency| currency.as_str() == code)),
            Err(error) => assert!(!is_read && error == RestoreError::Damaged(id), "{code}: {error}"),
        }
    }
}
