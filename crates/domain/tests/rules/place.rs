use daybook_domain::command::*;
use daybook_domain::event::*;
use daybook_domain::order::Payment;
use daybook_domain::time::{HOUR_MICROS, MINUTE_MICROS};
use daybook_domain::*;

use crate::ask::*;
use crate::given::*;

#[test]
fn an_order_carries_its_merchants_ancestors_and_its_due_times() {
    let mut world = World::new();
    let events = world.must(&Command::Place(place()));
    let [Event::OrderPlaced(placed)] = &events[..] else { panic!("{events:?}") };
    assert_eq!(placed.ancestors, [MerchantId::new("root").unwrap()]);
    assert_eq!(
        placed.pay_due,
        Some(PayDue { pay_by: T0.plus_micros(30 * MINUTE_MICROS), remind_at: T0.plus_micros(10 * MINUTE_MICROS) })
    );
    assert_eq!(world.order().total_minor(), 1400);
    assert_eq!(world.label(), Label::AwaitingPayment);
}

#[test]
fn each_fault_has_its_refusal() {
    let world = World::new();
    let mut c = place();
    c.merchant = MerchantId::new("m2").unwrap();
    c.lines.clear();
    c.adjustments[0].amount_minor = -1;
    world.refuses(&Command::Place(c.clone()), Rejection::TotalNegative);
    c.adjustments.clear();
    world.refuses(&Command::Place(c.clone()), Rejection::NoLines);
    c.lines = vec![line(SkuKind::Card, 0, 1)];
    let invalid = |field, problem: &str| Rejection::Invalid { field, problem: problem.into() };
    world.refuses(&Command::Place(c.clone()), invalid("quantity", "must be 1 to 1000000"));
    c.lines = vec![line(SkuKind::Card, 1, -1)];
    world.refuses(&Command::Place(c.clone()), invalid("unitPrice", "must not be below zero"));
    c.lines = vec![line(SkuKind::Card, 1, i64::MAX)];
    world.refuses(&Command::Place(c.clone()), invalid("unitPrice", "is larger than Daybook keeps"));
    c.lines = vec![line(SkuKind::Card, 1_000_000, 1_000_000_000_000_000)];
    world.refuses(&Command::Place(c.clone()), Rejection::AmountTooLarge);
    c.lines = vec![line(SkuKind::Card, 1, 100); 101];
    world.refuses(&Command::Place(c.clone()), invalid("lines", "must be at most 100"));
    c.lines.truncate(100);
    world.refuses(&Command::Place(c.clone()), Rejection::MerchantUnknown { id: c.merchant.clone() });
    c.merchant = merchant();
    World::new().makes(&Command::Place(c), &[Kind::OrderPlaced]);
}

#[test]
fn a_number_is_taken_once() {
    World::placed().refuses(&Command::Place(place()), Rejection::NumberTaken);
    let mut other = place();
    other.number = None;
    World::placed().makes(&Command::Place(other), &[Kind::OrderPlaced]);
}

#[test]
fn an_order_of_nothing_is_paid_when_placed_live_and_unpaid_when_imported() {
    let mut c = place();
    c.lines = vec![line(SkuKind::Card, 1, 100)];
    let mut world = World::new();
    let events = world.must(&Command::Place(c.clone()));
    let [Event::OrderPlaced(placed)] = &events[..] else { panic!("{events:?}") };
    assert_eq!(placed.pay_due, None);
    let due = ShipDue { virtual_by: Some(T0.plus_micros(2 * HOUR_MICROS)), collect_by: None };
    assert_eq!(placed.ship_due, Some(due));
    assert_eq!((world.order().payment(), world.label()), (Payment::Paid, Label::ToShip));

    let mut world = World::new();
    world.origin = Origin::Import;
    world.must(&Command::Place(c));
    assert_eq!((world.order().payment(), world.label()), (Payment::Unpaid, Label::AwaitingPayment));
}

#[test]
fn merchants_are_registered_once_below_a_known_parent() {
    let register = |id: &str, parent: Option<&str>| {
        Command::RegisterMerchant(RegisterMerchant {
            id: MerchantId::new(id).unwrap(),
            name: "Shop".into(),
            parent: parent.map(|parent| MerchantId::new(parent).unwrap()),
        })
    };
    let mut world = World::new();
    world.refuses(&register("m1", None), Rejection::MerchantExists { id: merchant() });
    world.refuses(
        &register("m2", Some("nobody")),
        Rejection::MerchantUnknown { id: MerchantId::new("nobody").unwrap() },
    );
    let mut parent = "m1".to_owned();
    for depth in 2..=16 {
        let id = format!("d{depth}");
        world.makes(&register(&id, Some(&parent)), &[Kind::MerchantRegistered]);
        parent = id;
    }
    world.refuses(&register("d17", Some(&parent)), Rejection::TreeTooDeep { max: 16 });
}

/// Orders keep the place that they were placed at, and later ones get the new one; so do those of whoever stands below.
#[test]
fn a_move_touches_later_orders_only() {
    let id = |id: &str| MerchantId::new(id).unwrap();
    let mut world = World::new();
    world.must(&register("m2", "Agent", Some("root")));
    world.must(&register("m11", "Shop", Some("m1")));
    let placed = |world: &mut World, number: &str| {
        let number = Some(OrderNumber::new(number).unwrap());
        let events = world.must(&Command::Place(PlaceOrder { merchant: id("m11"), number, ..place() }));
        match events.first() {
            Some(Event::OrderPlaced(placed)) => placed.ancestors.clone(),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(placed(&mut world, "A"), [id("root"), id("m1")]);
    world.makes(&move_below("m1", "m2"), &[Kind::MerchantMoved]);
    assert_eq!(placed(&mut world, "B"), [id("root"), id("m2"), id("m1")]);
    world.makes(&move_below("m11", "root"), &[Kind::MerchantMoved]);
    assert_eq!(placed(&mut world, "C"), [id("root")]);
    world.must(&close_merchant("m11"));
    world.origin = Origin::Import;
    assert_eq!(placed(&mut world, "D"), [id("root")], "history is recorded, whoever is closed now");
}
