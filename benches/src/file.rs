//! The physical limit: a bare file, preallocated with zeros, one write and one `fdatasync` per batch.

use std::fs::{File, OpenOptions};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::mpsc::sync_channel;
use std::time::{Duration, Instant};

const SIZE: u64 = 256 << 20;

pub(crate) struct BareFile {
    file: File,
    at: u64,
}

impl BareFile {
    pub(crate) fn create(dir: &Path) -> Self {
        let path = dir.join("bare-file");
        let file = OpenOptions::new().read(true).write(true).create(true).truncate(true).open(&path).expect("a file");
        let zeros = vec![0; 1 << 20];
        for at in (0..SIZE).step_by(zeros.len()) {
            file.write_all_at(&zeros, at).expect("room on the disk");
        }
        file.sync_all().expect("a disk");
        Self { file, at: 0 }
    }

    /// Durable when it returns.
    pub(crate) fn append(&mut self, batch: &[u8]) {
        let bytes = batch.len() as u64;
        if self.at + bytes > SIZE {
            self.at = 0;
        }
        self.file.write_all_at(batch, self.at).expect("a disk");
        self.file.sync_data().expect("a disk");
        self.at += bytes;
    }

    /// Batches in a tight loop: how many were durable in `span`.
    pub(crate) fn tight_loop(&mut self, batch_bytes: usize, span: Duration) -> (u64, Duration) {
        let batch = vec![0x5A; batch_bytes];
        let begin = Instant::now();
        let mut batches = 0;
        while begin.elapsed() < span {
            self.append(&batch);
            batches += 1;
        }
        (batches, begin.elapsed())
    }

    /// One caller hands each batch to a second thread that makes it durable, and waits for its word.
    pub(crate) fn handed_over(mut self, batch_bytes: usize, span: Duration) -> (Self, Vec<Duration>) {
        let (to, inbox) = sync_channel::<Vec<u8>>(1);
        let (back, done) = sync_channel::<()>(1);
        let writer = std::thread::spawn(move || {
            while let Ok(batch) = inbox.recv() {
                self.append(&batch);
                if back.send(()).is_err() {
                    break;
                }
            }
            self
        });
        let mut took = Vec::new();
        let begin = Instant::now();
        while begin.elapsed() < span {
            let asked = Instant::now();
            to.send(vec![0x5A; batch_bytes]).expect("the writer lives");
            done.recv().expect("the writer lives");
            took.push(asked.elapsed());
        }
        drop(to);
        let file = writer.join().expect("the writer ends");
        took.sort_unstable();
        (file, took)
    }
}
