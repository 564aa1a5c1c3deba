//! What waits, in the order in which it must be done. All of it follows from the orders, so that nothing of it is kept.
//!
//! Each list stands once for all orders and once for each place in the tree that orders were placed at; those of a merchant and
//! of a subtree are merged when they are asked for.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};
use std::ops::{Bound, Range};

use daybook_domain::clock::Running;
use daybook_domain::event::{Clock, Hold};
use daybook_domain::{MerchantId, Order, Position, Recorded, Sku, StreamId, Timestamp};

use crate::Row;
use crate::checkpoint::{Chunks, Part, RestoreError};
use crate::error::FoldError;
use crate::list::OrderList;
use crate::merchants::MerchantNumber;
use crate::orders::{Change, Orders};
use crate::packed;
use crate::query::{
    DeadlineCursor, DeadlineEntry, DeadlinePage, DeadlineQuery, Deliveries, Due, ExceptionCount, ExceptionCursor,
    ExceptionEntry, ExceptionKind, ExceptionPage, ExceptionQuery, Scope,
};
use crate::registry::{Kept, View};
use crate::stock::StockState;
use crate::waits::{Waits, is_left};

type DeadlineKey = DeadlineCursor;
/// Since when, then as the orders came; and the ticket.
type ExceptionKey = (i64, Row, u16);

const ALL: u32 = 0;

/// Orders that were placed at the same place of the tree.
fn at(place: u32) -> u32 {
    place + 1
}

#[derive(Debug, Default)]
pub(crate) struct QueueState {
    /// By node: all, or a place of the tree.
    deadlines: Vec<BTreeSet<DeadlineKey>>,
    exceptions: BTreeMap<(u32, ExceptionKind), BTreeSet<ExceptionKey>>,
    /// Orders that wait for stock of a merchant's SKU (number of its text), the longest first.
    restock: BTreeMap<(MerchantNumber, u32), BTreeSet<(i64, Row)>>,
    /// Paid orders whose cards go out without a person, by SKU, who paid first first.
    cards: BTreeMap<(MerchantNumber, u32), BTreeSet<(i64, Row)>>,
    /// Those of them that are in no queue of exceptions.
    deliver: BTreeSet<(i64, Row)>,
    waits: Waits,
}

/// False: it did not stand there.
fn leave<K: Ord>(queues: &mut BTreeMap<K, BTreeSet<(i64, Row)>>, of: K, key: (i64, Row)) -> bool {
    let Some(queue) = queues.get_mut(&of) else { return false };
    let was_there = queue.remove(&key);
    if queue.is_empty() {
        queues.remove(&of);
    }
    was_there
}

fn deadline_key(row: Row, running: &Running) -> DeadlineKey {
    DeadlineCursor {
        due: running.due,
        order: row,
        clock: running.clock as u8,
        ticket: running.ticket.unwrap_or_default(),
    }
}

/// The place that an order was placed at, and its merchant.
type Where = (u32, MerchantNumber);

fn place_of(orders: &Orders, row: Row) -> Where {
    let place = orders.places[row as usize];
    (place, orders.merchants.places[place as usize].merchant)
}

impl QueueState {
    fn add(&mut self, (place, merchant): Where, row: Row, waits: &Waits, before: &Waits) {
        for running in waits.clocks.iter().filter(|running| !before.clocks.contains(running)) {
            for node in [ALL, at(place)] {
                let node = node as usize;
                if node >= self.deadlines.len() {
                    self.deadlines.resize_with(node + 1, BTreeSet::new);
                }
                self.deadlines[node].insert(deadline_key(row, running));
            }
        }
        for exception in waits.exceptions.iter().filter(|exception| !before.exceptions.contains(exception)) {
            for node in [ALL, at(place)] {
                let queue = self.exceptions.entry((node, exception.kind)).or_default();
                queue.insert((exception.since.0, row, exception.ticket));
            }
        }
        if let Some(since) = waits.goods_since {
            for &sku in &waits.goods {
                self.restock.entry((merchant, sku)).or_default().insert((since.0, row));
            }
        }
        if let Some(cards) = waits.cards {
            for &sku in &waits.card_skus {
                self.cards.entry((merchant, sku)).or_default().insert((cards.since.0, row));
            }
            if !cards.is_held {
                self.deliver.insert((cards.since.0, row));
            }
        }
    }

