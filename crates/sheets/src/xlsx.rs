//! XLSX (ECMA-376), each sheet written as its rows come. Texts stand in their cells (`inlineStr`), formatted as text, so
//! that none is ever a formula, not even once somebody edits it; numbers and moments are decimal text in the file, so that
//! nothing is rounded on the way there.

use std::io::{self, Write};

use crate::cell::{Cell, Column};
use crate::decimal;
use crate::text::fitted;
use crate::time::Zone;
use crate::zip_stream::{ZipFile, ZipStream};

/// What a sheet holds, its header included.
const MAX_ROWS: u32 = 1_048_576;
/// Of XML in one sheet; no archive without extensions holds 4 GiB of it.
const MAX_SHEET_BYTES: u64 = 3 << 30;
/// Bytes that are packed at once.
const CHUNK_BYTES: usize = 1 << 15;

/// Places in the styles below.
const TEXT: u8 = 1;
const HEADER: u8 = 2;
const MOMENT: u8 = 3;
const WHOLE: u8 = 4;
/// An amount without decimals; those with one to four follow.
const AMOUNT: u8 = 5;

const STYLES: &str = r##"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<styleSheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><numFmts count="6"><numFmt numFmtId="164" formatCode="yyyy\-mm\-dd\ hh:mm:ss"/><numFmt numFmtId="165" formatCode="#,##0"/><numFmt numFmtId="166" formatCode="#,##0.0"/><numFmt numFmtId="167" formatCode="#,##0.00"/><numFmt numFmtId="168" formatCode="#,##0.000"/><numFmt numFmtId="169" formatCode="#,##0.0000"/></numFmts><fonts count="2"><font><sz val="11"/><name val="Calibri"/></font><font><b/><sz val="11"/><name val="Calibri"/></font></fonts><fills count="2"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill></fills><borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders><cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs><cellXfs count="10"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/><xf numFmtId="49" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/><xf numFmtId="49" fontId="1" fillId="0" borderId="0" xfId="0" applyNumberFormat="1" applyFont="1"/><xf numFmtId="164" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/><xf numFmtId="1" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/><xf numFmtId="165" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/><xf numFmtId="166" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/><xf numFmtId="167" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/><xf numFmtId="168" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/><xf numFmtId="169" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/></cellXfs><cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>"##;

const HEAD: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n";
const MAIN: &str = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
const PACKAGE: &str = "http://schemas.openxmlformats.org/package/2006";
const OFFICE: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
const KINDS: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml";

pub(crate) struct XlsxWriter<W: Write> {
    /// None: a write failed, and nothing more can be written.
    sheet: Option<ZipFile<W>>,
    title: &'static str,
    columns: Vec<Column>,
    /// `A`, `B`, …
    letters: Vec<String>,
    zone: Zone,
    sheets: u32,
    /// Rows of the sheet so far.
    rows: u32,
    max_rows: u32,
    buffer: String,
    pub(crate) cut: u64,
}

fn broken() -> io::Error {
    io::Error::other("the table could not be written before")
}

impl<W: Write> XlsxWriter<W> {
    pub(crate) fn new(out: W, title: &'static str, columns: Vec<Column>, zone: Zone) -> io::Result<Self> {
        let letters = (0..columns.len()).map(letters).collect();
        let mut writer = Self {
            sheet: None,
            title,
            columns,
            letters,
            zone,
            sheets: 0,
            rows: 0,
            max_rows: MAX_ROWS,
            buffer: String::with_capacity(2 * CHUNK_BYTES),
            cut: 0,
        };
        writer.begin(ZipStream::new(out))?;
        Ok(writer)
    }

    /// So many rows a sheet instead, for tests of what does not fit into one.
    #[cfg(test)]
    pub(crate) fn with_max_rows(mut self, rows: u32) -> Self {
        self.max_rows = rows;
        self
    }

