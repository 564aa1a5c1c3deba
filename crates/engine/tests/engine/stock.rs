//! Stock that cannot oversell, over a real ledger and many threads.

use std::sync::Barrier;

use daybook_domain::command::{Command, CountStock, PlaceHold, ReceiveStock};
use daybook_domain::event::{Hold, Line};
use daybook_domain::stock::{Balance, Booking, SkuState, SkuStreams};
use daybook_domain::{Event, Kind, Money, Rejection, Sku, State};
use daybook_engine::ExecuteError;

use crate::shop::*;

fn card() -> Sku {
    Sku::new("card").unwrap()
}

fn receive(quantity: u32) -> Command<String> {
    Command::ReceiveStock(ReceiveStock { merchant: merchant(), sku: card(), quantity, reference: None })
}

fn stock(shop: &Shop) -> (SkuState, Balance) {
    let streams = SkuStreams::of(&merchant(), &card());
    let reader = shop.engine.reader();
    let Some(State::Sku(state)) = reader.state(streams.sku).unwrap() else { panic!("no SKU") };
    match reader.state(streams.account).unwrap() {
        Some(State::Stock(balance)) => (state, balance),
        None => (state, Balance::default()),
        other => panic!("{other:?}"),
    }
}

#[test]
fn of_64_buyers_of_the_last_10_pieces_exactly_10_get_one() {
    const BUYERS: u128 = 64;
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("data");
    let shop = open(&dir).with_merchant();
    shop.send(2, receive(10)).unwrap();
    let barrier = Barrier::new(64);
    // New buyers and known ones: their orders are sealed at different places.
    let sold: usize = std::thread::scope(|scope| {
        let buyers: Vec<_> = (0..BUYERS)
            .map(|n| {
                let (shop, barrier) = (&shop, &barrier);
                scope.spawn(move || {
                    barrier.wait();
                    match shop.send(100 + n, place(&format!("N-{n}"), &format!("buyer-{}", n % 20))) {
                        Ok(_) => {
                            shop.send(1_000 + n, pay(&format!("N-{n}"), &format!("T-{n}"))).unwrap();
                            1
                        }
                        Err(ExecuteError::Rejected(Rejection::OutOfStock { sku, free: 0 })) => {
                            assert_eq!(sku, card());
                            0
                        }
                        Err(other) => panic!("{other:?}"),
                    }
                })
            })
            .collect();
        buyers.into_iter().map(|buyer| buyer.join().unwrap()).sum()
    });
    assert_eq!(sold, 10);
    let sold = (
        SkuState { received: 10, is_counted: true, low_at: 0, cards: 0 },
        Balance { reserved: 0, deducted: 10, assigned: 0 },
    );
    assert_eq!(stock(&shop), sold);
    shop.close();
    // What is in memory no more is read again.
    let shop = open(&dir);
    assert_eq!(stock(&shop), sold);
    let refused = rejection(shop.send(5_000, place("late", "buyer-1")));
    assert_eq!(refused, Rejection::OutOfStock { sku: card(), free: 0 });
    assert!(shop.send(2, receive(10)).unwrap().repeated, "received once, whatever is sent again");
    shop.send(5_001, receive(1)).unwrap();
    shop.send(5_002, place("late", "buyer-1")).unwrap();
    shop.send(5_003, cancel("late", "changed her mind")).unwrap();
    assert_eq!(stock(&shop), (SkuState { received: 11, ..sold.0 }, sold.1));
}

