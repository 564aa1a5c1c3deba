//! Reads off the threads that serve: of the ledger, each of which may wait for a disk, and of the views, which may take
//! long or wait for whoever changes them.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;

use daybook_domain::Position;
use daybook_views::Views;
use tokio::sync::{AcquireError, Mutex, OwnedSemaphorePermit, Semaphore, TryAcquireError};
use tokio::time::Instant;

use crate::edge::Turn;
use crate::host::Behind;
use crate::http::Services;
use crate::past::{Asked, NotFolded};
use crate::schema::error::ApiError;
use crate::shares::Sharer;

/// Threads that reads run on, and how many may wait for one; whoever comes then is told to come again.
#[derive(Clone)]
pub(crate) struct ReadingRoom {
    places: Arc<Semaphore>,
    desks: Arc<Semaphore>,
}

impl ReadingRoom {
    fn new(running: usize, waiting: usize) -> Self {
        Self { places: Arc::new(Semaphore::new(running + waiting)), desks: Arc::new(Semaphore::new(running)) }
    }
}

/// Operations that wait for the views at the same time.
const MAX_FOLLOWERS: usize = 1_024;
/// From its begin on an operation waits for the views so long at most; as long again for them to have what it did.
pub(crate) const PATIENCE: Duration = Duration::from_secs(5);

/// What all operations share.
#[derive(Clone, Default)]
pub(crate) struct Rooms(Arc<All>);

struct All {
    /// For reads of the ledger. More at the same time would only queue at the disk.
    ledger: ReadingRoom,
    /// For looks at the views that take long. Few, so that there is a processor left for everybody else.
    long: ReadingRoom,
    /// For short looks at the views while somebody changes them.
    short: ReadingRoom,
    /// For looks at the views as they were.
    past: ReadingRoom,
    /// For those that wait for the views, which takes no thread.
    followers: Arc<Semaphore>,
}

impl Default for All {
    fn default() -> Self {
        Self {
            ledger: ReadingRoom::new(8, 64),
            long: ReadingRoom::new(2, 64),
            short: ReadingRoom::new(32, 512),
            past: ReadingRoom::new(2, 64),
            followers: Arc::new(Semaphore::new(MAX_FOLLOWERS)),
        }
    }
}

/// One operation's reads: one after another, however many of its fields ask, so that a single operation neither takes
/// every desk nor stands in its own way.
pub(crate) struct Reads {
    rooms: Rooms,
    /// The operation's own.
    turn: Option<Arc<Turn>>,
    /// It is let go while this reads. Not a mutation's: what it keeps until its outcome is known bounds the commands that are
    /// under way.
    yields: bool,
    one_by_one: Mutex<()>,
    is_patient: AtomicBool,
    begun: Instant,
    /// Ends with the operation.
    alive: Arc<()>,
}

/// No operation begins another read after so long.
const DEADLINE: Duration = Duration::from_secs(10);

/// Whether an operation still goes on: for reads that consist of many.
pub(crate) struct Going {
    until: Option<Instant>,
    alive: Weak<()>,
}

impl Going {
    /// # Errors
    /// `TimedOut` when the operation has taken too long, or nobody waits for its answer any more.
    pub(crate) fn check(&self) -> Result<(), ApiError> {
        let is_late = self.until.is_some_and(|until| Instant::now() > until);
        if is_late || self.alive.strong_count() == 0 { Err(ApiError::TimedOut) } else { Ok(()) }
    }
}

impl Reads {
    /// `yields`: somebody else may have the turn while this reads.
    pub(crate) fn new(rooms: &Rooms, turn: Option<Arc<Turn>>, yields: bool) -> Self {
        Self {
            rooms: rooms.clone(),
            turn,
            yields,
            one_by_one: Mutex::new(()),
            is_patient: AtomicBool::new(false),
            begun: Instant::now(),
            alive: Arc::new(()),
        }
    }

    pub(crate) fn going(&self) -> Going {
        let until = (!self.is_patient.load(Ordering::Relaxed)).then(|| self.begun + DEADLINE);
        Going { until, alive: Arc::downgrade(&self.alive) }
    }

    /// From here on the operation waits for as long as it takes: for what must not be told to come again, such as the
    /// answer of a command that was carried out. Something else has to bound how many these are.
    pub(crate) fn be_patient(&self) {
        self.is_patient.store(true, Ordering::Relaxed);
    }

