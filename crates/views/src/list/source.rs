//! Where a branch's rows can be had from, and how many there are: sorted lists, or rows picked out one by one.

use super::branch::Branch;
use super::class::ClassSet;
use super::effort::TooMuch;
use super::index::{AmountKey, MANY_ORDERS, NODE_ALL, TimeKey};
use super::test::{Data, MerchantSet, Test};
use crate::Row;
use crate::sorted::SortedRows;

/// What opening one list costs, in rows picked.
pub(crate) const OPEN: usize = 8;

/// Keys at or above the first and below the second.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds<K> {
    pub(crate) low: Option<K>,
    pub(crate) high: Option<K>,
}

impl<K: Ord + Copy> Bounds<K> {
    pub(crate) const ALL: Self = Self { low: None, high: None };

    pub(crate) fn raise(&mut self, low: K) {
        self.low = Some(self.low.map_or(low, |old| old.max(low)));
    }

    pub(crate) fn lower(&mut self, high: K) {
        self.high = Some(self.high.map_or(high, |old| old.min(high)));
    }

    pub(crate) fn contains(&self, key: K) -> bool {
        self.low.is_none_or(|low| key >= low) && self.high.is_none_or(|high| key < high)
    }
}

/// So many open clocks are gone through at once, which takes some 50 µs.
const FEW_DUE: usize = 16_384;

