//! Tables that people fill in, back into rows of text.

pub(crate) mod csv;
pub(crate) mod header;
pub(crate) mod list;
pub(crate) mod row;
pub(crate) mod xlsx;

use thiserror::Error;

/// Bytes of a file that is read as a whole.
pub const MAX_FILE_BYTES: usize = 16 << 20;
/// Rows of such a file, its header not counted.
pub const MAX_ROWS: usize = 100_000;
/// Columns that are looked at.
pub(crate) const MAX_COLUMNS: usize = 256;

/// Why a file is not read at all.
#[derive(Debug, Error)]
pub enum ReadError {
    #[error("is larger than {} MiB: split it", MAX_FILE_BYTES >> 20)]
    TooLarge,
    #[error("has more than {MAX_ROWS} rows: split it")]
    TooManyRows,
    #[error("is an old Excel file (XLS), or one with a password: save it as XLSX without one, or as CSV")]
    OldExcel,
    #[error("unpacks to more than a list of rows can need: save its first sheet as CSV")]
    Bomb,
    #[error("cannot be read as XLSX ({0}): save it again, or as CSV")]
    Xlsx(String),
    #[error("is neither UTF-8 nor GB18030: save it as \"CSV UTF-8\" or as XLSX")]
    Encoding,
    #[error("is empty")]
    Empty,
    #[error("row {row} opens a quote that does not end")]
    OpenQuote { row: u64 },
    #[error("row {row} has quotes that are not CSV's: a quote within quotes is written twice")]
    Quotes { row: u64 },
    #[error("has no column {missing}; its first row holds {found}")]
    NoColumn { missing: String, found: String },
    #[error("has several columns that may be meant by {wanted}: keep one of {found}")]
    SeveralColumns { wanted: String, found: String },
}

/// A row that is not blank.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RawRow {
    /// As the person sees it: in XLSX the sheet's row, in CSV the line that it begins in, from 1.
    pub(crate) number: u64,
    pub(crate) cells: Vec<String>,
}
