//! A list of rows whose columns are found by their names.

use super::header::plain;
use super::{MAX_FILE_BYTES, RawRow, ReadError, csv, xlsx};
use crate::live;

/// A column that is looked for.
#[derive(Clone, Copy, Debug)]
pub struct Wanted {
    /// What it may be called: without case, blanks, `_`, `-` and `.`.
    pub names: &'static [&'static str],
    pub required: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListRow<const N: usize> {
    /// As the person sees it, from 1.
    pub number: u64,
    /// In the order in which they were asked for, without blanks at their ends. Empty where there is no such column.
    pub cells: [String; N],
    /// A cell that a spreadsheet kept as a number, or showed as one, and whose last digits are gone.
    pub has_lost_digits: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct List<const N: usize> {
    pub rows: Vec<ListRow<N>>,
}

fn key(name: &str) -> String {
    plain(name).chars().filter(|c| !c.is_whitespace() && !matches!(c, '_' | '-' | '.' | '\u{feff}')).collect()
}

impl Wanted {
    fn is(&self, name: &str) -> bool {
        let name = key(name);
        self.names.iter().any(|known| key(known) == name)
    }

    fn shown(&self) -> String {
        self.names.join(" / ")
    }
}

/// Reads a table in CSV or XLSX, whichever it is. Blank rows are left out, and so is the mark that [`live::disarmed`] puts
/// before a text.
///
/// # Errors
/// Why the file as a whole is none; a row that is odd is a row all the same.
pub fn read_list<const N: usize>(bytes: &[u8], wanted: &[Wanted; N]) -> Result<List<N>, ReadError> {
    if bytes.len() > MAX_FILE_BYTES {
        return Err(ReadError::TooLarge);
    }
    let rows = match bytes {
        [b'P', b'K', ..] => xlsx::rows(bytes)?,
        [0xD0, 0xCF, 0x11, 0xE0, ..] => return Err(ReadError::OldExcel),
        _ => csv::rows(bytes, &|names| wanted.iter().filter(|one| names.iter().any(|name| one.is(name))).count())?,
    };
    let mut rows = rows.into_iter();
    let header = rows.next().ok_or(ReadError::Empty)?;
    let mut places = [None; N];
    for (place, one) in places.iter_mut().zip(wanted) {
        *place = find(&header, one)?;
    }
    Ok(List { rows: rows.map(|row| list_row(row, places)).collect() })
}

fn find(header: &RawRow, wanted: &Wanted) -> Result<Option<usize>, ReadError> {
    let mut found = header.cells.iter().enumerate().filter(|(_, name)| wanted.is(name));
    match (found.next(), found.next()) {
        (None, _) if wanted.required => {
            Err(ReadError::NoColumn { missing: wanted.shown(), found: shown(&header.cells) })
        }
        (Some((_, one)), Some((_, other))) => {
            Err(ReadError::SeveralColumns { wanted: wanted.shown(), found: format!("{one}, {other}") })
        }
        (found, _) => Ok(found.map(|(at, _)| at)),
    }
}

/// What stands in the first row, as far as it may be names.
fn shown(names: &[String]) -> String {
    let short = |name: &String| name.trim().chars().take(40).filter(|c| !c.is_control()).collect::<String>();
    names.iter().take(20).map(short).collect::<Vec<_>>().join(", ")
}

fn list_row<const N: usize>(row: RawRow, places: [Option<usize>; N]) -> ListRow<N> {
    let cells = places.map(|place| {
        let cell = place.and_then(|place| row.cells.get(place)).map_or("", |cell| cell.trim());
        live::armed(cell).trim().to_owned()
    });
    let has_lost_digits = cells.iter().any(|cell| is_rounded(cell));
    ListRow { number: row.number, cells, has_lost_digits }
}

/// `1.23457E+19`: what a spreadsheet makes of a long number.
pub fn is_rounded(text: &str) -> bool {
    let Some((digits, power)) = text.split_once(['E', 'e']) else { return false };
    let power = power.strip_prefix('+').unwrap_or(power);
    let is_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let (whole, part) = digits.split_once('.').unwrap_or((digits, "0"));
    whole.len() == 1 && is_digits(whole) && is_digits(part) && is_digits(power) && power.len() <= 3
}
