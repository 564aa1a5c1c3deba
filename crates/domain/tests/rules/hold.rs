use daybook_domain::command::*;
use daybook_domain::event::*;
use daybook_domain::*;

use crate::given::*;

fn hold(hold: Hold) -> Command<Sealed> {
    Command::PlaceHold(PlaceHold { order: order(), hold, reason: None })
}

fn release(hold: Hold) -> Command<Sealed> {
    Command::ReleaseHold(ReleaseHold { order: order(), hold, reason: None })
}

#[test]
fn overlapping_holds_pause_the_clock_once() {
    let mut world = World::paid();
    let due = at(120);
    world.now = at(10);
    world.must(&hold(Hold::Risk));
    world.refuses(&hold(Hold::Risk), Rejection::AlreadyHeld);
    world.now = at(20);
    world.must(&hold(Hold::Address));
    world.now = at(30);
    world.must(&release(Hold::Risk));
    assert_eq!(world.order().ship_due.unwrap().virtual_by, Some(due), "another hold still pauses");
    world.now = at(50);
    world.must(&release(Hold::Address));
    assert_eq!(world.order().ship_due.unwrap().virtual_by, Some(at(160)), "40 minutes stood still");
    world.refuses(&release(Hold::Address), Rejection::NotHeld);
}

#[test]
fn a_stock_hold_does_not_pause() {
    let mut world = World::paid();
    world.must(&hold(Hold::Stock));
    assert_eq!(world.label(), Label::Exception);
    world.now = at(60);
    world.must(&release(Hold::Stock));
    assert_eq!(world.order().ship_due.unwrap().virtual_by, Some(at(120)));
}

/// Money in another currency waits for a person, whatever else of the money is put right.
#[test]
fn an_excess_that_went_back_takes_no_other_hold_along() {
    let foreign = Command::RecordPayment(RecordPayment {
        order: order(),
        provider: "alipay".into(),
        trade_number: "T1".into(),
        amount: Money::new(500, Currency::BRL),
    });
    let mut world = World::placed().with(&foreign).with(&pay(1_500, "T2")).with(&ask_refund(Some(100)));
    world.must(&approve());
    world.must(&settle());
    assert!(world.order().holds.contains(Hold::Payment));
    let mut world = World::placed().with(&pay(1_500, "T2")).with(&ask_refund(Some(100)));
    world.must(&approve());
    world.must(&settle());
    assert!(!world.order().holds.contains(Hold::Payment));
}
