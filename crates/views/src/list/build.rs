//! All of the order list's indexes at once, from all orders: every list is filled from its first row to its last.

use hashbrown::{DefaultHashBuilder, HashMap, HashTable};

use super::class::Class;
use super::dues::dues;
use super::index::{ListIndex, MANY_ORDERS, Node, TimeKey, code_number, hash_of_number, missed, node_mut, nodes_of};
use super::totals::Totals;
use crate::Row;
use crate::beside::beside;
use crate::column::Column;
use crate::dashboard::{BINS, bin_of};
use crate::hashed::table_of;
use crate::orders::Orders;
use crate::packed::Unpacked;
use crate::sorted::SortedRows;

/// Orders are sorted by their amounts in so many parts, each of which goes through all of them: what that takes is little beside
/// the orders. Amounts of about the same size stay together: where nearly all orders have such ones, it takes up to 32 bytes an
/// order for a while.
const PARTS: usize = 5;

impl ListIndex {
    /// Fills an empty index from all orders. None: an order's bytes are damaged.
    pub(crate) fn rebuild(orders: &Orders) -> Option<Self> {
        if orders.len() == 0 {
            return Some(Self::default());
        }
        std::thread::scope(|scope| {
            // What follows from numbers and columns alone is made while the orders are unpacked.
            let named = beside(scope, || Names::of(orders));
            let mut index = Self::of_states(orders)?;
            index.sort_by_amount(orders);
            let Names { by_number, hasher, buyer_previous, buyer_last } = named.join()?;
            let mut index = Self { by_number, hasher, buyer_previous, buyer_last, ..index };
            index.list_busy_buyers(orders);
            Some(index)
        })
    }

    /// What each order is, and the lists by time: of nodes, SKUs and marks.
    fn of_states(orders: &Orders) -> Option<Self> {
        let mut index =
            Self { class: Column::filled(0, orders.len()), total: Totals::zeros(orders.len()), ..Self::default() };
        let mut lists = Lists::default();
        let mut skus = OfTexts::new(orders.strings.len());
        let mut unpacked = orders.blank(0);
        let mut due = Vec::new();
        let add = |row: Row| {
            if !orders.unpack_state(row, &mut unpacked) {
                return None;
            }
            let key = Self::time_key(orders, row);
            let class = index.classes.see(unpacked.order.axes());
            index.class[row as usize] = class;
            index.total.set(row, unpacked.order.total_minor());
            lists.push(orders, row, class, key);
            for (at, line) in unpacked.lines.iter().enumerate() {
                if !unpacked.lines[..at].iter().any(|earlier| earlier.sku == line.sku) {
                    skus.list_mut(line.sku)?.push(row, key);
                }
            }
            for mark in marks_of(&unpacked) {
                index.marks.entry(mark).or_default().push(row, key);
            }
            due.extend(dues(&unpacked.order).next().map(|at| (at.0, row)));
            Some(())
        };
        match rows_by_time(orders) {
            None => (0..Row::try_from(orders.len()).ok()?).try_for_each(add)?,
            Some(rows) => rows.into_iter().try_for_each(add)?,
        }
        index.next_due = due.iter().map(|&(at, row)| (row, at)).collect();
        index.by_due = due.into_iter().collect();
        index.marks.values_mut().for_each(SortedRows::fit);
        index.skus = skus.lists.into_iter().map(|(sku, list)| (sku, list.fitted())).collect();
        lists.hand_over(&mut index.nodes);
        Some(index)
    }

    fn list_busy_buyers(&mut self, orders: &Orders) {
        let busy = (0..).zip(self.buyer_last.iter()).filter(|(_, (_, count))| *count >= MANY_ORDERS);
        let busy: Vec<u32> = busy.map(|(buyer, _)| buyer).collect();
        for buyer in busy {
            let list = self.listed_chain(orders, buyer).fitted();
            self.busy_buyers.insert(buyer, list);
        }
    }

