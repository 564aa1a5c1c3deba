//! Where the signing key is: `signing.key` in the data folder, or an environment variable where no file may hold it. And
//! `signing.pub`, the public halves of all keys that ever signed here, one a line.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use thiserror::Error;
use zeroize::Zeroizing;

use crate::{KeyError, SigningKey, VerifierKey};

/// Within the data folder.
pub const KEY_FILE: &str = "signing.key";
/// Within the data folder.
pub const PUBLIC_FILE: &str = "signing.pub";
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

/// The public halves of all keys that signed here; none if there is no file.
pub(crate) fn known(dir: &Path) -> Result<Vec<VerifierKey>, KeyFileError> {
    let path = dir.join(PUBLIC_FILE);
    let text = match fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(source) => return Err(KeyFileError::Io { path, source }),
    };
    let keys = text.lines().filter(|line| !line.trim().is_empty()).map(str::parse).collect::<Result<_, _>>();
    keys.map_err(|source| KeyFileError::Key { path, source })
}

/// Writes a key's public half behind the others, durable before it signs anything; nothing if it is there.
pub(crate) fn remember(dir: &Path, key: &VerifierKey) -> Result<(), KeyFileError> {
    let mut keys = known(dir)?;
    if keys.contains(key) {
        return Ok(());
    }
    keys.push(key.clone());
    write_known(dir, &keys)
}

/// Has a folder know the keys that another one does.
pub(crate) fn copy_known(from: &Path, to: &Path) -> Result<(), KeyFileError> {
    known(from)?.iter().try_for_each(|key| remember(to, key))
}

fn write_known(dir: &Path, keys: &[VerifierKey]) -> Result<(), KeyFileError> {
    let (path, tmp) = (dir.join(PUBLIC_FILE), dir.join("signing.pub.tmp"));
    let text: String = keys.iter().map(|key| format!("{key}\n")).collect();
    let written = (|| {
        let mut file = File::create(&tmp)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        fs::rename(&tmp, &path)?;
        File::open(dir)?.sync_all()
    })();
    written.map_err(|source| KeyFileError::Io { path, source })
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn the_keys_that_signed_are_remembered_each_once() {
        let [folder, other] = [(); 2].map(|()| tempfile::tempdir().unwrap());
        let keys = ["a", "b"].map(|name| SigningKey::generate(name).unwrap().verifier().clone());
        assert_eq!(known(folder.path()).unwrap(), []);
        keys.iter().chain(&keys).for_each(|key| remember(folder.path(), key).unwrap());
        assert_eq!(known(folder.path()).unwrap(), keys);
        remember(other.path(), &keys[1]).unwrap();
        copy_known(folder.path(), other.path()).unwrap();
        assert_eq!(known(other.path()).unwrap(), [keys[1].clone(), keys[0].clone()]);
        fs::write(folder.path().join(PUBLIC_FILE), "no key\n").unwrap();
        assert!(known(folder.path()).unwrap_err().to_string().contains("signing.pub"));
    }

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