    /// What no longer waits. False: something did not stand where it must.
    fn remove(&mut self, (place, merchant): Where, row: Row, waits: &Waits, after: &Waits) -> bool {
        let mut is_right = true;
        for running in waits.clocks.iter().filter(|running| !after.clocks.contains(running)) {
            for node in [ALL, at(place)] {
                let list = self.deadlines.get_mut(node as usize);
                is_right &= list.is_some_and(|list| list.remove(&deadline_key(row, running)));
            }
        }
        for exception in waits.exceptions.iter().filter(|exception| !after.exceptions.contains(exception)) {
            for node in [ALL, at(place)] {
                let queue = self.exceptions.get_mut(&(node, exception.kind));
                is_right &= queue.is_some_and(|queue| queue.remove(&(exception.since.0, row, exception.ticket)));
            }
        }
        if let Some(since) = waits.goods_since
            && after.goods_since != waits.goods_since
        {
            let skus = waits.goods.iter().map(|&sku| (merchant, sku));
            skus.for_each(|key| is_right &= leave(&mut self.restock, key, (since.0, row)));
        }
        if let Some(cards) = waits.cards
            && (after.cards != waits.cards || after.card_skus != waits.card_skus)
        {
            let key = (cards.since.0, row);
            let skus = waits.card_skus.iter().map(|&sku| (merchant, sku));
            skus.for_each(|sku| is_right &= leave(&mut self.cards, sku, key));
            is_right &= cards.is_held || self.deliver.remove(&key);
        }
        is_right
    }

    /// Each as often as a list tells it.
    pub(crate) fn each_exception(&self, mut each: impl FnMut(ExceptionKind, ExceptionKey)) {
        for ((_, kind), queue) in &self.exceptions {
            queue.iter().for_each(|key| each(*kind, *key));
        }
    }

    /// Each as often as a list tells it.
    pub(crate) fn each_deadline(&self, mut each: impl FnMut(DeadlineKey)) {
        self.deadlines.iter().flatten().for_each(|key| each(*key));
    }

    fn change(&mut self, orders: &Orders, change: &Change<'_>) -> Result<(), FoldError> {
        let place = place_of(orders, change.row);
        let mut waits = std::mem::take(&mut self.waits);
        waits.fill(change.after);
        let is_right = self.remove(place, change.row, change.waited, &waits);
        self.add(place, change.row, &waits, change.waited);
        self.waits = waits;
        if is_right { Ok(()) } else { Err(FoldError::IndexBroken { row: change.row }) }
    }

    fn rebuild(orders: &Orders) -> Option<Self> {
        let mut state = Self::default();
        if orders.len() == 0 {
            return Some(state);
        }
        let nothing = Waits::default();
        let mut waits = Waits::default();
        let mut unpacked = orders.blank(0);
        for row in 0..Row::try_from(orders.len()).ok()? {
            // The list, which is made of the same orders, looks at every byte.
            if !packed::may_wait(orders.packed.get(row)) {
                continue;
            }
            if !orders.unpack_state(row, &mut unpacked) {
                return None;
            }
            waits.fill(&unpacked);
            state.add(place_of(orders, row), row, &waits, &nothing);
        }
        Some(state)
    }
}

impl View for QueueState {
    fn apply(&mut self, orders: &Orders, change: Option<&Change<'_>>, _: &Recorded) -> Result<(), FoldError> {
        change.map_or(Ok(()), |change| self.change(orders, change))
    }

    fn apply_in_bulk(&mut self, _: &Orders, _: Option<&Change<'_>>, _: &Recorded) -> Result<(), FoldError> {
        Ok(())
    }

