//! Exports.

use daybook_domain::MerchantId;
use daybook_domain::event::{ExportFetched, ExportOpened};
use daybook_domain::export::{ExportFormat, ExportKind};
use serde::{Deserialize, Serialize};

use super::parts::variant;
use super::{BadField, FromWire, ToWire};

#[derive(Serialize, Deserialize)]
pub(crate) struct ExportOpenedV1<'a> {
    kind: u8,
    format: u8,
    columns: &'a str,
    filter: &'a str,
    merchant: Option<&'a str>,
    subtree: bool,
    position: u64,
    rows: u64,
}

impl<'a> ToWire<'a> for ExportOpenedV1<'a> {
    type Event = ExportOpened;

    fn from_event(event: &'a ExportOpened) -> Self {
        Self {
            kind: event.kind as u8,
            format: event.format as u8,
            columns: &event.columns,
            filter: &event.filter,
            merchant: event.merchant.as_ref().map(|id| id.as_str()),
            subtree: event.subtree,
            position: event.position,
            rows: event.rows,
        }
    }
}

impl<'a> FromWire<'a> for ExportOpenedV1<'a> {
    type Event = ExportOpened;

    fn into_event(self) -> Result<ExportOpened, BadField> {
        Ok(ExportOpened {
            kind: variant("kind", self.kind, ExportKind::VARIANTS, |kind| kind as u8)?,
            format: variant("format", self.format, ExportFormat::VARIANTS, |format| format as u8)?,
            columns: self.columns.into(),
            filter: self.filter.into(),
            merchant: self.merchant.map(MerchantId::from_stored),
            subtree: self.subtree,
            position: self.position,
            rows: self.rows,
        })
    }
}

#[derive(Serialize, Deserialize)]
pub(crate) struct ExportFetchedV1 {}

impl ToWire<'_> for ExportFetchedV1 {
    type Event = ExportFetched;

    fn from_event(_: &ExportFetched) -> Self {
        Self {}
    }
}

impl FromWire<'_> for ExportFetchedV1 {
    type Event = ExportFetched;

    fn into_event(self) -> Result<ExportFetched, BadField> {
        Ok(ExportFetched {})
    }
}
