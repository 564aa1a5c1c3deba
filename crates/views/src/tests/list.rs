//! Pages and counts equal a filter and a sort over the orders' own states.

use std::collections::HashMap;

use daybook_domain::event::{Clock, Event, Hold, OrderPlaced};
use daybook_domain::order::{AfterSales, Fulfilment, Lifecycle, Order, Payment};
use daybook_domain::{Currency, Label, MerchantId, OrderNumber, Sku, Slot, StreamId, Tag, Timestamp};
use proptest::prelude::*;

use super::world::{MERCHANTS, Random, T0, World, merchant};
use crate::query::*;
use crate::views::Views;

pub(crate) fn fold(world: &World) -> Views {
    let mut views = Views::new();
    for recorded in &world.recorded {
        views.apply(recorded).unwrap();
    }
    views
}

struct Naive<'a> {
    id: StreamId,
    placed: &'a OrderPlaced,
    order: &'a Order,
    arrival: usize,
}

fn naive(world: &World) -> Vec<Naive<'_>> {
    let placed: HashMap<StreamId, &OrderPlaced> = world
        .recorded
        .iter()
        .filter_map(|recorded| match &recorded.event {
            Event::OrderPlaced(placed) => Some((recorded.stream, placed)),
            _ => None,
        })
        .collect();
    let orders = world.orders.iter().enumerate();
    orders.map(|(arrival, &id)| Naive { id, placed: placed[&id], order: world.order(id), arrival }).collect()
}

fn in_merchants(order: &Order, ids: &[MerchantId], subtree: bool) -> bool {
    ids.contains(&order.merchant) || (subtree && order.ancestors.iter().any(|ancestor| ids.contains(ancestor)))
}

/// What is due is the list's own rule, tested apart.
fn holds(filter: &Filter, views: &Views, naive: &Naive<'_>) -> bool {
    let (order, placed) = (naive.order, naive.placed);
    let axes = order.axes();
    match filter {
        Filter::And(parts) => parts.iter().all(|part| holds(part, views, naive)),
        Filter::Or(parts) => parts.iter().any(|part| holds(part, views, naive)),
        Filter::Is(condition) => match condition {
            Condition::Label(list) => list.contains(&Label::of(axes)),
            Condition::Lifecycle(list) => list.contains(&axes.lifecycle),
            Condition::Payment(list) => list.contains(&axes.payment),
            Condition::Fulfilment(list) => list.contains(&axes.fulfilment),
            Condition::AfterSales(list) => list.contains(&axes.after_sales),
            Condition::Hold(list) => list.iter().any(|&hold| axes.holds.contains(hold)),
            Condition::PlacedAt { gte, lt } => {
                gte.is_none_or(|gte| order.placed_at >= gte) && lt.is_none_or(|lt| order.placed_at < lt)
            }
            Condition::Number(list) => list.contains(&placed.number),
            Condition::Id(list) => list.contains(&naive.id),
            Condition::Nth(list) => list.iter().any(|&nth| nth as usize == naive.arrival),
            Condition::Buyer(list) => list.contains(&order.buyer),
            Condition::Product(list) => placed.lines.iter().any(|line| list.contains(&line.sku)),
            Condition::Merchant { ids, subtree } => in_merchants(order, ids, *subtree),
            Condition::Breach(list) => order.breaches.iter().any(|breach| list.contains(&breach.clock)),
            Condition::Tag(list) => order.tags.iter().any(|tag| list.iter().any(|one| one.as_str() == &**tag)),
            Condition::Amount { currency, gte_minor, lte_minor } => {
                currency.is_none_or(|currency| currency == order.currency)
                    && gte_minor.is_none_or(|gte| order.total_minor() >= gte)
                    && lte_minor.is_none_or(|lte| order.total_minor() <= lte)
            }
            Condition::DueBefore(at) => {
                let row = views.order_list().unwrap().by_id(naive.id).unwrap();
                row.dues().next().is_some_and(|due| due < *at)
            }
        },
    }
}

fn some<T: Clone>(random: &mut Random, all: &[T]) -> Vec<T> {
    all.iter().filter(|_| random.chance(40)).cloned().collect()
}

fn merchants(random: &mut Random) -> Vec<MerchantId> {
    let mut ids: Vec<MerchantId> = MERCHANTS.iter().map(|(id, _)| merchant(id)).collect();
    ids.push(merchant("unknown"));
    some(random, &ids)
}

