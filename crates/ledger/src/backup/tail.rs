//! Batches in files: one after another, in a write-ahead file behind its header or in a part of a backup's tail.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use uuid::Uuid;

use crate::bytes::index;
use crate::frame::{FRAME_HEADER, FrameHeader};
use crate::{MAX_BATCH_BYTES, Position};

/// A part of a backup's tail.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Part {
    pub(super) first: Position,
    pub(super) last: Position,
    /// The first position of the volume that it belongs to.
    pub(super) volume: Position,
    pub(super) path: PathBuf,
}

pub(super) fn folder(dir: &Path) -> PathBuf {
    dir.join("tail")
}

impl Part {
    pub(super) fn new(dir: &Path, volume: Position, first: Position, last: Position) -> Self {
        let name = format!("{:020}-{:020}-{:020}.frames", volume.get(), first.get(), last.get());
        Self { first, last, volume, path: folder(dir).join(name) }
    }

    fn of(dir: &Path, name: &str) -> Option<Self> {
        let numbers: Vec<u64> =
            name.strip_suffix(".frames")?.split('-').map(|part| part.parse().ok()).collect::<Option<_>>()?;
        let [volume, first, last] = numbers[..] else { return None };
        let part = Self::new(dir, Position::new(volume)?, Position::new(first)?, Position::new(last)?);
        (part.path.ends_with(name)).then_some(part)
    }

    /// All of them, in order.
    pub(super) fn all(dir: &Path) -> io::Result<Vec<Self>> {
        let mut parts = Vec::new();
        for entry in std::fs::read_dir(folder(dir))? {
            parts.extend(entry?.file_name().to_str().and_then(|name| Self::of(dir, name)));
        }
        parts.sort_unstable();
        Ok(parts)
    }
}

/// Reads the batch that begins at `offset` into `frame`. None: there is no whole and undamaged one.
pub(super) fn frame_at(ledger: Uuid, file: &File, offset: u64, frame: &mut Vec<u8>) -> io::Result<Option<FrameHeader>> {
    frame.resize(FRAME_HEADER, 0);
    if !read_all(file, frame, offset)? {
        return Ok(None);
    }
    let Some(told) = FrameHeader::read_unchecked(ledger, frame) else { return Ok(None) };
    let length = FRAME_HEADER + index(u64::from(told.payload_len));
    if length > MAX_BATCH_BYTES {
        return Ok(None);
    }
    frame.resize(length, 0);
    if !read_all(file, &mut frame[FRAME_HEADER..], offset + FRAME_HEADER as u64)? {
        return Ok(None);
    }
    Ok(FrameHeader::parse(ledger, frame))
}

/// False: the file ends before.
fn read_all(file: &File, bytes: &mut [u8], offset: u64) -> io::Result<bool> {
    match file.read_exact_at(bytes, offset) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
        Err(error) => Err(error),
    }
}
