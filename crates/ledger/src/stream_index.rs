//! Stream → head, in memory: 28 bytes of entry and 5 to 12 of hash table for each stream.
//!
//! It is cut by the streams' first bytes, so that what is loaded at the start is put into one small part after the other,
//! which the processors' caches hold, and by several threads.

use std::hash::BuildHasher;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use hashbrown::{DefaultHashBuilder, HashTable};
use uuid::Uuid;

use crate::bytes::index;
use crate::heads::Heads;
use crate::threads::in_threads;
use crate::{Head, Position};

pub(crate) const SHARDS: usize = 256;
/// Entries lie in chunks that never move, so growing costs no copy and no slack of a doubled array.
const CHUNK: usize = 256;

/// Part of the index that a stream is in.
pub(crate) fn shard_of(stream: &[u8; 16]) -> usize {
    usize::from(stream[0])
}

/// Without padding: an alignment of 4 keeps it at 28 bytes.
#[derive(Clone, Copy, Debug)]
struct Entry {
    stream: [u8; 16],
    position_low: u32,
    position_high: u32,
    revision: u32,
}

impl Entry {
    #[expect(clippy::cast_possible_truncation, reason = "the two halves of 64 bits")]
    fn new(stream: Uuid, head: Head) -> Self {
        let position = head.position.get();
        Self {
            stream: stream.into_bytes(),
            position_low: position as u32,
            position_high: (position >> 32) as u32,
            revision: head.revision,
        }
    }

    fn head(&self) -> Head {
        let position = u64::from(self.position_high) << 32 | u64::from(self.position_low);
        Head { position: Position::new(position).expect("made from a position"), revision: self.revision }
    }
}

#[derive(Debug)]
pub(crate) struct StreamIndex {
    /// Randomly seeded: clients choose some of what stream ids are derived from.
    hasher: DefaultHashBuilder,
    shards: Vec<Shard>,
    len: usize,
}

#[derive(Clone, Debug, Default)]
struct Shard {
    table: HashTable<u32>,
    chunks: Vec<Vec<Entry>>,
}

impl Default for StreamIndex {
    fn default() -> Self {
        Self { hasher: DefaultHashBuilder::default(), shards: vec![Shard::default(); SHARDS], len: 0 }
    }
}

impl StreamIndex {
    /// Takes in what volumes hold, in their order, which come after those before.
    pub(crate) fn take_in(&mut self, volumes: &[Heads]) {
        let hasher = &self.hasher;
        let shards = Mutex::new(self.shards.iter_mut().enumerate());
        // Ids are hashes, so that each part gets about as many streams as another: a table that is made as large as the fullest
        // was so far need not grow.
        let fullest = AtomicUsize::new(0);
        in_threads(|| {
            loop {
                let next = shards.lock().unwrap_or_else(PoisonError::into_inner).next();
                let Some((number, shard)) = next else { return };
                let most = volumes.iter().map(|heads| heads.shard(number).len()).sum::<usize>();
                shard.reserve(hasher, fullest.load(Ordering::Relaxed).min(most));
                for heads in volumes {
                    heads.shard(number).for_each(|(stream, head)| _ = shard.set(hasher, stream, head));
                }
                fullest.fetch_max(shard.table.len(), Ordering::Relaxed);
            }
        });
        self.len = self.shards.iter().map(|shard| shard.table.len()).sum();
    }

    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// The memory held, in bytes.
    pub(crate) fn bytes(&self) -> usize {
        self.shards.iter().map(Shard::bytes).sum()
    }

    pub(crate) fn head(&self, stream: Uuid) -> Option<Head> {
        self.shards[shard_of(stream.as_bytes())].head(&self.hasher, stream)
    }

    pub(crate) fn set(&mut self, stream: Uuid, head: Head) {
        let is_new = self.shards[shard_of(stream.as_bytes())].set(&self.hasher, stream, head);
        self.len += usize::from(is_new);
    }

    /// Takes in the record's place in its stream, or says why it does not continue it.
    pub(crate) fn advance(&mut self, record: &crate::Record<'_>) -> Result<(), String> {
        let before = self.head(record.stream);
        let fits = match before {
            None => record.revision == 1,
            Some(head) => record.previous == Some(head.position) && record.revision == head.revision + 1,
        };
        if !fits {
            return Err(format!(
                "the record at position {} does not continue its stream {}",
                record.position, record.stream
            ));
        }
        self.set(record.stream, Head { position: record.position, revision: record.revision });
        Ok(())
    }
}

impl Shard {
    fn bytes(&self) -> usize {
        self.table.allocation_size() + self.chunks.len() * (CHUNK * size_of::<Entry>() + size_of::<Vec<Entry>>())
    }

    fn head(&self, hasher: &DefaultHashBuilder, stream: Uuid) -> Option<Head> {
        let hash = hasher.hash_one(stream.as_bytes());
        let slot = self.table.find(hash, |&slot| entry(&self.chunks, slot).stream == *stream.as_bytes())?;
        Some(entry(&self.chunks, *slot).head())
    }

    /// Room for so many streams in all.
    fn reserve(&mut self, hasher: &DefaultHashBuilder, streams: usize) {
        let chunks = &self.chunks;
        let more = streams.saturating_sub(self.table.len());
        self.table.reserve(more, |&slot| hasher.hash_one(entry(chunks, slot).stream));
    }

    /// Whether the stream is new.
    fn set(&mut self, hasher: &DefaultHashBuilder, stream: Uuid, head: Head) -> bool {
        let new = Entry::new(stream, head);
        let hash = hasher.hash_one(stream.as_bytes());
        let found = self.table.find(hash, |&slot| entry(&self.chunks, slot).stream == new.stream).copied();
        if let Some(slot) = found {
            let slot = index(u64::from(slot));
            self.chunks[slot / CHUNK][slot % CHUNK] = new;
            return false;
        }
        let slot = u32::try_from(self.table.len()).expect("more streams than memory could hold");
        if self.table.len().is_multiple_of(CHUNK) {
            self.chunks.push(Vec::with_capacity(CHUNK));
        }
        self.chunks.last_mut().expect("pushed above").push(new);
        let chunks = &self.chunks;
        self.table.insert_unique(hash, slot, |&slot| hasher.hash_one(entry(chunks, slot).stream));
        true
    }
}

fn entry(chunks: &[Vec<Entry>], slot: u32) -> &Entry {
    let slot = index(u64::from(slot));
    &chunks[slot / CHUNK][slot % CHUNK]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_million_streams_take_at_most_48_bytes_each() {
        let mut streams = StreamIndex::default();
        let id = |n: u64| Uuid::from_u128(u128::from(n) * 0x9E37_79B9_7F4A_7C15_F39C);
        for n in 1..=1_000_000 {
            streams.set(id(n), Head { position: Position::new(n).unwrap(), revision: 1 });
        }
        let each = streams.bytes() / streams.len();
        println!("{each} bytes a stream at {} streams", streams.len());
        assert!(each <= 48, "{each} bytes a stream");
        assert_eq!(streams.len(), 1_000_000);
        streams.set(id(7), Head { position: Position::new(1 << 40).unwrap(), revision: 2 });
        assert_eq!(streams.head(id(7)).unwrap().position.get(), 1 << 40);
        assert_eq!(streams.head(id(8)).unwrap().position.get(), 8);
        assert_eq!(streams.head(id(0)), None);
        assert_eq!(streams.len(), 1_000_000);
    }
}
