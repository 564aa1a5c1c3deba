//! Orders placed end to end: over HTTP as a client asks, beside one statement for the order and its lines.

#![expect(clippy::unwrap_used, reason = "a measurement has nobody to tell")]

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use daybook_api::{Host, Limits, Services, router_within};
use daybook_domain::CommandId;
use daybook_domain::command::{Command, RegisterMerchant};
use daybook_engine::{Engine, Request};
use daybook_peers::{NewOrder, PgOrders, Postgres};
use daybook_views::Views;
use serde_json::json;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::runtime::Runtime;
use tokio::sync::Mutex;
use tokio::task::block_in_place;
use uuid::Uuid;

use crate::compare::report::{Report, number, times};
use crate::compare::rounds::{ROUNDS, Round, Rounds, round};
use crate::orders;
use crate::overload::follow;
use crate::pages::{answer, post_of, serve, token};

const WIDTHS: [usize; 3] = [1, 64, 512];
/// Of `PostgreSQL`: it places over as many as it was best with just before, at most one for each caller.
const CONNECTIONS: [usize; 4] = [1, 16, 32, 64];
/// When whoever was turned away comes again: sooner than it was told, so that no order waits for that alone.
const AGAIN_AFTER: Duration = Duration::from_millis(5);
const MERCHANTS: u64 = 100;
const BUYERS: u64 = 100_000;
const LINES: [(&str, &str, i64); 2] = [("steam-50", "Steam 50 元", 4_850), ("qq-10", "QQ 币 10", 980)];
/// What is asked for with the receipt: nothing, as a shop's own program does, or the order as a page shows it.
const FORMS: [(&str, &str); 2] = [
    ("the receipt", "receipt { position }"),
    ("the receipt and the order", "receipt { position } order { id number label total { amount currency } }"),
];
/// In a prepared request the command's id, the merchant's and the buyer's number stand where these stand.
const MARKS: [&str; 3] = ["00000000-0000-0000-0000-000000000000", "m##", "buyer-#####@"];

pub(crate) async fn run(dir: &Path, sustained: Duration, report: &mut Report) {
    report.heading("Placing orders: `compare order`");
    let ours = Ours::start(&dir.join("placing")).await;
    let next = Arc::new(AtomicU64::new(0));
    let mut server = match Postgres::start(dir).await {
        Ok(server) => Some(server),
        Err(why) => {
            report.note(&format!("**Not there**: {why}."));
            None
        }
    };
    report.note(&format!(
        "Orders of two lines of one of {} buyers at one of {MERCHANTS} merchants; {} s for each and width in {ROUNDS} \
         rounds in turns: medians, and from the least to the most.",
        number(BUYERS),
        sustained.as_secs()
    ));
    for callers in WIDTHS {
        let connections = Arc::new(ours.connected(callers).await);
        let (mut forms, mut theirs) = ([Rounds::default(), Rounds::default()], [Rounds::default(), Rounds::default()]);
        let width = match &server {
            Some(server) => best_connections(server, callers, &next, sustained / (ROUNDS * 4)).await,
            None => 1,
        };
        for _ in 0..ROUNDS {
            for (form, rounds) in forms.iter_mut().enumerate() {
                rounds.add(&over_http(&connections, form, &next, sustained / ROUNDS).await);
            }
            if server.is_some() {
                // What was just placed is still being sealed, on the same cores.
                block_in_place(|| orders::settled(&ours.engine.reader()));
            }
            for (rounds, with_indexes) in theirs.iter_mut().zip([false, true]) {
                if let Some(server) = &server {
                    let tables = PgOrders::new(server, width, with_indexes).await.expect("PostgreSQL makes tables");
                    rounds.add(&in_tables(&Arc::new(tables), callers, &next, sustained / ROUNDS).await);
                }
            }
        }
        let row = |name: String, rounds: &Rounds| {
            let [half, most, _] = rounds.latencies();
            vec![name, rounds.rates(), half, most, times(forms[0].rate(), rounds.rate())]
        };
        let form = |(rounds, form): (&Rounds, &(&str, &str))| row(format!("**Daybook**, {}", form.0), rounds);
        let mut rows: Vec<_> = forms.iter().zip(&FORMS).map(form).collect();
        if server.is_some() {
            for (rounds, what) in theirs.iter().zip(["keys alone", "with the lists' indexes"]) {
                rows.push(row(format!("PostgreSQL, {what}, over {width}"), rounds));
            }
        }
        let mut turned_away = 0;
        for connection in connections.iter() {
            turned_away += connection.lock().await.turned_away;
        }
        let callers = if callers == 1 { "1 connection".into() } else { format!("{callers} connections") };
        report.table(&[&callers, "orders/s", "p50", "p99", "Daybook's receipt to it"], &rows);
        if turned_away > 0 {
            report.note(&format!("Daybook turned requests away {} times here.", number(turned_away)));
        }
    }
    report.note(NOTES);
    if let Some(server) = &mut server {
        server.stop();
    }
    block_in_place(|| ours.end());
}

