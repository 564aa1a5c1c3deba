//! The whole key file once more: for a backup, or under another master key.

use std::io;
use std::path::{Path, PathBuf};

use crate::disk::{rename_durably, replacing, write_private_file};
use crate::hashes::Keys;
use crate::layout::{
    HEADER_PAGE_BYTES, Header, KeyPart, NONCE_BYTES, SLOT_BYTES, SUBJECT_AT, SlotId, decode_key, encode_header,
    encode_ready,
};
use crate::master::MasterKey;
use crate::sealing;
use crate::vault::{Vault, lock};

/// Slots read under one hold of the lock.
const SLOTS_A_LOCK: u32 = 8192;

/// Why there is no copy. The key file is as it was.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    #[error("{path} exists already: a key file is never overwritten")]
    Exists { path: PathBuf },
    #[error("the system gave no random bytes: {0}")]
    Entropy(getrandom::Error),
    #[error("a key could not be wrapped")]
    Wrap,
    #[error("could not read the key file")]
    Read(#[source] io::Error),
    #[error("could not write {path}")]
    Write { path: PathBuf, source: io::Error },
}

/// Why the master key was not exchanged, or not to its end.
#[derive(Debug, thiserror::Error)]
pub enum RotateError {
    /// The old file is in its place, and opens with the old master key.
    #[error(transparent)]
    Copy(#[from] CopyError),
    /// The new file is in its place, and opens with the new master key.
    #[error("the key file is under the new master key, but what it was before could not be overwritten on the disk")]
    OldRemains(#[source] io::Error),
}

impl Vault {
    /// Writes a copy, with who has which slot, whole or not at all (mode 0600). While others seal, open and erase: a slot that is
    /// erased meanwhile may be in it.
    ///
    /// # Errors
    /// `Exists`, and failures to read or write.
    pub fn back_up(&self, path: &Path) -> Result<(), CopyError> {
        let write = |source| CopyError::Write { path: path.to_owned(), source };
        if path.try_exists().map_err(write)? {
            return Err(CopyError::Exists { path: path.to_owned() });
        }
        let header = self.shared.file.header();
        let bytes = self.copied(&header, |_, _| Ok(()))?;
        write_private_file(path, &bytes).map_err(write)
    }

    /// Copies a key file, whole or not at all (mode 0600), in the place of what lies there, which is overwritten.
    ///
    /// # Errors
    /// Failures to read or write.
    pub fn copy_file(from: &Path, to: &Path) -> Result<(), CopyError> {
        let bytes = std::fs::read(from).map_err(CopyError::Read)?;
        let written = replacing(to, || write_private_file(to, &bytes));
        written.map_err(|source| CopyError::Write { path: to.to_owned(), source })
    }

    /// Puts a copy that lies beside a key file in its place, and overwrites what lay there. To be called while nobody has that
    /// open.
    ///
    /// # Errors
    /// Failures to rename or write; the key file is then the one or the other, and whole.
    pub fn put_in_place(beside: &Path, path: &Path) -> Result<(), CopyError> {
        replacing(path, || rename_durably(beside, path))
            .map_err(|source| CopyError::Write { path: path.to_owned(), source })
    }

    /// Puts a file under another master key in the place of this one, which is then overwritten. At every moment there is one whole
    /// file, under the one key or the other. To be called by whoever alone has the file open; what is open is of no use
    /// afterwards.
    ///
    /// # Errors
    /// They tell under which master key the file is.
    pub fn rotate(self, path: &Path, master: &MasterKey) -> Result<(), RotateError> {
        let shared = &self.shared;
        let _nothing_is_prepared = lock(&shared.preparing);
        let new = master.derive();
        let id = self.id();
        let hash_root = shared.keys.wrapped_root(&new, id, self.nonce()?).ok_or(CopyError::Wrap)?;
        let header = Header { master_check: new.master_check(id), hash_root: Some(hash_root), ..shared.file.header() };
        let bytes = self.copied(&header, |slot, bytes| self.rewrap(&new, slot, bytes))?;
        write_private_file(path, &bytes).map_err(|source| CopyError::Write { path: path.to_owned(), source })?;
        shared.file.destroy().map_err(RotateError::OldRemains)
    }

    /// A slot whose key is damaged stays so.
    fn rewrap(&self, new: &Keys, slot: SlotId, bytes: &mut [u8; SLOT_BYTES]) -> Result<(), CopyError> {
        let id = self.id();
        let KeyPart::Ready { nonce, wrapped } = decode_key(slot, bytes) else { return Ok(()) };
        let Some(key) = sealing::unwrap(&self.shared.keys.wrapping, id, slot, &nonce, &wrapped) else { return Ok(()) };
        let nonce = self.nonce()?;
        let wrapped = sealing::wrap(&new.wrapping, id, slot, &nonce, &key).ok_or(CopyError::Wrap)?;
        bytes[..SUBJECT_AT].copy_from_slice(&encode_ready(slot, &nonce, &wrapped)[..SUBJECT_AT]);
        Ok(())
    }

    fn nonce(&self) -> Result<[u8; NONCE_BYTES], CopyError> {
        let mut nonce = [0; NONCE_BYTES];
        (self.shared.entropy)(&mut nonce).map_err(CopyError::Entropy)?;
        Ok(nonce)
    }

    /// All slots that the header counts, behind it.
    fn copied(
        &self,
        header: &Header,
        mut change: impl FnMut(SlotId, &mut [u8; SLOT_BYTES]) -> Result<(), CopyError>,
    ) -> Result<Vec<u8>, CopyError> {
        let mut page = encode_header(header).to_vec();
        page.resize(usize::try_from(HEADER_PAGE_BYTES).unwrap_or(page.len()), 0);
        let mut bytes = [page.as_slice(), &page].concat();
        bytes.reserve_exact(header.prepared as usize * SLOT_BYTES);
        let mut first = 0;
        while first < header.prepared {
            let count = SLOTS_A_LOCK.min(header.prepared - first);
            let at = bytes.len();
            bytes.resize(at + count as usize * SLOT_BYTES, 0);
            {
                // No slot is written halfway.
                let _nothing_changes = self.shared.write();
                self.shared.file.read_slots(SlotId(first), &mut bytes[at..]).map_err(CopyError::Read)?;
            }
            for (number, slot) in (first..).zip(bytes[at..].as_chunks_mut::<SLOT_BYTES>().0) {
                change(SlotId(number), slot)?;
            }
            first += count;
        }
        Ok(bytes)
    }
}
