use daybook_domain::command::*;
use daybook_domain::event::*;
use daybook_domain::order::{AfterSales, Lifecycle, Payment};
use daybook_domain::*;

use crate::given::*;

const EXPIRE: Command<Sealed> = Command::Expire { order: StreamId(uuid::Uuid::nil()) };

fn expire() -> Command<Sealed> {
    Command::Expire { order: order() }
}

#[test]
fn payments_add_up() {
    let mut world = World::placed();
    world.makes(&pay(400, "T1"), &[Kind::PaymentCaptured, Kind::PaymentClaimed]);
    assert_eq!((world.order().payment(), world.label()), (Payment::Partial, Label::AwaitingPayment));
    assert_eq!(world.order().ship_due, None);
    world.makes(&pay(1000, "T2"), &[Kind::PaymentCaptured, Kind::PaymentClaimed]);
    assert_eq!((world.order().payment(), world.label()), (Payment::Paid, Label::ToShip));
    let due = world.order().ship_due.unwrap();
    assert_eq!((due.virtual_by, due.collect_by), (Some(at(120)), Some(at(24 * 60))));
}

#[test]
fn what_went_back_of_a_part_does_not_make_an_order_paid() {
    let mut world = World::placed().with(&pay(400, "T1")).with(&ask_refund(Some(100))).with(&approve()).with(&settle());
    assert_eq!((world.order().payment(), world.label()), (Payment::Partial, Label::AwaitingPayment));
    world.refuses(&ship(None), Rejection::NotPaid { payment: Payment::Partial });
    world.must(&pay(1000, "T2"));
    assert_eq!((world.order().payment(), world.label()), (Payment::Partial, Label::AwaitingPayment));
    assert_eq!(world.order().due_minor(), 100, "what went back has to be paid again");
    world.must(&pay(100, "T3"));
    assert_eq!((world.order().payment(), world.label()), (Payment::PartlyRefunded, Label::ToShip));
    assert_eq!((world.order().due_minor(), world.order().refundable_minor(RefundKind::Goods)), (0, 1400));
}

#[test]
fn a_trade_number_counts_once() {
    let mut world = World::placed();
    world.must(&pay(400, "T1"));
    let claim = StreamId::claim(&MerchantId::new("root").unwrap(), "alipay", "T1");
    assert_eq!(world.send(&pay(400, "T1")), Ok(Decision::Repeat { of: claim }));
    assert_eq!(world.order().captured_minor, 400);
    world.refuses(&pay(401, "T1"), Rejection::TradeNumberUsed);
}

#[test]
fn too_much_is_kept_apart_and_goes_back() {
    let mut world = World::placed();
    world.makes(&pay(1500, "T1"), &[Kind::PaymentCaptured, Kind::HoldPlaced, Kind::PaymentClaimed]);
    assert_eq!((world.order().payment(), world.label()), (Payment::Overpaid, Label::Exception));
    assert_eq!(world.order().excess_outstanding_minor(), 100);
    world.now = at(60);
    world.makes(&ask_refund(None), &[Kind::RefundRequested]);
    assert_eq!(world.order().tickets[0].kind, RefundKind::Excess);
    world.makes(&approve(), &[Kind::RefundApproved]);
    world.makes(&settle(), &[Kind::RefundSettled, Kind::HoldReleased]);
    assert_eq!((world.order().payment(), world.label()), (Payment::Paid, Label::ToShip));
    assert_eq!(world.order().refunded_at, None, "returned excess is no refund");
    assert_eq!(world.order().ship_due.unwrap().virtual_by, Some(at(180)), "the clock stood still for an hour");
}

#[test]
fn money_of_another_currency_waits_for_a_person() {
    let mut world = World::placed();
    let usd = Command::RecordPayment(RecordPayment {
        order: order(),
        provider: "paypal".into(),
        trade_number: "P1".into(),
        amount: Money::new(200, Currency::new("USD").unwrap()),
    });
    world.makes(&usd, &[Kind::PaymentMismatched, Kind::HoldPlaced, Kind::PaymentClaimed]);
    assert_eq!((world.order().payment(), world.label()), (Payment::Unpaid, Label::Exception));
    world.refuses(&pay(0, "T9"), Rejection::AmountNotPositive);
}

#[test]
fn an_unpaid_order_expires_at_its_deadline_and_not_before() {
    World::placed().at(29).refuses(&expire(), Rejection::DeadlineNotReached { due_at: at(30) });
    World::paid().at(31).refuses(&expire(), Rejection::AlreadyPaid);
    World::placed().refuses(&EXPIRE, Rejection::OrderUnknown);
    let mut world = World::placed().with(&pay(400, "T1")).at(30);
    world.makes(&expire(), &[Kind::OrderCancelled, Kind::RefundRequested]);
    assert_eq!(world.order().cancel_reason, Some(ReasonCode::Timeout));
    assert_eq!(world.order().tickets[0].amount_minor, 400);
    world.refuses(&expire(), Rejection::OrderCancelled);
}