    /// Reads the ledger. As [`Reads::run_in`].
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        services: &Services,
        read: impl FnOnce(&Services) -> Result<T, ApiError> + Send + 'static,
    ) -> Result<T, ApiError> {
        self.run_in(&self.rooms.0.ledger, services, read).await
    }

    /// Looks at the views, here if nobody changes them just now.
    ///
    /// # Errors
    /// As [`Reads::run_in`].
    pub(crate) async fn look<T: Send + 'static>(
        &self,
        services: &Services,
        look: impl FnOnce(&Services, &Views) -> Result<T, ApiError> + Send + 'static,
    ) -> Result<T, ApiError> {
        if let Some(views) = services.host.try_views() {
            return look(services, &views);
        }
        self.run_in(&self.rooms.0.short, services, move |services| look(services, &services.host.views())).await
    }

    /// Waits until the views have got to `position`, but not for long, while somebody else has the operation's turn: nothing that a
    /// mutation did has an outcome that is unknown yet.
    ///
    /// # Errors
    /// `Behind` when they have not, at once if the log itself has not; `Busy` when too many wait for them already.
    pub(crate) async fn follow(&self, services: &Services, position: Position) -> Result<(), ApiError> {
        self.follow_until(services, position, self.begun + PATIENCE).await
    }

    /// As [`Reads::follow`], for what was carried out: so long from now on, whatever the operation waited before.
    pub(crate) async fn follow_for(
        &self,
        services: &Services,
        position: Position,
        patience: Duration,
    ) -> Result<(), ApiError> {
        self.follow_until(services, position, Instant::now() + patience).await
    }

    async fn follow_until(&self, services: &Services, position: Position, until: Instant) -> Result<(), ApiError> {
        let at = services.host.position();
        if at >= position {
            return Ok(());
        }
        if position > services.reader.watermark() {
            return Err(Behind { at, wanted: position }.into());
        }
        let _one = self.one_by_one.lock().await;
        let _place = self.place(&self.rooms.0.followers)?;
        if let Some(turn) = &self.turn {
            turn.pause();
        }
        let followed = services.host.wait_for(position, until.saturating_duration_since(Instant::now())).await;
        if let Some(turn) = &self.turn {
            turn.resume().await?;
        }
        Ok(followed?)
    }

    /// The turn that somebody else may have meanwhile.
    fn yielded(&self) -> Option<&Turn> {
        self.turn.as_deref().filter(|_| self.yields)
    }

    /// Looks at the views for a long time. As [`Reads::run_in`].
    pub(crate) async fn look_long<T: Send + 'static>(
        &self,
        services: &Services,
        look: impl FnOnce(&Services, &Views) -> Result<T, ApiError> + Send + 'static,
    ) -> Result<T, ApiError> {
        self.run_in(&self.rooms.0.long, services, move |services| look(services, &services.host.views())).await
    }

    /// The views at a position that is durable: waits, while somebody else has the operation's turn, until they are folded.
    ///
    /// # Errors
    /// `Busy` and `ManyMoments` when too many positions wait to be folded; `Folding` when it takes too long: it goes on, so that whoever asks
    /// again may find them there.
    pub(crate) async fn past(
        &self,
        services: &Services,
        position: Position,
        who: Vec<Sharer>,
    ) -> Result<Arc<Views>, ApiError> {
        let _one = self.one_by_one.lock().await;
        let asked = services.host.past().ask(&services.reader, position, who)?;
        let asked = match asked {
            Asked::There(views) => return Ok(views),
            coming @ Asked::Coming(_) => coming,
        };
        if let Some(turn) = self.yielded() {
            turn.pause();
        }
        let folded = tokio::time::timeout_at(self.begun + DEADLINE, asked.views()).await;
        if let Some(turn) = self.yielded() {
            turn.resume().await?;
        }
        match folded {
            Ok(Ok(views)) => Ok(views),
            Ok(Err(NotFolded::Stopped)) => Err(ApiError::Stopped),
            Ok(Err(why)) => Err(ApiError::Internal(format!("the views of position {position}: {why:?}").into())),
            Err(_) => Err(ApiError::Folding { position }),
        }
    }

    /// Looks at views as they were, for as long as it may take. As [`Reads::run_in`].
    pub(crate) async fn look_back<T: Send + 'static>(
        &self,
        services: &Services,
        look: impl FnOnce(&Services) -> Result<T, ApiError> + Send + 'static,
    ) -> Result<T, ApiError> {
        self.run_in(&self.rooms.0.past, services, look).await
    }

    /// Runs `read` on a thread that may block, while somebody else has the operation's turn. Goes on to its end even if
    /// nobody waits for it any more.
    ///
    /// # Errors
    /// `Busy` when too many wait already, `TimedOut` when the operation began too long ago; what `read` returns. A panic
    /// of `read` goes on here.
    async fn run_in<T: Send + 'static>(
        &self,
        room: &ReadingRoom,
        services: &Services,
        read: impl FnOnce(&Services) -> Result<T, ApiError> + Send + 'static,
    ) -> Result<T, ApiError> {
        let _one = self.one_by_one.lock().await;
        let place = self.place(&room.places)?;
        let Some(turn) = self.yielded() else { return self.read(place, room, services, read).await };
        turn.pause();
        let result = self.read(place, room, services, read).await;
        turn.resume().await?;
        result
    }

    async fn read<T: Send + 'static>(
        &self,
        place: Option<OwnedSemaphorePermit>,
        room: &ReadingRoom,
        services: &Services,
        read: impl FnOnce(&Services) -> Result<T, ApiError> + Send + 'static,
    ) -> Result<T, ApiError> {
        let held = (place, Arc::clone(&room.desks).acquire_owned().await?);
        self.going().check()?;
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

    fn place(&self, places: &Arc<Semaphore>) -> Result<Option<OwnedSemaphorePermit>, ApiError> {
        if self.is_patient.load(Ordering::Relaxed) {
            return Ok(None);
        }
        match Arc::clone(places).try_acquire_owned() {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_nobody_waits_for_ends() {
        let reads = Reads::new(&Rooms::default(), None, true);
        let going = reads.going();
        assert!(going.check().is_ok());
        drop(reads);
        assert!(matches!(going.check(), Err(ApiError::TimedOut)));
    }
}
