//! Exports over HTTP: asked for, made, fetched, by whom.

use std::collections::BTreeSet;
use std::time::Duration;

use daybook_api::export::{OrderColumn, Selection, Shown, Which, time_zone, write_orders};
use daybook_api::{ExportLimits, Exports, Services};
use daybook_domain::{Event, Kind, Role};
use daybook_sheets::{Format, Table};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::access::{CLERK, ask};
use crate::kit::{PLATFORM, Server, by, order, payment};
use crate::socket::Socket;

/// Asked about here, beside what they are of.
pub(crate) const FIELDS: [&str; 4] = ["export", "exportOrders", "exportEvents", "cancelExport"];

const SHOWN: &str = "id kind format state rows total position merchant url createdAt expiresAt fetched message";

const OTHER: &str = "dbk_6666666666666666666666666666666666666666666666666666666666666666";

async fn open(server: &Server, token: &str, field: &str, mut input: Value) -> Value {
    let object = input.as_object_mut().unwrap();
    object.entry("commandId").or_insert_with(|| server.uuid().into());
    let kind = format!("{}{}Input!", field[..1].to_uppercase(), &field[1..]);
    let query = format!(
        "mutation ($input: {kind}) {{ result: {field}(input: $input) {{ export {{ {SHOWN} }}
         receipt {{ position repeated }} userErrors {{ code field message }} }} }}"
    );
    let mut answer = ask(server, token, &query, json!({"input": input})).await;
    assert_eq!(answer["errors"], Value::Null, "{answer}");
    answer["data"]["result"].take()
}

/// How many rows a file of these orders has.
async fn total(server: &Server, token: &str, input: Value) -> Value {
    let opened = open(server, token, "exportOrders", input).await;
    ended(server, token, &opened["export"]["id"]).await["total"].clone()
}

async fn state(server: &Server, token: &str, id: &Value) -> Value {
    let query = format!("query ($id: ID!) {{ export(id: $id) {{ {SHOWN} }} }}");
    let mut answer = ask(server, token, &query, json!({"id": id})).await;
    assert_eq!(answer["errors"], Value::Null, "{answer}");
    answer["data"]["export"].take()
}

