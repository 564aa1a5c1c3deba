//! Opening: find out what is durable, refuse if something acknowledged is missing, and only then write.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Condvar, Mutex, RwLock};

use thiserror::Error;
use tokio::sync::watch;
use uuid::Uuid;

use crate::appender::{Appender, Current, Start};
use crate::batch::Tail;
use crate::binder::Binder;
use crate::bytes::index;
use crate::cut::{self, Cut};
use crate::frame::Chain;
use crate::identity::Identity;
use crate::lock::{self, DirLock};
use crate::marker::{self, Mark, Marker};
use crate::run::check_run;
use crate::shared::{EndedVolume, Shared, Work};
use crate::shelf::Shelf;
use crate::spares::Spares;
use crate::stats::Counters;
use crate::stream_index::StreamIndex;
use crate::tree::Tree;
use crate::wal_file::{ChainPoint, WAL_HEADER, WalHeader, follow_frames, frame_after, wal_dir};
use crate::wal_index::WalIndex;
use crate::{Ledger, MAX_BATCH_BYTES, Options, Position, fsio, volumes_dir};

/// Why a ledger was not opened. Nothing on disk was changed.
#[derive(Debug, Error)]
pub enum OpenError {
    #[error("data folder {dir} holds no ledger: name another one")]
    NoLedger { dir: PathBuf },
    #[error("data folder {dir} is in use by process {owner}; stop that first, or name another folder")]
    InUse { dir: PathBuf, owner: String },
    #[error("{file}: format {format} was written by a newer daybook; use that")]
    NewerFormat { file: PathBuf, format: u16 },
    #[error("{file}: {what}; run `daybook verify` for details, and restore the folder from a backup")]
    Damaged { file: PathBuf, what: String },
    #[error("{file}: {}: {source}", fsio::advice(source))]
    Io { file: PathBuf, source: io::Error },
}

impl OpenError {
    pub(crate) fn io(file: &Path, source: io::Error) -> Self {
        Self::Io { file: file.into(), source }
    }

    pub(crate) fn damaged(file: &Path, what: impl Into<String>) -> Self {
        Self::Damaged { file: file.into(), what: what.into() }
    }
}

/// What the sealed volumes hold.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sealed {
    /// The last position, 0 for none.
    pub(crate) last: u64,
    pub(crate) chain: Chain,
}

/// What was found in the write-ahead files of the volumes that are not sealed.
#[derive(Debug)]
struct Found {
    files: Vec<FoundFile>,
    index: WalIndex,
    end: ChainPoint,
    last_epoch: u64,
    mark_seen: bool,
    /// What continues the end, but is not whole.
    cut: Option<Cut>,
}

#[derive(Debug)]
struct FoundFile {
    file: Arc<File>,
    path: PathBuf,
    header: WalHeader,
}

impl Ledger {
    /// Opens a ledger for reading and writing, and starts its background threads.
    ///
    /// Everything in the write-ahead files is checked. What a crash tore and nobody was told of is cleared away; if
    /// anything that was acknowledged is missing or damaged, this refuses and says what to do.
    pub fn open(dir: &Path, options: &Options) -> Result<(Self, Appender), OpenError> {
        let (ledger, appender, ()) = Self::open_if(dir, options, |_, _| Ok::<(), OpenError>(()))?;
        Ok((ledger, appender))
    }

