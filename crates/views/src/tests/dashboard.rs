//! Figures equal those computed straight from the events.

use std::collections::{BTreeMap, HashMap};

use daybook_domain::event::Event;
use daybook_domain::posting::{Metric, Milestones, Posting, Stage, postings};
use daybook_domain::{Currency, MerchantId, Order, StreamId, Timestamp};
use proptest::prelude::*;

use super::list::fold;
use super::world::{MERCHANTS, Random, T0, World, merchant};
use crate::dashboard::rare_place;
use crate::query::*;

const HOUR: i64 = 3_600_000_000;

struct Posted {
    posting: Posting,
    cohort: i64,
    booked: i64,
    id: StreamId,
    order: Order,
}

fn posted(world: &World) -> Vec<Posted> {
    let mut orders: HashMap<StreamId, Order> = HashMap::new();
    let mut all = Vec::new();
    for recorded in &world.recorded {
        let before = orders.get(&recorded.stream).cloned();
        let after = match (&before, &recorded.event) {
            (None, Event::OrderPlaced(placed)) => Order::placed(placed, recorded.origin, recorded.occurred_at),
            (Some(before), _) => {
                let mut after = before.clone();
                after.apply(recorded);
                after
            }
            (None, _) => continue,
        };
        postings(before.as_ref().map(Milestones::of).unwrap_or_default(), &after, recorded, |posting| {
            all.push(Posted {
                posting,
                cohort: after.placed_at.0,
                booked: recorded.occurred_at.0,
                id: recorded.stream,
                order: after.clone(),
            });
        });
        orders.insert(recorded.stream, after);
    }
    all
}

fn count(figures: &mut Figures, metric: Metric, amount: i64) {
    match metric {
        Metric::PlacedOrders => figures.placed += amount.unsigned_abs(),
        Metric::PaidOrders => figures.paid += amount.unsigned_abs(),
        Metric::RefundedOrders => figures.refunded += amount.unsigned_abs(),
        Metric::PaidAmount => figures.paid_amount_minor += amount,
        rare => assert_eq!((rare_place(rare).is_some(), amount), (true, 1)),
    }
}

/// Seconds of local time.
fn local_seconds(zone: &[Offset], micros: i64) -> i64 {
    let seconds = micros.div_euclid(1_000_000);
    let entry = zone.iter().rfind(|entry| entry.from_seconds <= seconds).or(zone.first());
    seconds + entry.map_or(0, |entry| i64::from(entry.offset_seconds))
}

/// Monday is 0.
fn weekday_and_hour(local: i64) -> (i64, i64) {
    ((local.div_euclid(86_400) + 3).rem_euclid(7), local.rem_euclid(86_400) / 3_600)
}

fn is_asked(query: &DashboardQuery<'_>, order: &Order) -> bool {
    let is_in =
        |wanted: &MerchantId, subtree| order.merchant == *wanted || (subtree && order.ancestors.contains(wanted));
    query.merchant.as_ref().is_none_or(|wanted| {
        is_in(wanted, query.subtree) && query.under.as_ref().is_none_or(|under| is_in(under, true))
    })
}

