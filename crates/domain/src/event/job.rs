//! Events of jobs. Together they say what was asked of which orders, and what became of it.

use crate::ids::{MerchantId, Position, StreamId};
use crate::job::{CancelCause, ErrorPolicy, JobAction, JobRow, RefusalCount, Refusals};
use crate::money::Money;
use crate::sealed::Sealed;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobOpened {
    pub action: JobAction<Sealed>,
    pub policy: ErrorPolicy,
    /// Whose job it is; none: the platform's.
    pub merchant: Option<MerchantId>,
    /// The selection is of this position of the ledger.
    pub selected_at: Position,
    /// How many rows are going to be selected.
    pub total: u32,
    /// It is previewed, and does nothing until it is started.
    pub waits: bool,
    /// The stream of the token that it was opened with: the job ends when that is revoked.
    pub token: Option<StreamId>,
}

/// A part of the job's rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobSelected {
    /// The first one's number, from 0; the others follow it.
    pub first: u32,
    pub rows: Vec<JobRow>,
}

/// What is to be expected of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobPreviewed {
    /// Of the orders, one a currency.
    pub totals: Vec<Money>,
    pub refusals: Vec<RefusalCount>,
}

/// A job that waited goes on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobStarted {}

/// Every row was checked before anything was done. If any was refused, nothing will be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobChecked {
    pub refused: u32,
    /// As many of those as have room.
    pub refusals: Vec<Refusals>,
}

/// The rows before `next` are decided; those of them that no earlier event of the job counted, and were not refused,
/// were carried out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobAdvanced {
    pub next: u32,
    pub refusals: Vec<Refusals>,
}

/// The rows that are left are not looked at any more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobCancelled {
    pub cause: CancelCause,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobFinished {}
