//! Everything that views show, asked for once: it must not panic, nor go on for ever, whatever they hold.

use daybook_domain::posting::Metric;
use daybook_domain::time::DAY_MICROS;
use daybook_domain::{Slot, Timestamp};

use super::queues::waiting;
use super::world::{MERCHANTS, T0, merchant};
use crate::difference::{differences, exception_differences};
use crate::query::*;
use crate::registry::VIEWS;
use crate::views::Views;

/// All of it, beside other views of the same log.
pub(super) fn ask_everything(views: &Views, other: &Views) {
    ask_list(views);
    for basis in [Basis::Cohort, Basis::Booked] {
        for merchant in [None, Some(merchant("agent"))] {
            ask_dashboard(views, basis, merchant);
        }
    }
    waiting(views);
    let queues = views.queues().unwrap();
    queues.exception_counts(&Scope::All);
    assert!(queues.deadline_count(&Scope::All, Some(Timestamp(T0))) <= queues.deadline_count(&Scope::All, None));
    queues.due(Timestamp(i64::MAX), |_| false, usize::MAX);
    queues.next_due(Timestamp(T0));
    ask_stock_and_tree(views);
    let tokens = views.tokens().unwrap().page(None, None, usize::MAX).tokens;
    assert!(tokens.iter().all(|token| views.tokens().unwrap().get(token.id).is_some()));
    let jobs = views.jobs().unwrap();
    assert!(jobs.page(None, None, usize::MAX).iter().all(|(id, _)| jobs.get(*id).is_some()));
    assert!(jobs.open().count() >= jobs.open_of(None));
    for view in VIEWS {
        (0..).map_while(|part| differences(views, other, view, part).unwrap()).for_each(drop);
    }
    exception_differences(views, other).unwrap();
}

/// Each order is on the page, however it is sorted, and found by what the page says of it.
fn ask_list(views: &Views) {
    let list = views.order_list().unwrap();
    let count = list.count(&Scope::All, &Filter::And(Vec::new()));
    for field in [SortField::PlacedAt, SortField::Amount] {
        let sort = Sort { field, direction: Direction::Descending };
        let query = OrderQuery { take: Take::First(usize::MAX - 1), sort, ..OrderQuery::default() };
        let rows = list.page(&query).unwrap().rows;
        assert_eq!(rows.len() as u64, count);
        for row in &rows {
            assert!(list.by_id(row.id).is_some());
            assert!(list.by_number(None, &row.number).iter().any(|found| found.id == row.id));
            assert!(list.account(row.order.buyer).is_some());
            views.owner_of(row.id);
        }
    }
    (0..14).for_each(|slot| drop(list.ids_of(Slot(slot))));
}

/// No amount is below zero: refunds are told apart.
pub(super) fn ask_dashboard(views: &Views, basis: Basis, merchant: Option<daybook_domain::MerchantId>) {
    let dashboard = views.dashboard().unwrap();
    let days = |days: i64| Timestamp(T0 + days * DAY_MICROS);
    for currency in views.currencies().iter().copied() {
        // All that there is; days in the midst of it, some cut by the zone.
        for (from, to, seconds) in [(Timestamp(i64::MIN), Timestamp(i64::MAX), 0), (days(-9), days(9), 20_000)] {
            let zone = &[Offset { from_seconds: 0, offset_seconds: seconds }];
            let (merchant, subtree, under) = (merchant.clone(), true, None);
            let query =
                DashboardQuery { merchant, subtree, under, from, to, zone, currency, basis, merchants: usize::MAX };
            // Days may be too many, and amounts too large.
            if let Ok(answer) = dashboard.answer(&query) {
                let figures = answer.by_weekday_hour.iter().chain(answer.by_day.iter().map(|day| &day.figures));
                assert!(figures.chain([&answer.figures]).all(|figures| figures.paid_amount_minor >= 0));
            }
            let (merchant, under) = (query.merchant, None);
            for metric in [Metric::PaidAmount, Metric::RefundedOrders, Metric::DeliveredOrders] {
                dashboard.contributors(&ContributorQuery {
                    merchant: merchant.clone(),
                    subtree,
                    under: None,
                    from,
                    to,
                    currency,
                    basis,
                    metric,
                    hours: HoursOfWeek { weekday: Some(1), hour: None },
                    zone,
                    from_order: None,
                    first: usize::MAX,
                    looks: usize::MAX,
                });
            }
            let products = usize::MAX;
            let broken_down = BreakdownQuery { merchant, subtree, under, from, to, currency, products };
            dashboard.breakdown(&broken_down).unwrap();
        }
        let query =
            ForecastQuery { merchant: None, subtree: true, under: None, at: days(9), zone: &[], currency, hours: 9 };
        dashboard.forecast(&query).ok();
    }
}

fn ask_stock_and_tree(views: &Views) {
    let (stock, merchants) = (views.stock().unwrap(), views.merchants());
    for only_low in [false, true] {
        let query = StockQuery { only_low, first: usize::MAX, ..StockQuery::default() };
        let entries = stock.page(&query).entries;
        assert_eq!(entries.len() as u64, stock.count(&query));
        for entry in &entries {
            assert_eq!(stock.get(&entry.merchant, &entry.sku).as_ref(), Some(entry));
            stock.imports_of(&entry.merchant, &entry.sku, 0..u64::MAX);
        }
    }
    merchants.page(None, None, usize::MAX);
    for (id, _) in MERCHANTS {
        let id = merchant(id);
        merchants.page(Some(&id), None, usize::MAX);
        merchants.children(&id, None, usize::MAX);
        merchants.all_of(std::slice::from_ref(&id), true);
        merchants.height(&id);
        assert!(!merchants.that_stood_below(&id).contains(&merchant("nobody")));
        stock.low_of(&id).for_each(drop);
    }
}
