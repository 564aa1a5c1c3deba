//! Checking everything: what opening checks, and all that opening takes on trust.

mod unsealed;
mod whole;

use std::collections::HashMap;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use uuid::Uuid;

use crate::cut::{self, Cut};
use crate::frame::FRAME_HEADER;
use crate::identity::Identity;
use crate::lock::DirLock;
use crate::manifest::Manifest;
use crate::marker::{self, Mark};
use crate::merkle::{self, Hash, Merkle};
use crate::page::{PageEntry, page_records, parse_page};
use crate::page_store::{PageStore, StoreError};
use crate::record::Record;
use crate::run::check_run;
use crate::shelf::{self, OpenVolume, manifest_path, sled_folder};
use crate::stream_index::StreamIndex;
use crate::wal_file::{ChainPoint, WAL_HEADER, WalHeader, follow_frames, frame_after, wal_dir};
use crate::{Head, Ledger, OpenError, Position, SignedRoot, fsio, volumes_dir};
use unsealed::Unsealed;
use whole::Whole;

/// Something that is not as it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    pub file: PathBuf,
    /// The position at or after which it is wrong; 0 if it concerns a whole file.
    pub position: u64,
    pub what: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file, position, what } = self;
        match position {
            0 => write!(f, "{}: {what}", file.display()),
            _ => write!(f, "{}: at position {position}: {what}", file.display()),
        }
    }
}

/// What was checked, and what was found wrong.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct VerifyReport {
    /// Sealed volumes: manifest, heads, Merkle root.
    pub volumes: u64,
    /// Their pages, each against its hash.
    pub pages: u64,
    pub wal_files: u64,
    /// Batches in write-ahead files: checksum and chain.
    pub frames: u64,
    /// Pages of volumes that are not sealed yet, each against the records in the write-ahead files. None while the ledger
    /// is in use: they are the binder's then, and nobody else reads them.
    pub unsealed_pages: u64,
    /// Pages of those volumes that are not there: not made yet, or lost. Both are made from the write-ahead files.
    pub unsealed_pages_missing: u64,
    /// Records anywhere: checksum, gapless position, place in its stream.
    pub records: u64,
    pub streams: u64,
    /// Roots that were signed, each against that of the records.
    pub signed_roots: u64,
    /// The root over all records; none if one of them is missing.
    pub root: Option<[u8; 32]>,
    pub findings: Vec<Finding>,
    /// What is not as it should be though nothing is lost or wrong by it.
    pub remarks: Vec<Finding>,
}

impl VerifyReport {
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.findings.is_empty()
    }
}

impl fmt::Display for VerifyReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "checked {} records of {} streams: {} volumes with {} pages, {} write-ahead files with {} batches; {} of \
             their {} pages made so far",
            self.records,
            self.streams,
            self.volumes,
            self.pages,
            self.wal_files,
            self.frames,
            self.unsealed_pages,
            self.unsealed_pages + self.unsealed_pages_missing
        )?;
        for remark in &self.remarks {
            writeln!(f, "note: {remark}")?;
        }
        for finding in &self.findings {
            writeln!(f, "{finding}")?;
        }
        match self.findings.len() {
            0 => write!(f, "nothing is wrong"),
            wrong => write!(f, "{wrong} found wrong; restore from a backup"),
        }
    }
}

/// Checks a ledger that nobody has open, also one that refuses to be opened. Ours is only read; sled, which cannot open a
/// folder for reading only, may tidy up its own files.
///
/// Errors only if the folder cannot be examined at all: what is wrong stands in the report.
pub fn verify_dir(dir: &Path) -> Result<VerifyReport, OpenError> {
    verify_dir_against(dir, &[])
}

