//! The file `checkpoints` in the data folder: every checkpoint that was signed, oldest first, each followed by an empty
//! line. It is only ever appended to. `checkpoints.end` says how many bytes of it there were at least: a file that was cut
//! off looks as if a crash had torn its end.

use std::fmt::Write;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead, BufReader, Read};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};
use thiserror::Error;

use crate::note::SIGNATURE;
use crate::{Checkpoint, KeyFileError, key_file};

/// Within the data folder.
pub const CHECKPOINTS: &str = "checkpoints";

/// No checkpoint has so many bytes; nor has what a crash tore of one.
const LONGEST: usize = 4_096;

/// Why checkpoints could not be read or kept.
#[derive(Debug, Error)]
pub enum StoreError {
    #[error(
        "{path}: what stands at byte {at} is no checkpoint; restore this file from a backup, or from whoever has copies"
    )]
    Damaged { path: PathBuf, at: u64 },
    #[error(
        "{path}: the checkpoint at byte {at} has fewer records than the one before it; restore this file from a backup"
    )]
    Order { path: PathBuf, at: u64 },
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
    #[error(transparent)]
    Keys(#[from] KeyFileError),
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
    /// Where the last whole one ends, the empty line behind it included.
    end: u64,
    last: Option<Stored>,
}

impl Store {
    /// Reads the last one: the file has one a minute, and grows for years. What a crash tore at the end was told nobody, and
    /// is written over.
    pub(crate) fn open(dir: &Path) -> Result<Self, StoreError> {
        let path = dir.join(CHECKPOINTS);
        let io = |source| StoreError::Io { path: path.clone(), source };
        // First: whoever signs meanwhile makes the file longer, and then this larger.
        let known = known_end(&path)?;
        let file = match File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Self { path, end: 0, last: None }.if_whole(known);
            }
            Err(error) => return Err(io(error)),
        };
        let length = file.metadata().map_err(io)?.len();
        // The last one, what is torn behind it, and where the last begins after what is cut here.
        let from = length.saturating_sub(3 * LONGEST as u64);
        let tail = read_part(&file, from, length).map_err(io)?;
        let mut store = Self { path: path.clone(), end: 0, last: None };
        let mut at = match from {
            0 => 0,
            _ => start(&tail, 2).ok_or_else(|| store.damaged(from))?,
        };
        while let Some(length) = length_of(&tail[at..]) {
            let stored = store.parse(&tail[at..at + length], from + at as u64)?;
            store.check_order(store.last.as_ref(), &stored, from + at as u64)?;
            store.last = Some(stored);
            at += length + 1;
        }
        store.end = from + at as u64;
        match tail.len() - at {
            0 => {}
            torn if torn < LONGEST => tracing::warn!("{}: its end was torn, and is not used", path.display()),
            _ => return Err(store.damaged(store.end)),
        }
        store.if_whole(known)
    }

    /// Unless more was kept once.
    fn if_whole(self, known: u64) -> Result<Self, StoreError> {
        if self.end < known { Err(StoreError::Lost { path: self.path, end: self.end, known }) } else { Ok(self) }
    }

    pub(crate) fn last(&self) -> Option<&Stored> {
        self.last.as_ref()
    }

    /// The checkpoint of so many records, the newest of those that several keys signed; none if there is no such one. Reads
    /// some twenty places of the file.
    pub(crate) fn get(&self, size: u64) -> Result<Option<Stored>, StoreError> {
        let Some(last) = self.last.as_ref().filter(|last| last.checkpoint.size >= size) else { return Ok(None) };
        if last.checkpoint.size == size {
            return Ok(Some(last.clone()));
        }
        let file = File::open(&self.path).map_err(|source| StoreError::Io { path: self.path.clone(), source })?;
        let (mut found, mut low, mut high) = (None, 0, self.end);
        // Those that begin before `low` have at most so many records, those from `high` on more.
        while low < high {
            let middle = low + (high - low) / 2;
            match self.first_from(&file, middle, high)? {
                Some((at, length, stored)) if stored.checkpoint.size <= size => {
                    low = at + length;
                    found = Some(stored);
                }
                Some(_) | None => high = middle,
            }
        }
        Ok(found.filter(|found| found.checkpoint.size == size))
    }

    /// The first one that begins at `from` or after it, before `to`: where, how many bytes it takes, and what it is.
    fn first_from(&self, file: &File, from: u64, to: u64) -> Result<Option<(u64, u64, Stored)>, StoreError> {
        let begin = from.saturating_sub(2);
        let end = self.end.min(begin + 2 * LONGEST as u64);
        let part = read_part(file, begin, end).map_err(|source| StoreError::Io { path: self.path.clone(), source })?;
        let found = if from == 0 { Some(0) } else { start(&part, usize::from(from > 1) + 1) };
        let Some(at) = found else {
            return if end == self.end { Ok(None) } else { Err(self.damaged(from)) };
        };
        let place = begin + at as u64;
        if place >= to {
            return Ok(None);
        }
        let length = length_of(&part[at..]).ok_or_else(|| self.damaged(place))?;
        let stored = self.parse(&part[at..at + length], place)?;
        Ok(Some((place, length as u64 + 1, stored)))
    }

    /// Every one, in order, each of at least as many records as the one before it.
    pub(crate) fn all(&self) -> impl Iterator<Item = Result<Stored, StoreError>> + '_ {
        let (mut reader, mut at, mut before) = (None, 0, None);
        std::iter::from_fn(move || {
            if at >= self.end {
                return None;
            }
            let read = self.next_of(&mut reader, at).and_then(|stored| {
                self.check_order(before.as_ref(), &stored, at)?;
                Ok(stored)
            });
            at = read.as_ref().map_or(self.end, |stored: &Stored| at + stored.text.len() as u64 + 1);
            before = read.as_ref().ok().cloned();
            Some(read)
        })
    }

    fn next_of(&self, reader: &mut Option<BufReader<File>>, at: u64) -> Result<Stored, StoreError> {
        let io = |source: io::Error| match source.kind() {
            io::ErrorKind::InvalidData => self.damaged(at),
            _ => StoreError::Io { path: self.path.clone(), source },
        };
        let reader = match reader {
            Some(reader) => reader,
            None => reader.insert(BufReader::new(File::open(&self.path).map_err(io)?)),
        };
        let (mut text, mut empty_lines) = (String::new(), 0);
        while empty_lines < 2 {
            let before = text.len();
            let mut part = reader.by_ref().take(LONGEST as u64 + 1);
            if part.read_line(&mut text).map_err(io)? == 0 || text.len() > LONGEST {
                return Err(self.damaged(at));
            }
            empty_lines += usize::from(&text[before..] == "\n");
        }
        text.pop();
        self.parse(text.as_bytes(), at)
    }

    fn parse(&self, note: &[u8], at: u64) -> Result<Stored, StoreError> {
        let text = std::str::from_utf8(note).map_err(|_| self.damaged(at))?;
        let checkpoint = Checkpoint::read_unchecked(text).map_err(|_| self.damaged(at))?;
        Ok(Stored { text: text.to_owned(), checkpoint })
    }

    fn check_order(&self, before: Option<&Stored>, next: &Stored, at: u64) -> Result<(), StoreError> {
        match before.is_some_and(|before| before.checkpoint.size > next.checkpoint.size) {
            true => Err(StoreError::Order { path: self.path.clone(), at }),
            false => Ok(()),
        }
    }

    fn damaged(&self, at: u64) -> StoreError {
        StoreError::Damaged { path: self.path.clone(), at }
    }

    /// Makes it durable behind the others; it covers at least as many records as they do.
    pub(crate) fn append(&mut self, stored: Stored) -> Result<(), StoreError> {
        let io = |source| StoreError::Io { path: self.path.clone(), source };
        let end = self.end + stored.text.len() as u64 + 1;
        let open = || OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(&self.path);
        let written = open().and_then(|file| {
            let written = (|| {
                file.write_all_at(format!("{}\n", stored.text).as_bytes(), self.end)?;
                file.set_len(end)?;
                file.sync_all()?;
                if self.end == 0 { sync_folder_of(&self.path) } else { Ok(()) }
            })();
            if written.is_err() {
                // Nobody was told of it, and nobody is to find it before the next one stands there.
                let _ = file.set_len(self.end);
            }
            written
        });
        written.map_err(io)?;
        self.end = end;
        self.last = Some(stored);
        // Afterwards, so that it is never ahead; it only guards.
        if let Err(error) = keep_end(&self.path, end) {
            tracing::warn!(%error, "{}: how much of it there is could not be noted", self.path.display());
        }
        Ok(())
    }
}

