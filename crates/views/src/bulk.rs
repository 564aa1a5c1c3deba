//! Folding a long log before anybody asks. Orders that are still moving stay unpacked, and the indexes and sums are made
//! once at the end, instead of being kept right after each event: several times as fast, and the same in the end.

use std::collections::VecDeque;

use daybook_domain::Recorded;

use crate::Row;
use crate::beside::beside;
use crate::error::{FoldError, Stopped};
use crate::orders::{Before, Change, Orders, Touch, touch};
use crate::packed::{self, Unpacked};
use crate::registry::stop;
use crate::views::Views;
use crate::waits::Waits;

/// Orders that are kept unpacked, of those that were placed last, and of older ones that something happens to: some 600 bytes
/// each. A power of two.
#[cfg(not(test))]
const HOT: usize = 1 << 15;
#[cfg(test)]
const HOT: usize = 1 << 3;

/// Of these the ones that were placed last: few enough for a cache.
#[cfg(not(test))]
const YOUNG: usize = 1 << 12;
#[cfg(test)]
const YOUNG: usize = 1 << 3;

/// Views that nobody can ask before [`BulkFold::finish`].
#[derive(Debug)]
pub struct BulkFold {
    views: Views,
    /// The orders that were placed last, which no packed bytes are made for yet.
    young: VecDeque<Box<Young>>,
    /// Room for more of them.
    #[expect(clippy::vec_box, reason = "some hundred bytes each, which go back among the young ones as they are")]
    spare: Vec<Box<Young>>,
    /// Older ones that something happened to. Each row has one place, which it shares with the rows that are a multiple of
    /// [`HOT`] away.
    hot: Vec<Option<Box<Hot>>>,
    bytes: Vec<u8>,
    /// Nothing: what waits is made at the end.
    waits: Waits,
}

#[derive(Debug)]
struct Young {
    /// What never changes, packed.
    fixed: Vec<u8>,
    order: Unpacked,
}

#[derive(Debug)]
struct Hot {
    row: Row,
    order: Unpacked,
}

impl Default for BulkFold {
    fn default() -> Self {
        Self::new(Views::new())
    }
}

impl BulkFold {
    /// Goes on from these views.
    pub fn new(views: Views) -> Self {
        Self {
            views,
            young: VecDeque::new(),
            spare: Vec::new(),
            hot: std::iter::repeat_with(|| None).take(HOT).collect(),
            bytes: Vec::new(),
            waits: Waits::default(),
        }
    }

    /// The last position that was folded in.
    pub fn position(&self) -> daybook_domain::Position {
        self.views.position
    }

    /// As [`Views::apply`].
    ///
    /// # Errors
    ///
    /// When a view stops at this event, once; the others go on, and so does the next call.
    pub fn apply(&mut self, recorded: &Recorded) -> Result<(), Stopped> {
        if recorded.position <= self.views.position {
            return Ok(());
        }
        self.views.position = recorded.position;
        if self.views.halted {
            return Ok(());
        }
        let folded = match self.fold(recorded) {
            Ok(folded) => folded,
            Err(error) => return Err(self.views.halt(recorded.position, error)),
        };
        let Views { orders, registry, .. } = &mut self.views;
        let change = folded.and_then(|(row, before)| {
            let after = match young_place(orders, row) {
                Some(place) => self.young.get(place).map(|young| &young.order),
                None => self.hot[place_of(row)].as_ref().map(|hot| &hot.order),
            };
            after.map(|after| Change { row, before, waited: &self.waits, after })
        });
        let mut result = Ok(());
        for entry in registry.all_mut() {
            if entry.stopped.is_none()
                && let Err(error) = entry.view.apply_in_bulk(orders, change.as_ref(), recorded)
            {
                result = Err(stop(entry.stopped, entry.name, recorded.position, error));
            }
        }
        result
    }

