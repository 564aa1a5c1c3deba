//! When people buy: evenings and weekends, and two days of sales.

use daybook_domain::Timestamp;
use daybook_domain::time::{DAY_MICROS, HOUR_MICROS};

use super::random::Random;

pub(super) const DAYS: i64 = 60;
/// Local time is eight hours ahead of UTC.
const OFFSET_MICROS: i64 = 8 * HOUR_MICROS;

/// How busy each local hour is.
const HOURS: [u64; 24] = [28, 16, 9, 6, 4, 5, 9, 18, 30, 42, 52, 60, 66, 58, 52, 50, 52, 56, 62, 76, 92, 100, 84, 52];
/// Monday first.
const WEEKDAYS: [u64; 7] = [84, 80, 82, 86, 104, 130, 122];
/// Days before now on which there is a sale.
const SALES: [i64; 2] = [11, 40];
const BUSIEST: u64 = 100 * 130 * 190 * 2;

fn weight(at: Timestamp, now: Timestamp) -> u64 {
    let local = at.0 + OFFSET_MICROS;
    let place = |value: i64| usize::try_from(value).unwrap_or(0);
    let hour = HOURS[place(local.rem_euclid(DAY_MICROS) / HOUR_MICROS)];
    // 1970-01-01 was a Thursday.
    let weekday = WEEKDAYS[place((local.div_euclid(DAY_MICROS) + 3).rem_euclid(7))];
    let ago = (now.0 - at.0) / DAY_MICROS;
    let growth = (190 - ago).unsigned_abs();
    hour * weekday * growth * if SALES.contains(&ago) { 2 } else { 1 }
}

/// Times of so many orders within the last 60 days, in order.
pub(super) fn times(random: &mut Random, orders: usize, now: Timestamp) -> Vec<Timestamp> {
    let mut times = Vec::with_capacity(orders);
    while times.len() < orders {
        let at = now.plus_micros(-random.between(1, DAYS * DAY_MICROS));
        if random.below(BUSIEST) < weight(at, now) {
            times.push(at);
        }
    }
    times.sort_unstable();
    times
}

/// Before the first order.
pub(super) fn start(now: Timestamp) -> Timestamp {
    now.plus_micros(-(DAYS + 1) * DAY_MICROS)
}
