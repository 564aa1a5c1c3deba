//! What an order waits for: the clocks that will ring, what keeps it out of the normal queue, and goods.

use daybook_domain::Timestamp;
use daybook_domain::clock::Running;
use daybook_domain::event::Hold;
use daybook_domain::order::Order;
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
    }
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
