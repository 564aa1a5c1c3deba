//! The dashboard: figures of a period.

use daybook_domain::posting::{Metric, Stage};
use daybook_domain::{Currency, MerchantId, ReasonCode, Sku, StreamId, Timestamp};

use crate::dashboard::{RARE_METRICS, Zone, rare_place};

/// Where in time a contribution counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Basis {
    /// Where its order was placed.
    #[default]
    Cohort,
    /// Where the event happened: past periods never change.
    Booked,
}

/// From `from_seconds` (UTC, since 1970) on, local time is UTC plus `offset_seconds`. The edge makes a table of these
/// from a time zone; before the first entry the first entry's offset holds, an empty table is UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Offset {
    pub from_seconds: i64,
    pub offset_seconds: i32,
}

#[derive(Clone, Debug)]
pub struct DashboardQuery<'a> {
    /// None: all merchants.
    pub merchant: Option<MerchantId>,
    /// The merchants below it too, as the tree was when each order was placed.
    pub subtree: bool,
    /// Only what was placed at this merchant or below it, as the tree was when each order was placed.
    pub under: Option<MerchantId>,
    /// Included.
    pub from: Timestamp,
    /// Not included.
    pub to: Timestamp,
    /// In rising order of `from_seconds`.
    pub zone: &'a [Offset],
    pub currency: Currency,
    pub basis: Basis,
    /// How many merchants of the breakdown are wanted.
    pub merchants: usize,
}

/// The countable figures. Amounts are minor units of the query's currency.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    pub placed: u64,
    pub paid: u64,
    pub refunded: u64,
    /// Captured less the excess, before refunds.
    pub paid_amount_minor: i64,
}

impl Figures {
    /// Paid orders of placed orders.
    pub fn conversion_millionths(&self) -> Option<u64> {
        ratio_millionths(self.paid, self.placed)
    }

    /// Refunded orders of paid orders.
    pub fn refund_rate_millionths(&self) -> Option<u64> {
        ratio_millionths(self.refunded, self.paid)
    }

    pub fn average_order_value_minor(&self) -> Option<i64> {
        average_minor(self.paid_amount_minor, self.paid)
    }
}

/// The figures that are rarer, and of the whole range alone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts(pub(crate) [u64; RARE_METRICS]);

impl Counts {
    /// 0 for the metrics that stand in [`Figures`].
    pub fn of(&self, metric: Metric) -> u64 {
        rare_place(metric).and_then(|place| self.0.get(place)).copied().unwrap_or_default()
    }

    /// Delivered orders that nobody of the shop touched, of all that were delivered.
    pub fn unattended_share_millionths(&self) -> Option<u64> {
        ratio_millionths(self.of(Metric::UnattendedOrders), self.of(Metric::DeliveredOrders))
    }

    /// Refunds that were answered in time, of all that were answered.
    pub fn answered_in_time_millionths(&self) -> Option<u64> {
        ratio_millionths(self.of(Metric::RefundsAnsweredInTime), self.of(Metric::AnsweredRefunds))
    }
}

/// One local day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Day {
    /// Days from 1970-01-01, in local time.
    pub number: i32,
    pub figures: Figures,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ByMerchant {
    pub merchant: MerchantId,
    pub figures: Figures,
}

/// The busiest hour of the week by placed orders; of equals the first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Peak {
    /// 0 is Monday.
    pub weekday: u8,
    pub hour: u8,
    pub placed: u64,
}

/// How long a span of orders' lives took. Quantiles are nearest-rank (the smallest duration that at least that part
/// of all does not exceed), within 1 %; none without samples.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StageAnswer {
    pub stage: Stage,
    /// Samples that are not negative: only these make the quantiles and the maximum.
    pub count: u64,
    pub median_seconds: Option<u64>,
    pub p90_seconds: Option<u64>,
    /// Exact.
    pub max_seconds: Option<u64>,
    /// Samples in which the later moment came first: the source's clocks disagree.
    pub negative: u64,
}

impl DashboardAnswer {
    /// Orders that ever came into the exception queue, of all that were placed.
    pub fn exception_rate_millionths(&self) -> Option<u64> {
        ratio_millionths(self.counts.of(Metric::ExceptionOrders), self.figures.placed)
    }

