//! Moments as RFC 3339 text, in UTC. Written by hand because the canonical form of every command passes here; the tests
//! compare with chrono.

use daybook_domain::Timestamp;
use daybook_domain::time::{DAY_MICROS, HOUR_MICROS, MINUTE_MICROS, SECOND_MICROS};
use thiserror::Error;

/// Why a text is not a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum TimeError {
    #[error("is not a time such as 2018-01-31T09:30:00Z or 2018-01-31T17:30:00.25+08:00")]
    Shape,
    #[error("names a day, hour or offset that does not exist")]
    Range,
    #[error("is finer than microseconds")]
    TooFine,
}

/// `2018-01-31T09:30:00Z`, with six decimals where the microseconds are not zero. Years outside 0000 to 9999, which RFC
/// 3339 cannot write, get a sign and six digits.
pub fn format_time(at: Timestamp) -> String {
    TimeText::new(at).as_str().to_owned()
}

/// A formatted moment on the stack.
pub(crate) struct TimeText {
    bytes: [u8; 32],
    length: usize,
}

impl TimeText {
    pub(crate) fn new(at: Timestamp) -> Self {
        let (year, month, day) = civil(at.0.div_euclid(DAY_MICROS));
        let of_day = at.0.rem_euclid(DAY_MICROS);
        let mut text = Self { bytes: [0; 32], length: 0 };
        if (0..=9999).contains(&year) {
            text.digits(year, 1000);
        } else {
            text.push(if year < 0 { b'-' } else { b'+' });
            text.digits(year.abs(), 100_000);
        }
        for (before, value) in [
            (b'-', month),
            (b'-', day),
            (b'T', of_day / HOUR_MICROS),
            (b':', of_day / MINUTE_MICROS % 60),
            (b':', of_day / SECOND_MICROS % 60),
        ] {
            text.push(before);
            text.digits(value, 10);
        }
        let micros = of_day % SECOND_MICROS;
        if micros != 0 {
            text.push(b'.');
            text.digits(micros, 100_000);
        }
        text.push(b'Z');
        text
    }

    pub(crate) fn as_str(&self) -> &str {
        std::str::from_utf8(&self.bytes[..self.length]).unwrap_or_default()
    }

    fn push(&mut self, byte: u8) {
        self.bytes[self.length] = byte;
        self.length += 1;
    }

    /// From the digit that counts `unit` downwards; `value` is not negative.
    fn digits(&mut self, value: i64, mut unit: i64) {
        while unit > 0 {
            self.push(b'0' + (value / unit % 10) as u8);
            unit /= 10;
        }
    }
}

/// Reads RFC 3339 with any offset. A leap second is the second after it.
///
/// # Errors
///
/// [`TimeError`] for anything else, and for what microseconds cannot hold exactly.
pub fn parse_time(text: &str) -> Result<Timestamp, TimeError> {
    let (date, rest) = text.split_at_checked(10).ok_or(TimeError::Shape)?;
    let (time, rest) = rest.split_at_checked(9).ok_or(TimeError::Shape)?;
    let date = date.as_bytes();
    let time = time.as_bytes();
    if date[4] != b'-' || date[7] != b'-' || !matches!(time[0], b'T' | b't') || time[3] != b':' || time[6] != b':' {
        return Err(TimeError::Shape);
    }
    let (year, month, day) = (number(&date[..4])?, number(&date[5..7])?, number(&date[8..])?);
    let (hour, minute, second) = (number(&time[1..3])?, number(&time[4..6])?, number(&time[7..])?);
    let (micros, zone) = fraction(rest)?;
    let offset = offset(zone)?;
    if !(1..=12).contains(&month) || hour > 23 || minute > 59 || second > 60 {
        return Err(TimeError::Range);
    }
    let days = days(year, month, day);
    if day == 0 || civil(days) != (year, month, day) {
        return Err(TimeError::Range);
    }
    let of_day = (hour * 60 + minute - offset) * MINUTE_MICROS + second * SECOND_MICROS + micros;
    Ok(Timestamp(days * DAY_MICROS + of_day))
}

fn number(digits: &[u8]) -> Result<i64, TimeError> {
    digits.iter().try_fold(0, |sum, &digit| {
        if digit.is_ascii_digit() { Ok(sum * 10 + i64::from(digit - b'0')) } else { Err(TimeError::Shape) }
    })
}

/// Microseconds, and what follows them.
fn fraction(rest: &str) -> Result<(i64, &[u8]), TimeError> {
    let Some(rest) = rest.strip_prefix('.') else { return Ok((0, rest.as_bytes())) };
    let rest = rest.as_bytes();
    let length = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (digits, zone) = rest.split_at(length);
    if digits.is_empty() {
        return Err(TimeError::Shape);
    }
    if digits.iter().skip(6).any(|&digit| digit != b'0') {
        return Err(TimeError::TooFine);
    }
    let padded = digits.iter().chain(std::iter::repeat(&b'0')).take(6);
    Ok((padded.fold(0, |sum, digit| sum * 10 + i64::from(digit - b'0')), zone))
}

/// Minutes east of Greenwich.
fn offset(zone: &[u8]) -> Result<i64, TimeError> {
    match zone {
        [b'Z' | b'z'] => Ok(0),
        [sign @ (b'+' | b'-'), h1, h2, b':', m1, m2] => {
            let (hours, minutes) = (number(&[*h1, *h2])?, number(&[*m1, *m2])?);
            if hours > 23 || minutes > 59 {
                return Err(TimeError::Range);
            }
            let east = hours * 60 + minutes;
            Ok(if *sign == b'-' { -east } else { east })
        }
        _ => Err(TimeError::Shape),
    }
}

/// Year, month and day of the proleptic Gregorian calendar, so many days after 1970-01-01. Counts from 1 March of year
/// 0, so that leap days end a year (Howard Hinnant, "chrono-compatible low-level date algorithms").
fn civil(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let of_era = shifted.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

/// The inverse of [`civil`]; a day that the month does not have runs on into the next.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = year - i64::from(month <= 2);
    let (era, year_of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let month_from_march = if month > 2 { month - 3 } else { month + 9 };
    let of_year = (153 * month_from_march + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + of_year - 719_468
}