    fn settle(&mut self, orders: &Orders) -> bool {
        match Self::rebuild(orders) {
            Some(rebuilt) => {
                *self = rebuilt;
                true
            }
            None => false,
        }
    }

    fn parts<'a>(&'a self, _: &'a Orders) -> Vec<Kept<'a>> {
        Vec::new()
    }

    fn put_chunk(&self, _: &Orders, _: Part, _: Range<usize>, _: &mut Vec<u8>) {}

    fn read(&mut self, _: Chunks<'_>) -> Result<(), RestoreError> {
        Ok(())
    }

    fn mark_all(&mut self, _: &Orders, _: Position) {}

    fn footprint(&self) -> usize {
        // A tree's nodes are two thirds full, about.
        let deadlines: usize = self.deadlines.iter().map(|list| list.len() * size_of::<DeadlineKey>() * 3 / 2).sum();
        let exceptions: usize =
            self.exceptions.values().map(|queue| queue.len() * size_of::<ExceptionKey>() * 3 / 2).sum();
        let restock: usize = self.restock.values().map(|queue| queue.len() * size_of::<(i64, Row)>() * 3 / 2).sum();
        let cards: usize = self.cards.values().map(|queue| queue.len() * size_of::<(i64, Row)>() * 3 / 2).sum();
        let deliver = self.deliver.len() * size_of::<(i64, Row)>() * 3 / 2;
        deadlines + exceptions + restock + cards + deliver
    }
}

/// The first of several sorted lists together.
fn merged<K: Ord + Copy>(lists: Vec<impl Iterator<Item = K>>, want: usize) -> Vec<K> {
    let mut lists = lists;
    let mut heads: BinaryHeap<Reverse<(K, usize)>> =
        lists.iter_mut().enumerate().filter_map(|(at, list)| Some(Reverse((list.next()?, at)))).collect();
    let mut found = Vec::with_capacity(want.min(256));
    while let Some(Reverse((key, at))) = heads.pop() {
        if found.len() >= want {
            break;
        }
        found.push(key);
        heads.extend(lists[at].next().map(|next| Reverse((next, at))));
    }
    found
}

/// What waits, as of the views' position.
#[derive(Clone, Copy, Debug)]
pub struct Queues<'a> {
    orders: &'a Orders,
    state: &'a QueueState,
}

impl<'a> Queues<'a> {
    pub(crate) fn new(orders: &'a Orders, state: &'a QueueState) -> Self {
        Self { orders, state }
    }

    fn nodes(&self, scope: &Scope) -> Vec<u32> {
        match scope {
            Scope::All => vec![ALL],
            Scope::Merchants { ids, subtree } => self.places(ids, *subtree, None),
            Scope::Below { under, id, subtree } => self.places(std::slice::from_ref(id), *subtree, Some(under)),
        }
    }

    fn places(&self, ids: &[MerchantId], subtree: bool, under: Option<&MerchantId>) -> Vec<u32> {
        let merchants = &self.orders.merchants;
        let wanted: Vec<MerchantNumber> = ids.iter().filter_map(|id| merchants.number(id)).collect();
        let under = under.map(|id| merchants.number(id));
        let places = (0..).zip(&merchants.places).filter(|(_, place)| {
            let is_in = |number: &MerchantNumber| wanted.contains(number);
            (is_in(&place.merchant) || (subtree && place.ancestors.iter().any(is_in)))
                && under.is_none_or(|under| under.is_some_and(|under| place.is_within(under)))
        });
        places.map(|(number, _)| at(number)).collect()
    }

