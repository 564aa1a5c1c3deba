//! What to ask next: mostly what an order is ready for, often anything at all.

use crate::oracle::*;

/// Numbers that follow from a seed (splitmix64).
pub(super) struct Luck(pub(super) u64);

impl Luck {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Below `end`.
    pub(super) fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % end as u64).unwrap()
    }

    pub(super) fn one_in(&mut self, chances: usize) -> bool {
        self.below(chances) == 0
    }

    pub(super) fn pick<T: Clone>(&mut self, of: &[T]) -> T {
        of[self.below(of.len())].clone()
    }

    fn small<T: TryFrom<usize>>(&mut self, from: usize, end: usize) -> T {
        T::try_from(from + self.below(end - from)).ok().unwrap()
    }

    fn maybe<T>(&mut self, value: T) -> Option<T> {
        (!self.one_in(2)).then_some(value)
    }
}

/// How long nothing happens.
pub(super) fn minutes(luck: &mut Luck) -> i64 {
    luck.pick(&[0, 0, 0, 0, 0, 0, 1, 7, 7, 31, 61, 2 * 60, 13 * 60, DAY, 8 * DAY])
}

/// Which order, who acts, what is asked.
pub(super) fn step(luck: &mut Luck, shop: &Shop, orders: usize) -> (usize, u8, Ask) {
    let (slot, actor) = (luck.below(orders), luck.small(1, 4));
    if luck.one_in(12) {
        return (slot, actor, of_stock(luck));
    }
    if luck.one_in(12) && !shop.trades.is_empty() {
        let (slot, ask) = pay_again(luck, shop, slot);
        return (slot, actor, ask);
    }
    if luck.one_in(10) && !shop.payouts.is_empty() {
        let (slot, ask) = settle_again(luck, shop, slot);
        return (slot, actor, ask);
    }
    let ask = match shop.orders.get(&slot) {
        None if luck.one_in(20) => anything(luck, None),
        None => place(luck),
        Some(order) if luck.one_in(3) => anything(luck, Some(order)),
        Some(order) => ready_for(luck, order),
    };
    (slot, actor, ask)
}

/// A provider tells of money when it can: minutes or days after it moved, though not before the order was there.
pub(super) fn lag(luck: &mut Luck, ask: &Ask, age: i64) -> i64 {
    let is_told = matches!(ask, Ask::Pay { .. } | Ask::FailPayment);
    if is_told && luck.one_in(3) { luck.pick(&[1, 20, 90, DAY, 3 * DAY]).min(age) } else { 0 }
}

pub(super) fn of_stock(luck: &mut Luck) -> Ask {
    match luck.below(4) {
        0 => Ask::Receive { sku: luck.below(3), quantity: luck.small(1, 6) },
        1 => Ask::Count { sku: luck.below(3), counted: luck.small(0, 8) },
        _ => {
            let count = 1 + luck.below(6);
            Ask::Import { cards: (0..count).map(|_| luck.small(0, 40)).collect() }
        }
    }
}

fn place(luck: &mut Luck) -> Ask {
    let count = 1 + luck.below(3);
    let lines = (0..count).map(|_| (luck.below(3), luck.small(1, 4))).collect();
    Ask::Place { lines, is_free: luck.one_in(10) }
}

/// A payment told again: exactly, or with something else under the same number.
fn pay_again(luck: &mut Luck, shop: &Shop, slot: usize) -> (usize, Ask) {
    let told: Vec<_> = shop.trades.iter().collect();
    let (&(_, trade), &(of, amount, is_foreign)) = luck.pick(&told);
    match luck.below(6) {
        0 => (slot, Ask::Pay { amount, is_foreign, trade }),
        1 => (of, Ask::Pay { amount: amount + 1, is_foreign, trade }),
        2 => (of, Ask::Pay { amount, is_foreign: !is_foreign, trade }),
        _ => (of, Ask::Pay { amount, is_foreign, trade }),
    }
}

/// A refund that was paid out, told again: of its order, or of another one.
fn settle_again(luck: &mut Luck, shop: &Shop, slot: usize) -> (usize, Ask) {
    let told: Vec<_> = shop.payouts.iter().collect();
    let (&(_, trade), &(of, _)) = luck.pick(&told);
    let ticket = luck.pick(&[None, None, Some(1), Some(2)]);
    (if luck.one_in(4) { slot } else { of }, Ask::SettleRefund { ticket, trade: Some(trade) })
}

fn pay(luck: &mut Luck, order: &Order) -> Ask {
    let (due, total) = (order.due().max(1), order.total().max(1));
    let amount = luck.pick(&[due, due, due, due, due, (due / 2).max(1), due + 70, total, 1]);
    Ask::Pay { amount, is_foreign: luck.one_in(15), trade: luck.small(0, 60) }
}

