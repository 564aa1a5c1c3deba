//! Which of an order's clocks are open.

use daybook_domain::event::SkuKind;
use daybook_domain::order::{Lifecycle, Order, TicketState};

use crate::query::Dues;

pub(crate) fn dues(order: &Order) -> Dues {
    let lives = order.lifecycle == Lifecycle::Placed;
    let is_paid = order.paid_at.is_some();
    let is_paused = order.holds.iter().any(daybook_domain::event::Hold::pauses_shipping);
    let ships = lives && is_paid && !is_paused;
    let is_left = |physical: bool| {
        order.lines.iter().any(|line| (line.kind == SkuKind::Physical) == physical && line.shipped < line.quantity)
    };
    let waiting = order.tickets.iter().filter(|ticket| ticket.state == TicketState::Requested);
    Dues {
        pay_by: order.pay_due.filter(|_| lives && !is_paid).map(|due| due.pay_by),
        ship_virtual_by: order.ship_due.and_then(|due| due.virtual_by).filter(|_| ships && is_left(false)),
        collect_by: order.ship_due.and_then(|due| due.collect_by).filter(|_| ships && is_left(true)),
        answer_refund_by: waiting.filter_map(|ticket| ticket.due).map(|due| due.answer_by).min(),
    }
}
