//! Little-endian reads from byte slices. Callers check lengths first; a short slice is a bug and panics.

pub(crate) fn array_at<const N: usize>(bytes: &[u8], at: usize) -> [u8; N] {
    let mut out = [0; N];
    out.copy_from_slice(&bytes[at..at + N]);
    out
}

pub(crate) fn u16_at(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes(array_at(bytes, at))
}

pub(crate) fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(array_at(bytes, at))
}

pub(crate) fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(array_at(bytes, at))
}

pub(crate) fn i64_at(bytes: &[u8], at: usize) -> i64 {
    i64::from_le_bytes(array_at(bytes, at))
}

pub(crate) fn put(bytes: &mut [u8], at: usize, value: &[u8]) {
    bytes[at..at + value.len()].copy_from_slice(value);
}

/// A file offset or length as an index into memory.
pub(crate) fn index(n: u64) -> usize {
    usize::try_from(n).expect("a 64-bit machine")
}

/// A length in memory that a format stores as 32 bits; every caller has bounded it before.
pub(crate) fn len32(n: usize) -> u32 {
    u32::try_from(n).expect("a length bounded by the format")
}
