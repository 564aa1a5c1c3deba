//! What this process has used so far, as Linux tells it; zeros elsewhere.

use std::fs;

/// Bytes of memory that are resident.
pub(crate) fn resident_bytes() -> u64 {
    let status = fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages = status.split(' ').nth(1).and_then(|pages| pages.parse::<u64>().ok()).unwrap_or(0);
    pages * 4_096
}

/// Microseconds that all threads have computed, to a hundredth of a second.
pub(crate) fn computed_micros() -> u64 {
    let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace();
    fields.skip(11).take(2).filter_map(|ticks| ticks.parse::<u64>().ok()).sum::<u64>() * 10_000
}

/// The most that was resident since [`forget_peak`], in bytes.
pub(crate) fn peak_bytes() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes = line.and_then(|rest| rest.split_whitespace().next()?.parse::<u64>().ok());
    kilobytes.unwrap_or(0) * 1_024
}

/// The peak is what is resident now.
pub(crate) fn forget_peak() {
    // Where it cannot be forgotten, the peak is that of the whole run: more, never less.
    let _ = fs::write("/proc/self/clear_refs", "5");
}
