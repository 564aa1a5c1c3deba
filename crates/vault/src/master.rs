//! The master key: 32 bytes from a file or from the caller. All other keys are derived from it or wrapped by it.

use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use crate::disk::write_private_file;
use crate::error::advice;
use crate::hashes::Keys;

/// 32 secret bytes. Whoever has them and the key file can read everything; whoever loses them can read nothing.
/// Wiped from memory when it is dropped.
pub struct MasterKey(Zeroizing<[u8; 32]>);

/// Why there is no master key.
#[derive(Debug, thiserror::Error)]
pub enum MasterKeyError {
    #[error("the master key must be 64 hexadecimal digits (32 bytes)")]
    NotHex,
    #[error(
        "{path} holds no master key, which is 64 hexadecimal digits: put back the one with which the keys were made"
    )]
    Damaged { path: PathBuf },
    #[error("{path} may be read by others (mode {mode:04o}): run chmod 600 on it")]
    NotPrivate { path: PathBuf, mode: u32 },
    #[error(
        "there is no master key at {path}, but there is a key file that needs it: \
         put back the master key with which that file was created, or say where it is"
    )]
    Missing { path: PathBuf },
    #[error("{path} exists already: a master key is never overwritten")]
    Exists { path: PathBuf },
    #[error("the system gave no random bytes: {0}")]
    Entropy(getrandom::Error),
    #[error("could not read or write the master key {path}: {}: {source}", advice(source))]
    Io { path: PathBuf, source: io::Error },
}

impl MasterKey {
    /// From 64 hexadecimal digits; white space around them is ignored.
    ///
    /// # Errors
    /// `NotHex`.
    pub fn from_hex(text: &str) -> Result<MasterKey, MasterKeyError> {
        let digits = text.trim().as_bytes();
        if digits.len() != 64 {
            return Err(MasterKeyError::NotHex);
        }
        let mut key = Zeroizing::new([0; 32]);
        for (byte, pair) in key.iter_mut().zip(digits.chunks_exact(2)) {
            *byte = digit(pair[0])? << 4 | digit(pair[1])?;
        }
        Ok(MasterKey(key))
    }

    /// Reads the file, which only its owner may be able to read.
    ///
    /// # Errors
    /// `Missing`, `NotPrivate`, `Damaged`, `Io`.
    pub fn load(path: &Path) -> Result<MasterKey, MasterKeyError> {
        let io = |source: io::Error| match source.kind() {
            io::ErrorKind::NotFound => MasterKeyError::Missing { path: path.to_owned() },
            _ => MasterKeyError::Io { path: path.to_owned(), source },
        };
        let mode = std::fs::metadata(path).map_err(io)?.mode() & 0o777;
        if mode & 0o077 != 0 {
            return Err(MasterKeyError::NotPrivate { path: path.to_owned(), mode });
        }
        let text = Zeroizing::new(std::fs::read(path).map_err(io)?);
        let key = std::str::from_utf8(&text).ok().and_then(|text| MasterKey::from_hex(text).ok());
        key.ok_or_else(|| MasterKeyError::Damaged { path: path.to_owned() })
    }

    /// Makes a random key and writes it to a new file with mode 0600.
    ///
    /// # Errors
    /// `Exists`, `Entropy`, `Io`.
    pub fn create(path: &Path) -> Result<MasterKey, MasterKeyError> {
        let io = |source| MasterKeyError::Io { path: path.to_owned(), source };
        if path.try_exists().map_err(io)? {
            return Err(MasterKeyError::Exists { path: path.to_owned() });
        }
        let mut key = Zeroizing::new([0; 32]);
        getrandom::fill(key.as_mut_slice()).map_err(MasterKeyError::Entropy)?;
        let mut text = Zeroizing::new(Vec::with_capacity(65));
        for byte in key.iter() {
            text.push(b"0123456789abcdef"[usize::from(byte >> 4)]);
            text.push(b"0123456789abcdef"[usize::from(byte & 15)]);
        }
        text.push(b'\n');
        write_private_file(path, &text).map_err(io)?;
        Ok(MasterKey(key))
    }

    /// Loads the key, or creates it if neither it nor the key file `keys` exists yet. A key file without its master key
    /// is refused here, before a new key that could open nothing comes to lie in its place.
    ///
    /// # Errors
    /// As [`MasterKey::load`] and [`MasterKey::create`].
    pub fn load_or_create(path: &Path, keys: &Path) -> Result<MasterKey, MasterKeyError> {
        let exists =
            |path: &Path| path.try_exists().map_err(|source| MasterKeyError::Io { path: path.to_owned(), source });
        if exists(path)? || exists(keys)? { MasterKey::load(path) } else { MasterKey::create(path) }
    }

    pub(crate) fn derive(&self) -> Keys {
        Keys::derive(&self.0)
    }
}

fn digit(byte: u8) -> Result<u8, MasterKeyError> {
    match byte {
        b'0'..=b'9' => Ok(byte - b'0'),
        b'a'..=b'f' => Ok(byte - b'a' + 10),
        b'A'..=b'F' => Ok(byte - b'A' + 10),
        _ => Err(MasterKeyError::NotHex),
    }
}