    /// A new sheet, with its header.
    fn begin(&mut self, archive: ZipStream<W>) -> io::Result<()> {
        self.sheets += 1;
        self.rows = 0;
        self.sheet = Some(archive.file(format!("xl/worksheets/sheet{}.xml", self.sheets))?);
        self.buffer.push_str(HEAD);
        self.buffer.push_str(&format!(
            "<worksheet xmlns=\"{MAIN}\"><sheetViews><sheetView workbookViewId=\"0\"><pane ySplit=\"1\" topLeftCell=\"A2\" \
             activePane=\"bottomLeft\" state=\"frozen\"/></sheetView></sheetViews><cols>"
        ));
        for (at, column) in (1..).zip(&self.columns) {
            let width = column.width;
            self.buffer.push_str(&format!("<col min=\"{at}\" max=\"{at}\" width=\"{width}\" customWidth=\"1\"/>"));
        }
        self.buffer.push_str("</cols><sheetData>");
        let names: Vec<String> = self.columns.iter().map(|column| column.name.to_string()).collect();
        self.rows += 1;
        self.open_row();
        for (at, name) in names.iter().enumerate() {
            self.string(at, name, HEADER);
        }
        self.close_row()
    }

    /// Ends the sheet.
    fn end(&mut self) -> io::Result<ZipStream<W>> {
        self.buffer.push_str("</sheetData></worksheet>");
        self.flush()?;
        self.sheet.take().ok_or_else(broken)?.finish()
    }

