//! Exports and shipping lists from the command line, on a folder at rest and on one that is served.
#![allow(clippy::unwrap_used, reason = "unwrap is how a test fails")]

mod support;

use std::io::{Cursor, Write};
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};

use calamine::{Data, Reader, Xlsx};
use serde_json::{Value, json};
use support::{Server, daybook, run, token};

/// Orders in every state that a filter may ask for, of two merchants, one below the other.
fn history() -> String {
    let mut lines = vec![
        json!({"action": "register-merchant", "at": "2024-01-01T00:00:00Z", "id": "agent", "name": "Agent"}),
        json!({"action": "register-merchant", "at": "2024-01-01T00:00:00Z", "id": "shop", "name": "Shop", "parent": "agent"}),
    ];
    for n in 0..60 {
        let merchant = if n % 3 == 0 { "agent" } else { "shop" };
        let number = format!("{n:05}");
        let day = 1 + n % 28;
        lines.push(json!({"action": "place", "at": format!("2024-02-{day:02}T10:00:00Z"), "merchant": merchant, "number": number,
            "buyer": {"account": format!("=cmd|{n}"), "contact": {"name": "李四", "tel": "13800138000"}}, "currency": "CNY",
            "lines": [{"sku": "mug", "title": "杯子, 大", "kind": "PHYSICAL", "quantity": 1, "unitPrice": format!("{}.90", n)}]}));
        if n % 2 == 0 {
            lines.push(
                json!({"action": "record-payment", "at": format!("2024-03-{day:02}T10:05:00Z"), "merchant": merchant,
                "number": number, "provider": "alipay", "tradeNumber": format!("T-{n}"),
                "amount": {"amount": format!("{n}.90"), "currency": "CNY"}}),
            );
        }
        if n % 4 == 0 {
            lines.push(json!({"action": "add-tag", "at": "2024-04-01T00:00:00Z", "merchant": merchant, "number": number, "tag": "vip"}));
        }
    }
    lines.into_iter().map(|line| format!("{line}\n")).collect()
}

struct Shop {
    folder: tempfile::TempDir,
}

