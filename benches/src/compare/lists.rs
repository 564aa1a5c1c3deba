//! Pages of 50 of filtered lists, and figures, of the same orders: views in process, the same over GraphQL, and tables.
//! Every page that is asked for was seen to be answered alike by all three, and the totals of all figures by two.

#![expect(clippy::unwrap_used, reason = "a measurement has nobody to tell")]

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use daybook_api::{Host, Limits, Services, router_within};
use daybook_domain::{MerchantId, Slot};
use daybook_engine::Reader;
use daybook_peers::{PgReader, Postgres, load_shop};
use daybook_views::query::OrderQuery;
use serde_json::Value;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::sync::Mutex;
use tokio::task::block_in_place;

use crate::compare::asks::{self, Figures, LISTS, List};
use crate::compare::report::{Report, number, span, times};
use crate::compare::rounds::{ROUNDS, Round, Rounds, round};
use crate::compare::shop;
use crate::fold::in_bulk;
use crate::orders;
use crate::pages::{answer, serve};
use crate::usage::resident_bytes;

const CLIENTS: [usize; 3] = [1, 4, 32];

/// All three, filled alike.
struct Shop {
    count: u64,
    reader: Reader,
    host: Arc<Host>,
    address: SocketAddr,
    postgres: Option<Vec<Mutex<PgReader>>>,
    connections: Vec<Mutex<Connection>>,
}

struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

pub(crate) async fn run(dir: &Path, count: u64, sustained: Duration, report: &mut Report) {
    report.heading("Lists and figures: `compare lists`");
    let begin = Instant::now();
    let engine = orders::engine(&dir.join("shop"));
    block_in_place(|| shop::bring_in(&engine, count));
    let brought = begin.elapsed();
    let reader = engine.reader();
    let before = resident_bytes();
    let begin = Instant::now();
    let host = Arc::new(Host::new(block_in_place(|| in_bulk(&reader))));
    let (folded, resident) = (begin.elapsed(), resident_bytes().saturating_sub(before));
    let begin = Instant::now();
    let server = tables(dir, count).await;
    let loaded = begin.elapsed();
    let services = Services::within(engine.clone(), reader.clone(), Arc::clone(&host));
    let limits = Limits { requests_per_second: None, ..Limits::default() };
    let servers = tokio::runtime::Builder::new_multi_thread().enable_all().worker_threads(2).build().unwrap();
    let address = servers.spawn(serve(router_within(services, &limits))).await.unwrap();
    let (server, absent) = match server {
        Ok(server) => (Some(server), None),
        Err(why) => (None, Some(why)),
    };
    report.note(&format!(
        "{} orders of a year, {} events; brought in as history in {}, all views folded from them in {} ({} MiB resident); \
         tables loaded, indexed and analysed in {}. Medians of {ROUNDS} rounds in turns; every page that is asked for was \
         first seen to be the same from all, every figure to have the same totals in process and from PostgreSQL.",
        number(count),
        number(reader.watermark()),
        span(brought),
        span(folded),
        number(resident >> 20),
        span(loaded),
    ));
    if let Some(why) = absent {
        report.note(&format!("**Not there**: {why}."));
    }
    let most = CLIENTS.into_iter().max().unwrap();
    let postgres = match &server {
        Some(server) => {
            let mut all = Vec::new();
            for _ in 0..most {
                all.push(Mutex::new(PgReader::new(server).await.expect("PostgreSQL prepares")));
            }
            Some(all)
        }
        None => None,
    };
    let mut connections = Vec::new();
    for _ in 0..most {
        connections.push(Mutex::new(connect(address).await));
    }
    let all = Arc::new(Shop { count, reader, host, address, postgres, connections });
    // Three widths, three ways, so many rounds: each list gets its share of what a width gets.
    let share = sustained / (ROUNDS * 5);
    for clients in CLIENTS {
        lists(&all, clients, share, report).await;
    }
    for clients in CLIENTS {
        figures(&all, clients, share, report).await;
    }
    report.note(NOTES);
    drop(all);
    servers.shutdown_background();
    engine.shutdown().unwrap();
}

