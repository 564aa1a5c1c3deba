//! The thread on which jobs are carried out: several in turn, so that a long one holds up no short one, and with a bounded
//! number of commands under way, so that they hold up nobody else.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::panic::AssertUnwindSafe;
use std::thread::JoinHandle;
use std::time::Duration;

use daybook_domain::command::CancelJob;
use daybook_domain::job::{CancelCause, JobState, step_command};
use daybook_domain::{Automatic, Command, MerchantId, Origin, Position, StreamId};
use daybook_engine::Request;
use daybook_views::goes_on;
use futures_util::FutureExt;
use tokio::sync::watch;
use tokio::time::{sleep, timeout};

use super::run::{Run, Turn};
use crate::http::Services;

/// Commands that all jobs together have under way: what anybody else's command waits for at most.
const UNDER_WAY: usize = 512;
/// Jobs that are carried out at the same time; others wait for one to end.
const MAX_RUNNING: usize = 16;
/// Of one merchant, so that the others get their turn too.
const MAX_RUNNING_OF_ONE: usize = 4;
/// After a fault that does not mend itself at once.
const AFTER_FAULT: Duration = Duration::from_secs(1);
/// The longest without a look, whatever happens.
const LONGEST: Duration = Duration::from_secs(1);

/// Carries out jobs until it is stopped.
pub struct JobRunner {
    stop: watch::Sender<bool>,
    thread: JoinHandle<()>,
}

impl JobRunner {
    /// # Errors
    ///
    /// When the system starts no thread.
    pub fn start(services: Services) -> io::Result<Self> {
        let (stop, told) = watch::channel(false);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
        let run = move || runtime.block_on(run(&services, told));
        let thread = std::thread::Builder::new().name("daybook-jobs".into()).spawn(run)?;
        Ok(Self { stop, thread })
    }

    /// Ends after the turn that is under way. What is not done is carried on after the next start.
    pub fn stop(self) {
        self.stop.send_replace(true);
        if self.thread.join().is_err() {
            tracing::error!("the jobs' thread ended with a bug");
        }
    }
}

async fn run(services: &Services, mut told: watch::Receiver<bool>) {
    let stopped = services.engine.watch_stopped();
    let mut changes = services.host.jobs.watch();
    let mut runner = Runner { services, runs: Vec::new(), over: BTreeMap::new(), is_faulty: false };
    // What the views do not know yet of what was written before the last end, they would tell wrong.
    let known = services.reader.watermark();
    while !*told.borrow() && services.host.wait_for(known, LONGEST).await.is_err() {}
    while !*told.borrow() && stopped.borrow().is_none() {
        changes.mark_unchanged();
        // A thread that ends without a word is missed by nobody.
        if AssertUnwindSafe(runner.round()).catch_unwind().await.is_err() {
            runner.runs.clear();
            runner.fault("a round ended with a bug, see standard error; it is tried again");
        }
        if runner.is_faulty {
            let _ = timeout(AFTER_FAULT, told.wait_for(|stop| *stop)).await;
        } else if runner.runs.is_empty() {
            tokio::select! {
                _ = changes.changed() => {}
                _ = told.changed() => {}
                () = sleep(LONGEST) => {}
            }
        }
    }
    for run in &mut runner.runs {
        // If it cannot be written down, the next start sends some commands again, and meets their receipts.
        let _ = run.wind_up(services).await;
    }
}

struct Runner<'a> {
    services: &'a Services,
    runs: Vec<Run>,
    /// Jobs that were dealt with, until the views know: where their last event stands.
    over: BTreeMap<StreamId, Position>,
    is_faulty: bool,
}

impl Runner<'_> {
    /// Looks for jobs, and gives each a turn.
    async fn round(&mut self) {
        let was_faulty = std::mem::take(&mut self.is_faulty);
        self.adopt().await;
        let share = UNDER_WAY / self.runs.len().max(1);
        for mut run in std::mem::take(&mut self.runs) {
            match run.turn(self.services, share).await {
                Ok(Turn::GoesOn) => self.runs.push(run),
                Ok(Turn::Over(position)) => {
                    self.over.insert(run.id, position);
                }
                // It is taken up again from what is written down.
                Err(trouble) if was_faulty => {
                    self.is_faulty = true;
                    tracing::debug!(job = %run.id, %trouble, "a job still does not go on");
                }
                Err(trouble) => self.fault(&format!("job {} waits: {trouble}", run.id)),
            }
        }
    }

    fn fault(&mut self, why: &str) {
        self.is_faulty = true;
        if self.services.engine.watch_stopped().borrow().is_none() {
            tracing::error!(why, "bulk work does not go on until this is mended");
        }
    }

    /// Takes up jobs that go on by themselves.
    async fn adopt(&mut self) {
        let host = &self.services.host;
        let (position, open): (Position, Vec<(StreamId, JobState, Option<MerchantId>)>) = {
            let views = host.views();
            let Ok(jobs) = views.jobs() else { return };
            let open = jobs.open().filter(|(_, job)| goes_on(job));
            (views.position(), open.map(|(id, job)| (*id, job.state(), job.merchant.clone())).collect())
        };
        self.over.retain(|_, end| *end > position);
        let running: BTreeSet<StreamId> = self.runs.iter().map(|run| run.id).collect();
        for (id, state, merchant) in open {
            if running.contains(&id) || self.over.contains_key(&id) {
                continue;
            }
            if state == JobState::Opening {
                self.drop_incomplete(id).await;
                continue;
            }
            if self.runs.len() >= MAX_RUNNING {
                return;
            }
            if self.runs.iter().filter(|run| run.merchant() == merchant.as_ref()).count() >= MAX_RUNNING_OF_ONE {
                continue;
            }
            match Run::new(self.services, id) {
                Ok(Some(run)) => self.runs.push(run),
                Ok(None) => {}
                Err(trouble) => self.fault(&format!("job {id} cannot be taken up: {trouble}")),
            }
        }
    }

    /// A job whose selection nobody writes down any more will never be whole.
    async fn drop_incomplete(&mut self, id: StreamId) {
        if self.services.host.jobs.is_writing(id) {
            return;
        }
        let cancel = Command::CancelJob(CancelJob { job: id, cause: CancelCause::Incomplete });
        let request = Request {
            origin: Origin::System,
            correlation: Some(id.0),
            ..Request::live(step_command(id, "cancel", 0), Automatic::Jobs.actor(), cancel)
        };
        // One that is whole by now refuses that.
        if let Ok(receipt) = self.services.engine.submit(request).await {
            self.over.insert(id, receipt.position);
        }
    }
}
