//! Where a path given by the program lies: in which folder below the root, under which name.

use crate::raw::{self, Own};
use libc::c_int;
use std::ffi::{CStr, CString};

/// A name in a folder below the root (or in the root itself).
pub(crate) struct Place {
    /// The folder, opened with O_PATH: the name is looked up through it, whatever is renamed meanwhile.
    pub(crate) folder: Own,
    pub(crate) folder_ino: u64,
    pub(crate) name: CString,
}

impl Place {
    /// `None` when the path is not below `root`, or its folder is missing.
    pub(crate) fn find(root: &[u8], dir: c_int, path: &CStr) -> Option<Place> {
        let path = trim(path.to_bytes());
        let cut = path.iter().rposition(|b| *b == b'/');
        let (folder, name) = match cut {
            None => (&b"."[..], path),
            Some(0) => (&b"/"[..], &path[1..]),
            Some(cut) => (&path[..cut], &path[cut + 1..]),
        };
        if name.is_empty() || name == b"." || name == b".." {
            return None;
        }
        let folder = Own::at(dir, &CString::new(folder).ok()?, libc::O_PATH | libc::O_DIRECTORY)?;
        if !below(root, &raw::path_of(folder.fd())?) {
            return None;
        }
        let folder_ino = raw::stat(folder.fd())?.st_ino;
        Some(Place { folder, folder_ino, name: CString::new(name).ok()? })
    }

    pub(crate) fn stat(&self) -> Option<libc::stat64> {
        raw::stat_at(self.folder.fd(), &self.name)
    }
}

fn trim(mut path: &[u8]) -> &[u8] {
    while path.len() > 1 && path.ends_with(b"/") {
        path = &path[..path.len() - 1];
    }
    path
}

/// Is `path` the root or below it?
pub(crate) fn below(root: &[u8], path: &[u8]) -> bool {
    path.strip_prefix(root).is_some_and(|rest| rest.is_empty() || rest[0] == b'/')
}
