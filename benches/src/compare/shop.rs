//! A year of orders at a hundred merchants: the same for Daybook, as history brought in, and for tables. Order `n` follows
//! from `n` alone.

#![expect(clippy::unwrap_used, reason = "a measurement has nobody to tell")]

use std::collections::VecDeque;
use std::fmt::Write as _;

use daybook_domain::command::{
    Cancel, Command, ConfirmShipment, Origin, PlaceOrder, RecordPayment, RecordTracking, RegisterMerchant,
    RequestRefund, SettleRefund,
};
use daybook_domain::event::{Line, RefundKind, SkuKind, TrackingStatus};
use daybook_domain::reason::{Reason, ReasonCode};
use daybook_domain::time::{DAY_MICROS, HOUR_MICROS, MINUTE_MICROS};
use daybook_domain::{CommandId, Currency, Label, MerchantId, Money, OrderNumber, Sku, StreamId, Timestamp};
use daybook_engine::{Engine, Request};
use uuid::Uuid;

use crate::views::source::Random;
use crate::{orders, pages};

/// 2025-01-01 in UTC.
pub(crate) const FROM: i64 = 1_735_689_600_000_000;
pub(crate) const YEAR: i64 = 365 * DAY_MICROS;
pub(crate) const MERCHANTS: u64 = 100;

/// How far an order goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Cancelled,
    Waits,
    Paid,
    Shipped,
    Delivered,
    Refunded,
}

pub(crate) struct Sale {
    pub(crate) n: u64,
    pub(crate) merchant: u64,
    pub(crate) buyer: u64,
    /// SKUs and their prices.
    lines: Vec<(u64, i64)>,
    pub(crate) placed_at: i64,
    fate: Fate,
}

pub(crate) fn sale(n: u64, orders: u64) -> Sale {
    let mut random = Random(n.wrapping_mul(0xD134_2543_DE82_EF95));
    let lines = (0..=random.below(2)).map(|_| (random.skewed(5_000), 100 + random.skewed(100_000).cast_signed()));
    let lines = lines.collect();
    let fate = match random.below(100) {
        0..10 => Fate::Cancelled,
        10..13 => Fate::Waits,
        13..20 => Fate::Paid,
        20..30 => Fate::Shipped,
        30..95 => Fate::Delivered,
        _ => Fate::Refunded,
    };
    let gap = YEAR / orders.cast_signed();
    let placed_at = FROM + gap * n.cast_signed() + random.span(gap);
    Sale { n, merchant: random.skewed(MERCHANTS), buyer: random.below(orders / 5 + 10), lines, placed_at, fate }
}

impl Sale {
    pub(crate) fn merchant_id(&self) -> String {
        format!("m{:02}", self.merchant)
    }

    pub(crate) fn number(&self) -> String {
        number(self.n)
    }

    pub(crate) fn account(&self) -> String {
        account(self.buyer)
    }

    pub(crate) fn total_minor(&self) -> i64 {
        self.lines.iter().map(|line| line.1).sum()
    }

    fn label(&self) -> Label {
        match self.fate {
            Fate::Cancelled => Label::Cancelled,
            Fate::Waits => Label::AwaitingPayment,
            Fate::Paid => Label::ToShip,
            Fate::Shipped => Label::Shipped,
            Fate::Delivered => Label::Completed,
            Fate::Refunded => Label::Refunded,
        }
    }

    fn paid_at(&self) -> Option<i64> {
        (!matches!(self.fate, Fate::Cancelled | Fate::Waits)).then_some(self.placed_at + 5 * MINUTE_MICROS)
    }

    fn refunded_at(&self) -> Option<i64> {
        (self.fate == Fate::Refunded).then_some(self.placed_at + 3 * DAY_MICROS)
    }

    /// What `COPY` reads into `orders`, and into `order_lines`.
    pub(crate) fn rows(&self) -> (String, String) {
        let time = |at: Option<i64>| match at.and_then(chrono::DateTime::from_timestamp_micros) {
            Some(at) => at.format("%Y-%m-%d %H:%M:%S%.6f+00").to_string(),
            None => "\\N".into(),
        };
        let paid = self.paid_at().map_or_else(|| "\\N".into(), |_| self.total_minor().to_string());
        let order = format!(
            "{}\t{}\t{}\t{}\t{}\t{}\tCNY\t{}\t{}\t{}\t{paid}\t{}\t{}\n",
            self.n + 1,
            command_id(self.n, 0).0,
            self.merchant_id(),
            self.number(),
            self.account(),
            self.label() as u8,
            self.total_minor(),
            time(Some(self.placed_at)),
            time(self.paid_at()),
            time(self.refunded_at()),
            self.commands(&MerchantId::new(&self.merchant_id()).unwrap()).len()
        );
        let mut lines = String::new();
        for (line, (sku, minor)) in (1..).zip(&self.lines) {
            let id = self.n + 1;
            writeln!(lines, "{id}\t{line}\tsku-{sku:05}\tGame card number {sku}\t1\t1\t{minor}").unwrap();
        }
        (order, lines)
    }

