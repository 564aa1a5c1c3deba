//! The order list's indexes. All of it follows from the packed orders.
//!
//! A *node* is whose orders are looked at: all, a merchant's own, or those below a merchant. Each order stands in the
//! lists of all, of its merchant, and of what was above its merchant when it was placed: by time one list a class, by
//! amount one list.

use std::collections::BTreeSet;
use std::hash::BuildHasher;
use std::ops::Range;

use daybook_domain::event::Clock;
use daybook_domain::{Order, Position, Recorded};
use hashbrown::{DefaultHashBuilder, HashMap, HashTable};

use super::class::{Class, Classes};
use super::dues::dues;
use super::totals::Totals;
use crate::Row;
use crate::checkpoint::{Chunks, Part, RestoreError};
use crate::column::Column;
use crate::error::FoldError;
use crate::merchants::{MerchantNumber, Place};
use crate::orders::{Before, Change, Orders};
use crate::packed::Unpacked;
use crate::registry::{Kept, View};
use crate::sorted::SortedRows;

/// When it was placed, in microseconds, then as it came.
pub(crate) type TimeKey = (i64, Row);
/// The currency's code as a number, the total in minor units, then as it came.
pub(crate) type AmountKey = (u32, i64, Row);

pub(crate) const NODE_ALL: u32 = 0;

pub(crate) fn node_own(merchant: MerchantNumber) -> u32 {
    1 + 2 * merchant
}

pub(crate) fn node_below(merchant: MerchantNumber) -> u32 {
    2 + 2 * merchant
}

/// The nodes that an order placed here belongs to.
pub(crate) fn nodes_of(place: &Place) -> impl Iterator<Item = u32> {
    [NODE_ALL, node_own(place.merchant)].into_iter().chain(place.ancestors.iter().map(|&above| node_below(above)))
}

fn place_of(orders: &Orders, row: Row) -> &Place {
    &orders.merchants.places[orders.places[row as usize] as usize]
}

#[derive(Debug, Default)]
pub(crate) struct Node {
    pub(crate) by_time: Vec<(Class, SortedRows<TimeKey>)>,
    pub(crate) by_amount: SortedRows<AmountKey>,
}

/// From how many orders on a buyer has a list instead of a chain.
pub(crate) const MANY_ORDERS: u32 = 64;
const NO_ROW: Row = Row::MAX;

#[derive(Debug, Default)]
pub(crate) struct ListIndex {
    pub(crate) classes: Classes,
    pub(crate) class: Column<Class>,
    pub(crate) total: Totals,
    pub(crate) nodes: Vec<Node>,
    pub(super) by_number: HashTable<Row>,
    pub(super) hasher: DefaultHashBuilder,
    /// The buyer's order before this one.
    pub(super) buyer_previous: Column<Row>,
    /// Each buyer's last order, and how many there are.
    pub(super) buyer_last: Column<(Row, u32)>,
    pub(crate) busy_buyers: HashMap<u32, SortedRows<TimeKey>>,
    pub(crate) skus: HashMap<u32, SortedRows<TimeKey>>,
    /// By tag, as the number of its text, and by missed clock ([`missed`]).
    pub(crate) marks: HashMap<u32, SortedRows<TimeKey>>,
    /// Orders with an open clock, by the one that runs out first.
    pub(crate) by_due: BTreeSet<(i64, Row)>,
    pub(crate) next_due: HashMap<Row, i64>,
}

/// The mark of orders that missed this clock: above the numbers of all texts.
pub(crate) fn missed(clock: Clock) -> u32 {
    u32::MAX - clock as u32
}

/// A number's hash.
pub(super) fn hash_of_number(hasher: &DefaultHashBuilder, orders: &Orders, row: Row) -> u64 {
    hasher.hash_one(&*orders.number(row))
}

/// A currency's code in a number that sorts as the code does.
pub(crate) fn code_number(currency: daybook_domain::Currency) -> u32 {
    currency.as_str().bytes().fold(0, |number, byte| (number << 8) | u32::from(byte))
}

impl ListIndex {
    pub(crate) fn time_key(orders: &Orders, row: Row) -> TimeKey {
        (orders.placed_at[row as usize].0, row)
    }

    pub(crate) fn amount_key(&self, orders: &Orders, row: Row) -> AmountKey {
        (code_number(orders.currency_of(row)), self.total.get(row), row)
    }

    /// Adds the next row.
    fn add(&mut self, orders: &Orders, row: Row, after: &Unpacked) {
        let class = self.classes.see(after.order.axes());
        self.class.push(class);
        self.total.push(after.order.total_minor());
        self.add_number(orders, row);
        self.set_due(row, &after.order);
        let (previous, count) = self.add_to_buyer(orders, row);
        self.buyer_previous.push(previous);
        self.sort_in(orders, row, count, after);
    }

