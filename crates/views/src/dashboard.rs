//! The dashboard: exact figures of any period, zone and merchant.
//!
//! Whole UTC days come from sums by quarter of an hour; the days at the range's edges, and days whose quarters a zone
//! would split, from the orders' own entries. So every range and every zone is exact, and only a few days are read
//! order by order.

mod breakdown;
mod build;
mod days;
mod entry;
mod explain;
mod forecast;
mod histogram;
mod series;
pub(crate) mod state;
mod tally;
mod zone;

use daybook_domain::{MerchantId, Timestamp};

use crate::Row;
use crate::merchants::{MerchantNumber, Place};
use crate::orders::Orders;
use crate::query::{Basis, DashboardAnswer, DashboardQuery, Figures, QueryError};
use days::{NearRows, RisingRows};
use entry::Entries;
pub(crate) use entry::{RARE_METRICS, rare_place};
pub use forecast::{FORECAST_WEEKS, MAX_FORECAST_HOURS};
pub(crate) use histogram::{BINS, bin_of};
use series::{DAY_SECONDS, QUARTER_SECONDS, Series, day_and_quarter};
use state::{DashboardState, Node};
use tally::{Tally, of_cell};
pub(crate) use zone::Zone;
use zone::local_of;

/// Local days that one answer lists at most.
pub const MAX_DAYS: u64 = 40_000;
/// Up to here the whole range is listed; a longer one is cut to the days that hold anything.
const DAYS_WITHOUT_DATA: u64 = 4_000;

/// The dashboard at the position that the views have reached.
#[derive(Clone, Copy)]
pub struct Dashboard<'a> {
    orders: &'a Orders,
    state: &'a DashboardState,
}

impl<'a> Dashboard<'a> {
    pub(crate) fn new(orders: &'a Orders, state: &'a DashboardState) -> Self {
        Self { orders, state }
    }

    /// # Errors
    ///
    /// When the range holds more than [`MAX_DAYS`] days with data between its first and its last, or its amounts come to more
    /// than 64 bits hold.
    pub fn answer(&self, query: &DashboardQuery<'_>) -> Result<DashboardAnswer, QueryError> {
        let zone = Zone::new(query.zone);
        let (first_day, days) = self.listed_days(query, zone)?;
        let mut answering = Answering {
            orders: self.orders,
            state: self.state,
            zone,
            basis: query.basis,
            from: query.from.0,
            to: query.to.0,
            currency: 0,
            tally: Tally::new(first_day, days),
        };
        let currency = self.orders.currencies.iter().position(|&known| known == query.currency);
        if let Some(currency) = currency.and_then(|currency| u8::try_from(currency).ok())
            && query.from < query.to
        {
            answering.currency = currency;
            for whose in self.whose(query.merchant.as_ref(), query.subtree, query.under.as_ref()) {
                answering.add(whose);
            }
        }
        if !answering.tally.is_exact() {
            return Err(QueryError::AmountsTooLarge);
        }
        Ok(answering.tally.answer(query.merchants, |number| self.orders.merchants.id(number)))
    }

    /// The nodes that together hold the orders asked for, each order once.
    fn whose(&self, merchant: Option<&MerchantId>, subtree: bool, under: Option<&MerchantId>) -> Vec<Whose> {
        let Some(merchant) = merchant else {
            return vec![Whose::All];
        };
        let Some(merchant) = self.orders.merchants.number(merchant) else {
            return Vec::new();
        };
        let places = (0..).zip(&self.orders.merchants.places);
        if let Some(under) = under {
            let Some(under) = self.orders.merchants.number(under) else { return Vec::new() };
            let is_in = |place: &Place| place.merchant == merchant || (subtree && place.ancestors.contains(&merchant));
            let found = places.filter(|(_, place)| is_in(place) && place.is_within(under));
            return found.map(|(number, _)| Whose::Place(number)).collect();
        }
        let own = places.filter(|(_, place)| place.merchant == merchant).map(|(number, _)| Whose::Place(number));
        own.chain(subtree.then_some(Whose::Below(merchant))).collect()
    }

    /// The first local day that is listed, and how many are.
    fn listed_days(&self, query: &DashboardQuery<'_>, zone: Zone<'_>) -> Result<(i64, usize), QueryError> {
        if query.from >= query.to {
            return Ok((0, 0));
        }
        let (mut first, mut last) = (zone.local(query.from.0).day, zone.local(query.to.0 - 1).day);
        let count = |first: i64, last: i64| u64::try_from(last - first + 1).unwrap_or(0);
        if count(first, last) > DAYS_WITHOUT_DATA {
            let (placed, later) = (&self.state.placed_on, &self.state.later_on);
            let ends = [placed.keys().next(), placed.keys().next_back(), later.keys().next(), later.keys().next_back()];
            let ends = ends.into_iter().flatten();
            let (low, high) = (ends.clone().min(), ends.max());
            let (Some(low), Some(high)) = (low, high) else {
                return Ok((0, 0));
            };
            let start = i64::from(*low) * DAY_SECONDS;
            let end = i64::from(*high) * DAY_SECONDS + DAY_SECONDS - 1;
            first = first.max(local_of(start, zone.offset_at(start)).day);
            last = last.min(local_of(end, zone.offset_at(end)).day);
        }
        let days = count(first, last);
        match usize::try_from(days) {
            Ok(listed) if days <= MAX_DAYS => Ok((first, listed)),
            Ok(_) | Err(_) => Err(QueryError::RangeTooLong { days, max: MAX_DAYS }),
        }
    }
}

