//! Histories: random commands that go through the rules, so that only events that can happen do.

use std::collections::HashMap;

use daybook_domain::command::*;
use daybook_domain::event::{
    Adjustment, AdjustmentKind, Clock, Hold, Line, Outcome, PolicySet, ProfileSet, RefundKind, SkuKind, TrackingStatus,
};
use daybook_domain::job::*;
use daybook_domain::policy::Terms;
use daybook_domain::reason::Reason;
use daybook_domain::time::{HOUR_MICROS, SECOND_MICROS};
use daybook_domain::{
    Actor, Command, CommandId, Context, Currency, Decision, Facts, MerchantId, Money, Origin, ReasonCode, Recorded,
    Role, Sealed, Sku, Slot, State, StreamId, Tag, Targets, Timestamp, decide, evolve,
};
use uuid::Uuid;

/// SplitMix64.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.draw() % bound
    }

    pub(crate) fn within(&mut self, low: i64, high: i64) -> i64 {
        low + self.below((high - low).unsigned_abs()).cast_signed()
    }

    pub(crate) fn pick<'a, T>(&mut self, list: &'a [T]) -> &'a T {
        &list[usize::try_from(self.below(list.len() as u64)).unwrap()]
    }

    pub(crate) fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }
}

pub(crate) const T0: i64 = 1_700_000_000 * SECOND_MICROS;

#[derive(Default)]
pub(crate) struct World {
    pub(crate) states: HashMap<StreamId, Option<State>>,
    pub(crate) revisions: HashMap<StreamId, u32>,
    pub(crate) recorded: Vec<Recorded>,
    pub(crate) orders: Vec<StreamId>,
    pub(crate) jobs: Vec<StreamId>,
    pub(crate) now: i64,
    commands: u128,
}

pub(crate) fn merchant(name: &str) -> MerchantId {
    MerchantId::new(name).unwrap()
}

pub(crate) const MERCHANTS: [(&str, Option<&str>); 6] = [
    ("agent", None),
    ("m1", Some("agent")),
    ("m2", Some("agent")),
    ("m11", Some("m1")),
    ("lone", None),
    ("quiet", Some("lone")),
];

impl World {
    pub(crate) fn random(seed: u64, steps: usize) -> Self {
        let mut world = World { now: T0, ..Self::default() };
        let mut random = Random(seed);
        for (id, parent) in MERCHANTS {
            let register = RegisterMerchant { id: merchant(id), name: id.into(), parent: parent.map(merchant) };
            world.act(Command::RegisterMerchant(register), Origin::Live, None);
        }
        let terms = Terms { auto_deliver: Some(true), observe_for: Some(3 * 3_600), ..Terms::default() };
        let set = PolicySet { terms, valid_from: None, valid_to: None };
        world.act(Command::SetPolicy(SetPolicy { merchant: merchant("m1"), set }), Origin::Live, None);
        for _ in 0..steps {
            world.step(&mut random);
        }
        world
    }

    pub(crate) fn step(&mut self, random: &mut Random) {
        // Mostly minutes, sometimes days, sometimes nothing at all.
        self.now += match random.below(10) {
            0 => 0,
            1 => random.within(0, 30 * HOUR_MICROS),
            2 => random.within(0, 10) * SECOND_MICROS,
            _ => random.within(0, HOUR_MICROS / 2),
        };
        if self.commands.is_multiple_of(9) {
            self.bring_a_job_on();
        }
        let is_import = random.chance(30);
        // An import tells of the past, in any order.
        let happened = is_import.then(|| Timestamp(self.now - random.within(0, 400 * HOUR_MICROS)));
        let origin = if is_import { Origin::Import } else { Origin::Live };
        if random.chance(12) {
            return self.act(stock(random), origin, happened);
        }
        if random.chance(3) {
            return self.act(tree(random), Origin::Live, None);
        }
        if random.chance(5) {
            return self.act(token(random), Origin::Live, None);
        }
        let command = if self.orders.is_empty() || random.chance(25) { place(random) } else { self.touch(random) };
        self.act(command, origin, happened);
    }

