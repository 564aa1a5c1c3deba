//! One event as stored. These bytes are frozen: they are also the leaves of the Merkle tree.
//!
//! Little endian. A fixed part of 108 bytes, then the optional parts that the flags announce, the payload, and a CRC-32
//! over everything before it:
//!
//! | at | size | field | | at | size | field |
//! |---|---|---|---|---|---|---|
//! | 0 | 4 | length of the whole record in bytes | | 16 | 8 | position |
//! | 4 | 1 | format = 1 | | 24 | 4 | revision |
//! | 5 | 1 | flags | | 28 | 8 | position of the stream's event before, 0 = none |
//! | 6 | 2 | kind | | 36 | 16 | stream |
//! | 8 | 2 | kind's version | | 52 | 16 | command id |
//! | 10 | 2 | index in its commit | | 68 | 16 | command hash |
//! | 12 | 2 | records in its commit | | 84 | 16 | actor |
//! | 14 | 1 | actor's role | | 100 | 8 | recorded at, µs since the Unix epoch |
//! | 15 | 1 | zero | | 108 | | `occurred_at` i64, reason u16, causation u64, correlation 16 |

use std::num::NonZeroU16;

use thiserror::Error;
use uuid::Uuid;

use crate::bytes::{array_at, i64_at, len32, put, u16_at, u32_at, u64_at};
use crate::{MAX_COMMIT_BYTES, Position};

pub(crate) const FORMAT: u8 = 1;
pub(crate) const FIXED: usize = 108;
pub(crate) const CRC: usize = 4;
pub(crate) const MIN_RECORD_BYTES: usize = FIXED + CRC;

const ORIGIN_MASK: u8 = 0b11;
pub(crate) const HAS_OCCURRED: u8 = 1 << 2;
pub(crate) const HAS_REASON: u8 = 1 << 3;
pub(crate) const HAS_CAUSATION: u8 = 1 << 4;
pub(crate) const HAS_CORRELATION: u8 = 1 << 5;
const KNOWN_FLAGS: u8 = ORIGIN_MASK | HAS_OCCURRED | HAS_REASON | HAS_CAUSATION | HAS_CORRELATION;

/// How an event came to be recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    Live,
    Import,
    System,
}

impl Origin {
    const fn code(self) -> u8 {
        match self {
            Self::Live => 0,
            Self::Import => 1,
            Self::System => 2,
        }
    }

    const fn from_code(code: u8) -> Option<Self> {
        match code {
            0 => Some(Self::Live),
            1 => Some(Self::Import),
            2 => Some(Self::System),
            _ => None,
        }
    }
}

/// An event that has no place in the ledger yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordDraft {
    pub stream: Uuid,
    pub kind: u16,
    /// The kind's schema version.
    pub version: u16,
    pub command_id: Uuid,
    pub command_hash: [u8; 16],
    /// Pseudonymous id of who acted.
    pub actor: Uuid,
    pub role: u8,
    /// Microseconds since the Unix epoch, by the engine's clock.
    pub recorded_at: i64,
    /// Microseconds since the Unix epoch, when it happened in the world; takes no room when equal to `recorded_at`.
    pub occurred_at: Option<i64>,
    pub reason: Option<NonZeroU16>,
    /// The event that caused this one.
    pub causation: Option<Position>,
    pub correlation: Option<Uuid>,
    pub origin: Origin,
    pub payload: Vec<u8>,
}

/// Where a draft is put.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    pub(crate) position: Position,
    pub(crate) revision: u32,
    pub(crate) previous: Option<Position>,
    pub(crate) commit_index: u16,
    pub(crate) commit_count: u16,
}

impl RecordDraft {
    /// `None` when it only repeats `recorded_at`.
    fn distinct_occurred_at(&self) -> Option<i64> {
        self.occurred_at.filter(|&at| at != self.recorded_at)
    }

    /// The size in bytes that this draft will have as a record.
    #[must_use]
    pub fn record_bytes(&self) -> usize {
        MIN_RECORD_BYTES
            + self.distinct_occurred_at().map_or(0, |_| 8)
            + self.reason.map_or(0, |_| 2)
            + self.causation.map_or(0, |_| 8)
            + self.correlation.map_or(0, |_| 16)
            + self.payload.len()
    }

