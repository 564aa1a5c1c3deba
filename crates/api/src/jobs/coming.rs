//! Jobs that are being opened: few at the same time, and each counts as one that is open before the views know it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use daybook_domain::{MerchantId, StreamId};

use crate::host::Host;
use crate::schema::error::ApiError;

/// All together, those included that wait until others have chosen their orders: what is asked for takes up to a megabyte,
/// and a mutation keeps its turn meanwhile.
const MAX_COMING: usize = 6;
/// Of one merchant, or of the platform, so that the others get theirs opened too.
const MAX_COMING_OF_ONE: usize = 3;

#[derive(Default)]
pub(super) struct Coming(Mutex<Inner>);

#[derive(Default)]
struct Inner {
    next: u64,
    /// As they came.
    jobs: BTreeMap<u64, (Option<MerchantId>, StreamId)>,
}

impl Coming {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Held by whatever opens a job, also when its client hung up.
pub(super) struct Place {
    host: Arc<Host>,
    number: u64,
    /// None: the platform.
    pub(super) owner: Option<MerchantId>,
    pub(super) job: StreamId,
}

impl Place {
    /// # Errors
    ///
    /// [`ApiError::Busy`] when too many are being opened.
    pub(super) fn take(host: &Arc<Host>, owner: Option<MerchantId>, job: StreamId) -> Result<Self, ApiError> {
        let mut coming = host.jobs.coming.lock();
        let of_one = coming.jobs.values().filter(|(other, _)| *other == owner).count();
        if coming.jobs.len() >= MAX_COMING || of_one >= MAX_COMING_OF_ONE {
            return Err(ApiError::Busy);
        }
        let number = coming.next;
        coming.next += 1;
        coming.jobs.insert(number, (owner.clone(), job));
        Ok(Self { host: Arc::clone(host), number, owner, job })
    }

    /// The same owner's other jobs that came before.
    pub(super) fn before(&self) -> BTreeSet<StreamId> {
        let coming = self.host.jobs.coming.lock();
        let before = coming.jobs.range(..self.number).map(|(_, it)| it);
        let others = before.filter(|(owner, job)| *owner == self.owner && *job != self.job);
        others.map(|(_, job)| *job).collect()
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.host.jobs.coming.lock().jobs.remove(&self.number);
    }
}
