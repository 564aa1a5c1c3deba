//! Binds records into pages in the background, and seals volumes.
//!
//! It knows nothing that is not on disk: after a start, and after any failure, it packs the open volume's pages anew from
//! the write-ahead files and puts only those into sled that are missing there or differ.

use std::fs;
use std::io;
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use thiserror::Error;

use crate::frame::Chain;
use crate::merkle::{self, Hash, Merkle};
use crate::open::Sealed;
use crate::page::{Content, Packer, Page, PageEntry};
use crate::page_store::{Layout, PageStore, StoreError};
use crate::seal;
use crate::shared::{EndedVolume, Shared};
use crate::shelf::{sled_folder, volume_folder};
use crate::spares::Recycler;
use crate::{Ledger, Position, ReadError, fsio, volumes_dir};

/// Bytes read at once.
const STEP_BYTES: usize = 256 << 10;
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// The thread, stopped and joined when this is dropped.
#[derive(Debug)]
pub(crate) struct Binder {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

/// Why binding could not go on for now.
#[derive(Debug, Error)]
pub(crate) enum BindError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Read(#[from] ReadError),
    #[error(transparent)]
    Io(#[from] io::Error),
    #[error("a page read back from sled at position {0} is not what was put there")]
    ReadBack(Position),
    #[error("stopped")]
    Stopped,
}

/// The volume being bound.
#[derive(Debug)]
pub(crate) struct Binding {
    pub(crate) first: Position,
    /// The next record to take in.
    pub(crate) next: Position,
    packer: Packer,
    pub(crate) pages: Vec<PageEntry>,
    pub(crate) merkle: Merkle,
    store: Option<PageStore>,
}

/// What there is to do.
enum Task {
    /// Take in records up to here.
    Bind(u64),
    Seal(EndedVolume),
    /// Take records into the ledger's tree that were bound before it came to them: of a folder that had none.
    GrowTree,
    Stop,
}

impl Binder {
    pub(crate) fn start(shared: Arc<Shared>, sealed: Sealed, recycler: Recycler) -> io::Result<Self> {
        let tree = KeepTree { is_wanted: shared.options.keep_tree, pause: FIRST_PAUSE, again: None };
        let worker = Worker { shared: Arc::clone(&shared), recycler, rebuild: false, tree };
        shared.counters.bound.store(sealed.last, Ordering::Relaxed);
        let first = Position::FIRST.plus(sealed.last);
        let thread = std::thread::Builder::new().name("ledger-binder".into()).spawn(move || worker.run(first))?;
        Ok(Self { shared, thread: Some(thread) })
    }

    pub(crate) fn stop(&mut self) {
        self.shared.work().stop = true;
        self.shared.work_changed.notify_all();
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the thread that binds pages had panicked; nothing is lost");
        }
    }
}

impl Drop for Binder {
    fn drop(&mut self) {
        self.stop();
    }
}

struct Worker {
    shared: Arc<Shared>,
    recycler: Recycler,
    /// Sled's folder is not to be trusted: begin with an empty one.
    rebuild: bool,
    tree: KeepTree,
}

/// Whether the ledger's tree grows. Not for a while once it could not be written: who wants a root meanwhile tries by
/// himself, and is told why there is none.
struct KeepTree {
    is_wanted: bool,
    /// How long after the next failure.
    pause: Duration,
    /// Not before this.
    again: Option<Instant>,
}

impl KeepTree {
    fn is_due(&self) -> bool {
        self.is_wanted && self.again.is_none_or(|again| again <= Instant::now())
    }

    /// How long until it is due; none if nothing has to be waited for.
    fn wait(&self) -> Option<Duration> {
        let again = self.again.filter(|_| self.is_wanted)?;
        Some(again.saturating_duration_since(Instant::now()))
    }