    fn sort_in(&mut self, orders: &Orders, row: Row, of_buyer: u32, after: &Unpacked) {
        let key = Self::time_key(orders, row);
        let key_of = |row| Self::time_key(orders, row);
        let class = self.class[row as usize];
        let amount = self.amount_key(orders, row);
        let place = place_of(orders, row);
        for node in nodes_of(place) {
            let total = &self.total;
            let node = node_mut(&mut self.nodes, node);
            node.list_mut(class).insert(row, key, key_of);
            node.by_amount.insert(row, amount, |row| (code_number(orders.currency_of(row)), total.get(row), row));
        }
        self.each_sku(after, |skus, sku| skus.entry(sku).or_default().insert(row, key, key_of));
        let buyer = orders.buyer[row as usize];
        if of_buyer == MANY_ORDERS {
            let list = self.listed_chain(orders, buyer);
            self.busy_buyers.insert(buyer, list);
        } else if of_buyer > MANY_ORDERS {
            self.busy_buyers.entry(buyer).or_default().insert(row, key, key_of);
        }
    }

    /// A buyer's orders by time.
    pub(super) fn listed_chain(&self, orders: &Orders, buyer: u32) -> SortedRows<TimeKey> {
        let mut keys: Vec<TimeKey> = self.buyer_chain(buyer).map(|row| Self::time_key(orders, row)).collect();
        keys.sort_unstable();
        let mut list = SortedRows::default();
        keys.into_iter().for_each(|key| list.push(key.1, key));
        list
    }

    fn each_sku(&mut self, order: &Unpacked, mut then: impl FnMut(&mut HashMap<u32, SortedRows<TimeKey>>, u32)) {
        for (at, line) in order.lines.iter().enumerate() {
            if !order.lines[..at].iter().any(|earlier| earlier.sku == line.sku) {
                then(&mut self.skus, line.sku);
            }
        }
    }

    fn change(&mut self, orders: &Orders, row: Row, before: Before, after: &Unpacked) -> Result<(), FoldError> {
        let key = Self::time_key(orders, row);
        let key_of = |row| Self::time_key(orders, row);
        let place = place_of(orders, row);
        let (old, new) = (self.class[row as usize], self.classes.see(after.order.axes()));
        let broken = FoldError::IndexBroken { row };
        if old != new {
            for node in nodes_of(place) {
                let node = node_mut(&mut self.nodes, node);
                if !node.list_mut(old).remove(row, key, key_of) {
                    return Err(broken);
                }
                node.list_mut(new).insert(row, key, key_of);
            }
            self.class[row as usize] = new;
        }
        let total = after.order.total_minor();
        if total != self.total.get(row) {
            let (old, currency) = (self.amount_key(orders, row), code_number(orders.currency_of(row)));
            for is_new in [false, true] {
                if is_new {
                    self.total.set(row, total);
                }
                let totals = &self.total;
                let key_of = |row: Row| (code_number(orders.currency_of(row)), totals.get(row), row);
                for node in nodes_of(place) {
                    let list = &mut node_mut(&mut self.nodes, node).by_amount;
                    if is_new {
                        list.insert(row, (currency, total, row), key_of);
                    } else if !list.remove(row, old, key_of) {
                        return Err(broken);
                    }
                }
            }
        }
        let clocks = after.order.breaches[before.breaches..].iter().map(|breach| missed(breach.clock));
        for mark in after.tags[before.tags..].iter().copied().chain(clocks) {
            let marked = self.marks.entry(mark).or_default();
            // A clock of one ticket may be missed, and then that of another.
            if !marked.contains(row, key, key_of) {
                marked.insert(row, key, key_of);
            }
        }
        self.set_due(row, &after.order);
        Ok(())
    }

    fn set_due(&mut self, row: Row, order: &Order) {
        let due = dues(order).next().map(|at| at.0);
        let old = match due {
            Some(at) => self.next_due.insert(row, at),
            None => self.next_due.remove(&row),
        };
        if old == due {
            return;
        }
        if let Some(at) = old {
            self.by_due.remove(&(at, row));
        }
        if let Some(at) = due {
            self.by_due.insert((at, row));
        }
    }

    fn add_number(&mut self, orders: &Orders, row: Row) {
        let Self { by_number, hasher, .. } = self;
        by_number.insert_unique(hash_of_number(hasher, orders, row), row, |&row| hash_of_number(hasher, orders, row));
    }

    /// All orders with this number, of whatever merchant, as they came.
    pub(crate) fn rows_of_number(&self, orders: &Orders, number: &str) -> Vec<Row> {
        let found = self.by_number.iter_hash(self.hasher.hash_one(number));
        let mut rows: Vec<Row> = found.copied().filter(|&row| &*orders.number(row) == number).collect();
        rows.sort_unstable();
        rows
    }

