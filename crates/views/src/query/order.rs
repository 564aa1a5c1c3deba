//! The order list: filters, sorting, pages.

use daybook_domain::event::{Clock, Hold};
use daybook_domain::order::{AfterSales, Fulfilment, Lifecycle, Order, Payment};
use daybook_domain::{
    Currency, Label, MerchantId, OrderNumber, Position, Revision, Sealed, ShortText, Sku, Slot, StreamId, Tag,
    Timestamp,
};
use thiserror::Error;
use uuid::Uuid;

use crate::list::dues;

/// Whose orders. A merchant's place in the tree is the one that it had when the order was placed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Scope {
    #[default]
    All,
    /// The merchants' own orders, and with `subtree` those of all merchants below them too. Unknown ids match nothing.
    Merchants { ids: Vec<MerchantId>, subtree: bool },
    /// One merchant's, and with `subtree` of those below it, as far as they were placed at `under` or below it.
    Below { under: MerchantId, id: MerchantId, subtree: bool },
}

/// One thing asked of an order. Lists mean "one of", so that an empty list matches nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Condition {
    Label(Vec<Label>),
    Lifecycle(Vec<Lifecycle>),
    Payment(Vec<Payment>),
    Fulfilment(Vec<Fulfilment>),
    AfterSales(Vec<AfterSales>),
    /// At least one of these holds is on.
    Hold(Vec<Hold>),
    /// Placed at or after `gte` and before `lt`.
    PlacedAt {
        gte: Option<Timestamp>,
        lt: Option<Timestamp>,
    },
    Number(Vec<OrderNumber>),
    Id(Vec<StreamId>),
    /// As the orders came to the ledger, from 0 ([`crate::Views::nth`]).
    Nth(Vec<u32>),
    /// An account that no slot is known for is asked for as an empty list.
    Buyer(Vec<Slot>),
    /// At least one line sells one of these.
    Product(Vec<Sku>),
    Merchant {
        ids: Vec<MerchantId>,
        subtree: bool,
    },
    Tag(Vec<Tag>),
    /// At least one of these clocks was missed.
    Breach(Vec<Clock>),
    /// The order's total, in minor units, both ends included; without a currency, of any.
    Amount {
        currency: Option<Currency>,
        gte_minor: Option<i64>,
        lte_minor: Option<i64>,
    },
    /// A clock is open ([`Dues`]) and runs out before this.
    DueBefore(Timestamp),
}

/// A tree of conditions. `And` of nothing matches everything, `Or` of nothing matches nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Filter {
    And(Vec<Filter>),
    Or(Vec<Filter>),
    Is(Condition),
}

impl Default for Filter {
    /// Everything.
    fn default() -> Self {
        Filter::And(Vec::new())
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SortField {
    /// Ties in the order in which the orders came to the ledger.
    #[default]
    PlacedAt,
    /// By currency code, then by total in minor units, then as they came to the ledger.
    Amount,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Direction {
    Ascending,
    #[default]
    Descending,
}

/// Newest first unless told otherwise.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sort {
    pub field: SortField,
    pub direction: Direction,
}

/// Which end of what is left between `after` and `before` is wanted, and how many rows of it at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Take {
    First(usize),
    Last(usize),
}

#[derive(Clone, Debug)]
pub struct OrderQuery {
    pub scope: Scope,
    pub filter: Filter,
    pub sort: Sort,
    /// Rows behind this one, in the order of `sort`.
    pub after: Option<Cursor>,
    /// Rows in front of this one.
    pub before: Option<Cursor>,
    pub take: Take,
}

impl Default for OrderQuery {
    /// The 50 newest of all orders.
    fn default() -> Self {
        Self {
            scope: Scope::All,
            filter: Filter::default(),
            sort: Sort::default(),
            after: None,
            before: None,
            take: Take::First(50),
        }
    }
}

/// A row's place in a sorted list: its sort key and its order, so that it holds after a rebuild, and goes on from
/// where the row was if the order has changed since. Opaque to clients: the edge encodes [`Cursor::to_bytes`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cursor {
    pub(crate) key: CursorKey,
    pub(crate) order: StreamId,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CursorKey {
    PlacedAt(Timestamp),
    Amount { currency: Currency, total_minor: i64 },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("this is not a cursor of the order list; use one that a page brought, or none")]
pub struct CursorError;

impl Cursor {
    /// The order at which a page begins or ends.
    pub fn order(self) -> StreamId {
        self.order
    }

