//! The Merkle tree of RFC 6962 over all records of the ledger, kept beside it: leaf `n` is the record at position `n + 1`.
//!
//! `tree/level-08` holds the roots of every 256 leaves in a row, `tree/level-16` those of every 256 of these, and so on: an
//! eighth of a byte a record. Whatever lies between is computed from at most 128 hashes, and the leaves from the records. All
//! of it follows from the records, so none of it is ever trusted: `tree/mark` says how much is durable, what root that has, and
//! which leaves are not 256 yet; what comes after is made again from the records, and all of it when the folder is missing.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use sha2::{Digest, Sha256};
use thiserror::Error;
use uuid::Uuid;

use crate::ReadError;
use crate::bytes::index;
use crate::frame::Chain;
use crate::merkle::{Hash, node};
use crate::shelf::VolumeSpan;
use crate::{fsio, hex};

/// Levels of the tree from one file to the next.
const STEP: u32 = 8;
pub(crate) const FAN: usize = 1 << STEP;
const HASH: u64 = 32;
/// Files of levels 8 to 56: more leaves than there are positions.
const FILES: usize = 7;
/// Written at a time before it is synced: one large sync would hold up the appends' small ones.
const SYNC_EVERY: u64 = 2 << 20;

#[derive(Debug)]
pub(crate) struct Tree {
    dir: PathBuf,
    ledger: Uuid,
    /// As `grown` has it. Of its own, so that whoever asks does not wait for a sync.
    size: AtomicU64,
    grown: Mutex<Grown>,
}

#[derive(Debug, Default)]
pub(crate) struct Grown {
    /// How many leaves are in the files.
    size: u64,
    /// Of the leaves, and of each file, the hashes that are not 256 yet.
    open: Vec<Vec<Hash>>,
    files: Vec<File>,
    unsynced: u64,
}

/// The folder of a ledger's tree.
pub(crate) fn folder(dir: &Path) -> PathBuf {
    dir.join("tree")
}

fn level_path(folder: &Path, file: usize) -> PathBuf {
    folder.join(format!("level-{:02}", (file + 1) * STEP as usize))
}

/// Hashes of leaves, so many from a number on, made from the records.
pub(crate) type Leaves<'a> = &'a dyn Fn(u64, usize) -> Result<Vec<Hash>, ReadError>;

