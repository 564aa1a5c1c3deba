//! Personal data as the rules see it: bytes that they pass on and cannot read.

/// Which key opens a sealed text. One buyer within one merchants' tree has one slot; erasing the slot makes
/// everything sealed under it unreadable, everywhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Slot(pub u32);

/// A text that was sealed before it came here (nonce, ciphertext and tag; the vault knows how).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Sealed {
    pub slot: Slot,
    pub bytes: Vec<u8>,
}
