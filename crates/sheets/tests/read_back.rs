//! What was written, as other programs read it.
#![allow(clippy::unwrap_used, reason = "unwrap is how a test fails")]

use std::io::Cursor;

use calamine::{Data, DataType, Range, Reader, Xlsx};
use daybook_sheets::{Cell, Column, Format, Table, Zone};
use proptest::prelude::*;

fn written(format: Format, rows: &[Vec<Cell<'_>>]) -> Vec<u8> {
    let width = rows.iter().map(Vec::len).max().unwrap_or(0);
    let columns = (0..width).map(|n| Column::new(format!("c{n}"), 20)).collect();
    let shanghai = Zone::new([(0, 28_800)]);
    let mut table = Table::new(format, Vec::new(), "orders", columns, shanghai).unwrap();
    rows.iter().for_each(|row| table.row(row).unwrap());
    table.finish().unwrap().0
}

fn sheet(rows: &[Vec<Cell<'_>>]) -> Range<Data> {
    let mut book: Xlsx<_> = calamine::open_workbook_from_rs(Cursor::new(written(Format::Xlsx, rows))).unwrap();
    book.worksheet_range("orders").unwrap()
}

/// 2018-01-31T09:30:00.25Z.
const AT: i64 = 1_517_391_000_250_000;

fn one_of_each() -> Vec<Cell<'static>> {
    vec![
        Cell::text("00042"),
        Cell::text("张三 & <李四> \"x\" _x0041_ a\r\nb"),
        Cell::Integer(-7),
        Cell::Money { minor: -990, places: 2 },
        Cell::Money { minor: 1_500, places: 0 },
        Cell::Time(AT),
        Cell::Bool(true),
        Cell::Empty,
        Cell::List(vec!["vip".into(), "急".into()]),
        Cell::Json(r#"{"a":"字","b":-1}"#.into()),
    ]
}

#[test]
fn xlsx_keeps_each_kind_of_cell() {
    let cells = sheet(&[one_of_each()]);
    let at = |column| cells.get_value((1, column)).unwrap();
    assert_eq!(at(0), &Data::String("00042".into()));
    assert_eq!(at(1), &Data::String("张三 & <李四> \"x\" _x0041_ a\r\nb".into()));
    assert_eq!(at(2), &Data::Float(-7.0));
    assert_eq!(at(3), &Data::Float(-9.9));
    assert_eq!(at(4), &Data::Float(1500.0));
    let Data::DateTime(moment) = at(5) else { panic!("{:?} is no moment", at(5)) };
    assert_eq!(moment.to_ymd_hms_milli(), (2018, 1, 31, 17, 30, 0, 0));
    assert_eq!(at(6), &Data::Bool(true));
    assert_eq!(at(7), &Data::Empty);
    assert_eq!(at(8), &Data::String("vip, 急".into()));
    assert_eq!(at(9), &Data::String(r#"{"a":"字","b":-1}"#.into()));
}

#[test]
fn csv_is_what_excel_reads_right() {
    let text = String::from_utf8(written(Format::Csv, &[one_of_each()])).unwrap();
    let row = "'00042,\"张三 & <李四> \"\"x\"\" _x0041_ a\r\nb\",-7,-9.90,1500,2018-01-31 17:30:00,TRUE,,\"vip, 急\",\
               \"{\"\"a\"\":\"\"字\"\",\"\"b\"\":-1}\"\r\n";
    assert_eq!(text, format!("\u{feff}c0,c1,c2,c3,c4,c5,c6,c7,c8,c9\r\n{row}"));
}

#[test]
fn json_lines_are_what_a_program_reads_right() {
    let text = String::from_utf8(written(Format::Jsonl, &[one_of_each()])).unwrap();
    let row: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(
        row,
        serde_json::json!({
            "c0": "00042", "c1": "张三 & <李四> \"x\" _x0041_ a\r\nb", "c2": -7, "c3": "-9.90", "c4": "1500",
            "c5": "2018-01-31T17:30:00.25+08:00", "c6": true, "c7": null, "c8": ["vip", "急"], "c9": {"a": "字", "b": -1}
        })
    );
}

#[test]
fn what_a_spreadsheet_would_round_is_text() {
    let long = vec![
        Cell::Integer(i64::MIN),
        Cell::Money { minor: 1_000_000_000_000_000, places: 2 },
        Cell::Money { minor: 12_345, places: 5 },
        Cell::Time(i64::MAX),
    ];
    let cells = sheet(std::slice::from_ref(&long));
    let texts = ["-9223372036854775808", "10000000000000.00", "0.12345"];
    for (column, text) in (0..).zip(texts) {
        assert_eq!(cells.get_value((1, column)), Some(&Data::String(text.into())));
    }
    assert!(cells.get_value((1, 3)).unwrap().is_string());
    let csv = String::from_utf8(written(Format::Csv, &[long])).unwrap();
    assert!(csv.contains("\r\n'-9223372036854775808,'10000000000000.00,0.12345,"), "{csv}");
}

#[test]
fn what_is_too_long_for_a_cell_is_cut_and_counted() {
    for (format, cut) in [(Format::Xlsx, 1), (Format::Csv, 1), (Format::Jsonl, 0)] {
        let mut table = Table::new(format, Vec::new(), "orders", vec![Column::new("c", 9)], Zone::utc()).unwrap();
        table.row(&[Cell::text("字".repeat(40_000))]).unwrap();
        assert_eq!(table.finish().unwrap().1, daybook_sheets::Written { rows: 1, cut });
    }
}

proptest! {
    #[test]
    fn cents_come_back_exactly(minor in -999_999_999_999_999_i64..=999_999_999_999_999, places in 0_u32..=4) {
        let cells = sheet(&[vec![Cell::Money { minor, places }]]);
        let Some(Data::Float(read)) = cells.get_value((1, 0)) else { panic!("no number") };
        // What a person sees: as many decimals as the currency has.
        let seen = format!("{read:.*}", places as usize).replace('.', "").parse::<i64>().unwrap();
        prop_assert_eq!(seen, minor);
    }

    #[test]
    fn moments_come_back_to_the_second(at in -2_000_000_000_i64..250_000_000_000) {
        let cells = sheet(&[vec![Cell::Time(at * 1_000_000)]]);
        let Some(Data::DateTime(read)) = cells.get_value((1, 0)) else { panic!("no moment") };
        let (year, month, day, hour, minute, second, milli) = read.to_ymd_hms_milli();
        prop_assert_eq!(milli, 0);
        let csv = String::from_utf8(written(Format::Csv, &[vec![Cell::Time(at * 1_000_000)]])).unwrap();
        let text = format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}\r\n");
        prop_assert!(csv.ends_with(&text), "{} {}", csv, text);
    }

    #[test]
    fn any_text_comes_back(text in "\\PC{0,40}") {
        let rows = [vec![Cell::text(text.as_str()), Cell::Integer(1)]];
        let cells = sheet(&rows);
        let read = cells.get_value((1, 0)).and_then(|cell| cell.get_string()).unwrap_or_default();
        prop_assert_eq!(read, text.as_str());
        let csv = written(Format::Csv, &rows);
        let mut reader = csv::Reader::from_reader(&csv[3..]);
        let record = reader.records().next().unwrap().unwrap();
        if !text.contains([';', '\t', '\u{2028}', '\u{2029}']) {
            prop_assert_eq!(daybook_sheets::live::armed(&record[0]), text.as_str());
        }
    }
}
