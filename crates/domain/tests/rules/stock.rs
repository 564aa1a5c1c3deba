use std::collections::BTreeMap;

use daybook_domain::command::*;
use daybook_domain::event::*;
use daybook_domain::order::{Lifecycle, Payment};
use daybook_domain::stock::{Balance, Booking, SkuState, SkuStreams};
use daybook_domain::*;
use proptest::prelude::*;

use crate::given::*;

fn sku(name: &str) -> Sku {
    Sku::new(name).unwrap()
}

fn receive(name: &str, quantity: u32) -> Command<Sealed> {
    Command::ReceiveStock(ReceiveStock { merchant: merchant(), sku: sku(name), quantity, reference: None })
}

fn count(name: &str, counted: u32) -> Command<Sealed> {
    Command::CountStock(CountStock { merchant: merchant(), sku: sku(name), counted })
}

fn mark(name: &str, low_at: u32) -> Command<Sealed> {
    Command::SetStockMark(SetStockMark { merchant: merchant(), sku: sku(name), low_at })
}

fn freeze() -> Command<Sealed> {
    Command::PlaceHold(PlaceHold { order: order(), hold: Hold::Stock, reason: None })
}

fn restock() -> Command<Sealed> {
    Command::ReleaseHold(ReleaseHold { order: order(), hold: Hold::Stock, reason: None })
}

fn expire() -> Command<Sealed> {
    Command::Expire { order: order() }
}

/// Free, reserved, deducted.
fn stock(world: &World, name: &str) -> (i64, u64, u64) {
    let streams = SkuStreams::of(&merchant(), &sku(name));
    let Some(State::Sku(state)) = world.state(streams.sku) else { panic!("nobody touched {name}") };
    let balance = match world.state(streams.account) {
        Some(State::Stock(balance)) => *balance,
        _ => Balance::default(),
    };
    (balance.free(state.received), balance.reserved, balance.deducted)
}

/// Eleven cards of one SKU are in stock, as many as the usual order takes in its two lines.
fn stocked() -> World {
    World::new().with(&receive("card-50", 11))
}

fn placed() -> World {
    stocked().with(&Command::Place(place()))
}

#[test]
fn the_lines_of_one_sku_are_reserved_together_with_the_order() {
    let mut world = stocked();
    world.makes(&Command::Place(place()), &[Kind::OrderPlaced, Kind::StockReserved]);
    assert_eq!(stock(&world, "card-50"), (0, 11, 0));
    assert_eq!((world.order().booking, world.order().goods[0].quantity), (Booking::Reserved, 11));
    let mut other = place();
    other.number = Some(OrderNumber::new("A-2").unwrap());
    world.refuses(&Command::Place(other), Rejection::OutOfStock { sku: sku("card-50"), free: 0 });
}

#[test]
fn an_order_gets_all_of_its_goods_or_is_refused() {
    let mut world = World::new().with(&receive("card-50", 11)).with(&receive("mug", 1));
    let mut wanted = place();
    wanted.lines[1].sku = sku("mug");
    wanted.lines[1].quantity = 2;
    world.refuses(&Command::Place(wanted.clone()), Rejection::OutOfStock { sku: sku("mug"), free: 1 });
    wanted.lines[1].quantity = 1;
    world.makes(&Command::Place(wanted), &[Kind::OrderPlaced, Kind::StockReserved, Kind::StockReserved]);
    assert_eq!((stock(&world, "card-50"), stock(&world, "mug")), ((1, 10, 0), (0, 1, 0)));
}

#[test]
fn a_sku_that_never_received_stock_is_unlimited() {
    World::new().makes(&Command::Place(place()), &[Kind::OrderPlaced]);
    let mut marked = World::new().with(&mark("card-50", 5));
    marked.makes(&Command::Place(place()), &[Kind::OrderPlaced]);
    assert_eq!(marked.order().booking, Booking::None);
    // What was placed before is not reserved by what comes later.
    let mut late = marked.with(&receive("card-50", 3));
    late.makes(&pay(1400, "T1"), &[Kind::PaymentCaptured, Kind::PaymentClaimed]);
    assert_eq!(stock(&late, "card-50"), (3, 0, 0));
}

