//! Exports.

use std::borrow::Cow;

use daybook_domain::MerchantId;
use daybook_domain::event::{ExportFetched, ExportOpened};
use daybook_domain::export::{ExportFormat, ExportKind};

use super::text::{Opener, Sealer};
use super::{JsonError, JsonForm};
use crate::shape::shapes;
use crate::values::{Called, One};

shapes! {
    /// A file with rows of the ledger was asked for.
    struct ExportOpenedJson<'a> {
        kind: One<ExportKind>,
        format: One<ExportFormat>,
        /// With commas between them; empty: events whole.
        columns: Cow<'a, str>,
        /// What was asked for, as JSON; of a buyer it says that one was named, not which.
        filter: Cow<'a, str>,
        /// Whose export it is; absent: the platform's.
        merchant: Option<Called<'a, MerchantId>>,
        /// The orders of the merchants below as well.
        subtree: bool,
        /// All rows are as of this position of the ledger.
        position: u64,
        rows: u64,
    }

    /// The file of an export was handed to the event's actor.
    struct ExportFetchedJson {}
}

impl<'a> JsonForm<'a> for ExportOpenedJson<'a> {
    type Event = ExportOpened;

    fn from_event(event: &'a ExportOpened, _: &mut Opener<'_>) -> Self {
        Self {
            kind: One(event.kind),
            format: One(event.format),
            columns: Cow::Borrowed(&event.columns),
            filter: Cow::Borrowed(&event.filter),
            merchant: event.merchant.as_ref().map(Called::new),
            subtree: event.subtree,
            position: event.position,
            rows: event.rows,
        }
    }

    fn into_event(self, _: &mut Sealer<'_>) -> Result<ExportOpened, JsonError> {
        Ok(ExportOpened {
            kind: self.kind.0,
            format: self.format.0,
            columns: self.columns.into(),
            filter: self.filter.into(),
            merchant: self.merchant.map(Called::into_name),
            subtree: self.subtree,
            position: self.position,
            rows: self.rows,
        })
    }
}

impl<'a> JsonForm<'a> for ExportFetchedJson {
    type Event = ExportFetched;

    fn from_event(_: &'a ExportFetched, _: &mut Opener<'_>) -> Self {
        Self {}
    }

    fn into_event(self, _: &mut Sealer<'_>) -> Result<ExportFetched, JsonError> {
        Ok(ExportFetched {})
    }
}
