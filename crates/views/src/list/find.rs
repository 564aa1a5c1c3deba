//! Finding a page's rows: each branch in the cheapest way, then the branches together.

use std::cmp::Ordering;
use std::collections::BinaryHeap;
use std::collections::binary_heap::PeekMut;

use super::branch::{Branch, branches};
use super::effort::{TooMuch, steps_a_row};
use super::index::{AmountKey, TimeKey};
use super::source::{Bounds, OPEN, Rows, Source, classes_of, has_all, smallest_set};
use super::test::{Data, Test};
use crate::Row;
use crate::sorted::Walk;

/// What looking at a row in sorted order costs: between lists, and each time somewhere else in memory.
const SCAN: usize = 3;

/// A key that a page can be sorted by.
pub(crate) trait SortKey: Ord + Copy {
    fn of(data: Data<'_>, row: Row) -> Self;
    fn row(self) -> Row;
    /// What the key's own bounds say about the time of placing.
    fn narrow_time(bounds: Bounds<Self>, time: &mut Bounds<TimeKey>);
    /// The bounds on time as this key's own.
    fn time_as_key(time: Bounds<TimeKey>) -> Option<Bounds<Self>>;
    /// The lists among the sources, or beside them, that stand in this key's order.
    fn ordered<'a>(
        data: Data<'a>,
        branch: &Branch<'_>,
        sources: &[Source<'a, '_>],
        within: Bounds<Self>,
    ) -> Vec<Ordered<'a, Self>>;
}

/// Lists in the order of the key, each with what is wanted of it.
pub(crate) struct Ordered<'a, K> {
    walks: Vec<Walk<'a, K>>,
    /// How many rows lie within the bounds.
    size: usize,
    /// How many there would be without cursors: among these are all that pass.
    whole: usize,
}

impl SortKey for TimeKey {
    fn of(data: Data<'_>, row: Row) -> Self {
        data.time_key(row)
    }

    fn row(self) -> Row {
        self.1
    }

    fn narrow_time(bounds: Bounds<Self>, time: &mut Bounds<TimeKey>) {
        if let Some(low) = bounds.low {
            time.raise(low);
        }
        if let Some(high) = bounds.high {
            time.lower(high);
        }
    }

    fn time_as_key(time: Bounds<TimeKey>) -> Option<Bounds<Self>> {
        Some(time)
    }

    fn ordered<'a>(
        data: Data<'a>,
        _: &Branch<'_>,
        sources: &[Source<'a, '_>],
        within: Bounds<Self>,
    ) -> Vec<Ordered<'a, Self>> {
        let lists = sources.iter().filter_map(|source| match &source.rows {
            Rows::ByTime(lists) => Some((lists, source.size)),
            Rows::Picked(_) | Rows::DueBefore(_) | Rows::ByAmount(_) => None,
        });
        lists
            .map(|(lists, size)| {
                let walk = |list: &&'a crate::sorted::SortedRows<TimeKey>| {
                    list.range(within.low, within.high, |row| data.time_key(row))
                };
                Ordered { walks: lists.iter().map(walk).collect(), size, whole: size }
            })
            .collect()
    }
}

impl SortKey for AmountKey {
    fn of(data: Data<'_>, row: Row) -> Self {
        data.amount_key(row)
    }

    fn row(self) -> Row {
        self.2
    }

    fn narrow_time(_: Bounds<Self>, _: &mut Bounds<TimeKey>) {}

    fn time_as_key(_: Bounds<TimeKey>) -> Option<Bounds<Self>> {
        None
    }

    fn ordered<'a>(
        data: Data<'a>,
        branch: &Branch<'_>,
        _: &[Source<'a, '_>],
        within: Bounds<Self>,
    ) -> Vec<Ordered<'a, Self>> {
        let source = data.by_amount(branch, smallest_set(branch), within);
        match source.rows {
            Rows::ByAmount(lists) => {
                let walk = |(list, range): (&'a crate::sorted::SortedRows<AmountKey>, Bounds<AmountKey>)| {
                    list.range(range.low, range.high, |row| data.amount_key(row))
                };
                let whole = data.by_amount(branch, smallest_set(branch), Bounds::ALL).size;
                vec![Ordered { walks: lists.into_iter().map(walk).collect(), size: source.size, whole }]
            }
            Rows::Picked(_) | Rows::DueBefore(_) | Rows::ByTime(_) => Vec::new(),
        }
    }
}

