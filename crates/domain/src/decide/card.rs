//! Cards (卡密): secrets come in once, go out to one order each, the oldest first, and never come back.

use super::judge::Judge;
use super::{Events, known_merchant, ship, stock};
use crate::command::{Context, ImportCards};
use crate::event::{AssignedCards, CardClaimed, CardsAssigned, CardsDrawn, CardsImported, CardsRevealed};
use crate::ids::StreamId;
use crate::limits::MAX_STOCK;
use crate::merchant::Merchant;
use crate::order::Order;
use crate::rejection::Rejection;
use crate::sealed::Sealed;
use crate::state::Facts;
use crate::stock::Balance;
use crate::targets::{StockTarget, Targets};

pub(super) fn import(
    facts: &Facts<'_>,
    merchant: Option<&Merchant>,
    targets: &Targets,
    c: &ImportCards<Sealed>,
    out: &mut Events,
) -> Result<(), Rejection> {
    let merchant = known_merchant(merchant, &c.merchant)?;
    let sku = targets.stock.first().map(|target| facts.sku(target)).unwrap_or_default();
    if sku.received.saturating_add(c.cards.len().try_into().unwrap_or(i64::MAX)) > MAX_STOCK {
        return Err(Rejection::Invalid { field: "secrets", problem: "make more stock than Daybook keeps".into() });
    }
    let (mut secrets, mut claims, mut known): (Vec<Sealed>, Vec<StreamId>, Vec<u16>) = Default::default();
    for (place, card) in (0..).zip(&c.cards) {
        let claim = StreamId::card(merchant.tree_root(), &card.fingerprint);
        if facts.state(claim).is_some() || claims.contains(&claim) {
            known.push(place);
        } else {
            claims.push(claim);
            secrets.push(card.secret.clone());
        }
    }
    if secrets.is_empty() {
        return Err(Rejection::CardsKnown);
    }
    let stream = out.stream;
    let imported = CardsImported { merchant: c.merchant.clone(), sku: c.sku.clone(), first: sku.cards, secrets, known };
    out.push(imported);
    for (number, claim) in (sku.cards..).zip(claims) {
        out.push_to(claim, CardClaimed { sku: stream, number });
    }
    Ok(())
}

/// Every card that the order lacks.
pub(super) fn deliver(
    facts: &Facts<'_>,
    order: &Order,
    context: &Context,
    judge: &mut Judge,
    out: &mut Events,
) -> Result<(), Rejection> {
    ship::check_may_ship(order, judge)?;
    let targets = StockTarget::of_cards(order);
    if targets.is_empty() {
        return Err(Rejection::NoCardsToDeliver);
    }
    let mut cards: Vec<AssignedCards> = Vec::with_capacity(order.card_lines.len());
    let mut drawn: Vec<(StreamId, CardsDrawn)> = Vec::with_capacity(targets.len());
    for target in &targets {
        let (sku, balance) = (facts.sku(target), facts.balance(target));
        let (quantity, sku_name) = (target.goods.quantity, &target.goods.sku);
        let left = stock::cards_left(facts, target);
        if left < quantity.into() {
            return Err(Rejection::OutOfCards { sku: sku_name.clone(), left });
        }
        let is_booked = order.goods.iter().any(|goods| goods.sku == *sku_name);
        if !is_booked && balance.free(sku.received) < quantity.into() {
            return Err(Rejection::OutOfStock { sku: sku_name.clone(), free: balance.free(sku.received) });
        }
        let mut first = balance.assigned;
        for card in order.card_lines.iter().filter(|card| card.sku == *sku_name) {
            let quantity = order.left_of(card.line);
            if quantity > 0 {
                cards.push(AssignedCards { line: card.line, first, quantity });
                first = first.saturating_add(quantity.into());
            }
        }
        let balance: Balance = balance.draw(quantity, is_booked);
        drawn.push((target.streams.account, CardsDrawn { order: out.stream, quantity, balance }));
    }
    cards.sort_unstable_by_key(|cards| cards.line);
    let shipment = ship::next_shipment(order)?;
    let units: Vec<(u16, u32)> = cards.iter().map(|cards| (cards.line, cards.quantity)).collect();
    out.push(CardsAssigned { shipment, cards });
    drawn.into_iter().for_each(|(account, event)| out.push_to(account, event));
    ship::complete_if_all_arrived(facts, order, shipment, &units, context, out);
    Ok(())
}

pub(super) fn reveal(order: &Order, out: &mut Events) -> Result<(), Rejection> {
    if order.cards == 0 {
        return Err(Rejection::NoCards);
    }
    out.push(CardsRevealed { cards: order.cards });
    Ok(())
}
