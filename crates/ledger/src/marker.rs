//! The file `durable`: how far the ledger has been acknowledged.
//!
//! Two slots, at 0 and 4096, hold the same mark; each append writes one after the other, after its sync and before its
//! acknowledgement, without syncing them; they are synced when appends pause. So a killed process leaves an exact mark,
//! and so does power loss in a pause; under load it leaves an older one: a lower bound. Damage to one slot is made good by
//! the other; if neither can be read, opening refuses. What remains is damage to the very last batch together with a mark
//! that power loss under load kept old: it looks like a torn end (see `cut.rs`).
//!
//! Slot: magic `DBmk`, u16 format = 1, u8 clean, u8 zero, u64 sequence, [16] ledger id, u64 last durable position,
//! u64 first position of the write-ahead file, u64 end offset in it, [32] chain, u64 epoch, u32 CRC-32.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use uuid::Uuid;

use crate::bytes::{array_at, put, u16_at, u32_at, u64_at};
use crate::frame::Chain;
use crate::idle_sync::IdleSync;
use crate::{OpenError, fsio};

const MAGIC: [u8; 4] = *b"DBmk";
const FORMAT: u16 = 1;
const SLOT: usize = 100;
const CRC_AT: usize = 96;
const SLOT_AT: [usize; 2] = [0, 4096];
const FILE_BYTES: u64 = 8192;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Mark {
    /// The last durable position, 0 for none.
    pub(crate) position: u64,
    /// The first position of the write-ahead file that holds it, 0 for none.
    pub(crate) wal: u64,
    /// Where its frame ends in that file, in bytes.
    pub(crate) offset: u64,
    pub(crate) chain: Chain,
    pub(crate) epoch: u64,
    /// The ledger was closed properly here: nothing may be missing *or added*.
    pub(crate) clean: bool,
}

impl Mark {
    pub(crate) const EMPTY: Self = Self { position: 0, wal: 0, offset: 0, chain: [0; 32], epoch: 0, clean: false };
}

#[derive(Debug)]
pub(crate) struct Marker {
    file: Arc<File>,
    ledger: Uuid,
    sequence: u64,
    /// None while nothing is appended.
    idle: Option<IdleSync>,
}

pub(crate) fn path(dir: &Path) -> PathBuf {
    dir.join("durable")
}

/// The newest readable mark and its sequence, without opening it for writing.
pub(crate) fn load(dir: &Path, ledger: Uuid) -> Result<(Mark, u64), OpenError> {
    let path = path(dir);
    let bytes = std::fs::read(&path).map_err(|error| OpenError::io(&path, error))?;
    SLOT_AT
        .iter()
        .filter_map(|&at| decode(bytes.get(at..)?, ledger))
        .max_by_key(|&(_, sequence)| sequence)
        .ok_or_else(|| OpenError::damaged(&path, "neither of its two marks can be read"))
}

impl Marker {
    pub(crate) fn create(dir: &Path, ledger: Uuid) -> io::Result<()> {
        let file = OpenOptions::new().write(true).create(true).truncate(true).open(path(dir))?;
        file.set_len(FILE_BYTES)?;
        let mut marker = Self { file: Arc::new(file), ledger, sequence: 0, idle: None };
        marker.write(&Mark::EMPTY)?;
        marker.file.sync_all()?;
        fsio::sync_dir(dir)
    }

    pub(crate) fn open(dir: &Path, ledger: Uuid, sequence: u64) -> io::Result<Self> {
        let file = OpenOptions::new().write(true).open(path(dir))?;
        Ok(Self { file: Arc::new(file), ledger, sequence, idle: None })
    }

    /// From now on the mark is synced whenever appends pause.
    pub(crate) fn sync_when_idle(&mut self) -> io::Result<()> {
        self.idle = Some(IdleSync::start(Arc::clone(&self.file))?);
        Ok(())
    }

    pub(crate) fn write(&mut self, mark: &Mark) -> io::Result<()> {
        self.sequence += 1;
        let slot = encode(mark, self.ledger, self.sequence);
        // In one write, with the zeros between them.
        let mut both = [0; SLOT_AT[1] + SLOT];
        SLOT_AT.iter().for_each(|&at| put(&mut both, at, &slot));
        self.file.write_all_at(&both, 0)?;
        self.idle.as_ref().map_or(Ok(()), IdleSync::written)
    }

    pub(crate) fn sync(&self) -> io::Result<()> {
        self.file.sync_data()
    }
}

fn encode(mark: &Mark, ledger: Uuid, sequence: u64) -> [u8; SLOT] {
    let mut slot = [0; SLOT];
    put(&mut slot, 0, &MAGIC);
    put(&mut slot, 4, &FORMAT.to_le_bytes());
    slot[6] = u8::from(mark.clean);
    put(&mut slot, 8, &sequence.to_le_bytes());
    put(&mut slot, 16, ledger.as_bytes());
    put(&mut slot, 32, &mark.position.to_le_bytes());
    put(&mut slot, 40, &mark.wal.to_le_bytes());
    put(&mut slot, 48, &mark.offset.to_le_bytes());
    put(&mut slot, 56, &mark.chain);
    put(&mut slot, 88, &mark.epoch.to_le_bytes());
    let crc = crc32fast::hash(&slot[..CRC_AT]);
    put(&mut slot, CRC_AT, &crc.to_le_bytes());
    slot
}

fn decode(bytes: &[u8], ledger: Uuid) -> Option<(Mark, u64)> {
    let slot = bytes.get(..SLOT)?;
    let right = slot[..4] == MAGIC
        && u16_at(slot, 4) == FORMAT
        && slot[6] <= 1
        && array_at(slot, 16) == *ledger.as_bytes()
        && crc32fast::hash(&slot[..CRC_AT]) == u32_at(slot, CRC_AT);
    right.then(|| {
        let mark = Mark {
            position: u64_at(slot, 32),
            wal: u64_at(slot, 40),
            offset: u64_at(slot, 48),
            chain: array_at(slot, 56),
            epoch: u64_at(slot, 88),
            clean: slot[6] == 1,
        };
        (mark, u64_at(slot, 8))
    })
}
