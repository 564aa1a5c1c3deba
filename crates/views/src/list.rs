//! The order list: rows filtered and sorted, a page at a time.

mod branch;
mod class;
mod dues;
mod effort;
mod find;
pub(crate) mod index;
mod rows;
mod source;
mod test;
mod totals;

use daybook_domain::{MerchantId, OrderNumber, Slot, StreamId};

use crate::Row as RowNumber;
use crate::orders::Orders;
use crate::query::{
    BuyerAccount, Condition, Cursor, CursorKey, Direction, Filter, OrderQuery, Page, QueryError, Row, Scope, Sort,
    SortField, Take,
};
pub(crate) use dues::dues;
use effort::Effort;
use index::{AmountKey, ListIndex, TimeKey};
use rows::Rows;
use source::Bounds;
use test::{Data, MerchantSet};

/// Orders of one number that are answered at most.
pub const MAX_NAMESAKES: usize = 100;

/// The order list at the position that the views have reached.
#[derive(Clone, Copy)]
pub struct OrderList<'a> {
    orders: &'a Orders,
    index: &'a ListIndex,
}

impl<'a> OrderList<'a> {
    pub(crate) fn new(orders: &'a Orders, index: &'a ListIndex) -> Self {
        Self { orders, index }
    }

    /// # Errors
    ///
    /// When a cursor is not of this list.
    pub fn page(&self, query: &OrderQuery) -> Result<Page, QueryError> {
        self.page_within(query, u64::MAX)
    }

    /// As [`OrderList::page`], in so many steps at most: a step is about one test of one order, some nanoseconds.
    ///
    /// # Errors
    ///
    /// When a cursor is not of this list, or the page takes more steps.
    pub fn page_within(&self, query: &OrderQuery, steps: u64) -> Result<Page, QueryError> {
        let effort = Effort::new(steps);
        let data = self.data(&effort);
        let test = data.test(&query.scope, &query.filter)?;
        let (size, is_first) = match query.take {
            Take::First(size) => (size, true),
            Take::Last(size) => (size, false),
        };
        let rising = (query.sort.direction == Direction::Ascending) == is_first;
        let want = size.saturating_add(1);
        let mut found = match query.sort.field {
            SortField::PlacedAt => {
                let within = self.bounds(query, |cursor, row| match cursor.key {
                    CursorKey::PlacedAt(at) => Some((at.0, row)),
                    CursorKey::Amount { .. } => None,
                })?;
                data.find::<TimeKey>(&test, within, rising, want)?
            }
            SortField::Amount => {
                let within = self.bounds(query, |cursor, row| match cursor.key {
                    CursorKey::Amount { currency, total_minor } => {
                        Some((index::code_number(currency), total_minor, row))
                    }
                    CursorKey::PlacedAt(_) => None,
                })?;
                data.find::<AmountKey>(&test, within, rising, want)?
            }
        };
        let has_more = found.len() > size;
        found.truncate(size);
        if !is_first {
            found.reverse();
        }
        let (has_next, has_previous) =
            if is_first { (has_more, query.after.is_some()) } else { (query.before.is_some(), has_more) };
        Ok(Page { rows: rows::of(self.orders, &found), has_next, has_previous })
    }

    /// All orders that a page walk would bring, in its order, in so many steps at most: 16 bytes each, no row is looked
    /// at that need not be.
    ///
    /// # Errors
    ///
    /// When it takes more steps.
    pub fn ids_within(
        &self,
        scope: &Scope,
        filter: &Filter,
        sort: Sort,
        steps: u64,
    ) -> Result<Vec<StreamId>, QueryError> {
        let effort = Effort::new(steps);
        let data = self.data(&effort);
        let test = data.test(scope, filter)?;
        let rising = sort.direction == Direction::Ascending;
        let found = match sort.field {
            SortField::PlacedAt => data.find::<TimeKey>(&test, Bounds::ALL, rising, usize::MAX)?,
            SortField::Amount => data.find::<AmountKey>(&test, Bounds::ALL, rising, usize::MAX)?,
        };
        Ok(found.into_iter().map(|row| self.orders.ids[row as usize]).collect())
    }

