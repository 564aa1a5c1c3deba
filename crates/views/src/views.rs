//! All views, folded together: one pass over the log, one packed order before each event.

use std::borrow::Cow;
use std::sync::Arc;

use daybook_domain::{Currency, MerchantId, Position, Recorded, Slot, StreamId, Timestamp};

use crate::dashboard::Dashboard;
use crate::error::{FoldError, Stopped};
use crate::jobs::Jobs;
use crate::list::OrderList;
use crate::merchants::Merchants;
use crate::number::Number;
use crate::orders::{Orders, Workbench};
use crate::query::Deliveries;
use crate::queues::Queues;
use crate::registry::{ORDERS, Registry, ViewName, stop};
use crate::stock::Stock;
use crate::tokens::Tokens;

/// Whose a stream is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StreamOwner<'a> {
    /// None: the platform's.
    pub merchant: Option<&'a MerchantId>,
    pub name: Option<Cow<'a, str>>,
}

/// How a view fares.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ViewStatus {
    pub view: ViewName,
    /// The last position that it has folded.
    pub position: Position,
    pub stopped: Option<Stopped>,
    /// What it holds was made by the rules of another version of Daybook, which this one goes on from until it is rebuilt.
    pub is_of_other_fold: bool,
}

/// The orders, and over them every view. All need each order as it was before an event, so none goes on without the
/// orders; each goes on without the others.
#[derive(Debug, Default)]
pub struct Views {
    pub(crate) position: Position,
    pub(crate) orders: Orders,
    /// The orders themselves could not be folded: nothing can go on.
    pub(crate) halted: bool,
    pub(crate) registry: Registry,
    pub(crate) bench: Workbench,
    /// The same for as long as what was saved of these views may be built on.
    pub(crate) lineage: Lineage,
}

/// Which views they are: other ones have another, however equal they may be.
#[derive(Clone, Debug, Default)]
pub(crate) struct Lineage(Arc<()>);

impl PartialEq for Lineage {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Views {
    pub fn new() -> Self {
        Self::default()
    }

    /// The last position that was given to the views: where they stand, unless they stopped.
    pub fn position(&self) -> Position {
        self.position
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
        let change = match self.orders.apply(recorded, &mut self.bench) {
            Ok(change) => change,
            Err(error) => return Err(self.halt(recorded.position, error)),
        };
        let mut result = Ok(());
        for entry in self.registry.all_mut() {
            if entry.stopped.is_none()
                && let Err(error) = entry.view.apply(&self.orders, change.as_ref(), recorded)
            {
                result = Err(stop(entry.stopped, entry.name, recorded.position, error));
            }
        }
        result
    }

    /// The orders could not be folded.
    pub(crate) fn halt(&mut self, at: Position, error: FoldError) -> Stopped {
        self.halted = true;
        let stopped = self.registry.stop_all(at, &error);
        stopped.unwrap_or(Stopped { view: ORDERS.name, at, error })
    }

    /// Every view that still goes stops before this event: it cannot be had, or what it did is not known.
    pub fn stop(&mut self, at: Position, why: String) {
        self.halt(at, FoldError::NoEvent { why });
    }

    pub fn status(&self) -> Vec<ViewStatus> {
        let status = |entry: crate::registry::Entry<'_>| ViewStatus {
            view: entry.name,
            position: entry.stopped.as_ref().map_or(self.position, |stopped| stopped.at.saturating_sub(1)),
            stopped: entry.stopped.clone(),
            is_of_other_fold: entry.is_of_other_fold,
        };
        self.registry.all().map(status).into()
    }

    /// The views that were restored from what other rules made.
    pub fn of_other_folds(&self) -> Vec<ViewName> {
        self.registry.all().into_iter().filter(|entry| entry.is_of_other_fold).map(|entry| entry.name).collect()
    }

    /// How many orders came to the ledger before this one; none if the views do not know it.
    pub fn nth(&self, order: StreamId) -> Option<u32> {
        self.orders.find(order)
    }

    /// The same of all orders of a buyer. Goes through every order.
    pub fn nths_of(&self, buyer: Slot) -> Vec<u32> {
        let Some(buyer) = self.orders.buyers.find(buyer) else { return Vec::new() };
        (0..).zip(self.orders.buyer.iter()).filter(|(_, of)| **of == buyer).map(|(row, _)| row).collect()
    }