    /// Appends the canonical bytes to `out`. The caller has checked sizes and the place.
    pub(crate) fn encode(&self, place: &Place, out: &mut Vec<u8>) {
        let occurred_at = self.distinct_occurred_at();
        let length = self.record_bytes();
        let start = out.len();
        let flag = |present: bool, bit: u8| if present { bit } else { 0 };

        let mut fixed = [0; FIXED];
        put(&mut fixed, 0, &len32(length).to_le_bytes());
        fixed[4] = FORMAT;
        fixed[5] = self.origin.code()
            | flag(occurred_at.is_some(), HAS_OCCURRED)
            | flag(self.reason.is_some(), HAS_REASON)
            | flag(self.causation.is_some(), HAS_CAUSATION)
            | flag(self.correlation.is_some(), HAS_CORRELATION);
        put(&mut fixed, 6, &self.kind.to_le_bytes());
        put(&mut fixed, 8, &self.version.to_le_bytes());
        put(&mut fixed, 10, &place.commit_index.to_le_bytes());
        put(&mut fixed, 12, &place.commit_count.to_le_bytes());
        fixed[14] = self.role;
        put(&mut fixed, 16, &place.position.get().to_le_bytes());
        put(&mut fixed, 24, &place.revision.to_le_bytes());
        put(&mut fixed, 28, &place.previous.map_or(0, Position::get).to_le_bytes());
        put(&mut fixed, 36, self.stream.as_bytes());
        put(&mut fixed, 52, self.command_id.as_bytes());
        put(&mut fixed, 68, &self.command_hash);
        put(&mut fixed, 84, self.actor.as_bytes());
        put(&mut fixed, 100, &self.recorded_at.to_le_bytes());
        out.extend_from_slice(&fixed);
        if let Some(at) = occurred_at {
            out.extend_from_slice(&at.to_le_bytes());
        }
        if let Some(reason) = self.reason {
            out.extend_from_slice(&reason.get().to_le_bytes());
        }
        if let Some(cause) = self.causation {
            out.extend_from_slice(&cause.get().to_le_bytes());
        }
        if let Some(correlation) = self.correlation {
            out.extend_from_slice(correlation.as_bytes());
        }
        out.extend_from_slice(&self.payload);
        let crc = crc32fast::hash(&out[start..]);
        out.extend_from_slice(&crc.to_le_bytes());
        debug_assert_eq!(out.len() - start, length);
    }
}

/// Why bytes are not a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum RecordError {
    #[error("its length of {0} bytes is impossible here")]
    Length(usize),
    #[error("its checksum is wrong")]
    Checksum,
    #[error("its format {0} is unknown; a newer daybook may read it")]
    Format(u8),
    #[error("its {0} is not allowed")]
    Field(&'static str),
}

/// One event, borrowed from the bytes in which it was stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Record<'a> {
    bytes: &'a [u8],
    pub position: Position,
    pub stream: Uuid,
    /// The event's place in its stream, from 1.
    pub revision: u32,
    /// The stream's event before this one; `None` at revision 1.
    pub previous: Option<Position>,
    pub kind: u16,
    pub version: u16,
    pub commit_index: u16,
    pub commit_count: u16,
    pub command_id: Uuid,
    pub command_hash: [u8; 16],
    pub actor: Uuid,
    pub role: u8,
    /// Microseconds since the Unix epoch.
    pub recorded_at: i64,
    /// Microseconds since the Unix epoch; `recorded_at` unless it was given.
    pub occurred_at: i64,
    pub reason: Option<NonZeroU16>,
    pub causation: Option<Position>,
    pub correlation: Option<Uuid>,
    pub origin: Origin,
    pub payload: &'a [u8],
}

