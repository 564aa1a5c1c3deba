//! Making a backup, or carrying one on. Writers and readers go on meanwhile.

use std::fs;
use std::io::{self, Write};
use std::path::Path;
use std::sync::PoisonError;

use super::state::{self, State};
use super::tail::{Part, folder, frame_at};
use super::{BackupError, BackupReport, at, in_use, pages_path, volume_folder, write_whole};
use crate::frame::{Chain, chain_hash};
use crate::identity::{self, Identity};
use crate::lock::DirLock;
use crate::manifest::Manifest;
use crate::shelf::{VolumeSpan, manifest_path};
use crate::wal_file::WAL_HEADER;
use crate::wal_index::IndexedFile;
use crate::{Ledger, Position, ReadError, fsio, shelf};

/// What a ledger consists of at one moment. Whoever holds a write-ahead file keeps it from being written again.
struct Moment {
    sealed: Vec<VolumeSpan>,
    files: Vec<IndexedFile>,
}

impl Ledger {
    /// Copies what is durable and not yet there into the folder `to`, which is made if it does not exist: sealed volumes once,
    /// batches that are in none from where the backup ended. The same folder again carries the backup on.
    ///
    /// # Errors
    /// A folder that holds something else, or what does not lead here; failures to read or write. What was there before stays
    /// as it was, and can be restored.
    pub fn back_up(&self, to: &Path) -> Result<BackupReport, BackupError> {
        let ours = self.id();
        fsio::make_dir(to).map_err(|source| match source.kind() {
            io::ErrorKind::NotFound => BackupError::NoParent { dir: to.into() },
            _ => BackupError::Io { file: to.into(), source },
        })?;
        let before = State::load(to).map_err(|what| BackupError::Damaged { file: state::path(to), what })?;
        if before.is_none() && is_strange(to).map_err(at(to))? {
            return Err(BackupError::Foreign { dir: to.into() });
        }
        let _lock = DirLock::take(to).map_err(|error| in_use(to, error))?;
        if let Some(state) = &before {
            self.leads_here(to, state)?;
        }
        for inner in ["volumes", "tail"] {
            fsio::make_dir(&to.join(inner)).map_err(at(to))?;
        }
        let last = before.map_or(0, |state| state.last);
        let mut report = BackupReport { before: last, last, ..BackupReport::default() };
        let moment = self.moment();
        for span in &moment.sealed {
            self.copy_volume(to, *span, &mut report)?;
        }
        let sealed = moment.sealed.last().map_or(0, |span| span.last.get());
        let mut end = (last, before.map_or([0; 32], |state| state.chain));
        if end.0 < sealed {
            end = (sealed, self.chain_of(moment.sealed.last().expect("it has a last"))?);
        }
        forget_beyond(to, last)?;
        for file in &moment.files {
            self.copy_frames(to, file, &mut end, &mut report)?;
        }
        let record = match Position::new(end.0) {
            Some(position) => *blake3::hash(self.read(position)?.record().bytes()).as_bytes(),
            None => [0; 32],
        };
        let damaged = |error: crate::OpenError| BackupError::Damaged {
            file: identity::path(self.dir()),
            what: error.to_string(),
        };
        let epoch = Identity::load(self.dir()).map_err(damaged)?.epoch;
        let state = State { ledger: ours, last: end.0, chain: end.1, record, epoch };
        fsio::replace(&state::path(to), state.encode().as_bytes()).map_err(at(&state::path(to)))?;
        forget_sealed(to, &moment.sealed)?;
        report.last = end.0;
        report.volumes = moment.sealed.len() as u64;
        Ok(report)
    }

    /// Whether this ledger is what the backup is of, only further on.
    fn leads_here(&self, to: &Path, state: &State) -> Result<(), BackupError> {
        let (ours, watermark) = (self.id(), self.watermark());
        if state.ledger != ours {
            return Err(BackupError::OtherLedger { dir: to.into(), theirs: state.ledger, ours });
        }
        if state.last > watermark {
            return Err(BackupError::Ahead { dir: to.into(), theirs: state.last, ours: watermark });
        }
        if let Some(position) = Position::new(state.last)
            && *blake3::hash(self.read(position)?.record().bytes()).as_bytes() != state.record
        {
            return Err(BackupError::Forked { dir: to.into(), position: state.last });
        }
        Ok(())
    }

    fn moment(&self) -> Moment {
        // While this is held, no volume is sealed and no write-ahead file goes away.
        let _quiet = self.shared.sealing.lock().unwrap_or_else(PoisonError::into_inner);
        Moment { sealed: self.shared.shelf.spans(), files: self.shared.wal().files().to_vec() }
    }

    fn chain_of(&self, span: &VolumeSpan) -> Result<Chain, BackupError> {
        let folder = shelf::volume_folder(self.dir(), span.first);
        let damaged = |what| BackupError::Damaged { file: manifest_path(&folder), what };
        Ok(shelf::read_manifest(&folder).map_err(damaged)?.chain)
    }

