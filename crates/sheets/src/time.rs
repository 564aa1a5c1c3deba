//! Moments in a zone: as text, and as the day numbers of a spreadsheet.

use std::fmt::Write as _;
use std::sync::Arc;

use chrono::{DateTime, Datelike, NaiveDateTime, TimeDelta, Timelike};

/// A zone's offsets: from which second (since 1970) on, so many seconds east of Greenwich. The first one holds before itself
/// too; none at all is UTC.
#[derive(Clone, Debug, Default)]
pub struct Zone(Arc<[(i64, i32)]>);

impl Zone {
    pub fn utc() -> Self {
        Self::default()
    }

    /// Rising.
    pub fn new(offsets: impl IntoIterator<Item = (i64, i32)>) -> Self {
        Self(offsets.into_iter().collect())
    }

    fn offset_at(&self, seconds: i64) -> i32 {
        let after = self.0.partition_point(|(from, _)| *from <= seconds);
        self.0.get(after.saturating_sub(1)).map_or(0, |(_, offset)| *offset)
    }

    /// Local time and its offset. None: no calendar goes that far.
    fn local(&self, micros: i64) -> Option<(NaiveDateTime, i32)> {
        let utc = DateTime::from_timestamp_micros(micros)?.naive_utc();
        let offset = self.offset_at(micros.div_euclid(1_000_000));
        Some((utc.checked_add_signed(TimeDelta::seconds(offset.into()))?, offset))
    }

    /// `2018-01-31T17:30:00.25+08:00`, to the microsecond.
    pub(crate) fn rfc3339(&self, micros: i64) -> String {
        let Some((local, offset)) = self.local(micros) else { return micros.to_string() };
        let mut text = date_and_time(local, 'T');
        let part = micros.rem_euclid(1_000_000);
        if part != 0 {
            let digits = format!("{part:06}");
            let _ = write!(text, ".{}", digits.trim_end_matches('0'));
        }
        if offset == 0 {
            text.push('Z');
        } else {
            let sign = if offset < 0 { '-' } else { '+' };
            let minutes = offset.unsigned_abs() / 60;
            let _ = write!(text, "{sign}{:02}:{:02}", minutes / 60, minutes % 60);
        }
        text
    }

    /// `2018-01-31 17:30:00`, to the second: what spreadsheets read as a moment.
    pub(crate) fn plain(&self, micros: i64) -> String {
        self.local(micros).map_or_else(|| micros.to_string(), |(local, _)| date_and_time(local, ' '))
    }

    /// Days since 1899-12-30, to the second, as decimal text. None: before March 1900, when spreadsheets disagree about the
    /// days, or after 9999, which they do not know.
    pub(crate) fn serial(&self, micros: i64) -> Option<String> {
        const DAY_1970: i64 = 25_569;
        const DAY_MARCH_1900: i64 = 61;
        const DAY_10000: i64 = 2_958_466;
        const DECIMALS: i64 = 10_000_000_000;
        let (local, _) = self.local(micros)?;
        let seconds = local.and_utc().timestamp();
        let day = seconds.div_euclid(86_400) + DAY_1970;
        let of_day = seconds.rem_euclid(86_400);
        // Ten decimals are finer than ten microseconds.
        let part = (of_day * DECIMALS + 43_200) / 86_400;
        (DAY_MARCH_1900..DAY_10000).contains(&day).then(|| format!("{day}.{part:010}"))
    }
}

fn date_and_time(at: NaiveDateTime, between: char) -> String {
    let mut text = String::with_capacity(32);
    let (year, month, day) = (at.year(), at.month(), at.day());
    let (hour, minute, second) = (at.hour(), at.minute(), at.second());
    // Writing into a string cannot fail.
    let _ = write!(text, "{year:04}-{month:02}-{day:02}{between}{hour:02}:{minute:02}:{second:02}");
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2018-01-31T09:30:00.25Z.
    const AT: i64 = 1_517_391_000_250_000;

    #[test]
    fn a_moment_is_shown_in_its_zone() {
        let shanghai = Zone::new([(0, 28_800)]);
        assert_eq!(shanghai.rfc3339(AT), "2018-01-31T17:30:00.25+08:00");
        assert_eq!(shanghai.plain(AT), "2018-01-31 17:30:00");
        assert_eq!(Zone::utc().rfc3339(AT - 250_000), "2018-01-31T09:30:00Z");
        assert_eq!(Zone::utc().rfc3339(-1), "1969-12-31T23:59:59.999999Z");
        let new_york = Zone::new([(0, -18_000), (1_520_751_600, -14_400)]);
        assert_eq!(new_york.rfc3339(1_520_751_599_000_000), "2018-03-11T01:59:59-05:00");
        assert_eq!(new_york.rfc3339(1_520_751_600_000_000), "2018-03-11T03:00:00-04:00");
    }

    #[test]
    fn days_are_counted_as_spreadsheets_do() {
        let utc = Zone::utc();
        assert_eq!(utc.serial(0).as_deref(), Some("25569.0000000000"));
        assert_eq!(utc.serial(AT).as_deref(), Some("43131.3958333333"));
        assert_eq!(utc.serial(86_399_999_999).as_deref(), Some("25569.9999884259"));
        assert_eq!(utc.serial(-2_203_891_200_000_001), None, "the last second of February 1900");
        assert!(utc.serial(-2_203_891_200_000_000).is_some());
        assert_eq!(utc.serial(253_402_300_800_000_000), None, "the year 10000");
        assert_eq!(utc.serial(i64::MAX), None);
        assert_eq!(utc.plain(i64::MAX), i64::MAX.to_string(), "no calendar goes that far");
    }
}
