//! Orders and events as tables, at one position: whoever asks, and whatever is written meanwhile, all rows are of the same
//! moment. For the command line and for jobs alike; each call works on the thread that makes it, and may read the disk.

mod event;
mod noted;
mod order;
mod select;

use std::io;
use std::ops::ControlFlow;

use daybook_domain::StreamId;
use daybook_engine::ReadError;
use daybook_sheets::{Column, Zone};
use daybook_views::Stopped;
use thiserror::Error;

pub use event::{EventColumn, write_event_lines, write_events};
pub use noted::Noted;
pub use order::{OrderColumn, write_orders};
pub use select::{Selection, Which};

use crate::schema::error::ApiError;
use crate::schema::zone;

/// How much of what is personal a row shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shown {
    Clear,
    /// First and last characters alone: `a***@example.com`.
    Masked,
    /// Personal cells stay empty.
    LeftOut,
}

/// Told how many rows more were written; what it answers ends the export.
pub type Advance<'a> = &'a mut dyn FnMut(u64) -> ControlFlow<()>;

/// Why a table was not written, or not whole.
#[derive(Debug, Error)]
pub enum ExportError {
    /// What was asked for makes no sense, and why.
    #[error("{0}")]
    Invalid(String),
    #[error(transparent)]
    View(#[from] Stopped),
    #[error(transparent)]
    Read(#[from] ReadError),
    #[error("the order {0} is in the list and not in the ledger: run `daybook rebuild orders`")]
    NoOrder(StreamId),
    #[error(transparent)]
    Write(#[from] io::Error),
    /// Somebody ended it.
    #[error("the export was ended early")]
    Ended,
}

impl From<ApiError> for ExportError {
    fn from(error: ApiError) -> Self {
        match error {
            ApiError::View(stopped) => ExportError::View(stopped),
            other => ExportError::Invalid(other.message()),
        }
    }
}

/// An IANA name such as `Asia/Shanghai`.
///
/// # Errors
/// There is no such zone.
pub fn time_zone(name: &str) -> Result<Zone, ExportError> {
    let table = zone::offsets(name)?;
    Ok(Zone::new(table.iter().map(|offset| (offset.from_seconds, offset.offset_seconds))))
}

/// One of a table's columns, as it is chosen by its name.
trait Named: Copy + 'static {
    const ALL: &'static [Self];
    fn name(&self) -> &'static str;
    fn width(&self) -> u8;
    fn is_usual(&self) -> bool;
}

/// Those that are named, in that order; the usual ones where none are.
fn chosen<C: Named>(names: Option<&str>) -> Result<Vec<C>, ExportError> {
    let Some(names) = names else { return Ok(C::ALL.iter().copied().filter(C::is_usual).collect()) };
    let mut chosen: Vec<C> = Vec::new();
    for name in names.split(',').map(str::trim).filter(|name| !name.is_empty()) {
        if name == "all" {
            let known: Vec<&str> = chosen.iter().map(C::name).collect();
            chosen.extend(C::ALL.iter().filter(|column| !known.contains(&column.name())));
            continue;
        }
        let column = C::ALL.iter().find(|column| column.name() == name).ok_or_else(|| {
            let known: Vec<&str> = C::ALL.iter().map(C::name).collect();
            let shown: String = name.chars().take(40).collect();
            ExportError::Invalid(format!("there is no column {shown:?}; choose of {}, or all", known.join(", ")))
        })?;
        if chosen.iter().any(|known| known.name() == name) {
            return Err(ExportError::Invalid(format!("the column {name} is named twice")));
        }
        chosen.push(*column);
    }
    if chosen.is_empty() { Err(ExportError::Invalid("name at least one column".into())) } else { Ok(chosen) }
}

/// What a table with these columns begins with.
fn headers<C: Named>(columns: &[C]) -> Vec<Column> {
    columns.iter().map(|column| Column::new(column.name(), column.width())).collect()
}
