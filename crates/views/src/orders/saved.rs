//! The orders as chunks of a checkpoint, and back.

use std::ops::Range;

use daybook_domain::profile::Profile;
use daybook_domain::{Currency, MerchantId, Position, Slot, StreamId, Timestamp};
use uuid::Uuid;

use super::Orders;
use crate::Row;
use crate::beside::beside;
use crate::blobs::Blobs;
use crate::checkpoint::{ChunkId, Chunks, Part, RestoreError};
use crate::chunks::CHUNK;
use crate::column::{self, Column};
use crate::merchants::{Place, Registered};
use crate::registry::Kept;
use crate::wire::{Reader, put_bytes, put_u32, put_u64};

/// So many of a checkpoint's chunks fill chunks of columns: both hold a power of two.
const WHOLE: usize = column::CHUNK.div_ceil(CHUNK);

impl Orders {
    pub(crate) fn parts(&self) -> Vec<Kept<'_>> {
        let kept = |part, count, changed| Kept { part, count, changed: Some(changed) };
        vec![
            Kept { part: Part::Names, count: 1, changed: None },
            kept(Part::Strings, self.strings.len(), &self.changed_strings),
            kept(Part::Buyers, self.buyers.len(), &self.changed_buyers),
            kept(Part::Orders, self.len(), &self.changed),
        ]
    }

    pub(crate) fn put_chunk(&self, part: Part, range: Range<usize>, out: &mut Vec<u8>) {
        if part == Part::Names {
            put_names(self, out);
            return;
        }
        put_u64(out, range.len() as u64);
        for at in range {
            let number = u32::try_from(at).unwrap_or(u32::MAX);
            match part {
                Part::Names | Part::Entries | Part::Skus | Part::Tokens | Part::Jobs => {}
                Part::Strings => put_bytes(out, self.strings.get(number).as_bytes()),
                Part::Buyers => {
                    put_u32(out, self.buyers.slot(number).0);
                    put_u32(out, self.buyers.first_rows[at]);
                    put_bytes(out, self.buyers.account(number));
                }
                Part::Orders => {
                    out.extend_from_slice(self.ids[at].0.as_bytes());
                    out.extend_from_slice(&self.placed_at[at].0.to_le_bytes());
                    put_u32(out, self.places[at]);
                    put_u32(out, self.buyer[at]);
                    out.push(self.currency[at]);
                    put_bytes(out, self.packed.get(number));
                }
            }
        }
    }

    /// All but where they are found by their ids ([`Orders::rows_by_id`]).
    pub(crate) fn restore(chunks: Chunks<'_>) -> Result<Self, RestoreError> {
        let mut ids = chunks.ids.to_vec();
        ids.sort_unstable();
        let (others, of_orders) = ids.split_at(ids.partition_point(|id| id.part < Part::Orders));
        // Two threads read the orders, each whole chunks of columns, and one what these refer to.
        let half = (of_orders.len() / 2).next_multiple_of(WHOLE).min(of_orders.len());
        let (front, back) = of_orders.split_at(half);
        let broken = RestoreError::Inconsistent;
        let (orders, rows) = std::thread::scope(|scope| {
            let orders = beside(scope, || Self::restore_others(chunks, others));
            let back = beside(scope, || Rows::read(chunks, back, back.len()));
            // Those behind will be put behind these.
            let front = Rows::read(chunks, front, of_orders.len());
            let back = back.join().unwrap_or(Err(broken));
            (orders.join().unwrap_or(Err(broken)), front.and_then(|front| Ok(front.and(back?))))
        });
        let (mut orders, rows) = (orders?, rows?);
        rows.hand_over(&mut orders).ok_or(broken)?;
        let is_order = |&row: &u32| (row as usize) < orders.len();
        if orders.buyers.first_rows.iter().all(is_order) { Ok(orders) } else { Err(broken) }
    }

    /// Names, texts and buyers.
    fn restore_others(chunks: Chunks<'_>, ids: &[ChunkId]) -> Result<Self, RestoreError> {
        let mut orders = Self::default();
        orders.buyers.reserve(ids.iter().filter(|id| id.part == Part::Buyers).count() * CHUNK);
        for &id in ids {
            read_one(chunks, id, |reader| read_chunk(id.part, reader, &mut orders))?;
        }
        Ok(orders)
    }

    /// All of it counts as changed at this position.
    pub(crate) fn mark_all(&mut self, position: Position) {
        self.changed.mark_grown(0, self.ids.len(), position);
        self.changed_strings.mark_grown(0, self.strings.len(), position);
        self.changed_buyers.mark_grown(0, self.buyers.len(), position);
    }
}

