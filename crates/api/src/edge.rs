//! What one caller may ask for, and how much is done at a time. Whatever is refused here is refused early, at little cost,
//! and with the seconds after which to come again.

mod bucket;
mod lane;

use std::future::Future;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use async_graphql::parser::types::OperationType;
use tokio::runtime::Handle;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinHandle;
use uuid::Uuid;

use crate::limits::MAX_COMPLEXITY;
pub(crate) use bucket::{Buckets, Pace};
use lane::Lane;
pub(crate) use lane::Turn;
pub use lane::Width;

/// What one token may send, and how much is done at a time.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Requests, and operations over a WebSocket, that one token may send in a second, and twice as many at once. Each
    /// may have a complexity of [`COMPLEXITY_A_REQUEST`] on average. None: as many as it likes.
    pub requests_per_second: Option<NonZeroU32>,
    /// Tokens that one address may get wrong at once, and one a second; and as many codes of orders, and one in
    /// [`SECONDS_A_CODE`] seconds. None: as many as it likes.
    pub wrong_tokens: Option<NonZeroU32>,
    /// Queries that compute. One that waits for the ledger, or for the views while they are written, is not counted.
    pub queries: Width,
    pub mutations: Width,
    /// Threads that run what got a turn, beside those that read requests and write answers. With all on the same threads,
    /// what is being run would keep the server from learning that others wait. None: they are the same.
    pub workers: Option<Handle>,
}

/// Complexity that goes with each request of a token's rate: about that of a page of 50 orders with 20 fields each.
pub const COMPLEXITY_A_REQUEST: u64 = 2_500;

impl Default for Limits {
    fn default() -> Self {
        Self {
            requests_per_second: NonZeroU32::new(500),
            wrong_tokens: NonZeroU32::new(20),
            // Few for each processor: a hundred pages made at once share its caches, and each takes longer for it.
            queries: Width { running: QUERIES_A_PROCESSOR * processors(), waiting: 64 },
            // A batch is made of all that wait for the disk together; more would only make each other late.
            mutations: Width { running: 64, waiting: 128 },
            workers: None,
        }
    }
}

const QUERIES_A_PROCESSOR: usize = 4;

/// Two if the system does not tell.
fn processors() -> usize {
    std::thread::available_parallelism().map_or(2, usize::from)
}

/// In which an address that tried too many codes of orders may try another one.
pub const SECONDS_A_CODE: u64 = 6;

/// Seconds of its pace that a bucket holds.
const BURST_SECONDS: u64 = 2;
/// Bodies larger than this are read a few at a time.
pub(crate) const SMALL_BODY_BYTES: usize = 16 << 10;
/// So many: of a mebibyte each, at most.
const LARGE_BODIES: usize = 64;

/// How long to stay away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RetryAfter(pub(crate) u64);

impl From<Duration> for RetryAfter {
    /// In whole seconds, upwards.
    fn from(wait: Duration) -> Self {
        Self(wait.as_secs() + u64::from(wait.subsec_nanos() > 0))
    }
}

/// When to come again after nobody had time.
pub(crate) const SOON: RetryAfter = RetryAfter(1);

/// All that is counted and bounded; shared by all connections.
#[derive(Clone)]
pub(crate) struct Edge(Arc<Inner>);

struct Inner {
    requests: Option<Buckets<Uuid>>,
    complexity: Option<Buckets<Uuid>>,
    wrong_tokens: Option<Buckets<IpAddr>>,
    /// Of orders that are looked up.
    codes: Option<Buckets<IpAddr>>,
    queries: Lane,
    mutations: Lane,
    large_bodies: Arc<Semaphore>,
    workers: Option<Handle>,
    counts: Counts,
}

/// What was refused so far.
#[derive(Default)]
struct Counts {
    requests: AtomicU64,
    complexity: AtomicU64,
    wrong_tokens: AtomicU64,
    bodies: AtomicU64,
}

