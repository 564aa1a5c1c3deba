//! The metrics page, in Prometheus' text format.

use std::fmt::Write;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use crate::edge::Edge;
use crate::host::Host;
use crate::http::Services;

/// Upper bounds in microseconds of the requests' histogram; one more bucket holds what is longer.
const REQUEST_BUCKETS_MICROS: [u64; 11] =
    [250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 500_000, 2_500_000];

/// How a request to /graphql ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Ok,
    /// Answered, with errors in the answer.
    Errors,
    /// Not executed: malformed, too large, too complex.
    Refused,
    Unauthenticated,
    /// The caller sends too much.
    Limited,
    /// All callers together send too much.
    Shed,
    /// A bug: the resolver panicked.
    Panicked,
}

const OUTCOMES: [(Outcome, &str); 7] = [
    (Outcome::Ok, "ok"),
    (Outcome::Errors, "errors"),
    (Outcome::Refused, "refused"),
    (Outcome::Unauthenticated, "unauthenticated"),
    (Outcome::Limited, "limited"),
    (Outcome::Shed, "shed"),
    (Outcome::Panicked, "panicked"),
];

#[derive(Debug, Default)]
pub(crate) struct Metrics {
    requests: [AtomicU64; OUTCOMES.len()],
    request_buckets: [AtomicU64; REQUEST_BUCKETS_MICROS.len() + 1],
    request_micros: AtomicU64,
    pub(crate) sockets: AtomicU64,
    /// WebSockets that did not take their answers.
    pub(crate) cut_off: AtomicU64,
}

impl Metrics {
    pub(crate) fn answered(&self, outcome: Outcome, took: Duration) {
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        self.requests[outcome as usize].fetch_add(1, Relaxed);
        self.request_micros.fetch_add(micros, Relaxed);
        let bucket = REQUEST_BUCKETS_MICROS.partition_point(|&bound| bound < micros);
        self.request_buckets[bucket].fetch_add(1, Relaxed);
    }
}

/// The whole page.
pub(crate) fn page(services: &Services, edge: &Edge) -> String {
    let Services { host, reader, .. } = services;
    let mut text = String::with_capacity(4096);
    let ledger = reader.ledger().stats();
    let metrics = &host.metrics;
    counter(&mut text, "daybook_appends_total", "Events made durable since the start.", ledger.appends);
    counter(&mut text, "daybook_batches_total", "Batches made durable, one sync each.", ledger.batches);
    counter(&mut text, "daybook_synced_bytes_total", "Bytes of these batches.", ledger.synced_bytes);
    histogram(
        &mut text,
        "daybook_sync_seconds",
        "How long a sync took.",
        (&daybook_ledger::SYNC_BUCKETS_MICROS, &ledger.sync_buckets, ledger.sync_micros),
    );
    let batch_milli = ledger.appends.saturating_mul(1000).checked_div(ledger.batches).unwrap_or(0);
    gauge_text(&mut text, "daybook_batch_events", "Events a batch, on average.", &thousandths(batch_milli));
    gauge(&mut text, "daybook_ledger_position", "The last durable position.", reader.watermark());
    gauge(
        &mut text,
        "daybook_ledger_bound_position",
        "The last position in a page, not only in a write-ahead file.",
        ledger.bound,
    );
    counter(&mut text, "daybook_scrubbed_pages_total", "Sealed pages that were read again.", ledger.scrubbed_pages);
    counter(&mut text, "daybook_scrub_damaged_total", "Sealed pages of these that were damaged.", ledger.scrub_damaged);
    gauge(&mut text, "daybook_ledger_streams", "Streams.", ledger.streams);
    gauge(&mut text, "daybook_ledger_volumes", "Sealed volumes.", ledger.volumes);
    gauge(&mut text, "daybook_stream_index_bytes", "Memory of the stream index.", ledger.stream_index_bytes);
    signed(&mut text, services);
    views(&mut text, host, reader.watermark());
    head(&mut text, "daybook_requests_total", "Requests to /graphql by outcome.", "counter");
    for (outcome, name) in OUTCOMES {
        let count = metrics.requests[outcome as usize].load(Relaxed);
        line(&mut text, format_args!("daybook_requests_total{{outcome=\"{name}\"}} {count}"));
    }
    let buckets: Vec<u64> = metrics.request_buckets.iter().map(|count| count.load(Relaxed)).collect();
    histogram(
        &mut text,
        "daybook_request_seconds",
        "How long a request to /graphql took.",
        (&REQUEST_BUCKETS_MICROS, &buckets, metrics.request_micros.load(Relaxed)),
    );
    gauge(&mut text, "daybook_websockets", "Open WebSockets.", metrics.sockets.load(Relaxed));
    let cut_off = metrics.cut_off.load(Relaxed);
    counter(&mut text, "daybook_websockets_cut_off_total", "WebSockets that did not take their answers.", cut_off);
    let limited = "Requests and operations refused because one caller sent too much, by what.";
    counters(&mut text, "daybook_limited_total", limited, edge.limited());
    let shed = "Requests and operations refused because all together sent too much, by what.";
    counters(&mut text, "daybook_shed_total", shed, edge.shed());
    text
}

