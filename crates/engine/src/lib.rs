//! The one writer. Callers hand in commands; one thread decides them one after another against state that includes the
//! ones before, one thread makes each batch durable, and only then is anybody answered.
//!
//! ```text
//! callers ──submit──► decide thread ──batch──► sync thread ──answers──► callers
//!                        ▲      │ a stream that is not in memory
//!                        └─ loader thread
//! ```
//!
//! Deciding the next batch overlaps the sync of this one. Answers that write nothing (refusals, repeats) wait too, until
//! everything that they were decided against is durable.

mod alarm;
mod cache;
mod cards;
mod clock;
mod decide_thread;
mod erase;
mod error;
mod folder;
mod gathering;
mod inbox;
mod job;
mod keys;
mod load_thread;
mod note;
mod read_ahead;
mod reader;
mod relearn;
mod request;
mod seal;
mod sync_thread;
#[cfg(test)]
mod tests;
mod tokens;

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use daybook_domain::decide::check_texts;
use daybook_domain::{Position, Slot, Timestamp, token::Token};
use daybook_ledger::{Appender, Ledger};
use daybook_vault::Vault;
use tokio::sync::watch;

pub use cards::{CardImport, CardReport, CardsCutOff};
pub use clock::{Clock, ClockBehind, MAX_BRIDGED_SECONDS};
pub use daybook_vault::{Journal, JournalError, MasterKey, destroy_file};
pub use erase::{EraseError, Erased, Erasure, Unfinished};
pub use error::{ExecuteError, PositionAtError, ReadError, ShutdownError};
pub use folder::{Folder, FolderOptions, MasterKeySource, OpenFolderError, open_folder};
pub use keys::{ChangeKeysError, RestoredKeys, are_keys_under, restore_keys, rotate_master_key};
pub use reader::{Opened, Reader};
pub use request::{Pending, Receipt, Request};
pub use seal::platform_tree;

use alarm::{Alarm, Stopped, Thread};
use decide_thread::Message;
use inbox::Outbox;
use job::Job;

/// Commands that may wait for an answer. Beyond that callers are told that the engine is busy.
const MAX_WAITING: usize = 16_384;

/// How long what is decided may take to be durable before whoever asks about it is told to come again, and how often it is
/// looked: syncs take some milliseconds.
const DURABLE_WITHIN: Duration = Duration::from_secs(5);
const DURABLE_EVERY: Duration = Duration::from_micros(500);

/// A handle; clones share the one writer.
#[derive(Clone)]
pub struct Engine {
    shared: Arc<Shared>,
}

struct Shared {
    jobs: Outbox,
    waiting: Arc<AtomicUsize>,
    reader: Reader,
    vault: Arc<Vault>,
    clock: Clock,
    merchants: seal::Merchants,
    tokens: tokens::Tokens,
    erasures: Arc<erase::Erasures>,
    stopped: Stopped,
    closing: AtomicBool,
    threads: Mutex<Option<Threads>>,
}

struct Threads {
    decide: JoinHandle<()>,
    sync: JoinHandle<Result<(), std::io::Error>>,
    load: JoinHandle<()>,
}

impl Engine {
    /// Starts the writer's threads.
    pub fn start(ledger: Ledger, appender: Appender, vault: Arc<Vault>, clock: Clock) -> Result<Engine, ReadError> {
        let reader = Reader::open(ledger, Arc::clone(&vault));
        let last_recorded = reader.last_recorded_at()?;
        let (jobs, inbox) = inbox::inbox();
        let (stopped, _) = watch::channel(None);
        let merchants = seal::Merchants::default();
        let erasures: Arc<erase::Erasures> = Arc::default();
        let (load, load_handle) =
            load_thread::spawn(reader.clone(), Arc::clone(&erasures), jobs.clone(), stopped.clone());
        let (batches, sync_handle) = sync_thread::spawn(appender, jobs.clone(), stopped.clone());
        let decider = decide_thread::Decider::new(
            reader.clone(),
            Arc::clone(&vault),
            Arc::clone(&clock),
            last_recorded,
            batches,
            load,
            stopped.clone(),
        );
        let alarm = Alarm::new(Thread::Decide, stopped.clone(), None);
        let decide_handle = std::thread::Builder::new()
            .name("daybook-decide".into())
            .spawn(move || {
                let _alarm = alarm;
                decider.run(inbox);
            })
            .expect("the system can start a thread");
        let threads = Threads { decide: decide_handle, sync: sync_handle, load: load_handle };
        Ok(Engine {
            shared: Arc::new(Shared {
                jobs,
                waiting: Arc::default(),
                reader,
                vault,
                clock,
                merchants,
                tokens: tokens::Tokens::default(),
                erasures,
                stopped,
                closing: AtomicBool::new(false),
                threads: Mutex::new(Some(threads)),
            }),
        })
    }

