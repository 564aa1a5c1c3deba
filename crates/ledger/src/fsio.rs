//! The few file operations whose order decides what survives.

use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{DirBuilderExt, FileExt};
use std::path::{Path, PathBuf};

/// Makes the names in a folder durable.
pub(crate) fn sync_dir(dir: &Path) -> io::Result<()> {
    File::open(dir)?.sync_all()
}

/// Replaces `path` whole: a crash leaves the old file or the new one.
pub(crate) fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let tmp = path.with_extension("tmp");
    let result = (|| {
        let file = File::create(&tmp)?;
        file.write_all_at(bytes, 0)?;
        file.sync_all()?;
        fs::rename(&tmp, path)
    })();
    if result.is_err() {
        let _ = fs::remove_file(&tmp);
        return result;
    }
    sync_dir(path.parent().unwrap_or(Path::new(".")))
}

/// Creates a folder, for its owner alone, and makes its name durable.
pub(crate) fn make_dir(dir: &Path) -> io::Result<()> {
    match fs::DirBuilder::new().mode(0o700).create(dir) {
        Ok(()) => {}
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
        Err(error) => return Err(error),
    }
    sync_dir(dir.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new(".")))
}

/// Is there no room (disk, quota or file size), as opposed to a device that fails?
pub(crate) fn is_full(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge)
}

/// Has the process, or the system, as many files open as it may have?
pub(crate) fn has_no_files_left(error: &io::Error) -> bool {
    // ENFILE and EMFILE, which have no kind of their own.
    matches!(error.raw_os_error(), Some(23 | 24))
}

/// What whoever is told of an error can do about it.
pub(crate) fn advice(error: &io::Error) -> &'static str {
    match error.kind() {
        ErrorKind::NotFound => "it is missing: restore it from a backup",
        ErrorKind::PermissionDenied => "it may not be used: make it this user's, or run as the one whose it is",
        ErrorKind::ReadOnlyFilesystem => "it cannot be written to: make its file system writable, then start again",
        _ if has_no_files_left(error) => "too many files are open: raise the limit (`ulimit -n`), then start again",
        _ if is_full(error) => "there is no room: make room, then start again",
        _ => "the disk does not do what it should: check the disk, then start again",
    }
}

/// An error to hand out more than once.
pub(crate) fn repeat(error: &io::Error) -> io::Error {
    match error.raw_os_error() {
        Some(code) => io::Error::from_raw_os_error(code),
        None => io::Error::new(error.kind(), error.to_string()),
    }
}

/// Bytes written at a time where nobody waits for them. One large sync would hold up the appends' small ones.
const SYNC_EVERY: usize = 2 << 20;

/// As [`write_zeros`] from the start, but gently: what others sync meanwhile does not wait for all of it.
pub(crate) fn write_zeros_gently(file: &File, to: u64) -> io::Result<()> {
    let mut at = 0;
    while at < to {
        let end = to.min(at + SYNC_EVERY as u64);
        write_zeros(file, at, end)?;
        file.sync_all()?;
        at = end;
    }
    Ok(())
}

/// Writes zeros from `from` to `to`. Not `fallocate`: unwritten extents make each later sync slower.
pub(crate) fn write_zeros(file: &File, from: u64, to: u64) -> io::Result<()> {
    const STEP: u64 = 1 << 20;
    let zeros = vec![0; crate::bytes::index(STEP.min(to.saturating_sub(from)))];
    let mut at = from;
    while at < to {
        let step = STEP.min(to - at);
        file.write_all_at(&zeros[..crate::bytes::index(step)], at)?;
        at += step;
    }
    Ok(())
}

/// As [`sync_tree`], but writes every byte once more first. A sync that failed, perhaps unseen or in an earlier process,
/// leaves pages that count as clean without being on disk: only what is written again is surely synced.
pub(crate) fn rewrite_tree(dir: &Path) -> io::Result<()> {
    let mut buffer = vec![0; SYNC_EVERY];
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            rewrite_tree(&entry.path())?;
            continue;
        }
        let file = File::options().read(true).write(true).open(entry.path())?;
        let mut at = 0;
        loop {
            let count = file.read_at(&mut buffer, at)?;
            if count == 0 {
                break;
            }
            file.write_all_at(&buffer[..count], at)?;
            file.sync_all()?;
            at += count as u64;
        }
        file.sync_all()?;
    }
    sync_dir(dir)
}

/// Fsyncs every file and folder below `dir`, and `dir`.
pub(crate) fn sync_tree(dir: &Path) -> io::Result<()> {
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            sync_tree(&entry.path())?;
        } else {
            File::open(entry.path())?.sync_all()?;
        }
    }
    sync_dir(dir)
}

/// The files or folders in `dir` named `<20 digits><suffix>`, in order.
pub(crate) fn numbered(dir: &Path, suffix: &str) -> io::Result<Vec<(u64, PathBuf)>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir)? {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let digits = name.strip_suffix(suffix).filter(|digits| digits.len() == 20);
        if let Some(number) = digits.and_then(|digits| digits.parse().ok()) {
            found.push((number, path));
        }
    }
    found.sort_unstable();
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_may_open_no_more_files_is_not_told_to_restore_a_sound_folder() {
        // ENFILE, EMFILE.
        for code in [23, 24] {
            let said = advice(&io::Error::from_raw_os_error(code));
            assert!(said.contains("ulimit -n") && !said.contains("restore"), "{said}");
        }
        // EIO, ENOSPC.
        assert!(advice(&io::Error::from_raw_os_error(5)).contains("check the disk"));
        assert!(advice(&io::Error::from_raw_os_error(28)).contains("make room"));
    }
}
