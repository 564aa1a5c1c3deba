//! Lists that people fill in, as their programs save them.
#![allow(clippy::unwrap_used, reason = "unwrap is how a test fails")]

use daybook_sheets::{Cell, Column, Format, List, ReadError, Table, Wanted, Zone, read_list};

const WANTED: [Wanted; 3] = [
    Wanted { names: &["number", "order number", "订单号"], required: true },
    Wanted { names: &["carrier", "快递公司"], required: false },
    Wanted { names: &["tracking number", "运单号"], required: true },
];

fn texts(list: &List<3>) -> Vec<(u64, String)> {
    list.rows.iter().map(|row| (row.number, row.cells.join("|"))).collect()
}

fn read(text: &str) -> Vec<(u64, String)> {
    texts(&read_list(text.as_bytes(), &WANTED).unwrap())
}

#[test]
fn columns_are_found_by_their_names() {
    let rows = [(2, "A-1|SF|S1".to_owned()), (4, "A-2||S2".to_owned())];
    assert_eq!(read("Number,Carrier,Tracking_Number\nA-1,SF,S1\n\nA-2,,S2\n"), rows);
    assert_eq!(read("\u{feff}运单号;x;快递公司;订单号\r\nS1;?;SF;A-1\r\n;;;\r\nS2;;;A-2\r\n"), rows);
    assert_eq!(read("ORDER NUMBER\ttracking number\tcarrier\n\"A-1\"\tS1\tSF\n\t\t\nA-2\tS2\n"), rows);
    let rows = [(3, "A-1||S1".to_owned())];
    assert_eq!(read("sep=;\nnumber;tracking number\nA-1;S1"), rows);
}

#[test]
fn chinese_excel_s_own_encoding_is_read() {
    let (bytes, _, _) = encoding_rs::GB18030.encode("订单号,快递公司,运单号\r\nA-1,顺丰,S1\r\n");
    assert_eq!(texts(&read_list(&bytes, &WANTED).unwrap()), [(2, "A-1|顺丰|S1".to_owned())]);
}

#[test]
fn what_we_wrote_is_read_without_its_marks() {
    for format in [Format::Csv, Format::Xlsx] {
        let columns = ["number", "carrier", "tracking number"].map(|name| Column::new(name, 20)).to_vec();
        let mut table = Table::new(format, Vec::new(), "orders", columns, Zone::utc()).unwrap();
        for cells in [["00042", "=SF", "12345678901234567890"], ["", "", ""], ["N-1", "顺丰", "-7"]] {
            table.row(&cells.map(Cell::text)).unwrap();
        }
        let list = read_list(&table.finish().unwrap().0, &WANTED).unwrap();
        assert_eq!(texts(&list), [(2, "00042|=SF|12345678901234567890".to_owned()), (4, "N-1|顺丰|-7".to_owned()),]);
    }
}

#[test]
fn digits_that_a_spreadsheet_lost_are_noticed() {
    let list = read_list(b"number,tracking number\nA-1,1.23457E+19\nA-2,SF1E5\nA-3,1234", &WANTED).unwrap();
    assert_eq!(list.rows.iter().map(|row| row.has_lost_digits).collect::<Vec<_>>(), [true, false, false]);
}

#[test]
fn numbers_in_xlsx_are_read_as_they_are_shown() {
    let columns = ["number", "tracking number"].map(|name| Column::new(name, 20)).to_vec();
    let mut table = Table::new(Format::Xlsx, Vec::new(), "orders", columns, Zone::utc()).unwrap();
    table.row(&[Cell::Integer(20_261_125_000_017), Cell::Integer(7)]).unwrap();
    let list = read_list(&table.finish().unwrap().0, &WANTED).unwrap();
    assert_eq!(texts(&list), [(2, "20261125000017||7".to_owned())]);
}

#[test]
fn files_that_are_no_lists_are_refused_with_what_to_do() {
    let refused = |bytes: &[u8]| read_list(bytes, &WANTED).unwrap_err().to_string();
    assert_eq!(refused(b""), "is empty");
    assert_eq!(
        refused(b"number,carrier\nA-1,SF\n"),
        "has no column tracking number / 运单号; its first row holds number, carrier"
    );
    assert_eq!(
        refused("number,订单号,运单号\n".as_bytes()),
        "has several columns that may be meant by number / order number / 订单号: keep one of number, 订单号"
    );
    assert_eq!(refused(b"number,tracking number\nA-1,\"x\n"), "row 2 opens a quote that does not end");
    assert!(refused(b"\xD0\xCF\x11\xE0 an old workbook").contains("save it as XLSX"));
    assert!(refused(b"PK\x03\x04 no archive").contains("cannot be read as XLSX"));
    assert!(refused(&vec![b'x'; (16 << 20) + 1]).contains("larger than 16 MiB"));
    assert!(refused(b"number,tracking number\n\xFF\xFF,1\n").contains("neither UTF-8 nor GB18030"));
    let rows = format!("number,tracking number\n{}", "A,1\n".repeat(100_001));
    assert!(matches!(read_list(rows.as_bytes(), &WANTED), Err(ReadError::TooManyRows)));
}

#[test]
fn what_unpacks_to_too_much_is_refused_before_it_is_kept() {
    use std::io::Write;
    let mut packed = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::best());
    let zeros = vec![b' '; 1 << 20];
    (0..200).for_each(|_| packed.write_all(&zeros).unwrap());
    let packed = packed.finish().unwrap();
    let archive = |claimed: u32| {
        let name = b"xl/sharedStrings.xml";
        let sizes = [0, u32::try_from(packed.len()).unwrap(), claimed].map(u32::to_le_bytes).concat();
        let mut bomb =
            [b"PK\x03\x04\x14\0\0\0\x08\0\0\0\0\0".as_slice(), &sizes, &[20, 0, 0, 0], name, &packed].concat();
        let start = u32::try_from(bomb.len()).unwrap();
        let entry = [b"PK\x01\x02\x14\0\x14\0\0\0\x08\0\0\0\0\0".as_slice(), &sizes, &[20, 0], &[0; 16], name];
        bomb.extend(entry.concat());
        let length = u32::try_from(bomb.len()).unwrap() - start;
        let end = [b"PK\x05\x06\0\0\0\0\x01\0\x01\0".as_slice(), &length.to_le_bytes(), &start.to_le_bytes(), &[0, 0]];
        bomb.extend(end.concat());
        assert!(bomb.len() < 1 << 20);
        bomb
    };
    let refused = read_list(&archive(200 << 20), &WANTED).unwrap_err();
    assert!(matches!(refused, ReadError::Bomb), "{refused}");
    let refused = read_list(&archive(1), &WANTED).unwrap_err();
    assert!(refused.to_string().contains("larger than its declared"), "{refused}");
}