    /// Returns whether it went well.
    fn note<E: std::fmt::Display>(&mut self, result: Result<(), E>) -> bool {
        match result {
            Ok(()) => (self.pause, self.again) = (FIRST_PAUSE, None),
            Err(error) => {
                tracing::warn!(%error, "the tree over all records is not kept up for now; appends go on");
                self.again = Some(Instant::now() + self.pause);
                self.pause = (self.pause * 2).min(LONGEST_PAUSE);
            }
        }
        self.again.is_none()
    }
}

impl Worker {
    fn run(mut self, first: Position) {
        let mut binding = Binding::new(first);
        let mut pause = FIRST_PAUSE;
        let mut trees_turn = false;
        loop {
            let result = match self.wait(binding.next, &mut trees_turn) {
                Task::Stop => return,
                Task::Bind(last) => self.bind(&mut binding, last),
                Task::Seal(ended) => self.seal(&mut binding, &ended),
                Task::GrowTree => {
                    self.grow_tree();
                    continue;
                }
            };
            match result {
                Ok(()) => pause = FIRST_PAUSE,
                Err(BindError::Stopped) => return,
                Err(error) => {
                    tracing::warn!(%error, volume = %binding.first, "binding pauses; appends go on");
                    self.rebuild |=
                        matches!(error, BindError::ReadBack(_) | BindError::Store(StoreError::Panicked { .. }));
                    // Drops sled, and with it whatever state the failure left.
                    binding = Binding::new(binding.first);
                    self.sleep(pause);
                    pause = (pause * 2).min(LONGEST_PAUSE);
                }
            }
        }
    }

    /// Waits until there is something to do.
    fn wait(&self, next: Position, trees_turn: &mut bool) -> Task {
        let mut work = self.shared.work();
        loop {
            if work.stop {
                return Task::Stop;
            }
            // In turns, so that neither holds up the other for long.
            let is_behind = self.shared.tree.size() + 1 < next.get();
            let is_due = is_behind && self.tree.is_due();
            *trees_turn = is_due && !*trees_turn;
            if *trees_turn {
                return Task::GrowTree;
            }
            if let Some(ended) = work.ended.front() {
                return if next <= ended.last { Task::Bind(ended.last.get()) } else { Task::Seal(*ended) };
            }
            if next.get() <= work.durable {
                return Task::Bind(work.durable);
            }
            if is_due {
                continue;
            }
            let changed = &self.shared.work_changed;
            work = match self.tree.wait().filter(|_| is_behind) {
                Some(pause) => changed.wait_timeout(work, pause).unwrap_or_else(PoisonError::into_inner).0,
                None => changed.wait(work).unwrap_or_else(PoisonError::into_inner),
            };
        }
    }

    fn sleep(&self, pause: Duration) {
        let work = self.shared.work();
        let _ = self.shared.work_changed.wait_timeout_while(work, pause, |work| !work.stop);
    }

    /// Takes in some more records, not beyond `last`.
    fn bind(&mut self, binding: &mut Binding, last: u64) -> Result<(), BindError> {
        let ledger = Ledger { shared: Arc::clone(&self.shared) };
        let chunk = ledger.read_from(binding.next, STEP_BYTES)?;
        let (first, mut leaves) = (binding.next.get() - 1, Vec::new());
        for record in chunk.records().take_while(|record| record.position.get() <= last) {
            let leaf = merkle::leaf(record.bytes());
            binding.merkle.push(leaf);
            leaves.push(leaf);
            if let Some(page) = binding.packer.push(&record) {
                self.put(binding, &page)?;
            }
            binding.next = record.position.plus(1);
        }
        self.offer_to_tree(first, &leaves);
        Ok(())
    }

    fn offer_to_tree(&mut self, first: u64, leaves: &[Hash]) {
        // What is not taken now is, once it is due again.
        if self.tree.is_due() && self.shared.tree.size() >= first {
            self.tree.note(self.shared.tree.extend(first, leaves));
        }
    }

