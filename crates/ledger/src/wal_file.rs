//! Write-ahead files: `wal/<first position, 20 digits>.wal`, a header of 4 KiB and then frames.
//!
//! Header: magic `DBwl`, u16 format = 1, u16 zero, [16] ledger id, u64 file length, u64 first position, u64 first
//! position of its volume, [32] chain before, zeros, and in the last four bytes the CRC-32 of all before.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use uuid::Uuid;

use crate::Position;
use crate::bytes::{array_at, index, put, u16_at, u32_at, u64_at};
use crate::frame::{Chain, FrameHeader, chain_hash};

pub(crate) const WAL_HEADER: u64 = 4096;
const HEADER: usize = 4096;
const CRC_AT: usize = HEADER - 4;
const MAGIC: [u8; 4] = *b"DBwl";
const FORMAT: u16 = 1;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct WalHeader {
    pub(crate) length: u64,
    pub(crate) first: Position,
    /// The first position of the volume that all the file's records belong to.
    pub(crate) volume: Position,
    /// The chain as it was before the file's first frame.
    pub(crate) chain: Chain,
}

pub(crate) fn wal_dir(dir: &Path) -> PathBuf {
    dir.join("wal")
}

pub(crate) fn wal_path(dir: &Path, first: Position) -> PathBuf {
    wal_dir(dir).join(format!("{:020}.wal", first.get()))
}

impl WalHeader {
    pub(crate) fn write(&self, ledger: Uuid, file: &File) -> io::Result<()> {
        file.write_all_at(&self.encode(ledger), 0)
    }

    pub(crate) fn encode(&self, ledger: Uuid) -> [u8; HEADER] {
        let mut bytes = [0; HEADER];
        put(&mut bytes, 0, &MAGIC);
        put(&mut bytes, 4, &FORMAT.to_le_bytes());
        put(&mut bytes, 8, ledger.as_bytes());
        put(&mut bytes, 24, &self.length.to_le_bytes());
        put(&mut bytes, 32, &self.first.get().to_le_bytes());
        put(&mut bytes, 40, &self.volume.get().to_le_bytes());
        put(&mut bytes, 48, &self.chain);
        let crc = crc32fast::hash(&bytes[..CRC_AT]);
        put(&mut bytes, CRC_AT, &crc.to_le_bytes());
        bytes
    }

    pub(crate) fn parse(ledger: Uuid, bytes: &[u8]) -> Result<Self, &'static str> {
        let bytes = bytes.get(..HEADER).ok_or("it is shorter than its header")?;
        if bytes[..4] != MAGIC {
            return Err("it is not a write-ahead file");
        }
        if crc32fast::hash(&bytes[..CRC_AT]) != u32_at(bytes, CRC_AT) {
            return Err("its header's checksum is wrong");
        }
        if u16_at(bytes, 4) != FORMAT {
            return Err("its format is unknown; a newer daybook may read it");
        }
        if array_at(bytes, 8) != *ledger.as_bytes() {
            return Err("it belongs to another ledger");
        }
        Ok(Self {
            length: u64_at(bytes, 24),
            first: Position::new(u64_at(bytes, 32)).ok_or("its first position is 0")?,
            volume: Position::new(u64_at(bytes, 40)).ok_or("its volume is 0")?,
            chain: array_at(bytes, 48),
        })
    }
}

/// A place in the chain of frames.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ChainPoint {
    pub(crate) next: Position,
    pub(crate) chain: Chain,
    /// In bytes from the file's start.
    pub(crate) offset: u64,
}

/// Follows the chain through a file's bytes and stops at the first place that does not continue it: damage, a frame
/// that a crash tore, zeros, or what a recycled file held before (whose first position and chain are others).
pub(crate) fn follow_frames<E>(
    ledger: Uuid,
    bytes: &[u8],
    mut point: ChainPoint,
    mut on_frame: impl FnMut(ChainPoint, &FrameHeader, &[u8]) -> Result<(), E>,
) -> Result<ChainPoint, E> {
    loop {
        let rest = bytes.get(index(point.offset)..).unwrap_or_default();
        let Some(header) = FrameHeader::parse(ledger, rest) else { return Ok(point) };
        if header.first != point.next || header.chain != point.chain {
            return Ok(point);
        }
        let frame = &rest[..header.frame_len()];
        on_frame(point, &header, frame)?;
        point = ChainPoint {
            next: header.next(),
            chain: chain_hash(frame),
            offset: point.offset + header.frame_len() as u64,
        };
    }
}

/// The offset of a whole, undamaged frame at or after the end of the chain that holds records from `end.next` on. There
/// is none after a crash: a batch is synced before the next is written, and what a recycled file still holds is older.
pub(crate) fn frame_after(ledger: Uuid, bytes: &[u8], end: ChainPoint) -> Option<u64> {
    let magic = crate::frame::FRAME_MAGIC.to_le_bytes();
    let from = index(end.offset);
    let rest = bytes.get(from..)?;
    let mut at = 0;
    while let Some(found) = rest[at..].iter().position(|&byte| byte == magic[0]) {
        at += found;
        if rest[at..].starts_with(&magic)
            && FrameHeader::parse(ledger, &rest[at..]).is_some_and(|header| header.first >= end.next)
        {
            return Some((from + at) as u64);
        }
        at += 1;
    }
    None
}
