//! Sums of one node, currency and basis by UTC day; where there are many orders, by quarter of an hour too.

use daybook_domain::posting::Stage;

use super::entry::{Entry, RARE_METRICS};
use super::histogram::Histogram;

pub(crate) const QUARTER_SECONDS: i64 = 900;
pub(crate) const DAY_SECONDS: i64 = 86_400;
/// Of a day.
const QUARTERS: usize = 96;

/// The figures of one day, or of one quarter of an hour within a day: as they are summed.
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

    fn add_cell(&mut self, other: &Cell) {
        self.placed += other.placed;
        self.paid += other.paid;
        self.refunded += other.refunded;
        self.amount_minor = self.amount_minor.saturating_add(other.amount_minor);
    }
}

/// The figures of a quarter of an hour, which are small nearly always.
#[derive(Clone, Copy, Debug, Default)]
struct Quarter {
    /// Quarters since the day began.
    at: u8,
    placed: u8,
    paid: u8,
    refunded: u8,
    amount_minor: u32,
}

/// A day in detail.
#[derive(Clone, Debug, Default)]
pub(crate) struct Detail {
    /// Rising.
    quarters: Vec<Quarter>,
    pub(crate) stages: Vec<(Stage, Histogram)>,
    /// The rare metrics, of the whole day: only their sums are asked for.
    pub(crate) rare: [u32; RARE_METRICS],
    /// What came to more than a [`Quarter`] holds. Rising.
    carried: Option<Box<Carried>>,
}

#[derive(Clone, Debug, Default)]
struct Carried {
    cells: Vec<Cell>,
}

#[derive(Clone, Debug, Default)]
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
    /// Adds what counts in one quarter of an hour. `days`: in the days' sums; `detail`: in the details.
    pub(crate) fn add(&mut self, (day, quarter): (i32, i32), entries: &[Entry], days: bool, detail: bool) {
        let at = cell_index(&mut self.days, day, |at| {
            if detail {
                self.details.insert(at, Detail::default());
            }
        });
        if days {
            entries.iter().for_each(|entry| self.days[at].add(entry));
        }
        if detail {
            self.details[at].add(quarter, entries);
        }
    }

    /// What several come to that have details.
    pub(crate) fn sum_of(parts: &[&Series]) -> Series {
        let mut days: Vec<(i32, usize, usize)> = Vec::with_capacity(parts.iter().map(|part| part.days.len()).sum());
        for (part, series) in parts.iter().enumerate() {
            days.extend(series.days.iter().enumerate().map(|(at, cell)| (cell.at, part, at)));
        }
        days.sort_unstable();
        let count = days.chunk_by(|one, next| one.0 == next.0).count();
        let mut sum = Series { days: Vec::with_capacity(count), details: Vec::with_capacity(count) };
        let mut details = Vec::with_capacity(parts.len());
        for of_day in days.chunk_by(|one, next| one.0 == next.0) {
            let mut cell = Cell { at: of_day[0].0, ..Cell::default() };
            details.clear();
            for &(_, part, at) in of_day {
                cell.add_cell(&parts[part].days[at]);
                details.extend(parts[part].details.get(at));
            }
            sum.days.push(cell);
            sum.details.push(Detail::sum_of(&details));
        }
        sum
    }

    pub(crate) fn footprint(&self) -> usize {
        let detail = |detail: &Detail| {
            detail.quarters.capacity() * size_of::<Quarter>()
                + detail.carried.as_deref().map_or(0, |carried| carried.cells.capacity() * size_of::<Cell>() + 24)
                + detail.stages.capacity() * size_of::<(Stage, Histogram)>()
                + detail.stages.iter().map(|(_, histogram)| histogram.footprint()).sum::<usize>()
        };
        self.days.capacity() * size_of::<Cell>()
            + self.details.capacity() * size_of::<Detail>()
            + self.details.iter().map(detail).sum::<usize>()
    }

    /// All of it, the same however it came about.
    #[cfg(test)]
    pub(crate) fn told(&self) -> Vec<String> {
        let detail = |detail: &Detail| {
            let mut quarters: std::collections::BTreeMap<i32, Cell> = std::collections::BTreeMap::new();
            for cell in detail.quarters() {
                quarters.entry(cell.at).or_insert(Cell { at: cell.at, ..Cell::default() }).add_cell(&cell);
            }
            let mut stages: Vec<String> =
                detail.stages.iter().map(|(stage, histogram)| format!("{stage:?} {}", histogram.told())).collect();
            stages.sort_unstable();
            format!("{quarters:?} {stages:?} {:?}", detail.rare)
        };
        self.days.iter().map(|day| format!("{day:?}")).chain(self.details.iter().map(detail)).collect()
    }

    /// Makes room for details of all days.
    pub(crate) fn begin_details(&mut self) {
        self.details.resize_with(self.days.len(), Detail::default);
    }
}

