//! The time that is recorded never runs backwards, and does not follow a clock that was wrong once for ever.

use std::sync::Arc;

use daybook_codec::format_time;
use daybook_domain::{Timestamp, time::SECOND_MICROS};
use thiserror::Error;

/// Where the time comes from. The engine never lets it run backwards.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// A clock that was corrected by no more than this is waited for: what happens meanwhile is recorded at the newest time so
/// far.
pub const MAX_BRIDGED_SECONDS: i64 = 300;

/// The clock is so far behind the newest event that one of the two is wrong. Were the newest event's time used instead, all
/// that happens would be recorded at that one wrong moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error(
    "the clock says {}, but the newest event was recorded at {}: set the clock right; if it is right, it was wrong before: \
     restore the folder from a backup of before, or wait",
    format_time(*.now), format_time(*.last_recorded)
)]
pub struct ClockBehind {
    pub now: Timestamp,
    pub last_recorded: Timestamp,
}

/// The time to record.
pub(crate) fn time_to_record(now: Timestamp, last_recorded: Timestamp) -> Result<Timestamp, ClockBehind> {
    if last_recorded > now.plus_micros(MAX_BRIDGED_SECONDS * SECOND_MICROS) {
        return Err(ClockBehind { now, last_recorded });
    }
    Ok(now.max(last_recorded))
}
