//! All events read and folded, beside a table of as many and beside what the memory brings to one processor.

use std::hint::black_box;
use std::path::Path;
use std::time::{Duration, Instant};

use daybook_peers::{Absent, PgHistory, Postgres, load_events};
use tokio::task::block_in_place;

use crate::compare::report::{Report, number, times};
use crate::compare::rounds::ROUNDS;
use crate::compare::shop;
use crate::fold::{Rates, decode, in_bulk};
use crate::orders;
use crate::spread::{median, per_second};

/// A year's orders have 57 events for every ten orders.
const ORDERS_OF: [u64; 2] = [10, 57];
/// Of the largest ledger that is folded here.
const MOST_EVENTS: u64 = 10_000_000;
/// Larger than any processor's cache.
const BUFFER_BYTES: usize = 512 << 20;
/// Of an order, in the peer's table.
const EVENTS: u32 = 6;

/// `events`: so many, and ten times as many.
pub(crate) async fn run(dir: &Path, events: u64, report: &mut Report) {
    report.heading("Scans and folds: `compare folds`");
    let bandwidth = block_in_place(memory_bandwidth);
    for events in [events.min(MOST_EVENTS / 10), (events * 10).min(MOST_EVENTS)] {
        size(dir, events, bandwidth, report).await;
    }
    report.note(&format!(
        "The same orders of a year as in lists, in processes' memory or the system's cache; medians of {ROUNDS} rounds. *Memory*: \
         one thread adds up {} MiB, {}.{:02} GB/s, told as so many events of the bytes that a record has in the log. *Read and \
         decoded*: records decoded into events by one thread, those in sealed volumes (of a million events each) from packed pages \
         that are checked, the newest from the log. *Folded*: all views, ready to be asked; \
         reading runs ahead on a thread of its own, and at the end each view has one. PostgreSQL: a table of as many events of as \
         many bytes, brought over a Unix socket, and grouped by order (newest version, number of events, bytes) by as many workers as \
         it takes; it decodes no event. The last column is events for each second of this process's processor time.",
        BUFFER_BYTES >> 20,
        bandwidth / 1_000_000_000,
        bandwidth % 1_000_000_000 / 10_000_000,
    ));
}

async fn size(dir: &Path, events: u64, bandwidth: u64, report: &mut Report) {
    let folder = tempfile::tempdir_in(dir).expect("a folder for temporary files");
    let engine = orders::engine(&folder.path().join("data"));
    block_in_place(|| shop::bring_in(&engine, (events * ORDERS_OF[0] / ORDERS_OF[1]).max(1)));
    let reader = engine.reader();
    let events = reader.watermark();
    let volumes = block_in_place(|| orders::settled(&reader));
    let stats = reader.ledger().stats();
    let record_bytes = stats.synced_bytes / stats.appends.max(1);
    let (mut decoded, mut folded) = (Rates::default(), Rates::default());
    let (mut scanned, mut grouped) = (Vec::new(), Vec::new());
    let mut server = match table(dir, events, record_bytes).await {
        Ok(server) => Some(server),
        Err(why) => {
            report.note(&format!("**Not there**: {why}."));
            None
        }
    };
    for _ in 0..ROUNDS {
        block_in_place(|| {
            decoded.measure(events, || decode(&reader));
            folded.measure(events, || in_bulk(&reader));
        });
        if let Some(server) = &server {
            let history = PgHistory::new(server).await.expect("PostgreSQL prepares");
            let begin = Instant::now();
            let (count, _) = history.all().await;
            scanned.push(per_second(count, begin.elapsed()));
            let begin = Instant::now();
            let streams = history.grouped().await;
            assert!(streams > 0, "there are orders");
            grouped.push(per_second(count, begin.elapsed()));
        }
    }
    if let Some(server) = &mut server {
        server.stop();
    }
    engine.shutdown().expect("a clean end");
    let limit = bandwidth / record_bytes.max(1);
    let (decoded, folded) = (decoded.medians(), folded.medians());
    let mut rows = vec![
        vec!["memory, read once by one thread".into(), number(limit), times(limit, folded.0), "–".into()],
        vec!["**Daybook**, read and decoded".into(), number(decoded.0), times(decoded.0, folded.0), number(decoded.1)],
        vec!["**Daybook**, folded into all views".into(), number(folded.0), times(1, 1), number(folded.1)],
    ];
    for (name, rates) in [("PostgreSQL, all rows read", scanned), ("PostgreSQL, grouped by order", grouped)] {
        if !rates.is_empty() {
            let rate = median(rates);
            rows.push(vec![name.into(), number(rate), times(rate, folded.0), "–".into()]);
        }
    }
    let size = format!("{} events of {record_bytes} bytes, {volumes} volumes", number(events));
    report.table(&[&size, "events/s", "to the fold", "events a processor second"], &rows);
}

async fn table(dir: &Path, events: u64, record_bytes: u64) -> Result<Postgres, Absent> {
    let server = Postgres::start(dir).await?;
    let streams = u32::try_from(events / u64::from(EVENTS)).expect("few millions").max(1);
    load_events(&server, streams, EVENTS, usize::try_from(record_bytes).expect("64 bits")).await?;
    Ok(server)
}

/// Bytes a second that one thread reads.
fn memory_bandwidth() -> u64 {
    let words: Vec<u64> = (0..BUFFER_BYTES as u64 / 8).collect();
    let rates = (0..5).map(|_| {
        let begin = Instant::now();
        let sum = words.iter().fold(0_u64, |sum, word| sum.wrapping_add(*word));
        black_box(sum);
        per_second(BUFFER_BYTES as u64, begin.elapsed().max(Duration::from_micros(1)))
    });
    median(rates.collect())
}
