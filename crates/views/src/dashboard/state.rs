//! What the dashboard keeps: each order's entries, and sums over them.
//!
//! A node is whose orders are summed: all, those placed at one place of the tree, or those below a merchant. A place
//! has sums by day from its first order on; with many orders every node has details. Few orders are read one by one.

use std::collections::{BTreeMap, VecDeque};
use std::ops::Range;

use daybook_domain::{Position, Recorded, Timestamp};

use super::days::{NearRows, RisingRows};
use super::entry::{Entries, Entry, entry_of};
use super::series::{Series, day_and_quarter};
use crate::Row;
use crate::blobs::Blobs;
use crate::checkpoint::{Chunks, Part, RestoreError};
use crate::chunks::{CHUNK, Changed};
use crate::error::FoldError;
use crate::orders::{Change, Orders};
use crate::query::Basis;
use crate::registry::{Kept, View};
use crate::wire::{Reader, put_bytes, put_u64};

/// From how many orders on a node has details. Reading that many orders takes a millisecond or so; details of fewer would save
/// little time, for some thirty bytes an order.
#[cfg(not(test))]
pub(super) const MANY_ORDERS: usize = 8_192;
#[cfg(test)]
pub(super) const MANY_ORDERS: usize = 24;

/// Orders whose entries are kept apart while nobody asks, of those that were placed last.
#[cfg(not(test))]
const YOUNG: usize = 1 << 12;
#[cfg(test)]
const YOUNG: usize = 1 << 4;

#[derive(Debug, Default)]
pub(crate) struct DashboardState {
    pub(crate) entries: Blobs,
    pub(crate) changed: Changed,
    pub(crate) all: Node,
    /// By place number.
    pub(crate) places: Vec<Node>,
    /// By merchant number: what is below the merchant.
    pub(crate) below: Vec<Node>,
    /// Orders by the UTC day of placing.
    pub(crate) placed_on: BTreeMap<i32, RisingRows>,
    /// Orders by the UTC days of their entries, where those are not the day of placing.
    pub(crate) later_on: BTreeMap<i32, NearRows>,
    bytes: Vec<u8>,
    /// While nobody asks: the entries of the orders behind those that `entries` has, which still get more.
    young: VecDeque<Vec<u8>>,
    spare: Vec<Vec<u8>>,
}

#[derive(Debug, Default)]
pub(crate) struct Node {
    /// While they are few, in the order of their placing.
    pub(super) rows: Vec<Row>,
    pub(crate) has_details: bool,
    pub(crate) series: Vec<(u8, Basis, Series)>,
}

impl DashboardState {
    /// Keeps what an event contributes, if anything: that, and how many entries its order had before.
    fn keep(
        &mut self,
        orders: &Orders,
        change: &Change<'_>,
        recorded: &Recorded,
    ) -> Result<Option<(Entry, usize)>, FoldError> {
        let Some(entry) = entry_of_change(change, recorded)? else { return Ok(None) };
        let placed_at = orders.placed_at[change.row as usize];
        let mut earlier = 0;
        self.bytes.clear();
        if change.before.is_some() {
            self.bytes.extend_from_slice(self.entries.get(change.row));
            earlier = append(&mut self.bytes, &entry, placed_at);
            self.entries.set(change.row, &self.bytes);
        } else {
            append(&mut self.bytes, &entry, placed_at);
            self.entries.push(&self.bytes);
        }
        self.changed.mark(change.row as usize, recorded.position);
        Ok(Some((entry, earlier)))
    }

    /// The same while nobody asks.
    fn keep_in_bulk(&mut self, orders: &Orders, change: &Change<'_>, recorded: &Recorded) -> Result<(), FoldError> {
        let Some(entry) = entry_of_change(change, recorded)? else { return Ok(()) };
        let row = change.row as usize;
        let placed_at = orders.placed_at[row];
        if change.before.is_none() {
            if self.young.len() >= YOUNG {
                self.settle_young(YOUNG / 2);
            }
            let mut bytes = self.spare.pop().unwrap_or_default();
            append(&mut bytes, &entry, placed_at);
            self.young.push_back(bytes);
        } else if let Some(bytes) = row.checked_sub(self.entries.len()).and_then(|young| self.young.get_mut(young)) {
            append(bytes, &entry, placed_at);
        } else {
            self.bytes.clear();
            self.bytes.extend_from_slice(self.entries.get(change.row));
            append(&mut self.bytes, &entry, placed_at);
            self.entries.set(change.row, &self.bytes);
        }
        self.changed.mark(row, recorded.position);
        Ok(())
    }

    /// The oldest of the young orders are young no more.
    fn settle_young(&mut self, count: usize) {
        let Self { entries, young, spare, .. } = self;
        let count = count.min(young.len());
        entries.extend(young.iter().take(count).map(Vec::as_slice));
        spare.extend(young.drain(..count).map(|mut bytes| {
            bytes.clear();
            bytes
        }));
    }

