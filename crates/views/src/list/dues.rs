//! Which of an order's clocks are open.

use daybook_domain::event::Clock;
use daybook_domain::order::Order;

use crate::query::Dues;

pub(crate) fn dues(order: &Order) -> Dues {
    let mut dues = Dues::default();
    order.each_clock(|running| {
        let slot = match running.clock {
            Clock::Pay => &mut dues.pay_by,
            Clock::ShipVirtual => &mut dues.ship_virtual_by,
            Clock::Collect => &mut dues.collect_by,
            Clock::AnswerRefund => &mut dues.answer_refund_by,
            Clock::PayRefund => &mut dues.pay_refund_by,
            // Nobody has to do anything until then.
            Clock::Remind | Clock::Deliver | Clock::Observe | Clock::EscalateRefund => return,
        };
        *slot = Some(slot.map_or(running.due, |earlier| earlier.min(running.due)));
    });
    dues
}
