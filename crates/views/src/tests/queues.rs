//! What waits, against the orders themselves.

use daybook_domain::clock::Running;
use daybook_domain::event::{Clock, Hold};
use daybook_domain::stock::Booking;
use daybook_domain::{MerchantId, Order, StreamId, Timestamp};
use proptest::prelude::*;

use super::list::fold;
use super::world::{World, merchant};
use crate::query::{DeadlineQuery, Due, ExceptionKind, ExceptionQuery, Scope};
use crate::views::Views;

fn scopes() -> Vec<Scope> {
    let of = |ids: &[&str], subtree| Scope::Merchants { ids: ids.iter().map(|id| merchant(id)).collect(), subtree };
    vec![
        Scope::All,
        of(&["m1"], false),
        of(&["agent", "m1"], true),
        of(&["m1"], true),
        of(&["nobody"], true),
        Scope::Below { under: merchant("m1"), id: merchant("m11"), subtree: false },
        Scope::Below { under: merchant("m2"), id: merchant("m1"), subtree: true },
    ]
}

fn is_in(order: &Order, scope: &Scope) -> bool {
    let within = |ids: &[MerchantId], subtree| {
        ids.contains(&order.merchant) || (subtree && order.ancestors.iter().any(|above| ids.contains(above)))
    };
    match scope {
        Scope::All => true,
        Scope::Merchants { ids, subtree } => within(ids, *subtree),
        Scope::Below { under, id, subtree } => {
            within(std::slice::from_ref(id), *subtree) && within(std::slice::from_ref(under), true)
        }
    }
}

/// Arrival, order.
fn orders<'a>(world: &'a World, scope: &'a Scope) -> impl Iterator<Item = (usize, StreamId, &'a Order)> {
    let all = world.orders.iter().enumerate().map(|(arrival, &id)| (arrival, id, world.order(id)));
    all.filter(|(_, _, order)| is_in(order, scope))
}

fn naive_deadlines(world: &World, of: &Scope) -> Vec<(StreamId, Running)> {
    let mut all = Vec::new();
    for (arrival, id, order) in orders(world, of) {
        order.each_pending_clock(|running| all.push((running.due, arrival, running, id)));
    }
    all.sort_by_key(|(due, arrival, running, _)| (*due, *arrival, running.clock as u8, running.ticket));
    all.into_iter().map(|(_, _, running, id)| (id, running)).collect()
}

fn naive_exceptions(world: &World, of: &Scope) -> Vec<(StreamId, ExceptionKind, Timestamp, Option<u16>)> {
    let mut all = Vec::new();
    for (arrival, id, order) in orders(world, of) {
        for (hold, kind) in [
            (Hold::Stock, ExceptionKind::Stock),
            (Hold::Address, ExceptionKind::Address),
            (Hold::Payment, ExceptionKind::Payment),
            (Hold::Risk, ExceptionKind::Risk),
        ] {
            if order.holds.contains(hold) {
                all.push((order.held_since(hold).unwrap(), arrival, kind, None, id));
            }
        }
        for (number, ticket) in (1..).zip(&order.tickets).filter(|(_, ticket)| ticket.state.is_open()) {
            all.push((ticket.requested_at, arrival, ExceptionKind::Refund, Some(number), id));
        }
    }
    all.sort_unstable();
    all.into_iter().map(|(since, _, kind, ticket, id)| (id, kind, since, ticket)).collect()
}

fn all_deadlines(views: &Views, scope: &Scope, first: usize) -> Vec<(StreamId, Running)> {
    let mut query = DeadlineQuery { scope: scope.clone(), first, ..DeadlineQuery::default() };
    let mut all = Vec::new();
    loop {
        let page = views.queues().unwrap().deadlines(&query);
        query.after = page.entries.last().map(|entry| entry.cursor);
        all.extend(page.entries.into_iter().map(|entry| (entry.row.id, entry.running)));
        if !page.has_next {
            return all;
        }
    }
}

