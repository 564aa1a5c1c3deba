//! All views, folded together: one pass over the log, one packed order before each event.

use daybook_domain::{Position, Recorded};

use crate::dashboard::Dashboard;
use crate::dashboard::state::DashboardState;
use crate::error::{FoldError, Stopped};
use crate::list::OrderList;
use crate::list::index::ListIndex;
use crate::merchants::Merchants;
use crate::orders::{Orders, Workbench};

/// The names and versions of the views. A changed fold gets a new version, so that no old checkpoint is taken for it.
pub const ORDERS: ViewName = ViewName { name: "orders", version: 1 };
pub const DASHBOARD: ViewName = ViewName { name: "dashboard", version: 1 };

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

/// The orders, and over them their list and the dashboard. Both need each order as it was before an event, so neither
/// goes on without the orders; each goes on without the other.
#[derive(Debug, Default)]
pub struct Views {
    position: Position,
    pub(crate) orders: Orders,
    pub(crate) list: ListIndex,
    /// The orders themselves could not be folded: nothing can go on.
    pub(crate) halted: bool,
    pub(crate) list_stopped: Option<Stopped>,
    pub(crate) dashboard: DashboardState,
    pub(crate) dashboard_stopped: Option<Stopped>,
    bench: Workbench,
}

impl Views {
    pub fn new() -> Self {
        Self::default()
    }

    /// The last position that was given to the views: where they stand, unless they stopped.
    pub fn position(&self) -> Position {
        self.position
    }

    pub(crate) fn set_position(&mut self, position: Position) {
        self.position = position;
    }

    /// There is no dashboard as of this position.
    pub(crate) fn miss_dashboard(&mut self, position: Position) {
        stop(&mut self.dashboard_stopped, DASHBOARD, position.saturating_add(1), FoldError::NoCheckpoint);
    }

    /// Folds one event into each view that still goes. Positions at or below the views' own are ignored.
    ///
    /// # Errors
    ///
    /// When a view stops at this event, once; the others go on, and so does the next call.
    pub fn apply(&mut self, recorded: &Recorded) -> Result<(), Stopped> {
        if recorded.position <= self.position {
            return Ok(());
        }
        self.position = recorded.position;
        if self.halted {
            return Ok(());
        }
        let at = recorded.position;
        let change = match self.orders.apply(recorded, &mut self.bench) {
            Ok(None) => return Ok(()),
            Ok(Some(change)) => change,
            Err(error) => {
                self.halted = true;
                stop(&mut self.dashboard_stopped, DASHBOARD, at, error.clone());
                return Err(stop(&mut self.list_stopped, ORDERS, at, error));
            }
        };
        let mut result = Ok(());
        if self.dashboard_stopped.is_none()
            && let Err(error) = self.dashboard.apply(&self.orders, &change, recorded)
        {
            result = Err(stop(&mut self.dashboard_stopped, DASHBOARD, at, error));
        }
        if self.list_stopped.is_none()
            && let Err(error) = self.list.apply(&self.orders, &change)
        {
            result = Err(stop(&mut self.list_stopped, ORDERS, at, error));
        }
        result
    }

    pub fn status(&self) -> [ViewStatus; 2] {
        [(ORDERS, &self.list_stopped), (DASHBOARD, &self.dashboard_stopped)].map(|(view, stopped)| ViewStatus {
            view,
            position: stopped.as_ref().map_or(self.position, |stopped| stopped.at.saturating_sub(1)),
            stopped: stopped.clone(),
        })
    }

    /// # Errors
    ///
    /// When the view has stopped.
    pub fn order_list(&self) -> Result<OrderList<'_>, Stopped> {
        match &self.list_stopped {
            Some(stopped) => Err(stopped.clone()),
            None => Ok(OrderList::new(&self.orders, &self.list)),
        }
    }

    /// # Errors
    ///
    /// When the view has stopped.
    pub fn dashboard(&self) -> Result<Dashboard<'_>, Stopped> {
        match &self.dashboard_stopped {
            Some(stopped) => Err(stopped.clone()),
            None => Ok(Dashboard::new(&self.orders, &self.dashboard)),
        }
    }

    /// The merchants, as far as the orders' view got.
    pub fn merchants(&self) -> &Merchants {
        &self.orders.merchants
    }

    /// Takes over the dashboard of views that were rebuilt beside these up to the same position. Hands it back when the
    /// positions differ: fold the missing events into it and ask again.
    pub fn replace_dashboard(&mut self, rebuilt: Views) -> Result<(), Box<Views>> {
        let fits = rebuilt.position == self.position
            && rebuilt.orders.len() == self.orders.len()
            && rebuilt.dashboard_stopped.is_none()
            && !self.halted;
        if !fits {
            return Err(Box::new(rebuilt));
        }
        self.dashboard = rebuilt.dashboard;
        self.dashboard_stopped = None;
        Ok(())
    }

    /// Bytes that the orders' view and the dashboard have allocated, about.
    pub fn footprint(&self) -> [(ViewName, usize); 2] {
        let orders = self.orders.footprint() + self.list.footprint();
        [(ORDERS, orders), (DASHBOARD, self.dashboard.footprint())]
    }
}

fn stop(stopped: &mut Option<Stopped>, view: ViewName, at: Position, error: FoldError) -> Stopped {
    stopped.get_or_insert(Stopped { view: view.name, at, error }).clone()
}
