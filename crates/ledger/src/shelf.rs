//! The sealed volumes: `volumes/<first position, 20 digits>/{sled/…, heads, manifest}`. None is ever written again.

use std::collections::HashMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, Weak};

use thiserror::Error;
use uuid::Uuid;

use crate::chunk::Chunk;
use crate::frame::Chain;
use crate::heads::Heads;
use crate::manifest::Manifest;
use crate::open::Sealed;
use crate::page::{PAGE_HEADER, PageEntry, page_records};
use crate::page_store::{PageStore, StoreError};
use crate::stream_index::StreamIndex;
use crate::{OpenError, Options, Position, fsio, threads, volumes_dir};

/// Why a sealed volume could not be read.
#[derive(Debug, Error)]
pub enum ShelfError {
    #[error("position {position} is in no volume; run `daybook verify` and restore from a backup")]
    NoVolume { position: Position },
    #[error(
        "{volume}: the page at position {first} is {what}; run `daybook verify` and restore the folder from a backup"
    )]
    Page { volume: PathBuf, first: Position, what: String },
    #[error("{file}: {what}; run `daybook verify` and restore it from a backup")]
    Manifest { file: PathBuf, what: String },
    #[error("{0}; {advice}", advice = advice(.0))]
    Store(#[from] StoreError),
}

/// Sled cannot open a folder without writing to it.
fn advice(error: &StoreError) -> &'static str {
    match error {
        StoreError::Sled { source: sled::Error::Io(io), .. } if fsio::is_full(io) => "make room, then try again",
        StoreError::Sled { source: sled::Error::Io(io), .. } if fsio::has_no_files_left(io) => {
            "nothing is damaged: too many files are open; raise the limit (`ulimit -n`), then start again"
        }
        StoreError::Missing { .. } | StoreError::Sled { .. } | StoreError::Panicked { .. } => {
            "run `daybook verify` and restore the folder from a backup"
        }
    }
}

/// Volumes whose heads are in memory at a time while a ledger is opened, up to 28 MB each.
const LOADED_AT_ONCE: usize = 8;

#[derive(Clone, Copy, Debug)]
pub(crate) struct VolumeSpan {
    pub(crate) first: Position,
    pub(crate) last: Position,
    /// The chain of batches at its end.
    pub(crate) chain: Chain,
}

#[derive(Debug)]
pub(crate) struct Shelf {
    dir: PathBuf,
    capacity: usize,
    /// Contiguous from position 1.
    volumes: RwLock<Vec<VolumeSpan>>,
    open: Mutex<OpenSet>,
}

#[derive(Debug, Default)]
struct OpenSet {
    /// Least recently used first.
    kept: Vec<Arc<OpenVolume>>,
    /// Put away, but maybe still in some reader's hands: opening such a folder again would meet its lock.
    released: Vec<Weak<OpenVolume>>,
    /// One for each volume that was ever opened: two who want it do not open it twice.
    turns: HashMap<Position, Arc<Mutex<()>>>,
}

/// A sealed volume that is open for reading.
#[derive(Debug)]
pub(crate) struct OpenVolume {
    pub(crate) folder: PathBuf,
    first: Position,
    pages: Vec<PageEntry>,
    store: PageStore,
}

pub(crate) fn volume_folder(dir: &Path, first: Position) -> PathBuf {
    volumes_dir(dir).join(format!("{:020}", first.get()))
}

pub(crate) fn manifest_path(folder: &Path) -> PathBuf {
    folder.join("manifest")
}

pub(crate) fn heads_path(folder: &Path) -> PathBuf {
    folder.join("heads")
}

pub(crate) fn sled_folder(folder: &Path) -> PathBuf {
    folder.join("sled")
}

