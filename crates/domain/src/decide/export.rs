//! Exports: opened once, fetched again and again.

use super::Events;
use super::known_merchant;
use crate::command::OpenExport;
use crate::event::{ExportFetched, ExportOpened};
use crate::merchant::Merchant;
use crate::rejection::Rejection;
use crate::state::Facts;

pub(super) fn open(
    facts: &Facts<'_>,
    merchant: Option<&Merchant>,
    c: &OpenExport,
    out: &mut Events,
) -> Result<(), Rejection> {
    if facts.state(out.stream).is_some() {
        // The engine knows its repeat by the command's id, from which the stream follows.
        return Err(Rejection::CommandIdReused);
    }
    if let Some(id) = &c.merchant {
        known_merchant(merchant, id)?;
    }
    out.push(ExportOpened {
        kind: c.kind,
        format: c.format,
        columns: c.columns.clone(),
        filter: c.filter.clone(),
        merchant: c.merchant.clone(),
        subtree: c.subtree,
        position: c.position,
        rows: c.rows,
    });
    Ok(())
}

pub(super) fn fetch(facts: &Facts<'_>, out: &mut Events) -> Result<(), Rejection> {
    facts.export(out.stream).ok_or(Rejection::ExportUnknown)?;
    out.push(ExportFetched {});
    Ok(())
}
