//! A ledger out of a backup. Everything is checked on the way, and what came out once more at the end.

use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use thiserror::Error;
use uuid::Uuid;

use super::state::{self, State};
use super::tail::{Part, folder, frame_at};
use super::{pages_path, volume_folder};
use crate::bytes::{index, len32, u32_at};
use crate::frame::{Chain, FRAME_HEADER, FrameHeader, chain_hash};
use crate::identity::Identity;
use crate::manifest::Manifest;
use crate::marker::{Mark, Marker};
use crate::merkle::{self, Merkle};
use crate::page::{MAX_PAGE_BYTES, PAGE_HEADER, PageEntry, page_records, parse_page};
use crate::page_store::{PageStore, StoreError};
use crate::record::{Record, first_record};
use crate::run::check_run;
use crate::shelf::{heads_path, manifest_path, sled_folder};
use crate::wal_file::{WAL_HEADER, WalHeader, wal_path};
use crate::{
    CreateError, Finding, OpenError, Position, SignedRoot, fsio, heads, shelf, verify_dir_against, volumes_dir,
};

const WAL_BYTES: u64 = 64 << 20;

/// What was restored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RestoreReport {
    pub ledger: Uuid,
    /// The last position, 0 for none.
    pub last: u64,
    /// How far the backup goes.
    pub backup: u64,
    /// Sealed volumes.
    pub volumes: u64,
    pub records: u64,
    /// Up to here what was restored is what was signed; 0 if no checkpoint is of it.
    pub signed: u64,
}