    /// The newest job's next step, or another job. Draws nothing, so that all else stays as it is without jobs.
    fn bring_a_job_on(&mut self) {
        let newest = self.jobs.last().and_then(|id| match self.states.get(id) {
            Some(Some(State::Job(job))) => Some((*id, job.clone())),
            _ => None,
        });
        let odd = !self.jobs.len().is_multiple_of(2);
        let refusals = |rows| vec![Refusals { code: "ON_HOLD".into(), message: "held".into(), rows }];
        let command = match newest.map(|(id, job)| (id, job.state(), job)) {
            Some((job, JobState::Opening, state)) => {
                let row = |n: u32| JobRow {
                    order: match self.orders.get(n as usize) {
                        Some(order) => RowOrder::Known(*order),
                        None => RowOrder::Unknown {
                            number: daybook_domain::OrderNumber::from_stored("none"),
                            is_ambiguous: odd,
                        },
                    },
                    ticket: odd.then_some(1),
                    carrier: None,
                    tracking_number: None,
                };
                let end = state.total.min(state.selected + 3);
                let rows = (state.selected..end).map(row).collect();
                Command::SelectForJob(SelectForJob { job, first: state.selected, rows })
            }
            Some((job, JobState::Previewing, _)) => Command::PreviewJob(PreviewJob {
                job,
                totals: vec![Money::new(-7, Currency::BRL), Money::new(1 << 40, Currency::CNY)],
                refusals: vec![RefusalCount { code: "ON_HOLD".into(), count: 300 }],
            }),
            Some((job, JobState::Waiting, _)) => Command::StartJob { job },
            Some((job, JobState::Checking, state)) => {
                let refused = if state.total.is_multiple_of(3) { vec![0] } else { Vec::new() };
                let count = u32::try_from(refused.len()).unwrap();
                Command::CheckJob(CheckJob { job, refused: count, refusals: refusals(refused) })
            }
            Some((job, JobState::Running, state)) if state.total == 4 => {
                Command::CancelJob(CancelJob { job, cause: CancelCause::TokenRevoked })
            }
            Some((job, JobState::Running, state)) => {
                Command::AdvanceJob(AdvanceJob { job, next: state.next + 1, refusals: refusals(vec![state.next]) })
            }
            Some((_, JobState::Done | JobState::Refused | JobState::Cancelled, _)) | None => {
                let number = u32::try_from(self.jobs.len()).unwrap();
                Command::OpenJob(OpenJob {
                    asked: [0; 32],
                    action: JobAction::DeliverCards,
                    policy: if odd { ErrorPolicy::RejectAll } else { ErrorPolicy::SkipRefused },
                    merchant: odd.then(|| merchant("m1")),
                    selected_at: self.recorded.len() as u64,
                    total: 1 + number % 5,
                    waits: number % 3 == 1,
                    token: odd.then_some(StreamId(Uuid::from_u128(5))),
                })
            }
        };
        self.act(command, Origin::Live, None);
    }

    pub(crate) fn act(&mut self, command: Command<Sealed>, origin: Origin, occurred_at: Option<Timestamp>) {
        self.commands += 1;
        let command_id = CommandId(Uuid::from_u128(self.commands));
        let context = Context {
            command_id,
            // Now one person, now another; some orders are left to themselves.
            actor: Actor {
                id: Uuid::from_u128(self.commands % 2),
                role: if self.orders.len().is_multiple_of(3) { Role::System } else { Role::Platform },
            },
            origin,
            revision: 0,
            now: Timestamp(self.now),
            occurred_at,
        };
        let targets = Targets::of(&command, command_id);
        let facts = Facts::gather(&command, &targets, |id| self.states.get(&id).and_then(Option::as_ref));
        let Ok(Decision::Commit { events, .. }) = decide(&facts, &command, &targets, &context) else {
            return;
        };
        let commit_end = (self.recorded.len() + events.len()) as u64;
        for new in events {
            let revision = self.revisions.entry(new.stream).or_default();
            *revision += 1;
            if matches!(new.event, daybook_domain::Event::JobOpened(_)) {
                self.jobs.push(new.stream);
            }
            if matches!(new.event, daybook_domain::Event::OrderPlaced(_)) {
                self.orders.push(new.stream);
            }
            let recorded = Recorded {
                position: self.recorded.len() as u64 + 1,
                stream: new.stream,
                revision: *revision,
                version: 1,
                commit_end,
                command_id,
                actor: context.actor,
                origin,
                reason: new.reason,
                causation: None,
                correlation: None,
                recorded_at: context.now,
                occurred_at: context.happened_at(),
                event: new.event,
            };
            evolve(self.states.entry(new.stream).or_default(), &recorded);
            self.recorded.push(recorded);
        }
    }

    pub(crate) fn order(&self, id: StreamId) -> &daybook_domain::Order {
        match self.states.get(&id) {
            Some(Some(State::Order(order))) => order,
            other => panic!("{id} is {other:?}"),
        }
    }

    /// What automation would do about one of the order's clocks, due or not.
    fn ring(&self, order: StreamId, random: &mut Random) -> Command<Sealed> {
        let mut clocks = Vec::new();
        self.order(order).each_pending_clock(|running| clocks.push(running));
        if clocks.is_empty() {
            return Command::Remind { order };
        }
        let running = *random.pick(&clocks);
        match running.clock {
            Clock::Pay => Command::Expire { order },
            Clock::Remind => Command::Remind { order },
            Clock::Deliver => Command::DeliverCards { order },
            Clock::Observe => Command::Close { order },
            clock => Command::Breach { order, clock, ticket: running.ticket },
        }
    }

