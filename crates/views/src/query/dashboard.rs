//! The dashboard: figures of a period.

use daybook_domain::posting::Stage;
use daybook_domain::{Currency, MerchantId, Timestamp};

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

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DashboardAnswer {
    pub figures: Figures,
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
