//! Bulk work as a client asks for it, over HTTP: five hundred orders of one card SKU delivered, and many orders shipped
//! while somebody else places orders, beside the same commands sent through a plain pipeline.

#![expect(clippy::unwrap_used, reason = "a measurement has nobody to tell")]

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use daybook_api::{Host, JobRunner, Services, router};
use daybook_domain::command::{
    Command, ConfirmShipment, ImportCards, IssueToken, NewCard, PlaceOrder, RecordPayment, RegisterMerchant,
};
use daybook_domain::event::{Line, SkuKind};
use daybook_domain::job::Job;
use daybook_domain::{CommandId, Currency, MerchantId, Money, OrderNumber, Role, Sku, StreamId};
use daybook_engine::{Engine, Reader, Request};
use daybook_views::Views;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use uuid::Uuid;

use crate::orders;
use crate::spread::{per_second, percent, percentile};

const TOKEN: &str = "dbk_1111111111111111111111111111111111111111111111111111111111111111";
pub(crate) const CARDS: u64 = 500;
pub(crate) const MOST: u64 = 100_000;
const UNDER_WAY: usize = 4_096;
const PRICE_MINOR: i64 = 990;

/// What one run came to.
pub(crate) struct Took {
    /// Cards, from the mutation to the last event in the views.
    pub(crate) delivered: Duration,
    delivery_opened: Duration,
    pub(crate) shipping: Shipping,
}

pub(crate) struct Shipping {
    /// From the mutation to the last event in the views.
    pub(crate) took: Duration,
    opened: Duration,
    /// The same commands one by one through the engine.
    pub(crate) plainly: Duration,
    /// Of one caller who placed orders alone, beside the job, and beside the pipeline; sorted.
    beside: [Vec<Duration>; 3],
}

pub(crate) fn run(dir: &Path, count: u64) {
    let count = count.min(MOST);
    let Took { delivered, delivery_opened, shipping } = measured(dir, count);
    println!("bulk work over HTTP, from the mutation to the job's last event in the views:");
    println!(
        "  {CARDS} orders of one card SKU delivered durably: {:.1?} (target 100 ms), opened after {:.1?}",
        delivered, delivery_opened
    );
    println!(
        "  {count} orders shipped: {:.2?} (target 5 s), opened after {:.2?}; {} orders/s once opened",
        shipping.took,
        shipping.opened,
        per_second(count, shipping.took.saturating_sub(shipping.opened))
    );
    println!(
        "  the same commands through a plain pipeline of {UNDER_WAY}: {:.2?}, {} orders/s; the job takes {} % of that",
        shipping.plainly,
        per_second(count, shipping.plainly),
        percent(micros(shipping.took), micros(shipping.plainly))
    );
    for (name, beside) in ["alone", "beside the job", "beside the pipeline"].iter().zip(&shipping.beside) {
        println!(
            "  one caller who places orders {name}: p50 {:.2?}, p99 {:.2?} (target beside the job 20 ms), {} orders",
            percentile(beside, 500),
            percentile(beside, 990),
            beside.len()
        );
    }
}

/// Cards delivered and `count` orders shipped in a new ledger.
pub(crate) fn measured(dir: &Path, count: u64) -> Took {
    let folder = tempfile::tempdir_in(dir).unwrap();
    let engine = orders::engine(&folder.path().join("data"));
    let reader = engine.reader();
    let host = Arc::new(Host::new(Views::new()));
    let stop = Arc::new(AtomicBool::new(false));
    let following = {
        let (reader, host, stop) = (reader.clone(), Arc::clone(&host), Arc::clone(&stop));
        std::thread::spawn(move || follow(&reader, &host, &stop))
    };
    fill(&engine, count);
    let services = Services::within(engine.clone(), reader, host);
    let runner = JobRunner::start(services.clone()).unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().worker_threads(2).build().unwrap();
    let took = runtime.block_on(async {
        let address = serve(services.clone()).await;
        caught_up(&services).await;
        let (delivered, delivery_opened) = deliver(&services, address).await;
        Took { delivered, delivery_opened, shipping: ship(&services, address, count).await }
    });
    runner.stop();
    stop.store(true, Ordering::Relaxed);
    following.join().unwrap();
    engine.shutdown().unwrap();
    took
}

