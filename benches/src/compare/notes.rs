//! Daybook's part in appending: a note on one of many orders, by whoever knows the order's revision.
//!
//! A note is the command with the least other work whose event can have 300 bytes: it reads nothing but its order and
//! leaves a counter in its state. Its text is sealed, though, and a hash is kept of the command, which nobody else here does.
//! Tracking's plain text would stay in the order's state; a stock's reference is looked up in two streams.

use std::collections::VecDeque;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use daybook_domain::command::{AddNote, Command};
use daybook_domain::{CommandId, Expected, Rejection, StreamId};
use daybook_engine::{Engine, ExecuteError, Request};
use daybook_peers::Conflict;
use uuid::Uuid;

use crate::orders;

/// Bytes of a note's text that make a record of 300.
const TEXT_BYTES: usize = 145;
/// Of a new order.
const PLACED: u64 = 1;

/// An engine with orders that nothing else happens to.
pub(crate) struct Notes {
    engine: Engine,
    orders: Vec<StreamId>,
    text: String,
    next: AtomicU64,
    /// Records, batches and bytes that placing took.
    before: [u64; 3],
}

impl Notes {
    pub(crate) fn new(dir: &Path, streams: u32) -> Self {
        let engine = orders::engine(dir);
        orders::register(&engine);
        let mut waiting = VecDeque::new();
        let mut all = Vec::new();
        for n in 0..u64::from(streams) {
            waiting.push_back(engine.submit(orders::place(n)));
            if waiting.len() > 4_096 {
                all.push(waiting.pop_front().expect("not empty").wait().expect("a new order is placed").stream);
            }
        }
        all.extend(waiting.into_iter().map(|pending| pending.wait().expect("a new order is placed").stream));
        let before = written(&engine);
        Self { engine, orders: all, text: "n".repeat(TEXT_BYTES), next: AtomicU64::new(0), before }
    }

    /// `expected` is counted from the order's placing, as the others count from nothing.
    pub(crate) async fn append(&self, stream: u32, expected: u64) -> Result<u64, Conflict> {
        let stream = usize::try_from(stream).expect("64 bits");
        match self.engine.execute(self.request(stream, expected)).await {
            Ok(_) => Ok(expected + 1),
            Err(ExecuteError::Rejected(Rejection::RevisionConflict { .. })) => Err(Conflict),
            Err(error) => panic!("a note is refused: {error}"),
        }
    }

    fn request(&self, stream: usize, expected: u64) -> Request {
        let note = AddNote { order: self.orders[stream], text: self.text.clone() };
        let n = self.next.fetch_add(1, Ordering::Relaxed);
        // Not those that the orders were placed with.
        let id = CommandId(Uuid::from_u64_pair(n.wrapping_mul(0x9E37_79B9_7F4A_7C15), n | 1 << 48));
        let mut request = Request::live(id, orders::ACTOR, Command::AddNote(note));
        request.expected = Expected::Exact(u32::try_from(expected + PLACED).expect("few events"));
        request
    }

    /// The next event of every order, all of which are at the same revision.
    pub(crate) fn append_to_all(&self, expected: u64) {
        let mut waiting = VecDeque::new();
        for stream in 0..self.orders.len() {
            waiting.push_back(self.engine.submit(self.request(stream, expected)));
            if waiting.len() > 4_096 {
                waiting.pop_front().expect("not empty").wait().expect("a note is taken");
            }
        }
        waiting.into_iter().for_each(|pending| drop(pending.wait().expect("a note is taken")));
    }

    pub(crate) fn orders(&self) -> &[StreamId] {
        &self.orders
    }

    /// Records, batches and bytes of the notes.
    pub(crate) fn written(&self) -> [u64; 3] {
        let now = written(&self.engine);
        std::array::from_fn(|at| now[at] - self.before[at])
    }

    pub(crate) fn reader(&self) -> daybook_engine::Reader {
        self.engine.reader()
    }

    pub(crate) fn end(&self) {
        self.engine.shutdown().expect("a clean end");
    }
}

fn written(engine: &Engine) -> [u64; 3] {
    let stats = engine.reader().ledger().stats();
    [stats.appends, stats.batches, stats.synced_bytes]
}
