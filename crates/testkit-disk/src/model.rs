//! The platter: which bytes and which names survive.

use crate::control::Control;
use crate::layout::{BLOCK, ENV_PLATTER, ENV_ROOT, SECTOR, word};
use crate::place::{Place, below};
use crate::raw::{self, Own, give_up};
use libc::c_int;
use std::collections::BTreeSet;
use std::fmt::Write;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

pub(crate) struct Disk {
    pub(crate) root: Vec<u8>,
    pub(crate) control: Control,
    device: u64,
    platter: String,
    inner: Mutex<Inner>,
}

struct Inner {
    /// Inode numbers of files opened below the root. Removed files stay in the attic, so no number comes twice.
    known: BTreeSet<u64>,
    random: u64,
}

/// The one disk of this process; `None` when the environment names none, and then every call goes straight through.
pub(crate) fn disk() -> Option<&'static Disk> {
    static DISK: OnceLock<Option<Disk>> = OnceLock::new();
    DISK.get_or_init(|| {
        // The usual report would come back here through `write` and wait for a lock that its own thread holds.
        std::panic::set_hook(Box::new(|panic| give_up(panic)));
        let (root, platter) = (std::env::var(ENV_ROOT).ok()?, std::env::var(ENV_PLATTER).ok()?);
        let folder =
            Own::open(&root, libc::O_PATH | libc::O_DIRECTORY).unwrap_or_else(|| give_up("cannot open the root"));
        let device = raw::stat(folder.fd()).map_or(0, |s| s.st_dev);
        let root = raw::path_of(folder.fd()).unwrap_or_else(|| give_up("cannot resolve the root"));
        let control = Control::map(&format!("{platter}/control"));
        let inner = Mutex::new(Inner { known: BTreeSet::new(), random: u64::from(std::process::id()) | 1 });
        Some(Disk { root, control, device, platter, inner })
    })
    .as_ref()
}

impl Disk {
    /// One call at a time changes files below the root.
    pub(crate) fn lock(&'static self) -> Locked {
        Locked { disk: self, inner: self.inner.lock().unwrap_or_else(PoisonError::into_inner) }
    }

    pub(crate) fn holds_folder(&self, fd: c_int) -> bool {
        raw::path_of(fd).is_some_and(|path| below(&self.root, &path))
    }

    fn part(&self, folder: &str, ino: u64) -> String {
        format!("{}/{folder}/{ino}", self.platter)
    }

    fn names(&self) -> Own {
        let path = format!("{}/names", self.platter);
        Own::open(&path, libc::O_WRONLY | libc::O_CREAT | libc::O_APPEND)
            .unwrap_or_else(|| give_up("cannot open the names"))
    }
}

pub(crate) struct Locked {
    disk: &'static Disk,
    inner: MutexGuard<'static, Inner>,
}

impl Locked {
    pub(crate) fn learn(&mut self, ino: u64) {
        self.inner.known.insert(ino);
    }

    /// The file behind `fd` if it was opened below the root.
    pub(crate) fn file(&self, fd: c_int) -> Option<libc::stat64> {
        raw::stat(fd)
            .filter(|s| raw::is_file(s) && s.st_dev == self.disk.device && self.inner.known.contains(&s.st_ino))
    }

    /// Notes bytes as not durable. Called before they change, so that a kill in between forgets no change.
    pub(crate) fn mark(&self, ino: u64, from: u64, len: u64) {
        if len == 0 {
            return;
        }
        let dirty = Own::open(&self.disk.part("dirty", ino), libc::O_WRONLY | libc::O_CREAT);
        let dirty = dirty.unwrap_or_else(|| give_up("cannot open a dirty map"));
        let (first, last) = (from / SECTOR, (from + len - 1) / SECTOR);
        dirty.put(&vec![1; (last - first + 1) as usize], first);
    }

    /// A failed sync: the pages count as clean from now on, though they never reached the platter.
    pub(crate) fn forget(&self, ino: u64) {
        if let Some(dirty) = Own::open(&self.disk.part("dirty", ino), libc::O_WRONLY) {
            dirty.set_len(0);
        }
    }