#[derive(Clone, Copy)]
enum Whose {
    All,
    /// Those placed at this place of the tree.
    Place(u32),
    Below(MerchantNumber),
}

impl Whose {
    fn node(self, state: &DashboardState) -> Option<&Node> {
        match self {
            Whose::All => Some(&state.all),
            Whose::Place(number) => state.places.get(number as usize),
            Whose::Below(merchant) => state.below.get(merchant as usize),
        }
    }

    fn includes(self, number: u32, place: &Place) -> bool {
        match self {
            Whose::All => true,
            Whose::Place(wanted) => wanted == number,
            Whose::Below(merchant) => place.ancestors.contains(&merchant),
        }
    }
}

struct Answering<'a> {
    orders: &'a Orders,
    state: &'a DashboardState,
    zone: Zone<'a>,
    basis: Basis,
    /// Microseconds, included.
    from: i64,
    /// Not included.
    to: i64,
    currency: u8,
    tally: Tally,
}

impl Answering<'_> {
    fn add(&mut self, whose: Whose) {
        let Some(node) = whose.node(self.state) else {
            return;
        };
        if node.has_details {
            self.add_sums(node, whose);
        } else {
            let rows = match self.basis {
                Basis::Cohort => node.placed_in(self.orders, Timestamp(self.from), Timestamp(self.to)),
                Basis::Booked => node.rows(),
            };
            for &row in rows {
                self.add_order(row, None);
            }
        }
    }

    /// One order's entries, of one UTC day or of all, as far as they lie in the range.
    fn add_order(&mut self, row: Row, day: Option<i32>) {
        let at = row as usize;
        let placed_at = self.orders.placed_at[at];
        if self.orders.currency[at] != self.currency {
            return;
        }
        if self.basis == Basis::Cohort && !(self.from..self.to).contains(&placed_at.0) {
            return;
        }
        let merchant = self.orders.merchants.places[self.orders.places[at] as usize].merchant;
        if self.basis == Basis::Cohort {
            // All of them count when the order was placed.
            if day.is_none_or(|day| day_and_quarter(placed_at.0).0 == day) {
                let entries = Entries::new(self.state.entries.get(row), placed_at);
                self.tally.add_entries(entries, self.zone.local(placed_at.0), merchant);
            }
            return;
        }
        for entry in Entries::new(self.state.entries.get(row), placed_at) {
            let counts_at = entry.counts_at(self.basis, placed_at).0;
            if (self.from..self.to).contains(&counts_at) && day.is_none_or(|day| day_and_quarter(counts_at).0 == day) {
                self.tally.add_entry(&entry, self.zone.local(counts_at), merchant);
            }
        }
    }

    fn add_sums(&mut self, node: &Node, whose: Whose) {
        let Some(series) = node.series(self.currency, self.basis) else {
            return;
        };
        let mut whole: Vec<(i32, i32)> = Vec::new();
        for (index, cell) in series.days.iter().enumerate() {
            let start = i64::from(cell.at) * DAY_SECONDS * 1_000_000;
            let end = start.saturating_add(DAY_SECONDS * 1_000_000);
            if end <= self.from || start >= self.to {
                continue;
            }
            if self.from <= start && end <= self.to && self.zone.keeps_quarters(cell.at) {
                self.add_day(series, index);
                match whole.last_mut() {
                    Some((_, last)) if *last + 1 == cell.at => *last = cell.at,
                    Some(_) | None => whole.push((cell.at, cell.at)),
                }
            } else {
                self.add_orders_of(cell.at, whose);
            }
        }
        self.add_merchants(whose, &whole);
    }

    /// A whole day from its quarters of an hour.
    fn add_day(&mut self, series: &Series, index: usize) {
        let day = series.days[index].at;
        let start = i64::from(day) * DAY_SECONDS;
        let offset = self.zone.offset_of_day(day);
        let detail = &series.details[index];
        for quarter in detail.quarters() {
            let seconds = start + i64::from(quarter.at) * QUARTER_SECONDS;
            let offset = offset.unwrap_or_else(|| self.zone.offset_at(seconds));
            self.tally.add_figures(&of_cell(&quarter), local_of(seconds, offset));
        }
        self.tally.add_rare(&detail.rare);
        for (stage, histogram) in &detail.stages {
            self.tally.stage(*stage).merge(histogram);
        }
    }

    /// A day's orders one by one.
    fn add_orders_of(&mut self, day: i32, whose: Whose) {
        let state = self.state;
        let later = state.later_on.get(&day).filter(|_| self.basis == Basis::Booked);
        let placed = state.placed_on.get(&day).into_iter().flat_map(RisingRows::iter);
        for row in placed.chain(later.into_iter().flat_map(NearRows::iter)) {
            let number = self.orders.places[row as usize];
            if whose.includes(number, &self.orders.merchants.places[number as usize]) {
                self.add_order(row, Some(day));
            }
        }
    }

    /// Each merchant's figures of whole days (first and last, rising).
    fn add_merchants(&mut self, whose: Whose, whole: &[(i32, i32)]) {
        for (number, place) in (0..).zip(&self.orders.merchants.places) {
            let node = self.state.places.get(number as usize).filter(|_| whose.includes(number, place));
            let Some(series) = node.and_then(|node| node.series(self.currency, self.basis)) else {
                continue;
            };
            let mut figures = Figures::default();
            for &(first, last) in whole {
                let start = series.days.partition_point(|cell| cell.at < first);
                let days = series.days[start..].iter().take_while(|cell| cell.at <= last);
                days.for_each(|cell| tally::add(&mut figures, &of_cell(cell)));
            }
            self.tally.add_to_merchant(place.merchant, &figures);
        }
    }
}
