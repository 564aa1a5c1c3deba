//! A year of a shop, with everything that can happen to its clocks; in seconds.

use daybook_domain::command::*;
use daybook_domain::event::{Clock, Event, Hold, SkuKind, TrackingStatus};
use daybook_domain::order::{Lifecycle, TicketState};
use daybook_domain::policy::Terms;
use daybook_domain::time::{DAY_MICROS, HOUR_MICROS, MINUTE_MICROS};
use daybook_domain::{Command, Kind, Order, ReasonCode, State, Timestamp};
use daybook_testkit::random::{Random, seed};

use crate::shop::*;

const ORDERS: u32 = 900;
/// Behind those, the ones that are placed while the clock is wrong: so many times two.
const JUMPS: u32 = 3;

/// What somebody does at some moment, unless it makes no sense any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Step {
    Place {
        quantity: u32,
    },
    /// What the provider says happened so many minutes ago.
    Pay {
        minutes_ago: i64,
    },
    /// A top-up.
    Complete,
    /// A parcel.
    Ship,
    Arrive,
    Ask,
    Answer {
        approves: bool,
    },
    Settle,
    Hold,
    Release,
    Dispute,
    Resolve,
    /// Cards; at times none come.
    Import {
        cards: u32,
    },
    /// Cards as units, whose secrets come later or never.
    ReceiveBoxes,
    ReceiveParcels {
        quantity: u32,
    },
    /// No parcel is on the shelf, whatever is reserved.
    CountNone,
    /// More of all than anybody waits for.
    Plenty,
    Restart,
    JumpAhead,
    JumpBack,
}

type Planned = (i64, Step, u32);

/// In the order of time.
fn plan(random: &mut Random) -> Vec<Planned> {
    let mut plan: Vec<Planned> = Vec::new();
    let mut at = |when: i64, step, order| plan.push((when, step, order));
    for order in 0..ORDERS {
        let placed = i64::from(order) * 365 * DAY_MICROS / i64::from(ORDERS) + draw(random, 8 * HOUR_MICROS);
        at(placed, Step::Place { quantity: 1 + u32::try_from(random.below(3)).unwrap() }, order);
        // Some only when the order has long expired.
        let longest = if random.per_mille(80) { 3 * DAY_MICROS } else { 50 * MINUTE_MICROS };
        let paid = placed + draw(random, longest);
        if !random.per_mille(150) {
            let minutes_ago = if random.per_mille(300) { draw(random, 120) } else { 0 };
            at(paid, Step::Pay { minutes_ago }, order);
        }
        // Top-ups and parcels are done by people, who are late at times, or forget.
        let is_parcel = Goods::of(order) == Goods::Parcel;
        if !random.per_mille(100) {
            let (step, longest) = if is_parcel { (Step::Ship, 30) } else { (Step::Complete, 3) };
            let done = paid + draw(random, longest * HOUR_MICROS);
            at(done, step, order);
            at(done + draw(random, 5 * DAY_MICROS), Step::Arrive, order);
        }
        // Somebody looks at the shelf before the buyer has paid, and more comes later.
        if is_parcel && random.per_mille(200) {
            let counted = placed + draw(random, paid - placed + 1);
            at(counted, Step::CountNone, order);
            let quantity = 10 + u32::try_from(random.below(20)).unwrap();
            at(counted + draw(random, 2 * DAY_MICROS), Step::ReceiveParcels { quantity }, order);
        }
        if random.per_mille(200) {
            let asked = paid + draw(random, 3 * DAY_MICROS);
            at(asked, Step::Ask, order);
            let answered = asked + draw(random, 30 * HOUR_MICROS);
            if !random.per_mille(200) {
                at(answered, Step::Answer { approves: random.per_mille(600) }, order);
            }
            at(answered + draw(random, 2 * HOUR_MICROS), Step::Settle, order);
        }
        if random.per_mille(100) {
            let held = placed + draw(random, 2 * HOUR_MICROS);
            at(held, Step::Hold, order);
            at(held + draw(random, 5 * HOUR_MICROS), Step::Release, order);
        }
        if random.per_mille(80) {
            let opened = paid + draw(random, 9 * DAY_MICROS);
            at(opened, Step::Dispute, order);
            at(opened + draw(random, 9 * DAY_MICROS), Step::Resolve, order);
        }
    }
    for week in 0..52 {
        // For ten weeks none, so that some wait whatever was drawn.
        let cards = if (20..30).contains(&week) { 0 } else { random.pick(&[0, 0, 20, 40]) };
        at(i64::from(week) * 7 * DAY_MICROS, Step::Import { cards }, week);
        at(i64::from(week) * 7 * DAY_MICROS, Step::ReceiveParcels { quantity: 12 }, week);
    }
    for month in 0..12 {
        at(i64::from(month) * 30 * DAY_MICROS + draw(random, 10 * DAY_MICROS), Step::ReceiveBoxes, month);
    }
    at(375 * DAY_MICROS, Step::Plenty, 0);
    // Opening the ledger takes half a second without optimisation.
    for month in (1..12).step_by(2) {
        at(i64::from(month) * 30 * DAY_MICROS + draw(random, 10 * DAY_MICROS), Step::Restart, month);
    }
    for jump in 0..JUMPS {
        let ahead = i64::from(jump + 1) * 91 * DAY_MICROS;
        at(ahead, Step::JumpAhead, jump);
        let (paid, unpaid) = (ORDERS + 2 * jump, ORDERS + 2 * jump + 1);
        at(ahead + HOUR_MICROS, Step::Place { quantity: 1 }, paid);
        at(ahead + HOUR_MICROS, Step::Place { quantity: 1 }, unpaid);
        at(ahead + HOUR_MICROS + MINUTE_MICROS, Step::Pay { minutes_ago: 0 }, paid);
        // One of them is set back: until the clock has come that far again nothing can be written.
        if jump == 1 {
            at(ahead + 20 * HOUR_MICROS, Step::JumpBack, jump);
        }
    }
    plan.sort_unstable();
    plan
}

