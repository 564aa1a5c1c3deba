//! Events of orders over a year, made as they are asked for.

#![expect(clippy::unwrap_used, reason = "a measurement has nobody to tell")]

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use daybook_domain::event::*;
use daybook_domain::time::{DAY_MICROS, HOUR_MICROS, MINUTE_MICROS};
use daybook_domain::*;
use uuid::Uuid;

pub(crate) const T0: i64 = 1_700_000_000_000_000;
pub(crate) const YEAR: i64 = 365 * DAY_MICROS;
pub(crate) const AGENTS: u64 = 10;
pub(crate) const MERCHANTS: u64 = 200;
pub(crate) const SKUS: u64 = 5_000;

pub(crate) struct Random(pub(crate) u64);

impl Random {
    fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.draw() % bound
    }

    /// The low numbers much more often than the high ones.
    pub(crate) fn skewed(&mut self, bound: u64) -> u64 {
        let most = self.below(bound) + 1;
        self.below(most)
    }

    pub(crate) fn span(&mut self, micros: i64) -> i64 {
        self.below(micros.unsigned_abs()).cast_signed()
    }
}

/// Spread over the whole range, as derived ids are.
pub(crate) fn stream_of(order: u64) -> StreamId {
    StreamId(Uuid::from_u128(u128::from(order).wrapping_mul(0x9E37_79B9_7F4A_7C15_F39C_C060_5CED_C835)))
}

pub(crate) fn agent(n: u64) -> MerchantId {
    MerchantId::new(&format!("agent-{n}")).unwrap()
}

pub(crate) fn merchant(n: u64) -> MerchantId {
    MerchantId::new(&format!("merchant-{n}")).unwrap()
}

