//! All views, folded together: one pass over the log, one packed order before each event.

use daybook_domain::{Position, Recorded};

use crate::error::{FoldError, Stopped};
use crate::list::OrderList;
use crate::list::index::ListIndex;
use crate::merchants::Merchants;
use crate::orders::{Orders, Workbench};

/// The names and versions of the views. A changed fold gets a new version, so that no old checkpoint is taken for it.
pub const ORDERS: ViewName = ViewName { name: "orders", version: 1 };

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ViewName {
    pub name: &'static str,
    pub version: u16,
}

/// How a view fares.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ViewStatus {
    pub view: ViewName,
    /// The last position that it has folded.
    pub position: Position,
    pub stopped: Option<Stopped>,
}

#[derive(Debug, Default)]
pub struct Views {
    pub(crate) position: Position,
    pub(crate) orders: Orders,
    orders_stopped: Option<Stopped>,
    pub(crate) list: ListIndex,
    bench: Workbench,
}

impl Views {
    pub fn new() -> Self {
        Self::default()
    }

    /// The last position that was given to the views; where they stand, unless they stopped.
    pub fn position(&self) -> Position {
        self.position
    }

    /// Folds one event into each view that still goes. Positions at or below the views' own are ignored.
    ///
    /// # Errors
    ///
    /// When a view stops at this event, once; the others go on, and so does this call with the next event.
    pub fn apply(&mut self, recorded: &Recorded) -> Result<(), Stopped> {
        if recorded.position <= self.position {
            return Ok(());
        }
        self.position = recorded.position;
        if self.orders_stopped.is_some() {
            return Ok(());
        }
        let change = match self.orders.apply(recorded, &mut self.bench) {
            Ok(None) => return Ok(()),
            Ok(Some(change)) => change,
            Err(error) => return Err(stop(&mut self.orders_stopped, ORDERS, recorded.position, error)),
        };
        match self.list.apply(&self.orders, &change) {
            Ok(()) => Ok(()),
            Err(error) => Err(stop(&mut self.orders_stopped, ORDERS, recorded.position, error)),
        }
    }

    pub fn order_list(&self) -> Result<OrderList<'_>, Stopped> {
        match &self.orders_stopped {
            Some(stopped) => Err(stopped.clone()),
            None => Ok(OrderList::new(&self.orders, &self.list)),
        }
    }

    pub fn merchants(&self) -> &Merchants {
        &self.orders.merchants
    }
}

fn stop(stopped: &mut Option<Stopped>, view: ViewName, at: Position, error: FoldError) -> Stopped {
    stopped.insert(Stopped { view: view.name, at, error }).clone()
}
