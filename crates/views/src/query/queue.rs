//! What waits: deadlines, and the exception queue.

use daybook_domain::clock::Running;
use daybook_domain::event::Hold;
use daybook_domain::{StreamId, Timestamp};

use super::{Row, Scope};

/// Why an order is kept out of the normal queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum ExceptionKind {
    Stock = 1,
    Address = 2,
    Payment = 3,
    Risk = 4,
    /// A refund ticket is open.
    Refund = 5,
}

impl ExceptionKind {
    pub const ALL: [ExceptionKind; 5] = [
        ExceptionKind::Stock,
        ExceptionKind::Address,
        ExceptionKind::Payment,
        ExceptionKind::Risk,
        ExceptionKind::Refund,
    ];

    pub fn of(hold: Hold) -> Self {
        match hold {
            Hold::Stock => ExceptionKind::Stock,
            Hold::Address => ExceptionKind::Address,
            Hold::Payment => ExceptionKind::Payment,
            Hold::Risk => ExceptionKind::Risk,
        }
    }
}

/// Which exceptions. A merchant's place in the tree is the one that it had when the order was placed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExceptionQuery {
    pub scope: Scope,
    pub kinds: Vec<ExceptionKind>,
    /// The last one of the page before.
    pub after: Option<ExceptionCursor>,
    pub first: usize,
}

impl Default for ExceptionQuery {
    /// The 50 oldest of all.
    fn default() -> Self {
        Self { scope: Scope::All, kinds: ExceptionKind::ALL.into(), after: None, first: 50 }
    }
}

/// The oldest first; those of one moment as the orders came to the ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ExceptionCursor {
    pub since: Timestamp,
    pub order: u32,
    pub kind: ExceptionKind,
    pub ticket: u16,
}

/// An order that is in the queue; one that is there for several reasons is there several times.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExceptionEntry {
    pub row: Row,
    pub kind: ExceptionKind,
    pub since: Timestamp,
    /// When something must have happened; none where no clock runs.
    pub due: Option<Timestamp>,
    /// From 1, of a refund.
    pub ticket: Option<u16>,
    pub cursor: ExceptionCursor,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExceptionPage {
    pub entries: Vec<ExceptionEntry>,
    pub has_next: bool,
}

/// How many exceptions of a kind there are, and since when the oldest waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExceptionCount {
    pub kind: ExceptionKind,
    pub count: u64,
    pub oldest: Option<Timestamp>,
}

/// Which deadlines. A merchant's place in the tree is the one that it had when the order was placed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeadlineQuery {
    pub scope: Scope,
    /// Those that run out before this.
    pub before: Option<Timestamp>,
    pub after: Option<DeadlineCursor>,
    pub first: usize,
}

/// The next one first; those of one moment as the orders came to the ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct DeadlineCursor {
    pub due: Timestamp,
    pub order: u32,
    pub clock: u8,
    pub ticket: u16,
}

/// A clock that will ring when it runs out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeadlineEntry {
    pub row: Row,
    pub running: Running,
    pub cursor: DeadlineCursor,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeadlinePage {
    pub entries: Vec<DeadlineEntry>,
    pub has_next: bool,
}

/// Paid orders whose cards go out without a person; each with the moment from which it waits.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Deliveries {
    /// There is enough for them.
    pub deliver: Vec<(StreamId, Timestamp)>,
    /// There is, now, for those that are on hold for want of it.
    pub resume: Vec<(StreamId, Timestamp)>,
    /// There is not, and nobody was told yet.
    pub missing: Vec<(StreamId, Timestamp)>,
}

/// A clock that has run out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Due {
    pub order: StreamId,
    pub running: Running,
}
