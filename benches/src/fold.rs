//! Folding a ledger into all views, decoding included, beside decoding alone. What one processor folds is told beside what
//! all together do: decoding has a thread of its own, and in the end each view has.

use std::collections::VecDeque;
use std::ops::ControlFlow;
use std::path::Path;
use std::time::{Duration, Instant};

use daybook_engine::{Engine, Reader};
use daybook_views::{BulkFold, Views};

use crate::orders;
use crate::spread::{median, per_second, percent};
use crate::usage::computed_micros;

const ROUNDS: usize = 5;

/// Events per second: of the clock on the wall, and of all processors together.
#[derive(Default)]
pub(crate) struct Rates {
    wall: Vec<u64>,
    processor: Vec<u64>,
}

impl Rates {
    /// What is made is dropped when nobody measures any more.
    pub(crate) fn measure<T>(&mut self, events: u64, run: impl FnOnce() -> T) {
        let (begin, computed) = (Instant::now(), computed_micros());
        let made = run();
        self.wall.push(per_second(events, begin.elapsed()));
        let computed = Duration::from_micros(computed_micros().saturating_sub(computed));
        self.processor.push(per_second(events, computed.max(Duration::from_millis(10))));
        drop(made);
    }

    pub(crate) fn medians(self) -> (u64, u64) {
        (median(self.wall), median(self.processor))
    }
}

pub(crate) fn run(dir: &Path, count: u64) {
    let folder = tempfile::tempdir_in(dir).expect("a folder for temporary files");
    let engine = orders::engine(&folder.path().join("data"));
    fill(&engine, count);
    let reader = engine.reader();
    let events = reader.watermark();
    // Large ledgers are not folded one by one again and again.
    let rounds = if count > 1_000_000 { 1 } else { ROUNDS };
    println!("folding {events} events of {count} orders from the ledger, decoding included; median of {rounds}:");
    let (mut decoding, mut bulk, mut single) = (Rates::default(), Rates::default(), Rates::default());
    for _ in 0..rounds {
        decoding.measure(events, || decode(&reader));
        bulk.measure(events, || in_bulk(&reader));
        single.measure(events, || one_by_one(&reader));
    }
    let limit = median(decoding.wall.clone());
    for (name, rates) in [
        ("decoding alone, one thread", decoding),
        ("in bulk, ready to be asked", bulk),
        ("one by one, always ready", single),
    ] {
        let (wall, processor) = rates.medians();
        println!(
            "  {name:28} {wall:>9} events/s, {:>3} % of decoding alone; {processor:>9} events a processor second",
            percent(wall, limit)
        );
    }
    let in_bulk = in_bulk(&reader);
    assert_eq!(in_bulk.checkpoint(&Default::default()), one_by_one(&reader).checkpoint(&Default::default()));
    engine.shutdown().expect("a clean end");
}

/// Orders as most go: placed, paid, shipped, delivered; eight events each. A thousand are under way at a time.
pub(crate) fn fill(engine: &Engine, count: u64) {
    orders::register(engine);
    let mut waiting = VecDeque::new();
    for at in 0..count + 3 * orders::LAG {
        for request in orders::steps_at(at, count) {
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

pub(crate) fn decode(reader: &Reader) {
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
