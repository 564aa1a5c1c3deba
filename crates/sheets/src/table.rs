//! A table in whichever format.

use std::io::{self, Write};

use crate::cell::{Cell, Column};
use crate::csv::CsvWriter;
use crate::jsonl::JsonlWriter;
use crate::time::Zone;
use crate::xlsx::XlsxWriter;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    Xlsx,
    Csv,
    Jsonl,
}

impl Format {
    pub fn extension(self) -> &'static str {
        match self {
            Format::Xlsx => "xlsx",
            Format::Csv => "csv",
            Format::Jsonl => "jsonl",
        }
    }

    pub fn media_type(self) -> &'static str {
        match self {
            Format::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            Format::Csv => "text/csv; charset=utf-8",
            Format::Jsonl => "application/jsonl",
        }
    }
}

/// What was written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Written {
    /// Without headers.
    pub rows: u64,
    /// Cells that were too long for a spreadsheet, and end with `…`.
    pub cut: u64,
}

enum Kind<W: Write> {
    // Larger than the others.
    Xlsx(Box<XlsxWriter<W>>),
    Csv(CsvWriter<W>),
    Jsonl(JsonlWriter<W>),
}

/// A table on its way out. Dropped before [`Table::finish`], it is not whole.
pub struct Table<W: Write> {
    kind: Kind<W>,
    rows: u64,
}

impl<W: Write> Table<W> {
    /// Writes what stands before the rows. `title` names the sheets of XLSX.
    ///
    /// # Errors
    /// As `out`.
    pub fn new(format: Format, out: W, title: &'static str, columns: Vec<Column>, zone: Zone) -> io::Result<Self> {
        let kind = match format {
            Format::Xlsx => Kind::Xlsx(Box::new(XlsxWriter::new(out, title, columns, zone)?)),
            Format::Csv => Kind::Csv(CsvWriter::new(out, &columns, zone)?),
            Format::Jsonl => Kind::Jsonl(JsonlWriter::new(out, &columns, zone)?),
        };
        Ok(Self { kind, rows: 0 })
    }

    /// Adds a row: a cell for each column.
    ///
    /// # Errors
    /// As `out`; and an XLSX that would be larger than 4 GiB. Nothing more can be written then.
    pub fn row(&mut self, cells: &[Cell<'_>]) -> io::Result<()> {
        self.rows += 1;
        match &mut self.kind {
            Kind::Xlsx(writer) => writer.row(cells),
            Kind::Csv(writer) => writer.row(cells),
            Kind::Jsonl(writer) => writer.row(cells),
        }
    }

    /// Writes what stands behind the rows, and flushes.
    ///
    /// # Errors
    /// As [`Table::row`].
    pub fn finish(self) -> io::Result<(W, Written)> {
        let rows = self.rows;
        let (out, cut) = match self.kind {
            Kind::Xlsx(writer) => {
                let cut = writer.cut;
                (writer.finish()?, cut)
            }
            Kind::Csv(writer) => {
                let cut = writer.cut;
                (writer.finish()?, cut)
            }
            Kind::Jsonl(writer) => (writer.finish()?, 0),
        };
        Ok((out, Written { rows, cut }))
    }
}
