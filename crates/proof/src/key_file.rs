//! Where the signing key is: `signing.key` in the data folder, or an environment variable where no file may hold it.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use thiserror::Error;
use zeroize::Zeroizing;

use crate::{KeyError, SigningKey};

/// Within the data folder.
pub const KEY_FILE: &str = "signing.key";
/// Holds the key itself.
pub const KEY_VARIABLE: &str = "DAYBOOK_SIGNING_KEY";

/// Why there is no signing key.
#[derive(Debug, Error)]
pub enum KeyFileError {
    #[error("{path} may be read by others (mode {mode:04o}): run chmod 600 on it")]
    NotPrivate { path: PathBuf, mode: u32 },
    #[error("{path} exists already: a signing key is never overwritten; move it away first if it is to be replaced")]
    Exists { path: PathBuf },
    #[error("{path}: {source}; put it back from a backup")]
    Key { path: PathBuf, source: KeyError },
    #[error("could not read or write the signing key {path}: check the disk, and whether there is room: {source}")]
    Io { path: PathBuf, source: io::Error },
}

/// The folder's key; none if there is no file.
pub(crate) fn load(dir: &Path) -> Result<Option<SigningKey>, KeyFileError> {
    let path = dir.join(KEY_FILE);
    let io = |source| KeyFileError::Io { path: path.clone(), source };
    let mode = match fs::metadata(&path) {
        Ok(metadata) => metadata.mode() & 0o777,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(io(error)),
    };
    if mode & 0o077 != 0 {
        return Err(KeyFileError::NotPrivate { path, mode });
    }
    let bytes = Zeroizing::new(fs::read(&path).map_err(io)?);
    // A damaged one need not be text any more.
    let text = Zeroizing::new(String::from_utf8_lossy(&bytes).into_owned());
    text.parse().map(Some).map_err(|source| KeyFileError::Key { path, source })
}

/// Writes a new key for its owner alone; whole and durable, or not at all.
pub(crate) fn create(dir: &Path, key: &SigningKey) -> Result<(), KeyFileError> {
    let path = dir.join(KEY_FILE);
    let (tmp, io) = (dir.join("signing.key.tmp"), |source| KeyFileError::Io { path: path.clone(), source });
    let written = (|| {
        let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&tmp)?;
        let mut text = Zeroizing::new(key.to_secret_text().as_bytes().to_vec());
        text.push(b'\n');
        file.write_all(&text)?;
        file.sync_all()?;
        // Unlike renaming, this fails if somebody else was first.
        fs::hard_link(&tmp, &path)
    })();
    let removed = fs::remove_file(&tmp);
    match written.and(removed).and_then(|()| File::open(dir)?.sync_all()) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Err(KeyFileError::Exists { path }),
        result => result.map_err(io),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_key_is_its_owners_alone_and_is_never_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        assert!(load(folder.path()).unwrap().is_none());
        let key = SigningKey::generate("a").unwrap();
        create(folder.path(), &key).unwrap();
        let path = folder.path().join(KEY_FILE);
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
        assert_eq!(load(folder.path()).unwrap().unwrap().verifier(), key.verifier());
        let other = SigningKey::generate("a").unwrap();
        assert!(matches!(create(folder.path(), &other), Err(KeyFileError::Exists { .. })));
        assert_eq!(load(folder.path()).unwrap().unwrap().verifier(), key.verifier());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        assert!(load(folder.path()).unwrap_err().to_string().contains("chmod 600"));
    }
}
