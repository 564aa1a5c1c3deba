//! The bytes of the key file, formats 1 and 2. Frozen: a change here is a new format version.
//!
//! All numbers are little-endian.
//!
//! ```text
//! 0      header page A (4096 bytes)
//! 4096   header page B (4096 bytes)
//! 8192   slot 0, slot 1, … (128 bytes each)
//!
//! header page
//!  0  8  magic "DAYBKEYS"
//!  8  4  format version = 1, or 2 once the master key was exchanged
//! 12 16  id of the vault: the ledger's
//! 28 16  master key check: keyed hash of the id (see `hashes`)
//! 44  4  prepared: number of slots that are filled and synced
//! 48 12  zeros
//! 60  4  CRC-32 of bytes 0..60
//! 64     format 1: zeros, ignored
//!
//!        format 2: what hashes are made with, which must outlive the master key (see `hashes`)
//! 64 24  nonce
//! 88 48  wrapped secret (32) and its tag (16), AD = id
//! 136  4  CRC-32 of bytes 64..136
//!
//! slot
//!   0  1  state: 0 free (never among the prepared ones), 1 ready, 2 erased
//!   1  3  zeros
//!   4 24  nonce                                                 \ zeros
//!  28 48  wrapped key (32) and its tag (16), AD = id ‖ slot (4) / when erased
//!  76  4  CRC-32 of slot number (4) ‖ bytes 0..76
//!  80 16  subject hash, zeros when there is none
//!  96 28  zeros
//! 124  4  CRC-32 of slot number (4) ‖ bytes 80..124
//! ```
//!
//! Two header pages are written in turn, so that a torn write spoils one of them at most. Key and subject have a checksum
//! each, because the subject is written later and without a sync: a torn subject must not cost the key. No slot
//! straddles a 512-byte sector.

use std::fmt;

use uuid::Uuid;

pub(crate) const HEADER_PAGE_BYTES: u64 = 4096;
pub(crate) const HEADER_BYTES: usize = 140;
/// Where the part ends that every format has.
const COMMON_BYTES: usize = 64;
const ROOT_AT: usize = COMMON_BYTES + NONCE_BYTES;
const ROOT_CRC_AT: usize = ROOT_AT + WRAPPED_BYTES;
pub(crate) const SLOTS_START: u64 = 2 * HEADER_PAGE_BYTES;
pub(crate) const SLOT_BYTES: usize = 128;
pub(crate) const SUBJECT_AT: usize = 80;
pub(crate) const SUBJECT_PART_BYTES: usize = SLOT_BYTES - SUBJECT_AT;
pub(crate) const NONCE_BYTES: usize = 24;
pub(crate) const WRAPPED_BYTES: usize = 48;

const MAGIC: &[u8; 8] = b"DAYBKEYS";
const FORMAT_1: u32 = 1;
const FORMAT_2: u32 = 2;
const STATE_READY: u8 = 1;
const STATE_ERASED: u8 = 2;

/// The number of a slot in the key file, from 0. This, and nothing else about a person, stands in events and views.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SlotId(pub u32);

impl fmt::Display for SlotId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// First 16 bytes of the keyed hash of a subject. Zeros mean none.
pub(crate) type SubjectHash = [u8; 16];

pub(crate) const NO_SUBJECT: SubjectHash = [0; 16];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) id: Uuid,
    pub(crate) master_check: [u8; 16],
    /// Slots that are filled and synced.
    pub(crate) prepared: u32,
    /// What hashes are made with, wrapped; none: with the master key itself.
    pub(crate) hash_root: Option<WrappedRoot>,
}

/// A secret under the master key: its nonce, and what it became.
pub(crate) type WrappedRoot = ([u8; NONCE_BYTES], [u8; WRAPPED_BYTES]);

