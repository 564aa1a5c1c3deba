//! Keyed hashes: BLAKE3 with keys derived from the master key, cut to 16 bytes. Frozen, because hashes are stored.
//!
//! A text that is followed by another goes in with its length before it (8 bytes, little-endian), so that
//! ("ab", "c") and ("a", "bc") differ.

use uuid::Uuid;
use zeroize::Zeroizing;

use crate::layout::{Header, NONCE_BYTES, SubjectHash, WrappedRoot};
use crate::sealing;

/// What is derived from the master key, one key per purpose; those of hashes from the first master key that the file had, which
/// is wrapped under the newest one. No `Debug`, wiped on drop.
pub(crate) struct Keys {
    /// Wraps the slots' keys.
    pub(crate) wrapping: Zeroizing<[u8; 32]>,
    subject: Zeroizing<[u8; 32]>,
    command: Zeroizing<[u8; 32]>,
    lookup: Zeroizing<[u8; 32]>,
    check: Zeroizing<[u8; 32]>,
    /// Wraps `root`.
    root_wrapping: Zeroizing<[u8; 32]>,
    /// From which the keys of hashes are derived.
    root: Zeroizing<[u8; 32]>,
}

impl Keys {
    pub(crate) fn derive(master: &[u8; 32]) -> Keys {
        let key = |context: &str| Zeroizing::new(blake3::derive_key(context, master));
        Keys {
            wrapping: key("daybook vault 1: wrapping key"),
            subject: key("daybook vault 1: subject hash key"),
            command: key("daybook vault 1: command hash key"),
            lookup: key("daybook vault 1: lookup hash key"),
            check: key("daybook vault 1: master key check"),
            root_wrapping: key("daybook vault 2: wrapping key of the hash root"),
            root: Zeroizing::new(*master),
        }
    }

    /// With the hash keys that this header brings. None: it does not open under this master key.
    pub(crate) fn of_header(self, header: &Header) -> Option<Keys> {
        let Some((nonce, wrapped)) = &header.hash_root else { return Some(self) };
        let root = sealing::unwrap_root(&self.root_wrapping, header.id, nonce, wrapped)?;
        let Keys { subject, command, lookup, .. } = Keys::derive(&root);
        Some(Keys { subject, command, lookup, root, ..self })
    }

    /// The hash root of these keys, wrapped for the header of a file under another master key.
    pub(crate) fn wrapped_root(&self, other: &Keys, id: Uuid, nonce: [u8; NONCE_BYTES]) -> Option<WrappedRoot> {
        Some((nonce, sealing::wrap_root(&other.root_wrapping, id, &nonce, &self.root)?))
    }

    /// Stands in the header and tells a wrong master key, without telling anything about the right one.
    pub(crate) fn master_check(&self, id: Uuid) -> [u8; 16] {
        hash(&self.check, &[id.as_bytes()])
    }

    pub(crate) fn subject_hash(&self, root: &str, account: &str) -> SubjectHash {
        hash(&self.subject, &[&length(root), root.as_bytes(), account.as_bytes()])
    }

    pub(crate) fn command_hash(&self, command: &[u8]) -> [u8; 16] {
        hash(&self.command, &[command])
    }

    pub(crate) fn lookup_hash(&self, purpose: &str, root: &str, bytes: &[u8]) -> [u8; 16] {
        hash(&self.lookup, &[&length(purpose), purpose.as_bytes(), &length(root), root.as_bytes(), bytes])
    }
}

fn length(text: &str) -> [u8; 8] {
    (text.len() as u64).to_le_bytes()
}

fn hash(key: &[u8; 32], parts: &[&[u8]]) -> [u8; 16] {
    let mut hasher = blake3::Hasher::new_keyed(key);
    for part in parts {
        hasher.update(part);
    }
    crate::layout::array_at(hasher.finalize().as_bytes(), 0)
}
