//! The folder as it is after a power loss.

use super::layout::SECTOR;
use crate::random::Random;
use std::collections::{BTreeMap, HashMap};
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::{DirEntryExt, FileExt, MetadataExt};
use std::path::{Path, PathBuf};

/// What becomes of bytes and names that were not synced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Loss {
    /// All of it is gone.
    Everything,
    /// A part of it, chosen by `seed`, had reached the disk already: any subset of sectors or of blocks of 4 KiB, so
    /// writes are reordered and torn; of the names either the first so many changes or any subset.
    Part { seed: u64 },
}

type Names = BTreeMap<String, (Kind, u64)>;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    File,
    Folder,
}

/// Builds in `dest`, which must not exist yet, what `platter` and perhaps a part of the page cache say.
/// No program may be running on that disk.
///
/// # Errors
///
/// When files cannot be read or made, or the platter is damaged.
pub fn platter_restore(platter: &Path, dest: &Path, loss: Loss) -> io::Result<()> {
    let root: u64 = fs::read_to_string(platter.join("rootino"))?.parse().map_err(io::Error::other)?;
    let mut tree = Tree::read(platter)?;
    let mut cache = None;
    if let Loss::Part { seed } = loss {
        let mut random = Random::new(seed);
        tree.keep_some_names(&fs::read(platter.join("names"))?, &mut random)?;
        let mut real = HashMap::new();
        find_files(&PathBuf::from(fs::read_to_string(platter.join("root"))?), &mut real)?;
        find_files(&platter.join("attic"), &mut real)?;
        cache = Some((real, random));
    }
    let mut restore = Restore { platter, tree: &tree, cache };
    restore.folder(root, dest, 0)
}

/// Durable names of each folder, by inode number, and how much of the names log they cover.
struct Tree {
    folders: BTreeMap<u64, (u64, Names)>,
}

impl Tree {
    fn read(platter: &Path) -> io::Result<Tree> {
        let mut folders = BTreeMap::new();
        for entry in fs::read_dir(platter.join("dirs"))? {
            let entry = entry?;
            // A kill may have left a listing that was not put in place.
            let Ok(ino) = entry.file_name().to_string_lossy().parse() else {
                continue;
            };
            folders.insert(ino, parse_folder(&fs::read_to_string(entry.path())?).ok_or_else(damaged)?);
        }
        Ok(Tree { folders })
    }

    /// Lets changes of names that no folder sync covered happen after all: the first so many, or any subset.
    fn keep_some_names(&mut self, log: &[u8], random: &mut Random) -> io::Result<()> {
        let text = std::str::from_utf8(log).map_err(io::Error::other)?;
        let in_order = random.per_mille(600);
        let kept = random.below(1001);
        let cut = random.below(log.len() as u64 + 1);
        let mut at = 0;
        for line in text.split_inclusive('\n') {
            let keep = if in_order { at < cut } else { random.per_mille(kept) };
            if keep {
                let mut apply = |folder: u64, name: &str, entry: Option<(Kind, u64)>| {
                    let (covered, names) = self.folders.entry(folder).or_default();
                    if at < *covered {
                        return;
                    }
                    match entry {
                        Some(entry) => names.insert(name.to_owned(), entry),
                        None => names.remove(name),
                    };
                };
                change(line, &mut apply).ok_or_else(damaged)?;
            }
            at += line.len() as u64;
        }
        Ok(())
    }
}

fn damaged() -> io::Error {
    io::Error::other("the platter's names are damaged")
}

fn parse_folder(text: &str) -> Option<(u64, Names)> {
    let mut lines = text.lines();
    let covered = lines.next()?.strip_prefix("log ")?.parse().ok()?;
    let entry = |line: &str| {
        let mut parts = line.splitn(3, ' ');
        let entry = (kind(parts.next()?)?, parts.next()?.parse().ok()?);
        Some((parts.next()?.to_owned(), entry))
    };
    Some((covered, lines.map(entry).collect::<Option<_>>()?))
}

fn kind(letter: &str) -> Option<Kind> {
    match letter {
        "f" => Some(Kind::File),
        "d" => Some(Kind::Folder),
        _ => None,
    }
}

