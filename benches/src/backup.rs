//! A copy of the log made again and again while 512 callers write as fast as they can: what it costs them, what it
//! costs, and that what is restored from it is what was written.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use daybook_ledger::{BackupReport, Ledger, SignedRoot, restore};

use crate::orders;
use crate::spread::{per_second, percent, percentile};
use crate::write::place_orders;

const CALLERS: u64 = 512;
const BACKUPS: usize = 20;

/// `sustained`: how long is written in all; a third of it without a backup beside.
pub(crate) fn run(dir: &Path, sustained: Duration) {
    let folder = tempfile::tempdir_in(dir).expect("a folder for temporary files");
    let engine = orders::engine(&folder.path().join("data"));
    orders::register(&engine);
    let next = Arc::new(AtomicU64::new(0));
    let alone = place_orders(&engine, CALLERS, &next, sustained / 3, orders::place);
    let reader = engine.reader();
    let (ledger, to) = (reader.ledger().clone(), folder.path().join("backup"));
    let is_over = Arc::new(AtomicBool::new(false));
    let writer = std::thread::spawn({
        let (ledger, to, is_over) = (ledger.clone(), to.clone(), Arc::clone(&is_over));
        let pause = sustained * 2 / 3 / u32::try_from(BACKUPS).unwrap_or(1);
        move || back_up_until(&ledger, &to, pause, &is_over)
    });
    let beside = place_orders(&engine, CALLERS, &next, sustained * 2 / 3, orders::place);
    is_over.store(true, Ordering::Relaxed);
    let made = writer.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
    let (rate, before) = (per_second(beside.orders, beside.span), per_second(alone.orders, alone.span));
    println!("durable placeOrder with {CALLERS} callers, and a backup into one folder again and again:");
    println!("  nothing beside it {before} orders/s, p99 {:.2?}", percentile(&alone.took, 990));
    println!(
        "  {} backups beside it {rate} orders/s, {} %, p99 {:.2?}",
        made.len(),
        percent(rate, before),
        percentile(&beside.took, 990)
    );
    let mut took: Vec<Duration> = made.iter().map(|(_, took)| *took).collect();
    took.sort_unstable();
    let bytes: u64 = made.iter().map(|(report, _)| report.bytes).sum();
    let copied: u64 = made.iter().map(|(report, _)| report.copied_volumes).sum();
    let last = made.last().map_or(BackupReport::default(), |(report, _)| *report);
    println!(
        "  up to position {}, {} sealed volumes, each copied {}; {bytes} bytes written in all; a backup took p50 {:.2?}, longest {:.2?}",
        last.last,
        last.volumes,
        if copied == last.volumes { "once" } else { "NOT ONCE" },
        percentile(&took, 500),
        took.last().copied().unwrap_or_default()
    );
    restore_each(&ledger, &to, &made, folder.path());
    engine.shutdown().expect("a clean end");
}

fn back_up_until(ledger: &Ledger, to: &Path, pause: Duration, is_over: &AtomicBool) -> Vec<(BackupReport, Duration)> {
    let mut made = Vec::new();
    let begin = Instant::now();
    while !is_over.load(Ordering::Relaxed) && made.len() < BACKUPS {
        let asked = Instant::now();
        let report = ledger.back_up(to).expect("a backup");
        made.push((report, asked.elapsed()));
        let turn = pause * u32::try_from(made.len()).unwrap_or(u32::MAX);
        std::thread::sleep(turn.saturating_sub(begin.elapsed()));
    }
    made
}

/// As far as each of the backups went, against the root that the ledger itself has over so many records.
fn restore_each(ledger: &Ledger, backup: &Path, made: &[(BackupReport, Duration)], folder: &Path) {
    let begin = Instant::now();
    let mut records = 0;
    for (report, _) in made {
        let size = report.last;
        let signed = SignedRoot { size, root: ledger.root(size).expect("a root") };
        let to = folder.join("restored");
        let until = daybook_ledger::Position::new(size);
        let restored = restore(backup, &to, until, &[signed]).expect("what was backed up");
        assert_eq!((restored.last, restored.signed), (size, size));
        records += restored.records;
        fs::remove_dir_all(&to).expect("a folder that was just made");
    }
    println!(
        "  restored up to each of the {}, all with the root that the ledger has: {} records/s",
        made.len(),
        per_second(records, begin.elapsed())
    );
}