    /// The keys between the cursors.
    fn bounds<K: Ord + Copy + Next>(
        &self,
        query: &OrderQuery,
        key: impl Fn(&Cursor, RowNumber) -> Option<K>,
    ) -> Result<Bounds<K>, QueryError> {
        let mut bounds = Bounds::ALL;
        for (cursor, is_after) in [(&query.after, true), (&query.before, false)] {
            let Some(cursor) = cursor else {
                continue;
            };
            let row = self.orders.find(cursor.order).ok_or(QueryError::CursorUnknown)?;
            let key = key(cursor, row).ok_or(QueryError::CursorOfOtherSort)?;
            if is_after == (query.sort.direction == Direction::Ascending) {
                bounds.raise(key.next());
            } else {
                bounds.lower(key);
            }
        }
        Ok(bounds)
    }

    /// How many orders a page walk would bring. Without conditions other than axes, merchants and time it looks at
    /// no row.
    pub fn count(&self, scope: &Scope, filter: &Filter) -> u64 {
        // So many steps are never taken.
        self.count_within(scope, filter, u64::MAX).unwrap_or(u64::MAX)
    }

    /// As [`OrderList::count`], in so many steps at most.
    ///
    /// # Errors
    ///
    /// When it takes more steps.
    pub fn count_within(&self, scope: &Scope, filter: &Filter, steps: u64) -> Result<u64, QueryError> {
        let effort = Effort::new(steps);
        let data = self.data(&effort);
        Ok(data.count(&data.test(scope, filter)?)?)
    }

    fn data<'b>(&'b self, effort: &'b Effort) -> Data<'b> {
        Data { orders: self.orders, index: self.index, effort }
    }

    pub fn by_id(&self, id: StreamId) -> Option<Row> {
        self.orders.find(id).map(|row| self.row(row))
    }

    /// The merchant's own order of that number; if it has none, those of the merchants below it; without a merchant,
    /// all of that number. More than one: the number is ambiguous; of these at most [`MAX_NAMESAKES`].
    pub fn by_number(&self, merchant: Option<&MerchantId>, number: &OrderNumber) -> Vec<Row> {
        let Self { orders, index } = *self;
        let mut rows = index.rows_of_number(orders, number.as_str());
        if let Some(merchant) = merchant {
            let set = |subtree| MerchantSet {
                merchants: orders.merchants.number(merchant).into_iter().collect(),
                subtree,
                is_disjoint: true,
            };
            let own: Vec<RowNumber> = rows.iter().copied().filter(|&row| set(false).contains(orders, row)).collect();
            if own.is_empty() {
                rows.retain(|&row| set(true).contains(orders, row));
            } else {
                rows = own;
            }
        }
        rows.truncate(MAX_NAMESAKES);
        rows::of(orders, &rows)
    }

    /// All orders of a buyer, in no order that is told.
    pub fn ids_of(&self, buyer: Slot) -> Vec<StreamId> {
        let sort = Sort { field: SortField::PlacedAt, direction: Direction::Ascending };
        let filter = Filter::Is(Condition::Buyer(vec![buyer]));
        // So many steps are never taken.
        self.ids_within(&Scope::All, &filter, sort, u64::MAX).unwrap_or_default()
    }

    /// What opens a buyer's account.
    pub fn account(&self, buyer: Slot) -> Option<BuyerAccount> {
        self.orders.account(buyer)
    }

    fn row(&self, row: RowNumber) -> Row {
        Self::row_of(self.orders, row)
    }

    pub(crate) fn row_of(orders: &Orders, row: RowNumber) -> Row {
        Rows::new(orders, row).row(row)
    }
}

/// The smallest key that is greater.
trait Next {
    fn next(self) -> Self;
}

impl Next for TimeKey {
    fn next(self) -> Self {
        (self.0, self.1.saturating_add(1))
    }
}

impl Next for AmountKey {
    fn next(self) -> Self {
        (self.0, self.1, self.2.saturating_add(1))
    }
}