/// Applies one line of the names log.
fn change(line: &str, apply: &mut impl FnMut(u64, &str, Option<(Kind, u64)>)) -> Option<()> {
    let line = line.strip_suffix('\n')?;
    let (what, rest) = line.split_once(' ')?;
    match what {
        "c" => {
            let mut parts = rest.splitn(4, ' ');
            let folder = parts.next()?.parse().ok()?;
            let entry = (kind(parts.next()?)?, parts.next()?.parse().ok()?);
            apply(folder, parts.next()?, Some(entry));
        }
        "u" => {
            let (folder, name) = rest.split_once(' ')?;
            apply(folder.parse().ok()?, name, None);
        }
        "r" => {
            let mut parts = rest.splitn(5, ' ');
            let (from, to) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
            let entry = (kind(parts.next()?)?, parts.next()?.parse().ok()?);
            let (old, new) = parts.next()?.split_once('/')?;
            apply(from, old, None);
            apply(to, new, Some(entry));
        }
        _ => return None,
    }
    Some(())
}

/// Where the page cache holds each file, by inode number.
fn find_files(folder: &Path, found: &mut HashMap<u64, PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            find_files(&entry.path(), found)?;
        } else {
            found.insert(entry.ino(), entry.path());
        }
    }
    Ok(())
}

struct Restore<'a> {
    platter: &'a Path,
    tree: &'a Tree,
    /// Page cache and choice, when a part of what was not synced is kept.
    cache: Option<(HashMap<u64, PathBuf>, Random)>,
}

impl Restore<'_> {
    fn folder(&mut self, ino: u64, dest: &Path, depth: u32) -> io::Result<()> {
        if depth > 64 {
            return Err(io::Error::other("folders are nested too deep"));
        }
        fs::create_dir(dest)?;
        let Some((_, names)) = self.tree.folders.get(&ino) else {
            return Ok(());
        };
        for (name, (kind, ino)) in names {
            let dest = dest.join(name);
            match kind {
                Kind::Folder => self.folder(*ino, &dest, depth + 1)?,
                Kind::File => self.file(*ino, &dest)?,
            }
        }
        Ok(())
    }

    fn file(&mut self, ino: u64, dest: &Path) -> io::Result<()> {
        let durable = self.platter.join("data").join(ino.to_string());
        if durable.exists() {
            copy_file(&durable, dest)?;
        } else {
            // The name survived, the bytes did not.
            File::create(dest)?;
        }
        if let Some((real, random)) = &mut self.cache
            && let Some(real) = real.get(&ino)
        {
            let dirty = fs::read(self.platter.join("dirty").join(ino.to_string())).unwrap_or_default();
            keep_some_bytes(&dirty, &File::open(real)?, dest, random)?;
        }
        Ok(())
    }
}

/// Copies some of the dirty sectors, and perhaps the length, from the page cache.
fn keep_some_bytes(dirty: &[u8], real: &File, dest: &Path, random: &mut Random) -> io::Result<()> {
    let dest = File::options().write(true).open(dest)?;
    let unit = if random.per_mille(500) { 1 } else { 8 };
    let kept = random.pick(&[0, 100, 500, 900, 1000]);
    let real_len = real.metadata()?.len();
    let takes_length = random.per_mille(500);
    let mut end = 0;
    for (index, unit_dirty) in dirty.chunks(unit).enumerate() {
        if !random.per_mille(kept) {
            continue;
        }
        for (sector, _) in unit_dirty.iter().enumerate().filter(|(_, dirty)| **dirty != 0) {
            let at = (index * unit + sector) as u64 * SECTOR;
            let mut bytes = [0; 512];
            let n = real_len.saturating_sub(at).min(SECTOR);
            let bytes = &mut bytes[..usize::try_from(n).unwrap_or(0)];
            real.read_exact_at(bytes, at)?;
            dest.write_all_at(bytes, at)?;
            end = end.max(at + n);
        }
    }
    if takes_length {
        dest.set_len(real_len.max(end))?;
    }
    Ok(())
}

/// Copies bytes and mode. A file with holes gets holes wherever it has blocks of zeros, which is quick for sled's; one
/// without gets none, as whoever wrote zeros to have room later must still have it.
pub(super) fn copy_file(from: &Path, to: &Path) -> io::Result<()> {
    const STEP: usize = 4096;
    let metadata = fs::metadata(from)?;
    if metadata.blocks() * 512 >= metadata.len() {
        return fs::copy(from, to).map(drop);
    }
    let bytes = fs::read(from)?;
    let copy = File::create_new(to)?;
    copy.set_len(bytes.len() as u64)?;
    for (index, block) in bytes.chunks(STEP).enumerate() {
        if block.iter().any(|byte| *byte != 0) {
            copy.write_all_at(block, (index * STEP) as u64)?;
        }
    }
    copy.set_permissions(metadata.permissions())
}