impl Shelf {
    /// Checks all manifests and heads; returns where the sealed volumes end, and the streams' heads there.
    pub(crate) fn load(dir: &Path, ledger: Uuid, options: &Options) -> Result<(Self, Sealed, StreamIndex), OpenError> {
        let mut sealed = Sealed { last: 0, chain: [0; 32] };
        let (mut volumes, mut index) = (Vec::new(), StreamIndex::default());
        let mut unsealed: Option<PathBuf> = None;
        let all = volumes_dir(dir);
        let folders = fsio::numbered(&all, "").map_err(|error| OpenError::io(&all, error))?;
        for some in folders.chunks(LOADED_AT_ONCE) {
            let loaded = threads::map(some, |(number, folder)| {
                manifest_path(folder).exists().then(|| load_volume(ledger, *number, folder))
            });
            let mut heads = Vec::with_capacity(some.len());
            for ((number, folder), loaded) in some.iter().zip(loaded) {
                if let Some(unsealed) = unsealed {
                    return Err(OpenError::damaged(
                        &manifest_path(&unsealed),
                        "it is missing, though a later volume exists",
                    ));
                }
                if *number != sealed.last + 1 {
                    let what =
                        format!("the volume before it, which begins at position {}, is missing", sealed.last + 1);
                    return Err(OpenError::damaged(folder, what));
                }
                let Some(loaded) = loaded else {
                    unsealed = Some(folder.clone());
                    continue;
                };
                let (span, volume_heads) = loaded?;
                sealed = Sealed { last: span.last.get(), chain: span.chain };
                volumes.push(span);
                heads.push(volume_heads);
            }
            index.take_in(&heads);
        }
        let capacity = options.open_volumes.max(1);
        let shelf = Self { dir: dir.into(), capacity, volumes: RwLock::new(volumes), open: Mutex::default() };
        Ok((shelf, sealed, index))
    }

    pub(crate) fn len(&self) -> usize {
        self.volumes().len()
    }

    pub(crate) fn spans(&self) -> Vec<VolumeSpan> {
        self.volumes().clone()
    }

    /// Puts a volume that was just sealed onto the shelf.
    pub(crate) fn publish(&self, manifest: Manifest, store: PageStore) {
        let span = VolumeSpan { first: manifest.first, last: manifest.last, chain: manifest.chain };
        let folder = volume_folder(&self.dir, span.first);
        let volume = OpenVolume { folder, first: span.first, pages: manifest.pages, store };
        self.keep(Arc::new(volume));
        self.volumes.write().unwrap_or_else(PoisonError::into_inner).push(span);
    }

    /// The sealed volume that holds `position`.
    pub(crate) fn span(&self, position: Position) -> Option<VolumeSpan> {
        let volumes = self.volumes();
        let after = volumes.partition_point(|volume| volume.first <= position);
        after.checked_sub(1).map(|at| volumes[at]).filter(|volume| position <= volume.last)
    }

    /// The last sealed volume that ends at `position` or before it.
    pub(crate) fn end_within(&self, position: u64) -> Option<VolumeSpan> {
        let volumes = self.volumes();
        let after = volumes.partition_point(|volume| volume.last.get() <= position);
        after.checked_sub(1).map(|at| volumes[at])
    }

    /// The records from `position` to the end of their page, or fewer once `max_bytes` are reached.
    pub(crate) fn read(&self, position: Position, max_bytes: usize) -> Result<Chunk, ShelfError> {
        let span = self.span(position).ok_or(ShelfError::NoVolume { position })?;
        let volume = self.open_volume(span.first)?;
        let at = volume.pages.partition_point(|page| page.first <= position) - 1;
        let entry = volume.pages[at];
        let page = volume.page(at)?;
        let records = page_records(&page).map_err(|what| volume.damaged(&entry, what.into()))?;
        Chunk::from_page(records, position, max_bytes).map_err(|what| volume.damaged(&entry, what))
    }

    pub(crate) fn open_volume(&self, first: Position) -> Result<Arc<OpenVolume>, ShelfError> {
        let turn = {
            let mut open = self.open_set();
            if let Some(volume) = open.find(first) {
                let _put_away = open.keep(Arc::clone(&volume), self.capacity);
                drop(open);
                return Ok(volume);
            }
            Arc::clone(open.turns.entry(first).or_default())
        };
        // Opening may wait for whoever still closes the same folder. Only who wants this volume waits with it.
        let _turn = turn.lock().unwrap_or_else(PoisonError::into_inner);
        let found = self.open_set().find(first);
        let volume = match found {
            Some(volume) => volume,
            None => Arc::new(OpenVolume::open(volume_folder(&self.dir, first), first)?),
        };
        self.keep(Arc::clone(&volume));
        Ok(volume)
    }

    /// What is put away for it is closed after the lock is given back.
    fn keep(&self, volume: Arc<OpenVolume>) {
        let _put_away = self.open_set().keep(volume, self.capacity);
    }

