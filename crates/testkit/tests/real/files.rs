//! All files of a data folder, to lay them anew after each try.

use std::collections::BTreeMap;
use std::fs::{self, DirBuilder, File, Permissions};
use std::os::unix::fs::{DirBuilderExt, FileExt, PermissionsExt};
use std::path::{Path, PathBuf};

use tempfile::TempDir;

/// A folder in memory where that is possible: these tests are about bytes, not about the device.
pub(crate) fn folder() -> TempDir {
    let memory = Path::new("/dev/shm");
    if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() }.unwrap()
}

/// A file without the zeros at its end, of which sled's have many.
#[derive(Clone, Debug)]
pub(crate) struct Kept {
    pub(crate) used: Vec<u8>,
    pub(crate) length: usize,
    mode: u32,
}

/// A folder at rest, without its lock and without the files that only wait to be used.
#[derive(Debug)]
pub(crate) struct Picture {
    folders: Vec<PathBuf>,
    pub(crate) files: BTreeMap<PathBuf, Kept>,
}

impl Picture {
    pub(crate) fn take(dir: &Path) -> Picture {
        let mut picture = Picture { folders: Vec::new(), files: BTreeMap::new() };
        picture.take_in(dir, dir);
        picture
    }

    fn take_in(&mut self, root: &Path, dir: &Path) {
        for entry in fs::read_dir(dir).unwrap() {
            let entry = entry.unwrap();
            let (path, name) = (entry.path(), entry.file_name().into_string().unwrap());
            let inner = path.strip_prefix(root).unwrap().to_path_buf();
            if path.is_dir() {
                self.folders.push(inner);
                self.take_in(root, &path);
            } else if name != "lock" && !name.starts_with("spare-") {
                let mut used = fs::read(&path).unwrap();
                let length = used.len();
                used.truncate(used.iter().rposition(|&byte| byte != 0).map_or(0, |last| last + 1));
                let mode = path.metadata().unwrap().permissions().mode() & 0o777;
                self.files.insert(inner, Kept { used, length, mode });
            }
        }
    }

    /// Into a folder that is not there yet, with another file in the place of one.
    pub(crate) fn lay(&self, dir: &Path, instead: Option<(&Path, &Kept)>) {
        let make = |path: &Path| DirBuilder::new().mode(0o700).create(path).unwrap();
        make(dir);
        self.folders.iter().for_each(|folder| make(&dir.join(folder)));
        for (path, kept) in &self.files {
            let kept = instead.filter(|(other, _)| other == path).map_or(kept, |(_, kept)| kept);
            let file = File::create_new(dir.join(path)).unwrap();
            file.set_permissions(Permissions::from_mode(kept.mode)).unwrap();
            file.write_all_at(&kept.used, 0).unwrap();
            file.set_len(kept.length as u64).unwrap();
        }
    }
}
