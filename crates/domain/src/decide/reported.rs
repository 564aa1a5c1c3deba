//! When something happened, as somebody else's clock says.

use super::is_live;
use super::judge::Judge;
use crate::command::Context;
use crate::order::Order;
use crate::rejection::Rejection;
use crate::time::MINUTE_MICROS;

/// How far a provider's or a carrier's clock may be from ours.
const CLOCK_SKEW_MICROS: i64 = 5 * MINUTE_MICROS;

/// History that has not happened yet: a wrong year, most likely.
pub(super) fn remark_on_future(context: &Context, judge: &mut Judge) {
    let is_past = context.happened_at() <= context.now.plus_micros(CLOCK_SKEW_MICROS);
    judge.remark_unless(is_past, Rejection::InTheFuture);
}

/// What happens now happened after the order was placed and not in the future. A wrong year would be in every figure for
/// ever. History is not judged.
pub(super) fn check(order: &Order, context: &Context) -> Result<(), Rejection> {
    let Some(at) = context.occurred_at.filter(|_| is_live(context)) else { return Ok(()) };
    if at > context.now.plus_micros(CLOCK_SKEW_MICROS) {
        return Err(Rejection::InTheFuture);
    }
    if at < order.placed_at.plus_micros(-CLOCK_SKEW_MICROS) {
        return Err(Rejection::BeforePlacing);
    }
    Ok(())
}
