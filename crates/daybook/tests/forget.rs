//! Buyers that are forgotten, over the real binary: nothing of them can be read any more, here or in a backup, and nothing else
//! is lost.
#![allow(clippy::unwrap_used, reason = "unwrap is how a test fails")]

mod support;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use support::{Server, run, token};

/// Stands in every text about somebody who is to be forgotten, and in no other.
const GONE: &str = "Vergissmeinnicht";
const KEPT: &str = "Gedenkemein";
const BUYERS: usize = 3_000;
/// Those who ordered twice.
const TWICE: usize = 60;
/// Every third one.
const ERASED: usize = BUYERS / 3;

fn marker(n: usize) -> &'static str {
    if n.is_multiple_of(3) { GONE } else { KEPT }
}

fn account(n: usize) -> String {
    format!("{}-{n}@example.org", marker(n))
}

fn place(number: &str, n: usize) -> Value {
    let name = format!("忘{n}{}", marker(n));
    let contact = json!({
        "name": name, "tel": format!("139{n:08}"), "address": format!("{} 路 {n} 号", marker(n)), "code": format!("code-{n:06}"),
    });
    json!({
        "action": "place", "merchant": "m1", "number": number, "currency": "CNY",
        "buyer": {"account": account(n), "contact": contact},
        "lines": [{"sku": "topup", "title": "Top-up", "kind": "TOP_UP", "quantity": 1, "unitPrice": "9.90",
                   "inputs": {"account": format!("{}-game-{n}", marker(n))}}],
    })
}

/// The first of them have two orders, each with a note and a reason about them; cancelled, so that nothing is left to do.
fn history(file: &Path, buyers: usize) {
    let mut lines = vec![json!({"action": "register-merchant", "id": "m1", "name": "Shop"})];
    for n in 0..buyers {
        for number in [format!("A-{n}"), format!("B-{n}")].into_iter().take(if n < TWICE { 2 } else { 1 }) {
            lines.push(place(&number, n));
            lines.push(json!({"action": "add-note", "merchant": "m1", "number": number, "text": format!("{} rang {n}", marker(n))}));
            lines.push(json!({"action": "cancel", "merchant": "m1", "number": number,
                              "reason": {"code": "BUYER_REQUEST", "text": format!("{} does not want it {n}", marker(n))}}));
        }
    }
    let text: Vec<String> = lines.iter().map(Value::to_string).collect();
    fs::write(file, text.join("\n")).unwrap();
}

fn done(args: &[&str], data: &Path) -> String {
    let output = run(args, data);
    assert!(output.status.success(), "{args:?}: {}", said(&output));
    String::from_utf8(output.stdout).unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// The marker as itself, in UTF-16, in hexadecimal of either case, and in Base64 wherever it begins.
fn forms(marker: &str) -> Vec<Vec<u8>> {
    let hex: String = marker.bytes().map(|byte| format!("{byte:02x}")).collect();
    let mut forms = vec![
        marker.as_bytes().to_vec(),
        marker.encode_utf16().flat_map(u16::to_le_bytes).collect(),
        hex.to_uppercase().into_bytes(),
        hex.into_bytes(),
    ];
    for before in 0..3 {
        let padded = format!("{}{marker}", "x".repeat(before));
        let text = STANDARD.encode(padded);
        // What neighbours share a letter with is cut off.
        let (start, end) = ([0, 2, 3][before], (before + marker.len()) * 8 / 6);
        forms.push(text.as_bytes()[start..end].to_vec());
    }
    forms
}

fn count(bytes: &[u8], marker: &str) -> usize {
    // Write-ahead files are made in advance: what nobody wrote to is passed over.
    const NOTHING: [u8; 4096] = [0; 4096];
    let written: Vec<&[u8]> = bytes.chunks(4096).filter(|page| *page != &NOTHING[..page.len()]).collect();
    let bytes = written.concat();
    let find = |form: &Vec<u8>| {
        let first = form[0];
        bytes.iter().enumerate().filter(|(at, byte)| **byte == first && bytes[*at..].starts_with(form)).count()
    };
    forms(marker).iter().map(find).sum()
}

fn files(dir: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, found);
        } else if path.is_file() {
            found.push(path);
        }
    }
}

