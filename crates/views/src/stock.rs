//! How much of each SKU there is, and what orders have of it.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::{Bound, Range};

use daybook_domain::event::{Event, Subject};
use daybook_domain::stock::{Balance, SkuState, SkuStreams};
use daybook_domain::{MerchantId, Position, Recorded, Sku, StreamId};
use hashbrown::HashMap;

use crate::checkpoint::{Chunks, Part, RestoreError};
use crate::chunks::{CHUNK, Changed};
use crate::error::FoldError;
use crate::merchants::Merchants;
use crate::orders::{Change, Orders};
use crate::query::{Scope, StockEntry, StockPage, StockQuery};
use crate::registry::{Kept, View};
use crate::wire::{Reader, put_bytes, put_i64, put_u32, put_u64};

pub(crate) type Name = (MerchantId, Sku);

#[derive(Debug, Default)]
pub(crate) struct StockState {
    rows: Vec<Row>,
    by_name: BTreeMap<Name, u32>,
    /// Both streams of each SKU.
    by_stream: HashMap<StreamId, u32>,
    low: BTreeSet<Name>,
    changed: Changed,
}

#[derive(Debug)]
struct Row {
    name: Name,
    state: SkuState,
    balance: Balance,
    imports: Vec<CardsAt>,
}

/// Where cards are in the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct CardsAt {
    /// The first one's number; the others follow it.
    first: u64,
    position: Position,
}

impl StockState {
    fn add(&mut self, number: u32, row: Row) {
        let streams = SkuStreams::of(&row.name.0, &row.name.1);
        self.by_stream.extend([(streams.sku, number), (streams.account, number)]);
        self.by_name.insert(row.name.clone(), number);
        self.rows.push(row);
    }

    /// Of either stream of a SKU: whose it is, and which.
    pub(crate) fn name_of(&self, stream: StreamId) -> Option<&(MerchantId, Sku)> {
        self.by_stream.get(&stream).map(|&row| &self.rows[row as usize].name)
    }

    /// The SKU that an event is about; none if it is about no stock.
    fn touched(&mut self, recorded: &Recorded) -> Result<Option<u32>, FoldError> {
        match recorded.event.kind().subject() {
            Subject::Sku | Subject::Account => {}
            Subject::Merchant
            | Subject::Token
            | Subject::Order
            | Subject::Claim
            | Subject::Job
            | Subject::Export
            | Subject::Erasure => return Ok(None),
        }
        let sku = recorded.stream;
        if let Some(&row) = self.by_stream.get(&sku) {
            return Ok(Some(row));
        }
        // Only what people do begins a SKU.
        #[expect(clippy::wildcard_enum_match_arm, reason = "all others name no SKU, and come later")]
        let (merchant, name) = match &recorded.event {
            Event::StockReceived(e) => (&e.merchant, &e.sku),
            Event::StockCounted(e) => (&e.merchant, &e.sku),
            Event::StockMarkSet(e) => (&e.merchant, &e.sku),
            Event::CardsImported(e) => (&e.merchant, &e.sku),
            _ => return Err(FoldError::SkuUnknown { sku }),
        };
        let row = u32::try_from(self.rows.len()).map_err(|_| FoldError::Full { what: "SKUs" })?;
        let name = (merchant.clone(), name.clone());
        self.add(row, Row { name, state: SkuState::default(), balance: Balance::default(), imports: Vec::new() });
        Ok(Some(row))
    }

    fn fold(&mut self, recorded: &Recorded) -> Result<(), FoldError> {
        let Some(number) = self.touched(recorded)? else { return Ok(()) };
        let row = &mut self.rows[number as usize];
        match recorded.event.balance() {
            Some(balance) => row.balance = balance,
            None => row.state.apply(&recorded.event),
        }
        if let Event::CardsImported(e) = &recorded.event {
            row.imports.push(CardsAt { first: e.first, position: recorded.position });
        }
        self.changed.mark(number as usize, recorded.position);
        self.mark_low(number);
        Ok(())
    }

    fn mark_low(&mut self, number: u32) {
        let row = &self.rows[number as usize];
        if !row.state.is_low(row.balance) {
            self.low.remove(&row.name);
        } else if !self.low.contains(&row.name) {
            self.low.insert(row.name.clone());
        }
    }

    /// What is there of a SKU, reserved or not.
    pub(crate) fn on_hand(&self, name: &Name) -> i64 {
        let row = self.by_name.get(name).map(|&number| &self.rows[number as usize]);
        row.map_or(0, |row| row.balance.on_hand(row.state.received))
    }