    /// [`Ledger::open`], if `fits` finds that what belongs to the ledger fits it. It is given the ledger's id and its last
    /// position, 0 for none, once the folder is locked and all was checked, before anything is changed.
    ///
    /// # Errors
    /// What `fits` returns, and what [`Ledger::open`] does.
    pub fn open_if<T, E: From<OpenError>>(
        dir: &Path,
        options: &Options,
        fits: impl FnOnce(Uuid, u64) -> Result<T, E>,
    ) -> Result<(Self, Appender, T), E> {
        if !dir.is_dir() {
            return Err(OpenError::NoLedger { dir: dir.into() }.into());
        }
        let lock = DirLock::take(dir)?;
        lock::warn_if_wide(dir);
        let identity = Identity::load(dir)?;
        let (mark, sequence) = marker::load(dir, identity.ledger)?;
        let (shelf, sealed, mut streams) = Shelf::load(dir, identity.ledger, options)?;
        let found = scan(dir, identity.ledger, sealed, &mark, &mut streams)?;
        check_mark(dir, &mark, sealed, &found)?;
        let fitting = fits(identity.ledger, found.end.next.get() - 1)?;

        if let Some(cut) = &found.cut {
            tracing::warn!("{cut}, and is cut off; who was given a receipt for it must send the command again");
        }

        // From here on the disk is changed.
        let at = |file: &Path| {
            let file = file.to_path_buf();
            move |source| OpenError::Io { file, source }
        };
        let epoch = identity.epoch.max(found.last_epoch) + 1;
        Identity { epoch, ..identity }.store(dir).map_err(at(dir))?;
        settle_names(dir, sealed).map_err(at(dir))?;
        if let Some(last) = found.files.last() {
            settle(last, &mark, &found.end).map_err(at(&last.path))?;
        }
        let last = found.end.next.get() - 1;
        let mark = Mark {
            position: last,
            wal: found.files.last().map_or(0, |file| file.header.first.get()),
            offset: found.end.offset,
            chain: found.end.chain,
            epoch,
            clean: false,
        };
        // Durable before the first append: after power loss a clean mark must not stand beside newer batches.
        let mut marker = Marker::open(dir, identity.ledger, sequence).map_err(at(&marker::path(dir)))?;
        marker.write(&mark).and_then(|()| marker.sync()).map_err(at(&marker::path(dir)))?;
        remove_sealed(dir, sealed).map_err(at(&wal_dir(dir)))?;
        let spares = Spares::start(&wal_dir(dir), options.wal_file_bytes).map_err(at(&wal_dir(dir)))?;

        let (ended, volume, current) = place(found.files, sealed, found.end, options);
        let tree = Tree::open(dir, identity.ledger, |end| shelf.end_within(end));
        let shared = Arc::new(Shared {
            dir: dir.into(),
            ledger: identity.ledger,
            options: options.clone(),
            watermark: AtomicU64::new(last),
            watch: watch::Sender::new(last),
            streams: RwLock::new(streams),
            wal: RwLock::new(found.index),
            shelf,
            tree,
            work: Mutex::new(Work { ended: ended.into(), durable: last, stop: false }),
            work_changed: Condvar::new(),
            sealing: Mutex::default(),
            counters: Counters::default(),
            cut: found.cut,
            _lock: lock,
        });
        marker.sync_when_idle().map_err(at(dir))?;
        let binder = Binder::start(Arc::clone(&shared), sealed, spares.recycler()).map_err(at(dir))?;
        let tail = Tail { next: found.end.next, epoch };
        let start = Start { tail, chain: found.end.chain, volume, current, marker, mark };
        Ok((Self { shared: Arc::clone(&shared) }, Appender::new(shared, start, spares, binder), fitting))
    }
}

/// Follows the chain through all files after the sealed volumes.
fn scan(dir: &Path, ledger: Uuid, sealed: Sealed, mark: &Mark, streams: &mut StreamIndex) -> Result<Found, OpenError> {
    let mut found = Found {
        files: Vec::new(),
        index: WalIndex::default(),
        end: ChainPoint { next: Position::FIRST.plus(sealed.last), chain: sealed.chain, offset: 0 },
        last_epoch: 0,
        mark_seen: mark.position == sealed.last && mark.chain == sealed.chain,
        cut: None,
    };
    let folder = wal_dir(dir);
    let mut bytes = Vec::new();
    let mut rest_from = None;
    for (number, path) in fsio::numbered(&folder, ".wal").map_err(|error| OpenError::io(&folder, error))? {
        let file =
            OpenOptions::new().read(true).write(true).open(&path).map_err(|error| OpenError::io(&path, error))?;
        let header = read_whole(ledger, number, &path, &file, &mut bytes)?;
        if header.volume.get() <= sealed.last {
            continue;
        }
        if header.first != found.end.next || header.chain != found.end.chain {
            return Err(OpenError::damaged(
                &path,
                format!("it does not continue what is before it, which ends at position {}", found.end.next.get() - 1),
            ));
        }
        let file = Arc::new(file);
        found.index.add_file(Arc::clone(&file), path.clone(), header.volume);
        let begin = ChainPoint { offset: WAL_HEADER, ..found.end };
        let (index, last_epoch, mark_seen) = (&mut found.index, &mut found.last_epoch, &mut found.mark_seen);
        found.end = follow_frames(ledger, &bytes, begin, |at, frame_header, frame| {
            let damaged = |what| OpenError::damaged(&path, what);
            let payload = &frame[crate::frame::FRAME_HEADER..];
            check_run(payload, frame_header.first, frame_header.count, |_, record| streams.advance(record))
                .map_err(damaged)?;
            index.add_frame(at.offset, frame_header.first, frame);
            *last_epoch = (*last_epoch).max(frame_header.epoch);
            if frame_header.next().get() - 1 == mark.position {
                *mark_seen = crate::frame::chain_hash(frame) == mark.chain;
            }
            Ok::<(), OpenError>(())
        })?;
        found.cut = cut::find(ledger, &path, &bytes, found.end);
        rest_from = frame_after(ledger, &bytes, found.end).map(|offset| (path.clone(), offset));
        found.files.push(FoundFile { file, path, header });
    }
    if let Some((path, offset)) = rest_from {
        return Err(OpenError::damaged(
            &path,
            format!(
                "records from position {} on are damaged, at byte {}: a later batch stands whole at byte {offset}",
                found.end.next, found.end.offset
            ),
        ));
    }
    Ok(found)
}