    /// Fills the lists by amount: first the rows by how large their amounts are about, as many together as little memory holds,
    /// then those of each size.
    fn sort_by_amount(&mut self, orders: &Orders) {
        let mut codes: Vec<u32> = orders.currencies.iter().map(|&currency| code_number(currency)).collect();
        codes.sort_unstable();
        codes.dedup();
        let rank_of = |&currency| codes.binary_search(&code_number(currency)).unwrap_or(0);
        let ranks: Vec<usize> = orders.currencies.iter().map(rank_of).collect();
        let total = &self.total;
        let size_of = |row: Row| {
            let amount = u64::try_from(total.get(row)).map_or(0, bin_of);
            ranks[usize::from(orders.currency[row as usize])] * BINS + usize::from(amount)
        };
        let rows = || (0..Row::MAX).take(orders.len());
        let mut counts = vec![0_usize; codes.len() * BINS];
        rows().for_each(|row| counts[size_of(row)] += 1);
        let nodes: Vec<Vec<u32>> = orders.merchants.places.iter().map(|place| nodes_of(place).collect()).collect();
        let (mut some, mut sorting) = (Vec::new(), Sorting::default());
        let together = orders.len().div_ceil(PARTS);
        let mut first = 0;
        while first < counts.len() {
            let (mut ends, mut all) = (Vec::new(), 0);
            for &count in &counts[first..] {
                if !ends.is_empty() && all + count > together {
                    break;
                }
                ends.push(all);
                all += count;
            }
            some.resize(all, (0, 0, 0));
            for row in rows() {
                if let Some(end) = size_of(row).checked_sub(first).and_then(|size| ends.get_mut(size)) {
                    some[*end] = (total.get(row), row, orders.places[row as usize]);
                    *end += 1;
                }
            }
            let mut start = 0;
            for (size, end) in (first..).zip(ends.iter().copied()) {
                let of_size = &mut some[start..end];
                sorting.sort(of_size);
                start = end;
                let code = codes[size / BINS];
                for &mut (total, row, place) in of_size {
                    for &node in &nodes[place as usize] {
                        node_mut(&mut self.nodes, node).by_amount.push(row, (code, total, row));
                    }
                }
            }
            first += ends.len();
        }
        self.nodes.iter_mut().for_each(|node| node.by_amount.fit());
    }
}

/// An order's total, its row, its place.
type Amount = (i64, Row, u32);

/// Room for sorting amounts of about the same size.
#[derive(Default)]
struct Sorting {
    ends: Vec<usize>,
    sorted: Vec<Amount>,
}

impl Sorting {
    /// From the order of the rows into that of totals, then rows. Mostly there are fewer totals than orders.
    fn sort(&mut self, amounts: &mut [Amount]) {
        let totals = || amounts.iter().map(|amount| amount.0);
        let (Some(least), Some(most)) = (totals().min(), totals().max()) else { return };
        if least == most {
            return;
        }
        let Some(most) = usize::try_from(most.abs_diff(least)).ok().filter(|most| *most < amounts.len()) else {
            amounts.sort_unstable();
            return;
        };
        let of = |amount: &Amount| usize::try_from(amount.0.abs_diff(least)).unwrap_or(most);
        let Self { ends, sorted } = self;
        ends.clear();
        ends.resize(most + 1, 0);
        amounts.iter().for_each(|amount| ends[of(amount)] += 1);
        let mut before = 0;
        for end in ends.iter_mut() {
            before += std::mem::replace(end, before);
        }
        sorted.clear();
        sorted.extend_from_slice(amounts);
        for amount in sorted {
            let end = &mut ends[of(amount)];
            amounts[*end] = *amount;
            *end += 1;
        }
    }
}

/// Tags and missed clocks, each once.
fn marks_of(unpacked: &Unpacked) -> impl Iterator<Item = u32> {
    let breaches = &unpacked.order.breaches;
    let is_first = |at: &usize| !breaches[..*at].iter().any(|earlier| earlier.clock == breaches[*at].clock);
    let clocks = (0..breaches.len()).filter(is_first).map(|at| missed(breaches[at].clock));
    unpacked.tags.iter().copied().chain(clocks)
}

/// None: they came in this order.
fn rows_by_time(orders: &Orders) -> Option<Vec<Row>> {
    if orders.placed_at.iter().is_sorted() {
        return None;
    }
    let mut rows: Vec<Row> = (0..Row::MAX).take(orders.len()).collect();
    // Mostly long runs of them are in order, which this sort only puts together.
    rows.sort_by_key(|&row| orders.placed_at[row as usize]);
    Some(rows)
}

