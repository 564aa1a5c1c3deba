//! What was written, read again: the ten events of one order, warm and cold; all events; a start; and what it takes on disk.

#![expect(clippy::unwrap_used, reason = "a measurement has nobody to tell")]

use std::fs;
use std::ops::ControlFlow;
use std::path::Path;
use std::time::{Duration, Instant};

use daybook_domain::StreamId;
use daybook_engine::{Engine, Reader};
use daybook_peers::{PgHistory, Postgres, event_table_bytes, load_events};
use tokio::task::block_in_place;

use crate::compare::notes::Notes;
use crate::compare::peer::EVENT_BYTES;
use crate::compare::report::{Report, number, span, times};
use crate::orders;
use crate::spread::{median, per_second, percentile};
use crate::views::source::Random;

/// Events of an order: it is placed, and nine notes.
const EVENTS: u32 = 10;
/// Enough events for two sealed volumes.
const MOST_STREAMS: u64 = 220_000;
/// Orders of which each history is asked for once.
const ASKED: u64 = 5_000;
/// How often a start, and reading all, is tried.
const TRIES: usize = 3;

/// What one of them came to.
#[derive(Default)]
struct Told {
    bytes: u64,
    started: Vec<u64>,
    cold: Vec<Duration>,
    warm: Vec<Duration>,
    scanned: Vec<u64>,
}

pub(crate) async fn run(dir: &Path, count: u64, report: &mut Report) {
    report.heading("History: `compare history`");
    let streams = u32::try_from(count.min(MOST_STREAMS)).unwrap();
    let events = u64::from(streams * EVENTS);
    let data = dir.join("history");
    let (asked, volumes) = block_in_place(|| filled(&data, streams));
    let mut theirs = match postgres(dir, streams).await {
        Ok(server) => Some(server),
        Err(why) => {
            report.note(&format!("**Not there**: {why}."));
            None
        }
    };
    let is_cold = drop_caches();
    let (mut daybook, mut tables) = (Told::default(), Told::default());
    daybook.bytes = folder_bytes(&data);
    for time in 0..TRIES {
        block_in_place(|| ours(&data, &asked, time as u64, &mut daybook));
        if let Some(server) = &mut theirs {
            in_tables(server, streams, time as u64, &mut tables).await;
        }
    }
    let mut all = vec![("**Daybook**, in process", daybook)];
    if let Some(server) = &theirs {
        tables.bytes = event_table_bytes(server).await.unwrap();
        all.push(("PostgreSQL", tables));
    }
    let last = all.len() - 1;
    let reference = (median(all[last].1.scanned.clone()), median(all[last].1.started.clone()));
    let mut rows = Vec::new();
    for (name, mut told) in all {
        told.cold.sort_unstable();
        told.warm.sort_unstable();
        let (scanned, started) = (median(told.scanned), median(told.started));
        rows.push(vec![
            name.into(),
            format!("{}, {}", span(percentile(&told.warm, 500)), span(percentile(&told.warm, 990))),
            format!("{}, {}", span(percentile(&told.cold, 500)), span(percentile(&told.cold, 990))),
            format!("{} ({} as fast)", number(scanned), times(scanned, reference.0)),
            format!("{} ({} as long)", span(Duration::from_micros(started)), times(started, reference.1)),
            number(told.bytes / events),
        ]);
    }
    let cold = if is_cold { "cold p50, p99" } else { "after a start, caches kept: p50, p99" };
    let header = ["", "10 events warm p50, p99", cold, "all, events/s", "start to first answer", "bytes an event"];
    report.table(&header, &rows);
    report.note(&format!(
        "{} orders of {EVENTS} events of about {EVENT_BYTES} bytes, {} events in all, of Daybook's those of the first {volumes} volumes, of a million each, in packed \
         pages, the newer ones in the log; {} histories at random, one caller, medians of \
         {TRIES} starts. Daybook reads, checks and decodes each event; PostgreSQL brings its bytes over a Unix socket. A start \
         is after a clean end: Daybook's is opening the ledger and the engine, without views; PostgreSQL's until it answers. Cold: \
         the system's caches were dropped, and each was started anew. Daybook's bytes are its whole folder's, keys, hashes and \
         files made before they are needed within; PostgreSQL's the table's and its key's, without its write-ahead log.",
        number(streams.into()),
        number(events),
        number(ASKED)
    ));
}

