//! A view that cannot fold an event stops there, says so, and leaves the others alone.

use daybook_domain::{Event, Recorded};

use super::list::fold;
use super::world::World;
use crate::bulk::BulkFold;
use crate::error::{FoldError, Stopped};
use crate::query::QueryError;
use crate::views::Views;

fn world() -> World {
    println!("seed 41");
    World::random(41, 300)
}

fn later(world: &World, recorded: &Recorded) -> Recorded {
    Recorded { position: world.recorded.len() as u64 + 1, ..recorded.clone() }
}

/// The error of an event after all others, and that nothing goes on after it.
fn stopped_at(world: &World, recorded: &Recorded) -> FoldError {
    let mut views = fold(world);
    let Err(Stopped { view, at, error }) = views.apply(recorded) else {
        panic!("nothing stopped");
    };
    assert_eq!((view, at), ("orders", recorded.position));
    // Said once; then the views stay where they are.
    assert_eq!(views.apply(&Recorded { position: recorded.position + 1, ..recorded.clone() }), Ok(()));
    assert!(views.order_list().is_err() && views.dashboard().is_err());
    let status = views.status();
    let mut bulk = BulkFold::new(fold(world));
    assert_eq!(bulk.apply(recorded), Err(Stopped { view, at, error: error.clone() }));
    assert_eq!(bulk.apply(&Recorded { position: recorded.position + 1, ..recorded.clone() }), Ok(()));
    assert_eq!(bulk.finish().status(), status);
    assert!(status.iter().all(|view| view.position == recorded.position - 1), "{status:?}");
    error
}

#[test]
fn orders_stop_at_what_cannot_be() {
    let world = world();
    let is_placed = |recorded: &&Recorded| matches!(recorded.event, Event::OrderPlaced(_));
    let placed = later(&world, world.recorded.iter().find(is_placed).unwrap());
    let order = placed.stream;
    assert_eq!(stopped_at(&world, &placed), FoldError::OrderTwice { order });

    let changed =
        world.recorded.iter().rfind(|recorded| world.orders.contains(&recorded.stream) && recorded.revision > 1);
    let changed = later(&world, changed.unwrap());
    let from = world.revisions[&changed.stream];
    let order = changed.stream;
    for to in [from, from + 2] {
        let event = Recorded { revision: to, ..changed.clone() };
        assert_eq!(stopped_at(&world, &event), FoldError::RevisionGap { order, from, to });
    }
    let order = daybook_domain::StreamId::merchant(&super::world::merchant("m1"));
    assert_eq!(stopped_at(&world, &Recorded { stream: order, ..changed }), FoldError::OrderUnknown { order });
}

#[test]
fn the_dashboard_stops_alone() {
    let world = world();
    let mut views = fold(&world);
    let is_captured = |recorded: &&Recorded| matches!(recorded.event, Event::PaymentCaptured(_));
    let captured = later(&world, world.recorded.iter().rfind(is_captured).unwrap());
    let Event::PaymentCaptured(event) = captured.event else { unreachable!() };
    // Nothing is ever stored like this.
    let event = daybook_domain::event::PaymentCaptured { amount_minor: -1, excess_minor: 0, ..event };
    let revision = world.revisions[&captured.stream] + 1;
    let odd = Recorded { revision, event: event.into(), ..later(&world, &world.recorded[0]) };
    let odd = Recorded { stream: captured.stream, ..odd };
    let stopped = views.apply(&odd).unwrap_err();
    let mut bulk = BulkFold::new(fold(&world));
    assert_eq!(bulk.apply(&odd), Err(stopped.clone()));
    assert_eq!(bulk.finish().status(), views.status());
    assert_eq!((stopped.view, &stopped.error), ("dashboard", &FoldError::AmountNegative));
    assert_eq!(views.dashboard().map(|_| ()), Err(stopped));
    let list = views.order_list().unwrap();
    assert_eq!(list.count(&Default::default(), &Default::default()), world.orders.len() as u64);
    assert_eq!(views.position(), odd.position);
}

/// A currency of which more is paid than 64 bits hold: only answers that need more are refused.
#[test]
fn amounts_that_cannot_be_added_up_stop_no_view() {
    // Two a day, the first and the last one alone; all on one day.
    for a_day in [2, 100_000] {
        amounts_that_cannot_be_added_up(a_day);
    }
}