/// No file of the folder holds it in any form.
fn holds_none(dir: &Path, marker: &str) {
    let mut all = Vec::new();
    files(dir, &mut all);
    assert!(all.len() > 3, "{all:?}");
    for path in all {
        assert_eq!(count(&fs::read(&path).unwrap(), marker), 0, "{}", path.display());
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy(&path, &target);
        } else if path.is_file() {
            fs::copy(&path, &target).unwrap();
        }
    }
}

fn export(data: &Path, format: &str, columns: &str) -> Vec<u8> {
    let output = run(&["export", "orders", "--format", format, "--columns", columns], data);
    assert!(output.status.success(), "{}", said(&output));
    output.stdout
}

/// The texts of a spreadsheet, as something else than what wrote it reads them.
fn cells(xlsx: &[u8]) -> String {
    use calamine::Reader as _;
    let mut book: calamine::Xlsx<_> = calamine::open_workbook_from_rs(std::io::Cursor::new(xlsx)).unwrap();
    let sheets = book.worksheets();
    let cells = sheets.iter().flat_map(|(_, range)| range.cells()).map(|(_, _, cell)| cell.to_string());
    cells.collect::<Vec<_>>().join("\n")
}

#[test]
fn a_marker_is_found_in_every_form() {
    let hex = |text: &str| text.bytes().map(|byte| format!("{byte:02x}")).collect::<String>();
    for before in ["", "a", "ab", "abc", "忘"] {
        let text = format!("{before}{GONE}-7@example.org");
        assert_eq!(count(text.as_bytes(), GONE), 1);
        assert_eq!(count(hex(&text).as_bytes(), GONE), 1);
        assert_eq!(count(hex(&text).to_uppercase().as_bytes(), GONE), 1);
        assert_eq!(count(STANDARD.encode(&text).as_bytes(), GONE), 1, "{before}");
        let utf16: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(count(&utf16, GONE), 1);
    }
}

