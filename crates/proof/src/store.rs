//! The file `checkpoints` in the data folder: every checkpoint that was signed, oldest first, each followed by an empty
//! line. It is only ever appended to. `checkpoints.end` says how many bytes of it there were at least: a file that was cut
//! off looks as if a crash had torn its end.

use std::fmt::Write;
use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};
use thiserror::Error;

use crate::Checkpoint;

/// Within the data folder.
pub const CHECKPOINTS: &str = "checkpoints";

/// A checkpoint is shorter: what a crash tore is too.
const TORN_BYTES: usize = 2_048;

/// Why checkpoints could not be read or kept.
#[derive(Debug, Error)]
pub enum StoreError {
    #[error(
        "{path}: what stands at byte {at} is no checkpoint; restore this file from a backup, or from whoever has copies"
    )]
    Damaged { path: PathBuf, at: usize },
    #[error(
        "{path}: the checkpoint at byte {at} has fewer records than the one before it; restore this file from a backup"
    )]
    Order { path: PathBuf, at: usize },
    #[error(
        "{path} is whole up to byte {end}, but checkpoints up to byte {known} were signed and kept; restore this file from a \
         backup, or from whoever has copies; if there is none, remove {path}.end"
    )]
    Lost { path: PathBuf, end: u64, known: u64 },
    #[error(
        "{path} does not begin with the checkpoints that {kept} has: some were lost or changed since; compare the two, and put the \
         older one back if it is right"
    )]
    Others { path: PathBuf, kept: PathBuf },
    #[error("{path}: check the disk, and whether there is room: {source}")]
    Io { path: PathBuf, source: io::Error },
}

/// A checkpoint as it was signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    pub text: String,
    pub checkpoint: Checkpoint,
}

#[derive(Debug)]
pub(crate) struct Store {
    path: PathBuf,
    /// Where each begins, and the end of the last.
    at: Vec<(u64, u64)>,
    end: u64,
    last: Option<Stored>,
}

impl Store {
    /// Reads what there is. What a crash tore at the end was told nobody, and is written over.
    pub(crate) fn open(dir: &Path) -> Result<Self, StoreError> {
        let path = dir.join(CHECKPOINTS);
        let bytes = match fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            Err(source) => return Err(StoreError::Io { path, source }),
        };
        let text = match std::str::from_utf8(&bytes) {
            Ok(text) => text,
            // A character that was torn at the end.
            Err(error) if error.error_len().is_none() => {
                std::str::from_utf8(&bytes[..error.valid_up_to()]).unwrap_or_default()
            }
            Err(error) => return Err(StoreError::Damaged { path, at: error.valid_up_to() }),
        };
        let mut store = Self { path, at: Vec::new(), end: 0, last: None };
        let mut at = 0;
        while let Some(length) = length(&text[at..]) {
            let note = &text[at..at + length];
            let damaged = |_| StoreError::Damaged { path: store.path.clone(), at };
            let checkpoint = Checkpoint::read_unchecked(note).map_err(damaged)?;
            if store.last.as_ref().is_some_and(|last| last.checkpoint.size > checkpoint.size) {
                return Err(StoreError::Order { path: store.path, at });
            }
            store.at.push((checkpoint.size, at as u64));
            store.last = Some(Stored { text: note.to_owned(), checkpoint });
            at += length + 1;
        }
        store.end = at as u64;
        match text.len() - at {
            0 => {}
            torn if torn < TORN_BYTES => tracing::warn!("{}: its end was torn, and is not used", store.path.display()),
            _ => return Err(StoreError::Damaged { path: store.path, at }),
        }
        match known_end(&store.path)? {
            known if store.end < known => Err(StoreError::Lost { path: store.path, end: store.end, known }),
            _ => Ok(store),
        }
    }

    pub(crate) fn last(&self) -> Option<&Stored> {
        self.last.as_ref()
    }

    /// How many records each covers, ascending.
    pub(crate) fn sizes(&self) -> impl Iterator<Item = u64> + '_ {
        self.at.iter().map(|(size, _)| *size)
    }

    /// The checkpoint of so many records; none if there is no such one.
    pub(crate) fn get(&self, size: u64) -> Result<Option<Stored>, StoreError> {
        // The newest of those that two keys signed.
        let after = self.at.partition_point(|(own, _)| *own <= size);
        match after.checked_sub(1).filter(|&number| self.at[number].0 == size) {
            Some(number) => self.read(number).map(Some),
            None => Ok(None),
        }
    }

    /// Every one, in order.
    pub(crate) fn all(&self) -> impl Iterator<Item = Result<Stored, StoreError>> + '_ {
        (0..self.at.len()).map(|number| self.read(number))
    }

    fn read(&self, number: usize) -> Result<Stored, StoreError> {
        let (_, from) = self.at[number];
        let to = self.at.get(number + 1).map_or(self.end, |(_, next)| *next);
        let mut bytes = vec![0; usize::try_from(to - from - 1).unwrap_or_default()];
        let read = File::open(&self.path).and_then(|file| file.read_exact_at(&mut bytes, from));
        read.map_err(|source| StoreError::Io { path: self.path.clone(), source })?;
        let damaged = || StoreError::Damaged { path: self.path.clone(), at: usize::try_from(from).unwrap_or_default() };
        let text = String::from_utf8(bytes).map_err(|_| damaged())?;
        let checkpoint = Checkpoint::read_unchecked(&text).map_err(|_| damaged())?;
        Ok(Stored { text, checkpoint })
    }

    /// Makes it durable behind the others; it covers at least as many records as they do.
    pub(crate) fn append(&mut self, stored: Stored) -> Result<(), StoreError> {
        let io = |source| StoreError::Io { path: self.path.clone(), source };
        let written = (|| {
            let file = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(&self.path)?;
            file.write_all_at(format!("{}\n", stored.text).as_bytes(), self.end)?;
            file.set_len(self.end + stored.text.len() as u64 + 1)?;
            file.sync_all()?;
            // Afterwards, so that it is never ahead.
            keep_end(&self.path, self.end + stored.text.len() as u64 + 1)
        })();
        written.map_err(io)?;
        self.at.push((stored.checkpoint.size, self.end));
        self.end += stored.text.len() as u64 + 1;
        self.last = Some(stored);
        Ok(())
    }
}

