//! One process at a time.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::Read;
use std::os::unix::fs::FileExt;
use std::path::Path;

use crate::OpenError;

/// Holds the data folder until it is dropped.
#[derive(Debug)]
pub(crate) struct DirLock {
    _file: File,
}

impl DirLock {
    pub(crate) fn take(dir: &Path) -> Result<Self, OpenError> {
        let path = dir.join("lock");
        let io = |error| OpenError::io(&path, error);
        let mut file =
            OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path).map_err(io)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut owner = String::new();
                // Only for the message: the owner may be writing it just now.
                let _ = file.read_to_string(&mut owner);
                return Err(OpenError::InUse { dir: dir.into(), owner: owner.trim().into() });
            }
            Err(TryLockError::Error(error)) => return Err(io(error)),
        }
        file.set_len(0).map_err(io)?;
        file.write_all_at(format!("{}\n", std::process::id()).as_bytes(), 0).map_err(io)?;
        Ok(Self { _file: file })
    }
}
