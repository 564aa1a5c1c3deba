//! Work that several threads share at the start, when nobody else wants the processors.

use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Runs `work` on as many threads as there are processors, fewer where the system gives no more, and waits for all of them.
pub(crate) fn in_threads<T: Send>(work: impl Fn() -> T + Sync) -> Vec<T> {
    let count = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
    std::thread::scope(|scope| {
        let other = || std::thread::Builder::new().spawn_scoped(scope, &work);
        let others: Vec<_> = (1..count).map_while(|_| other().ok()).collect();
        let mut all = vec![work()];
        all.extend(
            others.into_iter().map(|other| other.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))),
        );
        all
    })
}

/// What becomes of each item, in their order.
pub(crate) fn map<T: Sync, R: Send>(items: &[T], each: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let next = AtomicUsize::new(0);
    let mut made: Vec<(usize, R)> = in_threads(|| {
        let mut mine = Vec::new();
        while let Some((at, item)) =
            Some(next.fetch_add(1, Ordering::Relaxed)).and_then(|at| Some((at, items.get(at)?)))
        {
            mine.push((at, each(item)));
        }
        mine
    })
    .into_iter()
    .flatten()
    .collect();
    made.sort_unstable_by_key(|(at, _)| *at);
    made.into_iter().map(|(_, made)| made).collect()
}