const NOTES: &str = "\
A page is 50 orders with all that a list shows, lines too; half of the pages are first ones, half go on from a row. In process \
the buyers' accounts come with it, by as many threads as there are cores, at most; they are taken from where the server keeps up to 65,536 \
that it has opened, among which are all that are asked for here; over HTTP one document for each list, \
its values in variables, on kept connections. PostgreSQL answers each by one prepared statement over a Unix socket, with an index for each of these lists, two \
of them covering what figures need, after `VACUUM ANALYZE`; figures are planned for their range each time; it has no table of sums: somebody would have to keep one up. Daybook's \
figures come with all that its dashboard knows, in process; over HTTP with the fields that PostgreSQL brings.";

async fn tables(dir: &Path, count: u64) -> Result<Postgres, daybook_peers::Absent> {
    let server = Postgres::start(dir).await?;
    load_shop(&server, &shop::merchants(), (0..count).map(|n| shop::sale(n, count).rows())).await?;
    Ok(server)
}

async fn connect(address: SocketAddr) -> Connection {
    let stream = TcpStream::connect(address).await.unwrap();
    stream.set_nodelay(true).unwrap();
    Connection { stream, buffer: vec![0; 256 << 10] }
}

impl Connection {
    async fn ask(&mut self, request: &str) -> &[u8] {
        self.stream.write_all(request.as_bytes()).await.unwrap();
        let body = answer(&mut self.stream, &mut self.buffer).await;
        assert!(!body.starts_with(b"{\"errors\""), "{}", String::from_utf8_lossy(body));
        body
    }
}

/// A table's rows of one thing that is asked for, each way.
fn rows(name: &str, clients: usize, ways: &[(&str, Rounds)]) -> Vec<Vec<String>> {
    let reference = ways.last().map_or(0, |(_, rounds)| rounds.rate());
    let one = |(way, rounds): &(&str, Rounds)| {
        let [half, most, worst] = rounds.latencies();
        let asking = threads(clients);
        let way = if *way == WAYS[0] && asking < clients { format!("{way}, {asking} threads") } else { (*way).into() };
        vec![name.into(), way, rounds.rates(), half, most, worst, times(rounds.rate(), reference)]
    };
    ways.iter().map(one).collect()
}

const WAYS: [&str; 3] = ["**Daybook**, in process", "**Daybook**, GraphQL over HTTP", "PostgreSQL"];

fn ways(has_postgres: bool) -> Vec<(&'static str, Rounds)> {
    WAYS.iter().take(if has_postgres { 3 } else { 2 }).map(|way| (*way, Rounds::default())).collect()
}

fn header(clients: usize) -> String {
    if clients == 1 { "1 client".into() } else { format!("{clients} clients") }
}

/// As many as compute at once: what waits for a core is not what is asked about.
fn threads(clients: usize) -> usize {
    clients.min(std::thread::available_parallelism().map_or(1, std::num::NonZero::get))
}

async fn lists(shop: &Arc<Shop>, clients: usize, share: Duration, report: &mut Report) {
    let mut table = Vec::new();
    for list in LISTS {
        let asks = Arc::new(prepared(shop, list).await);
        let mut ways = ways(shop.postgres.is_some());
        for _ in 0..ROUNDS {
            ways[0].1.add(&pages_in_process(shop, &asks, threads(clients), share).await);
            let requests = asks.iter().map(|ask| ask.request.clone()).collect();
            ways[1].1.add(&over_http(shop, requests, clients, share).await);
            if let Some((_, rounds)) = ways.get_mut(2) {
                rounds.add(&pages_of_tables(shop, &asks, clients, share).await);
            }
        }
        table.extend(rows(list.name(), clients, &ways));
    }
    report.table(&[&header(clients), "", "pages/s", "p50", "p99", "p99.9", "to PostgreSQL"], &table);
}

