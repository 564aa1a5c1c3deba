//! Durable `placeOrder` through the engine, beside a bare preallocated file.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use daybook_engine::{Engine, Request};

use crate::file::BareFile;
use crate::orders;
use crate::spread::{median, per_second, percent, percentile};
use crate::usage::computed_micros;

const ROUNDS: u32 = 3;

/// What one round of placing orders came to.
pub(crate) struct Round {
    pub(crate) orders: u64,
    batches: u64,
    bytes: u64,
    pub(crate) span: Duration,
    /// Sorted.
    pub(crate) took: Vec<Duration>,
    /// Processor time of all threads, the callers' too, in microseconds.
    pub(crate) computed: u64,
}

/// So many callers, each with one order under way, for so long.
pub(crate) fn place_orders(
    engine: &Engine,
    callers: u64,
    next: &Arc<AtomicU64>,
    span: Duration,
    place: impl Fn(u64) -> Request + Copy + Send + 'static,
) -> Round {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_time().build().expect("threads");
    let before = engine.reader().ledger().stats();
    let computed = computed_micros();
    let begin = Instant::now();
    let stop = Arc::new(AtomicBool::new(false));
    let took: Vec<Duration> = runtime.block_on(async {
        let mut tasks = tokio::task::JoinSet::new();
        for _ in 0..callers {
            let (engine, next, stop) = (engine.clone(), Arc::clone(next), Arc::clone(&stop));
            tasks.spawn(async move {
                let mut took = Vec::new();
                while !stop.load(Ordering::Relaxed) {
                    let request = place(next.fetch_add(1, Ordering::Relaxed));
                    let asked = Instant::now();
                    engine.execute(request).await.expect("a new order is placed");
                    took.push(asked.elapsed());
                }
                took
            });
        }
        tokio::time::sleep(span).await;
        stop.store(true, Ordering::Relaxed);
        let mut all = Vec::new();
        while let Some(took) = tasks.join_next().await {
            all.extend(took.expect("no caller fails"));
        }
        all
    });
    let span = begin.elapsed();
    let after = engine.reader().ledger().stats();
    let mut took = took;
    took.sort_unstable();
    Round {
        orders: took.len() as u64,
        batches: after.batches - before.batches,
        bytes: after.synced_bytes - before.synced_bytes,
        span,
        took,
        computed: computed_micros() - computed,
    }
}

/// Runs each width in rounds, the file's after the engine's with batches of the same number of bytes.
pub(crate) fn run(dir: &Path, sustained: Duration) {
    let folder = tempfile::tempdir_in(dir).expect("a folder for temporary files");
    let engine = orders::engine(&folder.path().join("data"));
    orders::register(&engine);
    let mut file = BareFile::create(folder.path());
    let next = Arc::new(AtomicU64::new(0));
    let round = sustained / ROUNDS;
    println!("durable placeOrder, {} s a width in {ROUNDS} rounds, binding on", sustained.as_secs());
    for callers in [1, 64, 512] {
        let mut ours = Vec::new();
        let mut theirs = Vec::new();
        let mut ours_latency = Vec::new();
        let mut theirs_latency = Vec::new();
        for _ in 0..ROUNDS {
            let done = place_orders(&engine, callers, &next, round, orders::place);
            let batch_bytes = usize::try_from(done.bytes / done.batches.max(1)).unwrap_or(usize::MAX);
            let orders_a_batch = (done.orders / done.batches.max(1)).max(1);
            let (batches, span) = file.tight_loop(batch_bytes, round / 4);
            ours.push(per_second(done.orders, done.span));
            theirs.push(per_second(batches * orders_a_batch, span));
            if callers == 1 {
                let took;
                (file, took) = file.handed_over(batch_bytes, round / 4);
                theirs_latency.push(micros(percentile(&took, 500)));
            }
            ours_latency.push(micros(percentile(&done.took, 500)));
            println!(
                "  {callers:>3} callers: {} orders/s, p50 {:?} p99 {:?}, {orders_a_batch} orders and {batch_bytes} bytes a \
                 batch; {} ns of processor time an order",
                per_second(done.orders, done.span),
                percentile(&done.took, 500),
                percentile(&done.took, 990),
                done.computed * 1_000 / done.orders.max(1),
            );
        }
        let (ours, theirs) = (median(ours), median(theirs));
        println!("  {callers:>3} callers: {ours} orders/s; bare file {theirs}; {} %", percent(ours, theirs));
        if callers == 1 {
            let (ours, theirs) = (median(ours_latency), median(theirs_latency));
            println!(
                "    1 caller: {ours} µs; bare file with the same hand-off {theirs} µs; {} %",
                percent(ours, theirs)
            );
        }
    }
    engine.shutdown().expect("a clean end");
}

fn micros(span: Duration) -> u64 {
    u64::try_from(span.as_micros()).unwrap_or(u64::MAX)
}

/// Fills a ledger with a million events, then opens it.
pub(crate) fn open(dir: &Path, events: u64) {
    let folder = tempfile::tempdir_in(dir).expect("a folder for temporary files");
    let data = folder.path().join("data");
    let engine = orders::engine(&data);
    orders::register(&engine);
    let begin = Instant::now();
    let mut waiting = std::collections::VecDeque::new();
    for n in 1..events {
        waiting.push_back(engine.submit(orders::place(n)));
        if waiting.len() > 4096 {
            waiting.pop_front().expect("not empty").wait().expect("a new order is placed");
        }
    }
    for pending in waiting {
        pending.wait().expect("a new order is placed");
    }
    println!("filled with {events} events: {} events/s", per_second(events, begin.elapsed()));
    engine.shutdown().expect("a clean end");
    drop(engine);
    for how in ["after a clean end", "again"] {
        let begin = Instant::now();
        let engine = orders::engine(&data);
        println!("opened {events} events {how}: {:?}", begin.elapsed());
        engine.shutdown().expect("a clean end");
    }
}
