//! The only writer.

use std::fs;
use std::io;
use std::os::unix::fs::FileExt;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use crate::batch::{Batch, Emptied, Tail};
use crate::binder::Binder;
use crate::bytes::len32;
use crate::frame::{Chain, FRAME_HEADER, FrameHeader, chain_hash};
use crate::marker::{Mark, Marker};
use crate::shared::{EndedVolume, Shared};
use crate::spares::Spares;
use crate::wal_file::{WAL_HEADER, WalHeader, wal_dir, wal_path};
use crate::{Position, fsio};

/// A few pages' worth.
const TELL_BYTES: u64 = 256 << 10;

/// What became of a batch.
#[derive(Debug)]
pub enum Append {
    /// Durable, and visible to readers up to this position.
    Done { last: u64 },
    /// Not written: it was built for another tail, or for other heads of its streams. Build it anew.
    Fenced,
    /// Not written: there is no room. Nothing is lost; a later append may find room.
    Full,
    /// Written or not, nobody knows until the ledger is opened again. This appender writes no more.
    Unknown(io::Error),
}

/// The ledger's only writer: append this batch if the tail is still where the batch thinks it is.
///
/// Dropping it stops its threads and leaves the ledger as a crash would; [`Appender::close`] marks it as closed.
#[derive(Debug)]
pub struct Appender {
    shared: Arc<Shared>,
    tail: Tail,
    chain: Chain,
    /// The first position of the volume that the tail is in.
    volume: Position,
    /// `None`: the next append begins a file.
    pub(crate) current: Option<Current>,
    marker: Marker,
    mark: Mark,
    pub(crate) spares: Spares,
    binder: Binder,
    /// Bytes appended since the binder was last told.
    untold_bytes: u64,
    /// Of the last batch, until it is taken.
    emptied: Emptied,
    poisoned: Option<io::Error>,
}

/// The write-ahead file being written.
#[derive(Debug)]
pub(crate) struct Current {
    pub(crate) file: Arc<fs::File>,
    pub(crate) first: Position,
    pub(crate) length: u64,
    /// The durable end, in bytes.
    pub(crate) offset: u64,
}

/// Where opening found the ledger's end.
#[derive(Debug)]
pub(crate) struct Start {
    pub(crate) tail: Tail,
    pub(crate) chain: Chain,
    pub(crate) volume: Position,
    pub(crate) current: Option<Current>,
    pub(crate) marker: Marker,
    pub(crate) mark: Mark,
}

/// Why a write did not happen.
enum Failure {
    Full,
    Unknown(io::Error),
}

impl Appender {
    pub(crate) fn new(shared: Arc<Shared>, start: Start, spares: Spares, binder: Binder) -> Self {
        let Start { tail, chain, volume, current, marker, mark } = start;
        Self {
            shared,
            tail,
            chain,
            volume,
            current,
            marker,
            mark,
            spares,
            binder,
            untold_bytes: 0,
            emptied: Emptied::default(),
            poisoned: None,
        }
    }

    /// Where the ledger ends.
    #[must_use]
    pub fn tail(&self) -> Tail {
        self.tail
    }

    /// Appends a batch with one write and one sync; returns when it is durable or is known not to be written.
    pub fn append(&mut self, batch: Batch) -> Append {
        if let Some(error) = &self.poisoned {
            return Append::Unknown(fsio::repeat(error));
        }
        if batch.start != self.tail || !self.heads_are_right(&batch) {
            return Append::Fenced;
        }
        if batch.is_empty() {
            return Append::Done { last: self.tail.next.get() - 1 };
        }
        match self.write(batch) {
            Ok(last) => Append::Done { last },
            Err(Failure::Full) => Append::Full,
            Err(Failure::Unknown(error)) => {
                tracing::error!(%error, "the ledger writes no more; open it again to learn what is durable");
                self.poisoned = Some(fsio::repeat(&error));
                Append::Unknown(error)
            }
        }
    }

    /// The memory of the last batch, for [`BatchBuilder::within`](crate::BatchBuilder::within).
    pub fn take_emptied(&mut self) -> Emptied {
        std::mem::take(&mut self.emptied)
    }

    /// Stops, and marks the ledger as properly closed, so that the next opening accepts nothing less and nothing more.
    pub fn close(mut self) -> io::Result<()> {
        self.binder.stop();
        if let Some(error) = &self.poisoned {
            return Err(fsio::repeat(error));
        }
        self.mark.clean = true;
        self.marker.write(&self.mark)?;
        self.marker.sync()
    }

    fn heads_are_right(&self, batch: &Batch) -> bool {
        let streams = self.shared.streams();
        batch.touched.iter().all(|(&stream, touched)| streams.head(stream) == touched.before)
    }

