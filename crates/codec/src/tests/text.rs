//! Times and amounts as text.

use chrono::{DateTime, SecondsFormat, Utc};
use daybook_domain::{Currency, Money, Timestamp};
use proptest::prelude::*;

use super::generate::{CURRENCIES, config};
use crate::amount::AmountText;
use crate::{TimeError, format_time, parse_time};

/// 0000-01-01 and 9999-12-31T23:59:59.999999.
pub(super) const RFC_3339: std::ops::RangeInclusive<i64> = -62_167_219_200_000_000..=253_402_300_799_999_999;

#[test]
fn times_are_written() {
    let rows = [
        (0, "1970-01-01T00:00:00Z"),
        (-1, "1969-12-31T23:59:59.999999Z"),
        (1_709_164_800_250_000, "2024-02-29T00:00:00.250000Z"),
        (*RFC_3339.start(), "0000-01-01T00:00:00Z"),
        (*RFC_3339.end(), "9999-12-31T23:59:59.999999Z"),
        (*RFC_3339.end() + 1, "+010000-01-01T00:00:00Z"),
        (*RFC_3339.start() - 1, "-000001-12-31T23:59:59.999999Z"),
        (i64::MAX, "+294247-01-10T04:00:54.775807Z"),
        (i64::MIN, "-290308-12-21T19:59:05.224192Z"),
    ];
    for (micros, text) in rows {
        assert_eq!(format_time(Timestamp(micros)), text);
    }
}

#[test]
fn times_are_read() {
    let rows = [
        ("1970-01-01T00:00:00Z", 0),
        ("1970-01-01t08:00:00.5+08:00", 500_000),
        ("1969-12-31T19:30:00.000000000-04:30", 0),
        ("1970-01-01T00:00:00-00:00", 0),
        ("2016-12-31T23:59:60Z", 1_483_228_800_000_000),
        ("2000-02-29T00:00:00z", 951_782_400_000_000),
    ];
    for (text, micros) in rows {
        assert_eq!(parse_time(text), Ok(Timestamp(micros)), "{text}");
    }
}

#[test]
fn other_texts_are_no_times() {
    use TimeError::{Range, Shape, TooFine};
    let rows = [
        ("", Shape),
        ("2018-01-01", Shape),
        ("2018-01-01 00:00:00Z", Shape),
        ("2018-01-01T00:00:00", Shape),
        ("2018-01-01T00:00:00.Z", Shape),
        ("2018-01-01T00:00:00Z ", Shape),
        ("2018-01-01T00:00:00+0800", Shape),
        ("2018-1-01T00:00:00Z", Shape),
        ("+018-01-01T00:00:00Z", Shape),
        ("2018-01-01T00:00:0１Z", Shape),
        ("2018-13-01T00:00:00Z", Range),
        ("2018-00-01T00:00:00Z", Range),
        ("2018-01-00T00:00:00Z", Range),
        ("2018-02-29T00:00:00Z", Range),
        ("1900-02-29T00:00:00Z", Range),
        ("2018-01-01T24:00:00Z", Range),
        ("2018-01-01T00:60:00Z", Range),
        ("2018-01-01T00:00:61Z", Range),
        ("2018-01-01T00:00:00+24:00", Range),
        ("2018-01-01T00:00:00+08:60", Range),
        ("2018-01-01T00:00:00.0000001Z", TooFine),
    ];
    for (text, error) in rows {
        assert_eq!(parse_time(text), Err(error), "{text:?}");
    }
}

proptest! {
    #![proptest_config(config(2_000))]

    #[test]
    fn times_are_as_chrono_has_them(micros in RFC_3339, offset in -1439_i32..1440) {
        let ours = format_time(Timestamp(micros));
        let utc = DateTime::<Utc>::from_timestamp_micros(micros).unwrap();
        let form = if micros % 1_000_000 == 0 { SecondsFormat::Secs } else { SecondsFormat::Micros };
        prop_assert_eq!(&ours, &utc.to_rfc3339_opts(form, true));
        prop_assert_eq!(parse_time(&ours), Ok(Timestamp(micros)));
        let local = utc.with_timezone(&chrono::FixedOffset::east_opt(offset * 60).unwrap());
        let text = local.to_rfc3339_opts(SecondsFormat::Nanos, false);
        // Beyond the four digits of a year chrono writes more, which RFC 3339 does not know.
        if text.len() == "2018-01-01T00:00:00.000000000+08:00".len() {
            prop_assert_eq!(parse_time(&text), Ok(Timestamp(micros)));
        }
    }

    #[test]
    fn no_text_makes_reading_a_time_panic(text in ".{0,40}", near in "[0-9TZtz:.+-]{15,32}") {
        let _ = (parse_time(&text), parse_time(&near));
    }

    #[test]
    fn any_moment_is_written(micros in any::<i64>()) {
        prop_assert!(format_time(Timestamp(micros)).ends_with('Z'));
    }

    #[test]
    fn amounts_are_as_the_domain_writes_them(minor in any::<i64>(), small in -2_000_i64..2_000, code in 0..CURRENCIES.len()) {
        let currency = Currency::new(CURRENCIES[code]).unwrap();
        for minor in [minor, small] {
            let text = AmountText::new(minor, currency.digits());
            prop_assert_eq!(text.as_str(), Money::new(minor, currency).amount());
        }
    }
}
