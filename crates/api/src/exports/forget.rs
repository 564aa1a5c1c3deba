//! Files in which somebody may stand who was erased: they are not made any more, and those that are there are removed.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::PathBuf;
use std::sync::atomic::Ordering::Relaxed;

use daybook_domain::export::Export;
use daybook_domain::{Event, Kind, MerchantId, Position, State, StreamId};
use daybook_engine::Reader;
use uuid::Uuid;

use super::folder::{opened_at, remove};
use super::{Board, Ended, Exports};

/// Bytes of the log that are read at a time.
const READ_BYTES: usize = 1 << 20;

/// What whoever opened it is told.
pub(super) const STALE: &str = "a buyer who may stand in it was erased: export again";

impl Exports {
    /// Of every export of these trees, and of the platform. Whoever is being sent a file is sent it to its end.
    ///
    /// # Errors
    /// A file cannot be removed.
    pub(crate) fn forget(&self, reader: &Reader, roots: &BTreeSet<MerchantId>) -> io::Result<()> {
        match &self.0 {
            Some(board) => board.forget(reader, roots),
            None => Ok(()),
        }
    }
}

impl Board {
    fn forget(&self, reader: &Reader, roots: &BTreeSet<MerchantId>) -> io::Result<()> {
        let concerns = |merchant: Option<&MerchantId>| concerns(reader, merchant, roots);
        let going: Vec<_> = {
            let desk = self.desk();
            desk.going.iter().map(|(id, going)| (*id, going.merchant.clone())).collect()
        };
        for (id, merchant) in going {
            if !concerns(merchant.as_ref())? {
                continue;
            }
            let mut desk = self.desk();
            let Some(going) = desk.going.get(&id) else { continue };
            going.is_stale.store(true, Relaxed);
            going.is_cancelled.store(true, Relaxed);
            if let Some(at) = desk.waiting.iter().position(|task| task.id == id) {
                desk.waiting.remove(at);
                desk.going.remove(&id);
                desk.end(id, Ended::Failed(STALE.into()));
            }
        }
        for (path, id, export) in self.files(reader)? {
            if concerns(export.as_ref().and_then(|export| export.merchant.as_ref()))? {
                remove(&path)?;
                self.desk().end(id, Ended::Failed(STALE.into()));
            }
        }
        self.changed();
        Ok(())
    }

    /// Removes what a crash between an erasure and its end left there.
    pub(super) fn forget_left_over(&self, reader: &Reader) -> io::Result<()> {
        let files = self.files(reader)?;
        let opened_at = |export: &Option<Export>| export.as_ref().map_or(0, |export| export.position);
        let Some(mut from) = files.iter().map(|(.., export)| opened_at(export) + 1).min() else { return Ok(()) };
        let end = reader.watermark();
        let mut erased: Vec<(Position, MerchantId)> = Vec::new();
        while from <= end {
            let next = reader.some_of(&[Kind::SubjectErased], (from, end), READ_BYTES, |recorded| {
                if let Event::SubjectErased(event) = recorded.event {
                    erased.push((recorded.position, event.merchant));
                }
            });
            match next.map_err(io::Error::other)? {
                next if next == from => break,
                next => from = next,
            }
        }
        for (path, _, export) in files {
            let position = opened_at(&export);
            let newer = erased.iter().filter(|(at, _)| *at > position).map(|(_, root)| root.clone()).collect();
            if concerns(reader, export.as_ref().and_then(|export| export.merchant.as_ref()), &newer)? {
                remove(&path)?;
            }
        }
        Ok(())
    }

    /// The files that are whole, with what the log says of them.
    fn files(&self, reader: &Reader) -> io::Result<Vec<(PathBuf, StreamId, Option<Export>)>> {
        let mut found = Vec::new();
        for entry in fs::read_dir(&self.folder)? {
            let path = entry?.path();
            let id = path.file_stem().and_then(|stem| Uuid::parse_str(stem.to_str()?).ok()).map(StreamId);
            if let Some(id) = id.filter(|id| path != self.part(*id)) {
                found.push((path, id, opened_at(reader, id)?));
            }
        }
        Ok(found)
    }
}

/// Whether a buyer of one of these trees may stand in an export of this merchant, or of the platform.
fn concerns(reader: &Reader, merchant: Option<&MerchantId>, roots: &BTreeSet<MerchantId>) -> io::Result<bool> {
    let Some(merchant) = merchant else { return Ok(!roots.is_empty()) };
    Ok(match reader.state(StreamId::merchant(merchant)).map_err(io::Error::other)? {
        Some(State::Merchant(merchant)) => roots.contains(merchant.tree_root()),
        Some(_) | None => !roots.is_empty(),
    })
}