async fn figures(shop: &Arc<Shop>, clients: usize, share: Duration, report: &mut Report) {
    let mut table = Vec::new();
    for what in asks::FIGURES {
        let asked: Arc<Vec<Figures>> = Arc::new((0..20).map(|seed| what.asked(seed)).collect());
        for one in asked.iter() {
            agree(shop, one).await;
        }
        let mut ways = ways(shop.postgres.is_some());
        for _ in 0..ROUNDS {
            ways[0].1.add(&figures_in_process(shop, &asked, threads(clients), share).await);
            let requests = asked.iter().map(Figures::request).collect();
            ways[1].1.add(&over_http(shop, requests, clients, share).await);
            if let Some((_, rounds)) = ways.get_mut(2) {
                rounds.add(&figures_of_tables(shop, &asked, clients, share).await);
            }
        }
        table.extend(rows(what.name(), clients, &ways));
    }
    report.table(&[&header(clients), "", "answers/s", "p50", "p99", "p99.9", "to PostgreSQL"], &table);
}

/// One page that is asked for again and again, in each one's words.
struct Ask {
    query: OrderQuery,
    request: String,
    list: daybook_peers::PgList,
    after: Option<daybook_peers::PgAfter>,
}

/// First pages, and those behind them where there are any: walked once in all three ways, which must agree.
async fn prepared(shop: &Shop, list: List) -> Vec<Ask> {
    let mut connection = connect(shop.address).await;
    let mut all = Vec::new();
    for seed in 0..(shop.count / 1_000).clamp(20, 300) {
        let values = list.values(seed, shop.count);
        let (mut cursor, mut after) = (None, None);
        let mut query =
            list.query(&values, |account| shop.reader.buyer_slot(&MerchantId::new("top").unwrap(), account));
        for _ in 0..2 {
            let request = list.request(&values, cursor.as_deref());
            let ask = Ask { query: query.clone(), request, list: list.of_tables(&values), after };
            let (ours, next) = page(shop, &query);
            let body: Value = serde_json::from_slice(connection.ask(&ask.request).await).unwrap();
            let nodes = body["data"]["orders"]["nodes"].as_array().unwrap();
            let over_http: Vec<&str> = nodes.iter().map(|node| node["number"].as_str().unwrap()).collect();
            assert_eq!(ours, over_http, "{}: in process and over HTTP", list.name());
            if let Some(readers) = &shop.postgres {
                let theirs = readers[0].lock().await.page(&ask.list, ask.after).await;
                assert_eq!(ours, theirs, "{}: Daybook and PostgreSQL, {:?}", list.name(), ask.list);
            }
            all.push(ask);
            let (Some(next), true) = (next, ours.len() == 50) else { break };
            let last: u64 = ours.last().unwrap().trim_start_matches("N-").parse().unwrap();
            after = Some(asks::behind(last, shop.count));
            cursor = Some(body["data"]["orders"]["pageInfo"]["endCursor"].as_str().unwrap().to_owned());
            query.after = Some(next);
        }
    }
    all
}

/// The numbers of a page's orders, their buyers' accounts looked up as a page shows them, and where the next page begins.
fn page(shop: &Shop, query: &OrderQuery) -> (Vec<String>, Option<daybook_views::query::Cursor>) {
    let views = shop.host.views();
    let list = views.order_list().unwrap();
    let page = list.page(query).unwrap();
    let buyers: Vec<Slot> = page.rows.iter().map(|row| row.order.buyer).collect();
    let accounts = shop.host.accounts(&buyers, &shop.reader, list);
    assert!(std::hint::black_box(accounts).iter().all(Option::is_some));
    let numbers = page.rows.iter().map(|row| row.number.as_str().to_owned()).collect();
    (numbers, page.rows.last().map(|row| row.cursor(query.sort.field)))
}

