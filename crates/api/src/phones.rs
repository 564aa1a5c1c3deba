//! Which orders have a telephone that ends in these four digits.
//!
//! Contacts lie sealed in the log and stay so: what is known of them here is in memory alone, made anew by each server, and
//! no more than four digits of each. A thread reads the log once, and then follows the views; what it lacks of the last
//! moment is read by whoever asks.

mod follow;
mod note;

use std::sync::{Mutex, MutexGuard, PoisonError};

use daybook_domain::{Position, Slot, StreamId};
use daybook_engine::Reader;
use daybook_views::Views;
use hashbrown::{HashMap, HashSet};

use crate::schema::error::ApiError;
pub use follow::{PhoneFollower, read_phones};
use note::{Note, Noted};

/// The last four digits of a telephone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Tail(u16);

impl Tail {
    /// Of an order without a telephone.
    const NONE: Self = Self(u16::MAX);

    /// Of all digits of a telephone; none of fewer than four.
    pub(crate) fn of(digits: &str) -> Option<Self> {
        let start = digits.len().checked_sub(4)?;
        Self::parse(digits.get(start..)?)
    }

    /// Of just four digits.
    pub(crate) fn parse(digits: &str) -> Option<Self> {
        let is_four = digits.len() == 4 && digits.bytes().all(|byte| byte.is_ascii_digit());
        digits.parse().ok().filter(|_| is_four).map(Self)
    }
}

/// Events that whoever asks reads himself: some milliseconds' worth.
const MAX_BEHIND: u64 = 4_096;
/// Bytes of the log that are read at a time.
const READ_BYTES: usize = 1 << 20;

#[derive(Default)]
pub(crate) struct Phones {
    index: Mutex<Index>,
}

/// A change of address that nobody has decided on yet, and that names another contact.
struct Asked {
    change: u16,
    slot: Slot,
    tail: Option<Tail>,
}

/// Orders are named by how many came to the ledger before them, as the views do.
#[derive(Default)]
struct Index {
    /// The last position that is in it.
    position: Position,
    tails: Vec<Tail>,
    /// Rising.
    orders: HashMap<Tail, Vec<u32>>,
    asked: HashMap<StreamId, Asked>,
    /// Whose data was erased: what was opened before is not used any more.
    erased: HashSet<Slot>,
}

impl Phones {
    fn index(&self) -> MutexGuard<'_, Index> {
        self.index.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whatever else is held, the views are held before this.
    ///
    /// # Errors
    /// [`ApiError::Reading`] when the views are further than this by more than can be read here and now.
    pub(crate) fn orders_with(&self, reader: &Reader, views: &Views, tail: Tail) -> Result<Vec<u32>, ApiError> {
        let mut index = self.index();
        let wanted = views.position();
        if wanted.saturating_sub(index.position) > MAX_BEHIND {
            return Err(ApiError::Reading { at: index.position, wanted });
        }
        while index.position < wanted {
            let from = index.position + 1;
            let (noted, next) = note::read(reader, (from, wanted), READ_BYTES)?;
            index.apply(noted, |order| views.nth(order));
            if next == from {
                return Err(ApiError::Reading { at: index.position, wanted });
            }
            index.position = next - 1;
        }
        Ok(index.orders.get(&tail).cloned().unwrap_or_default())
    }

    /// Bytes that are allocated, what the allocator adds aside.
    pub(crate) fn footprint(&self) -> usize {
        let index = self.index();
        let orders: usize = index.orders.values().map(|orders| orders.capacity() * size_of::<u32>()).sum();
        index.tails.capacity() * size_of::<Tail>()
            + orders
            + index.orders.allocation_size()
            + index.asked.allocation_size()
            + index.erased.allocation_size()
    }

    /// Drops what is known of a buyer's telephones: `orders` are his.
    pub(crate) fn forget(&self, buyer: Slot, orders: &[u32]) {
        let mut index = self.index();
        index.erased.insert(buyer);
        index.asked.retain(|_, asked| asked.slot != buyer);
        for &order in orders {
            index.set(order, None);
        }
    }
}

impl Index {
    fn apply(&mut self, noted: Vec<Noted>, nth: impl Fn(StreamId) -> Option<u32>) {
        for Noted { order, note } in noted {
            match note {
                Note::Placed(contact) => {
                    let nth = u32::try_from(self.tails.len()).unwrap_or(u32::MAX);
                    self.tails.push(Tail::NONE);
                    self.set(nth, contact.and_then(|(slot, tail)| self.unless_erased(slot, tail)));
                }
                Note::Asked { change, contact: Some((slot, tail)) } => {
                    self.asked.insert(order, Asked { change, slot, tail });
                }
                Note::Asked { change: _, contact: None } => {
                    self.asked.remove(&order);
                }
                Note::Changed { change } => {
                    let asked = self.asked.remove(&order).filter(|asked| asked.change == change);
                    if let (Some(Asked { slot, tail, .. }), Some(nth)) = (asked, nth(order)) {
                        self.set(nth, self.unless_erased(slot, tail));
                    }
                }
                Note::Rejected => {
                    self.asked.remove(&order);
                }
            }
        }
    }

