//! Rows of typed cells as XLSX, CSV and JSON lines, and tables that people fill in back into rows.
//!
//! Knows no orders. Writes to whatever takes bytes, a row at a time, in memory that does not grow with the rows: nothing is
//! kept in temporary files either. What a text may hold is anybody's choice, so no cell of text is ever a formula, and none
//! is taken for a number or a date ([`live`] says how).
//!
//! ```
//! use daybook_sheets::{Cell, Column, Format, Table, Zone};
//!
//! let columns = vec![Column::new("number", 20), Column::new("total", 12)];
//! let mut table = Table::new(Format::Csv, Vec::new(), "orders", columns, Zone::utc()).unwrap();
//! table.row(&[Cell::text("00042"), Cell::Money { minor: 990, places: 2 }]).unwrap();
//! let (bytes, _) = table.finish().unwrap();
//! assert_eq!(String::from_utf8(bytes).unwrap(), "\u{feff}number,total\r\n'00042,9.90\r\n");
//! ```

mod cell;
mod csv;
mod decimal;
mod jsonl;
pub mod live;
mod read;
mod table;
mod text;
mod time;
mod xlsx;
mod zip_stream;

pub use cell::{Cell, Column};
pub use read::header::{BYTE_ORDER_MARK, is_before_all, plain, readings};
pub use read::list::{List, ListRow, Wanted, is_rounded, read_list};
pub use read::row::{Row, SEPARATORS, cells};
pub use read::{MAX_FILE_BYTES, MAX_ROWS, ReadError};
pub use table::{Format, Table, Written};
pub use text::MAX_CELL_UNITS;
pub use time::Zone;
