//! Why an operation failed: one enum per operation.

use std::io;
use std::sync::Arc;

use daybook_codec::CodecError;
use daybook_domain::{Position, Rejection};
use thiserror::Error;

use crate::ClockBehind;

/// Why a command was not carried out.
#[derive(Debug, Error)]
pub enum ExecuteError {
    #[error(transparent)]
    Rejected(#[from] Rejection),
    /// As [`ExecuteError::Busy`] for whoever asked: under the same id it is carried out, under a new key.
    #[error("the buyer was erased meanwhile: nothing was written; send the command again")]
    ErasedMeanwhile,
    #[error("too many commands are waiting; try again in a moment")]
    Busy,
    #[error("the disk is full: nothing was written; make room and send the command again")]
    Full,
    /// A fault of the writer, which goes on from where the ledger ends.
    #[error("the ledger does not end where the writer thought: nothing was written; send the command again")]
    Fenced,
    #[error("the command's events take {bytes} bytes, more than one commit may have; split it")]
    TooLarge { bytes: usize },
    #[error("Daybook writes no more: {why}")]
    Stopped { why: Arc<str> },
    #[error(transparent)]
    ClockBehind(#[from] ClockBehind),
    #[error("the history of the order could not be read")]
    Read(#[source] Arc<ReadError>),
    #[error("personal data could not be sealed: {0}")]
    Seal(Arc<str>),
}

/// Why events could not be read.
#[derive(Debug, Error)]
pub enum ReadError {
    #[error(transparent)]
    Ledger(#[from] daybook_ledger::ReadError),
    #[error("the event at position {position} cannot be understood: {source}")]
    Codec { position: Position, source: CodecError },
}

/// Why it is not known what was recorded last at a time.
#[derive(Debug, Error)]
pub enum PositionAtError {
    #[error(transparent)]
    Read(#[from] ReadError),
    #[error("what was decided lately is not on the disk yet; try again in a moment")]
    Late,
}

/// Why the ledger was not closed cleanly. Nothing acknowledged is lost: the next opening checks.
#[derive(Debug, Error)]
pub enum ShutdownError {
    #[error("a thread of the engine ended with a bug; see the log")]
    Panicked,
    #[error(
        "the ledger could not be marked as closed, by which nothing is lost: check the disk, and whether there is room, then \
         start again: {0}"
    )]
    Close(#[source] io::Error),
    #[error(
        "the key file could not be synced, by which nothing is lost: check the disk, and whether there is room, then start \
         again: {0}"
    )]
    Keys(#[source] io::Error),
}
