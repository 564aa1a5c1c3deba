//! A year of a shop, with everything that can happen to its clocks; in seconds.

use daybook_domain::command::*;
use daybook_domain::event::{Clock, Event, SkuKind};
use daybook_domain::order::{Lifecycle, TicketState};
use daybook_domain::policy::Terms;
use daybook_domain::time::{DAY_MICROS, HOUR_MICROS, MINUTE_MICROS};
use daybook_domain::{Command, Kind, ReasonCode, Timestamp};
use daybook_testkit::random::{Random, seed};

use crate::shop::*;

/// What somebody does at some moment, unless it makes no sense any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Step {
    Place { quantity: u32 },
    Pay,
    Complete,
    Ask,
    Answer { approves: bool },
    Settle,
    Hold,
    Release,
    Dispute,
    Resolve,
    Import,
    Restart,
    JumpAhead,
}

type Planned = (i64, Step, u32);

/// In the order of time.
fn plan(random: &mut Random) -> Vec<Planned> {
    let mut plan: Vec<Planned> = Vec::new();
    let mut at = |when: i64, step, order| plan.push((when, step, order));
    for order in 0..1_100 {
        let placed = i64::from(order) * 365 * DAY_MICROS / 1_100 + draw(random, 8 * HOUR_MICROS);
        at(placed, Step::Place { quantity: 1 + u32::try_from(random.below(3)).unwrap() }, order);
        let paid = placed + draw(random, 50 * MINUTE_MICROS);
        if !random.per_mille(150) {
            at(paid, Step::Pay, order);
        }
        // Top-ups are done by people, who are late at times, or forget.
        if !random.per_mille(100) {
            at(paid + draw(random, 3 * HOUR_MICROS), Step::Complete, order);
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
        at(i64::from(week) * 7 * DAY_MICROS, Step::Import, week);
    }
    for month in 1..12 {
        at(i64::from(month) * 30 * DAY_MICROS + draw(random, 10 * DAY_MICROS), Step::Restart, month);
    }
    for quarter in 1..4 {
        at(i64::from(quarter) * 91 * DAY_MICROS, Step::JumpAhead, quarter);
    }
    plan.sort_unstable();
    plan
}

fn draw(random: &mut Random, below: i64) -> i64 {
    random.below(below.unsigned_abs()).cast_signed()
}

fn act(shop: &mut Shop, step: Step, n: u32) {
    let number = format!("A{n}");
    let order = order(&number);
    let is_card = !n.is_multiple_of(3);
    // What makes no sense any more is refused, which is none of this test's business.
    let _ = match step {
        Step::Place { quantity } if is_card => shop.place(&number, "card", SkuKind::Card, quantity),
        Step::Place { quantity } => shop.place(&number, "topup", SkuKind::TopUp, quantity),
        Step::Pay => {
            let total = match shop.engine.reader().state(order).unwrap() {
                Some(daybook_domain::State::Order(order)) => order.total_minor(),
                _ => return,
            };
            shop.pay(&number, total)
        }
        Step::Complete if !is_card => {
            shop.send(Command::CompleteTopUp(CompleteTopUp { order, line: None, quantity: None }))
        }
        Step::Complete => return,
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
        Step::Hold => {
            shop.send(Command::PlaceHold(PlaceHold { order, hold: daybook_domain::event::Hold::Risk, reason: None }))
        }
        Step::Release => shop.send(Command::ReleaseHold(ReleaseHold {
            order,
            hold: daybook_domain::event::Hold::Risk,
            reason: None,
        })),
        Step::Dispute => {
            shop.send(Command::OpenDispute(OpenDispute { order, reason: reason(ReasonCode::NotAsDescribed) }))
        }
        Step::Resolve => shop.send(Command::ResolveDispute(ResolveDispute {
            order,
            outcome: daybook_domain::event::Outcome::Merchant,
            refund: None,
            reason: reason(ReasonCode::Other),
        })),
        Step::Import => {
            shop.import("card", n * 40..n * 40 + 40);
            return;
        }
        Step::Restart | Step::JumpAhead => return,
    };
}

/// Carries out what is due until `until`, each when its time has come.
fn live_until(shop: &mut Shop, until: Timestamp) {
    loop {
        let round = shop.round();
        if round.done > 0 {
            continue;
        }
        match round.wake_at {
            Some(at) if at <= until => shop.set_clock(at.max(shop.now().plus_micros(1))),
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
                // Set back at once, before anything happened, it is as if it had not jumped; or it stays there.
                if n == 2 { shop.pass(-DAY_MICROS) } else { ahead += DAY_MICROS }
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
    for n in 0..1_100 {
        let number = format!("A{n}");
        let history = shop.history(order(&number));
        if history.is_empty() {
            // Cards had run out.
            continue;
        }
        placed += 1;
        let state = shop.order(&number);
        state.each_pending_clock(|running| {
            assert!(running.due > now || running.clock == Clock::Deliver, "{number}: {running:?} was forgotten");
        });
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
        let told = breaches.len();
        breaches.sort_unstable();
        breaches.dedup();
        assert_eq!(breaches.len(), told, "{number}: a clock was missed twice");
        missed += told;
        match state.lifecycle {
            Lifecycle::Cancelled => expired += 1,
            Lifecycle::Closed => closed += 1,
            Lifecycle::Completed => {
                let is_open =
                    state.tickets.iter().any(|ticket| ticket.state.is_open()) || state.disputed_since.is_some();
                assert!(is_open, "{number} should be closed");
            }
            // Somebody forgot it; its clock said so.
            Lifecycle::Placed => assert!(
                !state.breaches.is_empty()
                    || !state.holds.is_empty()
                    || state.tickets.iter().any(|t| t.state == TicketState::Requested),
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
    assert!(placed > 1_000 && expired > 50 && closed > 500 && missed > 50 && all > 500);
}
