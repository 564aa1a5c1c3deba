//! Write-ahead files made ready before they are needed, by a helper thread, so that an append seldom waits for one.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use crate::fsio;

const PREFIX: &str = "spare-";
/// Recycled files kept at most; further ones are removed.
const KEEP: usize = 4;

/// A file of zeros, or of what a sealed volume no longer needs, whose bytes are allocated and durable.
#[derive(Debug)]
pub(crate) struct Spare {
    pub(crate) file: File,
    pub(crate) path: PathBuf,
    pub(crate) length: u64,
}

#[derive(Debug)]
struct State {
    pool: Vec<Spare>,
    /// The length that somebody waits for.
    wanted: Option<u64>,
    failed: Option<io::Error>,
    stop: bool,
    next_name: u64,
}

#[derive(Debug)]
struct Shared {
    dir: PathBuf,
    length: u64,
    state: Mutex<State>,
    changed: Condvar,
    /// Stands for a full disk.
    #[cfg(test)]
    refuse: std::sync::atomic::AtomicBool,
}

/// The pool and its helper thread.
#[derive(Debug)]
pub(crate) struct Spares {
    shared: Arc<Shared>,
    helper: Option<JoinHandle<()>>,
}

/// The way into the pool for sealed volumes' files.
#[derive(Clone, Debug)]
pub(crate) struct Recycler {
    shared: Arc<Shared>,
}

impl Spares {
    /// Takes over what an earlier run left in `dir` and starts the helper, which keeps one file of `length` bytes ready.
    pub(crate) fn start(dir: &Path, length: u64) -> io::Result<Self> {
        let mut pool = Vec::new();
        let mut next_name = 0;
        for entry in fs::read_dir(dir)? {
            let path = entry?.path();
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            let Some(number) = name.strip_prefix(PREFIX) else { continue };
            next_name = next_name.max(number.parse::<u64>().map_or(0, |number| number + 1));
            let file = OpenOptions::new().read(true).write(true).open(&path)?;
            if file.metadata()?.len() == length && pool.len() < KEEP {
                // Its zeros may have been written but not synced when the earlier run ended.
                file.sync_all()?;
                pool.push(Spare { file, path, length });
            } else {
                fs::remove_file(&path)?;
            }
        }
        let state = State { pool, wanted: None, failed: None, stop: false, next_name };
        let shared = Arc::new(Shared {
            dir: dir.into(),
            length,
            state: Mutex::new(state),
            changed: Condvar::new(),
            #[cfg(test)]
            refuse: Default::default(),
        });
        let theirs = Arc::clone(&shared);
        let helper = std::thread::Builder::new().name("ledger-spares".into()).spawn(move || theirs.prepare())?;
        Ok(Self { shared, helper: Some(helper) })
    }

    #[cfg(test)]
    pub(crate) fn refuse(&self, refuse: bool) {
        self.shared.refuse.store(refuse, std::sync::atomic::Ordering::Relaxed);
    }

    pub(crate) fn recycler(&self) -> Recycler {
        Recycler { shared: Arc::clone(&self.shared) }
    }

    /// A file of at least `length` bytes; waits for it to be made if none is ready.
    pub(crate) fn take(&self, length: u64) -> io::Result<Spare> {
        let mut state = self.shared.lock();
        state.failed = None;
        loop {
            if let Some(at) = state.pool.iter().position(|spare| spare.length >= length) {
                let spare = state.pool.swap_remove(at);
                state.wanted = None;
                self.shared.changed.notify_all();
                return Ok(spare);
            }
            if let Some(error) = state.failed.take() {
                state.wanted = None;
                return Err(error);
            }
            state.wanted = Some(length);
            self.shared.changed.notify_all();
            state = self.shared.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

impl Drop for Spares {
    fn drop(&mut self) {
        self.shared.lock().stop = true;
        self.shared.changed.notify_all();
        if let Some(helper) = self.helper.take() {
            let _ = helper.join();
        }
    }
}

impl Recycler {
    /// Keeps a file of a sealed volume for later, or removes it. Nobody may read it any more.
    pub(crate) fn recycle(&self, path: &Path, length: u64) -> io::Result<()> {
        let mut state = self.shared.lock();
        if length != self.shared.length || state.pool.len() >= KEEP {
            return fs::remove_file(path);
        }
        let spare = self.shared.name(&mut state);
        fs::rename(path, &spare)?;
        // Before it gets a new header: otherwise a crash could leave that header under the old name.
        fsio::sync_dir(&self.shared.dir)?;
        let file = OpenOptions::new().read(true).write(true).open(&spare)?;
        state.pool.push(Spare { file, path: spare, length });
        self.shared.changed.notify_all();
        Ok(())
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn name(&self, state: &mut State) -> PathBuf {
        let path = self.dir.join(format!("{PREFIX}{}", state.next_name));
        state.next_name += 1;
        path
    }

    fn prepare(&self) {
        let mut state = self.lock();
        while !state.stop {
            // After a failure nothing is tried until somebody asks: the disk may be full for long.
            let needed = match state.wanted {
                Some(length) if state.pool.iter().all(|spare| spare.length < length) && state.failed.is_none() => {
                    Some(length.max(self.length))
                }
                None if state.pool.is_empty() && state.failed.is_none() => Some(self.length),
                _ => None,
            };
            let Some(length) = needed else {
                state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
                continue;
            };
            let path = self.name(&mut state);
            drop(state);
            let made = self.make(&path, length);
            state = self.lock();
            match made {
                Ok(spare) => state.pool.push(spare),
                Err(error) => {
                    tracing::warn!(%error, file = %path.display(), "no room for the next write-ahead file");
                    state.failed = Some(error);
                }
            }
            self.changed.notify_all();
        }
    }

    fn make(&self, path: &Path, length: u64) -> io::Result<Spare> {
        #[cfg(test)]
        if self.refuse.load(std::sync::atomic::Ordering::Relaxed) {
            return Err(io::ErrorKind::StorageFull.into());
        }
        let made = (|| {
            let file = OpenOptions::new().read(true).write(true).create_new(true).open(path)?;
            if self.lock().wanted.is_some() {
                fsio::write_zeros(&file, 0, length)?;
            } else {
                fsio::write_zeros_gently(&file, length)?;
            }
            file.sync_all()?;
            Ok(Spare { file, path: path.into(), length })
        })();
        if made.is_err() {
            let _ = fs::remove_file(path);
        }
        made
    }
}