impl Quarter {
    fn cell(self) -> Cell {
        Cell {
            at: self.at.into(),
            placed: self.placed.into(),
            paid: self.paid.into(),
            refunded: self.refunded.into(),
            amount_minor: self.amount_minor.into(),
        }
    }

    /// None: it does not hold as much.
    fn of(cell: &Cell) -> Option<Self> {
        Some(Self {
            at: u8::try_from(cell.at).ok()?,
            placed: u8::try_from(cell.placed).ok()?,
            paid: u8::try_from(cell.paid).ok()?,
            refunded: u8::try_from(cell.refunded).ok()?,
            amount_minor: u32::try_from(cell.amount_minor).ok()?,
        })
    }
}

impl Detail {
    /// What each quarter holds. One may come twice.
    pub(crate) fn quarters(&self) -> impl Iterator<Item = Cell> {
        let carried = self.carried.iter().flat_map(|carried| &carried.cells).copied();
        self.quarters.iter().map(|quarter| quarter.cell()).chain(carried)
    }

    /// What several come to.
    fn sum_of(parts: &[&Detail]) -> Self {
        let mut sum = Self::default();
        let mut cells = [None::<Cell>; QUARTERS];
        for part in parts {
            for cell in part.quarters() {
                if let Some(place) = usize::try_from(cell.at).ok().and_then(|at| cells.get_mut(at)) {
                    place.get_or_insert(Cell { at: cell.at, ..Cell::default() }).add_cell(&cell);
                }
            }
            sum.rare.iter_mut().zip(part.rare).for_each(|(sum, count)| *sum += count);
        }
        sum.quarters.reserve_exact(cells.iter().flatten().count());
        for cell in cells.into_iter().flatten() {
            sum.quarters.push(Quarter::of(&cell).unwrap_or_else(|| {
                sum.carried.get_or_insert_default().cells.push(cell);
                Quarter { at: u8::try_from(cell.at).unwrap_or(u8::MAX), ..Quarter::default() }
            }));
        }
        for stage in Stage::ALL {
            let of_stage = |part: &&Detail| part.stages.iter().position(|(known, _)| *known == stage);
            let parts: Vec<&Histogram> =
                parts.iter().filter_map(|part| Some(&part.stages[of_stage(part)?].1)).collect();
            if !parts.is_empty() {
                sum.stages.reserve_exact(1);
                sum.stages.push((stage, Histogram::sum_of(&parts)));
            }
        }
        sum
    }

    fn add_to_quarter(&mut self, quarter: i32, entries: &[Entry]) {
        let found = place_in(&self.quarters, quarter, |quarter| quarter.at.into());
        let at = found.unwrap_or_else(|at| {
            // There are [`QUARTERS`] of them a day.
            let new = Quarter { at: u8::try_from(quarter).unwrap_or(u8::MAX), ..Quarter::default() };
            insert(&mut self.quarters, at, new);
            at
        });
        let mut cell = self.quarters[at].cell();
        entries.iter().for_each(|entry| cell.add(entry));
        if let Some(fits) = Quarter::of(&cell) {
            self.quarters[at] = fits;
            return;
        }
        self.quarters[at] = Quarter { at: self.quarters[at].at, ..Quarter::default() };
        let carried = &mut self.carried.get_or_insert_default().cells;
        match place_in(carried, quarter, |cell| cell.at) {
            Ok(at) => carried[at].add_cell(&cell),
            Err(at) => insert(carried, at, cell),
        }
    }

    fn add(&mut self, quarter: i32, entries: &[Entry]) {
        if entries.iter().any(Entry::has_figures) {
            self.add_to_quarter(quarter, entries);
        }
        entries.iter().for_each(|entry| self.add_to_day(entry));
    }

