//! The stock of SKUs.

use daybook_domain::stock::{Balance, SkuState};
use daybook_domain::{MerchantId, Sku};

use super::Scope;

/// A SKU that somebody received, counted or marked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StockEntry {
    pub merchant: MerchantId,
    pub sku: Sku,
    pub state: SkuState,
    pub balance: Balance,
}

impl StockEntry {
    /// Units that can be ordered; below zero where more is reserved than there is.
    pub fn free(&self) -> i64 {
        self.balance.free(self.state.received)
    }

    pub fn is_low(&self) -> bool {
        self.state.is_low(self.balance)
    }
}

/// Which SKUs. A merchant's place in the tree is the one that it has now.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StockQuery {
    pub scope: Scope,
    /// Only those that are low.
    pub only_low: bool,
    /// The last one of the page before.
    pub after: Option<(MerchantId, Sku)>,
    pub first: usize,
}

/// By merchant and SKU; the next page begins after the last one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StockPage {
    pub entries: Vec<StockEntry>,
    pub has_next: bool,
}
