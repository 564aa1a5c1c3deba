//! The control file, seen from the test: tell the disk to fail, read what it counted.

use super::layout::{CONTROL_LEN, NO_LIMIT, word};
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;

/// The words of one disk's control file.
#[derive(Debug)]
pub struct Control(File);

/// What the disk shall do. Counts are from now on: 1 means the next call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Whether every write that needs a new block gets ENOSPC.
    Full(bool),
    /// Bytes of new blocks until ENOSPC; `None`: no limit.
    Room(Option<u64>),
    /// The fsync of a file, counted from now, that gets EIO; 0: none.
    FailFsync(u64),
    /// The fdatasync of a file, counted from now, that gets EIO; 0: none.
    FailFdatasync(u64),
    /// The write, counted from now, in the middle of which the process is killed; 0: none.
    KillAtWrite(u64),
    /// The fsync or fdatasync, counted from now, in the middle of which the process is killed; 0: none.
    KillAtSync(u64),
    /// The fsync of a folder, counted from now, before which the process is killed; 0: none.
    KillAtFolderSync(u64),
    /// Of a thousand writes, how many become durable by themselves.
    WriteBack(u64),
    /// The call, counted from now, that gets this error and does nothing; 0: none. `lasts`: so do all that follow.
    FailAt { call: u64, error: Failure, lasts: bool },
    /// Seconds by which the program's wall clock is off.
    ClockOff(i64),
}

/// What a call gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// EIO: writes, syncs of files and folders, new names, renames, removals, cuts.
    Broken,
    /// ENOSPC, as on a file system that copies what is written: writes, new names, renames.
    NoRoom,
}

/// What the disk counted, over all programs since it was adopted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Counter {
    Writes,
    Fsyncs,
    Fdatasyncs,
    RangeSyncs,
    FolderSyncs,
    /// Calls that got ENOSPC.
    NoSpace,
    /// Calls that got EIO.
    Failed,
    /// Calls that could have met [`Failure::Broken`].
    Calls,
    /// Calls that could have met [`Failure::NoRoom`].
    RoomCalls,
}

impl Control {
    pub(super) fn create(platter: &Path) -> io::Result<Control> {
        let path = platter.join("control");
        let file = File::options().read(true).write(true).create_new(true).open(path)?;
        file.set_len(CONTROL_LEN)?;
        let control = Control(file);
        control.set(Fault::Room(None));
        Ok(control)
    }

    /// Takes effect at the running program's next call.
    ///
    /// # Panics
    ///
    /// When the control file cannot be written.
    pub fn set(&self, fault: Fault) {
        if let Fault::FailAt { call, error, lasts } = fault {
            let errno = match error {
                // As the kernel counts them.
                Failure::Broken => 5,
                Failure::NoRoom => 28,
            };
            // Off while it changes.
            for (index, value) in [
                (word::FAIL_AT, 0),
                (word::FAIL_LASTS, u64::from(lasts && call > 0)),
                (word::FAIL_ERRNO, errno),
                (word::FAIL_AT, call),
            ] {
                self.put(index, value);
            }
            return;
        }
        let (index, value) = match fault {
            Fault::Full(full) => (word::FULL, u64::from(full)),
            Fault::Room(room) => (word::ROOM, room.unwrap_or(NO_LIMIT)),
            Fault::FailFsync(count) => (word::EIO_FSYNC, count),
            Fault::FailFdatasync(count) => (word::EIO_FDATASYNC, count),
            Fault::KillAtWrite(count) => (word::KILL_WRITE, count),
            Fault::KillAtSync(count) => (word::KILL_SYNC, count),
            Fault::KillAtFolderSync(count) => (word::KILL_DIR_SYNC, count),
            Fault::WriteBack(per_mille) => (word::WRITEBACK, per_mille),
            Fault::FailAt { call, .. } => (word::FAIL_AT, call),
            Fault::ClockOff(seconds) => (word::CLOCK_OFF, seconds.cast_unsigned()),
        };
        self.put(index, value);
    }

    fn put(&self, index: usize, value: u64) {
        self.0.write_all_at(&value.to_le_bytes(), index as u64 * 8).expect("the control file can be written");
    }

    /// # Panics
    ///
    /// When the control file cannot be read.
    #[must_use]
    pub fn get(&self, counter: Counter) -> u64 {
        let index = match counter {
            Counter::Writes => word::WRITES,
            Counter::Fsyncs => word::FSYNCS,
            Counter::Fdatasyncs => word::FDATASYNCS,
            Counter::RangeSyncs => word::RANGE_SYNCS,
            Counter::FolderSyncs => word::DIR_SYNCS,
            Counter::NoSpace => word::ENOSPC,
            Counter::Failed => word::EIO,
            Counter::Calls => word::CALLS,
            Counter::RoomCalls => word::ROOM_CALLS,
        };
        let mut bytes = [0; 8];
        self.0.read_exact_at(&mut bytes, index as u64 * 8).expect("the control file can be read");
        u64::from_le_bytes(bytes)
    }
}