impl<'a> Record<'a> {
    /// Reads one record that fills `bytes`, checking everything that the format promises.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, RecordError> {
        if bytes.len() < MIN_RECORD_BYTES || u64::from(u32_at(bytes, 0)) != bytes.len() as u64 {
            return Err(RecordError::Length(bytes.len()));
        }
        if bytes.len() > MAX_COMMIT_BYTES {
            return Err(RecordError::Length(bytes.len()));
        }
        let body = bytes.len() - CRC;
        if crc32fast::hash(&bytes[..body]) != u32_at(bytes, body) {
            return Err(RecordError::Checksum);
        }
        Self::decode(bytes)
    }

    /// [`Record::parse`] without the checksum, for bytes that were parsed before.
    pub(crate) fn decode(bytes: &'a [u8]) -> Result<Self, RecordError> {
        let field = RecordError::Field;
        if bytes[4] != FORMAT {
            return Err(RecordError::Format(bytes[4]));
        }
        let flags = bytes[5];
        if flags & !KNOWN_FLAGS != 0 {
            return Err(field("flag byte"));
        }
        let origin = Origin::from_code(flags & ORIGIN_MASK).ok_or(field("origin"))?;
        if bytes[15] != 0 {
            return Err(field("reserved byte"));
        }
        let commit_index = u16_at(bytes, 10);
        let commit_count = u16_at(bytes, 12);
        if commit_index >= commit_count {
            return Err(field("commit boundary"));
        }
        let position = Position::new(u64_at(bytes, 16)).ok_or(field("position"))?;
        let revision = u32_at(bytes, 24);
        let previous = Position::new(u64_at(bytes, 28));
        if revision == 0 || (revision == 1) != previous.is_none() || previous >= Some(position) {
            return Err(field("place in its stream"));
        }
        let recorded_at = i64_at(bytes, 100);

        let body = bytes.len() - CRC;
        let mut at = FIXED;
        let mut optional = |bit: u8, size: usize| {
            if flags & bit == 0 {
                return Ok(None);
            }
            let found = at;
            at += size;
            if at > body { Err(RecordError::Length(bytes.len())) } else { Ok(Some(found)) }
        };
        let occurred_at = optional(HAS_OCCURRED, 8)?.map(|at| i64_at(bytes, at));
        let reason = optional(HAS_REASON, 2)?.map(|at| u16_at(bytes, at));
        let causation = optional(HAS_CAUSATION, 8)?.map(|at| u64_at(bytes, at));
        let correlation = optional(HAS_CORRELATION, 16)?.map(|at| Uuid::from_bytes(array_at(bytes, at)));
        if occurred_at == Some(recorded_at) {
            return Err(field("repeated time"));
        }
        let reason = match reason {
            Some(code) => Some(NonZeroU16::new(code).ok_or(field("reason"))?),
            None => None,
        };
        let causation = match causation {
            Some(cause) => Some(Position::new(cause).filter(|&cause| cause < position).ok_or(field("causation"))?),
            None => None,
        };
        Ok(Self {
            bytes,
            position,
            stream: Uuid::from_bytes(array_at(bytes, 36)),
            revision,
            previous,
            kind: u16_at(bytes, 6),
            version: u16_at(bytes, 8),
            commit_index,
            commit_count,
            command_id: Uuid::from_bytes(array_at(bytes, 52)),
            command_hash: array_at(bytes, 68),
            actor: Uuid::from_bytes(array_at(bytes, 84)),
            role: bytes[14],
            recorded_at,
            occurred_at: occurred_at.unwrap_or(recorded_at),
            reason,
            causation,
            correlation,
            origin,
            payload: &bytes[at..body],
        })
    }

    /// The canonical bytes, checksum included.
    #[must_use]
    pub const fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// Is it the last record of its commit?
    #[must_use]
    pub const fn ends_commit(&self) -> bool {
        self.commit_index + 1 == self.commit_count
    }

    #[must_use]
    pub fn to_owned(&self) -> OwnedRecord {
        OwnedRecord { bytes: self.bytes.into() }
    }
}

/// One event that owns its bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnedRecord {
    bytes: Box<[u8]>,
}

impl OwnedRecord {
    /// Takes over one record's canonical bytes, checking them as [`Record::parse`] does.
    pub fn parse(bytes: impl Into<Box<[u8]>>) -> Result<Self, RecordError> {
        let bytes = bytes.into();
        Record::parse(&bytes)?;
        Ok(Self { bytes })
    }

    #[must_use]
    pub fn record(&self) -> Record<'_> {
        Record::decode(&self.bytes).expect("parsed when it was made")
    }
}

/// The bytes of the record that starts at `bytes[0]`, or `None` if its length cannot be right.
pub(crate) fn first_record(bytes: &[u8]) -> Option<&[u8]> {
    if bytes.len() < MIN_RECORD_BYTES {
        return None;
    }
    let length = crate::bytes::index(u64::from(u32_at(bytes, 0)));
    if !(MIN_RECORD_BYTES..=MAX_COMMIT_BYTES).contains(&length) {
        return None;
    }
    bytes.get(..length)
}

/// The position field of a record that [`first_record`] found, without any check.
pub(crate) fn position_field(record: &[u8]) -> u64 {
    u64_at(record, 16)
}
