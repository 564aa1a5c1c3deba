//! What keeps the views behind the ledger: one thread folds what became durable, one writes checkpoints.

use std::ops::ControlFlow;
use std::panic::AssertUnwindSafe;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use daybook_api::Host;
use daybook_engine::{ReadError, Reader};
use daybook_views::store::Store;
use daybook_views::{BulkFold, Views};

use crate::console::Console;
use crate::failure::Failure;
use crate::import::Progress;

/// Bytes of the log that are read at a time.
const CHUNK_BYTES: usize = 1 << 20;
/// How often the views are written down, if they moved.
const CHECKPOINT_EVERY: Duration = Duration::from_secs(30);
/// How often reading the log is tried again, and after how long.
const RETRIES: u32 = 20;
const RETRY_AFTER: Duration = Duration::from_millis(500);
/// The longest that an event waits to be folded when there was no traffic before it.
const LONGEST_NAP: Duration = Duration::from_millis(5);

/// Where the views of a data folder are kept.
pub(crate) fn store(data: &Path, reader: &Reader) -> Store {
    Store::new(&data.join("views"), *reader.ledger().id().as_bytes())
}

/// From how many events behind on the views are folded in bulk before anybody may ask: a tenth of a second's worth.
const FAR_BEHIND: u64 = 65_536;
/// And from what part of what was folded already, because the indexes are then made again for all.
const FAR_BEHIND_PART: u64 = 4;

/// The views as they were written down last, or empty ones, and not far behind the log; what could not be used is said.
pub(crate) fn load(store: &mut Store, reader: &Reader, console: &mut Console<'_>) -> Result<Views, Failure> {
    let (views, ignored) = store.load(reader.watermark())?;
    for checkpoint in ignored {
        console.say(&format!(
            "views: the checkpoint of {} at position {} is not used, {}; it is folded from the log again",
            checkpoint.view.name, checkpoint.position, checkpoint.reason
        ));
    }
    // Orders without their dashboard would go on without one: better folded anew, while it is cheap.
    let whole = views.filter(|views| views.status().iter().all(|view| view.stopped.is_none())).unwrap_or_default();
    let head = reader.watermark();
    let behind = head.saturating_sub(whole.position());
    if behind < FAR_BEHIND.max(whole.position() / FAR_BEHIND_PART) {
        // The follower does it, while the views answer.
        return Ok(whole);
    }
    let mut progress = Progress::new(behind, "events folded", console);
    let folded = fold(reader, BulkFold::new(whole), head, |events| {
        progress.advance(events, console);
        !console.stop.is_set()
    })?;
    progress.finish();
    let views = folded.finish();
    if let Some(checkpoint) = store.checkpoint(&views) {
        // Now, while nobody waits for them: all of it is much.
        store.save(&checkpoint)?;
    }
    Ok(views)
}

