//! The first sheet of an XLSX file, cell by cell: whatever a file claims about its size is not believed.

use std::collections::BTreeMap;
use std::io::{Cursor, Read, copy, sink};

use calamine::{DataRef, Reader, Xlsx};
use zip::ZipArchive;

use super::{MAX_COLUMNS, MAX_ROWS, RawRow, ReadError};

/// Bytes that all parts of a file may unpack to.
const MAX_UNPACKED_BYTES: u64 = 128 << 20;
/// Parts of a file.
const MAX_PARTS: usize = 1_000;
/// Up to here a number is exact, and a spreadsheet shows all its digits.
const MAX_EXACT: f64 = 1e15;

fn odd(error: impl std::fmt::Display) -> ReadError {
    ReadError::Xlsx(error.to_string())
}

/// Unpacks everything once, keeping nothing, before anything is kept.
fn check_size(bytes: &[u8]) -> Result<(), ReadError> {
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(odd)?;
    if archive.len() > MAX_PARTS {
        return Err(ReadError::Bomb);
    }
    let mut left = MAX_UNPACKED_BYTES;
    for part in 0..archive.len() {
        let part = archive.by_index(part).map_err(odd)?;
        let unpacked = copy(&mut part.take(left + 1), &mut sink()).map_err(odd)?;
        left = left.checked_sub(unpacked).ok_or(ReadError::Bomb)?;
    }
    Ok(())
}

pub(crate) fn rows(bytes: &[u8]) -> Result<Vec<RawRow>, ReadError> {
    check_size(bytes)?;
    let mut book: Xlsx<_> =
        calamine::open_workbook_from_rs(Cursor::new(bytes)).map_err(|error: calamine::XlsxError| odd(error))?;
    let Some(first) = book.sheet_names().into_iter().next() else { return Ok(Vec::new()) };
    let mut reader = book.worksheet_cells_reader(&first).map_err(odd)?;
    let mut rows: BTreeMap<u32, Vec<(usize, String)>> = BTreeMap::new();
    while let Some(cell) = reader.next_cell().map_err(odd)? {
        let (row, column) = cell.get_position();
        let text = text(cell.get_value());
        if text.trim().is_empty() || column as usize >= MAX_COLUMNS {
            continue;
        }
        rows.entry(row).or_default().push((column as usize, text));
        if rows.len() > MAX_ROWS + 1 {
            return Err(ReadError::TooManyRows);
        }
    }
    let dense = |(row, sparse): (u32, Vec<(usize, String)>)| {
        let width = sparse.iter().map(|(column, _)| column + 1).max().unwrap_or(0);
        let mut cells = vec![String::new(); width];
        sparse.into_iter().for_each(|(column, text)| cells[column] = text);
        RawRow { number: u64::from(row) + 1, cells }
    };
    Ok(rows.into_iter().map(dense).collect())
}

fn text(value: &DataRef<'_>) -> String {
    match value {
        DataRef::Empty => String::new(),
        DataRef::String(text) => text.clone(),
        DataRef::SharedString(text) => (*text).to_owned(),
        DataRef::Int(number) => number.to_string(),
        DataRef::Float(number) if number.abs() < MAX_EXACT => number.to_string(),
        // As a spreadsheet shows it: its last digits are lost already.
        DataRef::Float(number) => format!("{number:E}"),
        DataRef::Bool(value) => value.to_string().to_uppercase(),
        // No column that is looked for holds any.
        DataRef::DateTime(_) => "(a date)".into(),
        DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => text.clone(),
        DataRef::Error(error) => error.to_string(),
    }
}