    /// Adds an entry, which stands among its order's already behind `earlier` others, to the sums.
    fn sum(&mut self, orders: &Orders, row: Row, entry: &Entry, earlier: usize) {
        let at = row as usize;
        let placed_at = orders.placed_at[at];
        let Self { entries, placed_on, later_on, all, places, below, .. } = self;
        let was_there = |day| Entries::new(entries.get(row), placed_at).take(earlier).any(|other| other.day() == day);
        let (placed, later) = days_of(entry, placed_at, was_there);
        placed.into_iter().for_each(|day| placed_on.entry(day).or_default().push(row));
        later.into_iter().for_each(|day| later_on.entry(day).or_default().push(row));
        let of = Of { orders, entries, row, entry };
        let number = orders.places[at];
        let place = &orders.merchants.places[number as usize];
        node_mut(places, number).add(of, true);
        for &above in &place.ancestors {
            node_mut(below, above).add(of, false);
        }
        all.add(of, false);
    }

    /// Bytes that are allocated, by what for.
    pub(crate) fn footprint_by_part(&self) -> Vec<(&'static str, usize)> {
        let placed_on: usize = self.placed_on.values().map(|rows| rows.footprint() + 40).sum();
        let later_on: usize = self.later_on.values().map(|rows| rows.footprint() + 56).sum();
        let nodes = || [&self.all].into_iter().chain(&self.places).chain(&self.below);
        let sums = |node: &Node| {
            node.series.capacity() * size_of::<(u8, Basis, Series)>()
                + node.series.iter().map(|(_, _, series)| series.footprint()).sum::<usize>()
        };
        let of_nodes = (self.places.capacity() + self.below.capacity()) * size_of::<Node>();
        vec![
            ("entries", self.entries.footprint()),
            ("orders by day", placed_on + later_on),
            ("orders of the small", nodes().map(|node| node.rows.capacity() * 4).sum()),
            ("sums", nodes().map(sums).sum::<usize>() + of_nodes),
        ]
    }
}

/// None: the event contributes nothing.
fn entry_of_change(change: &Change<'_>, recorded: &Recorded) -> Result<Option<Entry>, FoldError> {
    let before = change.before.map(|before| before.milestones);
    let entry = entry_of(before.unwrap_or_default(), &change.after.order, recorded)?;
    if entry.is_some_and(|entry| entry.amount_minor < 0) {
        return Err(FoldError::AmountNegative);
    }
    Ok(entry)
}

/// Puts an entry behind an order's others, and tells how many those are.
fn append(bytes: &mut Vec<u8>, entry: &Entry, placed_at: Timestamp) -> usize {
    let mut entries = Entries::new(bytes, placed_at);
    let earlier = entries.by_ref().count();
    let told = entries.told();
    entry.put(bytes, told);
    earlier
}

/// The days on which an entry makes its order stand, each order once on each: that of its placing, and another one.
/// `was_there`: on that day, by an earlier entry.
pub(super) fn days_of(
    entry: &Entry,
    placed_at: Timestamp,
    was_there: impl Fn(i32) -> bool,
) -> (Option<i32>, Option<i32>) {
    let (of_placing, _) = day_and_quarter(placed_at.0);
    let day = entry.day();
    (entry.placed.then_some(of_placing), (day != of_placing && !was_there(day)).then_some(day))
}

impl View for DashboardState {
    fn apply(&mut self, orders: &Orders, change: Option<&Change<'_>>, recorded: &Recorded) -> Result<(), FoldError> {
        let Some(change) = change else { return Ok(()) };
        if let Some((entry, earlier)) = self.keep(orders, change, recorded)? {
            self.sum(orders, change.row, &entry, earlier);
        }
        Ok(())
    }

    fn apply_in_bulk(
        &mut self,
        orders: &Orders,
        change: Option<&Change<'_>>,
        recorded: &Recorded,
    ) -> Result<(), FoldError> {
        change.map_or(Ok(()), |change| self.keep_in_bulk(orders, change, recorded))
    }

    fn settle(&mut self, orders: &Orders) -> bool {
        self.settle_young(usize::MAX);
        let Self { entries, changed, .. } = std::mem::take(self);
        match Self::rebuild(orders, entries) {
            Some(rebuilt) => {
                *self = Self { changed, ..rebuilt };
                true
            }
            None => false,
        }
    }

    fn parts<'a>(&'a self, orders: &'a Orders) -> Vec<Kept<'a>> {
        vec![Kept { part: Part::Entries, count: orders.len(), changed: Some(&self.changed) }]
    }

    fn put_chunk(&self, _: &Orders, _: Part, range: Range<usize>, out: &mut Vec<u8>) {
        put_u64(out, range.len() as u64);
        for row in range {
            put_bytes(out, self.entries.get(u32::try_from(row).unwrap_or(u32::MAX)));
        }
    }

