//! The state of the views as chunks of bytes, and back. Only what cannot be made again is in them: indexes and sums are
//! built anew from the orders and their entries.

use daybook_domain::{Currency, MerchantId, Position, Sealed, Slot, StreamId, Timestamp};
use thiserror::Error;
use uuid::Uuid;

use crate::blobs::Blobs;
use crate::chunks::{CHUNK, Changed};
use crate::dashboard::state::DashboardState;
use crate::list::index::ListIndex;
use crate::merchants::{Place, Registered};
use crate::orders::Orders;
use crate::views::{DASHBOARD, ORDERS, ViewName, Views};
use crate::wire::{Reader, put_bytes, put_u32, put_u64};

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
}

impl Part {
    const ALL: [Part; 5] = [Part::Names, Part::Strings, Part::Buyers, Part::Orders, Part::Entries];

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

/// Until which position each view was saved before; none: never.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Since {
    pub orders: Option<Position>,
    pub dashboard: Option<Position>,
}

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

type Chunks<'a> = &'a dyn Fn(ChunkId) -> Option<Vec<u8>>;

impl Views {
    /// The chunks that changed since an earlier checkpoint. Views that stopped are left out. Reads only: whether the
    /// checkpoint reaches the disk is the caller's to know, who then asks for what changed since.
    pub fn checkpoint(&self, since: Since) -> Vec<ViewCheckpoint> {
        let mut views = Vec::with_capacity(2);
        let orders = &self.orders;
        let position = self.position();
        let view = |view, parts: &[(Part, usize, &Changed)], since: Option<Position>| {
            let mut checkpoint = ViewCheckpoint { view, position, all: Vec::new(), changed: Vec::new() };
            for &(part, count, changed) in parts {
                checkpoint.all.extend(chunk_ids(part, count));
                let chunks = changed.since(since).filter(|chunk| chunk * CHUNK < count);
                checkpoint.changed.extend(chunks.map(|chunk| {
                    let range = chunk * CHUNK..count.min((chunk + 1) * CHUNK);
                    let number = u32::try_from(chunk).unwrap_or(u32::MAX);
                    (ChunkId { part, number }, self.chunk(part, range))
                }));
            }
            checkpoint
        };
        if self.list_stopped.is_none() {
            let parts = [
                (Part::Strings, orders.strings.len(), &orders.changed_strings),
                (Part::Buyers, orders.buyers.len(), &orders.changed_buyers),
                (Part::Orders, orders.len(), &orders.changed),
            ];
            let mut checkpoint = view(ORDERS, &parts, since.orders);
            let names = ChunkId { part: Part::Names, number: 0 };
            checkpoint.all.insert(0, names);
            checkpoint.changed.insert(0, (names, put_names(orders)));
            views.push(checkpoint);
        }
        if self.dashboard_stopped.is_none() {
            let parts = [(Part::Entries, orders.len(), &self.dashboard.changed)];
            views.push(view(DASHBOARD, &parts, since.dashboard));
        }
        views
    }

    fn chunk(&self, part: Part, range: std::ops::Range<usize>) -> Vec<u8> {
        let mut out = Vec::new();
        put_u64(&mut out, range.len() as u64);
        for at in range {
            let number = u32::try_from(at).unwrap_or(u32::MAX);
            match part {
                Part::Names => {}
                Part::Strings => put_bytes(&mut out, self.orders.strings.get(number).as_bytes()),
                Part::Buyers => {
                    let buyers = &self.orders.buyers;
                    put_u32(&mut out, buyers.slot(number).0);
                    put_u32(&mut out, buyers.first_rows[at]);
                    put_bytes(&mut out, buyers.account(number));
                }
                Part::Orders => {
                    let orders = &self.orders;
                    out.extend_from_slice(orders.ids[at].0.as_bytes());
                    out.extend_from_slice(&orders.placed_at[at].0.to_le_bytes());
                    put_u32(&mut out, orders.places[at]);
                    put_u32(&mut out, orders.buyer[at]);
                    out.push(orders.currency[at]);
                    put_bytes(&mut out, orders.packed.get(number));
                }
                Part::Entries => put_bytes(&mut out, self.dashboard.entries.get(number)),
            }
        }
        out
    }

    /// The views as they were saved at `position`. Without `dashboard` that view stands as stopped, until one that was
    /// rebuilt beside replaces it ([`Views::replace_dashboard`]).
    pub fn restore(
        position: Position,
        orders: &[ChunkId],
        dashboard: Option<&[ChunkId]>,
        chunks: &dyn Fn(ChunkId) -> Option<Vec<u8>>,
    ) -> Result<Self, RestoreError> {
        let mut views = Self::new();
        views.orders = restore_orders(orders, chunks)?;
        // The list and the dashboard follow from the orders, each for itself.
        let orders = &views.orders;
        let (list, dashboard) = std::thread::scope(|scope| {
            let list = scope.spawn(|| ListIndex::rebuild(orders));
            let dashboard = dashboard.map(|ids| restore_dashboard(orders, ids, chunks));
            (list.join(), dashboard)
        });
        let Ok(Some(list)) = list else {
            return Err(RestoreError::Inconsistent);
        };
        views.list = list;
        match dashboard {
            Some(dashboard) => views.dashboard = dashboard?,
            None => views.miss_dashboard(position),
        }
        // What is saved already counts as unchanged.
        let Views { orders, dashboard, .. } = &mut views;
        orders.changed.mark_grown(0, orders.ids.len(), position);
        orders.changed_strings.mark_grown(0, orders.strings.len(), position);
        orders.changed_buyers.mark_grown(0, orders.buyers.len(), position);
        dashboard.changed.mark_grown(0, orders.ids.len(), position);
        views.set_position(position);
        Ok(views)
    }
}

