//! Figures: of all merchants, and of each its own orders, by currency, basis and UTC day.

use std::collections::BTreeMap;

use daybook_domain::posting::Metric;
use daybook_domain::{Currency, MerchantId, Timestamp};

use super::{Fields, RowDifference, Words, compare};
use crate::query::{Basis, Counts, DashboardAnswer, DashboardQuery, Figures, StageAnswer};
use crate::views::Views;

/// By whose they are, and of which day.
type Found = BTreeMap<String, Of>;

#[derive(PartialEq)]
enum Of {
    Day(Figures),
    All(Box<(Figures, Counts, Vec<StageAnswer>)>),
}

/// The first part is all merchants, then each merchant is one, in the order in which they came.
pub(super) fn differences(before: &Views, after: &Views, part: usize) -> Option<Vec<RowDifference>> {
    let known = |views: &Views| views.orders.merchants.known.len();
    if part > known(before).max(known(after)) {
        return None;
    }
    let merchant = |views: &Views| {
        let number = part.checked_sub(1)?;
        views.orders.merchants.known.get(number).map(|known| known.id.clone())
    };
    let named = merchant(after).or_else(|| merchant(before));
    Some(compare(&found(before, named.as_ref()), &found(after, named.as_ref())))
}

/// `merchant` none: all.
fn found(views: &Views, merchant: Option<&MerchantId>) -> Found {
    let mut found = Found::new();
    for &currency in views.currencies() {
        for (basis, name) in [(Basis::Cohort, "COHORT"), (Basis::Booked, "BOOKED")] {
            let Some(answer) = answer(views, merchant, currency, basis) else { continue };
            let whose = format!("{} {currency} {name}", merchant.map_or("all merchants", MerchantId::as_str));
            for day in &answer.by_day {
                if day.figures != Figures::default() {
                    found.insert(format!("{whose} {}", date(day.number)), Of::Day(day.figures));
                }
            }
            if answer.figures != Figures::default() || !answer.stages.iter().all(|stage| stage.count == 0) {
                let all = (answer.figures, answer.counts, answer.stages);
                found.insert(format!("{whose} all days"), Of::All(Box::new(all)));
            }
        }
    }
    found
}

fn answer(views: &Views, merchant: Option<&MerchantId>, currency: Currency, basis: Basis) -> Option<DashboardAnswer> {
    let dashboard = views.dashboard().ok()?;
    let query = DashboardQuery {
        merchant: merchant.cloned(),
        subtree: false,
        under: None,
        from: Timestamp(i64::MIN / 4),
        to: Timestamp(i64::MAX / 4),
        zone: &[],
        currency,
        basis,
        merchants: 0,
    };
    dashboard.answer(&query).ok()
}

impl Words for Of {
    fn words(&self) -> Fields {
        let (figures, rest) = match self {
            Of::Day(figures) => (figures, None),
            Of::All(all) => (&all.0, Some((&all.1, &all.2))),
        };
        let mut words = vec![
            ("placedOrders", figures.placed.to_string()),
            ("paidOrders", figures.paid.to_string()),
            ("refundedOrders", figures.refunded.to_string()),
            ("paidAmount", figures.paid_amount_minor.to_string()),
        ];
        if let Some((counts, stages)) = rest {
            let rare = Metric::ALL.into_iter().filter(|metric| crate::dashboard::rare_place(*metric).is_some());
            let rare: Vec<String> = rare.map(|metric| format!("{metric:?} {}", counts.of(metric))).collect();
            let stages: Vec<String> = stages.iter().map(|stage| format!("{stage:?}")).collect();
            words.extend([("counts", rare.join(", ")), ("stages", stages.join(", "))]);
        }
        words
    }
}

/// A day's date, from its number.
fn date(number: i32) -> String {
    // Howard Hinnant's days from civil, backwards.
    let days = i64::from(number) + 719_468;
    let (era, of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * of_year + 2) / 153;
    let (day, month) = (of_year - (153 * shifted + 2) / 5 + 1, if shifted < 10 { shifted + 3 } else { shifted - 9 });
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}")
}

#[cfg(test)]
mod tests {
    use super::date;

    #[test]
    fn days_have_their_dates() {
        for (number, text) in [
            (0, "1970-01-01"),
            (-1, "1969-12-31"),
            (19_675, "2023-11-14"),
            (19_782, "2024-02-29"),
            (20_787, "2026-11-30"),
        ] {
            assert_eq!(date(number), text);
        }
    }
}
