//! What a small shop does, as somebody would write it who knows what the commands mean, not how they are decided:
//! plain facts, whole minutes, sums made anew each time. It calls nothing of the rules.

mod after;
mod goods;
mod money;
mod order;
mod stock;

use std::collections::{BTreeMap, BTreeSet};

pub(crate) use order::{Booked, Life, Line, Order, Parcel, Ticket, TicketIs};
pub(crate) use stock::Shelf;

/// The merchants of the shop, and the orders there may be; every second order is the other merchant's.
pub(crate) const MERCHANTS: usize = 2;
pub(crate) const ORDERS: usize = 4;
/// A card, a top-up, a parcel: what a unit costs.
pub(crate) const PRICES: [i64; 3] = [100, 250, 500];
pub(crate) const CARD: usize = 0;
pub(crate) const TOP_UP: usize = 1;
pub(crate) const PARCEL: usize = 2;

/// Holds by their place.
pub(crate) const STOCK: usize = 0;
pub(crate) const ADDRESS: usize = 1;
pub(crate) const PAYMENT: usize = 2;
pub(crate) const RISK: usize = 3;

pub(crate) const DAY: i64 = 24 * 60;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Money {
    Goods,
    Excess,
    Late,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Clock {
    Pay,
    ShipVirtual,
    Collect,
    AnswerRefund,
    EscalateRefund,
    PayRefund,
}

/// What is asked of one order, or of the stock of its merchant. Lines, parcels and tickets count from 1.
#[derive(Clone, Debug)]
pub(crate) enum Ask {
    Place { lines: Vec<(usize, u32)>, is_free: bool },
    EditPrice { line: u16, unit: i64 },
    Pay { amount: i64, is_foreign: bool, trade: u32 },
    FailPayment,
    Expire,
    Remind,
    Cancel,
    CancelRest,
    Hold(usize),
    Release(usize),
    Ship { lines: Option<Vec<(u16, u32)>>, is_tracked: bool },
    Track { parcel: Option<u16>, checkpoint: u8, status: u8 },
    Deliver,
    Reveal,
    TopUp { line: Option<u16>, quantity: Option<u32> },
    FailTopUp { line: Option<u16>, is_wrong: bool },
    RequestChange { line: Option<u16> },
    ApproveChange,
    RejectChange,
    Dispute,
    Evidence,
    Resolve { for_buyer: bool, amount: Option<i64> },
    Close,
    Breach { clock: Clock, ticket: Option<u16> },
    RequestRefund { money: Option<Money>, amount: Option<i64>, is_foreign: bool },
    ApproveRefund(Option<u16>),
    RejectRefund(Option<u16>),
    SettleRefund { ticket: Option<u16>, trade: Option<u32> },
    FailRefund(Option<u16>),
    Rate,
    Receive { sku: usize, quantity: u32 },
    Count { sku: usize, counted: u32 },
    Import { cards: Vec<u8> },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    Done,
    /// It was done before, and is done once.
    Repeated,
    Refused,
}

pub(crate) fn done_if(done: bool) -> Answer {
    if done { Answer::Done } else { Answer::Refused }
}

#[derive(Debug)]
pub(crate) struct Shop {
    /// Minutes since the shop opened.
    pub(crate) now: i64,
    /// One tree counts trade numbers and cards together; else each merchant counts for itself.
    is_one_tree: bool,
    pub(crate) shelves: [[Shelf; 3]; MERCHANTS],
    pub(crate) orders: BTreeMap<usize, Order>,
    /// Tree and trade number: which order, how much, whether in another currency.
    pub(crate) trades: BTreeMap<(usize, u32), (usize, i64, bool)>,
    /// Tree and trade number: which order, how much.
    pub(crate) payouts: BTreeMap<(usize, u32), (usize, i64)>,
    secrets: BTreeSet<(usize, u8)>,
}

impl Shop {
    pub(crate) fn new(is_one_tree: bool) -> Self {
        Self {
            now: 0,
            is_one_tree,
            shelves: Default::default(),
            orders: BTreeMap::new(),
            trades: BTreeMap::new(),
            payouts: BTreeMap::new(),
            secrets: BTreeSet::new(),
        }
    }

    pub(crate) fn merchant_of(slot: usize) -> usize {
        slot % MERCHANTS
    }

    fn tree_of(&self, slot: usize) -> usize {
        if self.is_one_tree { 0 } else { Self::merchant_of(slot) }
    }

    /// Time goes on; the clocks of shipping stand still for what is on hold for a reason that is not the stock.
    pub(crate) fn wait(&mut self, minutes: i64) {
        self.now += minutes;
        for order in self.orders.values_mut() {
            if order.holds[ADDRESS] || order.holds[PAYMENT] || order.holds[RISK] {
                order.stood_still += minutes;
            }
        }
    }

    /// Minutes since the order was placed.
    pub(crate) fn age(&self, slot: usize) -> i64 {
        self.orders.get(&slot).map_or(0, |order| self.now - order.placed_at)
    }

    pub(crate) fn ask(&mut self, slot: usize, actor: u8, ask: &Ask) -> Answer {
        match ask {
            Ask::Place { lines, is_free } => return self.place(slot, lines, *is_free),
            Ask::Receive { sku, quantity } => return self.receive(slot, *sku, *quantity),
            Ask::Count { sku, counted } => return self.count(slot, *sku, *counted),
            Ask::Import { cards } => return self.import(slot, cards),
            _ => {}
        }
        let now = self.now;
        match ask {
            Ask::Pay { amount, is_foreign, trade } => return self.pay(slot, *amount, *is_foreign, *trade),
            Ask::Hold(hold) => return self.hold(slot, *hold),
            Ask::CancelRest => return self.cancel_rest(slot),
            Ask::Release(hold) => return self.release(slot, *hold),
            Ask::Deliver => return self.deliver(slot),
            Ask::SettleRefund { ticket, trade } => return self.settle_refund(slot, *ticket, *trade),
            _ => {}
        }
        let has_cards = self.shelves[Self::merchant_of(slot)][CARD].cards > 0;
        let Some(order) = self.orders.get_mut(&slot) else { return Answer::Refused };
        match ask {
            Ask::EditPrice { line, unit } => order.edit(*line, *unit),
            Ask::FailPayment => order.fail_payment(now),
            Ask::Expire => order.expire(now),
            Ask::Remind => order.remind(now),
            Ask::Cancel => order.cancel(now),
            Ask::Ship { lines, is_tracked } => order.ship(lines.as_deref(), *is_tracked, has_cards, now),
            Ask::Track { parcel, checkpoint, status } => order.track(*parcel, *checkpoint, *status, now),
            Ask::Reveal => done_if(!order.cards.is_empty()),
            Ask::TopUp { line, quantity } => order.top_up(*line, *quantity, now),
            Ask::FailTopUp { line, is_wrong } => order.fail_top_up(*line, *is_wrong),
            Ask::RequestChange { line } => order.ask_change(*line, actor),
            Ask::ApproveChange | Ask::RejectChange => order.decide_change(actor),
            Ask::Dispute => order.dispute(now),
            Ask::Evidence => done_if(order.is_disputed),
            Ask::Resolve { for_buyer, amount } => order.resolve(*for_buyer, *amount, now),
            Ask::Close => order.close(now),
            Ask::Breach { clock, ticket } => order.breach(*clock, *ticket, now),
            Ask::RequestRefund { money, amount, is_foreign } => order.ask_refund(*money, *amount, *is_foreign, now),
            Ask::ApproveRefund(ticket) => order.approve_refund(*ticket, now),
            Ask::RejectRefund(ticket) => order.reject_refund(*ticket),
            Ask::FailRefund(ticket) => order.fail_refund(*ticket),
            Ask::Rate => order.rate(now),
            other => panic!("answered above: {other:?}"),
        }
    }
}