fn check(query: &DashboardQuery<'_>, answer: &DashboardAnswer, posted: &[Posted]) {
    let offset = |micros: i64| local_seconds(query.zone, micros);
    let mut figures = Figures::default();
    let mut sums: BTreeMap<Metric, i64> = BTreeMap::new();
    let mut cells = vec![Figures::default(); 168];
    let mut days: BTreeMap<i32, Figures> = BTreeMap::new();
    let mut merchants: BTreeMap<MerchantId, Figures> = BTreeMap::new();
    let mut stages: BTreeMap<Stage, Vec<i64>> = BTreeMap::new();
    if query.from < query.to {
        let day = |micros| i32::try_from(offset(micros).div_euclid(86_400)).unwrap();
        for number in day(query.from.0)..=day(query.to.0 - 1) {
            days.insert(number, Figures::default());
        }
    }
    for one in posted {
        let at = match query.basis {
            Basis::Cohort => one.cohort,
            Basis::Booked => one.booked,
        };
        let whose = is_asked(query, &one.order);
        if one.order.currency != query.currency || !whose || at < query.from.0 || at >= query.to.0 {
            continue;
        }
        match one.posting {
            Posting::Count { metric, amount } => {
                let local = offset(at);
                let (weekday, hour) = weekday_and_hour(local);
                let cell = usize::try_from(weekday * 24 + hour).unwrap();
                *sums.entry(metric).or_default() += amount;
                count(&mut figures, metric, amount);
                count(&mut cells[cell], metric, amount);
                let day = i32::try_from(local.div_euclid(86_400)).unwrap();
                count(days.get_mut(&day).unwrap(), metric, amount);
                count(merchants.entry(one.order.merchant.clone()).or_default(), metric, amount);
            }
            Posting::Duration { stage, seconds } => stages.entry(stage).or_default().push(seconds),
        }
    }
    assert_eq!(answer.figures, figures);
    for metric in Metric::ALL {
        assert_eq!(answer.figure(metric), sums.get(&metric).copied().unwrap_or_default(), "{metric:?}");
    }
    assert_eq!(answer.by_weekday_hour, cells);
    let wanted: Vec<Day> = days.into_iter().map(|(number, figures)| Day { number, figures }).collect();
    assert_eq!(answer.by_day, wanted);
    let most = cells.iter().map(|cell| cell.placed).max().unwrap();
    let peak = cells.iter().position(|cell| cell.placed == most && most > 0);
    assert_eq!(answer.peak.map(|peak| usize::from(peak.weekday) * 24 + usize::from(peak.hour)), peak);
    let mut ranked: Vec<ByMerchant> =
        merchants.into_iter().map(|(merchant, figures)| ByMerchant { merchant, figures }).collect();
    ranked.retain(|one| one.figures != Figures::default());
    ranked.sort_by_key(|one| std::cmp::Reverse(one.figures.placed));
    ranked.truncate(query.merchants);
    assert_eq!(answer.by_merchant, ranked);
    for answer in &answer.stages {
        let all = stages.remove(&answer.stage).unwrap_or_default();
        let mut seconds: Vec<u64> = all.iter().filter_map(|&seconds| u64::try_from(seconds).ok()).collect();
        seconds.sort_unstable();
        assert_eq!(answer.count, seconds.len() as u64);
        assert_eq!(answer.negative, (all.len() - seconds.len()) as u64);
        assert_eq!(answer.max_seconds, seconds.last().copied());
        for (percent, found) in [(50, answer.median_seconds), (90, answer.p90_seconds)] {
            let exact = (seconds.len() * percent).div_ceil(100).checked_sub(1).map(|at| seconds[at]);
            assert_eq!(found.is_some(), exact.is_some());
            if let (Some(found), Some(exact)) = (found, exact) {
                assert!(found.abs_diff(exact) * 100 <= exact, "{found} for {exact}");
            }
        }
    }
}

fn zone(random: &mut Random) -> Vec<Offset> {
    let table = match random.below(5) {
        0 => vec![],
        1 => vec![(0, 8 * 3_600)],
        // Nepal, then daylight saving that begins within the history.
        2 => vec![(0, 20_700), (T0 / 1_000_000 - 400_000, 24_300), (T0 / 1_000_000 + 350_000, 20_700)],
        3 => vec![(T0 / 1_000_000, -5 * 3_600), (T0 / 1_000_000 + 90_000, -4 * 3_600)],
        // Local mean time: no quarter of an hour is kept whole.
        _ => vec![(0, 29_143), (T0 / 1_000_000 + 200_000, 28_800)],
    };
    table.into_iter().map(|(from_seconds, offset_seconds)| Offset { from_seconds, offset_seconds }).collect()
}

/// The orders behind a figure, page by page: what they contributed is the figure.
fn check_contributors(
    query: &DashboardQuery<'_>,
    metric: Metric,
    dashboard: crate::Dashboard<'_>,
    figure: i64,
    posted: &[Posted],
    hours: HoursOfWeek,
) {
    let ask = |from_order, first, looks| {
        dashboard.contributors(&ContributorQuery {
            merchant: query.merchant.clone(),
            subtree: query.subtree,
            under: query.under.clone(),
            from: query.from,
            to: query.to,
            currency: query.currency,
            basis: query.basis,
            metric,
            hours,
            zone: query.zone,
            from_order,
            first,
            looks,
        })
    };
    let all = ask(None, usize::MAX, usize::MAX);
    assert_eq!(all.next, None);
    for looks in [1, 5] {
        let (mut found, mut next) = (Vec::new(), None);
        loop {
            let step = ask(next, usize::MAX, looks);
            assert!(step.found.len() <= looks && step.next.is_none_or(|to| next.is_none_or(|from| from < to)));
            found.extend(step.found);
            next = step.next;
            if next.is_none() {
                break;
            }
        }
        assert_eq!(found, all.found, "in steps of {looks}");
    }
    let (mut sum, mut from_order) = (0, None);
    loop {
        let Contributors { found: page, next } = ask(from_order, 7, usize::MAX);
        for found in &page {
            let contributed = posted.iter().filter(|one| {
                let at = if query.basis == Basis::Cohort { one.cohort } else { one.booked };
                let day = at.div_euclid(86_400_000_000) == i64::from(found.day);
                let (weekday, hour) = weekday_and_hour(local_seconds(query.zone, at));
                one.id == found.order
                    && day
                    && (query.from.0..query.to.0).contains(&at)
                    && hours.weekday.is_none_or(|wanted| i64::from(wanted) == weekday)
                    && hours.hour.is_none_or(|wanted| i64::from(wanted) == hour)
            });
            let amount: i64 = contributed
                .map(|one| match one.posting {
                    Posting::Count { metric: of, amount } if of == metric => amount,
                    Posting::Count { .. } | Posting::Duration { .. } => 0,
                })
                .sum();
            assert_ne!(amount, 0, "one that contributes nothing");
            sum += amount;
        }
        assert!(page.is_sorted_by_key(|found| (found.day, found.row)));
        assert!(page.len() == 7 || next.is_none());
        if next.is_none() {
            break;
        }
        from_order = next;
    }
    assert_eq!(sum, figure, "{metric:?}");
}

