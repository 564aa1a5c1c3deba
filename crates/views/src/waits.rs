//! What an order waits for: the clocks that will ring, what keeps it out of the normal queue, and goods.

use daybook_domain::Timestamp;
use daybook_domain::clock::Running;
use daybook_domain::event::{Clock, Hold, SkuKind};
use daybook_domain::order::{LineState, Order};
use daybook_domain::stock::Booking;

use crate::packed::Unpacked;
use crate::query::ExceptionKind;

/// Filled anew for each order, so that its room is used again.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Waits {
    /// Those that ring when they run out.
    pub(crate) clocks: Vec<Running>,
    pub(crate) exceptions: Vec<Exception>,
    /// Since when it waits for stock, and for which SKUs (numbers of texts, each once).
    pub(crate) goods_since: Option<Timestamp>,
    pub(crate) goods: Vec<u32>,
    pub(crate) cards: Option<Cards>,
    /// Of the SKUs whose cards it waits for.
    pub(crate) card_skus: Vec<u32>,
}

/// What goes out without a person, as soon as there is enough of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Cards {
    /// When it was to go out: whoever paid first is served first.
    pub(crate) since: Timestamp,
    /// It is in the queue of exceptions for want of them.
    pub(crate) is_held: bool,
}

/// Why an order is in the exception queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Exception {
    pub(crate) kind: ExceptionKind,
    pub(crate) since: Timestamp,
    /// From 1; 0 for a hold.
    pub(crate) ticket: u16,
}

impl Waits {
    pub(crate) fn clear(&mut self) {
        self.clocks.clear();
        self.exceptions.clear();
        self.goods_since = None;
        self.goods.clear();
        self.cards = None;
        self.card_skus.clear();
    }

    pub(crate) fn fill(&mut self, unpacked: &Unpacked) {
        self.clear();
        let order = &unpacked.order;
        order.each_pending_clock(|running| self.clocks.push(running));
        self.exceptions.extend(exceptions(order));
        if order.booking == Booking::Waiting && order.holds.contains(Hold::Stock) {
            self.goods_since = order.held_since(Hold::Stock);
            self.goods.extend(unpacked.lines.iter().filter(|line| line.is_counted).map(|line| line.sku));
            self.goods.sort_unstable();
            self.goods.dedup();
        }
        self.cards = cards(order);
        if self.cards.is_some() {
            let left = unpacked.lines.iter().zip(&order.lines).filter(|(_, line)| is_left(line));
            self.card_skus.extend(left.map(|(text, _)| text.sku));
            self.card_skus.sort_unstable();
            self.card_skus.dedup();
        }
    }
}

/// Cards that did not go out.
pub(crate) fn is_left(line: &LineState) -> bool {
    line.kind == SkuKind::Card && line.left() > 0
}

fn cards(order: &Order) -> Option<Cards> {
    let since = order.deliver_at?;
    if order.pending_clock(Clock::Deliver, None).is_some() {
        return Some(Cards { since, is_held: false });
    }
    // Nothing but the want of cards keeps it: its units, where anybody counts them, are its own.
    if !order.holds.contains(Hold::Stock) || order.booking == Booking::Waiting {
        return None;
    }
    let mut released = order.clone();
    released.holds.remove(Hold::Stock);
    released.pending_clock(Clock::Deliver, None).map(|_| Cards { since, is_held: true })
}

fn exceptions(order: &Order) -> impl Iterator<Item = Exception> {
    let holds = order.holds.iter().map(|hold| Exception {
        kind: ExceptionKind::of(hold),
        since: order.held_since(hold).unwrap_or(order.placed_at),
        ticket: 0,
    });
    let tickets = (1..).zip(&order.tickets).filter(|(_, ticket)| ticket.state.is_open());
    holds.chain(tickets.map(|(number, ticket)| Exception {
        kind: ExceptionKind::Refund,
        since: ticket.requested_at,
        ticket: number,
    }))
}
