//! The pages of volumes that are not sealed yet.
//!
//! Nothing is read from them: their records are served from the write-ahead files, from which the binder makes a page
//! anew that is missing or differs, and which are kept until the sealed pages were read back. So what is wrong with one
//! is a remark, not a finding; but it says that something changes bytes on this disk. Sled takes damage in its files for
//! the torn end that a crash leaves, and drops what follows: then pages are missing, as they are when they were not made yet.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use uuid::Uuid;

use super::{Finding, VerifyReport};
use crate::Position;
use crate::page::{Content, Packer};
use crate::page_store::{Layout, PageStore};
use crate::record::Record;
use crate::shelf::sled_folder;

/// What the write-ahead files say the pages are.
pub(super) struct Unsealed {
    ledger: Uuid,
    folders: Vec<(Position, PathBuf)>,
    volumes: BTreeMap<Position, Packed>,
}

struct Packed {
    packer: Packer,
    pages: BTreeMap<Position, Content>,
    /// The next record to take in.
    next: Position,
    /// A record was missing: what comes after cannot be packed.
    has_gap: bool,
}

impl Unsealed {
    pub(super) fn new(ledger: Uuid) -> Self {
        Self { ledger, folders: Vec::new(), volumes: BTreeMap::new() }
    }

    pub(super) fn folder(&mut self, first: Position, folder: &Path) {
        self.folders.push((first, folder.into()));
    }

    /// Takes in the next record that a write-ahead file of the volume holds.
    pub(super) fn take(&mut self, volume: Position, record: &Record<'_>) {
        let packed = self.volumes.entry(volume).or_insert_with(|| Packed {
            packer: Packer::new(volume),
            pages: BTreeMap::new(),
            next: volume,
            has_gap: false,
        });
        packed.has_gap |= record.position != packed.next;
        if packed.has_gap {
            return;
        }
        packed.next = record.position.plus(1);
        if let Some(page) = packed.packer.push(record) {
            packed.pages.insert(page.first, page.content());
        }
    }

    /// Compares each page that is there with what the write-ahead files make of its records.
    pub(super) fn compare(self, report: &mut VerifyReport) {
        let Self { ledger, folders, mut volumes } = self;
        for (first, folder) in folders {
            let sled = sled_folder(&folder);
            if sled.exists() {
                compare_volume(report, ledger, &sled, first, volumes.remove(&first));
            }
        }
        // Of these nothing was bound yet.
        report.unsealed_pages_missing += volumes.values().map(|packed| packed.pages.len() as u64).sum::<u64>();
    }
}

fn compare_volume(report: &mut VerifyReport, ledger: Uuid, sled: &Path, first: Position, mut volume: Option<Packed>) {
    let mut pages = volume.as_mut().map(|packed| std::mem::take(&mut packed.pages)).unwrap_or_default();
    let mut missing: BTreeSet<Position> = pages.keys().copied().collect();
    // Not a whole page yet, but there if sealing was interrupted.
    if let Some(last) = volume.and_then(|mut packed| packed.packer.finish()) {
        pages.insert(last.first, last.content());
    }
    let compared = PageStore::open(sled, Layout::Numbers).and_then(|store| {
        store.for_each(|number, bytes| {
            report.unsealed_pages += 1;
            let content = Content::parse(ledger, bytes);
            let first = content.map(|content| content.first);
            if let Ok(first) = first {
                missing.remove(&first);
            }
            let what = match content.map(|content| (content, pages.get(&content.first))) {
                Ok((content, Some(made))) if content == *made => return,
                Ok((_, Some(_))) => "it is not what the records in the write-ahead files make",
                Ok((_, None)) => "it has no records in the write-ahead files",
                Err(what) => what,
            };
            remark(report, sled, first.map_or(0, Position::get), &format!("page {number}: {what}"));
        })
    });
    if let Err(error) = compared {
        remark(report, sled, first.get(), &format!("they cannot be read: {error}"));
    }
    report.unsealed_pages_missing += missing.len() as u64;
}

fn remark(report: &mut VerifyReport, sled: &Path, position: u64, what: &str) {
    let what = format!("the pages that are not sealed yet: {what}; they are made anew from the write-ahead files");
    report.remarks.push(Finding { file: sled.into(), position, what });
}
