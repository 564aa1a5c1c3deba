//! CSV as people's programs write it: with commas, semicolons or TABs, in UTF-8 or in GB18030, which Chinese Excel writes.

use std::borrow::Cow;

use encoding_rs::GB18030;

use super::header::{BYTE_ORDER_MARK, is_before_all, readings};
use super::row::Row;
use super::{MAX_ROWS, RawRow, ReadError};

pub(crate) fn rows(bytes: &[u8], is_header: &dyn Fn(&[String]) -> usize) -> Result<Vec<RawRow>, ReadError> {
    let text = decoded(bytes)?;
    let mut lines = (1_u64..).zip(text.lines()).skip_while(|(_, line)| is_before_all(line)).peekable();
    let Some((_, first)) = lines.peek() else { return Ok(Vec::new()) };
    // The separator by which the first line has most of the columns that are looked for.
    let best = readings(first).into_iter().rev().max_by_key(|(_, names)| is_header(names));
    let separators = best.map_or(&[','][..], |(separators, _)| separators);
    let mut rows = Vec::new();
    while let Some((number, line)) = lines.next() {
        let mut row = Row::new(separators);
        let mut is_whole = row.read(line);
        while !is_whole {
            let (_, more) = lines.next().ok_or(ReadError::OpenQuote { row: number })?;
            is_whole = row.read(more);
        }
        let cells = row.cells().ok_or(ReadError::Quotes { row: number })?;
        if cells.iter().all(|cell| cell.trim().is_empty()) {
            continue;
        }
        if rows.len() > MAX_ROWS {
            return Err(ReadError::TooManyRows);
        }
        rows.push(RawRow { number, cells });
    }
    Ok(rows)
}

fn decoded(bytes: &[u8]) -> Result<Cow<'_, str>, ReadError> {
    let bytes = bytes.strip_prefix(BYTE_ORDER_MARK).unwrap_or(bytes);
    if let Ok(text) = std::str::from_utf8(bytes) {
        return Ok(Cow::Borrowed(text));
    }
    GB18030.decode_without_bom_handling_and_without_replacement(bytes).ok_or(ReadError::Encoding)
}
