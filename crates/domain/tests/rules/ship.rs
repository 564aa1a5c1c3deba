use daybook_domain::event::*;
use daybook_domain::order::{AfterSales, Fulfilment, Lifecycle, Payment};
use daybook_domain::time::DAY_MICROS;
use daybook_domain::*;

use crate::given::*;

#[test]
fn each_fault_has_its_refusal() {
    World::new().refuses(&ship(None), Rejection::OrderUnknown);
    World::placed().refuses(&ship(None), Rejection::NotPaid { payment: Payment::Unpaid });
    let cancelled = World::placed().with(&cancel(ReasonCode::Other));
    cancelled.refuses(&ship(None), Rejection::OrderCancelled);
    World::placed().with(&pay(1500, "T1")).refuses(&ship(None), Rejection::OnHold);
    let asked = World::paid().with(&ask_refund(Some(100)));
    asked.refuses(&ship(None), Rejection::RefundOpen);
    let world = World::paid();
    world.refuses(&ship(Some(&[(3, 1)])), Rejection::LineUnknown { line: 3 });
    world.refuses(&ship(Some(&[(1, 11)])), Rejection::MoreThanUnshipped { line: 1, unshipped: 10 });
    world.refuses(&ship(Some(&[(1, 6), (1, 5)])), Rejection::MoreThanUnshipped { line: 1, unshipped: 10 });
    let shipped = World::paid().with(&ship_all());
    shipped.refuses(&ship(None), Rejection::NothingToShip);
}

#[test]
fn parts_add_up_to_shipped() {
    let mut world = World::paid();
    world.makes(&ship(Some(&[(1, 4)])), &[Kind::ShipmentConfirmed]);
    assert_eq!((world.order().fulfilment(), world.label()), (Fulfilment::Partial, Label::ToShip));
    let events = world.must(&ship(Some(&[(1, 6), (2, 1)])));
    let [Event::ShipmentConfirmed(rest)] = &events[..] else { panic!("{events:?}") };
    assert_eq!(rest.shipment, 2);
    assert_eq!(rest.lines, [ShippedLine { line: 1, quantity: 6 }, ShippedLine { line: 2, quantity: 1 }]);
    assert_eq!((world.order().fulfilment(), world.label()), (Fulfilment::Shipped, Label::Shipped));
}

#[test]
fn tracking_goes_forward_and_the_last_delivery_completes() {
    World::paid().refuses(&track("c1", TrackingStatus::InTransit), Rejection::NothingShipped);
    let mut world = World::paid().with(&ship_all()).at(10);
    world.makes(&track("c1", TrackingStatus::InTransit), &[Kind::TrackingUpdated]);
    world.refuses(&track("c1", TrackingStatus::InTransit), Rejection::CheckpointKnown);
    world.refuses(&track("c2", TrackingStatus::Collected), Rejection::TrackingBackwards);
    let earlier = world.clone().send_at(&track("c3", TrackingStatus::InTransit), Some(at(9)));
    assert_eq!(earlier, Err(Rejection::TrackingBackwards));
    world.makes(
        &track("c4", TrackingStatus::Delivered),
        &[Kind::TrackingUpdated, Kind::Delivered, Kind::OrderCompleted, Kind::ObservationStarted],
    );
    let order = world.order();
    assert_eq!((order.lifecycle, order.after_sales()), (Lifecycle::Completed, AfterSales::Observing));
    assert_eq!(order.observed_until, Some(at(10).plus_micros(7 * DAY_MICROS)));
    assert_eq!(world.label(), Label::Completed);
    world.refuses(&track("c5", TrackingStatus::Delivered), Rejection::AlreadyDelivered);
    world.refuses(&cancel(ReasonCode::Other), Rejection::AlreadyShipped { fulfilment: Fulfilment::Delivered });
}

#[test]
fn one_of_two_parcels_does_not_complete() {
    let mut world = World::paid().with(&ship(Some(&[(1, 10)]))).with(&ship(None));
    world.refuses(&track("c1", TrackingStatus::Delivered), Rejection::ShipmentAmbiguous);
    let arrived = |shipment, checkpoint: &str| {
        Command::RecordTracking(command::RecordTracking {
            order: order(),
            shipment: Some(shipment),
            checkpoint: checkpoint.into(),
            status: TrackingStatus::Delivered,
            place: None,
        })
    };
    world.refuses(&arrived(3, "c1"), Rejection::ShipmentUnknown { shipment: 3 });
    world.makes(&arrived(2, "c1"), &[Kind::TrackingUpdated]);
    assert_eq!(world.order().fulfilment(), Fulfilment::Shipped);
    let events = world.must(&arrived(1, "c2"));
    assert_eq!(events[1], Event::Delivered(Delivered { shipment: 1 }));
}

#[test]
fn what_is_delivered_before_all_is_shipped_does_not_complete() {
    let mut world = World::paid().with(&ship(Some(&[(1, 10)])));
    world.makes(&track("c1", TrackingStatus::Delivered), &[Kind::TrackingUpdated]);
    assert_eq!((world.order().fulfilment(), world.label()), (Fulfilment::Partial, Label::ToShip));
}
