//! Some records in a row, as read together.

use crate::bytes::{index, len32};
use crate::frame::{FRAME_HEADER, FRAME_MAGIC};
use crate::record::{Record, first_record, position_field};
use crate::{MAX_BATCH_BYTES, Position};

/// Whole records at gapless positions, checked when they were read.
#[derive(Debug, Default)]
pub struct Chunk {
    bytes: Vec<u8>,
    /// Where in `bytes` each record starts.
    starts: Vec<u32>,
    first: u64,
}

impl Chunk {
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.starts.is_empty()
    }

    /// Records in it.
    #[must_use]
    pub fn len(&self) -> usize {
        self.starts.len()
    }

    /// The position after the last record: where to read on. `None` if the chunk is empty.
    #[must_use]
    pub fn next(&self) -> Option<Position> {
        Position::new(self.first).filter(|_| !self.is_empty()).map(|first| first.plus(self.starts.len() as u64))
    }

    /// The records, in order of position.
    pub fn records(&self) -> impl ExactSizeIterator<Item = Record<'_>> {
        self.starts.iter().map(|&start| {
            let bytes = first_record(&self.bytes[index(u64::from(start))..]).expect("checked when it was read");
            Record::decode(bytes).expect("checked when it was read")
        })
    }

    /// Makes a chunk of what stands in `bytes`, records and frame headers between them: from position `from` on, at
    /// least one record, no more once `max_bytes` are reached, nothing beyond `last`.
    pub(crate) fn from_frames(bytes: Vec<u8>, from: Position, last: u64, max_bytes: usize) -> Result<Self, String> {
        let mut starts = Vec::new();
        let mut at = 0;
        let mut next = from.get();
        let mut size = 0;
        while next <= last && (starts.is_empty() || size < max_bytes) {
            let rest = &bytes[at..];
            if is_frame_header(rest) {
                at += FRAME_HEADER;
                continue;
            }
            let Some(record) = first_record(rest) else {
                // The read may have ended within a record, but not before the first was whole.
                if starts.is_empty() {
                    return Err(format!("no record at position {next} where it should be"));
                }
                break;
            };
            if !starts.is_empty() || position_field(record) >= from.get() {
                let parsed = Record::parse(record)
                    .map_err(|error| format!("the record at position {next} is damaged: {error}"))?;
                if parsed.position.get() != next {
                    return Err(format!("position {} stands where {next} should be", parsed.position));
                }
                starts.push(len32(at));
                size += record.len();
                next += 1;
            }
            at += record.len();
        }
        Ok(Self { bytes, starts, first: from.get() })
    }

    /// Makes a chunk of a page that was checked: `skip` bytes of header, then records of which those before `from` are
    /// left out.
    pub(crate) fn from_page(page: &[u8], header: usize, from: Position) -> Result<Self, String> {
        let bytes = page[header..].to_vec();
        let mut chunk = Self::from_frames(bytes, from, u64::MAX, usize::MAX)?;
        chunk.first = from.get();
        Ok(chunk)
    }
}

fn is_frame_header(bytes: &[u8]) -> bool {
    const { assert!(FRAME_MAGIC as usize > MAX_BATCH_BYTES) };
    bytes.len() >= FRAME_HEADER && bytes.starts_with(&FRAME_MAGIC.to_le_bytes())
}