#[test]
fn a_thousand_buyers_are_forgotten_and_two_thousand_are_not() {
    let folder = tempfile::tempdir().unwrap();
    let (file, data) = (folder.path().join("history.jsonl"), folder.path().join("data"));
    history(&file, BUYERS);
    done(&["import", "jsonl", file.to_str().unwrap()], &data);
    let before = export(&data, "csv", "all");
    assert!(count(&before, GONE) > ERASED * 3, "the search finds what is there: {}", count(&before, GONE));
    let figures = export(&data, "csv", "number,total,label,placed_at");
    let backup = folder.path().join("backup");
    copy(&data, &backup);

    let list = folder.path().join("buyers.txt");
    let accounts: Vec<String> = (0..BUYERS).step_by(3).map(account).collect();
    fs::write(&list, accounts.join("\r\n")).unwrap();
    let id = "6a0b1d38-7f7b-4d7e-8a4b-5a9d6c1e2f30";
    let erase = ["erase", "--merchant", "m1", "--buyers", list.to_str().unwrap(), "--command-id", id, "--json"];
    let first: Value = serde_json::from_str(&done(&erase, &data)).unwrap();
    assert_eq!(
        (&first["erased"], &first["orders"], &first["left"]),
        (&json!(ERASED), &json!(ERASED + TWICE / 3), &json!([]))
    );
    // The same again writes nothing.
    let again: Value = serde_json::from_str(&done(&erase, &data)).unwrap();
    assert_eq!((&again["erased"], &again["position"]), (&first["erased"], &first["position"]));
    // Under another id there is nobody any more.
    let late = run(&["erase", "--merchant", "m1", "--buyer", &account(0)], &data);
    assert_eq!(late.status.code(), Some(1));
    assert!(said(&late).contains("no buyer with this account is known there"), "{}", said(&late));

    holds_none(&data, GONE);
    let after = export(&data, "csv", "all");
    assert_eq!(count(&after, GONE), 0);
    assert_eq!(count(&after, KEPT), count(&before, KEPT));
    let lines = export(&data, "jsonl", "number,buyer,total,label");
    assert_eq!(count(&lines, GONE), 0);
    let spreadsheet = cells(&export(&data, "xlsx", "all"));
    assert_eq!(count(spreadsheet.as_bytes(), GONE), 0);
    assert!(count(spreadsheet.as_bytes(), KEPT) > ERASED * 3);
    assert_eq!(export(&data, "csv", "number,total,label,placed_at"), figures, "orders and figures are as they were");
    let log = done(&["export", "events"], &data);
    assert_eq!((count(log.as_bytes(), GONE), log.matches("subject-erased").count()), (0, ERASED));
    let shown = done(&["history", "A-0", "--json"], &data);
    assert_eq!(count(shown.as_bytes(), GONE), 0);
    assert!(count(done(&["history", "A-1", "--json"], &data).as_bytes(), KEPT) > 2);
    done(&["verify"], &data);
    done(&["rebuild", "all"], &data);
    assert_eq!(export(&data, "jsonl", "number,buyer,total,label"), lines, "folded again, the views are the same");

    // A backup of the log from before, with the key file of now: nothing opens that was forgotten.
    fs::copy(data.join("keys"), backup.join("keys")).unwrap();
    let old = export(&backup, "csv", "all");
    assert_eq!((count(&old, GONE), count(&old, KEPT)), (0, count(&before, KEPT)));

    // The key file of before, put back: what was recorded is done again before anything is opened.
    let old_keys = folder.path().join("old");
    history(&file, 30);
    done(&["import", "jsonl", file.to_str().unwrap()], &old_keys);
    let keys = fs::read(old_keys.join("keys")).unwrap();
    done(&["erase", "--merchant", "m1", "--buyer", &account(0)], &old_keys);
    assert_eq!(count(&export(&old_keys, "csv", "all"), &account(0)), 0);
    fs::write(old_keys.join("keys"), keys).unwrap();
    let mended = export(&old_keys, "csv", "all");
    assert_eq!((count(&mended, &account(0)), count(&mended, &account(3)) > 0), (0, true));
}

const ERASE: &str = "mutation($input: EraseBuyerInput!) { eraseBuyer(input: $input) { receipt { position repeated } orders \
                     userErrors { code field } } }";

fn erase(server: &Server, id: u128, n: usize, even_open: bool) -> Value {
    let id = uuid(id);
    let input = json!({"commandId": id, "merchant": "m1", "buyer": account(n), "reason": "BUYER_REQUEST", "evenOpen": even_open});
    server.query(ERASE, &json!({ "input": input }))["eraseBuyer"].take()
}

fn uuid(n: u128) -> String {
    format!("5b2f6a52-6f0e-4e0b-9d53-{n:012x}")
}

fn numbers(server: &Server, filter: Value) -> Vec<String> {
    let query = "query($where: OrderWhere) { orders(where: $where) { nodes { number } } }";
    let found = server.query(query, &json!({ "where": filter }))["orders"]["nodes"].take();
    let mut found: Vec<String> =
        found.as_array().unwrap().iter().map(|node| node["number"].as_str().unwrap().to_owned()).collect();
    found.sort_unstable();
    found
}

fn of_buyer(server: &Server, n: usize) -> Vec<String> {
    numbers(server, json!({"buyer": {"eq": account(n)}}))
}

fn with_tail(server: &Server, n: usize) -> Vec<String> {
    numbers(server, json!({"phoneTail": {"eq": format!("{n:04}")}}))
}

fn look_up(server: &Server, n: usize) -> (u16, Value) {
    let body = json!({"number": format!("A-{n}"), "code": format!("code-{n:06}")}).to_string();
    let (status, body) = server.client().request("POST /lookup", &body).unwrap();
    (status, serde_json::from_str(&body).unwrap_or_default())
}

fn shown(server: &Server, number: &str) -> Value {
    let query = "query($number: String!) { order(by: {number: {merchant: \"m1\", number: $number}}) { \
                 buyer { account } delivery { contact inputs { inputs } } history(first: 50) { nodes { data } } } }";
    server.query(query, &json!({ "number": number }))["order"].take()
}

