//! What the preloaded library and the test process agree upon: environment, files of the platter, control words.
//!
//! The platter is a folder beside the real one, on the same file system:
//!
//! | entry | content |
//! |---|---|
//! | `root` | path of the real folder |
//! | `rootino` | its inode number, decimal |
//! | `control` | [`CONTROL_LEN`] bytes of little-endian u64 words, see [`word`] |
//! | `data/INO` | durable bytes of the file with that inode number |
//! | `dirty/INO` | one byte a sector: 1 = written since that file was last synced |
//! | `dirs/INO` | durable entries of the folder: a line `log LEN` (names log covered), then `KIND INO NAME` lines |
//! | `names` | log of creations, renames, removals, for choosing a part of those not yet durable |
//! | `attic/INO` | keeps removed files, so that no inode number is used twice while the platter lives |

/// Smallest unit that a power loss keeps or drops, in bytes.
pub(crate) const SECTOR: u64 = 512;
/// Unit in which the file system hands out space, in bytes.
pub(crate) const BLOCK: u64 = 4096;
/// Folder that behaves like a lossy disk.
pub(crate) const ENV_ROOT: &str = "DAYBOOK_DISK_ROOT";
/// Folder of what survives.
pub(crate) const ENV_PLATTER: &str = "DAYBOOK_DISK_PLATTER";
/// Length of the control file in bytes.
pub(crate) const CONTROL_LEN: u64 = 4096;
/// Value of [`word::ROOM`] that sets no limit.
pub(crate) const NO_LIMIT: u64 = u64::MAX;

/// Indexes of the control file's words. The first group is written by the test and obeyed at the next call;
/// words that count down fire when they go from 1 to 0, so 0 is off. The second group is counted by the library.
pub(crate) mod word {
    /// 1: every write that needs a new block gets ENOSPC.
    pub(crate) const FULL: usize = 0;
    /// Bytes of new blocks that may still be taken before ENOSPC.
    pub(crate) const ROOM: usize = 1;
    /// Counts down at each fsync of a file; the one that reaches 0 gets EIO.
    pub(crate) const EIO_FSYNC: usize = 2;
    /// Counts down at each fdatasync of a file; the one that reaches 0 gets EIO.
    pub(crate) const EIO_FDATASYNC: usize = 3;
    /// Counts down at each write; the one that reaches 0 is done by half, then the process is killed.
    pub(crate) const KILL_WRITE: usize = 4;
    /// Counts down at each fsync and fdatasync of a file or folder; the one that reaches 0 is done by half, then the process is killed.
    pub(crate) const KILL_SYNC: usize = 5;
    /// Counts down at each fsync of a folder; the process is killed before the one that reaches 0 is done.
    pub(crate) const KILL_DIR_SYNC: usize = 7;
    /// Of a thousand writes, how many reach the platter at once, as a kernel writing back in its own time would do.
    pub(crate) const WRITEBACK: usize = 6;
    /// Counts down at each call that can meet [`FAIL_ERRNO`]; the one that reaches 0 gets it and does nothing.
    pub(crate) const FAIL_AT: usize = 8;
    /// The error of [`FAIL_AT`]: ENOSPC meets what takes room (writing, new names), EIO syncs, removals and cuts too.
    pub(crate) const FAIL_ERRNO: usize = 9;
    /// 1: all such calls that follow fail as well; the library makes it 2 once they do.
    pub(crate) const FAIL_LASTS: usize = 10;
    /// Seconds, signed, by which the program's wall clock is off. Clocks that measure how long something takes are right.
    pub(crate) const CLOCK_OFF: usize = 11;

    /// Writes to files below the root.
    pub(crate) const WRITES: usize = 16;
    /// fsync calls.
    pub(crate) const FSYNCS: usize = 17;
    /// fdatasync calls.
    pub(crate) const FDATASYNCS: usize = 18;
    /// sync_file_range calls.
    pub(crate) const RANGE_SYNCS: usize = 19;
    /// Calls that got ENOSPC.
    pub(crate) const ENOSPC: usize = 20;
    /// Calls that got EIO.
    pub(crate) const EIO: usize = 21;
    /// fsync or fdatasync calls on folders.
    pub(crate) const DIR_SYNCS: usize = 22;
    /// Calls that could have met EIO.
    pub(crate) const CALLS: usize = 23;
    /// Those of them that could have met ENOSPC.
    pub(crate) const ROOM_CALLS: usize = 24;
}