fn condition(random: &mut Random, world: &World) -> Condition {
    let time = |random: &mut Random| Timestamp(random.within(T0 - 20 * 86_400_000_000, world.now + 86_400_000_000));
    match random.below(15) {
        0 | 1 => Condition::Label(some(random, &Label::ALL)),
        2 => Condition::Lifecycle(some(random, Lifecycle::VARIANTS)),
        3 => Condition::Payment(some(random, Payment::VARIANTS)),
        4 => Condition::Fulfilment(some(random, Fulfilment::VARIANTS)),
        5 => Condition::AfterSales(some(random, AfterSales::VARIANTS)),
        6 => Condition::Hold(some(random, Hold::VARIANTS)),
        7 => Condition::PlacedAt {
            gte: random.chance(60).then(|| time(random)),
            lt: random.chance(60).then(|| time(random)),
        },
        8 => {
            let numbers: Vec<OrderNumber> = (0..200).map(|n| OrderNumber::new(&format!("N{n}")).unwrap()).collect();
            Condition::Number(some(random, &numbers))
        }
        9 if random.chance(50) => Condition::Id(some(random, &world.orders)),
        9 => {
            let mut all: Vec<u32> = (0..u32::try_from(world.orders.len()).unwrap() + 3).collect();
            all.reverse();
            Condition::Nth(some(random, &all))
        }
        10 => {
            let slots: Vec<Slot> = (0..14).map(Slot).collect();
            if random.chance(50) { Condition::Buyer(vec![Slot(7)]) } else { Condition::Buyer(some(random, &slots)) }
        }
        11 => {
            let skus: Vec<Sku> = (0..7).map(|n| Sku::new(&format!("sku-{n}")).unwrap()).collect();
            Condition::Product(some(random, &skus))
        }
        12 => Condition::Merchant { ids: merchants(random), subtree: random.chance(50) },
        13 => match random.below(3) {
            1 => Condition::Breach(some(random, Clock::VARIANTS)),
            0 => {
                let tags = ["vip", "gift", "sku-1"].map(|tag| Tag::new(tag).unwrap());
                Condition::Tag(some(random, &tags))
            }
            _ => Condition::DueBefore(time(random)),
        },
        _ => Condition::Amount {
            currency: random.chance(50).then_some(Currency::CNY),
            gte_minor: random.chance(60).then(|| random.within(0, 9_000)),
            lte_minor: random.chance(60).then(|| random.within(0, 20_000)),
        },
    }
}

fn filter(random: &mut Random, world: &World, depth: u32) -> Filter {
    match random.below(if depth == 0 { 1 } else { 3 }) {
        0 => Filter::Is(condition(random, world)),
        1 => Filter::And((0..random.below(4)).map(|_| filter(random, world, depth - 1)).collect()),
        _ => Filter::Or((0..random.below(6)).map(|_| filter(random, world, depth - 1)).collect()),
    }
}

