//! Which orders made a figure. The events themselves stand in the ledger: whoever asks folds each order's history with the
//! same postings.

use std::collections::BTreeSet;

use super::entry::{Entries, rare_place};
use super::series::{DAY_SECONDS, day_and_quarter};
use super::{Dashboard, Whose};
use crate::Row;
use crate::query::{Basis, Contributor, ContributorQuery};

impl Dashboard<'_> {
    /// The orders that contribute to a figure, by the UTC day on which they do, then as they came to the ledger. One that
    /// contributes on several days is there for each.
    pub fn contributors(&self, query: &ContributorQuery<'_>) -> Vec<Contributor> {
        let Some(finding) = self.finding(query) else { return Vec::new() };
        let mut found = Vec::new();
        for day in finding.days() {
            for row in finding.rows_of(day) {
                if found.len() >= query.first {
                    return found;
                }
                if query.from_order.is_none_or(|from| from <= (day, row)) && finding.contributes(day, row) {
                    found.push(Contributor { day, row, order: self.orders.ids[row as usize] });
                }
            }
        }
        found
    }

    fn finding<'q>(&'q self, query: &'q ContributorQuery<'q>) -> Option<Finding<'q>> {
        let currency = self.orders.currencies.iter().position(|&known| known == query.currency)?;
        let whose = self.whose(query.merchant.as_ref(), query.subtree);
        Some(Finding { dashboard: self, query, currency: u8::try_from(currency).ok()?, whose })
    }
}

struct Finding<'a> {
    dashboard: &'a Dashboard<'a>,
    query: &'a ContributorQuery<'a>,
    currency: u8,
    whose: Vec<Whose>,
}

impl Finding<'_> {
    /// UTC days on which something may count, rising.
    fn days(&self) -> Vec<i32> {
        let (from, to) = (self.query.from.0, self.query.to.0);
        if from >= to {
            return Vec::new();
        }
        let (first, last) = (day_and_quarter(from).0, day_and_quarter(to - 1).0);
        let first = self.query.from_order.map_or(first, |(day, _)| day.max(first));
        let state = self.dashboard.state;
        if first > last {
            return Vec::new();
        }
        let mut days: BTreeSet<i32> = state.placed_on.range(first..=last).map(|(day, _)| *day).collect();
        if self.query.basis == Basis::Booked {
            days.extend(state.later_on.range(first..=last).map(|(day, _)| *day));
        }
        days.into_iter().filter(|day| self.may_hold(*day)).collect()
    }

    /// Whether the sums know of anything on that day.
    fn may_hold(&self, day: i32) -> bool {
        let Some(place) = rare_place(self.query.metric) else { return true };
        self.whose.iter().filter_map(|whose| whose.node(self.dashboard.state)).any(|node| {
            if !node.has_details {
                return true;
            }
            let Some(series) = node.series(self.currency, self.query.basis) else { return false };
            let at = series.days.binary_search_by_key(&day, |cell| cell.at);
            at.is_ok_and(|at| series.details.get(at).is_some_and(|detail| detail.rare.get(place) != Some(&0)))
        })
    }

    /// Orders that may count on that day, rising.
    fn rows_of(&self, day: i32) -> Vec<Row> {
        let state = self.dashboard.state;
        let later = state.later_on.get(&day).filter(|_| self.query.basis == Basis::Booked);
        let mut rows: Vec<Row> = state.placed_on.get(&day).into_iter().chain(later).flatten().copied().collect();
        rows.sort_unstable();
        rows.dedup();
        rows
    }

    fn contributes(&self, day: i32, row: Row) -> bool {
        let (orders, query) = (self.dashboard.orders, self.query);
        let at = row as usize;
        let (placed_at, number) = (orders.placed_at[at], orders.places[at]);
        let place = &orders.merchants.places[number as usize];
        if orders.currency[at] != self.currency || !self.whose.iter().any(|whose| whose.includes(number, place)) {
            return false;
        }
        Entries::new(self.dashboard.state.entries.get(row), placed_at).any(|entry| {
            let counts_at = entry.counts_at(query.basis, placed_at);
            entry.amount_of(query.metric) != 0
                && (query.from..query.to).contains(&counts_at)
                && query.hours.include(query.zone, counts_at)
                && counts_at.0.div_euclid(1_000_000).div_euclid(DAY_SECONDS) == i64::from(day)
        })
    }
}