    fn read(&mut self, chunks: Chunks<'_>) -> Result<(), RestoreError> {
        let mut ids = chunks.ids.to_vec();
        ids.sort_unstable();
        self.entries.reserve(ids.len() * CHUNK);
        for id in ids {
            let bytes = (chunks.bytes)(id).ok_or(RestoreError::Missing(id))?;
            let mut reader = Reader::new(&bytes);
            let count = reader.count_up_to(CHUNK);
            self.entries.extend((0..count).map(|_| reader.bytes()));
            if id.part != Part::Entries || !reader.is_whole() {
                return Err(RestoreError::Damaged(id));
            }
        }
        Ok(())
    }

    fn mark_all(&mut self, orders: &Orders, position: Position) {
        self.changed.mark_grown(0, orders.len(), position);
    }

    fn footprint(&self) -> usize {
        self.footprint_by_part().into_iter().map(|(_, bytes)| bytes).sum()
    }
}

/// An entry, and whose it is.
#[derive(Clone, Copy)]
struct Of<'a> {
    orders: &'a Orders,
    entries: &'a Blobs,
    row: Row,
    entry: &'a Entry,
}

impl Node {
    fn add(&mut self, of: Of<'_>, days: bool) {
        if !self.has_details {
            if of.entry.placed {
                insert(&mut self.rows, of.orders, of.row);
            }
            if self.rows.len() > MANY_ORDERS {
                // What was summed so far, this entry not yet among it.
                self.begin_details(of, days);
            }
        }
        self.add_sums(of.orders, of.row, of.entry, days, self.has_details);
    }

    fn add_sums(&mut self, orders: &Orders, row: Row, entry: &Entry, days: bool, detail: bool) {
        if !days && !detail {
            return;
        }
        let currency = orders.currency[row as usize];
        for basis in [Basis::Cohort, Basis::Booked] {
            let at = day_and_quarter(entry.counts_at(basis, orders.placed_at[row as usize]).0);
            self.series_mut(currency, basis).add(at, std::slice::from_ref(entry), days || detail, detail);
        }
    }

    pub(super) fn series_mut(&mut self, currency: u8, basis: Basis) -> &mut Series {
        let known = self.series.iter().position(|(known, of, _)| (*known, *of) == (currency, basis));
        let at = known.unwrap_or_else(|| {
            self.series.reserve_exact(2);
            self.series.push((currency, basis, Series::default()));
            self.series.len() - 1
        });
        &mut self.series[at].2
    }

    pub(crate) fn series(&self, currency: u8, basis: Basis) -> Option<&Series> {
        self.series.iter().find(|(known, of, _)| (*known, *of) == (currency, basis)).map(|(_, _, series)| series)
    }

    /// The orders of a node without details.
    pub(crate) fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// Those of them that were placed in this time.
    pub(crate) fn placed_in(&self, orders: &Orders, from: Timestamp, to: Timestamp) -> &[Row] {
        let before = |at: Timestamp| self.rows.partition_point(|&row| orders.placed_at[row as usize] < at);
        let (first, end) = (before(from), before(to));
        &self.rows[first..end.max(first)]
    }

    /// Sums the orders so far in detail. The newest one's only entry is left to come.
    fn begin_details(&mut self, of: Of<'_>, had_days: bool) {
        self.has_details = true;
        let rows = std::mem::take(&mut self.rows);
        self.series.iter_mut().for_each(|(_, _, series)| series.begin_details());
        for row in rows.into_iter().filter(|&row| row != of.row) {
            let placed_at = of.orders.placed_at[row as usize];
            for entry in Entries::new(of.entries.get(row), placed_at) {
                let currency = of.orders.currency[row as usize];
                for basis in [Basis::Cohort, Basis::Booked] {
                    let at = day_and_quarter(entry.counts_at(basis, placed_at).0);
                    self.series_mut(currency, basis).add(at, std::slice::from_ref(&entry), !had_days, true);
                }
            }
        }
    }
}

/// For one more: small shops are many.
pub(super) fn make_room(rows: &mut Vec<Row>) {
    if rows.len() == rows.capacity() {
        rows.reserve_exact((rows.len() / 4).max(2));
    }
}

fn insert(rows: &mut Vec<Row>, orders: &Orders, row: Row) {
    make_room(rows);
    let key_of = |row: Row| (orders.placed_at[row as usize], row);
    let key = key_of(row);
    // Nearly every order is placed after those that came before it.
    let at = match rows.last() {
        Some(&last) if key_of(last) > key => rows.partition_point(|&other| key_of(other) < key),
        Some(_) | None => rows.len(),
    };
    rows.insert(at, row);
}

pub(super) fn node_mut(nodes: &mut Vec<Node>, number: u32) -> &mut Node {
    let number = number as usize;
    if number >= nodes.len() {
        nodes.resize_with(number + 1, Node::default);
    }
    &mut nodes[number]
}