/// As [`verify_dir`], and whether the ledger is what these roots were signed over, and goes on from there.
///
/// # Errors
/// As [`verify_dir`].
pub fn verify_dir_against(dir: &Path, signed: &[SignedRoot]) -> Result<VerifyReport, OpenError> {
    // Only what looks like a data folder is given a lock file.
    if !Ledger::exists(dir) && !wal_dir(dir).is_dir() {
        return Err(OpenError::NoLedger { dir: dir.into() });
    }
    let _lock = DirLock::take(dir)?;
    let identity = Identity::load(dir)?;
    let (kept, remark) = match whole::kept_at_rest(dir, identity.ledger) {
        Ok(kept) => (kept, None),
        Err(remark) => (0, Some(remark)),
    };
    let mut verifier = Verifier::new(dir, identity.ledger, None, (kept, signed));
    verifier.report.remarks.extend(remark);
    verifier.unsealed = Some(Unsealed::new(identity.ledger));
    verifier.volumes(|folder, manifest| {
        PageStore::open(&sled_folder(folder), manifest.layout).map(Store::Own).map_err(|error| error.to_string())
    });
    let mark = match marker::load(dir, identity.ledger) {
        Ok((mark, _)) => Some(mark),
        Err(error) => {
            verifier.find(&marker::path(dir), 0, error.to_string());
            None
        }
    };
    verifier.wal(mark.as_ref());
    Ok(verifier.finish())
}

impl Ledger {
    /// Checks everything up to the watermark while the ledger is in use.
    #[must_use]
    pub fn verify(&self) -> VerifyReport {
        self.verify_against(&[])
    }

    /// As [`Ledger::verify`], and whether the ledger is what these roots were signed over, and goes on from there.
    #[must_use]
    pub fn verify_against(&self, signed: &[SignedRoot]) -> VerifyReport {
        let shared = &self.shared;
        let kept = shared.tree.size();
        // While this is held, no volume is sealed and no write-ahead file goes away.
        let _quiet = shared.sealing.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let mut verifier = Verifier::new(&shared.dir, shared.ledger, Some(self.watermark()), (kept, signed));
        verifier.volumes(|_, manifest| {
            shared.shelf.open_volume(manifest.first).map(Store::Shared).map_err(|error| error.to_string())
        });
        verifier.wal(None);
        verifier.finish()
    }
}

/// A volume's pages: opened for this, or what readers have open.
enum Store {
    Own(PageStore),
    Shared(std::sync::Arc<OpenVolume>),
}

impl Store {
    fn pages(&self) -> &PageStore {
        match self {
            Self::Own(store) => store,
            Self::Shared(volume) => volume.store(),
        }
    }
}

struct Verifier<'a> {
    dir: &'a Path,
    ledger: Uuid,
    /// Look no further than this.
    until: Option<u64>,
    end: ChainPoint,
    streams: StreamIndex,
    /// None: the binder may be at work on them.
    unsealed: Option<Unsealed>,
    /// What continues the end of the last file, but is not whole.
    cut: Option<Cut>,
    whole: Whole,
    report: VerifyReport,
}

impl<'a> Verifier<'a> {
    fn new(dir: &'a Path, ledger: Uuid, until: Option<u64>, (kept, signed): (u64, &[SignedRoot])) -> Self {
        let (whole, finding) = Whole::new(dir, kept, signed);
        let end = ChainPoint { next: Position::FIRST, chain: [0; 32], offset: 0 };
        Self {
            dir,
            ledger,
            until,
            end,
            streams: StreamIndex::default(),
            unsealed: None,
            cut: None,
            whole,
            report: VerifyReport { findings: finding.into_iter().collect(), ..VerifyReport::default() },
        }
    }

    fn find(&mut self, file: &Path, position: u64, what: impl Into<String>) {
        self.report.findings.push(Finding { file: file.into(), position, what: what.into() });
    }

    fn finish(mut self) -> VerifyReport {
        self.report.streams = self.streams.len() as u64;
        if let Some(unsealed) = self.unsealed.take() {
            unsealed.compare(&mut self.report);
        }
        let end = self.end.next.get() - 1;
        (self.report.signed_roots, self.report.root) = self.whole.finish(end, &mut self.report.findings);
        self.report
    }