    /// fsync or fdatasync of a file: its dirty bytes and its length. `half` stops midway.
    pub(crate) fn sync_file(&self, fd: c_int, stat: &libc::stat64, half: bool) {
        let dirty = Own::open(&self.disk.part("dirty", stat.st_ino), libc::O_RDWR);
        let map = dirty.as_ref().map_or_else(Vec::new, |dirty| {
            let mut map = vec![0; dirty.len() as usize];
            dirty.get(&mut map, 0);
            map
        });
        let (from, to) = self.sides(fd, stat);
        let mut rest = map.iter().filter(|b| **b != 0).count();
        if half {
            rest = rest.div_ceil(2);
        }
        let mut sector = 0;
        while sector < map.len() && rest > 0 {
            let run = map[sector..].iter().take(rest).take_while(|b| **b != 0).count();
            copy(&from, &to, sector as u64 * SECTOR, run as u64 * SECTOR);
            rest -= run;
            sector += run.max(1);
        }
        if half {
            return;
        }
        to.set_len(stat.st_size.cast_unsigned());
        if let Some(dirty) = dirty {
            dirty.set_len(0);
        }
    }

    /// Now and then, as the control file says, a write reaches the platter although nobody asked.
    pub(crate) fn write_back(&mut self, fd: c_int, from: u64, len: u64) {
        let per_mille = self.disk.control.writeback();
        if per_mille == 0 || len == 0 {
            return;
        }
        for shift in [13, -7, 17] {
            let x = self.inner.random;
            self.inner.random ^= if shift < 0 { x >> -shift } else { x << shift };
        }
        if self.inner.random % 1000 < per_mille
            && let Some(stat) = raw::stat(fd)
        {
            let (real, platter) = self.sides(fd, &stat);
            let first = from / SECTOR * SECTOR;
            copy(&real, &platter, first, from + len - first);
        }
    }

    /// The real file for reading and its durable side for writing.
    fn sides(&self, fd: c_int, stat: &libc::stat64) -> (Own, Own) {
        let real = Own::again(fd, libc::O_RDONLY).unwrap_or_else(|| give_up("cannot reopen a file below the root"));
        let platter = Own::open(&self.disk.part("data", stat.st_ino), libc::O_WRONLY | libc::O_CREAT);
        let platter = platter.unwrap_or_else(|| give_up("cannot open a file's durable side"));
        // SAFETY: plain numbers. The mode travels along, as who may read a file can matter to its owner.
        unsafe { libc::fchmod(platter.fd(), stat.st_mode & 0o777 | 0o600) };
        (real, platter)
    }

    /// fsync of a folder: its names as they are now.
    pub(crate) fn sync_folder(&self, fd: c_int, ino: u64) {
        let mut text = format!("log {}\n", self.disk.names().len());
        for (name, kind, ino) in entries(fd) {
            let _ = writeln!(text, "{kind} {ino} {name}");
        }
        let path = self.disk.part("dirs", ino);
        let fresh = format!("{path}.new");
        let file = Own::open(&fresh, libc::O_WRONLY | libc::O_CREAT | libc::O_TRUNC);
        file.unwrap_or_else(|| give_up("cannot write a folder's durable names")).put(text.as_bytes(), 0);
        let (fresh, path) = (raw::c(&fresh), raw::c(&path));
        // SAFETY: both paths end in NUL.
        let done = unsafe {
            libc::syscall(libc::SYS_renameat2, libc::AT_FDCWD, fresh.as_ptr(), libc::AT_FDCWD, path.as_ptr(), 0)
        };
        if done != 0 {
            give_up("cannot put a folder's durable names in place");
        }
    }

    pub(crate) fn created(&self, place: &Place, stat: &libc::stat64) {
        self.log(format!("c {} {} {} {}\n", place.folder_ino, kind(stat), stat.st_ino, name(place)));
    }

    pub(crate) fn removed(&self, place: &Place) {
        self.log(format!("u {} {}\n", place.folder_ino, name(place)));
    }

    pub(crate) fn renamed(&self, old: &Place, new: &Place, stat: &libc::stat64) {
        // Neither name may hold a slash, so it parts them.
        let names = format!("{}/{}", name(old), name(new));
        self.log(format!("r {} {} {} {} {names}\n", old.folder_ino, new.folder_ino, kind(stat), stat.st_ino));
    }

    fn log(&self, line: String) {
        self.disk.names().append(line.as_bytes());
    }

    /// Links a file that is about to lose a name into the attic.
    pub(crate) fn keep(&self, place: &Place, ino: u64) {
        let attic = raw::c(&self.disk.part("attic", ino));
        // SAFETY: both paths end in NUL.
        let done = unsafe {
            libc::syscall(libc::SYS_linkat, place.folder.fd(), place.name.as_ptr(), libc::AT_FDCWD, attic.as_ptr(), 0)
        };
        if done != 0 && raw::errno() != libc::EEXIST {
            give_up("cannot keep a file that is being removed (are root and platter on one file system?)");
        }
    }

