//! How what things cost grows with what a ledger holds: ten times as many orders, and ten times again. Each size has
//! processes of its own, one that fills the ledger and others that open it, so that memory is that of a server after its start.

#![expect(clippy::unwrap_used, reason = "a measurement has nobody to tell")]

mod chart;

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::{Duration, Instant};

use daybook_domain::{Label, MerchantId, OrderNumber, StreamId};
use daybook_engine::Reader;
use daybook_views::Views;
use daybook_views::store::Store;

use crate::compare::asks::{FIGURES, LISTS};
use crate::compare::report::{Report, number, span};
use crate::compare::shop;
use crate::fold::in_bulk;
use crate::machine;
use crate::orders;
use crate::spread::{median, per_second, percentile};
use crate::usage::{computed_micros, resident_bytes};
use crate::views::source::Random;
use crate::write::place_orders;

/// What a process of its own is to do, as long as the command is not a person's.
const STEP: &str = "DAYBOOK_GROWTH_STEP";
/// From one size to the next.
const STEPS: [u64; 3] = [100, 10, 1];
/// How often a ledger is opened: the median counts.
const STARTS: usize = 3;
/// How often each thing is asked for, one after another.
const ASKED: u64 = 2_000;
/// How many orders are placed beside those that are there.
const PLACED: Duration = Duration::from_secs(5);

/// One thing that was measured, in the order of the table.
struct Figure {
    name: String,
    unit: String,
    value: u64,
}

/// Fewer orders than this show nothing.
pub(crate) const LEAST: u64 = 1_000;

/// `most`: the largest size, [`LEAST`] or more; two more are a tenth and a hundredth of it.
pub(crate) fn run(dir: &Path, most: u64, write: Option<&Path>) {
    match std::env::var(STEP).as_deref() {
        Ok("fill") => return fill(dir, most),
        Ok("start") => return start(dir),
        Ok("ask") => return ask(dir, most),
        _ => {}
    }
    let machine = machine::described(dir);
    let sizes: Vec<u64> = STEPS.iter().map(|part| most / part).filter(|&size| size >= LEAST).collect();
    let all: Vec<Vec<Figure>> = sizes.iter().map(|&size| measured(dir, size)).collect();
    let mut report = Report::growth();
    report.heading("Growth: `daybook-benches growth`");
    report.note(&machine);
    let mut header = vec!["".to_owned()];
    header.extend(sizes.iter().map(|&size| format!("{} orders", number(size))));
    let rows: Vec<Vec<String>> = (0..all[0].len())
        .map(|at| {
            let first = &all[0][at];
            let mut row = vec![first.name.clone()];
            row.extend(all.iter().map(|figures| shown(&figures[at])));
            row
        })
        .collect();
    report.table(&header.iter().map(String::as_str).collect::<Vec<_>>(), &rows);
    if let Some(path) = write {
        report.write(path).expect("a file that can be written");
        let costs: Vec<chart::Line> = (0..all[0].len())
            .filter(|&at| all[0][at].unit == "ns")
            .map(|at| chart::Line {
                name: all[0][at].name.clone(),
                points: sizes.iter().zip(&all).map(|(&size, figures)| (size, figures[at].value)).collect(),
            })
            .collect();
        fs::write(path.with_file_name("growth.svg"), chart::svg(&costs)).expect("a file that can be written");
    }
}

fn shown(figure: &Figure) -> String {
    match figure.unit.as_str() {
        "ns" if figure.value < 10_000 => format!("{} ns", number(figure.value)),
        "ns" => span(Duration::from_nanos(figure.value)),
        unit => format!("{} {unit}", number(figure.value)),
    }
}

/// Of a ledger of this size, by a process that fills one and others that open it.
fn measured(dir: &Path, size: u64) -> Vec<Figure> {
    let folder = tempfile::tempdir_in(dir).expect("a folder for temporary files");
    let mut all = figures_of("fill", folder.path(), size);
    // A start is not to be beside the system's writing of what was just filled.
    rustix::fs::sync();
    let starts: Vec<Vec<Figure>> = (0..STARTS).map(|_| figures_of("start", folder.path(), size)).collect();
    all.extend((0..starts[0].len()).map(|at| Figure {
        name: starts[0][at].name.clone(),
        unit: starts[0][at].unit.clone(),
        value: median(starts.iter().map(|figures| figures[at].value).collect()),
    }));
    all.extend(figures_of("ask", folder.path(), size));
    all
}

fn figures_of(step: &str, folder: &Path, size: u64) -> Vec<Figure> {
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["growth", "--orders", &size.to_string(), "--dir"])
        .arg(folder)
        .env(STEP, step)
        .output()
        .unwrap();
    assert!(output.status.success(), "{step} {size}: {}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    let figure = |line: &str| {
        let mut parts = line.split('\t').map(str::to_owned);
        let (name, unit) = (parts.next().unwrap(), parts.next().unwrap());
        Figure { name, unit, value: parts.next().unwrap().parse().unwrap() }
    };
    text.lines().map(figure).collect()
}

fn tell(name: &str, unit: &str, value: u64) {
    println!("{name}\t{unit}\t{value}");
}

fn nanos(span: Duration) -> u64 {
    u64::try_from(span.as_nanos()).unwrap_or(u64::MAX)
}

fn store(data: &Path, reader: &Reader) -> Store {
    Store::new(&data.join("views"), *reader.ledger().id().as_bytes())
}

