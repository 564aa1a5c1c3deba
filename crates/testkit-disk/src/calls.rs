//! The C library's calls that programs meet instead of the real ones.
//!
//! Pointers come from the program under test and are handed on as they are: what was valid for the C library is valid
//! here. `open` is variadic in C; on Linux' calling conventions a third integer argument arrives all the same.
#![allow(clippy::undocumented_unsafe_blocks, reason = "every block passes on what the caller vouched for")]

use crate::layout::word;
use crate::model::{Disk, disk};
use crate::place::Place;
use crate::raw::{self, errno, give_up, int, set_errno};
use libc::{AT_FDCWD, c_char, c_int, c_uint, c_void, iovec, mode_t, off64_t, size_t, ssize_t};
use std::ffi::CStr;

/// Exports C functions that hand their arguments to one of the functions here.
macro_rules! stand_in {
    ($(fn $name:ident($($argument:ident: $type:ty),*) -> $result:ty = $body:expr;)*) => {
        $(
            #[unsafe(no_mangle)]
            pub(crate) unsafe extern "C" fn $name($($argument: $type),*) -> $result {
                $body
            }
        )*
    };
}

fn kill_self() -> ! {
    unsafe { libc::kill(libc::getpid(), libc::SIGKILL) };
    loop {
        std::hint::spin_loop();
    }
}

fn find(dir: c_int, path: *const c_char) -> Option<(&'static Disk, Place)> {
    let disk = disk()?;
    if path.is_null() {
        return None;
    }
    Some((disk, Place::find(&disk.root, dir, unsafe { CStr::from_ptr(path) })?))
}

/// Whether this call is to fail, with errno set.
fn struck(disk: &Disk, takes_room: bool) -> bool {
    let error = disk.control.strikes(takes_room);
    if let Some(error) = error {
        set_errno(error);
    }
    error.is_some()
}

// ---- opening

fn open_common(dir: c_int, path: *const c_char, flags: c_int, mode: mode_t) -> c_int {
    let makes = flags & libc::O_CREAT != 0 || flags & libc::O_TMPFILE == libc::O_TMPFILE;
    let open = || {
        int(unsafe {
            libc::syscall(libc::SYS_openat, dir, path, flags | libc::O_LARGEFILE, if makes { mode } else { 0 })
        })
    };
    let Some((disk, place)) = find(dir, path) else {
        return open();
    };
    let mut locked = disk.lock();
    let before = place.stat();
    if before.is_none() && flags & libc::O_CREAT != 0 && struck(disk, true) {
        return -1;
    }
    if flags & libc::O_TRUNC != 0
        && let Some(stat) = before.filter(raw::is_file)
    {
        locked.mark(stat.st_ino, 0, stat.st_size.cast_unsigned());
    }
    let fd = open();
    let error = errno();
    if fd >= 0
        && let Some(stat) = raw::stat(fd).filter(raw::is_file)
    {
        locked.learn(stat.st_ino);
        if before.is_none() && flags & libc::O_CREAT != 0 {
            locked.created(&place, &stat);
        }
    }
    set_errno(error);
    fd
}

stand_in! {
    fn open(path: *const c_char, flags: c_int, mode: mode_t) -> c_int = open_common(AT_FDCWD, path, flags, mode);
    fn open64(path: *const c_char, flags: c_int, mode: mode_t) -> c_int = open_common(AT_FDCWD, path, flags, mode);
    fn openat(dir: c_int, path: *const c_char, flags: c_int, mode: mode_t) -> c_int = open_common(dir, path, flags, mode);
    fn openat64(dir: c_int, path: *const c_char, flags: c_int, mode: mode_t) -> c_int = open_common(dir, path, flags, mode);
    fn creat(path: *const c_char, mode: mode_t) -> c_int = open_common(AT_FDCWD, path, libc::O_CREAT | libc::O_WRONLY | libc::O_TRUNC, mode);
}

// ---- writing

