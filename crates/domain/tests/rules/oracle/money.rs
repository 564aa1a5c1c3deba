//! Money: it is never lost from sight, and never counted twice.

use super::{Answer, Booked, Life, Money, Order, PAYMENT, STOCK, Shop, Ticket, TicketIs, done_if};

impl Shop {
    pub(super) fn pay(&mut self, slot: usize, amount: i64, is_foreign: bool, trade: u32) -> Answer {
        let (tree, now) = (self.tree_of(slot), self.now);
        if !self.orders.contains_key(&slot) || amount <= 0 {
            return Answer::Refused;
        }
        let paid = (slot, amount, is_foreign);
        if let Some(first) = self.trades.get(&(tree, trade)) {
            return if *first == paid { Answer::Repeated } else { Answer::Refused };
        }
        self.trades.insert((tree, trade), paid);
        let is_on_hand = self.is_there(slot, Self::on_hand);
        let is_free = self.is_there(slot, Self::free);
        let order = self.orders.get_mut(&slot).unwrap();
        if is_foreign {
            order.look_at_money();
        } else if order.life == Life::Cancelled {
            // Too late. If it is enough, and the goods are there, the order lives again; else the money goes back.
            let is_enough = amount >= order.due() && !order.has_open_ticket() && order.refunded == 0;
            if order.is_timed_out && is_enough && is_free {
                order.life = Life::Placed;
                order.is_timed_out = false;
                order.capture(amount, now);
                order.booked = Booked::Taken;
            } else {
                order.late += amount;
                order.open_ticket(Money::Late, amount, now);
            }
        } else if order.capture(amount, now) && order.booked == Booked::Reserved {
            order.booked = if is_on_hand { Booked::Taken } else { Booked::Waiting };
            order.holds[STOCK] |= !is_on_hand;
        }
        Answer::Done
    }

    pub(super) fn settle_refund(&mut self, slot: usize, named: Option<u16>, trade: Option<u32>) -> Answer {
        let tree = self.tree_of(slot);
        let Some(order) = self.orders.get_mut(&slot) else { return Answer::Refused };
        if let Some((of, amount)) = trade.and_then(|trade| self.payouts.get(&(tree, trade))) {
            // Told again: of the same order, of no ticket that is another amount, and of none that nobody has paid out.
            let named = order.ticket(named);
            let is_another = named.is_some_and(|index| order.tickets[index].is != TicketIs::Settled);
            let meant = named.or_else(|| order.open(None)).map(|index| order.tickets[index].amount);
            let is_same = *of == slot && !is_another && meant.is_none_or(|meant| meant == *amount);
            return if is_same { Answer::Repeated } else { Answer::Refused };
        }
        let Some(index) = order.open(named) else { return Answer::Refused };
        let Ticket { money, amount, is, .. } = order.tickets[index];
        if is == TicketIs::Requested {
            return Answer::Refused;
        }
        order.tickets[index].is = TicketIs::Settled;
        match money {
            Money::Goods => {
                order.refunded += amount;
                if order.is_fully_refunded() && order.life == Life::Placed && !order.has_shipped() {
                    order.end(false);
                }
            }
            Money::Excess => {
                order.excess_back += amount;
                if order.excess == order.excess_back && order.is_held_for_excess {
                    order.let_go(PAYMENT);
                }
            }
            Money::Late => order.late_back += amount,
        }
        if let Some(trade) = trade {
            self.payouts.insert((tree, trade), (slot, amount));
        }
        Answer::Done
    }
}

impl Order {
    /// A person has to look at its money.
    fn look_at_money(&mut self) {
        self.holds[PAYMENT] = true;
        self.is_held_for_failure = false;
        self.is_held_for_excess = false;
    }

    /// Whether this money pays the order.
    fn capture(&mut self, amount: i64, now: i64) -> bool {
        let excess = (amount - self.due()).max(0);
        let pays = self.paid_at.is_none() && amount >= self.due();
        self.captured += amount - excess;
        self.excess += excess;
        if excess > 0 {
            let only_excess = !self.holds[PAYMENT] || self.is_held_for_failure || self.is_held_for_excess;
            self.look_at_money();
            self.is_held_for_excess = only_excess;
        }
        if pays {
            self.paid_at = Some(now);
            self.stood_still = 0;
            if self.is_held_for_failure {
                self.let_go(PAYMENT);
            }
        }
        pays
    }

