//! By product, by reason, and buyers who come back: made from the orders one by one, when somebody asks.

use std::collections::HashMap;

use daybook_domain::event::RefundKind;
use daybook_domain::{ReasonCode, Sku};

use super::series::day_and_quarter;
use super::{Dashboard, Whose};
use crate::Row;
use crate::merchants::MerchantNumber;
use crate::query::{Breakdown, BreakdownQuery, ByProduct, ByReason, ProductFigures, QueryError};

/// Orders that one answer looks at: some tenths of a second.
const MAX_ORDERS: usize = 250_000;

#[derive(Default)]
struct Sums {
    products: HashMap<(MerchantNumber, u32), (u32, ProductFigures)>,
    reasons: HashMap<Option<ReasonCode>, (u64, i64)>,
    buyers: HashMap<u32, u64>,
}

impl Dashboard<'_> {
    /// Of the orders that were placed in the range.
    ///
    /// # Errors
    ///
    /// When they are too many to be looked at one by one.
    pub fn breakdown(&self, query: &BreakdownQuery) -> Result<Breakdown, QueryError> {
        let rows = self.placed_in(query)?;
        let mut sums = Sums::default();
        let mut unpacked = None;
        for row in rows {
            let unpacked = unpacked.get_or_insert_with(|| self.orders.blank(row));
            if self.orders.unpack_into(row, unpacked) {
                self.add(&mut sums, row, unpacked);
            }
        }
        let mut products: Vec<_> = sums.products.into_iter().collect();
        let rank = |figures: &ProductFigures| (figures.paid_amount_minor, figures.units);
        products.sort_unstable_by_key(|(key, (_, figures))| (std::cmp::Reverse(rank(figures)), *key));
        products.truncate(query.products);
        let product = |((merchant, sku), (title, figures)): ((MerchantNumber, u32), (u32, ProductFigures))| ByProduct {
            merchant: self.orders.merchants.id(merchant).clone(),
            sku: Sku::from_stored(self.orders.strings.get(sku)),
            title: self.orders.strings.get(title).into(),
            figures,
        };
        let reason = |(reason, (requests, amount_minor))| ByReason { reason, requests, amount_minor };
        let mut reasons: Vec<ByReason> = sums.reasons.into_iter().map(reason).collect();
        reasons.sort_unstable_by_key(|one| (std::cmp::Reverse(one.requests), one.reason.map(ReasonCode::code)));
        Ok(Breakdown {
            products: products.into_iter().map(product).collect(),
            reasons,
            buyers: sums.buyers.len() as u64,
            repeat_buyers: sums.buyers.values().filter(|orders| **orders > 1).count() as u64,
        })
    }

    fn placed_in(&self, query: &BreakdownQuery) -> Result<Vec<Row>, QueryError> {
        let currency = self.orders.currencies.iter().position(|&known| known == query.currency);
        let Some(currency) = currency.and_then(|currency| u8::try_from(currency).ok()) else { return Ok(Vec::new()) };
        if query.from >= query.to {
            return Ok(Vec::new());
        }
        let is_meant = |row: Row| {
            let at = row as usize;
            self.orders.currency[at] == currency && (query.from..query.to).contains(&self.orders.placed_at[at])
        };
        let mut rows = Vec::new();
        for whose in self.whose(query.merchant.as_ref(), query.subtree, query.under.as_ref()) {
            let Some(node) = whose.node(self.state) else { continue };
            if node.has_details {
                self.each_placed(query, whose, |row| rows.extend(Some(row).filter(|row| is_meant(*row))));
            } else {
                let placed = node.placed_in(self.orders, query.from, query.to);
                rows.extend(placed.iter().copied().filter(|row| is_meant(*row)));
            }
            if rows.len() > MAX_ORDERS {
                return Err(QueryError::TooMuchWork);
            }
        }
        Ok(rows)
    }

    fn each_placed(&self, query: &BreakdownQuery, whose: Whose, mut each: impl FnMut(Row)) {
        let (first, last) = (day_and_quarter(query.from.0).0, day_and_quarter(query.to.0 - 1).0);
        for row in self.state.placed_on.range(first..=last).flat_map(|(_, rows)| rows.iter()) {
            let number = self.orders.places[row as usize];
            if whose.includes(number, &self.orders.merchants.places[number as usize]) {
                each(row);
            }
        }
    }

    fn add(&self, sums: &mut Sums, row: Row, unpacked: &crate::packed::Unpacked) {
        let order = &unpacked.order;
        let merchant = self.orders.merchants.places[self.orders.places[row as usize] as usize].merchant;
        *sums.buyers.entry(self.orders.buyer[row as usize]).or_default() += 1;
        let mut seen: Vec<u32> = Vec::with_capacity(unpacked.lines.len());
        for (text, line) in unpacked.lines.iter().zip(&order.lines) {
            let (_, figures) =
                sums.products.entry((merchant, text.sku)).or_insert((text.title, ProductFigures::default()));
            let units = u64::from(line.quantity);
            figures.units += units;
            if order.paid_at.is_some() {
                let amount = line.unit_minor.saturating_mul(line.quantity.into());
                figures.paid_amount_minor = figures.paid_amount_minor.saturating_add(amount);
            }
            if !seen.contains(&text.sku) {
                seen.push(text.sku);
                figures.orders += 1;
                figures.paid_orders += u64::from(order.paid_at.is_some());
                figures.refunded_orders += u64::from(order.refunded_at.is_some());
            }
        }
        for ticket in order.tickets.iter().filter(|ticket| ticket.kind == RefundKind::Goods) {
            let (requests, amount_minor) = sums.reasons.entry(ticket.reason).or_default();
            *requests += 1;
            *amount_minor = amount_minor.saturating_add(ticket.amount_minor);
        }
    }
}