/// A file for whoever downloads it, with everything in it.
fn exported(server: &Server, id: u128, data: &Path) -> PathBuf {
    let export = "mutation($input: ExportOrdersInput!) { exportOrders(input: $input) { export { id } } }";
    let input = json!({"commandId": uuid(id), "format": "CSV", "columns": ["all"]});
    let id =
        server.query(export, &json!({ "input": input }))["exportOrders"]["export"]["id"].as_str().unwrap().to_owned();
    let path = data.join("exports").join(format!("{id}.csv"));
    let state = |id: &str| server.query("query($id: ID!) { export(id: $id) { state } }", &json!({ "id": id }));
    while state(&id)["export"]["state"] != "DONE" {
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    path
}

#[test]
fn who_is_erased_while_the_folder_is_served_is_gone_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let (file, data) = (folder.path().join("history.jsonl"), folder.path().join("data"));
    history(&file, 60);
    done(&["import", "jsonl", file.to_str().unwrap()], &data);
    let platform = token(&data);
    let buyers = done(&["token", "create", "--role", "buyer", "--merchant", "m1", "--buyer", &account(0)], &data);
    let keys_before = fs::read(data.join("keys")).unwrap();
    let mut server = Server::start(&data, platform.clone());
    let buyer = server.client().with_token(buyers.trim());

    // Everything that opens texts has them now.
    assert_eq!(of_buyer(&server, 0), ["A-0", "B-0"]);
    assert_eq!(with_tail(&server, 0), ["A-0", "B-0"]);
    assert!(count(shown(&server, "A-0").to_string().as_bytes(), GONE) > 5, "{:#}", shown(&server, "A-0"));
    let (status, looked_up) = look_up(&server, 0);
    assert_eq!(status, 200, "{looked_up}");
    let guest = server.client().with_token(looked_up["token"].as_str().unwrap());
    let orders = "{ orders { nodes { number } } }";
    assert!(buyer.ask(orders, &json!({})).unwrap()["data"]["orders"]["nodes"].as_array().is_some());
    assert!(guest.ask(orders, &json!({})).unwrap()["data"]["orders"]["nodes"].as_array().is_some());
    let export = exported(&server, 1, &data);
    assert!(count(&fs::read(&export).unwrap(), GONE) > 40);

    // One by the API, the others by the command line, which the server's process carries out.
    let first = erase(&server, 2, 0, false);
    assert_eq!(
        (&first["userErrors"], &first["orders"], &first["receipt"]["repeated"]),
        (&json!([]), &json!(2), &json!(false))
    );
    let again = erase(&server, 2, 0, false);
    assert_eq!(again["receipt"], json!({"position": first["receipt"]["position"], "repeated": true}));
    let unknown = erase(&server, 3, 0, false);
    assert_eq!(unknown["userErrors"], json!([{"code": "BUYER_UNKNOWN", "field": ["input", "buyer"]}]));
    assert!(!export.exists(), "a file in which they stand is removed");
    let list = folder.path().join("buyers.txt");
    fs::write(&list, (3..60).step_by(3).map(account).collect::<Vec<_>>().join("\n")).unwrap();
    let said = done(&["erase", "--merchant", "m1", "--buyers", list.to_str().unwrap()], &data);
    assert!(said.starts_with("erased: 19 buyers of 38 orders"), "{said}");

    for n in (0..60).step_by(3) {
        assert_eq!((of_buyer(&server, n), with_tail(&server, n)), (vec![], vec![]), "{n}");
    }
    let order = shown(&server, "A-0");
    assert_eq!((&order["buyer"]["account"], count(order.to_string().as_bytes(), GONE)), (&Value::Null, 0), "{order:#}");
    assert_eq!(look_up(&server, 0).0, 404);
    for ended in [&buyer, &guest] {
        assert_eq!(ended.request("POST /graphql", &json!({ "query": orders }).to_string()).unwrap().0, 401);
    }
    let newer = exported(&server, 4, &data);
    let newer = fs::read(newer).unwrap();
    assert_eq!((count(&newer, GONE), count(&newer, KEPT) > 80), (0, true));
    assert_eq!(
        (of_buyer(&server, 1), with_tail(&server, 1)),
        (vec!["A-1".into(), "B-1".into()], vec!["A-1".into(), "B-1".into()])
    );
    assert_eq!(look_up(&server, 1).0, 200);
    let audit = "{ auditLog(where: {kind: {eq: \"subject-erased\"}}, first: 50) { nodes { name merchant subject event { actor { role } data } } } }";
    let audit = server.query(audit, &json!({}))["auditLog"]["nodes"].take();
    let last = audit.as_array().unwrap().last().unwrap();
    assert_eq!(audit.as_array().unwrap().len(), 20);
    assert_eq!((&last["name"], &last["subject"]), (&json!("A-0, B-0"), &json!("BUYER")), "{last}");

    // Nothing is written about them any more; what says nothing goes on.
    let note = "mutation($input: AddNoteInput!) { addNote(input: $input) { userErrors { code } } }";
    let order = json!({"number": {"merchant": "m1", "number": "A-0"}});
    let refused = server.query(note, &json!({"input": {"commandId": uuid(5), "order": order, "text": "rang again"}}));
    assert_eq!(refused["addNote"]["userErrors"], json!([{"code": "BUYER_ERASED"}]));

    // Somebody comes again: a new buyer, who is not forgotten while the order is open.
    let mutation =
        "mutation($input: PlaceOrderInput!) { placeOrder(input: $input) { userErrors { code } receipt { position } } }";
    let line = json!({"sku": "card", "title": "Card", "quantity": 1, "kind": "CARD", "unitPrice": {"amount": "9.90", "currency": "CNY"}});
    let input = json!({"commandId": uuid(6), "merchant": "m1", "number": "C-0", "buyer": {"account": account(0)}, "lines": [line]});
    assert_eq!(server.query(mutation, &json!({ "input": input }))["placeOrder"]["userErrors"], json!([]));
    // The old command is no command about whoever came since.
    assert_eq!(erase(&server, 2, 0, false)["receipt"], again["receipt"]);
    let open = erase(&server, 7, 0, false);
    assert_eq!(open["userErrors"], json!([{"code": "ORDERS_UNFINISHED", "field": ["input", "evenOpen"]}]));
    assert_eq!(of_buyer(&server, 0), ["C-0"]);
    assert_eq!(erase(&server, 8, 0, true)["orders"], 1);
    let cancel =
        "mutation($input: CancelOrderInput!) { cancelOrder(input: $input) { userErrors { code } order { label } } }";
    let order = json!({"number": {"merchant": "m1", "number": "C-0"}});
    let input = json!({"commandId": uuid(9), "order": order, "reason": {"code": "OTHER"}});
    assert_eq!(server.query(cancel, &json!({ "input": input }))["cancelOrder"]["userErrors"], json!([]));

    // As if the process had been killed between the events and the keys.
    server.kill();
    drop(server);
    fs::write(data.join("keys"), keys_before).unwrap();
    let server = Server::start(&data, platform);
    for n in (0..60).step_by(3) {
        assert_eq!((of_buyer(&server, n), with_tail(&server, n)), (vec![], vec![]), "{n}");
    }
    assert_eq!(count(shown(&server, "A-3").to_string().as_bytes(), GONE), 0);
    assert_eq!(of_buyer(&server, 1), ["A-1", "B-1"]);
    drop(server);
    holds_none(&data, GONE);
    holds_none(&data, &GONE.to_lowercase());
}

