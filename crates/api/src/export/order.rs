//! Orders as rows.

mod columns;
mod rows;

use std::io::Write;

use daybook_sheets::{Cell, Column, Table};
use daybook_views::query::Row;

use super::{Advance, ExportError, Selection, Shown, chosen, headers};
use crate::http::Services;
use columns::Spec;

/// A column of the table of orders.
#[derive(Clone, Copy)]
pub struct OrderColumn(&'static Spec);

impl OrderColumn {
    /// By their names, with commas between them; `all` for all; the usual ones where none are named.
    ///
    /// # Errors
    /// There is no such column, or it is named twice.
    pub fn chosen(names: Option<&str>) -> Result<Vec<Self>, ExportError> {
        Ok(chosen::<&'static Spec>(names)?.into_iter().map(Self).collect())
    }

    /// By which they are chosen.
    pub fn names(columns: &[Self]) -> Vec<&'static str> {
        columns.iter().map(|column| column.0.name).collect()
    }

    /// What the table begins with.
    pub fn headers(columns: &[Self]) -> Vec<Column> {
        headers(&columns.iter().map(|column| column.0).collect::<Vec<_>>())
    }

    /// Of all columns: the name, what it holds, whether it is a usual one.
    pub fn all() -> impl Iterator<Item = (&'static str, &'static str, bool)> {
        columns::ALL.iter().map(|spec| (spec.name, spec.what, spec.is_usual))
    }
}

/// Writes a row for each selected order, as of the selection's position: an order that something happened to since is
/// folded from its events as of then. `shown` says of each order how much of what is personal is seen.
///
/// # Errors
/// As [`ExportError`]; the table is not whole then.
pub fn write_orders<W: Write>(
    services: &Services,
    selection: &Selection,
    columns: &[OrderColumn],
    shown: &dyn Fn(&Row) -> Shown,
    table: &mut Table<W>,
    advance: Advance<'_>,
) -> Result<(), ExportError> {
    let needs = rows::Needs::of(columns.iter().map(|column| column.0));
    for ids in selection.ids.chunks(rows::CHUNK) {
        let found = rows::find(services, ids, selection.position(), needs)?;
        for row in &found {
            let seen = columns::Seen { row, shown: shown(&row.row), own: selection.own.as_ref() };
            let cells: Vec<Cell<'_>> = columns.iter().map(|column| (column.0.cell)(&seen)).collect();
            table.row(&cells)?;
        }
        if advance(ids.len() as u64).is_break() {
            return Err(ExportError::Ended);
        }
    }
    Ok(())
}
