//! One batch as it stands in a write-ahead file.
//!
//! | at | size | field |
//! |---|---|---|
//! | 0 | 4 | magic `DBfr` |
//! | 4 | 2 | format = 1 |
//! | 6 | 2 | flags = 0 |
//! | 8 | 4 | payload length in bytes |
//! | 12 | 4 | record count |
//! | 16 | 8 | first position |
//! | 24 | 8 | writer epoch |
//! | 32 | 16 | ledger id |
//! | 48 | 32 | chain: BLAKE3 of the whole frame before (zeros before the first) |
//! | 80 | 4 | CRC-32 over the 80 bytes above and the payload |
//! | 84 | | payload: the records |

use uuid::Uuid;

use crate::bytes::{array_at, index, put, u16_at, u32_at, u64_at};
use crate::{MAX_BATCH_BYTES, Position};

/// Larger than any record's length, so that the two cannot be confused where a reader meets either.
pub(crate) const FRAME_MAGIC: u32 = u32::from_le_bytes(*b"DBfr");
pub(crate) const FRAME_HEADER: usize = 84;
const FORMAT: u16 = 1;
const CRC_AT: usize = 80;

/// BLAKE3 of a frame; zeros stand before the first.
pub(crate) type Chain = [u8; 32];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FrameHeader {
    pub(crate) payload_len: u32,
    pub(crate) count: u32,
    pub(crate) first: Position,
    pub(crate) epoch: u64,
    pub(crate) chain: Chain,
}

/// Fields of a header that nothing vouches for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Unchecked {
    pub(crate) payload_len: u32,
    pub(crate) count: u32,
    pub(crate) first: u64,
    pub(crate) chain: Chain,
}

impl FrameHeader {
    pub(crate) fn frame_len(&self) -> usize {
        FRAME_HEADER + index(u64::from(self.payload_len))
    }

    /// The position after the frame's last record.
    pub(crate) fn next(&self) -> Position {
        self.first.plus(u64::from(self.count))
    }

    /// Fills in the header of `frame`, whose payload is there already.
    pub(crate) fn seal(&self, ledger: Uuid, frame: &mut [u8]) {
        debug_assert_eq!(frame.len(), self.frame_len());
        put(frame, 0, &FRAME_MAGIC.to_le_bytes());
        put(frame, 4, &FORMAT.to_le_bytes());
        put(frame, 6, &[0; 2]);
        put(frame, 8, &self.payload_len.to_le_bytes());
        put(frame, 12, &self.count.to_le_bytes());
        put(frame, 16, &self.first.get().to_le_bytes());
        put(frame, 24, &self.epoch.to_le_bytes());
        put(frame, 32, ledger.as_bytes());
        put(frame, 48, &self.chain);
        let crc = frame_crc(frame);
        put(frame, CRC_AT, &crc.to_le_bytes());
    }

    /// What the bytes say where a frame should start, whatever has become of them.
    pub(crate) fn read_unchecked(ledger: Uuid, bytes: &[u8]) -> Option<Unchecked> {
        let bytes = bytes.get(..FRAME_HEADER)?;
        let of_ours = u32_at(bytes, 0) == FRAME_MAGIC || array_at(bytes, 32) == *ledger.as_bytes();
        of_ours.then(|| Unchecked {
            payload_len: u32_at(bytes, 8),
            count: u32_at(bytes, 12),
            first: u64_at(bytes, 16),
            chain: array_at(bytes, 48),
        })
    }

    /// The header of the frame that starts at `bytes[0]`, if a whole and undamaged frame of this ledger does.
    pub(crate) fn parse(ledger: Uuid, bytes: &[u8]) -> Option<Self> {
        if bytes.len() < FRAME_HEADER || u32_at(bytes, 0) != FRAME_MAGIC {
            return None;
        }
        if u16_at(bytes, 4) != FORMAT || u16_at(bytes, 6) != 0 || array_at(bytes, 32) != *ledger.as_bytes() {
            return None;
        }
        let header = Self {
            payload_len: u32_at(bytes, 8),
            count: u32_at(bytes, 12),
            first: Position::new(u64_at(bytes, 16))?,
            epoch: u64_at(bytes, 24),
            chain: array_at(bytes, 48),
        };
        if header.count == 0 || header.frame_len() > MAX_BATCH_BYTES {
            return None;
        }
        let frame = bytes.get(..header.frame_len())?;
        (frame_crc(frame) == u32_at(frame, CRC_AT)).then_some(header)
    }
}

fn frame_crc(frame: &[u8]) -> u32 {
    let mut crc = crc32fast::Hasher::new();
    crc.update(&frame[..CRC_AT]);
    crc.update(&frame[FRAME_HEADER..]);
    crc.finalize()
}

pub(crate) fn chain_hash(frame: &[u8]) -> Chain {
    *blake3::hash(frame).as_bytes()
}