/// Copies the checkpoints of at most so many records from one folder to another, and the public halves of the keys that signed
/// there; says how many checkpoints that has then. It may have some of them already, and none besides: what was signed is never
/// forgotten.
///
/// # Errors
/// They cannot be read or written; or the folder has others.
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
    match fs::read(&path) {
        Ok(there) if !text.as_bytes().starts_with(&there) => {
            return Err(StoreError::Others { path: found.path, kept: path });
        }
        Err(source) if source.kind() != io::ErrorKind::NotFound => return Err(StoreError::Io { path, source }),
        _ => {}
    }
    key_file::copy_known(from, to)?;
    let tmp = path.with_extension("tmp");
    let written = (|| {
        let file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&tmp)?;
        file.write_all_at(text.as_bytes(), 0)?;
        file.sync_all()?;
        fs::rename(&tmp, &path)?;
        sync_folder_of(&path)?;
        keep_end(&path, text.len() as u64)
    })();
    written.map_err(|source| StoreError::Io { path, source })?;
    Ok(copied)
}

fn sync_folder_of(path: &Path) -> io::Result<()> {
    File::open(path.parent().unwrap_or(Path::new(".")))?.sync_all()
}

fn read_part(file: &File, from: u64, to: u64) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; usize::try_from(to - from).unwrap_or_default()];
    file.read_exact_at(&mut bytes, from)?;
    Ok(bytes)
}

