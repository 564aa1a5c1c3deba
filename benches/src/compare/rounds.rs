//! Callers in rounds: how many were answered, and how soon.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::compare::report::{rate, span};
use crate::spread::{median, per_second_exactly, percentile};

pub(crate) const ROUNDS: u32 = 3;

/// What one round came to.
pub(crate) struct Round {
    /// In thousandths of one a second.
    pub(crate) rate: u64,
    /// Sorted.
    pub(crate) took: Vec<Duration>,
}

/// So many callers for so long, each with one thing under way; `one` gets the caller and how often it asked before.
pub(crate) async fn round<F, Fut>(callers: usize, span: Duration, one: F) -> Round
where
    F: Fn(usize, u64) -> Fut + Clone + Send + 'static,
    Fut: Future<Output = ()> + Send,
{
    let stop = Arc::new(AtomicBool::new(false));
    let mut tasks = tokio::task::JoinSet::new();
    let begin = Instant::now();
    for caller in 0..callers {
        let (one, stop) = (one.clone(), Arc::clone(&stop));
        tasks.spawn(async move {
            let mut took = Vec::new();
            while !stop.load(Ordering::Relaxed) {
                let asked = Instant::now();
                one(caller, took.len() as u64).await;
                took.push(asked.elapsed());
            }
            took
        });
    }
    tokio::time::sleep(span).await;
    stop.store(true, Ordering::Relaxed);
    let mut took = Vec::new();
    while let Some(some) = tasks.join_next().await {
        took.extend(some.expect("no caller fails"));
    }
    let span = begin.elapsed();
    took.sort_unstable();
    Round { rate: per_second_exactly(took.len() as u64, span), took }
}

/// The rounds of one peer.
#[derive(Default)]
pub(crate) struct Rounds {
    /// In thousandths of one a second.
    rates: Vec<u64>,
    at: [Vec<u64>; 3],
}

/// Of answers' times, in thousandths.
const AT: [usize; 3] = [500, 990, 999];

impl Rounds {
    pub(crate) fn add(&mut self, round: &Round) {
        self.rates.push(round.rate);
        for (all, per_mille) in self.at.iter_mut().zip(AT) {
            all.push(u64::try_from(percentile(&round.took, per_mille).as_micros()).unwrap_or(u64::MAX));
        }
    }

    /// A rate alone, where nobody waits for single answers.
    pub(crate) fn add_rate(&mut self, count: u64, span: Duration) {
        self.rates.push(per_second_exactly(count, span));
    }

    /// In thousandths of one a second.
    pub(crate) fn rate(&self) -> u64 {
        median(self.rates.clone())
    }

    /// The median, and from the least to the most.
    pub(crate) fn rates(&self) -> String {
        let (least, most) = (self.rates.iter().min(), self.rates.iter().max());
        let around = |end: Option<&u64>| rate(end.copied().unwrap_or(0));
        format!("{} ({}–{})", rate(self.rate()), around(least), around(most))
    }

    /// p50, p99 and p99.9: of each the median of the rounds.
    pub(crate) fn latencies(&self) -> [String; 3] {
        self.at.clone().map(|all| if all.is_empty() { "–".into() } else { span(Duration::from_micros(median(all))) })
    }
}
