//! What the views cost at a million orders: memory, pages, counts, dashboards, checkpoints.

#![expect(clippy::unwrap_used, reason = "a measurement has nobody to tell")]

pub(crate) mod source;

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

use daybook_domain::order::Payment;
use daybook_domain::time::DAY_MICROS;
use daybook_domain::*;
use daybook_views::Views;
use daybook_views::checkpoint::{ChunkId, Since};
use daybook_views::query::*;
use daybook_views::store::Store;

use crate::spread::{per_second, percentile};
use crate::usage::{computed_micros, resident_bytes};
use source::{AGENTS, MERCHANTS, Random, SKUS, Source, T0, YEAR, agent, merchant, sku, stream_of};

fn timed<T>(run: impl FnOnce() -> T) -> (T, Duration) {
    let start = Instant::now();
    let result = run();
    (result, start.elapsed())
}

fn times(name: &str, mut all: Vec<Duration>) {
    all.sort_unstable();
    let at = |per_mille| percentile(&all, per_mille);
    println!("  {name:44} p50 {:>9.1?}  p99 {:>9.1?}  max {:>9.1?}", at(500), at(990), at(1000));
}

/// What the views cost at so many orders.
pub(crate) fn run(dir: &Path, orders: u64) {
    let before = resident_bytes();
    let mut source = Source::new(orders);
    let mut views = Views::new();
    source.merchants().iter().for_each(|recorded| views.apply(recorded).unwrap());
    let (mut events, mut folding) = (0_u64, Duration::ZERO);
    loop {
        let some: Vec<Recorded> = std::iter::from_fn(|| source.next()).take(1_000).collect();
        if some.is_empty() {
            break;
        }
        let start = Instant::now();
        some.iter().for_each(|recorded| views.apply(recorded).unwrap());
        folding += start.elapsed();
        events += some.len() as u64;
    }
    println!(
        "views of {orders} orders, {events} events, folded one by one in {folding:.2?}: {} events/s",
        per_second(events, folding)
    );
    drop(source);
    let mut all = 0;
    for (view, bytes) in views.footprint() {
        println!("{}: {} bytes an order", view.name, bytes as u64 / orders);
        all += bytes as u64;
    }
    for (part, bytes) in views.footprint_by_part() {
        let tenths = bytes as u64 * 10 / orders;
        println!("  {part:20} {:>4}.{} bytes an order", tenths / 10, tenths % 10);
    }
    let resident = resident_bytes().saturating_sub(before);
    println!("allocated {} bytes an order, resident {}", all / orders, resident / orders);

    lists(&views, orders);
    dashboards(&views);
    checkpoints(dir, &views);
}

fn is(condition: Condition) -> Filter {
    Filter::Is(condition)
}

fn label(label: Label) -> Filter {
    is(Condition::Label(vec![label]))
}

fn filters(random: &mut Random, orders: u64) -> Vec<(&'static str, Scope, Filter)> {
    let number = random.below(orders);
    let own = Scope::Merchants { ids: vec![merchant(random.skewed(MERCHANTS))], subtree: false };
    let below = Scope::Merchants { ids: vec![agent(random.below(AGENTS))], subtree: true };
    let shops = (0..50).map(|_| merchant(random.below(MERCHANTS))).collect();
    let from = T0 + random.span(YEAR);
    let week = is(Condition::PlacedAt { gte: Some(Timestamp(from)), lt: Some(Timestamp(from + 7 * DAY_MICROS)) });
    let product = is(Condition::Product(vec![sku(random.skewed(SKUS))]));
    let products = is(Condition::Product((0..20).map(|_| sku(random.skewed(SKUS))).collect()));
    let buyer = Slot(u32::try_from(random.skewed(orders / 3)).unwrap());
    let vip = is(Condition::Tag(vec![Tag::new("vip").unwrap()]));
    let amount = |gte: Option<i64>, lte: Option<i64>| {
        is(Condition::Amount { currency: Some(Currency::CNY), gte_minor: gte, lte_minor: lte })
    };
    let due = is(Condition::DueBefore(Timestamp(T0 + random.span(YEAR))));
    let all = || Scope::All;
    vec![
        ("all", all(), Filter::default()),
        ("to ship", all(), label(Label::ToShip)),
        ("exception", all(), label(Label::Exception)),
        ("completed", all(), label(Label::Completed)),
        ("payment partial", all(), is(Condition::Payment(vec![Payment::Partial]))),
        ("own", own.clone(), Filter::default()),
        ("own, after sales", own.clone(), label(Label::AfterSales)),
        ("subtree, to ship", below.clone(), label(Label::ToShip)),
        ("subtree, a week, completed", below.clone(), Filter::And(vec![week.clone(), label(Label::Completed)])),
        ("50 merchants", Scope::Merchants { ids: shops, subtree: true }, Filter::default()),
        ("number", all(), is(Condition::Number(vec![OrderNumber::new(&format!("20261124{number:010}")).unwrap()]))),
        ("buyer", all(), is(Condition::Buyer(vec![buyer]))),
        ("reseller, own", own.clone(), is(Condition::Buyer(vec![Slot(0)]))),
        ("product", all(), product.clone()),
        ("20 products, cancelled", all(), Filter::And(vec![products, label(Label::Cancelled)])),
        ("product, exception, own", own, Filter::And(vec![product.clone(), label(Label::Exception)])),
        ("product, a week", all(), Filter::And(vec![product.clone(), week.clone()])),
        ("tag", all(), vip.clone()),
        ("tag or exception", all(), Filter::Or(vec![vip, label(Label::Exception)])),
        ("product or a week of after sales", all(), {
            Filter::Or(vec![product, Filter::And(vec![week, label(Label::AfterSales)])])
        }),
        ("amount above 900.00", all(), amount(Some(90_000), None)),
        ("amount above 1900.00, shipped", below, Filter::And(vec![amount(Some(190_000), None), label(Label::Shipped)])),
        ("amount below 2.00, refunded", all(), Filter::And(vec![amount(None, Some(200)), label(Label::Refunded)])),
        ("due before", all(), due),
    ]
}

