//! Ten times as many requests as can be done: what is answered and how soon, what is refused, and how soon all is as before.
//!
//! The clients run on a thread of their own beside the server's, on the same processors: what they take, it lacks.

#![expect(clippy::unwrap_used, reason = "a measurement has nobody to tell")]

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use daybook_api::{Host, Limits, Services, router_within};
use daybook_engine::Reader;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::runtime::{Builder, Runtime};
use uuid::Uuid;

use crate::fold::in_bulk;
use crate::orders;
use crate::pages::{LISTS, fill, post_of, request, serve};
use crate::spread::{per_second, percentile};
use crate::usage::resident_bytes;

/// Callers who find out how much is done, one request after another each.
const CALLERS: u64 = 32;
/// Callers who ask for ten times as much.
const CROWD: u64 = 2_000;
const TIMES: u64 = 10;
/// One request in so many places an order; the others ask for a page of 50.
const ONE_PLACES_IN: u64 = 5;
/// Pieces of time that are looked at one by one afterwards.
const PIECE: Duration = Duration::from_millis(250);
const AFTERWARDS: Duration = Duration::from_secs(10);

/// One answer.
struct Told {
    at: Instant,
    took: Duration,
    status: u16,
    is_order: bool,
}

pub(crate) fn run(dir: &Path, count: u64, span: Duration) {
    let folder = tempfile::tempdir_in(dir).unwrap();
    let engine = orders::engine(&folder.path().join("data"));
    fill(&engine, count);
    let reader = engine.reader();
    let host = Arc::new(Host::new(in_bulk(&reader)));
    let ended = Arc::new(AtomicBool::new(false));
    let following = follow(reader.clone(), Arc::clone(&host), Arc::clone(&ended));
    let services = Services::within(engine.clone(), reader.clone(), host);
    // All of it comes with one token.
    let (servers, workers, clients) = (runtime(2), runtime(2), runtime(1));
    let limits = Limits { requests_per_second: None, workers: Some(workers.handle().clone()), ..Limits::default() };
    let address = servers.block_on(serve(router_within(services, &limits)));
    let before = reader.watermark();
    let asking = Arc::new(Asking { address, pages: LISTS.map(request), next: AtomicU64::new(0) });

    println!("four pages of 50 of {count} orders for each order that is placed; the clients on the same processors");
    let short = (span / 6).max(PIECE * 4);
    clients.block_on(ask(&asking, CALLERS, None, short));
    let begin = Instant::now();
    let usual = clients.block_on(ask(&asking, CALLERS, None, short));
    print("as much as is done", &usual, short);
    let worst = pieces(&usual, begin, short).map(|piece| piece.p99).max().unwrap();
    println!("  as much as is done: in the worst quarter of a second p99 {worst:.1?}");
    let rate = per_second(usual.len() as u64, short) * TIMES;
    let pace = Duration::from_nanos(1_000_000_000 * CROWD / rate.max(1));
    let memory = resident_bytes();
    let end = Instant::now() + span;
    let crowd = clients.block_on(ask(&asking, CROWD, Some(pace), span));
    println!(
        "  {rate} requests/s are wanted by {CROWD} callers, each every {pace:.0?} or as soon as it has its answer"
    );
    print("ten times as much", &crowd, span);
    println!("  resident memory: {} MiB before, {} MiB after", memory >> 20, resident_bytes() >> 20);
    let after = clients.block_on(ask(&asking, CALLERS, None, AFTERWARDS));
    print("afterwards", &after, AFTERWARDS);
    match recovered(&after, end, worst) {
        Some(time) => {
            println!("  from {time:.2?} after its end on no quarter of a second is worse than that by a half")
        }
        None => println!("  it is not as before within {AFTERWARDS:?}"),
    }
    ended.store(true, Ordering::Relaxed);
    following.join().unwrap();
    let placed = |told: &[Told]| told.iter().filter(|one| one.is_order && one.status == 200).count() as u64;
    println!(
        "  {} orders were answered in these; the ledger got {} in all, warming up included",
        placed(&usual) + placed(&crowd) + placed(&after),
        reader.watermark() - before
    );
    engine.shutdown().unwrap();
}

