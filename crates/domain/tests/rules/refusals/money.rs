//! Payments, and refunds.

use daybook_domain::*;

use super::{Row, row};
use crate::ask::*;
use crate::given::*;

fn asked() -> World {
    World::paid().with(&ask_refund(Some(500)))
}

fn approved() -> World {
    asked().with(&approve())
}

/// One refund was paid out under R1, another one is open.
fn second_refund() -> World {
    approved().with(&settle_ticket(None, "R1")).with(&ask_refund(Some(300))).with(&approve())
}

pub(super) fn rows() -> Vec<Row> {
    let most = limits::MAX_AMOUNT_MINOR;
    let cancelled = || World::placed().with(&cancel(ReasonCode::Other));
    let settled = || approved().with(&settle());
    let two_open = || asked().with(&ask_refund(Some(100)));
    vec![
        row(World::new(), pay(1400, "T1"), "ORDER_UNKNOWN"),
        row(World::placed(), pay(0, "T1"), "AMOUNT_NOT_POSITIVE"),
        row(World::placed(), pay(-1, "T1"), "AMOUNT_NOT_POSITIVE"),
        row(World::placed(), pay(most + 1, "T1"), "INVALID_INPUT"),
        row(World::placed(), pay(1400, "T 1"), "INVALID_INPUT"),
        row(World::placed().with(&pay(most, "T1")), pay(1, "T2"), "AMOUNT_TOO_LARGE"),
        row(cancelled().with(&pay(most, "T1")), pay(1, "T2"), "AMOUNT_TOO_LARGE"),
        row(World::paid(), pay(1399, "T1"), "TRADE_NUMBER_USED"),
        row(World::paid(), pay_money(usd(1400), "T1"), "TRADE_NUMBER_USED"),
        row(World::placed().at(10), pay(1400, "T1"), "IN_THE_FUTURE").told(16),
        row(World::placed().at(10), pay(1400, "T1"), "BEFORE_PLACING").told(-6),
        row(World::new(), fail_payment(), "ORDER_UNKNOWN"),
        row(World::placed().at(10), fail_payment(), "IN_THE_FUTURE").told(16),
        row(World::placed().at(10), fail_payment(), "BEFORE_PLACING").told(-6),
        row(World::paid(), fail_payment(), "NOT_UNPAID"),
        row(World::delivered(), fail_payment(), "NOT_UNPAID"),
        row(cancelled(), fail_payment(), "ORDER_CANCELLED"),
        // Asking.
        row(World::new(), ask_refund(None), "ORDER_UNKNOWN"),
        row(World::paid(), ask_money(usd(1)), "CURRENCY_MISMATCH"),
        row(World::paid(), ask_refund(Some(0)), "AMOUNT_NOT_POSITIVE"),
        row(World::paid(), ask_refund(Some(1401)), "MORE_THAN_REFUNDABLE"),
        row(World::placed(), ask_refund(None), "MORE_THAN_REFUNDABLE"),
        row(asked(), ask_refund(Some(901)), "MORE_THAN_REFUNDABLE"),
        row(settled(), ask_refund(Some(901)), "MORE_THAN_REFUNDABLE"),
        // Answering.
        row(World::new(), approve(), "ORDER_UNKNOWN"),
        row(World::paid(), approve(), "NO_OPEN_TICKET"),
        row(two_open(), approve(), "TICKET_AMBIGUOUS"),
        row(asked(), approve_ticket(Some(2)), "TICKET_UNKNOWN"),
        row(asked(), approve_ticket(Some(0)), "TICKET_UNKNOWN"),
        row(approved(), approve(), "TICKET_APPROVED"),
        row(approved(), reject_ticket(None), "TICKET_APPROVED"),
        row(World::paid().with(&cancel(ReasonCode::Other)), reject_ticket(None), "MUST_BE_PAID_BACK"),
        row(cancelled().with(&pay(1400, "T1")), reject_ticket(None), "MUST_BE_PAID_BACK"),
        row(World::paid().with(&ship(Some(&[(1, 9)]))).with(&cancel_rest()), reject_ticket(None), "MUST_BE_PAID_BACK"),
        row(asked().with(&reject_ticket(None)), approve_ticket(Some(1)), "TICKET_CLOSED"),
        row(World::new(), reject_ticket(None), "ORDER_UNKNOWN"),
        row(World::paid(), reject_ticket(None), "NO_OPEN_TICKET"),
        row(two_open(), reject_ticket(None), "TICKET_AMBIGUOUS"),
        row(settled(), reject_ticket(Some(1)), "TICKET_CLOSED"),
        // Paying out.
        row(World::new(), settle(), "ORDER_UNKNOWN"),
        row(World::paid(), settle(), "NO_OPEN_TICKET"),
        row(asked(), settle(), "TICKET_NOT_APPROVED"),
        row(two_open(), settle(), "TICKET_AMBIGUOUS"),
        row(approved(), settle_ticket(None, "R 1"), "INVALID_INPUT"),
        row(second_refund(), settle_ticket(None, "R1"), "TRADE_NUMBER_USED"),
        row(World::new(), fail_refund(None), "ORDER_UNKNOWN"),
        row(World::paid(), fail_refund(None), "NO_OPEN_TICKET"),
        row(asked(), fail_refund(None), "TICKET_NOT_APPROVED"),
        row(settled(), fail_refund(Some(1)), "TICKET_CLOSED"),
    ]
}
