//! Reads of the ledger, off the threads that serve: each of them may wait for a disk.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::{AcquireError, Mutex, OwnedSemaphorePermit, Semaphore, TryAcquireError};

use crate::http::Services;
use crate::schema::error::ApiError;

/// Reads that run at the same time; more would only queue at the disk.
const RUNNING: usize = 8;
/// Operations that may wait for their turn; whoever comes then is told to come again.
const WAITING: usize = 64;

/// What all operations share.
#[derive(Clone)]
pub(crate) struct ReadingRoom {
    places: Arc<Semaphore>,
    desks: Arc<Semaphore>,
}

impl Default for ReadingRoom {
    fn default() -> Self {
        Self { places: Arc::new(Semaphore::new(RUNNING + WAITING)), desks: Arc::new(Semaphore::new(RUNNING)) }
    }
}

/// One operation's reads: one after another, however many of its fields ask, so that a single operation neither takes
/// every desk nor stands in its own way.
pub(crate) struct Reads {
    room: ReadingRoom,
    turn: Mutex<()>,
    is_patient: AtomicBool,
}

impl Reads {
    pub(crate) fn new(room: &ReadingRoom) -> Self {
        Self { room: room.clone(), turn: Mutex::new(()), is_patient: AtomicBool::new(false) }
    }

    /// From here on the operation waits for as long as it takes: for what must not be told to come again, such as the
    /// answer of a command that was carried out. Something else has to bound how many these are.
    pub(crate) fn be_patient(&self) {
        self.is_patient.store(true, Ordering::Relaxed);
    }

    /// Runs `read` on a thread that may block. Goes on to its end even if nobody waits for it any more.
    ///
    /// # Errors
    /// `Busy` when too many wait already; what `read` returns. A panic of `read` goes on here.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        services: &Services,
        read: impl FnOnce(&Services) -> Result<T, ApiError> + Send + 'static,
    ) -> Result<T, ApiError> {
        let _turn = self.turn.lock().await;
        let held = (self.place()?, Arc::clone(&self.room.desks).acquire_owned().await?);
        let services = services.clone();
        let reading = tokio::task::spawn_blocking(move || {
            let _held_until_it_ends = held;
            read(&services)
        });
        match reading.await {
            Ok(result) => result,
            Err(error) => match error.try_into_panic() {
                Ok(payload) => std::panic::resume_unwind(payload),
                // The server is shutting down.
                Err(_) => Err(ApiError::Stopped),
            },
        }
    }

    fn place(&self) -> Result<Option<OwnedSemaphorePermit>, ApiError> {
        if self.is_patient.load(Ordering::Relaxed) {
            return Ok(None);
        }
        match Arc::clone(&self.room.places).try_acquire_owned() {
            Ok(place) => Ok(Some(place)),
            Err(TryAcquireError::NoPermits) => Err(ApiError::Busy),
            Err(TryAcquireError::Closed) => Err(ApiError::Stopped),
        }
    }
}

/// The semaphores are never closed; if they were, nothing would be read any more.
impl From<AcquireError> for ApiError {
    fn from(_: AcquireError) -> Self {
        ApiError::Stopped
    }
}
