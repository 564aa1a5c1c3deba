//! State is checkpointed in chunks of rows, and only those that changed.

use crate::Row;

/// Rows in one chunk.
pub(crate) const CHUNK_ROWS: usize = 4096;

/// Which chunks hold rows that changed.
#[derive(Debug, Default)]
pub(crate) struct Dirty {
    chunks: Vec<bool>,
}

impl Dirty {
    pub(crate) fn mark(&mut self, row: Row) {
        let chunk = row as usize / CHUNK_ROWS;
        if chunk >= self.chunks.len() {
            self.chunks.resize(chunk + 1, false);
        }
        self.chunks[chunk] = true;
    }

    /// The numbers of the changed chunks, which count as unchanged from now on.
    pub(crate) fn take(&mut self) -> Vec<usize> {
        let changed = self.chunks.iter().enumerate().filter(|(_, dirty)| **dirty).map(|(chunk, _)| chunk).collect();
        self.chunks.fill(false);
        changed
    }
}
