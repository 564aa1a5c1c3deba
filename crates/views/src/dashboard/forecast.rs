//! How many orders will be placed: for each hour the median of the same weekday and hour of the weeks before.

use daybook_domain::Timestamp;

use super::Dashboard;
use super::zone::Zone;
use crate::query::{Basis, DashboardQuery, Forecast, ForecastError, ForecastHour, ForecastQuery, QueryError};

/// Weeks that a forecast looks back on.
pub const FORECAST_WEEKS: usize = 8;
/// Hours ahead that one answer tells.
pub const MAX_FORECAST_HOURS: usize = 168;
const HOUR_MICROS: i64 = 3_600 * 1_000_000;
const WEEK_MICROS: i64 = 7 * 24 * HOUR_MICROS;

/// Placed orders of a week, by weekday and hour.
type Week = Vec<u64>;

impl Dashboard<'_> {
    /// From the full local hour before `at` on. Nothing is forecast where no order was placed in the weeks before.
    ///
    /// # Errors
    ///
    /// As [`Dashboard::answer`].
    pub fn forecast(&self, query: &ForecastQuery<'_>) -> Result<Forecast, QueryError> {
        let zone = Zone::new(query.zone);
        let start = full_hour(zone, query.at.0);
        // The newest first; one more, so that the newest can be forecast from as many.
        let weeks: Vec<Week> = (0..=FORECAST_WEEKS as i64)
            .map(|ago| self.week(query, start - ago * WEEK_MICROS))
            .collect::<Result<_, _>>()?;
        // Before a shop began there is nothing to learn from.
        let known = weeks.iter().rposition(|week| week.iter().any(|placed| *placed > 0)).map_or(0, |last| last + 1);
        let learned = weeks.get(..known.min(FORECAST_WEEKS)).unwrap_or_default();
        let hours = if learned.is_empty() { 0 } else { query.hours.min(MAX_FORECAST_HOURS) };
        let hours = (0..hours).map(|hour| {
            let at = start.saturating_add(i64::try_from(hour).unwrap_or(0).saturating_mul(HOUR_MICROS));
            ForecastHour { at: Timestamp(at), twice_placed: twice_median(learned, zone.local(at).cell) }
        });
        Ok(Forecast {
            hours: hours.collect(),
            weeks: learned.len(),
            error: error(weeks.get(..known).unwrap_or_default()),
        })
    }

    /// The week that ends there.
    fn week(&self, query: &ForecastQuery<'_>, end: i64) -> Result<Week, QueryError> {
        let answer = self.answer(&DashboardQuery {
            merchant: query.merchant.clone(),
            subtree: query.subtree,
            under: query.under.clone(),
            from: Timestamp(end - WEEK_MICROS),
            to: Timestamp(end),
            zone: query.zone,
            currency: query.currency,
            basis: Basis::Cohort,
            merchants: 0,
        })?;
        Ok(answer.by_weekday_hour.iter().map(|cell| cell.placed).collect())
    }
}

fn full_hour(zone: Zone<'_>, micros: i64) -> i64 {
    let seconds = micros.div_euclid(1_000_000);
    let local = seconds + zone.offset_at(seconds);
    (seconds - local.rem_euclid(3_600)) * 1_000_000
}

/// The mean of the middle two, doubled, so that it is whole.
fn twice_median(weeks: &[Week], cell: usize) -> u64 {
    let mut placed: Vec<u64> = weeks.iter().filter_map(|week| week.get(cell)).copied().collect();
    placed.sort_unstable();
    let middle = |at: usize| placed.get(at).copied().unwrap_or_default();
    match placed.len() {
        0 => 0,
        count => middle((count - 1) / 2) + middle(count / 2),
    }
}

/// How far off the newest week would have been, forecast from those before it. None: there is none before it.
fn error(weeks: &[Week]) -> Option<ForecastError> {
    let (newest, before) = weeks.split_first()?;
    let naive = before.first()?;
    let mut error = ForecastError::default();
    for (cell, &placed) in newest.iter().enumerate() {
        error.placed += placed;
        error.twice_off += (2 * placed).abs_diff(twice_median(before, cell));
        error.twice_naive_off += 2 * placed.abs_diff(naive.get(cell).copied().unwrap_or_default());
    }
    Some(error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn medians_of_even_and_odd_numbers_of_weeks() {
        let weeks = |counts: &[u64]| counts.iter().map(|count| vec![*count]).collect::<Vec<Week>>();
        assert_eq!(twice_median(&weeks(&[3, 1, 2]), 0), 4);
        assert_eq!(twice_median(&weeks(&[4, 1, 2, 100]), 0), 6);
        assert_eq!(twice_median(&[], 0), 0);
        let error = error(&weeks(&[10, 7, 9, 9])).unwrap();
        assert_eq!((error.placed, error.twice_off, error.twice_naive_off), (10, 2, 6));
        assert_eq!(error.share_millionths(), Some(100_000));
    }

    #[test]
    fn the_full_hour_is_the_zones() {
        let nepal = [crate::query::Offset { from_seconds: 0, offset_seconds: 20_700 }];
        assert_eq!(full_hour(Zone::new(&nepal), 1_700_000_000_000_000) / 1_000_000 % 3_600, 900);
    }
}