/// How long it took, and how long until the job was there.
async fn deliver(services: &Services, address: SocketAddr) -> (Duration, Duration) {
    let numbers: Vec<String> = (0..CARDS).map(|n| number("C", n)).collect();
    let begin = Instant::now();
    let job = open(address, "bulkDeliverCards", json!({ "numbers": numbers })).await;
    let opened = begin.elapsed();
    let done = ended(services, job).await.done();
    assert_eq!(u64::from(done), CARDS, "every order has its card");
    (begin.elapsed(), opened)
}

async fn ship(services: &Services, address: SocketAddr, count: u64) -> Shipping {
    let alone = other(services, 0, async { tokio::time::sleep(Duration::from_secs(3)).await }).await.1;
    let begin = Instant::now();
    let ((opened, took), beside) = other(services, 1, async {
        let filter = json!({"where": {"label": {"oneOf": ["TO_SHIP"]}, "product": {"eq": "parcel"}}, "carrier": "SF"});
        let job = open(address, "bulkConfirmShipment", filter).await;
        let opened = begin.elapsed();
        let job = ended(services, job).await;
        assert_eq!((u64::from(job.done()), job.refused), (count, 0), "every order is shipped");
        (opened, begin.elapsed())
    })
    .await;
    caught_up(services).await;
    let (plainly, beside_plain) = other(services, 2, async {
        let (engine, begin) = (services.engine.clone(), Instant::now());
        let all = (0..count).map(move |n| request("P", n, 9, ship_one(n)));
        tokio::task::spawn_blocking(move || send(&engine, all)).await.unwrap();
        begin.elapsed()
    })
    .await;
    Shipping { took, opened, plainly, beside: [alone, beside, beside_plain] }
}

fn micros(span: Duration) -> u64 {
    u64::try_from(span.as_micros()).unwrap_or(u64::MAX)
}

/// Places one order after another until `work` is done; how long each took, sorted.
async fn other<T>(services: &Services, round: u64, work: impl Future<Output = T>) -> (T, Vec<Duration>) {
    let (stop, engine) = (Arc::new(AtomicBool::new(false)), services.engine.clone());
    let told = Arc::clone(&stop);
    let placing = tokio::spawn(async move {
        let mut took = Vec::new();
        for n in 0.. {
            if told.load(Ordering::Relaxed) {
                break;
            }
            let begin = Instant::now();
            engine.execute(orders::place((round + 1) * 100_000_000 + n)).await.unwrap();
            took.push(begin.elapsed());
        }
        took.sort_unstable();
        took
    });
    let result = work.await;
    stop.store(true, Ordering::Relaxed);
    (result, placing.await.unwrap())
}

fn merchant() -> MerchantId {
    MerchantId::new("bench").unwrap()
}

fn number(prefix: &str, n: u64) -> String {
    format!("{prefix}-{n}")
}

fn order(prefix: &str, n: u64) -> StreamId {
    StreamId::order(&merchant(), &OrderNumber::new(&number(prefix, n)).unwrap())
}

fn request(prefix: &str, n: u64, step: u64, command: Command<String>) -> Request {
    let id = CommandId::derived(&["bench", prefix, &n.to_string(), &step.to_string()]);
    Request::live(id, orders::ACTOR, command)
}

fn place(prefix: &str, n: u64, sku: &str, kind: SkuKind) -> Command<String> {
    let line = Line {
        sku: Sku::new(sku).unwrap(),
        title: "Goods".into(),
        kind,
        quantity: 1,
        unit_minor: PRICE_MINOR,
        supplier: None,
        inputs: None,
    };
    Command::Place(PlaceOrder {
        merchant: merchant(),
        number: Some(OrderNumber::new(&number(prefix, n)).unwrap()),
        account: format!("buyer-{}", n % 100_000),
        contact: None,
        currency: Currency::CNY,
        lines: vec![line],
        adjustments: Vec::new(),
    })
}

fn pay(prefix: &str, n: u64) -> Command<String> {
    let amount = Money::new(PRICE_MINOR, Currency::CNY);
    let trade_number = format!("T-{prefix}-{n}").into();
    Command::RecordPayment(RecordPayment { order: order(prefix, n), provider: "alipay".into(), trade_number, amount })
}