impl Edge {
    pub(crate) fn new(limits: &Limits) -> Self {
        let pace = |units: u64| {
            let per_second = limits.requests_per_second.map(|number| u64::from(number.get()).saturating_mul(units));
            per_second.map(|units_per_second| (units_per_second, units_per_second.saturating_mul(BURST_SECONDS)))
        };
        let buckets = |(units_per_second, burst_units)| Buckets::new(Pace { units_per_second, burst_units });
        // The dearest document that is let in at all is let in by a full bucket.
        let dearest = MAX_COMPLEXITY as u64;
        let complexity = pace(COMPLEXITY_A_REQUEST).map(|(per_second, burst)| (per_second, burst.max(dearest)));
        let of_addresses = |cost: u64| {
            let burst = limits.wrong_tokens.map(|number| u64::from(number.get()));
            burst.map(|burst| Buckets::new(Pace { units_per_second: 1, burst_units: burst.saturating_mul(cost) }))
        };
        Self(Arc::new(Inner {
            requests: pace(1).map(buckets),
            complexity: complexity.map(buckets),
            wrong_tokens: of_addresses(1),
            codes: of_addresses(SECONDS_A_CODE),
            queries: Lane::new(limits.queries),
            mutations: Lane::new(limits.mutations),
            large_bodies: Arc::new(Semaphore::new(LARGE_BODIES)),
            workers: limits.workers.clone(),
            counts: Counts::default(),
        }))
    }

    /// A token begins a request or an operation.
    pub(crate) fn begin(&self, actor: Uuid) -> Result<(), RetryAfter> {
        take(self.0.requests.as_ref(), &self.0.counts.requests, actor, 1)
    }

    /// A token's document was understood, and is of so much complexity.
    pub(crate) fn charge(&self, actor: Uuid, complexity: usize) -> Result<(), RetryAfter> {
        take(self.0.complexity.as_ref(), &self.0.counts.complexity, actor, complexity as u64)
    }

    /// Somebody at this address sent what lets nobody in. Who holds a valid token is let in whatever others at the same
    /// address do: tokens are too long to be guessed, and nobody must be able to shut out whoever shares a proxy.
    pub(crate) fn wrong_token(&self, from: Option<IpAddr>) -> Result<(), RetryAfter> {
        let from = network(from);
        take(self.0.wrong_tokens.as_ref(), &self.0.counts.wrong_tokens, from, 1)
    }

    /// Somebody at this address tries a code. Unlike tokens, codes can be guessed: so it is asked before anything is tried.
    pub(crate) fn try_code(&self, from: Option<IpAddr>) -> Result<(), RetryAfter> {
        let from = network(from);
        take(self.0.codes.as_ref(), &self.0.counts.wrong_tokens, from, SECONDS_A_CODE)
    }

    /// It was right, and so does not count: many buyers may share a proxy.
    pub(crate) fn right_code(&self, from: Option<IpAddr>) {
        let from = network(from);
        if let Some(codes) = &self.0.codes {
            codes.give_back(&from, SECONDS_A_CODE);
        }
    }

    /// A turn to run a query or mutation; none: nobody has time. Subscriptions have bounds of their own.
    pub(crate) async fn enter(&self, kind: OperationType) -> Option<Turn> {
        match kind {
            OperationType::Mutation => self.0.mutations.enter().await,
            OperationType::Query | OperationType::Subscription => self.0.queries.enter().await,
        }
    }

    /// Runs it on the threads that are there for it; ends it when nobody waits for it any more. A panic goes on here.
    pub(crate) async fn work<T: Send + 'static>(&self, work: impl Future<Output = T> + Send + 'static) -> Option<T> {
        let Some(workers) = &self.0.workers else { return Some(work.await) };
        let mut working = Working(workers.spawn(work));
        match (&mut working.0).await {
            Ok(done) => Some(done),
            Err(error) => match error.try_into_panic() {
                Ok(payload) => std::panic::resume_unwind(payload),
                // The server is shutting down.
                Err(_) => None,
            },
        }
    }

    /// Room for a large body, held until the request is answered.
    pub(crate) fn large_body(&self) -> Option<OwnedSemaphorePermit> {
        let room = Arc::clone(&self.0.large_bodies).try_acquire_owned().ok();
        if room.is_none() {
            self.0.counts.bodies.fetch_add(1, Relaxed);
        }
        room
    }

    /// Requests refused because one caller sent too many, by what there was too much of.
    pub(crate) fn limited(&self) -> [(&'static str, u64); 3] {
        let counts = &self.0.counts;
        let count = |counter: &AtomicU64| counter.load(Relaxed);
        [
            ("requests", count(&counts.requests)),
            ("complexity", count(&counts.complexity)),
            ("wrong_tokens", count(&counts.wrong_tokens)),
        ]
    }

    /// Requests refused because all together sent too many.
    pub(crate) fn shed(&self) -> [(&'static str, u64); 3] {
        let count = |counter: &AtomicU64| counter.load(Relaxed);
        [
            ("queries", count(&self.0.queries.shed)),
            ("mutations", count(&self.0.mutations.shed)),
            ("large_bodies", count(&self.0.counts.bodies)),
        ]
    }
}

/// Work that ends with this.
struct Working<T>(JoinHandle<T>);

impl<T> Drop for Working<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}