/// Both count the same.
async fn agree(shop: &Shop, asked: &Figures) {
    let ours = asked.sums(&shop.host.views());
    if let Some(readers) = &shop.postgres {
        let theirs = readers[0].lock().await.figures(&asked.of_tables()).await;
        assert_eq!(ours, theirs, "{asked:?}");
    }
}

async fn pages_in_process(shop: &Arc<Shop>, asks: &Arc<Vec<Ask>>, threads: usize, span: Duration) -> Round {
    let (shop, asks, next) = (Arc::clone(shop), Arc::clone(asks), Arc::new(AtomicU64::new(0)));
    round(threads, span, move |_, _| {
        let (shop, asks, next) = (Arc::clone(&shop), Arc::clone(&asks), Arc::clone(&next));
        async move {
            let ask = &asks[turn(&next, asks.len())];
            std::hint::black_box(page(&shop, &ask.query));
            // So that somebody looks at the clock.
            tokio::task::yield_now().await;
        }
    })
    .await
}

async fn pages_of_tables(shop: &Arc<Shop>, asks: &Arc<Vec<Ask>>, clients: usize, span: Duration) -> Round {
    let (shop, asks, next) = (Arc::clone(shop), Arc::clone(asks), Arc::new(AtomicU64::new(0)));
    round(clients, span, move |client, _| {
        let (shop, asks, next) = (Arc::clone(&shop), Arc::clone(&asks), Arc::clone(&next));
        async move {
            let ask = &asks[turn(&next, asks.len())];
            let reader = shop.postgres.as_ref().unwrap()[client].lock().await;
            std::hint::black_box(reader.page(&ask.list, ask.after).await);
        }
    })
    .await
}

async fn figures_in_process(shop: &Arc<Shop>, asked: &Arc<Vec<Figures>>, threads: usize, span: Duration) -> Round {
    let (shop, asked, next) = (Arc::clone(shop), Arc::clone(asked), Arc::new(AtomicU64::new(0)));
    round(threads, span, move |_, _| {
        let (shop, asked, next) = (Arc::clone(&shop), Arc::clone(&asked), Arc::clone(&next));
        async move {
            let one = &asked[turn(&next, asked.len())];
            std::hint::black_box(one.sums(&shop.host.views()));
            tokio::task::yield_now().await;
        }
    })
    .await
}

async fn figures_of_tables(shop: &Arc<Shop>, asked: &Arc<Vec<Figures>>, clients: usize, span: Duration) -> Round {
    let (shop, asked, next) = (Arc::clone(shop), Arc::clone(asked), Arc::new(AtomicU64::new(0)));
    round(clients, span, move |client, _| {
        let (shop, asked, next) = (Arc::clone(&shop), Arc::clone(&asked), Arc::clone(&next));
        async move {
            let one = &asked[turn(&next, asked.len())];
            let reader = shop.postgres.as_ref().unwrap()[client].lock().await;
            std::hint::black_box(reader.figures(&one.of_tables()).await);
        }
    })
    .await
}

async fn over_http(shop: &Arc<Shop>, requests: Vec<String>, clients: usize, span: Duration) -> Round {
    let (shop, requests, next) = (Arc::clone(shop), Arc::new(requests), Arc::new(AtomicU64::new(0)));
    round(clients, span, move |client, _| {
        let (shop, requests, next) = (Arc::clone(&shop), Arc::clone(&requests), Arc::clone(&next));
        async move {
            let mut connection = shop.connections[client].lock().await;
            connection.ask(&requests[turn(&next, requests.len())]).await;
        }
    })
    .await
}

/// One after another, whoever asks.
fn turn(next: &AtomicU64, of: usize) -> usize {
    usize::try_from(next.fetch_add(1, Ordering::Relaxed)).unwrap() % of
}
