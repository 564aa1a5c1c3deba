//! A column with a value for each row, in chunks: it grows without moving what is there, and never has much room to spare.

use std::ops::{Index, IndexMut};

/// Values in a chunk: a power of two.
#[cfg(not(test))]
pub(crate) const CHUNK: usize = 1 << 14;
#[cfg(test)]
pub(crate) const CHUNK: usize = 1 << 3;

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Column<T> {
    /// All but the last one full.
    chunks: Vec<Vec<T>>,
    len: usize,
}

impl<T> Default for Column<T> {
    fn default() -> Self {
        Self { chunks: Vec::new(), len: 0 }
    }
}

impl<T> Column<T> {
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    pub(crate) fn push(&mut self, value: T) {
        if self.len.is_multiple_of(CHUNK) {
            // Small shops are many: only who fills a chunk is given a whole one.
            let room = if self.chunks.is_empty() { 0 } else { CHUNK };
            self.chunks.push(Vec::with_capacity(room));
        }
        self.len += 1;
        if let Some(chunk) = self.chunks.last_mut() {
            if chunk.len() == chunk.capacity() {
                chunk.reserve_exact((chunk.len() / 4).max(8).min(CHUNK - chunk.len()));
            }
            chunk.push(value);
        }
    }

    /// So many times the same value.
    pub(crate) fn filled(value: T, len: usize) -> Self
    where
        T: Clone,
    {
        let chunk = |start: usize| vec![value.clone(); CHUNK.min(len - start)];
        Self { chunks: (0..len).step_by(CHUNK).map(chunk).collect(), len }
    }

    /// Puts another's values behind these: whole chunks as they are, if these fill theirs.
    pub(crate) fn append(&mut self, other: Self) {
        if self.len.is_multiple_of(CHUNK) {
            self.len += other.len;
            self.chunks.extend(other.chunks);
        } else {
            other.chunks.into_iter().flatten().for_each(|value| self.push(value));
        }
    }

    pub(crate) fn get(&self, at: usize) -> Option<&T> {
        self.chunks.get(at / CHUNK)?.get(at % CHUNK)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &T> {
        self.chunks.iter().flatten()
    }

    /// Bytes that are allocated.
    pub(crate) fn footprint(&self) -> usize {
        let chunks: usize = self.chunks.iter().map(|chunk| chunk.capacity() * size_of::<T>()).sum();
        chunks + self.chunks.capacity() * size_of::<Vec<T>>()
    }
}

impl<T> Index<usize> for Column<T> {
    type Output = T;

    fn index(&self, at: usize) -> &T {
        &self.chunks[at / CHUNK][at % CHUNK]
    }
}

impl<T> IndexMut<usize> for Column<T> {
    fn index_mut(&mut self, at: usize) -> &mut T {
        &mut self.chunks[at / CHUNK][at % CHUNK]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equals_a_vec() {
        let (mut column, mut model) = (Column::default(), Vec::new());
        for n in 0..100_usize {
            assert_eq!((column.get(n), column.len()), (None, n));
            column.push(n * 7);
            model.push(n * 7);
            column[n / 2] += 1;
            model[n / 2] += 1;
            assert!(column.iter().eq(&model));
            assert_eq!(column[n / 3], model[n / 3]);
        }
        for (front, back) in [(0, 3), (8, 9), (8, 0), (5, 20), (16, 8)] {
            let (mut column, mut model) = (Column::filled(5, front), vec![5; front]);
            column.append(Column::filled(6, back));
            model.resize(front + back, 6);
            assert!(column.iter().eq(&model) && column.len() == model.len());
            column.push(7);
            model.push(7);
            assert!(column.iter().eq(&model));
        }
        for len in [0, 1, 8, 9, 16, 100] {
            let (mut column, mut model) = (Column::filled(5, len), vec![5; len]);
            column.push(7);
            model.push(7);
            assert!(column.iter().eq(&model) && column.len() == model.len());
        }
    }
}
