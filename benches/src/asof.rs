//! A ledger of a million events as of random positions, over HTTP: first and repeated questions, and questions about now
//! beside them.

#![expect(clippy::unwrap_used, reason = "a measurement has nobody to tell")]

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::sync_channel;
use std::time::{Duration, Instant};

use daybook_api::{Host, Limits, Services, router_within, views_at};
use daybook_domain::CommandId;
use daybook_engine::{Reader, Request};
use daybook_views::Views;
use daybook_views::store::Store;
use serde_json::json;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use uuid::Uuid;

use crate::pages::{LISTS, answer, ask, post_of, request, serve};
use crate::spread::percentile;
use crate::views::source::Random;
use crate::{fold, orders, pages};

/// Of most orders.
const EVENTS: u64 = 8;
/// Events between two checkpoints as a server writes them, at a thousand events a second.
const SAVED_EVERY: u64 = 30_000;
/// Positions that are asked about.
const POSITIONS: usize = 100;
const NOW: [&str; LISTS.len()] = [
    "scope: SUBTREE, sortBy: {field: PLACED_AT, direction: DESC}",
    "scope: SUBTREE, sortBy: {field: AMOUNT, direction: ASC}",
    "where: {label: {oneOf: [COMPLETED]}}, scope: SUBTREE",
    "where: {product: {eq: \"qq-10\"}}, scope: SUBTREE, sortBy: {field: PLACED_AT, direction: ASC}",
];

/// `events`: of the ledger, about. `span`: how long questions about now are asked each time.
pub(crate) fn run(dir: &Path, events: u64, span: Duration) {
    let folder = tempfile::tempdir_in(dir).unwrap();
    let engine = orders::engine(&folder.path().join("data"));
    let issue = Request::live(CommandId(Uuid::from_u128(2)), orders::ACTOR, pages::token());
    engine.submit(issue).wait().unwrap();
    fold::fill(&engine, events / EVENTS);
    let reader = engine.reader();
    let head = reader.watermark();
    let place = folder.path().join("views");
    let mut store = Store::new(&place, *reader.ledger().id().as_bytes());
    let views = grown(&reader, &mut store);
    println!("{head} events as of {POSITIONS} random positions, a page of 50 orders each:");
    println!("  checkpoints: {} bytes, {} of them the newest one's", bytes_in(&place), newest_bytes(&reader, &views));
    let mut random = Random(7);
    for _ in 0..3 {
        let position = random.below(head) + 1;
        let (near, from) = views_at(&reader, Some(&store), position, |_| true).unwrap().unwrap();
        let (far, _) = views_at(&reader, None, position, |_| true).unwrap().unwrap();
        assert!(from > 0 || position < 2 * SAVED_EVERY, "{position}");
        assert_eq!(near.checkpoint(&Default::default()), far.checkpoint(&Default::default()));
    }

    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().worker_threads(2).build().unwrap();
    runtime.block_on(async {
        let limits = || Limits { requests_per_second: None, ..Limits::default() };
        let services = |views| Services::within(engine.clone(), reader.clone(), Arc::new(Host::new(views)));
        let bare = serve(router_within(services(Views::new()), &limits())).await;
        let without = first(bare, head, 20, &mut random).await;
        let services = services(views);
        let (hand_in, _handed) = sync_channel(1);
        services.host.past().with_checkpoints(place.clone(), hand_in);
        let ours = serve(router_within(services, &limits())).await;
        let once = first(ours, head, POSITIONS, &mut random).await;
        show("the first question", &once);
        show("… without checkpoints", &without);
        show("the next page of the same position", &again(ours, head, &mut random).await);

        let mut stop = Vec::new();
        for (name, beside) in
            [("nobody asks about the past", false), ("one asks about another position each time", true)]
        {
            let (tell, told) = tokio::sync::watch::channel(false);
            let asking = beside.then(|| tokio::spawn(without_end(ours, head, told)));
            let found = ask(ours, 2, span, &NOW.map(request)).await;
            tell.send_replace(true);
            println!(
                "  now, 2 clients, {name}: {} pages/s, p50 {:.2?}, p99 {:.2?}",
                found.rate,
                found.at(500),
                found.at(990)
            );
            if let Some(asking) = asking {
                stop = asking.await.unwrap();
            }
        }
        show("the first question, beside those about now", &stop);
    });
    engine.shutdown().unwrap();
}

