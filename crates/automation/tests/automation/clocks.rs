//! Each clock by itself, races, crashes and a clock that jumps.

use daybook_domain::command::*;
use daybook_domain::event::{Clock, Event, Hold, SkuKind};
use daybook_domain::order::Lifecycle;
use daybook_domain::policy::Terms;
use daybook_domain::time::{DAY_MICROS, MINUTE_MICROS};
use daybook_domain::{Automatic, Command, CommandId, Kind, Label, Origin, ReasonCode, Recorded, Timestamp};

use crate::shop::*;

#[test]
fn an_unpaid_order_is_reminded_once_and_expires_once() {
    let folder = tempfile::tempdir().unwrap();
    let mut shop = Shop::new(folder.path());
    shop.place("A", "parcel", SkuKind::Physical, 1).unwrap();
    let round = shop.round();
    assert_eq!((round.done, round.wake_at.is_some()), (0, true));
    shop.pass_minutes(10);
    shop.settle();
    assert_eq!(shop.count("A", Kind::PaymentReminded), 1);
    shop.pass_minutes(20);
    shop.settle();
    shop.settle();
    assert_eq!(shop.order("A").lifecycle, Lifecycle::Cancelled);
    assert_eq!(shop.count("A", Kind::OrderCancelled), 1);
    let history = shop.history(order("A"));
    let expired = history.iter().find(|recorded| recorded.event.kind() == Kind::OrderCancelled).unwrap();
    assert_eq!(expired.actor, Automatic::PayWithin.actor());
    assert_eq!((expired.origin, expired.reason), (Origin::System, Some(ReasonCode::Timeout)));
}

#[test]
fn expiry_loses_against_a_payment_before_it() {
    let folder = tempfile::tempdir().unwrap();
    let mut shop = Shop::new(folder.path());
    for n in 0..50 {
        shop.place(&format!("A{n}"), "parcel", SkuKind::Physical, 1).unwrap();
    }
    shop.pass_minutes(31);
    shop.follow();
    // The views that automation asks do not know of the payments yet.
    for n in 0..25 {
        shop.pay(&format!("A{n}"), 500).unwrap();
    }
    let round = shop.blind_round();
    assert_eq!((round.refused, round.done), (50, 50), "reminders and expiries of the paid, and of the others");
    for n in 0..50 {
        let order = shop.order(&format!("A{n}"));
        let expected = if n < 25 { Lifecycle::Placed } else { Lifecycle::Cancelled };
        assert_eq!(order.lifecycle, expected, "{n}");
    }
    assert_eq!(shop.round().done, 0);
}

#[test]
fn what_was_done_before_a_crash_is_not_done_again() {
    let folder = tempfile::tempdir().unwrap();
    let mut shop = Shop::new(folder.path());
    shop.set(Terms { auto_deliver: Some(true), ..Terms::default() });
    shop.import("card", 0..10);
    for n in 0..3 {
        shop.place(&format!("A{n}"), "card", SkuKind::Card, 2).unwrap();
        shop.pay(&format!("A{n}"), 1_000).unwrap();
    }
    shop.follow();
    assert_eq!(shop.blind_round().done, 3);
    // The views have not seen it: all of it looks due, and is known to the ledger.
    assert_eq!(shop.blind_round().done, 3, "answered with the receipts of before");
    let again = shop.blind_round();
    assert_eq!((again.done, again.refused), (0, 0), "not asked for again at once");
    let fresh = daybook_automation::Automation::new(shop.engine.clone());
    shop.automation = fresh;
    let again = shop.blind_round();
    assert_eq!(again.done, 3, "answered with the receipts of before");
    let mut shop = shop.restarted(folder.path());
    assert_eq!(shop.round().done, 0);
    for n in 0..3 {
        assert_eq!(shop.count(&format!("A{n}"), Kind::CardsAssigned), 1);
        assert_eq!(shop.order(&format!("A{n}")).cards, 2);
    }
}

#[test]
fn a_stop_makes_deadlines_late_and_loses_none() {
    let folder = tempfile::tempdir().unwrap();
    let mut shop = Shop::new(folder.path());
    shop.place("late", "topup", SkuKind::TopUp, 1).unwrap();
    shop.pay("late", 500).unwrap();
    shop.place("unpaid", "topup", SkuKind::TopUp, 1).unwrap();
    shop.place("asked", "parcel", SkuKind::Physical, 1).unwrap();
    shop.pay("asked", 500).unwrap();
    let ask =
        RequestRefund { order: order("asked"), kind: None, amount: None, reason: reason(ReasonCode::BuyerRequest) };
    shop.must(Command::RequestRefund(ask));
    shop.pass(30 * DAY_MICROS);
    let mut shop = shop.restarted(folder.path());
    shop.settle();
    assert_eq!(shop.order("unpaid").lifecycle, Lifecycle::Cancelled);
    let missed = |number: &str| shop.order(number).breaches.iter().map(|breach| breach.clock).collect::<Vec<_>>();
    assert_eq!(missed("late"), [Clock::ShipVirtual]);
    assert_eq!(missed("asked"), [Clock::AnswerRefund, Clock::Collect, Clock::EscalateRefund]);
    let history = shop.history(order("late"));
    let Some(Event::DeadlineBreached(breached)) = history.last().map(|last| &last.event) else { panic!("{history:?}") };
    assert_eq!(breached.due_at, Timestamp(T0 + 2 * 60 * MINUTE_MICROS), "when it was due, not when it was found");
}

