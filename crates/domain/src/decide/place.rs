//! Placing an order.

use super::{Events, is_live, known_merchant, stock};
use crate::command::{Context, PlaceOrder};
use crate::event::{DeliveryDue, Line, OrderPlaced, PayDue, SkuKind};
use crate::ids::OrderNumber;
use crate::limits::{MAX_DEPTH, MAX_ORDER_CARDS};
use crate::merchant::Merchant;
use crate::rejection::Rejection;
use crate::sealed::Sealed;
use crate::state::Facts;
use crate::targets::Targets;

pub(super) fn place(
    facts: &Facts<'_>,
    merchant: Option<&Merchant>,
    targets: &Targets,
    c: &PlaceOrder<Sealed>,
    context: &Context,
    out: &mut Events,
) -> Result<(), Rejection> {
    let merchant = known_merchant(merchant, &c.merchant)?;
    if facts.state(out.stream).is_some() {
        return Err(Rejection::NumberTaken);
    }
    let ancestors = facts.ancestors(merchant);
    if ancestors.len() > MAX_DEPTH {
        return Err(Rejection::TreeTooDeep { max: MAX_DEPTH });
    }
    if is_live(context) && merchant.is_closed {
        return Err(Rejection::MerchantClosed { id: merchant.id.clone() });
    }
    let policy = merchant.policy_at(context.now);
    let placed_at = context.happened_at();
    // Sums were checked for overflow with the command's structure.
    let total = c
        .lines
        .iter()
        .filter_map(Line::total_minor)
        .chain(c.adjustments.iter().map(|adjustment| adjustment.amount_minor))
        .fold(0_i64, i64::saturating_add);
    let is_paid_at_once = is_live(context) && total == 0;
    let has_physical = c.lines.iter().any(|line| line.kind == SkuKind::Physical);
    let has_virtual = c.lines.iter().any(|line| line.kind != SkuKind::Physical);
    let cards = c.lines.iter().filter(|line| line.kind == SkuKind::Card);
    if is_live(context) && cards.fold(0, |sum: u32, line| sum.saturating_add(line.quantity)) > MAX_ORDER_CARDS {
        let problem = format!("is too much: an order holds at most {MAX_ORDER_CARDS} cards");
        return Err(Rejection::Invalid { field: "quantity", problem });
    }
    // History took its goods long ago.
    let booked = if is_live(context) { stock::reservable(facts, targets)? } else { Vec::new() };
    out.push(OrderPlaced {
        merchant: c.merchant.clone(),
        ancestors,
        number: c.number.clone().unwrap_or_else(|| OrderNumber::from_command(context.command_id)),
        account: c.account.clone(),
        contact: c.contact.clone(),
        currency: c.currency,
        lines: c.lines.clone(),
        adjustments: c.adjustments.clone(),
        pay_due: (is_live(context) && !is_paid_at_once).then(|| PayDue {
            pay_by: placed_at.plus_micros(policy.pay_within_micros),
            remind_at: placed_at.plus_micros(policy.remind_after_micros),
        }),
        ship_due: is_paid_at_once.then(|| policy.ship_due(placed_at, has_virtual, has_physical)),
        reserved: stock::goods(&booked),
    });
    stock::reserve(facts, &booked, is_paid_at_once, out);
    if is_paid_at_once && policy.delivers_alone() && c.lines.iter().any(|line| line.kind == SkuKind::Card) {
        out.push(DeliveryDue { deliver_at: context.now });
    }
    Ok(())
}