fn refused(args: &[&str], data: &Path) -> String {
    let output = run(args, data);
    assert_eq!(output.status.code(), Some(1), "{args:?}");
    said(&output)
}

/// Copies that `keys backup` made, oldest first.
fn copies(folder: &Path) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    found.sort_unstable();
    found
}

#[test]
fn an_old_copy_of_the_keys_brings_nobody_back() {
    let folder = tempfile::tempdir().unwrap();
    let (file, data, to) =
        (folder.path().join("history.jsonl"), folder.path().join("data"), folder.path().join("copies"));
    history(&file, 9);
    done(&["import", "jsonl", file.to_str().unwrap()], &data);
    let back_up = ["keys", "backup", "--to", to.to_str().unwrap(), "--keep", "3"];
    // Of earlier days, and of something else.
    fs::create_dir(&to).unwrap();
    for name in ["keys-20260101T000000Z", "keys-29990101T000000Z", "keys", "notes-20260101T000000Z"] {
        fs::write(to.join(name), "x").unwrap();
    }
    let copy = PathBuf::from(done(&back_up, &data).trim());
    assert!(copy.is_file());
    let left: Vec<String> =
        copies(&to).iter().map(|path| path.file_name().unwrap().to_str().unwrap().to_owned()).collect();
    assert_eq!(left.len(), 4, "{left:?}");
    assert!(!left.contains(&"keys-20260101T000000Z".to_owned()), "{left:?}");

    let log = folder.path().join("log");
    done(&["backup", "--to", log.to_str().unwrap()], &data);

    done(&["erase", "--merchant", "m1", "--buyer", &account(0)], &data);
    // A ledger out of a backup of the log from before, with the keys of now.
    let early = folder.path().join("early");
    done(&["restore", log.to_str().unwrap()], &early);
    for name in ["keys", "master.key"] {
        fs::copy(data.join(name), early.join(name)).unwrap();
    }
    let early = export(&early, "csv", "all");
    assert_eq!((count(&early, &account(0)), count(&early, &account(3))), (0, 2));

    // They come again, and have another key.
    fs::write(&file, place("C-0", 0).to_string()).unwrap();
    done(&["import", "jsonl", file.to_str().unwrap(), "--source", "again"], &data);
    let now = export(&data, "csv", "all");
    assert_eq!(String::from_utf8_lossy(&now).matches(&account(0)).count(), 1);

    // A server has it open: it is told so, and a copy can be made all the same.
    let server = Server::start(&data, token(&data));
    for what in [["keys", "restore", "--from", copy.to_str().unwrap()], ["keys", "rotate-master", "--new", "/nowhere"]]
    {
        assert!(refused(&what, &data).contains("stop the server"));
    }
    done(&back_up, &data);
    assert_eq!(server.interrupt(), Some(0));

    let said = done(&["keys", "restore", "--from", copy.to_str().unwrap()], &data);
    assert!(said.contains("is the folder's key file again"), "{said}");
    assert_eq!(export(&data, "csv", "all"), now, "the old orders are nobody's, the new one is theirs");
    done(&["verify"], &data);

    // What is no copy of this folder's keys changes nothing.
    let keys = fs::read(data.join("keys")).unwrap();
    let other = folder.path().join("other");
    history(&file, 2);
    done(&["import", "jsonl", file.to_str().unwrap()], &other);
    for wrong in [data.join("master.key"), other.join("keys"), folder.path().join("none")] {
        refused(&["keys", "restore", "--from", wrong.to_str().unwrap()], &data);
        assert_eq!(fs::read(data.join("keys")).unwrap(), keys, "{}", wrong.display());
        assert!(!data.join("keys.tmp").exists());
    }
}

