//! The folder of files: `<id>.<ext>`, readable by their owner alone, and `<id>.part` while they are being written.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use daybook_domain::{State, StreamId};
use daybook_engine::Reader;
use daybook_sheets::Format;
use uuid::Uuid;

use super::Board;
use crate::http::Services;

const PART: &str = "part";

/// Makes it if it is not there, and removes what is not whole.
pub(super) fn prepare(folder: &Path) -> io::Result<()> {
    if !folder.is_dir() {
        let mut builder = DirBuilder::new();
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(folder)?;
    }
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == PART) {
            fs::remove_file(path)?;
        }
    }
    Ok(())
}

impl Board {
    pub(super) fn path(&self, id: StreamId, format: Format) -> PathBuf {
        self.folder.join(format!("{id}.{}", format.extension()))
    }

    pub(super) fn part(&self, id: StreamId) -> PathBuf {
        self.folder.join(format!("{id}.{PART}"))
    }

    /// A new file that nobody else may read.
    pub(super) fn create(&self, id: StreamId) -> io::Result<File> {
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        options.open(self.part(id))
    }

    /// Gives a file that is whole its name.
    pub(super) fn keep(&self, id: StreamId, format: Format, file: &File) -> io::Result<()> {
        file.sync_all()?;
        fs::rename(self.part(id), self.path(id, format))
    }

    /// Removes what has expired, and the oldest ones while there are more bytes than there may be.
    pub(super) fn sweep(&self, services: &Services) -> io::Result<()> {
        let now = services.engine.now();
        let mut kept: Vec<(SystemTime, u64, PathBuf)> = Vec::new();
        for entry in fs::read_dir(&self.folder)? {
            let entry = entry?;
            let path = entry.path();
            if path.extension().is_some_and(|extension| extension == PART) {
                continue;
            }
            let Some(id) = path.file_stem().and_then(|stem| Uuid::parse_str(stem.to_str()?).ok()) else { continue };
            let opened = opened_at(&services.reader, StreamId(id))?;
            let is_over = opened.is_some_and(|export| now >= self.expires_at(&export));
            // Somebody may have removed it meanwhile.
            let Ok(about) = entry.metadata() else { continue };
            if is_over {
                remove(&path)?;
            } else {
                kept.push((about.modified()?, about.len(), path));
            }
        }
        kept.sort_unstable();
        let mut bytes: u64 = kept.iter().map(|(_, bytes, _)| bytes).sum();
        for (_, length, path) in kept {
            if bytes <= self.limits.total_bytes {
                break;
            }
            remove(&path)?;
            bytes -= length;
        }
        Ok(())
    }
}

/// Another thread may have done it.
pub(super) fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

pub(super) fn opened_at(reader: &Reader, id: StreamId) -> io::Result<Option<daybook_domain::export::Export>> {
    match reader.state(id).map_err(io::Error::other)? {
        Some(State::Export(export)) => Ok(Some(*export)),
        _ => Ok(None),
    }
}

/// Takes so many bytes, and no more.
pub(super) struct Bounded<W> {
    pub(super) out: W,
    pub(super) left: u64,
}

impl<W: Write> Write for Bounded<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let length = bytes.len() as u64;
        if length > self.left {
            return Err(io::Error::other("the file would be larger than an export may be: narrow the filter"));
        }
        let written = self.out.write(bytes)?;
        self.left -= written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}
