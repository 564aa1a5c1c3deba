//! A view that cannot fold an event stops there, says so, and leaves the others alone.

use daybook_domain::{Event, Recorded};

use super::list::fold;
use super::world::World;
use crate::bulk::BulkFold;
use crate::error::{FoldError, Stopped};
use crate::views::Views;

fn world() -> World {
    println!("seed 41");
    World::random(41, 300)
}

fn fold_events(recorded: &[Recorded]) -> Views {
    let mut views = Views::new();
    recorded.iter().for_each(|recorded| views.apply(recorded).unwrap());
    views
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
    let mut world = world();
    let mut views = fold(&world);
    let seen = world.recorded.len();
    for n in 0..20_000 {
        let place = daybook_domain::command::PlaceOrder {
            merchant: super::world::merchant("m1"),
            number: None,
            account: daybook_domain::Sealed { slot: daybook_domain::Slot(n), bytes: vec![] },
            contact: None,
            currency: daybook_domain::Currency::CNY,
            lines: vec![daybook_domain::event::Line {
                sku: daybook_domain::Sku::new("gold").unwrap(),
                title: "gold".into(),
                kind: daybook_domain::event::SkuKind::Card,
                quantity: 1,
                unit_minor: daybook_domain::limits::MAX_AMOUNT_MINOR,
                supplier: None,
                inputs: None,
            }],
            adjustments: vec![],
        };
        world.act(daybook_domain::Command::Place(place), daybook_domain::Origin::Live, None);
        let pay = daybook_domain::command::RecordPayment {
            order: *world.orders.last().unwrap(),
            provider: "bank".into(),
            trade_number: format!("G{n}").into(),
            amount: daybook_domain::Money::new(daybook_domain::limits::MAX_AMOUNT_MINOR, daybook_domain::Currency::CNY),
        };
        world.act(daybook_domain::Command::RecordPayment(pay), daybook_domain::Origin::Live, None);
        if world.recorded.len() > seen + 3 * 9_300 {
            break;
        }
    }
    let stopped: Vec<Stopped> =
        world.recorded[seen..].iter().filter_map(|recorded| views.apply(recorded).err()).collect();
    let mut bulk = BulkFold::new(fold_events(&world.recorded[..seen]));
    let stopped_in_bulk: Vec<Stopped> =
        world.recorded[seen..].iter().filter_map(|recorded| bulk.apply(recorded).err()).collect();
    assert_eq!(stopped_in_bulk, stopped);
    assert_eq!(bulk.finish().status(), views.status());
    assert_eq!(stopped.len(), 1, "{stopped:?}");
    assert_eq!((stopped[0].view, &stopped[0].error), ("dashboard", &FoldError::AmountOverflow));
    assert_eq!(views.dashboard().map(|_| ()), Err(stopped[0].clone()));
    let list = views.order_list().unwrap();
    assert_eq!(list.count(&Default::default(), &Default::default()), world.orders.len() as u64);
    assert_eq!(views.position(), world.recorded.len() as u64);
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
        from: daybook_domain::Timestamp(i64::MIN),
        to: daybook_domain::Timestamp(i64::MAX),
        zone: &[],
        currency: daybook_domain::Currency::CNY,
        basis: crate::query::Basis::Booked,
        merchants: 9,
    };
    assert_eq!(views.dashboard().unwrap().answer(&query), whole.dashboard().unwrap().answer(&query));
}