    /// At most 28 bytes.
    pub fn to_bytes(self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(28);
        match self.key {
            CursorKey::PlacedAt(at) => {
                bytes.push(1);
                bytes.extend_from_slice(&at.0.to_be_bytes());
            }
            CursorKey::Amount { currency, total_minor } => {
                bytes.push(2);
                bytes.extend_from_slice(currency.as_str().as_bytes());
                bytes.extend_from_slice(&total_minor.to_be_bytes());
            }
        }
        bytes.extend_from_slice(self.order.0.as_bytes());
        bytes
    }

    pub fn from_bytes(bytes: &[u8]) -> Result<Self, CursorError> {
        let (key, id) = bytes.split_last_chunk::<16>().ok_or(CursorError)?;
        let number = |bytes: &[u8]| bytes.try_into().map(i64::from_be_bytes).map_err(|_| CursorError);
        let key = match key.split_first().ok_or(CursorError)? {
            (1, at) => CursorKey::PlacedAt(Timestamp(number(at)?)),
            (2, rest) => {
                let (code, amount) = rest.split_at_checked(3).ok_or(CursorError)?;
                let code = std::str::from_utf8(code).map_err(|_| CursorError)?;
                let currency = Currency::new(code).map_err(|_| CursorError)?;
                CursorKey::Amount { currency, total_minor: number(amount)? }
            }
            _ => return Err(CursorError),
        };
        Ok(Self { key, order: StreamId(Uuid::from_bytes(*id)) })
    }
}

/// Clocks that are open and that somebody works against, missed or not. Absent: not started, stopped, or standing still because of a hold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Dues {
    /// While the order is neither paid nor cancelled.
    pub pay_by: Option<Timestamp>,
    /// While a card or top-up of a paid order is undelivered.
    pub ship_virtual_by: Option<Timestamp>,
    /// While a physical unit of a paid order is unshipped.
    pub collect_by: Option<Timestamp>,
    /// The earliest of the refund tickets that wait for an answer.
    pub answer_refund_by: Option<Timestamp>,
    /// The earliest of those that wait for the money.
    pub pay_refund_by: Option<Timestamp>,
}

impl Dues {
    /// The one that runs out first.
    pub fn next(self) -> Option<Timestamp> {
        let all = [self.pay_by, self.ship_virtual_by, self.collect_by, self.answer_refund_by, self.pay_refund_by];
        all.into_iter().flatten().min()
    }
}

/// What a line sells; its kind, quantity and price stand at the same place in [`Order::lines`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowLine {
    pub sku: Sku,
    pub title: ShortText,
}

/// An order as the list shows it. It needs nothing from the ledger: only the buyer's account must be opened
/// ([`BuyerAccount`], by `order.buyer`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    pub id: StreamId,
    pub number: OrderNumber,
    /// As the events made it, except that `checkpoints` (the carriers' ids) are left out.
    pub order: Order,
    /// As many as `order.lines`.
    pub lines: Vec<RowLine>,
    pub label: Label,
    pub total_minor: i64,
    pub revision: Revision,
    /// Of the order's last event.
    pub position: Position,
}

impl Row {
    /// Which of its clocks are open.
    pub fn dues(&self) -> Dues {
        dues(&self.order)
    }

    /// Where this row stands in a list sorted so.
    pub fn cursor(&self, field: SortField) -> Cursor {
        let key = match field {
            SortField::PlacedAt => CursorKey::PlacedAt(self.order.placed_at),
            SortField::Amount => CursorKey::Amount { currency: self.order.currency, total_minor: self.total_minor },
        };
        Cursor { key, order: self.id }
    }
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// In the order of the query's `sort`, for `Take::Last` too.
    pub rows: Vec<Row>,
    /// Exact for `Take::First`; for `Take::Last`, whether `before` was given.
    pub has_next: bool,
    /// Exact for `Take::Last`; for `Take::First`, whether `after` was given.
    pub has_previous: bool,
}

/// What opens a buyer's account: the text as it was sealed in the buyer's first order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BuyerAccount {
    pub sealed: Sealed,
    /// The order whose order-placed event carried it.
    pub stream: StreamId,
    pub tree_root: MerchantId,
}

#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum QueryError {
    #[error("the cursor belongs to a list that is sorted otherwise; start again without one")]
    CursorOfOtherSort,
    #[error("the cursor names an order that is not known here; start again without one")]
    CursorUnknown,
    #[error(
        "this would look at too many orders one by one; narrow it: by placedAt, merchant, buyer, number or product, with \
         fewer alternatives"
    )]
    TooMuchWork,
    #[error("the range spans {days} days; at most {max} are answered day by day: choose a shorter one")]
    RangeTooLong { days: u64, max: u64 },
    #[error("the amounts come to more than 64 bits hold: choose a shorter range or fewer merchants")]
    AmountsTooLarge,
}
