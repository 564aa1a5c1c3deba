//! What keeps the views behind the ledger: one thread folds what became durable, one writes checkpoints.

use std::ops::ControlFlow;
use std::panic::AssertUnwindSafe;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;

use daybook_api::{Folded, Host};
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
const RETRIES: u32 = if cfg!(test) { 2 } else { 20 };
const RETRY_AFTER: Duration = Duration::from_millis(if cfg!(test) { 10 } else { 500 });
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
    for view in whole.of_other_folds() {
        console.say(&format!(
            "views: {view} is as another version of Daybook made it, and is served so: `daybook rebuild {view} --compare` tells \
             what differs, and takes what this one makes",
            view = view.name
        ));
    }
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
            // One may wait while another is saved.
            let (hand_in, handed) = sync_channel(1);
            host.past().with_checkpoints(store.folder().to_path_buf(), hand_in);
            let keep = move || keep(store, &host, &told, &handed);
            std::thread::Builder::new().name("daybook-keep".into()).spawn(keep)?
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
                match wait_for_others(host, told) {
                    Some(position) => (from, failures) = (position + 1, 0),
                    None => return,
                }
            }
        }
    }
}

/// Until views that were rebuilt take the place of those that stopped, and where these stand. None: the thread is to end.
fn wait_for_others(host: &Host, told: &Receiver<()>) -> Option<u64> {
    while host.status().iter().all(|view| view.stopped.is_some()) {
        if told.recv_timeout(RETRY_AFTER) != Err(RecvTimeoutError::Timeout) {
            return None;
        }
    }
    Some(host.position())
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

/// `handed`: views of the past that somebody folded far.
fn keep(mut store: Store, host: &Host, told: &Receiver<()>, handed: &Receiver<Folded>) {
    loop {
        let is_ending = !matches!(told.recv_timeout(CHECKPOINT_EVERY), Err(RecvTimeoutError::Timeout));
        let checkpoint = store.checkpoint(&host.views());
        match checkpoint.map(|checkpoint| store.save(&checkpoint)) {
            // Beside it somebody may have begun at a checkpoint of those that it replaces.
            Some(Ok(saved)) if saved.replaces => host.past().distrust(),
            Some(Err(error)) => tracing::error!(%error, "the views could not be written down; the log has all"),
            Some(Ok(_)) | None => {}
        }
        if is_ending {
            return;
        }
        // One each time: all of it is much.
        let past = handed.try_recv().ok().and_then(|folded| host.past().trusted(folded));
        if let Some(Err(error)) = past.map(|past| store.keep(&past)) {
            tracing::error!(%error, "views of the past could not be written down; they are folded again");
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::FileExt;
    use std::time::Instant;

    use daybook_domain::command::{Command, RegisterMerchant};
    use daybook_domain::{Actor, CommandId, MerchantId, Role, Timestamp};
    use daybook_engine::{FolderOptions, Request, open_folder};
    use uuid::Uuid;

    use super::*;

    fn until(what: &str, mut is_so: impl FnMut() -> bool) {
        let deadline = Instant::now() + Duration::from_secs(20);
        while !is_so() {
            assert!(Instant::now() < deadline, "never {what}");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    #[test]
    fn views_that_take_the_place_of_stopped_ones_are_followed_on() {
        let temporary = tempfile::tempdir().unwrap();
        let data = temporary.path().join("data");
        let options = FolderOptions { id_if_new: Some(Uuid::from_u128(1)), ..FolderOptions::default() };
        let folder = open_folder(&data, &options, Arc::new(|| Timestamp(1))).unwrap();
        let register = |n: u32| {
            let id = MerchantId::new(&format!("m{n}")).unwrap();
            let register = RegisterMerchant { id, name: "a shop".into(), parent: None };
            let actor = Actor { id: Uuid::nil(), role: Role::Platform };
            let command_id = CommandId(Uuid::from_u128(n.into()));
            folder.engine.submit(Request::live(command_id, actor, Command::RegisterMerchant(register))).wait().unwrap();
        };
        (1..=3).for_each(register);
        // A byte of what was written last turns, on a disk that was sound when the folder was opened.
        let log =
            std::fs::File::options().read(true).write(true).open(data.join("wal/00000000000000000001.wal")).unwrap();
        let mut bytes = vec![0; 1 << 16];
        log.read_at(&mut bytes, 0).unwrap();
        let last = bytes.iter().rposition(|&byte| byte != 0).unwrap() - 30;
        log.write_all_at(&[bytes[last] ^ 1], last as u64).unwrap();

        let host = Host::new_shared(Views::new());
        let followers = Followers::start(&folder.reader, &host, store(&data, &folder.reader)).unwrap();
        until("stopped", || host.status().iter().all(|view| view.stopped.is_some()));

        log.write_all_at(&[bytes[last]], last as u64).unwrap();
        let mut rebuilt = Box::new(Views::new());
        for recorded in folder.reader.events(1, CHUNK_BYTES).unwrap() {
            if recorded.position <= host.position() {
                rebuilt.apply(&recorded).unwrap();
            }
        }
        let exchanged = host.with_views_mut(|serving| serving.replace(&daybook_views::VIEWS, rebuilt));
        assert!(exchanged.is_ok());
        register(4);
        until("followed on", || host.position() == 4);
        assert_eq!(host.views().merchants().page(None, None, 10).merchants.len(), 4);
        folder.engine.shutdown().unwrap();
        followers.stop();
    }
}
