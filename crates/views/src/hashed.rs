//! A table of all rows by a hash of each, made at once.
//!
//! Put in as they come, the rows of a large table meet a place that no cache holds, each of them. Sorted by their places first,
//! as well as takes little time, they fill the table from one end to the other.

use hashbrown::HashTable;

use crate::Row;

/// Rows that are sorted together at most: what that takes is 24 MB.
const BATCH: usize = if cfg!(test) { 1 << 6 } else { 1 << 20 };

/// Parts of the table that are filled one after another. A power of two.
const PARTS: usize = if cfg!(test) { 1 << 3 } else { 1 << 12 };

/// So many rows have a table that caches hold.
const FEW: usize = if cfg!(test) { 1 << 3 } else { 1 << 16 };

/// Rows from 0 on.
pub(crate) fn table_of(rows: usize, hash_of: impl Fn(Row) -> u64) -> HashTable<Row> {
    let mut table = HashTable::new();
    table.reserve(rows, |&row| hash_of(row));
    let all = || (0..Row::MAX).take(rows);
    if rows <= FEW {
        for row in all() {
            table.insert_unique(hash_of(row), row, |&row| hash_of(row));
        }
        return table;
    }
    // A table has a power of two of places, of which seven in eight may be taken, and a row's place follows from the lowest bits of
    // its hash. Were it otherwise one day, this would take longer and come to the same.
    let places = (rows * 8 / 7).next_power_of_two();
    let shift = (places / PARTS).max(1).trailing_zeros();
    let part_of = |hash: u64| usize::try_from(hash >> shift).unwrap_or(0) & (PARTS - 1);
    // Little beside the table itself.
    let size = (rows / 8).clamp(FEW, BATCH);
    let mut hashes = Vec::with_capacity(size);
    let mut sorted = vec![(0, 0); size];
    for start in all().step_by(size) {
        let batch = || (start..Row::MAX).take(size.min(rows - start as usize));
        hashes.clear();
        hashes.extend(batch().map(&hash_of));
        let mut ends = [0; PARTS];
        hashes.iter().for_each(|&hash| ends[part_of(hash)] += 1);
        let mut before = 0;
        for end in &mut ends {
            before += std::mem::replace(end, before);
        }
        for (row, &hash) in batch().zip(&hashes) {
            let end = &mut ends[part_of(hash)];
            sorted[*end] = (hash, row);
            *end += 1;
        }
        for &(hash, row) in &sorted[..hashes.len()] {
            table.insert_unique(hash, row, |&row| hash_of(row));
        }
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_row_is_found_by_its_hash() {
        // Two rows share each hash.
        let hash_of = |row: Row| u64::from(row / 2).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        for rows in [0, 1, 8, 9, 63, 64, 65, 500] {
            let table = table_of(rows, hash_of);
            assert_eq!(table.len(), rows);
            for row in (0..).take(rows) {
                assert_eq!(table.iter_hash(hash_of(row)).filter(|found| **found == row).count(), 1, "{row} of {rows}");
            }
        }
    }
}