fn raw_write(fd: c_int, parts: &[iovec], at: Option<off64_t>) -> ssize_t {
    // Every caller's count is an int or one.
    let count = parts.len();
    let n = match at {
        None => unsafe { libc::syscall(libc::SYS_writev, fd, parts.as_ptr(), count) },
        Some(at) => unsafe { libc::syscall(libc::SYS_pwritev, fd, parts.as_ptr(), count, at, 0) },
    };
    n as ssize_t
}

/// The first `len` bytes of `parts`.
fn head(parts: &[iovec], mut len: usize) -> Vec<iovec> {
    let mut kept = Vec::with_capacity(parts.len());
    for part in parts {
        let take = part.iov_len.min(len);
        kept.push(iovec { iov_base: part.iov_base, iov_len: take });
        len -= take;
    }
    kept
}

fn write_common(fd: c_int, parts: &[iovec], at: Option<off64_t>) -> ssize_t {
    let Some(disk) = disk() else {
        return raw_write(fd, parts, at);
    };
    let mut locked = disk.lock();
    let Some(stat) = locked.file(fd) else {
        drop(locked);
        return raw_write(fd, parts, at);
    };
    disk.control.count(word::WRITES);
    if struck(disk, true) {
        return -1;
    }
    let appends = unsafe { libc::fcntl(fd, libc::F_GETFL) } & libc::O_APPEND != 0;
    let start = match at {
        _ if appends => stat.st_size,
        Some(at) => at,
        None => unsafe { libc::lseek64(fd, 0, libc::SEEK_CUR) },
    };
    let start = start.cast_unsigned();
    let asked: usize = parts.iter().map(|part| part.iov_len).sum();
    let mut len = locked.fit(fd, start, asked as u64) as usize;
    if len == 0 && asked > 0 {
        return locked.no_space() as ssize_t;
    }
    let kill = disk.control.fires(word::KILL_WRITE);
    if kill {
        len /= 2;
    }
    locked.mark(stat.st_ino, start, len as u64);
    let n = raw_write(fd, &head(parts, len), at);
    if kill {
        kill_self();
    }
    let error = errno();
    locked.write_back(fd, start, u64::try_from(n).unwrap_or(0));
    set_errno(error);
    n
}

fn one(buffer: *const c_void, len: size_t) -> [iovec; 1] {
    [iovec { iov_base: buffer.cast_mut(), iov_len: len }]
}

unsafe fn many<'a>(parts: *const iovec, count: c_int) -> &'a [iovec] {
    match usize::try_from(count) {
        Ok(count) if count > 0 && !parts.is_null() => unsafe { std::slice::from_raw_parts(parts, count) },
        _ => &[],
    }
}

stand_in! {
    fn write(fd: c_int, buffer: *const c_void, len: size_t) -> ssize_t = write_common(fd, &one(buffer, len), None);
    fn pwrite(fd: c_int, buffer: *const c_void, len: size_t, at: off64_t) -> ssize_t = write_common(fd, &one(buffer, len), Some(at));
    fn pwrite64(fd: c_int, buffer: *const c_void, len: size_t, at: off64_t) -> ssize_t = write_common(fd, &one(buffer, len), Some(at));
    fn writev(fd: c_int, parts: *const iovec, count: c_int) -> ssize_t = write_common(fd, unsafe { many(parts, count) }, None);
    fn pwritev(fd: c_int, parts: *const iovec, count: c_int, at: off64_t) -> ssize_t = write_common(fd, unsafe { many(parts, count) }, Some(at));
    fn pwritev64(fd: c_int, parts: *const iovec, count: c_int, at: off64_t) -> ssize_t = write_common(fd, unsafe { many(parts, count) }, Some(at));
}

/// Is `fd` a file below the root? Copies inside the kernel into such a file are refused the way the kernel refuses
/// them between file systems; programs then read and write, which is seen.
fn is_ours(fd: c_int) -> bool {
    disk().is_some_and(|disk| disk.lock().file(fd).is_some())
}

#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn copy_file_range(
    from: c_int,
    at: *mut off64_t,
    to: c_int,
    to_at: *mut off64_t,
    len: size_t,
    flags: c_uint,
) -> ssize_t {
    if is_ours(to) {
        set_errno(libc::EXDEV);
        return -1;
    }
    unsafe { libc::syscall(libc::SYS_copy_file_range, from, at, to, to_at, len, flags) as ssize_t }
}