    pub(super) fn edit(&mut self, number: u16, unit: i64) -> Answer {
        let is_unpaid = self.paid_at.is_none() && self.captured == 0;
        let total = self.total();
        let is_placed = self.life == Life::Placed;
        let Some(line) = self.line(number) else { return Answer::Refused };
        let new_total = total + (unit - line.unit) * i64::from(line.quantity);
        if unit < 0 || new_total <= 0 || !is_unpaid || !is_placed {
            return Answer::Refused;
        }
        line.unit = unit;
        Answer::Done
    }

    pub(super) fn fail_payment(&mut self, now: i64) -> Answer {
        if self.life == Life::Cancelled || self.paid_at.is_some() {
            return Answer::Refused;
        }
        self.remind_at = Some((now + 10).min(self.placed_at + 30));
        if !self.holds[PAYMENT] {
            self.holds[PAYMENT] = true;
            self.is_held_for_failure = true;
        }
        Answer::Done
    }

    pub(super) fn remind(&mut self, now: i64) -> Answer {
        let is_unpaid = self.life == Life::Placed && self.paid_at.is_none();
        let is_time = self.remind_at.is_some_and(|at| now >= at);
        if is_unpaid && is_time {
            self.remind_at = None;
        }
        done_if(is_unpaid && is_time)
    }

    /// What may still be asked back.
    pub(crate) fn refundable(&self, money: Money) -> i64 {
        let (came, went) = match money {
            Money::Goods => (self.captured, self.refunded),
            Money::Excess => (self.excess, self.excess_back),
            Money::Late => (self.late, self.late_back),
        };
        (came - went - self.pending(money)).max(0)
    }

    pub(crate) fn pending(&self, money: Money) -> i64 {
        let open = self.tickets.iter().filter(|ticket| ticket.is_open() && ticket.money == money);
        open.map(|ticket| ticket.amount).sum()
    }

    pub(super) fn open_ticket(&mut self, money: Money, amount: i64, now: i64) {
        let is = TicketIs::Requested;
        self.tickets.push(Ticket { money, amount, is, asked_at: now, approved_at: 0 });
    }

    fn ticket(&self, named: Option<u16>) -> Option<usize> {
        let index = usize::from(named?).checked_sub(1)?;
        (index < self.tickets.len()).then_some(index)
    }

    /// The ticket that is meant: the named one, or the only open one.
    fn open(&self, named: Option<u16>) -> Option<usize> {
        if named.is_some() {
            return self.ticket(named).filter(|index| self.tickets[*index].is_open());
        }
        let open: Vec<usize> = (0..self.tickets.len()).filter(|index| self.tickets[*index].is_open()).collect();
        if let [only] = open[..] { Some(only) } else { None }
    }

    pub(super) fn ask_refund(
        &mut self,
        money: Option<Money>,
        amount: Option<i64>,
        is_foreign: bool,
        now: i64,
    ) -> Answer {
        let covers = |money: &Money| {
            let left = self.refundable(*money);
            left > 0 && amount.is_none_or(|amount| amount <= left)
        };
        let meant = [Money::Excess, Money::Late].into_iter().find(covers).unwrap_or(Money::Goods);
        let money = money.unwrap_or(meant);
        let left = self.refundable(money);
        let amount = amount.unwrap_or(left);
        if is_foreign || amount <= 0 || amount > left {
            return Answer::Refused;
        }
        self.open_ticket(money, amount, now);
        Answer::Done
    }

    pub(super) fn approve_refund(&mut self, named: Option<u16>, now: i64) -> Answer {
        let asked = self.open(named).filter(|index| self.tickets[*index].is == TicketIs::Requested);
        let Some(index) = asked else { return Answer::Refused };
        self.tickets[index].is = TicketIs::Approved;
        self.tickets[index].approved_at = now;
        Answer::Done
    }

    pub(super) fn reject_refund(&mut self, named: Option<u16>) -> Answer {
        let Some(index) = self.open(named) else { return Answer::Refused };
        // Nothing was sold for this money, or it may have gone back already.
        let Ticket { money, amount, .. } = self.tickets[index];
        let left = self.refunded + self.pending(Money::Goods) - amount;
        let pays_for_rest = money == Money::Goods && left < self.rest.min(self.captured);
        if pays_for_rest
            || self.tickets[index].is == TicketIs::Approved
            || self.tickets[index].money == Money::Late
            || self.life == Life::Cancelled
        {
            return Answer::Refused;
        }
        self.tickets[index].is = TicketIs::Rejected;
        Answer::Done
    }

    pub(super) fn fail_refund(&mut self, named: Option<u16>) -> Answer {
        let approved = self.open(named).filter(|index| self.tickets[*index].is != TicketIs::Requested);
        let Some(index) = approved else { return Answer::Refused };
        self.tickets[index].is = TicketIs::Failed;
        Answer::Done
    }
}
