//! Scalars: what GraphQL's own numbers cannot hold.

use async_graphql::{InputValueError, InputValueResult, Scalar, ScalarType, Value};
use daybook_codec::{format_time, parse_time};
use daybook_domain::Timestamp;

/// An event's place in the ledger, from 1. Written as a string, because it outgrows JavaScript's numbers; read from a
/// string or an integer. 0 stands for "before everything".
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Position(pub(crate) u64);

#[Scalar]
impl ScalarType for Position {
    fn parse(value: Value) -> InputValueResult<Self> {
        let parsed = match &value {
            Value::String(text) => text.parse().ok(),
            Value::Number(number) => number.as_u64(),
            _ => None,
        };
        parsed.map(Position).ok_or_else(|| InputValueError::custom("a position is a whole number, such as \"1234\""))
    }

    // Whoever checks arguments before they are read names the field in its refusal.
    fn is_valid(value: &Value) -> bool {
        Self::parse(value.clone()).is_ok()
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.to_string())
    }
}

/// A moment as RFC 3339 text with an offset, exact to the microsecond; written in UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct DateTime(pub(crate) Timestamp);

#[Scalar]
impl ScalarType for DateTime {
    fn parse(value: Value) -> InputValueResult<Self> {
        match &value {
            Value::String(text) => {
                parse_time(text).map(DateTime).map_err(|error| InputValueError::custom(format!("the time {error}")))
            }
            _ => Err(InputValueError::expected_type(value)),
        }
    }

    fn is_valid(value: &Value) -> bool {
        Self::parse(value.clone()).is_ok()
    }

    fn to_value(&self) -> Value {
        Value::String(format_time(self.0))
    }
}

/// A day of a calendar, such as `2018-01-31`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Date(pub(crate) chrono::NaiveDate);

impl Date {
    /// From days since 1970-01-01.
    pub(crate) fn from_day_number(days: i32) -> Self {
        Self(chrono::NaiveDate::from_epoch_days(days).unwrap_or_default())
    }
}

#[Scalar]
impl ScalarType for Date {
    fn parse(value: Value) -> InputValueResult<Self> {
        match &value {
            Value::String(text) => {
                text.parse().map(Date).map_err(|_| InputValueError::custom("a day is written as 2018-01-31"))
            }
            _ => Err(InputValueError::expected_type(value)),
        }
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.to_string())
    }
}

/// A decimal number as text, such as `"9.90"`: exact, never a floating-point number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Decimal(pub(crate) String);

impl Decimal {
    /// A number of millionths, with its six decimals.
    pub(crate) fn from_millionths(millionths: u64) -> Self {
        Self(format!("{}.{:06}", millionths / 1_000_000, millionths % 1_000_000))
    }

    /// Half a number, with one decimal where it is not whole.
    pub(crate) fn from_halves(halves: u64) -> Self {
        let half = if halves.is_multiple_of(2) { "" } else { ".5" };
        Self(format!("{}{half}", halves / 2))
    }

    /// None: not a number from 0 to 4294 with at most six decimals.
    pub(crate) fn to_millionths(&self) -> Option<u32> {
        let (whole, decimals) = self.0.split_once('.').unwrap_or((&self.0, ""));
        let are_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        if whole.is_empty() || decimals.len() > 6 || !are_digits(whole) || !are_digits(decimals) {
            return None;
        }
        let whole: u32 = whole.parse().ok()?;
        let decimals: u32 = format!("{decimals:0<6}").parse().ok()?;
        whole.checked_mul(1_000_000)?.checked_add(decimals)
    }
}

/// Any text is let in: what it must look like depends on the currency, and the answer names the field.
#[Scalar]
impl ScalarType for Decimal {
    fn parse(value: Value) -> InputValueResult<Self> {
        match value {
            Value::String(text) => Ok(Decimal(text)),
            other => Err(InputValueError::expected_type(other)),
        }
    }

    fn is_valid(value: &Value) -> bool {
        matches!(value, Value::String(_))
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ratios_have_six_decimals() {
        assert_eq!(Decimal::from_millionths(1_000_000).0, "1.000000");
        assert_eq!(Decimal::from_millionths(970_001).0, "0.970001");
        assert_eq!(Decimal::from_millionths(0).0, "0.000000");
    }

    #[test]
    fn shares_are_read_to_six_decimals() {
        let read = |text: &str| Decimal(text.into()).to_millionths();
        assert_eq!(["0", "1", "0.05", "0.123456"].map(read), [Some(0), Some(1_000_000), Some(50_000), Some(123_456)]);
        assert_eq!(["", ".5", "0.1234567", "-1", "1e3", "99999999999"].map(read), [None; 6]);
    }

    #[test]
    fn positions_are_read_from_text_and_from_integers() {
        assert_eq!(Position::parse(Value::from("18446744073709551615")).unwrap(), Position(u64::MAX));
        assert_eq!(Position::parse(Value::from(7)).unwrap(), Position(7));
        assert!(Position::parse(Value::from(-7)).is_err());
        assert!(Position::parse(Value::from("7.0")).is_err());
    }
}