pub(crate) enum Rows<'a> {
    Picked(Vec<Row>),
    /// Orders with a clock that runs out before this.
    DueBefore(i64),
    ByTime(Vec<&'a SortedRows<TimeKey>>),
    /// Each with the keys wanted of it.
    ByAmount(Vec<(&'a SortedRows<AmountKey>, Bounds<AmountKey>)>),
}

pub(crate) struct Source<'a, 't> {
    pub(crate) rows: Rows<'a>,
    /// How many rows it yields, about.
    pub(crate) size: usize,
    /// A row may come twice.
    pub(crate) repeats: bool,
    /// What all its rows pass.
    pub(crate) covers: Option<&'t Test>,
}

impl Source<'_, '_> {
    /// How many lists must be opened.
    pub(crate) fn lists(&self) -> usize {
        match &self.rows {
            Rows::Picked(_) | Rows::DueBefore(_) => 1,
            Rows::ByTime(lists) => lists.len(),
            Rows::ByAmount(lists) => lists.len(),
        }
    }
}

impl<'a> Data<'a> {
    /// When a branch's orders were placed at the earliest and latest, by what it asks and by what its lists hold.
    pub(crate) fn time_bounds(self, branch: &Branch<'_>) -> Bounds<TimeKey> {
        let mut bounds = Bounds::ALL;
        for test in branch {
            match test {
                Test::Time { from, to } => {
                    if *from > i64::MIN {
                        bounds.raise((*from, 0));
                    }
                    if let Some(to) = to {
                        bounds.lower((*to, 0));
                    }
                }
                Test::Skus(texts) => self.clip(&mut bounds, texts.iter().filter_map(|sku| self.index.skus.get(sku))),
                Test::Marks(texts) => self.clip(&mut bounds, texts.iter().filter_map(|tag| self.index.marks.get(tag))),
                Test::Class(_)
                | Test::Amount { .. }
                | Test::Rows(_)
                | Test::Buyers(_)
                | Test::Merchants(_)
                | Test::DueBefore(_)
                | Test::And(_)
                | Test::Or(_) => {}
            }
        }
        self.clip(&mut bounds, self.node_lists(smallest_set(branch), classes_of(branch).as_ref()).into_iter());
        bounds
    }

    /// No row outside of all these lists is wanted.
    fn clip<'l>(self, bounds: &mut Bounds<TimeKey>, lists: impl Iterator<Item = &'l SortedRows<TimeKey>>) {
        let ends = lists.filter_map(SortedRows::ends).map(|(first, last)| (self.time_key(first), self.time_key(last)));
        if let Some((first, last)) = ends.reduce(|all, one| (all.0.min(one.0), all.1.max(one.1))) {
            bounds.raise(first);
            bounds.lower((last.0, last.1.saturating_add(1)));
        }
    }

    /// Everywhere that all of a branch's rows can be had from.
    pub(crate) fn sources<'t>(
        self,
        branch: &Branch<'t>,
        time: Bounds<TimeKey>,
    ) -> Result<Vec<Source<'a, 't>>, TooMuch> {
        let mut sources = Vec::with_capacity(branch.len() + 2);
        let classes = classes_of(branch);
        let set = smallest_set(branch);
        if has_all(set) {
            sources.push(self.by_time(self.node_lists(None, classes.as_ref()), time, false));
        }
        sources.push(self.by_time(self.node_lists(set, classes.as_ref()), time, false));
        for test in branch {
            let source = match test {
                Test::Rows(rows) => picked(rows.clone()),
                Test::Buyers(buyers) => self.buyers(buyers, time),
                Test::Skus(texts) => {
                    let lists = texts.iter().filter_map(|sku| self.index.skus.get(sku)).collect();
                    self.by_time(lists, time, texts.len() > 1)
                }
                Test::Marks(texts) => {
                    let lists = texts.iter().filter_map(|tag| self.index.marks.get(tag)).collect();
                    self.by_time(lists, time, texts.len() > 1)
                }
                Test::DueBefore(at) => self.due_before(*at),
                Test::Amount { .. } => self.by_amount(branch, set, Bounds::ALL),
                Test::Class(_) | Test::Time { .. } | Test::Merchants(_) | Test::And(_) | Test::Or(_) => continue,
            };
            sources.push(Source { covers: Some(*test), ..source });
        }
        for source in &sources {
            let picked = if let Rows::Picked(rows) = &source.rows { rows.len() } else { 0 };
            self.effort.spend(picked + OPEN * source.lists())?;
        }
        Ok(sources)
    }

    pub(crate) fn by_amount(
        self,
        branch: &Branch<'_>,
        set: Option<&MerchantSet>,
        within: Bounds<AmountKey>,
    ) -> Source<'a, 'static> {
        let ranges = self.amount_ranges(branch, within);
        let mut lists = Vec::new();
        let mut size = 0;
        for node in nodes(set) {
            let Some(node) = self.index.nodes.get(node as usize).filter(|node| node.len() > 0) else {
                continue;
            };
            for range in &ranges {
                size += node.by_amount.range(range.low, range.high, |row| self.amount_key(row)).len();
                lists.push((&node.by_amount, *range));
            }
        }
        Source { rows: Rows::ByAmount(lists), size, repeats: false, covers: None }
    }

    fn amount_ranges(self, branch: &Branch<'_>, within: Bounds<AmountKey>) -> Vec<Bounds<AmountKey>> {
        let mut asked = None;
        for test in branch {
            if let Test::Amount { currency, from, to } = test {
                let (of, low, high) = asked.unwrap_or((None, i64::MIN, i64::MAX));
                asked = Some((currency.or(of), low.max(*from), high.min(*to)));
            }
        }
        let Some((currency, from, to)) = asked else {
            return vec![within];
        };
        let all = self.orders.currencies.iter().map(|&known| super::index::code_number(known));
        all.filter(|&code| currency.is_none_or(|wanted| wanted == code))
            .map(|code| {
                let mut range = within;
                range.raise((code, from, 0));
                range.lower((code, to, Row::MAX));
                range
            })
            .collect()
    }

    fn by_time(self, lists: Vec<&'a SortedRows<TimeKey>>, time: Bounds<TimeKey>, repeats: bool) -> Source<'a, 'static> {
        let size = lists.iter().map(|list| list.range(time.low, time.high, |row| self.time_key(row)).len()).sum();
        Source { rows: Rows::ByTime(lists), size, repeats, covers: None }
    }

    /// How many there are is not known without going through them, and few are better known exactly: another source is
    /// taken by how many there seem to be.
    fn due_before(self, at: i64) -> Source<'a, 'static> {
        let rows: Vec<Row> = self.index.by_due.range(..(at, 0)).take(FEW_DUE).map(|(_, row)| *row).collect();
        if rows.len() < FEW_DUE {
            return picked(rows);
        }
        Source { rows: Rows::DueBefore(at), size: self.index.by_due.len(), repeats: false, covers: None }
    }

    fn buyers(self, buyers: &[u32], time: Bounds<TimeKey>) -> Source<'a, 'static> {
        if let [buyer] = buyers
            && let Some(list) = self.index.busy_buyers.get(buyer)
        {
            return self.by_time(vec![list], time, false);
        }
        if buyers.iter().all(|&buyer| self.index.buyer_count(buyer) < MANY_ORDERS) {
            return picked(buyers.iter().flat_map(|&buyer| self.index.buyer_chain(buyer)).collect());
        }
        let (busy, quiet): (Vec<u32>, Vec<u32>) =
            buyers.iter().partition(|&buyer| self.index.busy_buyers.contains_key(buyer));
        let mut rows: Vec<Row> = quiet.iter().flat_map(|&buyer| self.index.buyer_chain(buyer)).collect();
        for list in busy.iter().filter_map(|buyer| self.index.busy_buyers.get(buyer)) {
            rows.extend(list.range(time.low, time.high, |row| self.time_key(row)));
        }
        picked(rows)
    }

    /// The non-empty lists by time of these merchants, or of all, and of these classes, or of all.
    pub(crate) fn node_lists(
        self,
        set: Option<&MerchantSet>,
        classes: Option<&ClassSet>,
    ) -> Vec<&'a SortedRows<TimeKey>> {
        let mut lists = Vec::new();
        for node in nodes(set) {
            let Some(node) = self.index.nodes.get(node as usize) else {
                continue;
            };
            let wanted = node
                .by_time
                .iter()
                .filter(|(class, list)| !list.is_empty() && classes.is_none_or(|classes| classes.contains(*class)));
            lists.extend(wanted.map(|(_, list)| list));
        }
        lists
    }

    pub(crate) fn amount_key(self, row: Row) -> AmountKey {
        self.index.amount_key(self.orders, row)
    }

    /// Whether a row passes all of a branch's tests but the one that its source covers.
    pub(crate) fn passes_all(self, branch: &Branch<'_>, covered: Option<&Test>, row: Row) -> bool {
        let is_covered = |test: &Test| covered.is_some_and(|covered| std::ptr::eq(covered, test));
        branch.iter().all(|test| is_covered(test) || self.passes(test, row))
    }

    /// The source's rows in no order, within the bounds if it is sorted by time.
    pub(crate) fn each(
        self,
        source: &Source<'_, '_>,
        time: Bounds<TimeKey>,
        steps_a_row: usize,
        mut then: impl FnMut(Row),
    ) -> Result<(), TooMuch> {
        // How many clocks run out before a time is not known beforehand.
        if !matches!(source.rows, Rows::DueBefore(_)) {
            self.effort.foresee(source.size, steps_a_row)?;
        }
        let mut then = |row| {
            self.effort.spend(steps_a_row)?;
            then(row);
            Ok(())
        };
        match &source.rows {
            Rows::Picked(rows) => rows.iter().copied().try_for_each(then),
            Rows::DueBefore(at) => self.index.by_due.range(..(*at, 0)).try_for_each(|(_, row)| then(*row)),
            Rows::ByTime(lists) => lists
                .iter()
                .try_for_each(|list| list.range(time.low, time.high, |row| self.time_key(row)).try_for_each(&mut then)),
            Rows::ByAmount(lists) => lists.iter().try_for_each(|(list, range)| {
                list.range(range.low, range.high, |row| self.amount_key(row)).try_for_each(&mut then)
            }),
        }
    }
}