/// A cell of the week, a whole weekday or the same hour of all days is explained as the whole range is.
fn check_hours(
    query: &DashboardQuery<'_>,
    answer: &DashboardAnswer,
    dashboard: crate::Dashboard<'_>,
    posted: &[Posted],
    random: &mut Random,
) {
    let busy = answer.by_weekday_hour.iter().position(|cell| cell.placed > 0);
    let cell = if random.chance(50) { busy.unwrap_or(0) as u64 } else { random.below(168) };
    let (weekday, hour) = (u8::try_from(cell / 24).unwrap(), u8::try_from(cell % 24).unwrap());
    let hours = match random.below(3) {
        0 => HoursOfWeek { weekday: Some(weekday), hour: Some(hour) },
        1 => HoursOfWeek { weekday: Some(weekday), hour: None },
        _ => HoursOfWeek { weekday: None, hour: Some(hour) },
    };
    let metric = *random.pick(&[Metric::PlacedOrders, Metric::PaidOrders, Metric::RefundedOrders, Metric::PaidAmount]);
    let cells = (0_u8..).zip(&answer.by_weekday_hour).filter(|(cell, _)| {
        hours.weekday.is_none_or(|weekday| cell / 24 == weekday) && hours.hour.is_none_or(|hour| cell % 24 == hour)
    });
    let figure = cells.map(|(_, figures)| match metric {
        Metric::PlacedOrders => figures.placed.cast_signed(),
        Metric::PaidOrders => figures.paid.cast_signed(),
        Metric::RefundedOrders => figures.refunded.cast_signed(),
        _ => figures.paid_amount_minor,
    });
    check_contributors(query, metric, dashboard, figure.sum(), posted, hours);
}

fn check_breakdown(query: &DashboardQuery<'_>, dashboard: crate::Dashboard<'_>, world: &World) {
    let breakdown = dashboard
        .breakdown(&BreakdownQuery {
            merchant: query.merchant.clone(),
            subtree: query.subtree,
            under: query.under.clone(),
            from: query.from,
            to: query.to,
            currency: query.currency,
            products: usize::MAX,
        })
        .unwrap();
    let orders: Vec<&Order> = world
        .orders
        .iter()
        .map(|id| world.order(*id))
        .filter(|order| {
            let whose = is_asked(query, order);
            whose && order.currency == query.currency && (query.from..query.to).contains(&order.placed_at)
        })
        .collect();
    let mut buyers: HashMap<_, u64> = HashMap::new();
    orders.iter().for_each(|order| *buyers.entry(order.buyer).or_default() += 1);
    assert_eq!(breakdown.buyers, buyers.len() as u64);
    assert_eq!(breakdown.repeat_buyers, buyers.values().filter(|orders| **orders > 1).count() as u64);
    let units = |order: &&&Order| order.lines.iter().map(|line| u64::from(line.quantity)).sum::<u64>();
    let sum: u64 = breakdown.products.iter().map(|product| product.figures.units).sum();
    assert_eq!(sum, orders.iter().map(|order| units(&order)).sum::<u64>());
    let paid = |order: &&&Order| {
        let lines = order.lines.iter().map(|line| line.unit_minor * i64::from(line.quantity));
        if order.paid_at.is_some() { lines.sum::<i64>() } else { 0 }
    };
    let sum: i64 = breakdown.products.iter().map(|product| product.figures.paid_amount_minor).sum();
    assert_eq!(sum, orders.iter().map(|order| paid(&order)).sum::<i64>());
    let tickets = orders.iter().flat_map(|order| &order.tickets);
    let goods: Vec<_> = tickets.filter(|ticket| ticket.kind == daybook_domain::event::RefundKind::Goods).collect();
    assert_eq!(breakdown.reasons.iter().map(|one| one.requests).sum::<u64>(), goods.len() as u64);
    for reason in &breakdown.reasons {
        let same = goods.iter().filter(|ticket| ticket.reason == reason.reason);
        assert_eq!(reason.amount_minor, same.map(|ticket| ticket.amount_minor).sum::<i64>());
    }
}

