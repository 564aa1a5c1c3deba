//! The control file, mapped into memory: the test changes a word, the next call sees it.

use crate::layout::{CONTROL_LEN, NO_LIMIT, word};
use crate::raw::{Own, give_up};
use libc::c_int;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

pub(crate) struct Control(&'static [AtomicU64]);

impl Control {
    pub(crate) fn map(path: &str) -> Control {
        let file = Own::open(path, libc::O_RDWR).unwrap_or_else(|| give_up("cannot open the control file"));
        if file.len() < CONTROL_LEN {
            give_up("the control file is too short");
        }
        let len = CONTROL_LEN as usize;
        // SAFETY: a shared mapping of an open file; it is never unmapped, so it may be 'static. All access is atomic.
        let at = unsafe {
            libc::mmap(std::ptr::null_mut(), len, libc::PROT_READ | libc::PROT_WRITE, libc::MAP_SHARED, file.fd(), 0)
        };
        if at == libc::MAP_FAILED {
            give_up("cannot map the control file");
        }
        // SAFETY: the mapping is page-aligned, `len` bytes long and lives as long as the process.
        Control(unsafe { std::slice::from_raw_parts(at.cast(), len / 8) })
    }

    pub(crate) fn count(&self, index: usize) {
        self.0[index].fetch_add(1, Relaxed);
    }

    /// Counts `index` down; true when it fires now.
    pub(crate) fn fires(&self, index: usize) -> bool {
        self.0[index].fetch_update(Relaxed, Relaxed, |n| n.checked_sub(1)) == Ok(1)
    }

    /// The error that a call meets instead of being done; `takes_room`: whether it could fill the disk.
    pub(crate) fn strikes(&self, takes_room: bool) -> Option<c_int> {
        self.count(word::CALLS);
        if takes_room {
            self.count(word::ROOM_CALLS);
        }
        let errno = c_int::try_from(self.0[word::FAIL_ERRNO].load(Relaxed)).unwrap_or(libc::EIO);
        if errno == libc::ENOSPC && !takes_room {
            return None;
        }
        let lasts = self.0[word::FAIL_LASTS].load(Relaxed);
        if lasts != 2 && !self.fires(word::FAIL_AT) {
            return None;
        }
        if lasts == 1 {
            self.0[word::FAIL_LASTS].store(2, Relaxed);
        }
        self.count(if errno == libc::ENOSPC { word::ENOSPC } else { word::EIO });
        Some(errno)
    }

    /// Seconds by which the wall clock is off.
    pub(crate) fn clock_off(&self) -> i64 {
        self.0[word::CLOCK_OFF].load(Relaxed).cast_signed()
    }

    /// Bytes of new blocks that may be taken; `None` when nothing limits them.
    pub(crate) fn room(&self) -> Option<u64> {
        if self.0[word::FULL].load(Relaxed) != 0 {
            return Some(0);
        }
        Some(self.0[word::ROOM].load(Relaxed)).filter(|room| *room != NO_LIMIT)
    }

    pub(crate) fn take_room(&self, bytes: u64) {
        let _ = self.0[word::ROOM].fetch_update(Relaxed, Relaxed, |n| (n != NO_LIMIT).then(|| n.saturating_sub(bytes)));
    }

    pub(crate) fn writeback(&self) -> u64 {
        self.0[word::WRITEBACK].load(Relaxed)
    }
}
