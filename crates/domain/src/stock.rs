//! Stock: how much of a SKU there is, and whose it is.
//!
//! A SKU has two streams. What people do to it (receive, count) is few and kept for ever in the one. Each order that
//! reserves, takes or gives back some is an event of the other, the *account*, which may have millions: so each of its
//! events carries the [`Balance`] after it, as a bank's statement does, and its newest event alone tells its state.

use crate::event::Event;
use crate::ids::{MerchantId, Sku, StreamId};

/// Units of one SKU that an order takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Goods {
    pub sku: Sku,
    pub quantity: u32,
}

/// What orders have of a SKU, in units.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Balance {
    /// For orders that are not paid, or that wait for stock.
    pub reserved: u64,
    /// For paid orders.
    pub deducted: u64,
    /// Cards that were ever assigned to an order: the oldest first, so this many of those that were imported.
    pub assigned: u64,
}

/// What people did to a SKU.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SkuState {
    /// Units that ever came in, corrected by what was counted.
    pub received: i64,
    /// Stock was received or counted once. Before, the SKU is unlimited.
    pub is_counted: bool,
    /// With so few free units, or fewer, the stock is low.
    pub low_at: u32,
    /// Cards that were ever imported: their numbers are below this.
    pub cards: u64,
}

/// What an order has of the stock of its goods.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Booking {
    /// All its goods were unlimited when it was placed.
    #[default]
    None,
    Reserved,
    /// It was paid: its units are its own.
    Taken,
    /// It was paid, but there is too little: its units stay reserved until stock comes.
    Waiting,
    /// It was cancelled.
    Released,
}

/// The two streams of a SKU.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SkuStreams {
    pub sku: StreamId,
    pub account: StreamId,
}

impl SkuStreams {
    pub fn of(merchant: &MerchantId, sku: &Sku) -> Self {
        Self { sku: StreamId::sku(merchant, sku), account: StreamId::stock(merchant, sku) }
    }
}

impl SkuState {
    /// Folds in what people did to the SKU; what is no such event changes nothing.
    #[expect(clippy::wildcard_enum_match_arm, reason = "all others are of other streams")]
    pub fn apply(&mut self, event: &Event) {
        match event {
            Event::StockReceived(e) => {
                self.received = self.received.saturating_add(e.quantity.into());
                self.is_counted = true;
            }
            Event::CardsImported(e) => {
                let count = e.secrets.len() as u64;
                self.cards = self.cards.max(e.first.saturating_add(count));
                self.received = self.received.saturating_add(count.try_into().unwrap_or(i64::MAX));
                self.is_counted = true;
            }
            Event::StockCounted(_) => self.is_counted = true,
            Event::StockCorrected(e) => self.received = self.received.saturating_add(e.difference),
            Event::StockMarkSet(e) => self.low_at = e.low_at,
            _ => {}
        }
    }

    /// Whether there is little left.
    pub fn is_low(&self, balance: Balance) -> bool {
        self.is_counted && balance.free(self.received) <= i64::from(self.low_at)
    }
}

impl Balance {
    /// What is left of `received` after what orders have; below zero where more is reserved than there is.
    pub fn free(self, received: i64) -> i64 {
        let taken = i128::from(self.reserved) + i128::from(self.deducted);
        i64::try_from(i128::from(received) - taken).unwrap_or(i64::MIN)
    }

    /// What is there of `received`, reserved or not.
    pub fn on_hand(self, received: i64) -> i64 {
        self.free(received).saturating_add(i64::try_from(self.reserved).unwrap_or(i64::MAX))
    }

    pub(crate) fn reserve(self, quantity: u32) -> Self {
        Self { reserved: self.reserved.saturating_add(quantity.into()), ..self }
    }

    pub(crate) fn release(self, quantity: u32) -> Self {
        Self { reserved: self.reserved.saturating_sub(quantity.into()), ..self }
    }

    /// From what is reserved.
    pub(crate) fn take(self, quantity: u32) -> Self {
        Self { deducted: self.deducted.saturating_add(quantity.into()), ..self.release(quantity) }
    }

    /// The oldest cards that are left. `is_booked`: the units were taken before.
    pub(crate) fn draw(self, quantity: u32, is_booked: bool) -> Self {
        let taken = if is_booked { 0 } else { quantity };
        Self {
            assigned: self.assigned.saturating_add(quantity.into()),
            deducted: self.deducted.saturating_add(taken.into()),
            ..self
        }
    }

    /// To what is free.
    pub(crate) fn give_back(self, quantity: u32) -> Self {
        Self { deducted: self.deducted.saturating_sub(quantity.into()), ..self }
    }
}

/// Goods of one SKU stand in one entry, in the order in which they first come.
pub fn summed<'a>(goods: impl IntoIterator<Item = (&'a Sku, u32)>) -> Vec<Goods> {
    let mut all: Vec<Goods> = Vec::new();
    for (sku, quantity) in goods {
        match all.iter_mut().find(|goods| goods.sku == *sku) {
            Some(goods) => goods.quantity = goods.quantity.saturating_add(quantity),
            None => all.push(Goods { sku: sku.clone(), quantity }),
        }
    }
    all
}
