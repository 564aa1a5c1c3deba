//! One CSV file, gzipped or not, read row by row.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::str::FromStr;

use csv::StringRecord;
use daybook_codec::parse_time;
use daybook_domain::{Currency, Money, Timestamp};
use flate2::bufread::GzDecoder;

use crate::failure::Failure;

/// Bytes that are read of a file at a time.
const BUFFER_BYTES: usize = 1 << 16;

/// A file with named columns; knows which of them were asked for.
pub(super) struct CsvFile {
    name: String,
    reader: csv::Reader<Box<dyn BufRead>>,
    columns: Vec<(String, IsCarried)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum IsCarried {
    Yes,
    No,
}

/// A column that is there.
#[derive(Clone, Copy, Debug)]
pub(super) struct Column {
    at: usize,
    name: &'static str,
}

pub(super) struct Row<'a> {
    file: &'a str,
    pub(super) line: u64,
    record: &'a StringRecord,
}

impl CsvFile {
    /// As [`CsvFile::open`]; none if there is no such file.
    pub(super) fn find(folder: &Path, name: &str) -> Result<Option<Self>, Failure> {
        let is_there = ["csv", "csv.gz"].iter().any(|ending| folder.join(format!("{name}.{ending}")).exists());
        is_there.then(|| Self::open(folder, name)).transpose()
    }

    /// `NAME.csv`, or the same with `.gz`.
    pub(super) fn open(folder: &Path, name: &str) -> Result<Self, Failure> {
        let name = format!("{name}.csv");
        let plain = folder.join(&name);
        let gzipped = folder.join(format!("{name}.gz"));
        let is_plain = plain.exists();
        let path = if is_plain { plain } else { gzipped };
        let wrong = |error: &dyn std::fmt::Display| Failure::new(format!("{}: {error}", path.display()));
        let bytes = BufReader::with_capacity(BUFFER_BYTES, File::open(&path).map_err(|error| wrong(&error))?);
        let mut text: Box<dyn BufRead> = match is_plain {
            true => Box::new(bytes),
            false => Box::new(BufReader::with_capacity(BUFFER_BYTES, GzDecoder::new(bytes))),
        };
        // A byte order mark is no part of the first column's name.
        const MARK: &[u8] = "\u{feff}".as_bytes();
        if text.fill_buf().map_err(|error| wrong(&error))?.starts_with(MARK) {
            text.consume(MARK.len());
        }
        let mut reader = csv::ReaderBuilder::new().buffer_capacity(BUFFER_BYTES).from_reader(text);
        let headers = reader.headers().map_err(|error| wrong(&error))?;
        let columns = headers.iter().map(|column| (column.to_owned(), IsCarried::No)).collect();
        Ok(Self { name, reader, columns })
    }

    /// A column that events carry, in whatever form.
    pub(super) fn column(&mut self, name: &'static str) -> Result<Column, Failure> {
        let column = self.helper(name)?;
        self.columns[column.at].1 = IsCarried::Yes;
        Ok(column)
    }

    /// A column that is read, but of which nothing reaches an event.
    pub(super) fn helper(&self, name: &'static str) -> Result<Column, Failure> {
        let at = self.columns.iter().position(|(column, _)| column == name);
        let at = at.ok_or_else(|| Failure::new(format!("{} has no column {name}", self.name)))?;
        Ok(Column { at, name })
    }

    /// The columns that no event carries, each with the file's short name before it.
    pub(super) fn unmapped(&self) -> impl Iterator<Item = String> {
        let file = self.name.trim_end_matches(".csv").trim_start_matches("olist_").trim_end_matches("_dataset");
        let unmapped = self.columns.iter().filter(|(_, is_carried)| *is_carried == IsCarried::No);
        unmapped.map(move |(column, _)| format!("{file}.{column}"))
    }

    pub(super) fn each(&mut self, mut row: impl FnMut(&Row) -> Result<(), Failure>) -> Result<(), Failure> {
        let mut record = StringRecord::new();
        loop {
            match self.reader.read_record(&mut record) {
                Ok(false) => return Ok(()),
                Ok(true) => {
                    let line = record.position().map_or(0, csv::Position::line);
                    row(&Row { file: &self.name, line, record: &record })?;
                }
                Err(error) => return Err(Failure::new(format!("{}: {error}", self.name))),
            }
        }
    }
}

impl Row<'_> {
    pub(super) fn wrong(&self, what: &str) -> Failure {
        Failure::new(format!("{} line {}: {what}", self.file, self.line))
    }

    pub(super) fn text(&self, column: Column) -> Result<&str, Failure> {
        self.record.get(column.at).ok_or_else(|| self.wrong(&format!("has no column {}", column.name)))
    }

    pub(super) fn number<N: FromStr>(&self, column: Column) -> Result<N, Failure> {
        let text = self.text(column)?;
        text.parse().map_err(|_| self.wrong(&format!("{}: {text:?} is not such a number", column.name)))
    }

    pub(super) fn money(&self, column: Column) -> Result<i64, Failure> {
        Money::parse(self.text(column)?, Currency::BRL)
            .map(|money| money.minor)
            .map_err(|error| self.wrong(&format!("{}: {error}", column.name)))
    }

    /// `2017-10-02 10:56:33`, taken as UTC; empty is none.
    pub(super) fn time(&self, column: Column) -> Result<Option<Timestamp>, Failure> {
        let text = self.text(column)?;
        if text.is_empty() {
            return Ok(None);
        }
        parse_time(&format!("{}Z", text.replace(' ', "T")))
            .map(Some)
            .map_err(|_| self.wrong(&format!("{}: {text:?} is not a time", column.name)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_that_nobody_asks_for_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let name = "olist_orders_dataset";
        let write = |text: &str| std::fs::write(folder.path().join(format!("{name}.csv")), text).unwrap();
        write("\u{feff}order_id,new_column,review_id\n\"a\",1,2\n");
        let mut file = CsvFile::open(folder.path(), name).unwrap();
        let (id, helper) = (file.column("order_id").unwrap(), file.helper("review_id").unwrap());
        assert_eq!(file.unmapped().collect::<Vec<_>>(), ["orders.new_column", "orders.review_id"]);
        let mut found = Vec::new();
        let mut keep = |row: &Row<'_>| {
            found.push((row.line, row.text(id)?.to_owned(), row.number::<u32>(helper)?));
            Ok(())
        };
        file.each(&mut keep).unwrap();
        assert_eq!(found, [(2, "a".to_owned(), 2)]);
        write("order_id\na\n");
        let missing = CsvFile::open(folder.path(), name).unwrap().helper("review_id").unwrap_err();
        assert_eq!(missing.to_string(), "olist_orders_dataset.csv has no column review_id");
        assert!(CsvFile::find(folder.path(), "olist_sellers_dataset").unwrap().is_none());
    }
}