    /// # Errors
    ///
    /// When the view has stopped.
    pub fn order_list(&self) -> Result<OrderList<'_>, Stopped> {
        let list = &self.registry.list;
        match &list.stopped {
            Some(stopped) => Err(stopped.clone()),
            None => Ok(OrderList::new(&self.orders, &list.view)),
        }
    }

    /// # Errors
    ///
    /// When the view has stopped.
    pub fn dashboard(&self) -> Result<Dashboard<'_>, Stopped> {
        let dashboard = &self.registry.dashboard;
        match &dashboard.stopped {
            Some(stopped) => Err(stopped.clone()),
            None => Ok(Dashboard::new(&self.orders, &dashboard.view)),
        }
    }

    /// # Errors
    ///
    /// When the view has stopped.
    pub fn stock(&self) -> Result<Stock<'_>, Stopped> {
        let stock = &self.registry.stock;
        match &stock.stopped {
            Some(stopped) => Err(stopped.clone()),
            None => Ok(Stock::new(&self.orders.merchants, &stock.view)),
        }
    }

    /// # Errors
    ///
    /// When the view has stopped.
    pub fn queues(&self) -> Result<Queues<'_>, Stopped> {
        let queues = &self.registry.queues;
        match &queues.stopped {
            Some(stopped) => Err(stopped.clone()),
            None => Ok(Queues::new(&self.orders, &queues.view)),
        }
    }

    /// # Errors
    ///
    /// When the view has stopped.
    pub fn tokens(&self) -> Result<Tokens<'_>, Stopped> {
        let tokens = &self.registry.tokens;
        match &tokens.stopped {
            Some(stopped) => Err(stopped.clone()),
            None => Ok(Tokens::new(&tokens.view)),
        }
    }

    /// # Errors
    ///
    /// When the view has stopped.
    pub fn jobs(&self) -> Result<Jobs<'_>, Stopped> {
        let jobs = &self.registry.jobs;
        match &jobs.stopped {
            Some(stopped) => Err(stopped.clone()),
            None => Ok(Jobs::new(&jobs.view)),
        }
    }

    /// Orders that waited for stock which is there now, and since when: those that waited longest first, as many as there is
    /// stock for.
    ///
    /// # Errors
    ///
    /// When one of the views that this takes has stopped.
    pub fn restockable(&self, limit: usize) -> Result<Vec<(StreamId, Timestamp)>, Stopped> {
        self.stock()?;
        Ok(self.queues()?.restockable(&self.registry.stock.view, limit))
    }

    /// What can be done for orders whose cards go out without a person, of each kind at most `limit`. `skip` names what
    /// is missing and waits anyway.
    ///
    /// # Errors
    ///
    /// When one of the views that this takes has stopped.
    pub fn deliveries(&self, skip: impl Fn(StreamId, Timestamp) -> bool, limit: usize) -> Result<Deliveries, Stopped> {
        self.stock()?;
        Ok(self.queues()?.deliveries(&self.registry.stock.view, skip, limit))
    }

    /// Whose stream it is, and what it is called: an order's number, a SKU, a token's label, a merchant's id. None: a claim's or
    /// an account's, which only say again what another stream says; or one that the views do not know, or of the platform.
    pub fn owner_of(&self, stream: StreamId) -> StreamOwner<'_> {
        if let Some(row) = self.orders.find(stream) {
            let name = match self.orders.number(row) {
                Number::Kept(text) => Cow::Borrowed(text),
                made @ Number::Made { .. } => Cow::Owned((*made).to_owned()),
            };
            return StreamOwner { merchant: Some(self.orders.merchant_of(row)), name: Some(name) };
        }
        if let Some(number) = self.orders.merchants.of_stream(stream) {
            let id = self.orders.merchants.id(number);
            return StreamOwner { merchant: Some(id), name: Some(id.as_str().into()) };
        }
        let sku = self.registry.stock.view.name_of(stream);
        if let Some((merchant, sku)) = sku {
            return StreamOwner { merchant: Some(merchant), name: Some(sku.as_str().into()) };
        }
        if let Some(token) = self.registry.tokens.view.of_stream(stream) {
            return StreamOwner { merchant: token.merchant.as_ref(), name: Some(Cow::Borrowed(&token.label)) };
        }
        let job = Jobs::new(&self.registry.jobs.view).get(stream);
        StreamOwner { merchant: job.and_then(|job| job.merchant.as_ref()), name: None }
    }

    /// Those in which anything was ever ordered.
    pub fn currencies(&self) -> &[Currency] {
        &self.orders.currencies
    }

    /// The merchants, as far as the orders' view got.
    pub fn merchants(&self) -> &Merchants {
        &self.orders.merchants
    }

    /// Takes over some views of those that were rebuilt beside these up to the same position; all of them if the orders
    /// that every view stands on are not the same. Returns what was replaced, to be dropped when nobody waits.
    ///
    /// # Errors
    ///
    /// Hands the rebuilt ones back when the positions differ or a view that is wanted has stopped: fold the missing
    /// events into them and ask again.
    pub fn replace(&mut self, which: &[ViewName], mut rebuilt: Box<Views>) -> Result<Box<Views>, Box<Views>> {
        if rebuilt.position != self.position || which.iter().any(|view| rebuilt.registry.stopped(*view).is_some()) {
            return Err(rebuilt);
        }
        if self.halted || self.orders.ids != rebuilt.orders.ids {
            std::mem::swap(self, &mut *rebuilt);
        } else {
            if which.contains(&ORDERS) {
                std::mem::swap(&mut self.orders, &mut rebuilt.orders);
            }
            which.iter().for_each(|view| self.registry.swap(*view, &mut rebuilt.registry));
        }
        // What was saved of the views before is not to be trusted any more.
        self.lineage = Lineage::default();
        Ok(rebuilt)
    }

    /// Bytes that each view has allocated, about; the orders' own are the order list's.
    pub fn footprint(&self) -> Vec<(ViewName, usize)> {
        let orders: usize = self.orders.footprint().into_iter().map(|(_, bytes)| bytes).sum();
        let of = |entry: crate::registry::Entry<'_>| {
            (entry.name, if entry.name == ORDERS { orders } else { 0 } + entry.view.footprint())
        };
        self.registry.all().map(of).into()
    }

    /// The same of the order list and the dashboard by what the bytes are for.
    pub fn footprint_by_part(&self) -> Vec<(&'static str, usize)> {
        let Registry { list, dashboard, .. } = &self.registry;
        let mut parts = self.orders.footprint();
        parts.extend(list.view.footprint_by_part());
        parts.extend(dashboard.view.footprint_by_part());
        parts
    }
}
