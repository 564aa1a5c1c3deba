//! What the views cost at a million orders: `cargo run --release -p daybook-views --example views_bench [ORDERS]`.

#![expect(clippy::unwrap_used, reason = "a measurement has nobody to tell")]

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::time::{Duration, Instant};

use daybook_domain::event::*;
use daybook_domain::order::Payment;
use daybook_domain::time::{DAY_MICROS, HOUR_MICROS, MINUTE_MICROS};
use daybook_domain::*;
use daybook_views::Views;
use daybook_views::checkpoint::{ChunkId, Since};
use daybook_views::query::*;
use daybook_views::store::Store;
use uuid::Uuid;

const T0: i64 = 1_700_000_000_000_000;
const YEAR: i64 = 365 * DAY_MICROS;
const AGENTS: u64 = 10;
const MERCHANTS: u64 = 200;
const SKUS: u64 = 5_000;

struct Random(u64);

impl Random {
    fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.draw() % bound
    }

    /// The low numbers much more often than the high ones.
    fn skewed(&mut self, bound: u64) -> u64 {
        let most = self.below(bound) + 1;
        self.below(most)
    }

    fn span(&mut self, micros: i64) -> i64 {
        self.below(micros.unsigned_abs()).cast_signed()
    }
}

fn agent(n: u64) -> MerchantId {
    MerchantId::new(&format!("agent-{n}")).unwrap()
}

fn merchant(n: u64) -> MerchantId {
    MerchantId::new(&format!("merchant-{n}")).unwrap()
}

fn sku(n: u64) -> Sku {
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
struct Source {
    random: Random,
    orders: u64,
    placed: u64,
    position: u64,
    revisions: Vec<u32>,
    totals: Vec<i64>,
    queue: BinaryHeap<Reverse<(i64, u64, Step)>>,
}

impl Source {
    fn new(orders: u64) -> Self {
        let queue = BinaryHeap::from([Reverse((T0, 0, Step::Place))]);
        Self { random: Random(1), orders, placed: 0, position: 0, revisions: vec![], totals: vec![], queue }
    }

    fn merchants(&mut self) -> Vec<Recorded> {
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

    fn next(&mut self) -> Option<Recorded> {
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
        let stream = StreamId(Uuid::from_u128(u128::from(order) * 0x9E37_79B9_7F4A_7C15_F39C_C060_5CED_C835));
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
        }
    }
}

fn resident_bytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages = status.split(' ').nth(1).and_then(|pages| pages.parse::<u64>().ok()).unwrap_or(0);
    pages * 4_096
}

/// Hundredths of a second that all threads of this process have computed.
fn cpu_centis() -> u64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace();
    fields.skip(11).take(2).filter_map(|ticks| ticks.parse::<u64>().ok()).sum()
}

/// The shortest of three: what it costs, without what other programs took meanwhile.
fn shortest<T>(mut run: impl FnMut() -> T) -> (T, Duration) {
    let mut timed = || {
        let start = Instant::now();
        let result = run();
        (result, start.elapsed())
    };
    let first = timed();
    [timed(), timed()].into_iter().fold(first, |best, one| if one.1 < best.1 { one } else { best })
}

fn times(name: &str, mut all: Vec<Duration>) {
    all.sort_unstable();
    let at = |percent: usize| all[(all.len() * percent / 100).min(all.len() - 1)];
    println!("  {name:44} p50 {:>9.1?}  p99 {:>9.1?}  max {:>9.1?}", at(50), at(99), all[all.len() - 1]);
}

fn main() {
    let orders: u64 = std::env::args().nth(1).and_then(|n| n.parse().ok()).unwrap_or(1_000_000);
    let before = resident_bytes();
    let mut source = Source::new(orders);
    let mut views = Views::new();
    source.merchants().iter().for_each(|recorded| views.apply(recorded).unwrap());
    let (mut events, mut folding) = (0_u64, Duration::ZERO);
    loop {
        let some: Vec<Recorded> = std::iter::from_fn(|| source.next()).take(50_000).collect();
        if some.is_empty() {
            break;
        }
        let start = Instant::now();
        some.iter().for_each(|recorded| views.apply(recorded).unwrap());
        folding += start.elapsed();
        events += some.len() as u64;
    }
    let millis = u64::try_from(folding.as_millis()).unwrap().max(1);
    println!("fold: {events} events of {orders} orders in {folding:.2?}: {} events/s", events * 1_000 / millis);
    let cpu = cpu_centis() * 10;
    println!("processor time, making the events included: {cpu} ms: {} events/s", events * 1_000 / cpu.max(1));
    drop(source);
    let mut all = 0;
    for (view, bytes) in views.footprint() {
        println!("{}: {} bytes an order", view.name, bytes as u64 / orders);
        all += bytes as u64;
    }
    let resident = resident_bytes() - before;
    println!("allocated {} bytes an order, resident {}", all / orders, resident / orders);

    lists(&views, orders);
    dashboards(&views);
    checkpoints(&views);
}