fn counters(text: &mut String, name: &str, help: &str, counts: [(&str, u64); 3]) {
    head(text, name, help, "counter");
    for (what, count) in counts {
        line(text, format_args!("{name}{{what=\"{what}\"}} {count}"));
    }
}

/// Nothing where nobody signs.
fn signed(text: &mut String, services: &Services) {
    let Some(notary) = services.notary.as_ref().filter(|notary| notary.verifier().is_some()) else { return };
    let covered = notary.latest().map_or(0, |latest| latest.checkpoint.size);
    gauge(text, "daybook_checkpoint_position", "The last position that a signed checkpoint covers.", covered);
    let oldest = services.reader.recorded_at(covered + 1).ok().flatten();
    let lag = oldest.map_or(0, |at| services.engine.now().0.saturating_sub(at.0).max(0) / 1_000_000);
    let help = "How long ago the first event after that was recorded; 0 if there is none.";
    gauge_text(text, "daybook_checkpoint_lag_seconds", help, &lag.to_string());
}

fn views(text: &mut String, host: &Host, watermark: u64) {
    let status = host.status();
    head(text, "daybook_view_lag_events", "Durable events that a view has not folded yet.", "gauge");
    for view in &status {
        let lag = watermark.saturating_sub(view.position);
        line(text, format_args!("daybook_view_lag_events{{view=\"{}\"}} {lag}", view.view.name));
    }
    head(text, "daybook_view_stopped", "1 when a view has stopped at an event that it could not fold.", "gauge");
    for view in &status {
        let stopped = u8::from(view.stopped.is_some());
        line(text, format_args!("daybook_view_stopped{{view=\"{}\"}} {stopped}", view.view.name));
    }
    let help = "1 while a view is served as the rules of another version made it: rebuild it.";
    head(text, "daybook_view_of_other_fold", help, "gauge");
    for view in &status {
        let is_other = u8::from(view.is_of_other_fold);
        line(text, format_args!("daybook_view_of_other_fold{{view=\"{}\"}} {is_other}", view.view.name));
    }
}

fn line(text: &mut String, line: std::fmt::Arguments<'_>) {
    // Writing to a string does not fail.
    let _ = writeln!(text, "{line}");
}

fn head(text: &mut String, name: &str, help: &str, kind: &str) {
    line(text, format_args!("# HELP {name} {help}\n# TYPE {name} {kind}"));
}

fn counter(text: &mut String, name: &str, help: &str, value: u64) {
    head(text, name, help, "counter");
    line(text, format_args!("{name} {value}"));
}

fn gauge(text: &mut String, name: &str, help: &str, value: u64) {
    gauge_text(text, name, help, &value.to_string());
}

fn gauge_text(text: &mut String, name: &str, help: &str, value: &str) {
    head(text, name, help, "gauge");
    line(text, format_args!("{name} {value}"));
}

fn thousandths(value: u64) -> String {
    format!("{}.{:03}", value / 1000, value % 1000)
}

fn seconds(micros: u64) -> String {
    format!("{}.{:06}", micros / 1_000_000, micros % 1_000_000)
}

/// `data`: upper bounds, counts (one more than bounds), sum; in microseconds.
fn histogram(text: &mut String, name: &str, help: &str, data: (&[u64], &[u64], u64)) {
    let (bounds, counts, sum_micros) = data;
    head(text, name, help, "histogram");
    let mut so_far = 0;
    for (bound, count) in bounds.iter().zip(counts) {
        so_far += count;
        line(text, format_args!("{name}_bucket{{le=\"{}\"}} {so_far}", seconds(*bound)));
    }
    so_far += counts.get(bounds.len()).copied().unwrap_or(0);
    line(text, format_args!("{name}_bucket{{le=\"+Inf\"}} {so_far}"));
    line(text, format_args!("{name}_sum {}", seconds(sum_micros)));
    line(text, format_args!("{name}_count {so_far}"));
}
