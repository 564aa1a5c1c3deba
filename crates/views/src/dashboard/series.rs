//! Sums of one node, currency and basis by UTC day; where there are many orders, by quarter of an hour too.

use daybook_domain::posting::Stage;

use super::entry::{Entry, RARE_METRICS};
use super::histogram::Histogram;

pub(crate) const QUARTER_SECONDS: i64 = 900;
pub(crate) const DAY_SECONDS: i64 = 86_400;

/// The figures of one day, or of one quarter of an hour within a day.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Cell {
    /// Days since 1970, or quarters since the day began.
    pub(crate) at: i32,
    pub(crate) placed: u32,
    pub(crate) paid: u32,
    pub(crate) refunded: u32,
    pub(crate) amount_minor: i64,
}

impl Cell {
    fn add(&mut self, entry: &Entry) {
        self.placed += u32::from(entry.placed);
        self.paid += u32::from(entry.paid);
        self.refunded += u32::from(entry.refunded);
        // No amount is negative, so that a sum that is too large stays so, and every answer that it is part of is refused.
        self.amount_minor = self.amount_minor.saturating_add(entry.amount_minor);
    }
}

/// A day in detail.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Detail {
    /// Rising.
    pub(crate) quarters: Vec<Cell>,
    pub(crate) stages: Vec<(Stage, Histogram)>,
    /// The rare metrics, of the whole day: only their sums are asked for.
    pub(crate) rare: [u32; RARE_METRICS],
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Series {
    /// Rising.
    pub(crate) days: Vec<Cell>,
    /// As many as days, or none where only the days are kept.
    pub(crate) details: Vec<Detail>,
}

/// The UTC day that a moment falls into, and its quarter of an hour there.
pub(crate) fn day_and_quarter(micros: i64) -> (i32, i32) {
    let seconds = micros.div_euclid(1_000_000);
    let quarter = seconds.rem_euclid(DAY_SECONDS) / QUARTER_SECONDS;
    // 64 bits of microseconds are some 107 million days.
    (i32::try_from(seconds.div_euclid(DAY_SECONDS)).unwrap_or(0), i32::try_from(quarter).unwrap_or(0))
}

impl Series {
    /// `days`: counts in the days' sums; `detail`: in the details.
    pub(crate) fn add(&mut self, micros: i64, entry: &Entry, days: bool, detail: bool) {
        let (day, quarter) = day_and_quarter(micros);
        let at = cell_index(&mut self.days, day, |at| {
            if detail {
                self.details.insert(at, Detail::default());
            }
        });
        if days {
            self.days[at].add(entry);
        }
        if detail {
            self.details[at].add(quarter, entry);
        }
    }

    pub(crate) fn footprint(&self) -> usize {
        let detail = |detail: &Detail| {
            detail.quarters.capacity() * size_of::<Cell>()
                + detail.stages.capacity() * size_of::<(Stage, Histogram)>()
                + detail.stages.iter().map(|(_, histogram)| histogram.footprint()).sum::<usize>()
        };
        self.days.capacity() * size_of::<Cell>()
            + self.details.capacity() * size_of::<Detail>()
            + self.details.iter().map(detail).sum::<usize>()
    }

    /// Makes room for details of all days.
    pub(crate) fn begin_details(&mut self) {
        self.details.resize_with(self.days.len(), Detail::default);
    }
}

impl Detail {
    fn add(&mut self, quarter: i32, entry: &Entry) {
        if entry.placed || entry.paid || entry.refunded || entry.amount_minor != 0 {
            let at = cell_index(&mut self.quarters, quarter, |_| {});
            self.quarters[at].add(entry);
        }
        let mut rare = entry.rare;
        while rare != 0 {
            let place = rare.trailing_zeros() as usize;
            if let Some(count) = self.rare.get_mut(place) {
                *count += 1;
            }
            rare &= rare - 1;
        }
        for (stage, seconds) in Stage::ALL.into_iter().zip(entry.stages) {
            let Some(seconds) = seconds else {
                continue;
            };
            let known = self.stages.iter().position(|(known, _)| *known == stage);
            let at = known.unwrap_or_else(|| {
                self.stages.reserve_exact(1);
                self.stages.push((stage, Histogram::default()));
                self.stages.len() - 1
            });
            self.stages[at].1.add(seconds);
        }
    }
}

/// Where the cell stands, which is made if it is missing: mostly it is the last one.
fn cell_index(cells: &mut Vec<Cell>, at: i32, made: impl FnOnce(usize)) -> usize {
    let found = match cells.last() {
        Some(last) if last.at == at => Ok(cells.len() - 1),
        Some(last) if last.at < at => Err(cells.len()),
        // Without gaps the place follows from the distance to the last one.
        Some(last) => match cells.len().checked_sub(1 + last.at.abs_diff(at) as usize) {
            Some(guess) if cells[guess].at == at => Ok(guess),
            Some(_) | None => cells.binary_search_by_key(&at, |cell| cell.at),
        },
        None => Err(0),
    };
    found.unwrap_or_else(|index| {
        if cells.len() == cells.capacity() {
            cells.reserve_exact((cells.len() / 4).max(3));
        }
        cells.insert(index, Cell { at, ..Cell::default() });
        made(index);
        index
    })
}
