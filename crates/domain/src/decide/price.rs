//! Editing prices, while nothing is paid.

use super::Events;
use super::judge::Judge;
use crate::command::EditPrice;
use crate::event::PriceEdited;
use crate::limits::MAX_AMOUNT_MINOR;
use crate::order::{Lifecycle, Order, Payment};
use crate::rejection::Rejection;
use crate::sealed::Sealed;

pub(super) fn edit(order: &Order, c: &EditPrice<Sealed>, judge: &mut Judge, out: &mut Events) -> Result<(), Rejection> {
    let mut edited = order.clone();
    let mut events = Vec::with_capacity(c.prices.len());
    for price in &c.prices {
        if price.unit.currency != order.currency {
            return Err(Rejection::CurrencyMismatch { expected: order.currency, given: price.unit.currency });
        }
        let line = edited
            .lines
            .get_mut(usize::from(price.line).wrapping_sub(1))
            .ok_or(Rejection::LineUnknown { line: price.line })?;
        if price.unit.minor < 0 {
            return Err(Rejection::Invalid { field: "unitPrice", problem: "must not be below zero".into() });
        }
        // One reason for all, which may be long: the first event tells it.
        let note = if events.is_empty() { c.reason.text.clone() } else { None };
        events.push(PriceEdited {
            line: price.line,
            old_unit_minor: line.unit_minor,
            new_unit_minor: price.unit.minor,
            note,
        });
        line.unit_minor = price.unit.minor;
    }
    let total = edited.total_minor();
    if total > MAX_AMOUNT_MINOR {
        return Err(Rejection::AmountTooLarge);
    }
    if total < 0 {
        return Err(Rejection::TotalNegative);
    }
    judge.rule(order.lifecycle != Lifecycle::Cancelled, || Rejection::OrderCancelled)?;
    judge.rule(order.lifecycle == Lifecycle::Placed || order.lifecycle == Lifecycle::Cancelled, || {
        Rejection::OrderCompleted
    })?;
    let payment = order.payment();
    judge.rule(payment == Payment::Unpaid, || Rejection::NotUnpaid { payment })?;
    judge.rule(total > 0, || Rejection::TotalZero)?;
    for event in events {
        out.push_because(c.reason.code, event);
    }
    Ok(())
}
