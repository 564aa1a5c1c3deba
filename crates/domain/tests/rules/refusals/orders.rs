//! Placing, prices, cancelling, holds, changes of address, remarks.

use daybook_domain::event::*;
use daybook_domain::*;

use super::{Row, row};
use crate::ask::*;
use crate::given::*;

fn cancelled() -> World {
    World::placed().with(&cancel(ReasonCode::BuyerRequest))
}

fn shipped() -> World {
    World::paid().with(&ship_all())
}

pub(super) fn rows() -> Vec<Row> {
    let nobody = MerchantId::new("nobody").unwrap();
    let placed = Command::Place(place());
    let unknown = Command::Place(command::PlaceOrder { merchant: nobody, ..place() });
    let mut below_zero = place();
    below_zero.adjustments[0].amount_minor = -100_000;
    let sum_overflows = place_lines(vec![line(SkuKind::Card, 1_000_000, limits::MAX_AMOUNT_MINOR)]);
    let above_all = place_lines(vec![line(SkuKind::Card, 2, limits::MAX_AMOUNT_MINOR)]);
    let short = || World::new().with(&receive(&merchant(), 10));
    let asked = || World::paid().with(&ask_change(&[]));
    vec![
        row(World::new(), place_lines(Vec::new()), "NO_LINES"),
        row(World::new(), place_lines(vec![line(SkuKind::Card, 0, 1)]), "INVALID_INPUT"),
        row(World::new(), unknown, "MERCHANT_UNKNOWN"),
        row(World::new(), Command::Place(below_zero), "TOTAL_NEGATIVE"),
        row(World::new(), sum_overflows, "AMOUNT_TOO_LARGE"),
        row(World::new(), above_all, "AMOUNT_TOO_LARGE"),
        row(World::placed(), placed.clone(), "NUMBER_TAKEN"),
        row(short(), placed, "OUT_OF_STOCK"),
        // Prices.
        row(World::new(), edit(1, cny(1)), "ORDER_UNKNOWN"),
        row(World::placed(), edit(1, usd(1)), "CURRENCY_MISMATCH"),
        row(World::placed(), edit(1, cny(-1)), "INVALID_INPUT"),
        row(World::placed(), edit(3, cny(1)), "LINE_UNKNOWN"),
        row(World::placed(), edit(1, cny(limits::MAX_AMOUNT_MINOR)), "AMOUNT_TOO_LARGE"),
        row(World::new().with(&place_lines(vec![line(SkuKind::Card, 1, 5)])), edit(1, cny(0)), "TOTAL_ZERO"),
        row(World::placed().with(&edit(1, cny(0))), edit(2, cny(99)), "TOTAL_NEGATIVE"),
        row(World::placed().with(&pay(1, "T1")), edit(1, cny(1)), "NOT_UNPAID"),
        row(cancelled(), edit(1, cny(1)), "ORDER_CANCELLED"),
        row(World::delivered(), edit(1, cny(1)), "ORDER_COMPLETED"),
        // Cancelling.
        row(World::new(), cancel(ReasonCode::Other), "ORDER_UNKNOWN"),
        row(cancelled(), cancel(ReasonCode::Other), "ORDER_CANCELLED"),
        row(shipped(), cancel(ReasonCode::Other), "ALREADY_SHIPPED"),
        row(World::delivered(), cancel(ReasonCode::Other), "ALREADY_SHIPPED"),
        // Holds.
        row(World::new(), hold(Hold::Risk), "ORDER_UNKNOWN"),
        row(World::paid().with(&hold(Hold::Risk)), hold(Hold::Risk), "ALREADY_HELD"),
        row(World::placed().with(&fail_payment()), hold(Hold::Payment), "ALREADY_HELD"),
        row(cancelled(), hold(Hold::Risk), "ORDER_CANCELLED"),
        row(World::delivered(), hold(Hold::Risk), "ALREADY_DELIVERED"),
        row(World::new(), release(Hold::Risk), "ORDER_UNKNOWN"),
        row(World::paid().with(&hold(Hold::Risk)), release(Hold::Address), "NOT_HELD"),
        row(asked(), release(Hold::Address), "CHANGE_PENDING"),
        row(waiting_for_stock(), release(Hold::Stock), "OUT_OF_STOCK"),
        row(stock_for_two(), hold(Hold::Stock), "NOT_SHORT"),
        // Changes of address.
        row(World::new(), ask_change(&[]), "ORDER_UNKNOWN"),
        row(World::paid(), ask_change(&[3]), "LINE_UNKNOWN"),
        row(World::paid(), ask_change(&[1]), "NOT_TOP_UP"),
        row(cancelled(), ask_change(&[]), "ORDER_CANCELLED"),
        row(shipped(), ask_change(&[]), "ALREADY_SHIPPED"),
        row(asked().by(9), ask_change(&[]), "CHANGE_PENDING"),
        row(World::new(), approve_change(), "ORDER_UNKNOWN"),
        row(World::paid(), approve_change(), "NO_CHANGE_PENDING"),
        row(asked(), approve_change(), "REVIEWER_IS_REQUESTER"),
        row(asked().with(&cancel(ReasonCode::Other)).by(9), approve_change(), "NO_CHANGE_PENDING"),
        row(World::new(), reject_change(), "ORDER_UNKNOWN"),
        row(asked().by(9).with(&reject_change()), reject_change(), "NO_CHANGE_PENDING"),
        row(asked(), reject_change(), "REVIEWER_IS_REQUESTER"),
        // Remarks.
        row(World::new(), note(), "ORDER_UNKNOWN"),
        row(World::new(), tag("vip"), "ORDER_UNKNOWN"),
        row(World::placed().with(&tag("vip")), tag("vip"), "TAG_KNOWN"),
        row(World::placed(), tag("vip "), "INVALID_INPUT"),
        row(World::new(), rate(5), "ORDER_UNKNOWN"),
        row(World::delivered(), rate(0), "INVALID_INPUT"),
        row(shipped(), rate(5), "NOT_OBSERVED"),
        row(World::delivered().at(7 * 24 * 60), rate(5), "NOT_OBSERVED"),
        row(World::delivered().with(&rate(5)), rate(1), "ALREADY_RATED"),
    ]
}

/// Paid, and as much again is there.
fn stock_for_two() -> World {
    World::new().with(&receive(&merchant(), 22)).with(&Command::Place(place())).with(&pay(1400, "T1"))
}

/// Paid, but somebody counted fewer than were reserved.
fn waiting_for_stock() -> World {
    let world = World::new().with(&receive(&merchant(), 11)).with(&Command::Place(place()));
    world.with(&count(&merchant(), 10)).with(&pay(1400, "T1"))
}