/// Why a header page cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum HeaderFault {
    NoMagic,
    Checksum,
    Version(u32),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum KeyPart {
    Ready { nonce: [u8; NONCE_BYTES], wrapped: [u8; WRAPPED_BYTES] },
    Erased,
    Damaged,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SubjectPart {
    None,
    Hash(SubjectHash),
    Damaged,
}

/// Offset in bytes of a slot in the file.
pub(crate) fn slot_offset(slot: SlotId) -> u64 {
    SLOTS_START + u64::from(slot.0) * SLOT_BYTES as u64
}

/// Length in bytes of a file with this many slots.
pub(crate) fn file_bytes(slots: u32) -> u64 {
    slot_offset(SlotId(slots))
}

pub(crate) fn encode_header(header: &Header) -> [u8; HEADER_BYTES] {
    let mut bytes = [0; HEADER_BYTES];
    bytes[0..8].copy_from_slice(MAGIC);
    let format = if header.hash_root.is_some() { FORMAT_2 } else { FORMAT_1 };
    bytes[8..12].copy_from_slice(&format.to_le_bytes());
    bytes[12..28].copy_from_slice(header.id.as_bytes());
    bytes[28..44].copy_from_slice(&header.master_check);
    bytes[44..48].copy_from_slice(&header.prepared.to_le_bytes());
    let crc = crc32fast::hash(&bytes[..60]);
    bytes[60..64].copy_from_slice(&crc.to_le_bytes());
    if let Some((nonce, wrapped)) = &header.hash_root {
        bytes[COMMON_BYTES..ROOT_AT].copy_from_slice(nonce);
        bytes[ROOT_AT..ROOT_CRC_AT].copy_from_slice(wrapped);
        let crc = crc32fast::hash(&bytes[COMMON_BYTES..ROOT_CRC_AT]);
        bytes[ROOT_CRC_AT..].copy_from_slice(&crc.to_le_bytes());
    }
    bytes
}

/// Magic, version and checksum keep their places in later versions, so that those are refused by name.
pub(crate) fn decode_header(bytes: &[u8; HEADER_BYTES]) -> Result<Header, HeaderFault> {
    if &bytes[0..8] != MAGIC {
        return Err(HeaderFault::NoMagic);
    }
    if crc32fast::hash(&bytes[..60]) != u32_at(bytes, 60) {
        return Err(HeaderFault::Checksum);
    }
    let version = u32_at(bytes, 8);
    let hash_root = match version {
        FORMAT_1 => None,
        FORMAT_2 if crc32fast::hash(&bytes[COMMON_BYTES..ROOT_CRC_AT]) != u32_at(bytes, ROOT_CRC_AT) => {
            return Err(HeaderFault::Checksum);
        }
        FORMAT_2 => Some((array_at(bytes, COMMON_BYTES), array_at(bytes, ROOT_AT))),
        version => return Err(HeaderFault::Version(version)),
    };
    Ok(Header {
        id: Uuid::from_bytes(array_at(bytes, 12)),
        master_check: array_at(bytes, 28),
        prepared: u32_at(bytes, 44),
        hash_root,
    })
}

/// A filled slot that has no subject yet.
pub(crate) fn encode_ready(slot: SlotId, nonce: &[u8; NONCE_BYTES], wrapped: &[u8; WRAPPED_BYTES]) -> [u8; SLOT_BYTES] {
    let mut bytes = [0; SLOT_BYTES];
    bytes[0] = STATE_READY;
    bytes[4..28].copy_from_slice(nonce);
    bytes[28..76].copy_from_slice(wrapped);
    finish(slot, bytes)
}

/// A slot whose key and subject are gone.
pub(crate) fn encode_erased(slot: SlotId) -> [u8; SLOT_BYTES] {
    let mut bytes = [0; SLOT_BYTES];
    bytes[0] = STATE_ERASED;
    finish(slot, bytes)
}

fn finish(slot: SlotId, mut bytes: [u8; SLOT_BYTES]) -> [u8; SLOT_BYTES] {
    let crc = slot_crc(slot, &bytes[..76]);
    bytes[76..80].copy_from_slice(&crc.to_le_bytes());
    bytes[SUBJECT_AT..].copy_from_slice(&encode_subject(slot, &NO_SUBJECT));
    bytes
}

/// The second part of a slot, which stands at `SUBJECT_AT`.
pub(crate) fn encode_subject(slot: SlotId, subject: &SubjectHash) -> [u8; SUBJECT_PART_BYTES] {
    let mut bytes = [0; SUBJECT_PART_BYTES];
    bytes[..16].copy_from_slice(subject);
    let crc = slot_crc(slot, &bytes[..44]);
    bytes[44..].copy_from_slice(&crc.to_le_bytes());
    bytes
}

pub(crate) fn decode_key(slot: SlotId, bytes: &[u8; SLOT_BYTES]) -> KeyPart {
    if slot_crc(slot, &bytes[..76]) != u32_at(bytes, 76) {
        return KeyPart::Damaged;
    }
    match bytes[0] {
        STATE_READY => KeyPart::Ready { nonce: array_at(bytes, 4), wrapped: array_at(bytes, 28) },
        STATE_ERASED if bytes[4..76].iter().all(|byte| *byte == 0) => KeyPart::Erased,
        _ => KeyPart::Damaged,
    }
}

pub(crate) fn decode_subject(slot: SlotId, bytes: &[u8; SLOT_BYTES]) -> SubjectPart {
    let subject: SubjectHash = array_at(bytes, SUBJECT_AT);
    if slot_crc(slot, &bytes[SUBJECT_AT..124]) != u32_at(bytes, 124) {
        SubjectPart::Damaged
    } else if subject == NO_SUBJECT {
        SubjectPart::None
    } else {
        SubjectPart::Hash(subject)
    }
}

/// The slot's number goes in first, so that a slot written to the wrong place does not pass there.
fn slot_crc(slot: SlotId, bytes: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&slot.0.to_le_bytes());
    hasher.update(bytes);
    hasher.finalize()
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(array_at(bytes, at))
}

/// Only called with places inside the fixed-size buffers of this file.
pub(crate) fn array_at<const N: usize>(bytes: &[u8], at: usize) -> [u8; N] {
    let mut array = [0; N];
    array.copy_from_slice(&bytes[at..at + N]);
    array
}
