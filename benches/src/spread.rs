//! Medians and percentiles of what was measured.

use std::time::Duration;

/// Durations in any order; `per_mille` 500 is the median, 990 the 99th percentile.
pub(crate) fn percentile(sorted: &[Duration], per_mille: usize) -> Duration {
    match sorted.len() {
        0 => Duration::ZERO,
        count => sorted[((count - 1) * per_mille).div_ceil(1000)],
    }
}

pub(crate) fn median(mut values: Vec<u64>) -> u64 {
    values.sort_unstable();
    values.get(values.len() / 2).copied().unwrap_or(0)
}

/// `part` of `whole` in percent.
pub(crate) fn percent(part: u64, whole: u64) -> u64 {
    part.saturating_mul(100).checked_div(whole).unwrap_or(0)
}

/// In thousandths: what takes seconds is not cut to nothing.
pub(crate) fn per_second_exactly(count: u64, span: Duration) -> u64 {
    per_second(count.saturating_mul(1_000), span)
}

pub(crate) fn per_second(count: u64, span: Duration) -> u64 {
    let micros = u64::try_from(span.as_micros()).unwrap_or(u64::MAX).max(1);
    u64::try_from(u128::from(count) * 1_000_000 / u128::from(micros)).unwrap_or(u64::MAX)
}
