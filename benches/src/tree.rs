//! Durable `placeOrder` with the tree over all records kept up, beside without it, in turns; then what roots and proofs
//! take.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::{Duration, Instant};

use daybook_engine::{Engine, FolderOptions, open_folder};
use daybook_ledger::{Ledger, Options, Position};
use uuid::Uuid;

use crate::orders;
use crate::spread::{median, per_second, percent};
use crate::write::place_orders;

const CALLERS: u64 = 512;
/// Pairs of rounds; which of the two comes first changes from one to the next.
const ROUNDS: u32 = 30;
const PROOFS: u64 = 1_000;

fn engine(dir: &Path, keep_tree: bool) -> Engine {
    let ledger = Options { keep_tree, ..Options::default() };
    let options = FolderOptions { ledger, id_if_new: Some(Uuid::from_u128(0xBE)), ..FolderOptions::default() };
    let engine = open_folder(dir, &options, orders::clock()).expect("a folder that can be opened").engine;
    orders::register(&engine);
    engine
}

pub(crate) fn run(dir: &Path, sustained: Duration) {
    let folder = tempfile::tempdir_in(dir).expect("a folder for temporary files");
    let engines = [true, false].map(|keep| engine(&folder.path().join(format!("{keep}")), keep));
    let next = Arc::new(AtomicU64::new(0));
    let span = sustained / (2 * ROUNDS);
    println!("durable placeOrder with {CALLERS} callers, {ROUNDS} pairs of rounds of {} ms each", span.as_millis());
    let (mut speeds, mut costs) = ([Vec::new(), Vec::new()], [Vec::new(), Vec::new()]);
    for round in 0..ROUNDS {
        let order = if round % 2 == 0 { [0, 1] } else { [1, 0] };
        for which in order {
            let done = place_orders(&engines[which], CALLERS, &next, span, orders::place);
            speeds[which].push(per_second(done.orders, done.span));
            costs[which].push(done.computed * 1_000 / done.orders.max(1));
        }
    }
    let [with, without] = speeds.clone().map(median);
    let [cost_with, cost_without] = costs.clone().map(median);
    println!("  with the tree {with} orders/s, {cost_with} ns of processor time each");
    println!("  without       {without} orders/s, {cost_without} ns of processor time each");
    let ratios = |of: &[Vec<u64>; 2]| {
        let mut ratios: Vec<u64> = of[0].iter().zip(&of[1]).map(|(with, without)| percent(*with, *without)).collect();
        ratios.sort_unstable();
        [1, 2, 3].map(|quarter| ratios[ratios.len() * quarter / 4])
    };
    let ([low, half, high], [cheap, cost, dear]) = (ratios(&speeds), ratios(&costs));
    println!("  with, of the round beside it without: {half} % of the speed, half of all pairs {low} to {high} %");
    println!("  and {cost} % of the processor time, half of all pairs {cheap} to {dear} %");
    proofs(engines[0].reader().ledger());
    for engine in engines {
        engine.shutdown().expect("a clean end");
    }
}

fn proofs(ledger: &Ledger) {
    let size = ledger.watermark();
    let begin = Instant::now();
    ledger.root(size).expect("a root");
    println!("  the root over all {size} records, what the binder had not come to first: {:?}", begin.elapsed());
    let begin = Instant::now();
    for number in 0..PROOFS {
        let at = Position::new(1 + number * 7_919 % size).expect("from 1 on");
        ledger.inclusion(at, size).expect("a proof");
    }
    println!("  a proof of inclusion: {:?}", begin.elapsed() / 1_000);
    let begin = Instant::now();
    for number in 0..PROOFS {
        ledger.consistency(1 + number * 7_919 % size, size).expect("a proof");
    }
    println!("  a proof of consistency: {:?}", begin.elapsed() / 1_000);
}
