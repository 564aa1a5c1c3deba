//! Durable appends of events of 300 bytes to many streams, each by a caller who knows where the stream is.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use daybook_peers::{Conflict, Programs};

use crate::compare::peer::{self, EVENT_BYTES, MOST_CONNECTIONS, Peer};
use crate::compare::report::{Report, number, times};
use crate::compare::rounds::{ROUNDS, Round, Rounds, round};
use crate::file::BareFile;
use crate::views::source::Random;

const WIDTHS: [usize; 3] = [1, 64, 512];
/// Streams that events are appended to; fewer where fewer orders are asked for, but one for each caller.
const STREAMS: std::ops::RangeInclusive<u64> = 512..=100_000;

/// What is appended to, and what its callers know of it.
struct Field {
    peer: Peer,
    /// Where each stream is, as its peer counts.
    heads: Vec<AtomicU64>,
    event: Bytes,
}

/// Without programs, without peers.
pub(crate) async fn run(
    programs: Option<&Programs>,
    dir: &Path,
    orders: u64,
    sustained: Duration,
    report: &mut Report,
) {
    let part = if programs.is_some() { "append" } else { "alone" };
    report.heading(&format!("Appending: `compare {part}`"));
    let dir = &dir.join(part);
    std::fs::create_dir(dir).expect("a new folder");
    std::fs::set_permissions(dir, std::fs::Permissions::from_mode(0o711)).expect("our own folder");
    let streams = u32::try_from(orders.clamp(*STREAMS.start(), *STREAMS.end())).expect("not many");
    let (peers, absent) = match programs {
        Some(programs) => peer::all(programs, dir, streams).await,
        None => (peer::own(dir, streams).into(), Vec::new()),
    };
    let mut fields = Vec::new();
    for peer in peers {
        let heads = (0..streams).map(|_| AtomicU64::new(0)).collect();
        let field = Field { peer, heads, event: Bytes::from(vec![0x5A; EVENT_BYTES]) };
        assert!(!field.peer.checks() || refuses(&field).await, "{} takes what it should refuse", field.peer.name());
        fields.push(Arc::new(field));
    }
    let mut versions = fields.iter().filter_map(|field| field.peer.version()).collect::<Vec<_>>().join(", ");
    if !versions.is_empty() {
        versions.push('.');
    }
    report.note(&format!(
        "Events of {EVENT_BYTES} bytes, each appended to one of {} streams at random if the stream is where its caller \
         believes it to be, which each but the file was seen to check; an answer means that the event is durable. {} s for each \
         peer and width, in {ROUNDS} rounds in turns: medians, and from the least to the most. {versions}",
        number(streams.into()),
        sustained.as_secs(),
    ));
    for why in &absent {
        report.note(&format!("**Not there**: {why}."));
    }
    let mut tight = BareFile::create(dir);
    for callers in WIDTHS {
        width(callers, sustained, &fields, &mut tight, report).await;
    }
    let of_peers = if programs.is_some() { OF_PEERS } else { "" };
    report.note(&format!("{OF_FILE}{of_peers}{OF_DAYBOOK}"));
    report.note(&daybook_wrote(&fields));
    for field in fields {
        if let Peer::Daybook(notes) = &field.peer {
            notes.end();
        }
    }
}

const OF_FILE: &str = "\
The *bare file* is preallocated; in a tight loop one thread writes as many events as there are callers and calls `fdatasync`; with \
*the same hand-off* callers hand events to one thread, which writes what waits, syncs, answers, and waits for those who were \
answered as Daybook's writer does; neither looks at streams. ";

const OF_PEERS: &str = "*fjall* and *sled* are in process behind that same hand-off; fjall syncs its journal with `fdatasync`; sled's `flush` ends in \
`sync_file_range`, which is less than the others promise. *PostgreSQL* has `fsync`, `synchronous_commit` and \
`full_page_writes` on and is otherwise set for this machine; over a Unix socket, one prepared \
statement an event, *over* as many connections as it was best with just before. *UmaDB* over gRPC on loopback, its condition a tag, with 2 GB of page cache and its pipelined writer. *NATS* has `sync_interval: always`, a file \
store, one replica and `Nats-Expected-Last-Subject-Sequence`. Servers share the two cores with their callers. ";