/// Reads a whole file and its header, which must be what its name and length say.
fn read_whole(
    ledger: Uuid,
    number: u64,
    path: &Path,
    file: &File,
    bytes: &mut Vec<u8>,
) -> Result<WalHeader, OpenError> {
    let length = file.metadata().map_err(|error| OpenError::io(path, error))?.len();
    bytes.resize(index(length), 0);
    file.read_exact_at(bytes, 0).map_err(|error| OpenError::io(path, error))?;
    let header = WalHeader::parse(ledger, bytes).map_err(|what| OpenError::damaged(path, what))?;
    if header.first.get() != number {
        return Err(OpenError::damaged(
            path,
            format!("it begins at position {}, not where its name says", header.first),
        ));
    }
    if header.length != length {
        return Err(OpenError::damaged(path, format!("it has {length} bytes, not {}", header.length)));
    }
    Ok(header)
}

/// Compares what was found with what was acknowledged.
fn check_mark(dir: &Path, mark: &Mark, sealed: Sealed, found: &Found) -> Result<(), OpenError> {
    let end = found.end.next.get() - 1;
    let file = found.files.last().map_or_else(|| wal_dir(dir), |file| file.path.clone());
    if end < mark.position {
        return Err(OpenError::damaged(
            &file,
            format!("positions {} to {} were acknowledged but are missing or damaged", end + 1, mark.position),
        ));
    }
    if mark.position >= sealed.last && !found.mark_seen {
        return Err(OpenError::damaged(
            &file,
            format!("what stands at position {} is not what was acknowledged there", mark.position),
        ));
    }
    if mark.clean && end != mark.position {
        return Err(OpenError::damaged(
            &file,
            format!("it goes on to position {end} although the ledger was closed at {}", mark.position),
        ));
    }
    Ok(())
}

/// Makes the found end the durable end: batches that nobody was told of are written once more before they are synced
/// (an earlier sync may have failed, and the system forgets that), and what follows them is cleared.
fn settle(last: &FoundFile, mark: &Mark, end: &ChainPoint) -> io::Result<()> {
    let length = last.header.length;
    let known =
        if mark.wal == last.header.first.get() { mark.offset.clamp(WAL_HEADER, end.offset) } else { WAL_HEADER };
    let torn = end.offset..length.min(end.offset + MAX_BATCH_BYTES as u64);
    let mut changed = false;
    if known < end.offset {
        let mut bytes = vec![0; index(end.offset - known)];
        last.file.read_exact_at(&mut bytes, known)?;
        last.file.write_all_at(&bytes, known)?;
        changed = true;
    }
    let mut rest = vec![0; index(torn.end - torn.start)];
    last.file.read_exact_at(&mut rest, torn.start)?;
    if rest.iter().any(|&byte| byte != 0) {
        fsio::write_zeros(&last.file, torn.start, torn.end)?;
        changed = true;
    }
    if changed { last.file.sync_data() } else { Ok(()) }
}

/// Makes the names durable under which files were found: a kill may have come between a rename and its folder's sync. What
/// is acknowledged in a write-ahead file, and what is removed because a volume is sealed, relies on them.
fn settle_names(dir: &Path, sealed: Sealed) -> io::Result<()> {
    fsio::sync_dir(&wal_dir(dir))?;
    let volumes = fsio::numbered(&volumes_dir(dir), "")?;
    match volumes.iter().rfind(|(number, _)| *number <= sealed.last) {
        Some((_, folder)) => fsio::sync_dir(folder),
        None => Ok(()),
    }
}

/// Removes the files that a crash kept after their volume was sealed.
fn remove_sealed(dir: &Path, sealed: Sealed) -> io::Result<()> {
    for (number, path) in fsio::numbered(&wal_dir(dir), ".wal")? {
        if number <= sealed.last {
            fs::remove_file(path)?;
        }
    }
    Ok(())
}

/// Which volumes have ended, where the open one begins, and the file to go on with.
fn place(
    files: Vec<FoundFile>,
    sealed: Sealed,
    end: ChainPoint,
    options: &Options,
) -> (Vec<EndedVolume>, Position, Option<Current>) {
    let mut ended = Vec::new();
    let mut volume = Position::FIRST.plus(sealed.last);
    for file in &files {
        if file.header.volume != volume {
            let last = Position::new(file.header.first.get() - 1).expect("a volume before has records");
            ended.push(EndedVolume { first: volume, last, chain: file.header.chain });
            volume = file.header.volume;
        }
    }
    if end.next.get() - volume.get() >= options.volume_events {
        let last = Position::new(end.next.get() - 1).expect("it has records");
        ended.push(EndedVolume { first: volume, last, chain: end.chain });
        return (ended, end.next, None);
    }
    let current = files.into_iter().last().map(|file| Current {
        file: file.file,
        first: file.header.first,
        length: file.header.length,
        offset: end.offset,
    });
    (ended, volume, current)
}