#[test]
fn orders_go_on_in_their_order_when_stock_comes() {
    let folder = tempfile::tempdir().unwrap();
    let mut shop = Shop::new(folder.path());
    shop.receive("parcel", 3);
    for n in 0..3 {
        shop.place(&format!("A{n}"), "parcel", SkuKind::Physical, 1).unwrap();
    }
    // Two of the three are gone from the shelf.
    let count = CountStock { merchant: merchant(), sku: sku("parcel"), counted: 0 };
    shop.must(Command::CountStock(count));
    for n in [2, 0, 1] {
        shop.pay(&format!("A{n}"), 500).unwrap();
        shop.pass_minutes(1);
    }
    shop.settle();
    let label = |shop: &Shop, number: &str| Label::of(shop.order(number).axes());
    assert_eq!(["A0", "A1", "A2"].map(|number| label(&shop, number)), [Label::Exception; 3]);
    shop.receive("parcel", 2);
    shop.settle();
    assert_eq!(
        ["A0", "A1", "A2"].map(|number| label(&shop, number)),
        [Label::ToShip, Label::Exception, Label::ToShip],
        "A2 and A0 waited longest"
    );
    shop.receive("parcel", 1);
    shop.settle();
    assert_eq!(label(&shop, "A1"), Label::ToShip);
    assert_eq!(shop.history(order("A1")).last().unwrap().actor, Automatic::Restock.actor());
}

#[test]
fn cards_that_ran_out_go_out_when_more_come() {
    let folder = tempfile::tempdir().unwrap();
    let mut shop = Shop::new(folder.path());
    shop.set(Terms { auto_deliver: Some(true), ..Terms::default() });
    // Units without secrets: somebody received boxes that nobody has opened.
    shop.receive("card", 5);
    shop.place("A", "card", SkuKind::Card, 2).unwrap();
    shop.pay("A", 1_000).unwrap();
    let round = shop.round();
    assert_eq!((round.done, round.refused), (1, 0));
    let label = |shop: &Shop, number: &str| Label::of(shop.order(number).axes());
    assert_eq!(label(&shop, "A"), Label::Exception, "paid, and not to be had: a person can see it");
    assert_eq!(shop.history(order("A")).last().unwrap().actor, Automatic::OutOfCards.actor());
    // Whoever comes later waits behind, and whoever wants less too.
    shop.pass_minutes(5);
    shop.place("B", "card", SkuKind::Card, 1).unwrap();
    shop.pay("B", 500).unwrap();
    shop.import("card", 0..1);
    shop.pass_minutes(300);
    shop.settle();
    assert_eq!((shop.order("A").cards, shop.order("B").cards), (0, 0), "one card is none of the two that A waits for");
    assert_eq!([label(&shop, "A"), label(&shop, "B")], [Label::Exception, Label::ToShip], "a person may serve B");
    shop.import("card", 1..2);
    shop.settle();
    assert_eq!((shop.order("A").cards, shop.order("B").cards), (2, 0), "at once, however long it waited");
    shop.import("card", 2..3);
    shop.settle();
    assert_eq!(shop.order("B").cards, 1);
    assert_eq!([label(&shop, "A"), label(&shop, "B")], [Label::Completed; 2]);
}

#[test]
fn cards_that_nobody_counted_are_waited_for_too() {
    let folder = tempfile::tempdir().unwrap();
    let mut shop = Shop::new(folder.path());
    shop.set(Terms { auto_deliver: Some(true), ..Terms::default() });
    for number in ["A", "B"] {
        shop.place(number, "card", SkuKind::Card, 1).unwrap();
        shop.pay(number, 500).unwrap();
        shop.settle();
        shop.pass_minutes(1);
        assert!(shop.order(number).holds.contains(Hold::Stock), "{number}");
    }
    // A person lets one go: it waits on, and nobody holds it again.
    let release = ReleaseHold { order: order("A"), hold: Hold::Stock, reason: None };
    shop.must(Command::ReleaseHold(release));
    shop.settle();
    assert!(shop.order("A").holds.is_empty());
    shop.import("card", 0..2);
    shop.settle();
    assert_eq!((shop.order("A").cards, shop.order("B").cards), (1, 1));
}

