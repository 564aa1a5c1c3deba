//! Moments and spans. The clock is read at the edge; here time is an argument.

/// Microseconds since 1970-01-01T00:00:00Z, without leap seconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(pub i64);

/// Microseconds.
pub const SECOND_MICROS: i64 = 1_000_000;
pub const MINUTE_MICROS: i64 = 60 * SECOND_MICROS;
pub const HOUR_MICROS: i64 = 60 * MINUTE_MICROS;
pub const DAY_MICROS: i64 = 24 * HOUR_MICROS;

impl Timestamp {
    pub const fn from_seconds(seconds: i64) -> Self {
        Self(seconds * SECOND_MICROS)
    }

    /// Saturates at the ends of time rather than wrap.
    pub const fn plus_micros(self, micros: i64) -> Self {
        Self(self.0.saturating_add(micros))
    }

    /// From `earlier` to `self`, in whole seconds, rounded down; negative when `earlier` is later.
    pub const fn seconds_since(self, earlier: Timestamp) -> i64 {
        self.0.saturating_sub(earlier.0).div_euclid(SECOND_MICROS)
    }
}
