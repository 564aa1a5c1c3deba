//! All sums at once, from all orders' entries. What a place with many orders comes to is summed there alone, and once for all
//! orders added to what is above it.

use std::collections::{BTreeMap, HashMap};

use super::days::{NearRows, RisingRows};
use super::entry::{Entries, Entry};
use super::series::{Series, day_and_quarter, place_in};
use super::state::{DashboardState, MANY_ORDERS, Node, days_of, make_room, node_mut};
use crate::Row;
use crate::blobs::Blobs;
use crate::merchants::MerchantNumber;
use crate::orders::Orders;
use crate::query::Basis;

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

impl DashboardState {
    /// Sums all entries up. None: some are damaged, or there is not one list of them an order.
    pub(super) fn rebuild(orders: &Orders, entries: Blobs) -> Option<Self> {
        if entries.len() != orders.len() {
            return None;
        }
        let mut state = Self::default();
        state.entries = entries;
        state.begin_nodes(orders);
        let (mut placed_on, mut later_on) = (Days::<RisingRows>::default(), Days::<NearRows>::default());
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
                let (placed, later) = days_of(entry, placed_at, |day| days.contains(&day));
                placed.into_iter().for_each(|day| placed_on.of(day).push(row));
                later.into_iter().for_each(|day| later_on.of(day).push(row));
                let booked = day_and_quarter(entry.at.0);
                days.push(booked.0);
                quarters.push(booked);
            }
            let whole = WholeOrder {
                row,
                currency: orders.currency[at],
                placed: day_and_quarter(placed_at.0),
                entries: &of_row,
                booked: &quarters,
            };
            let Self { all, places, below, .. } = &mut state;
            let number = orders.places[at] as usize;
            places[number].add_order(&whole, true);
            if !places[number].has_details {
                for &above in &orders.merchants.places[number].ancestors {
                    below[above as usize].add_order(&whole, false);
                }
                all.add_order(&whole, false);
            }
        }
        state.sort_rows(orders);
        state.add_large_places(orders);
        (state.placed_on, state.later_on) = (placed_on.all.into_iter().collect(), later_on.all.into_iter().collect());
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

    /// Puts the orders of nodes without details into the order of their placing, and those that were placed at once as they came.
    /// Mostly long runs stand in it, or the other way round, which this sort only puts together.
    fn sort_rows(&mut self, orders: &Orders) {
        let Self { all, places, below, .. } = self;
        for node in [all].into_iter().chain(places).chain(below) {
            node.rows.sort_by_key(|&row| orders.placed_at[row as usize]);
        }
    }

    /// To what is above them, which has details since they have.
    fn add_large_places(&mut self, orders: &Orders) {
        let Self { all, places, below, .. } = self;
        let mut of_all = Vec::new();
        let mut of_merchants: BTreeMap<MerchantNumber, Vec<&Node>> = BTreeMap::new();
        for (place, node) in orders.merchants.places.iter().zip(&*places).filter(|(_, node)| node.has_details) {
            of_all.push(node);
            place.ancestors.iter().for_each(|&above| of_merchants.entry(above).or_default().push(node));
        }
        all.add_nodes(&of_all);
        for (merchant, nodes) in of_merchants {
            below[merchant as usize].add_nodes(&nodes);
        }
    }
}

impl Node {
    /// Adds a whole order to a node that was begun with details or will never have any. Its rows are sorted at the end.
    fn add_order(&mut self, order: &WholeOrder<'_>, days: bool) {
        let detail = self.has_details;
        if !detail && order.entries.iter().any(|entry| entry.placed) {
            make_room(&mut self.rows);
            self.rows.push(order.row);
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

    /// Adds what others with details come to.
    fn add_nodes(&mut self, others: &[&Node]) {
        let all = others.iter().flat_map(|node| &node.series);
        let mut which: Vec<(u8, Basis)> = Vec::new();
        for &(currency, basis, _) in all {
            if !which.contains(&(currency, basis)) {
                which.push((currency, basis));
            }
        }
        for (currency, basis) in which {
            let mine = std::mem::take(self.series_mut(currency, basis));
            let parts = others.iter().filter_map(|node| node.series(currency, basis)).chain([&mine]);
            *self.series_mut(currency, basis) = Series::sum_of(&parts.collect::<Vec<_>>());
        }
    }
}

/// Something for each day that has it, rising.
#[derive(Default)]
struct Days<T> {
    all: Vec<(i32, T)>,
}

impl<T: Default> Days<T> {
    fn of(&mut self, day: i32) -> &mut T {
        let at = place_in(&self.all, day, |(day, _)| *day).unwrap_or_else(|at| {
            self.all.insert(at, (day, T::default()));
            at
        });
        &mut self.all[at].1
    }
}