fn is(condition: Condition) -> Filter {
    Filter::Is(condition)
}

fn label(label: Label) -> Filter {
    is(Condition::Label(vec![label]))
}

fn filters(random: &mut Random, orders: u64) -> Vec<(&'static str, Scope, Filter)> {
    let number = random.below(orders);
    let own = Scope::Merchants { ids: vec![merchant(random.skewed(MERCHANTS))], subtree: false };
    let below = Scope::Merchants { ids: vec![agent(random.below(AGENTS))], subtree: true };
    let shops = (0..50).map(|_| merchant(random.below(MERCHANTS))).collect();
    let from = T0 + random.span(YEAR);
    let week = is(Condition::PlacedAt { gte: Some(Timestamp(from)), lt: Some(Timestamp(from + 7 * DAY_MICROS)) });
    let product = is(Condition::Product(vec![sku(random.skewed(SKUS))]));
    let products = is(Condition::Product((0..20).map(|_| sku(random.skewed(SKUS))).collect()));
    let buyer = Slot(u32::try_from(random.skewed(orders / 3)).unwrap());
    let vip = is(Condition::Tag(vec![Tag::new("vip").unwrap()]));
    let amount = |gte: Option<i64>, lte: Option<i64>| {
        is(Condition::Amount { currency: Some(Currency::CNY), gte_minor: gte, lte_minor: lte })
    };
    let due = is(Condition::DueBefore(Timestamp(T0 + random.span(YEAR))));
    let all = || Scope::All;
    vec![
        ("all", all(), Filter::default()),
        ("to ship", all(), label(Label::ToShip)),
        ("exception", all(), label(Label::Exception)),
        ("completed", all(), label(Label::Completed)),
        ("payment partial", all(), is(Condition::Payment(vec![Payment::Partial]))),
        ("own", own.clone(), Filter::default()),
        ("own, after sales", own.clone(), label(Label::AfterSales)),
        ("subtree, to ship", below.clone(), label(Label::ToShip)),
        ("subtree, a week, completed", below.clone(), Filter::And(vec![week.clone(), label(Label::Completed)])),
        ("50 merchants", Scope::Merchants { ids: shops, subtree: true }, Filter::default()),
        ("number", all(), is(Condition::Number(vec![OrderNumber::new(&format!("20261124{number:010}")).unwrap()]))),
        ("buyer", all(), is(Condition::Buyer(vec![buyer]))),
        ("reseller, own", own.clone(), is(Condition::Buyer(vec![Slot(0)]))),
        ("product", all(), product.clone()),
        ("20 products, cancelled", all(), Filter::And(vec![products, label(Label::Cancelled)])),
        ("product, exception, own", own, Filter::And(vec![product.clone(), label(Label::Exception)])),
        ("product, a week", all(), Filter::And(vec![product.clone(), week.clone()])),
        ("tag", all(), vip.clone()),
        ("tag or exception", all(), Filter::Or(vec![vip, label(Label::Exception)])),
        ("product or a week of after sales", all(), {
            Filter::Or(vec![product, Filter::And(vec![week, label(Label::AfterSales)])])
        }),
        ("amount above 900.00", all(), amount(Some(90_000), None)),
        ("amount above 1900.00, shipped", below, Filter::And(vec![amount(Some(190_000), None), label(Label::Shipped)])),
        ("amount below 2.00, refunded", all(), Filter::And(vec![amount(None, Some(200)), label(Label::Refunded)])),
        ("due before", all(), due),
    ]
}

