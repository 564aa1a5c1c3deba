//! Checkpoints on disk: `views/<name>-v<version>/` holds chunk files, named by what is in them, and manifests, named by
//! their position. A manifest is written last; whatever is missing, damaged or foreign makes its checkpoint one that is
//! ignored with a reason, and the view is folded from the log again. Beside the newest some stay for the past ([`past`]).

mod past;

use std::collections::{BTreeMap, HashSet};
use std::fs::{self, File};
use std::io::{self, Write};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use daybook_domain::Position;
use thiserror::Error;

use crate::checkpoint::{ChunkId, ChunksOf, Part, RestoreError, Since, ViewCheckpoint};
use crate::registry::{ORDERS, VIEWS, ViewName};
use crate::views::{Lineage, Views};
use crate::wire::{Reader, put_bytes, put_u32, put_u64};

const MAGIC: &[u8; 8] = b"dbkviews";
/// All views of one position are wanted, and a crash may come between their manifests.
const KEPT_MANIFESTS: usize = 2;

/// Which ledger the views were folded from.
pub type LedgerId = [u8; 16];

#[derive(Debug, Error)]
#[error("cannot {what} {}: {source}", path.display())]
pub struct StoreError {
    what: &'static str,
    path: PathBuf,
    source: io::Error,
}

/// A checkpoint that was not used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ignored {
    pub view: ViewName,
    pub position: Position,
    pub reason: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct ChunkFile {
    hash: [u8; 32],
    bytes: u64,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Manifest {
    position: Position,
    /// By which rules it was folded.
    fold: u16,
    chunks: BTreeMap<ChunkId, ChunkFile>,
}

/// The folder `views` of one ledger. Of several stores on one folder only one may save.
#[derive(Debug)]
pub struct Store {
    folder: PathBuf,
    ledger: LedgerId,
    /// What was loaded or saved last of each view,
    newest: Manifests,
    /// and of which views.
    of: Option<Lineage>,
}

/// What is to be saved of some views.
#[derive(Debug)]
pub struct Checkpoint {
    of: Lineage,
    views: Vec<ViewCheckpoint>,
}

type Manifests = BTreeMap<ViewName, Manifest>;

/// What a checkpoint wrote.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Saved {
    pub chunks: usize,
    pub bytes: u64,
    /// What was saved before was of other views, and is not there any more.
    pub replaces: bool,
}

impl Store {
    pub fn new(folder: &Path, ledger: LedgerId) -> Self {
        Self { folder: folder.to_path_buf(), ledger, newest: Manifests::new(), of: None }
    }

    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// What has to be saved of these views: what changed since the last time if it was theirs, else all. None: nothing, or what
    /// other rules made stands among them, which stays on disk as it is until it is rebuilt.
    pub fn checkpoint(&self, views: &Views) -> Option<Checkpoint> {
        if !views.of_other_folds().is_empty() {
            return None;
        }
        let mut since = Since::default();
        if self.of.as_ref() == Some(&views.lineage) {
            since.0.extend(self.newest.iter().map(|(view, manifest)| (*view, manifest.position)));
        }
        let is_saved = |position: &Position| *position == views.position();
        if since.0.len() == VIEWS.len() && since.0.values().all(is_saved) {
            return None;
        }
        Some(Checkpoint { of: views.lineage.clone(), views: views.checkpoint(&since) })
    }

    /// The newest usable checkpoint that is not ahead of the ledger, whose last position is `head`: all views if there
    /// is one of all, else the orders and what there is with them, else none. And what was ignored on the way, for the
    /// log.
    pub fn load(&mut self, head: Position) -> Result<(Option<Views>, Vec<Ignored>), StoreError> {
        let mut ignored = Vec::new();
        let mut incomplete = None;
        for position in self.positions(ORDERS)? {
            let mut found = Manifests::new();
            for view in VIEWS {
                match self.manifest(view, position, head) {
                    Ok(manifest) => drop(found.insert(view, manifest)),
                    Err(reason) => ignored.push(Ignored { view, position, reason }),
                }
                if found.is_empty() {
                    // Nothing can stand without the orders, which are looked for first.
                    break;
                }
            }
            if found.len() == VIEWS.len() {
                match self.restore(position, &found) {
                    Ok(views) => {
                        (self.newest, self.of) = (found, Some(views.lineage.clone()));
                        return Ok((Some(views), ignored));
                    }
                    Err((view, error)) => {
                        ignored.push(Ignored { view, position, reason: error.to_string() });
                        found.remove(&view);
                    }
                }
            }
            if incomplete.is_none() && found.contains_key(&ORDERS) {
                incomplete = Some((position, found));
            }
        }
        let Some((position, found)) = incomplete else {
            return Ok((None, ignored));
        };
        match self.restore(position, &found) {
            Ok(views) => {
                (self.newest, self.of) = (found, Some(views.lineage.clone()));
                Ok((Some(views), ignored))
            }
            Err((view, error)) => {
                ignored.push(Ignored { view, position, reason: error.to_string() });
                Ok((None, ignored))
            }
        }
    }