    fn touch(&mut self, random: &mut Random) -> Command<Sealed> {
        // Mostly the newest orders.
        let newest = self.orders.len().saturating_sub(usize::try_from(random.below(40)).unwrap() + 1);
        let order = if random.chance(70) { self.orders[newest] } else { *random.pick(&self.orders) };
        let state = self.order(order).clone();
        let money = |minor| Money::new(minor, state.currency);
        let reason = Reason { code: *random.pick(&ReasonCode::ALL), text: None };
        let ticket = random.chance(20).then(|| u16::try_from(random.below(4)).unwrap());
        match random.below(23) {
            0..=4 => {
                let due = state.due_minor();
                let minor = if random.chance(80) { due } else { random.within(1, 20_000) };
                let amount = if random.chance(3) { Money::new(minor, Currency::BRL) } else { money(minor) };
                Command::RecordPayment(RecordPayment {
                    order,
                    provider: "pay".into(),
                    trade_number: format!("T{}", random.below(100_000)).into(),
                    amount,
                })
            }
            5..=7 => {
                let lines = random.chance(30).then(|| {
                    vec![daybook_domain::event::ShippedLine {
                        line: 1,
                        quantity: u32::try_from(random.below(3)).unwrap() + 1,
                    }]
                });
                Command::ConfirmShipment(ConfirmShipment { order, lines, carrier: None, tracking_number: None })
            }
            8..=10 => Command::RecordTracking(RecordTracking {
                order,
                shipment: random.chance(60).then(|| u16::try_from(random.below(3)).unwrap() + 1),
                checkpoint: format!("c{}", random.below(50)).into(),
                status: if random.chance(60) {
                    TrackingStatus::Delivered
                } else {
                    *random.pick(TrackingStatus::VARIANTS)
                },
                place: None,
            }),
            11 => Command::RequestRefund(RequestRefund {
                order,
                kind: random.chance(30).then(|| *random.pick(RefundKind::VARIANTS)),
                amount: random.chance(60).then(|| money(random.within(1, 2_000))),
                reason,
            }),
            12 => Command::ApproveRefund(ApproveRefund { order, ticket, note: None }),
            13 => Command::SettleRefund(SettleRefund { order, ticket, provider: None, trade_number: None }),
            14 => match random.below(3) {
                0 => Command::RejectRefund(RejectRefund { order, ticket, reason }),
                1 => Command::FailRefund(FailRefund { order, ticket, failure: "f".into(), note: None }),
                _ => {
                    Command::FailPayment(FailPayment { order, provider: "pay".into(), failure: "f".into(), note: None })
                }
            },
            15 => match random.below(3) {
                0 => Command::Cancel(Cancel { order, reason }),
                1 => Command::Expire { order },
                _ => Command::EditPrice(EditPrice {
                    order,
                    prices: vec![NewPrice { line: 1, unit: money(random.within(1, 9_000)) }],
                    reason,
                }),
            },
            16 => {
                let hold = *random.pick(Hold::VARIANTS);
                if state.holds.contains(hold) || random.chance(30) {
                    Command::ReleaseHold(ReleaseHold { order, hold, reason: None })
                } else {
                    Command::PlaceHold(PlaceHold { order, hold, reason: None })
                }
            }
            18 => self.ring(order, random),
            19 => match random.below(3) {
                0 => Command::DeliverCards { order },
                1 => Command::CompleteTopUp(CompleteTopUp {
                    order,
                    line: random.chance(30).then_some(1),
                    quantity: random.chance(50).then_some(1),
                }),
                _ => Command::FailTopUp(FailTopUp {
                    order,
                    line: None,
                    failure: "f".into(),
                    wrong_account: random.chance(50),
                    note: None,
                }),
            },
            20 => match random.below(3) {
                0 => Command::RequestAddressChange(RequestAddressChange {
                    order,
                    contact: Some(sealed(0)),
                    inputs: Vec::new(),
                    reason: None,
                }),
                1 => Command::ApproveAddressChange(ApproveAddressChange { order, note: None }),
                _ => Command::RejectAddressChange(RejectAddressChange { order, reason }),
            },
            21 => match random.below(2) {
                0 => Command::OpenDispute(OpenDispute { order, reason }),
                _ => Command::ResolveDispute(ResolveDispute {
                    order,
                    outcome: *random.pick(Outcome::VARIANTS),
                    refund: None,
                    reason,
                }),
            },
            17 => Command::AddTag(AddTag {
                order,
                tag: Tag::new(["vip", "gift", "sku-1"][usize::try_from(random.below(3)).unwrap()]).unwrap(),
            }),
            _ => match random.below(2) {
                0 => Command::AddNote(AddNote { order, text: sealed(0) }),
                _ => Command::Rate(Rate { order, score: 5, comment: None }),
            },
        }
    }
}