/// What the order waits for.
fn ready_for(luck: &mut Luck, order: &Order) -> Ask {
    if let Some(ticket) = order.tickets.iter().position(Ticket::is_open) {
        let is_asked = order.tickets[ticket].is == TicketIs::Requested;
        let named = Some(u16::try_from(ticket + 1).unwrap());
        let ticket = if luck.one_in(2) { named } else { None };
        return match luck.below(8) {
            0 => Ask::RejectRefund(ticket),
            1 => Ask::FailRefund(ticket),
            _ if is_asked => Ask::ApproveRefund(ticket),
            _ => Ask::SettleRefund { ticket, trade: if luck.one_in(2) { Some(luck.small(0, 9)) } else { None } },
        };
    }
    if order.life == Life::Cancelled {
        return pay(luck, order);
    }
    if order.change_by.is_some() {
        return luck.pick(&[Ask::ApproveChange, Ask::ApproveChange, Ask::RejectChange]);
    }
    if let Some(hold) = order.holds.iter().position(|held| *held) {
        // Whatever it waits for may come.
        if order.booked == Booked::Waiting && luck.one_in(2) {
            return Ask::Receive { sku: luck.pick(&order.units).0, quantity: luck.small(3, 8) };
        }
        return if luck.one_in(4) { pay(luck, order) } else { Ask::Release(hold) };
    }
    if order.is_disputed {
        let for_buyer = luck.one_in(2);
        return luck.pick(&[
            Ask::Evidence,
            Ask::Resolve { for_buyer, amount: None },
            Ask::Resolve { for_buyer, amount: None },
        ]);
    }
    if order.is_delivered {
        let refund = Ask::RequestRefund { money: None, amount: None, is_foreign: false };
        return luck.pick(&[Ask::Close, Ask::Close, Ask::Dispute, Ask::Rate, Ask::Reveal, refund]);
    }
    if order.paid_at.is_none() {
        return if luck.one_in(5) {
            luck.pick(&[Ask::Expire, Ask::Remind, Ask::FailPayment])
        } else {
            pay(luck, order)
        };
    }
    if order.lines.iter().any(|line| line.left < line.quantity && line.left > 0) && luck.one_in(4) {
        return Ask::CancelRest;
    }
    if let Some(line) = order.lines.iter().position(|line| line.left > 0) {
        let number = Some(u16::try_from(line + 1).unwrap());
        return match order.lines[line].sku {
            CARD => Ask::Deliver,
            TOP_UP => Ask::TopUp { line: number, quantity: None },
            _ => Ask::Ship { lines: None, is_tracked: luck.one_in(2) },
        };
    }
    let waiting = order.parcels.iter().position(|parcel| !parcel.has_arrived()).map(|place| place + 1);
    let parcel = waiting.map(|number| u16::try_from(number).unwrap());
    Ask::Track { parcel, checkpoint: luck.small(0, 30), status: luck.pick(&[1, 2, 4, 4, 4]) }
}

/// Anything, ready or not.
fn anything(luck: &mut Luck, order: Option<&Order>) -> Ask {
    let line = luck.small(0, 4);
    let named_line = luck.maybe(line);
    let ticket = luck.small(0, 4);
    let ticket = luck.maybe(ticket);
    let amount = luck.pick(&[1, 50, 100, 250, 500, 5_000]);
    let some = luck.maybe(amount);
    match luck.below(33) {
        32 => Ask::CancelRest,
        0 => place(luck),
        1 => Ask::EditPrice { line, unit: luck.pick(&[0, 1, 90, 400]) },
        2 | 3 => order.map_or(Ask::Expire, |order| pay(luck, order)),
        4 => Ask::FailPayment,
        5 => Ask::Expire,
        6 => Ask::Remind,
        7 => Ask::Cancel,
        8 | 9 => Ask::Hold(luck.below(4)),
        10 => Ask::Release(luck.below(4)),
        11 | 12 => {
            let lines = vec![(line, luck.small(1, 4)), (luck.small(1, 4), 1)];
            let lines = luck.maybe(lines);
            Ask::Ship { lines, is_tracked: luck.one_in(2) }
        }
        13 => Ask::Track { parcel: named_line, checkpoint: luck.small(0, 30), status: luck.small(1, 5) },
        14 => Ask::Deliver,
        15 => Ask::Reveal,
        16 => Ask::TopUp { line: named_line, quantity: luck.pick(&[None, Some(0), Some(1), Some(2)]) },
        17 => Ask::FailTopUp { line: named_line, is_wrong: luck.one_in(2) },
        18 => Ask::RequestChange { line: if luck.one_in(3) { Some(line) } else { None } },
        19 => luck.pick(&[Ask::ApproveChange, Ask::RejectChange]),
        20 => luck.pick(&[Ask::Dispute, Ask::Evidence, Ask::Close, Ask::Rate]),
        21 => Ask::Resolve { for_buyer: luck.one_in(2), amount: some },
        22..=25 => {
            let clocks =
                [Clock::ShipVirtual, Clock::Collect, Clock::AnswerRefund, Clock::EscalateRefund, Clock::PayRefund];
            let clock = if luck.one_in(20) { Clock::Pay } else { luck.pick(&clocks) };
            let is_of_ticket = !matches!(clock, Clock::ShipVirtual | Clock::Collect);
            let usual = if is_of_ticket { Some(1) } else { None };
            Ask::Breach { clock, ticket: if luck.one_in(4) { ticket } else { usual } }
        }
        26 | 27 => {
            let money = luck.pick(&[None, None, Some(Money::Goods), Some(Money::Excess), Some(Money::Late)]);
            Ask::RequestRefund { money, amount: some, is_foreign: some.is_some() && luck.one_in(20) }
        }
        28 => Ask::ApproveRefund(ticket),
        29 => Ask::RejectRefund(ticket),
        30 => Ask::SettleRefund { ticket, trade: if luck.one_in(2) { Some(luck.small(0, 9)) } else { None } },
        _ => Ask::FailRefund(ticket),
    }
}