/// The ids of what is due can be told in advance: that somebody else takes one keeps nothing from happening.
#[test]
fn nobody_keeps_a_clock_from_ringing_by_taking_its_command_id() {
    let folder = tempfile::tempdir().unwrap();
    let mut shop = Shop::new(folder.path());
    shop.place("A", "parcel", SkuKind::Physical, 1).unwrap();
    let due = shop.order("A").pay_due.unwrap().pay_by.0.to_string();
    let id = CommandId::derived(&[Automatic::PayWithin.name(), &order("A").to_string(), "0", &due]);
    let note = AddNote { order: order("A"), text: "mine".into() };
    shop.send_as(id, Command::AddNote(note)).unwrap();
    shop.pass_minutes(31);
    shop.settle();
    assert_eq!(shop.order("A").lifecycle, Lifecycle::Cancelled);
    let cancelled = |recorded: &Recorded| matches!(recorded.event, Event::OrderCancelled(_));
    assert_eq!(shop.history(order("A")).iter().filter(|recorded| cancelled(recorded)).count(), 1);
}

/// A person says that the goods are not there: no clock and no stock that was there before says otherwise.
#[test]
fn an_order_that_a_person_froze_waits_until_stock_comes() {
    let folder = tempfile::tempdir().unwrap();
    let mut shop = Shop::new(folder.path());
    shop.receive("parcel", 1);
    shop.place("A", "parcel", SkuKind::Physical, 1).unwrap();
    shop.pay("A", 500).unwrap();
    let reason = None;
    shop.must(Command::PlaceHold(PlaceHold { order: order("A"), hold: Hold::Stock, reason }));
    shop.pass_minutes(60);
    shop.settle();
    assert!(shop.order("A").holds.contains(Hold::Stock));
    shop.receive("parcel", 1);
    shop.settle();
    assert_eq!(Label::of(shop.order("A").axes()), Label::ToShip);
}

#[test]
fn cards_wait_for_a_person_where_the_policy_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let mut shop = Shop::new(folder.path());
    shop.set(Terms { auto_deliver: Some(true), manual_review: Some(true), ..Terms::default() });
    shop.import("card", 0..2);
    shop.place("A", "card", SkuKind::Card, 2).unwrap();
    shop.pay("A", 1_000).unwrap();
    shop.settle();
    assert_eq!((shop.order("A").cards, Label::of(shop.order("A").axes())), (0, Label::ToShip));
    shop.must(Command::DeliverCards { order: order("A") });
    assert_eq!(shop.order("A").cards, 2);
}

#[test]
fn a_clock_that_jumps_a_day_and_back_loses_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let mut shop = Shop::new(folder.path());
    shop.place("before", "topup", SkuKind::TopUp, 1).unwrap();
    shop.pay("before", 500).unwrap();
    shop.settle();
    // A day ahead: what is due by then rings at once.
    shop.pass(DAY_MICROS);
    shop.settle();
    assert_eq!(shop.order("before").breaches.len(), 1);
    // Back: nothing can be written until the clock has come that far again, and nothing is lost meanwhile.
    shop.pass(-DAY_MICROS);
    assert!(shop.place("refused", "topup", SkuKind::TopUp, 1).is_err());
    assert_eq!(shop.round().done, 0);
    shop.pass(DAY_MICROS);
    shop.place("after", "topup", SkuKind::TopUp, 1).unwrap();
    // A day back before anything rings.
    shop.pass(-DAY_MICROS);
    assert_eq!(shop.round().done, 0);
    let mut shop = shop.restarted(folder.path());
    shop.pass(DAY_MICROS + 31 * MINUTE_MICROS);
    shop.settle();
    assert_eq!(shop.order("after").lifecycle, Lifecycle::Cancelled);
    assert_eq!(shop.kinds("before").iter().filter(|kind| **kind == "deadline-breached").count(), 1);
}

#[test]
fn a_small_step_back_of_the_clock_is_bridged() {
    let folder = tempfile::tempdir().unwrap();
    let mut shop = Shop::new(folder.path());
    shop.place("A", "topup", SkuKind::TopUp, 1).unwrap();
    shop.pass_minutes(10);
    shop.settle();
    assert_eq!(shop.count("A", Kind::PaymentReminded), 1);
    shop.pass_minutes(-2);
    shop.place("B", "topup", SkuKind::TopUp, 1).unwrap();
    let placed = shop.history(order("B"))[0].recorded_at;
    assert_eq!(placed, Timestamp(T0 + 10 * MINUTE_MICROS), "time never runs backwards");
    shop.pass_minutes(32);
    shop.settle();
    assert_eq!(shop.order("B").lifecycle, Lifecycle::Cancelled);
}