    fn copy_volume(&self, to: &Path, span: VolumeSpan, report: &mut BackupReport) -> Result<(), BackupError> {
        let (theirs, ours) = (volume_folder(to, span.first), shelf::volume_folder(self.dir(), span.first));
        let damaged = |file: &Path, what| BackupError::Damaged { file: file.into(), what };
        let text = fs::read(manifest_path(&ours)).map_err(at(&manifest_path(&ours)))?;
        match fs::read(manifest_path(&theirs)) {
            Ok(there) if there == text => return Ok(()),
            Ok(there) => {
                // Sealed anew of the same records, such as after a restore to a position in it, it is another volume.
                let is_one = String::from_utf8(there).is_ok_and(|there| Manifest::parse(&there).is_ok());
                return Err(match is_one {
                    true => BackupError::Forked { dir: to.into(), position: span.first.get() },
                    false => damaged(&manifest_path(&theirs), "it is damaged".into()),
                });
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(at(&manifest_path(&theirs))(error)),
        }
        fsio::make_dir(&theirs).map_err(at(&theirs))?;
        let volume = self.shared.shelf.open_volume(span.first)?;
        let mut read = Ok(());
        let written = write_whole(&pages_path(&theirs), |file| {
            for number in 0..volume.pages().len() {
                match volume.page(number) {
                    Ok(page) => file.write_all(&page)?,
                    Err(error) => {
                        read = Err(error);
                        return Err(io::ErrorKind::InvalidData.into());
                    }
                }
            }
            Ok(())
        });
        read?;
        report.bytes += written.map_err(at(&pages_path(&theirs)))?;
        fsio::replace(&manifest_path(&theirs), &text).map_err(at(&manifest_path(&theirs)))?;
        report.bytes += text.len() as u64;
        report.copied_volumes += 1;
        Ok(())
    }

    /// Copies the batches of a write-ahead file that come after `end`, which is then the end of the last one.
    fn copy_frames(
        &self,
        to: &Path,
        file: &IndexedFile,
        end: &mut (u64, Chain),
        report: &mut BackupReport,
    ) -> Result<(), BackupError> {
        let first = Position::FIRST.plus(end.0);
        let mut found = Ok(());
        let begun = *end;
        let tmp = folder(to).join("part");
        let written = write_whole(&tmp, |out| {
            let (mut offset, mut frame) = (WAL_HEADER, Vec::new());
            while offset < file.end {
                let Some(header) = frame_at(self.id(), &file.file, offset, &mut frame)? else {
                    let what = format!("the batch at byte {offset} is damaged");
                    let position = Position::FIRST.plus(end.0);
                    found = Err(ReadError::Damaged { position, file: file.path.clone(), what }.into());
                    return Err(io::ErrorKind::InvalidData.into());
                };
                offset += frame.len() as u64;
                if header.next().get() <= end.0 + 1 {
                    continue;
                }
                if header.first.get() != end.0 + 1 || (end.0 > 0 && header.chain != end.1) {
                    // Its own batches follow one another: else it would not have been opened.
                    found = Err(BackupError::Forked { dir: to.into(), position: end.0 });
                    return Err(io::ErrorKind::InvalidData.into());
                }
                out.write_all(&frame)?;
                *end = (header.next().get() - 1, chain_hash(&frame));
            }
            Ok(())
        });
        found?;
        let written = written.map_err(at(&file.path))?;
        if *end == begun {
            return fs::remove_file(&tmp).map_err(at(&tmp));
        }
        report.bytes += written;
        let last = Position::new(end.0).expect("batches were copied");
        let part = Part::new(to, file.volume, first, last);
        fs::rename(&tmp, &part.path).and_then(|()| fsio::sync_dir(&folder(to))).map_err(at(&part.path))
    }
}

/// Whether something is there that no backup left.
fn is_strange(dir: &Path) -> io::Result<bool> {
    for entry in fs::read_dir(dir)? {
        let name = entry?.file_name();
        if !["lock", "volumes", "tail", "state.tmp", "lost+found"].iter().any(|own| name == *own) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Removes what a run left that did not come to its end.
fn forget_beyond(dir: &Path, last: u64) -> Result<(), BackupError> {
    for part in Part::all(dir).map_err(at(&folder(dir)))? {
        if part.last.get() > last {
            fs::remove_file(&part.path).map_err(at(&part.path))?;
        }
    }
    Ok(())
}

/// Removes batches that stand in sealed volumes now.
fn forget_sealed(dir: &Path, sealed: &[VolumeSpan]) -> Result<(), BackupError> {
    for part in Part::all(dir).map_err(at(&folder(dir)))? {
        if sealed.last().is_some_and(|last| part.volume <= last.first) {
            fs::remove_file(&part.path).map_err(at(&part.path))?;
        }
    }
    Ok(())
}