fn chunk_ids(part: Part, count: usize) -> impl Iterator<Item = ChunkId> {
    (0..).take(count.div_ceil(CHUNK)).map(move |number| ChunkId { part, number })
}

fn put_names(orders: &Orders) -> Vec<u8> {
    let mut out = Vec::new();
    let put_list = |out: &mut Vec<u8>, numbers: &[u32]| {
        put_u64(out, numbers.len() as u64);
        numbers.iter().for_each(|&number| put_u32(out, number));
    };
    put_u64(&mut out, orders.currencies.len() as u64);
    orders.currencies.iter().for_each(|currency| put_bytes(&mut out, currency.as_str().as_bytes()));
    let merchants = &orders.merchants;
    put_u64(&mut out, merchants.known.len() as u64);
    for known in &merchants.known {
        put_bytes(&mut out, known.id.as_str().as_bytes());
    }
    for known in &merchants.known {
        out.push(u8::from(known.registered.is_some()));
        if let Some(registered) = &known.registered {
            put_bytes(&mut out, registered.name.as_bytes());
            put_list(&mut out, &registered.ancestors);
        }
    }
    put_u64(&mut out, merchants.places.len() as u64);
    for place in &merchants.places {
        put_u32(&mut out, place.merchant);
        put_list(&mut out, &place.ancestors);
    }
    out
}

fn read_names(reader: &mut Reader<'_>, orders: &mut Orders) -> Option<()> {
    for _ in 0..reader.count() {
        let currency = Currency::new(reader.text()).ok()?;
        orders.currency_number(currency).ok()?;
    }
    let merchants = reader.count();
    for _ in 0..merchants {
        orders.merchants.intern(&MerchantId::new(reader.text()).ok()?).ok()?;
    }
    let is_known = |number: &u32| (*number as usize) < merchants;
    let list = |reader: &mut Reader<'_>| -> Box<[u32]> { (0..reader.count()).map(|_| reader.u32()).collect() };
    for number in (0..).take(merchants) {
        if reader.u8() == 1 {
            let registered = Registered { name: reader.text().into(), ancestors: list(reader) };
            if !registered.ancestors.iter().all(is_known) {
                return None;
            }
            orders.merchants.set_registered(number, registered);
        }
    }
    for _ in 0..reader.count() {
        let place = Place { merchant: reader.u32(), ancestors: list(reader) };
        if !is_known(&place.merchant) || !place.ancestors.iter().all(is_known) {
            return None;
        }
        orders.merchants.intern_place(place).ok()?;
    }
    Some(())
}

fn restore_orders(ids: &[ChunkId], chunks: Chunks<'_>) -> Result<Orders, RestoreError> {
    let mut orders = Orders::default();
    let mut ids = ids.to_vec();
    ids.sort_unstable();
    let orders_chunks = ids.iter().filter(|id| id.part == Part::Orders).count();
    orders.reserve(orders_chunks * CHUNK);
    for id in ids {
        let bytes = chunks(id).ok_or(RestoreError::Missing(id))?;
        let mut reader = Reader::new(&bytes);
        read_chunk(id.part, &mut reader, &mut orders)
            .filter(|()| reader.is_whole())
            .ok_or(RestoreError::Damaged(id))?;
    }
    let is_order = |&row: &u32| (row as usize) < orders.len();
    if orders.buyers.first_rows.iter().all(is_order) { Ok(orders) } else { Err(RestoreError::Inconsistent) }
}

fn read_chunk(part: Part, reader: &mut Reader<'_>, orders: &mut Orders) -> Option<()> {
    match part {
        Part::Names => return read_names(reader, orders),
        Part::Strings => {
            for number in (orders.strings.len()..).take(reader.count()) {
                // A text that stands twice would shift all that come after it.
                let id = orders.strings.intern(reader.text()).ok()?;
                if id as usize != number {
                    return None;
                }
            }
        }
        Part::Buyers => {
            for _ in 0..reader.count() {
                let (slot, row) = (Slot(reader.u32()), reader.u32());
                let account = Sealed { slot, bytes: reader.bytes().to_vec() };
                if orders.buyers.find(slot).is_some() {
                    return None;
                }
                orders.buyers.see(&account, row).ok()?;
            }
        }
        Part::Orders => {
            for _ in 0..reader.count() {
                let id = StreamId(Uuid::from_bytes(reader.array()));
                let placed_at = Timestamp(i64::from_le_bytes(reader.array()));
                let (place, buyer, currency) = (reader.u32(), reader.u32(), reader.u8());
                let fits = (place as usize) < orders.merchants.places.len()
                    && (buyer as usize) < orders.buyers.len()
                    && usize::from(currency) < orders.currencies.len();
                if !fits {
                    return None;
                }
                orders.packed.push(reader.bytes());
                orders.add_columns(id, placed_at, place, buyer, currency);
            }
        }
        Part::Entries => return None,
    }
    Some(())
}

fn restore_dashboard(orders: &Orders, ids: &[ChunkId], chunks: Chunks<'_>) -> Result<DashboardState, RestoreError> {
    let mut ids = ids.to_vec();
    ids.sort_unstable();
    let mut entries = Blobs::default();
    for id in ids {
        let bytes = chunks(id).ok_or(RestoreError::Missing(id))?;
        let mut reader = Reader::new(&bytes);
        for _ in 0..reader.count() {
            entries.push(reader.bytes());
        }
        if id.part != Part::Entries || !reader.is_whole() {
            return Err(RestoreError::Damaged(id));
        }
    }
    if entries.len() != orders.len() {
        return Err(RestoreError::Inconsistent);
    }
    DashboardState::rebuild(orders, entries).ok_or(RestoreError::Inconsistent)
}
