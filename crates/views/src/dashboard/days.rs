//! Orders by day. Most orders of a day were placed one behind the other, and most of what happens on a day happens to orders
//! that were placed near each other.

use crate::Row;
use crate::wire::{Reader, put_i64};

/// Rising rows, as runs of rows that follow each other.
#[derive(Debug, Default)]
pub(crate) struct RisingRows {
    /// First and last.
    runs: Vec<(Row, Row)>,
}

impl RisingRows {
    /// Adds a row that comes after all others.
    pub(crate) fn push(&mut self, row: Row) {
        match self.runs.last_mut() {
            Some((_, last)) if *last + 1 == row => *last = row,
            Some(_) | None => {
                if self.runs.len() == self.runs.capacity() {
                    self.runs.reserve_exact((self.runs.len() / 4).max(1));
                }
                self.runs.push((row, row));
            }
        }
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = Row> {
        self.from(0)
    }

    /// Those from this one on.
    pub(crate) fn from(&self, row: Row) -> impl Iterator<Item = Row> {
        let start = self.runs.partition_point(|(_, last)| *last < row);
        self.runs[start..].iter().flat_map(move |&(first, last)| first.max(row)..=last)
    }

    /// Bytes that are allocated.
    pub(crate) fn footprint(&self) -> usize {
        self.runs.capacity() * size_of::<(Row, Row)>()
    }
}

/// Rows in any order, each as its distance from the one before it.
#[derive(Debug, Default)]
pub(crate) struct NearRows {
    distances: Vec<u8>,
    last: Row,
}

impl NearRows {
    pub(crate) fn push(&mut self, row: Row) {
        // A number of 32 bits takes five bytes at most.
        if self.distances.len() + 5 > self.distances.capacity() {
            self.distances.reserve_exact((self.distances.len() / 8).max(11));
        }
        put_i64(&mut self.distances, i64::from(row) - i64::from(self.last));
        self.last = row;
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = Row> {
        let (mut reader, mut last) = (Reader::new(&self.distances), 0);
        std::iter::from_fn(move || {
            if reader.is_at_end() {
                return None;
            }
            last += reader.i64();
            Row::try_from(last).ok()
        })
    }

    /// Bytes that are allocated.
    pub(crate) fn footprint(&self) -> usize {
        self.distances.capacity()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_come_back() {
        let mut seed = 7_u64;
        println!("seed {seed}");
        for gaps in [1, 2, 1_000] {
            let (mut rising, mut near, mut model) = (RisingRows::default(), NearRows::default(), Vec::new());
            let (mut row, mut others) = (0, Vec::new());
            for _ in 0..500 {
                seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                row += 1 + Row::try_from((seed >> 33) % gaps).unwrap();
                rising.push(row);
                model.push(row);
                let other = Row::try_from(seed >> 32).unwrap();
                near.push(other);
                others.push(other);
            }
            assert_eq!(rising.iter().collect::<Vec<_>>(), model);
            assert_eq!(near.iter().collect::<Vec<_>>(), others);
            for from in [0, 1, row / 2, row, row + 1] {
                let wanted: Vec<Row> = model.iter().copied().filter(|row| *row >= from).collect();
                assert_eq!(rising.from(from).collect::<Vec<_>>(), wanted);
            }
        }
    }
}
