//! A disk that drops what was not synced, and fails when told to: for child processes, through a preloaded library.
//!
//! ```no_run
//! # use daybook_testkit::disk::{LossyDisk, Loss};
//! # use std::{path::Path, process::Command};
//! let disk = LossyDisk::adopt(Path::new("/tmp/t/data"), Path::new("/tmp/t/platter"))?;
//! let mut child = disk.attach(&mut Command::new("daybook")).spawn()?;
//! child.kill()?;
//! child.wait()?;
//! disk.restore(Path::new("/tmp/t/after"), Loss::Everything)?;
//! # Ok::<(), std::io::Error>(())
//! ```
//!
//! The real folder plays the page cache: it outlives a killed process, so a program may be killed and started again on
//! it any number of times before the power is cut. What it models, and what not, is written in `crates/testkit-disk`.

mod control;
// One description for both sides; the crate itself must not be linked, or its calls would stand in for ours.
#[path = "../../testkit-disk/src/layout.rs"]
#[allow(dead_code, reason = "each side uses its part")]
mod layout;
mod restore;

pub use control::{Control, Counter, Failure, Fault};
pub use restore::{Loss, platter_restore};

use std::fs;
use std::io;
use std::os::unix::fs::{DirEntryExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::process::Command;

/// A folder and its platter.
#[derive(Debug)]
pub struct LossyDisk {
    root: PathBuf,
    platter: PathBuf,
    control: Control,
}

impl LossyDisk {
    /// Declares all that is in `root` durable and lays out `platter`, which must not exist yet and must be on the same
    /// file system. From then on only attached programs may change anything below `root`.
    ///
    /// # Errors
    ///
    /// When files cannot be read or made.
    pub fn adopt(root: &Path, platter: &Path) -> io::Result<LossyDisk> {
        let root = root.canonicalize()?;
        fs::create_dir(platter)?;
        let platter = platter.canonicalize()?;
        if fs::metadata(&root)?.dev() != fs::metadata(&platter)?.dev() {
            return Err(io::Error::other("the platter must be on the file system of the folder"));
        }
        for part in ["data", "dirty", "dirs", "attic"] {
            fs::create_dir(platter.join(part))?;
        }
        fs::write(platter.join("names"), "")?;
        fs::write(platter.join("root"), root.as_os_str().as_encoded_bytes())?;
        fs::write(platter.join("rootino"), fs::metadata(&root)?.ino().to_string())?;
        adopt_folder(&root, &platter)?;
        let control = Control::create(&platter)?;
        Ok(LossyDisk { root, platter, control })
    }

    /// Makes the program that `command` starts run on this disk.
    ///
    /// # Panics
    ///
    /// When the preloaded library was not built.
    pub fn attach<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        command.env("LD_PRELOAD", library()).env(layout::ENV_ROOT, &self.root).env(layout::ENV_PLATTER, &self.platter)
    }

    /// Faults and counters; works at once, also while programs run.
    #[must_use]
    pub fn control(&self) -> &Control {
        &self.control
    }

    /// The folder that plays the page cache.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// What the folder is after a power loss, built in `dest`, which must not exist yet. No program may be running.
    ///
    /// # Errors
    ///
    /// When files cannot be read or made.
    pub fn restore(&self, dest: &Path, loss: Loss) -> io::Result<()> {
        platter_restore(&self.platter, dest, loss)
    }
}

fn adopt_folder(folder: &Path, platter: &Path) -> io::Result<()> {
    let mut names = String::from("log 0\n");
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let kind = entry.file_type()?;
        let letter = if kind.is_dir() { 'd' } else { 'f' };
        let name = entry.file_name();
        let name = name.to_str().ok_or_else(|| io::Error::other("file names must be UTF-8"))?;
        if kind.is_dir() {
            adopt_folder(&entry.path(), platter)?;
        } else if kind.is_file() {
            restore::copy_file(&entry.path(), &platter.join("data").join(entry.ino().to_string()))?;
        } else {
            continue;
        }
        names.push_str(&format!("{letter} {} {name}\n", entry.ino()));
    }
    fs::write(platter.join("dirs").join(fs::metadata(folder)?.ino().to_string()), names)
}

/// The preloaded library: Cargo puts it in `deps`, where test programs are too, and other programs are one level up.
fn library() -> PathBuf {
    let name = "libdaybook_testkit_disk.so";
    let me = std::env::current_exe().expect("a program knows its path");
    let folder = me.parent().expect("a program is in a folder");
    let places = [folder.join(name), folder.join("deps").join(name)];
    let found = places.iter().find(|path| path.exists());
    found.unwrap_or_else(|| panic!("{name} is not beside {}: build daybook-testkit first", me.display())).clone()
}
