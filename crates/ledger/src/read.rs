//! Reading, and what readers hold.

use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use thiserror::Error;
use tokio::sync::watch;
use uuid::Uuid;

use crate::bytes::index;
use crate::chunk::Chunk;
use crate::cut::Cut;
use crate::record::OwnedRecord;
use crate::shared::Shared;
use crate::shelf::ShelfError;
use crate::stats::Stats;
use crate::wal_index::Span;
use crate::{Head, MAX_COMMIT_BYTES, Position};

/// Why something could not be read.
#[derive(Debug, Error)]
pub enum ReadError {
    #[error("position {position} does not exist yet: the ledger ends at {watermark}")]
    Beyond { position: Position, watermark: u64 },
    #[error("{file}: damaged at position {position}: {what}; run `daybook verify` and restore from a backup")]
    Damaged { position: Position, file: PathBuf, what: String },
    #[error("{file}: cannot be read: {source}")]
    Io { file: PathBuf, source: io::Error },
    #[error(transparent)]
    Volume(#[from] ShelfError),
}

/// So many of the newest records are in the system's memory, or it is so short that everything is slow: some 20 MiB.
const AT_HAND: u64 = 1 << 16;

/// A handle for readers; clones share everything. The data folder stays locked until the last one is dropped.
#[derive(Clone, Debug)]
pub struct Ledger {
    pub(crate) shared: Arc<Shared>,
}

/// Enough to hold the record asked for, wherever the index sends us: an index step, a frame's header and a record.
const SLACK: u64 = 4096 + 84 + 2 * MAX_COMMIT_BYTES as u64;

impl Ledger {
    #[must_use]
    pub fn id(&self) -> Uuid {
        self.shared.ledger
    }

    /// The data folder.
    #[must_use]
    pub fn dir(&self) -> &std::path::Path {
        &self.shared.dir
    }

    /// The incomplete batch that opening found at the end and cut off, if there was one. Nobody was told of it, unless the
    /// power failed within a moment after it was acknowledged and it was damaged since.
    #[must_use]
    pub fn cut(&self) -> Option<&Cut> {
        self.shared.cut.as_ref()
    }

    /// The last durable position, 0 for none. Readers see nothing beyond it.
    #[must_use]
    pub fn watermark(&self) -> u64 {
        self.shared.watermark()
    }

    /// Follows the watermark.
    #[must_use]
    pub fn subscribe(&self) -> watch::Receiver<u64> {
        self.shared.watch.subscribe()
    }

    /// The stream's newest durable event; `None` if there is no such stream.
    #[must_use]
    pub fn head(&self, stream: Uuid) -> Option<Head> {
        self.shared.streams().head(stream)
    }

    #[must_use]
    pub fn stats(&self) -> Stats {
        let (streams, bytes) = {
            let streams = self.shared.streams();
            (streams.len() as u64, streams.bytes() as u64)
        };
        Stats {
            volumes: self.shared.shelf.len() as u64,
            streams,
            stream_index_bytes: bytes,
            ..self.shared.counters.snapshot()
        }
    }

    /// The record at a position.
    pub fn read(&self, position: Position) -> Result<OwnedRecord, ReadError> {
        let watermark = self.watermark();
        if position.get() > watermark {
            return Err(ReadError::Beyond { position, watermark });
        }
        match self.read_at_hand(position)? {
            Some(found) => Ok(found),
            None => Ok(only(&self.shared.shelf.read(position, 1)?)),
        }
    }

    /// The record at a durable position, where it is still in a write-ahead file: written so lately that the system has it in
    /// memory, and that no volume is opened for it.
    fn read_at_hand(&self, position: Position) -> Result<Option<OwnedRecord>, ReadError> {
        let Some(span) = self.find(position) else { return Ok(None) };
        Ok(Some(only(&read_span(&span, span.near_end, position, 1)?)))
    }