/// Folds in bulk what is in the log up to `head`, telling `go_on` how many events more it was, as long as that says so.
pub(crate) fn fold(
    reader: &Reader,
    mut fold: BulkFold,
    head: u64,
    mut go_on: impl FnMut(u64) -> bool,
) -> Result<BulkFold, Failure> {
    reader.read_ahead(fold.position() + 1, head, |events| {
        for recorded in events {
            if let Err(stopped) = fold.apply(recorded) {
                tracing::error!(%stopped, "the other views go on");
            }
        }
        if go_on(events.len() as u64) { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    })?;
    Ok(fold)
}

/// Both threads; [`Followers::stop`] ends them.
pub(crate) struct Followers {
    stop_folding: Sender<()>,
    stop_keeping: Sender<()>,
    folding: JoinHandle<()>,
    keeping: JoinHandle<()>,
}

impl Followers {
    pub(crate) fn start(reader: &Reader, host: &Arc<Host>, store: Store) -> std::io::Result<Self> {
        let (stop_folding, told) = channel();
        let folding = {
            let (reader, host) = (reader.clone(), Arc::clone(host));
            std::thread::Builder::new().name("daybook-fold".into()).spawn(move || follow(&reader, &host, &told))?
        };
        let (stop_keeping, told) = channel();
        let keeping = {
            let host = Arc::clone(host);
            std::thread::Builder::new().name("daybook-keep".into()).spawn(move || keep(store, &host, &told))?
        };
        Ok(Self { stop_folding, stop_keeping, folding, keeping })
    }

    /// Folds what is left, then writes the last checkpoint.
    pub(crate) fn stop(self) {
        // A thread that ended already needs no telling, and said itself why.
        let _ = self.stop_folding.send(());
        let _ = self.folding.join();
        let _ = self.stop_keeping.send(());
        let _ = self.keeping.join();
    }
}

fn follow(reader: &Reader, host: &Host, told: &Receiver<()>) {
    let mut from = host.position() + 1;
    let mut is_ending = false;
    let mut failures = 0;
    loop {
        // A fold that panics left its views half done, and so would a thread that ends without a word.
        let folded = std::panic::catch_unwind(AssertUnwindSafe(|| fold_some(reader, host, from)));
        match folded.unwrap_or(Err(Trouble::Panic)) {
            Ok(next) if next > from => (from, failures) = (next, 0),
            Ok(_) if is_ending => return,
            Ok(_) => is_ending = wait_for(reader, from, told),
            // Such as too many open files: it may pass.
            Err(Trouble::Unreadable(error)) if failures < RETRIES && !is_ending => {
                failures += 1;
                tracing::warn!(%error, from, "the log could not be read there; it is tried again");
                is_ending = told.recv_timeout(RETRY_AFTER) != Err(RecvTimeoutError::Timeout);
            }
            Err(trouble) => {
                let why = match trouble {
                    Trouble::Unreadable(error) => {
                        format!("the log cannot be read there, run `daybook verify`: {error}")
                    }
                    Trouble::Panic => "folding ended with a bug, see the log".into(),
                };
                tracing::error!(from, why, "the views stop");
                host.with_views_mut(|views| views.stop(from, why));
                return;
            }
        }
    }
}

/// Why the views cannot go on.
enum Trouble {
    Unreadable(ReadError),
    Panic,
}

/// Folds what comes at `from`; where to go on.
fn fold_some(reader: &Reader, host: &Host, from: u64) -> Result<u64, Trouble> {
    let events = reader.events(from, CHUNK_BYTES).map_err(Trouble::Unreadable)?;
    let Some(last) = events.last() else { return Ok(from) };
    if let Err(stopped) = host.apply(&events) {
        for stopped in stopped {
            tracing::error!(%stopped, "the other views go on; `daybook rebuild {}` folds it again", stopped.view);
        }
    }
    Ok(last.position + 1)
}

/// Until there is something at `from`; whether the thread is to end.
fn wait_for(reader: &Reader, from: u64, told: &Receiver<()>) -> bool {
    // Short naps instead of a runtime: a new event is seen within a millisecond while there is traffic.
    let mut nap = Duration::from_micros(200);
    while reader.watermark() < from {
        match told.recv_timeout(nap) {
            Ok(()) | Err(RecvTimeoutError::Disconnected) => return true,
            Err(RecvTimeoutError::Timeout) => nap = (nap * 2).min(LONGEST_NAP),
        }
    }
    false
}

fn keep(mut store: Store, host: &Host, told: &Receiver<()>) {
    loop {
        let is_ending = !matches!(told.recv_timeout(CHECKPOINT_EVERY), Err(RecvTimeoutError::Timeout));
        let checkpoint = store.checkpoint(&host.views());
        if let Some(Err(error)) = checkpoint.map(|checkpoint| store.save(&checkpoint)) {
            tracing::error!(%error, "the views could not be written down; the log has all");
        }
        if is_ending {
            return;
        }
    }
}
