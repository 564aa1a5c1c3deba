//! A time zone as a table of offsets, which is all that the views know of time zones.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, Offset as _, TimeZone, Utc};
use chrono_tz::Tz;
use daybook_domain::MerchantId;
use daybook_views::Merchants;
use daybook_views::query::Offset;

use super::error::ApiError;

/// 1900-01-01 and 2100-01-01, in seconds: before and after, the first and the last offset hold.
const FROM_SECONDS: i64 = -2_208_988_800;
const TO_SECONDS: i64 = 4_102_444_800;
const STEP_SECONDS: i64 = 86_400;

/// The zone's offsets; an IANA name such as `America/Sao_Paulo`.
pub(crate) fn offsets(name: &str) -> Result<Arc<[Offset]>, ApiError> {
    static KNOWN: Mutex<Option<HashMap<Tz, Arc<[Offset]>>>> = Mutex::new(None);
    let shown: String = name.chars().take(40).collect();
    let zone: Tz = name
        .parse()
        .map_err(|_| ApiError::Invalid(format!("{shown:?} is not a time zone such as Asia/Shanghai or UTC")))?;
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    let table = known.get_or_insert_default().entry(zone).or_insert_with(|| table(zone).into());
    Ok(Arc::clone(table))
}

/// The zone of whoever names none: the merchant's, or UTC for those that ask about all merchants.
pub(crate) fn name_of(merchants: &Merchants, merchant: Option<&MerchantId>) -> String {
    let profile = merchant.and_then(|id| merchants.get(id)).map(|entry| entry.profile).unwrap_or_default();
    profile.time_zone().to_owned()
}

fn offset_at(zone: Tz, seconds: i64) -> i32 {
    let at = DateTime::<Utc>::from_timestamp(seconds, 0).unwrap_or_default();
    zone.offset_from_utc_datetime(&at.naive_utc()).fix().local_minus_utc()
}

/// Looks once a day and halves the day where something changed: no zone has ever changed and changed back in a day.
fn table(zone: Tz) -> Vec<Offset> {
    let mut table = vec![Offset { from_seconds: FROM_SECONDS, offset_seconds: offset_at(zone, FROM_SECONDS) }];
    let mut at = FROM_SECONDS;
    let mut offset = offset_at(zone, at);
    while at < TO_SECONDS {
        let next = at + STEP_SECONDS;
        let after = offset_at(zone, next);
        if after != offset {
            let (mut low, mut high) = (at, next);
            while high - low > 1 {
                let middle = low + (high - low) / 2;
                if offset_at(zone, middle) == offset { low = middle } else { high = middle }
            }
            table.push(Offset { from_seconds: high, offset_seconds: after });
        }
        (at, offset) = (next, after);
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn summer_time_is_found_to_the_second() {
        let table = offsets("America/Sao_Paulo").unwrap();
        // 2017-10-15T03:00:00Z: midnight, local time; 2018-02-18T02:00:00Z.
        let found: Vec<(i64, i32)> = table
            .iter()
            .filter(|offset| (1_500_000_000..1_520_000_000).contains(&offset.from_seconds))
            .map(|offset| (offset.from_seconds, offset.offset_seconds))
            .collect();
        assert_eq!(found, [(1_508_036_400, -7_200), (1_518_919_200, -10_800)]);
    }

    #[test]
    fn utc_never_changes() {
        assert_eq!(offsets("UTC").unwrap().len(), 1);
        assert!(offsets("Mars/Olympus").is_err());
    }
}
