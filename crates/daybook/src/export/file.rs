//! A file that is there once it is whole.

use std::io;
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use crate::failure::Failure;

/// Written under another name in the same folder; given its own when everything is there.
pub(crate) struct OutFile {
    file: NamedTempFile,
    path: PathBuf,
}

impl OutFile {
    /// # Errors
    /// Nothing can be written there.
    pub(crate) fn new(path: &Path) -> Result<Self, Failure> {
        let named = |error: io::Error| Failure::new(format!("{}: {error}", path.display()));
        if path.is_dir() {
            return Err(Failure::new(format!("{} is a folder: name a file", path.display())));
        }
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        if !folder.is_dir() {
            return Err(Failure::new(format!("{}: there is no folder {}", path.display(), folder.display())));
        }
        // Readable by its owner alone: it may hold personal texts.
        let file = tempfile::Builder::new().prefix(".daybook-export-").tempfile_in(folder).map_err(named)?;
        Ok(Self { file, path: path.into() })
    }

    pub(crate) fn writer(&mut self) -> &mut dyn io::Write {
        self.file.as_file_mut()
    }

    /// Gives it its name, in place of what bore it before.
    ///
    /// # Errors
    /// It may not be written to the disk, or not be named so: then nothing is there.
    pub(crate) fn keep(self) -> Result<(), Failure> {
        let named = |error: io::Error| Failure::new(format!("{}: {error}", self.path.display()));
        self.file.as_file().sync_all().map_err(named)?;
        self.file
            .persist(&self.path)
            .map_err(|error| Failure::new(format!("{}: {}", self.path.display(), error.error)))?;
        Ok(())
    }
}
