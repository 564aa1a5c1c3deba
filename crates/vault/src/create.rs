//! Making new slots, and a new key file of them.

use std::io;
use std::path::{Path, PathBuf};

use uuid::Uuid;
use zeroize::Zeroizing;

use crate::disk::write_private_file;
use crate::error::advice;
use crate::hashes::Keys;
use crate::key_file::OpenError;
use crate::layout::{
    HEADER_PAGE_BYTES, Header, NONCE_BYTES, SLOT_BYTES, SlotId, array_at, encode_header, encode_ready,
};
use crate::sealing::wrap;

/// Where random bytes come from: the system, and in tests something that can be repeated.
pub(crate) type Entropy = Box<dyn Fn(&mut [u8]) -> Result<(), getrandom::Error> + Send + Sync>;

/// Why a key file was not created.
#[derive(Debug, thiserror::Error)]
pub enum CreateError {
    #[error("{path} exists already: a key file is never overwritten")]
    Exists { path: PathBuf },
    #[error("the system gave no random bytes: {0}")]
    Entropy(getrandom::Error),
    #[error("a new key could not be wrapped")]
    Wrap,
    #[error("could not write the key file {path}: {}: {source}", advice(source))]
    Io { path: PathBuf, source: io::Error },
    #[error(transparent)]
    Open(#[from] OpenError),
}

pub(crate) enum FillError {
    Entropy(getrandom::Error),
    Wrap,
}

/// New slots: their bytes for the file, and their keys for memory.
pub(crate) struct Filled {
    pub(crate) bytes: Vec<u8>,
    pub(crate) keys: Zeroizing<Vec<[u8; 32]>>,
}

/// Takes 56 random bytes per slot: nonce, then key.
pub(crate) fn fill_slots(
    keys: &Keys,
    id: Uuid,
    entropy: &Entropy,
    slots: std::ops::Range<u32>,
) -> Result<Filled, FillError> {
    const RANDOM_BYTES: usize = NONCE_BYTES + 32;
    let count = slots.len();
    let mut random = Zeroizing::new(vec![0; count * RANDOM_BYTES]);
    entropy(&mut random).map_err(FillError::Entropy)?;
    // Reserved in full: growing would leave copies of keys behind.
    let mut filled =
        Filled { bytes: Vec::with_capacity(count * SLOT_BYTES), keys: Zeroizing::new(Vec::with_capacity(count)) };
    for (number, random) in slots.zip(random.chunks_exact(RANDOM_BYTES)) {
        let slot = SlotId(number);
        let nonce: [u8; NONCE_BYTES] = array_at(random, 0);
        let key = Zeroizing::new(array_at::<32>(random, NONCE_BYTES));
        let wrapped = wrap(&keys.wrapping, id, slot, &nonce, &key).ok_or(FillError::Wrap)?;
        filled.bytes.extend_from_slice(&encode_ready(slot, &nonce, &wrapped));
        filled.keys.push(*key);
    }
    Ok(filled)
}

/// The bytes of a new key file with its first slots.
pub(crate) fn new_file(keys: &Keys, id: Uuid, entropy: &Entropy, slots: u32) -> Result<Vec<u8>, FillError> {
    let filled = fill_slots(keys, id, entropy, 0..slots)?;
    let header = encode_header(&Header { id, master_check: keys.master_check(id), prepared: slots, hash_root: None });
    let mut page = header.to_vec();
    page.resize(usize::try_from(HEADER_PAGE_BYTES).unwrap_or(header.len()), 0);
    Ok([page.as_slice(), &page, &filled.bytes].concat())
}

pub(crate) fn create_file(path: &Path, bytes: &[u8]) -> Result<(), CreateError> {
    let io = |source| CreateError::Io { path: path.to_owned(), source };
    // The ledger's lock keeps another process from coming between these two.
    if path.try_exists().map_err(io)? {
        return Err(CreateError::Exists { path: path.to_owned() });
    }
    write_private_file(path, bytes).map_err(io)
}
