//! One round: what is due is asked for, and answered.

use daybook_domain::{Position, Timestamp};
use daybook_engine::{Engine, ExecuteError, ReadError, Request};
use daybook_views::{Stopped, Views};
use thiserror::Error;

use crate::alerts::Alerts;
use crate::patience::Patience;
use crate::task::Task;

/// Commands of one round: they share few syncs, and the views are not held for long to find them.
const A_ROUND: usize = 512;

/// Why a round did not end.
#[derive(Debug, Error)]
pub enum RoundError {
    /// The ledger takes no more writes.
    #[error("{0}")]
    Engine(ExecuteError),
    /// Nobody knows what is due until the view is rebuilt.
    #[error(transparent)]
    View(#[from] Stopped),
    #[error(transparent)]
    Read(#[from] ReadError),
}

/// What a round did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Round {
    pub done: usize,
    /// Another was faster, or it cannot be done yet.
    pub refused: usize,
    /// The views must have got there before the next round.
    pub position: Option<Position>,
    /// When the next round has something to do, unless something happens before; none: nothing waits.
    pub wake_at: Option<Timestamp>,
}

/// Finds what is due, and does it. Keeps nothing that a crash could take away.
pub struct Automation {
    engine: Engine,
    patience: Patience,
    alerts: Alerts,
}

impl Automation {
    pub fn new(engine: Engine) -> Self {
        Self { engine, patience: Patience::default(), alerts: Alerts::default() }
    }

    /// `look` lends the views for a moment. Blocks until all answers are there.
    ///
    /// # Errors
    ///
    /// When no later round can do better until somebody acts.
    pub fn round(&mut self, look: impl Fn(&mut dyn FnMut(&Views))) -> Result<Round, RoundError> {
        let now = self.engine.now();
        self.patience.tidy(now);
        self.alerts.prepare(&self.engine.reader(), now)?;
        let (mut tasks, mut warnings, mut next): (Vec<Task>, Vec<Request>, Option<Timestamp>) = Default::default();
        let mut looked = Ok(());
        look(&mut |views| looked = self.find(views, now, &mut tasks, &mut warnings, &mut next));
        looked?;
        let mut round = self.carry_out(tasks, now)?;
        self.warn(warnings, &mut round)?;
        let is_full = round.done + round.refused >= A_ROUND;
        let others = [next, self.patience.next(now), self.alerts.next()];
        round.wake_at = if is_full { Some(now) } else { others.into_iter().flatten().min() };
        Ok(round)
    }

    fn find(
        &mut self,
        views: &Views,
        now: Timestamp,
        tasks: &mut Vec<Task>,
        warnings: &mut Vec<Request>,
        next: &mut Option<Timestamp>,
    ) -> Result<(), Stopped> {
        let queues = views.queues()?;
        let is_waiting = |task: Task| self.patience.is_waiting(&task, now);
        let due = queues.due(now, |due| is_waiting(Task::Clock(*due)), A_ROUND);
        tasks.extend(due.into_iter().map(Task::Clock));
        let restock = views.restockable(A_ROUND)?.into_iter().map(|(order, since)| Task::Restock { order, since });
        tasks.extend(restock.filter(|task| !is_waiting(*task)));
        *next = queues.next_due(now);
        *warnings = self.alerts.check(views, now)?;
        Ok(())
    }

    fn carry_out(&mut self, tasks: Vec<Task>, now: Timestamp) -> Result<Round, RoundError> {
        let mut round = Round::default();
        let asked: Vec<_> = tasks.into_iter().map(|task| (task, self.engine.submit(task.request()))).collect();
        for (task, pending) in asked {
            match pending.wait() {
                Ok(receipt) => {
                    // What was done before is no longer due, unless the views are behind: then it is not asked for at once.
                    if receipt.repeated {
                        self.patience.refused(task, now)
                    } else {
                        self.patience.done(&task)
                    }
                    round.position = round.position.max(Some(receipt.position));
                    round.done += 1;
                }
                Err(error) => {
                    self.patience.refused(task, now);
                    round.refused += 1;
                    told(error)?;
                }
            }
        }
        Ok(round)
    }

    fn warn(&mut self, warnings: Vec<Request>, round: &mut Round) -> Result<(), RoundError> {
        let asked: Vec<_> = warnings.into_iter().map(|request| self.engine.submit(request)).collect();
        for pending in asked {
            match pending.wait() {
                Ok(receipt) => {
                    round.position = round.position.max(Some(receipt.position));
                    round.done += 1;
                }
                Err(error) => {
                    round.refused += 1;
                    told(error)?;
                }
            }
        }
        Ok(())
    }
}

/// Refusals are expected, and most faults mend themselves.
fn told(error: ExecuteError) -> Result<(), RoundError> {
    match error {
        ExecuteError::Rejected(rejection) => {
            tracing::debug!(%rejection, "not carried out");
            Ok(())
        }
        error @ ExecuteError::Stopped { .. } => Err(RoundError::Engine(error)),
        error => {
            tracing::warn!(%error, "what is due could not be done; it is tried again");
            Ok(())
        }
    }
}