    /// Cards that no order has, and the units that none has reserved or taken.
    pub(crate) fn cards_and_free(&self, name: &Name) -> (i64, i64) {
        let row = self.by_name.get(name).map(|&number| &self.rows[number as usize]);
        row.map_or((0, 0), |Row { state, balance, .. }| {
            let cards = state.cards.saturating_sub(balance.assigned);
            (cards.try_into().unwrap_or(i64::MAX), balance.free(state.received))
        })
    }

    /// SKUs, by the order in which they came.
    pub(crate) fn count(&self) -> usize {
        self.rows.len()
    }

    pub(crate) fn name_at(&self, number: usize) -> &Name {
        &self.rows[number].name
    }

    pub(crate) fn entry_of(&self, name: &Name) -> Option<StockEntry> {
        self.by_name.get(name).map(|&number| self.entry(number))
    }

    fn entry(&self, number: u32) -> StockEntry {
        let Row { name: (merchant, sku), state, balance, imports: _ } = &self.rows[number as usize];
        StockEntry { merchant: merchant.clone(), sku: sku.clone(), state: *state, balance: *balance }
    }
}

impl View for StockState {
    fn apply(&mut self, _: &Orders, _: Option<&Change<'_>>, recorded: &Recorded) -> Result<(), FoldError> {
        self.fold(recorded)
    }

    fn apply_in_bulk(&mut self, _: &Orders, _: Option<&Change<'_>>, recorded: &Recorded) -> Result<(), FoldError> {
        self.fold(recorded)
    }

    fn settle(&mut self, _: &Orders) -> bool {
        true
    }

    fn parts<'a>(&'a self, _: &'a Orders) -> Vec<Kept<'a>> {
        vec![Kept { part: Part::Skus, count: self.rows.len(), changed: Some(&self.changed) }]
    }

    fn put_chunk(&self, _: &Orders, _: Part, range: Range<usize>, out: &mut Vec<u8>) {
        put_u64(out, range.len() as u64);
        for Row { name: (merchant, sku), state, balance, imports } in &self.rows[range] {
            put_bytes(out, merchant.as_str().as_bytes());
            put_bytes(out, sku.as_str().as_bytes());
            put_i64(out, state.received);
            out.push(u8::from(state.is_counted));
            put_u32(out, state.low_at);
            put_u64(out, state.cards);
            for units in [balance.reserved, balance.deducted, balance.assigned] {
                put_u64(out, units);
            }
            put_u64(out, imports.len() as u64);
            for CardsAt { first, position } in imports {
                put_u64(out, *first);
                put_u64(out, *position);
            }
        }
    }

    fn read(&mut self, chunks: Chunks<'_>) -> Result<(), RestoreError> {
        let mut ids = chunks.ids.to_vec();
        ids.sort_unstable();
        for id in ids {
            let bytes = (chunks.bytes)(id).ok_or(RestoreError::Missing(id))?;
            let mut reader = Reader::new(&bytes);
            for _ in 0..reader.count_up_to(CHUNK) {
                let name = (MerchantId::from_stored(reader.text()), Sku::from_stored(reader.text()));
                let state = SkuState {
                    received: reader.i64(),
                    is_counted: reader.u8() == 1,
                    low_at: reader.u32(),
                    cards: reader.u64(),
                };
                let balance = Balance { reserved: reader.u64(), deducted: reader.u64(), assigned: reader.u64() };
                let imports = (0..reader.count()).map(|_| CardsAt { first: reader.u64(), position: reader.u64() });
                let imports = imports.collect();
                let number = u32::try_from(self.rows.len()).map_err(|_| RestoreError::Inconsistent)?;
                self.add(number, Row { name, state, balance, imports });
                self.mark_low(number);
            }
            if id.part != Part::Skus || !reader.is_whole() {
                return Err(RestoreError::Damaged(id));
            }
        }
        if self.by_name.len() == self.rows.len() { Ok(()) } else { Err(RestoreError::Inconsistent) }
    }

    fn mark_all(&mut self, _: &Orders, position: Position) {
        self.changed.mark_grown(0, self.rows.len(), position);
    }