    pub fn deadlines(&self, query: &DeadlineQuery) -> DeadlinePage {
        let start = query.after.map_or(Bound::Unbounded, Bound::Excluded);
        let is_wanted = |key: &DeadlineKey| query.before.is_none_or(|before| key.due < before);
        let lists = self.nodes(&query.scope).into_iter().filter_map(|node| self.state.deadlines.get(node as usize));
        let lists = lists.map(|list| list.range((start, Bound::Unbounded)).copied().take_while(is_wanted)).collect();
        let mut keys = merged(lists, query.first.saturating_add(1));
        let has_next = keys.len() > query.first;
        keys.truncate(query.first);
        let entries = keys.into_iter().filter_map(|cursor| {
            let running = running(&cursor)?;
            Some(DeadlineEntry { row: OrderList::row_of(self.orders, cursor.order), running, cursor })
        });
        DeadlinePage { entries: entries.collect(), has_next }
    }

    /// How many clocks run out before `before`.
    pub fn deadline_count(&self, scope: &Scope, before: Option<Timestamp>) -> u64 {
        let count = |list: &BTreeSet<DeadlineKey>| match before {
            None => list.len(),
            Some(before) => list.iter().take_while(|key| key.due < before).count(),
        };
        let lists = self.nodes(scope).into_iter().filter_map(|node| self.state.deadlines.get(node as usize));
        lists.map(|list| count(list) as u64).sum()
    }

    /// Clocks that have run out by now, the longest first; cards that go out without a person are [`Self::deliveries`].
    pub fn due(&self, now: Timestamp, skip: impl Fn(&Due) -> bool, limit: usize) -> Vec<Due> {
        let Some(all) = self.state.deadlines.first() else { return Vec::new() };
        let due = all
            .iter()
            .take_while(|key| key.due <= now)
            .filter(|key| key.clock != Clock::Deliver as u8)
            .filter_map(|key| Some(Due { order: self.orders.ids[key.order as usize], running: running(key)? }));
        due.filter(|due| !skip(due)).take(limit).collect()
    }

    /// When the next clock runs out.
    pub fn next_due(&self, after: Timestamp) -> Option<Timestamp> {
        let all = self.state.deadlines.first()?;
        let start = DeadlineCursor { due: after, order: Row::MAX, clock: u8::MAX, ticket: u16::MAX };
        all.range((Bound::Excluded(start), Bound::Unbounded)).next().map(|key| key.due)
    }

    pub fn exceptions(&self, query: &ExceptionQuery) -> ExceptionPage {
        let mut kinds = query.kinds.clone();
        kinds.sort_unstable();
        kinds.dedup();
        let mut lists = Vec::new();
        for node in self.nodes(&query.scope) {
            for &kind in &kinds {
                let Some(queue) = self.state.exceptions.get(&(node, kind)) else { continue };
                let start = query.after.map_or(Bound::Unbounded, |after| start_of(&after, kind));
                lists.push(queue.range((start, Bound::Unbounded)).map(move |&(since, order, ticket)| {
                    ExceptionCursor { since: Timestamp(since), order, kind, ticket }
                }));
            }
        }
        let mut keys = merged(lists, query.first.saturating_add(1));
        let has_next = keys.len() > query.first;
        keys.truncate(query.first);
        ExceptionPage { entries: keys.into_iter().map(|cursor| self.exception(cursor)).collect(), has_next }
    }

    /// Of each kind.
    pub fn exception_counts(&self, scope: &Scope) -> Vec<ExceptionCount> {
        let nodes = self.nodes(scope);
        let of = |kind| {
            let queues = nodes.iter().filter_map(|&node| self.state.exceptions.get(&(node, kind)));
            let oldest = queues.clone().filter_map(|queue| queue.first()).map(|key| Timestamp(key.0)).min();
            ExceptionCount { kind, count: queues.map(|queue| queue.len() as u64).sum(), oldest }
        };
        ExceptionKind::ALL.into_iter().map(of).collect()
    }

    fn exception(&self, cursor: ExceptionCursor) -> ExceptionEntry {
        let row = OrderList::row_of(self.orders, cursor.order);
        let ticket = (cursor.kind == ExceptionKind::Refund).then_some(cursor.ticket);
        let due = due_of(&row.order, ticket);
        ExceptionEntry { row, kind: cursor.kind, since: cursor.since, due, ticket, cursor }
    }