/// [`copy_checkpoints`] to a folder that may have some of them already, and none besides: what was signed is never forgotten.
///
/// # Errors
/// They cannot be read or written; or the folder has others.
pub fn add_checkpoints(from: &Path, to: &Path, records: u64) -> Result<u64, StoreError> {
    let read = |dir: &Path| match fs::read(dir.join(CHECKPOINTS)) {
        Ok(bytes) => Ok(bytes),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(source) => Err(StoreError::Io { path: dir.join(CHECKPOINTS), source }),
    };
    if !read(from)?.starts_with(&read(to)?) {
        return Err(StoreError::Others { path: from.join(CHECKPOINTS), kept: to.join(CHECKPOINTS) });
    }
    copy_checkpoints(from, to, records)
}

/// Copies the checkpoints of at most so many records from one folder to another, which then has these alone; says how many.
///
/// # Errors
/// They cannot be read or written.
pub fn copy_checkpoints(from: &Path, to: &Path, records: u64) -> Result<u64, StoreError> {
    let found = Store::open(from)?;
    let (mut text, mut copied) = (String::new(), 0);
    for stored in found.all() {
        let stored = stored?;
        if stored.checkpoint.size <= records {
            text.push_str(&stored.text);
            text.push('\n');
            copied += 1;
        }
    }
    let path = to.join(CHECKPOINTS);
    let tmp = path.with_extension("tmp");
    let written = (|| {
        let file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&tmp)?;
        file.write_all_at(text.as_bytes(), 0)?;
        file.sync_all()?;
        fs::rename(&tmp, &path)?;
        File::open(to)?.sync_all()
    })();
    written.map_err(|source| StoreError::Io { path, source })?;
    Ok(copied)
}

fn end_path(checkpoints: &Path) -> PathBuf {
    checkpoints.with_extension("end")
}

fn end_text(end: u64) -> String {
    let mut text = format!("{end}\n");
    let hash = Sha256::digest(text.as_bytes());
    for byte in &hash[..8] {
        let _ = write!(text, "{byte:02x}");
    }
    text.push('\n');
    text
}

/// How many bytes of checkpoints were kept at least. 0 if nobody noted it, or what was noted is damaged: it only guards.
fn known_end(checkpoints: &Path) -> Result<u64, StoreError> {
    let path = end_path(checkpoints);
    let bytes = match fs::read(&path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(0),
        Err(source) => return Err(StoreError::Io { path, source }),
    };
    let text = String::from_utf8_lossy(&bytes);
    let end = text.lines().next().and_then(|line| line.parse().ok());
    Ok(end.filter(|end| end_text(*end) == text).unwrap_or_else(|| {
        tracing::warn!("{}: it is damaged, and is not used", path.display());
        0
    }))
}

