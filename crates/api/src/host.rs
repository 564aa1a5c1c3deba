//! The read models that are served: one writer folds events in, everyone else reads.

use std::sync::{Mutex, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard, TryLockError};
use std::time::Duration;

use daybook_domain::event::Subject;
use daybook_domain::{Event, MerchantId, Position, Recorded, Slot, StreamId};
use daybook_engine::Reader;
use daybook_views::{OrderList, Stopped, ViewStatus, Views};
use std::collections::BTreeSet;
use std::sync::Arc;
use thiserror::Error;
use tokio::sync::watch;

use crate::accounts::Accounts;
use crate::jobs::Board;
use crate::metrics::Metrics;
use crate::past::Past;
use crate::phones::Phones;

/// Events folded under one hold of the lock: readers wait for no more than these.
const EVENTS_A_LOCK: usize = 256;

pub struct Host {
    views: RwLock<Views>,
    /// As of the last change, for those who must not wait for the lock.
    status: Mutex<Vec<ViewStatus>>,
    position: watch::Sender<Position>,
    /// Trees, for accounts: the same account is another buyer in another tree.
    roots: RwLock<BTreeSet<MerchantId>>,
    /// One erasure waits on a thread at a time.
    pub(crate) erasing: tokio::sync::Mutex<()>,
    pub(crate) accounts: Accounts,
    pub(crate) phones: Phones,
    pub(crate) past: Past,
    pub(crate) jobs: Board,
    pub(crate) metrics: Metrics,
}

/// The views have not got as far as a query asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the views are at position {at}, not yet at {wanted}; ask again in a moment")]
pub struct Behind {
    pub at: Position,
    pub wanted: Position,
}

impl Host {
    pub fn new(views: Views) -> Self {
        let all = views.merchants().page(None, None, usize::MAX).merchants;
        let roots = all.into_iter().filter(|entry| entry.ancestors.is_empty()).map(|entry| entry.id).collect();
        let (position, _) = watch::channel(views.position());
        Self {
            status: Mutex::new(views.status()),
            views: RwLock::new(views),
            position,
            roots: RwLock::new(roots),
            erasing: tokio::sync::Mutex::default(),
            accounts: Accounts::default(),
            phones: Phones::default(),
            past: Past::default(),
            jobs: Board::default(),
            metrics: Metrics::default(),
        }
    }

    /// Folds events in, then wakes whoever waits for them. Positions that were folded before are ignored.
    ///
    /// # Errors
    ///
    /// The views that stopped at one of these events; the others went on.
    pub fn apply(&self, events: &[Recorded]) -> Result<(), Vec<Stopped>> {
        let mut stopped = Vec::new();
        for some in events.chunks(EVENTS_A_LOCK) {
            let mut views = self.views.write().unwrap_or_else(PoisonError::into_inner);
            for recorded in some {
                if let Err(error) = views.apply(recorded) {
                    stopped.push(error);
                }
                if let Event::MerchantRegistered(event) = &recorded.event
                    && event.ancestors.is_empty()
                {
                    self.roots.write().unwrap_or_else(PoisonError::into_inner).insert(event.id.clone());
                }
            }
            self.changed(views);
            if some.iter().any(|recorded| recorded.event.kind().subject() == Subject::Job) {
                self.jobs.changed();
            }
        }
        if stopped.is_empty() { Ok(()) } else { Err(stopped) }
    }

    /// Hold it for as short as can be: the follower waits.
    pub fn views(&self) -> RwLockReadGuard<'_, Views> {
        self.views.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// The views, if nobody changes them just now or waits to.
    pub(crate) fn try_views(&self) -> Option<RwLockReadGuard<'_, Views>> {
        match self.views.try_read() {
            Ok(views) => Some(views),
            Err(TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner()),
            Err(TryLockError::WouldBlock) => None,
        }
    }

    /// Changes the views in another way than by the next events, such as to exchange a rebuilt one.
    pub fn with_views_mut<T>(&self, change: impl FnOnce(&mut Views) -> T) -> T {
        let mut views = self.views.write().unwrap_or_else(PoisonError::into_inner);
        let result = change(&mut views);
        self.changed(views);
        result
    }

    fn changed(&self, views: RwLockWriteGuard<'_, Views>) {
        let (position, status) = (views.position(), views.status());
        drop(views);
        *self.status.lock().unwrap_or_else(PoisonError::into_inner) = status;
        self.position.send_replace(position);
    }

    /// The last position that the views have been given.
    pub fn position(&self) -> Position {
        *self.position.borrow()
    }

    /// Follows that position.
    pub fn changes(&self) -> watch::Receiver<Position> {
        self.position.subscribe()
    }

    /// As of the last change; waits for nobody.
    pub fn status(&self) -> Vec<ViewStatus> {
        self.status.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Waits until the views have got to `position`.
    ///
    /// # Errors
    ///
    /// When `timeout` has passed.
    pub async fn wait_for(&self, position: Position, timeout: Duration) -> Result<(), Behind> {
        if self.position() >= position {
            return Ok(());
        }
        let mut changes = self.position.subscribe();
        let arrived = tokio::time::timeout(timeout, changes.wait_for(|&at| at >= position)).await;
        match arrived {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(_)) | Err(_) => Err(Behind { at: self.position(), wanted: position }),
        }
    }

    pub(crate) fn roots(&self) -> Vec<MerchantId> {
        self.roots.read().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }

    /// The views as they were.
    pub fn past(&self) -> &Past {
        &self.past
    }

    /// Bytes that are allocated for the telephones by which orders are found.
    pub fn phones_footprint(&self) -> usize {
        self.phones.footprint()
    }

    /// The accounts of these buyers as pages show them: opened, or known from a page before. None: erased, or damaged.
    pub fn accounts(&self, buyers: &[Slot], reader: &Reader, list: OrderList<'_>) -> Vec<Option<Arc<str>>> {
        self.accounts.get_all(buyers, reader, list)
    }

    /// Drops what is remembered of a buyer's opened account and contacts: call it when the buyer's data was erased. Returns the
    /// buyer's orders, as far as the views know them.
    pub fn forget(&self, buyer: Slot) -> Vec<StreamId> {
        self.accounts.forget(buyer);
        let views = self.views();
        let ids = views.order_list().map_or_else(|_| Vec::new(), |list| list.ids_of(buyer));
        // The list has stopped: the other way goes through every order.
        let nths =
            if ids.is_empty() { views.nths_of(buyer) } else { ids.iter().filter_map(|id| views.nth(*id)).collect() };
        drop(views);
        self.phones.forget(buyer, &nths);
        ids
    }

    pub fn new_shared(views: Views) -> Arc<Self> {
        Arc::new(Self::new(views))
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        self.past.end();
    }
}
