//! CSV as RFC 4180 has it, in UTF-8 with a byte order mark, without which Excel takes Chinese for something else.

use std::io::{self, Write};

use crate::cell::{Cell, Column};
use crate::live::disarmed;
use crate::text::fitted;
use crate::time::Zone;
use crate::{decimal, read};

pub(crate) struct CsvWriter<W> {
    out: W,
    zone: Zone,
    line: String,
    pub(crate) cut: u64,
}

impl<W: Write> CsvWriter<W> {
    pub(crate) fn new(mut out: W, columns: &[Column], zone: Zone) -> io::Result<Self> {
        out.write_all(read::header::BYTE_ORDER_MARK)?;
        let mut writer = Self { out, zone, line: String::new(), cut: 0 };
        let names: Vec<Cell<'_>> = columns.iter().map(|column| Cell::text(&*column.name)).collect();
        writer.row(&names)?;
        Ok(writer)
    }

    pub(crate) fn row(&mut self, cells: &[Cell<'_>]) -> io::Result<()> {
        self.line.clear();
        for (at, cell) in cells.iter().enumerate() {
            if at > 0 {
                self.line.push(',');
            }
            self.cell(cell);
        }
        self.line.push_str("\r\n");
        self.out.write_all(self.line.as_bytes())
    }

    fn cell(&mut self, cell: &Cell<'_>) {
        match cell {
            Cell::Empty => {}
            Cell::Text(text) | Cell::Json(text) => self.text(text),
            Cell::List(texts) => self.text(&texts.join(", ")),
            Cell::Integer(number) if decimal::is_kept(*number) => self.line.push_str(&number.to_string()),
            Cell::Integer(number) => self.text(&number.to_string()),
            Cell::Money { minor, places } => {
                let amount = decimal::amount(*minor, *places);
                if decimal::is_kept(*minor) { self.line.push_str(&amount) } else { self.text(&amount) }
            }
            Cell::Time(at) => self.line.push_str(&self.zone.plain(*at)),
            Cell::Bool(value) => self.line.push_str(if *value { "TRUE" } else { "FALSE" }),
        }
    }

    fn text(&mut self, text: &str) {
        let (text, was_cut) = fitted(text);
        self.cut += u64::from(was_cut);
        let text = disarmed(&text);
        let is_plain = !text.contains([',', ';', '"', '\t', '\r', '\n']) && text.trim() == text;
        if is_plain {
            self.line.push_str(&text);
            return;
        }
        self.line.push('"');
        for c in text.chars() {
            if c == '"' {
                self.line.push('"');
            }
            self.line.push(c);
        }
        self.line.push('"');
    }

    pub(crate) fn finish(mut self) -> io::Result<W> {
        self.out.flush()?;
        Ok(self.out)
    }
}