fn amounts_that_cannot_be_added_up(a_day: i64) {
    use daybook_domain::Currency;
    use daybook_domain::limits::MAX_AMOUNT_MINOR;
    use daybook_domain::time::DAY_MICROS;
    let mut world = world();
    let begin = world.recorded.last().unwrap().recorded_at;
    // One order more than can be added up.
    let orders = i64::MAX / MAX_AMOUNT_MINOR + 1;
    for n in 0..orders {
        let place = daybook_domain::command::PlaceOrder {
            merchant: super::world::merchant("m1"),
            number: None,
            account: daybook_domain::Sealed { slot: daybook_domain::Slot(7), bytes: vec![] },
            contact: None,
            currency: Currency::CNY,
            lines: vec![daybook_domain::event::Line {
                sku: daybook_domain::Sku::new("gold").unwrap(),
                title: "gold".into(),
                kind: daybook_domain::event::SkuKind::Card,
                quantity: 1,
                unit_minor: MAX_AMOUNT_MINOR,
                supplier: None,
                inputs: None,
            }],
            adjustments: vec![],
        };
        let at = begin.plus_micros(DAY_MICROS * (1 + (n + 1) / a_day));
        world.act(daybook_domain::Command::Place(place), daybook_domain::Origin::Import, Some(at));
        let pay = daybook_domain::command::RecordPayment {
            order: *world.orders.last().unwrap(),
            provider: "bank".into(),
            trade_number: format!("G{n}").into(),
            amount: daybook_domain::Money::new(MAX_AMOUNT_MINOR, Currency::CNY),
        };
        world.act(daybook_domain::Command::RecordPayment(pay), daybook_domain::Origin::Import, Some(at));
    }
    let mut views = Views::new();
    world.recorded.iter().for_each(|recorded| views.apply(recorded).unwrap());
    let mut bulk = BulkFold::new(Views::new());
    world.recorded.iter().for_each(|recorded| bulk.apply(recorded).unwrap());
    let bulk = bulk.finish();
    for views in [&views, &bulk] {
        let answer = |days: std::ops::Range<i64>, merchant: Option<&str>, currency| {
            let query = crate::query::DashboardQuery {
                merchant: merchant.map(super::world::merchant),
                subtree: false,
                under: None,
                from: begin.plus_micros(DAY_MICROS * days.start),
                to: begin.plus_micros(DAY_MICROS * days.end),
                zone: &[],
                currency,
                basis: crate::query::Basis::Booked,
                merchants: 0,
            };
            let answer = views.dashboard().unwrap().answer(&query);
            answer.map(|answer| answer.figures.paid_amount_minor)
        };
        let (all, cny) = (0..orders, Currency::CNY);
        for merchant in [None, Some("m1")] {
            assert_eq!(answer(all.clone(), merchant, cny), Err(QueryError::AmountsTooLarge));
            if a_day != 2 {
                continue;
            }
            assert_eq!(answer(1..11, merchant, cny), Ok(19 * MAX_AMOUNT_MINOR));
            // All but the last one.
            assert_eq!(answer(1..orders / 2 + 1, merchant, cny), Ok((orders - 1) * MAX_AMOUNT_MINOR));
        }
        assert!(answer(-100_000..0, None, Currency::BRL).is_ok());
    }
}

#[test]
fn a_list_that_stops_leaves_the_dashboard_alone() {
    let world = world();
    let (first, second) = world.recorded.split_at(world.recorded.len() / 2);
    let mut views = Views::new();
    first.iter().for_each(|recorded| views.apply(recorded).unwrap());
    // As if an index had lost all that it held.
    views.registry.list.view.nodes.clear();
    let stopped: Vec<Stopped> = second.iter().filter_map(|recorded| views.apply(recorded).err()).collect();
    assert_eq!(stopped.len(), 1);
    assert!(matches!(stopped[0].error, FoldError::IndexBroken { .. }));
    assert!(views.order_list().is_err());
    let whole = fold(&world);
    let query = crate::query::DashboardQuery {
        merchant: None,
        subtree: false,
        under: None,
        from: daybook_domain::Timestamp(i64::MIN),
        to: daybook_domain::Timestamp(i64::MAX),
        zone: &[],
        currency: daybook_domain::Currency::CNY,
        basis: crate::query::Basis::Booked,
        merchants: 9,
    };
    assert_eq!(views.dashboard().unwrap().answer(&query), whole.dashboard().unwrap().answer(&query));
}
