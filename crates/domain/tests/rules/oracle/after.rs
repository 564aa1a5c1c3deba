//! Holds, changes of address, the ends of an order, and what comes after it.

use super::{ADDRESS, Answer, Booked, Life, Money, Order, PARCEL, PAYMENT, STOCK, TOP_UP, done_if};

impl Order {
    pub(super) fn let_go(&mut self, hold: usize) {
        self.holds[hold] = false;
        if hold == PAYMENT {
            self.is_held_for_failure = false;
            self.is_held_for_excess = false;
        }
    }

    pub(super) fn expire(&mut self, now: i64) -> Answer {
        if self.life == Life::Cancelled || self.paid_at.is_some() || now < self.placed_at + 30 {
            return Answer::Refused;
        }
        self.end(true);
        self.give_back(&[Money::Goods], now);
        Answer::Done
    }

    pub(super) fn cancel(&mut self, now: i64) -> Answer {
        if self.life != Life::Placed || self.has_shipped() {
            return Answer::Refused;
        }
        self.end(false);
        self.give_back(&[Money::Goods, Money::Excess], now);
        Answer::Done
    }

    /// What it lacks will not come: what it cost goes back, less what went back already.
    pub(super) fn end_rest(&mut self, now: i64) {
        let worth: i64 = self.lines.iter().map(|line| line.unit * i64::from(line.left)).sum();
        for (sku, units) in &mut self.units {
            *units -= self.lines.iter().filter(|line| line.sku == *sku).map(|line| i64::from(line.left)).sum::<i64>();
        }
        self.rest = worth;
        self.lines.iter_mut().for_each(|line| line.left = 0);
        self.change_by = None;
        self.let_go(STOCK);
        self.let_go(ADDRESS);
        let owed = (worth - self.refunded - self.pending(Money::Goods)).min(self.refundable(Money::Goods));
        if owed > 0 {
            self.open_ticket(Money::Goods, owed, now);
        }
        self.arrive(now);
    }

    /// It is cancelled: nothing waits for goods, for an address or for a payment any more.
    pub(super) fn end(&mut self, is_timed_out: bool) {
        self.life = Life::Cancelled;
        self.is_timed_out = is_timed_out;
        self.change_by = None;
        self.booked = Booked::Released;
        self.let_go(STOCK);
        self.let_go(ADDRESS);
        if self.is_held_for_failure {
            self.let_go(PAYMENT);
        }
    }

    fn give_back(&mut self, of: &[Money], now: i64) {
        for money in of {
            let left = self.refundable(*money);
            if left > 0 {
                self.open_ticket(*money, left, now);
            }
        }
    }

    pub(super) fn ask_change(&mut self, line: Option<u16>, actor: u8) -> Answer {
        let is_top_up = |order: &mut Self, number| order.line(number).is_some_and(|line| line.sku == TOP_UP);
        let can_be = line.is_none_or(|number| is_top_up(self, number));
        let has_left = |order: &mut Self, number| order.line(number).is_some_and(|line| line.left > 0);
        let is_moving = self.lines.iter().any(|line| line.sku == PARCEL && line.left < line.quantity);
        let is_late = self.left() == 0 || is_moving || line.is_some_and(|number| !has_left(self, number));
        if !can_be || self.life == Life::Cancelled || is_late || self.change_by.is_some() {
            return Answer::Refused;
        }
        self.change_by = Some(actor);
        self.holds[ADDRESS] = true;
        Answer::Done
    }

    /// Whoever asked does not decide.
    pub(super) fn decide_change(&mut self, actor: u8) -> Answer {
        let may = self.change_by.is_some_and(|by| by != actor);
        if may {
            self.change_by = None;
            self.let_go(ADDRESS);
        }
        done_if(may)
    }

    fn is_observed(&self, now: i64) -> bool {
        self.life == Life::Completed && now < self.observed_until
    }

    pub(super) fn dispute(&mut self, now: i64) -> Answer {
        let may = self.is_observed(now) && !self.is_disputed;
        self.is_disputed |= may;
        done_if(may)
    }

    pub(super) fn resolve(&mut self, for_buyer: bool, amount: Option<i64>, now: i64) -> Answer {
        let left = self.refundable(Money::Goods);
        let back = amount.unwrap_or(if for_buyer { left } else { 0 });
        let is_wrong = amount.is_some_and(|amount| amount <= 0 || !for_buyer);
        if !self.is_disputed || is_wrong || back > left {
            return Answer::Refused;
        }
        self.is_disputed = false;
        if back > 0 {
            self.open_ticket(Money::Goods, back, now);
        }
        Answer::Done
    }

    pub(super) fn close(&mut self, now: i64) -> Answer {
        let is_over = self.life == Life::Completed && now >= self.observed_until;
        if !is_over || self.has_open_ticket() || self.is_disputed || self.is_held() {
            return Answer::Refused;
        }
        self.life = Life::Closed;
        Answer::Done
    }

    pub(super) fn rate(&mut self, now: i64) -> Answer {
        let may = self.is_observed(now) && !self.is_rated;
        self.is_rated |= may;
        done_if(may)
    }
}
