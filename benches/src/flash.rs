//! A flash sale: all buyers want the same SKU, beside as many who want many.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use crate::orders;
use crate::spread::{median, per_second, percent, percentile};
use crate::write::place_orders;

const ROUNDS: u32 = 3;
const MANY: u64 = 1_000;

pub(crate) fn run(dir: &Path, sustained: Duration) {
    let folder = tempfile::tempdir_in(dir).expect("a folder for temporary files");
    let engine = orders::engine(&folder.path().join("data"));
    orders::register(&engine);
    for sku in 0..=MANY {
        orders::receive(&engine, sku, 1_000_000, 1);
    }
    // More than can be ordered in the time.
    for time in 2..32 {
        orders::receive(&engine, MANY, 1_000_000, time);
    }
    let next = Arc::new(AtomicU64::new(1 << 40));
    let round = sustained / ROUNDS;
    println!(
        "durable placeOrder of one line that reserves stock, {} s a width in {ROUNDS} rounds",
        sustained.as_secs()
    );
    for callers in [64, 512] {
        let (mut one, mut many, mut unlimited) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            for (name, into, sku) in [
                ("no stock counted", &mut unlimited, (|_| u64::MAX) as fn(u64) -> u64),
                ("spread over 1,000 SKUs", &mut many, |n| n % MANY),
                ("one SKU", &mut one, |_| MANY),
            ] {
                let done = place_orders(&engine, callers, &next, round, move |n| orders::place_one(n, sku(n)));
                into.push(per_second(done.orders, done.span));
                println!(
                    "  {callers:>3} callers, {name}: {} orders/s, p50 {:?} p99 {:?}",
                    per_second(done.orders, done.span),
                    percentile(&done.took, 500),
                    percentile(&done.took, 990)
                );
            }
        }
        let (one, many, unlimited) = (median(one), median(many), median(unlimited));
        println!(
            "  {callers:>3} callers: one SKU {one} orders/s; 1,000 SKUs {many}, so {} % of it; nothing counted {unlimited}",
            percent(one, many)
        );
    }
    engine.shutdown().expect("a clean end");
}