/// As it is once it has ended.
async fn ended(server: &Server, token: &str, id: &Value) -> Value {
    loop {
        let export = state(server, token, id).await;
        if !["WAITING", "RUNNING"].contains(&export["state"].as_str().unwrap()) {
            return export;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

struct File {
    status: u16,
    head: String,
    body: Vec<u8>,
}

impl File {
    fn code(&self) -> Value {
        let body: Value = serde_json::from_slice(&self.body).unwrap();
        body["errors"][0]["extensions"]["code"].clone()
    }
}

async fn get(server: &Server, token: &str, path: &str) -> File {
    request(server, token, "GET", path).await
}

async fn request(server: &Server, token: &str, method: &str, path: &str) -> File {
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    let head =
        format!("{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer {token}\r\n\r\n");
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).await.unwrap();
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n").unwrap();
    let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    File { status, head: head.to_lowercase(), body: bytes[end + 4..].to_vec() }
}

/// Opened, made, fetched.
async fn taken(server: &Server, token: &str, field: &str, input: Value) -> File {
    let opened = open(server, token, field, input).await;
    assert_eq!(opened["userErrors"], json!([]), "{opened}");
    let export = ended(server, token, &opened["export"]["id"]).await;
    assert_eq!(export["state"], "DONE", "{export}");
    assert_eq!(export["rows"], export["total"]);
    get(server, token, export["url"].as_str().unwrap()).await
}

fn text(file: &File) -> String {
    assert_eq!(file.status, 200, "{}", String::from_utf8_lossy(&file.body));
    String::from_utf8(file.body.clone()).unwrap()
}

/// `m1` is the clerk's, `m2` stands beside it, `m3` below; `m0` above all of them.
async fn shops() -> Server {
    let server = Server::start().await;
    server.merchant("m0", None).await;
    for (merchant, parent) in [("m1", "m0"), ("m2", "m0"), ("m3", "m1")] {
        server.merchant(merchant, Some(parent)).await;
        for n in 0..3 {
            let mut placed = order(merchant, &format!("{merchant}-{n}"), &format!("ann{n}@example.com"));
            placed["buyer"]["contact"] = json!({"name": "李小龙", "tel": "13812345678"});
            server.done("placeOrder", placed).await;
        }
        server
            .done("recordPayment", payment(merchant, &format!("{merchant}-0"), &format!("T-{merchant}"), "10.00"))
            .await;
    }
    server.issue(CLERK, Role::Clerk).await;
    server.issue_as(9, OTHER, Role::Clerk).await;
    server.make_exports();
    server
}

/// As the command line writes it.
fn from_command_line(services: &Services, filter: &str, format: Format, columns: &str, zone: &str) -> Vec<u8> {
    let which = Which::parse(Some(filter), None, true).unwrap();
    let selection = Selection::new(services, &which).unwrap();
    let columns = OrderColumn::chosen(Some(columns)).unwrap();
    let headers = OrderColumn::headers(&columns);
    let mut table = Table::new(format, Vec::new(), "orders", headers, time_zone(zone).unwrap()).unwrap();
    let clear = |_: &daybook_views::query::Row| Shown::Clear;
    write_orders(services, &selection, &columns, &clear, &mut table, &mut |_| std::ops::ControlFlow::Continue(()))
        .unwrap();
    table.finish().unwrap().0
}

#[tokio::test]
async fn a_file_is_what_the_command_line_writes_in_each_format() {
    let server = shops().await;
    server.settle().await;
    for (format, sheets, media) in [
        ("XLSX", Format::Xlsx, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
        ("CSV", Format::Csv, "text/csv; charset=utf-8"),
        ("JSONL", Format::Jsonl, "application/jsonl"),
    ] {
        let input = json!({"format": format, "columns": ["all"], "timeZone": "Asia/Shanghai", "scope": "SUBTREE",
                           "where": {"label": {"oneOf": ["AWAITING_PAYMENT"]}}});
        let file = taken(&server, PLATFORM, "exportOrders", input).await;
        let filter = r#"{"label": {"oneOf": ["AWAITING_PAYMENT"]}}"#;
        let expected = from_command_line(&server.services, filter, sheets, "all", "Asia/Shanghai");
        assert!(expected.len() > 500);
        assert_eq!(file.status, 200);
        assert!(file.body == expected, "{format}: {} bytes, expected {}", file.body.len(), expected.len());
        let extension = format.to_lowercase();
        for line in [
            format!("content-type: {media}"),
            format!("content-length: {}", expected.len()),
            "x-content-type-options: nosniff".into(),
            "cache-control: no-store".into(),
        ] {
            assert!(file.head.contains(&line), "{line}: {}", file.head);
        }
        assert!(file.head.contains("content-disposition: attachment; filename=\"orders-"), "{}", file.head);
        assert!(file.head.contains(&format!(".{extension}\"")), "{}", file.head);
    }
    // The list's own orders, in its order.
    let file = taken(&server, CLERK, "exportOrders", json!({"format": "JSONL", "columns": ["number"]})).await;
    let list = ask(&server, CLERK, "{ orders { nodes { number } } }", json!({})).await;
    let rows: Vec<Value> = text(&file).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(json!(rows), list["data"]["orders"]["nodes"]);
    assert_eq!(rows.len(), 3);
}

#[tokio::test]
async fn times_are_told_in_the_zone_of_the_merchant_that_is_meant() {
    let server = shops().await;
    for (merchant, zone) in [("m1", "Asia/Shanghai"), ("m2", "America/Sao_Paulo")] {
        let input = json!({"commandId": server.uuid(), "merchant": merchant, "timeZone": zone});
        let set = "mutation ($input: SetProfileInput!) { setProfile(input: $input) { userErrors { code } } }";
        assert_eq!(server.data(set, json!({"input": input})).await["setProfile"]["userErrors"], json!([]));
    }
    let hours = async |token: &str, more: Value| -> BTreeSet<String> {
        let mut input = json!({"format": "CSV", "columns": ["placed_at"]});
        input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let file = text(&taken(&server, token, "exportOrders", input).await);
        file.lines().skip(1).map(|line| line[..13].to_owned()).collect()
    };
    let only = |hour: &str| BTreeSet::from([hour.to_owned()]);
    // Placed on 2023-11-14 at 22:13 UTC.
    assert_eq!(hours(PLATFORM, json!({"scope": "SUBTREE"})).await, only("2023-11-14 22"));
    assert_eq!(hours(PLATFORM, json!({"merchant": "m1"})).await, only("2023-11-15 06"));
    assert_eq!(hours(PLATFORM, json!({"merchant": "m2"})).await, only("2023-11-14 19"));
    assert_eq!(hours(PLATFORM, json!({"merchant": "m2", "timeZone": "UTC"})).await, only("2023-11-14 22"));
    assert_eq!(hours(CLERK, json!({})).await, only("2023-11-15 06"), "its own");
    assert_eq!(hours(CLERK, json!({"merchant": "m3"})).await, only("2023-11-15 06"), "from above");
}

#[tokio::test]
async fn rows_are_as_of_when_the_export_was_opened() {
    let server = shops().await;
    server.stop_exports();
    let input = json!({"format": "JSONL", "columns": ["number", "label", "tags"], "scope": "SUBTREE"});
    let opened = open(&server, PLATFORM, "exportOrders", input.clone()).await;
    assert_eq!((&opened["export"]["state"], &opened["export"]["total"]), (&json!("WAITING"), &json!("9")));
    let before = from_command_line(&server.services, "{}", Format::Jsonl, "number,label,tags", "UTC");
    let early = get(&server, PLATFORM, &format!("/exports/{}", opened["export"]["id"].as_str().unwrap())).await;
    assert_eq!((early.status, early.code()), (409, json!("NOT_READY")));
    server.place("m1", "later", "bob").await;
    server.done("addTag", json!({"order": by("m2", "m2-1"), "tag": "late"})).await;
    server.done("recordPayment", payment("m1", "m1-1", "T-9", "10.00")).await;
    server.settle().await;
    server.make_exports();
    let export = ended(&server, PLATFORM, &opened["export"]["id"]).await;
    assert_eq!(export["rows"], "9");
    let file = get(&server, PLATFORM, export["url"].as_str().unwrap()).await;
    assert_eq!(text(&file), String::from_utf8(before).unwrap());
    let now = taken(&server, PLATFORM, "exportOrders", input).await;
    assert!(text(&now).contains("later") && text(&now).contains("late\""));
}

#[tokio::test]
async fn what_is_below_is_masked_and_what_stands_above_is_not_told() {
    let server = shops().await;
    for merchant in ["m1", "m3"] {
        let parcel =
            json!({"order": by(merchant, &format!("{merchant}-0")), "trackingNumber": format!("SF-{merchant}")});
        server.done("confirmShipment", parcel).await;
    }
    let columns = json!(["number", "above", "buyer", "contact_name", "contact", "tracking_numbers"]);
    let input = json!({"format": "JSONL", "columns": columns, "scope": "SUBTREE"});
    let of_clerk = text(&taken(&server, CLERK, "exportOrders", input.clone()).await);
    let row = |text: &str, number: &str| -> Value {
        let line = text.lines().find(|line| line.contains(number)).unwrap_or_else(|| panic!("{number}: {text}"));
        serde_json::from_str(line).unwrap()
    };
    assert_eq!(of_clerk.lines().count(), 6, "nothing of m2");
    let own = row(&of_clerk, "m1-1");
    assert_eq!(
        (&own["buyer"], &own["contact_name"], &own["above"]),
        (&json!("ann1@example.com"), &json!("李小龙"), &json!([]))
    );
    let below = row(&of_clerk, "m3-1");
    assert_eq!((&below["buyer"], &below["contact_name"]), (&json!("a***@example.com"), &json!("李***龙")));
    assert_eq!((&below["above"], &below["contact"]["tel"]), (&json!(["m1"]), &json!("1***8")));
    assert!(!of_clerk.contains("m0"));
    assert_eq!(row(&of_clerk, "m1-0")["tracking_numbers"], json!(["SF-m1"]));
    assert_eq!(row(&of_clerk, "m3-0")["tracking_numbers"], json!(null), "a carrier tells where it goes");
    let all = text(&taken(&server, PLATFORM, "exportOrders", input.clone()).await);
    assert_eq!(row(&all, "m3-1")["above"], json!(["m0", "m1"]));

    let support = format!("dbk_{}", "8".repeat(64));
    server.issue_as(0x88, &support, Role::Support).await;
    let masked = text(&taken(&server, &support, "exportOrders", input).await);
    assert_eq!(masked.lines().count(), 6);
    assert!(!masked.contains("SF-"), "{masked}");
    assert!(!masked.contains("ann") && !masked.contains("小") && !masked.contains("1381"), "{masked}");
    // Nor is a buyer found by asking.
    let probe = json!({"format": "JSONL", "columns": ["number"], "scope": "SUBTREE", "where": {"buyer": {"eq": "ann1@example.com"}}});
    assert_eq!(total(&server, &support, probe.clone()).await, "0");
    assert_eq!(total(&server, CLERK, probe).await, "1", "its own alone");
    // A foreign merchant is as one that is not there, and misspelt ones are no empty files.
    for foreign in ["m0", "m2", "m9"] {
        let refused = open(&server, CLERK, "exportOrders", json!({"format": "CSV", "merchant": foreign})).await;
        let error = json!([{"code": "MERCHANT_UNKNOWN", "field": ["input", "merchant"], "message": format!("there is no merchant {foreign}")}]);
        assert_eq!((&refused["userErrors"], &refused["export"]), (&error, &Value::Null), "{foreign}");
    }
    let refused = open(&server, PLATFORM, "exportOrders", json!({"format": "CSV", "merchant": "m9"})).await;
    assert_eq!(refused["userErrors"][0]["code"], "MERCHANT_UNKNOWN");
    assert_eq!(total(&server, CLERK, json!({"format": "CSV", "merchant": "m3", "scope": "SUBTREE"})).await, "3");
}

#[tokio::test]
async fn the_file_is_for_whoever_opened_it_and_for_the_platform() {
    let server = shops().await;
    let opened = open(&server, CLERK, "exportOrders", json!({"format": "CSV"})).await;
    let id = &opened["export"]["id"];
    let export = ended(&server, CLERK, id).await;
    let url = export["url"].as_str().unwrap();
    assert_eq!(get(&server, CLERK, url).await.status, 200);
    let looked = request(&server, CLERK, "HEAD", url).await;
    assert_eq!((looked.status, looked.body.len()), (200, 0));
    assert_eq!(state(&server, CLERK, id).await["fetched"], 1, "whoever only looks takes nothing");
    let nobody = get(&server, OTHER, "/exports/00000000-0000-0000-0000-00000000dead").await;
    assert_eq!((nobody.status, nobody.code()), (404, json!("NOT_FOUND")));
    let shape = |file: &File| {
        (file.status, file.body.clone(), file.head.lines().filter(|line| !line.starts_with("date")).count())
    };
    for path in [url, "/exports/x", "/exports/..%2fmanifest"] {
        assert_eq!(shape(&get(&server, OTHER, path).await), shape(&nobody), "{path}");
    }
    assert_eq!(state(&server, OTHER, id).await, Value::Null);
    let cancel = "mutation ($id: ID!) { cancelExport(id: $id) { state } }";
    let cancelled = ask(&server, OTHER, cancel, json!({"id": id})).await;
    assert_eq!(cancelled, json!({"data": {"cancelExport": null}}));
    assert_eq!(get(&server, PLATFORM, url).await.status, 200, "it is there still");
    let refused = server.incidents(1).await;
    assert!(refused.iter().any(|line| line["code"] == "FORBIDDEN" && line["field"] == "exports"), "{refused:?}");

    // The log says who took it, and not whom they looked for.
    let filter = json!({"OR": [{"buyer": {"eq": "ann1@example.com"}}, {"tag": {"eq": "x"}}]});
    let by_buyer = open(&server, CLERK, "exportOrders", json!({"format": "CSV", "where": filter})).await;
    let position = by_buyer["receipt"]["position"].as_str().unwrap().parse().unwrap();
    let Event::ExportOpened(event) = server.services.reader.event(position).unwrap().unwrap().event else { panic!() };
    assert_eq!(&*event.filter, r#"{"where":{"OR":[{"buyer":"named"},{"tag":{"eq":"x"}}]}}"#);
    let mut fetched = Vec::new();
    let each =
        |recorded: daybook_domain::Recorded| fetched.push((recorded.actor.id.as_u128(), recorded.stream.to_string()));
    server.services.reader.each_of(&[Kind::ExportFetched], each).unwrap();
    let id = id.as_str().unwrap().to_owned();
    assert_eq!(fetched, [(7, id.clone()), (7, id)], "the clerk, and the platform, whose tokens have one id here");
    assert_eq!(state(&server, CLERK, &opened["export"]["id"]).await["fetched"], 2);

    server.revoke(CLERK).await;
    assert_eq!(get(&server, CLERK, url).await.status, 401);
    assert_eq!(get(&server, "dbk_x", url).await.status, 401);
}

#[tokio::test]
async fn what_makes_no_sense_is_refused_and_what_is_too_much_waits() {
    let server = shops().await;
    for (input, field) in [
        (json!({"format": "CSV", "columns": ["nmber"]}), "columns"),
        (json!({"format": "CSV", "columns": []}), "columns"),
        (json!({"format": "CSV", "columns": ["number", "number"]}), "columns"),
        (json!({"format": "CSV", "timeZone": "Mars/Base"}), "timeZone"),
        (json!({"format": "CSV", "commandId": "x"}), "commandId"),
    ] {
        let refused = open(&server, CLERK, "exportOrders", input).await;
        assert_eq!((&refused["export"], &refused["receipt"]), (&Value::Null, &Value::Null));
        assert_eq!(refused["userErrors"][0]["code"], "INVALID_INPUT", "{refused}");
        assert_eq!(refused["userErrors"][0]["field"], json!(["input", field]));
    }
    server.stop_exports();
    let id = server.uuid();
    let first = open(&server, CLERK, "exportOrders", json!({"format": "CSV", "commandId": id})).await;
    let again = open(&server, CLERK, "exportOrders", json!({"format": "CSV", "commandId": id})).await;
    assert_eq!((&again["receipt"]["repeated"], &again["export"]), (&json!(true), &first["export"]));
    let other = open(&server, CLERK, "exportOrders", json!({"format": "XLSX", "commandId": id})).await;
    assert_eq!(other["userErrors"][0]["code"], "COMMAND_ID_REUSED");
    let second = open(&server, CLERK, "exportOrders", json!({"format": "CSV"})).await;
    let third = open(&server, OTHER, "exportOrders", json!({"format": "CSV"})).await;
    assert_eq!(third["userErrors"][0]["code"], "TOO_MANY_EXPORTS", "{third}");
    assert_eq!(open(&server, PLATFORM, "exportOrders", json!({"format": "CSV"})).await["userErrors"], json!([]));
    let cancel = "mutation ($id: ID!) { cancelExport(id: $id) { state url } }";
    let cancelled = ask(&server, CLERK, cancel, json!({"id": second["export"]["id"]})).await;
    assert_eq!(cancelled, json!({"data": {"cancelExport": {"state": "CANCELLED", "url": null}}}));
    assert_eq!(open(&server, OTHER, "exportOrders", json!({"format": "CSV"})).await["userErrors"], json!([]));
    server.make_exports();
    assert_eq!(ended(&server, CLERK, &first["export"]["id"]).await["state"], "DONE");
    assert_eq!(state(&server, CLERK, &second["export"]["id"]).await["state"], "CANCELLED");
    let path = format!("/exports/{}", second["export"]["id"].as_str().unwrap());
    assert_eq!(get(&server, CLERK, &path).await.status, 409);
}

#[tokio::test]
async fn events_are_the_log_behind_a_position() {
    let server = shops().await;
    let all = text(&taken(&server, PLATFORM, "exportEvents", json!({"format": "JSONL"})).await);
    let expected: Vec<String> = server
        .services
        .reader
        .events(1, 64 << 20)
        .unwrap()
        .iter()
        .map(|recorded| daybook_codec::to_json(recorded, &mut |_, _| None).to_string())
        .collect();
    let lines: Vec<&str> = all.lines().collect();
    assert!(lines.len() > 15);
    assert_eq!(lines, expected[..lines.len()], "and nothing of what came after");
    assert!(!all.contains("ann1") && !all.contains("小"), "personal texts stay sealed");
    let input = json!({"format": "CSV", "after": "3", "columns": ["position", "kind"]});
    let table = text(&taken(&server, PLATFORM, "exportEvents", input).await);
    let positions: Vec<u64> =
        table.lines().skip(1).map(|line| line.split(',').next().unwrap().parse().unwrap()).collect();
    assert_eq!(positions.first(), Some(&4));
    assert!(positions.windows(2).all(|pair| pair[1] == pair[0] + 1));
}

#[tokio::test]
async fn a_file_outlives_the_server_for_a_day() {
    let dir = TempDir::new().unwrap();
    let server = Server::start_in(dir.path()).await;
    server.merchant("m1", None).await;
    server.place("m1", "N-1", "ann").await;
    server.make_exports();
    let whole = open(&server, PLATFORM, "exportOrders", json!({"format": "CSV"})).await["export"]["id"].clone();
    ended(&server, PLATFORM, &whole).await;
    server.stop_exports();
    let cut_off = open(&server, PLATFORM, "exportOrders", json!({"format": "CSV"})).await["export"]["id"].clone();
    std::fs::write(dir.path().join("exports").join(format!("{}.part", cut_off.as_str().unwrap())), "half").unwrap();

    // As the next server finds the folder.
    let limits = ExportLimits::default();
    let services = Services {
        exports: Exports::in_folder(dir.path().join("exports"), limits).unwrap(),
        ..server.services.clone()
    };
    let names = || {
        let entries = std::fs::read_dir(dir.path().join("exports")).unwrap();
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(names(), [format!("{}.csv", whole.as_str().unwrap())]);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&dir.path().join("exports")), 0o700);
        assert_eq!(mode(&dir.path().join("exports").join(&names()[0])), 0o600);
    }
    let next = server.serve_again(services.clone()).await;
    assert_eq!(state(&next, PLATFORM, &whole).await["state"], "DONE");
    let lost = state(&next, PLATFORM, &cut_off).await;
    assert_eq!((&lost["state"], &lost["url"]), (&json!("FAILED"), &Value::Null));
    assert!(lost["message"].as_str().unwrap().contains("export again"), "{lost}");
    let path = format!("/exports/{}", whole.as_str().unwrap());
    assert_eq!(get(&next, PLATFORM, &path).await.status, 200);
    next.pass(24 * 60 * 60);
    assert_eq!(state(&next, PLATFORM, &whole).await["state"], "EXPIRED");
    assert_eq!(get(&next, PLATFORM, &path).await.status, 409);
    // The next one that is made sweeps.
    next.make_exports();
    let new = open(&next, PLATFORM, "exportOrders", json!({"format": "CSV"})).await["export"]["id"].clone();
    ended(&next, PLATFORM, &new).await;
    next.stop_exports();
    assert_eq!(names(), [format!("{}.csv", new.as_str().unwrap())]);
}

#[tokio::test]
async fn the_oldest_files_make_room_and_none_is_larger_than_it_may_be() {
    let server = shops().await;
    server.stop_exports();
    let size = from_command_line(&server.services, "{}", Format::Csv, "all", "UTC").len() as u64;
    let dir = TempDir::new().unwrap();
    let small = |file_bytes, total_bytes| {
        let limits = ExportLimits { file_bytes, total_bytes, ..ExportLimits::default() };
        let exports = Exports::in_folder(dir.path().join("exports"), limits).unwrap();
        server.serve_again(Services { exports, ..server.services.clone() })
    };
    let roomy = small(size, 2 * size + size / 2).await;
    roomy.make_exports();
    let input = json!({"format": "CSV", "columns": ["all"], "scope": "SUBTREE"});
    let mut made = Vec::new();
    for _ in 0..3 {
        let id = open(&roomy, PLATFORM, "exportOrders", input.clone()).await["export"]["id"].clone();
        assert_eq!(ended(&roomy, PLATFORM, &id).await["state"], "DONE");
        made.push(id);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    roomy.stop_exports();
    let mut states = Vec::new();
    for id in &made {
        states.push(state(&roomy, PLATFORM, id).await["state"].clone());
    }
    assert_eq!(states, ["FAILED", "DONE", "DONE"]);
    let tight = small(size - 1, 1 << 30).await;
    tight.make_exports();
    let mut input = input;
    input["commandId"] = json!(server.uuid());
    let id = open(&tight, PLATFORM, "exportOrders", input).await["export"]["id"].clone();
    let failed = ended(&tight, PLATFORM, &id).await;
    assert_eq!(failed["state"], "FAILED");
    assert!(failed["message"].as_str().unwrap().contains("narrow the filter"), "{failed}");
    assert!(!dir.path().join("exports").join(format!("{}.part", id.as_str().unwrap())).exists());
}

#[tokio::test]
async fn progress_is_told_until_all_rows_are_there() {
    let server = shops().await;
    server.stop_exports();
    let input = json!({"format": "CSV", "scope": "SUBTREE"});
    let opened = open(&server, PLATFORM, "exportOrders", input).await;
    let mut socket = Socket::greeted(&server).await;
    let query = "subscription ($id: ID!) { exportProgress(id: $id) { state rows total } }";
    let payload = json!({"query": query, "variables": {"id": opened["export"]["id"]}});
    socket.send(json!({"id": "1", "type": "subscribe", "payload": payload})).await;
    let mut told = vec![socket.next().await.unwrap()["payload"]["data"]["exportProgress"].clone()];
    assert_eq!(told[0], json!({"state": "WAITING", "rows": "0", "total": "9"}));
    server.make_exports();
    loop {
        let message = socket.next().await.unwrap();
        if message["type"] == "complete" {
            break;
        }
        told.push(message["payload"]["data"]["exportProgress"].clone());
    }
    assert_eq!(told.last().unwrap(), &json!({"state": "DONE", "rows": "9", "total": "9"}), "{told:?}");
    let payload = json!({"query": query, "variables": {"id": "00000000-0000-0000-0000-00000000dead"}});
    socket.send(json!({"id": "2", "type": "subscribe", "payload": payload})).await;
    let refused = socket.next().await.unwrap();
    assert!(refused.to_string().contains("there is no such export"), "{refused}");
}