#[test]
fn a_late_payment_reinstates_an_expired_order() {
    let mut world = World::placed().at(31).with(&expire());
    world.now = at(40);
    world.makes(&pay(1400, "T1"), &[Kind::LatePaymentReceived, Kind::OrderReinstated, Kind::PaymentClaimed]);
    let order = world.order();
    assert_eq!((order.lifecycle, order.payment(), world.label()), (Lifecycle::Placed, Payment::Paid, Label::ToShip));
    assert_eq!(order.late_minor, 0);
    assert_eq!(order.ship_due.unwrap().virtual_by, Some(at(160)));
}

#[test]
fn a_late_payment_that_is_too_little_or_for_a_cancelled_order_goes_back() {
    for cancelled in [World::placed().at(31).with(&expire()), World::placed().with(&cancel(ReasonCode::BuyerRequest))] {
        let amount = if cancelled.order().cancel_reason == Some(ReasonCode::Timeout) { 1399 } else { 1400 };
        let mut world = cancelled;
        world.makes(&pay(amount, "T1"), &[Kind::LatePaymentReceived, Kind::RefundRequested, Kind::PaymentClaimed]);
        assert_eq!(world.order().after_sales(), AfterSales::RefundOpen);
        world.must(&approve());
        world.must(&settle());
        assert_eq!((world.label(), world.order().refundable_minor(RefundKind::Late)), (Label::Cancelled, 0));
        assert_eq!(world.order().refunded_at, None, "late money that went back is no refund");
    }
}

#[test]
fn too_much_too_late_is_reinstated_on_hold() {
    let mut world = World::placed().at(31).with(&expire());
    world.makes(
        &pay(1500, "T1"),
        &[Kind::LatePaymentReceived, Kind::OrderReinstated, Kind::HoldPlaced, Kind::PaymentClaimed],
    );
    assert_eq!((world.order().payment(), world.label()), (Payment::Overpaid, Label::Exception));
}

#[test]
fn a_failed_payment_starts_a_reminder() {
    let fail = Command::FailPayment(FailPayment {
        order: order(),
        provider: "alipay".into(),
        failure: "INSUFFICIENT_FUNDS".into(),
        note: None,
    });
    let mut world = World::placed().at(25);
    let events = world.must(&fail);
    assert_eq!(events[1], Event::ReminderDue(ReminderDue { remind_at: at(30) }), "never after the deadline");
    World::paid().refuses(&fail, Rejection::NotUnpaid { payment: Payment::Paid });
    World::placed().with(&cancel(ReasonCode::Other)).refuses(&fail, Rejection::OrderCancelled);
}

#[test]
fn what_is_reported_happened_after_the_placing_and_not_in_the_future() {
    let fail = Command::FailPayment(FailPayment {
        order: order(),
        provider: "alipay".into(),
        failure: "INSUFFICIENT_FUNDS".into(),
        note: None,
    });
    let shipped = World::paid().with(&ship(None));
    for (world, command) in
        [(World::placed(), pay(1400, "T1")), (World::placed(), fail), (shipped, track("c1", TrackingStatus::InTransit))]
    {
        let world = world.at(10);
        let sent = |micros| world.clone().send_at(&command, Some(at(0).plus_micros(micros)));
        const MINUTE: i64 = time::MINUTE_MICROS;
        assert_eq!(sent(15 * MINUTE + 1), Err(Rejection::InTheFuture), "{command:?}");
        assert_eq!(sent(i64::MAX), Err(Rejection::InTheFuture), "{command:?}");
        assert_eq!(sent(-5 * MINUTE - 1), Err(Rejection::BeforePlacing), "{command:?}");
        assert_eq!(sent(i64::MIN), Err(Rejection::BeforePlacing), "{command:?}");
        assert!(sent(15 * MINUTE).is_ok() && sent(-5 * MINUTE).is_ok(), "{command:?}");
        let mut world = world.clone();
        world.origin = Origin::Import;
        assert!(world.send_at(&command, Some(at(-1_000_000))).is_ok(), "history is not judged: {command:?}");
    }
}

#[test]
fn all_that_comes_in_for_an_order_can_be_added_up() {
    let most = limits::MAX_AMOUNT_MINOR;
    let cancelled = World::placed().with(&cancel(ReasonCode::BuyerRequest));
    for world in [World::placed(), cancelled] {
        let mut world = world.with(&pay(most - 1, "T1"));
        world.refuses(&pay(2, "T2"), Rejection::AmountTooLarge);
        world.clone().must(&pay(1, "T2"));
        world.origin = Origin::Import;
        let mut recorded = 0;
        for n in 2..10_000 {
            match world.send(&pay(most, &format!("T{n}"))) {
                Ok(Decision::Commit { remarks, .. }) => assert_eq!(remarks, [Rejection::AmountTooLarge]),
                Ok(other) => panic!("{other:?}"),
                Err(refused) => {
                    assert_eq!(refused, Rejection::AmountTooLarge);
                    break;
                }
            }
            recorded += 1;
        }
        let order = world.order();
        assert_eq!(order.captured_minor + order.late_minor, (recorded + 1) * most - 1, "exact: nothing was cut off");
        assert_eq!(recorded + 1, i64::MAX / most);
    }
}
