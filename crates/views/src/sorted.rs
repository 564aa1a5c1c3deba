//! Rows in the order of a key: chunks of at most 512, so that adding and taking out never moves more than one chunk.
//! Only row numbers are kept; a key is looked up where it stands, in the columns of the orders.

use crate::Row;

const CHUNK: usize = 512;

/// `K` ends with the row itself, so that no two keys are equal.
#[derive(Debug)]
pub(crate) struct SortedRows<K> {
    chunks: Vec<Chunk<K>>,
    len: usize,
}

#[derive(Debug)]
struct Chunk<K> {
    first: K,
    /// Never empty.
    rows: Vec<Row>,
}

/// A place between rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Spot {
    chunk: usize,
    offset: usize,
}

impl<K> Default for SortedRows<K> {
    fn default() -> Self {
        Self { chunks: Vec::new(), len: 0 }
    }
}

impl<K: Ord + Copy> SortedRows<K> {
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.len == 0
    }

    pub(crate) fn insert(&mut self, row: Row, key: K, key_of: impl Fn(Row) -> K) {
        self.len += 1;
        let Some(chunk) = self.chunk_of(key) else {
            let first = self.chunks.first_mut();
            match first {
                Some(chunk) if chunk.rows.len() < CHUNK => {
                    reserve(&mut chunk.rows);
                    chunk.rows.insert(0, row);
                    chunk.first = key;
                }
                Some(_) | None => self.insert_chunk(0, Chunk { first: key, rows: vec![row] }),
            }
            return;
        };
        let is_last = chunk + 1 == self.chunks.len();
        let rows = &mut self.chunks[chunk].rows;
        let at = match rows.last() {
            Some(&last) if key_of(last) < key => rows.len(),
            Some(_) | None => rows.partition_point(|&other| key_of(other) < key),
        };
        if rows.len() < CHUNK {
            reserve(rows);
            rows.insert(at, row);
        } else if at == rows.len() && is_last {
            // Orders mostly come in the order of their keys: full chunks stay full.
            self.insert_chunk(chunk + 1, Chunk { first: key, rows: vec![row] });
        } else {
            let mut upper = rows.split_off(CHUNK / 2);
            if at < rows.len() {
                rows.insert(at, row);
            } else {
                upper.insert(at - rows.len(), row);
            }
            rows.shrink_to(CHUNK * 9 / 16);
            let first = if at == CHUNK / 2 && upper.first() == Some(&row) { key } else { key_of(upper[0]) };
            self.insert_chunk(chunk + 1, Chunk { first, rows: upper });
        }
    }

    /// Takes a row out by the key that it went in with. False: it was not there.
    pub(crate) fn remove(&mut self, row: Row, key: K, key_of: impl Fn(Row) -> K) -> bool {
        let Some(chunk) = self.chunk_of(key) else {
            return false;
        };
        let rows = &mut self.chunks[chunk].rows;
        let at = rows.partition_point(|&other| key_of(other) < key);
        if rows.get(at) != Some(&row) {
            return false;
        }
        rows.remove(at);
        self.len -= 1;
        if rows.is_empty() {
            self.chunks.remove(chunk);
            if self.chunks.is_empty() {
                self.chunks = Vec::new();
            }
            return true;
        }
        if rows.capacity() > 64 && rows.len() < rows.capacity() * 3 / 4 {
            let room = rows.len() * 9 / 8;
            rows.shrink_to(room);
        }
        if at == 0 {
            self.chunks[chunk].first = key_of(self.chunks[chunk].rows[0]);
        }
        self.join(chunk);
        true
    }

    /// Adds a row that comes after all others.
    pub(crate) fn push(&mut self, row: Row, key: K) {
        self.len += 1;
        match self.chunks.last_mut() {
            Some(chunk) if chunk.rows.len() < CHUNK => {
                reserve(&mut chunk.rows);
                chunk.rows.push(row);
            }
            Some(_) | None => {
                let at = self.chunks.len();
                self.insert_chunk(at, Chunk { first: key, rows: vec![row] });
            }
        }
    }

    pub(crate) fn contains(&self, row: Row, key: K, key_of: impl Fn(Row) -> K) -> bool {
        let spot = self.spot(key, key_of);
        self.chunks.get(spot.chunk).and_then(|chunk| chunk.rows.get(spot.offset)) == Some(&row)
    }

    /// The rows whose keys are at least `low` and below `high`.
    pub(crate) fn range(&self, low: Option<K>, high: Option<K>, key_of: impl Fn(Row) -> K + Copy) -> Walk<'_, K> {
        let end = Spot { chunk: self.chunks.len(), offset: 0 };
        let start = Spot { chunk: 0, offset: 0 };
        let Some((first, last)) = self.chunks.first().zip(self.chunks.last().and_then(|chunk| chunk.rows.last()))
        else {
            return Walk { list: self, front: start, back: start };
        };
        // Most bounds are those of the list itself, or are beyond them.
        let front = low.filter(|key| first.first < *key).map_or(start, |key| self.spot(key, key_of));
        let back = high.filter(|key| *key <= key_of(*last)).map_or(end, |key| self.spot(key, key_of));
        Walk { list: self, front, back: back.max(front) }
    }

    /// The smallest and the largest row.
    pub(crate) fn ends(&self) -> Option<(Row, Row)> {
        Some((*self.chunks.first()?.rows.first()?, *self.chunks.last()?.rows.last()?))
    }

    /// Bytes that are allocated.
    pub(crate) fn footprint(&self) -> usize {
        self.chunks.capacity() * size_of::<Chunk<K>>()
            + self.chunks.iter().map(|chunk| chunk.rows.capacity() * size_of::<Row>()).sum::<usize>()
    }

    /// The last chunk that begins at or before the key; none if all begin behind it.
    fn chunk_of(&self, key: K) -> Option<usize> {
        match self.chunks.last() {
            Some(last) if last.first <= key => Some(self.chunks.len() - 1),
            Some(_) | None => self.chunks.partition_point(|chunk| chunk.first <= key).checked_sub(1),
        }
    }

    /// In front of the first row whose key is at least `key`. Its offset may be one past its chunk's last row.
    fn spot(&self, key: K, key_of: impl Fn(Row) -> K) -> Spot {
        match self.chunk_of(key) {
            None => Spot { chunk: 0, offset: 0 },
            Some(chunk) => {
                let rows = &self.chunks[chunk].rows;
                let offset = rows.partition_point(|&other| key_of(other) < key);
                if offset == rows.len() { Spot { chunk: chunk + 1, offset: 0 } } else { Spot { chunk, offset } }
            }
        }
    }

    fn insert_chunk(&mut self, at: usize, chunk: Chunk<K>) {
        if self.chunks.len() < 8 {
            // Most lists are short, and there are many of them.
            self.chunks.reserve_exact(1);
        }
        self.chunks.insert(at, chunk);
    }

    /// Puts a chunk that has become small together with a neighbour, so that the chunks stay few.
    fn join(&mut self, chunk: usize) {
        if self.chunks[chunk].rows.len() >= CHUNK / 4 || self.chunks.len() < 2 {
            return;
        }
        let left = if chunk + 1 < self.chunks.len() { chunk } else { chunk - 1 };
        if self.chunks[left].rows.len() + self.chunks[left + 1].rows.len() > CHUNK * 3 / 4 {
            return;
        }
        let right = self.chunks.remove(left + 1);
        let rows = &mut self.chunks[left].rows;
        rows.reserve_exact(right.rows.len());
        rows.extend_from_slice(&right.rows);
    }
}