fn lists(views: &Views, orders: u64) {
    let list = views.order_list().unwrap();
    let mut random = Random(2);
    println!("pages of 50, the first and some behind it:");
    let mut together = Vec::new();
    for field in [SortField::PlacedAt, SortField::Amount] {
        let mut by_filter: BTreeMap<usize, (&str, Vec<Duration>)> = BTreeMap::new();
        for _ in 0..100 {
            for (at, (name, scope, filter)) in filters(&mut random, orders).into_iter().enumerate() {
                let direction = if random.below(2) == 0 { Direction::Ascending } else { Direction::Descending };
                let mut query = OrderQuery { scope, filter, sort: Sort { field, direction }, ..OrderQuery::default() };
                for page in 0..3 {
                    let (found, took) = timed(|| list.page(&query).unwrap());
                    by_filter.entry(at).or_insert_with(|| (name, Vec::new())).1.push(took);
                    together.push(took);
                    // From the second page on anywhere in the list.
                    let far = list.by_id(stream_of(random.below(orders))).unwrap();
                    let next = if page == 0 { Some(&far) } else { found.rows.last() };
                    query.after = next.map(|row| row.cursor(field));
                }
            }
        }
        println!(" by {field:?}");
        by_filter.into_values().for_each(|(name, all)| times(name, all));
    }
    times("all pages together", together);
    println!("counts:");
    let mut by_filter: BTreeMap<usize, (&str, Vec<Duration>)> = BTreeMap::new();
    for _ in 0..20 {
        for (at, (name, scope, filter)) in filters(&mut random, orders).into_iter().enumerate() {
            let (_, took) = timed(|| list.count(&scope, &filter));
            by_filter.entry(at).or_insert_with(|| (name, Vec::new())).1.push(took);
        }
    }
    by_filter.into_values().for_each(|(name, all)| times(name, all));
}

fn dashboards(views: &Views) {
    println!("dashboards of a year:");
    let dashboard = views.dashboard().unwrap();
    let mut random = Random(3);
    let shanghai = [Offset { from_seconds: 0, offset_seconds: 28_800 }];
    for (name, merchant, subtree) in [
        ("all", None, false),
        ("an agent's subtree", Some(agent(3)), true),
        ("the largest merchant", Some(merchant(0)), false),
        ("a small merchant", Some(merchant(150)), false),
    ] {
        for basis in [Basis::Cohort, Basis::Booked] {
            let mut all = Vec::new();
            let mut placed = 0;
            for _ in 0..100 {
                let from = T0 + random.span(DAY_MICROS);
                let query = DashboardQuery {
                    merchant: merchant.clone(),
                    subtree,
                    under: None,
                    from: Timestamp(from),
                    to: Timestamp(from + YEAR - DAY_MICROS),
                    zone: &shanghai,
                    currency: Currency::CNY,
                    basis,
                    merchants: 10,
                };
                let (answer, took) = timed(|| dashboard.answer(&query).unwrap());
                placed = answer.figures.placed;
                all.push(took);
            }
            times(&format!("{name}, {basis:?} ({placed} placed)"), all);
        }
    }
}

fn checkpoints(dir: &Path, views: &Views) {
    let start = Instant::now();
    let saved = views.checkpoint(&Since::default());
    let bytes: usize = saved.iter().flat_map(|view| &view.changed).map(|(_, bytes)| bytes.len()).sum();
    println!("checkpoint of everything: {bytes} bytes in {:.2?}", start.elapsed());
    let chunks: BTreeMap<ChunkId, Vec<u8>> = saved.iter().flat_map(|view| view.changed.clone()).collect();
    let ids = saved.iter().map(|view| (view.view, view.all.clone())).collect();
    let computed = computed_micros();
    let (restored, took) = timed(|| Views::restore(views.position(), &ids, &|id| chunks.get(&id).cloned()).unwrap());
    let millis = (computed_micros() - computed) / 1_000;
    println!("restored from memory in {took:.2?}, {millis} ms of processor time");
    for (view, bytes) in restored.footprint() {
        println!("{}: {bytes} bytes after restoring", view.name);
    }
    drop(restored);
    let folder = tempfile::tempdir_in(dir).unwrap();
    let mut store = Store::new(folder.path(), [1; 16]);
    let start = Instant::now();
    store.save(&store.checkpoint(views).unwrap()).unwrap();
    println!("saved to disk in {:.2?}", start.elapsed());
    let ((loaded, ignored), took) = timed(|| Store::new(folder.path(), [1; 16]).load(views.position()).unwrap());
    println!("loaded from disk in {took:.2?} ({} ignored)", ignored.len());
    assert!(loaded.is_some());
}