const NOTES: &str = "\
Daybook: a `placeOrder` mutation, its input in variables, over a kept connection on loopback, answered when the order is durable; parsing, the token's \
rights, sealing, and keeping all views up to date are within. As it comes, 64 run at once, 128 wait and more are turned away; here \
as many may run as ask. Who is turned away all the same comes again after 5 ms, which counts. PostgreSQL: one prepared statement over a Unix socket, *over* as many connections as it was best with just before, without \
HTTP, in tables that hold nothing yet at each round's begin, with their keys alone, and with the indexes that lists of orders want.";

/// A server as it is shipped, but that no token has a limit and as many mutations run at once as are asked for, whose views follow.
struct Ours {
    engine: Engine,
    address: SocketAddr,
    ended: Arc<AtomicBool>,
    following: std::thread::JoinHandle<()>,
    servers: Runtime,
    workers: Runtime,
}

impl Ours {
    async fn start(dir: &Path) -> Self {
        let engine = orders::engine(dir);
        let merchants = (0..MERCHANTS).map(|n| {
            let id = daybook_domain::MerchantId::new(&format!("m{n:02}")).unwrap();
            Command::RegisterMerchant(RegisterMerchant { id, name: "A shop".into(), parent: None })
        });
        for (n, command) in (1_u128..).zip([token()].into_iter().chain(merchants)) {
            engine.submit(Request::live(CommandId(Uuid::from_u128(n)), orders::ACTOR, command)).await.unwrap();
        }
        let reader = engine.reader();
        let host = Arc::new(Host::new(Views::new()));
        let ended = Arc::new(AtomicBool::new(false));
        let following = follow(reader.clone(), Arc::clone(&host), Arc::clone(&ended));
        let runtime = || tokio::runtime::Builder::new_multi_thread().enable_all().worker_threads(2).build().unwrap();
        let (servers, workers) = (runtime(), runtime());
        // All of it comes with one token.
        let limits = Limits {
            requests_per_second: None,
            // As many as there are connections, however slow the disk is just then.
            mutations: daybook_api::Width { running: WIDTHS[2], waiting: WIDTHS[2] },
            workers: Some(workers.handle().clone()),
            ..Limits::default()
        };
        let router = router_within(Services::within(engine.clone(), reader, host), &limits);
        let address = servers.spawn(serve(router)).await.unwrap();
        Self { engine, address, ended, following, servers, workers }
    }

    async fn connected(&self, count: usize) -> Vec<Mutex<Connection>> {
        let mut all = Vec::new();
        for _ in 0..count {
            let stream = TcpStream::connect(self.address).await.unwrap();
            stream.set_nodelay(true).unwrap();
            all.push(Mutex::new(Connection {
                stream,
                buffer: vec![0; 16 << 10],
                requests: FORMS.map(|form| Prepared::new(form.1)),
                turned_away: 0,
            }));
        }
        all
    }

    fn end(self) {
        self.ended.store(true, Ordering::Relaxed);
        self.following.join().unwrap();
        self.servers.shutdown_background();
        self.workers.shutdown_background();
        self.engine.shutdown().unwrap();
    }
}

struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
    /// One of each of [`FORMS`].
    requests: [Prepared; 2],
    /// How often it was told to come again.
    turned_away: u64,
}

/// The bytes of a request, made once, and where in them each of [`MARKS`] is.
#[derive(Clone)]
struct Prepared {
    bytes: Vec<u8>,
    at: [usize; 3],
}

