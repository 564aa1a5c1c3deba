//! Every order, packed: the state that the list and the dashboard share.

mod buyers;
mod saved;

use std::hash::BuildHasher;

use daybook_domain::event::{OrderPlaced, Subject};
use daybook_domain::posting::Milestones;
use daybook_domain::{Currency, Event, MerchantId, Order, Recorded, Slot, StreamId, Timestamp};
use hashbrown::{DefaultHashBuilder, HashTable};

use crate::Row;
use crate::blobs::Blobs;
use crate::chunks::Changed;
use crate::column::Column;
use crate::error::FoldError;
use crate::merchants::Merchants;
use crate::number::Number;
use crate::packed::{self, LineText, Unpacked};
use crate::query::BuyerAccount;
use crate::strings::Strings;
use crate::waits::Waits;
use buyers::Buyers;

#[derive(Debug, Default)]
pub(crate) struct Orders {
    pub(crate) ids: Column<StreamId>,
    pub(crate) placed_at: Column<Timestamp>,
    /// [`Merchants::places`].
    pub(crate) places: Column<u32>,
    pub(crate) buyer: Column<u32>,
    pub(crate) currency: Column<u8>,
    pub(crate) packed: Blobs,
    by_id: HashTable<Row>,
    hasher: DefaultHashBuilder,
    pub(crate) strings: Strings,
    pub(crate) merchants: Merchants,
    pub(crate) currencies: Vec<Currency>,
    pub(crate) buyers: Buyers,
    pub(crate) changed: Changed,
    pub(crate) changed_strings: Changed,
    pub(crate) changed_buyers: Changed,
}

/// Room that is used again for each event: an order to unpack into, and its packed bytes.
#[derive(Debug, Default)]
pub(crate) struct Workbench {
    order: Option<Box<Unpacked>>,
    bytes: Vec<u8>,
    /// What the order waited for before the event.
    waits: Waits,
}

/// What one event did to one order.
pub(crate) struct Change<'a> {
    pub(crate) row: Row,
    /// None: the event placed it.
    pub(crate) before: Option<Before>,
    /// What the order waited for before the event; kept right only where views follow event by event.
    pub(crate) waited: &'a Waits,
    pub(crate) after: &'a Unpacked,
}

/// What the views need to know of an order as it was before an event.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Before {
    pub(crate) milestones: Milestones,
    /// How many tags it had: new ones come behind them.
    pub(crate) tags: usize,
    /// How many clocks it had missed: the same.
    pub(crate) breaches: usize,
}

/// What a view has to do about an event.
pub(crate) enum Touch<'a> {
    Place(&'a OrderPlaced),
    Change,
    Merchant,
    Nothing,
}

pub(crate) fn touch(event: &Event) -> Touch<'_> {
    match event.kind().subject() {
        Subject::Order => {
            if let Event::OrderPlaced(event) = event {
                Touch::Place(event)
            } else {
                Touch::Change
            }
        }
        Subject::Merchant => Touch::Merchant,
        Subject::Token
        | Subject::Claim
        | Subject::Sku
        | Subject::Account
        | Subject::Job
        | Subject::Export
        | Subject::Erasure => Touch::Nothing,
    }
}

impl Orders {
    pub(crate) fn len(&self) -> usize {
        self.ids.len()
    }

    /// Makes room for so many orders.
    pub(crate) fn reserve(&mut self, orders: usize) {
        let Self { ids, by_id, hasher, .. } = self;
        by_id.reserve(orders, |&row| hash_of(hasher, ids[row as usize]));
    }

    pub(crate) fn find(&self, id: StreamId) -> Option<Row> {
        self.find_hashed(id, self.hash_of(id))
    }

    fn find_hashed(&self, id: StreamId, hash: u64) -> Option<Row> {
        self.by_id.find(hash, |&row| self.ids[row as usize] == id).copied()
    }

    fn hash_of(&self, id: StreamId) -> u64 {
        hash_of(&self.hasher, id)
    }

