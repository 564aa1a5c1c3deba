//! A page: whole commits' records in a row, about 16 KiB together, as they are kept in sled.
//!
//! | at | size | field |
//! |---|---|---|
//! | 0 | 4 | magic `DBpg` |
//! | 4 | 2 | format = 1 |
//! | 6 | 1 | compression: 0 none, 1 as `columns.rs` has it |
//! | 7 | 1 | zero |
//! | 8 | 16 | ledger id |
//! | 24 | 8 | first position |
//! | 32 | 4 | record count |
//! | 36 | 4 | payload length in bytes |
//! | 40 | 4 | CRC-32 over the 40 bytes above and the payload |
//! | 44 | | payload: the records, or what they were packed into |

use std::borrow::Cow;

use uuid::Uuid;

use crate::Position;
use crate::bytes::{array_at, index, len32, put, u16_at, u32_at, u64_at};
use crate::columns::{pack, unpack};
use crate::record::Record;

/// Header and records together; no page is larger.
pub(crate) const MAX_PAGE_BYTES: usize = 64 << 10;
/// Records of several commits are not more: who wants one record unpacks no more than this. A commit alone may be larger.
const PAGE_TARGET: usize = 16 << 10;
pub(crate) const PAGE_HEADER: usize = 44;
const MAGIC: [u8; 4] = *b"DBpg";
const FORMAT: u16 = 1;
const CRC_AT: usize = 40;

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Page {
    pub(crate) first: Position,
    pub(crate) count: u32,
    pub(crate) records: Vec<u8>,
}

/// First position and record count of a page, and its hash as the manifest has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PageEntry {
    pub(crate) first: Position,
    pub(crate) count: u32,
    pub(crate) hash: [u8; 32],
}

impl Page {
    /// As it is kept: packed, where that makes it smaller.
    pub(crate) fn encode(&self, ledger: Uuid) -> Vec<u8> {
        let packed = pack(self.first, &self.records).filter(|packed| packed.len() < self.records.len());
        let (compression, payload) = packed.as_ref().map_or((0, &self.records), |packed| (1, packed));
        let mut bytes = Vec::with_capacity(PAGE_HEADER + payload.len());
        bytes.resize(PAGE_HEADER, 0);
        bytes.extend_from_slice(payload);
        put(&mut bytes, 0, &MAGIC);
        put(&mut bytes, 4, &FORMAT.to_le_bytes());
        bytes[6] = compression;
        put(&mut bytes, 8, ledger.as_bytes());
        put(&mut bytes, 24, &self.first.get().to_le_bytes());
        put(&mut bytes, 32, &self.count.to_le_bytes());
        put(&mut bytes, 36, &len32(payload.len()).to_le_bytes());
        let crc = page_crc(&bytes);
        put(&mut bytes, CRC_AT, &crc.to_le_bytes());
        bytes
    }

    /// What it holds.
    pub(crate) fn content(&self) -> Content {
        Content { first: self.first, count: self.count, records: *blake3::hash(&self.records).as_bytes() }
    }
}

/// What a page holds, however it is packed: another release may make other bytes of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Content {
    pub(crate) first: Position,
    count: u32,
    /// BLAKE3 of the records.
    records: [u8; 32],
}

impl Content {
    /// Of the bytes of a whole and undamaged page.
    pub(crate) fn parse(ledger: Uuid, bytes: &[u8]) -> Result<Self, &'static str> {
        let (first, count) = parse_page(ledger, bytes)?;
        Ok(Self { first, count, records: *blake3::hash(&page_records(bytes)?).as_bytes() })
    }
}

impl PageEntry {
    pub(crate) fn new(first: Position, count: u32, bytes: &[u8]) -> Self {
        Self { first, count, hash: *blake3::hash(bytes).as_bytes() }
    }
}

const UNKNOWN_FORMAT: &str = "its format is unknown; a newer daybook may read it";

/// The records of a page that was parsed: borrowed as they stand in it, or unpacked, and then with checksums made anew.
pub(crate) fn page_records(bytes: &[u8]) -> Result<Cow<'_, [u8]>, &'static str> {
    let payload = &bytes[PAGE_HEADER..];
    match bytes[6] {
        0 => Ok(Cow::Borrowed(payload)),
        1 => {
            let first = Position::new(u64_at(bytes, 24)).ok_or("its first position is 0")?;
            unpack(payload, first, u32_at(bytes, 32)).map(Cow::Owned)
        }
        _ => Err(UNKNOWN_FORMAT),
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
    if u16_at(bytes, 4) != FORMAT || bytes[6] > 1 || bytes[7] != 0 {
        return Err(UNKNOWN_FORMAT);
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

/// Packs records into pages. The same records always make the same pages, wherever it was interrupted before.
#[derive(Debug)]
pub(crate) struct Packer {
    next: Position,
    /// The page so far: whole commits.
    page: Vec<u8>,
    count: u32,
    /// The commit so far.
    commit: Vec<u8>,
    commit_count: u32,
}

impl Packer {
    pub(crate) fn new(first: Position) -> Self {
        Self { next: first, page: Vec::new(), count: 0, commit: Vec::new(), commit_count: 0 }
    }

    /// Takes in the next record; returns the page that became full before its commit.
    pub(crate) fn push(&mut self, record: &Record<'_>) -> Option<Page> {
        self.commit.extend_from_slice(record.bytes());
        self.commit_count += 1;
        if !record.ends_commit() {
            return None;
        }
        let full = PAGE_HEADER + self.page.len() + self.commit.len() > PAGE_TARGET;
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
        let records = std::mem::take(&mut self.page);
        let count = std::mem::take(&mut self.count);
        let first = self.next;
        self.next = first.plus(u64::from(count));
        Some(Page { first, count, records })
    }
}
