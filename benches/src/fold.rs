//! Folding a ledger of a million events into all views, decoding included, beside decoding alone.

use std::collections::VecDeque;
use std::ops::ControlFlow;
use std::path::Path;
use std::time::{Duration, Instant};

use daybook_engine::{Engine, Reader};
use daybook_views::{BulkFold, Views};

use crate::orders;
use crate::spread::{median, per_second, percent};

const ORDERS: u64 = 125_000;
const ROUNDS: usize = 5;

pub(crate) fn run(dir: &Path) {
    let folder = tempfile::tempdir_in(dir).expect("a folder for temporary files");
    let engine = orders::engine(&folder.path().join("data"));
    fill(&engine);
    let reader = engine.reader();
    let events = reader.watermark();
    println!("folding {events} events of {ORDERS} orders from the ledger, decoding included; median of {ROUNDS}:");
    let (mut decoding, mut bulk, mut single) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        decoding.push(per_second(events, timed(|| decode(&reader))));
        bulk.push(per_second(events, timed(|| drop(in_bulk(&reader)))));
        single.push(per_second(events, timed(|| drop(one_by_one(&reader)))));
    }
    let (decoding, bulk, single) = (median(decoding), median(bulk), median(single));
    println!("  decoding alone, one thread   {decoding:>9} events/s");
    println!("  in bulk, ready to be asked   {bulk:>9} events/s, {} % of decoding alone", percent(bulk, decoding));
    println!("  one by one, always ready     {single:>9} events/s, {} %", percent(single, decoding));
    let in_bulk = in_bulk(&reader);
    assert_eq!(in_bulk.checkpoint(&Default::default()), one_by_one(&reader).checkpoint(&Default::default()));
    engine.shutdown().expect("a clean end");
}

fn timed(run: impl FnOnce()) -> Duration {
    let begin = Instant::now();
    run();
    begin.elapsed()
}

/// Orders as most go: placed, paid, shipped, delivered; eight events each. A thousand are under way at a time.
pub(crate) fn fill(engine: &Engine) {
    orders::register(engine);
    let mut waiting = VecDeque::new();
    for at in 0..ORDERS + 3 * orders::LAG {
        for request in orders::steps_at(at, ORDERS) {
            waiting.push_back(engine.submit(request));
        }
        while waiting.len() > 4096 {
            waiting.pop_front().expect("not empty").wait().expect("an order goes its way");
        }
    }
    for pending in waiting {
        pending.wait().expect("an order goes its way");
    }
}

fn decode(reader: &Reader) {
    let mut next = 1;
    loop {
        let from = next;
        next = reader
            .for_each(from, 1 << 20, |recorded| {
                std::hint::black_box(recorded);
            })
            .expect("a ledger that can be read");
        if next == from {
            return;
        }
    }
}

/// All views of the ledger.
pub(crate) fn in_bulk(reader: &Reader) -> Views {
    let mut fold = BulkFold::default();
    let folded = reader.read_ahead(1, u64::MAX, |events| {
        events.iter().for_each(|recorded| fold.apply(recorded).expect("no view stops"));
        ControlFlow::Continue(())
    });
    folded.expect("a ledger that can be read");
    fold.finish()
}

fn one_by_one(reader: &Reader) -> Views {
    let mut views = Views::new();
    let folded = reader.read_ahead(1, u64::MAX, |events| {
        events.iter().for_each(|recorded| views.apply(recorded).expect("no view stops"));
        ControlFlow::Continue(())
    });
    folded.expect("a ledger that can be read");
    views
}
