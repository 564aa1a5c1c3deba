//! `placeOrder` over HTTP: each answer is waited for, and each order is durable before it is answered.
//!
//! The callers run on a thread of their own, on the same processors as the server: what they take, it lacks.

#![expect(clippy::unwrap_used, reason = "a measurement has nobody to tell")]

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use daybook_api::{Host, Limits, Services, Width, router_within};
use serde_json::json;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use uuid::Uuid;

use crate::fold::in_bulk;
use crate::orders;
use crate::overload::{follow, runtime};
use crate::pages::{answer, fill, post_of, serve};
use crate::spread::{per_second, percentile};
use crate::usage::computed_micros;

const SELECTION: &str =
    "{ receipt { position } order { id number label total { amount currency } } userErrors { code } }";
const SHORT: &str = "{ receipt { position } userErrors { code } }";

/// How an order is written down in a request.
#[derive(Clone, Copy)]
enum Form {
    /// One document for all, each with variables of its own.
    Variables(&'static str),
    /// Each document holds its own order.
    Literal(&'static str),
}

const FORMS: [(&str, Form); 3] = [
    ("variables, the receipt alone", Form::Variables(SHORT)),
    ("variables, the order too", Form::Variables(SELECTION)),
    ("a document each, the receipt alone", Form::Literal(SHORT)),
];

/// `span`: how long each number of callers places orders in each form.
pub(crate) fn run(dir: &Path, span: Duration) {
    let folder = tempfile::tempdir_in(dir).unwrap();
    let engine = orders::engine(&folder.path().join("data"));
    fill(&engine, 1);
    let reader = engine.reader();
    let host = Arc::new(Host::new(in_bulk(&reader)));
    let ended = Arc::new(AtomicBool::new(false));
    let following = follow(reader.clone(), Arc::clone(&host), Arc::clone(&ended));
    let services = Services::within(engine.clone(), reader.clone(), host);
    let (servers, callers) = (runtime(2), runtime(1));
    // One token places all of them, and nobody is turned away.
    let mutations = Width { running: 512, waiting: 512 };
    let limits = Limits { requests_per_second: None, mutations, ..Limits::default() };
    let address = servers.block_on(serve(router_within(services, &limits)));
    println!("placeOrder over HTTP, each order durable before it is answered; the callers on the same processors");
    let next = Arc::new(AtomicU64::new(0));
    for (name, form) in FORMS {
        for width in [1, 64, 512] {
            let (begin, computed) = (Instant::now(), computed_micros());
            let took = callers.block_on(place(address, width, form, span, &next));
            let orders = took.len() as u64;
            println!(
                "  {name}, {width:>3} callers: {:>6} orders/s, p50 {:.2?}, p99 {:.2?}; {} µs of processor time an order, callers included",
                per_second(orders, begin.elapsed()),
                percentile(&took, 500),
                percentile(&took, 990),
                (computed_micros() - computed) / orders.max(1)
            );
        }
    }
    ended.store(true, Ordering::Relaxed);
    following.join().unwrap();
    engine.shutdown().unwrap();
}

async fn place(address: SocketAddr, callers: u32, form: Form, span: Duration, next: &Arc<AtomicU64>) -> Vec<Duration> {
    let until = Instant::now() + span;
    let calling = (0..callers).map(|_| tokio::spawn(caller(address, form, until, Arc::clone(next))));
    let mut all = Vec::new();
    for one in calling.collect::<Vec<_>>() {
        all.extend(one.await.unwrap());
    }
    all.sort_unstable();
    all
}

async fn caller(address: SocketAddr, form: Form, until: Instant, next: Arc<AtomicU64>) -> Vec<Duration> {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.set_nodelay(true).unwrap();
    let mut request = form.request().into_bytes();
    let id = place_of_the_id(&request);
    let (mut took, mut buffer) = (Vec::new(), vec![0_u8; 16 << 10]);
    loop {
        let begin = Instant::now();
        if begin >= until {
            return took;
        }
        let n = next.fetch_add(1, Ordering::Relaxed);
        let command = Uuid::from_u64_pair(n.wrapping_mul(0x9E37_79B9_7F4A_7C15), n);
        command.hyphenated().encode_lower(&mut request[id..id + 36]);
        stream.write_all(&request).await.unwrap();
        let body = answer(&mut stream, &mut buffer).await;
        took.push(begin.elapsed());
        assert!(body.starts_with(b"{\"data\":{\"placeOrder\":{\"receipt\":{"), "{}", String::from_utf8_lossy(body));
    }
}

/// Stands for the command's id until one is written over it.
const NO_ID: &str = "00000000-0000-0000-0000-000000000000";

fn place_of_the_id(request: &[u8]) -> usize {
    request.windows(NO_ID.len()).position(|window| window == NO_ID.as_bytes()).unwrap()
}

impl Form {
    fn request(self) -> String {
        let line = json!({"sku": "gc-100", "title": "Game card, 100 points", "kind": "CARD", "quantity": 1,
            "unitPrice": {"amount": "9.90", "currency": "CNY"}});
        let account = "buyer-1@example.com";
        let body = match self {
            Form::Variables(selection) => json!({
                "query": format!("mutation ($input: PlaceOrderInput!) {{ placeOrder(input: $input) {selection} }}"),
                "variables": {"input": {"commandId": NO_ID, "merchant": "m1", "buyer": {"account": account}, "lines": [line]}}
            }),
            Form::Literal(selection) => json!({"query": format!(
                "mutation {{ placeOrder(input: {{commandId: \"{NO_ID}\", merchant: \"m1\", buyer: {{account: \"{account}\"}},
                 lines: [{{sku: \"gc-100\", title: \"Game card, 100 points\", kind: CARD, quantity: 1,
                 unitPrice: {{amount: \"9.90\", currency: \"CNY\"}}}}]}}) {selection} }}"
            )}),
        };
        post_of(&body.to_string())
    }
}