#[test]
fn an_hour_is_forecast_from_the_same_hours_of_the_weeks_before() {
    let world = World::random(5, 1_500);
    let views = fold(&world);
    let dashboard = views.dashboard().unwrap();
    let forecast = |at: i64, hours| {
        let query = ForecastQuery {
            merchant: None,
            subtree: true,
            under: None,
            at: Timestamp(at),
            zone: &[],
            currency: Currency::CNY,
            hours,
        };
        dashboard.forecast(&query).unwrap()
    };
    let before = forecast(T0 - 100 * 24 * HOUR, 10);
    assert_eq!((before.hours, before.weeks, before.error), (vec![], 0, None));
    // Within the week after the last order, one week is known, and each hour is as it was a week before.
    let end = (world.now / HOUR + 1) * HOUR;
    let all = forecast(end, 1_000);
    assert_eq!(all.hours.len(), 168);
    assert!(all.weeks >= 1 && all.weeks <= 8);
    assert!(all.hours.iter().zip(0..).all(|(hour, n)| hour.at.0 == end + n * HOUR));
    if all.weeks == 1 {
        let query = DashboardQuery {
            merchant: None,
            subtree: true,
            under: None,
            from: Timestamp(end - 168 * HOUR),
            to: Timestamp(end),
            zone: &[],
            currency: Currency::CNY,
            basis: Basis::Cohort,
            merchants: 0,
        };
        let placed = dashboard.answer(&query).unwrap().figures.placed;
        assert_eq!(all.hours.iter().map(|hour| hour.twice_placed).sum::<u64>(), 2 * placed);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn figures_equal_the_events_sums(seed: u64, steps in 1_usize..1_500) {
        println!("seed {seed} steps {steps}");
        let world = World::random(seed, steps);
        let views = fold(&world);
        let posted = posted(&world);
        let mut random = Random(seed ^ 2);
        for _ in 0..30 {
            let zone = zone(&mut random);
            let edge = |random: &mut Random| match random.below(4) {
                0 => (T0 + random.within(-500, 1_000) * HOUR) / HOUR / 24 * HOUR * 24,
                1 => world.recorded[usize::try_from(random.below(world.recorded.len() as u64)).unwrap()].occurred_at.0,
                _ => random.within(T0 - 450 * HOUR, world.now + 10 * HOUR),
            };
            let query = DashboardQuery {
                merchant: random.chance(70).then(|| merchant(random.pick(&MERCHANTS).0)),
                subtree: random.chance(60),
                under: random.chance(30).then(|| merchant(random.pick(&MERCHANTS).0)),
                from: Timestamp(edge(&mut random)),
                to: Timestamp(edge(&mut random)),
                zone: &zone,
                currency: if random.chance(80) { Currency::CNY } else { Currency::BRL },
                basis: if random.chance(50) { Basis::Cohort } else { Basis::Booked },
                merchants: usize::try_from(random.below(6)).unwrap(),
            };
            let answer = views.dashboard().unwrap().answer(&query).unwrap();
            check(&query, &answer, &posted);
            let metric = *random.pick(&Metric::ALL);
            let all_hours = HoursOfWeek::default();
            check_contributors(&query, metric, views.dashboard().unwrap(), answer.figure(metric), &posted, all_hours);
            check_hours(&query, &answer, views.dashboard().unwrap(), &posted, &mut random);
            check_breakdown(&query, views.dashboard().unwrap(), &world);
        }
    }
}

#[test]
fn a_range_without_end_lists_the_days_with_data() {
    let world = World::random(5, 800);
    println!("seed 5");
    let views = fold(&world);
    let dashboard = views.dashboard().unwrap();
    let query = DashboardQuery {
        merchant: None,
        subtree: false,
        under: None,
        from: Timestamp(i64::MIN),
        to: Timestamp(i64::MAX),
        zone: &[],
        currency: Currency::CNY,
        basis: Basis::Cohort,
        merchants: 10,
    };
    let answer = dashboard.answer(&query).unwrap();
    assert!(answer.figures.placed > 0);
    assert!(answer.by_day.len() < 200, "{}", answer.by_day.len());
    let by_day: u64 = answer.by_day.iter().map(|day| day.figures.placed).sum();
    assert_eq!(by_day, answer.figures.placed);
    let unknown = DashboardQuery { merchant: Some(merchant("nobody")), ..query.clone() };
    assert_eq!(dashboard.answer(&unknown).unwrap().figures, Figures::default());
}
