//! History is recorded, not judged.

use daybook_domain::command::*;
use daybook_domain::event::*;
use daybook_domain::order::{AfterSales, Lifecycle};
use daybook_domain::*;

use crate::given::*;

fn remarks(world: &mut World, command: &Command<Sealed>, minutes: i64) -> Vec<&'static str> {
    match world.send_at(command, Some(at(minutes))) {
        Ok(Decision::Commit { remarks, .. }) => remarks.iter().map(Rejection::code).collect(),
        other => panic!("{command:?}: {other:?}"),
    }
}

fn history() -> World {
    let mut world = World::new();
    world.origin = Origin::Import;
    world.now = at(100_000);
    world
}

#[test]
fn broken_rules_are_remarks_and_no_clock_starts() {
    let mut world = history();
    assert_eq!(remarks(&mut world, &Command::Place(place()), 10), [""; 0]);
    assert_eq!(world.order().pay_due, None);
    assert_eq!(remarks(&mut world, &ship(None), 5), ["NOT_PAID", "BEFORE_PLACING"]);
    assert_eq!(remarks(&mut world, &pay(1400, "T1"), 20), [""; 0]);
    assert_eq!(world.order().ship_due, None);
    assert_eq!(remarks(&mut world, &track("d", TrackingStatus::Delivered), 4), ["BEFORE_PLACING", "OUT_OF_ORDER"]);
    let order = world.order();
    assert_eq!((order.lifecycle, order.after_sales()), (Lifecycle::Completed, AfterSales::None));
    assert_eq!(order.delivered_at, Some(at(4)));
    assert_eq!(remarks(&mut world, &cancel(ReasonCode::Imported), 30), ["ALREADY_SHIPPED", "ORDER_COMPLETED"]);
    assert!(world.order().tickets.is_empty(), "an import invents no refund");
}

#[test]
fn ratings_of_history_need_a_delivery_and_may_repeat() {
    let rate = |score| Command::Rate(Rate { order: order(), score, comment: None });
    let mut world = history();
    remarks(&mut world, &Command::Place(place()), 0);
    assert_eq!(remarks(&mut world, &rate(5), 1), ["NOT_OBSERVED"]);
    assert_eq!(remarks(&mut world, &rate(4), 2), ["NOT_OBSERVED", "ALREADY_RATED"]);
}

#[test]
fn what_cannot_be_is_refused_even_of_history() {
    let mut world = history();
    world.refuses(&ship(None), Rejection::OrderUnknown);
    remarks(&mut world, &Command::Place(place()), 0);
    world.refuses(&Command::Place(place()), Rejection::NumberTaken);
    let mut empty = place();
    empty.number = None;
    empty.lines.clear();
    empty.adjustments.clear();
    assert_eq!(remarks(&mut world, &Command::Place(empty), 0), ["NO_LINES"]);
}