impl Prepared {
    fn new(selection: &str) -> Self {
        let query = format!(
            "mutation ($input: PlaceOrderInput!) {{ placeOrder(input: $input) {{ {selection} userErrors {{ code }} }} }}"
        );
        let lines: Vec<_> = LINES
            .iter()
            .map(|(sku, title, minor)| {
                json!({"sku": sku, "title": title, "kind": "CARD", "quantity": 1,
                    "unitPrice": {"amount": format!("{}.{:02}", minor / 100, minor % 100), "currency": "CNY"}})
            })
            .collect();
        let [id, merchant, buyer] = MARKS;
        let account = format!("{buyer}example.com");
        let input = json!({"commandId": id, "merchant": merchant, "buyer": {"account": account}, "lines": lines});
        let text = post_of(&json!({"query": query, "variables": {"input": input}}).to_string());
        let at = MARKS.map(|mark| text.find(mark).unwrap());
        Self { bytes: text.into_bytes(), at }
    }

    fn of(&mut self, n: u64) -> &[u8] {
        let [id, merchant, buyer] = self.at;
        let mut put = |at: usize, text: &str| self.bytes[at..at + text.len()].copy_from_slice(text.as_bytes());
        put(id, Uuid::from_u64_pair(0xBE, n).hyphenated().encode_lower(&mut Uuid::encode_buffer()));
        put(merchant, &format!("m{:02}", n % MERCHANTS));
        put(buyer, &format!("buyer-{:05}@", n % BUYERS));
        &self.bytes
    }
}

async fn over_http(
    connections: &Arc<Vec<Mutex<Connection>>>,
    form: usize,
    next: &Arc<AtomicU64>,
    span: Duration,
) -> Round {
    let (connections, next) = (Arc::clone(connections), Arc::clone(next));
    round(connections.len(), span, move |caller, _| {
        let (connections, next) = (Arc::clone(&connections), Arc::clone(&next));
        async move {
            let mut connection = connections[caller].lock().await;
            let Connection { stream, buffer, requests, turned_away } = &mut *connection;
            let n = next.fetch_add(1, Ordering::Relaxed);
            let request = &mut requests[form];
            loop {
                stream.write_all(request.of(n)).await.unwrap();
                let body = answer(stream, buffer).await;
                if holds(body, b"\"userErrors\":[]") {
                    break;
                }
                // Nothing was done; it counts as one order that took so much longer.
                assert!(holds(body, b"\"OVERLOADED\""), "{}", String::from_utf8_lossy(body));
                *turned_away += 1;
                tokio::time::sleep(AGAIN_AFTER).await;
            }
        }
    })
    .await
}

fn holds(body: &[u8], wanted: &[u8]) -> bool {
    body.windows(wanted.len()).any(|some| some == wanted)
}

/// With how many connections `PostgreSQL` places most, in tables with their keys alone.
async fn best_connections(server: &Postgres, callers: usize, next: &Arc<AtomicU64>, span: Duration) -> usize {
    let mut best = (0, 1);
    for connections in CONNECTIONS {
        if connections <= callers && (callers == 1 || connections > 1) {
            let tables = PgOrders::new(server, connections, false).await.expect("PostgreSQL makes tables");
            let tried = in_tables(&Arc::new(tables), callers, next, span).await;
            best = best.max((tried.rate, connections));
        }
    }
    best.1
}

async fn in_tables(tables: &Arc<PgOrders>, callers: usize, next: &Arc<AtomicU64>, span: Duration) -> Round {
    let (tables, next) = (Arc::clone(tables), Arc::clone(next));
    round(callers, span, move |caller, _| {
        let (tables, next) = (Arc::clone(&tables), Arc::clone(&next));
        async move {
            let n = next.fetch_add(1, Ordering::Relaxed);
            let order = NewOrder {
                command_id: Uuid::from_u64_pair(0xBE, n),
                merchant: &format!("m{:02}", n % MERCHANTS),
                number: &format!("20261124{n:012}"),
                buyer: &format!("buyer-{:05}@example.com", n % BUYERS),
                currency: "CNY",
                total_minor: LINES.iter().map(|line| line.2).sum(),
                skus: &LINES.map(|line| line.0),
                titles: &LINES.map(|line| line.1),
                quantities: &[1, 1],
                unit_minors: &LINES.map(|line| line.2),
            };
            tables.place(caller, &order).await;
        }
    })
    .await
}