    pub(crate) fn row(&mut self, cells: &[Cell<'_>]) -> io::Result<()> {
        let bytes = self.sheet.as_ref().ok_or_else(broken)?.bytes();
        if self.rows >= self.max_rows || bytes >= MAX_SHEET_BYTES {
            let archive = self.end()?;
            self.begin(archive)?;
        }
        self.rows += 1;
        self.open_row();
        for (at, cell) in cells.iter().enumerate().take(self.columns.len()) {
            self.cell(at, cell);
        }
        self.close_row()
    }

    fn open_row(&mut self) {
        self.buffer.push_str("<row r=\"");
        push_number(&mut self.buffer, self.rows);
        self.buffer.push_str("\">");
    }

    fn close_row(&mut self) -> io::Result<()> {
        self.buffer.push_str("</row>");
        if self.buffer.len() >= CHUNK_BYTES { self.flush() } else { Ok(()) }
    }

    fn flush(&mut self) -> io::Result<()> {
        let written = self.sheet.as_mut().ok_or_else(broken)?.write(self.buffer.as_bytes());
        self.buffer.clear();
        if written.is_err() {
            self.sheet = None;
        }
        written
    }

    fn cell(&mut self, at: usize, cell: &Cell<'_>) {
        match cell {
            Cell::Empty => {}
            Cell::Text(text) | Cell::Json(text) => self.string(at, text, TEXT),
            Cell::List(texts) => self.string(at, &texts.join(", "), TEXT),
            Cell::Integer(number) if decimal::is_kept(*number) => self.number(at, &number.to_string(), WHOLE),
            Cell::Integer(number) => self.string(at, &number.to_string(), TEXT),
            Cell::Money { minor, places } => {
                let amount = decimal::amount(*minor, *places);
                match u8::try_from(*places) {
                    Ok(places) if places <= 4 && decimal::is_kept(*minor) => self.number(at, &amount, AMOUNT + places),
                    Ok(_) | Err(_) => self.string(at, &amount, TEXT),
                }
            }
            Cell::Time(moment) => match self.zone.serial(*moment) {
                Some(serial) => self.number(at, &serial, MOMENT),
                None => {
                    let text = self.zone.plain(*moment);
                    self.string(at, &text, TEXT);
                }
            },
            Cell::Bool(value) => {
                self.open(at, 0, Some("b"));
                self.buffer.push_str(if *value { "><v>1</v></c>" } else { "><v>0</v></c>" });
            }
        }
    }

    fn open(&mut self, at: usize, style: u8, kind: Option<&str>) {
        self.buffer.push_str("<c r=\"");
        self.buffer.push_str(self.letters.get(at).map_or("", String::as_str));
        push_number(&mut self.buffer, self.rows);
        if style > 0 {
            self.buffer.push_str("\" s=\"");
            push_number(&mut self.buffer, style.into());
        }
        if let Some(kind) = kind {
            self.buffer.push_str("\" t=\"");
            self.buffer.push_str(kind);
        }
        self.buffer.push('"');
    }

    fn number(&mut self, at: usize, number: &str, style: u8) {
        self.open(at, style, None);
        self.buffer.push_str("><v>");
        self.buffer.push_str(number);
        self.buffer.push_str("</v></c>");
    }

    fn string(&mut self, at: usize, text: &str, style: u8) {
        if text.is_empty() {
            return;
        }
        let (text, was_cut) = fitted(text);
        self.cut += u64::from(was_cut);
        self.open(at, style, Some("inlineStr"));
        self.buffer.push_str("><is><t xml:space=\"preserve\">");
        escape(&mut self.buffer, &text);
        self.buffer.push_str("</t></is></c>");
    }

    /// The parts that say which sheets there are.
    pub(crate) fn finish(mut self) -> io::Result<W> {
        let mut archive = self.end()?;
        for (name, text) in self.parts() {
            let mut file = archive.file(name.to_owned())?;
            file.write(text.as_bytes())?;
            archive = file.finish()?;
        }
        archive.finish()
    }

    fn parts(&self) -> [(&'static str, String); 5] {
        let (mut kinds, mut sheets, mut relations) = (String::new(), String::new(), String::new());
        for n in 1..=self.sheets {
            let title = if n == 1 { self.title.to_owned() } else { format!("{} {n}", self.title) };
            kinds.push_str(&format!(
                "<Override PartName=\"/xl/worksheets/sheet{n}.xml\" ContentType=\"{KINDS}.worksheet+xml\"/>"
            ));
            sheets.push_str(&format!("<sheet name=\"{title}\" sheetId=\"{n}\" r:id=\"rId{n}\"/>"));
            relations.push_str(&format!(
                "<Relationship Id=\"rId{n}\" Type=\"{OFFICE}/worksheet\" Target=\"worksheets/sheet{n}.xml\"/>"
            ));
        }
        let styles = self.sheets + 1;
        [
            ("xl/styles.xml", STYLES.to_owned()),
            (
                "xl/workbook.xml",
                format!(
                    "{HEAD}<workbook xmlns=\"{MAIN}\" xmlns:r=\"{OFFICE}\"><bookViews><workbookView/></bookViews>\
                     <sheets>{sheets}</sheets></workbook>"
                ),
            ),
            (
                "xl/_rels/workbook.xml.rels",
                format!(
                    "{HEAD}<Relationships xmlns=\"{PACKAGE}/relationships\">{relations}<Relationship Id=\"rId{styles}\" \
                     Type=\"{OFFICE}/styles\" Target=\"styles.xml\"/></Relationships>"
                ),
            ),
            (
                "_rels/.rels",
                format!(
                    "{HEAD}<Relationships xmlns=\"{PACKAGE}/relationships\"><Relationship Id=\"rId1\" \
                     Type=\"{OFFICE}/officeDocument\" Target=\"xl/workbook.xml\"/></Relationships>"
                ),
            ),
            (
                "[Content_Types].xml",
                format!(
                    "{HEAD}<Types xmlns=\"{PACKAGE}/content-types\"><Default Extension=\"rels\" \
                     ContentType=\"application/vnd.openxmlformats-package.relationships+xml\"/><Default Extension=\"xml\" \
                     ContentType=\"application/xml\"/><Override PartName=\"/xl/workbook.xml\" \
                     ContentType=\"{KINDS}.sheet.main+xml\"/><Override PartName=\"/xl/styles.xml\" \
                     ContentType=\"{KINDS}.styles+xml\"/>{kinds}</Types>"
                ),
            ),
        ]
    }
}

/// `A` to `Z`, `AA`, …
fn letters(mut column: usize) -> String {
    let mut letters = Vec::new();
    loop {
        letters.extend(('A'..='Z').nth(column % 26));
        if column < 26 {
            break;
        }
        column = column / 26 - 1;
    }
    letters.into_iter().rev().collect()
}

fn push_number(to: &mut String, number: u32) {
    let mut digits = [0; 10];
    let mut at = digits.len();
    let mut left = number;
    loop {
        at -= 1;
        digits[at] = b'0' + (left % 10) as u8;
        left /= 10;
        if left == 0 {
            break;
        }
    }
    to.push_str(std::str::from_utf8(&digits[at..]).unwrap_or_default());
}

fn escape(to: &mut String, text: &str) {
    let mut rest = text;
    while let Some(at) = rest.find(['&', '<', '>', '\r', '_']) {
        let (before, from) = rest.split_at(at);
        to.push_str(before);
        rest = &from[1..];
        match from.as_bytes()[0] {
            b'&' => to.push_str("&amp;"),
            b'<' => to.push_str("&lt;"),
            b'>' => to.push_str("&gt;"),
            // A parser makes a plain one a line feed.
            b'\r' => to.push_str("&#13;"),
            // Readers take `_x0041_` for the character of that number.
            _ if is_escape(from) => to.push_str("_x005F_"),
            _ => to.push('_'),
        }
    }
    to.push_str(rest);
}

fn is_escape(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.len() >= 7 && bytes[1] == b'x' && bytes[6] == b'_' && bytes[2..6].iter().all(u8::is_ascii_hexdigit)
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use calamine::{Reader, Xlsx};

    use super::*;

    #[test]
    fn columns_are_named_as_spreadsheets_do() {
        assert_eq!([0, 25, 26, 51, 52, 701, 702].map(letters), ["A", "Z", "AA", "AZ", "BA", "ZZ", "AAA"]);
    }

    #[test]
    fn rows_that_one_sheet_does_not_hold_go_on_in_the_next() {
        let columns = vec![Column::new("n", 10)];
        let mut writer = XlsxWriter::new(Vec::new(), "orders", columns, Zone::utc()).unwrap().with_max_rows(4);
        (0..8).for_each(|n| writer.row(&[Cell::Integer(n)]).unwrap());
        let mut book: Xlsx<_> = calamine::open_workbook_from_rs(Cursor::new(writer.finish().unwrap())).unwrap();
        assert_eq!(book.sheet_names(), ["orders", "orders 2", "orders 3"]);
        let mut read = Vec::new();
        for name in book.sheet_names() {
            let range = book.worksheet_range(&name).unwrap();
            assert_eq!(range.get((0, 0)).unwrap(), &calamine::Data::String("n".into()));
            read.extend(range.rows().skip(1).map(|row| row[0].to_string()));
        }
        assert_eq!(read, (0..8).map(|n| n.to_string()).collect::<Vec<_>>());
    }

    /// A disk that is full.
    struct Full(usize);

    impl Write for Full {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0 = self.0.checked_sub(bytes.len()).ok_or_else(|| io::Error::from(io::ErrorKind::StorageFull))?;
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn nothing_is_written_behind_a_write_that_failed() {
        let columns = vec![Column::new("n", 10)];
        let mut writer = XlsxWriter::new(Full(1_000), "orders", columns, Zone::utc()).unwrap();
        let mut row = || writer.row(&[Cell::text(format!("{:?}", [0.1; 20]))]);
        let failed = (0..100_000).find_map(|_| row().err()).unwrap();
        assert_eq!(failed.kind(), io::ErrorKind::StorageFull);
        assert!(row().is_err());
        assert!(writer.finish().is_err());
    }
}
