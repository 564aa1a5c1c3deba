//! Many short byte strings of changing length, one a row, without an allocation for each: 32 to a block, which is
//! rewritten when one of them changes.

use crate::Row;
use crate::orders::grow_by_an_eighth;

const PER_BLOCK: usize = 32;

#[derive(Debug, Default)]
pub(crate) struct Blobs {
    blocks: Vec<Block>,
    len: usize,
}

#[derive(Debug)]
struct Block {
    bytes: Vec<u8>,
    ends: Ends,
}

/// Where each string ends; those of absent strings stand at the end of the last one.
#[derive(Debug)]
enum Ends {
    Narrow([u16; PER_BLOCK]),
    /// Some order has very much to say.
    Wide(Box<[u32; PER_BLOCK]>),
}

impl Blobs {
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    pub(crate) fn get(&self, row: Row) -> &[u8] {
        let (block, place) = place_of(row);
        match self.blocks.get(block) {
            Some(block) => &block.bytes[block.start(place)..block.ends.get(place)],
            None => &[],
        }
    }

    /// Makes room for the blocks of so many more strings: many blocks are only moved at some cost.
    pub(crate) fn reserve(&mut self, strings: usize) {
        self.blocks.reserve_exact(strings.div_ceil(PER_BLOCK));
    }

    /// Adds the next row's string.
    pub(crate) fn push(&mut self, bytes: &[u8]) {
        let place = self.len % PER_BLOCK;
        if place == 0 {
            grow_by_an_eighth(&mut self.blocks);
            self.blocks.push(Block { bytes: Vec::new(), ends: Ends::Narrow([0; PER_BLOCK]) });
        }
        self.len += 1;
        if let Some(block) = self.blocks.last_mut() {
            block.replace(place, bytes);
        }
    }

    /// Adds many rows' strings. Where they fill a block, it has no room to spare.
    pub(crate) fn extend<'a>(&mut self, strings: impl Iterator<Item = &'a [u8]>) {
        let mut strings = strings.peekable();
        while strings.peek().is_some() {
            if !self.len.is_multiple_of(PER_BLOCK) {
                strings.by_ref().take(PER_BLOCK - self.len % PER_BLOCK).for_each(|bytes| self.push(bytes));
                continue;
            }
            let mut of_block: [&[u8]; PER_BLOCK] = [&[]; PER_BLOCK];
            let count = of_block.iter_mut().zip(strings.by_ref()).map(|(place, bytes)| *place = bytes).count();
            grow_by_an_eighth(&mut self.blocks);
            self.blocks.push(Block::of(&of_block));
            self.len += count;
        }
    }

    /// Puts another's strings behind these: whole blocks as they are, if these fill theirs.
    pub(crate) fn append(&mut self, other: Self) {
        if self.len.is_multiple_of(PER_BLOCK) {
            self.len += other.len;
            self.blocks.extend(other.blocks);
        } else {
            self.extend((0..).take(other.len).map(|row| other.get(row)));
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
        self.blocks.capacity() * size_of::<Block>() + self.blocks.iter().map(Block::footprint).sum::<usize>()
    }
}

fn place_of(row: Row) -> (usize, usize) {
    (row as usize / PER_BLOCK, row as usize % PER_BLOCK)
}

impl Block {
    fn of(strings: &[&[u8]; PER_BLOCK]) -> Self {
        let len = strings.iter().map(|bytes| bytes.len()).sum();
        let mut bytes = Vec::with_capacity(len);
        let mut ends =
            if len > usize::from(u16::MAX) { Ends::Wide(Box::default()) } else { Ends::Narrow([0; PER_BLOCK]) };
        for (place, string) in strings.iter().enumerate() {
            bytes.extend_from_slice(string);
            match &mut ends {
                Ends::Narrow(ends) => ends[place] = narrow(bytes.len()),
                Ends::Wide(ends) => ends[place] = wide(bytes.len()),
            }
        }
        Self { bytes, ends }
    }

    fn start(&self, place: usize) -> usize {
        if place == 0 { 0 } else { self.ends.get(place - 1) }
    }

    fn replace(&mut self, place: usize, bytes: &[u8]) {
        let (start, end, old_len) = (self.start(place), self.ends.get(place), self.bytes.len());
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
        self.ends.shift(place, end - start, bytes.len(), new_len);
    }

    fn footprint(&self) -> usize {
        let ends = if matches!(self.ends, Ends::Wide(_)) { size_of::<[u32; PER_BLOCK]>() } else { 0 };
        self.bytes.capacity() + ends
    }
}

impl Ends {
    fn get(&self, place: usize) -> usize {
        match self {
            Ends::Narrow(ends) => ends[place].into(),
            Ends::Wide(ends) => ends[place] as usize,
        }
    }

    /// A string changes its length; all of them together are so long then.
    fn shift(&mut self, place: usize, old: usize, new: usize, all: usize) {
        if let Ends::Narrow(ends) = self
            && all > usize::from(u16::MAX)
        {
            *self = Ends::Wide(Box::new(ends.map(u32::from)));
        }
        match self {
            // No end is behind the last one.
            Ends::Narrow(ends) => {
                ends[place..].iter_mut().for_each(|end| *end = narrow(usize::from(*end) - old + new));
            }
            Ends::Wide(ends) => ends[place..].iter_mut().for_each(|end| *end = wide(*end as usize - old + new)),
        }
    }
}

fn narrow(end: usize) -> u16 {
    u16::try_from(end).unwrap_or(u16::MAX)
}

/// A block holds 32 strings of at most some hundred kilobytes.
fn wide(end: usize) -> u32 {
    u32::try_from(end).unwrap_or(u32::MAX)
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
            // One is so long that its block takes wide ends.
            let length = if n == 500 { 70_000 } else { (n * 13 % 90) as usize };
            let bytes = vec![n.to_le_bytes()[0]; length];
            blobs.set(row, &bytes);
            model[row as usize] = bytes;
            if n % 50 == 0 {
                let mut other = Blobs::default();
                let first = (n as usize / 50) % 7;
                model[..first].iter().for_each(|bytes| other.push(bytes));
                other.extend(model[first..].iter().map(Vec::as_slice));
                assert_eq!(other.len(), model.len());
                let [mut front, mut back] = [Blobs::default(), Blobs::default()];
                model[..first * 16].iter().for_each(|bytes| front.push(bytes));
                model[first * 16..].iter().for_each(|bytes| back.push(bytes));
                front.append(back);
                assert!((0..).zip(&model).all(|(row, bytes)| front.get(row) == bytes) && front.len() == model.len());
                for (row, bytes) in (0..).zip(&model) {
                    assert_eq!(blobs.get(row), bytes);
                    assert_eq!(other.get(row), bytes);
                }
            }
        }
    }
}
