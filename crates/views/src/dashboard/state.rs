//! What the dashboard keeps: each order's entries, and sums over them.
//!
//! A node is whose orders are summed: all, those placed at one place of the tree, or those below a merchant. A place
//! has sums by day from its first order on; with many orders every node has details. Few orders are read one by one.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::ops::Range;

use daybook_domain::{Position, Recorded, Timestamp};

use super::days::{NearRows, RisingRows};
use super::entry::{Entries, Entry, entry_of};
use super::series::{Series, day_and_quarter};
use crate::Row;
use crate::blobs::Blobs;
use crate::checkpoint::{Chunks, Part, RestoreError};
use crate::chunks::Changed;
use crate::error::FoldError;
use crate::merchants::MerchantNumber;
use crate::orders::{Change, Orders};
use crate::query::Basis;
use crate::registry::{Kept, View};
use crate::wire::{Reader, put_bytes, put_u64};

/// From how many orders on a node has details. Reading that many orders takes a millisecond or so; details of fewer would save
/// little time, for some thirty bytes an order.
#[cfg(not(test))]
const MANY_ORDERS: usize = 8_192;
#[cfg(test)]
const MANY_ORDERS: usize = 24;

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
    rows: Vec<Row>,
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
        note_day(placed_on, later_on, row, placed_at, entry, was_there);
        let of = Of { orders, entries, row, entry };
        let number = orders.places[at];
        let place = &orders.merchants.places[number as usize];
        node_mut(places, number).add(of, true);
        for &above in &place.ancestors {
            node_mut(below, above).add(of, false);
        }
        all.add(of, false);
    }

    /// Sums all entries up. None: some are damaged, or there is not one list of them an order.
    fn rebuild(orders: &Orders, entries: Blobs) -> Option<Self> {
        if entries.len() != orders.len() {
            return None;
        }
        let mut state = Self { entries, ..Self::default() };
        state.begin_nodes(orders);
        let (mut of_row, mut days, mut quarters) = (Vec::new(), Vec::new(), Vec::new());
        for row in 0..Row::try_from(orders.len()).ok()? {
            let at = row as usize;
            let placed_at = orders.placed_at[at];
            let mut reader = Entries::new(state.entries.get(row), placed_at);
            of_row.clear();
            of_row.extend(reader.by_ref());
            if !reader.is_whole() || of_row.iter().any(|entry| entry.amount_minor < 0) {
                return None;
            }
            days.clear();
            quarters.clear();
            for entry in &of_row {
                let Self { placed_on, later_on, .. } = &mut state;
                note_day(placed_on, later_on, row, placed_at, entry, |day| days.contains(&day));
                days.push(entry.day());
                quarters.push(day_and_quarter(entry.at.0));
            }
            let whole = WholeOrder {
                row,
                currency: orders.currency[at],
                placed: day_and_quarter(placed_at.0),
                entries: &of_row,
                booked: &quarters,
            };
            let Self { all, places, below, .. } = &mut state;
            let number = orders.places[at];
            places[number as usize].add_order(orders, &whole, true);
            for &above in &orders.merchants.places[number as usize].ancestors {
                below[above as usize].add_order(orders, &whole, false);
            }
            all.add_order(orders, &whole, false);
        }
        Some(state)
    }

    /// Empty nodes for all orders: those that will have many of them have details from the first one on.
    fn begin_nodes(&mut self, orders: &Orders) {
        let Self { all, places, below, .. } = self;
        let mut counts = vec![0_usize; orders.merchants.places.len()];
        orders.places.iter().for_each(|place| counts[*place as usize] += 1);
        let mut of_merchants: HashMap<MerchantNumber, usize> = HashMap::new();
        let with_orders = (0..).zip(&orders.merchants.places).zip(&counts).filter(|(_, count)| **count > 0);
        for ((number, place), &count) in with_orders {
            node_mut(places, number).has_details = count > MANY_ORDERS;
            place.ancestors.iter().for_each(|&above| *of_merchants.entry(above).or_default() += count);
        }
        for (merchant, count) in of_merchants {
            node_mut(below, merchant).has_details = count > MANY_ORDERS;
        }
        all.has_details = orders.len() > MANY_ORDERS;
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

/// Each order stands once on each day. `was_there`: on that day, by an earlier entry.
fn note_day(
    placed_on: &mut BTreeMap<i32, RisingRows>,
    later_on: &mut BTreeMap<i32, NearRows>,
    row: Row,
    placed_at: Timestamp,
    entry: &Entry,
    was_there: impl Fn(i32) -> bool,
) {
    let (of_placing, _) = day_and_quarter(placed_at.0);
    if entry.placed {
        placed_on.entry(of_placing).or_default().push(row);
    }
    let day = entry.day();
    if day != of_placing && !was_there(day) {
        later_on.entry(day).or_default().push(row);
    }
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
        for id in ids {
            let bytes = (chunks.bytes)(id).ok_or(RestoreError::Missing(id))?;
            let mut reader = Reader::new(&bytes);
            let count = reader.count();
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

/// An order, all of whose entries are there.
struct WholeOrder<'a> {
    row: Row,
    currency: u8,
    /// Day and quarter of an hour.
    placed: (i32, i32),
    entries: &'a [Entry],
    /// Of each entry.
    booked: &'a [(i32, i32)],
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

    /// Adds a whole order to a node that was begun with details or will never have any.
    fn add_order(&mut self, orders: &Orders, order: &WholeOrder<'_>, days: bool) {
        let detail = self.has_details;
        if !detail && order.entries.iter().any(|entry| entry.placed) {
            insert(&mut self.rows, orders, order.row);
        }
        if !days && !detail || order.entries.is_empty() {
            return;
        }
        self.series_mut(order.currency, Basis::Cohort).add(order.placed, order.entries, true, detail);
        let booked = self.series_mut(order.currency, Basis::Booked);
        for (entry, at) in order.entries.iter().zip(order.booked) {
            booked.add(*at, std::slice::from_ref(entry), true, detail);
        }
    }

    fn series_mut(&mut self, currency: u8, basis: Basis) -> &mut Series {
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

fn insert(rows: &mut Vec<Row>, orders: &Orders, row: Row) {
    if rows.len() == rows.capacity() {
        rows.reserve_exact((rows.len() / 4).max(2));
    }
    let key_of = |row: Row| (orders.placed_at[row as usize], row);
    let key = key_of(row);
    // Nearly every order is placed after those that came before it.
    let at = match rows.last() {
        Some(&last) if key_of(last) > key => rows.partition_point(|&other| key_of(other) < key),
        Some(_) | None => rows.len(),
    };
    rows.insert(at, row);
}

fn node_mut(nodes: &mut Vec<Node>, number: u32) -> &mut Node {
    let number = number as usize;
    if number >= nodes.len() {
        nodes.resize_with(number + 1, Node::default);
    }
    &mut nodes[number]
}