pub(crate) fn sku(n: u64) -> Sku {
    Sku::new(&format!("sku-{n:05}")).unwrap()
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Step {
    Place,
    Pay,
    Hold,
    Ship,
    Deliver,
    Complete,
    Refund,
    Settle,
    Cancel,
}

/// Orders that come over a year, each going its way, their events in the order of time.
pub(crate) struct Source {
    random: Random,
    orders: u64,
    placed: u64,
    position: u64,
    revisions: Vec<u32>,
    totals: Vec<i64>,
    queue: BinaryHeap<Reverse<(i64, u64, Step)>>,
}

impl Source {
    pub(crate) fn new(orders: u64) -> Self {
        let queue = BinaryHeap::from([Reverse((T0, 0, Step::Place))]);
        Self { random: Random(1), orders, placed: 0, position: 0, revisions: vec![], totals: vec![], queue }
    }

    pub(crate) fn merchants(&mut self) -> Vec<Recorded> {
        let mut all = Vec::new();
        for n in 0..AGENTS {
            let event = MerchantRegistered { id: agent(n), name: "an agent".into(), ancestors: vec![] };
            all.push(self.recorded(StreamId::merchant(&agent(n)), 1, T0, event.into()));
        }
        for n in 0..MERCHANTS {
            let event =
                MerchantRegistered { id: merchant(n), name: "a shop".into(), ancestors: vec![agent(n % AGENTS)] };
            all.push(self.recorded(StreamId::merchant(&merchant(n)), 1, T0, event.into()));
        }
        all
    }

    fn recorded(&mut self, stream: StreamId, revision: u32, at: i64, event: Event) -> Recorded {
        self.position += 1;
        Recorded {
            position: self.position,
            stream,
            revision,
            version: 1,
            commit_end: self.position,
            command_id: CommandId(Uuid::nil()),
            actor: Actor { id: Uuid::nil(), role: Role::System },
            origin: Origin::Live,
            reason: None,
            causation: None,
            correlation: None,
            recorded_at: Timestamp(at),
            occurred_at: Timestamp(at),
            event,
        }
    }

    /// The next order, which nobody pays; nothing else happens.
    pub(crate) fn next_placed(&mut self) -> Option<Recorded> {
        if self.placed == self.orders {
            return None;
        }
        let order = self.placed;
        self.placed += 1;
        let at = T0 + YEAR / self.orders.cast_signed() * order.cast_signed();
        let event = self.place(order, at).into();
        Some(self.recorded(stream_of(order), 1, at, event))
    }

    pub(crate) fn next(&mut self) -> Option<Recorded> {
        let Reverse((at, order, step)) = self.queue.pop()?;
        if step == Step::Place {
            self.totals.push(0);
            self.revisions.push(0);
            self.placed += 1;
            if self.placed < self.orders {
                let gap = YEAR / self.orders.cast_signed();
                let next = at + gap / 2 + self.random.span(gap);
                self.queue.push(Reverse((next, self.placed, Step::Place)));
            }
        }
        let event = self.event(order, at, step);
        let stream = stream_of(order);
        let revision = &mut self.revisions[usize::try_from(order).unwrap()];
        *revision += 1;
        let revision = *revision;
        Some(self.recorded(stream, revision, at, event))
    }

    fn event(&mut self, order: u64, at: i64, step: Step) -> Event {
        let chance = self.random.below(1000);
        let index = usize::try_from(order).unwrap();
        let then = |source: &mut Self, step, within| {
            let at = at + 1_000_000 + source.random.span(within);
            source.queue.push(Reverse((at, order, step)));
        };
        match step {
            Step::Place => {
                match chance {
                    0..100 => then(self, Step::Cancel, HOUR_MICROS),
                    100..110 => {}
                    _ => then(self, Step::Pay, 30 * MINUTE_MICROS),
                }
                let placed = self.place(order, at);
                self.totals[index] = placed.lines.iter().map(|line| line.unit_minor * i64::from(line.quantity)).sum();
                placed.into()
            }
            Step::Pay => {
                let partial = chance < 5;
                if chance < 20 {
                    then(self, Step::Hold, HOUR_MICROS);
                } else if !partial {
                    then(self, Step::Ship, 20 * HOUR_MICROS);
                }
                PaymentCaptured {
                    provider: "alipay".into(),
                    trade_number: "2026112422001".into(),
                    amount_minor: if partial { 1 } else { self.totals[index] },
                    excess_minor: 0,
                    ship_due: (!partial)
                        .then(|| ShipDue { virtual_by: Some(Timestamp(at + 2 * HOUR_MICROS)), collect_by: None }),
                }
                .into()
            }
            Step::Hold => HoldPlaced { hold: Hold::Risk, note: None }.into(),
            Step::Ship => {
                then(self, if chance < 30 { Step::Refund } else { Step::Deliver }, 3 * DAY_MICROS);
                let lines = vec![ShippedLine { line: 1, quantity: 1 }, ShippedLine { line: 2, quantity: 1 }];
                ShipmentConfirmed { shipment: 1, lines, carrier: None, tracking_number: None }.into()
            }
            Step::Deliver => {
                if chance < 500 {
                    then(self, Step::Complete, MINUTE_MICROS);
                }
                Delivered { shipment: 1 }.into()
            }
            Step::Complete => OrderCompleted {}.into(),
            Step::Refund => {
                then(self, Step::Settle, DAY_MICROS);
                let amount_minor = self.totals[index] / if chance < 300 { 2 } else { 1 };
                let due = Timestamp(at + 12 * HOUR_MICROS);
                let due = Some(RefundDue { answer_by: due, escalate_at: due });
                RefundRequested { ticket: 1, kind: RefundKind::Goods, amount_minor, due, note: None }.into()
            }
            Step::Settle => {
                let amount_minor = self.totals[index];
                RefundSettled { ticket: 1, amount_minor, provider: None, trade_number: None }.into()
            }
            Step::Cancel => match chance {
                0..20 => TagAdded { tag: Tag::new("vip").unwrap() }.into(),
                _ => OrderCancelled { note: None }.into(),
            },
        }
    }

    fn place(&mut self, order: u64, at: i64) -> OrderPlaced {
        let shop = self.random.skewed(MERCHANTS);
        let lines = (0..=self.random.below(2))
            .map(|_| {
                let n = self.random.skewed(SKUS);
                Line {
                    sku: sku(n),
                    title: format!("Game card number {n}").into(),
                    kind: if n.is_multiple_of(3) { SkuKind::Physical } else { SkuKind::Card },
                    quantity: 1,
                    unit_minor: 100 + self.random.skewed(100_000).cast_signed(),
                    supplier: None,
                    inputs: None,
                }
            })
            .collect();
        // A third of the orders are a buyer's first; one in a hundred comes from a reseller.
        let buyer = match self.random.below(100) {
            0 => 0,
            _ => self.random.skewed(order / 3 + 10),
        };
        OrderPlaced {
            merchant: merchant(shop),
            ancestors: vec![agent(shop % AGENTS)],
            number: OrderNumber::new(&format!("20261124{order:010}")).unwrap(),
            account: Sealed { slot: Slot(u32::try_from(buyer).unwrap()), bytes: vec![7; 60] },
            contact: None,
            currency: Currency::CNY,
            lines,
            adjustments: vec![],
            pay_due: Some(PayDue {
                pay_by: Timestamp(at + 30 * MINUTE_MICROS),
                remind_at: Timestamp(at + 10 * MINUTE_MICROS),
            }),
            ship_due: None,
            reserved: Vec::new(),
        }
    }
}
