//! Which orders made a figure. The events themselves stand in the ledger: whoever asks folds each order's history with the
//! same postings.

use super::days::NearRows;
use super::entry::{Entries, rare_place};
use super::series::{DAY_SECONDS, day_and_quarter};
use super::{Dashboard, Whose};
use crate::Row;
use crate::query::{Basis, Contributor, ContributorQuery, Contributors};

impl Dashboard<'_> {
    /// The orders that contribute to a figure, by the UTC day on which they do, then as they came to the ledger. One that
    /// contributes on several days is there for each. It looks at no more than [`ContributorQuery::looks`] orders, so that
    /// it ends soon whatever the range, and says where to go on.
    pub fn contributors(&self, query: &ContributorQuery<'_>) -> Contributors {
        let Some(finding) = self.finding(query) else { return Contributors::default() };
        let (first_day, first_row) = finding.start;
        let mut looking = Looking { finding: &finding, left: query.looks.max(1), answer: Contributors::default() };
        if let Some(places) = finding.own_places() {
            looking.look(places);
            return looking.answer;
        }
        let (mut from, mut from_row) = (first_day, first_row);
        while let Some(day) = finding.next_day(from) {
            // One more than may be looked at, to know where to go on.
            let rows = if finding.may_hold(day) {
                finding.rows_of(day, if day == first_day { from_row } else { 0 }, looking.left.saturating_add(1))
            } else {
                Vec::new()
            };
            if !looking.look(rows.into_iter().map(|row| (day, row))) {
                break;
            }
            (from, from_row) = (day + 1, 0);
        }
        looking.answer
    }

    /// None: there is nothing.
    fn finding<'q>(&'q self, query: &'q ContributorQuery<'q>) -> Option<Finding<'q>> {
        let currency = self.orders.currencies.iter().position(|&known| known == query.currency)?;
        if query.from >= query.to {
            return None;
        }
        let first_day = day_and_quarter(query.from.0).0;
        Some(Finding {
            dashboard: self,
            query,
            currency: u8::try_from(currency).ok()?,
            whose: self.whose(query.merchant.as_ref(), query.subtree, query.under.as_ref()),
            start: query.from_order.map_or((first_day, 0), |from| from.max((first_day, 0))),
            last_day: day_and_quarter(query.to.0 - 1).0,
        })
    }
}

/// An order on a day on which it may contribute.
type At = (i32, Row);

struct Finding<'a> {
    dashboard: &'a Dashboard<'a>,
    query: &'a ContributorQuery<'a>,
    currency: u8,
    whose: Vec<Whose>,
    start: At,
    last_day: i32,
}

struct Looking<'a> {
    finding: &'a Finding<'a>,
    left: usize,
    answer: Contributors,
}

impl Looking<'_> {
    /// Whether to go on with what comes behind these.
    fn look(&mut self, places: impl IntoIterator<Item = At>) -> bool {
        let Finding { dashboard, query, .. } = self.finding;
        for (day, row) in places {
            if self.left == 0 || self.answer.found.len() >= query.first {
                self.answer.next = Some((day, row));
                return false;
            }
            self.left -= 1;
            if self.finding.contributes(day, row) {
                self.answer.found.push(Contributor { day, row, order: dashboard.orders.ids[row as usize] });
            }
        }
        true
    }
}

impl Finding<'_> {
    /// Of few orders, where each may count, rising: the days would bring everybody's. None: they are many.
    fn own_places(&self) -> Option<Vec<At>> {
        let state = self.dashboard.state;
        let mut places = Vec::new();
        for node in self.whose.iter().filter_map(|whose| whose.node(state)) {
            if node.has_details {
                return None;
            }
            for &row in node.rows() {
                let placed_at = self.dashboard.orders.placed_at[row as usize];
                let mut add = |micros: i64| {
                    let at = (day_and_quarter(micros).0, row);
                    if at >= self.start && at.0 <= self.last_day {
                        places.push(at);
                    }
                };
                match self.query.basis {
                    Basis::Cohort => add(placed_at.0),
                    Basis::Booked => Entries::new(state.entries.get(row), placed_at).for_each(|entry| add(entry.at.0)),
                }
            }
        }
        places.sort_unstable();
        places.dedup();
        Some(places)
    }

    /// The first UTC day from this one on, on which anything may count.
    fn next_day(&self, from: i32) -> Option<i32> {
        if from > self.last_day {
            return None;
        }
        let state = self.dashboard.state;
        let placed = state.placed_on.range(from..=self.last_day).next();
        let later = state.later_on.range(from..=self.last_day).next().filter(|_| self.query.basis == Basis::Booked);
        placed.map(|(day, _)| *day).into_iter().chain(later.map(|(day, _)| *day)).min()
    }

    /// Whether the sums know of anything on that day.
    fn may_hold(&self, day: i32) -> bool {
        self.whose.iter().filter_map(|whose| whose.node(self.dashboard.state)).any(|node| {
            if !node.has_details {
                return true;
            }
            let Some(series) = node.series(self.currency, self.query.basis) else { return false };
            let Ok(at) = series.days.binary_search_by_key(&day, |cell| cell.at) else { return false };
            rare_place(self.query.metric)
                .is_none_or(|place| series.details.get(at).is_some_and(|detail| detail.rare.get(place) != Some(&0)))
        })
    }

    /// The first orders from `from` on that may count on that day, rising; no more than `most`.
    fn rows_of(&self, day: i32, from: Row, most: usize) -> Vec<Row> {
        let state = self.dashboard.state;
        // Those of the day of placing came in this order. None of them is among the others.
        let placed = state.placed_on.get(&day).into_iter().flat_map(|placed| placed.from(from)).take(most);
        let later = state.later_on.get(&day).filter(|_| self.query.basis == Basis::Booked);
        let later = later.into_iter().flat_map(NearRows::iter).filter(|row| *row >= from);
        let mut rows: Vec<Row> = placed.chain(later).collect();
        if rows.len() > most {
            rows.select_nth_unstable(most);
            rows.truncate(most);
        }
        rows.sort_unstable();
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
