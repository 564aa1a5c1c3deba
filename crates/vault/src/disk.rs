//! What the key file needs of a disk. A real file, or in tests one that drops what was not synced.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

pub(crate) trait Disk: Send + Sync {
    fn len(&self) -> io::Result<u64>;
    fn set_len(&self, bytes: u64) -> io::Result<()>;
    fn read_exact_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<()>;
    fn write_all_at(&self, bytes: &[u8], offset: u64) -> io::Result<()>;
    /// All that was written before is durable after.
    fn sync(&self) -> io::Result<()>;
}

impl Disk for File {
    fn len(&self) -> io::Result<u64> {
        Ok(self.metadata()?.len())
    }

    fn set_len(&self, bytes: u64) -> io::Result<()> {
        File::set_len(self, bytes)
    }

    fn read_exact_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<()> {
        FileExt::read_exact_at(self, buffer, offset)
    }

    fn write_all_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        FileExt::write_all_at(self, bytes, offset)
    }

    /// `fdatasync` includes the length when that is needed to read the data back.
    fn sync(&self) -> io::Result<()> {
        self.sync_data()
    }
}

/// How the names of files end that are not whole yet.
const UNFINISHED: &str = ".tmp";

fn temporary(path: &Path) -> io::Result<PathBuf> {
    let mut name = path.file_name().ok_or(io::ErrorKind::InvalidInput)?.to_owned();
    name.push(UNFINISHED);
    Ok(path.with_file_name(name))
}

/// Overwrites all of it with zeros, and syncs.
pub(crate) fn overwrite(disk: &dyn Disk) -> io::Result<()> {
    static ZEROS: [u8; 1 << 16] = [0; 1 << 16];
    let (mut at, end) = (0, disk.len()?);
    while at < end {
        let count = usize::try_from(end - at).map_or(ZEROS.len(), |left| left.min(ZEROS.len()));
        disk.write_all_at(&ZEROS[..count], at)?;
        at += count as u64;
    }
    disk.sync()
}

/// Overwrites a file with keys before its name goes. One that is not there is no error.
///
/// # Errors
/// When it cannot be overwritten or removed.
pub fn destroy_file(path: &Path) -> io::Result<()> {
    match std::fs::symlink_metadata(path) {
        // A link is not the file: what it leads to is somebody else's.
        Ok(found) if found.is_file() => overwrite(&File::options().write(true).open(path)?)?,
        Ok(_) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    }
    std::fs::remove_file(path)?;
    sync_folder_of(path)
}

/// Destroys what a crash left beside a key file: files that begin with its name and end as unfinished ones do. They may
/// hold keys, and no erasure reaches them.
///
/// # Errors
/// When the folder cannot be listed, or one of them cannot be destroyed.
pub fn destroy_left_overs(path: &Path) -> io::Result<()> {
    let (Some(name), folder) = (path.file_name(), folder_of(path)) else { return Ok(()) };
    for entry in std::fs::read_dir(folder)? {
        let found = entry?.file_name();
        let rest = found.as_encoded_bytes().strip_prefix(name.as_encoded_bytes());
        if rest.is_some_and(|rest| rest.ends_with(UNFINISHED.as_bytes())) {
            destroy_file(&folder.join(found))?;
        }
    }
    Ok(())
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn sync_folder_of(path: &Path) -> io::Result<()> {
    File::open(folder_of(path))?.sync_all()
}

/// Overwrites what lay at `path`, once `put` has put something else there: no name leads to it any more.
pub(crate) fn replacing(path: &Path, put: impl FnOnce() -> io::Result<()>) -> io::Result<()> {
    let old = match File::options().write(true).open(path) {
        Ok(old) => Some(old),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => return Err(error),
    };
    put()?;
    old.map_or(Ok(()), |old| overwrite(&old))
}

pub(crate) fn rename_durably(from: &Path, to: &Path) -> io::Result<()> {
    std::fs::rename(from, to)?;
    sync_folder_of(to)
}

/// Writes a private file (mode 0600) whole or not at all: into a temporary one beside it, synced, then renamed.
pub(crate) fn write_private_file(path: &Path, bytes: &[u8]) -> io::Result<()> {
    use std::io::Write;
    use std::os::unix::fs::OpenOptionsExt;

    let temporary = temporary(path)?;
    // Removed rather than reused, because reuse would keep its mode.
    destroy_file(&temporary)?;
    let mut file = File::options().write(true).create_new(true).mode(0o600).open(&temporary)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    rename_durably(&temporary, path)
}