/// Why a node could not be computed, or the tree not be written.
#[derive(Debug, Error)]
pub(crate) enum TreeError {
    #[error(transparent)]
    Io(#[from] io::Error),
    #[error(transparent)]
    Read(#[from] ReadError),
}

impl Tree {
    /// Goes on from what is durable, if a sealed volume ends there, and it is the one that ended there then: `end_within`
    /// finds the last one up to a position. Anything else is made again.
    pub(crate) fn open(dir: &Path, ledger: Uuid, end_within: impl FnOnce(u64) -> Option<VolumeSpan>) -> Self {
        let folder = folder(dir);
        let fits = |mark: &Mark| {
            let end = end_within(mark.size);
            end.is_some_and(|end| end.last.get() == mark.size && end.chain == mark.chain)
        };
        let grown = match Grown::load(&folder, ledger, fits) {
            Ok(grown) => grown.unwrap_or_default(),
            Err(what) => {
                tracing::warn!("{}: {what}; it is made anew from the records", folder.display());
                Grown::default()
            }
        };
        Self { dir: folder, ledger, size: grown.size.into(), grown: Mutex::new(grown) }
    }

    /// How many records are in it.
    pub(crate) fn size(&self) -> u64 {
        self.size.load(Ordering::Acquire)
    }

    /// Takes in hashes of leaves, the first of them number `first` from 0. Those that it has are passed over; what would
    /// leave a gap is not taken.
    pub(crate) fn extend(&self, first: u64, leaves: &[Hash]) -> io::Result<()> {
        let mut grown = self.grown();
        let Some(known) = grown.size.checked_sub(first) else { return Ok(()) };
        let Some(new) = leaves.get(index(known)..).filter(|new| !new.is_empty()) else { return Ok(()) };
        grown.extend(&self.dir, new)?;
        self.size.store(grown.size, Ordering::Release);
        if grown.unsynced >= SYNC_EVERY { self.sync(&mut grown) } else { Ok(()) }
    }

    /// After a sync that failed, nobody knows what of the files is on the disk, and a later one would not tell: then what was
    /// durable before alone counts, and the rest is written again.
    fn sync(&self, grown: &mut Grown) -> io::Result<()> {
        let synced = grown.sync();
        if synced.is_err() {
            *grown = Grown::load(&self.dir, self.ledger, |_| true).ok().flatten().unwrap_or_default();
            self.size.store(grown.size, Ordering::Release);
        }
        synced
    }

    /// Makes it durable up to the end of a sealed volume, so that the next opening goes on from there.
    pub(crate) fn save(&self, size: u64, chain: &Chain, leaves: Leaves<'_>) -> Result<(), TreeError> {
        self.sync(&mut self.grown())?;
        fsio::make_dir(&self.dir)?;
        fsio::sync_dir(&self.dir)?;
        let open = size % FAN as u64;
        let open = leaves(size - open, index(open))?;
        let mark = Mark { size, root: self.range(0, size, leaves)?, chain: *chain, open: Some(open) };
        fsio::replace(&self.dir.join("mark"), mark.encode(self.ledger).as_bytes())?;
        match fs::remove_file(all_leaves_path(&self.dir)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error.into()),
            _ => Ok(()),
        }
    }

    /// The root over all that it has.
    pub(crate) fn root(&self) -> (u64, Hash) {
        let grown = self.grown();
        (grown.size, grown.root())
    }

    /// The root over leaves `from` to `to`, not beyond what there is: as section 2.1 defines it.
    pub(crate) fn range(&self, from: u64, to: u64, leaves: Leaves<'_>) -> Result<Hash, TreeError> {
        Nodes { files: open_files(&self.dir)?, leaves }.range(from, to)
    }

    /// The hashes of nodes of the tree over `size` leaves, numbered as `ct_merkle` does: in order, leaves being even.
    pub(crate) fn nodes(&self, numbers: &[u64], size: u64, leaves: Leaves<'_>) -> Result<Vec<Hash>, TreeError> {
        let nodes = Nodes { files: open_files(&self.dir)?, leaves };
        let node = |&number: &u64| {
            let level = number.trailing_ones();
            let from = (number >> level >> 1) << level;
            nodes.range(from, size.min(from + (1 << level)))
        };
        numbers.iter().map(node).collect()
    }

    pub(crate) fn grown(&self) -> MutexGuard<'_, Grown> {
        self.grown.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Grown {
    /// What is durable, if `fits` agrees.
    fn load(folder: &Path, ledger: Uuid, fits: impl FnOnce(&Mark) -> bool) -> Result<Option<Self>, String> {
        let text = match fs::read_to_string(folder.join("mark")) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error.to_string()),
        };
        let mark = Mark::parse(ledger, &text).ok_or("its mark cannot be read")?;
        if !fits(&mark) {
            return Err("it belongs to other records".into());
        }
        let size = mark.size;
        let open = match mark.open {
            Some(open) => open,
            None => {
                let open = size % FAN as u64;
                let path = all_leaves_path(folder);
                let read = File::open(&path).and_then(|all| read_hashes(&all, size - open, index(open)));
                read.map_err(|error| format!("{}: {error}", path.display()))?
            }
        };
        let mut grown = Self { size, open: vec![open], ..Self::default() };
        let mut nodes = size / FAN as u64;
        for file in 0..FILES {
            if nodes == 0 {
                break;
            }
            let from = nodes - nodes % FAN as u64;
            let read = File::options().read(true).write(true).open(level_path(folder, file)).and_then(|level| {
                let open = read_hashes(&level, from, index(nodes - from))?;
                Ok((level, open))
            });
            let (level, open) = read.map_err(|error| format!("{}: {error}", level_path(folder, file).display()))?;
            grown.files.push(level);
            grown.open.push(open);
            nodes /= FAN as u64;
        }
        if grown.root() == mark.root { Ok(Some(grown)) } else { Err("it is not what its mark says".into()) }
    }