fn put_names(orders: &Orders, out: &mut Vec<u8>) {
    let put_list = |out: &mut Vec<u8>, numbers: &[u32]| {
        put_u64(out, numbers.len() as u64);
        numbers.iter().for_each(|&number| put_u32(out, number));
    };
    put_u64(out, orders.currencies.len() as u64);
    orders.currencies.iter().for_each(|currency| put_bytes(out, currency.as_str().as_bytes()));
    let merchants = &orders.merchants;
    put_u64(out, merchants.known.len() as u64);
    for known in &merchants.known {
        put_bytes(out, known.id.as_str().as_bytes());
    }
    for known in &merchants.known {
        out.push(u8::from(known.registered.is_some()));
        if let Some(registered) = &known.registered {
            put_bytes(out, registered.name.as_bytes());
            put_list(out, &registered.ancestors);
            out.push(u8::from(registered.is_closed));
            // None of them is ever empty.
            put_bytes(out, registered.profile.time_zone.as_deref().unwrap_or_default().as_bytes());
            put_bytes(out, registered.profile.pay_url.as_deref().unwrap_or_default().as_bytes());
        }
    }
    put_u64(out, merchants.places.len() as u64);
    for place in &merchants.places {
        put_u32(out, place.merchant);
        put_list(out, &place.ancestors);
    }
}

fn read_names(reader: &mut Reader<'_>, orders: &mut Orders) -> Option<()> {
    for number in 0..reader.count() {
        // Which codes there are is not asked, as little as when the log was folded: they are withdrawn in time. But they are
        // written as they stand here into what is answered.
        let code: [u8; 3] = reader.text().as_bytes().try_into().ok()?;
        if !code.iter().all(u8::is_ascii_uppercase) {
            return None;
        }
        let currency = Currency::from_stored(code);
        if usize::from(orders.currency_number(currency).ok()?) != number {
            return None;
        }
    }
    let merchants = reader.count();
    for number in (0..).take(merchants) {
        // One that stands twice would shift all that come after it.
        let known = orders.merchants.intern(&MerchantId::from_stored(reader.text())).ok()?;
        if known != number {
            return None;
        }
    }
    let is_known = |number: &u32| (*number as usize) < merchants;
    let list = |reader: &mut Reader<'_>| -> Box<[u32]> { (0..reader.count()).map(|_| reader.u32()).collect() };
    for number in (0..).take(merchants) {
        if reader.u8() == 1 {
            let (name, ancestors) = (reader.text().into(), list(reader));
            let is_closed = reader.u8() == 1;
            let said = |text: &str| (!text.is_empty()).then(|| text.into());
            let profile = Profile { time_zone: said(reader.text()), pay_url: said(reader.text()) };
            let registered = Registered { name, ancestors, is_closed, profile };
            if !registered.ancestors.iter().all(is_known) {
                return None;
            }
            orders.merchants.set_registered(number, registered);
        }
    }
    for number in (0..).take(reader.count()) {
        let place = Place { merchant: reader.u32(), ancestors: list(reader) };
        if !is_known(&place.merchant) || !place.ancestors.iter().all(is_known) {
            return None;
        }
        if orders.merchants.intern_place(place).ok()? != number {
            return None;
        }
    }
    Some(())
}