/// Who was erased after what is restored stays erased: backups of the log and copies of the keys know it beside them.
#[test]
fn an_older_log_with_older_keys_brings_nobody_back_either() {
    let folder = tempfile::tempdir().unwrap();
    let place_at = |name: &str| folder.path().join(name);
    let (file, data, log, copies_at) =
        (place_at("history.jsonl"), place_at("data"), place_at("log"), place_at("copies"));
    history(&file, 9);
    done(&["import", "jsonl", file.to_str().unwrap()], &data);
    let back_up = ["backup", "--json", "--to", log.to_str().unwrap()];
    let keys_back_up = ["keys", "backup", "--to", copies_at.to_str().unwrap()];
    let older_log = place_at("older-log");
    let position = {
        let told: Value = serde_json::from_str(&done(&back_up, &data)).unwrap();
        told["last"].to_string()
    };
    done(&["backup", "--to", older_log.to_str().unwrap()], &data);
    let older_keys = PathBuf::from(done(&keys_back_up, &data).trim());
    done(&["erase", "--merchant", "m1", "--buyer", &account(0)], &data);
    done(&["erase", "--merchant", "m1", "--buyer", &account(6)], &data);
    done(&back_up, &data);

    let is_kept = |data: &Path, when: &str| {
        let all = export(data, "csv", "all");
        let of = |n| count(&all, &account(n));
        assert_eq!((of(0), of(6), of(3) > 0, of(1) > 0), (0, 0, true, true), "{when}");
    };
    let restored = |name: &str, from: &Path, more: &[&str]| {
        let to = place_at(name);
        let said = done(&[&["restore", from.to_str().unwrap()], more].concat(), &to);
        fs::copy(data.join("master.key"), to.join("master.key")).unwrap();
        (to, said)
    };
    // To a position before: what brings the keys says so, and so does nobody have to.
    let (early, said) = restored("early", &log, &["--to-position", &position]);
    assert!(said.contains("2 keys were erased up to the last backup"), "{said}");
    let bring = ["keys", "restore", "--from", older_keys.to_str().unwrap()];
    let said = done(&bring, &early);
    assert!(said.contains("2 keys that were erased after what this log has are destroyed in it too"), "{said}");
    is_kept(&early, "by the command");
    let (by_hand, _) = restored("by-hand", &log, &["--to-position", &position]);
    fs::copy(&older_keys, by_hand.join("keys")).unwrap();
    is_kept(&by_hand, "copied there");
    let fresh = fs::read(by_hand.join("keys")).unwrap();
    fs::copy(&older_keys, by_hand.join("keys")).unwrap();
    is_kept(&by_hand, "copied there again");
    assert_ne!(fs::read(&older_keys).unwrap(), fresh);

    // Where it cannot be read who was erased, there is nothing that could be opened.
    let mut kept = fs::read_dir(&log).unwrap().map(|entry| entry.unwrap().path());
    let journal = kept.find(|path| path.to_str().unwrap().contains("erasures-")).unwrap();
    let whole = fs::read(&journal).unwrap();
    fs::write(&journal, &whole[1..]).unwrap();
    let nothing = place_at("nothing");
    let said = refused(&["restore", log.to_str().unwrap()], &nothing);
    assert!(said.contains("erasures-") && said.contains("is damaged"), "{said}");
    assert!(!nothing.join("ledger").exists());
    fs::write(&journal, &whole).unwrap();

    // Out of a backup from before, which knows nothing of it: by what lies beside the copies of the keys.
    let (older, said) = restored("older", &older_log, &[]);
    assert!(!said.contains("keys were erased"), "{said}");
    done(&keys_back_up, &data);
    let said = done(&bring, &older);
    assert!(said.contains("2 keys that were erased after"), "{said}");
    is_kept(&older, "by what lies beside the keys");

    // Whoever comes again is a new buyer there, and stays one.
    fs::write(&file, place("C-0", 0).to_string()).unwrap();
    for _ in 0..2 {
        done(&["import", "jsonl", file.to_str().unwrap(), "--source", "again"], &early);
        let all = export(&early, "csv", "all");
        assert_eq!(String::from_utf8_lossy(&all).matches(&account(0)).count(), 1);
    }
    // And so in what is backed up from there.
    let again = place_at("again");
    done(&["backup", "--to", again.to_str().unwrap()], &early);
    let (later, said) = restored("later", &again, &[]);
    assert!(said.contains("2 keys were erased"), "{said}");
    done(&bring, &later);
    let all = export(&later, "csv", "all");
    assert_eq!((count(&all, &account(6)), String::from_utf8_lossy(&all).matches(&account(0)).count()), (0, 1));
    done(&["verify"], &later);
}