/// A ledger of so many orders, each of which has its events; their streams, and how many volumes are sealed.
fn filled(data: &Path, streams: u32) -> (Vec<StreamId>, u64) {
    let notes = Notes::new(data, streams);
    for version in 0..u64::from(EVENTS - 1) {
        notes.append_to_all(version);
    }
    let volumes = orders::settled(&notes.reader());
    notes.end();
    (notes.orders().to_vec(), volumes)
}

async fn postgres(dir: &Path, streams: u32) -> Result<Postgres, daybook_peers::Absent> {
    let server = Postgres::start(dir).await?;
    load_events(&server, streams, EVENTS, EVENT_BYTES).await?;
    Ok(server)
}

fn ours(data: &Path, asked: &[StreamId], time: u64, told: &mut Told) {
    let of = |reader: &Reader, stream| assert_eq!(reader.history(stream).unwrap().len(), EVENTS as usize);
    let random = || {
        let mut random = Random(time);
        (0..ASKED).map(move |_| asked[usize::try_from(random.below(asked.len() as u64)).unwrap()])
    };
    drop_caches();
    let begin = Instant::now();
    let engine: Engine = orders::engine(data);
    let reader = engine.reader();
    of(&reader, asked[0]);
    told.started.push(u64::try_from(begin.elapsed().as_micros()).unwrap());
    for took in [&mut told.cold, &mut told.warm] {
        for stream in random() {
            let begin = Instant::now();
            of(&reader, stream);
            took.push(begin.elapsed());
        }
    }
    let begin = Instant::now();
    let mut events = 0;
    let read = reader.read_ahead(1, u64::MAX, |some| {
        events += some.len() as u64;
        ControlFlow::Continue(())
    });
    read.unwrap();
    told.scanned.push(per_second(events, begin.elapsed()));
    engine.shutdown().unwrap();
}

async fn in_tables(server: &mut Postgres, streams: u32, time: u64, told: &mut Told) {
    server.stop();
    drop_caches();
    let begin = Instant::now();
    server.run().await.unwrap();
    let history = PgHistory::new(server).await.unwrap();
    assert_eq!(history.of(0).await.0, u64::from(EVENTS));
    told.started.push(u64::try_from(begin.elapsed().as_micros()).unwrap());
    for took in [&mut told.cold, &mut told.warm] {
        let mut random = Random(time);
        for _ in 0..ASKED {
            let stream = u32::try_from(random.below(streams.into())).unwrap();
            let begin = Instant::now();
            assert_eq!(history.of(stream).await.0, u64::from(EVENTS));
            took.push(begin.elapsed());
        }
    }
    let begin = Instant::now();
    let (events, _) = history.all().await;
    assert_eq!(events, u64::from(streams * EVENTS));
    told.scanned.push(per_second(events, begin.elapsed()));
}

/// Whether the system let us.
fn drop_caches() -> bool {
    // What is not on the disk yet stays in memory.
    let is_written = std::process::Command::new("sync").status().is_ok_and(|status| status.success());
    is_written && fs::write("/proc/sys/vm/drop_caches", "3").is_ok()
}

/// Bytes that a folder takes on disk.
fn folder_bytes(dir: &Path) -> u64 {
    use std::os::unix::fs::MetadataExt;

    fs::read_dir(dir)
        .unwrap()
        .map(|entry| {
            let entry = entry.unwrap();
            let metadata = entry.metadata().unwrap();
            if metadata.is_dir() { folder_bytes(&entry.path()) } else { metadata.blocks() * 512 }
        })
        .sum()
}
