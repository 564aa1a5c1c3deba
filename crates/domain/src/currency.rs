//! Currencies: what is accepted from outside may change, what stored amounts mean may not.

mod digits;

use std::fmt;

use crate::money::MoneyError;
use digits::DIGITS;

/// An ISO 4217 alphabetic code.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Currency([u8; 3]);

/// Codes that are not accepted from outside any more. What is stored in them keeps its decimals.
const WITHDRAWN: &[&str] = &[];

/// What codes that were never accepted have: none is stored.
const USUAL_DIGITS: u32 = 2;

impl Currency {
    pub const CNY: Currency = Currency(*b"CNY");
    pub const BRL: Currency = Currency(*b"BRL");

    /// Accepts upper-case codes in use only.
    pub fn new(code: &str) -> Result<Self, MoneyError> {
        let unknown = || MoneyError::UnknownCurrency(code.chars().take(16).collect());
        let bytes: [u8; 3] = code.as_bytes().try_into().map_err(|_| unknown())?;
        if is_accepted(code, WITHDRAWN) { Ok(Self(bytes)) } else { Err(unknown()) }
    }

    /// From stored bytes: the log is believed, since the code was checked when it was written.
    pub const fn from_stored(code: [u8; 3]) -> Self {
        Self(code)
    }

    pub const fn to_bytes(self) -> [u8; 3] {
        self.0
    }

    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or("???")
    }

    /// Decimals of the minor unit, the same for ever.
    pub fn digits(self) -> u32 {
        digits_of(self.as_str()).unwrap_or(USUAL_DIGITS)
    }
}

fn digits_of(code: &str) -> Option<u32> {
    let at = DIGITS.binary_search_by_key(&code, |(known, _)| known).ok()?;
    DIGITS.get(at).map(|(_, digits)| *digits)
}

fn is_accepted(code: &str, withdrawn: &[&str]) -> bool {
    digits_of(code).is_some() && !withdrawn.contains(&code)
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    /// The table's first lines, counted and hashed. Never change these.
    const COUNT: usize = 160;
    const HASH: &str = "d126ba5c-4bfe-50ab-83ab-daf9c7c26810";

    /// The codes of lines that were added since.
    const ADDED: &[&str] = &[];

    #[test]
    fn no_line_is_changed_or_removed() {
        let before = DIGITS.iter().filter(|(code, _)| !ADDED.contains(code));
        let lines: Vec<String> = before.map(|(code, digits)| format!("{code} {digits}")).collect();
        let hash = Uuid::new_v5(&Uuid::nil(), lines.join("\n").as_bytes()).to_string();
        assert_eq!(
            (lines.len(), hash.as_str()),
            (COUNT, HASH),
            "stored amounts would read otherwise: put the line back"
        );
    }

    #[test]
    fn every_line_is_found() {
        assert!(DIGITS.is_sorted_by(|(a, _), (b, _)| a < b), "in the order of the codes");
        for (code, digits) in DIGITS {
            let bytes = code.as_bytes().try_into().unwrap();
            assert_eq!(Currency::from_stored(bytes).digits(), *digits, "{code}");
        }
    }

    #[test]
    fn a_withdrawn_code_is_refused_and_still_read() {
        assert!(is_accepted("KWD", &[]) && !is_accepted("KWD", &["KWD"]));
        assert_eq!(Currency::from_stored(*b"KWD").digits(), 3);
        assert!(WITHDRAWN.iter().all(|code| Currency::new(code).is_err() && digits_of(code).is_some()));
    }
}
