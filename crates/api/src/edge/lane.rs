//! How much is done at a time. Whoever comes when all is taken waits for a moment; whoever comes when as many wait, or
//! has waited for that moment, is told to come again: a queue without an end would only make all of them late.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
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
    /// Sent away so far.
    pub(super) shed: AtomicU64,
}

/// A turn; it ends when this is dropped.
pub(crate) struct Turn(#[expect(dead_code, reason = "held")] OwnedSemaphorePermit);

impl Lane {
    pub(super) fn new(width: Width) -> Self {
        Self {
            running: Arc::new(Semaphore::new(width.running)),
            waiting: Semaphore::new(width.waiting),
            shed: AtomicU64::new(0),
        }
    }

    /// None: come again in a moment.
    pub(super) async fn enter(&self) -> Option<Turn> {
        let turn = self.turn().await;
        if turn.is_none() {
            self.shed.fetch_add(1, Relaxed);
        }
        turn.map(Turn)
    }

    async fn turn(&self) -> Option<OwnedSemaphorePermit> {
        if let Ok(turn) = Arc::clone(&self.running).try_acquire_owned() {
            return Some(turn);
        }
        let _waits = self.waiting.try_acquire().ok()?;
        timeout(TURN_WITHIN, Arc::clone(&self.running).acquire_owned()).await.ok()?.ok()
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
}
