//! Many short byte strings of changing length, one a row, without an allocation for each: 32 to a block, which is
//! rewritten when one of them changes.

use crate::Row;

const PER_BLOCK: usize = 32;

#[derive(Debug, Default)]
pub(crate) struct Blobs {
    blocks: Vec<Block>,
    len: usize,
}

#[derive(Debug)]
struct Block {
    bytes: Vec<u8>,
    /// Where each string ends; those of absent strings stand at the end of the last one.
    ends: [u32; PER_BLOCK],
}

impl Blobs {
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    pub(crate) fn get(&self, row: Row) -> &[u8] {
        let (block, place) = place_of(row);
        match self.blocks.get(block) {
            Some(block) => &block.bytes[block.start(place)..block.ends[place] as usize],
            None => &[],
        }
    }

    /// Adds the next row's string.
    pub(crate) fn push(&mut self, bytes: &[u8]) {
        let place = self.len % PER_BLOCK;
        if place == 0 {
            self.blocks.push(Block { bytes: Vec::new(), ends: [0; PER_BLOCK] });
        }
        self.len += 1;
        if let Some(block) = self.blocks.last_mut() {
            block.replace(place, bytes);
        }
    }

    pub(crate) fn set(&mut self, row: Row, bytes: &[u8]) {
        let (block, place) = place_of(row);
        if let Some(block) = self.blocks.get_mut(block) {
            block.replace(place, bytes);
        }
    }

    /// Bytes that are allocated.
    pub(crate) fn footprint(&self) -> usize {
        self.blocks.capacity() * size_of::<Block>()
            + self.blocks.iter().map(|block| block.bytes.capacity()).sum::<usize>()
    }
}

fn place_of(row: Row) -> (usize, usize) {
    (row as usize / PER_BLOCK, row as usize % PER_BLOCK)
}

impl Block {
    fn start(&self, place: usize) -> usize {
        if place == 0 { 0 } else { self.ends[place - 1] as usize }
    }

    fn replace(&mut self, place: usize, bytes: &[u8]) {
        let (start, end, old_len) = (self.start(place), self.ends[place] as usize, self.bytes.len());
        let new_len = old_len - (end - start) + bytes.len();
        if new_len > old_len {
            if new_len > self.bytes.capacity() {
                // Little slack on purpose: there are many blocks, and most strings settle soon.
                self.bytes.reserve_exact(new_len - old_len + new_len / 16);
            }
            self.bytes.resize(new_len, 0);
        }
        self.bytes.copy_within(end..old_len, start + bytes.len());
        self.bytes.truncate(new_len);
        self.bytes[start..start + bytes.len()].copy_from_slice(bytes);
        for later in &mut self.ends[place..] {
            let moved = *later as usize - (end - start) + bytes.len();
            // A block holds 32 strings of at most some hundred kilobytes.
            *later = u32::try_from(moved).unwrap_or(u32::MAX);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_of_a_block_do_not_touch_each_other() {
        let mut blobs = Blobs::default();
        let mut model: Vec<Vec<u8>> = Vec::new();
        for n in 0..100_u8 {
            let bytes = vec![n; usize::from(n) * 7 % 50];
            blobs.push(&bytes);
            model.push(bytes);
        }
        for n in 0..1000_u32 {
            let row = n * 37 % 100;
            let bytes = vec![n.to_le_bytes()[0]; (n * 13 % 90) as usize];
            blobs.set(row, &bytes);
            model[row as usize] = bytes;
            if n % 50 == 0 {
                for (row, bytes) in (0..).zip(&model) {
                    assert_eq!(blobs.get(row), bytes);
                }
            }
        }
    }
}
