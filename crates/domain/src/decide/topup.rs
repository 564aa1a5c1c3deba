//! Top-ups (直充): delivered unit by unit, by hand or by an adapter, to the account that the buyer typed.

use super::judge::Judge;
use super::{Events, is_live, ship};
use crate::command::{CompleteTopUp, Context, FailTopUp};
use crate::event::{Hold, HoldPlaced, SkuKind, TopUpFailed, TopUpSucceeded};
use crate::order::Order;
use crate::reason::ReasonCode;
use crate::rejection::Rejection;
use crate::sealed::Sealed;
use crate::state::Facts;

/// The line that is meant, from 1, and how many of its units are left.
fn line(order: &Order, named: Option<u16>) -> Result<(u16, u32), Rejection> {
    let is_top_up = |line: u16| {
        let state = order.lines.get(usize::from(line).wrapping_sub(1));
        state.map(|state| state.kind == SkuKind::TopUp).ok_or(Rejection::LineUnknown { line })
    };
    if let Some(line) = named {
        if !is_top_up(line)? {
            return Err(Rejection::NotTopUp { line });
        }
        return match order.left_of(line) {
            0 => Err(Rejection::NoTopUpLeft),
            left => Ok((line, left)),
        };
    }
    let open = (1..).zip(&order.lines).filter(|(_, state)| state.kind == SkuKind::TopUp && state.left() > 0);
    let mut open = open.map(|(line, state)| (line, state.left()));
    match (open.next(), open.next()) {
        (Some(only), None) => Ok(only),
        (Some(_), Some(_)) => Err(Rejection::LineAmbiguous),
        (None, _) => Err(Rejection::NoTopUpLeft),
    }
}

pub(super) fn complete(
    facts: &Facts<'_>,
    order: &Order,
    c: &CompleteTopUp,
    context: &Context,
    judge: &mut Judge,
    out: &mut Events,
) -> Result<(), Rejection> {
    ship::check_may_ship(order, judge)?;
    let (line, left) = line(order, c.line)?;
    let quantity = c.quantity.unwrap_or(left);
    if quantity > left {
        return Err(Rejection::MoreThanUnshipped { line, unshipped: left });
    }
    let shipment = ship::next_shipment(order)?;
    out.push(TopUpSucceeded { shipment, line, quantity });
    ship::complete_if_all_arrived(facts, order, shipment, &[(line, quantity)], context, out);
    Ok(())
}

pub(super) fn fail(
    order: &Order,
    c: &FailTopUp<Sealed>,
    context: &Context,
    judge: &mut Judge,
    out: &mut Events,
) -> Result<(), Rejection> {
    ship::check_may_ship(order, judge)?;
    let (line, _) = line(order, c.line)?;
    out.push(TopUpFailed { line, failure: c.failure.clone(), note: c.note.clone() });
    if c.wrong_account && is_live(context) && !order.holds.contains(Hold::Address) {
        out.push_because(ReasonCode::WrongAccount, HoldPlaced { hold: Hold::Address, note: None });
    }
    Ok(())
}
