//! Where the owner listens, and how its place is found.

use std::fs::{self, DirBuilder, File, Permissions};
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};

const NAME: &str = "owner.sock";
/// A folder that nobody else may enter, while the socket in it is given its mode.
const NURSERY: &str = "owner.sock.new";
/// What fits into a socket's address everywhere, in bytes: macOS has 104 with the closing zero, Linux 108.
const MAX_PATH_BYTES: usize = 103;

pub(super) fn path(data: &Path) -> PathBuf {
    data.join(NAME)
}

/// The same folder under a name that is short enough for an address; the file must stay open as long as it is used.
fn short(data: &Path) -> io::Result<(PathBuf, Option<File>)> {
    let longest = data.as_os_str().as_bytes().len() + 1 + NURSERY.len() + 1 + NAME.len();
    if longest <= MAX_PATH_BYTES {
        return Ok((data.to_path_buf(), None));
    }
    let folder = File::open(data)?;
    let short = PathBuf::from(format!("/proc/self/fd/{}", folder.as_raw_fd()));
    // Without it the system has no short name for an open folder.
    if !short.exists() {
        let why = format!("the path of {} is longer than a socket's address may be: use a shorter one", data.display());
        return Err(io::Error::new(io::ErrorKind::Unsupported, why));
    }
    Ok((short, Some(folder)))
}

/// Listens in a folder that this process holds, so that a socket which is there is a dead owner's.
pub(super) fn listen(data: &Path) -> io::Result<UnixListener> {
    let (folder, _open) = short(data)?;
    let nursery = folder.join(NURSERY);
    match fs::remove_dir_all(&nursery) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        Ok(()) | Err(_) => {}
    }
    DirBuilder::new().mode(0o700).create(&nursery)?;
    let young = nursery.join(NAME);
    let listener = UnixListener::bind(&young)?;
    fs::set_permissions(&young, Permissions::from_mode(0o600))?;
    // In one step, so that nobody ever meets it with another mode, nor finds none after a dead one.
    fs::rename(&young, folder.join(NAME))?;
    fs::remove_dir(&nursery)?;
    Ok(listener)
}

/// `None`: nobody listens there.
///
/// # Errors
/// Somebody may, and cannot be asked.
pub(super) fn connect(data: &Path) -> io::Result<Option<UnixStream>> {
    use io::ErrorKind::{ConnectionRefused, NotADirectory, NotFound};
    let connected = short(data).and_then(|(folder, _open)| UnixStream::connect(folder.join(NAME)));
    match connected {
        Ok(stream) => Ok(Some(stream)),
        Err(error) if matches!(error.kind(), NotFound | NotADirectory | ConnectionRefused) => Ok(None),
        // What is said where the folder is opened is clearer, if somebody has it open at all.
        Err(error) if error.kind() == io::ErrorKind::Unsupported => Ok(None),
        Err(error) => Err(error),
    }
}