    /// The order that the event changed, which is hot now.
    fn fold(&mut self, recorded: &Recorded) -> Result<Option<(Row, Option<Before>)>, FoldError> {
        match touch(&recorded.event) {
            Touch::Place(event) => {
                if self.young.len() >= YOUNG {
                    self.settle_young(YOUNG / 2);
                }
                let (row, order) = self.views.orders.open(event, recorded)?;
                let mut young = match self.spare.pop() {
                    Some(mut room) => {
                        room.order = order;
                        room.fixed.clear();
                        room
                    }
                    None => Box::new(Young { fixed: Vec::with_capacity(64), order }),
                };
                packed::put_fixed(&mut young.fixed, event.number.as_str(), &young.order);
                self.young.push_back(young);
                Ok(Some((row, None)))
            }
            Touch::Change => {
                let order = recorded.stream;
                let row = self.views.orders.find(order).ok_or(FoldError::OrderUnknown { order })?;
                let young = young_place(&self.views.orders, row).and_then(|place| self.young.get_mut(place));
                let order = match young {
                    Some(young) => &mut young.order,
                    None => {
                        self.warm(row);
                        let Some(hot) = &mut self.hot[place_of(row)] else { return Ok(None) };
                        &mut hot.order
                    }
                };
                let before = self.views.orders.evolve(row, recorded, order)?;
                Ok(Some((row, Some(before))))
            }
            Touch::Merchant => self.views.orders.merchants.apply(recorded).map(|()| None),
            Touch::Nothing => Ok(None),
        }
    }

    fn warm(&mut self, row: Row) {
        let place = place_of(row);
        if self.hot[place].as_ref().is_some_and(|hot| hot.row == row) {
            return;
        }
        self.put_away(place);
        let orders = &self.views.orders;
        let hot = self.hot[place].get_or_insert_with(|| Box::new(Hot { row, order: orders.blank(row) }));
        hot.row = row;
        orders.unpack_into(row, &mut hot.order);
    }

    /// Packs the oldest of the young orders, each once: those that something still happens to are looked at again.
    fn settle_young(&mut self, count: usize) {
        let count = count.min(self.young.len());
        self.bytes.clear();
        let mut ends = Vec::with_capacity(count);
        for young in self.young.drain(..count) {
            self.bytes.extend_from_slice(&young.fixed);
            packed::put_changing(&mut self.bytes, &young.order);
            ends.push(self.bytes.len());
            self.spare.push(young);
        }
        let starts = std::iter::once(0).chain(ends.iter().copied());
        let orders = starts.zip(&ends).map(|(start, &end)| &self.bytes[start..end]);
        self.views.orders.packed.extend(orders);
    }

    /// Packs what is hot in this place.
    fn put_away(&mut self, place: usize) {
        let Some(hot) = &self.hot[place] else { return };
        let packed = &mut self.views.orders.packed;
        self.bytes.clear();
        self.bytes.extend_from_slice(packed::fixed_part(packed.get(hot.row)));
        packed::put_changing(&mut self.bytes, &hot.order);
        packed.set(hot.row, &self.bytes);
    }

    /// Packs every order, and makes the indexes and sums, each view's on a thread of its own.
    pub fn finish(mut self) -> Views {
        (0..HOT).for_each(|place| self.put_away(place));
        self.settle_young(usize::MAX);
        // Nobody needs them while the indexes are made.
        self.hot = Vec::new();
        self.young = VecDeque::new();
        self.spare = Vec::new();
        let mut views = self.views;
        let Views { orders, registry, position, .. } = &mut views;
        std::thread::scope(|scope| {
            for entry in registry.all_mut() {
                let (orders, at) = (&*orders, *position);
                beside(scope, move || {
                    if entry.stopped.is_none() && !entry.view.settle(orders) {
                        stop(entry.stopped, entry.name, at, FoldError::Unsettled);
                    }
                });
            }
        });
        views
    }
}

/// Where it stands among the young ones, if it does.
fn young_place(orders: &Orders, row: Row) -> Option<usize> {
    (row as usize).checked_sub(orders.packed.len())
}

fn place_of(row: Row) -> usize {
    row as usize % HOT
}
