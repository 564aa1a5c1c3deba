//! The thread on which automation runs: it wakes when a clock runs out, or when something has happened.

use std::io;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use daybook_api::Host;
use daybook_automation::{Automation as Rounds, Round};
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
const AFTER_FAULT: Duration = Duration::from_secs(5);
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
        let mut changes = host.changes();
        changes.mark_unchanged();
        let round = rounds.round(|look| look(&host.views()));
        if let Err(error) = &round
            // Told once: a view that stopped stays so until somebody rebuilds it.
            && !was_faulty
            && stopped.borrow().is_none()
        {
            tracing::error!(%error, "nothing happens by itself until this is mended");
        }
        was_faulty = round.is_err();
        let pause = async {
            match round {
                Ok(round) => until_next(engine, host, &mut changes, round).await,
                Err(_) => sleep(AFTER_FAULT).await,
            }
        };
        let mut told = told.clone();
        runtime.block_on(async {
            tokio::select! {
                () = pause => {}
                _ = told.wait_for(|stop| *stop) => {}
            }
        });
    }
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