#[test]
fn paying_takes_what_was_reserved_and_cancelling_gives_it_back() {
    let mut world = placed();
    world.makes(&pay(400, "T1"), &[Kind::PaymentCaptured, Kind::PaymentClaimed]);
    assert_eq!(stock(&world, "card-50"), (0, 11, 0), "in part is not paid");
    world.makes(&pay(1000, "T2"), &[Kind::PaymentCaptured, Kind::StockTaken, Kind::PaymentClaimed]);
    assert_eq!((stock(&world, "card-50"), world.order().booking), ((0, 0, 11), Booking::Taken));
    world.makes(&cancel(ReasonCode::BuyerRequest), &[Kind::OrderCancelled, Kind::StockReturned, Kind::RefundRequested]);
    assert_eq!((stock(&world, "card-50"), world.order().booking), ((11, 0, 0), Booking::Released));

    let mut unpaid = placed();
    unpaid.makes(&cancel(ReasonCode::BuyerRequest), &[Kind::OrderCancelled, Kind::StockReleased]);
    assert_eq!(stock(&unpaid, "card-50"), (11, 0, 0));
}

#[test]
fn a_full_refund_before_shipment_gives_the_goods_back() {
    let mut world = placed().with(&pay(1400, "T1")).with(&ask_refund(None)).with(&approve());
    world.makes(&settle(), &[Kind::RefundSettled, Kind::OrderCancelled, Kind::StockReturned]);
    assert_eq!(stock(&world, "card-50"), (11, 0, 0));
}

#[test]
fn an_order_of_nothing_takes_its_goods_at_once() {
    let mut free = place();
    free.lines = vec![line(SkuKind::Card, 2, 0)];
    free.adjustments.clear();
    let mut world = stocked();
    world.makes(&Command::Place(free), &[Kind::OrderPlaced, Kind::StockReserved, Kind::StockTaken]);
    assert_eq!((stock(&world, "card-50"), world.order().booking), ((9, 0, 2), Booking::Taken));
}

#[test]
fn an_expired_order_lives_again_only_if_its_goods_are_still_free() {
    let mut expired = placed().at(30);
    expired.makes(&expire(), &[Kind::OrderCancelled, Kind::StockReleased]);
    assert_eq!(stock(&expired, "card-50"), (11, 0, 0));
    let mut again = expired.clone();
    again.makes(
        &pay(1400, "T1"),
        &[
            Kind::LatePaymentReceived,
            Kind::OrderReinstated,
            Kind::StockReserved,
            Kind::StockTaken,
            Kind::PaymentClaimed,
        ],
    );
    assert_eq!((stock(&again, "card-50"), again.order().booking), ((0, 0, 11), Booking::Taken));

    let mut gone = expired.with(&count("card-50", 10));
    gone.makes(&pay(1400, "T1"), &[Kind::LatePaymentReceived, Kind::RefundRequested, Kind::PaymentClaimed]);
    assert_eq!((stock(&gone, "card-50"), gone.label()), ((10, 0, 0), Label::AfterSales));
    assert_eq!(gone.order().lifecycle, Lifecycle::Cancelled);
}

#[test]
fn a_count_that_differs_is_an_event_of_its_own() {
    let mut world = placed();
    world.makes(&count("card-50", 11), &[Kind::StockCounted]);
    world.makes(&count("card-50", 15), &[Kind::StockCounted, Kind::StockCorrected]);
    assert_eq!(stock(&world, "card-50"), (4, 11, 0));
    world.makes(&count("card-50", 3), &[Kind::StockCounted, Kind::StockCorrected]);
    assert_eq!(stock(&world, "card-50"), (-8, 11, 0), "more is reserved than there is");
    // Whoever counts first also begins to count.
    let mut first = World::new();
    first.makes(&count("mug", 0), &[Kind::StockCounted]);
    let mut wanted = place();
    wanted.lines = vec![line(SkuKind::Physical, 1, 500)];
    wanted.lines[0].sku = sku("mug");
    first.refuses(&Command::Place(wanted), Rejection::OutOfStock { sku: sku("mug"), free: 0 });
}

#[test]
fn a_paid_order_of_which_there_is_too_little_waits_until_stock_comes() {
    let mut world = placed().with(&count("card-50", 3));
    world.makes(
        &pay(1400, "T1"),
        &[Kind::PaymentCaptured, Kind::HoldPlaced, Kind::RestockRequested, Kind::PaymentClaimed],
    );
    assert_eq!((world.order().booking, world.label()), (Booking::Waiting, Label::Exception));
    assert_eq!(world.order().payment(), Payment::Paid);
    assert_eq!(stock(&world, "card-50"), (-8, 11, 0), "what comes is kept for it");
    world.refuses(&restock(), Rejection::OutOfStock { sku: sku("card-50"), free: -8 });
    world.refuses(&ship(None), Rejection::OnHold);
    world.must(&receive("card-50", 8));
    world.makes(&restock(), &[Kind::OrderRestocked, Kind::StockTaken, Kind::HoldReleased]);
    assert_eq!((stock(&world, "card-50"), world.label()), ((0, 0, 11), Label::ToShip));

    let mut refunded = placed().with(&count("card-50", 3)).with(&pay(1400, "T1")).with(&ask_refund(None));
    refunded.must(&approve());
    refunded.makes(&settle(), &[Kind::RefundSettled, Kind::OrderCancelled, Kind::HoldReleased, Kind::StockReleased]);
    assert_eq!((stock(&refunded, "card-50"), refunded.label()), ((3, 0, 0), Label::Cancelled));
}

