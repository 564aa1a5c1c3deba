//! Who has how much of what.

use super::{ADDRESS, Answer, Booked, CARD, Life, Line, Order, PRICES, Parcel, STOCK, Shop, done_if};

/// One SKU of one merchant.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Shelf {
    /// Before anybody counts, there is no end of it.
    pub(crate) is_counted: bool,
    pub(crate) received: i64,
    /// Cards that went to orders which the stock knew nothing of.
    pub(super) drawn: i64,
    pub(crate) cards: i64,
    /// Of the cards, those that an order has: the oldest.
    pub(crate) given: i64,
}

impl Shop {
    fn sum(&self, merchant: usize, sku: usize, of: &[Booked]) -> i64 {
        let orders = self
            .orders
            .iter()
            .filter(|(slot, order)| Self::merchant_of(**slot) == merchant && of.contains(&order.booked));
        orders.flat_map(|(_, order)| &order.units).filter(|(of, _)| *of == sku).map(|(_, units)| units).sum()
    }

    pub(crate) fn reserved(&self, merchant: usize, sku: usize) -> i64 {
        self.sum(merchant, sku, &[Booked::Reserved, Booked::Waiting])
    }

    pub(crate) fn deducted(&self, merchant: usize, sku: usize) -> i64 {
        self.sum(merchant, sku, &[Booked::Taken]) + self.shelves[merchant][sku].drawn
    }

    pub(crate) fn on_hand(&self, merchant: usize, sku: usize) -> i64 {
        self.shelves[merchant][sku].received - self.deducted(merchant, sku)
    }

    pub(crate) fn free(&self, merchant: usize, sku: usize) -> i64 {
        self.on_hand(merchant, sku) - self.reserved(merchant, sku)
    }

    pub(super) fn place(&mut self, slot: usize, wanted: &[(usize, u32)], is_free: bool) -> Answer {
        let merchant = Self::merchant_of(slot);
        let mut units = Vec::new();
        for sku in 0..PRICES.len() {
            let sum: i64 = wanted.iter().filter(|(of, _)| *of == sku).map(|(_, quantity)| i64::from(*quantity)).sum();
            if sum > 0 && self.shelves[merchant][sku].is_counted {
                units.push((sku, sum));
            }
        }
        let is_there = units.iter().all(|(sku, sum)| self.free(merchant, *sku) >= *sum);
        if !is_there || self.orders.contains_key(&slot) {
            return Answer::Refused;
        }
        let line = |&(sku, quantity): &(usize, u32)| Line { sku, quantity, unit: PRICES[sku], left: quantity };
        let mut order = Order {
            lines: wanted.iter().map(line).collect(),
            discount: 0,
            life: Life::Placed,
            is_timed_out: false,
            placed_at: self.now,
            remind_at: Some(self.now + 10),
            paid_at: None,
            captured: 0,
            refunded: 0,
            excess: 0,
            excess_back: 0,
            late: 0,
            late_back: 0,
            tickets: Vec::new(),
            holds: [false; 4],
            is_held_for_failure: false,
            is_held_for_excess: false,
            stood_still: 0,
            units,
            booked: Booked::Reserved,
            parcels: Vec::new(),
            checkpoints: Vec::new(),
            rest: 0,
            cards: Vec::new(),
            is_delivered: false,
            observed_until: 0,
            change_by: None,
            is_disputed: false,
            is_rated: false,
            missed: Vec::new(),
        };
        if is_free {
            order.discount = order.total();
            order.paid_at = Some(self.now);
            order.booked = Booked::Taken;
        }
        self.orders.insert(slot, order);
        Answer::Done
    }

    /// Whether all that the order wants is there, by this measure.
    pub(super) fn is_there(&self, slot: usize, measure: fn(&Self, usize, usize) -> i64) -> bool {
        let merchant = Self::merchant_of(slot);
        self.orders[&slot].units.iter().all(|(sku, units)| measure(self, merchant, *sku) >= *units)
    }

    /// Whether its cards are secrets, and too few of them are left.
    fn lacks_cards(&self, slot: usize) -> bool {
        let cards = self.orders[&slot].lines.iter().filter(|line| line.sku == CARD);
        let wanted: i64 = cards.map(|line| i64::from(line.left)).sum();
        let shelf = self.shelves[Self::merchant_of(slot)][CARD];
        shelf.cards > 0 && shelf.cards - shelf.given < wanted
    }