fn draw(random: &mut Random, below: i64) -> i64 {
    random.below(below.unsigned_abs()).cast_signed()
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Goods {
    TopUp,
    Parcel,
    Card,
}

impl Goods {
    fn of(n: u32) -> Self {
        match n % 4 {
            // The stock of what is placed while the clock is wrong has no end.
            _ if n >= ORDERS => Goods::TopUp,
            0 => Goods::TopUp,
            1 => Goods::Parcel,
            _ => Goods::Card,
        }
    }
}

fn act(shop: &mut Shop, step: Step, n: u32) {
    let number = format!("A{n}");
    let order = order(&number);
    let goods = Goods::of(n);
    // What makes no sense any more is refused, which is none of this test's business.
    let _ = match step {
        Step::Place { quantity } => match goods {
            Goods::TopUp => shop.place(&number, "topup", SkuKind::TopUp, quantity),
            Goods::Parcel => shop.place(&number, "parcel", SkuKind::Physical, quantity),
            Goods::Card => shop.place(&number, "card", SkuKind::Card, quantity),
        },
        Step::Pay { minutes_ago } => {
            let (total, placed_at) = match shop.engine.reader().state(order).unwrap() {
                Some(State::Order(order)) => (order.total_minor(), order.placed_at),
                _ => return,
            };
            let occurred_at = shop.now().plus_micros(-minutes_ago * MINUTE_MICROS).max(placed_at);
            shop.pay_as_of(&number, total, (minutes_ago > 0).then_some(occurred_at))
        }
        Step::Complete => shop.send(Command::CompleteTopUp(CompleteTopUp { order, line: None, quantity: None })),
        Step::Ship => shop.send(Command::ConfirmShipment(ConfirmShipment {
            order,
            lines: None,
            carrier: None,
            tracking_number: None,
        })),
        Step::Arrive => shop.send(Command::RecordTracking(RecordTracking {
            order,
            shipment: None,
            checkpoint: "arrived".into(),
            status: TrackingStatus::Delivered,
            place: None,
        })),
        Step::Ask => {
            let reason = reason(ReasonCode::BuyerRequest);
            shop.send(Command::RequestRefund(RequestRefund { order, kind: None, amount: Some(cny(100)), reason }))
        }
        Step::Answer { approves: true } => {
            shop.send(Command::ApproveRefund(ApproveRefund { order, ticket: Some(1), note: None }))
        }
        Step::Answer { approves: false } => {
            let reason = reason(ReasonCode::NotRefundable);
            shop.send(Command::RejectRefund(RejectRefund { order, ticket: Some(1), reason }))
        }
        Step::Settle => shop.send(Command::SettleRefund(SettleRefund {
            order,
            ticket: Some(1),
            provider: None,
            trade_number: None,
        })),
        Step::Hold => shop.send(Command::PlaceHold(PlaceHold { order, hold: Hold::Risk, reason: None })),
        Step::Release => shop.send(Command::ReleaseHold(ReleaseHold { order, hold: Hold::Risk, reason: None })),
        Step::Dispute => {
            shop.send(Command::OpenDispute(OpenDispute { order, reason: reason(ReasonCode::NotAsDescribed) }))
        }
        Step::Resolve => shop.send(Command::ResolveDispute(ResolveDispute {
            order,
            outcome: daybook_domain::event::Outcome::Merchant,
            refund: None,
            reason: reason(ReasonCode::Other),
        })),
        Step::Import { cards: 0 } => return,
        Step::Import { cards } => shop.try_import("card", n * 100..n * 100 + cards),
        Step::ReceiveBoxes => shop.try_receive("card", 20),
        Step::ReceiveParcels { quantity } => shop.try_receive("parcel", quantity),
        Step::CountNone => {
            shop.send(Command::CountStock(CountStock { merchant: merchant(), sku: sku("parcel"), counted: 0 }))
        }
        Step::Plenty => {
            (100..110).for_each(|hundred| shop.import("card", hundred * 100..hundred * 100 + 100));
            shop.receive("parcel", 1_000);
            return;
        }
        Step::Restart | Step::JumpAhead | Step::JumpBack => return,
    };
}

/// Carries out what is due until `until`, each when its time has come.
fn live_until(shop: &mut Shop, until: Timestamp) {
    loop {
        let round = shop.round();
        if round.done > 0 {
            continue;
        }
        let now = shop.now();
        let due = shop.views.borrow().queues().unwrap().next_due(now);
        // Besides there are warnings to measure and refusals to try again, which have some hours here.
        let others = round.wake_at.map(|at| at.max(now.plus_micros(4 * HOUR_MICROS)));
        match due.into_iter().chain(others).min() {
            Some(at) if at <= until => shop.set_clock(at),
            Some(_) | None => break,
        }
    }
    shop.set_clock(until.max(shop.now()));
}

#[test]
fn in_a_year_no_clock_is_missed_and_none_rings_twice() {
    let mut random = Random::new(seed("DAYBOOK_YEAR_SEED"));
    let folder = tempfile::tempdir().unwrap();
    let mut shop = Shop::new(folder.path());
    shop.set(Terms { auto_deliver: Some(true), ..Terms::default() });
    // The clock is ahead of the plan by what it jumped.
    let mut ahead = 0;
    for (at, step, n) in plan(&mut random) {
        live_until(&mut shop, Timestamp(T0 + at + ahead));
        match step {
            Step::Restart => shop = shop.restarted(folder.path()),
            Step::JumpAhead => {
                shop.pass(DAY_MICROS);
                ahead += DAY_MICROS;
            }
            Step::JumpBack => {
                shop.pass(-DAY_MICROS);
                ahead -= DAY_MICROS;
                assert!(shop.place("behind", "topup", SkuKind::TopUp, 1).is_err(), "nothing was written ahead of it");
            }
            _ => act(&mut shop, step, n),
        }
    }
    let end = shop.now().plus_micros(60 * DAY_MICROS);
    live_until(&mut shop, end);
    check(&shop);
}

/// What must hold of every order when nothing has happened for long.
fn check(shop: &Shop) {
    let now = shop.now();
    let (mut placed, mut expired, mut closed, mut missed, mut cards) = (0, 0, 0, 0, Vec::new());
    let (mut reinstated, mut too_late, mut waited) = (0, 0, 0);
    for n in 0..ORDERS + 2 * JUMPS {
        let number = format!("A{n}");
        let history = shop.history(order(&number));
        if history.is_empty() {
            // There were none of the goods, or the clock was wrong.
            assert!(n < ORDERS, "{number} was placed");
            continue;
        }
        placed += 1;
        let state = shop.order(&number);
        state.each_pending_clock(|running| {
            assert!(running.due > now, "{number}: {running:?} was forgotten");
        });
        assert!(!waits_for_goods_alone(&state), "{number}: goods are there, and it waits: {state:?}");
        let count = |kind: Kind| history.iter().filter(|recorded| recorded.event.kind() == kind).count();
        for kind in [Kind::PaymentReminded, Kind::OrderCancelled, Kind::OrderClosed, Kind::CardsAssigned] {
            assert!(count(kind) <= 1, "{number}: {} twice", kind.name());
        }
        let mut breaches: Vec<(Clock, Option<u16>)> = Vec::new();
        for recorded in &history {
            match &recorded.event {
                Event::DeadlineBreached(e) => {
                    assert!(e.due_at <= recorded.recorded_at, "{number}: {e:?} before its time");
                    breaches.push((e.clock, e.ticket));
                }
                Event::CardsAssigned(e) => {
                    cards.extend(e.cards.iter().flat_map(|cards| cards.first..cards.first + u64::from(cards.quantity)))
                }
                _ => {}
            }
        }
        reinstated += count(Kind::OrderReinstated);
        too_late += count(Kind::LatePaymentReceived) - count(Kind::OrderReinstated);
        let is_stock = |event: &Event| matches!(event, Event::HoldPlaced(e) if e.hold == Hold::Stock);
        waited += history.iter().filter(|recorded| is_stock(&recorded.event)).count();
        let told = breaches.len();
        breaches.sort_unstable();
        breaches.dedup();
        assert_eq!(breaches.len(), told, "{number}: a clock was missed twice");
        missed += told;
        match state.lifecycle {
            Lifecycle::Cancelled => expired += 1,
            Lifecycle::Closed => closed += 1,
            Lifecycle::Completed => {
                let is_open = state.has_open_ticket() || state.disputed_since.is_some() || !state.holds.is_empty();
                assert!(is_open, "{number} should be closed");
            }
            // Somebody forgot it; its clock said so.
            Lifecycle::Placed => assert!(
                !state.breaches.is_empty()
                    || !state.holds.is_empty()
                    || state.tickets.iter().any(|t| t.state == TicketState::Requested)
                    // On its way, and nobody said that it arrived.
                    || state.shipped_at.is_some(),
                "{number} is lost from sight: {state:?}"
            ),
        }
    }
    cards.sort_unstable();
    let all = cards.len();
    cards.dedup();
    assert_eq!(cards.len(), all, "a card went out twice");
    let next = cards.iter().zip(0..).take_while(|(card, expected)| **card == *expected).count();
    assert_eq!(next, all, "the oldest cards went out first");
    println!("{placed} orders: {expired} cancelled, {closed} closed, {missed} clocks missed, {all} cards delivered");
    println!("{reinstated} lived again, {too_late} were paid too late, {waited} times one waited for goods");
    assert!(placed > 700 && expired > 50 && closed > 400 && missed > 50 && all > 300);
    assert!(reinstated > 20 && too_late > 0 && waited > 0);
}

/// Nothing but the goods keeps it from going on.
fn waits_for_goods_alone(order: &Order) -> bool {
    order.holds.contains(Hold::Stock) && order.holds.iter().count() == 1 && !order.has_open_ticket()
}
