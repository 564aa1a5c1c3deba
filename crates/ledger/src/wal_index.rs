//! Where in the write-ahead files a position stands: sparse, in memory, 16 bytes about every 4 KiB.

use std::fs::File;
use std::path::PathBuf;
use std::sync::Arc;

use crate::Position;
use crate::bytes::{len32, u32_at};
use crate::frame::FRAME_HEADER;
use crate::record::position_field;

const SPACING: u64 = 4096;

/// A place where a record or a frame's header starts.
#[derive(Clone, Copy, Debug)]
struct Entry {
    position: Position,
    offset: u32,
    file: u32,
}

#[derive(Clone, Debug)]
pub(crate) struct IndexedFile {
    id: u32,
    pub(crate) file: Arc<File>,
    pub(crate) path: PathBuf,
    pub(crate) volume: Position,
    /// The end of its last durable frame, in bytes.
    pub(crate) end: u64,
}

/// Durable bytes of one file from a place at or before the wanted position on.
#[derive(Debug)]
pub(crate) struct Span {
    pub(crate) file: Arc<File>,
    pub(crate) path: PathBuf,
    pub(crate) offset: u64,
    /// The wanted record ends here at the latest.
    pub(crate) near_end: u64,
    /// The file's durable end.
    pub(crate) end: u64,
}

#[derive(Debug, Default)]
pub(crate) struct WalIndex {
    files: Vec<IndexedFile>,
    entries: Vec<Entry>,
    next_id: u32,
}

impl WalIndex {
    pub(crate) fn add_file(&mut self, file: Arc<File>, path: PathBuf, volume: Position) {
        let end = crate::wal_file::WAL_HEADER;
        self.files.push(IndexedFile { id: self.next_id, file, path, volume, end });
        self.next_id = self.next_id.checked_add(1).expect("fewer files than that in one run");
    }

    /// Takes in a durable frame that stands at `offset` in the newest file.
    pub(crate) fn add_frame(&mut self, offset: u64, first: Position, frame: &[u8]) {
        let newest = self.files.last_mut().expect("a file was added before its frames");
        newest.end = offset + frame.len() as u64;
        let file = newest.id;
        let mut last = self.entries.last().filter(|entry| entry.file == file).map(|entry| u64::from(entry.offset));
        let mut add = |position: Position, offset: u64| {
            if last.is_none_or(|last| offset - last >= SPACING) {
                let offset32 = u32::try_from(offset).expect("write-ahead files are smaller than 4 GiB");
                self.entries.push(Entry { position, offset: offset32, file });
                last = Some(offset);
            }
        };
        add(first, offset);
        let mut at = FRAME_HEADER;
        while at < frame.len() {
            if let Some(position) = Position::new(position_field(&frame[at..])) {
                add(position, offset + u64::from(len32(at)));
            }
            at += crate::bytes::index(u64::from(u32_at(frame, at)));
        }
    }

    /// Where `position`, which must be durable, is found; `None` if no file holds it (it is sealed).
    pub(crate) fn find(&self, position: Position) -> Option<Span> {
        let after = self.entries.partition_point(|entry| entry.position <= position);
        let entry = self.entries.get(after.checked_sub(1)?)?;
        let at = self.files.binary_search_by_key(&entry.file, |file| file.id).ok()?;
        let file = &self.files[at];
        let near_end =
            self.entries.get(after).filter(|next| next.file == file.id).map_or(file.end, |next| u64::from(next.offset));
        Some(Span {
            file: Arc::clone(&file.file),
            path: file.path.clone(),
            offset: u64::from(entry.offset),
            near_end,
            end: file.end,
        })
    }

    /// Oldest first.
    pub(crate) fn files(&self) -> &[IndexedFile] {
        &self.files
    }

    /// Forgets the files of a volume that is sealed and hands them back.
    pub(crate) fn drop_volume(&mut self, volume: Position) -> Vec<IndexedFile> {
        let dropped: Vec<_> = self.files.extract_if(.., |file| file.volume == volume).collect();
        self.entries.retain(|entry| dropped.iter().all(|file| file.id != entry.file));
        self.entries.shrink_to_fit();
        dropped
    }
}
