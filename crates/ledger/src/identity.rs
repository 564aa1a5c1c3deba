//! The file `ledger`: which ledger this folder holds, and how often it was opened.
//!
//! magic `DBlg`, u16 format = 1, u16 zero, [16] ledger id, u64 writer epoch, u32 CRC-32 of what is before it.

use std::io;
use std::path::{Path, PathBuf};

use uuid::Uuid;

use crate::bytes::{array_at, put, u16_at, u32_at, u64_at};
use crate::{OpenError, fsio};

const MAGIC: [u8; 4] = *b"DBlg";
const FORMAT: u16 = 1;
const BYTES: usize = 36;
const CRC_AT: usize = 32;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Identity {
    pub(crate) ledger: Uuid,
    pub(crate) epoch: u64,
}

pub(crate) fn path(dir: &Path) -> PathBuf {
    dir.join("ledger")
}

impl Identity {
    pub(crate) fn store(&self, dir: &Path) -> io::Result<()> {
        let mut bytes = [0; BYTES];
        put(&mut bytes, 0, &MAGIC);
        put(&mut bytes, 4, &FORMAT.to_le_bytes());
        put(&mut bytes, 8, self.ledger.as_bytes());
        put(&mut bytes, 24, &self.epoch.to_le_bytes());
        let crc = crc32fast::hash(&bytes[..CRC_AT]);
        put(&mut bytes, CRC_AT, &crc.to_le_bytes());
        fsio::replace(&path(dir), &bytes)
    }

    pub(crate) fn load(dir: &Path) -> Result<Self, OpenError> {
        let path = path(dir);
        let bytes = match std::fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(OpenError::NoLedger { dir: dir.into() });
            }
            Err(error) => return Err(OpenError::io(&path, error)),
        };
        if bytes.len() < 6 || bytes[..4] != MAGIC {
            return Err(OpenError::damaged(&path, "it is not a ledger file"));
        }
        let format = u16_at(&bytes, 4);
        if bytes.len() != BYTES || crc32fast::hash(&bytes[..CRC_AT]) != u32_at(&bytes, CRC_AT) {
            return Err(OpenError::damaged(&path, "its checksum is wrong"));
        }
        if format != FORMAT {
            return Err(OpenError::NewerFormat { file: path, format });
        }
        Ok(Self { ledger: Uuid::from_bytes(array_at(&bytes, 8)), epoch: u64_at(&bytes, 24) })
    }
}
