//! A sealed volume's file `heads`: the last event in the volume of each stream that the volume touches.
//!
//! magic `DBhd`, u16 format = 1, u16 zero, [16] ledger id, u64 first position of the volume, u32 count, then for each
//! stream in order of id [16] stream, u64 position, u32 revision, and at the end the CRC-32 of all before.

use uuid::Uuid;

use crate::bytes::{array_at, index, len32, u16_at, u32_at, u64_at};
use crate::stream_index::{SHARDS, shard_of};
use crate::{Head, Position};

const MAGIC: [u8; 4] = *b"DBhd";
const FORMAT: u16 = 1;
const HEADER: usize = 36;
const ENTRY: usize = 28;

/// Of the places of records in their streams, in any order, each stream's last; in order of stream.
pub(crate) fn last_of_each(mut places: Vec<(Uuid, Head)>) -> Vec<(Uuid, Head)> {
    places.sort_unstable_by_key(|(stream, head)| (*stream, std::cmp::Reverse(head.position)));
    places.dedup_by_key(|(stream, _)| *stream);
    places
}

pub(crate) fn encode(ledger: Uuid, volume: Position, heads: &[(Uuid, Head)]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(HEADER + heads.len() * ENTRY + 4);
    bytes.extend_from_slice(&MAGIC);
    bytes.extend_from_slice(&FORMAT.to_le_bytes());
    bytes.extend_from_slice(&[0; 2]);
    bytes.extend_from_slice(ledger.as_bytes());
    bytes.extend_from_slice(&volume.get().to_le_bytes());
    bytes.extend_from_slice(&len32(heads.len()).to_le_bytes());
    for (stream, head) in heads {
        bytes.extend_from_slice(stream.as_bytes());
        bytes.extend_from_slice(&head.position.get().to_le_bytes());
        bytes.extend_from_slice(&head.revision.to_le_bytes());
    }
    let crc = crc32fast::hash(&bytes);
    bytes.extend_from_slice(&crc.to_le_bytes());
    bytes
}

/// A file of heads that was checked.
#[derive(Debug)]
pub(crate) struct Heads {
    bytes: Vec<u8>,
    /// How many entries come before each part of the stream index, and all of them.
    bounds: Vec<u32>,
}

impl Heads {
    pub(crate) fn parse(ledger: Uuid, volume: Position, bytes: Vec<u8>) -> Result<Self, &'static str> {
        if bytes.len() < HEADER + 4 || bytes[..4] != MAGIC {
            return Err("it is not a file of heads");
        }
        let body = bytes.len() - 4;
        if crc32fast::hash(&bytes[..body]) != u32_at(&bytes, body) {
            return Err("its checksum is wrong");
        }
        if u16_at(&bytes, 4) != FORMAT {
            return Err("its format is unknown; a newer daybook may read it");
        }
        if array_at(&bytes, 8) != *ledger.as_bytes() || u64_at(&bytes, 24) != volume.get() {
            return Err("it belongs to another volume");
        }
        let count = u32_at(&bytes, 32);
        if (body - HEADER) != index(u64::from(count)) * ENTRY {
            return Err("its length is wrong");
        }
        let mut bounds = Vec::with_capacity(SHARDS + 1);
        let mut before: Option<[u8; 16]> = None;
        for (number, entry) in (0..).zip(bytes[HEADER..body].chunks_exact(ENTRY)) {
            let stream = array_at(entry, 0);
            if before.is_some_and(|before| before >= stream) {
                return Err("its streams are not in order");
            }
            if u64_at(entry, 16) == 0 {
                return Err("it has a position 0");
            }
            bounds.resize(bounds.len().max(shard_of(&stream) + 1), number);
            before = Some(stream);
        }
        bounds.resize(SHARDS + 1, count);
        Ok(Self { bytes, bounds })
    }

    /// All entries, in order of stream.
    pub(crate) fn all(&self) -> impl Iterator<Item = (Uuid, Head)> {
        self.entries(0, self.bounds[SHARDS])
    }

    /// Those of one part of the stream index.
    pub(crate) fn shard(&self, number: usize) -> impl ExactSizeIterator<Item = (Uuid, Head)> {
        self.entries(self.bounds[number], self.bounds[number + 1])
    }

    fn entries(&self, from: u32, to: u32) -> impl ExactSizeIterator<Item = (Uuid, Head)> {
        let at = |number: u32| HEADER + index(u64::from(number)) * ENTRY;
        self.bytes[at(from)..at(to)].chunks_exact(ENTRY).map(|entry| {
            let position = Position::new(u64_at(entry, 16)).expect("checked when it was read");
            (Uuid::from_bytes(array_at(entry, 0)), Head { position, revision: u32_at(entry, 24) })
        })
    }
}
