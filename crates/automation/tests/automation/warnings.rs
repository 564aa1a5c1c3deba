//! Alerts: raised once when a threshold is crossed, cleared once when it is crossed back.

use daybook_domain::command::*;
use daybook_domain::event::{Event, SkuKind};
use daybook_domain::limits::MAX_SPAN_SECONDS;
use daybook_domain::policy::Terms;
use daybook_domain::time::{DAY_MICROS, SECOND_MICROS};
use daybook_domain::{Command, ReasonCode, StreamId};

use crate::shop::*;

/// What the merchant was warned of, `+` raised and `-` cleared, with what was measured.
fn told(shop: &Shop) -> Vec<String> {
    let history = shop.history(StreamId::merchant(&merchant()));
    let told = history.iter().filter_map(|recorded| match &recorded.event {
        Event::AlertRaised(e) => Some(format!("+{} {} of {}", e.alert.name(), e.measured, e.threshold)),
        Event::AlertCleared(e) => Some(format!("-{} {}", e.alert.name(), e.measured)),
        _ => None,
    });
    told.collect()
}

/// Each merchant is looked at once a minute.
fn look(shop: &mut Shop) {
    for _ in 0..3 {
        shop.pass_minutes(1);
        shop.settle();
        shop.settle();
    }
}

#[test]
fn low_stock_is_told_once_for_each_crossing() {
    let folder = tempfile::tempdir().unwrap();
    let mut shop = Shop::new(folder.path());
    shop.receive("parcel", 3);
    shop.must(Command::SetStockMark(SetStockMark { merchant: merchant(), sku: sku("parcel"), low_at: 2 }));
    look(&mut shop);
    assert_eq!(told(&shop), Vec::<String>::new());
    shop.place("A", "parcel", SkuKind::Physical, 1).unwrap();
    look(&mut shop);
    look(&mut shop);
    assert_eq!(told(&shop), ["+LOW_STOCK 2 of 2"]);
    let mut shop = shop.restarted(folder.path());
    look(&mut shop);
    shop.receive("parcel", 5);
    look(&mut shop);
    look(&mut shop);
    assert_eq!(told(&shop), ["+LOW_STOCK 2 of 2", "-LOW_STOCK 7"]);
}

#[test]
fn an_old_exception_is_told_and_its_end_too() {
    let folder = tempfile::tempdir().unwrap();
    let mut shop = Shop::new(folder.path());
    shop.set(Terms { warn_queue_age: Some(600), ..Terms::default() });
    shop.place("A", "topup", SkuKind::TopUp, 1).unwrap();
    shop.pay("A", 500).unwrap();
    let ask = RequestRefund { order: order("A"), kind: None, amount: None, reason: reason(ReasonCode::BuyerRequest) };
    shop.must(Command::RequestRefund(ask));
    look(&mut shop);
    assert_eq!(told(&shop), Vec::<String>::new());
    shop.pass_minutes(10);
    look(&mut shop);
    look(&mut shop);
    assert_eq!(told(&shop).len(), 1, "{:?}", told(&shop));
    let reject = RejectRefund { order: order("A"), ticket: None, reason: reason(ReasonCode::NotRefundable) };
    shop.must(Command::RejectRefund(reject));
    look(&mut shop);
    look(&mut shop);
    assert_eq!(told(&shop)[1..], ["-QUEUE_AGE 0"]);
}

#[test]
fn rates_are_told_when_enough_orders_stand_behind_them() {
    let folder = tempfile::tempdir().unwrap();
    let mut shop = Shop::new(folder.path());
    shop.set(Terms { warn_refund_rate: Some(100_000), warn_conversion: Some(500_000), ..Terms::default() });
    let sell = |shop: &mut Shop, numbers: std::ops::Range<u32>, refund: bool| {
        for n in numbers {
            let number = format!("A{n}");
            shop.place(&number, "topup", SkuKind::TopUp, 1).unwrap();
            shop.pay(&number, 500).unwrap();
            if refund {
                let (order, reason) = (order(&number), reason(ReasonCode::BuyerRequest));
                shop.must(Command::RequestRefund(RequestRefund { order, kind: None, amount: None, reason }));
                shop.must(Command::ApproveRefund(ApproveRefund { order, ticket: None, note: None }));
                shop.must(Command::SettleRefund(SettleRefund {
                    order,
                    ticket: None,
                    provider: None,
                    trade_number: None,
                }));
            }
        }
    };
    sell(&mut shop, 0..10, true);
    look(&mut shop);
    assert_eq!(told(&shop), Vec::<String>::new(), "ten orders say nothing");
    sell(&mut shop, 10..40, false);
    look(&mut shop);
    assert_eq!(told(&shop), ["+REFUND_RATE 250000 of 100000"]);
    sell(&mut shop, 40..110, false);
    look(&mut shop);
    assert_eq!(told(&shop)[1..], ["-REFUND_RATE 90909"]);
    // Orders that nobody pays.
    for n in 0..30 {
        shop.place(&format!("B{n}"), "topup", SkuKind::TopUp, 1).unwrap();
    }
    for n in 0..130 {
        shop.place(&format!("C{n}"), "topup", SkuKind::TopUp, 1).unwrap();
    }
    look(&mut shop);
    assert_eq!(told(&shop).len(), 2, "they still have time to be paid");
    shop.pass_minutes(40);
    look(&mut shop);
    assert_eq!(told(&shop)[2..], ["+CONVERSION 407407 of 500000"]);
}

/// Of a week in which more was refunded than paid, even all of it is crossed.
#[test]
fn what_is_switched_off_is_cleared_and_not_raised_again() {
    let folder = tempfile::tempdir().unwrap();
    let mut shop = Shop::new(folder.path());
    shop.set(Terms { warn_refund_rate: Some(999_999), warn_queue_age: Some(600), ..Terms::default() });
    for n in 0..40 {
        let number = format!("A{n}");
        if n == 20 {
            shop.pass(8 * DAY_MICROS);
        }
        shop.place(&number, "topup", SkuKind::TopUp, 1).unwrap();
        shop.pay(&number, 500).unwrap();
    }
    for n in 0..40 {
        let (order, reason) = (order(&format!("A{n}")), reason(ReasonCode::BuyerRequest));
        shop.must(Command::RequestRefund(RequestRefund { order, kind: None, amount: None, reason }));
        if n == 0 {
            // This one is left in the queue.
            continue;
        }
        shop.must(Command::ApproveRefund(ApproveRefund { order, ticket: None, note: None }));
        shop.must(Command::SettleRefund(SettleRefund { order, ticket: None, provider: None, trade_number: None }));
    }
    shop.pass_minutes(11);
    look(&mut shop);
    assert_eq!(told(&shop).len(), 2, "{:?}", told(&shop));
    assert!(told(&shop)[0].starts_with("+REFUND_RATE 19"), "{:?}", told(&shop));
    shop.set(Terms { warn_refund_rate: Some(1_000_000), warn_queue_age: Some(MAX_SPAN_SECONDS), ..Terms::default() });
    look(&mut shop);
    look(&mut shop);
    assert_eq!(told(&shop).len(), 4, "{:?}", told(&shop));
    shop.pass(i64::from(MAX_SPAN_SECONDS) * SECOND_MICROS);
    look(&mut shop);
    assert_eq!(told(&shop).len(), 4, "{:?}", told(&shop));
}