fn take<K: Eq + std::hash::Hash>(
    buckets: Option<&Buckets<K>>,
    refused: &AtomicU64,
    key: K,
    units: u64,
) -> Result<(), RetryAfter> {
    let Some(buckets) = buckets else { return Ok(()) };
    buckets.take(key, units).map_err(|wait| {
        refused.fetch_add(1, Relaxed);
        RetryAfter::from(wait)
    })
}

/// Whoever has an IPv6 address has as many as he likes in its network. Those whose address is not known are one caller.
pub(crate) fn network(address: Option<IpAddr>) -> IpAddr {
    match address.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED)).to_canonical() {
        IpAddr::V4(address) => IpAddr::V4(address),
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() >> 64 << 64)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_are_told_in_whole_seconds_upwards() {
        assert_eq!(RetryAfter::from(Duration::from_nanos(1)), RetryAfter(1));
        assert_eq!(RetryAfter::from(Duration::from_secs(3)), RetryAfter(3));
        assert_eq!(RetryAfter::from(Duration::from_millis(3_001)), RetryAfter(4));
    }

    #[tokio::test]
    async fn queries_and_mutations_have_turns_of_their_own() {
        let none = Width { running: 0, waiting: 0 };
        let edge = Edge::new(&Limits { queries: none, ..Limits::default() });
        assert!(edge.enter(OperationType::Query).await.is_none());
        assert!(edge.enter(OperationType::Mutation).await.is_some());
        let edge = Edge::new(&Limits { mutations: none, ..Limits::default() });
        assert!(edge.enter(OperationType::Mutation).await.is_none());
        assert!(edge.enter(OperationType::Query).await.is_some());
    }

    #[test]
    fn addresses_of_one_network_are_one_caller() {
        let network = |text: &str| network(Some(text.parse().unwrap()));
        assert_eq!(network("2001:db8::1"), network("2001:db8::ffff:1"));
        assert_ne!(network("2001:db8::1"), network("2001:db8:0:1::1"));
        assert_eq!(network("::ffff:192.0.2.1"), network("192.0.2.1"));
        assert_ne!(network("192.0.2.1"), network("192.0.2.2"));
    }

    #[tokio::test(start_paused = true)]
    async fn codes_that_are_wrong_are_slow_to_be_tried_again() {
        let edge = Edge::new(&Limits { wrong_tokens: NonZeroU32::new(2), ..Limits::default() });
        assert_eq!((edge.try_code(None), edge.try_code(None)), (Ok(()), Ok(())));
        assert_eq!(edge.try_code(None), Err(RetryAfter(SECONDS_A_CODE)));
        edge.right_code(None);
        assert_eq!(edge.try_code(None), Ok(()));
        tokio::time::advance(Duration::from_secs(SECONDS_A_CODE)).await;
        assert_eq!(edge.try_code(None), Ok(()));
        assert!(edge.try_code(None).is_err() && edge.wrong_token(None).is_ok());
    }

    #[test]
    fn the_dearest_document_fits_the_slowest_pace() {
        let limits = Limits { requests_per_second: NonZeroU32::new(1), ..Limits::default() };
        let edge = Edge::new(&limits);
        assert_eq!(edge.charge(Uuid::nil(), MAX_COMPLEXITY), Ok(()));
        assert_eq!(edge.charge(Uuid::nil(), 1), Err(RetryAfter(1)));
    }
}
