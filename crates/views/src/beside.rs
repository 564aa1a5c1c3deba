//! Work on a thread of its own, where the system gives one.

use std::sync::mpsc;
use std::thread::{Builder, Scope, ScopedJoinHandle};

pub(crate) enum Beside<'scope, T> {
    Thread(ScopedJoinHandle<'scope, Option<T>>),
    /// There was no thread.
    Done(T),
}

/// Begins work beside what the caller does. Where no more threads may be, as under a limit of processes, it is done at once: later
/// than it might be, but done.
pub(crate) fn beside<'scope, T: Send + 'scope>(
    scope: &'scope Scope<'scope, '_>,
    work: impl FnOnce() -> T + Send + 'scope,
) -> Beside<'scope, T> {
    on_thread(Builder::new(), scope, work)
}

fn on_thread<'scope, T, F>(thread: Builder, scope: &'scope Scope<'scope, '_>, work: F) -> Beside<'scope, T>
where
    T: Send + 'scope,
    F: FnOnce() -> T + Send + 'scope,
{
    // A thread that cannot be takes with it what it was given: so it is given the work once it is there.
    let (give, given) = mpsc::sync_channel::<F>(1);
    match thread.spawn_scoped(scope, move || given.recv().ok().map(|work| work())) {
        Ok(thread) => {
            give.send(work).ok();
            Beside::Thread(thread)
        }
        Err(_) => Beside::Done(work()),
    }
}

impl<T> Beside<'_, T> {
    /// Waits for it. None: it panicked.
    pub(crate) fn join(self) -> Option<T> {
        match self {
            Self::Thread(thread) => thread.join().ok().flatten(),
            Self::Done(done) => Some(done),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_is_done_with_a_thread_and_without() {
        // No system has so much memory for a thread's stack.
        for (stack, has_thread) in [(1 << 20, true), (1 << 60, false)] {
            let mut numbers = vec![1, 2, 3];
            let sum = std::thread::scope(|scope| {
                let work = || {
                    numbers.push(4);
                    numbers.iter().sum::<u32>()
                };
                let working = on_thread(Builder::new().stack_size(stack), scope, work);
                assert_eq!(matches!(working, Beside::Thread(_)), has_thread);
                working.join()
            });
            assert_eq!((sum, numbers.len()), (Some(10), 4));
        }
    }
}