/// However long an account is, its newest event alone is read.
#[test]
fn the_newest_event_of_an_account_tells_its_state() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("data");
    let shop = open(&dir).with_merchant();
    shop.send(2, receive(1_000)).unwrap();
    for n in 0..100 {
        shop.send(100 + n, place(&format!("N-{n}"), "ann")).unwrap();
        if n % 3 == 0 {
            shop.send(1_000 + n, cancel(&format!("N-{n}"), "no")).unwrap();
        }
    }
    shop.close();
    let shop = open(&dir);
    let account = SkuStreams::of(&merchant(), &card()).account;
    let history = shop.engine.reader().history(account).unwrap();
    assert_eq!(history.len(), 134);
    let mut sum = Balance::default();
    for recorded in &history {
        match &recorded.event {
            Event::StockReserved(e) => sum.reserved += u64::from(e.quantity),
            Event::StockReleased(e) => sum.reserved -= u64::from(e.quantity),
            other => panic!("{other:?}"),
        }
        assert_eq!(recorded.event.balance(), Some(sum));
    }
    assert_eq!(stock(&shop).1, sum);
    shop.send(5_000, place("next", "ann")).unwrap();
    let next = shop.engine.reader().history(account).unwrap();
    assert_eq!((next.len(), next[134].revision, next[134].event.kind()), (135, 135, Kind::StockReserved));
    assert_eq!(next[134].event.balance().unwrap().reserved, sum.reserved + 1);
}

/// A refused order of a new buyer takes no key.
#[test]
fn what_is_out_of_stock_takes_no_key() {
    let folder = tempfile::tempdir().unwrap();
    let shop = open(&folder.path().join("data")).with_merchant();
    let none = Command::CountStock(CountStock { merchant: merchant(), sku: card(), counted: 0 });
    shop.send(2, none).unwrap();
    rejection(shop.send(3, place("A", "nobody")));
    assert_eq!(shop.engine.reader().buyer_slot(&merchant(), "nobody"), None);
}

/// A hundred lines of as many SKUs, with so many bytes of inputs each.
fn place_many(number: &str, bytes: usize) -> Command<String> {
    let Command::Place(mut many) = place(number, "ann") else { unreachable!() };
    many.lines = (0..100)
        .map(|n| Line {
            sku: Sku::new(&format!("card-{n:03}")).unwrap(),
            inputs: Some(format!("{{\"k\":\"{}\"}}", "i".repeat(bytes))),
            ..many.lines[0].clone()
        })
        .collect();
    Command::Place(many)
}

/// What the API's document says of an order of a hundred counted SKUs.
#[test]
fn as_much_is_booked_as_one_commit_holds() {
    let folder = tempfile::tempdir().unwrap();
    let shop = open(&folder.path().join("data")).with_merchant();
    let written = || shop.engine.reader().ledger().stats().synced_bytes;
    shop.send(2, place_many("uncounted", 300)).unwrap();
    let before = written();
    shop.send(3, place_many("brief", 10)).unwrap();
    let uncounted = written() - before;
    for n in 0..100 {
        let sku = Sku::new(&format!("card-{n:03}")).unwrap();
        shop.send(10 + n, Command::CountStock(CountStock { merchant: merchant(), sku, counted: 5 })).unwrap();
    }
    let refused = shop.send(200, place_many("long", 300));
    assert!(matches!(refused, Err(ExecuteError::TooLarge { .. })), "{refused:?}");
    let before = written();
    shop.send(201, place_many("short", 10)).unwrap();
    let more = (written() - before - uncounted) / 100;
    println!("{more} bytes more for each counted SKU");
    assert!(more < 200, "{more}");
    assert_eq!(shop.order("short").goods.len(), 100);
    let total = Money::new(990 * 100, daybook_domain::Currency::CNY);
    let Command::RecordPayment(mut whole) = pay("short", "T") else { unreachable!() };
    whole.amount = total;
    shop.send(202, Command::RecordPayment(whole)).unwrap();
    // Two bookings of each SKU in one commit, and a correction.
    for n in 0..100 {
        let sku = Sku::new(&format!("card-{n:03}")).unwrap();
        shop.send(300 + n, Command::CountStock(CountStock { merchant: merchant(), sku, counted: 0 })).unwrap();
    }
    let freeze = PlaceHold { order: order("short"), hold: Hold::Stock, reason: None };
    shop.send(203, Command::PlaceHold(freeze)).unwrap();
    shop.send(204, cancel("short", "out of stock")).unwrap();
    assert_eq!(shop.order("short").booking, Booking::Released);
}
