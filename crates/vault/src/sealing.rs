//! Sealing texts under a slot's key, and the slots' keys under the master key: XChaCha20-Poly1305. Frozen.
//!
//! ```text
//! sealed text   nonce (24, random) ‖ ciphertext (as long as the text) ‖ tag (16)
//! its AD        length of tenant (8, little-endian) ‖ tenant ‖ stream (16, as written in a UUID) ‖ kind (2, little-endian)
//! AD of a key   id of the vault (16) ‖ slot (4, little-endian)
//! AD of what hashes are made with   id of the vault (16)
//! ```

use chacha20poly1305::{AeadInPlace, KeyInit, XChaCha20Poly1305, XNonce};
use uuid::Uuid;
use zeroize::{Zeroize, Zeroizing};

use crate::layout::{NONCE_BYTES, SlotId, WRAPPED_BYTES, array_at};

const TAG_BYTES: usize = 16;

/// Where a sealed text stands. A text opens only where it was sealed for, so it cannot be moved to another order, tenant
/// or kind of event unnoticed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Context<'a> {
    /// Whose data it is: the root of the merchants' tree, as for a subject. Not the merchant whose event it is.
    pub tenant: &'a str,
    /// The event's stream.
    pub stream: Uuid,
    /// The event's kind.
    pub kind: u16,
}

pub(crate) fn seal(key: &[u8; 32], nonce: &[u8; NONCE_BYTES], context: &Context<'_>, plain: &[u8]) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(NONCE_BYTES + plain.len() + TAG_BYTES);
    bytes.extend_from_slice(nonce);
    bytes.extend_from_slice(plain);
    let text = &mut bytes[NONCE_BYTES..];
    match cipher(key).encrypt_in_place_detached(&XNonce::from(*nonce), &associated(context), text) {
        Ok(tag) => bytes.extend_from_slice(&tag),
        Err(_) => {
            bytes.zeroize();
            return None;
        }
    }
    Some(bytes)
}

pub(crate) fn open(key: &[u8; 32], context: &Context<'_>, sealed: &[u8]) -> Option<Vec<u8>> {
    let (nonce, rest) = sealed.split_first_chunk::<NONCE_BYTES>()?;
    let (text, tag) = rest.split_last_chunk::<TAG_BYTES>()?;
    let mut plain = text.to_vec();
    cipher(key)
        .decrypt_in_place_detached(&XNonce::from(*nonce), &associated(context), &mut plain, &(*tag).into())
        .ok()?;
    Some(plain)
}

pub(crate) fn wrap(
    wrapping: &[u8; 32],
    id: Uuid,
    slot: SlotId,
    nonce: &[u8; NONCE_BYTES],
    key: &[u8; 32],
) -> Option<[u8; WRAPPED_BYTES]> {
    wrap_at(wrapping, &place(id, slot), nonce, key)
}

pub(crate) fn wrap_root(
    wrapping: &[u8; 32],
    id: Uuid,
    nonce: &[u8; NONCE_BYTES],
    root: &[u8; 32],
) -> Option<[u8; WRAPPED_BYTES]> {
    wrap_at(wrapping, id.as_bytes(), nonce, root)
}

fn wrap_at(
    wrapping: &[u8; 32],
    place: &[u8],
    nonce: &[u8; NONCE_BYTES],
    key: &[u8; 32],
) -> Option<[u8; WRAPPED_BYTES]> {
    let mut wrapped = [0; WRAPPED_BYTES];
    let (text, end) = wrapped.split_at_mut(32);
    text.copy_from_slice(key);
    match cipher(wrapping).encrypt_in_place_detached(&XNonce::from(*nonce), place, text) {
        Ok(tag) => end.copy_from_slice(&tag),
        Err(_) => {
            wrapped.zeroize();
            return None;
        }
    }
    Some(wrapped)
}

pub(crate) fn unwrap(
    wrapping: &[u8; 32],
    id: Uuid,
    slot: SlotId,
    nonce: &[u8; NONCE_BYTES],
    wrapped: &[u8; WRAPPED_BYTES],
) -> Option<Zeroizing<[u8; 32]>> {
    unwrap_at(wrapping, &place(id, slot), nonce, wrapped)
}

pub(crate) fn unwrap_root(
    wrapping: &[u8; 32],
    id: Uuid,
    nonce: &[u8; NONCE_BYTES],
    wrapped: &[u8; WRAPPED_BYTES],
) -> Option<Zeroizing<[u8; 32]>> {
    unwrap_at(wrapping, id.as_bytes(), nonce, wrapped)
}

fn unwrap_at(
    wrapping: &[u8; 32],
    place: &[u8],
    nonce: &[u8; NONCE_BYTES],
    wrapped: &[u8; WRAPPED_BYTES],
) -> Option<Zeroizing<[u8; 32]>> {
    let mut key = Zeroizing::new(array_at::<32>(wrapped, 0));
    let tag: [u8; TAG_BYTES] = array_at(wrapped, 32);
    cipher(wrapping).decrypt_in_place_detached(&XNonce::from(*nonce), place, key.as_mut_slice(), &tag.into()).ok()?;
    Some(key)
}

/// Wipes its copy of the key when it is dropped.
fn cipher(key: &[u8; 32]) -> XChaCha20Poly1305 {
    XChaCha20Poly1305::new(key.into())
}

fn associated(context: &Context<'_>) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(8 + context.tenant.len() + 16 + 2);
    bytes.extend_from_slice(&(context.tenant.len() as u64).to_le_bytes());
    bytes.extend_from_slice(context.tenant.as_bytes());
    bytes.extend_from_slice(context.stream.as_bytes());
    bytes.extend_from_slice(&context.kind.to_le_bytes());
    bytes
}

fn place(id: Uuid, slot: SlotId) -> [u8; 20] {
    let mut bytes = [0; 20];
    bytes[..16].copy_from_slice(id.as_bytes());
    bytes[16..].copy_from_slice(&slot.0.to_le_bytes());
    bytes
}