fn sendfile_common(to: c_int, from: c_int, at: *mut off64_t, len: size_t) -> ssize_t {
    if is_ours(to) {
        set_errno(libc::EINVAL);
        return -1;
    }
    unsafe { libc::syscall(libc::SYS_sendfile, to, from, at, len) as ssize_t }
}

stand_in! {
    fn sendfile(to: c_int, from: c_int, at: *mut off64_t, len: size_t) -> ssize_t = sendfile_common(to, from, at, len);
    fn sendfile64(to: c_int, from: c_int, at: *mut off64_t, len: size_t) -> ssize_t = sendfile_common(to, from, at, len);
}

#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn splice(
    from: c_int,
    at: *mut off64_t,
    to: c_int,
    to_at: *mut off64_t,
    len: size_t,
    flags: c_uint,
) -> ssize_t {
    if is_ours(to) {
        set_errno(libc::EINVAL);
        return -1;
    }
    unsafe { libc::syscall(libc::SYS_splice, from, at, to, to_at, len, flags) as ssize_t }
}

// ---- length and space

fn truncate_common(fd: c_int, len: off64_t) -> c_int {
    let truncate = || int(unsafe { libc::syscall(libc::SYS_ftruncate, fd, len) });
    let Some(disk) = disk() else {
        return truncate();
    };
    let locked = disk.lock();
    if let Some(stat) = locked.file(fd)
        && len < stat.st_size
    {
        if struck(disk, false) {
            return -1;
        }
        locked.mark(stat.st_ino, len.cast_unsigned(), stat.st_size.cast_unsigned() - len.cast_unsigned());
    }
    truncate()
}

stand_in! {
    fn ftruncate(fd: c_int, len: off64_t) -> c_int = truncate_common(fd, len);
    fn ftruncate64(fd: c_int, len: off64_t) -> c_int = truncate_common(fd, len);
}

fn allocate_common(fd: c_int, mode: c_int, at: off64_t, len: off64_t) -> c_int {
    let allocate = || int(unsafe { libc::syscall(libc::SYS_fallocate, fd, mode, at, len) });
    let Some(disk) = disk() else {
        return allocate();
    };
    let locked = disk.lock();
    let Some(stat) = locked.file(fd).filter(|_| at >= 0 && len > 0) else {
        return allocate();
    };
    if struck(disk, true) {
        return -1;
    }
    let (at, len) = (at.cast_unsigned(), len.cast_unsigned());
    if mode & !libc::FALLOC_FL_KEEP_SIZE == 0 {
        if locked.fit(fd, at, len) < len {
            return locked.no_space();
        }
    } else {
        // Punching and zeroing change bytes; to the end covers what collapsing and inserting move.
        locked.mark(stat.st_ino, at, stat.st_size.cast_unsigned().max(at + len) - at);
    }
    allocate()
}

stand_in! {
    fn fallocate(fd: c_int, mode: c_int, at: off64_t, len: off64_t) -> c_int = allocate_common(fd, mode, at, len);
    fn fallocate64(fd: c_int, mode: c_int, at: off64_t, len: off64_t) -> c_int = allocate_common(fd, mode, at, len);
}

/// The POSIX forms return the error instead of setting errno.
fn posix_allocate(fd: c_int, at: off64_t, len: off64_t) -> c_int {
    if allocate_common(fd, 0, at, len) == 0 { 0 } else { errno() }
}

stand_in! {
    fn posix_fallocate(fd: c_int, at: off64_t, len: off64_t) -> c_int = posix_allocate(fd, at, len);
    fn posix_fallocate64(fd: c_int, at: off64_t, len: off64_t) -> c_int = posix_allocate(fd, at, len);
}

// ---- names