impl Data<'_> {
    /// The first rows within the bounds that pass, from the low end, or from the high one, in that order.
    pub(crate) fn find<K: SortKey>(
        self,
        test: &Test,
        within: Bounds<K>,
        rising: bool,
        want: usize,
    ) -> Result<Vec<Row>, TooMuch> {
        let branches = branches(test);
        let mut keys: Vec<K> = Vec::new();
        for branch in &branches {
            keys.extend(self.find_in(branch, within, rising, want)?);
        }
        if branches.len() > 1 {
            sort(&mut keys, rising);
            keys.dedup();
            keys.truncate(want);
        }
        Ok(keys.into_iter().map(K::row).collect())
    }

    fn find_in<K: SortKey>(
        self,
        branch: &Branch<'_>,
        within: Bounds<K>,
        rising: bool,
        want: usize,
    ) -> Result<Vec<K>, TooMuch> {
        let mut time = self.time_bounds(branch);
        K::narrow_time(within, &mut time);
        if let (Some(low), Some(high)) = (time.low, time.high)
            && low >= high
        {
            return Ok(Vec::new());
        }
        let sources = self.sources(branch, time)?;
        let Some(smallest) = sources.iter().min_by_key(|source| source.size + OPEN * source.lists()) else {
            return Ok(Vec::new());
        };
        let picking = smallest.size + OPEN * smallest.lists();
        let within = K::time_as_key(time).unwrap_or(within);
        // The lists of some merchants are part of those of all, which come first: they say nothing of their own.
        let expected = self.expected(&sources[usize::from(has_all(smallest_set(branch)))..]);
        let ordered = K::ordered(self, branch, &sources, within);
        let scanning = |list: &Ordered<'_, K>| {
            let looked_at = list.size.min(want.saturating_mul(list.whole) / expected.max(1));
            SCAN * looked_at + OPEN * list.walks.len()
        };
        if let Some(best) = ordered.into_iter().min_by_key(scanning)
            && scanning(&best) <= picking
        {
            // Estimates take the tests for independent. Where they are not, looking on would cost more than picking.
            let budget = if best.size <= smallest.size { usize::MAX } else { picking / SCAN + 1024 };
            if let Some(found) = self.scan(branch, best, rising, want, budget)? {
                return Ok(found);
            }
        }
        self.pick(branch, smallest, time, within, rising, want)
    }

    /// How many rows pass, if the tests have nothing to do with each other.
    fn expected(self, sources: &[Source<'_, '_>]) -> usize {
        let all = self.orders.len().max(1) as u128;
        let expected = sources.iter().fold(all, |left, source| left * (source.size as u128).min(all) / all);
        usize::try_from(expected).unwrap_or(usize::MAX)
    }

    /// Goes through sorted lists together until enough is found. None: not within so many rows.
    fn scan<K: SortKey>(
        self,
        branch: &Branch<'_>,
        mut from: Ordered<'_, K>,
        rising: bool,
        want: usize,
        budget: usize,
    ) -> Result<Option<Vec<K>>, TooMuch> {
        let mut found: Vec<K> = Vec::with_capacity(want.min(256));
        let lists = 0..from.walks.len();
        let mut next = |list: usize| {
            let walk = &mut from.walks[list];
            let row = if rising { walk.next() } else { walk.next_back() };
            row.map(|row| Head { key: K::of(self, row), list, rising })
        };
        let mut heads: BinaryHeap<Head<K>> = lists.filter_map(&mut next).collect();
        let steps = SCAN + steps_a_row(branch);
        let mut looked_at = 0;
        while found.len() < want
            && let Some(mut head) = heads.peek_mut()
        {
            let key = head.key;
            match next(head.list) {
                Some(following) => *head = following,
                None => drop(PeekMut::pop(head)),
            }
            looked_at += 1;
            self.effort.spend(steps)?;
            if looked_at > budget {
                return Ok(None);
            }
            if found.last() != Some(&key) && branch.iter().all(|test| self.passes(test, key.row())) {
                found.push(key);
            }
        }
        Ok(Some(found))
    }

    /// Tests every row of a source and sorts what passes.
    fn pick<K: SortKey>(
        self,
        branch: &Branch<'_>,
        source: &Source<'_, '_>,
        time: Bounds<TimeKey>,
        within: Bounds<K>,
        rising: bool,
        want: usize,
    ) -> Result<Vec<K>, TooMuch> {
        let mut keys: Vec<K> = Vec::new();
        self.each(source, time, steps_a_row(branch), |row| {
            let key = K::of(self, row);
            if within.contains(key) && self.passes_all(branch, source.covers, row) {
                keys.push(key);
            }
        })?;
        if source.repeats {
            keys.sort_unstable();
            keys.dedup();
        }
        if keys.len() > want.saturating_mul(2) {
            let by = |left: &K, right: &K| if rising { left.cmp(right) } else { right.cmp(left) };
            keys.select_nth_unstable_by(want, by);
            keys.truncate(want);
        }
        sort(&mut keys, rising);
        keys.truncate(want);
        Ok(keys)
    }

    pub(crate) fn count(self, test: &Test) -> Result<u64, TooMuch> {
        let branches = branches(test);
        if let [branch] = branches.as_slice() {
            return Ok(self.count_in(branch)? as u64);
        }
        let mut rows: Vec<Row> = Vec::new();
        for branch in &branches {
            let time = self.time_bounds(branch);
            self.each_of(branch, time, |row| rows.push(row))?;
        }
        rows.sort_unstable();
        rows.dedup();
        Ok(rows.len() as u64)
    }

    fn count_in(self, branch: &Branch<'_>) -> Result<usize, TooMuch> {
        let time = self.time_bounds(branch);
        let sets = branch.iter().filter(|test| matches!(test, Test::Merchants(set) if set.is_disjoint)).count();
        let is_exact = |test: &&Test| match test {
            Test::Class(_) | Test::Time { .. } => true,
            Test::Merchants(set) => set.is_disjoint,
            Test::Amount { .. }
            | Test::Rows(_)
            | Test::Buyers(_)
            | Test::Skus(_)
            | Test::Marks(_)
            | Test::DueBefore(_)
            | Test::And(_)
            | Test::Or(_) => false,
        };
        if sets <= 1 && branch.iter().all(is_exact) {
            let lists = self.node_lists(smallest_set(branch), classes_of(branch).as_ref());
            self.effort.spend(OPEN * lists.len())?;
            return Ok(lists.iter().map(|list| list.range(time.low, time.high, |row| self.time_key(row)).len()).sum());
        }
        let amounts = branch.iter().filter(|test| matches!(test, Test::Amount { .. })).count();
        if amounts == 1 && sets <= 1 && amounts + sets == branch.len() {
            let source = self.by_amount(branch, smallest_set(branch), Bounds::ALL);
            self.effort.spend(OPEN * source.lists())?;
            return Ok(source.size);
        }
        let mut count = 0;
        self.each_of(branch, time, |_| count += 1)?;
        Ok(count)
    }

    /// Each of a branch's rows once.
    fn each_of(self, branch: &Branch<'_>, time: Bounds<TimeKey>, mut then: impl FnMut(Row)) -> Result<(), TooMuch> {
        let sources = self.sources(branch, time)?;
        let Some(smallest) = sources.iter().min_by_key(|source| source.size + OPEN * source.lists()) else {
            return Ok(());
        };
        let steps = steps_a_row(branch);
        let passes = |row: Row| self.passes_all(branch, smallest.covers, row);
        if smallest.repeats {
            let mut rows: Vec<Row> = Vec::with_capacity(smallest.size);
            self.each(smallest, time, steps, |row| rows.push(row))?;
            rows.sort_unstable();
            rows.dedup();
            rows.into_iter().filter(|&row| passes(row)).for_each(then);
        } else {
            self.each(smallest, time, steps, |row| {
                if passes(row) {
                    then(row);
                }
            })?;
        }
        Ok(())
    }
}

fn sort<K: Ord>(keys: &mut [K], rising: bool) {
    if rising {
        keys.sort_unstable();
    } else {
        keys.sort_unstable_by(|left, right| right.cmp(left));
    }
}

/// The next row of one list. The greatest comes first from the heap.
struct Head<K> {
    key: K,
    list: usize,
    rising: bool,
}

impl<K: Ord> Ord for Head<K> {
    fn cmp(&self, other: &Self) -> Ordering {
        let order = self.key.cmp(&other.key);
        if self.rising { order.reverse() } else { order }
    }
}

impl<K: Ord> PartialOrd for Head<K> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<K: Ord> PartialEq for Head<K> {
    fn eq(&self, other: &Self) -> bool {
        self.key == other.key
    }
}

impl<K: Ord> Eq for Head<K> {}