fn all_exceptions(
    views: &Views,
    scope: &Scope,
    first: usize,
) -> Vec<(StreamId, ExceptionKind, Timestamp, Option<u16>)> {
    let mut query = ExceptionQuery { scope: scope.clone(), first, ..ExceptionQuery::default() };
    let mut all = Vec::new();
    loop {
        let page = views.queues().unwrap().exceptions(&query);
        query.after = page.entries.last().map(|entry| entry.cursor);
        all.extend(page.entries.into_iter().map(|entry| (entry.row.id, entry.kind, entry.since, entry.ticket)));
        if !page.has_next {
            return all;
        }
    }
}

/// Everything that waits, for comparing views.
pub(super) fn waiting(views: &Views) -> Vec<String> {
    let (deadlines, exceptions) = (all_deadlines(views, &Scope::All, 1_000), all_exceptions(views, &Scope::All, 1_000));
    let restock = views.restockable(1_000).unwrap();
    let deliveries = views.deliveries(|_, _| false, 1_000).unwrap();
    vec![
        format!("deadlines {deadlines:?}"),
        format!("exceptions {exceptions:?}"),
        format!("restock {restock:?}"),
        format!("deliveries {deliveries:?}"),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn what_waits_is_what_the_orders_wait_for(seed: u64) {
        let world = World::random(seed, 700);
        let views = fold(&world);
        let queues = views.queues().unwrap();
        for scope in scopes() {
            let (deadlines, exceptions) = (naive_deadlines(&world, &scope), naive_exceptions(&world, &scope));
            for first in [1, 7, 10_000] {
                prop_assert_eq!(&all_deadlines(&views, &scope, first), &deadlines);
                prop_assert_eq!(&all_exceptions(&views, &scope, first), &exceptions);
            }
            prop_assert_eq!(queues.deadline_count(&scope, None), deadlines.len() as u64);
            for count in queues.exception_counts(&scope) {
                let of_kind = || exceptions.iter().filter(|(_, kind, ..)| *kind == count.kind);
                prop_assert_eq!(count.count, of_kind().count() as u64);
                prop_assert_eq!(count.oldest, of_kind().map(|(_, _, since, _)| *since).min());
            }
        }
        let now = Timestamp(world.now);
        let (due, later): (Vec<_>, Vec<_>) =
            naive_deadlines(&world, &Scope::All).into_iter().partition(|(_, running)| running.due <= now);
        let rings = due.into_iter().filter(|(_, running)| running.clock != Clock::Deliver);
        let due: Vec<Due> = rings.map(|(order, running)| Due { order, running }).collect();
        prop_assert_eq!(queues.due(now, |_| false, usize::MAX), due.clone());
        prop_assert_eq!(queues.due(now, |one| *one == due[0], 3).len(), due.len().saturating_sub(1).min(3));
        prop_assert_eq!(queues.next_due(now), later.first().map(|(_, running)| running.due));
    }

    /// Each of them can be restocked, one after another, and then no other one can that waits for no other's goods.
    #[test]
    fn stock_that_came_is_given_to_who_waited_longest(seed: u64) {
        let mut world = World::random(seed, 900);
        let mut views = fold(&world);
        let waiting = world.orders.iter().filter(|id| {
            let order = world.order(**id);
            order.booking == Booking::Waiting && order.holds.contains(Hold::Stock)
        });
        let waiting = waiting.count();
        let restockable = views.restockable(usize::MAX).unwrap();
        prop_assert!(restockable.len() <= waiting);
        let since: Vec<_> = restockable.iter().map(|(id, _)| world.order(*id).held_since(Hold::Stock)).collect();
        prop_assert!(since.is_sorted());
        for (order, _) in &restockable {
            let from = world.recorded.len();
            let release = daybook_domain::command::ReleaseHold { order: *order, hold: Hold::Stock, reason: None };
            world.act(daybook_domain::Command::ReleaseHold(release), daybook_domain::Origin::System, None);
            prop_assert_eq!(world.order(*order).booking, Booking::Taken);
            world.recorded[from..].iter().for_each(|recorded| views.apply(recorded).unwrap());
        }
        prop_assert_eq!(views.restockable(usize::MAX).unwrap(), Vec::new());
    }
}
