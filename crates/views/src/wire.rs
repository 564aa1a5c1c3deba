//! Variable-length numbers: how views pack what they keep. Never what the ledger stores: a view's bytes are as old as
//! the view's version and can always be made again.

use daybook_domain::Timestamp;
use daybook_domain::time::SECOND_MICROS;

/// Seven bits a byte, the lowest first.
pub(crate) fn put_u64(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(low_byte(value) | 0x80);
        value >>= 7;
    }
    out.push(low_byte(value));
}

fn low_byte(value: u64) -> u8 {
    value.to_le_bytes()[0]
}

pub(crate) fn put_u32(out: &mut Vec<u8>, value: u32) {
    put_u64(out, value.into());
}

/// Small either side of zero.
pub(crate) fn put_i64(out: &mut Vec<u8>, value: i64) {
    put_u64(out, ((value << 1) ^ (value >> 63)).cast_unsigned());
}

pub(crate) fn put_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    put_u64(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

/// A moment as its distance from another one: three bytes for days when it falls on a whole second, three more when
/// it does not.
pub(crate) fn put_time(out: &mut Vec<u8>, at: Timestamp, from: Timestamp) {
    let distance = at.0.wrapping_sub(from.0);
    let seconds = distance.div_euclid(SECOND_MICROS);
    let micros = distance.rem_euclid(SECOND_MICROS);
    let flag = i64::from(micros != 0);
    put_i64(out, (seconds << 1) | flag);
    if micros != 0 {
        put_u64(out, micros.cast_unsigned());
    }
}

/// Reads back what the functions above wrote. Total: past the end it reads zeroes and [`Reader::is_whole`] says so,
/// which is asked once, when a checkpoint is read, and not for every row that is shown.
#[derive(Clone, Debug)]
pub(crate) struct Reader<'a> {
    rest: &'a [u8],
    failed: bool,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes, failed: false }
    }

    /// Everything was there, and nothing is left.
    pub(crate) fn is_whole(&self) -> bool {
        !self.failed && self.rest.is_empty()
    }

    pub(crate) fn is_at_end(&self) -> bool {
        self.rest.is_empty()
    }

    pub(crate) fn has_failed(&self) -> bool {
        self.failed
    }

    /// What follows is not what it must be.
    pub(crate) fn fail(&mut self) {
        self.failed = true;
        self.rest = &[];
    }

    pub(crate) fn rest(&self) -> &'a [u8] {
        self.rest
    }

    #[inline]
    pub(crate) fn u8(&mut self) -> u8 {
        match self.rest.split_first() {
            Some((&byte, rest)) => {
                self.rest = rest;
                byte
            }
            None => {
                self.failed = true;
                0
            }
        }
    }

    #[inline]
    pub(crate) fn u64(&mut self) -> u64 {
        // Most numbers are small.
        match self.rest.split_first() {
            Some((&byte, rest)) if byte < 0x80 => {
                self.rest = rest;
                byte.into()
            }
            Some(_) | None => self.long_u64(),
        }
    }

    fn long_u64(&mut self) -> u64 {
        // Where eight bytes are left, and the number ends within them, they are read as one word, the first byte the lowest. The
        // lowest high bit that is not set is the last byte's: what stands above it belongs to what follows, and is cut off. Of
        // each byte seven bits are left then, with a gap of one above. Sevens are moved down over the gaps, all in three steps:
        // each second seven by one bit, which makes fourteens with gaps of two; each second of these by two, which makes
        // twenty-eights with gaps of four; the upper one of these by four.
        if let Some(eight) = self.rest.first_chunk() {
            let word = u64::from_le_bytes(*eight);
            let last = !word & 0x8080_8080_8080_8080;
            if last != 0 {
                // Up to and with the last byte: 8 to 64.
                let bits = last.trailing_zeros() + 1;
                let word = word & (u64::MAX >> (64 - bits)) & 0x7f7f_7f7f_7f7f_7f7f;
                let word = (word & 0x007f_007f_007f_007f) | ((word & 0x7f00_7f00_7f00_7f00) >> 1);
                let word = (word & 0x0000_3fff_0000_3fff) | ((word & 0x3fff_0000_3fff_0000) >> 2);
                self.rest = &self.rest[bits as usize / 8..];
                return (word & 0x0fff_ffff) | ((word & 0x0fff_ffff_0000_0000) >> 4);
            }
        }
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.u8();
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return value;
            }
        }
        self.fail();
        0
    }

    #[inline]
    pub(crate) fn u32(&mut self) -> u32 {
        u32::try_from(self.u64()).unwrap_or_else(|_| {
            self.fail();
            0
        })
    }

    /// A number of things that follow: each takes a byte at least, so that damage cannot ask for endless memory.
    #[inline]
    pub(crate) fn count(&mut self) -> usize {
        match usize::try_from(self.u64()) {
            Ok(count) if count <= self.rest.len() => count,
            Ok(_) | Err(_) => {
                self.fail();
                0
            }
        }
    }

    /// The same where no more than so many are ever written together.
    pub(crate) fn count_up_to(&mut self, most: usize) -> usize {
        let count = self.count();
        if count <= most {
            return count;
        }
        self.fail();
        0
    }

    #[inline]
    pub(crate) fn i64(&mut self) -> i64 {
        let value = self.u64();
        (value >> 1).cast_signed() ^ -(value & 1).cast_signed()
    }

    #[inline]
    pub(crate) fn bytes(&mut self) -> &'a [u8] {
        let count = self.count();
        self.take(count)
    }

    #[inline]
    pub(crate) fn take(&mut self, count: usize) -> &'a [u8] {
        match self.rest.split_at_checked(count) {
            Some((taken, rest)) => {
                self.rest = rest;
                taken
            }
            None => {
                self.fail();
                &[]
            }
        }
    }

    pub(crate) fn array<const N: usize>(&mut self) -> [u8; N] {
        self.take(N).try_into().unwrap_or([0; N])
    }

    pub(crate) fn text(&mut self) -> &'a str {
        let count = self.count();
        self.text_of(count)
    }

    pub(crate) fn text_of(&mut self, bytes: usize) -> &'a str {
        let bytes = self.take(bytes);
        std::str::from_utf8(bytes).unwrap_or_else(|_| {
            self.fail();
            ""
        })
    }

    #[inline]
    pub(crate) fn time(&mut self, from: Timestamp) -> Timestamp {
        let coded = self.i64();
        let micros = if coded & 1 == 1 { self.u64().cast_signed() } else { 0 };
        let distance = (coded >> 1).wrapping_mul(SECOND_MICROS).wrapping_add(micros);
        Timestamp(from.0.wrapping_add(distance))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_times_come_back() {
        let numbers = [0, 1, -1, 63, 64, -64, -65, i64::MAX, i64::MIN, 1_000_000, -1_000_000];
        let mut out = Vec::new();
        for number in numbers {
            put_i64(&mut out, number);
            put_u64(&mut out, number.cast_unsigned());
            put_time(&mut out, Timestamp(number), Timestamp(7));
        }
        let mut reader = Reader::new(&out);
        for number in numbers {
            assert_eq!(reader.i64(), number);
            assert_eq!(reader.u64(), number.cast_unsigned());
            assert_eq!(reader.time(Timestamp(7)), Timestamp(number));
        }
        assert!(reader.is_whole());
    }

    #[test]
    fn numbers_of_every_width_are_read_whatever_follows() {
        let mut widths = [0; 11];
        for number in (0..64).flat_map(|bits| [1 << bits, (1 << bits) - 1, u64::MAX >> bits]) {
            for tail in 0..=10 {
                // High bits that are set must not be taken for more of the number.
                for filling in [0xff, 0x80, 0x7f, 0] {
                    let mut out = Vec::new();
                    put_u64(&mut out, number);
                    let width = out.len();
                    widths[width] += 1;
                    out.resize(width + tail, filling);
                    let mut reader = Reader::new(&out);
                    assert_eq!(reader.u64(), number, "in {width} bytes before {tail}");
                    assert_eq!(reader.rest(), &out[width..], "behind {number} in {width} bytes");
                    assert!(!reader.has_failed());
                }
            }
        }
        assert!(widths[1..].iter().all(|count| *count > 0), "{widths:?}");
    }

    #[test]
    fn damage_is_noticed_and_asks_for_no_memory() {
        let mut reader = Reader::new(&[0xff; 10]);
        reader.u64();
        assert!(reader.has_failed());
        let mut reader = Reader::new(&[0xff, 0xff, 0xff, 0x7f]);
        assert_eq!(reader.count(), 0);
        assert!(reader.has_failed());
        let mut reader = Reader::new(&[3, 0, 0, 0]);
        assert_eq!(reader.clone().count_up_to(3), 3);
        assert_eq!(reader.count_up_to(2), 0);
        assert!(reader.has_failed());
    }
}