    /// Orders that can go on, since the stock that they wait for is there: of each SKU the one that waits longest first. One
    /// that lacks something of a SKU keeps what is there of that from those behind it, but nothing of its other SKUs.
    pub(crate) fn restockable(&self, stock: &StockState, limit: usize) -> Vec<(StreamId, Timestamp)> {
        let mut found: Vec<(i64, Row)> = Vec::new();
        // What is left of a SKU once those before are served.
        let mut left: BTreeMap<(MerchantNumber, u32), i64> = BTreeMap::new();
        let mut waiting: BTreeSet<(i64, Row)> = BTreeSet::new();
        for (key, queue) in &self.state.restock {
            let on_hand = stock.on_hand(&self.name(*key));
            left.insert(*key, on_hand);
            // Each of them takes at least one unit.
            waiting.extend(queue.iter().take(usize::try_from(on_hand).unwrap_or(0).min(limit)));
        }
        for (since, row) in waiting {
            if found.len() >= limit {
                break;
            }
            let needs = self.needs(row);
            let is_short = |key: &(MerchantNumber, u32), need: i64| left.get(key).is_none_or(|left| *left < need);
            let short: Vec<_> = needs.iter().filter(|(key, need)| is_short(key, *need)).map(|(key, _)| *key).collect();
            if short.is_empty() {
                for (key, need) in needs {
                    *left.entry(key).or_default() -= need;
                }
                found.push((since, row));
            } else {
                short.into_iter().for_each(|key| *left.entry(key).or_default() = 0);
            }
        }
        found.into_iter().map(|(since, row)| (self.orders.ids[row as usize], Timestamp(since))).collect()
    }

    /// Whose cards can go out, and whose cannot: in the order of paying, of each SKU as far as its cards last. One that lacks
    /// some keeps those that are left from those behind it. `skip`: not now.
    pub(crate) fn deliveries(
        &self,
        stock: &StockState,
        skip: impl Fn(StreamId, Timestamp) -> bool,
        limit: usize,
    ) -> Deliveries {
        let mut found = Deliveries::default();
        // Cards, and free units for those that have none of their own, less what those before get.
        let mut left: BTreeMap<(MerchantNumber, u32), (i64, i64)> = BTreeMap::new();
        let mut waiting: BTreeSet<(i64, Row)> = BTreeSet::new();
        for (key, queue) in &self.state.cards {
            let (cards, free) = stock.cards_and_free(&self.name(*key));
            left.insert(*key, (cards, free));
            waiting.extend(queue.iter().take(usize::try_from(cards).unwrap_or(0).min(limit)));
        }
        let there = left.clone();
        let is_short = |left: &BTreeMap<_, (i64, i64)>, (key, need, is_booked): &(_, i64, bool)| {
            left.get(key).is_none_or(|(cards, free)| cards < need || !is_booked && free < need)
        };
        let mut served: BTreeSet<(i64, Row)> = BTreeSet::new();
        for key in waiting {
            if served.len() >= limit {
                break;
            }
            let (needs, held_since) = self.card_needs(key.1);
            let short: Vec<_> = needs.iter().filter(|need| is_short(&left, need)).map(|need| need.0).collect();
            if !short.is_empty() {
                short.into_iter().for_each(|of| *left.entry(of).or_default() = (0, 0));
                continue;
            }
            for (of, need, is_booked) in needs {
                let (cards, free) = left.entry(of).or_default();
                *cards -= need;
                *free -= if is_booked { 0 } else { need };
            }
            served.insert(key);
            let (order, since) = (self.orders.ids[key.1 as usize], Timestamp(key.0));
            match held_since {
                Some(held_since) => found.resume.push((order, held_since)),
                None => found.deliver.push((order, since)),
            }
        }
        // Those behind somebody who lacks more wait too, but a person may serve them.
        let unserved = self.state.deliver.iter().filter(|key| !served.contains(key));
        let named = unserved.map(|key| (key.1, self.orders.ids[key.1 as usize], Timestamp(key.0)));
        let missing = named.filter(|(row, order, since)| {
            !skip(*order, *since) && self.card_needs(*row).0.iter().any(|need| is_short(&there, need))
        });
        found.missing.extend(missing.map(|(_, order, since)| (order, since)).take(limit));
        found
    }

