//! Local time from a table of offsets.

use super::series::{DAY_SECONDS, QUARTER_SECONDS};
use crate::query::Offset;

/// Where in local time a moment falls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Local {
    /// Days from 1970-01-01.
    pub(crate) day: i64,
    /// Monday is 0: `weekday * 24 + hour`.
    pub(crate) cell: usize,
}

#[derive(Clone, Copy)]
pub(crate) struct Zone<'a> {
    table: &'a [Offset],
}

impl<'a> Zone<'a> {
    pub(crate) fn new(table: &'a [Offset]) -> Self {
        Self { table }
    }

    pub(crate) fn offset_at(self, seconds: i64) -> i64 {
        let after = self.table.partition_point(|offset| offset.from_seconds <= seconds);
        let entry = self.table.get(after.saturating_sub(1));
        entry.map_or(0, |offset| offset.offset_seconds.into())
    }

    pub(crate) fn local(self, micros: i64) -> Local {
        let seconds = micros.div_euclid(1_000_000);
        local_of(seconds, self.offset_at(seconds))
    }

    /// The offset of a whole UTC day; none if it changes within the day.
    pub(crate) fn offset_of_day(self, day: i32) -> Option<i64> {
        let start = i64::from(day) * DAY_SECONDS;
        let (first, last) = (self.offset_at(start), self.offset_at(start + DAY_SECONDS - 1));
        let changes = self.changes_within(start);
        (first == last && changes.is_empty()).then_some(first)
    }

    /// Whether each quarter of an hour of a UTC day falls into one local hour as a whole.
    pub(crate) fn keeps_quarters(self, day: i32) -> bool {
        let start = i64::from(day) * DAY_SECONDS;
        self.offset_at(start) % QUARTER_SECONDS == 0
            && self.changes_within(start).iter().all(|change| {
                change.from_seconds % QUARTER_SECONDS == 0 && i64::from(change.offset_seconds) % QUARTER_SECONDS == 0
            })
    }

    /// The changes after the day's first second. The table's very first entry holds before itself too.
    fn changes_within(self, start: i64) -> &'a [Offset] {
        let table = self.table.get(1..).unwrap_or(&[]);
        let first = table.partition_point(|offset| offset.from_seconds <= start);
        let last = table.partition_point(|offset| offset.from_seconds < start + DAY_SECONDS);
        &table[first..last.max(first)]
    }
}

pub(crate) fn local_of(seconds: i64, offset: i64) -> Local {
    let local = seconds.saturating_add(offset);
    let day = local.div_euclid(DAY_SECONDS);
    let hour = local.rem_euclid(DAY_SECONDS) / 3_600;
    // 1970-01-01 was a Thursday.
    let weekday = (day + 3).rem_euclid(7);
    Local { day, cell: usize::try_from(weekday * 24 + hour).unwrap_or(0) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weeks_begin_on_monday() {
        let utc = Zone::new(&[]);
        // 2026-11-23 was a Monday.
        let monday = 1_795_392_000_000_000;
        assert_eq!(utc.local(monday), Local { day: 20_780, cell: 0 });
        assert_eq!(utc.local(monday - 1), Local { day: 20_779, cell: 6 * 24 + 23 });
        let shanghai = [Offset { from_seconds: 0, offset_seconds: 28_800 }];
        assert_eq!(Zone::new(&shanghai).local(monday - 1), Local { day: 20_780, cell: 7 });
    }

    #[test]
    fn a_change_inside_a_quarter_is_seen() {
        let change = |from_seconds, offset_seconds| Offset { from_seconds, offset_seconds };
        let table =
            [change(0, 0), change(86_400 + 3_600, 3_600), change(3 * 86_400 + 100, 0), change(5 * 86_400, 29_143)];
        let zone = Zone::new(&table);
        assert_eq!((zone.offset_of_day(0), zone.keeps_quarters(0)), (Some(0), true));
        assert_eq!((zone.offset_of_day(1), zone.keeps_quarters(1)), (None, true));
        assert_eq!((zone.offset_of_day(2), zone.keeps_quarters(2)), (Some(3_600), true));
        assert_eq!((zone.offset_of_day(3), zone.keeps_quarters(3)), (None, false));
        assert_eq!((zone.offset_of_day(5), zone.keeps_quarters(5)), (Some(29_143), false));
    }
}