    pub(crate) fn number(&self, row: Row) -> Number<'_> {
        packed::number(self.packed.get(row))
    }

    /// Folds one event in. None: it changed no order. The dashboard and the list fold what it did.
    pub(crate) fn apply<'b>(
        &mut self,
        recorded: &Recorded,
        bench: &'b mut Workbench,
    ) -> Result<Option<Change<'b>>, FoldError> {
        match touch(&recorded.event) {
            Touch::Place(event) => self.place(event, recorded, bench).map(Some),
            Touch::Merchant => self.merchants.apply(recorded).map(|()| None),
            Touch::Change => self.change(recorded, bench).map(Some),
            Touch::Nothing => Ok(None),
        }
    }

    fn place<'b>(
        &mut self,
        event: &OrderPlaced,
        recorded: &Recorded,
        bench: &'b mut Workbench,
    ) -> Result<Change<'b>, FoldError> {
        let (row, after) = self.open(event, recorded)?;
        bench.waits.clear();
        let bytes = &mut bench.bytes;
        bytes.clear();
        packed::put_fixed(bytes, event.number.as_str(), &after);
        packed::put_changing(bytes, &after);
        self.packed.push(bytes);
        let after = match &mut bench.order {
            Some(room) => {
                **room = after;
                room
            }
            room @ None => room.insert(Box::new(after)),
        };
        Ok(Change { row, before: None, waited: &bench.waits, after })
    }

    /// Adds a row for a new order. Its packed bytes are left to the caller to add.
    pub(crate) fn open(&mut self, event: &OrderPlaced, recorded: &Recorded) -> Result<(Row, Unpacked), FoldError> {
        let order = Order::placed(event, recorded.origin, recorded.occurred_at);
        let hash = self.hash_of(recorded.stream);
        if self.find_hashed(recorded.stream, hash).is_some() {
            return Err(FoldError::OrderTwice { order: recorded.stream });
        }
        let row = Row::try_from(self.ids.len()).map_err(|_| FoldError::Full { what: "orders" })?;
        let (texts, buyers) = (self.strings.len(), self.buyers.len());
        let place = self.merchants.place(&event.merchant, &event.ancestors)?;
        let currency = self.currency_number(event.currency)?;
        let lines = event
            .lines
            .iter()
            .map(|line| {
                let sku = self.strings.intern(line.sku.as_str())?;
                let is_counted = event.reserved.iter().any(|goods| goods.sku == line.sku);
                Ok(LineText { sku, title: self.strings.intern_behind(sku, &line.title)?, is_counted })
            })
            .collect::<Result<_, FoldError>>()?;
        let buyer = self.buyers.see(&event.account, row)?;
        self.add_columns((recorded.stream, hash), recorded.occurred_at, place, buyer, currency);
        self.changed.mark(row as usize, recorded.position);
        self.changed_strings.mark_grown(texts, self.strings.len(), recorded.position);
        self.changed_buyers.mark_grown(buyers, self.buyers.len(), recorded.position);
        let after =
            Unpacked { order, revision: recorded.revision, position: recorded.position, lines, tags: Vec::new() };
        Ok((row, after))
    }

    /// Adds the next row's columns; its packed bytes are added apart. The id comes with its hash.
    fn add_columns(&mut self, (id, hash): (StreamId, u64), placed_at: Timestamp, place: u32, buyer: u32, currency: u8) {
        let row = Row::try_from(self.ids.len()).unwrap_or(Row::MAX);
        self.ids.push(id);
        self.placed_at.push(placed_at);
        self.places.push(place);
        self.buyer.push(buyer);
        self.currency.push(currency);
        let Self { ids, by_id, hasher, .. } = self;
        by_id.insert_unique(hash, row, |&row| hash_of(hasher, ids[row as usize]));
    }

    fn change<'b>(&mut self, recorded: &Recorded, bench: &'b mut Workbench) -> Result<Change<'b>, FoldError> {
        let order = recorded.stream;
        let row = self.find(order).ok_or(FoldError::OrderUnknown { order })?;
        let Workbench { order: room, bytes, waits } = bench;
        let unpacked = room.get_or_insert_with(|| Box::new(self.blank(row)));
        self.unpack_into(row, unpacked);
        waits.fill(unpacked);
        let before = self.evolve(row, recorded, unpacked)?;
        bytes.clear();
        bytes.extend_from_slice(packed::fixed_part(self.packed.get(row)));
        packed::put_changing(bytes, unpacked);
        self.packed.set(row, bytes);
        Ok(Change { row, before: Some(before), waited: waits, after: unpacked })
    }

    /// Folds an event into an unpacked order. Packing it again is left to the caller.
    pub(crate) fn evolve(
        &mut self,
        row: Row,
        recorded: &Recorded,
        unpacked: &mut Unpacked,
    ) -> Result<Before, FoldError> {
        if recorded.revision != unpacked.revision.wrapping_add(1) {
            let (order, from) = (recorded.stream, unpacked.revision);
            return Err(FoldError::RevisionGap { order, from, to: recorded.revision });
        }
        let before = Before {
            milestones: Milestones::of(&unpacked.order),
            tags: unpacked.tags.len(),
            breaches: unpacked.order.breaches.len(),
        };
        let texts = self.strings.len();
        unpacked.order.apply(recorded);
        unpacked.order.checkpoints.clear();
        unpacked.revision = recorded.revision;
        unpacked.position = recorded.position;
        for tag in unpacked.order.tags.drain(..) {
            let tag = self.strings.intern(&tag)?;
            if !unpacked.tags.contains(&tag) {
                unpacked.tags.push(tag);
            }
        }
        self.changed.mark(row as usize, recorded.position);
        self.changed_strings.mark_grown(texts, self.strings.len(), recorded.position);
        Ok(before)
    }

    /// False: the row's bytes are damaged. Leaves the merchant as it is: no fold asks for it.
    pub(crate) fn unpack_into(&self, row: Row, into: &mut Unpacked) -> bool {
        let at = row as usize;
        into.order.buyer = self.buyers.slot(self.buyer[at]);
        into.order.currency = self.currencies[usize::from(self.currency[at])];
        into.order.placed_at = self.placed_at[at];
        packed::unpack(self.packed.get(row), into)
    }

    /// An order to unpack into.
    pub(crate) fn blank(&self, row: Row) -> Unpacked {
        let event = OrderPlaced {
            merchant: self.merchant_of(row).clone(),
            ancestors: Vec::new(),
            // The state has no number, and making one takes a tenth of a page's time.
            number: daybook_domain::OrderNumber::from_stored(""),
            account: daybook_domain::Sealed { slot: Slot(0), bytes: Vec::new() },
            contact: None,
            currency: self.currencies[usize::from(self.currency[row as usize])],
            lines: Vec::new(),
            adjustments: Vec::new(),
            pay_due: None,
            ship_due: None,
            reserved: Vec::new(),
        };
        let order = Order::placed(&event, daybook_domain::Origin::Import, self.placed_at[row as usize]);
        Unpacked { order, revision: 0, position: 0, lines: Vec::new(), tags: Vec::new() }
    }

    pub(crate) fn merchant_of(&self, row: Row) -> &MerchantId {
        self.merchants.id(self.merchants.places[self.places[row as usize] as usize].merchant)
    }

    pub(crate) fn currency_of(&self, row: Row) -> Currency {
        self.currencies[usize::from(self.currency[row as usize])]
    }

    pub(crate) fn currency_number(&mut self, currency: Currency) -> Result<u8, FoldError> {
        let known = self.currencies.iter().position(|&known| known == currency);
        let number = known.unwrap_or(self.currencies.len());
        let number = u8::try_from(number).map_err(|_| FoldError::Full { what: "currencies" })?;
        if known.is_none() {
            self.currencies.push(currency);
        }
        Ok(number)
    }

    pub(crate) fn account(&self, slot: Slot) -> Option<BuyerAccount> {
        let buyer = self.buyers.find(slot)?;
        let row = self.buyers.first_rows[buyer as usize];
        let place = &self.merchants.places[self.places[row as usize] as usize];
        let root = place.ancestors.first().copied().unwrap_or(place.merchant);
        Some(BuyerAccount {
            sealed: daybook_domain::Sealed { slot, bytes: self.buyers.account(buyer).to_vec() },
            stream: self.ids[row as usize],
            tree_root: self.merchants.id(root).clone(),
        })
    }

    /// Bytes that are allocated, by what for.
    pub(crate) fn footprint(&self) -> Vec<(&'static str, usize)> {
        let columns =
            self.placed_at.footprint() + self.places.footprint() + self.buyer.footprint() + self.currency.footprint();
        vec![
            ("ids", self.ids.footprint()),
            ("orders by id", self.by_id.allocation_size()),
            ("columns", columns),
            ("packed orders", self.packed.footprint()),
            ("texts", self.strings.footprint()),
            ("buyers", self.buyers.footprint()),
        ]
    }
}

/// In one piece, which is hashed faster than bytes are.
fn hash_of(hasher: &DefaultHashBuilder, id: StreamId) -> u64 {
    hasher.hash_one(id.0.as_u128())
}

/// A million rows' columns that double would be half empty at worst.
pub(crate) fn grow_by_an_eighth<T>(column: &mut Vec<T>) {
    if column.len() == column.capacity() {
        column.reserve_exact((column.len() / 8).max(64));
    }
}