/// Grows by an eighth instead of double: many lists, most of them still.
fn reserve(rows: &mut Vec<Row>) {
    if rows.len() == rows.capacity() {
        rows.reserve_exact((rows.len() / 8).max(2).min(CHUNK.saturating_sub(rows.len()).max(1)));
    }
}

/// Rows of a range, from either end.
#[derive(Debug)]
pub(crate) struct Walk<'a, K> {
    list: &'a SortedRows<K>,
    front: Spot,
    back: Spot,
}

impl<K> Walk<'_, K> {
    /// How many rows are left.
    pub(crate) fn len(&self) -> usize {
        if self.front.chunk == self.back.chunk {
            return self.back.offset.saturating_sub(self.front.offset);
        }
        let whole: usize =
            self.list.chunks[self.front.chunk..self.back.chunk].iter().map(|chunk| chunk.rows.len()).sum();
        whole - self.front.offset + self.back.offset
    }
}

impl<K> Iterator for Walk<'_, K> {
    type Item = Row;

    fn next(&mut self) -> Option<Row> {
        if self.front >= self.back {
            return None;
        }
        let rows = &self.list.chunks.get(self.front.chunk)?.rows;
        let row = *rows.get(self.front.offset)?;
        self.front.offset += 1;
        if self.front.offset == rows.len() {
            self.front = Spot { chunk: self.front.chunk + 1, offset: 0 };
        }
        Some(row)
    }
}

impl<K> DoubleEndedIterator for Walk<'_, K> {
    fn next_back(&mut self) -> Option<Row> {
        if self.front >= self.back {
            return None;
        }
        if self.back.offset == 0 {
            let chunk = self.back.chunk - 1;
            self.back = Spot { chunk, offset: self.list.chunks[chunk].rows.len() };
        }
        self.back.offset -= 1;
        self.list.chunks[self.back.chunk].rows.get(self.back.offset).copied()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// Keys that are neither in the rows' order nor unique without them.
    fn key_of(row: Row) -> (u32, Row) {
        (row.wrapping_mul(2_654_435_761) >> 24, row)
    }

    #[test]
    fn equals_a_tree_set() {
        let mut rows = SortedRows::default();
        let mut model = BTreeSet::new();
        let mut seed = 12_345_u32;
        println!("seed {seed}");
        for step in 0..60_000 {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let row = (seed >> 8) % 6_000;
            // Grows, then shrinks, so that chunks are split and joined.
            let grow = if step < 30_000 { 3 } else { 1 };
            if (seed >> 3) % 4 < grow {
                if model.insert(key_of(row)) {
                    rows.insert(row, key_of(row), key_of);
                }
            } else {
                assert_eq!(rows.remove(row, key_of(row), key_of), model.remove(&key_of(row)));
            }
            assert_eq!(rows.len(), model.len());
            if step % 997 == 0 {
                let (low, high) = ((seed >> 24, 0), ((seed >> 16) & 0xff, 3000));
                for (low, high) in [(None, None), (Some(low), None), (None, Some(high)), (Some(low), Some(high))] {
                    let wanted: Vec<Row> = model
                        .iter()
                        .filter(|key| low.is_none_or(|low| **key >= low) && high.is_none_or(|high| **key < high))
                        .map(|key| key.1)
                        .collect();
                    let walk = rows.range(low, high, key_of);
                    assert_eq!(walk.len(), wanted.len());
                    assert_eq!(walk.collect::<Vec<_>>(), wanted);
                    let mut backwards: Vec<Row> = rows.range(low, high, key_of).rev().collect();
                    backwards.reverse();
                    assert_eq!(backwards, wanted);
                }
                assert!(rows.contains(row, key_of(row), key_of) == model.contains(&key_of(row)));
            }
        }
    }
}