fn lists(views: &Views, orders: u64) {
    let list = views.order_list().unwrap();
    let mut random = Random(2);
    println!("pages of 50, the first and some behind it:");
    let mut together = Vec::new();
    for field in [SortField::PlacedAt, SortField::Amount] {
        let mut by_filter: BTreeMap<usize, (&str, Vec<Duration>)> = BTreeMap::new();
        for _ in 0..100 {
            for (at, (name, scope, filter)) in filters(&mut random, orders).into_iter().enumerate() {
                let direction = if random.below(2) == 0 { Direction::Ascending } else { Direction::Descending };
                let mut query = OrderQuery { scope, filter, sort: Sort { field, direction }, ..OrderQuery::default() };
                for page in 0..3 {
                    let (found, took) = shortest(|| list.page(&query).unwrap());
                    by_filter.entry(at).or_insert_with(|| (name, Vec::new())).1.push(took);
                    together.push(took);
                    // From the second page on anywhere in the list.
                    let order = StreamId(Uuid::from_u128(
                        u128::from(random.below(orders)) * 0x9E37_79B9_7F4A_7C15_F39C_C060_5CED_C835,
                    ));
                    let far = list.by_id(order).unwrap();
                    let next = if page == 0 { Some(&far) } else { found.rows.last() };
                    query.after = next.map(|row| row.cursor(field));
                }
            }
        }
        println!(" by {field:?}");
        by_filter.into_values().for_each(|(name, all)| times(name, all));
    }
    times("all pages together", together);
    println!("counts:");
    let mut by_filter: BTreeMap<usize, (&str, Vec<Duration>)> = BTreeMap::new();
    for _ in 0..20 {
        for (at, (name, scope, filter)) in filters(&mut random, orders).into_iter().enumerate() {
            let (_, took) = shortest(|| list.count(&scope, &filter));
            by_filter.entry(at).or_insert_with(|| (name, Vec::new())).1.push(took);
        }
    }
    by_filter.into_values().for_each(|(name, all)| times(name, all));
}

fn dashboards(views: &Views) {
    println!("dashboards of a year:");
    let dashboard = views.dashboard().unwrap();
    let mut random = Random(3);
    let shanghai = [Offset { from_seconds: 0, offset_seconds: 28_800 }];
    for (name, merchant, subtree) in [
        ("all", None, false),
        ("an agent's subtree", Some(agent(3)), true),
        ("the largest merchant", Some(merchant(0)), false),
        ("a small merchant", Some(merchant(150)), false),
    ] {
        for basis in [Basis::Cohort, Basis::Booked] {
            let mut all = Vec::new();
            let mut placed = 0;
            for _ in 0..100 {
                let from = T0 + random.span(DAY_MICROS);
                let query = DashboardQuery {
                    merchant: merchant.clone(),
                    subtree,
                    from: Timestamp(from),
                    to: Timestamp(from + YEAR - DAY_MICROS),
                    zone: &shanghai,
                    currency: Currency::CNY,
                    basis,
                    merchants: 10,
                };
                let (answer, took) = shortest(|| dashboard.answer(&query).unwrap());
                placed = answer.figures.placed;
                all.push(took);
            }
            times(&format!("{name}, {basis:?} ({placed} placed)"), all);
        }
    }
}

fn checkpoints(views: &Views) {
    let start = Instant::now();
    let saved = views.checkpoint(Since::default());
    let bytes: usize = saved.iter().flat_map(|view| &view.changed).map(|(_, bytes)| bytes.len()).sum();
    println!("checkpoint of everything: {bytes} bytes in {:.2?}", start.elapsed());
    let chunks: BTreeMap<ChunkId, Vec<u8>> = saved.iter().flat_map(|view| view.changed.clone()).collect();
    let cpu = cpu_centis();
    let (restored, took) = shortest(|| {
        Views::restore(views.position(), &saved[0].all, Some(&saved[1].all), &|id| chunks.get(&id).cloned()).unwrap()
    });
    let cpu = (cpu_centis() - cpu) * 10 / 3;
    println!("restored from memory in {took:.2?}, {cpu} ms of processor time on two threads");
    for (view, bytes) in restored.footprint() {
        println!("{}: {bytes} bytes after restoring", view.name);
    }
    drop(restored);
    let folder = std::env::temp_dir().join(format!("daybook-views-bench-{}", std::process::id()));
    let mut store = Store::new(&folder, [1; 16]);
    let start = Instant::now();
    store.save(&saved).unwrap();
    println!("saved to disk in {:.2?}", start.elapsed());
    let ((loaded, ignored), took) = shortest(|| Store::new(&folder, [1; 16]).load(views.position()).unwrap());
    println!("loaded from disk in {took:.2?} ({} ignored)", ignored.len());
    assert!(loaded.is_some());
    std::fs::remove_dir_all(&folder).unwrap();
}