fn rename_common(old_dir: c_int, old: *const c_char, new_dir: c_int, new: *const c_char, flags: c_uint) -> c_int {
    let rename = || int(unsafe { libc::syscall(libc::SYS_renameat2, old_dir, old, new_dir, new, flags) });
    let (from, to) = (find(old_dir, old), find(new_dir, new));
    let Some(disk) = from.as_ref().or(to.as_ref()).map(|(disk, _)| *disk) else {
        return rename();
    };
    let (from, to) = (from.map(|(_, place)| place), to.map(|(_, place)| place));
    let mut locked = disk.lock();
    let moved = from.as_ref().and_then(Place::stat);
    if flags & libc::RENAME_EXCHANGE != 0 || (moved.as_ref().is_some_and(raw::is_dir) && to.is_none()) {
        give_up("exchanging names and moving folders out of the root are not modelled");
    }
    if struck(disk, true) {
        return -1;
    }
    if flags & libc::RENAME_NOREPLACE == 0
        && let Some(to) = &to
        && let Some(replaced) = to.stat()
    {
        if raw::is_dir(&replaced) {
            give_up("renaming over a folder is not modelled");
        }
        locked.keep(to, replaced.st_ino);
    }
    if let (Some(from), None, Some(stat)) = (&from, &to, &moved) {
        locked.keep(from, stat.st_ino);
    }
    let done = rename();
    let error = errno();
    if done == 0 {
        match (&from, &to) {
            (Some(from), Some(to)) => {
                if let Some(stat) = to.stat() {
                    locked.renamed(from, to, &stat);
                }
            }
            (Some(from), None) => locked.removed(from),
            (None, Some(to)) => {
                if let Some(stat) = to.stat() {
                    if raw::is_dir(&stat) {
                        give_up("moving folders into the root is not modelled");
                    }
                    locked.learn(stat.st_ino);
                    locked.mark(stat.st_ino, 0, stat.st_size.cast_unsigned());
                    locked.created(to, &stat);
                }
            }
            (None, None) => {}
        }
    }
    set_errno(error);
    done
}

stand_in! {
    fn rename(old: *const c_char, new: *const c_char) -> c_int = rename_common(AT_FDCWD, old, AT_FDCWD, new, 0);
    fn renameat(old_dir: c_int, old: *const c_char, new_dir: c_int, new: *const c_char) -> c_int = rename_common(old_dir, old, new_dir, new, 0);
    fn renameat2(old_dir: c_int, old: *const c_char, new_dir: c_int, new: *const c_char, flags: c_uint) -> c_int = rename_common(old_dir, old, new_dir, new, flags);
}

fn link_common(old_dir: c_int, old: *const c_char, new_dir: c_int, new: *const c_char, flags: c_int) -> c_int {
    let link = || int(unsafe { libc::syscall(libc::SYS_linkat, old_dir, old, new_dir, new, flags) });
    let Some((disk, place)) = find(new_dir, new) else {
        return link();
    };
    let mut locked = disk.lock();
    if struck(disk, true) {
        return -1;
    }
    let done = link();
    let error = errno();
    if done == 0
        && let Some(stat) = place.stat()
    {
        locked.learn(stat.st_ino);
        locked.created(&place, &stat);
    }
    set_errno(error);
    done
}

stand_in! {
    fn link(old: *const c_char, new: *const c_char) -> c_int = link_common(AT_FDCWD, old, AT_FDCWD, new, 0);
    fn linkat(old_dir: c_int, old: *const c_char, new_dir: c_int, new: *const c_char, flags: c_int) -> c_int = link_common(old_dir, old, new_dir, new, flags);
}

fn unlink_common(dir: c_int, path: *const c_char, flags: c_int) -> c_int {
    let unlink = || int(unsafe { libc::syscall(libc::SYS_unlinkat, dir, path, flags) });
    let Some((disk, place)) = find(dir, path) else {
        return unlink();
    };
    let locked = disk.lock();
    let stat = place.stat();
    if stat.is_some() && struck(disk, false) {
        return -1;
    }
    let done = match &stat {
        Some(stat) if raw::is_dir(stat) && flags & libc::AT_REMOVEDIR != 0 => locked.retire_folder(&place, stat.st_ino),
        Some(stat) if raw::is_file(stat) && flags & libc::AT_REMOVEDIR == 0 => {
            locked.keep(&place, stat.st_ino);
            unlink()
        }
        _ => unlink(),
    };
    let error = errno();
    if done == 0 {
        locked.removed(&place);
    }
    set_errno(error);
    done
}

