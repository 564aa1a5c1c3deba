//! One process at a time.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::Read;
use std::os::unix::fs::{FileExt, OpenOptionsExt, PermissionsExt};
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
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false).mode(0o600);
        let mut file = options.open(&path).map_err(io)?;
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

/// The folder holds orders, and beside them the keys of those who bought. It was made by somebody else, or long ago: it is
/// theirs to close.
pub(crate) fn warn_if_wide(dir: &Path) {
    if let Ok(metadata) = dir.metadata() {
        let mode = metadata.permissions().mode() & 0o777;
        if mode & 0o077 != 0 {
            let mode = format!("{mode:04o}");
            tracing::warn!(dir = %dir.display(), mode, "others than its owner may enter the data folder; chmod 700 it");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_folder_and_its_lock_are_its_owners_alone() {
        let parent = tempfile::tempdir().unwrap();
        let dir = parent.path().join("data");
        crate::Ledger::create(&dir, uuid::Uuid::from_u128(1)).unwrap();
        let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&dir), 0o700);
        assert_eq!(mode(&dir.join("lock")), 0o600);
        // A wider one still opens.
        std::fs::set_permissions(&dir, std::fs::Permissions::from_mode(0o755)).unwrap();
        assert!(DirLock::take(&dir).is_ok());
        assert_eq!(mode(&dir), 0o755);
    }
}