pub(crate) fn runtime(threads: usize) -> Runtime {
    Builder::new_multi_thread().enable_all().worker_threads(threads).build().unwrap()
}

/// Keeps the views up with the ledger, as the server does.
pub(crate) fn follow(reader: Reader, host: Arc<Host>, ended: Arc<AtomicBool>) -> std::thread::JoinHandle<()> {
    std::thread::spawn(move || {
        while !ended.load(Ordering::Relaxed) {
            let events = reader.events(host.position() + 1, 64 << 10).unwrap();
            if events.is_empty() {
                std::thread::sleep(Duration::from_millis(1));
            } else {
                host.apply(&events).unwrap();
            }
        }
    })
}

/// What was asked for in one piece of time.
struct Piece {
    p99: Duration,
    all_are_accepted: bool,
}

fn pieces(told: &[Told], begin: Instant, span: Duration) -> impl DoubleEndedIterator<Item = Piece> + ExactSizeIterator {
    let count = usize::try_from(span.as_millis() / PIECE.as_millis()).unwrap();
    let mut pieces: Vec<Vec<&Told>> = (0..count).map(|_| Vec::new()).collect();
    for one in told {
        let piece = one.at.saturating_duration_since(begin).as_millis() / PIECE.as_millis();
        if let Some(piece) = pieces.get_mut(usize::try_from(piece).unwrap()) {
            piece.push(one);
        }
    }
    pieces.into_iter().map(|within| {
        let mut took: Vec<Duration> = within.iter().map(|one| one.took).collect();
        took.sort_unstable();
        // Nobody answered is worse than any delay.
        let p99 = if took.is_empty() { Duration::MAX } else { percentile(&took, 990) };
        Piece { p99, all_are_accepted: within.iter().all(|one| one.status == 200) }
    })
}

/// When it was as before for good: nothing refused, and no piece worse than the worst before by more than a half.
fn recovered(after: &[Told], end: Instant, worst: Duration) -> Option<Duration> {
    let pieces = pieces(after, end, AFTERWARDS);
    let count = pieces.len();
    let after_the_last_odd = pieces.rev().take_while(|piece| piece.all_are_accepted && piece.p99 <= worst * 3 / 2);
    let usual = after_the_last_odd.count();
    (usual > 0).then(|| PIECE * u32::try_from(count - usual).unwrap())
}

fn print(name: &str, told: &[Told], span: Duration) {
    let of = |wanted: fn(&Told) -> bool| {
        let mut took: Vec<Duration> = told.iter().filter(|one| wanted(one)).map(|one| one.took).collect();
        took.sort_unstable();
        took
    };
    let accepted = of(|one| one.status == 200);
    for (what, took) in [
        ("accepted", &accepted),
        ("  pages", &of(|one| one.status == 200 && !one.is_order)),
        ("  orders", &of(|one| one.status == 200 && one.is_order)),
        ("shed (503)", &of(|one| one.status == 503)),
        ("limited (429)", &of(|one| one.status == 429)),
        ("broken off", &of(|one| one.status == 0)),
        ("other answers", &of(|one| ![0, 200, 429, 503].contains(&one.status))),
    ] {
        if took.is_empty() {
            continue;
        }
        println!(
            "  {name}: {what}: {} ({}/s), p50 {:.1?}, p99 {:.1?}, longest {:.1?}",
            took.len(),
            per_second(took.len() as u64, span),
            percentile(took, 500),
            percentile(took, 990),
            percentile(took, 1_000)
        );
    }
}

struct Asking {
    address: SocketAddr,
    pages: [String; LISTS.len()],
    next: AtomicU64,
}

