//! A disk that calls the test at chosen moments.

use std::io;
use std::sync::Arc;

use super::lossy_disk::LossyDisk;
use crate::disk::Disk;

type Hook = Arc<dyn Fn() + Send + Sync>;

pub(super) struct HookedDisk {
    disk: LossyDisk,
    before_read: Hook,
    after_read: Hook,
    before_sync: Hook,
}

impl HookedDisk {
    pub(super) fn new(disk: LossyDisk) -> HookedDisk {
        let nothing: Hook = Arc::new(|| {});
        HookedDisk { disk, before_read: Arc::clone(&nothing), after_read: Arc::clone(&nothing), before_sync: nothing }
    }

    pub(super) fn before_read(self, hook: impl Fn() + Send + Sync + 'static) -> HookedDisk {
        HookedDisk { before_read: Arc::new(hook), ..self }
    }

    pub(super) fn after_read(self, hook: impl Fn() + Send + Sync + 'static) -> HookedDisk {
        HookedDisk { after_read: Arc::new(hook), ..self }
    }

    pub(super) fn before_sync(self, hook: impl Fn() + Send + Sync + 'static) -> HookedDisk {
        HookedDisk { before_sync: Arc::new(hook), ..self }
    }
}

impl Disk for HookedDisk {
    fn len(&self) -> io::Result<u64> {
        self.disk.len()
    }

    fn set_len(&self, bytes: u64) -> io::Result<()> {
        self.disk.set_len(bytes)
    }

    fn read_exact_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<()> {
        (self.before_read)();
        self.disk.read_exact_at(buffer, offset)?;
        (self.after_read)();
        Ok(())
    }

    fn write_all_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        self.disk.write_all_at(bytes, offset)
    }

    fn sync(&self) -> io::Result<()> {
        (self.before_sync)();
        self.disk.sync()
    }
}