    fn add_to_day(&mut self, entry: &Entry) {
        // Most entries say nothing beside their figures.
        if entry.rare == 0 && entry.stages.iter().all(Option::is_none) {
            return;
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

/// Where the day's cell stands, which is made if it is missing.
fn cell_index(cells: &mut Vec<Cell>, day: i32, made: impl FnOnce(usize)) -> usize {
    place_in(cells, day, |cell| cell.at).unwrap_or_else(|at| {
        insert(cells, at, Cell { at: day, ..Cell::default() });
        made(at);
        at
    })
}

/// Where it stands, or would: mostly it is the last one.
pub(super) fn place_in<T>(all: &[T], at: i32, at_of: impl Fn(&T) -> i32) -> Result<usize, usize> {
    let Some(last) = all.last().map(&at_of) else { return Err(0) };
    if last <= at {
        return if last == at { Ok(all.len() - 1) } else { Err(all.len()) };
    }
    // Without gaps the place follows from the distance to the last one.
    match all.len().checked_sub(1 + last.abs_diff(at) as usize) {
        Some(guess) if at_of(&all[guess]) == at => Ok(guess),
        Some(_) | None => all.binary_search_by_key(&at, at_of),
    }
}

fn insert<T>(all: &mut Vec<T>, at: usize, new: T) {
    if all.len() == all.capacity() {
        all.reserve_exact((all.len() / 4).max(3));
    }
    all.insert(at, new);
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use daybook_domain::Timestamp;

    use super::*;

    #[test]
    fn quarters_hold_any_count_and_amount() {
        let mut seed = 20_261_128_u64;
        println!("seed {seed}");
        let (mut detail, mut model) = (Detail::default(), BTreeMap::new());
        for _ in 0..20_000 {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let quarter = i32::try_from((seed >> 40) % 20).unwrap() * 5;
            let entry = Entry {
                at: Timestamp(0),
                placed: true,
                paid: (seed >> 33).is_multiple_of(2),
                refunded: (seed >> 34).is_multiple_of(64),
                amount_minor: i64::try_from(seed >> (27 + (seed >> 20) % 36)).unwrap(),
                ..Entry::default()
            };
            // Some come as an order's whole entries.
            let entries = vec![entry; 1 + usize::try_from((seed >> 35) % 3).unwrap()];
            detail.add(quarter, &entries);
            let cell = model.entry(quarter).or_insert(Cell { at: quarter, ..Cell::default() });
            entries.iter().for_each(|entry| cell.add(entry));
        }
        let mut found: BTreeMap<i32, Cell> = BTreeMap::new();
        for cell in detail.quarters() {
            found.entry(cell.at).or_insert(Cell { at: cell.at, ..Cell::default() }).add_cell(&cell);
        }
        assert_eq!(found, model);
        assert!(detail.carried.is_some());
    }

    #[test]
    fn a_sum_of_parts_is_what_all_of_it_comes_to() {
        let mut seed = 20_261_129_u64;
        println!("seed {seed}");
        let (mut parts, mut all) = (vec![Series::default(); 5], Series::default());
        for step in 0..20_000 {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let below = |shift: u32, bound: u64| i32::try_from((seed >> shift) % bound).unwrap();
            let mut entry = Entry {
                placed: true,
                paid: below(33, 2) == 0,
                rare: u32::try_from(seed >> 40 & seed >> 50 & 0xff).unwrap(),
                amount_minor: i64::try_from(seed >> (27 + (seed >> 20) % 36)).unwrap(),
                ..Entry::default()
            };
            entry.stages[step % Stage::ALL.len()] = (below(40, 3) > 0).then_some(i64::from(below(30, 200)) - 1);
            // Each part has days of its own, one of them none.
            let part = below(12, 4);
            let at = (below(21, 9) * (1 + part), below(35, 96));
            for series in [&mut parts[usize::try_from(part).unwrap()], &mut all] {
                series.add(at, &[entry], true, true);
            }
        }
        let mut sum = Series::sum_of(&parts.iter().collect::<Vec<_>>());
        assert_eq!(sum.told(), all.told());
        assert!(sum.details.iter().any(|detail| detail.carried.is_some()));
        // What comes later is added as it is to any other.
        for series in [&mut sum, &mut all] {
            series.add(
                (3, 95),
                &[Entry { paid: true, stages: [Some(7); Stage::ALL.len()], ..Entry::default() }],
                true,
                true,
            );
        }
        assert_eq!(sum.told(), all.told());
        assert_eq!(Series::sum_of(&[]).told(), Vec::<String>::new());
    }
}