    /// The buyer's order before this one, and how many there are with this one.
    pub(super) fn add_to_buyer(&mut self, orders: &Orders, row: Row) -> (Row, u32) {
        let buyer = orders.buyer[row as usize] as usize;
        while buyer >= self.buyer_last.len() {
            self.buyer_last.push((NO_ROW, 0));
        }
        let (last, count) = &mut self.buyer_last[buyer];
        *count += 1;
        (std::mem::replace(last, row), *count)
    }

    pub(crate) fn buyer_count(&self, buyer: u32) -> u32 {
        self.buyer_last.get(buyer as usize).map_or(0, |(_, count)| *count)
    }

    /// The buyer's orders, the last that came first.
    pub(crate) fn buyer_chain(&self, buyer: u32) -> impl Iterator<Item = Row> {
        let last = self.buyer_last.get(buyer as usize).map_or(NO_ROW, |(row, _)| *row);
        std::iter::successors(Some(last), |&row| self.buyer_previous.get(row as usize).copied())
            .take_while(|&row| row != NO_ROW)
    }

    /// Bytes that are allocated, by what for.
    pub(crate) fn footprint_by_part(&self) -> Vec<(&'static str, usize)> {
        let lists = |lists: &HashMap<u32, SortedRows<TimeKey>>| {
            lists.capacity() * 8 / 7 * 40 + lists.values().map(SortedRows::footprint).sum::<usize>()
        };
        let by_time = |node: &Node| {
            node.by_time.capacity() * size_of::<(Class, SortedRows<TimeKey>)>()
                + node.by_time.iter().map(|(_, list)| list.footprint()).sum::<usize>()
        };
        let by_amount = |node: &Node| node.by_amount.footprint();
        vec![
            ("classes and totals", self.class.footprint() + self.total.footprint()),
            ("orders by number", self.by_number.allocation_size()),
            (
                "lists by time",
                self.nodes.iter().map(by_time).sum::<usize>() + self.nodes.capacity() * size_of::<Node>(),
            ),
            ("lists by amount", self.nodes.iter().map(by_amount).sum()),
            (
                "orders by buyer",
                self.buyer_previous.footprint() + self.buyer_last.footprint() + lists(&self.busy_buyers),
            ),
            ("orders by SKU", lists(&self.skus)),
            ("orders by mark", lists(&self.marks)),
            ("open clocks", self.by_due.len() * 28 + self.next_due.capacity() * 8 / 7 * 17),
        ]
    }
}

/// Nothing of the list is kept: it follows from the orders, which are kept in its name.
impl View for ListIndex {
    fn apply(&mut self, orders: &Orders, change: Option<&Change<'_>>, _: &Recorded) -> Result<(), FoldError> {
        let Some(change) = change else { return Ok(()) };
        match change.before {
            None => {
                self.add(orders, change.row, change.after);
                Ok(())
            }
            Some(before) => self.change(orders, change.row, before, change.after),
        }
    }

    fn apply_in_bulk(&mut self, _: &Orders, _: Option<&Change<'_>>, _: &Recorded) -> Result<(), FoldError> {
        Ok(())
    }

    fn settle(&mut self, orders: &Orders) -> bool {
        match Self::rebuild(orders) {
            Some(rebuilt) => {
                *self = rebuilt;
                true
            }
            None => false,
        }
    }

    fn parts<'a>(&'a self, orders: &'a Orders) -> Vec<Kept<'a>> {
        orders.parts()
    }

    fn put_chunk(&self, orders: &Orders, part: Part, range: Range<usize>, out: &mut Vec<u8>) {
        orders.put_chunk(part, range, out);
    }

    fn read(&mut self, _: Chunks<'_>) -> Result<(), RestoreError> {
        Ok(())
    }

    fn mark_all(&mut self, _: &Orders, _: Position) {}

    fn footprint(&self) -> usize {
        self.footprint_by_part().into_iter().map(|(_, bytes)| bytes).sum()
    }
}

impl Node {
    fn list_mut(&mut self, class: Class) -> &mut SortedRows<TimeKey> {
        let at = match self.by_time.iter().position(|(known, _)| *known == class) {
            Some(at) => at,
            None => {
                self.by_time.reserve_exact(2);
                self.by_time.push((class, SortedRows::default()));
                self.by_time.len() - 1
            }
        };
        &mut self.by_time[at].1
    }

    /// How many orders there are.
    pub(crate) fn len(&self) -> usize {
        self.by_amount.len()
    }
}

pub(super) fn node_mut(nodes: &mut Vec<Node>, node: u32) -> &mut Node {
    let node = node as usize;
    if node >= nodes.len() {
        nodes.resize_with(node + 1, Node::default);
    }
    &mut nodes[node]
}
