//! Pages of 50 orders out of a million: in process, and over HTTP beside a server that sends the same bytes ready-made.

#![expect(clippy::unwrap_used, reason = "a measurement has nobody to tell")]

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::http::header::CONTENT_TYPE;
use axum::routing::post;
use daybook_api::{Host, Limits, Services, router_within};
use daybook_domain::command::{Command, IssueToken, PlaceOrder, RegisterMerchant};
use daybook_domain::event::{Line, SkuKind};
use daybook_domain::{CommandId, Currency, Kind, Label, MerchantId, OrderNumber, Role, Sku};
use daybook_engine::{Engine, Reader, Request};
use daybook_views::Views;
use daybook_views::query::{Condition, Filter, OrderQuery, Scope, Sort, SortField};
use serde_json::json;
use sha2::{Digest, Sha256};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use uuid::Uuid;

use crate::fold::in_bulk;
use crate::orders;
use crate::spread::{per_second, percent, percentile};

pub(crate) const TOKEN: &str = "dbk_1111111111111111111111111111111111111111111111111111111111111111";
const MERCHANTS: u64 = 100;
const BUYERS: u64 = 20_000;
pub(crate) const SELECTION: &str = "nodes { id number placedAt label merchant { id name } buyer { account } total { amount currency }
        axes { lifecycle payment fulfilment afterSales holds } lines { id sku title quantity unitPrice { amount currency } } revision }
    edges { cursor } pageInfo { hasNextPage hasPreviousPage startCursor endCursor }";
/// What clients ask for in turn.
pub(crate) const LISTS: [&str; 4] = [
    "where: {label: {oneOf: [AWAITING_PAYMENT]}, merchant: {oneOf: [\"top\"]}}, scope: SUBTREE, sortBy: {field: PLACED_AT, direction: DESC}",
    "scope: SUBTREE, sortBy: {field: AMOUNT, direction: ASC}",
    "where: {merchant: {oneOf: [\"m17\"]}}, scope: OWN",
    "where: {buyer: {eq: \"buyer-77@example.com\"}}, scope: SUBTREE, sortBy: {field: PLACED_AT, direction: ASC}",
];

/// `span`: how long each number of clients asks.
pub(crate) fn run(dir: &Path, count: u64, span: Duration) {
    let folder = tempfile::tempdir_in(dir).unwrap();
    let engine = orders::engine(&folder.path().join("data"));
    fill(&engine, count);
    let reader = engine.reader();
    let views = in_bulk(&reader);
    println!("pages of 50 of {count} orders, with the whole selection of an order list:");
    in_process(&views, &reader);
    let host = Arc::new(Host::new(views));
    let services = Services::within(engine.clone(), reader, host);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().worker_threads(2).build().unwrap();
    runtime.block_on(async {
        // One token asks for all of them.
        let limits = Limits { requests_per_second: None, ..Limits::default() };
        let ours = serve(router_within(services, &limits)).await;
        for clients in [1, 4, 32] {
            let found = ask(ours, clients, span, &LISTS.map(request)).await;
            // The same number of bytes, made before anybody asks.
            let bytes = "x".repeat(found.bytes_a_page);
            let ready = post(|| async move { ([(CONTENT_TYPE, "application/json")], bytes) });
            let limit = ask(serve(Router::new().route("/graphql", ready)).await, clients, span, &LISTS.map(request)).await;
            println!(
                "  HTTP, {clients:>2} clients: {:>6} pages/s, p50 {:.2?}, p99 {:.2?}; ready-made answers of {} bytes {:>6}/s, p99 {:.2?}; {} %",
                found.rate,
                found.at(500),
                found.at(990),
                found.bytes_a_page,
                limit.rate,
                limit.at(990),
                percent(found.rate, limit.rate)
            );
        }
    });
    engine.shutdown().unwrap();
}

/// The rows of a page and what a page shows of them, buyers' accounts opened: all but GraphQL's own execution.
fn in_process(views: &Views, reader: &Reader) {
    let list = views.order_list().unwrap();
    let below = || Scope::Merchants { ids: vec![MerchantId::new("top").unwrap()], subtree: true };
    let own = Scope::Merchants { ids: vec![MerchantId::new("m17").unwrap()], subtree: false };
    let label = Filter::Is(Condition::Label(vec![Label::AwaitingPayment]));
    let slot = reader.buyer_slot(&MerchantId::new("top").unwrap(), "buyer-77@example.com").unwrap();
    let buyer = Filter::Is(Condition::Buyer(vec![slot]));
    let mut all = Vec::new();
    for (scope, filter) in [(below(), label), (below(), Filter::default()), (own, Filter::default()), (below(), buyer)]
    {
        for field in [SortField::PlacedAt, SortField::Amount] {
            let sort = Sort { field, ..Sort::default() };
            let mut query = OrderQuery { scope: scope.clone(), filter: filter.clone(), sort, ..OrderQuery::default() };
            for _ in 0..250 {
                let begin = Instant::now();
                let page = list.page(&query).unwrap();
                for row in &page.rows {
                    let account = list.account(row.order.buyer).unwrap();
                    let opened =
                        reader.open_text(&account.sealed, &account.tree_root, account.stream, Kind::OrderPlaced);
                    std::hint::black_box(opened);
                }
                all.push(begin.elapsed());
                query.after = page.rows.last().map(|row| row.cursor(field));
            }
        }
    }
    all.sort_unstable();
    println!(
        "  in process: p50 {:.2?}, p99 {:.2?} of {} pages",
        percentile(&all, 500),
        percentile(&all, 990),
        all.len()
    );
}