    /// What happened to it, and when.
    fn commands(&self, merchant: &MerchantId) -> Vec<(i64, Command<String>)> {
        let line = |&(sku, unit_minor): &(u64, i64)| Line {
            sku: Sku::new(&format!("sku-{sku:05}")).unwrap(),
            title: format!("Game card number {sku}").into(),
            kind: SkuKind::Physical,
            quantity: 1,
            unit_minor,
            supplier: None,
            inputs: None,
        };
        let number = OrderNumber::new(&self.number()).unwrap();
        let order = StreamId::order(merchant, &number);
        let place = PlaceOrder {
            merchant: merchant.clone(),
            number: Some(number),
            account: self.account(),
            contact: None,
            currency: Currency::CNY,
            lines: self.lines.iter().map(line).collect(),
            adjustments: Vec::new(),
        };
        let mut all = vec![(self.placed_at, Command::Place(place))];
        let reason = |code| Reason { code, text: None };
        if self.fate == Fate::Cancelled {
            let cancel = Cancel { order, reason: reason(ReasonCode::BuyerRequest) };
            all.push((self.placed_at + HOUR_MICROS, Command::Cancel(cancel)));
        }
        let total = Money::new(self.total_minor(), Currency::CNY);
        if let Some(at) = self.paid_at() {
            let trade_number = format!("2025{:016}", self.n).into();
            let pay = RecordPayment { order, provider: "alipay".into(), trade_number, amount: total };
            all.push((at, Command::RecordPayment(pay)));
        }
        if matches!(self.fate, Fate::Shipped | Fate::Delivered | Fate::Refunded) {
            let tracking_number = Some(format!("SF{:012}", self.n).into());
            let ship = ConfirmShipment { order, lines: None, carrier: Some("SF Express".into()), tracking_number };
            all.push((self.placed_at + 5 * HOUR_MICROS, Command::ConfirmShipment(ship)));
        }
        if self.fate == Fate::Delivered {
            let (checkpoint, status) = ("signed for".into(), TrackingStatus::Delivered);
            let track = RecordTracking { order, shipment: None, checkpoint, status, place: None };
            all.push((self.placed_at + 2 * DAY_MICROS, Command::RecordTracking(track)));
        }
        if let Some(at) = self.refunded_at() {
            let (kind, amount) = (Some(RefundKind::Goods), Some(total));
            let ask = RequestRefund { order, kind, amount, reason: reason(ReasonCode::BuyerRequest) };
            all.push((at - DAY_MICROS, Command::RequestRefund(ask)));
            let settle = SettleRefund { order, ticket: None, provider: None, trade_number: None };
            all.push((at, Command::SettleRefund(settle)));
        }
        all
    }
}

pub(crate) fn number(n: u64) -> String {
    format!("N-{n}")
}

pub(crate) fn account(buyer: u64) -> String {
    format!("buyer-{buyer}@example.com")
}

fn command_id(n: u64, step: u64) -> CommandId {
    CommandId(Uuid::from_u64_pair(n.wrapping_mul(0x9E37_79B9_7F4A_7C15), n << 4 | step))
}

/// Ids and names of all merchants; the first is above the others.
pub(crate) fn merchants() -> Vec<(String, String)> {
    let shops = (0..MERCHANTS).map(|n| (format!("m{n:02}"), "A shop".to_owned()));
    std::iter::once(("top".to_owned(), "Top".to_owned())).chain(shops).collect()
}

/// Brings all of it into a new ledger, as history.
pub(crate) fn bring_in(engine: &Engine, count: u64) {
    let top = MerchantId::new("top").unwrap();
    let mut waiting = VecDeque::new();
    let setup = merchants().into_iter().map(|(id, name)| {
        let parent = (id != "top").then(|| top.clone());
        Command::RegisterMerchant(RegisterMerchant { id: MerchantId::new(&id).unwrap(), name: name.into(), parent })
    });
    for (n, command) in (0_u128..).zip(std::iter::once(pages::token()).chain(setup)) {
        let request = Request::live(CommandId(Uuid::from_u128(n << 64 | 0xFFFF_FFFF)), orders::ACTOR, command);
        engine.submit(request).wait().unwrap();
    }
    for n in 0..count {
        let sale = sale(n, count);
        let merchant = MerchantId::new(&sale.merchant_id()).unwrap();
        for (step, (at, command)) in (0..).zip(sale.commands(&merchant)) {
            let mut request = Request::live(command_id(n, step), orders::ACTOR, command);
            request.origin = Origin::Import;
            request.occurred_at = Some(Timestamp(at));
            waiting.push_back(engine.submit(request));
        }
        while waiting.len() > 4_096 {
            waiting.pop_front().unwrap().wait().unwrap();
        }
    }
    for pending in waiting {
        pending.wait().unwrap();
    }
}