/// The views, saved on the way as a server does.
fn grown(reader: &Reader, store: &mut Store) -> Views {
    let mut views = Views::new();
    let mut next = SAVED_EVERY;
    let folded = reader.read_ahead(1, u64::MAX, |events| {
        for recorded in events {
            views.apply(recorded).unwrap();
            if recorded.position == next {
                store.save(&store.checkpoint(&views).unwrap()).unwrap();
                next += SAVED_EVERY;
            }
        }
        std::ops::ControlFlow::Continue(())
    });
    folded.unwrap();
    if let Some(last) = store.checkpoint(&views) {
        store.save(&last).unwrap();
    }
    views
}

fn newest_bytes(reader: &Reader, views: &Views) -> u64 {
    let folder = tempfile::tempdir().unwrap();
    let mut store = Store::new(folder.path(), *reader.ledger().id().as_bytes());
    store.save(&store.checkpoint(views).unwrap()).unwrap();
    bytes_in(folder.path())
}

fn bytes_in(folder: &Path) -> u64 {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.map(|path| if path.is_dir() { bytes_in(&path) } else { path.metadata().unwrap().len() }).sum()
}

fn as_of(position: u64, after: &str) -> String {
    let query = "query ($at: AsOf, $after: String) { orders(scope: SUBTREE, first: 50, after: $after, asOf: $at) {
        nodes { id number label total { amount } } pageInfo { endCursor hasNextPage } } }";
    let after = Some(after).filter(|after| !after.is_empty());
    post_of(
        &json!({"query": query, "variables": {"at": {"position": position.to_string()}, "after": after}}).to_string(),
    )
}

async fn one(stream: &mut TcpStream, request: &str) -> (Duration, serde_json::Value) {
    let mut buffer = vec![0_u8; 256 << 10];
    let begin = Instant::now();
    stream.write_all(request.as_bytes()).await.unwrap();
    let body = answer(stream, &mut buffer).await;
    let took = begin.elapsed();
    let answer: serde_json::Value = serde_json::from_slice(body).unwrap();
    assert!(answer.get("errors").is_none(), "{answer}");
    (took, answer)
}

/// Each position once.
async fn first(address: SocketAddr, head: u64, count: usize, random: &mut Random) -> Vec<Duration> {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let mut all = Vec::new();
    for _ in 0..count {
        all.push(one(&mut stream, &as_of(random.below(head) + 1, "")).await.0);
    }
    all
}

/// Pages of four positions in turn.
async fn again(address: SocketAddr, head: u64, random: &mut Random) -> Vec<Duration> {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let mut places: Vec<(u64, String)> = (0..4).map(|_| (head / 2 + random.below(head / 2), String::new())).collect();
    let mut all = Vec::new();
    for round in 0..100 {
        for (position, after) in &mut places {
            let (took, answer) = one(&mut stream, &as_of(*position, after)).await;
            let info = &answer["data"]["orders"]["pageInfo"];
            // At the end, from the beginning again.
            let next = info["endCursor"].as_str().filter(|_| info["hasNextPage"] == true);
            *after = next.unwrap_or_default().to_owned();
            if round > 0 {
                all.push(took);
            }
        }
    }
    all
}

async fn without_end(address: SocketAddr, head: u64, told: tokio::sync::watch::Receiver<bool>) -> Vec<Duration> {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let (mut random, mut all) = (Random(11), Vec::new());
    while !*told.borrow() {
        all.push(one(&mut stream, &as_of(random.below(head) + 1, "")).await.0);
    }
    all
}

fn show(name: &str, all: &[Duration]) {
    let mut all = all.to_vec();
    all.sort_unstable();
    let at = |per_mille| percentile(&all, per_mille);
    println!("  {name}: p50 {:.1?}, p99 {:.1?}, longest {:.1?} of {}", at(500), at(990), at(1000), all.len());
}
