//! A disk whose power can fail: of what was not synced, each 512-byte sector arrives, or not, or in part.

use std::io;
use std::sync::{Arc, Mutex};

use super::Random;
use crate::disk::Disk;

const SECTOR: usize = 512;

#[derive(Clone)]
pub(super) struct LossyDisk(Arc<Mutex<State>>);

struct State {
    durable: Vec<u8>,
    visible: Vec<u8>,
    pending: Vec<Pending>,
    /// After so many more calls the power fails, in the middle of the last one.
    calls_left: Option<u64>,
    /// Syncs that succeed before all fail.
    syncs_left: Option<u64>,
}

enum Pending {
    Write { at: usize, bytes: Vec<u8> },
    Length(usize),
}

impl LossyDisk {
    pub(super) fn new(bytes: Vec<u8>) -> LossyDisk {
        LossyDisk(Arc::new(Mutex::new(State {
            durable: bytes.clone(),
            visible: bytes,
            pending: Vec::new(),
            calls_left: None,
            syncs_left: None,
        })))
    }

    pub(super) fn power_fails_after(&self, calls: u64) {
        self.0.lock().unwrap().calls_left = Some(calls);
    }

    /// Lets so many syncs succeed and then fails all, as a kernel does it: the pages count as clean afterwards, and still
    /// show what never reached the disk. `None`: all succeed.
    pub(super) fn fail_syncs_after(&self, syncs: Option<u64>) {
        self.0.lock().unwrap().syncs_left = syncs;
    }

    pub(super) fn crash(&self, random: &mut Random) {
        let mut state = self.0.lock().unwrap();
        for pending in std::mem::take(&mut state.pending) {
            match pending {
                Pending::Write { at, bytes } => {
                    let mut from = 0;
                    while from < bytes.len() {
                        let to = bytes.len().min((at + from) / SECTOR * SECTOR + SECTOR - at);
                        let arrives = match random.below(8) {
                            0..4 => to,
                            4 => from + usize::try_from(random.below((to - from) as u64)).unwrap(),
                            _ => from,
                        };
                        put(&mut state.durable, at + from, &bytes[from..arrives]);
                        from = to;
                    }
                }
                Pending::Length(bytes) if random.coin() => state.durable.resize(bytes, 0),
                Pending::Length(_) => {}
            }
        }
        state.visible = state.durable.clone();
        state.calls_left = None;
    }

    /// Of this disk, the opened files' included.
    pub(super) fn handles(&self) -> usize {
        Arc::strong_count(&self.0)
    }

    pub(super) fn bytes(&self) -> Vec<u8> {
        self.0.lock().unwrap().visible.clone()
    }

    pub(super) fn overwrite(&self, at: usize, bytes: &[u8]) {
        let mut state = self.0.lock().unwrap();
        put(&mut state.visible, at, bytes);
        put(&mut state.durable, at, bytes);
    }
}

impl State {
    fn call(&mut self) -> io::Result<()> {
        match &mut self.calls_left {
            None => Ok(()),
            Some(0) => Err(io::Error::other("the power is off")),
            Some(left) => {
                *left -= 1;
                Ok(())
            }
        }
    }
}

impl Disk for LossyDisk {
    fn len(&self) -> io::Result<u64> {
        Ok(self.0.lock().unwrap().visible.len() as u64)
    }

    fn set_len(&self, bytes: u64) -> io::Result<()> {
        let mut state = self.0.lock().unwrap();
        let bytes = usize::try_from(bytes).unwrap();
        state.pending.push(Pending::Length(bytes));
        state.visible.resize(bytes, 0);
        state.call()
    }

    fn read_exact_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<()> {
        let state = self.0.lock().unwrap();
        let at = usize::try_from(offset).unwrap();
        let bytes = state.visible.get(at..at + buffer.len()).ok_or(io::ErrorKind::UnexpectedEof)?;
        buffer.copy_from_slice(bytes);
        Ok(())
    }

    fn write_all_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        let mut state = self.0.lock().unwrap();
        let at = usize::try_from(offset).unwrap();
        if state.calls_left != Some(0) {
            state.pending.push(Pending::Write { at, bytes: bytes.to_vec() });
            put(&mut state.visible, at, bytes);
        }
        state.call()
    }

    fn sync(&self) -> io::Result<()> {
        let mut state = self.0.lock().unwrap();
        state.call()?;
        let pending = std::mem::take(&mut state.pending);
        match &mut state.syncs_left {
            Some(0) => return Err(io::Error::other("the disk is broken")),
            Some(left) => *left -= 1,
            None => {}
        }
        for write in pending {
            match write {
                Pending::Write { at, bytes } => put(&mut state.durable, at, &bytes),
                Pending::Length(bytes) => state.durable.resize(bytes, 0),
            }
        }
        Ok(())
    }
}

fn put(bytes: &mut Vec<u8>, at: usize, new: &[u8]) {
    if new.is_empty() {
        return;
    }
    if bytes.len() < at + new.len() {
        bytes.resize(at + new.len(), 0);
    }
    bytes[at..at + new.len()].copy_from_slice(new);
}