    pub(super) fn hold(&mut self, slot: usize, hold: usize) -> Answer {
        let Some(order) = self.orders.get(&slot) else { return Answer::Refused };
        if order.holds[hold] || order.life == Life::Cancelled || order.is_delivered {
            return Answer::Refused;
        }
        // Its goods are missing: until others come they are only reserved, and what the stock believed was wrong.
        let is_whole = order.booked == Booked::Taken && !order.units.is_empty() && !order.has_shipped();
        if hold == STOCK && is_whole && !self.lacks_cards(slot) {
            let merchant = Self::merchant_of(slot);
            let units = order.units.clone();
            let missing: Vec<_> =
                units.into_iter().filter(|(sku, units)| self.on_hand(merchant, *sku) < *units).collect();
            if missing.is_empty() {
                return Answer::Refused;
            }
            missing.iter().for_each(|(sku, units)| self.shelves[merchant][*sku].received -= units);
            self.orders.get_mut(&slot).unwrap().booked = Booked::Waiting;
        }
        self.orders.get_mut(&slot).unwrap().holds[hold] = true;
        Answer::Done
    }

    pub(super) fn cancel_rest(&mut self, slot: usize) -> Answer {
        let now = self.now;
        let Some(order) = self.orders.get_mut(&slot) else { return Answer::Refused };
        let can_be = order.life == Life::Placed && order.has_shipped() && order.left() > 0;
        if can_be {
            order.end_rest(now);
        }
        done_if(can_be)
    }

    pub(super) fn release(&mut self, slot: usize, hold: usize) -> Answer {
        let Some(order) = self.orders.get(&slot) else { return Answer::Refused };
        let is_undecided = hold == ADDRESS && order.change_by.is_some();
        let waits = hold == STOCK && order.booked == Booked::Waiting;
        if !order.holds[hold] || is_undecided || waits && !self.is_there(slot, Self::on_hand) {
            return Answer::Refused;
        }
        let order = self.orders.get_mut(&slot).unwrap();
        if waits {
            order.booked = Booked::Taken;
        }
        order.let_go(hold);
        Answer::Done
    }

    /// All cards that it lacks, the oldest.
    pub(super) fn deliver(&mut self, slot: usize) -> Answer {
        let Some(order) = self.orders.get(&slot) else { return Answer::Refused };
        let merchant = Self::merchant_of(slot);
        let cards = order.lines.iter().filter(|line| line.sku == CARD);
        let wanted: i64 = cards.map(|line| i64::from(line.left)).sum();
        let shelf = self.shelves[merchant][CARD];
        let is_known = order.units.iter().any(|(sku, _)| *sku == CARD);
        let is_there = is_known || self.free(merchant, CARD) >= wanted;
        if !order.may_ship() || wanted == 0 || shelf.cards - shelf.given < wanted || !is_there {
            return Answer::Refused;
        }
        let shelf = &mut self.shelves[merchant][CARD];
        let first = shelf.given;
        shelf.given += wanted;
        if !is_known {
            shelf.drawn += wanted;
        }
        let order = self.orders.get_mut(&slot).unwrap();
        order.cards.extend(first..first + wanted);
        order.lines.iter_mut().filter(|line| line.sku == CARD).for_each(|line| line.left = 0);
        order.send(Parcel::ARRIVED, self.now);
        Answer::Done
    }

    pub(super) fn receive(&mut self, slot: usize, sku: usize, quantity: u32) -> Answer {
        let shelf = &mut self.shelves[Self::merchant_of(slot)][sku];
        shelf.received += i64::from(quantity);
        shelf.is_counted = true;
        Answer::Done
    }

    /// From now on so many are there that no paid order has.
    pub(super) fn count(&mut self, slot: usize, sku: usize, counted: u32) -> Answer {
        let merchant = Self::merchant_of(slot);
        let deducted = self.deducted(merchant, sku);
        let shelf = &mut self.shelves[merchant][sku];
        shelf.received = deducted + i64::from(counted);
        shelf.is_counted = true;
        Answer::Done
    }

    pub(super) fn import(&mut self, slot: usize, cards: &[u8]) -> Answer {
        let tree = self.tree_of(slot);
        let new: i64 = cards.iter().map(|card| i64::from(self.secrets.insert((tree, *card)))).sum();
        if new > 0 {
            let shelf = &mut self.shelves[Self::merchant_of(slot)][CARD];
            shelf.is_counted = true;
            shelf.received += new;
            shelf.cards += new;
        }
        done_if(new > 0)
    }
}
