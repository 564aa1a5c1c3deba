//! What each order comes to, in minor units: nearly always a number of 32 bits.

use hashbrown::HashMap;

use crate::Row;
use crate::column::Column;

#[derive(Debug, Default)]
pub(crate) struct Totals {
    small: Column<u32>,
    /// Of those that stand as [`OTHER`].
    others: HashMap<Row, i64>,
}

const OTHER: u32 = u32::MAX;

impl Totals {
    /// So many that are not set yet.
    pub(crate) fn zeros(len: usize) -> Self {
        Self { small: Column::filled(0, len), others: HashMap::new() }
    }

    pub(crate) fn get(&self, row: Row) -> i64 {
        match self.small[row as usize] {
            OTHER => self.others.get(&row).copied().unwrap_or_default(),
            small => small.into(),
        }
    }

    /// The next row's.
    pub(crate) fn push(&mut self, total: i64) {
        let row = Row::try_from(self.small.len()).unwrap_or(Row::MAX);
        self.small.push(OTHER);
        self.set(row, total);
    }

    pub(crate) fn set(&mut self, row: Row, total: i64) {
        let small = u32::try_from(total).unwrap_or(OTHER);
        if small == OTHER {
            self.others.insert(row, total);
        } else if self.small[row as usize] == OTHER {
            self.others.remove(&row);
        }
        self.small[row as usize] = small;
    }

    /// Bytes that are allocated.
    pub(crate) fn footprint(&self) -> usize {
        self.small.footprint() + self.others.capacity() * 8 / 7 * 17
    }

    /// All of them, for tests to compare.
    #[cfg(test)]
    pub(crate) fn all(&self) -> Vec<i64> {
        (0..).take(self.small.len()).map(|row| self.get(row)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn totals_of_any_size_are_kept() {
        let mut totals = Totals::default();
        let some = [0, 1, -1, i64::MIN, i64::MAX, 4_294_967_294, 4_294_967_295, 4_294_967_296];
        some.iter().for_each(|&total| totals.push(total));
        assert_eq!(totals.all(), some);
        for from in 0..some.len() {
            for (row, total) in (0..).zip(some.iter().cycle().skip(from).take(some.len())) {
                totals.set(row, *total);
                assert_eq!(totals.get(row), *total);
            }
        }
        assert_eq!(totals.others.len(), 5);
        let mut set = Totals::zeros(some.len());
        (0..).zip(some).for_each(|(row, total)| set.set(row, total));
        assert_eq!(set.all(), some);
    }
}