fn picked(rows: Vec<Row>) -> Source<'static, 'static> {
    Source { size: rows.len(), rows: Rows::Picked(rows), repeats: false, covers: None }
}

/// Whether the lists of all are a source too, the first: of one merchant's orders they are never the better one.
pub(crate) fn has_all(set: Option<&MerchantSet>) -> bool {
    set.is_some_and(|set| set.nodes().nth(1).is_some())
}

fn nodes(set: Option<&MerchantSet>) -> Box<dyn Iterator<Item = u32> + '_> {
    match set {
        Some(set) => Box::new(set.nodes()),
        None => Box::new(std::iter::once(NODE_ALL)),
    }
}

/// Of a branch's sets of merchants the one with the fewest.
pub(crate) fn smallest_set<'t>(branch: &Branch<'t>) -> Option<&'t MerchantSet> {
    let sets = branch.iter().filter_map(|test| match test {
        Test::Merchants(set) => set.is_disjoint.then_some(set),
        Test::Class(_)
        | Test::Time { .. }
        | Test::Amount { .. }
        | Test::Rows(_)
        | Test::Buyers(_)
        | Test::Skus(_)
        | Test::Marks(_)
        | Test::DueBefore(_)
        | Test::And(_)
        | Test::Or(_) => None,
    });
    sets.min_by_key(|set| set.merchants.len())
}

pub(crate) fn classes_of(branch: &Branch<'_>) -> Option<ClassSet> {
    let mut all: Option<ClassSet> = None;
    for test in branch {
        if let Test::Class(set) = test {
            match &mut all {
                Some(all) => all.and(set),
                None => all = Some(set.clone()),
            }
        }
    }
    all
}
