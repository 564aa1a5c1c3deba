//! Texts that are mostly short: names, titles. A short one stands where it is used instead of in memory of its own, so that an
//! order of ten names takes no ten allocations.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::ops::Deref;

/// Bytes that fit: three words, as a `String` takes.
const FITS: usize = 22;

/// A text that never changes. Equal and ordered as a `str` is.
#[derive(Clone)]
pub struct ShortText(Kept);

#[derive(Clone)]
enum Kept {
    Here { len: u8, bytes: [u8; FITS] },
    There(Box<str>),
}

impl ShortText {
    pub fn as_str(&self) -> &str {
        match &self.0 {
            // Nothing but a text is ever put there.
            Kept::Here { .. } => std::str::from_utf8(self.as_bytes()).unwrap_or_default(),
            Kept::There(text) => text,
        }
    }

    fn as_bytes(&self) -> &[u8] {
        match &self.0 {
            Kept::Here { len, bytes } => bytes.get(..usize::from(*len)).unwrap_or_default(),
            Kept::There(text) => text.as_bytes(),
        }
    }
}

impl From<&str> for ShortText {
    fn from(text: &str) -> Self {
        match u8::try_from(text.len()).ok().filter(|len| usize::from(*len) <= FITS) {
            Some(len) => {
                let mut bytes = [0; FITS];
                bytes[..text.len()].copy_from_slice(text.as_bytes());
                Self(Kept::Here { len, bytes })
            }
            None => Self(Kept::There(text.into())),
        }
    }
}

impl Deref for ShortText {
    type Target = str;

    fn deref(&self) -> &str {
        self.as_str()
    }
}

impl PartialEq for ShortText {
    fn eq(&self, other: &Self) -> bool {
        self.as_bytes() == other.as_bytes()
    }
}

impl Eq for ShortText {}

impl PartialOrd for ShortText {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for ShortText {
    fn cmp(&self, other: &Self) -> Ordering {
        self.as_bytes().cmp(other.as_bytes())
    }
}

impl Hash for ShortText {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_bytes().hash(state);
    }
}

impl fmt::Debug for ShortText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

impl fmt::Display for ShortText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_as_a_str() {
        assert_eq!(size_of::<ShortText>(), size_of::<String>());
        let texts =
            ["", "a", "ab", "b", "订单", &"x".repeat(FITS), &"x".repeat(FITS + 1), &"单".repeat(7), &"单".repeat(8)];
        for one in texts {
            let short = ShortText::from(one);
            assert_eq!((short.as_str(), format!("{short} {short:?}")), (one, format!("{one} {one:?}")));
            for other in texts {
                assert_eq!(short.cmp(&other.into()), one.cmp(other));
                assert_eq!(short == other.into(), one == other);
            }
        }
    }
}