    /// Any figure by its metric; amounts in minor units.
    pub fn figure(&self, metric: Metric) -> i64 {
        let count = match metric {
            Metric::PaidAmount => return self.figures.paid_amount_minor,
            Metric::PlacedOrders => self.figures.placed,
            Metric::PaidOrders => self.figures.paid,
            Metric::RefundedOrders => self.figures.refunded,
            rare => self.counts.of(rare),
        };
        count.try_into().unwrap_or(i64::MAX)
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DashboardAnswer {
    pub figures: Figures,
    pub counts: Counts,
    /// 168 cells by weekday (Monday first) and local hour: `[weekday * 24 + hour]`.
    pub by_weekday_hour: Vec<Figures>,
    pub peak: Option<Peak>,
    /// Every local day that the range touches, without gaps.
    pub by_day: Vec<Day>,
    /// Each merchant's own orders: most placed first, ties by id; merchants without any figure are left out.
    pub by_merchant: Vec<ByMerchant>,
    /// One for each of [`Stage::ALL`].
    pub stages: Vec<StageAnswer>,
}

/// A cell of the week, or a row or column of it: of local time, none is any.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HoursOfWeek {
    /// 0 is Monday.
    pub weekday: Option<u8>,
    pub hour: Option<u8>,
}

impl HoursOfWeek {
    /// `zone` is a table as in [`DashboardQuery`].
    pub fn include(self, zone: &[Offset], at: Timestamp) -> bool {
        if self == Self::default() {
            return true;
        }
        let cell = Zone::new(zone).local(at.0).cell;
        self.weekday.is_none_or(|weekday| cell / 24 == usize::from(weekday))
            && self.hour.is_none_or(|hour| cell % 24 == usize::from(hour))
    }
}

/// Which orders made a figure.
#[derive(Clone, Debug)]
pub struct ContributorQuery<'a> {
    /// None: all merchants.
    pub merchant: Option<MerchantId>,
    pub subtree: bool,
    /// Only what was placed at this merchant or below it, as the tree was when each order was placed.
    pub under: Option<MerchantId>,
    /// Included.
    pub from: Timestamp,
    /// Not included.
    pub to: Timestamp,
    pub currency: Currency,
    pub basis: Basis,
    pub metric: Metric,
    /// Of all that counts in the range, only what counts in these hours.
    pub hours: HoursOfWeek,
    /// In rising order of `from_seconds`.
    pub zone: &'a [Offset],
    /// The UTC day and the order to go on from, included.
    pub from_order: Option<(i32, u32)>,
    pub first: usize,
    /// Orders that are looked at, at most; at least one is.
    pub looks: usize,
}

/// As far as was looked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Contributors {
    pub found: Vec<Contributor>,
    /// The next `from_order`. None: there are no more.
    pub next: Option<(i32, u32)>,
}

/// An order that contributes to a figure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Contributor {
    /// The UTC day on which it counts, in days from 1970-01-01.
    pub day: i32,
    /// As the orders came to the ledger.
    pub row: u32,
    pub order: StreamId,
}

/// Of the orders that were placed in the range.
#[derive(Clone, Debug)]
pub struct BreakdownQuery {
    /// None: all merchants.
    pub merchant: Option<MerchantId>,
    pub subtree: bool,
    /// Only what was placed at this merchant or below it, as the tree was when each order was placed.
    pub under: Option<MerchantId>,
    /// Included.
    pub from: Timestamp,
    /// Not included.
    pub to: Timestamp,
    pub currency: Currency,
    /// How many products are wanted.
    pub products: usize,
}

/// Amounts are minor units of the query's currency.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ProductFigures {
    pub orders: u64,
    pub units: u64,
    pub paid_orders: u64,
    /// The lines of paid orders, before what was added to or taken off their sums.
    pub paid_amount_minor: i64,
    pub refunded_orders: u64,
}

/// A SKU of a merchant; the title is that of the first order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ByProduct {
    pub merchant: MerchantId,
    pub sku: Sku,
    pub title: Box<str>,
    pub figures: ProductFigures,
}