/// Orders by number, and by buyer as they came.
struct Names {
    by_number: HashTable<Row>,
    hasher: DefaultHashBuilder,
    buyer_previous: Column<Row>,
    buyer_last: Column<(Row, u32)>,
}

impl Names {
    fn of(orders: &Orders) -> Self {
        let mut index = ListIndex::default();
        for row in (0..Row::MAX).take(orders.len()) {
            let (previous, _) = index.add_to_buyer(orders, row);
            index.buyer_previous.push(previous);
        }
        let ListIndex { hasher, buyer_previous, buyer_last, .. } = index;
        let by_number = table_of(orders.len(), |row| hash_of_number(&hasher, orders, row));
        Self { by_number, hasher, buyer_previous, buyer_last }
    }
}

/// The nodes' lists by time, while they are filled.
#[derive(Default)]
struct Lists {
    lists: Vec<(u32, Class, SortedRows<TimeKey>)>,
    /// Where the list of a node and class stands.
    known: HashMap<(u32, Class), u32>,
    /// By place: orders of one class go to the same lists.
    groups: Vec<Vec<Group>>,
}

struct Group {
    class: Class,
    lists: Box<[u32]>,
}

impl Lists {
    fn push(&mut self, orders: &Orders, row: Row, class: Class, key: TimeKey) {
        let place = orders.places[row as usize];
        let Self { lists, known, groups } = self;
        if groups.len() <= place as usize {
            groups.resize_with(place as usize + 1, Vec::new);
        }
        let of_place = &mut groups[place as usize];
        let at = of_place.iter().position(|group| group.class == class).unwrap_or_else(|| {
            let nodes = nodes_of(&orders.merchants.places[place as usize]);
            let list = |node| {
                *known.entry((node, class)).or_insert_with(|| {
                    lists.push((node, class, SortedRows::default()));
                    u32::try_from(lists.len() - 1).unwrap_or(u32::MAX)
                })
            };
            of_place.push(Group { class, lists: nodes.map(list).collect() });
            of_place.len() - 1
        });
        for &list in &of_place[at].lists {
            lists[list as usize].2.push(row, key);
        }
    }

    fn hand_over(self, nodes: &mut Vec<Node>) {
        for (node, class, list) in self.lists {
            let by_time = &mut node_mut(nodes, node).by_time;
            by_time.reserve_exact(1);
            by_time.push((class, list.fitted()));
        }
    }
}

/// Lists by the number of a text.
struct OfTexts {
    /// Where each text's list stands, counted from 1; 0: it has none.
    places: Vec<u32>,
    lists: Vec<(u32, SortedRows<TimeKey>)>,
}

impl OfTexts {
    fn new(texts: usize) -> Self {
        Self { places: vec![0; texts], lists: Vec::new() }
    }

    /// None: there is no such text.
    fn list_mut(&mut self, text: u32) -> Option<&mut SortedRows<TimeKey>> {
        let place = self.places.get_mut(text as usize)?;
        if *place == 0 {
            self.lists.push((text, SortedRows::default()));
            *place = u32::try_from(self.lists.len()).ok()?;
        }
        Some(&mut self.lists[*place as usize - 1].1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_sorted_however_far_apart_they_are() {
        let (mut seed, mut sorting) = (20_261_130_u64, Sorting::default());
        println!("seed {seed}");
        for (len, spread) in [(0, 1), (1, 1), (50, 1), (50, 3), (300, 200), (40, 1_000), (3, u64::MAX)] {
            for least in [0, 4_000_000_000, i64::MIN] {
                let amounts = (0..len).map(|row| {
                    seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                    (least.saturating_add_unsigned(seed.rotate_left(20) % spread), row, row + 7)
                });
                let mut amounts: Vec<Amount> = amounts.collect();
                let mut wanted = amounts.clone();
                wanted.sort_unstable();
                sorting.sort(&mut amounts);
                assert_eq!(amounts, wanted);
            }
        }
    }
}