/// A ledger of a year's orders, its full volumes sealed, and its views written down as a server does it.
fn fill(dir: &Path, count: u64) {
    let data = dir.join("data");
    let engine = orders::engine(&data);
    let begin = Instant::now();
    shop::bring_in(&engine, count);
    let took = begin.elapsed();
    let reader = engine.reader();
    let events = reader.watermark();
    tell("events", "", events);
    tell("brought in", "events/s", per_second(events, took));
    orders::settled(&reader);
    let (begin, computed) = (Instant::now(), computed_micros());
    let views = in_bulk(&reader);
    let (took, computed) = (begin.elapsed(), Duration::from_micros(computed_micros() - computed));
    tell("folded into all views", "events/s", per_second(events, took));
    tell("of it by one processor", "events/s", per_second(events, computed));
    let mut store = store(&data, &reader);
    let checkpoint = store.checkpoint(&views).unwrap();
    store.save(&checkpoint).unwrap();
    drop(views);
    engine.shutdown().unwrap();
    let bytes = |part: &str| bytes_below(&data.join(part));
    // What is made ahead of its need does not grow.
    tell("on disk: volumes", "bytes an event", bytes("volumes") / events);
    tell("on disk: hashes of the tree", "bytes an event", bytes("tree") / events);
    tell("on disk: views", "bytes an event", bytes("views") / events);
    tell("on disk: all, write-ahead files and keys too", "bytes an event", bytes("") / events);
}

/// What files take on the disk.
fn bytes_below(path: &Path) -> u64 {
    let Ok(metadata) = fs::metadata(path) else { return 0 };
    if !metadata.is_dir() {
        return metadata.blocks() * 512;
    }
    fs::read_dir(path).unwrap().map(|entry| bytes_below(&entry.unwrap().path())).sum()
}

fn start(dir: &Path) {
    let data = dir.join("data");
    let begin = Instant::now();
    let engine = orders::engine(&data);
    let opened = begin.elapsed();
    let reader = engine.reader();
    let views = store(&data, &reader).load(reader.watermark()).unwrap().0.expect("they were written down");
    let started = begin.elapsed();
    tell("opening the ledger, files in the system's cache", "ns", nanos(opened));
    tell("start, until everything can be asked", "ns", nanos(started));
    drop(views);
    engine.shutdown().unwrap();
}

fn ask(dir: &Path, count: u64) {
    let data = dir.join("data");
    let engine = orders::engine(&data);
    let reader = engine.reader();
    let before = resident_bytes();
    let views = store(&data, &reader).load(reader.watermark()).unwrap().0.expect("they were written down");
    let resident = resident_bytes();
    tell("memory, resident", "bytes an order", resident / count);
    tell("of it views", "bytes an order", resident.saturating_sub(before) / count);
    let top = MerchantId::new("top").unwrap();
    let slot = |account: &str| reader.buyer_slot(&top, account);
    let list = views.order_list().unwrap();
    for which in LISTS {
        let queries: Vec<_> = (0..ASKED).map(|seed| which.query(&which.values(seed, count), slot)).collect();
        timed(&format!("a page: {}", which.name()), queries.iter(), |query| {
            _ = std::hint::black_box(list.page(query).unwrap())
        });
    }
    for what in FIGURES {
        let asked: Vec<_> = (0..ASKED / 20).map(|seed| what.asked(seed)).collect();
        timed(&format!("figures: {}", what.name()), asked.iter(), |one| _ = std::hint::black_box(one.sums(&views)));
    }
    let mut random = Random(7);
    let order = |n| {
        let sale = shop::sale(n, count);
        StreamId::order(&MerchantId::new(&sale.merchant_id()).unwrap(), &OrderNumber::new(&sale.number()).unwrap())
    };
    let streams: Vec<_> = (0..ASKED).map(|_| order(random.below(count))).collect();
    timed("an order's history", streams.iter(), |stream| assert!(!reader.history(*stream).unwrap().is_empty()));
    placing(&engine, views);
    engine.shutdown().unwrap();
}

/// New orders beside those that are there, and what their events add to the views.
fn placing(engine: &daybook_engine::Engine, mut views: Views) {
    orders::register(engine);
    let reader = engine.reader();
    let next = Arc::new(AtomicU64::new(1 << 40));
    let round = place_orders(engine, 64, &next, PLACED, orders::place);
    tell("placing an order, processor time, 64 callers", "ns", round.computed * 1_000 / round.orders.max(1));
    let (mut from, mut took, mut folded) = (views.position() + 1, Duration::ZERO, 0);
    loop {
        let events = reader.events(from, 1 << 20).unwrap();
        let Some(last) = events.last() else { break };
        from = last.position + 1;
        let begin = Instant::now();
        events.iter().for_each(|recorded| views.apply(recorded).expect("no view stops"));
        took += begin.elapsed();
        folded += events.len() as u64;
    }
    tell("folding an event, always ready", "ns", nanos(took) / folded.max(1));
    assert!(views.order_list().unwrap().count(&daybook_views::query::Scope::All, &awaiting()) > 0);
}

fn awaiting() -> daybook_views::query::Filter {
    daybook_views::query::Filter::Is(daybook_views::query::Condition::Label(vec![Label::AwaitingPayment]))
}

/// The median of a few hundred at a time, so that one interruption does not count.
fn timed<T>(name: &str, all: impl ExactSizeIterator<Item = T>, mut ask: impl FnMut(T)) {
    let mut took: Vec<Duration> = all
        .map(|one| {
            let begin = Instant::now();
            ask(one);
            begin.elapsed()
        })
        .collect();
    let part = took.len().div_ceil(5).max(1);
    let parts = took.chunks_mut(part).map(|part| {
        part.sort_unstable();
        nanos(percentile(part, 500))
    });
    tell(name, "ns", median(parts.collect()));
}