/// Why nothing was restored. The backup is as it was; what was begun in the folder holds no ledger, and can be removed.
#[derive(Debug, Error)]
pub enum RestoreError {
    #[error("{dir} holds no backup: name a folder that `daybook backup` has made")]
    NoBackup { dir: PathBuf },
    #[error("{file}: {what}; restore from another backup, or up to a position before it")]
    Damaged { file: PathBuf, what: String },
    #[error("what belongs beside the log could not be restored: {0}")]
    Beside(Box<dyn std::error::Error + Send + Sync>),
    #[error("{file} is missing: without it positions {first} to {last} cannot be restored")]
    Missing { file: PathBuf, first: u64, last: u64 },
    #[error("the backup goes on to position {last}, not to {wanted}")]
    Beyond { wanted: u64, last: u64 },
    #[error("position {wanted} is in the middle of a commit: restore to {before} or to {after}")]
    WithinCommit { wanted: u64, before: u64, after: u64 },
    #[error("what was restored is not sound: {0}")]
    Unsound(Finding),
    #[error(transparent)]
    Create(#[from] CreateError),
    #[error(transparent)]
    Open(#[from] OpenError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("{file}: {source}")]
    Io { file: PathBuf, source: io::Error },
}

fn at(file: &Path) -> impl FnOnce(io::Error) -> RestoreError {
    move |source| RestoreError::Io { file: file.into(), source }
}

fn damaged(file: &Path, what: impl Into<String>) -> RestoreError {
    RestoreError::Damaged { file: file.into(), what: what.into() }
}

/// Makes a data folder `dir`, which must be new or empty, of the backup in `from`: all of it, or up to position `until`, which must be the
/// last of its commit. Those of `signed` that do not go beyond must be what comes out. No keys come with it.
///
/// # Errors
/// Anything that is missing in the backup or damaged, a folder that holds something, failures to read or write.
pub fn restore(
    from: &Path,
    dir: &Path,
    until: Option<Position>,
    signed: &[SignedRoot],
) -> Result<RestoreReport, RestoreError> {
    restore_with(from, dir, until, signed, |_, _| Ok(()))
}

/// [`restore`], with what belongs beside the log: `beside` is called with the ledger's id and the last position once all of that
/// is written, and before the folder is a ledger that anybody could open.
///
/// # Errors
/// As [`restore`]; and what `beside` says.
pub fn restore_with(
    from: &Path,
    dir: &Path,
    until: Option<Position>,
    signed: &[SignedRoot],
    beside: impl FnOnce(Uuid, u64) -> Result<(), Box<dyn std::error::Error + Send + Sync>>,
) -> Result<RestoreReport, RestoreError> {
    let state = State::load(from).map_err(|what| damaged(&state::path(from), what))?;
    let state = state.ok_or_else(|| RestoreError::NoBackup { dir: from.into() })?;
    let until = until.map_or(state.last, Position::get);
    if until > state.last {
        return Err(RestoreError::Beyond { wanted: until, last: state.last });
    }
    let lock = crate::create::prepare(dir)?;
    let mut to = Restoring::new(from, dir, &state, until);
    to.volumes()?;
    to.tail()?;
    if to.end.0 < until {
        let file = Part::new(
            from,
            Position::FIRST.plus(to.end.0),
            Position::FIRST.plus(to.end.0),
            Position::FIRST.plus(until - 1),
        )
        .path;
        return Err(RestoreError::Missing { file, first: to.end.0 + 1, last: until });
    }
    // Batches that were made anew have another chain.
    let is_fit = match to.last_record() {
        Some(record) => *blake3::hash(record).as_bytes() == state.record,
        None => to.end.1 == state.chain,
    };
    if until == state.last && !is_fit {
        return Err(damaged(&state::path(from), "it does not fit what the backup holds"));
    }
    to.finish(beside)?;
    let report = RestoreReport {
        ledger: state.ledger,
        last: to.end.0,
        backup: state.last,
        volumes: to.volumes,
        records: to.end.0,
        signed: signed.iter().map(|root| root.size).filter(|size| *size <= to.end.0).max().unwrap_or(0),
    };
    drop(lock);
    let signed: Vec<SignedRoot> = signed.iter().filter(|root| root.size <= report.last).copied().collect();
    let wrong = match verify_dir_against(dir, &signed) {
        Ok(found) => found.findings.into_iter().next().map(RestoreError::Unsound),
        Err(error) => Some(error.into()),
    };
    match wrong {
        None => Ok(report),
        Some(error) => {
            // Nobody is to open it as a ledger.
            let file = crate::identity::path(dir);
            fs::remove_file(&file).and_then(|()| fsio::sync_dir(dir)).map_err(at(&file))?;
            Err(error)
        }
    }
}

/// A write-ahead file that is being written.
struct Wal {
    file: File,
    path: PathBuf,
    header: WalHeader,
    offset: u64,
}

struct Restoring<'a> {
    from: &'a Path,
    dir: &'a Path,
    ledger: Uuid,
    epoch: u64,
    until: u64,
    /// The last position that is there, and the chain of batches at it.
    end: (u64, Chain),
    volumes: u64,
    wal: Option<Wal>,
    mark: Mark,
    /// The last batch that was written.
    frame: Vec<u8>,
}

impl<'a> Restoring<'a> {
    fn new(from: &'a Path, dir: &'a Path, state: &State, until: u64) -> Self {
        let &State { ledger, epoch, .. } = state;
        Self {
            from,
            dir,
            ledger,
            epoch,
            until,
            end: (0, [0; 32]),
            volumes: 0,
            wal: None,
            mark: Mark::EMPTY,
            frame: Vec::new(),
        }
    }

    fn volumes(&mut self) -> Result<(), RestoreError> {
        let all = self.from.join("volumes");
        for (number, theirs) in fsio::numbered(&all, "").map_err(at(&all))? {
            // What was being copied when a run ended; its records are in the tail then.
            if self.end.0 >= self.until || !manifest_path(&theirs).exists() {
                break;
            }
            let file = manifest_path(&theirs);
            let text = fs::read_to_string(&file).map_err(at(&file))?;
            let manifest = Manifest::parse(&text).map_err(|what| damaged(&file, what))?;
            if manifest.ledger != self.ledger || manifest.first.get() != number {
                return Err(damaged(&file, "it belongs to another volume"));
            }
            if number != self.end.0 + 1 {
                let first = Position::FIRST.plus(self.end.0);
                return Err(RestoreError::Missing {
                    file: volume_folder(self.from, first),
                    first: first.get(),
                    last: number - 1,
                });
            }
            if manifest.last.get() <= self.until {
                self.volume(&theirs, &manifest, &text)?;
            } else {
                self.part_of(&theirs, &manifest)?;
            }
        }
        Ok(())
    }