impl Asking {
    /// The next request, and whether it places an order.
    fn next(&self) -> (String, bool) {
        let n = self.next.fetch_add(1, Ordering::Relaxed);
        if !n.is_multiple_of(ONE_PLACES_IN) {
            return (self.pages[usize::try_from(n % LISTS.len() as u64).unwrap()].clone(), false);
        }
        let query = "mutation ($input: PlaceOrderInput!) { placeOrder(input: $input) { receipt { position }
            order { id number label total { amount currency } } userErrors { code } } }";
        let line = json!({"sku": "gc-100", "title": "Game card, 100 points", "kind": "CARD", "quantity": 1,
            "unitPrice": {"amount": "9.90", "currency": "CNY"}});
        let input = json!({"commandId": Uuid::from_u64_pair(0xBE, n).to_string(), "merchant": format!("m{}", n % 100),
            "buyer": {"account": format!("buyer-{}@example.com", n % 20_000)}, "lines": [line]});
        (post_of(&json!({"query": query, "variables": {"input": input}}).to_string()), true)
    }
}

/// So many callers for so long; each asks again as soon as it has its answer, but not sooner than its pace says.
async fn ask(asking: &Arc<Asking>, callers: u64, pace: Option<Duration>, span: Duration) -> Vec<Told> {
    let begin = Instant::now();
    let mut tasks = tokio::task::JoinSet::new();
    for caller in 0..callers {
        let asking = Arc::clone(asking);
        // Not all at the same moment.
        let offset = pace.map(|pace| pace * u32::try_from(caller).unwrap() / u32::try_from(callers).unwrap());
        tasks.spawn(async move { call(&asking, begin + offset.unwrap_or_default(), pace, begin + span).await });
    }
    let mut all = Vec::new();
    while let Some(told) = tasks.join_next().await {
        all.extend(told.unwrap());
    }
    all
}

async fn call(asking: &Asking, begin: Instant, pace: Option<Duration>, until: Instant) -> Vec<Told> {
    let mut told = Vec::new();
    let mut stream: Option<TcpStream> = None;
    let mut buffer = vec![0_u8; 64 << 10];
    let mut next = begin;
    // All are there when it begins: how fast the system lets them in is not what is measured.
    tokio::time::sleep_until(next.into()).await;
    stream = TcpStream::connect(asking.address).await.ok().or(stream);
    loop {
        tokio::time::sleep_until(next.into()).await;
        let at = Instant::now();
        if at >= until {
            return told;
        }
        next = (next + pace.unwrap_or_default()).max(at);
        let (request, is_order) = asking.next();
        let status = match once(asking.address, &mut stream, &request, &mut buffer).await {
            Ok(status) => status,
            Err(_) => {
                stream = None;
                0
            }
        };
        told.push(Told { at, took: at.elapsed(), status, is_order });
    }
}

/// The status of an answer, all of which was read.
async fn once(
    address: SocketAddr,
    stream: &mut Option<TcpStream>,
    request: &str,
    buffer: &mut [u8],
) -> std::io::Result<u16> {
    if stream.is_none() {
        let new = TcpStream::connect(address).await?;
        new.set_nodelay(true)?;
        *stream = Some(new);
    }
    let stream = stream.as_mut().unwrap();
    stream.write_all(request.as_bytes()).await?;
    let (mut have, mut end) = (0, usize::MAX);
    while have < end {
        let read = stream.read(&mut buffer[have..]).await?;
        if read == 0 {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        have += read;
        if end == usize::MAX
            && let Some(head_end) = buffer[..have].windows(4).position(|four| four == b"\r\n\r\n")
        {
            let head = std::str::from_utf8(&buffer[..head_end]).unwrap().to_lowercase();
            let length = head.split("content-length: ").nth(1).and_then(|rest| rest.lines().next()).unwrap();
            end = head_end + 4 + length.trim().parse::<usize>().unwrap();
        }
    }
    Ok(std::str::from_utf8(&buffer[9..12]).unwrap().parse().unwrap())
}