    fn footprint(&self) -> usize {
        let text = |(merchant, sku): &Name| merchant.as_str().len() + sku.as_str().len();
        let names: usize = self.rows.iter().map(|row| 2 * text(&row.name)).sum();
        let imports: usize = self.rows.iter().map(|row| row.imports.capacity() * size_of::<CardsAt>()).sum();
        imports
            + names
            + self.rows.len() * (size_of::<Row>() + size_of::<(Name, u32)>() + 2 * size_of::<(StreamId, u32)>())
    }
}

/// The stock, as of the views' position.
#[derive(Clone, Copy, Debug)]
pub struct Stock<'a> {
    merchants: &'a Merchants,
    state: &'a StockState,
}

impl<'a> Stock<'a> {
    pub(crate) fn new(merchants: &'a Merchants, state: &'a StockState) -> Self {
        Self { merchants, state }
    }

    pub fn get(&self, merchant: &MerchantId, sku: &Sku) -> Option<StockEntry> {
        self.state.by_name.get(&(merchant.clone(), sku.clone())).map(|&number| self.state.entry(number))
    }

    /// The positions of the imports that brought these cards of a SKU, oldest first.
    pub fn imports_of(&self, merchant: &MerchantId, sku: &Sku, cards: Range<u64>) -> Vec<Position> {
        let Some(&number) = self.state.by_name.get(&(merchant.clone(), sku.clone())) else { return Vec::new() };
        let imports = &self.state.rows[number as usize].imports;
        let from = imports.partition_point(|import| import.first <= cards.start).saturating_sub(1);
        let until = imports.partition_point(|import| import.first < cards.end);
        imports.get(from..until).unwrap_or_default().iter().map(|import| import.position).collect()
    }

    pub fn page(&self, query: &StockQuery) -> StockPage {
        let mut entries = Vec::with_capacity(query.first.min(256) + 1);
        self.each(query, query.first.saturating_add(1), |number| entries.push(self.state.entry(number)));
        let has_next = entries.len() > query.first;
        entries.truncate(query.first);
        StockPage { entries, has_next }
    }

    /// How many SKUs the query means, whatever page it asks for.
    pub fn count(&self, query: &StockQuery) -> u64 {
        let mut count = 0;
        self.each(&StockQuery { after: None, ..query.clone() }, usize::MAX, |_| count += 1);
        count
    }

    /// A merchant's SKUs of which there is little left, by name.
    pub fn low_of(&self, merchant: &'a MerchantId) -> impl Iterator<Item = StockEntry> {
        let first = Bound::Included((merchant.clone(), Sku::from_stored("")));
        let low = self.names(true, first).take_while(move |(name, _)| name.0 == *merchant);
        low.map(|(_, number)| self.state.entry(number))
    }

    /// From there on, in order.
    fn names(&self, only_low: bool, from: Bound<Name>) -> Box<dyn Iterator<Item = (&'a Name, u32)> + 'a> {
        let state = self.state;
        let range = (from, Bound::Unbounded);
        if only_low {
            Box::new(state.low.range(range).filter_map(|name| Some((name, *state.by_name.get(name)?))))
        } else {
            Box::new(state.by_name.range(range).map(|(name, number)| (name, *number)))
        }
    }

    /// The first `want` of them, in order.
    fn each(&self, query: &StockQuery, want: usize, mut then: impl FnMut(u32)) {
        let mut left = want;
        let mut take = |number: u32| {
            if left > 0 {
                left -= 1;
                then(number);
            }
            left > 0
        };
        let after = query.after.as_ref();
        // As the tree is now: stock has no moment at which it was placed.
        let (ids, subtree) = match &query.scope {
            Scope::All => {
                let start = after.map_or(Bound::Unbounded, |after| Bound::Excluded(after.clone()));
                for (_, number) in self.names(query.only_low, start) {
                    if !take(number) {
                        return;
                    }
                }
                return;
            }
            Scope::Merchants { ids, subtree } => (ids.as_slice(), *subtree),
            Scope::Below { id, subtree, .. } => (std::slice::from_ref(id), *subtree),
        };
        for merchant in self.merchants.all_of(ids, subtree) {
            // The merchants come in order too: of those before the page's start nothing is left.
            let first = match after {
                Some((last, _)) if merchant < *last => continue,
                Some(name) if merchant == name.0 => Bound::Excluded(name.clone()),
                Some(_) | None => Bound::Included((merchant.clone(), Sku::from_stored(""))),
            };
            let own = self.names(query.only_low, first);
            for (_, number) in own.take_while(|(name, _)| name.0 == merchant) {
                if !take(number) {
                    return;
                }
            }
        }
    }
}