impl Shop {
    fn new() -> Self {
        let shop = Self { folder: tempfile::tempdir().unwrap() };
        let file = shop.file("history.jsonl", history().as_bytes());
        let output = shop.run(&["import", "jsonl", &file, "--json"]);
        let report: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(report["notImported"], 0, "{report}");
        shop
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn file(&self, name: &str, bytes: &[u8]) -> String {
        let path = self.folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        path.to_str().unwrap().to_owned()
    }

    fn run(&self, args: &[&str]) -> Output {
        run(args, &self.data())
    }

    #[track_caller]
    fn good(&self, args: &[&str]) -> Vec<u8> {
        let output = self.run(args);
        assert_eq!(output.status.code(), Some(0), "{args:?}: {}", said(&output));
        output.stdout
    }

    #[track_caller]
    fn refused(&self, args: &[&str]) -> String {
        let output = self.run(args);
        assert_eq!(output.status.code(), Some(1), "{args:?}: {}", said(&output));
        said(&output)
    }

    fn numbers(&self, args: &[&str]) -> Vec<Value> {
        let args = [&["export", "orders", "--format", "jsonl", "--columns", "number"], args].concat();
        let rows = String::from_utf8(self.good(&args)).unwrap();
        rows.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()["number"].take()).collect()
    }
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn the_same_filter_brings_the_same_orders_as_the_list() {
    let shop = Shop::new();
    let filters = [
        json!({}),
        json!({"label": {"oneOf": ["TO_SHIP"]}}),
        json!({"placedAt": {"gte": "2024-02-05T00:00:00Z", "lt": "2024-02-20T10:00:00Z"}, "payment": {"eq": "UNPAID"}}),
        json!({"OR": [{"tag": {"eq": "vip"}}, {"number": {"oneOf": ["00001", "00007"]}}]}),
        json!({"buyer": {"eq": "=cmd|12"}}),
        json!({"total": {"currency": "CNY", "gte": "50.00"}}),
        json!({"merchant": {"oneOf": ["agent"]}}),
    ];
    let at_rest: Vec<Vec<Value>> =
        filters.iter().map(|filter| shop.numbers(&["--where", &filter.to_string()])).collect();
    let below = shop.numbers(&["--merchant", "agent", "--scope", "subtree"]);
    assert_eq!((below.len(), shop.numbers(&["--merchant", "agent"]).len()), (60, 20));
    let token = token(&shop.data());
    let server = Server::start(&shop.data(), token);
    for (filter, at_rest) in filters.iter().zip(at_rest) {
        let query = "query ($where: OrderWhere) { orders(first: 250, where: $where) { nodes { number } } }";
        let listed = server.query(query, &json!({"where": filter}));
        let listed: Vec<Value> =
            listed["orders"]["nodes"].as_array().unwrap().iter().map(|node| node["number"].clone()).collect();
        assert!(!listed.is_empty());
        assert_eq!(at_rest, listed, "{filter}");
        assert_eq!(shop.numbers(&["--where", &filter.to_string()]), listed, "{filter}");
    }
}

#[test]
fn a_table_is_the_same_whether_the_folder_is_served_or_not() {
    let shop = Shop::new();
    let token = token(&shop.data());
    let table = |format: &str| {
        shop.good(&["export", "orders", "--format", format, "--columns", "all", "--time-zone", "Asia/Shanghai"])
    };
    let events = |format: &str| shop.good(&["export", "events", "--format", format, "--after", "3"]);
    let formats = ["xlsx", "csv", "jsonl"];
    let at_rest = formats.map(|format| (table(format), events(format)));
    let _server = Server::start(&shop.data(), token);
    assert!(formats.map(table) == at_rest.clone().map(|(table, _)| table));
    for (n, format) in [(1, "csv"), (2, "jsonl")] {
        // Each export is an event itself.
        assert!(events(format).starts_with(&at_rest[n].1), "{format}");
    }

    let mut book: Xlsx<_> = calamine::open_workbook_from_rs(Cursor::new(&at_rest[0].0)).unwrap();
    let sheet = book.worksheet_range("orders").unwrap();
    assert_eq!(book.worksheet_formula("orders").unwrap().used_cells().count(), 0);
    let column = |name: &str| {
        let at = sheet.rows().next().unwrap().iter().position(|cell| cell == &Data::String(name.into()));
        u32::try_from(at.unwrap_or_else(|| panic!("no column {name}"))).unwrap()
    };
    let row = sheet.rows().position(|row| row[column("number") as usize] == Data::String("00012".into())).unwrap();
    let cell = |name: &str| sheet.get_value((u32::try_from(row).unwrap(), column(name))).unwrap().clone();
    assert_eq!(cell("buyer"), Data::String("=cmd|12".into()));
    assert_eq!(cell("items"), Data::String("杯子, 大 × 1".into()));
    assert_eq!(cell("total"), Data::Float(12.9));
    assert_eq!(cell("contact_phone"), Data::String("13800138000".into()));
    let Data::DateTime(paid) = cell("paid_at") else { panic!("no time") };
    assert_eq!(paid.to_ymd_hms_milli(), (2024, 3, 13, 18, 5, 0, 0));

    let csv = String::from_utf8(at_rest[1].0.clone()).unwrap();
    assert!(csv.starts_with("\u{feff}number,id,"));
    assert!(csv.contains("\r\n'00012,") && csv.contains(",'=cmd|12,") && csv.contains(",\"杯子, 大 × 1\","), "{csv}");
    let events = String::from_utf8(at_rest[1].1.clone()).unwrap();
    assert!(events.starts_with("\u{feff}position,stream,") && !events.contains("李四"));
    let lines = String::from_utf8(at_rest[2].1.clone()).unwrap();
    let first: Value = serde_json::from_str(lines.lines().next().unwrap()).unwrap();
    assert_eq!((&first["position"], &first["kind"]), (&json!(4), &json!("payment-captured")), "lines are as ever");
}

/// The exports that the log knows of.
fn noted(shop: &Shop) -> Vec<Value> {
    let lines = shop.good(&["export", "events"]);
    let lines: Vec<Value> =
        lines.split(|&byte| byte == b'\n').filter_map(|line| serde_json::from_slice(line).ok()).collect();
    lines.into_iter().filter(|line| line["kind"] == "export-opened").collect()
}

#[test]
fn each_export_is_an_event() {
    let shop = Shop::new();
    assert_eq!(noted(&shop), Vec::<Value>::new(), "the own one comes behind it");
    let filter = json!({"buyer": {"eq": "=cmd|12"}}).to_string();
    shop.good(&["export", "orders", "--format", "csv", "--where", &filter, "--columns", "number,buyer"]);
    let token = token(&shop.data());
    let _server = Server::start(&shop.data(), token);
    shop.good(&["export", "orders", "--format", "xlsx", "--merchant", "agent", "--scope", "subtree"]);
    // What is refused took nothing out.
    shop.refused(&["export", "orders", "--format", "csv", "--columns", "numbre"]);
    let noted = noted(&shop);
    let [events, buyers, below] = noted.as_slice() else { panic!("{noted:#?}") };
    assert_eq!(events["actor"], buyers["actor"]);
    let told = |event: &Value| {
        ["kind", "format", "columns", "filter", "subtree", "rows"].map(|name| event["data"][name].clone())
    };
    let written = events["position"].as_u64().unwrap() - 1;
    assert_eq!(
        told(events),
        [json!("EVENTS"), json!("JSONL"), json!(""), json!(r#"{"after":"0"}"#), json!(true), json!(written)]
    );
    let named = json!(r#"{"where":{"buyer":"named"}}"#);
    assert_eq!(told(buyers), [json!("ORDERS"), json!("CSV"), json!("number,buyer"), named, json!(false), json!(1)]);
    let [_, format, columns, filter, subtree, rows] = told(below);
    assert_eq!(
        [format, filter, subtree, rows],
        [json!("XLSX"), json!(r#"{"where":{"merchant":{"eq":"agent"}}}"#), json!(true), json!(60)]
    );
    assert!(columns.as_str().unwrap().starts_with("number,"), "{columns}");
    assert!(!noted.iter().any(|event| event.to_string().contains("cmd")), "{noted:#?}");
}

#[test]
fn a_file_is_there_once_it_is_whole() {
    let shop = Shop::new();
    let out = shop.folder.path().join("out");
    std::fs::create_dir(&out).unwrap();
    let file = out.join("orders.xlsx");
    let args = ["export", "orders", "--format", "xlsx", "--out", file.to_str().unwrap()];
    let token = token(&shop.data());
    let at_rest = shop.run(&args);
    assert_eq!((at_rest.status.code(), at_rest.stdout.as_slice()), (Some(0), b"".as_slice()));
    assert!(said(&at_rest).contains("60 orders as of position "), "{}", said(&at_rest));
    let first = std::fs::read(&file).unwrap();
    let _server = Server::start(&shop.data(), token);
    shop.good(&args);
    assert!(std::fs::read(&file).unwrap() == first);
    assert_eq!(names(&out), ["orders.xlsx"]);

    // What fails leaves what was there, and nothing else.
    let wrong = [&args[..], &["--where", r#"{"lable": {"eq": "TO_SHIP"}}"#]].concat();
    assert!(shop.refused(&wrong).contains("the filter has no condition \"lable\""));
    assert!(std::fs::read(&file).unwrap() == first);
    assert_eq!(names(&out), ["orders.xlsx"]);
    let nowhere = out.join("none").join("x.csv");
    shop.refused(&["export", "orders", "--format", "csv", "--out", nowhere.to_str().unwrap()]);
    assert!(
        shop.refused(&["export", "orders", "--format", "csv", "--out", out.to_str().unwrap()]).contains("is a folder")
    );
}

#[test]
fn wrong_wishes_are_refused_with_what_there_is() {
    let shop = Shop::new();
    let refused = |args: &[&str]| shop.refused(&[&["export", "orders", "--format", "csv"], args].concat());
    assert!(refused(&["--columns", "numbre"]).contains("there is no column \"numbre\"; choose of number, "));
    assert!(refused(&["--time-zone", "Mars"]).contains("is not a time zone such as Asia/Shanghai"));
    assert!(refused(&["--where", "{"]).contains("the filter is no JSON"));
    assert!(
        refused(&["--merchant", "agent", "--where", r#"{"merchant": {"eq": "shop"}}"#])
            .contains("name the merchant once")
    );
    assert!(refused(&["--merchant", "shpo"]).contains("there is no merchant shpo; `daybook merchant list` shows all"));
    assert!(refused(&["--where", r#"{"label": {"eq": "TOSHIP"}}"#]).contains("does not contain value \"TOSHIP\""));
    assert!(refused(&["--out", "/nowhere/x.csv"]).contains("there is no folder /nowhere"));
    let list = shop.file("list.csv", LIST.as_bytes());
    let misspelt = shop.refused(&["ship", &list, "--merchant", "shpo"]);
    assert!(misspelt.contains("there is no merchant shpo") && !misspelt.contains("ORDER_UNKNOWN"), "{misspelt}");
    assert_eq!(shop.run(&["export", "orders", "--format", "xls"]).status.code(), Some(2));
    assert_eq!(shop.run(&["export", "orders"]).status.code(), Some(2));
}

#[test]
fn whoever_has_seen_enough_ends_an_export() {
    let shop = Shop::new();
    for format in ["csv", "xlsx", "jsonl"] {
        let mut child = daybook()
            .args(["export", "orders", "--format", format, "--data"])
            .arg(shop.data())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{}", said(&output));
        assert!(!said(&output).contains("panicked"));
    }
}

const LIST: &str = "订单号,快递公司,运单号\r\n'00000,顺丰,SF0\r\n00003,顺丰,SF3\r\n00404,顺丰,SF404\r\n,,SF5\r\n00006,,\r\n00012,中通,1.23E+15\r\n00018,中通,'0018\r\n";

#[test]
fn a_list_of_parcels_is_shipped_row_by_row_and_once() {
    let shop = Shop::new();
    let list = shop.file("list.csv", LIST.as_bytes());
    let report = |shop: &Shop| {
        let output = shop.run(&["ship", &list, "--merchant", "agent", "--json"]);
        assert_eq!(output.status.code(), Some(1), "some were refused");
        let text = String::from_utf8(output.stdout).unwrap();
        text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()).collect::<Vec<_>>()
    };
    let rows = report(&shop);
    let brief: Vec<(u64, &str, Option<&str>)> = rows
        .iter()
        .map(|row| (row["row"].as_u64().unwrap(), row["number"].as_str().unwrap(), row["code"].as_str()))
        .collect();
    assert_eq!(
        brief,
        [
            (2, "00000", None),
            (3, "00003", Some("NOT_PAID")),
            (4, "00404", Some("ORDER_UNKNOWN")),
            (5, "", Some("INVALID_INPUT")),
            (6, "00006", Some("INVALID_INPUT")),
            (7, "00012", Some("INVALID_INPUT")),
            (8, "00018", None),
        ]
    );
    assert!(rows[5]["message"].as_str().unwrap().contains("format the column as text"));
    assert_eq!((&rows[0]["done"], &rows[0]["repeated"]), (&json!(true), &json!(false)));

    // Again, served: what is done stays as it is.
    let before = shop.good(&["export", "events"]);
    let token = token(&shop.data());
    let server = Server::start(&shop.data(), token);
    let again = report(&shop);
    assert_eq!(again[0], json!({"row": 2, "number": "00000", "done": true, "repeated": true}));
    assert_eq!(again[1]["code"], "NOT_PAID");
    let after = shop.good(&["export", "events"]);
    let shipped = |events: &[u8]| String::from_utf8_lossy(events).matches("\"shipment-confirmed\"").count();
    assert_eq!((shipped(&before), shipped(&after)), (2, 2));
    let tracked = shop.good(&[
        "export",
        "orders",
        "--format",
        "csv",
        "--columns",
        "number,carriers,tracking_numbers",
        "--where",
        r#"{"fulfilment": {"eq": "SHIPPED"}}"#,
    ]);
    let tracked = String::from_utf8(tracked).unwrap();
    assert!(tracked.contains("\r\n'00018,中通,'0018\r\n") && tracked.contains("\r\n'00000,顺丰,SF0\r\n"), "{tracked}");

    // The same as XLSX, as somebody fills in what was exported.
    let book = shop.good(&[
        "export",
        "orders",
        "--format",
        "xlsx",
        "--columns",
        "number,tracking_numbers",
        "--where",
        r#"{"number": {"oneOf": ["00000"]}}"#,
    ]);
    let file = shop.file("list.xlsx", &book);
    let refused = shop.refused(&["ship", &file, "--merchant", "agent"]);
    assert!(refused.contains("has no column tracking number"), "{refused}");
    drop(server);
}

#[test]
fn a_list_as_xlsx_is_shipped_too() {
    use daybook_sheets::{Cell, Column, Format, Table, Zone};
    let shop = Shop::new();
    let columns = ["Order No.", "Carrier", "Tracking Number"].map(|name| Column::new(name, 20)).to_vec();
    let mut table = Table::new(Format::Xlsx, Vec::new(), "list", columns, Zone::utc()).unwrap();
    table.row(&[Cell::text("00024"), Cell::text("顺丰"), Cell::Integer(123_456_789_012)]).unwrap();
    table.row(&[Cell::text("00030"), Cell::Empty, Cell::text("000123456789012345678")]).unwrap();
    let file = shop.file("list.xlsx", &table.finish().unwrap().0);
    let output = shop.run(&["ship", &file, "--merchant", "agent"]);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    assert_eq!(String::from_utf8(output.stdout.clone()).unwrap(), "row 2  00024  shipped\nrow 3  00030  shipped\n");
    assert!(said(&output).contains("2 shipped, 0 of them before; 0 refused"));
    let tracked = shop.good(&[
        "export",
        "orders",
        "--format",
        "jsonl",
        "--columns",
        "tracking_numbers",
        "--where",
        r#"{"number": {"oneOf": ["00024", "00030"]}}"#,
    ]);
    let tracked = String::from_utf8(tracked).unwrap();
    assert!(tracked.contains("[\"123456789012\"]") && tracked.contains("[\"000123456789012345678\"]"), "{tracked}");
}

#[test]
fn a_pipe_takes_xlsx_whole() {
    let shop = Shop::new();
    let bytes = shop.good(&["export", "orders", "--format", "xlsx"]);
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(&bytes).unwrap();
    let mut book: Xlsx<_> = calamine::open_workbook(file.path()).unwrap();
    assert_eq!(book.worksheet_range("orders").unwrap().rows().count(), 61);
}