    fn volume(&mut self, theirs: &Path, manifest: &Manifest, text: &str) -> Result<(), RestoreError> {
        let ours = shelf::volume_folder(self.dir, manifest.first);
        let sled = sled_folder(&ours);
        fsio::make_dir(&ours).map_err(at(&ours))?;
        let store = PageStore::create(&sled, manifest.layout)?;
        let (mut merkle, mut places) = (Merkle::default(), Vec::new());
        let mut number = 0;
        pages(self.ledger, theirs, manifest, |entry, page| {
            store.insert(manifest.layout.key(number, entry.first), page)?;
            number += 1;
            records(theirs, entry, page, |record| {
                merkle.push(merkle::leaf(record.bytes()));
                places.push((record.stream, crate::Head { position: record.position, revision: record.revision }));
                Ok(())
            })
        })?;
        store.flush()?;
        drop(store);
        // Sled's helper threads let go of this lock last: then nobody writes any more.
        File::open(sled.join("db")).and_then(|db| db.lock()).map_err(at(&sled))?;
        if merkle.root() != manifest.root {
            return Err(damaged(&manifest_path(theirs), "its Merkle root is not that of the records"));
        }
        let heads = heads::encode(self.ledger, manifest.first, &heads::last_of_each(places));
        if *blake3::hash(&heads).as_bytes() != manifest.heads {
            return Err(damaged(&manifest_path(theirs), "its heads are not those of the records"));
        }
        fsio::sync_tree(&sled).and_then(|()| fsio::sync_dir(&ours)).map_err(at(&sled))?;
        fsio::replace(&heads_path(&ours), &heads).map_err(at(&heads_path(&ours)))?;
        fsio::replace(&manifest_path(&ours), text.as_bytes()).map_err(at(&manifest_path(&ours)))?;
        self.end = (manifest.last.get(), manifest.chain);
        self.volumes += 1;
        Ok(())
    }

    /// A volume that was not sealed yet at the position that is wanted: its records are in batches again, a page's in each.
    fn part_of(&mut self, theirs: &Path, manifest: &Manifest) -> Result<(), RestoreError> {
        let (mut frame, mut count, until) = (vec![0; FRAME_HEADER], 0, self.until);
        pages(self.ledger, theirs, manifest, |entry, page| {
            let mut commit = None;
            records(theirs, entry, page, |record| {
                let position = record.position.get();
                if position == until && !record.ends_commit() {
                    commit = Some(around(record));
                }
                if position <= until {
                    frame.extend_from_slice(record.bytes());
                    count += 1;
                }
                Ok(())
            })?;
            if let Some((before, after)) = commit {
                return Err(RestoreError::WithinCommit { wanted: until, before, after });
            }
            // Pages end with a commit, and so does what is wanted.
            if count > 0 {
                let batch = std::mem::replace(&mut frame, vec![0; FRAME_HEADER]);
                self.append(manifest.first, batch, std::mem::take(&mut count), self.epoch)?;
            }
            Ok(())
        })
    }

    fn tail(&mut self) -> Result<(), RestoreError> {
        let sealed = self.end.0;
        for part in Part::all(self.from).map_err(at(&folder(self.from)))? {
            if self.end.0 >= self.until {
                break;
            }
            // Of a volume that has been sealed since; or of a run that did not come to its end.
            if part.volume.get() <= sealed && part.last.get() <= sealed {
                continue;
            }
            if part.first.get() != self.end.0 + 1 {
                let first = self.end.0 + 1;
                let wanted = Part::new(self.from, part.volume, Position::FIRST.plus(self.end.0), part.first);
                return Err(RestoreError::Missing {
                    file: wanted.path,
                    first,
                    last: part.first.get().saturating_sub(1).max(first),
                });
            }
            self.frames(&part)?;
        }
        Ok(())
    }