const OF_DAYBOOK: &str = "Daybook is in \
process: `Engine::execute` of a note on an order, which is also decided on, sealed for its buyer, hashed, and recognised if it \
is sent again; nobody else does that here. Its 300 bytes are the whole record, of which the others have no more than the payload. \
All streams' states fit its cache.";

async fn width(callers: usize, sustained: Duration, fields: &[Arc<Field>], tight: &mut BareFile, report: &mut Report) {
    let mut all: Vec<Rounds> = fields.iter().map(|_| Rounds::default()).collect();
    let mut limit = Rounds::default();
    let mut connections = Vec::new();
    for field in fields {
        connections.push(best_connections(callers, sustained / (ROUNDS * 4), field).await);
    }
    for round in 0..ROUNDS {
        let (batches, span) = tight.tight_loop(callers * EVENT_BYTES, sustained / (ROUNDS * 2));
        limit.add_rate(batches * callers as u64, span);
        // Each has another before it every time.
        for place in 0..fields.len() {
            let at = (place + round as usize) % fields.len();
            all[at].add(&append(callers, connections[at], sustained / ROUNDS, &fields[at]).await);
        }
    }
    let ours = fields.iter().zip(&all).find(|(field, _)| matches!(field.peer, Peer::Daybook(_)));
    let ours = ours.map_or(0, |(_, rounds)| rounds.rate());
    let row = |name: String, rounds: &Rounds| {
        let [half, most, _] = rounds.latencies();
        vec![name, rounds.rates(), half, most, times(ours, rounds.rate())]
    };
    let mut rows = vec![row("bare file, tight loop".into(), &limit)];
    for ((field, rounds), width) in fields.iter().zip(&all).zip(&connections) {
        let name = match field.peer {
            Peer::Postgres(..) => format!("{}, over {width}", field.peer.name()),
            _ => field.peer.name(),
        };
        rows.push(row(name, rounds));
    }
    let callers = if callers == 1 { "1 caller".into() } else { format!("{callers} callers") };
    report.table(&[&callers, "events/s", "p50", "p99", "Daybook to it"], &rows);
}

/// With how many connections `PostgreSQL` appends most.
async fn best_connections(callers: usize, span: Duration, field: &Arc<Field>) -> usize {
    if !matches!(field.peer, Peer::Postgres(..)) {
        return callers;
    }
    let mut best = (0, 1);
    for connections in [1, 16, 32, 64, MOST_CONNECTIONS] {
        if connections <= callers && (callers == 1 || connections > 1) {
            let tried = append(callers, connections, span, field).await;
            best = best.max((tried.rate, connections));
        }
    }
    best.1
}

async fn append(callers: usize, width: usize, span: Duration, field: &Arc<Field>) -> Round {
    let field = Arc::clone(field);
    round(callers, span, move |caller, time| {
        let field = Arc::clone(&field);
        async move {
            // Each caller has streams of its own, so that it knows where they are.
            let own = field.heads.len() / callers;
            let mut random = Random((caller as u64) << 40 ^ time.wrapping_mul(0x2545_F491_4F6C_DD1D));
            let index = caller + callers * usize::try_from(random.below(own as u64)).expect("64 bits");
            let head = &field.heads[index];
            let stream = u32::try_from(index).expect("below the number of streams");
            let expected = head.load(Ordering::Relaxed);
            let next = field.peer.append((caller, width), stream, expected, &field.event).await;
            head.store(next.expect("nobody else appends to it"), Ordering::Relaxed);
        }
    })
    .await
}

/// Appends an event, and whether the same is refused when it is asked for again.
async fn refuses(field: &Field) -> bool {
    let mut head = 0;
    for _ in 0..2 {
        head = field.peer.append((0, 1), 0, head, &field.event).await.expect("the stream is where it should be");
    }
    let again = field.peer.append((0, 1), 0, 0, &field.event).await;
    field.heads[0].store(head, Ordering::Relaxed);
    again == Err(Conflict)
}

fn daybook_wrote(fields: &[Arc<Field>]) -> String {
    let notes = fields.iter().find_map(|field| match &field.peer {
        Peer::Daybook(notes) => Some(notes),
        _ => None,
    });
    let [events, batches, bytes] = notes.map_or([0; 3], super::notes::Notes::written);
    format!(
        "Daybook wrote {} events in {} batches, {} bytes an event with all that surrounds it.",
        number(events),
        number(batches),
        bytes.checked_div(events).unwrap_or(0)
    )
}