    /// Moves an empty folder into the attic instead of removing it. Returns what rmdir would, with errno set.
    pub(crate) fn retire_folder(&self, place: &Place, ino: u64) -> c_int {
        let folder = Own::at(place.folder.fd(), &place.name, libc::O_RDONLY | libc::O_DIRECTORY);
        if folder.is_some_and(|folder| !entries(folder.fd()).is_empty()) {
            raw::set_errno(libc::ENOTEMPTY);
            return -1;
        }
        let attic = raw::c(&self.disk.part("attic", ino));
        // SAFETY: both paths end in NUL.
        raw::int(unsafe {
            libc::syscall(
                libc::SYS_renameat2,
                place.folder.fd(),
                place.name.as_ptr(),
                libc::AT_FDCWD,
                attic.as_ptr(),
                0,
            )
        })
    }

    /// How many of `len` bytes at `from` can be written with the room that is left; takes that room.
    pub(crate) fn fit(&self, fd: c_int, from: u64, len: u64) -> u64 {
        let Some(room) = self.disk.control.room() else {
            return len;
        };
        let probe = Own::again(fd, libc::O_RDONLY).unwrap_or_else(|| give_up("cannot reopen a file below the root"));
        let mut taken = 0;
        for block in from / BLOCK..(from + len).div_ceil(BLOCK) {
            if has_data(&probe, block * BLOCK) {
                continue;
            }
            if taken + BLOCK > room {
                self.disk.control.take_room(taken);
                return (block * BLOCK).saturating_sub(from);
            }
            taken += BLOCK;
        }
        self.disk.control.take_room(taken);
        len
    }

    pub(crate) fn no_space(&self) -> c_int {
        self.disk.control.count(word::ENOSPC);
        raw::set_errno(libc::ENOSPC);
        -1
    }
}

/// Is the block at `at` on disk already? Blocks that were allocated but never written (fallocate) count as absent
/// where the file system reports them as holes.
fn has_data(file: &Own, at: u64) -> bool {
    // SAFETY: plain numbers; the offset moved is that of a descriptor nobody else has.
    unsafe { libc::lseek64(file.fd(), at.cast_signed(), libc::SEEK_DATA) == at.cast_signed() }
}

fn copy(from: &Own, to: &Own, mut at: u64, mut len: u64) {
    let mut buffer = vec![0; usize::try_from(len.min(1 << 16)).unwrap_or(1 << 16)];
    while len > 0 {
        let want = usize::try_from(len.min(buffer.len() as u64)).unwrap_or(buffer.len());
        let n = from.get(&mut buffer[..want], at);
        to.put(&buffer[..n], at);
        if n < want {
            return;
        }
        at += n as u64;
        len -= n as u64;
    }
}

fn kind(stat: &libc::stat64) -> char {
    if raw::is_dir(stat) { 'd' } else { 'f' }
}

fn name(place: &Place) -> &str {
    plain(place.name.to_bytes())
}

fn plain(name: &[u8]) -> &str {
    match std::str::from_utf8(name) {
        Ok(name) if !name.contains('\n') => name,
        _ => give_up("file names below the root must be UTF-8 on one line"),
    }
}

/// Files and folders in the folder behind `fd`. Sockets and the like do not survive and are left out.
fn entries(fd: c_int) -> Vec<(String, char, u64)> {
    let folder = Own::at(fd, c".", libc::O_RDONLY | libc::O_DIRECTORY);
    let folder = folder.unwrap_or_else(|| give_up("cannot list a folder below the root"));
    let mut found = Vec::new();
    let mut buffer = vec![0_u8; 1 << 16];
    loop {
        // SAFETY: `buffer` is writable for that length.
        let n = unsafe { libc::syscall(libc::SYS_getdents64, folder.fd(), buffer.as_mut_ptr(), buffer.len()) };
        let n = usize::try_from(n).unwrap_or_else(|_| give_up("cannot list a folder below the root"));
        if n == 0 {
            return found;
        }
        // struct linux_dirent64: u64 inode, i64 offset, u16 record length, u8 type, name ending in NUL.
        let mut rest = &buffer[..n];
        while let Some((length, name)) = rest.get(16..18).zip(rest.get(19..)) {
            let length = usize::from(u16::from_ne_bytes([length[0], length[1]]));
            let name = &name[..name.iter().position(|b| *b == 0).unwrap_or(0)];
            rest = &rest[length..];
            if name == b"." || name == b".." {
                continue;
            }
            let name = plain(name);
            if let Some(stat) = raw::stat_at(folder.fd(), &raw::c(name))
                && (raw::is_dir(&stat) || raw::is_file(&stat))
            {
                found.push((name.to_owned(), kind(&stat), stat.st_ino));
            }
        }
    }
}
