//! System calls that would otherwise come back to this library, and small helpers over the ones that would not.

use libc::{c_int, c_long, c_uint};
use std::ffi::{CStr, CString};
use std::fmt::Display;

/// Says why and ends the process: a disk whose model is broken must not let a test pass.
pub(crate) fn give_up(what: impl Display) -> ! {
    let text = format!("daybook-testkit-disk: {what}: {}\n", std::io::Error::last_os_error());
    // SAFETY: the buffer outlives the call; `write` by number is the kernel's own.
    unsafe {
        libc::syscall(libc::SYS_write, 2, text.as_ptr(), text.len());
        libc::abort()
    }
}

pub(crate) fn errno() -> c_int {
    // SAFETY: a thread's errno location is always valid.
    unsafe { *libc::__errno_location() }
}

pub(crate) fn set_errno(value: c_int) {
    // SAFETY: as above.
    unsafe { *libc::__errno_location() = value }
}

/// What system calls return fits the type that the C function has.
pub(crate) fn int(value: c_long) -> c_int {
    c_int::try_from(value).unwrap_or(-1)
}

pub(crate) fn openat(dir: c_int, path: &CStr, flags: c_int, mode: c_uint) -> c_int {
    // SAFETY: `path` ends in NUL.
    int(unsafe { libc::syscall(libc::SYS_openat, dir, path.as_ptr(), flags | libc::O_LARGEFILE, mode) })
}

/// An open descriptor of the library's own, closed when dropped.
pub(crate) struct Own(c_int);

impl Own {
    pub(crate) fn open(path: &str, flags: c_int) -> Option<Own> {
        let fd = openat(libc::AT_FDCWD, &c(path), flags | libc::O_CLOEXEC, 0o600);
        (fd >= 0).then_some(Own(fd))
    }

    /// A descriptor for the same file with other access, also when it has no name any more.
    pub(crate) fn again(fd: c_int, flags: c_int) -> Option<Own> {
        Own::open(&format!("/proc/self/fd/{fd}"), flags)
    }

    pub(crate) fn at(dir: c_int, path: &CStr, flags: c_int) -> Option<Own> {
        let fd = openat(dir, path, flags | libc::O_CLOEXEC, 0);
        (fd >= 0).then_some(Own(fd))
    }

    pub(crate) fn fd(&self) -> c_int {
        self.0
    }

    /// Writes all of `bytes` at `offset`, or gives up.
    pub(crate) fn put(&self, mut bytes: &[u8], mut offset: u64) {
        while !bytes.is_empty() {
            // SAFETY: the pointer and length are those of a live slice.
            let n = unsafe { libc::syscall(libc::SYS_pwrite64, self.0, bytes.as_ptr(), bytes.len(), offset) };
            match usize::try_from(n) {
                Ok(n) if n > 0 => {
                    bytes = &bytes[n..];
                    offset += n as u64;
                }
                _ => give_up("cannot write to the platter"),
            }
        }
    }

    /// Appends `bytes` in one call, so that a kill leaves all or nothing. The descriptor must be O_APPEND.
    pub(crate) fn append(&self, bytes: &[u8]) {
        // SAFETY: as in `put`.
        let n = unsafe { libc::syscall(libc::SYS_write, self.0, bytes.as_ptr(), bytes.len()) };
        if usize::try_from(n) != Ok(bytes.len()) {
            give_up("cannot append to the platter's names");
        }
    }

    /// Reads until `buffer` is full or the file ends; returns how many bytes came.
    pub(crate) fn get(&self, buffer: &mut [u8], offset: u64) -> usize {
        let mut done = 0;
        while done < buffer.len() {
            let rest = &mut buffer[done..];
            // SAFETY: `rest` is a live buffer of that length; `pread` is not among the calls stood in for.
            let n = unsafe {
                libc::pread64(self.0, rest.as_mut_ptr().cast(), rest.len(), (offset + done as u64).cast_signed())
            };
            match usize::try_from(n) {
                Ok(0) => break,
                Ok(n) => done += n,
                Err(_) => give_up("cannot read back a file below the root"),
            }
        }
        done
    }

    pub(crate) fn set_len(&self, len: u64) {
        // SAFETY: plain numbers.
        if unsafe { libc::syscall(libc::SYS_ftruncate, self.0, len) } != 0 {
            give_up("cannot set a length on the platter");
        }
    }

    pub(crate) fn len(&self) -> u64 {
        stat(self.0).map_or(0, |s| s.st_size.cast_unsigned())
    }
}

impl Drop for Own {
    fn drop(&mut self) {
        // SAFETY: the descriptor is this value's own; `close` is not among the calls stood in for.
        unsafe { libc::close(self.0) };
    }
}

pub(crate) fn stat(fd: c_int) -> Option<libc::stat64> {
    // SAFETY: a zeroed `stat64` is a valid one, and the kernel fills it.
    let mut stat: libc::stat64 = unsafe { std::mem::zeroed() };
    // SAFETY: `stat` is writable for the call.
    (unsafe { libc::fstat64(fd, &raw mut stat) } == 0).then_some(stat)
}

pub(crate) fn stat_at(dir: c_int, name: &CStr) -> Option<libc::stat64> {
    // SAFETY: as in `stat`; `name` ends in NUL.
    let mut stat: libc::stat64 = unsafe { std::mem::zeroed() };
    // SAFETY: as above.
    (unsafe { libc::fstatat64(dir, name.as_ptr(), &raw mut stat, libc::AT_SYMLINK_NOFOLLOW) } == 0).then_some(stat)
}

pub(crate) fn is_dir(stat: &libc::stat64) -> bool {
    stat.st_mode & libc::S_IFMT == libc::S_IFDIR
}

pub(crate) fn is_file(stat: &libc::stat64) -> bool {
    stat.st_mode & libc::S_IFMT == libc::S_IFREG
}

/// The path that a descriptor was opened under, without symbolic links.
pub(crate) fn path_of(fd: c_int) -> Option<Vec<u8>> {
    let link = c(&format!("/proc/self/fd/{fd}"));
    let mut buffer = [0_u8; 4096];
    // SAFETY: `buffer` is writable for that length.
    let n = unsafe { libc::readlink(link.as_ptr(), buffer.as_mut_ptr().cast(), buffer.len()) };
    Some(buffer[..usize::try_from(n).ok()?].to_vec())
}

pub(crate) fn c(text: &str) -> CString {
    CString::new(text).unwrap_or_else(|_| give_up("a path holds NUL"))
}