    /// Decides a command and waits until the answer is durable.
    ///
    /// # Errors
    /// A rejection, or why the command could not be carried out; in both cases nothing was written, except with
    /// [`ExecuteError::Stopped`], after which only the ledger knows.
    pub async fn execute(&self, request: Request) -> Result<Receipt, ExecuteError> {
        if self.shared.waiting.load(Ordering::Relaxed) >= MAX_WAITING {
            return Err(ExecuteError::Busy);
        }
        self.submit(request).await
    }

    /// Queues a command and returns at once. Commands submitted by one thread are decided in that order. The caller
    /// bounds how many it has under way.
    pub fn submit(&self, request: Request) -> Pending {
        self.send(request, false)
    }

    /// As [`Engine::submit`], but nothing is written: the answer is what would have become of the command. The receipt's
    /// position is the end of its stream. Others may be decided before the command itself is sent.
    pub fn check(&self, request: Request) -> Pending {
        self.send(request, true)
    }

    fn send(&self, request: Request, is_check: bool) -> Pending {
        let shared = &self.shared;
        if shared.closing.load(Ordering::Acquire) {
            return Pending::refused(self.stopped());
        }
        if let Err(rejection) = check_texts(&request.command, request.origin) {
            return Pending::refused(rejection.into());
        }
        let (mut job, pending) =
            match Job::new(request, &shared.reader, &shared.vault, &shared.merchants, &shared.waiting) {
                Ok(made) => made,
                Err(error) => return Pending::refused(error),
            };
        job.is_check = is_check;
        match shared.jobs.send(Message::Job(Box::new(job))) {
            Ok(()) => pending,
            Err(_) => Pending::refused(self.stopped()),
        }
    }

    fn stopped(&self) -> ExecuteError {
        let why = self.shared.stopped.borrow().clone();
        ExecuteError::Stopped { why: why.unwrap_or_else(|| "its threads have ended".into()) }
    }

    /// Changes once, to why the engine takes no more commands: a write that failed, a thread that ended with a bug, or
    /// [`Engine::shutdown`]. The process should then exit and open the ledger again.
    pub fn watch_stopped(&self) -> watch::Receiver<Option<Arc<str>>> {
        self.shared.stopped.subscribe()
    }

    /// Finishes what is queued, then closes the ledger cleanly. Later commands are answered [`ExecuteError::Stopped`].
    pub fn shutdown(&self) -> Result<(), ShutdownError> {
        self.shared.closing.store(true, Ordering::Release);
        alarm::stop(&self.shared.stopped, "Daybook is shutting down".into());
        let threads = self.shared.threads.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(threads) = threads else { return Ok(()) };
        // The writer ends on its own when it has stopped; then nobody listens.
        let _ = self.shared.jobs.send(Message::Close);
        // All of them, so that nothing is at work in the folder any more, however one of them ended.
        let (decide, load, sync) = (threads.decide.join(), threads.load.join(), threads.sync.join());
        let (Ok(()), Ok(()), Ok(closed)) = (decide, load, sync) else { return Err(ShutdownError::Panicked) };
        closed.map_err(ShutdownError::Close)?;
        relearn::checkpoint(&self.shared.reader, &self.shared.erasures).map_err(ShutdownError::Keys)
    }

    pub fn reader(&self) -> Reader {
        self.shared.reader.clone()
    }

    /// The credential with this hash, as far as it is durable: a revocation that was answered counts from the next call
    /// on. Seldom reads the ledger, see `tokens`.
    pub fn token(&self, secret_sha256: &[u8; 32]) -> Result<Option<Token>, ReadError> {
        self.shared.tokens.get(secret_sha256, &self.shared.reader)
    }

    /// Whether a buyer's key was destroyed.
    pub fn is_erased(&self, buyer: Slot) -> bool {
        self.shared.reader.is_erased(buyer)
    }

    /// The last position that was recorded at this time or before, 0 if none was; nothing is recorded there any more, however
    /// young the time is. None: it has not come yet. Blocks this thread until what was decided up to then is durable; not for
    /// use in async code.
    ///
    /// # Errors
    /// When the ledger cannot be read, or is not written to in time.
    pub fn position_at(&self, time: Timestamp) -> Result<Option<Position>, PositionAtError> {
        let reader = &self.shared.reader;
        if time > self.now() {
            return Ok(None);
        }
        let durable = reader.watermark();
        let position = reader.position_at(time)?;
        if position < durable {
            // What was recorded behind it came later, and times never run backwards.
            return Ok(Some(position));
        }
        let (tell, told) = channel();
        let passed = self.shared.jobs.send(Message::Pass { time, tell }).ok().and_then(|()| told.recv().ok());
        // Where nobody decides any more, nothing comes to it.
        if let Some(decided) = passed {
            let until = std::time::Instant::now() + DURABLE_WITHIN;
            while reader.watermark() < decided && self.shared.stopped.borrow().is_none() {
                if std::time::Instant::now() > until {
                    return Err(PositionAtError::Late);
                }
                std::thread::sleep(DURABLE_EVERY);
            }
        }
        Ok(Some(reader.position_at(time)?))
    }

    /// What the clock says.
    pub fn now(&self) -> Timestamp {
        (self.shared.clock)()
    }
}
