//! Rows that belong to others, in one piece: a list for each of a hundred thousand orders would cost more than the rows.
//! They are handed on once, so that what they hold is freed on the way.

use std::cmp::Ordering;
use std::vec;

use crate::failure::Failure;

/// Rows by the number of what they belong to.
pub(super) struct Grouped<T> {
    rows: vec::IntoIter<(u32, T)>,
    /// How many rows each group has.
    counts: vec::IntoIter<u32>,
}

impl<T> Grouped<T> {
    /// Each row with the number of its group, of which there are `groups`; `compare` sorts those within a group.
    pub(super) fn new(
        mut rows: Vec<(u32, T)>,
        groups: usize,
        compare: impl Fn(u32, &T, &T) -> Ordering,
    ) -> Result<Self, Failure> {
        if rows.iter().any(|(group, _)| *group as usize >= groups) {
            return Err(Failure::new("a row belongs to nothing"));
        }
        rows.sort_by(|(a, left), (b, right)| a.cmp(b).then_with(|| compare(*a, left, right)));
        let mut counts = vec![0; groups];
        for (group, _) in &rows {
            counts[*group as usize] += 1;
        }
        Ok(Self { rows: rows.into_iter(), counts: counts.into_iter() })
    }

    /// The next group's rows, from the first group on; no more after the last.
    pub(super) fn next_group(&mut self) -> Vec<T> {
        let count = self.counts.next().unwrap_or(0);
        self.rows.by_ref().take(count as usize).map(|(_, row)| row).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_group_has_its_rows_in_order() {
        let rows = vec![(3, 'd'), (1, 'b'), (3, 'c'), (0, 'a')];
        let mut grouped = Grouped::new(rows, 5, |_, a, b| a.cmp(b)).unwrap();
        let found: Vec<Vec<char>> = (0..6).map(|_| grouped.next_group()).collect();
        assert_eq!(found, [vec!['a'], vec!['b'], vec![], vec!['c', 'd'], vec![], vec![]]);
        assert!(Grouped::new(vec![(5, ())], 5, |_, (), ()| Ordering::Equal).is_err());
    }
}