    fn extend(&mut self, folder: &Path, leaves: &[Hash]) -> io::Result<()> {
        if self.files.is_empty() {
            fsio::make_dir(folder)?;
        }
        // What fails half way is written again over itself: it counts when it is whole.
        let mut open = self.open.clone();
        let mut new: Vec<Hash> = leaves.to_vec();
        let mut at = self.size;
        let mut row = 0;
        while !new.is_empty() {
            if let Some(file) = usize::checked_sub(row, 1) {
                if file == self.files.len() {
                    let path = level_path(folder, file);
                    self.files.push(File::options().read(true).write(true).create(true).truncate(false).open(path)?);
                }
                self.files[file].write_all_at(new.as_flattened(), at * HASH)?;
                self.unsynced += new.len() as u64 * HASH;
            }
            if row == open.len() {
                open.push(Vec::new());
            }
            open[row].append(&mut new);
            let whole = open[row].len() - open[row].len() % FAN;
            new = open[row].drain(..whole).as_slice().chunks(FAN).map(fold).collect();
            at /= FAN as u64;
            row += 1;
        }
        self.open = open;
        self.size += leaves.len() as u64;
        Ok(())
    }

    fn sync(&mut self) -> io::Result<()> {
        self.files.iter().try_for_each(File::sync_data)?;
        self.unsynced = 0;
        Ok(())
    }

    fn root(&self) -> Hash {
        // The smaller subtrees are on the right, and those of each file to the right of the next one's.
        let mut root = None;
        for open in &self.open {
            let mut end = open.len();
            while end > 0 {
                let begin = end & (end - 1);
                let left = fold(&open[begin..end]);
                root = Some(root.map_or(left, |right| node(&left, &right)));
                end = begin;
            }
        }
        root.unwrap_or_else(|| Sha256::digest([]).into())
    }
}

/// Where a folder of the first format has the hashes of all leaves.
fn all_leaves_path(folder: &Path) -> PathBuf {
    folder.join("level-00")
}

/// Opened for reading alone.
fn open_files(folder: &Path) -> io::Result<Vec<File>> {
    let mut files = Vec::new();
    for file in 0..FILES {
        match File::open(level_path(folder, file)) {
            Ok(level) => files.push(level),
            Err(error) if error.kind() == io::ErrorKind::NotFound => break,
            Err(error) => return Err(error),
        }
    }
    Ok(files)
}

struct Nodes<'a> {
    files: Vec<File>,
    leaves: Leaves<'a>,
}

impl Nodes<'_> {
    fn range(&self, from: u64, to: u64) -> Result<Hash, TreeError> {
        let count = to - from;
        if count == 0 {
            return Ok(Sha256::digest([]).into());
        }
        if count.is_power_of_two() && from.is_multiple_of(count) {
            return self.perfect(from, count.trailing_zeros());
        }
        let left = from + (1 << count.ilog2());
        let left = if left == to { from + count / 2 } else { left };
        Ok(node(&self.range(from, left)?, &self.range(left, to)?))
    }

    /// The root over `2 ^ level` leaves from `from` on, which is a multiple of that.
    fn perfect(&self, from: u64, level: u32) -> Result<Hash, TreeError> {
        let (row, count) = (level / STEP, 1 << (level % STEP));
        let Some(file) = row.checked_sub(1) else { return Ok(fold(&(self.leaves)(from, count)?)) };
        let file = self.files.get(index(u64::from(file))).ok_or(io::Error::from(io::ErrorKind::UnexpectedEof))?;
        Ok(fold(&read_hashes(file, from >> (row * STEP), count)?))
    }
}

/// All leaves' hashes in the files of a folder that nobody has open, as far as its mark says that they are durable; none
/// if there is no tree yet.
pub(crate) fn durable_leaves(dir: &Path, ledger: Uuid) -> Result<u64, String> {
    Ok(Grown::load(&folder(dir), ledger, |_| true)?.map_or(0, |grown| grown.size))
}

/// The files, read a row at a time.
pub(crate) struct Rows {
    files: Vec<File>,
    /// Of each the hashes that were read last, and the number of the first.
    read: Vec<(u64, Vec<Hash>)>,
}

impl Rows {
    pub(crate) fn open(folder: &Path) -> io::Result<Self> {
        let files = open_files(folder)?;
        let read = files.iter().map(|_| (0, Vec::new())).collect();
        Ok(Self { files, read })
    }

