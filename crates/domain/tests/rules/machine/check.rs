//! Whether the rules and the naive shop agree, and what must hold whatever happens.

use std::collections::BTreeSet;

use daybook_domain::event::{Clock, Event, RefundKind};
use daybook_domain::order::Order;
use daybook_domain::*;

use super::ledger::{Ledger, Names};
use super::step::{HOLDS, kind_of};
use crate::given::T0;
use crate::oracle::{self, Booked, CARD, MERCHANTS, PRICES, Shop};

/// What the two say of one order; both sides in the same words.
#[derive(Debug, PartialEq)]
struct Told {
    label: &'static str,
    life: String,
    captured: i64,
    excess: (i64, i64),
    refunded: i64,
    late: (i64, i64),
    tickets: Vec<(RefundKind, i64, String)>,
    holds: Vec<bool>,
    left: Vec<u32>,
    cards: usize,
    parcels: usize,
    is_paid: bool,
    is_delivered: bool,
    is_disputed: bool,
    has_change: bool,
    ship_by: (Option<i64>, Option<i64>),
}

/// The minute in which this clock runs out.
fn due(order: &Order, clock: Clock) -> Option<i64> {
    let mut due = None;
    order.each_clock(|running| {
        if running.clock == clock {
            due = Some(running.due.seconds_since(T0) / 60);
        }
    });
    due
}

fn told(order: &Order) -> Told {
    Told {
        label: Label::of(order.axes()).name(),
        life: format!("{:?}", order.lifecycle),
        captured: order.captured_minor - order.excess_minor,
        excess: (order.excess_minor, order.excess_returned_minor),
        refunded: order.refunded_minor,
        late: (order.late_minor, order.late_returned_minor),
        tickets: order
            .tickets
            .iter()
            .map(|ticket| (ticket.kind, ticket.amount_minor, format!("{:?}", ticket.state)))
            .collect(),
        holds: HOLDS.iter().map(|hold| order.holds.contains(*hold)).collect(),
        left: order.lines.iter().map(|line| line.quantity - line.shipped - line.cancelled).collect(),
        cards: order.cards as usize,
        parcels: order.shipments.len(),
        is_paid: order.paid_at.is_some(),
        is_delivered: order.delivered_at.is_some(),
        is_disputed: order.disputed_since.is_some(),
        has_change: order.pending_change.is_some(),
        ship_by: (due(order, Clock::ShipVirtual), due(order, Clock::Collect)),
    }
}

fn expected(order: &oracle::Order) -> Told {
    let ticket = |ticket: &oracle::Ticket| (kind_of(ticket.money), ticket.amount, format!("{:?}", ticket.is));
    Told {
        label: order.label(),
        life: format!("{:?}", order.life),
        captured: order.captured,
        excess: (order.excess, order.excess_back),
        refunded: order.refunded,
        late: (order.late, order.late_back),
        tickets: order.tickets.iter().map(ticket).collect(),
        holds: order.holds.to_vec(),
        left: order.lines.iter().map(|line| line.left).collect(),
        cards: order.cards.len(),
        parcels: order.parcels.len(),
        is_paid: order.paid_at.is_some(),
        is_delivered: order.is_delivered,
        is_disputed: order.is_disputed,
        has_change: order.change_by.is_some(),
        ship_by: order.ship_by(),
    }
}

pub(super) fn order(names: &Names, ledger: &Ledger, shop: &Shop, slot: usize) {
    let (real, naive) = (ledger.order(names.orders[slot]), shop.orders.get(&slot));
    assert_eq!(real.map(told), naive.map(expected), "order {slot}");
    let Some(order) = naive else { return };
    for money in [oracle::Money::Goods, oracle::Money::Excess, oracle::Money::Late] {
        let (came, went) = match money {
            oracle::Money::Goods => (order.captured, order.refunded),
            oracle::Money::Excess => (order.excess, order.excess_back),
            oracle::Money::Late => (order.late, order.late_back),
        };
        assert!(went + order.pending(money) <= came, "more of {money:?} goes out than came in");
    }
    assert!(order.captured - order.refunded <= order.total(), "what is above the total is kept apart");
}

/// Free units of each SKU, by merchant.
pub(super) type Free = [[i64; PRICES.len()]; MERCHANTS];

/// `before` and `is_count`: only somebody who counts, or misses something, can find fewer units than are reserved.
pub(super) fn stock(names: &Names, ledger: &Ledger, shop: &Shop, before: &Free, is_count: bool) -> Free {
    let mut now = *before;
    for (merchant, of_merchant) in names.stock.iter().enumerate() {
        for (sku, streams) in of_merchant.iter().enumerate() {
            let (state, balance) = ledger.stock(*streams);
            let (reserved, deducted) =
                (i64::try_from(balance.reserved).unwrap(), i64::try_from(balance.deducted).unwrap());
            let shelf = shop.shelves[merchant][sku];
            let real = (state.is_counted, state.received, reserved, deducted);
            let sums = (shop.reserved(merchant, sku), shop.deducted(merchant, sku));
            assert_eq!(real, (shelf.is_counted, shelf.received, sums.0, sums.1), "stock of {merchant}, {sku}");
            let cards = (i64::try_from(state.cards).unwrap(), i64::try_from(balance.assigned).unwrap());
            assert_eq!(cards, (shelf.cards, shelf.given), "cards of {merchant}");
            let free = state.received - deducted - reserved;
            assert!(free + reserved >= 0, "more was sold than there ever was");
            assert!(is_count || free >= before[merchant][sku].min(0), "reserved what was not there");
            now[merchant][sku] = free;
        }
    }
    now
}

/// At the end: each card went to one order, the oldest first, and what is taken for good is somebody's.
pub(super) fn cards(names: &Names, ledger: &Ledger, shop: &Shop) {
    let mut given: BTreeSet<(usize, u64)> = BTreeSet::new();
    for recorded in &ledger.log {
        let Event::CardsAssigned(assigned) = &recorded.event else { continue };
        let slot = names.orders.iter().position(|order| *order == recorded.stream).unwrap();
        let merchant = Shop::merchant_of(slot);
        let mut numbers = Vec::new();
        for part in &assigned.cards {
            assert_eq!(shop.orders[&slot].lines[usize::from(part.line) - 1].sku, CARD, "cards of a line that has none");
            numbers.extend(part.first..part.first + u64::from(part.quantity));
        }
        for number in &numbers {
            let oldest = given.iter().filter(|(of, _)| *of == merchant).count() as u64;
            assert_eq!(*number, oldest, "the oldest that is left goes out first");
            assert!(given.insert((merchant, *number)), "card {number} of {merchant} was given twice");
        }
        let numbers: Vec<i64> = numbers.iter().map(|number| i64::try_from(*number).unwrap()).collect();
        assert_eq!(numbers, shop.orders[&slot].cards);
    }
    for order in shop.orders.values().filter(|order| order.is_delivered) {
        assert!(order.units.is_empty() || order.booked == Booked::Taken, "delivered, and not taken: {order:?}");
    }
}
