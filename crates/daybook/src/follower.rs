//! What keeps the views behind the ledger: one thread folds what became durable, one writes checkpoints.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use daybook_api::Host;
use daybook_engine::Reader;
use daybook_views::Views;
use daybook_views::store::Store;

use crate::failure::Failure;

/// Bytes of the log that are read at a time.
const CHUNK_BYTES: usize = 1 << 20;
/// How often the views are written down, if they moved.
const CHECKPOINT_EVERY: Duration = Duration::from_secs(30);
/// The longest that an event waits to be folded when there was no traffic before it.
const LONGEST_NAP: Duration = Duration::from_millis(5);

/// Where the views of a data folder are kept.
pub(crate) fn store(data: &Path, reader: &Reader) -> Store {
    Store::new(&data.join("views"), *reader.ledger().id().as_bytes())
}

/// The views as they were written down last, or empty ones; what could not be used is said.
pub(crate) fn load(store: &mut Store, reader: &Reader) -> Result<Views, Failure> {
    let (views, ignored) = store.load(reader.watermark())?;
    for checkpoint in ignored {
        eprintln!(
            "views: the checkpoint of {} at position {} is not used, {}; it is folded from the log again",
            checkpoint.view.name, checkpoint.position, checkpoint.reason
        );
    }
    // Orders without their dashboard would go on without one: better folded anew, while it is cheap.
    Ok(views.filter(|views| views.status().iter().all(|view| view.stopped.is_none())).unwrap_or_default())
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
            std::thread::Builder::new().name("daybook-fold".into()).spawn(move || fold(&reader, &host, &told))?
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

fn fold(reader: &Reader, host: &Host, told: &Receiver<()>) {
    let mut from = host.position() + 1;
    let mut is_ending = false;
    loop {
        let events = match reader.events(from, CHUNK_BYTES) {
            Ok(events) => events,
            Err(error) => {
                tracing::error!(%error, from, "the views stand still: the log cannot be read there; run `daybook verify`");
                return;
            }
        };
        if let Some(last) = events.last() {
            from = last.position + 1;
            if let Err(stopped) = host.apply(&events) {
                for view in stopped {
                    tracing::error!(%view, "stop the server and run `daybook rebuild`");
                }
            }
        } else if is_ending {
            return;
        } else {
            is_ending = wait_for(reader, from, told);
        }
    }
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
    let mut kept = host.position();
    loop {
        let is_ending = !matches!(told.recv_timeout(CHECKPOINT_EVERY), Err(RecvTimeoutError::Timeout));
        let position = host.position();
        if position > kept {
            let checkpoint = host.views().checkpoint(store.since());
            match store.save(&checkpoint) {
                Ok(_) => kept = position,
                Err(error) => tracing::error!(%error, "the views could not be written down; the log has all"),
            }
        }
        if is_ending {
            return;
        }
    }
}

/// Folds all views from the first event, beside what is there, and replaces that.
pub(crate) fn rebuild(
    data: &Path,
    reader: &Reader,
    mut progress: impl FnMut(u64),
) -> Result<(Views, PathBuf), Failure> {
    let mut views = Views::new();
    let mut from = 1;
    loop {
        let mut stopped = None;
        let next = reader.for_each(from, CHUNK_BYTES, |recorded| {
            if let Err(error) = views.apply(&recorded) {
                stopped = stopped.take().or(Some(error));
            }
        })?;
        if let Some(error) = stopped {
            return Err(error.into());
        }
        if next == from {
            break;
        }
        progress(next - from);
        from = next;
    }
    let mut store = store(data, reader);
    store.save(&views.checkpoint(store.since()))?;
    Ok((views, data.join("views")))
}