fn ship_one(n: u64) -> Command<String> {
    let order = order("P", n);
    Command::ConfirmShipment(ConfirmShipment { order, lines: None, carrier: Some("SF".into()), tracking_number: None })
}

/// Orders of cards; as many of parcels for the job, and as many for the pipeline: placed and paid.
fn fill(engine: &Engine, count: u64) {
    let token = IssueToken {
        secret_sha256: Sha256::digest(TOKEN.as_bytes()).into(),
        id: Uuid::from_u128(2),
        role: Role::Platform,
        merchant: None,
        expires_at: None,
        label: "bench".into(),
        buyer: None,
    };
    let register = RegisterMerchant { id: merchant(), name: "Bench".into(), parent: None };
    let first = [Command::IssueToken(token), Command::RegisterMerchant(register)];
    send(engine, (0..).zip(first).map(|(n, command)| request("first", n, 0, command)));
    let cards = (0..CARDS / 100).map(|n| {
        let card = |card| NewCard { secret: format!("SECRET-{n}-{card}"), fingerprint: [0; 16] };
        let cards = (0..100).map(card).collect();
        request(
            "cards",
            n,
            0,
            Command::ImportCards(ImportCards { merchant: merchant(), sku: Sku::new("card").unwrap(), cards }),
        )
    });
    send(engine, cards);
    for (prefix, count, sku, kind) in [
        ("C", CARDS, "card", SkuKind::Card),
        ("J", count, "parcel", SkuKind::Physical),
        ("P", count, "plain", SkuKind::Physical),
    ] {
        send(engine, (0..count).map(|n| request(prefix, n, 0, place(prefix, n, sku, kind))));
        send(engine, (0..count).map(|n| request(prefix, n, 1, pay(prefix, n))));
    }
}

fn send(engine: &Engine, requests: impl Iterator<Item = Request>) {
    let mut waiting = VecDeque::with_capacity(UNDER_WAY);
    for request in requests {
        if waiting.len() == UNDER_WAY {
            let first: daybook_engine::Pending = waiting.pop_front().unwrap();
            first.wait().unwrap();
        }
        waiting.push_back(engine.submit(request));
    }
    waiting.into_iter().for_each(|pending| drop(pending.wait().unwrap()));
}

fn follow(reader: &Reader, host: &Host, stop: &AtomicBool) {
    while !stop.load(Ordering::Relaxed) {
        let events = reader.events(host.position() + 1, 1 << 20).unwrap();
        if events.is_empty() {
            std::thread::sleep(Duration::from_micros(200));
        } else {
            host.apply(&events).unwrap();
        }
    }
}

async fn caught_up(services: &Services) {
    services.host.wait_for(services.reader.watermark(), Duration::from_secs(60)).await.unwrap();
}

async fn ended(services: &Services, id: StreamId) -> Job {
    let mut changes = services.host.changes();
    loop {
        let job = services.host.views().jobs().unwrap().get(id).cloned();
        if let Some(job) = job.filter(|job| job.end.is_some()) {
            return job;
        }
        changes.changed().await.unwrap();
    }
}

async fn serve(services: Services) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router(services)).await });
    address
}

async fn open(address: SocketAddr, name: &str, mut input: Value) -> StreamId {
    input["commandId"] = json!(CommandId::derived(&["bench", name]).to_string());
    input["errorPolicy"] = json!("SKIP_REFUSED");
    input["merchant"] = json!("bench");
    let kind = format!("{}{}Input!", name[..1].to_uppercase(), &name[1..]);
    let query =
        format!("mutation ($input: {kind}) {{ {name}(input: $input) {{ job {{ id }} userErrors {{ code }} }} }}");
    let body = json!({"query": query, "variables": {"input": input}}).to_string();
    let request = format!(
        "POST /graphql HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\n\
         Authorization: Bearer {TOKEN}\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    let (_, body) = answer.split_once("\r\n\r\n").unwrap();
    let answer: Value = serde_json::from_str(body).unwrap();
    let id = answer["data"][name]["job"]["id"].as_str();
    StreamId(Uuid::parse_str(id.unwrap_or_else(|| panic!("{answer}"))).unwrap())
}
