//! Some records in a row, as read together.

use std::borrow::Cow;

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
    /// least one record, no more once `max_bytes` are reached.
    pub(crate) fn from_frames(bytes: Vec<u8>, from: Position, max_bytes: usize) -> Result<Self, String> {
        let mut chunk = Self { bytes, starts: Vec::new(), first: from.get() };
        let mut at = 0;
        let mut size = 0;
        while chunk.is_empty() || size < max_bytes {
            let rest = &chunk.bytes[at..];
            if is_frame_header(rest) {
                at += FRAME_HEADER;
                continue;
            }
            let length = match first_record(rest) {
                Some(record) if chunk.is_empty() && position_field(record) < from.get() => record.len(),
                Some(_) => {
                    let length = chunk.take(at)?;
                    size += length;
                    length
                }
                // The read may have ended within a record, but not before the first was whole.
                None if chunk.is_empty() => return Err(format!("there is no record at position {from}")),
                None => break,
            };
            at += length;
        }
        Ok(chunk)
    }

    /// Makes a chunk of a page's records, of which those before `from` are left out.
    pub(crate) fn from_page(records: Cow<'_, [u8]>, from: Position, max_bytes: usize) -> Result<Self, String> {
        let mut at = 0;
        while let Some(record) = first_record(&records[at..]).filter(|record| position_field(record) < from.get()) {
            at += record.len();
        }
        let until = at.saturating_add(max_bytes);
        let mut chunk = Self { bytes: records.into_owned(), starts: Vec::new(), first: from.get() };
        while at < chunk.bytes.len() && (chunk.is_empty() || at < until) {
            at += chunk.take(at)?;
        }
        if chunk.is_empty() { Err(format!("there is no record at position {from}")) } else { Ok(chunk) }
    }

    /// Checks the record that starts at `at` and takes it in as the next; returns its length.
    fn take(&mut self, at: usize) -> Result<usize, String> {
        let next = self.first + self.starts.len() as u64;
        let bytes = first_record(&self.bytes[at..]).ok_or_else(|| format!("there is no record at position {next}"))?;
        let record =
            Record::parse(bytes).map_err(|error| format!("the record at position {next} is damaged: {error}"))?;
        if record.position.get() != next {
            return Err(format!("position {} stands where {next} should be", record.position));
        }
        let length = bytes.len();
        self.starts.push(len32(at));
        Ok(length)
    }
}

fn is_frame_header(bytes: &[u8]) -> bool {
    const { assert!(FRAME_MAGIC as usize > MAX_BATCH_BYTES) };
    bytes.len() >= FRAME_HEADER && bytes.starts_with(&FRAME_MAGIC.to_le_bytes())
}