    fn frames(&mut self, part: &Part) -> Result<(), RestoreError> {
        let file = File::open(&part.path).map_err(at(&part.path))?;
        let length = file.metadata().map_err(at(&part.path))?.len();
        let (mut offset, mut frame) = (0, Vec::new());
        while offset < length && self.end.0 < self.until {
            let next = self.end.0 + 1;
            let header = frame_at(self.ledger, &file, offset, &mut frame).map_err(at(&part.path))?;
            let header =
                header.ok_or_else(|| damaged(&part.path, format!("the batch at position {next} is damaged")))?;
            if header.first.get() != next || header.chain != self.end.1 {
                return Err(damaged(
                    &part.path,
                    format!("what stands at position {next} does not follow what is before it"),
                ));
            }
            offset += frame.len() as u64;
            let mut kept = (FRAME_HEADER, 0);
            let mut commit = None;
            let payload = &frame[FRAME_HEADER..];
            check_run(payload, header.first, header.count, |begin, record| {
                if record.position.get() <= self.until {
                    kept = (FRAME_HEADER + begin + record.bytes().len(), kept.1 + 1);
                }
                if record.position.get() == self.until && !record.ends_commit() {
                    commit = Some(around(record));
                }
                Ok(())
            })
            .map_err(|what| damaged(&part.path, what))?;
            if let Some((before, after)) = commit {
                return Err(RestoreError::WithinCommit { wanted: self.until, before, after });
            }
            let mut batch = std::mem::take(&mut frame);
            batch.truncate(kept.0);
            self.append(part.volume, batch, kept.1, header.epoch)?;
        }
        if self.end.0 < self.until && self.end.0 != part.last.get() {
            return Err(damaged(&part.path, format!("it ends at position {}, before what its name says", self.end.0)));
        }
        Ok(())
    }

    /// Writes a batch of whole commits; the same bytes as it had, if it is whole.
    fn append(&mut self, volume: Position, mut frame: Vec<u8>, count: u32, epoch: u64) -> Result<(), RestoreError> {
        let first = Position::FIRST.plus(self.end.0);
        let header =
            FrameHeader { payload_len: len32(frame.len() - FRAME_HEADER), count, first, epoch, chain: self.end.1 };
        header.seal(self.ledger, &mut frame);
        let bytes = frame.len() as u64;
        let is_fit = |wal: &Wal| wal.header.volume == volume && wal.offset + bytes <= WAL_BYTES;
        if !self.wal.as_ref().is_some_and(is_fit) {
            self.end_wal()?;
            let path = wal_path(self.dir, first);
            let file = File::options().read(true).write(true).create_new(true).open(&path).map_err(at(&path))?;
            let header = WalHeader { length: 0, first, volume, chain: self.end.1 };
            self.wal = Some(Wal { file, path, header, offset: WAL_HEADER });
        }
        let wal = self.wal.as_mut().expect("there is one now");
        wal.file.write_all_at(&frame, wal.offset).map_err(at(&wal.path))?;
        wal.offset += bytes;
        self.end = (first.get() + u64::from(count) - 1, chain_hash(&frame));
        let wal_first = wal.header.first.get();
        self.mark =
            Mark { position: self.end.0, wal: wal_first, offset: wal.offset, chain: self.end.1, epoch, clean: true };
        self.frame = frame;
        Ok(())
    }

    /// The bytes of the last record that is in a batch; None: all are in volumes.
    fn last_record(&self) -> Option<&[u8]> {
        let mut rest = self.frame.get(FRAME_HEADER..)?;
        let mut last = None;
        while let Some(record) = first_record(rest) {
            rest = &rest[record.len()..];
            last = Some(record);
        }
        last
    }

