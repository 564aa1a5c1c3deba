//! Stock: an order's units are reserved when it is placed, taken when it is paid, given back when it is cancelled; never
//! more than there are.

use super::{Events, known_merchant};
use crate::command::{CountStock, ReceiveStock, SetStockMark};
use crate::event::{
    Hold, HoldPlaced, OrderRestocked, RestockRequested, StockCorrected, StockCounted, StockMarkSet, StockReceived,
    StockReleased, StockReserved, StockReturned, StockTaken,
};
use crate::ids::StreamId;
use crate::limits::MAX_STOCK;
use crate::merchant::Merchant;
use crate::order::Order;
use crate::reason::ReasonCode;
use crate::rejection::Rejection;
use crate::state::Facts;
use crate::stock::{Balance, Booking, Goods};
use crate::targets::{StockTarget, Targets};

#[derive(Clone, Copy)]
enum Move {
    Reserve,
    Release,
    Take,
    Return,
}

/// Each of these goods makes these moves.
fn book(facts: &Facts<'_>, order: StreamId, targets: &[StockTarget], moves: &[Move], out: &mut Events) {
    for target in targets {
        let (account, quantity) = (target.streams.account, target.goods.quantity);
        let mut balance: Balance = facts.balance(target);
        for step in moves {
            match step {
                Move::Reserve => {
                    balance = balance.reserve(quantity);
                    out.push_to(account, StockReserved { order, quantity, balance });
                }
                Move::Release => {
                    balance = balance.release(quantity);
                    out.push_to(account, StockReleased { order, quantity, balance });
                }
                Move::Take => {
                    balance = balance.take(quantity);
                    out.push_to(account, StockTaken { order, quantity, balance });
                }
                Move::Return => {
                    balance = balance.give_back(quantity);
                    out.push_to(account, StockReturned { order, quantity, balance });
                }
            }
        }
    }
}

/// The goods of which there is not enough, by what `of` counts as there.
fn short<'t>(
    facts: &Facts<'_>,
    targets: &'t [StockTarget],
    of: impl Fn(Balance, i64) -> i64,
) -> Option<&'t StockTarget> {
    targets
        .iter()
        .find(|target| of(facts.balance(target), facts.sku(target).received) < i64::from(target.goods.quantity))
}

fn out_of_stock(facts: &Facts<'_>, target: &StockTarget) -> Rejection {
    let free = facts.balance(target).free(facts.sku(target).received);
    Rejection::OutOfStock { sku: target.goods.sku.clone(), free }
}

/// What a new order reserves: of goods that are counted, all of it or the order is refused.
pub(super) fn reservable(facts: &Facts<'_>, targets: &Targets) -> Result<Vec<StockTarget>, Rejection> {
    let counted: Vec<StockTarget> =
        targets.stock.iter().filter(|target| facts.sku(target).is_counted).cloned().collect();
    match short(facts, &counted, Balance::free) {
        Some(target) => Err(out_of_stock(facts, target)),
        None => Ok(counted),
    }
}

pub(super) fn goods(targets: &[StockTarget]) -> Vec<Goods> {
    targets.iter().map(|target| target.goods.clone()).collect()
}

/// In the commit of the order that is placed. `is_paid`: it costs nothing.
pub(super) fn reserve(facts: &Facts<'_>, targets: &[StockTarget], is_paid: bool, out: &mut Events) {
    let moves: &[Move] = if is_paid { &[Move::Reserve, Move::Take] } else { &[Move::Reserve] };
    book(facts, out.stream, targets, moves, out);
}

/// In the commit of the payment that pays an order. Less can be there than was reserved once somebody counted: who pays
/// first gets it, and whoever comes too late waits.
pub(super) fn take(facts: &Facts<'_>, order: &Order, out: &mut Events) {
    if order.booking != Booking::Reserved {
        return;
    }
    let targets = StockTarget::of_order(order);
    if short(facts, &targets, Balance::on_hand).is_none() {
        book(facts, out.stream, &targets, &[Move::Take], out);
        return;
    }
    if !order.holds.contains(Hold::Stock) {
        out.push_because(ReasonCode::OutOfStock, HoldPlaced { hold: Hold::Stock, note: None });
    }
    out.push_because(ReasonCode::OutOfStock, RestockRequested {});
}

/// A cancelled order whose goods are still free can live again.
pub(super) fn can_take_again(facts: &Facts<'_>, order: &Order) -> bool {
    short(facts, &StockTarget::of_order(order), Balance::free).is_none()
}

pub(super) fn take_again(facts: &Facts<'_>, order: &Order, out: &mut Events) {
    book(facts, out.stream, &StockTarget::of_order(order), &[Move::Reserve, Move::Take], out);
}