    fn grow_tree(&mut self) {
        let ledger = Ledger { shared: Arc::clone(&self.shared) };
        let before = self.shared.tree.size();
        if !self.tree.note(ledger.grow_tree_step(STEP_BYTES)) {
            return;
        }
        // What takes long to make once is not begun again.
        if let Some(end) = self.shared.shelf.end_within(self.shared.tree.size()).filter(|end| end.last.get() > before) {
            self.save_tree(end.last, &end.chain);
        }
    }

    fn save_tree(&mut self, last: Position, chain: &Chain) {
        let ledger = Ledger { shared: Arc::clone(&self.shared) };
        let leaves = |from, count| ledger.leaves(from, count);
        self.tree.note(self.shared.tree.save(last.get(), chain, &leaves));
    }

    fn put(&mut self, binding: &mut Binding, page: &Page) -> Result<(), BindError> {
        if binding.store.is_none() {
            binding.store = Some(self.open_store(binding.first)?);
        }
        let store = binding.store.as_ref().expect("opened above");
        let key = store.layout().key(binding.pages.len(), page.first);
        let kept = store.get(key)?.filter(|kept| Content::parse(self.shared.ledger, kept) == Ok(page.content()));
        let entry = match kept {
            Some(kept) => PageEntry::new(page.first, page.count, &kept),
            None => {
                let bytes = page.encode(self.shared.ledger);
                store.insert(key, &bytes)?;
                PageEntry::new(page.first, page.count, &bytes)
            }
        };
        binding.pages.push(entry);
        self.shared.counters.bound.store(page.first.get() + u64::from(page.count) - 1, Ordering::Relaxed);
        Ok(())
    }

    /// The open volume's sled folder; a new one if sled cannot open what is there.
    fn open_store(&mut self, first: Position) -> Result<PageStore, BindError> {
        let folder = volume_folder(&self.shared.dir, first);
        let sled = sled_folder(&folder);
        fsio::make_dir(&volumes_dir(&self.shared.dir))?;
        fsio::make_dir(&folder)?;
        if !std::mem::take(&mut self.rebuild) {
            match PageStore::create(&sled, Layout::Numbers) {
                Ok(store) => return Ok(store),
                Err(error) => tracing::warn!(%error, "the unsealed pages are bound anew from the write-ahead files"),
            }
        }
        match fs::remove_dir_all(&sled) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error.into()),
        }
        Ok(PageStore::create(&sled, Layout::Numbers)?)
    }

    /// Finishes the volume: after this its records are served from sled.
    fn seal(&mut self, binding: &mut Binding, ended: &EndedVolume) -> Result<(), BindError> {
        if let Some(page) = binding.packer.finish() {
            self.put(binding, &page)?;
        }
        let store = binding.store.take().expect("a volume has at least one page");
        let shared = Arc::clone(&self.shared);
        let _sealing = shared.sealing.lock().unwrap_or_else(PoisonError::into_inner);
        let (manifest, store) = seal::seal(&self.shared, binding, ended, store)?;
        self.shared.shelf.publish(manifest, store);
        if self.tree.is_due() && self.shared.tree.size() >= ended.last.get() {
            self.save_tree(ended.last, &ended.chain);
        }
        let files = self.shared.wal_mut().drop_volume(ended.first);
        self.shared.work().ended.pop_front();
        *binding = Binding::new(ended.last.plus(1));
        for indexed in files {
            // A reader may hold the file still: then it must not be written again.
            let unused = Arc::try_unwrap(indexed.file).ok().and_then(|file| file.metadata().ok());
            let done = match unused {
                Some(metadata) => self.recycler.recycle(&indexed.path, metadata.len()),
                None => fs::remove_file(&indexed.path),
            };
            if let Err(error) = done {
                tracing::warn!(%error, file = %indexed.path.display(), "a write-ahead file was not removed");
            }
        }
        Ok(())
    }
}

impl Binding {
    fn new(first: Position) -> Self {
        Self {
            first,
            next: first,
            packer: Packer::new(first),
            pages: Vec::new(),
            merkle: Merkle::default(),
            store: None,
        }
    }
}