#[test]
fn a_person_who_finds_goods_missing_freezes_the_order() {
    let mut world = placed().with(&pay(1400, "T1"));
    world.makes(
        &freeze(),
        &[Kind::HoldPlaced, Kind::RestockRequested, Kind::StockReturned, Kind::StockReserved, Kind::StockCorrected],
    );
    // What was believed to be there is not: else it would be taken for what the order waits for.
    assert_eq!((stock(&world, "card-50"), world.order().booking), ((-11, 11, 0), Booking::Waiting));
    world.refuses(&restock(), Rejection::OutOfStock { sku: sku("card-50"), free: -11 });
    world.must(&receive("card-50", 11));
    world.makes(&restock(), &[Kind::OrderRestocked, Kind::StockTaken, Kind::HoldReleased]);
    assert_eq!(world.label(), Label::ToShip);
    // There are others, says the stock: whoever knows better counts first.
    let mut more = World::new().with(&receive("card-50", 22)).with(&Command::Place(place())).with(&pay(1400, "T1"));
    more.refuses(&freeze(), Rejection::NotShort);
    more.must(&count("card-50", 10));
    more.must(&freeze());
    assert_eq!(stock(&more, "card-50"), (-1, 11, 0));
    // Goods that nobody counts are there when a person says so.
    let mut uncounted = World::paid();
    uncounted.makes(&freeze(), &[Kind::HoldPlaced, Kind::RestockRequested]);
    uncounted.makes(&restock(), &[Kind::HoldReleased]);
}

#[test]
fn history_takes_no_stock() {
    let mut world = stocked();
    world.origin = Origin::Import;
    world.makes(&Command::Place(place()), &[Kind::OrderPlaced]);
    assert_eq!(stock(&world, "card-50"), (11, 0, 0));
}

#[test]
fn history_that_cancels_what_was_shipped_brings_nothing_back() {
    let mut world = placed().with(&pay(1400, "T1")).with(&ship(Some(&[(1, 1)])));
    world.origin = Origin::Import;
    world.makes(&cancel(ReasonCode::BuyerRequest), &[Kind::OrderCancelled]);
    assert_eq!(stock(&world, "card-50"), (0, 0, 11));
}

#[test]
fn marks_and_amounts_are_checked() {
    let world = World::new();
    for quantity in [0, 1_000_001] {
        let wrong = world.clone().send(&receive("mug", quantity));
        assert!(matches!(wrong, Err(Rejection::Invalid { field: "quantity", .. })), "{wrong:?}");
    }
    let unknown = MerchantId::new("nobody").unwrap();
    let receive = ReceiveStock { merchant: unknown.clone(), sku: sku("mug"), quantity: 1, reference: None };
    world.refuses(&Command::ReceiveStock(receive), Rejection::MerchantUnknown { id: unknown });
    let state = SkuState { received: 5, is_counted: true, low_at: 2, cards: 0 };
    let of = |reserved| Balance { reserved, ..Balance::default() };
    assert_eq!([2, 3, 9].map(|reserved| state.is_low(of(reserved))), [false, true, true]);
    assert!(!SkuState { is_counted: false, ..state }.is_low(of(9)), "what is unlimited is never low");
}

/// A shop of two SKUs and a handful of orders, as somebody would write it who never saw the rules.
#[derive(Debug, Default)]
struct Naive {
    received: BTreeMap<usize, i64>,
    orders: BTreeMap<usize, (BTreeMap<usize, i64>, &'static str)>,
}

const NAMES: [&str; 2] = ["card-50", "mug"];

impl Naive {
    fn sum(&self, which: usize, states: &[&str]) -> i64 {
        self.orders
            .values()
            .filter(|(_, state)| states.contains(state))
            .filter_map(|(wants, _)| wants.get(&which))
            .sum()
    }