/// In the commit that cancels an order.
pub(super) fn give_back(facts: &Facts<'_>, order: &Order, out: &mut Events) {
    let moves: &[Move] = match order.booking {
        Booking::None | Booking::Released => return,
        Booking::Reserved | Booking::Waiting => &[Move::Release],
        // History may cancel what was shipped: that is gone.
        Booking::Taken if order.shipped_units() > 0 => return,
        Booking::Taken => &[Move::Return],
    };
    book(facts, out.stream, &StockTarget::of_order(order), moves, out);
}

/// In the commit that cancels what an order lacks.
pub(super) fn give_back_rest(facts: &Facts<'_>, order: &Order, out: &mut Events) {
    if order.booking == Booking::Taken {
        book(facts, out.stream, &StockTarget::of_rest(order), &[Move::Return], out);
    }
}

/// Somebody found that a paid order's goods are not there: it waits for others. What the stock says is corrected by the
/// units that are missing, so that they are not taken for those that it waits for.
pub(super) fn freeze(facts: &Facts<'_>, order: &Order, code: ReasonCode, out: &mut Events) -> Result<(), Rejection> {
    if order.paid_at.is_none() || order.shipped_units() > 0 {
        return Ok(());
    }
    if order.booking != Booking::Taken {
        out.push_because(code, RestockRequested {});
        return Ok(());
    }
    // Where units are secrets, they can be there without these: nothing is booked otherwise.
    let has_secrets = |target: &StockTarget| facts.sku(target).cards > 0 || order.deliver_at.is_some();
    let lacks = |target: &StockTarget| cards_left(facts, target) < target.goods.quantity.into();
    if StockTarget::of_cards(order).iter().any(|target| has_secrets(target) && lacks(target)) {
        return Ok(());
    }
    let targets = StockTarget::of_order(order);
    let is_missing = |target: &&StockTarget| {
        facts.balance(target).on_hand(facts.sku(target).received) < i64::from(target.goods.quantity)
    };
    let missing: Vec<&StockTarget> = targets.iter().filter(is_missing).collect();
    if missing.is_empty() {
        return Err(Rejection::NotShort);
    }
    out.push_because(code, RestockRequested {});
    book(facts, out.stream, &targets, &[Move::Return, Move::Reserve], out);
    for target in missing {
        out.push_to(target.streams.sku, StockCorrected { difference: -i64::from(target.goods.quantity) });
    }
    Ok(())
}

/// Imported, and not assigned to any order.
pub(super) fn cards_left(facts: &Facts<'_>, target: &StockTarget) -> u64 {
    facts.sku(target).cards.saturating_sub(facts.balance(target).assigned)
}

/// The order gets what it waited for.
pub(super) fn restock(facts: &Facts<'_>, order: &Order, out: &mut Events) -> Result<(), Rejection> {
    if order.booking != Booking::Waiting {
        return Ok(());
    }
    let targets = StockTarget::of_order(order);
    if let Some(target) = short(facts, &targets, Balance::on_hand) {
        return Err(out_of_stock(facts, target));
    }
    out.push(OrderRestocked {});
    book(facts, out.stream, &targets, &[Move::Take], out);
    Ok(())
}

pub(super) fn receive(
    facts: &Facts<'_>,
    merchant: Option<&Merchant>,
    targets: &Targets,
    c: &ReceiveStock,
    out: &mut Events,
) -> Result<(), Rejection> {
    known_merchant(merchant, &c.merchant)?;
    for target in &targets.stock {
        if facts.sku(target).received.saturating_add(c.quantity.into()) > MAX_STOCK {
            return Err(Rejection::Invalid { field: "quantity", problem: "makes more than Daybook keeps".into() });
        }
    }
    out.push(StockReceived {
        merchant: c.merchant.clone(),
        sku: c.sku.clone(),
        quantity: c.quantity,
        reference: c.reference.clone(),
    });
    Ok(())
}

pub(super) fn count(
    facts: &Facts<'_>,
    merchant: Option<&Merchant>,
    targets: &Targets,
    c: &CountStock,
    out: &mut Events,
) -> Result<(), Rejection> {
    known_merchant(merchant, &c.merchant)?;
    out.push(StockCounted { merchant: c.merchant.clone(), sku: c.sku.clone(), counted: c.counted });
    for target in &targets.stock {
        let difference = i64::from(c.counted).saturating_sub(facts.balance(target).on_hand(facts.sku(target).received));
        if difference != 0 {
            out.push(StockCorrected { difference });
        }
    }
    Ok(())
}

pub(super) fn mark(merchant: Option<&Merchant>, c: &SetStockMark, out: &mut Events) -> Result<(), Rejection> {
    known_merchant(merchant, &c.merchant)?;
    out.push(StockMarkSet { merchant: c.merchant.clone(), sku: c.sku.clone(), low_at: c.low_at });
    Ok(())
}
