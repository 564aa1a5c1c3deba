//! A page: whole commits' records in a row, at most 64 KiB together, as they are kept in sled under their first position.
//!
//! | at | size | field |
//! |---|---|---|
//! | 0 | 4 | magic `DBpg` |
//! | 4 | 2 | format = 1 |
//! | 6 | 1 | compression = 0, none |
//! | 7 | 1 | zero |
//! | 8 | 16 | ledger id |
//! | 24 | 8 | first position |
//! | 32 | 4 | record count |
//! | 36 | 4 | payload length in bytes |
//! | 40 | 4 | CRC-32 over the 40 bytes above and the payload |
//! | 44 | | payload: the records |

use uuid::Uuid;

use crate::Position;
use crate::bytes::{array_at, index, len32, put, u16_at, u32_at, u64_at};
use crate::record::Record;

/// Header and payload together. Sled keeps up to 16 neighbours in one leaf, and puts what is larger than a quarter of
/// its segments (2 MiB of 8) into files that it never syncs.
pub(crate) const MAX_PAGE_BYTES: usize = 64 << 10;
pub(crate) const PAGE_HEADER: usize = 44;
const MAGIC: [u8; 4] = *b"DBpg";
const FORMAT: u16 = 1;
const CRC_AT: usize = 40;

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Page {
    pub(crate) first: Position,
    pub(crate) count: u32,
    pub(crate) bytes: Vec<u8>,
}

/// First position and record count of a page, and its hash as the manifest has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PageEntry {
    pub(crate) first: Position,
    pub(crate) count: u32,
    pub(crate) hash: [u8; 32],
}

impl Page {
    pub(crate) fn entry(&self) -> PageEntry {
        PageEntry { first: self.first, count: self.count, hash: *blake3::hash(&self.bytes).as_bytes() }
    }
}

/// Reads a page's header: first position and record count of a whole and undamaged page of this ledger.
pub(crate) fn parse_page(ledger: Uuid, bytes: &[u8]) -> Result<(Position, u32), &'static str> {
    if bytes.len() < PAGE_HEADER || bytes[..4] != MAGIC {
        return Err("it is not a page");
    }
    if page_crc(bytes) != u32_at(bytes, CRC_AT) {
        return Err("its checksum is wrong");
    }
    if u16_at(bytes, 4) != FORMAT || bytes[6] != 0 || bytes[7] != 0 {
        return Err("its format is unknown; a newer daybook may read it");
    }
    if array_at(bytes, 8) != *ledger.as_bytes() {
        return Err("it belongs to another ledger");
    }
    if index(u64::from(u32_at(bytes, 36))) != bytes.len() - PAGE_HEADER {
        return Err("its length is wrong");
    }
    Ok((Position::new(u64_at(bytes, 24)).ok_or("its first position is 0")?, u32_at(bytes, 32)))
}

fn page_crc(bytes: &[u8]) -> u32 {
    let mut crc = crc32fast::Hasher::new();
    crc.update(&bytes[..CRC_AT]);
    crc.update(&bytes[PAGE_HEADER..]);
    crc.finalize()
}

/// Fills in the header of a page, whose records are there already.
pub(crate) fn sealed(ledger: Uuid, first: Position, count: u32, mut bytes: Vec<u8>) -> Vec<u8> {
    put(&mut bytes, 0, &MAGIC);
    put(&mut bytes, 4, &FORMAT.to_le_bytes());
    put(&mut bytes, 8, ledger.as_bytes());
    put(&mut bytes, 24, &first.get().to_le_bytes());
    put(&mut bytes, 32, &count.to_le_bytes());
    let payload_len = len32(bytes.len() - PAGE_HEADER);
    put(&mut bytes, 36, &payload_len.to_le_bytes());
    let crc = page_crc(&bytes);
    put(&mut bytes, CRC_AT, &crc.to_le_bytes());
    bytes
}

/// Packs records into pages. The same records always make the same pages, wherever it was interrupted before.
#[derive(Debug)]
pub(crate) struct Packer {
    ledger: Uuid,
    next: Position,
    /// The page so far: room for its header, then whole commits.
    page: Vec<u8>,
    count: u32,
    /// The commit so far.
    commit: Vec<u8>,
    commit_count: u32,
}

impl Packer {
    pub(crate) fn new(ledger: Uuid, first: Position) -> Self {
        let page = vec![0; PAGE_HEADER];
        Self { ledger, next: first, page, count: 0, commit: Vec::new(), commit_count: 0 }
    }

    /// Takes in the next record; returns the page that became full before its commit.
    pub(crate) fn push(&mut self, record: &Record<'_>) -> Option<Page> {
        self.commit.extend_from_slice(record.bytes());
        self.commit_count += 1;
        if !record.ends_commit() {
            return None;
        }
        let full = self.page.len() + self.commit.len() > MAX_PAGE_BYTES;
        let page = if full { self.finish() } else { None };
        self.page.append(&mut self.commit);
        self.count += std::mem::take(&mut self.commit_count);
        page
    }

    /// The last page, if there is anything left for one.
    pub(crate) fn finish(&mut self) -> Option<Page> {
        if self.count == 0 {
            return None;
        }
        let bytes = std::mem::replace(&mut self.page, vec![0; PAGE_HEADER]);
        let count = std::mem::take(&mut self.count);
        let first = self.next;
        self.next = first.plus(u64::from(count));
        let bytes = sealed(self.ledger, first, count, bytes);
        Some(Page { first, count, bytes })
    }
}
