//! Events of stock and cards.

use crate::ids::{MerchantId, Sku, StreamId};
use crate::sealed::Sealed;
use crate::stock::Balance;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StockReceived {
    pub merchant: MerchantId,
    pub sku: Sku,
    pub quantity: u32,
    /// Of a delivery note, for one.
    pub reference: Option<Box<str>>,
}

/// Somebody counted what no paid order has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StockCounted {
    pub merchant: MerchantId,
    pub sku: Sku,
    pub counted: u32,
}

/// What was counted differs from what the log says by so many units; from now on the count is right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StockCorrected {
    pub difference: i64,
}

/// From how few free units on the stock is low.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StockMarkSet {
    pub merchant: MerchantId,
    pub sku: Sku,
    pub low_at: u32,
}

/// Cards came in; each counts as one unit of stock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CardsImported {
    pub merchant: MerchantId,
    pub sku: Sku,
    /// The first card's number within the SKU, from 0; the others follow it.
    pub first: u64,
    pub secrets: Vec<Sealed>,
    /// Places in the command, from 0, of the cards that had been imported before.
    pub known: Vec<u16>,
}

/// An order was placed: some units are kept for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StockReserved {
    pub order: StreamId,
    pub quantity: u32,
    /// After this event, as in all that follow.
    pub balance: Balance,
}

/// An order that had only reserved some was cancelled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StockReleased {
    pub order: StreamId,
    pub quantity: u32,
    pub balance: Balance,
}

/// An order was paid: what was reserved for it is its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StockTaken {
    pub order: StreamId,
    pub quantity: u32,
    pub balance: Balance,
}

/// An order that had taken some was cancelled, or gave them up: they are free again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StockReturned {
    pub order: StreamId,
    pub quantity: u32,
    pub balance: Balance,
}

/// Cards of an order were drawn: the oldest that were left. Units that nobody had booked are taken with them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CardsDrawn {
    pub order: StreamId,
    pub quantity: u32,
    pub balance: Balance,
}

/// A card's first and only event: a secret is imported once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CardClaimed {
    /// The stream of the SKU that it was imported for.
    pub sku: StreamId,
    /// Its number there.
    pub number: u64,
}