stand_in! {
    fn unlink(path: *const c_char) -> c_int = unlink_common(AT_FDCWD, path, 0);
    fn unlinkat(dir: c_int, path: *const c_char, flags: c_int) -> c_int = unlink_common(dir, path, flags);
    fn rmdir(path: *const c_char) -> c_int = unlink_common(AT_FDCWD, path, libc::AT_REMOVEDIR);
}

fn mkdir_common(dir: c_int, path: *const c_char, mode: mode_t) -> c_int {
    let make = || int(unsafe { libc::syscall(libc::SYS_mkdirat, dir, path, mode) });
    let Some((disk, place)) = find(dir, path) else {
        return make();
    };
    let locked = disk.lock();
    if place.stat().is_none() && struck(disk, true) {
        return -1;
    }
    let done = make();
    let error = errno();
    if done == 0
        && let Some(stat) = place.stat()
    {
        locked.created(&place, &stat);
    }
    set_errno(error);
    done
}

stand_in! {
    fn mkdir(path: *const c_char, mode: mode_t) -> c_int = mkdir_common(AT_FDCWD, path, mode);
    fn mkdirat(dir: c_int, path: *const c_char, mode: mode_t) -> c_int = mkdir_common(dir, path, mode);
}

// ---- syncing

fn sync_common(fd: c_int, call: libc::c_long, counter: usize, eio: usize) -> c_int {
    let pass = || int(unsafe { libc::syscall(call, fd) });
    let Some(disk) = disk() else { return pass() };
    let locked = disk.lock();
    if let Some(stat) = locked.file(fd) {
        disk.control.count(counter);
        let fails = disk.control.fires(eio);
        if fails {
            disk.control.count(word::EIO);
            set_errno(libc::EIO);
        }
        if fails || struck(disk, false) {
            // What forgetting asks of the kernel says how it went, too.
            let error = errno();
            locked.forget(stat.st_ino);
            set_errno(error);
            return -1;
        }
        let kill = disk.control.fires(word::KILL_SYNC);
        locked.sync_file(fd, &stat, kill);
        if kill {
            kill_self();
        }
        return 0;
    }
    if let Some(stat) = raw::stat(fd).filter(raw::is_dir)
        && disk.holds_folder(fd)
    {
        disk.control.count(word::DIR_SYNCS);
        if struck(disk, false) {
            return -1;
        }
        let kill = disk.control.fires(word::KILL_DIR_SYNC);
        if disk.control.fires(word::KILL_SYNC) || kill {
            kill_self();
        }
        locked.sync_folder(fd, stat.st_ino);
        return 0;
    }
    drop(locked);
    pass()
}

stand_in! {
    fn fsync(fd: c_int) -> c_int = sync_common(fd, libc::SYS_fsync, word::FSYNCS, word::EIO_FSYNC);
    fn fdatasync(fd: c_int) -> c_int = sync_common(fd, libc::SYS_fdatasync, word::FDATASYNCS, word::EIO_FDATASYNC);
}

#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn sync_file_range(fd: c_int, at: off64_t, len: off64_t, flags: c_uint) -> c_int {
    if is_ours(fd) {
        if let Some(disk) = disk() {
            disk.control.count(word::RANGE_SYNCS);
            if struck(disk, false) {
                return -1;
            }
        }
        return 0;
    }
    int(unsafe { libc::syscall(libc::SYS_sync_file_range, fd, at, len, flags) })
}

// ---- the wall clock

#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn clock_gettime(clock: libc::clockid_t, at: *mut libc::timespec) -> c_int {
    let done = int(unsafe { libc::syscall(libc::SYS_clock_gettime, clock, at) });
    if done == 0
        && matches!(clock, libc::CLOCK_REALTIME | libc::CLOCK_REALTIME_COARSE)
        && let Some(disk) = disk()
    {
        unsafe { (*at).tv_sec += disk.control.clock_off() };
    }
    done
}