    fn write(&mut self, batch: Batch) -> Result<u64, Failure> {
        let Batch { start, count, mut frame, touched } = batch;
        let frame_bytes = frame.len() as u64;
        self.make_room(frame_bytes)?;
        let header = FrameHeader {
            payload_len: len32(frame.len() - FRAME_HEADER),
            count,
            first: start.next,
            epoch: start.epoch,
            chain: self.chain,
        };
        header.seal(self.shared.ledger, &mut frame);
        let chain = chain_hash(&frame);

        let current = self.current.as_mut().expect("make_room leaves a file");
        let offset = current.offset;
        if let Err(error) = current.file.write_all_at(&frame, offset) {
            return Err(undo(current, frame_bytes, error));
        }
        let sync = timed_sync(&current.file).map_err(Failure::Unknown)?;
        current.offset += frame_bytes;
        let last = header.next().get() - 1;
        self.mark = Mark { position: last, wal: current.first.get(), offset: current.offset, chain, ..self.mark };
        self.marker.write(&self.mark).map_err(Failure::Unknown)?;

        self.chain = chain;
        self.tail.next = header.next();
        self.shared.counters.appended(count, frame.len(), sync);
        {
            let mut streams = self.shared.streams_mut();
            for (&stream, touched) in &touched {
                streams.set(stream, touched.after);
            }
            self.shared.wal_mut().add_frame(offset, start.next, &frame);
            self.shared.watermark.store(last, Ordering::Release);
        }
        self.shared.watch.send_replace(last);
        self.tell_binder(last, frame_bytes);
        self.emptied = Emptied::new(frame, touched);
        Ok(last)
    }

    /// Ends the volume when it is large enough, and tells the binder how far it may go: not of every small batch, as each
    /// time wakes a thread.
    fn tell_binder(&mut self, last: u64, bytes: u64) {
        self.untold_bytes += bytes;
        let ended = last + 1 - self.volume.get() >= self.shared.options.volume_events;
        if !ended && self.untold_bytes < TELL_BYTES {
            return;
        }
        self.untold_bytes = 0;
        {
            let mut work = self.shared.work();
            work.durable = last;
            if ended {
                let last = Position::new(last).expect("records were appended");
                work.ended.push_back(EndedVolume { first: self.volume, last, chain: self.chain });
            }
        }
        self.shared.work_changed.notify_all();
        if ended {
            self.current = None;
            self.volume = self.tail.next;
        }
    }

    /// Leaves a file in `current` with `bytes` of room, beginning a new one if needed.
    fn make_room(&mut self, bytes: u64) -> Result<(), Failure> {
        if self.current.as_ref().is_some_and(|current| current.offset + bytes <= current.length) {
            return Ok(());
        }
        let failure = |error| if fsio::is_full(&error) { Failure::Full } else { Failure::Unknown(error) };
        let spare = self.spares.take(WAL_HEADER + bytes).map_err(failure)?;
        let first = self.tail.next;
        let header = WalHeader { length: spare.length, first, volume: self.volume, chain: self.chain };
        if let Err(error) = header.write(self.shared.ledger, &spare.file) {
            let _ = fs::remove_file(&spare.path);
            return Err(failure(error));
        }
        spare.file.sync_all().map_err(Failure::Unknown)?;
        let path = wal_path(&self.shared.dir, first);
        if let Err(error) = fs::rename(&spare.path, &path) {
            let _ = fs::remove_file(&spare.path);
            return Err(failure(error));
        }
        fsio::sync_dir(&wal_dir(&self.shared.dir))
            // A mark is only a lower bound after power loss; at least never more than one file old.
            .and_then(|()| self.marker.sync())
            .map_err(Failure::Unknown)?;
        let file = Arc::new(spare.file);
        self.shared.wal_mut().add_file(Arc::clone(&file), path, self.volume);
        self.current = Some(Current { file, first, length: spare.length, offset: WAL_HEADER });
        Ok(())
    }
}

/// Takes back a write that failed, so that not a part of it is found later.
fn undo(current: &Current, bytes: u64, error: io::Error) -> Failure {
    if !fsio::is_full(&error) {
        return Failure::Unknown(error);
    }
    let undone = fsio::write_zeros(&current.file, current.offset, current.offset + bytes)
        .and_then(|()| current.file.sync_data());
    match undone {
        Ok(()) => Failure::Full,
        Err(undo) => {
            tracing::error!(%undo, "a write that did not fit could not be taken back");
            Failure::Unknown(error)
        }
    }
}

fn timed_sync(file: &fs::File) -> io::Result<Duration> {
    let before = Instant::now();
    file.sync_data()?;
    Ok(before.elapsed())
}
