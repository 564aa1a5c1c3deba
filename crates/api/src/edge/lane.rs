//! How much is done at a time. Whoever comes when all is taken waits for a moment; whoever comes when as many wait, or
//! has waited for that moment, is told to come again: a queue without an end would only make all of them late.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{AcquireError, OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

/// How long anybody waits for a turn.
const TURN_WITHIN: Duration = Duration::from_millis(250);

/// How many requests of one sort may run, and how many may wait for that.
#[derive(Clone, Copy, Debug)]
pub struct Width {
    pub running: usize,
    pub waiting: usize,
}

/// All requests of one sort.
#[derive(Debug)]
pub(super) struct Lane {
    running: Arc<Semaphore>,
    waiting: Semaphore,
    /// Who holds this is the next to run of those that wait.
    next: Semaphore,
    /// Sent away so far.
    pub(super) shed: AtomicU64,
}

/// A turn; it ends when this is dropped.
pub(crate) struct Turn {
    running: Arc<Semaphore>,
    permit: Mutex<Option<OwnedSemaphorePermit>>,
}

impl Turn {
    /// Lets somebody else run while this one waits for what has bounds of its own.
    pub(crate) fn pause(&self) {
        *self.permit.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// Goes on, before those who have not begun. Whoever was let in is not sent away any more.
    pub(crate) async fn resume(&self) -> Result<(), AcquireError> {
        let permit = Arc::clone(&self.running).acquire_owned().await?;
        *self.permit.lock().unwrap_or_else(PoisonError::into_inner) = Some(permit);
        Ok(())
    }
}

impl Lane {
    pub(super) fn new(width: Width) -> Self {
        Self {
            running: Arc::new(Semaphore::new(width.running)),
            waiting: Semaphore::new(width.waiting),
            next: Semaphore::new(1),
            shed: AtomicU64::new(0),
        }
    }

    /// None: come again in a moment.
    pub(super) async fn enter(&self) -> Option<Turn> {
        let permit = self.permit().await;
        if permit.is_none() {
            self.shed.fetch_add(1, Relaxed);
            return None;
        }
        Some(Turn { running: Arc::clone(&self.running), permit: Mutex::new(permit) })
    }

    async fn permit(&self) -> Option<OwnedSemaphorePermit> {
        if let Ok(permit) = Arc::clone(&self.running).try_acquire_owned() {
            return Some(permit);
        }
        let _waits = self.waiting.try_acquire().ok()?;
        let turn = async {
            // One by one, so that whoever resumes has at most one of them before it.
            let _next = self.next.acquire().await?;
            Arc::clone(&self.running).acquire_owned().await
        };
        timeout(TURN_WITHIN, turn).await.ok()?.ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn some_run_some_wait_and_the_rest_is_sent_away() {
        let lane = Arc::new(Lane::new(Width { running: 1, waiting: 1 }));
        let first = lane.enter().await;
        assert!(first.is_some());
        let waits = tokio::spawn({
            let lane = Arc::clone(&lane);
            async move { lane.enter().await.is_some() }
        });
        tokio::task::yield_now().await;
        assert!(lane.enter().await.is_none(), "at once");
        drop(first);
        assert!(waits.await.unwrap());
        assert_eq!(lane.shed.load(Relaxed), 1);

        let held = lane.enter().await;
        let begun = tokio::time::Instant::now();
        assert!(lane.enter().await.is_none(), "nobody waits without end");
        assert_eq!(begun.elapsed(), TURN_WITHIN);
        drop(held);
        assert!(lane.enter().await.is_some());
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_goes_on_has_one_of_those_that_wait_before_it() {
        let lane = Arc::new(Lane::new(Width { running: 1, waiting: 3 }));
        let first = lane.enter().await.unwrap();
        first.pause();
        let second = lane.enter().await.unwrap();
        let (begun, mut begins) = tokio::sync::mpsc::unbounded_channel();
        for n in 0..3 {
            let (lane, begun) = (Arc::clone(&lane), begun.clone());
            tokio::spawn(async move {
                let turn = lane.enter().await;
                begun.send((n, turn)).unwrap();
            });
            tokio::task::yield_now().await;
        }
        let mut resumes = Box::pin(first.resume());
        assert!(futures_util::poll!(&mut resumes).is_pending());
        drop(second);
        let (n, turn) = begins.recv().await.unwrap();
        assert!(n == 0 && turn.is_some(), "it was there before");
        drop(turn);
        resumes.await.unwrap();
        assert!(begins.try_recv().is_err(), "the others wait on");
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_pauses_lets_another_run_and_goes_on_after_it() {
        let lane = Lane::new(Width { running: 1, waiting: 1 });
        let first = lane.enter().await.unwrap();
        first.pause();
        let second = lane.enter().await.unwrap();
        assert!(timeout(TURN_WITHIN, first.resume()).await.is_err(), "the second runs");
        drop(second);
        first.resume().await.unwrap();
        assert!(lane.enter().await.is_none(), "the first runs");
        drop(first);
        assert!(lane.enter().await.is_some());
    }
}