    fn volumes(&mut self, open: impl Fn(&Path, &Manifest) -> Result<Store, String>) {
        let all = volumes_dir(self.dir);
        let folders = match fsio::numbered(&all, "") {
            Ok(folders) => folders,
            Err(error) => return self.find(&all, 0, error.to_string()),
        };
        let sealed: Vec<_> = folders.iter().map(|(_, folder)| manifest_path(folder).exists()).collect();
        for (at, (number, folder)) in folders.iter().enumerate() {
            if !sealed[at] {
                // The open volume has none; its records are checked where they are kept until then, and then its pages.
                if let (Some(unsealed), Some(first)) = (&mut self.unsealed, Position::new(*number)) {
                    unsealed.folder(first, folder);
                }
                if sealed[at..].contains(&true) {
                    self.find(&manifest_path(folder), *number, "it is missing, though a later volume has one");
                }
                continue;
            }
            match shelf::read_manifest(folder) {
                Ok(manifest) if manifest.ledger == self.ledger && manifest.first.get() == *number => {
                    self.volume(folder, &manifest, &open);
                }
                Ok(_) => self.find(&manifest_path(folder), *number, "it belongs to another volume"),
                Err(what) => self.find(&manifest_path(folder), *number, what),
            }
        }
    }

    fn volume(
        &mut self,
        folder: &Path,
        manifest: &Manifest,
        open: &impl Fn(&Path, &Manifest) -> Result<Store, String>,
    ) {
        self.report.volumes += 1;
        if manifest.first != self.end.next {
            let next = self.end.next;
            self.find(folder, next.get(), format!("positions {next} to {} are missing", manifest.first.get() - 1));
        }
        self.end = ChainPoint { next: manifest.last.plus(1), chain: manifest.chain, offset: 0 };
        let mut seen = Seen::default();
        match open(folder, manifest) {
            Ok(store) => {
                for (number, entry) in manifest.pages.iter().enumerate() {
                    self.report.pages += 1;
                    if let Err(what) = self.page(store.pages(), number, entry, &mut seen) {
                        self.find(&sled_folder(folder), entry.first.get(), what);
                    }
                }
                match store.pages().len() {
                    Ok(keys) if keys == manifest.pages.len() => {}
                    Ok(keys) => self.find(
                        &sled_folder(folder),
                        0,
                        format!("it has {keys} pages, and the manifest {}", manifest.pages.len()),
                    ),
                    Err(error) => self.find(&sled_folder(folder), 0, error.to_string()),
                }
            }
            Err(what) => self.find(&sled_folder(folder), manifest.first.get(), what),
        }
        if seen.merkle.root() != manifest.root {
            self.find(&manifest_path(folder), manifest.first.get(), "its Merkle root is not that of the records");
        }
        match shelf::read_heads(manifest, folder) {
            Ok(heads) if heads.all().collect::<HashMap<_, _>>() == seen.heads => {}
            Ok(_) => {
                self.find(&shelf::heads_path(folder), manifest.first.get(), "its heads are not those of the records")
            }
            Err(what) => self.find(&shelf::heads_path(folder), manifest.first.get(), what),
        }
    }

    fn page(&mut self, store: &PageStore, number: usize, entry: &PageEntry, seen: &mut Seen) -> Result<(), String> {
        let key = store.layout().key(number, entry.first);
        let page = store.get(key).map_err(|error: StoreError| error.to_string())?.ok_or("a page is missing")?;
        let hash_is_right = *blake3::hash(&page).as_bytes() == entry.hash;
        if parse_page(self.ledger, &page)? != (entry.first, entry.count) {
            return Err("another page stands in the place of this".into());
        }
        let mut result = Ok(());
        let (streams, whole) = (&mut self.streams, &mut self.whole);
        let VerifyReport { records, findings, .. } = &mut self.report;
        check_run(&page_records(&page)?, entry.first, entry.count, |_, record| {
            *records += 1;
            let leaf = merkle::leaf(record.bytes());
            whole.take(record.position.get(), leaf, findings);
            seen.take(record, leaf);
            let placed = streams.advance(record);
            if placed.is_err() {
                streams.set(record.stream, Head { position: record.position, revision: record.revision });
                result = placed;
            }
            Ok(())
        })?;
        result?;
        if hash_is_right { Ok(()) } else { Err("a page is not what the manifest says".into()) }
    }

