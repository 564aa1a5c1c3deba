//! Bulk work: a selection is frozen in a job's stream, and the runner carries it out, one order after another.
//!
//! ```text
//! bulkX ─► select ─► open: job-opened, job-selected … ─► runner: commands on orders, job-advanced … job-finished
//! ```
//!
//! The log alone says how far a job is: each order's command has an id that follows from the job and the row, so that
//! whoever carries a job on does nothing twice.

mod coming;
mod open;
mod rows;
mod run;
mod runner;
mod select;
mod tally;

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use daybook_domain::job::{Job, JobAction};
use daybook_domain::{Event, Kind, MerchantId, Sealed, State, StreamId};
use daybook_engine::{Opened, platform_tree};
use tokio::sync::watch;

use crate::http::Services;
use crate::schema::error::ApiError;
use crate::schema::merchant;

use coming::Coming;
pub(crate) use open::{Asked, open};
pub(crate) use rows::{ResultRow, RowFate, position_of, results};
pub use runner::JobRunner;
pub(crate) use select::{Chosen, MAX_NAMED, NamedRow};

/// Selections that are made at the same time: each may hold a million rows.
const MAX_SELECTING: usize = 2;

/// What those who open jobs, carry them on and watch them share.
pub(crate) struct Board {
    /// Counts what was folded of jobs.
    changes: watch::Sender<u64>,
    coming: Coming,
    /// One at a time, so that none is opened beyond the limit.
    opening: tokio::sync::Mutex<()>,
    /// Those that choose their orders.
    selecting: tokio::sync::Semaphore,
    /// Jobs whose selection is being written down by this process.
    writing: Mutex<BTreeSet<StreamId>>,
}

impl Default for Board {
    fn default() -> Self {
        Self {
            changes: watch::Sender::new(0),
            coming: Coming::default(),
            opening: tokio::sync::Mutex::default(),
            selecting: tokio::sync::Semaphore::new(MAX_SELECTING),
            writing: Mutex::default(),
        }
    }
}

impl Board {
    pub(crate) fn changed(&self) {
        self.changes.send_modify(|count| *count = count.wrapping_add(1));
    }

    pub(crate) fn watch(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    fn is_writing(&self, job: StreamId) -> bool {
        self.writing.lock().unwrap_or_else(PoisonError::into_inner).contains(&job)
    }
}

/// Held while a job's selection is written down.
struct Writing<'a> {
    board: &'a Board,
    job: StreamId,
}

impl<'a> Writing<'a> {
    fn new(board: &'a Board, job: StreamId) -> Self {
        board.writing.lock().unwrap_or_else(PoisonError::into_inner).insert(job);
        Self { board, job }
    }
}

impl Drop for Writing<'_> {
    fn drop(&mut self) {
        self.board.writing.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.job);
        // Whoever could not write all of it leaves the rest to the runner.
        self.board.changed();
    }
}

/// The job as the log has it; none if there is no such job. Reads the ledger.
pub(crate) fn load(services: &Services, id: StreamId) -> Result<Option<Job>, ApiError> {
    Ok(match services.reader.state(id)? {
        Some(State::Job(job)) => Some(*job),
        Some(
            State::Order(_)
            | State::Merchant(_)
            | State::Claim(_)
            | State::Card(_)
            | State::Token(_)
            | State::Sku(_)
            | State::Stock(_)
            | State::Export(_),
        )
        | None => None,
    })
}

/// The tree that a job's texts are sealed for. Reads the ledger.
pub(crate) fn tree_root(services: &Services, job: &Job) -> Result<Option<MerchantId>, ApiError> {
    match &job.merchant {
        None => Ok(Some(platform_tree())),
        Some(id) => Ok(merchant::state(services, StreamId::merchant(id))?.map(|merchant| merchant.tree_root().clone())),
    }
}

/// What the job does, with its texts opened; none if they were erased. Reads the ledger.
fn action(services: &Services, id: StreamId, job: &Job) -> Result<Option<JobAction<String>>, ApiError> {
    let Some(Event::JobOpened(opened)) = services.reader.event(job.opened)?.map(|recorded| recorded.event) else {
        return Ok(None);
    };
    let Some(root) = tree_root(services, job)? else { return Ok(None) };
    let open = |sealed: &Sealed| match services.reader.open_text(sealed, &root, id, Kind::JobOpened) {
        Opened::Text(text) => Ok(text),
        Opened::Erased | Opened::Damaged => Err(()),
    };
    Ok(opened.action.map(open).ok())
}
