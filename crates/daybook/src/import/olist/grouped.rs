//! Rows that belong to others, in one piece: a list for each of a hundred thousand orders would cost more than the rows.

use std::cmp::Ordering;

use crate::failure::Failure;

/// Rows by the number of what they belong to.
#[derive(Debug)]
pub(super) struct Grouped<T> {
    rows: Vec<T>,
    /// Where each group ends.
    ends: Vec<u32>,
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
        let mut ends = vec![0; groups];
        for (end, (group, _)) in (1_u32..).zip(&rows) {
            ends[*group as usize] = end;
        }
        let mut last = 0;
        for end in &mut ends {
            last = last.max(*end);
            *end = last;
        }
        Ok(Self { rows: rows.into_iter().map(|(_, row)| row).collect(), ends })
    }

    pub(super) fn of(&self, group: usize) -> &[T] {
        let end = |group: usize| self.ends[group] as usize;
        let start = group.checked_sub(1).map_or(0, end);
        &self.rows[start..end(group)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_group_has_its_rows_in_order() {
        let rows = vec![(3, 'd'), (1, 'b'), (3, 'c'), (0, 'a')];
        let grouped = Grouped::new(rows, 5, |_, a, b| a.cmp(b)).unwrap();
        let found: Vec<&[char]> = (0..5).map(|group| grouped.of(group)).collect();
        assert_eq!(found, [&['a'][..], &['b'], &[], &['c', 'd'], &[]]);
        assert!(Grouped::new(vec![(5, ())], 5, |_, (), ()| Ordering::Equal).is_err());
    }
}