pub(crate) fn fill(engine: &Engine, count: u64) {
    let top = MerchantId::new("top").unwrap();
    let merchants: Vec<MerchantId> = (0..MERCHANTS).map(|n| MerchantId::new(&format!("m{n}")).unwrap()).collect();
    let mut commands = vec![
        token(),
        Command::RegisterMerchant(RegisterMerchant { id: top.clone(), name: "Top".into(), parent: None }),
    ];
    commands.extend(merchants.iter().map(|id| {
        Command::RegisterMerchant(RegisterMerchant { id: id.clone(), name: "A shop".into(), parent: Some(top.clone()) })
    }));
    let orders = (0..count).map(|n| Command::Place(place(&merchants, n)));
    let mut waiting = VecDeque::new();
    for (n, command) in (1_u128..).zip(commands.into_iter().chain(orders)) {
        waiting.push_back(engine.submit(Request::live(CommandId(Uuid::from_u128(n)), orders::ACTOR, command)));
        if waiting.len() > 4_096 {
            waiting.pop_front().unwrap().wait().unwrap();
        }
    }
    for pending in waiting {
        pending.wait().unwrap();
    }
}

/// A token that shows everything.
pub(crate) fn token() -> Command<String> {
    Command::IssueToken(IssueToken {
        secret_sha256: Sha256::digest(TOKEN.as_bytes()).into(),
        id: Uuid::from_u128(2),
        role: Role::Platform,
        merchant: None,
        expires_at: None,
        label: "bench".into(),
        buyer: None,
    })
}

fn place(merchants: &[MerchantId], n: u64) -> PlaceOrder<String> {
    let line = |line: u64| Line {
        sku: Sku::new(&format!("card-{}", (n + line) % 300)).unwrap(),
        title: "Game card, 100 points".into(),
        kind: SkuKind::Card,
        quantity: 1,
        unit_minor: 990 + (n.wrapping_mul(0x9E37_79B9) % 1_000).cast_signed(),
        supplier: None,
        inputs: None,
    };
    PlaceOrder {
        merchant: merchants[usize::try_from(n % MERCHANTS).unwrap()].clone(),
        number: Some(OrderNumber::new(&format!("N-{n}")).unwrap()),
        account: format!("buyer-{}@example.com", n % BUYERS),
        contact: None,
        currency: Currency::CNY,
        lines: (0..1 + n % 2).map(line).collect(),
        adjustments: Vec::new(),
    }
}

pub(crate) async fn serve(router: Router) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await });
    address
}

/// A page of a list.
pub(crate) fn request(list: &str) -> String {
    let body = json!({ "query": format!("query {{ orders({list}, first: 50) {{ {SELECTION} }} }}") }).to_string();
    post_of(&body)
}

pub(crate) fn post_of(body: &str) -> String {
    format!(
        "POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nAuthorization: Bearer {TOKEN}\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

pub(crate) struct Asked {
    pub(crate) rate: u64,
    /// Sorted.
    took: Vec<Duration>,
    bytes_a_page: usize,
}

impl Asked {
    pub(crate) fn at(&self, per_mille: usize) -> Duration {
        percentile(&self.took, per_mille)
    }
}

pub(crate) async fn ask(
    address: SocketAddr,
    clients: usize,
    span: Duration,
    requests: &[String; LISTS.len()],
) -> Asked {
    let begin = Instant::now();
    let running: Vec<_> = (0..clients).map(|_| tokio::spawn(client(address, requests.clone(), begin + span))).collect();
    let (mut took, mut bytes) = (Vec::new(), 0);
    for one in running {
        let (some, read) = one.await.unwrap();
        took.extend(some);
        bytes += read;
    }
    took.sort_unstable();
    let rate = per_second(took.len() as u64, begin.elapsed());
    Asked { rate, bytes_a_page: bytes / took.len().max(1), took }
}

async fn client(address: SocketAddr, requests: [String; LISTS.len()], until: Instant) -> (Vec<Duration>, usize) {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.set_nodelay(true).unwrap();
    let (mut took, mut bytes) = (Vec::new(), 0);
    let mut buffer = vec![0_u8; 256 << 10];
    for request in requests.iter().cycle() {
        let begin = Instant::now();
        if begin >= until {
            break;
        }
        stream.write_all(request.as_bytes()).await.unwrap();
        let body = answer(&mut stream, &mut buffer).await;
        took.push(begin.elapsed());
        bytes += body.len();
        assert!(!body.starts_with(b"{\"errors\""), "{}", String::from_utf8_lossy(body));
    }
    (took, bytes)
}

/// The body of one answer.
pub(crate) async fn answer<'b>(stream: &mut TcpStream, buffer: &'b mut [u8]) -> &'b [u8] {
    let (mut have, mut body) = (0, 0..usize::MAX);
    while have < body.end {
        let read = stream.read(&mut buffer[have..]).await.unwrap();
        assert!(read > 0, "the server hung up");
        have += read;
        if body.end == usize::MAX
            && let Some(end) = buffer[..have].windows(4).position(|four| four == b"\r\n\r\n")
        {
            let head = std::str::from_utf8(&buffer[..end]).unwrap().to_lowercase();
            let length = head.split("content-length: ").nth(1).and_then(|rest| rest.lines().next()).unwrap();
            body = end + 4..end + 4 + length.trim().parse::<usize>().unwrap();
        }
    }
    &buffer[body]
}