/// Refunds of goods that were asked for, for the same reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ByReason {
    pub reason: Option<ReasonCode>,
    pub requests: u64,
    pub amount_minor: i64,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Breakdown {
    /// The highest paid amount first.
    pub products: Vec<ByProduct>,
    /// The most frequent first.
    pub reasons: Vec<ByReason>,
    pub buyers: u64,
    /// With more than one order in the range.
    pub repeat_buyers: u64,
}

impl Breakdown {
    /// Buyers with more than one order, of all that ordered.
    pub fn repeat_buyer_rate_millionths(&self) -> Option<u64> {
        ratio_millionths(self.repeat_buyers, self.buyers)
    }
}

#[derive(Clone, Debug)]
pub struct ForecastQuery<'a> {
    /// None: all merchants.
    pub merchant: Option<MerchantId>,
    pub subtree: bool,
    /// Only what was placed at this merchant or below it, as the tree was when each order was placed.
    pub under: Option<MerchantId>,
    pub at: Timestamp,
    pub zone: &'a [Offset],
    pub currency: Currency,
    pub hours: usize,
}

/// One hour ahead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ForecastHour {
    /// When it begins.
    pub at: Timestamp,
    /// Twice the number of orders, since a median may lie between two.
    pub twice_placed: u64,
}

/// How far off the last week would have been: sums over its hours, of what was forecast more or less than came.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ForecastError {
    /// Orders that came.
    pub placed: u64,
    /// Twice the distance.
    pub twice_off: u64,
    /// The same of a forecast that says: as the week before.
    pub twice_naive_off: u64,
}

impl ForecastError {
    /// The distance as a share of what came.
    pub fn share_millionths(&self) -> Option<u64> {
        ratio_millionths(self.twice_off, self.placed.saturating_mul(2))
    }

    pub fn naive_share_millionths(&self) -> Option<u64> {
        ratio_millionths(self.twice_naive_off, self.placed.saturating_mul(2))
    }
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Forecast {
    pub hours: Vec<ForecastHour>,
    /// How many weeks it was learned from.
    pub weeks: usize,
    /// None: fewer than two weeks are known.
    pub error: Option<ForecastError>,
}

/// `part / whole` in millionths, rounded half to even; none without a denominator.
pub fn ratio_millionths(part: u64, whole: u64) -> Option<u64> {
    let rounded = half_even(i128::from(part) * 1_000_000, i128::from(whole))?;
    u64::try_from(rounded).ok()
}

/// `amount / count` in whole minor units, rounded half to even; none without a denominator.
pub fn average_minor(amount_minor: i64, count: u64) -> Option<i64> {
    i64::try_from(half_even(i128::from(amount_minor), i128::from(count))?).ok()
}

fn half_even(dividend: i128, divisor: i128) -> Option<i128> {
    if divisor == 0 {
        return None;
    }
    let (quotient, rest) = (dividend.div_euclid(divisor), dividend.rem_euclid(divisor));
    let up = match (rest * 2).cmp(&divisor) {
        std::cmp::Ordering::Less => false,
        std::cmp::Ordering::Equal => quotient % 2 != 0,
        std::cmp::Ordering::Greater => true,
    };
    Some(quotient + i128::from(up))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_go_to_the_even_neighbour() {
        assert_eq!(average_minor(5, 2), Some(2));
        assert_eq!(average_minor(7, 2), Some(4));
        assert_eq!(average_minor(-5, 2), Some(-2));
        assert_eq!(average_minor(-7, 2), Some(-4));
        assert_eq!(average_minor(8, 3), Some(3));
        assert_eq!(ratio_millionths(1, 3), Some(333_333));
        assert_eq!(ratio_millionths(2, 3), Some(666_667));
        assert_eq!(ratio_millionths(1, 2_000_000), Some(0));
        assert_eq!(ratio_millionths(3, 2_000_000), Some(2));
    }

    #[test]
    fn no_denominator_no_figure() {
        assert_eq!(ratio_millionths(1, 0), None);
        assert_eq!(average_minor(1, 0), None);
    }
}