/// Where the first note begins that begins at `from` or after it: behind an empty line, unless signatures stand there.
fn start(bytes: &[u8], from: usize) -> Option<usize> {
    let is_start = |&at: &usize| {
        let signature = SIGNATURE.as_bytes();
        bytes[..at].ends_with(b"\n\n") && bytes.len() - at >= signature.len() && !bytes[at..].starts_with(signature)
    };
    (from..bytes.len()).find(is_start)
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
    sync_folder_of(&path)
}

/// The first note's length in bytes, the empty line behind it not counted; none if it is not whole.
fn length_of(bytes: &[u8]) -> Option<usize> {
    let empty_line = |from: usize| bytes.get(from..)?.windows(2).position(|two| two == b"\n\n").map(|at| from + at);
    let body = empty_line(0)?;
    Some(empty_line(body + 2)? + 1)
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
            for (size, found) in [(1, Some(0)), (2, None), (5, Some(1)), (11, None), (12, Some(2)), (13, None)] {
                assert_eq!(store.get(size).unwrap().as_ref(), found.map(|number: usize| &all[number]), "{size}");
            }
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
        assert_eq!(Store::open(folder.path()).unwrap().all().count(), 3);
        // The note only guards.
        for other in ["", "7", "9999\n0000000000000000\n"] {
            fs::write(end_path(&path), other).unwrap();
            assert_eq!(Store::open(folder.path()).unwrap().all().count(), 3);
        }
    }

    #[test]
    fn a_checkpoint_that_is_kept_is_there_though_its_end_cannot_be_noted() {
        let folder = tempfile::tempdir().unwrap();
        let key = SigningKey::generate("a").unwrap();
        let mut store = Store::open(folder.path()).unwrap();
        store.append(stored(1, &key)).unwrap();
        // In the way of the file that would say so.
        let way = folder.path().join("checkpoints.end.tmp");
        fs::create_dir(&way).unwrap();
        store.append(stored(5, &key)).unwrap();
        let backup = tempfile::tempdir().unwrap();
        assert_eq!(copy_checkpoints(folder.path(), backup.path(), 100).unwrap(), 2);
        fs::remove_dir(&way).unwrap();
        store.append(stored(12, &key)).unwrap();
        assert_eq!(copy_checkpoints(folder.path(), backup.path(), 100).unwrap(), 3);
    }

    #[test]
    fn what_is_copied_replaces_no_other_and_is_missed_when_it_is_cut() {
        let (older, newer, to) =
            (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let key = SigningKey::generate("a").unwrap();
        for (folder, sizes) in [(&older, &[1, 5][..]), (&newer, &[1, 5, 12])] {
            let mut store = Store::open(folder.path()).unwrap();
            sizes.iter().for_each(|size| store.append(stored(*size, &key)).unwrap());
        }
        assert_eq!(copy_checkpoints(newer.path(), to.path(), 12).unwrap(), 3);
        let path = to.path().join(CHECKPOINTS);
        let whole = fs::read(&path).unwrap();
        for (from, records) in [(&older, 100), (&newer, 11)] {
            let error = copy_checkpoints(from.path(), to.path(), records).unwrap_err();
            assert!(matches!(error, StoreError::Others { .. }), "{error}");
            assert_eq!(fs::read(&path).unwrap(), whole);
        }
        fs::write(&path, &whole[..whole.len() - 1]).unwrap();
        assert!(matches!(Store::open(to.path()), Err(StoreError::Lost { .. })));
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

    /// Many, so that the last part alone is read at first.
    #[test]
    fn any_of_many_is_found_and_what_is_damaged_among_them_is_when_all_are_read() {
        let folder = tempfile::tempdir().unwrap();
        // Of names of many lengths, so that they begin anywhere.
        let keys: Vec<_> = (1..60).map(|n| SigningKey::generate(&format!("长{}", "n".repeat(n))).unwrap()).collect();
        let sizes: Vec<u64> = (0..400).map(|n| n / 3 * 5 + 7).collect();
        let all: Vec<Stored> = sizes.iter().zip(keys.iter().cycle()).map(|(size, key)| stored(*size, key)).collect();
        let text: String = all.iter().map(|one| format!("{}\n", one.text)).collect();
        let path = folder.path().join(CHECKPOINTS);
        fs::write(&path, &text).unwrap();
        let store = Store::open(folder.path()).unwrap();
        assert_eq!(store.last(), all.last());
        for size in 0..sizes[399] + 2 {
            let newest = all.iter().rfind(|one| one.checkpoint.size == size);
            assert_eq!(store.get(size).unwrap().as_ref(), newest, "{size}");
        }
        assert_eq!(store.all().collect::<Result<Vec<_>, _>>().unwrap(), all);
        let at = text.find(&format!("\n{}\n", sizes[30])).unwrap();
        fs::write(&path, format!("{}x{}", &text[..at + 1], &text[at + 2..])).unwrap();
        let store = Store::open(folder.path()).unwrap();
        assert_eq!(store.last(), all.last());
        assert!(matches!(store.all().collect::<Result<Vec<_>, _>>(), Err(StoreError::Damaged { .. })));
        fs::write(&path, text.repeat(2)).unwrap();
        let doubled = Store::open(folder.path()).unwrap();
        assert!(matches!(doubled.all().collect::<Result<Vec<_>, _>>(), Err(StoreError::Order { .. })));
    }
}