    /// Hash number `at` of those in file number `file`, which has `end`. Best asked for in order.
    pub(crate) fn get(&mut self, file: usize, at: u64, end: u64) -> io::Result<Hash> {
        let (first, read) = self.read.get_mut(file).ok_or(io::ErrorKind::UnexpectedEof)?;
        if at < *first || at >= *first + read.len() as u64 {
            *read = read_hashes(&self.files[file], at, index((end - at).min(1 << 12)))?;
            *first = at;
        }
        Ok(read[index(at - *first)])
    }
}

/// The root of a perfect tree over `hashes`: a power of two of them.
pub(crate) fn fold(hashes: &[Hash]) -> Hash {
    let mut row = hashes.to_vec();
    while row.len() > 1 {
        row = row.chunks_exact(2).map(|pair| node(&pair[0], &pair[1])).collect();
    }
    row[0]
}

fn read_hashes(file: &File, first: u64, count: usize) -> io::Result<Vec<Hash>> {
    let mut hashes = vec![[0; 32]; count];
    file.read_exact_at(hashes.as_flattened_mut(), first * HASH)?;
    Ok(hashes)
}

/// How much is durable.
#[derive(Debug)]
struct Mark {
    size: u64,
    root: Hash,
    /// The chain of batches at the end of the volume that ends there.
    chain: Chain,
    /// The leaves that are not 256 yet. None: all of them are in a file, as in the first format.
    open: Option<Vec<Hash>>,
}

impl Mark {
    fn encode(&self, ledger: Uuid) -> String {
        let (root, chain) = (hex::encode(&self.root), hex::encode(&self.chain));
        let ledger = ledger.hyphenated();
        let format = if self.open.is_some() { 2 } else { 1 };
        let mut body =
            format!("daybook-tree {format}\nledger {ledger}\nsize {}\nroot {root}\nchain {chain}\n", self.size);
        for leaf in self.open.iter().flatten() {
            body += &format!("leaf {}\n", hex::encode(leaf));
        }
        let hash = blake3::hash(body.as_bytes()).to_hex();
        format!("{body}blake3 {hash}\n")
    }

