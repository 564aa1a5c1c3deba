//! One round: what is due is asked for, and answered.

use std::collections::BTreeMap;

use daybook_domain::{Position, Rejection, Timestamp};
use daybook_engine::{Engine, ExecuteError, Receipt, Request};
use daybook_views::{Stopped, Views};
use thiserror::Error;

use crate::alerts::Alerts;
use crate::patience::Patience;
use crate::task::{Task, under_another_id};

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
    /// What does not work at the moment, and was told.
    troubles: BTreeMap<&'static str, String>,
}

/// What one look at the views found.
#[derive(Default)]
struct Found {
    tasks: Vec<Task>,
    warnings: Vec<Request>,
    next: Option<Timestamp>,
}

impl Automation {
    pub fn new(engine: Engine) -> Self {
        Self { engine, patience: Patience::default(), alerts: Alerts::default(), troubles: BTreeMap::new() }
    }

    /// `look` lends the views for a moment. Blocks until all answers are there.
    ///
    /// # Errors
    ///
    /// When no later round can do better until somebody acts.
    pub fn round(&mut self, look: impl Fn(&mut dyn FnMut(&Views))) -> Result<Round, RoundError> {
        let now = self.engine.now();
        self.patience.tidy(now);
        let prepared = self.alerts.prepare(&self.engine.reader(), now);
        self.tell("a merchant cannot be read, and is warned of nothing", prepared);
        let mut found = Ok(Found::default());
        look(&mut |views| found = self.find(views, now));
        let found = found?;
        let mut round = self.carry_out(found.tasks, now)?;
        self.warn(found.warnings, now, &mut round)?;
        let is_full = round.done + round.refused >= A_ROUND;
        let others = [found.next, self.patience.next(now), self.alerts.next()];
        round.wake_at = if is_full { Some(now) } else { others.into_iter().flatten().min() };
        Ok(round)
    }

    /// Clocks need nothing but the queues. What needs more of the views stops with those, and the clocks go on.
    fn find(&mut self, views: &Views, now: Timestamp) -> Result<Found, Stopped> {
        let queues = views.queues()?;
        let mut found = Found { next: queues.next_due(now), ..Found::default() };
        let due = queues.due(now, |due| self.patience.is_waiting(&Task::Clock(*due), now), A_ROUND);
        found.tasks.extend(due.into_iter().map(Task::Clock));
        let stocked = self.find_stocked(views, now, &mut found.tasks);
        self.tell("orders that wait for stock or cards wait on", stocked);
        let (warnings, checked) = self.alerts.check(views, now);
        found.warnings = warnings;
        self.tell("some warnings cannot be measured", checked);
        Ok(found)
    }

    fn find_stocked(&self, views: &Views, now: Timestamp, tasks: &mut Vec<Task>) -> Result<(), Stopped> {
        let is_waiting = |task: &Task| self.patience.is_waiting(task, now);
        let freeze = |(order, since)| Task::Freeze { order, since };
        let restock = |(order, since)| Task::Restock { order, since };
        let cards = views.deliveries(|order, since| is_waiting(&freeze((order, since))), A_ROUND)?;
        let deliver = cards.deliver.into_iter().map(|(order, since)| Task::deliver(order, since));
        let stocked = views.restockable(A_ROUND)?.into_iter().chain(cards.resume).map(restock);
        let all = deliver.chain(stocked).chain(cards.missing.into_iter().map(freeze));
        tasks.extend(all.filter(|task| !is_waiting(task)));
        Ok(())
    }

    /// Once, until it works again.
    fn tell(&mut self, what: &'static str, outcome: Result<(), impl std::fmt::Display>) {
        match outcome {
            Ok(()) => drop(self.troubles.remove(what)),
            Err(error) => {
                let error = error.to_string();
                if self.troubles.get(what) != Some(&error) {
                    tracing::error!(%error, "{what}");
                    self.troubles.insert(what, error);
                }
            }
        }
    }

    fn carry_out(&mut self, tasks: Vec<Task>, now: Timestamp) -> Result<Round, RoundError> {
        let mut round = Round::default();
        let asked: Vec<_> = tasks.into_iter().map(|task| (task, self.engine.submit(task.request()))).collect();
        for (task, pending) in asked {
            match self.insist(pending.wait(), || task.request(), now) {
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

    /// The ids of automation can be told in advance, so that what was done before a crash is not done again. A client that
    /// uses one for something else keeps nothing from happening: the rules themselves allow each of it once.
    fn insist(
        &self,
        answer: Result<Receipt, ExecuteError>,
        request: impl FnOnce() -> Request,
        now: Timestamp,
    ) -> Result<Receipt, ExecuteError> {
        match answer {
            Err(ExecuteError::Rejected(Rejection::CommandIdReused)) => {
                let request = request();
                tracing::warn!(id = %request.command_id, "somebody used the command id of what is due");
                self.engine.submit(under_another_id(request, now)).wait()
            }
            answer => answer,
        }
    }

    fn warn(&mut self, warnings: Vec<Request>, now: Timestamp, round: &mut Round) -> Result<(), RoundError> {
        let asked: Vec<_> =
            warnings.into_iter().map(|request| (request.clone(), self.engine.submit(request))).collect();
        for (request, pending) in asked {
            match self.insist(pending.wait(), || request, now) {
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
