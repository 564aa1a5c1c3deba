//! What waits at the end of a story: the exception queue and the clocks that run.

use daybook_codec::format_time;
use daybook_domain::event::Hold;
use daybook_views::Queues;
use daybook_views::query::{DeadlineEntry, DeadlineQuery, ExceptionEntry, ExceptionKind, ExceptionQuery};
use serde_json::{Value, json};

/// More than a story has.
const ALL: usize = 10_000;

/// The longest first.
pub(super) fn exceptions(queues: &Queues<'_>) -> Vec<Value> {
    let page = queues.exceptions(&ExceptionQuery { first: ALL, ..ExceptionQuery::default() });
    page.entries.iter().map(exception).collect()
}

fn exception(entry: &ExceptionEntry) -> Value {
    let kind = match entry.kind {
        ExceptionKind::Stock => Hold::Stock.name(),
        ExceptionKind::Address => Hold::Address.name(),
        ExceptionKind::Payment => Hold::Payment.name(),
        ExceptionKind::Risk => Hold::Risk.name(),
        ExceptionKind::Refund => "REFUND",
    };
    json!({
        "kind": kind,
        "since": format_time(entry.since),
        "due": entry.due.map(format_time),
        "number": entry.row.number.as_str(),
        "ticket": entry.ticket,
    })
}

/// The next one first; without those that were missed, which the order shows.
pub(super) fn deadlines(queues: &Queues<'_>) -> Vec<Value> {
    let page = queues.deadlines(&DeadlineQuery { first: ALL, ..DeadlineQuery::default() });
    page.entries.iter().map(deadline).collect()
}

fn deadline(entry: &DeadlineEntry) -> Value {
    json!({
        "clock": entry.running.clock.name(),
        "due": format_time(entry.running.due),
        "number": entry.row.number.as_str(),
        "ticket": entry.running.ticket,
    })
}
