//! Which connections wait for their client's next request: the one that has waited longest makes room when there is none.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

/// All connections that wait, longest first.
#[derive(Default)]
pub(super) struct Idle {
    waiting: Mutex<Waiting>,
}

#[derive(Default)]
struct Waiting {
    next: u64,
    by_age: BTreeMap<u64, Arc<Notify>>,
}

impl Idle {
    /// Tells the one that has waited longest to leave, if any waits.
    pub(super) fn send_one_away(&self) {
        if let Some((_, leave)) = self.waiting().by_age.pop_first() {
            leave.notify_one();
        }
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One connection's. It waits from the start.
pub(super) struct Seat {
    idle: Arc<Idle>,
    leave: Arc<Notify>,
    state: Mutex<State>,
}

#[derive(Clone, Copy)]
struct State {
    /// None while a request is answered.
    age: Option<u64>,
    has_asked: bool,
}

impl Seat {
    pub(super) fn new(idle: &Arc<Idle>) -> Arc<Self> {
        let state = Mutex::new(State { age: None, has_asked: false });
        let seat = Arc::new(Self { idle: Arc::clone(idle), leave: Arc::default(), state });
        seat.wait();
        seat
    }

    /// A request has come; it is being answered until what is returned is dropped.
    pub(super) fn ask(self: &Arc<Self>) -> Busy {
        let mut state = self.state();
        if let Some(age) = state.age.take() {
            self.idle.waiting().by_age.remove(&age);
        }
        state.has_asked = true;
        Busy(Arc::clone(self))
    }

    pub(super) fn has_asked(&self) -> bool {
        self.state().has_asked
    }

    /// Until the connection is told to leave while it waits.
    pub(super) async fn sent_away(&self) {
        loop {
            self.leave.notified().await;
            if self.state().age.is_some() {
                return;
            }
            // A request came just then: it gets its answer.
        }
    }

    fn wait(&self) {
        let mut state = self.state();
        let mut waiting = self.idle.waiting();
        waiting.next += 1;
        let age = waiting.next;
        waiting.by_age.insert(age, Arc::clone(&self.leave));
        state.age = Some(age);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        if let Some(age) = self.state().age {
            self.idle.waiting().by_age.remove(&age);
        }
    }
}

pub(super) struct Busy(Arc<Seat>);

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.wait();
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    async fn is_sent_away(seat: &Seat) -> bool {
        tokio::time::timeout(Duration::from_millis(20), seat.sent_away()).await.is_ok()
    }

    #[tokio::test]
    async fn the_one_that_has_waited_longest_leaves_and_none_that_is_being_answered() {
        let idle = Arc::new(Idle::default());
        let (first, second) = (Seat::new(&idle), Seat::new(&idle));
        let busy = first.ask();
        idle.send_one_away();
        assert!(!is_sent_away(&first).await);
        assert!(is_sent_away(&second).await);
        drop(second);
        let third = Seat::new(&idle);
        drop(busy);
        idle.send_one_away();
        assert!(is_sent_away(&third).await, "the first has waited since its answer only");
        drop(third);
        idle.send_one_away();
        assert!(is_sent_away(&first).await);
        drop(first);
        idle.send_one_away();
        assert!(idle.waiting().by_age.is_empty());
    }
}
