//! Order numbers as the views keep them: those of digits, and those that were made of a command's id, in half the bytes.

use std::ops::Deref;

use crate::wire::{Reader, put_u64};

/// How a number stands: in the two lowest bits, above which is its length.
const TEXT: u64 = 0;
const DIGITS: u64 = 1;
const COMMAND: u64 = 2;

/// So many digits fit into 128 bits.
const MOST_DIGITS: usize = 38;
/// `OrderNumber::from_command` makes a D and 26 of these, five bits each.
const BASE_32: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const COMMAND_LEN: usize = 27;

/// A number as text.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Number<'a> {
    Kept(&'a str),
    Made { text: [u8; MOST_DIGITS], len: usize },
}

impl Deref for Number<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        match self {
            Number::Kept(text) => text,
            // Nothing but ASCII is ever made.
            Number::Made { text, len } => std::str::from_utf8(&text[..*len]).unwrap_or_default(),
        }
    }
}

pub(crate) fn put_number(out: &mut Vec<u8>, number: &str) {
    let text = number.as_bytes();
    let (kind, value, bytes) = if let Some(value) = value_of_digits(text) {
        (DIGITS, value, bytes_of_digits(text.len()))
    } else if let Some(value) = value_of_command(text) {
        (COMMAND, value, size_of::<u128>())
    } else {
        put_u64(out, (text.len() as u64) << 2 | TEXT);
        out.extend_from_slice(text);
        return;
    };
    put_u64(out, (text.len() as u64) << 2 | kind);
    out.extend_from_slice(&value.to_le_bytes()[..bytes]);
}

pub(crate) fn read_number<'a>(reader: &mut Reader<'a>) -> Number<'a> {
    let (kind, len) = kind_and_len(reader);
    match kind {
        TEXT => Number::Kept(reader.text_of(len)),
        DIGITS => {
            let value = value(reader, bytes_of_digits(len));
            let mut text = [b'0'; MOST_DIGITS];
            match u64::try_from(value) {
                // Divided much faster.
                Ok(value) => put_digits(&mut text[..len], value, |value| (value / 10, value % 10)),
                Err(_) => put_digits(&mut text[..len], value, |value| (value / 10, (value % 10) as u64)),
            }
            Number::Made { text, len }
        }
        _ => {
            let mut value = value(reader, size_of::<u128>());
            let mut text = [b'0'; MOST_DIGITS];
            text[0] = b'D';
            for place in text[1..COMMAND_LEN].iter_mut().rev() {
                *place = BASE_32[usize::try_from(value & 31).unwrap_or(0)];
                value >>= 5;
            }
            Number::Made { text, len: COMMAND_LEN }
        }
    }
}

fn put_digits<T: Copy>(text: &mut [u8], mut value: T, divide: impl Fn(T) -> (T, u64)) {
    for place in text.iter_mut().rev() {
        let (rest, digit) = divide(value);
        *place = b'0' + digit.to_le_bytes()[0];
        value = rest;
    }
}

pub(crate) fn skip_number(reader: &mut Reader<'_>) {
    let (kind, len) = kind_and_len(reader);
    reader.take(match kind {
        TEXT => len,
        DIGITS => bytes_of_digits(len),
        _ => size_of::<u128>(),
    });
}

fn kind_and_len(reader: &mut Reader<'_>) -> (u64, usize) {
    let head = reader.u64();
    let (kind, len) = (head & 3, usize::try_from(head >> 2).unwrap_or(usize::MAX));
    if kind > COMMAND || (kind == DIGITS && len > MOST_DIGITS) {
        reader.fail();
        return (TEXT, 0);
    }
    (kind, len)
}

fn value(reader: &mut Reader<'_>, bytes: usize) -> u128 {
    let mut value = [0; size_of::<u128>()];
    let taken = reader.take(bytes);
    value[..taken.len()].copy_from_slice(taken);
    u128::from_le_bytes(value)
}

/// A digit takes less than 3.33 bits.
fn bytes_of_digits(digits: usize) -> usize {
    (digits * 333).div_ceil(800)
}

fn value_of_digits(text: &[u8]) -> Option<u128> {
    if text.is_empty() || text.len() > MOST_DIGITS || !text.iter().all(u8::is_ascii_digit) {
        return None;
    }
    Some(text.iter().fold(0, |value, digit| value * 10 + u128::from(digit - b'0')))
}

fn value_of_command(text: &[u8]) -> Option<u128> {
    let (&first, rest) = text.split_first()?;
    // 26 times five bits are two more than there are.
    if text.len() != COMMAND_LEN || first != b'D' || !matches!(rest.first(), Some(b'0'..=b'7')) {
        return None;
    }
    rest.iter().try_fold(0, |value: u128, digit| {
        let place = BASE_32.iter().position(|known| known == digit)?;
        Some(value << 5 | place as u128)
    })
}

#[cfg(test)]
mod tests {
    use daybook_domain::{CommandId, OrderNumber};
    use uuid::Uuid;

    use super::*;

    fn kept_in(number: &str) -> usize {
        let mut out = Vec::new();
        put_number(&mut out, number);
        put_u64(&mut out, 7);
        let mut reader = Reader::new(&out);
        assert_eq!(&*read_number(&mut reader), number);
        assert_eq!(reader.u64(), 7);
        assert!(reader.is_whole());
        let mut reader = Reader::new(&out);
        skip_number(&mut reader);
        assert_eq!(reader.u64(), 7);
        out.len() - 1
    }

    #[test]
    fn numbers_come_back() {
        assert_eq!(kept_in("202611240000000123"), 9);
        for text in ["", "0", "00", "A-1", "订单-1", "D", "D8ZZZZZZZZZZZZZZZZZZZZZZZZZ", "D0000000000000000000000000I"]
        {
            kept_in(text);
        }
        for digits in 1..=64 {
            kept_in(&"9".repeat(digits));
            kept_in(&"0".repeat(digits));
        }
        for id in [0, 1, u128::MAX, 0x1234_5678_9ABC_DEF0_1357_9BDF_0246_8ACE] {
            assert_eq!(kept_in(OrderNumber::from_command(CommandId(Uuid::from_u128(id))).as_str()), 17);
        }
    }

    #[test]
    fn damage_is_no_number() {
        for head in [3, 39 << 2 | 1, u64::MAX] {
            let mut out = Vec::new();
            put_u64(&mut out, head);
            let mut reader = Reader::new(&out);
            assert_eq!(&*read_number(&mut reader), "");
            assert!(!reader.is_whole());
        }
    }
}