    fn parse(ledger: Uuid, text: &str) -> Option<Self> {
        let has_open = text.starts_with("daybook-tree 2\n");
        let mut lines = text.lines().skip(2);
        let size = lines.next()?.strip_prefix("size ")?.parse().ok()?;
        let root = hex::decode(lines.next()?.strip_prefix("root ")?)?;
        let chain = hex::decode(lines.next()?.strip_prefix("chain ")?)?;
        let open = lines.map_while(|line| line.strip_prefix("leaf ")).map(hex::decode).collect::<Option<Vec<_>>>()?;
        let is_fit = !has_open || open.len() as u64 == size % FAN as u64;
        let mark = Self { size, root, chain, open: has_open.then_some(open) };
        (is_fit && mark.encode(ledger) == text).then_some(mark)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Position;
    use crate::merkle::{Merkle, leaf};

    const LEDGER: Uuid = Uuid::from_u128(1);

    /// A folder with a sealed volume that ends where the mark wants it.
    fn sealed(last: u64, chain: Chain) -> impl Fn(u64) -> Option<VolumeSpan> {
        move |asked| {
            let last = Position::new(last).filter(|last| last.get() <= asked)?;
            Some(VolumeSpan { first: Position::FIRST, last, chain })
        }
    }

    fn leaves(count: u64) -> Vec<Hash> {
        (0..count).map(|n| leaf(&n.to_le_bytes())).collect()
    }

    fn root(leaves: &[Hash]) -> Hash {
        let mut merkle = Merkle::default();
        leaves.iter().for_each(|&leaf| merkle.push(leaf));
        merkle.root()
    }

    fn save(tree: &Tree, all: &[Hash], size: u64, chain: Chain) -> Result<(), TreeError> {
        tree.save(size, &chain, &|from, count| Ok(all[index(from)..][..count].to_vec()))
    }

    /// Around every border of the files, in steps that do not fit them, with openings between.
    #[test]
    fn every_root_is_the_one_that_all_leaves_give() {
        let folder = tempfile::tempdir().unwrap();
        let all = leaves(70_000);
        let mut tree = Tree::open(folder.path(), LEDGER, |_| None);
        let mut merkle = Merkle::default();
        for (at, part) in all.chunks(997).enumerate() {
            tree.extend(at as u64 * 997, part).unwrap();
            part.iter().for_each(|&leaf| merkle.push(leaf));
            assert_eq!(tree.root(), (merkle.leaves(), merkle.root()));
            if at % 10 == 3 {
                save(&tree, &all, merkle.leaves(), [7; 32]).unwrap();
                tree = Tree::open(folder.path(), LEDGER, sealed(merkle.leaves(), [7; 32]));
                assert_eq!(tree.root(), (merkle.leaves(), merkle.root()));
            }
        }
        for size in [0, 1, 2, 3, 255, 256, 257, 511, 512, 1023, 65_535, 65_536, 65_537, 70_000_u64] {
            let found = tree.range(0, size, &|from, count| Ok(all[index(from)..][..count].to_vec())).unwrap();
            assert_eq!(found, root(&all[..index(size)]), "{size} leaves");
        }
    }

    #[test]
    fn after_a_sync_that_failed_what_was_durable_before_counts_alone() {
        let folder = tempfile::tempdir().unwrap();
        let all = leaves(600);
        let tree = Tree::open(folder.path(), LEDGER, |_| None);
        tree.extend(0, &all[..300]).unwrap();
        save(&tree, &all, 300, [7; 32]).unwrap();
        tree.extend(300, &all[300..500]).unwrap();
        // A pipe cannot be synced.
        let (pipe, _other) = io::pipe().unwrap();
        tree.grown().files.push(File::from(std::os::fd::OwnedFd::from(pipe)));
        assert!(save(&tree, &all, 500, [8; 32]).is_err());
        assert_eq!((tree.size(), tree.root()), (300, (300, root(&all[..300]))));
        tree.extend(300, &all[300..]).unwrap();
        save(&tree, &all, 600, [9; 32]).unwrap();
        assert_eq!(tree.root(), (600, root(&all)));
        assert_eq!(Tree::open(folder.path(), LEDGER, sealed(600, [9; 32])).size(), 600);
    }

    #[test]
    fn what_it_has_is_passed_over_and_a_gap_is_not_taken() {
        let folder = tempfile::tempdir().unwrap();
        let all = leaves(600);
        let tree = Tree::open(folder.path(), LEDGER, |_| None);
        tree.extend(10, &all[10..20]).unwrap();
        assert_eq!(tree.size(), 0);
        tree.extend(0, &all[..300]).unwrap();
        tree.extend(0, &all[..200]).unwrap();
        tree.extend(150, &all[150..]).unwrap();
        assert_eq!(tree.root(), (600, root(&all)));
    }

    #[test]
    fn what_is_not_durable_does_not_fit_or_is_beyond_the_sealed_volumes_is_made_again() {
        let folder = tempfile::tempdir().unwrap();
        let all = leaves(1000);
        let tree = Tree::open(folder.path(), LEDGER, |_| None);
        tree.extend(0, &all).unwrap();
        save(&tree, &all, 700, [7; 32]).unwrap();
        let opened = |ledger, end, chain| Tree::open(folder.path(), ledger, sealed(end, chain));
        assert_eq!(opened(LEDGER, 700, [7; 32]).root(), (700, root(&all[..700])));
        assert_eq!(opened(LEDGER, 699, [7; 32]).size(), 0, "beyond what is sealed");
        assert_eq!(opened(LEDGER, 700, [8; 32]).size(), 0, "other records");
        assert_eq!(opened(Uuid::from_u128(2), 700, [7; 32]).size(), 0, "another ledger's");
        let level = level_path(&super::folder(folder.path()), 0);
        let mut bytes = fs::read(&level).unwrap();
        bytes[32] ^= 1;
        fs::write(&level, bytes).unwrap();
        let again = opened(LEDGER, 700, [7; 32]);
        assert_eq!(again.size(), 0, "damaged");
        again.extend(0, &all).unwrap();
        assert_eq!(again.root(), (1000, root(&all)));
    }
}