    fn wal(&mut self, mark: Option<&Mark>) {
        let folder = wal_dir(self.dir);
        let files = match fsio::numbered(&folder, ".wal") {
            Ok(files) => files,
            Err(error) => return self.find(&folder, 0, error.to_string()),
        };
        let sealed_end = self.end.next;
        let mut last_file = folder;
        for (number, path) in files {
            if self.until.is_some_and(|until| number > until) {
                break;
            }
            if let Err(what) = self.wal_file(number, &path, sealed_end, mark) {
                self.find(&path, self.end.next.get(), what);
            }
            last_file = path;
        }
        let end = self.end.next.get() - 1;
        let wanted = self.until.or(mark.map(|mark| mark.position)).unwrap_or(0);
        if end < wanted {
            self.find(
                &last_file,
                end + 1,
                format!("records up to position {wanted} were acknowledged, but are not there"),
            );
        } else if let (Some(cut), None) = (self.cut.take(), self.until) {
            self.report.remarks.push(Finding {
                file: last_file.clone(),
                position: end + 1,
                what: format!(
                    "{cut}: opening cuts it off. It is not known to have been acknowledged; it may have been if the \
                     power failed since"
                ),
            });
        }
        if mark.is_some_and(|mark| mark.clean && mark.position < end) {
            self.find(&last_file, wanted + 1, "there are records after the position at which the ledger was closed");
        }
    }

    fn wal_file(&mut self, number: u64, path: &Path, sealed_end: Position, mark: Option<&Mark>) -> Result<(), String> {
        let bytes = fs::read(path).map_err(|error| error.to_string())?;
        let header = WalHeader::parse(self.ledger, &bytes)?;
        if header.volume < sealed_end {
            // Its volume is sealed: it is only waiting to be removed.
            return Ok(());
        }
        self.report.wal_files += 1;
        if header.first.get() != number || header.length != bytes.len() as u64 {
            return Err("its name or length is not what its header says".into());
        }
        if header.first != self.end.next || header.chain != self.end.chain {
            let next = std::mem::replace(&mut self.end.next, header.first);
            self.find(path, next.get(), format!("it does not continue what ends before position {next}"));
        }
        self.cut = None;
        let begin = ChainPoint { next: header.first, chain: header.chain, offset: WAL_HEADER };
        let until = self.until.unwrap_or(u64::MAX);
        let mut found = Vec::new();
        let (streams, unsealed, report) = (&mut self.streams, &mut self.unsealed, &mut self.report);
        let whole = &mut self.whole;
        let volume = header.volume;
        let stopped = follow_frames(self.ledger, &bytes, begin, |at, header, frame| {
            if header.first.get() > until {
                return Err(at);
            }
            report.frames += 1;
            let checked = check_run(&frame[FRAME_HEADER..], header.first, header.count, |_, record| {
                report.records += 1;
                whole.take(record.position.get(), merkle::leaf(record.bytes()), &mut report.findings);
                if let Some(unsealed) = unsealed {
                    unsealed.take(volume, record);
                }
                streams.advance(record).inspect_err(|_| {
                    streams.set(record.stream, Head { position: record.position, revision: record.revision });
                })
            });
            if let Err(what) = checked {
                found.push((header.first, what));
            }
            if mark.is_some_and(|mark| {
                mark.position == header.next().get() - 1 && mark.chain != crate::frame::chain_hash(frame)
            }) {
                found.push((header.first, "it is not the batch that was acknowledged here".into()));
            }
            Ok(())
        });
        for (position, what) in found {
            self.find(path, position.get(), what);
        }
        let (Ok(end) | Err(end)) = stopped;
        self.end = end;
        self.cut = cut::find(self.ledger, path, &bytes, end);
        // While the ledger is in use, batches after the watermark are no finding.
        if self.until.is_none()
            && let Some(offset) = frame_after(self.ledger, &bytes, end)
        {
            return Err(format!("damaged at byte {}: after it a whole batch stands at byte {offset}", end.offset));
        }
        Ok(())
    }
}

/// What a volume's records were seen to be.
#[derive(Default)]
struct Seen {
    merkle: Merkle,
    heads: HashMap<Uuid, Head>,
}

impl Seen {
    fn take(&mut self, record: &Record<'_>, leaf: Hash) {
        self.merkle.push(leaf);
        self.heads.insert(record.stream, Head { position: record.position, revision: record.revision });
    }
}