fn import_cards(merchant: MerchantId, sku: Sku, random: &mut Random) -> Command<Sealed> {
    let card = |_| NewCard { secret: sealed(99), fingerprint: u128::from(random.below(2_000)).to_le_bytes() };
    Command::ImportCards(ImportCards { merchant, sku, cards: (0..12).map(card).collect() })
}

fn sealed(slot: u32) -> Sealed {
    Sealed { slot: Slot(slot), bytes: format!("sealed {slot}").into_bytes() }
}

/// What changes the merchants' tree, and what they tell of themselves; many are refused.
fn tree(random: &mut Random) -> Command<Sealed> {
    let mut one = || merchant(random.pick(&MERCHANTS).0);
    let (merchant, parent) = (one(), one());
    match random.below(9) {
        6.. => {
            let mut said = |texts: &[&str]| random.chance(70).then(|| (*random.pick(texts)).into());
            let set = ProfileSet {
                time_zone: said(&["Asia/Shanghai", "America/Sao_Paulo", "UTC", ""]),
                pay_url: said(&["https://a.example/{number}", "https://b.example/", ""]),
            };
            Command::SetProfile(SetProfile { merchant, set })
        }
        0 => Command::CloseMerchant { merchant },
        1 => Command::ReopenMerchant { merchant },
        2 => Command::ReopenMerchant { merchant: parent },
        _ => Command::MoveMerchant(MoveMerchant { merchant, parent }),
    }
}

fn token(random: &mut Random) -> Command<Sealed> {
    // Few secrets, so that some are revoked and some are refused.
    let secret_sha256 = [u8::try_from(random.below(40)).unwrap(); 32];
    if random.chance(30) {
        return Command::RevokeToken { token: StreamId::token(&secret_sha256) };
    }
    let role = *random.pick(&[Role::Platform, Role::Clerk, Role::Analyst]);
    let whose = (role != Role::Platform).then(|| merchant(random.pick(&MERCHANTS).0));
    Command::IssueToken(IssueToken {
        secret_sha256,
        id: Uuid::from_u128(0x70 + u128::from(secret_sha256[0])),
        role,
        merchant: whose,
        expires_at: random.chance(50).then_some(Timestamp(T0 + 9_000 * HOUR_MICROS)),
        label: "a till".into(),
        buyer: None,
    })
}

fn stock(random: &mut Random) -> Command<Sealed> {
    let (id, _) = *random.pick(&MERCHANTS[..5]);
    let (merchant, sku) = (merchant(id), Sku::new(&format!("sku-{}", random.below(6))).unwrap());
    let units = |most| u32::try_from(most).unwrap();
    match random.below(8) {
        6 | 7 => import_cards(merchant, sku, random),
        0 => Command::CountStock(CountStock { merchant, sku, counted: units(random.below(30)) }),
        1 => Command::SetStockMark(SetStockMark { merchant, sku, low_at: units(random.below(20)) }),
        _ => Command::ReceiveStock(ReceiveStock {
            merchant,
            sku,
            quantity: units(random.below(40)) + 1,
            reference: None,
        }),
    }
}

fn place(random: &mut Random) -> Command<Sealed> {
    let lines = (0..=random.below(3))
        .map(|_| Line {
            sku: Sku::new(&format!("sku-{}", random.below(6))).unwrap(),
            title: format!("title {}", random.below(4)).into(),
            kind: *random.pick(SkuKind::VARIANTS),
            quantity: u32::try_from(random.below(4)).unwrap() + 1,
            unit_minor: random.within(0, 5_000),
            supplier: None,
            inputs: None,
        })
        .collect();
    let adjustments = if random.chance(30) {
        vec![Adjustment { kind: AdjustmentKind::Freight, label: "f".into(), amount_minor: random.within(0, 1_000) }]
    } else {
        Vec::new()
    };
    let (id, _) = *random.pick(&MERCHANTS[..5]);
    let number = daybook_domain::OrderNumber::new(&format!("N{}", random.below(200))).unwrap();
    Command::Place(PlaceOrder {
        merchant: merchant(id),
        number: random.chance(50).then_some(number),
        // One buyer has so many orders that they get a list of their own.
        account: sealed(if random.chance(50) { 7 } else { u32::try_from(random.below(12)).unwrap() }),
        contact: None,
        currency: if random.chance(20) { Currency::BRL } else { Currency::CNY },
        lines,
        adjustments,
    })
}
