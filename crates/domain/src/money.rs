//! Integer minor units with an ISO 4217 currency. Nothing floats; every sum is checked.

use std::fmt;

use thiserror::Error;

pub use crate::currency::Currency;

/// An amount in the currency's minor units (1.00 CNY = 100, 1 JPY = 1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Money {
    pub minor: i64,
    pub currency: Currency,
}

#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum MoneyError {
    #[error("{0:?} is not an ISO 4217 currency code in use")]
    UnknownCurrency(String),
    #[error("{0:?} is not a decimal number such as 9.90")]
    NotDecimal(String),
    #[error("{text:?} has more than the {digits} decimals of {currency}")]
    TooManyDecimals { text: String, digits: u32, currency: Currency },
    #[error("{0:?} is too large")]
    TooLarge(String),
}

impl Money {
    pub const fn new(minor: i64, currency: Currency) -> Self {
        Self { minor, currency }
    }

    /// Reads a plain decimal such as `9.90`, `-1` or `0.5`; no exponent, no grouping, no rounding.
    pub fn parse(text: &str, currency: Currency) -> Result<Self, MoneyError> {
        let shown = || text.chars().take(40).collect::<String>();
        let (negative, digits) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let all_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        if whole.is_empty() || !all_digits(whole) || !all_digits(fraction) || digits.ends_with('.') {
            return Err(MoneyError::NotDecimal(shown()));
        }
        let places = currency.digits();
        if fraction.trim_end_matches('0').len() > places as usize {
            return Err(MoneyError::TooManyDecimals { text: shown(), digits: places, currency });
        }
        let mut minor: i64 = 0;
        let padded = fraction.bytes().chain(std::iter::repeat(b'0')).take(places as usize);
        for byte in whole.bytes().chain(padded) {
            minor = minor
                .checked_mul(10)
                .and_then(|minor| minor.checked_add(i64::from(byte - b'0')))
                .ok_or_else(|| MoneyError::TooLarge(shown()))?;
        }
        Ok(Self { minor: if negative { -minor } else { minor }, currency })
    }

    /// The amount alone, with all the currency's decimals: `9.90`.
    pub fn amount(self) -> String {
        let places = self.currency.digits() as usize;
        let sign = if self.minor < 0 { "-" } else { "" };
        let digits = format!("{:0width$}", self.minor.unsigned_abs(), width = places + 1);
        let (whole, fraction) = digits.split_at(digits.len() - places);
        if places == 0 { format!("{sign}{whole}") } else { format!("{sign}{whole}.{fraction}") }
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.amount(), self.currency)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cny(text: &str) -> Result<i64, MoneyError> {
        Money::parse(text, Currency::CNY).map(|money| money.minor)
    }

    #[test]
    fn decimals_are_read_exactly() {
        assert_eq!(cny("9.90"), Ok(990));
        assert_eq!(cny("-1"), Ok(-100));
        assert_eq!(cny("0.5"), Ok(50));
        assert_eq!(cny("1.2300"), Ok(123));
        assert_eq!(Money::parse("150", Currency::new("JPY").unwrap()).map(|money| money.minor), Ok(150));
        assert_eq!(Money::parse("1.234", Currency::new("KWD").unwrap()).map(|money| money.minor), Ok(1234));
    }

    #[test]
    fn anything_else_is_refused() {
        for text in ["", "-", ".5", "5.", "1e3", "1,000", "+1", " 1", "１", "--1"] {
            assert_eq!(cny(text), Err(MoneyError::NotDecimal(text.into())), "{text:?}");
        }
        assert!(matches!(cny("0.001"), Err(MoneyError::TooManyDecimals { digits: 2, .. })));
        assert!(matches!(cny("99999999999999999999"), Err(MoneyError::TooLarge(_))));
        assert!(Currency::new("cny").is_err());
        assert!(Currency::new("XXX").is_err());
    }

    #[test]
    fn amounts_are_written_in_full() {
        let cny = |minor| Money::new(minor, Currency::CNY).amount();
        assert_eq!(cny(990), "9.90");
        assert_eq!(cny(-5), "-0.05");
        assert_eq!(cny(0), "0.00");
        assert_eq!(cny(i64::MIN), "-92233720368547758.08");
        assert_eq!(Money::new(150, Currency::new("JPY").unwrap()).amount(), "150");
    }
}