fn read_chunk(part: Part, reader: &mut Reader<'_>, orders: &mut Orders) -> Option<()> {
    match part {
        Part::Names => return read_names(reader, orders),
        Part::Strings => {
            for number in (orders.strings.len()..).take(reader.count_up_to(CHUNK)) {
                // A text that stands twice would shift all that come after it.
                let id = orders.strings.intern(reader.text()).ok()?;
                if id as usize != number {
                    return None;
                }
            }
        }
        Part::Buyers => {
            let count = reader.count_up_to(CHUNK);
            let buyers = (0..count).map(|_| (Slot(reader.u32()), reader.u32(), reader.bytes()));
            orders.buyers.add_all(buyers)?;
        }
        Part::Orders | Part::Entries | Part::Skus | Part::Tokens | Part::Jobs => return None,
    }
    Some(())
}

fn read_one(
    chunks: Chunks<'_>,
    id: ChunkId,
    read: impl FnOnce(&mut Reader<'_>) -> Option<()>,
) -> Result<(), RestoreError> {
    let bytes = (chunks.bytes)(id).ok_or(RestoreError::Missing(id))?;
    let mut reader = Reader::new(&bytes);
    read(&mut reader).filter(|()| reader.is_whole()).ok_or(RestoreError::Damaged(id))
}

/// Orders that follow each other, as far as they are read without what they refer to.
#[derive(Default)]
struct Rows {
    ids: Column<StreamId>,
    placed_at: Column<Timestamp>,
    places: Column<u32>,
    buyer: Column<u32>,
    currency: Column<u8>,
    packed: Blobs,
    /// How many places, buyers and currencies there must be.
    needs: [usize; 3],
}

impl Rows {
    /// With room for the orders of so many chunks.
    fn read(chunks: Chunks<'_>, ids: &[ChunkId], room: usize) -> Result<Self, RestoreError> {
        let mut rows = Self::default();
        rows.packed.reserve(room * CHUNK);
        for &id in ids {
            read_one(chunks, id, |reader| (id.part == Part::Orders).then(|| rows.read_chunk(reader)))?;
        }
        Ok(rows)
    }

    fn read_chunk(&mut self, reader: &mut Reader<'_>) {
        let count = reader.count_up_to(CHUNK);
        let mut packed = Vec::with_capacity(count);
        for _ in 0..count {
            self.ids.push(StreamId(Uuid::from_bytes(reader.array())));
            self.placed_at.push(Timestamp(i64::from_le_bytes(reader.array())));
            let (place, buyer, currency) = (reader.u32(), reader.u32(), reader.u8());
            let of_this = [place as usize + 1, buyer as usize + 1, usize::from(currency) + 1];
            self.needs.iter_mut().zip(of_this).for_each(|(needs, one)| *needs = (*needs).max(one));
            self.places.push(place);
            self.buyer.push(buyer);
            self.currency.push(currency);
            packed.push(reader.bytes());
        }
        self.packed.extend(packed.into_iter());
    }

    fn and(mut self, behind: Self) -> Self {
        let Self { ids, placed_at, places, buyer, currency, packed, needs } = behind;
        self.ids.append(ids);
        self.placed_at.append(placed_at);
        self.places.append(places);
        self.buyer.append(buyer);
        self.currency.append(currency);
        self.packed.append(packed);
        self.needs.iter_mut().zip(needs).for_each(|(needs, other)| *needs = (*needs).max(other));
        self
    }

    /// None: they refer to what is not there, or are more than there can be.
    fn hand_over(self, orders: &mut Orders) -> Option<()> {
        let Self { ids, placed_at, places, buyer, currency, packed, needs } = self;
        Row::try_from(ids.len()).ok()?;
        let there = [orders.merchants.places.len(), orders.buyers.len(), orders.currencies.len()];
        if needs.iter().zip(there).any(|(needs, there)| *needs > there) {
            return None;
        }
        (orders.ids, orders.placed_at, orders.places) = (ids, placed_at, places);
        (orders.buyer, orders.currency, orders.packed) = (buyer, currency, packed);
        Some(())
    }
}
