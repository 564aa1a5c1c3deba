//! The state of the views as chunks of bytes, and back. Only what cannot be made again is in them: indexes and sums are
//! built anew from the orders and their entries.

use std::collections::BTreeMap;

use daybook_domain::Position;
use thiserror::Error;

use crate::beside::beside;
use crate::chunks::CHUNK;
use crate::error::FoldError;
use crate::orders::Orders;
use crate::registry::{Entry, EntryMut, Kept, ORDERS, Registry, ViewName, stop};
use crate::views::Views;

/// What a chunk holds. The numbers are in manifests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Part {
    /// Currencies, merchants and places.
    Names = 1,
    /// 4,096 texts each.
    Strings = 2,
    /// 4,096 buyers each.
    Buyers = 3,
    /// 4,096 orders each.
    Orders = 4,
    /// The dashboard's entries of 4,096 orders each.
    Entries = 5,
    /// 4,096 SKUs each.
    Skus = 6,
    /// 4,096 tokens each.
    Tokens = 7,
    /// 4,096 jobs each.
    Jobs = 8,
}

impl Part {
    const ALL: [Part; 8] =
        [Part::Names, Part::Strings, Part::Buyers, Part::Orders, Part::Entries, Part::Skus, Part::Tokens, Part::Jobs];

    pub(crate) fn from_code(code: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|part| *part as u8 == code)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ChunkId {
    pub part: Part,
    pub number: u32,
}

/// One view's part of a checkpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ViewCheckpoint {
    pub view: ViewName,
    /// The last position that is folded into it.
    pub position: Position,
    /// Every chunk that the view consists of, rising.
    pub all: Vec<ChunkId>,
    /// Those that changed.
    pub changed: Vec<(ChunkId, Vec<u8>)>,
}

/// Until which position each view was saved before; a view that is not named never was.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Since(pub BTreeMap<ViewName, Position>);

/// Why a checkpoint cannot be used. The view is then folded from the log again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum RestoreError {
    #[error("chunk {:?} {} is missing", .0.part, .0.number)]
    Missing(ChunkId),
    #[error("chunk {:?} {} is damaged", .0.part, .0.number)]
    Damaged(ChunkId),
    #[error("the chunks do not fit together")]
    Inconsistent,
}

/// What a checkpoint holds of one view.
#[derive(Clone, Copy)]
pub(crate) struct Chunks<'a> {
    /// Rising.
    pub(crate) ids: &'a [ChunkId],
    pub(crate) bytes: &'a (dyn Fn(ChunkId) -> Option<Vec<u8>> + Sync),
}

/// The chunks of each view that a checkpoint holds.
pub type ChunksOf = BTreeMap<ViewName, Vec<ChunkId>>;

impl Views {
    /// The chunks that changed since an earlier checkpoint. Views that stopped are left out. Reads only: whether the
    /// checkpoint reaches the disk is the caller's to know, who then asks for what changed since.
    pub fn checkpoint(&self, since: &Since) -> Vec<ViewCheckpoint> {
        let going = self.registry.all().into_iter().filter(|entry| entry.stopped.is_none());
        going.map(|entry| self.checkpoint_of(&entry, since.0.get(&entry.name).copied())).collect()
    }

    fn checkpoint_of(&self, entry: &Entry<'_>, since: Option<Position>) -> ViewCheckpoint {
        let mut all = Vec::new();
        let mut changed = Vec::new();
        for Kept { part, count, changed: when } in entry.view.parts(&self.orders) {
            let ids = chunk_ids(part, count);
            let wanted: Vec<ChunkId> = match when {
                Some(when) => when.since(since).filter_map(|chunk| ids.get(chunk).copied()).collect(),
                None => ids.clone(),
            };
            changed.extend(wanted.into_iter().map(|id| {
                let start = id.number as usize * CHUNK;
                let mut bytes = Vec::new();
                entry.view.put_chunk(&self.orders, part, start..count.min(start + CHUNK), &mut bytes);
                (id, bytes)
            }));
            all.extend(ids);
        }
        ViewCheckpoint { view: entry.name, position: self.position, all, changed }
    }

    /// The views as they were saved at `position`. One whose chunks are not named stands as stopped, until one that was
    /// rebuilt beside replaces it ([`Views::replace`]).
    ///
    /// # Errors
    ///
    /// When a view that is named cannot be restored, and which.
    pub fn restore(
        position: Position,
        saved: &ChunksOf,
        bytes: &(dyn Fn(ChunkId) -> Option<Vec<u8>> + Sync),
    ) -> Result<Self, (ViewName, RestoreError)> {
        let ids = saved.get(&ORDERS).map(Vec::as_slice).unwrap_or_default();
        let mut registry = Registry::default();
        let broken = (ORDERS, RestoreError::Inconsistent);
        // What the views keep beside the orders is read while these are.
        let (orders, read) = std::thread::scope(|scope| {
            let registry = &mut registry;
            let reading = beside(scope, move || {
                let read = |entry: EntryMut<'_>| match saved.get(&entry.name) {
                    Some(ids) => entry.view.read(Chunks { ids, bytes }).map_err(|error| (entry.name, error)),
                    None => {
                        stop(entry.stopped, entry.name, position.saturating_add(1), FoldError::NoCheckpoint);
                        Ok(())
                    }
                };
                registry.all_mut().into_iter().try_for_each(read)
            });
            (Orders::restore(Chunks { ids, bytes }), reading.join().unwrap_or(Err(broken)))
        });
        let mut orders = orders.map_err(|error| (ORDERS, error))?;
        read?;
        // The rest of every view follows from the orders, each for itself.
        let (settled, by_id) = std::thread::scope(|scope| {
            let running = registry.all_mut().map(|entry| {
                let orders = &orders;
                beside(scope, move || {
                    let is_right = entry.stopped.is_some() || entry.view.settle(orders);
                    if is_right { Ok(()) } else { Err((entry.name, RestoreError::Inconsistent)) }
                })
            });
            let by_id = orders.rows_by_id();
            (running.map(|view| view.join().unwrap_or(Err(broken))), by_id)
        });
        orders.by_id = by_id;
        settled.into_iter().collect::<Result<(), _>>()?;
        // What is saved already counts as unchanged.
        orders.mark_all(position);
        registry.all_mut().into_iter().for_each(|entry| entry.view.mark_all(&orders, position));
        Ok(Self { position, orders, registry, ..Self::default() })
    }
}

fn chunk_ids(part: Part, count: usize) -> Vec<ChunkId> {
    (0..).take(count.div_ceil(CHUNK)).map(|number| ChunkId { part, number }).collect()
}