    fn end_wal(&mut self) -> Result<(), RestoreError> {
        let Some(Wal { file, path, mut header, offset }) = self.wal.take() else { return Ok(()) };
        header.length = offset;
        header.write(self.ledger, &file).and_then(|()| file.sync_all()).map_err(at(&path))
    }

    fn finish(
        &mut self,
        beside: impl FnOnce(Uuid, u64) -> Result<(), Box<dyn std::error::Error + Send + Sync>>,
    ) -> Result<(), RestoreError> {
        self.end_wal()?;
        let dir = self.dir;
        if self.mark.position < self.end.0 {
            self.mark = Mark { position: self.end.0, chain: self.end.1, epoch: self.epoch, clean: true, ..Mark::EMPTY };
        }
        let marked = || {
            Marker::create(dir, self.ledger)?;
            let mut marker = Marker::open(dir, self.ledger, 1)?;
            marker.write(&Mark { clean: true, ..self.mark })?;
            marker.sync()?;
            fsio::sync_dir(&crate::wal_file::wal_dir(dir))?;
            fsio::sync_dir(&volumes_dir(dir))
        };
        marked().map_err(at(dir))?;
        beside(self.ledger, self.end.0).map_err(RestoreError::Beside)?;
        // Last: this file is what makes it a ledger.
        Identity { ledger: self.ledger, epoch: self.epoch }.store(dir).map_err(at(dir))
    }
}

/// Each page that is exactly what the manifest says.
fn pages(
    ledger: Uuid,
    theirs: &Path,
    manifest: &Manifest,
    mut each: impl FnMut(&PageEntry, &[u8]) -> Result<(), RestoreError>,
) -> Result<(), RestoreError> {
    let path = pages_path(theirs);
    let file = match File::open(&path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Err(RestoreError::Missing { file: path, first: manifest.first.get(), last: manifest.last.get() });
        }
        Err(error) => return Err(at(&path)(error)),
    };
    let mut file = io::BufReader::with_capacity(1 << 20, file);
    let mut page = Vec::new();
    for entry in &manifest.pages {
        let wrong = |what: &str| damaged(&path, format!("the page at position {} {what}", entry.first));
        page.resize(PAGE_HEADER, 0);
        file.read_exact(&mut page).map_err(|_| wrong("is cut off"))?;
        // The payload's length: nothing vouches for it yet.
        let length = PAGE_HEADER + index(u64::from(u32_at(&page, 36)));
        if length > MAX_PAGE_BYTES {
            return Err(wrong("is damaged"));
        }
        page.resize(length, 0);
        file.read_exact(&mut page[PAGE_HEADER..]).map_err(|_| wrong("is cut off"))?;
        if *blake3::hash(&page).as_bytes() != entry.hash || parse_page(ledger, &page) != Ok((entry.first, entry.count))
        {
            return Err(wrong("is not what the manifest says"));
        }
        each(entry, &page)?;
    }
    match file.read(&mut [0]).map_err(at(&path))? {
        0 => Ok(()),
        _ => Err(damaged(&path, "there is more in it than the manifest says")),
    }
}

/// The records of a page.
fn records(
    folder: &Path,
    entry: &PageEntry,
    page: &[u8],
    mut each: impl FnMut(&Record<'_>) -> Result<(), String>,
) -> Result<(), RestoreError> {
    page_records(page)
        .map_err(String::from)
        .and_then(|found| check_run(&found, entry.first, entry.count, |_, record| each(record)))
        .map_err(|what| damaged(&pages_path(folder), what))
}

/// The last position before a record's commit, and its own last.
fn around(record: &Record<'_>) -> (u64, u64) {
    let first = record.position.get() - u64::from(record.commit_index);
    (first - 1, first + u64::from(record.commit_count) - 1)
}