    fn volumes(&self) -> RwLockReadGuard<'_, Vec<VolumeSpan>> {
        self.volumes.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn open_set(&self) -> MutexGuard<'_, OpenSet> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl OpenSet {
    fn find(&mut self, first: Position) -> Option<Arc<OpenVolume>> {
        if let Some(at) = self.kept.iter().position(|volume| volume.first == first) {
            return Some(self.kept.remove(at));
        }
        self.released.retain(|volume| volume.strong_count() > 0);
        self.released.iter().filter_map(Weak::upgrade).find(|volume| volume.first == first)
    }

    /// Returns what is put away for it: dropping the last hold on a volume closes its folder, which takes time.
    #[must_use]
    fn keep(&mut self, volume: Arc<OpenVolume>, capacity: usize) -> Vec<Arc<OpenVolume>> {
        self.kept.push(volume);
        let surplus = self.kept.len().saturating_sub(capacity);
        let put_away: Vec<_> = self.kept.drain(..surplus).collect();
        self.released.extend(put_away.iter().map(Arc::downgrade));
        put_away
    }
}

impl OpenVolume {
    fn open(folder: PathBuf, first: Position) -> Result<Self, ShelfError> {
        let wrong = |what| ShelfError::Manifest { file: manifest_path(&folder), what };
        let manifest = read_manifest(&folder).map_err(wrong)?;
        if manifest.first != first {
            return Err(wrong("it belongs to another volume".into()));
        }
        let store = PageStore::open(&sled_folder(&folder), manifest.layout)?;
        Ok(Self { folder, first, pages: manifest.pages, store })
    }

    pub(crate) fn store(&self) -> &PageStore {
        &self.store
    }

    pub(crate) fn pages(&self) -> &[PageEntry] {
        &self.pages
    }

    /// Page number `number`, from 0, exactly as the manifest has it.
    pub(crate) fn page(&self, number: usize) -> Result<sled::IVec, ShelfError> {
        let entry = &self.pages[number];
        let key = self.store.layout().key(number, entry.first);
        let page = self.store.get(key)?.ok_or_else(|| self.damaged(entry, "missing".into()))?;
        if page.len() < PAGE_HEADER || *blake3::hash(&page).as_bytes() != entry.hash {
            return Err(self.damaged(entry, "not what the manifest says".into()));
        }
        Ok(page)
    }

    fn damaged(&self, entry: &PageEntry, what: String) -> ShelfError {
        ShelfError::Page { volume: self.folder.clone(), first: entry.first, what }
    }
}

pub(crate) fn read_manifest(folder: &Path) -> Result<Manifest, String> {
    let text = fs::read_to_string(manifest_path(folder)).map_err(|error| not_read(&error))?;
    Manifest::parse(&text)
}

fn load_volume(ledger: Uuid, number: u64, folder: &Path) -> Result<(VolumeSpan, Heads), OpenError> {
    let manifest = load_manifest(ledger, number, folder)?;
    if !sled_folder(folder).join("db").is_file() {
        return Err(OpenError::damaged(&sled_folder(folder), "its pages are missing"));
    }
    let heads = read_heads(&manifest, folder).map_err(|what| OpenError::damaged(&heads_path(folder), what))?;
    Ok((VolumeSpan { first: manifest.first, last: manifest.last, chain: manifest.chain }, heads))
}

fn load_manifest(ledger: Uuid, number: u64, folder: &Path) -> Result<Manifest, OpenError> {
    let damaged = |what: String| OpenError::damaged(&manifest_path(folder), what);
    let manifest = read_manifest(folder).map_err(damaged)?;
    if manifest.ledger != ledger || manifest.first.get() != number {
        return Err(damaged("it belongs to another volume".into()));
    }
    Ok(manifest)
}

pub(crate) fn read_heads(manifest: &Manifest, folder: &Path) -> Result<Heads, String> {
    let bytes = fs::read(heads_path(folder)).map_err(|error| not_read(&error))?;
    if *blake3::hash(&bytes).as_bytes() != manifest.heads {
        return Err("it is not what the manifest says".into());
    }
    Ok(Heads::parse(manifest.ledger, manifest.first, bytes)?)
}

fn not_read(error: &io::Error) -> String {
    format!("it cannot be read: {error}")
}