fn check_pages(random: &mut Random, world: &World, views: &Views) {
    let list = views.order_list().unwrap();
    let all = naive(world);
    let mut one = || merchants(random).pop().unwrap_or_else(|| merchant("agent"));
    let (under, id) = (one(), one());
    let scope = match random.below(3) {
        0 => Scope::All,
        1 if under != id => Scope::Below { under, id, subtree: random.chance(60) },
        _ => Scope::Merchants { ids: merchants(random), subtree: random.chance(60) },
    };
    let depth = u32::try_from(random.below(4)).unwrap();
    let filter = filter(random, world, depth);
    let sort = Sort {
        field: if random.chance(60) { SortField::PlacedAt } else { SortField::Amount },
        direction: if random.chance(50) { Direction::Ascending } else { Direction::Descending },
    };
    let mut wanted: Vec<&Naive<'_>> = all
        .iter()
        .filter(|naive| match &scope {
            Scope::All => true,
            Scope::Merchants { ids, subtree } => in_merchants(naive.order, ids, *subtree),
            Scope::Below { under, id, subtree } => {
                in_merchants(naive.order, std::slice::from_ref(id), *subtree)
                    && in_merchants(naive.order, std::slice::from_ref(under), true)
            }
        })
        .filter(|naive| holds(&filter, views, naive))
        .collect();
    wanted.sort_by_key(|naive| match sort.field {
        SortField::PlacedAt => (String::new(), naive.order.placed_at.0, naive.arrival),
        SortField::Amount => (naive.order.currency.to_string(), naive.order.total_minor(), naive.arrival),
    });
    if sort.direction == Direction::Descending {
        wanted.reverse();
    }
    let wanted: Vec<StreamId> = wanted.iter().map(|naive| naive.id).collect();
    assert_eq!(list.count(&scope, &filter), wanted.len() as u64, "count of {scope:?} {filter:?}");
    let steps = random.below(500);
    match list.count_within(&scope, &filter, steps) {
        Ok(count) => assert_eq!(count, wanted.len() as u64, "in {steps} steps: {scope:?} {filter:?}"),
        Err(error) => assert_eq!(error, QueryError::TooMuchWork),
    }

    let size = usize::try_from(random.below(20)).unwrap() + 1;
    for forwards in [true, false] {
        let mut walked: Vec<StreamId> = Vec::new();
        let mut query = OrderQuery { scope: scope.clone(), filter: filter.clone(), sort, ..OrderQuery::default() };
        loop {
            query.take = if forwards { Take::First(size) } else { Take::Last(size) };
            let page = list.page(&query).unwrap();
            let ids = page.rows.iter().map(|row| row.id);
            let edge = if forwards { page.rows.last() } else { page.rows.first() };
            let more = if forwards { page.has_next } else { page.has_previous };
            if forwards {
                walked.extend(ids);
            } else {
                walked.splice(0..0, ids);
            }
            assert!(page.rows.len() == size || !more);
            assert!(walked.len() <= wanted.len(), "forwards {forwards} {scope:?} {filter:?} {sort:?}");
            let Some(edge) = edge.filter(|_| more) else {
                break;
            };
            let cursor = Cursor::from_bytes(&edge.cursor(sort.field).to_bytes()).unwrap();
            (query.after, query.before) = if forwards { (Some(cursor), None) } else { (None, Some(cursor)) };
        }
        assert_eq!(walked, wanted, "forwards {forwards} {scope:?} {filter:?} {sort:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn pages_and_counts_equal_a_filter_and_a_sort(seed: u64, steps in 1_usize..1_200) {
        println!("seed {seed} steps {steps}");
        let world = World::random(seed, steps);
        let views = fold(&world);
        let mut random = Random(seed ^ 1);
        for _ in 0..30 {
            check_pages(&mut random, &world, &views);
        }
    }

    #[test]
    fn rows_are_the_orders(seed: u64, steps in 1_usize..600) {
        println!("seed {seed} steps {steps}");
        let world = World::random(seed, steps);
        let views = fold(&world);
        let list = views.order_list().unwrap();
        for naive in naive(&world) {
            let row = list.by_id(naive.id).unwrap();
            // What a list does not show.
            let wanted = Order {
                checkpoints: Vec::new(),
                ..naive.order.clone()
            };
            assert_eq!(row.order, wanted);
            assert_eq!(row.number, naive.placed.number);
            assert_eq!(row.label, Label::of(wanted.axes()));
            assert_eq!(row.total_minor, wanted.total_minor());
            assert_eq!(row.revision, world.revisions[&naive.id]);
            let last = world.recorded.iter().rfind(|recorded| recorded.stream == naive.id).unwrap();
            assert_eq!(row.position, last.position);
            let texts = naive.placed.lines.iter().map(|line| RowLine { sku: line.sku.clone(), title: (&*line.title).into() });
            assert_eq!(row.lines, texts.collect::<Vec<_>>());
            let account = list.account(wanted.buyer).unwrap();
            assert_eq!(account.sealed, naive.placed.account);
            assert_eq!(account.tree_root, *world.order(account.stream).tree_root());
            let found = list.by_number(Some(&wanted.merchant), &naive.placed.number);
            assert_eq!(found.len(), 1);
            assert_eq!(found[0].id, naive.id);
        }
    }
}

#[test]
fn an_open_clock_is_one_that_still_runs() {
    let mut world = World::random(1, 0);
    println!("seed 1");
    let mut random = Random(1);
    let mut due_kinds = [0; 4];
    for _ in 0..4_000 {
        world.step(&mut random);
    }
    let views = fold(&world);
    for naive in naive(&world) {
        let dues = views.order_list().unwrap().by_id(naive.id).unwrap().dues();
        let order = naive.order;
        let kinds = [dues.pay_by, dues.ship_virtual_by, dues.collect_by, dues.answer_refund_by];
        kinds.iter().zip(&mut due_kinds).for_each(|(due, count)| *count += usize::from(due.is_some()));
        if order.lifecycle != Lifecycle::Placed {
            assert_eq!((dues.pay_by, dues.ship_virtual_by, dues.collect_by), (None, None, None));
        }
        if order.paid_at.is_some() {
            assert_eq!(dues.pay_by, None);
        }
        if order.unshipped() == 0 {
            assert_eq!((dues.ship_virtual_by, dues.collect_by), (None, None));
        }
        if !order.has_open_ticket() {
            assert_eq!(dues.answer_refund_by, None);
        }
    }
    assert!(due_kinds.iter().all(|&count| count > 0), "{due_kinds:?}");
}

#[test]
fn a_number_is_found_at_the_merchant_first_then_below() {
    let world = World::random(11, 3_000);
    println!("seed 11");
    let views = fold(&world);
    let list = views.order_list().unwrap();
    let all = naive(&world);
    let (mut own, mut below) = (0, 0);
    for naive in &all {
        for (id, _) in MERCHANTS {
            let id = merchant(id);
            let same = all.iter().filter(|other| other.placed.number == naive.placed.number);
            let mine: Vec<StreamId> =
                same.clone().filter(|other| other.order.merchant == id).map(|other| other.id).collect();
            let under = same.filter(|other| other.order.ancestors.contains(&id)).map(|other| other.id).collect();
            let wanted = if mine.is_empty() { under } else { mine.clone() };
            let found: Vec<StreamId> =
                list.by_number(Some(&id), &naive.placed.number).iter().map(|row| row.id).collect();
            own += usize::from(!mine.is_empty());
            below += usize::from(mine.is_empty() && !wanted.is_empty());
            assert_eq!(found, wanted);
        }
    }
    assert!(own > 0 && below > 0);
}

#[test]
fn a_query_takes_no_more_steps_than_it_may() {
    let world = World::random(5, 3_000);
    let views = fold(&world);
    let list = views.order_list().unwrap();
    let orders = world.orders.len() as u64;
    let amount = |from: i64| Condition::Amount { currency: None, gte_minor: Some(from), lte_minor: Some(from) };
    // More alternatives than are looked up one by one: each order is tested.
    let filter = Filter::Or((0..40).map(|n| Filter::Is(amount(-1 - n))).collect());
    assert_eq!(list.count_within(&Scope::All, &filter, orders * 20), Err(QueryError::TooMuchWork));
    assert_eq!(list.count_within(&Scope::All, &filter, orders * 60), Ok(0));
    for field in [SortField::PlacedAt, SortField::Amount] {
        let sort = Sort { field, direction: Direction::Descending };
        let query = OrderQuery { filter: filter.clone(), sort, ..OrderQuery::default() };
        assert_eq!(list.page_within(&query, orders * 20), Err(QueryError::TooMuchWork));
        assert_eq!(list.page_within(&query, orders * 60).unwrap().rows, []);
    }
    assert_eq!(list.page_within(&OrderQuery::default(), 5_000).unwrap().rows.len(), 50, "the newest are at hand");
}

#[test]
fn a_cursor_must_fit_the_list() {
    let world = World::random(3, 200);
    let views = fold(&world);
    let list = views.order_list().unwrap();
    let row = list.by_id(world.orders[0]).unwrap();
    let query = OrderQuery { after: Some(row.cursor(SortField::Amount)), ..OrderQuery::default() };
    assert_eq!(list.page(&query), Err(QueryError::CursorOfOtherSort));
    let mut stranger = row.cursor(SortField::PlacedAt);
    stranger.order = StreamId::merchant(&merchant("m1"));
    assert_eq!(
        list.page(&OrderQuery { after: Some(stranger), ..OrderQuery::default() }),
        Err(QueryError::CursorUnknown)
    );
    assert_eq!(Cursor::from_bytes(&[1, 2, 3]), Err(CursorError));
    assert_eq!(Cursor::from_bytes(&[9; 25]), Err(CursorError));
}
