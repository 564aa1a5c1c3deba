//! Events of exports: who took what out of the ledger.

use crate::export::{ExportFormat, ExportKind};
use crate::ids::{MerchantId, Position};

/// A file with these rows was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExportOpened {
    pub kind: ExportKind,
    pub format: ExportFormat,
    /// With commas between them; empty: events whole.
    pub columns: Box<str>,
    /// What was asked for, as JSON; of a buyer it says that one was named, not which.
    pub filter: Box<str>,
    /// Whose export it is; none: the platform's.
    pub merchant: Option<MerchantId>,
    /// The orders of the merchants below as well.
    pub subtree: bool,
    /// All rows are as of this position of the ledger.
    pub position: Position,
    pub rows: u64,
}

/// Its file was handed to somebody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExportFetched {}
