//! Which views there are, and what each of them is.

use daybook_domain::{Position, Recorded};

use crate::checkpoint::{Chunks, Part, RestoreError};
use crate::chunks::Changed;
use crate::dashboard::state::DashboardState;
use crate::error::{FoldError, Stopped};
use crate::jobs::JobsState;
use crate::list::index::ListIndex;
use crate::orders::{Change, Orders};
use crate::queues::QueueState;
use crate::stock::StockState;
use crate::tokens::TokenState;

/// The views. Whoever changes what a fold makes of events, but not what its checkpoints look like, counts its `fold` up: what
/// is there then goes on to be served until somebody has seen what differs and takes the new one. Whoever changes what they
/// look like counts its `version` up, and sets `fold` to 0: then it is folded again before anybody is answered.
pub const ORDERS: ViewName = ViewName { name: "orders", version: 7, fold: 0 };
pub const DASHBOARD: ViewName = ViewName { name: "dashboard", version: 3, fold: 0 };
pub const STOCK: ViewName = ViewName { name: "stock", version: 3, fold: 0 };
pub const QUEUES: ViewName = ViewName { name: "queues", version: 1, fold: 0 };
pub const TOKENS: ViewName = ViewName { name: "tokens", version: 1, fold: 0 };
pub const JOBS: ViewName = ViewName { name: "jobs", version: 1, fold: 0 };

/// Every view. The orders come first: the others stand on them.
pub const VIEWS: [ViewName; 6] = [ORDERS, DASHBOARD, STOCK, QUEUES, TOKENS, JOBS];

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ViewName {
    pub name: &'static str,
    /// What its checkpoints look like.
    pub version: u16,
    /// By which rules it is folded.
    pub fold: u16,
}

/// A view's state. A new view is a module with one of these, and its lines in this file.
pub(crate) trait View: Send {
    /// Folds in an event. `change`: what it did to its order, if it was about one.
    fn apply(&mut self, orders: &Orders, change: Option<&Change<'_>>, recorded: &Recorded) -> Result<(), FoldError>;

    /// The same while nobody asks: what [`View::settle`] makes from the orders is left out.
    fn apply_in_bulk(
        &mut self,
        orders: &Orders,
        change: Option<&Change<'_>>,
        recorded: &Recorded,
    ) -> Result<(), FoldError>;

    /// Makes what [`View::apply_in_bulk`] left out, or [`View::read`]. False: what was kept is damaged.
    fn settle(&mut self, orders: &Orders) -> bool;

    /// What a checkpoint holds of it.
    fn parts<'a>(&'a self, orders: &'a Orders) -> Vec<Kept<'a>>;

    /// Writes one chunk of a part: the things with these numbers.
    fn put_chunk(&self, orders: &Orders, part: Part, range: std::ops::Range<usize>, out: &mut Vec<u8>);

    /// Reads what the chunks hold; [`View::settle`] makes the rest from the orders, which are read at the same time.
    fn read(&mut self, chunks: Chunks<'_>) -> Result<(), RestoreError>;

    /// All of it counts as changed at this position.
    fn mark_all(&mut self, orders: &Orders, position: Position);

    /// Bytes that are allocated, about.
    fn footprint(&self) -> usize;
}

/// A part of a view, as checkpoints see it.
pub(crate) struct Kept<'a> {
    pub(crate) part: Part,
    /// How many things it consists of.
    pub(crate) count: usize,
    /// None: one chunk, which is always written.
    pub(crate) changed: Option<&'a Changed>,
}

/// A view, and whether it goes on.
#[derive(Debug, Default)]
pub(crate) struct Running<V> {
    pub(crate) view: V,
    pub(crate) stopped: Option<Stopped>,
    /// It was restored from what other rules made.
    pub(crate) is_of_other_fold: bool,
}

/// A view among all views.
pub(crate) struct Entry<'a> {
    pub(crate) name: ViewName,
    pub(crate) view: &'a dyn View,
    pub(crate) stopped: &'a Option<Stopped>,
    pub(crate) is_of_other_fold: bool,
}

pub(crate) struct EntryMut<'a> {
    pub(crate) name: ViewName,
    pub(crate) view: &'a mut dyn View,
    pub(crate) stopped: &'a mut Option<Stopped>,
    pub(crate) is_of_other_fold: &'a mut bool,
}

#[derive(Debug, Default)]
pub(crate) struct Registry {
    pub(crate) list: Running<ListIndex>,
    pub(crate) dashboard: Running<DashboardState>,
    pub(crate) stock: Running<StockState>,
    pub(crate) queues: Running<QueueState>,
    pub(crate) tokens: Running<TokenState>,
    pub(crate) jobs: Running<JobsState>,
}

impl Registry {
    pub(crate) fn all(&self) -> [Entry<'_>; VIEWS.len()] {
        [
            self.list.entry(ORDERS),
            self.dashboard.entry(DASHBOARD),
            self.stock.entry(STOCK),
            self.queues.entry(QUEUES),
            self.tokens.entry(TOKENS),
            self.jobs.entry(JOBS),
        ]
    }

    pub(crate) fn all_mut(&mut self) -> [EntryMut<'_>; VIEWS.len()] {
        [
            self.list.entry_mut(ORDERS),
            self.dashboard.entry_mut(DASHBOARD),
            self.stock.entry_mut(STOCK),
            self.queues.entry_mut(QUEUES),
            self.tokens.entry_mut(TOKENS),
            self.jobs.entry_mut(JOBS),
        ]
    }

    /// Exchanges one view with another registry's.
    pub(crate) fn swap(&mut self, view: ViewName, other: &mut Self) {
        if view == ORDERS {
            std::mem::swap(&mut self.list, &mut other.list);
        } else if view == DASHBOARD {
            std::mem::swap(&mut self.dashboard, &mut other.dashboard);
        } else if view == STOCK {
            std::mem::swap(&mut self.stock, &mut other.stock);
        } else if view == QUEUES {
            std::mem::swap(&mut self.queues, &mut other.queues);
        } else if view == TOKENS {
            std::mem::swap(&mut self.tokens, &mut other.tokens);
        } else if view == JOBS {
            std::mem::swap(&mut self.jobs, &mut other.jobs);
        }
    }

    pub(crate) fn stopped(&self, view: ViewName) -> Option<&Stopped> {
        self.all().into_iter().find(|entry| entry.name == view).and_then(|entry| entry.stopped.as_ref())
    }

    /// Every view stops at the same event: the orders that they stand on could not be folded.
    pub(crate) fn stop_all(&mut self, at: Position, error: &FoldError) -> Option<Stopped> {
        let stopped = self.all_mut().map(|entry| stop(entry.stopped, entry.name, at, error.clone()));
        stopped.into_iter().next()
    }
}

impl<V: View> Running<V> {
    fn entry(&self, name: ViewName) -> Entry<'_> {
        Entry { name, view: &self.view, stopped: &self.stopped, is_of_other_fold: self.is_of_other_fold }
    }

    fn entry_mut(&mut self, name: ViewName) -> EntryMut<'_> {
        let Self { view, stopped, is_of_other_fold } = self;
        EntryMut { name, view, stopped, is_of_other_fold }
    }
}

/// The first reason to stop is the one that stays.
pub(crate) fn stop(stopped: &mut Option<Stopped>, view: ViewName, at: Position, error: FoldError) -> Stopped {
    stopped.get_or_insert(Stopped { view: view.name, at, error }).clone()
}