    /// Records from `position` on: at least one, about `max_bytes` at most; fewer where a file or page ends. Empty if
    /// `position` is the one after the watermark or beyond. To follow the ledger: read from [`Chunk::next`] on, and when
    /// the chunk is empty wait for [`Ledger::subscribe`] to change.
    pub fn read_from(&self, position: Position, max_bytes: usize) -> Result<Chunk, ReadError> {
        if position.get() > self.watermark() {
            return Ok(Chunk::default());
        }
        match self.find(position) {
            Some(span) => {
                let end = span.end.min(span.offset + max_bytes as u64 + SLACK);
                read_span(&span, end, position, max_bytes)
            }
            None => Ok(self.shared.shelf.read(position, max_bytes)?),
        }
    }

    /// All of a stream's records, oldest first; empty if there is no such stream.
    pub fn read_stream(&self, stream: Uuid) -> Result<Vec<OwnedRecord>, ReadError> {
        self.head(stream).map_or_else(|| Ok(Vec::new()), |head| self.read_stream_from_head(head, 0))
    }

    /// The records of a stream from the one after revision `after` up to `head`, oldest first.
    pub fn read_stream_from_head(&self, head: Head, after: u32) -> Result<Vec<OwnedRecord>, ReadError> {
        let found = self.walk_back(head, after, |position| self.read(position).map(Some))?;
        Ok(found.expect("everything durable is found"))
    }

    /// All of a stream's records, oldest first, if there are at most `most`, all among the newest [`AT_HAND`] of all streams and in
    /// write-ahead files: what it takes no thread of its own to wait for.
    pub fn read_stream_at_hand(&self, stream: Uuid, most: u32) -> Result<Option<Vec<OwnedRecord>>, ReadError> {
        match self.head(stream) {
            Some(head) if head.revision <= most => {
                let oldest = self.watermark().saturating_sub(AT_HAND);
                let new = |position: Position| position.get() > oldest;
                self.walk_back(head, 0, |position| if new(position) { self.read_at_hand(position) } else { Ok(None) })
            }
            Some(_) | None => Ok(None),
        }
    }

    /// None as soon as `read` finds none.
    fn walk_back(
        &self,
        head: Head,
        after: u32,
        read: impl Fn(Position) -> Result<Option<OwnedRecord>, ReadError>,
    ) -> Result<Option<Vec<OwnedRecord>>, ReadError> {
        let mut found: Vec<OwnedRecord> = Vec::new();
        let mut wanted = head;
        let mut stream = None;
        while wanted.revision > after {
            let Some(owned) = read(wanted.position)? else { return Ok(None) };
            let record = owned.record();
            if record.revision != wanted.revision || *stream.get_or_insert(record.stream) != record.stream {
                return Err(ReadError::Damaged {
                    position: wanted.position,
                    file: self.shared.dir.clone(),
                    what: format!("it is not revision {} of the stream that leads to it", wanted.revision),
                });
            }
            let previous = record.previous;
            found.push(owned);
            match previous {
                Some(position) => wanted = Head { position, revision: wanted.revision - 1 },
                None => break,
            }
        }
        found.reverse();
        Ok(Some(found))
    }

    fn find(&self, position: Position) -> Option<Span> {
        self.shared.wal().find(position)
    }
}

fn only(chunk: &Chunk) -> OwnedRecord {
    let record = chunk.records().next().expect("a chunk from the shelf or a span is not empty");
    record.to_owned()
}

fn read_span(span: &Span, end: u64, from: Position, max_bytes: usize) -> Result<Chunk, ReadError> {
    let mut bytes = vec![0; index(end - span.offset)];
    read_file(span, &mut bytes)?;
    // The span ends at the durable end at the latest, so the watermark needs no second look.
    Chunk::from_frames(bytes, from, max_bytes).map_err(|what| damaged(&span.path, from, what))
}

fn read_file(span: &Span, bytes: &mut [u8]) -> Result<(), ReadError> {
    span.file.read_exact_at(bytes, span.offset).map_err(|source| ReadError::Io { file: span.path.clone(), source })
}

fn damaged(file: &Path, position: Position, what: String) -> ReadError {
    ReadError::Damaged { position, file: file.into(), what }
}
