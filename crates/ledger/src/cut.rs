//! An incomplete batch at the very end: what a crash tore, or what was acknowledged and then damaged.
//!
//! The bytes cannot tell the two apart. The mark can: after the death of the process it is exact, and after power loss it
//! is as old as its last sync. So a batch is cut off that was acknowledged and then damaged only if it is the very last,
//! and the power failed before the mark was synced after it; and then it is said which positions are gone.

use std::fmt;
use std::path::{Path, PathBuf};

use uuid::Uuid;

use crate::bytes::index;
use crate::frame::{FRAME_HEADER, FrameHeader};
use crate::wal_file::ChainPoint;
use crate::{MAX_BATCH_BYTES, Position};

/// The incomplete batch that opening cut off the end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cut {
    pub file: PathBuf,
    /// Where it began in the file, in bytes.
    pub offset: u64,
    /// The first position that it would have had.
    pub first: Position,
    /// How many records it said it had; none if that is damaged too.
    pub records: Option<u32>,
}

impl fmt::Display for Cut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file, offset, first, records } = self;
        match records {
            Some(1) => write!(f, "a batch of 1 record (position {first})")?,
            Some(count) => write!(f, "a batch of {count} records (positions {first} to {})", last(*first, *count))?,
            None => write!(f, "a batch of some records (from position {first} on)")?,
        }
        write!(f, " at byte {offset} of {} is incomplete", file.display())
    }
}

fn last(first: Position, count: u32) -> u64 {
    first.get() + u64::from(count) - 1
}

/// What stands at the end of the chain, if it was meant to continue it. What a recycled file held before was not, and a
/// batch of which not even the header's place in the chain is left cannot be told from that.
pub(crate) fn find(ledger: Uuid, path: &Path, bytes: &[u8], end: ChainPoint) -> Option<Cut> {
    let rest = bytes.get(index(end.offset)..)?;
    let header = FrameHeader::read_unchecked(ledger, rest)?;
    if header.first != end.next.get() && header.chain != end.chain {
        return None;
    }
    let fits = FRAME_HEADER as u64 + u64::from(header.payload_len) <= MAX_BATCH_BYTES as u64;
    let records = (header.first == end.next.get() && header.count > 0 && fits).then_some(header.count);
    Some(Cut { file: path.into(), offset: end.offset, first: end.next, records })
}
