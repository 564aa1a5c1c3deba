//! The telephones of a million orders, read from the log after a start, beside reading the log alone; then orders found by
//! their last digits.

#![expect(clippy::unwrap_used, reason = "a measurement has nobody to tell")]

use std::collections::VecDeque;
use std::path::Path;
use std::time::{Duration, Instant};

use daybook_api::export::{Selection, Which};
use daybook_api::{Host, Services, read_phones};
use daybook_domain::Command;
use daybook_engine::{Engine, Reader};

use crate::fold::in_bulk;
use crate::orders;
use crate::spread::{per_second, percent, percentile};
use crate::usage::resident_bytes;

/// Telephones that are asked for.
const ASKED: u64 = 1_000;

/// Of order `n`: all last digits come equally often, in no order.
fn telephone(n: u64) -> u64 {
    13_800_000_000 + n.wrapping_mul(0x9E37_79B9_7F4A_7C15) % 100_000_000
}

pub(crate) fn run(dir: &Path, count: u64) {
    let folder = tempfile::tempdir_in(dir).unwrap();
    let engine = orders::engine(&folder.path().join("data"));
    fill(&engine, count);
    let reader = engine.reader();
    let events = reader.watermark();
    let alone = read_alone(&reader);
    let host = Host::new_shared(in_bulk(&reader));
    let before = resident_bytes();
    let began = Instant::now();
    read_phones(&reader, &host, || true).unwrap();
    let took = began.elapsed();
    println!(
        "telephones of {count} orders, {events} events, one thread: {took:.2?}, {} events/s, {} % of the log alone ({alone:.2?})",
        per_second(events, took),
        percent(per_second(events, took), per_second(events, alone)),
    );
    let resident = resident_bytes().saturating_sub(before);
    println!("  allocated {} bytes an order, resident {}", host.phones_footprint() as u64 / count, resident / count);
    let services = Services::within(engine.clone(), reader, host);
    let (mut times, mut found) = (Vec::new(), 0);
    for n in 0..ASKED {
        let tail = telephone(n * (count / ASKED).max(1)) % 10_000;
        let which = Which::parse(Some(&format!(r#"{{"phoneTail": {{"eq": "{tail:04}"}}}}"#)), None, false).unwrap();
        let began = Instant::now();
        let selection = Selection::new(&services, &which).unwrap();
        times.push(began.elapsed());
        if n % 100 == 0 {
            let expected = (0..count).filter(|n| telephone(*n) % 10_000 == tail).count() as u64;
            assert_eq!(selection.len(), expected, "{tail}");
        }
        found += selection.len();
    }
    times.sort_unstable();
    println!(
        "  {} orders found by each: p50 {:.1?}, p99 {:.1?}, max {:.1?}",
        found / ASKED,
        percentile(&times, 500),
        percentile(&times, 990),
        percentile(&times, 1000),
    );
    engine.shutdown().unwrap();
}

/// Orders as most go, eight events each.
fn fill(engine: &Engine, count: u64) {
    orders::register(engine);
    let mut waiting = VecDeque::new();
    for at in 0..count + 3 * orders::LAG {
        for mut request in orders::steps_at(at, count) {
            if let Command::Place(place) = &mut request.command {
                let address = "上海市浦东新区世纪大道 100 号";
                place.contact = Some(format!(r#"{{"name":"李小龙","tel":"{}","address":"{address}"}}"#, telephone(at)));
            }
            waiting.push_back(engine.submit(request));
        }
        while waiting.len() > 4_096 {
            waiting.pop_front().unwrap().wait().unwrap();
        }
    }
    for pending in waiting {
        pending.wait().unwrap();
    }
}

/// Every record once, none decoded.
fn read_alone(reader: &Reader) -> Duration {
    let began = Instant::now();
    let (mut next, end) = (1, reader.watermark());
    while next <= end {
        next = reader.some_of(&[], (next, end), 1 << 20, |_| {}).unwrap();
    }
    began.elapsed()
}
