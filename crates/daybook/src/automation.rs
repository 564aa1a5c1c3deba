//! The thread on which automation runs: it wakes when a clock runs out, or when something has happened.

use std::io;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use daybook_api::Host;
use daybook_automation::{Automation as Rounds, Round, RoundError};
use daybook_domain::Timestamp;
use daybook_engine::Engine;
use tokio::runtime::Runtime;
use tokio::sync::watch;
use tokio::time::{sleep, timeout};

/// The longest sleep: whatever the clock does, somebody looks this often.
const LONGEST: Duration = Duration::from_secs(1);
/// The shortest: what happens within it is dealt with in one round.
const SHORTEST: Duration = Duration::from_millis(20);
/// After a fault that does not mend itself at once.
const AFTER_FAULT: Duration = Duration::from_millis(if cfg!(test) { 10 } else { 5_000 });
/// How long the views may take to get to what was just written.
const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) struct Automation {
    stop: watch::Sender<bool>,
    thread: JoinHandle<()>,
}

impl Automation {
    pub(crate) fn start(engine: Engine, host: Arc<Host>) -> io::Result<Self> {
        let (stop, told) = watch::channel(false);
        // For its sleeping alone: the rounds block the thread.
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
        let name = "daybook-automation".to_owned();
        let thread = std::thread::Builder::new().name(name).spawn(move || run(&engine, &host, &runtime, &told))?;
        Ok(Self { stop, thread })
    }

    /// Ends after the round that is under way.
    pub(crate) fn stop(self) {
        self.stop.send_replace(true);
        if self.thread.join().is_err() {
            tracing::error!("automation ended with a bug");
        }
    }
}

fn run(engine: &Engine, host: &Host, runtime: &Runtime, told: &watch::Receiver<bool>) {
    let mut rounds = Rounds::new(engine.clone());
    let stopped = engine.watch_stopped();
    let mut was_faulty = false;
    while !*told.borrow() && stopped.borrow().is_none() {
        // What panicked may have left its rounds half done, and a thread that ends without a word is missed by nobody.
        let turn = std::panic::catch_unwind(AssertUnwindSafe(|| turn(engine, host, &mut rounds, runtime, told)));
        let fault = match turn {
            Ok(Ok(())) => None,
            Ok(Err(error)) => Some(error.to_string()),
            Err(_) => {
                rounds = Rounds::new(engine.clone());
                Some("a round ended with a bug, see the log; it is tried again".to_owned())
            }
        };
        if let Some(error) = &fault {
            // Told once: a view that stopped stays so until somebody rebuilds it.
            if !was_faulty && stopped.borrow().is_none() {
                tracing::error!(%error, "nothing happens by itself until this is mended");
            }
            // A sleep can only be made within the runtime.
            wait(runtime, told, async { sleep(AFTER_FAULT).await });
        }
        was_faulty = fault.is_some();
    }
}

/// One round, and the sleep until the next.
fn turn(
    engine: &Engine,
    host: &Host,
    rounds: &mut Rounds,
    runtime: &Runtime,
    told: &watch::Receiver<bool>,
) -> Result<(), RoundError> {
    let mut changes = host.changes();
    changes.mark_unchanged();
    let round = rounds.round(|look| look(&host.views()))?;
    wait(runtime, told, until_next(engine, host, &mut changes, round));
    Ok(())
}

/// Or until the thread is to end.
fn wait(runtime: &Runtime, told: &watch::Receiver<bool>, pause: impl Future<Output = ()>) {
    let mut told = told.clone();
    runtime.block_on(async {
        tokio::select! {
            () = pause => {}
            _ = told.wait_for(|stop| *stop) => {}
        }
    });
}