    /// Writes what [`Store::checkpoint`] gave, makes it durable, and removes what no kept manifest names. What was saved of
    /// other views than these is not kept for the past either: it may be why they were rebuilt.
    pub fn save(&mut self, checkpoint: &Checkpoint) -> Result<Saved, StoreError> {
        let (saved, manifests) = self.write(&checkpoint.views)?;
        self.newest.extend(manifests);
        let replaces = self.of.as_ref() != Some(&checkpoint.of);
        self.of = Some(checkpoint.of.clone());
        self.tidy(if replaces { 1 } else { KEPT_MANIFESTS })?;
        Ok(Saved { replaces, ..saved })
    }

    fn write(&self, views: &[ViewCheckpoint]) -> Result<(Saved, Manifests), StoreError> {
        let mut saved = Saved::default();
        let mut manifests = Manifests::new();
        for view in views {
            let folder = self.view_folder(view.view);
            // Its owner's alone, as all of a data folder.
            let mut builder = fs::DirBuilder::new();
            builder.recursive(true).mode(0o700);
            builder.create(&folder).map_err(failed("create", &folder))?;
            let before = self.newest.get(&view.view);
            let mut chunks: BTreeMap<ChunkId, ChunkFile> = BTreeMap::new();
            for (id, bytes) in &view.changed {
                let file = ChunkFile { hash: *blake3::hash(bytes).as_bytes(), bytes: bytes.len() as u64 };
                let path = folder.join(chunk_name(&file));
                // Not to be trusted by its name alone: it may be the damaged one that this checkpoint is to replace.
                if fs::read(&path).map_or(true, |found| found != *bytes) {
                    write_durably(&path, bytes)?;
                    saved.chunks += 1;
                    saved.bytes += file.bytes;
                }
                chunks.insert(*id, file);
            }
            for id in &view.all {
                if !chunks.contains_key(id)
                    && let Some(file) = before.and_then(|manifest| manifest.chunks.get(id))
                {
                    chunks.insert(*id, *file);
                }
            }
            sync_folder(&folder)?;
            manifests.insert(view.view, Manifest { position: view.position, fold: view.view.fold, chunks });
        }
        for (view, manifest) in &manifests {
            let folder = self.view_folder(*view);
            let path = folder.join(manifest_name(manifest.position));
            write_durably(&path, &self.put_manifest(*view, manifest))?;
            sync_folder(&folder)?;
        }
        Ok((saved, manifests))
    }

    fn view_folder(&self, view: ViewName) -> PathBuf {
        self.folder.join(format!("{}-v{}", view.name, view.version))
    }

    /// The positions of a view's manifests, the newest first.
    fn positions(&self, view: ViewName) -> Result<Vec<Position>, StoreError> {
        let names = names_in(&self.view_folder(view))?;
        let mut positions: Vec<Position> =
            names.iter().filter_map(|name| name.strip_prefix("manifest-")?.parse().ok()).collect();
        positions.sort_unstable_by(|left, right| right.cmp(left));
        Ok(positions)
    }

    fn restore(&self, position: Position, found: &Manifests) -> Result<Views, (ViewName, RestoreError)> {
        let ids = |manifest: &Manifest| manifest.chunks.keys().copied().collect();
        let saved: ChunksOf = found.iter().map(|(view, manifest)| (*view, ids(manifest))).collect();
        let chunk = |id: ChunkId| {
            // Parts are of one view each.
            let (view, file) = found.iter().find_map(|(view, manifest)| Some((*view, manifest.chunks.get(&id)?)))?;
            let bytes = fs::read(self.view_folder(view).join(chunk_name(file))).ok()?;
            (*blake3::hash(&bytes).as_bytes() == file.hash).then_some(bytes)
        };
        let mut views = Views::restore(position, &saved, &chunk)?;
        for entry in views.registry.all_mut() {
            *entry.is_of_other_fold = found.get(&entry.name).is_some_and(|manifest| manifest.fold != entry.name.fold);
        }
        Ok(views)
    }

    fn put_manifest(&self, view: ViewName, manifest: &Manifest) -> Vec<u8> {
        let mut out = MAGIC.to_vec();
        put_bytes(&mut out, view.name.as_bytes());
        put_u32(&mut out, u32::from(manifest.fold) << 16 | u32::from(view.version));
        out.extend_from_slice(&self.ledger);
        put_u64(&mut out, manifest.position);
        put_u64(&mut out, manifest.chunks.len() as u64);
        for (id, file) in &manifest.chunks {
            out.push(id.part as u8);
            put_u32(&mut out, id.number);
            out.extend_from_slice(&file.hash);
            put_u64(&mut out, file.bytes);
        }
        let hash = blake3::hash(&out);
        out.extend_from_slice(hash.as_bytes());
        out
    }