    fn free(&self, which: usize) -> i64 {
        self.received[&which] - self.sum(which, &["reserved", "waiting", "taken"])
    }

    fn on_hand(&self, which: usize) -> i64 {
        self.received[&which] - self.sum(which, &["taken"])
    }
}

fn nth(n: usize) -> OrderNumber {
    OrderNumber::new(&format!("N-{n}")).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever happens: received − deducted = free + reserved, nothing is sold that is not there, and the balance that
    /// the last event carries is the sum of all.
    #[test]
    fn nothing_is_sold_twice(steps in prop::collection::vec((0_u8..8, 0_usize..6, 0_usize..2, 1_u32..6), 1..120)) {
        let mut world = World::new();
        let mut naive = Naive::default();
        for (which, name) in NAMES.into_iter().enumerate() {
            world.must(&count(name, 5));
            naive.received.insert(which, 5);
        }
        for (at, (what, n, which, quantity)) in steps.into_iter().enumerate() {
            let stream = StreamId::order(&merchant(), &nth(n));
            let state = naive.orders.get(&n).map_or("none", |(_, state)| *state);
            let wants = naive.orders.get(&n).map(|(wants, _)| wants.clone()).unwrap_or_default();
            let is_there = |naive: &Naive, wants: &BTreeMap<usize, i64>| {
                wants.iter().all(|(&which, &quantity)| naive.on_hand(which) >= quantity)
            };
            let (command, expected) = match what {
                0 | 1 => {
                    let mut wants = BTreeMap::from([(which, i64::from(quantity))]);
                    *wants.entry(n % 2).or_insert(0) += 1;
                    let goods = wants.iter().map(|(&which, &quantity)| Line {
                        sku: sku(NAMES[which]),
                        ..line(SkuKind::Card, u32::try_from(quantity).unwrap(), 100)
                    });
                    let place = PlaceOrder {
                        number: Some(nth(n)), lines: goods.collect(), adjustments: Vec::new(), ..place()
                    };
                    let fits = wants.iter().all(|(&which, &quantity)| naive.free(which) >= quantity);
                    let expected = (state == "none" && fits).then_some("reserved");
                    if expected.is_some() {
                        naive.orders.insert(n, (wants, "none"));
                    }
                    (Command::Place(place), expected)
                }
                2 | 3 => {
                    let total = wants.values().sum::<i64>() * 100;
                    let pay = RecordPayment {
                        order: stream, provider: "p".into(), trade_number: format!("T{at}").into(), amount: cny(total.max(1)),
                    };
                    let expected = match state {
                        "reserved" if is_there(&naive, &wants) => Some("taken"),
                        "reserved" => Some("waiting"),
                        // Paid again: kept apart, nothing is booked.
                        "taken" | "waiting" | "cancelled" => Some(state),
                        _ => None,
                    };
                    (Command::RecordPayment(pay), expected)
                }
                4 => {
                    let cancel = Cancel { order: stream, reason: reason(ReasonCode::BuyerRequest) };
                    let expected = ["reserved", "waiting", "taken"].contains(&state).then_some("cancelled");
                    (Command::Cancel(cancel), expected)
                }
                5 => {
                    naive.received.entry(which).and_modify(|received| *received += i64::from(quantity));
                    (receive(NAMES[which], quantity), Some(state))
                }
                6 => {
                    let difference = i64::from(quantity) - naive.on_hand(which);
                    naive.received.entry(which).and_modify(|received| *received += difference);
                    (count(NAMES[which], quantity), Some(state))
                }
                _ => {
                    let release = ReleaseHold { order: stream, hold: Hold::Stock, reason: None };
                    let expected = (state == "waiting" && is_there(&naive, &wants)).then_some("taken");
                    (Command::ReleaseHold(release), expected)
                }
            };
            let sent = world.send(&command);
            prop_assert_eq!(sent.is_ok(), expected.is_some(), "{:?} gave {:?}", command, sent);
            if let (Some(expected), Some((_, state))) = (expected, naive.orders.get_mut(&n)) {
                *state = expected;
            }
            for (which, name) in NAMES.into_iter().enumerate() {
                let (free, reserved, deducted) = stock(&world, name);
                let booked = (naive.sum(which, &["reserved", "waiting"]), naive.sum(which, &["taken"]));
                prop_assert_eq!((i64::try_from(reserved).unwrap(), i64::try_from(deducted).unwrap()), booked);
                prop_assert_eq!(free, naive.free(which));
                prop_assert!(naive.on_hand(which) >= 0, "more was sold than there ever was");
            }
        }
    }
}
