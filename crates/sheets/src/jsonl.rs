//! One JSON object a line: for programs, so nothing is marked or cut, and amounts are text as in the API.

use std::io::{self, Write};

use crate::cell::{Cell, Column};
use crate::decimal;
use crate::time::Zone;

pub(crate) struct JsonlWriter<W> {
    out: W,
    zone: Zone,
    /// Each with its quotes and colon.
    keys: Vec<String>,
    line: Vec<u8>,
}

impl<W: Write> JsonlWriter<W> {
    pub(crate) fn new(out: W, columns: &[Column], zone: Zone) -> io::Result<Self> {
        let key = |column: &Column| Ok(format!("{}:", serde_json::to_string(&column.name)?));
        let keys = columns.iter().map(key).collect::<io::Result<_>>()?;
        Ok(Self { out, zone, keys, line: Vec::new() })
    }

    pub(crate) fn row(&mut self, cells: &[Cell<'_>]) -> io::Result<()> {
        self.line.clear();
        for (at, (key, cell)) in self.keys.iter().zip(cells).enumerate() {
            self.line.push(if at == 0 { b'{' } else { b',' });
            self.line.extend_from_slice(key.as_bytes());
            match cell {
                Cell::Empty => self.line.extend_from_slice(b"null"),
                Cell::Text(text) => serde_json::to_writer(&mut self.line, text)?,
                Cell::Json(json) => self.line.extend_from_slice(json.as_bytes()),
                Cell::List(texts) => serde_json::to_writer(&mut self.line, texts)?,
                Cell::Integer(number) => write!(self.line, "{number}")?,
                Cell::Money { minor, places } => write!(self.line, "\"{}\"", decimal::amount(*minor, *places))?,
                Cell::Time(at) => write!(self.line, "\"{}\"", self.zone.rfc3339(*at))?,
                Cell::Bool(value) => write!(self.line, "{value}")?,
            }
        }
        self.line.extend_from_slice(b"}\n");
        self.out.write_all(&self.line)
    }

    pub(crate) fn finish(mut self) -> io::Result<W> {
        self.out.flush()?;
        Ok(self.out)
    }
}
