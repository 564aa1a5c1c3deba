//! Syncs the mark when appends pause, so that power loss after that leaves an exact mark.
//!
//! Under load the mark is not synced: the next batch, which holds the hash of the one before, says as much.

use std::fs::File;
use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::fsio;

/// How long nothing was appended before the mark is synced.
const PAUSE: Duration = Duration::from_millis(100);

/// The thread, stopped and joined when this is dropped.
#[derive(Debug)]
pub(crate) struct IdleSync {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    /// Counts up with each write of the mark.
    written: u64,
    synced: u64,
    /// A failed sync is never retried.
    failed: Option<io::Error>,
    stop: bool,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn run(&self, file: &File) {
        let mut state = self.lock();
        while !state.stop {
            if state.written == state.synced || state.failed.is_some() {
                state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
                continue;
            }
            let written = state.written;
            state = self
                .changed
                .wait_timeout_while(state, PAUSE, |state| !state.stop)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
            if state.stop || state.written != written {
                continue;
            }
            drop(state);
            let result = file.sync_data();
            state = self.lock();
            match result {
                Ok(()) => state.synced = written,
                Err(error) => state.failed = Some(error),
            }
        }
    }
}

impl IdleSync {
    pub(crate) fn start(file: Arc<File>) -> io::Result<Self> {
        let shared = Arc::new(Shared::default());
        let theirs = Arc::clone(&shared);
        let thread = std::thread::Builder::new().name("ledger-mark".into()).spawn(move || theirs.run(&file))?;
        Ok(Self { shared, thread: Some(thread) })
    }

    /// Tells that the mark was written; fails if an earlier sync of it has.
    pub(crate) fn written(&self) -> io::Result<()> {
        let mut state = self.shared.lock();
        if let Some(error) = &state.failed {
            return Err(fsio::repeat(error));
        }
        // Each wake-up costs, and while marks are unsynced the thread looks by itself.
        let sleeps = state.written == state.synced;
        state.written += 1;
        drop(state);
        if sleeps {
            self.shared.changed.notify_all();
        }
        Ok(())
    }
}

impl Drop for IdleSync {
    fn drop(&mut self) {
        self.shared.lock().stop = true;
        self.shared.changed.notify_all();
        if let Some(thread) = self.thread.take() {
            // It does nothing that panics, and nothing is lost without it.
            let _ = thread.join();
        }
    }
}