fn keep_end(checkpoints: &Path, end: u64) -> io::Result<()> {
    let path = end_path(checkpoints);
    let tmp = path.with_extension("end.tmp");
    let file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&tmp)?;
    file.write_all_at(end_text(end).as_bytes(), 0)?;
    file.sync_all()?;
    fs::rename(&tmp, &path)?;
    // The name of `checkpoints` too, if it is new.
    File::open(path.parent().unwrap_or(Path::new(".")))?.sync_all()
}

/// The first note's length in bytes, the empty line behind it not counted; none if it is not whole.
fn length(text: &str) -> Option<usize> {
    let body = text.find("\n\n")?;
    let signatures = text[body + 2..].find("\n\n")?;
    Some(body + 2 + signatures + 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SigningKey;

    fn stored(size: u64, key: &SigningKey) -> Stored {
        let text = Checkpoint::sign(size, [7; 32], key);
        Stored { checkpoint: Checkpoint::open(&text, key.verifier()).unwrap(), text }
    }

    #[test]
    fn what_was_kept_is_there_whatever_a_crash_tore_behind_it() {
        let folder = tempfile::tempdir().unwrap();
        let key = SigningKey::generate("a").unwrap();
        let mut store = Store::open(folder.path()).unwrap();
        assert!(store.last().is_none() && store.get(1).unwrap().is_none());
        let all: Vec<Stored> = [1, 5, 12].map(|size| stored(size, &key)).to_vec();
        all.iter().for_each(|one| store.append(one.clone()).unwrap());
        let path = folder.path().join(CHECKPOINTS);
        let whole = fs::read(&path).unwrap();
        let two = all[0].text.len() + all[1].text.len() + 2;
        for cut in two..whole.len() {
            fs::write(&path, &whole[..cut]).unwrap();
            // A crash came before it was noted.
            fs::write(end_path(&path), end_text(two as u64)).unwrap();
            let mut store = Store::open(folder.path()).unwrap();
            assert_eq!(store.last(), Some(&all[1]), "cut at {cut}");
            store.append(all[2].clone()).unwrap();
            assert_eq!(fs::read(&path).unwrap(), whole);
            assert_eq!(store.get(5).unwrap().as_ref(), Some(&all[1]));
            assert_eq!(store.get(12).unwrap().as_ref(), Some(&all[2]));
        }
        let again: Result<Vec<_>, _> = Store::open(folder.path()).unwrap().all().collect();
        assert_eq!(again.unwrap(), all);
    }

    #[test]
    fn checkpoints_that_were_kept_are_missed_wherever_the_file_is_cut() {
        let folder = tempfile::tempdir().unwrap();
        let key = SigningKey::generate("a").unwrap();
        let mut store = Store::open(folder.path()).unwrap();
        [1, 5, 12].iter().for_each(|size| store.append(stored(*size, &key)).unwrap());
        let path = folder.path().join(CHECKPOINTS);
        let whole = fs::read(&path).unwrap();
        for cut in 0..whole.len() {
            fs::write(&path, &whole[..cut]).unwrap();
            let error = Store::open(folder.path()).unwrap_err();
            assert!(matches!(error, StoreError::Lost { known, .. } if known == whole.len() as u64), "{cut}: {error}");
            // Zeros in the place of what was there.
            fs::write(&path, [&whole[..cut], &vec![0; whole.len() - cut]].concat()).unwrap();
            assert!(Store::open(folder.path()).is_err(), "{cut}");
        }
        fs::remove_file(&path).unwrap();
        assert!(matches!(Store::open(folder.path()), Err(StoreError::Lost { end: 0, .. })));
        fs::write(&path, &whole).unwrap();
        assert_eq!(Store::open(folder.path()).unwrap().at.len(), 3);
        // The note only guards.
        for other in ["", "7", "9999\n0000000000000000\n"] {
            fs::write(end_path(&path), other).unwrap();
            assert_eq!(Store::open(folder.path()).unwrap().at.len(), 3);
        }
    }

    #[test]
    fn what_is_damaged_before_the_end_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let key = SigningKey::generate("a").unwrap();
        let text = |size| format!("{}\n", stored(size, &key).text);
        fs::write(folder.path().join(CHECKPOINTS), text(5) + &text(4)).unwrap();
        assert!(matches!(Store::open(folder.path()), Err(StoreError::Order { .. })));
        fs::write(folder.path().join(CHECKPOINTS), text(5).replace("\n5\n", "\nfive\n") + &text(6)).unwrap();
        assert!(matches!(Store::open(folder.path()), Err(StoreError::Damaged { at: 0, .. })));
    }
}