    fn unless_erased(&self, slot: Slot, tail: Option<Tail>) -> Option<Tail> {
        tail.filter(|_| !self.erased.contains(&slot))
    }

    fn set(&mut self, nth: u32, tail: Option<Tail>) {
        let Some(known) = self.tails.get_mut(nth as usize) else { return };
        let old = std::mem::replace(known, tail.unwrap_or(Tail::NONE));
        if Some(old) == tail {
            return;
        }
        if let Some(orders) = self.orders.get_mut(&old)
            && let Ok(at) = orders.binary_search(&nth)
        {
            orders.remove(at);
        }
        if let Some(tail) = tail {
            let orders = self.orders.entry(tail).or_default();
            if let Err(at) = orders.binary_search(&nth) {
                orders.insert(at, nth);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn tail(text: &str) -> Option<Tail> {
        Tail::of(text)
    }

    fn placed(order: u128, slot: u32, digits: &str) -> Noted {
        Noted { order: StreamId(Uuid::from_u128(order)), note: Note::Placed(Some((Slot(slot), tail(digits)))) }
    }

    fn noted(order: u128, note: Note) -> Noted {
        Noted { order: StreamId(Uuid::from_u128(order)), note }
    }

    /// Order `n` is the one that came after `n` others.
    fn nth(order: StreamId) -> Option<u32> {
        u32::try_from(order.0.as_u128()).ok()
    }

    fn with(index: &Index, digits: &str) -> Vec<u32> {
        tail(digits).and_then(|tail| index.orders.get(&tail)).cloned().unwrap_or_default()
    }

    #[test]
    fn a_tail_is_the_last_four_digits() {
        assert_eq!(Tail::of("13812340009"), Some(Tail(9)));
        assert_eq!(Tail::of("0009"), Tail::parse("0009"));
        assert_eq!((Tail::of("009"), Tail::of("")), (None, None));
        for text in ["009", "00009", "+009", "abcd", "１２３", ""] {
            assert_eq!(Tail::parse(text), None, "{text}");
        }
    }

    #[test]
    fn the_newest_contact_that_was_approved_counts() {
        let mut index = Index::default();
        index.apply(vec![placed(0, 1, "1381234"), placed(1, 2, "1391234"), placed(2, 3, "12")], nth);
        assert_eq!(with(&index, "1234"), [0, 1]);
        let ask = |change, digits: &str| Note::Asked { change, contact: Some((Slot(1), tail(digits))) };
        index.apply(vec![noted(0, ask(1, "5678"))], nth);
        assert_eq!((with(&index, "1234"), with(&index, "5678")), (vec![0, 1], vec![]), "nobody approved it");
        index.apply(vec![noted(0, Note::Rejected), noted(0, Note::Changed { change: 1 })], nth);
        assert_eq!(with(&index, "1234"), [0, 1]);
        // An account for a top-up is no contact.
        let inputs = Note::Asked { change: 2, contact: None };
        index.apply(vec![noted(0, inputs), noted(0, Note::Changed { change: 2 })], nth);
        assert_eq!(with(&index, "1234"), [0, 1]);
        index.apply(vec![noted(0, ask(3, "5678")), noted(0, Note::Changed { change: 3 })], nth);
        assert_eq!((with(&index, "1234"), with(&index, "5678")), (vec![1], vec![0]));
        // A contact without a telephone.
        index.apply(vec![noted(0, ask(4, "")), noted(0, Note::Changed { change: 4 })], nth);
        assert_eq!((with(&index, "1234"), with(&index, "5678")), (vec![1], vec![]));
    }

    #[test]
    fn what_was_erased_is_forgotten_also_where_it_was_opened_before() {
        let phones = Phones::default();
        let asked = Note::Asked { change: 1, contact: Some((Slot(1), tail("5678"))) };
        phones.index().apply(vec![placed(0, 1, "1234"), placed(1, 2, "1234"), noted(0, asked)], nth);
        phones.forget(Slot(1), &[0]);
        assert_eq!(with(&phones.index(), "1234"), [1]);
        let late = vec![noted(0, Note::Changed { change: 1 }), placed(2, 1, "1234")];
        phones.index().apply(late, nth);
        let index = phones.index();
        assert_eq!((with(&index, "1234"), with(&index, "5678")), (vec![1], vec![]));
    }
}