/// Waits until the views know what the round did, else it would be found again; then until the next clock runs out, or
/// something happens.
async fn until_next(engine: &Engine, host: &Host, changes: &mut watch::Receiver<u64>, round: Round) {
    if let Some(position) = round.position {
        // If they do not get there, what was done is answered as done before, and not asked for again at once.
        let _ = host.wait_for(position, PATIENCE).await;
    }
    sleep(SHORTEST).await;
    let longest = round.wake_at.map_or(LONGEST, |at| span(engine.now(), at).min(LONGEST));
    let _ = timeout(longest, changes.changed()).await;
}

fn span(from: Timestamp, to: Timestamp) -> Duration {
    Duration::from_micros(u64::try_from(to.0.saturating_sub(from.0)).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
    use std::time::Instant;

    use daybook_domain::command::{Command, PlaceOrder, RegisterMerchant};
    use daybook_domain::event::{Line, SkuKind};
    use daybook_domain::order::Lifecycle;
    use daybook_domain::time::HOUR_MICROS;
    use daybook_domain::{Actor, CommandId, Currency, MerchantId, OrderNumber, Role, Sku, State, StreamId};
    use daybook_engine::{FolderOptions, Request, open_folder};
    use daybook_views::Views;
    use uuid::Uuid;

    use super::*;
    use crate::follower::{Followers, store};

    #[test]
    fn what_panics_once_is_tried_again() {
        let temporary = tempfile::tempdir().unwrap();
        let data = temporary.path().join("data");
        let (now, panics) = (Arc::new(AtomicI64::new(1)), Arc::new(AtomicBool::new(true)));
        let clock = {
            let (now, panics) = (Arc::clone(&now), Arc::clone(&panics));
            move || {
                let is_automation = std::thread::current().name() == Some("daybook-automation");
                assert!(!is_automation || !panics.swap(false, Ordering::Relaxed), "this panic is meant");
                Timestamp(now.load(Ordering::Relaxed))
            }
        };
        let options = FolderOptions { id_if_new: Some(Uuid::from_u128(1)), ..FolderOptions::default() };
        let folder = open_folder(&data, &options, Arc::new(clock)).unwrap();
        let id = MerchantId::new("m1").unwrap();
        let number = OrderNumber::new("A").unwrap();
        let order = StreamId::order(&id, &number);
        let line = Line {
            sku: Sku::new("parcel").unwrap(),
            title: "Goods".into(),
            kind: SkuKind::Physical,
            quantity: 1,
            unit_minor: 500,
            supplier: None,
            inputs: None,
        };
        let register = RegisterMerchant { id: id.clone(), name: "a shop".into(), parent: None };
        let place = PlaceOrder {
            merchant: id,
            number: Some(number),
            account: "ann".into(),
            contact: None,
            currency: Currency::CNY,
            lines: vec![line],
            adjustments: Vec::new(),
        };
        let actor = Actor { id: Uuid::nil(), role: Role::Platform };
        for (n, command) in [(1, Command::RegisterMerchant(register)), (2, Command::Place(place))] {
            folder.engine.submit(Request::live(CommandId(Uuid::from_u128(n)), actor, command)).wait().unwrap();
        }
        now.fetch_add(HOUR_MICROS, Ordering::Relaxed);
        let host = Host::new_shared(Views::new());
        let followers = Followers::start(&folder.reader, &host, store(&data, &folder.reader)).unwrap();
        let automation = Automation::start(folder.engine.clone(), Arc::clone(&host)).unwrap();
        let deadline = Instant::now() + Duration::from_secs(20);
        let is_expired = || match folder.reader.state(order).unwrap() {
            Some(State::Order(order)) => order.lifecycle == Lifecycle::Cancelled,
            other => panic!("no order: {other:?}"),
        };
        while !is_expired() {
            assert!(Instant::now() < deadline, "nothing happens any more");
            std::thread::sleep(Duration::from_millis(5));
        }
        assert!(!panics.load(Ordering::Relaxed), "it did panic");
        automation.stop();
        folder.engine.shutdown().unwrap();
        followers.stop();
    }
}