    /// A manifest, if it can be believed.
    fn manifest(&self, view: ViewName, position: Position, head: Position) -> Result<Manifest, String> {
        let path = self.view_folder(view).join(manifest_name(position));
        let bytes = fs::read(&path).map_err(|error| format!("its manifest cannot be read: {error}"))?;
        let damaged = || "its manifest is damaged".to_owned();
        let (content, hash) = bytes.split_last_chunk::<32>().ok_or_else(damaged)?;
        let mut reader = Reader::new(content);
        if blake3::hash(content).as_bytes() != hash || reader.array() != *MAGIC {
            return Err(damaged());
        }
        let (name, [version_low, version_high, fold_low, fold_high]) = (reader.text(), reader.u32().to_le_bytes());
        if (name, u16::from_le_bytes([version_low, version_high])) != (view.name, view.version) {
            return Err("it is another view's".to_owned());
        }
        let fold = u16::from_le_bytes([fold_low, fold_high]);
        if reader.array() != self.ledger {
            return Err("it was folded from another ledger".to_owned());
        }
        let mut manifest = Manifest { position: reader.u64(), fold, chunks: BTreeMap::new() };
        for _ in 0..reader.count() {
            let part = Part::from_code(reader.u8()).ok_or_else(damaged)?;
            let id = ChunkId { part, number: reader.u32() };
            manifest.chunks.insert(id, ChunkFile { hash: reader.array(), bytes: reader.u64() });
        }
        if !reader.is_whole() || manifest.position != position {
            return Err(damaged());
        }
        if position > head {
            return Err(format!("it is ahead of the ledger, which ends at {head}"));
        }
        Ok(manifest)
    }

    /// Removes all but the newest manifests of each view and those that stay for the past, and the chunks that only they
    /// named. With one kept: none stay for the past, since what was saved before is not to be trusted.
    fn tidy(&self, kept_manifests: usize) -> Result<(), StoreError> {
        let past = if kept_manifests == KEPT_MANIFESTS { self.kept_for_the_past()? } else { Vec::new() };
        for view in VIEWS {
            // Those ahead of what was just saved belong to a ledger that was cut back: they will never be right again.
            let newest = self.newest.get(&view).map_or(Position::MAX, |manifest| manifest.position);
            let until: Vec<Position> =
                self.positions(view)?.into_iter().filter(|&position| position <= newest).collect();
            let mut kept: Vec<Position> = until.iter().copied().take(kept_manifests).collect();
            kept.extend(until.into_iter().skip(kept_manifests).filter(|position| past.contains(position)));
            self.keep_only(view, &kept)?;
        }
        Ok(())
    }

    fn keep_only(&self, view: ViewName, kept: &[Position]) -> Result<(), StoreError> {
        let folder = self.view_folder(view);
        let mut named: HashSet<String> = kept.iter().map(|&position| manifest_name(position)).collect();
        for &position in kept {
            if let Ok(manifest) = self.manifest(view, position, Position::MAX) {
                named.extend(manifest.chunks.values().map(chunk_name));
            }
        }
        for name in names_in(&folder)?.iter().filter(|name| !named.contains(*name)) {
            remove(&folder.join(name))?;
        }
        Ok(())
    }
}

fn chunk_name(file: &ChunkFile) -> String {
    format!("{}.chunk", blake3::Hash::from_bytes(file.hash).to_hex())
}

fn manifest_name(position: Position) -> String {
    format!("manifest-{position:020}")
}

fn names_in(folder: &Path) -> Result<Vec<String>, StoreError> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(failed("list", folder)(error)),
    };
    let names = entries.map(|entry| entry.map(|entry| entry.file_name().into_string().ok()));
    // What is not even text is none of ours.
    let names = names.collect::<Result<Vec<_>, _>>().map_err(failed("list", folder))?;
    Ok(names.into_iter().flatten().collect())
}

/// Under another name first, so that a file either is whole or is not there.
fn write_durably(path: &Path, bytes: &[u8]) -> Result<(), StoreError> {
    let unfinished = path.with_extension("unfinished");
    let write = || {
        let mut file = File::create(&unfinished)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&unfinished, path)
    };
    write().map_err(failed("write", path))
}

/// Whoever else removed it did the same.
fn remove(path: &Path) -> Result<(), StoreError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(failed("remove", path)(error)),
        Ok(()) | Err(_) => Ok(()),
    }
}

fn sync_folder(folder: &Path) -> Result<(), StoreError> {
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(failed("sync", folder))
}

fn failed(what: &'static str, path: &Path) -> impl FnOnce(io::Error) -> StoreError {
    let path = path.to_path_buf();
    move |source| StoreError { what, path, source }
}