    /// The cards of each SKU that an order lacks, and whether their units are its own; and since when it is in the queue of
    /// exceptions for want of them.
    #[expect(clippy::type_complexity, reason = "read in one place")]
    fn card_needs(&self, row: Row) -> (Vec<((MerchantNumber, u32), i64, bool)>, Option<Timestamp>) {
        let mut unpacked = self.orders.blank(row);
        self.orders.unpack_into(row, &mut unpacked);
        let merchant = self.orders.merchants.places[self.orders.places[row as usize] as usize].merchant;
        let mut needs: Vec<((MerchantNumber, u32), i64, bool)> = Vec::new();
        for (text, line) in unpacked.lines.iter().zip(&unpacked.order.lines).filter(|(_, line)| is_left(line)) {
            let (key, left) = ((merchant, text.sku), i64::from(line.left()));
            match needs.iter_mut().find(|(known, ..)| *known == key) {
                Some((_, need, _)) => *need += left,
                None => needs.push((key, left, text.is_counted)),
            }
        }
        (needs, unpacked.order.held_since(Hold::Stock))
    }

    fn name(&self, (merchant, sku): (MerchantNumber, u32)) -> (MerchantId, Sku) {
        (self.orders.merchants.id(merchant).clone(), Sku::from_stored(self.orders.strings.get(sku)))
    }

    /// Units of each SKU that an order has booked.
    fn needs(&self, row: Row) -> Vec<((MerchantNumber, u32), i64)> {
        let mut unpacked = self.orders.blank(row);
        self.orders.unpack_into(row, &mut unpacked);
        let merchant = self.orders.merchants.places[self.orders.places[row as usize] as usize].merchant;
        let mut needs: Vec<((MerchantNumber, u32), i64)> = Vec::new();
        for (text, line) in unpacked.lines.iter().zip(&unpacked.order.lines).filter(|(text, _)| text.is_counted) {
            let key = (merchant, text.sku);
            match needs.iter_mut().find(|(known, _)| *known == key) {
                Some((_, need)) => *need += i64::from(line.quantity),
                None => needs.push((key, line.quantity.into())),
            }
        }
        needs
    }
}

/// Where the queue of a kind goes on behind the last entry of a page.
fn start_of(after: &ExceptionCursor, kind: ExceptionKind) -> Bound<ExceptionKey> {
    // Entries of one order and moment come by kind.
    match kind.cmp(&after.kind) {
        std::cmp::Ordering::Less => Bound::Excluded((after.since.0, after.order, u16::MAX)),
        std::cmp::Ordering::Equal => Bound::Excluded((after.since.0, after.order, after.ticket)),
        std::cmp::Ordering::Greater => Bound::Included((after.since.0, after.order, 0)),
    }
}

/// When something must have happened to it: for a refund its own clock, else to be paid or shipped.
fn due_of(order: &Order, ticket: Option<u16>) -> Option<Timestamp> {
    let mut due: Option<Timestamp> = None;
    order.each_clock(|running| {
        let is_meant = match running.clock {
            Clock::Pay | Clock::ShipVirtual | Clock::Collect => ticket.is_none(),
            Clock::AnswerRefund | Clock::PayRefund => ticket.is_some() && running.ticket == ticket,
            Clock::EscalateRefund | Clock::Remind | Clock::Deliver | Clock::Observe => false,
        };
        if is_meant {
            due = Some(due.map_or(running.due, |earlier| earlier.min(running.due)));
        }
    });
    due
}

fn running(key: &DeadlineKey) -> Option<Running> {
    let clock = Clock::VARIANTS.iter().copied().find(|clock| *clock as u8 == key.clock)?;
    Some(Running { due: key.due, clock, ticket: (key.ticket > 0).then_some(key.ticket) })
}
