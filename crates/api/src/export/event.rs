//! Events as rows: the envelope by columns, what happened as JSON. Personal texts stay sealed.

use std::io::{self, Write};

use daybook_codec::{data_to_json, to_json};
use daybook_domain::{Automatic, Position, Recorded, Role};
use daybook_engine::Reader;
use daybook_sheets::{Cell, Column, Table};

use super::{Advance, ExportError, Named, chosen, headers};

/// Bytes of the log that are read at a time.
const CHUNK_BYTES: usize = 1 << 20;

/// A column of the table of events.
#[derive(Clone, Copy)]
pub struct EventColumn {
    name: &'static str,
    what: &'static str,
    width: u8,
    cell: for<'a> fn(&'a Recorded) -> Cell<'a>,
}

macro_rules! columns {
    ($($name:literal, $width:literal, $what:literal, $cell:expr;)*) => {
        static ALL: &[EventColumn] = &[$(EventColumn { name: $name, what: $what, width: $width, cell: $cell }),*];
    };
}

columns! {
    "position", 12, "its place in the ledger", |e| Cell::Integer(number(e.position));
    "stream", 38, "what it belongs to, a UUID", |e| Cell::text(e.stream.to_string());
    "revision", 10, "its place in its stream", |e| Cell::Integer(e.revision.into());
    "kind", 26, "what happened", |e| Cell::text(e.event.kind().name());
    "version", 9, "the version that it was stored with", |e| Cell::Integer(e.version.into());
    "recorded_at", 20, "when the ledger recorded it", |e| Cell::Time(e.recorded_at.0);
    "occurred_at", 20, "when it happened in the world", |e| Cell::Time(e.occurred_at.0);
    "actor", 38, "who did it, pseudonymous", |e| Cell::text(e.actor.id.to_string());
    "role", 12, "the actor's role", |e| Cell::text(e.actor.role.name());
    "policy", 24, "which policy it was, when it was no person", |e| {
        let automatic = Automatic::of_actor(e.actor.id).filter(|_| e.actor.role == Role::System);
        automatic.map_or(Cell::Empty, |automatic| Cell::text(automatic.name()))
    };
    "origin", 10, "LIVE, IMPORT or SYSTEM", |e| Cell::text(e.origin.name());
    "reason", 18, "why, a code", |e| e.reason.map_or(Cell::Empty, |reason| Cell::text(reason.name()));
    "command_id", 38, "the command that caused it", |e| Cell::text(e.command_id.to_string());
    "commit_end", 12, "the last position of its commit", |e| Cell::Integer(number(e.commit_end));
    "causation", 12, "the position of the event that caused it", |e| e.causation.map_or(Cell::Empty, |at| Cell::Integer(number(at)));
    "correlation", 38, "what belongs together across streams", |e| e.correlation.map_or(Cell::Empty, |id| Cell::text(id.to_string()));
    "data", 80, "what happened in full, JSON", |e| Cell::Json(data_to_json(&e.event, &mut |_, _| None).to_string().into());
}

fn number(position: Position) -> i64 {
    i64::try_from(position).unwrap_or(i64::MAX)
}

impl Named for EventColumn {
    const ALL: &'static [Self] = ALL;

    fn name(&self) -> &'static str {
        self.name
    }

    fn width(&self) -> u8 {
        self.width
    }

    fn is_usual(&self) -> bool {
        true
    }
}

impl EventColumn {
    /// By their names, with commas between them; all where none are named.
    ///
    /// # Errors
    /// There is no such column, or it is named twice.
    pub fn chosen(names: Option<&str>) -> Result<Vec<Self>, ExportError> {
        chosen(names)
    }

    /// Of all columns: the name, and what it holds.
    pub fn all() -> impl Iterator<Item = (&'static str, &'static str)> {
        ALL.iter().map(|column| (column.name, column.what))
    }

    /// By which they are chosen.
    pub fn names(columns: &[Self]) -> Vec<&'static str> {
        columns.iter().map(|column| column.name).collect()
    }

    /// What the table begins with.
    pub fn headers(columns: &[Self]) -> Vec<Column> {
        headers(columns)
    }
}

/// Writes a row for each event behind `after`, up to and including `end`.
///
/// # Errors
/// As [`ExportError`]; the table is not whole then.
pub fn write_events<W: Write>(
    reader: &Reader,
    between: (Position, Position),
    columns: &[EventColumn],
    table: &mut Table<W>,
    advance: Advance<'_>,
) -> Result<(), ExportError> {
    let mut row = |recorded: &Recorded| {
        let cells: Vec<Cell<'_>> = columns.iter().map(|column| (column.cell)(recorded)).collect();
        table.row(&cells)
    };
    for_each(reader, between, &mut row, advance)
}

/// Writes a line of JSON for each event behind `after`, up to and including `end`, as its schema has it.
///
/// # Errors
/// As [`ExportError`]; what was written is not whole then.
pub fn write_event_lines(
    reader: &Reader,
    between: (Position, Position),
    out: &mut impl Write,
    advance: Advance<'_>,
) -> Result<(), ExportError> {
    let mut line = |recorded: &Recorded| writeln!(out, "{}", to_json(recorded, &mut |_, _| None));
    for_each(reader, between, &mut line, advance)
}

fn for_each(
    reader: &Reader,
    (after, end): (Position, Position),
    write: &mut dyn FnMut(&Recorded) -> io::Result<()>,
    advance: Advance<'_>,
) -> Result<(), ExportError> {
    let mut from = after.saturating_add(1);
    while from <= end {
        let mut failed = None;
        let mut rows = 0;
        let next = reader.for_each(from, CHUNK_BYTES, |recorded| {
            if failed.is_none() && recorded.position <= end {
                failed = write(&recorded).err();
                rows += 1;
            }
        })?;
        if let Some(error) = failed {
            return Err(error.into());
        }
        if next == from {
            break;
        }
        if advance(rows).is_break() {
            return Err(ExportError::Ended);
        }
        from = next;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_column_stands_in_the_documentation() {
        let page = include_str!("../../../../docs/exports.md");
        for EventColumn { name, what, .. } in ALL {
            let row = format!("| `{name}` | {what} |");
            assert!(page.contains(&row), "docs/exports.md lacks\n{row}");
        }
    }
}