/// What a crash left of a copy is no copy: it goes with the next one.
#[test]
fn what_is_left_of_a_copy_that_was_cut_short_goes() {
    let folder = tempfile::tempdir().unwrap();
    let (file, data, to) =
        (folder.path().join("history.jsonl"), folder.path().join("data"), folder.path().join("copies"));
    history(&file, 3);
    done(&["import", "jsonl", file.to_str().unwrap()], &data);
    fs::create_dir(&to).unwrap();
    let names =
        ["keys-20260101T000000Z.tmp", "keys-29990101T000000.123456Z.tmp", "keys.tmp", "notes-20260101T000000Z.tmp"];
    for name in names {
        fs::copy(data.join("keys"), to.join(name)).unwrap();
    }
    fs::hard_link(to.join(names[0]), folder.path().join("seen")).unwrap();
    done(&["keys", "backup", "--to", to.to_str().unwrap()], &data);
    // One that may be under way is left alone, and so is what is none.
    assert_eq!(names.map(|name| to.join(name).exists()), [false, true, true, true]);
    assert!(fs::read(folder.path().join("seen")).unwrap().iter().all(|byte| *byte == 0), "it is overwritten");
}

#[test]
fn the_master_key_can_be_another_one_and_come_from_elsewhere() {
    let folder = tempfile::tempdir().unwrap();
    let (file, data) = (folder.path().join("history.jsonl"), folder.path().join("data"));
    history(&file, 9);
    done(&["import", "jsonl", file.to_str().unwrap()], &data);
    done(&["erase", "--merchant", "m1", "--buyer", &account(0)], &data);
    let before = export(&data, "csv", "all");
    let old = fs::read_to_string(data.join("master.key")).unwrap();

    let new = folder.path().join("new.key");
    let rotate = ["keys", "rotate-master", "--new", new.to_str().unwrap()];
    assert!(done(&rotate, &data).starts_with("the keys are now under"));
    let hex = fs::read_to_string(&new).unwrap();
    assert_ne!(hex, old);
    // Again, as after a crash at its end.
    assert!(done(&rotate, &data).starts_with("nothing to do"));
    assert!(refused(&["export", "orders", "--format", "csv"], &data).contains("the master key does not fit"));

    let columns = ["export", "orders", "--format", "csv", "--columns", "all"];
    let with = |name: &str, value: &str| {
        support::daybook().env(name, value).args(columns).arg("--data").arg(&data).output().unwrap()
    };
    for output in [
        with("DAYBOOK_MASTER_KEY", hex.trim()),
        with("DAYBOOK_MASTER_KEY_FILE", new.to_str().unwrap()),
        run(&[&columns[..], &["--master-key", new.to_str().unwrap()]].concat(), &data),
    ] {
        assert!(output.status.success(), "{}", said(&output));
        assert_eq!(output.stdout, before);
    }
    assert_eq!(with("DAYBOOK_MASTER_KEY", old.trim()).status.code(), Some(1));

    // The same import again: its lines are known by hashes that outlive the master key.
    let key = ["--master-key", new.to_str().unwrap()];
    let again = done(&[&["import", "jsonl", file.to_str().unwrap(), "--json"][..], &key].concat(), &data);
    let again: Value = serde_json::from_str(&again).unwrap();
    assert_eq!((&again["imported"], &again["alreadyThere"]), (&json!(0), &json!(55)), "{again}");

    // One that cannot be: nothing is changed.
    let keys = fs::read(data.join("keys")).unwrap();
    fs::write(folder.path().join("bad.key"), "no key").unwrap();
    let bad = folder.path().join("bad.key");
    refused(&[&["keys", "rotate-master", "--new", bad.to_str().unwrap()][..], &key].concat(), &data);
    let wrong =
        ["keys", "rotate-master", "--new", folder.path().join("third.key").to_str().unwrap()].map(str::to_owned);
    let wrong: Vec<&str> = wrong.iter().map(String::as_str).collect();
    // With the old master key, which is what the folder has.
    let why = refused(&wrong, &data);
    assert!(why.contains("the key file is as it was"), "{why}");
    assert_eq!(fs::read(data.join("keys")).unwrap(), keys);
}
