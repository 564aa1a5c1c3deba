//! The command line as a user meets it: the real binary, real folders.

use std::path::Path;
use std::process::{Command, Output};

const LINES: &str = r#"{"action":"register-merchant","at":"2024-01-01T00:00:00Z","id":"m1","name":"Shop"}
{"action":"place","at":"2024-01-02T10:00:00Z","merchant":"m1","number":"A-1","buyer":{"account":"小明"},"currency":"CNY","lines":[{"sku":"card","title":"Card","kind":"CARD","quantity":2,"unitPrice":"9.90"}],"adjustments":[{"kind":"DISCOUNT","label":"coupon","amount":"-1.00"}]}
this is no action
{"action":"record-payment","at":"2024-01-02T10:05:00Z","merchant":"m1","number":"A-1","provider":"alipay","tradeNumber":"T-1","amount":{"amount":"18.80","currency":"CNY"}}
{"action":"record-payment","at":"2024-01-02T10:05:00Z","merchant":"m1","number":"A-404","provider":"alipay","tradeNumber":"T-2","amount":{"amount":"18.80","currency":"CNY"}}
{"action":"confirm-shipment","at":"2024-01-02T10:04:00Z","merchant":"m1","number":"A-1"}
"#;

fn daybook(dir: &Path, args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_daybook"));
    command.args(args).arg("--data").arg(dir).env_remove("DAYBOOK_MASTER_KEY");
    command.output().expect("the binary runs")
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).expect("UTF-8")
}

fn json(output: &Output) -> serde_json::Value {
    serde_json::from_slice(&output.stdout).expect("JSON on standard output")
}

struct Shop {
    folder: tempfile::TempDir,
}

impl Shop {
    fn imported() -> (Self, Output) {
        let shop = Self { folder: tempfile::tempdir().expect("a folder") };
        std::fs::write(shop.file(), LINES).expect("a file");
        let output = shop.import();
        (shop, output)
    }

    fn file(&self) -> std::path::PathBuf {
        self.folder.path().join("history.jsonl")
    }

    fn data(&self) -> std::path::PathBuf {
        self.folder.path().join("data")
    }

    fn import(&self) -> Output {
        daybook(&self.data(), &["import", "jsonl", self.file().to_str().expect("UTF-8"), "--json"])
    }
}

#[test]
fn a_bad_line_is_named_and_the_rest_is_imported_once() {
    let (shop, first) = Shop::imported();
    assert_eq!(first.status.code(), Some(1), "not everything was imported");
    let report = json(&first);
    assert_eq!(report["imported"], 4);
    assert_eq!(report["notImported"], 2);
    assert_eq!(report["badLines"][0]["line"], 3);
    assert_eq!(report["badLines"][1]["line"], 5);
    assert!(report["badLines"][1]["why"].as_str().expect("a text").contains("ORDER_UNKNOWN"));
    assert_eq!(report["remarks"]["confirm-shipment: OUT_OF_ORDER"], 1);
    let again = json(&shop.import());
    assert_eq!((&again["imported"], &again["alreadyThere"]), (&0.into(), &4.into()));
}

#[test]
fn a_history_says_who_when_why_and_what_changed() {
    let (shop, _) = Shop::imported();
    let shown = daybook(&shop.data(), &["history", "m1/A-1"]);
    let text = text(&shown.stdout);
    assert!(shown.status.success(), "{text}");
    for expected in ["小明", "order-placed", "label: AWAITING_PAYMENT → TO_SHIP", "captured: 0.00 CNY → 18.80 CNY"]
    {
        assert!(text.contains(expected), "{expected} is missing in {text}");
    }
    let early = daybook(&shop.data(), &["history", "m1/A-1", "--as-of", "revision:1", "--json"]);
    let event = json(&early);
    assert_eq!(event["data"]["buyer"]["account"].as_str().or(event["data"]["account"].as_str()), Some("小明"));
    assert_eq!(event["changes"][0]["field"], "label");
    let unknown = daybook(&shop.data(), &["history", "m1/A-2"]);
    assert_eq!(unknown.status.code(), Some(1));
    assert_eq!(daybook(&shop.data(), &["history", "m1/A-1", "--as-of", "yesterday"]).status.code(), Some(1));
}

#[test]
fn an_export_goes_on_after_a_position_and_shows_no_personal_text() {
    let (shop, _) = Shop::imported();
    let all = daybook(&shop.data(), &["export", "events", "--format", "jsonl"]);
    let lines: Vec<serde_json::Value> =
        text(&all.stdout).lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let kinds: Vec<&str> = lines.iter().filter_map(|line| line["kind"].as_str()).collect();
    assert_eq!(
        kinds,
        ["merchant-registered", "order-placed", "payment-captured", "payment-claimed", "shipment-confirmed"]
    );
    assert!(!text(&all.stdout).contains("小明"));
    let rest = daybook(&shop.data(), &["export", "events", "--after", "4"]);
    let rest: Vec<serde_json::Value> =
        text(&rest.stdout).lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let kinds: Vec<&str> = rest.iter().filter_map(|line| line["kind"].as_str()).collect();
    assert_eq!(kinds, ["shipment-confirmed", "export-opened"], "the first export is an event too");
}

#[test]
fn a_token_is_printed_alone_and_a_sound_folder_is_found_sound() {
    let (shop, _) = Shop::imported();
    let made = daybook(&shop.data(), &["token", "create", "--role", "platform"]);
    let token = text(&made.stdout).trim_end();
    assert!(token.len() == 68 && token.starts_with("dbk_") && !token.contains('\n'), "{token}");
    assert_eq!(daybook(&shop.data(), &["token", "create", "--role", "clerk"]).status.code(), Some(1));
    assert_eq!(daybook(&shop.data(), &["token", "create", "--role", "king"]).status.code(), Some(2));
    let verified = daybook(&shop.data(), &["verify", "--json"]);
    assert_eq!(json(&verified)["sound"], true);
    assert_eq!(json(&verified)["records"], 6);
}

#[test]
fn damage_is_found_and_named_and_a_missing_folder_is_not_made() {
    let (shop, _) = Shop::imported();
    let wal = shop.data().join("wal/00000000000000000001.wal");
    let mut bytes = std::fs::read(&wal).expect("a write-ahead file");
    let at = bytes.windows(4).position(|part| part == b"coup").expect("a label that is not sealed");
    bytes[at] ^= 1;
    std::fs::write(&wal, bytes).expect("a file");
    let verified = daybook(&shop.data(), &["verify"]);
    assert_eq!(verified.status.code(), Some(1), "{}", text(&verified.stdout));
    let refused = daybook(&shop.data(), &["history", "m1/A-1"]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(text(&refused.stderr).contains("restore"), "{}", text(&refused.stderr));
    let nowhere = shop.folder.path().join("nowhere");
    assert_eq!(daybook(&nowhere, &["history", "m1/A-1"]).status.code(), Some(1));
    assert!(!nowhere.exists());
}

/// A name that was mistyped makes no data folder of what is there.
#[test]
fn a_folder_with_other_things_in_it_is_left_as_it_is() {
    let (shop, _) = Shop::imported();
    let refused = daybook(shop.folder.path(), &["token", "create", "--role", "platform"]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(text(&refused.stderr).contains("which is not Daybook's"), "{}", text(&refused.stderr));
    let file = daybook(&shop.file(), &["merchant", "create", "m9", "--name", "x"]);
    assert!(text(&file.stderr).contains("is a file: name a folder"), "{}", text(&file.stderr));
    let missing = daybook(&shop.folder.path().join("a/b"), &["merchant", "create", "m9", "--name", "x"]);
    assert!(text(&missing.stderr).contains("the folder above it is not there"), "{}", text(&missing.stderr));
    assert_eq!(daybook(shop.folder.path(), &["verify"]).status.code(), Some(1));
    let folder = shop.folder.path().join("data");
    let imported = daybook(&shop.folder.path().join("new"), &["import", "jsonl", folder.to_str().expect("UTF-8")]);
    assert!(text(&imported.stderr).contains("is a folder: name a file"), "{}", text(&imported.stderr));
    let mut left: Vec<_> =
        shop.folder.path().read_dir().expect("a folder").map(|entry| entry.expect("an entry").file_name()).collect();
    left.sort();
    assert_eq!(left, ["data", "history.jsonl"]);
}

fn place(merchant: &str, number: &str) -> String {
    let line = r#"{"action":"place","at":"2024-01-02T10:00:00Z","merchant":"M","number":"N","buyer":{"account":"M N"},"currency":"CNY","lines":[{"sku":"card","title":"Card","kind":"CARD","quantity":1,"unitPrice":"9.90"}]}"#;
    line.replace("\"M\"", &format!("{merchant:?}"))
        .replace("\"N\"", &format!("{number:?}"))
        .replace("M N", &format!("{merchant} {number}"))
}

#[test]
fn an_order_is_found_by_every_name_that_means_only_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("history.jsonl");
    let data = folder.path().join("data");
    let register = |id: &str, parent: &str| {
        format!(r#"{{"action":"register-merchant","at":"2024-01-01T00:00:00Z","id":"{id}","name":"{id}"{parent}}}"#)
    };
    let number_like_an_id = "e481f51cbdc54678b7cc49136f2d6af7";
    let lines = [
        register("top", ""),
        register("left", r#","parent":"top""#),
        register("right", r#","parent":"top""#),
        register("low", r#","parent":"right""#),
        place("low", "ONE"),
        place("left", "TWO"),
        place("low", "TWO"),
        place("top", "THREE"),
        place("left", "THREE"),
        place("low", "top/ONE"),
        place("left", number_like_an_id),
    ];
    std::fs::write(&file, lines.join("\n")).expect("a file");
    let imported = daybook(&data, &["import", "jsonl", file.to_str().expect("UTF-8")]);
    assert!(imported.status.success(), "{}", text(&imported.stdout));
    for (name, order) in [
        ("ONE", "low ONE"),
        ("low/ONE", "low ONE"),
        ("right/ONE", "low ONE"),
        ("top/ONE", "low ONE"),
        ("right/TWO", "low TWO"),
        ("top/THREE", "top THREE"),
        ("low/top/ONE", "low top/ONE"),
        (number_like_an_id, "left e481f51cbdc54678b7cc49136f2d6af7"),
    ] {
        let shown = daybook(&data, &["history", name]);
        assert!(text(&shown.stdout).contains(&format!("\"{order}\"")), "{name}: {shown:?}");
    }
    for (name, why) in [
        ("TWO", "2 merchants have an order TWO: left, low; say which, such as left/TWO"),
        ("top/TWO", "2 merchants have an order TWO: left, low; say which, such as left/TWO"),
        ("THREE", "2 merchants have an order THREE: top, left; say which, such as top/THREE"),
        ("left/ONE", "left/ONE: there is no such order"),
        ("FOUR", "FOUR: there is no such order"),
    ] {
        let refused = daybook(&data, &["history", name]);
        assert_eq!((refused.status.code(), text(&refused.stderr)), (Some(1), &*format!("error: {why}\n")));
    }
}

#[cfg(unix)]
#[test]
fn ctrl_c_ends_an_import_between_lines_and_it_goes_on_later() {
    use std::io::Write;
    let folder = tempfile::tempdir().expect("a folder");
    let (pipe, data) = (folder.path().join("pipe"), folder.path().join("data"));
    assert!(Command::new("mkfifo").arg(&pipe).status().expect("mkfifo runs").success());
    let mut command = Command::new(env!("CARGO_BIN_EXE_daybook"));
    command.args(["import", "jsonl", "--json", "--source", "s"]).arg(&pipe).arg("--data").arg(&data);
    command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
    let importer = command.env_remove("DAYBOOK_MASTER_KEY").spawn().expect("the binary runs");
    let mut writer = std::fs::OpenOptions::new().write(true).open(&pipe).expect("the importer reads it");
    let lines: Vec<&str> = LINES.lines().collect();
    writeln!(writer, "{}", lines[..2].join("\n")).expect("two lines");
    // More than a pipe keeps: once all is written, it reads.
    writer.write_all(&[b'\n'; 200_000]).expect("empty lines");
    let status = Command::new("kill").args(["-INT", &importer.id().to_string()]).status().expect("kill runs");
    assert!(status.success());
    std::thread::sleep(std::time::Duration::from_millis(500));
    // Where it waits for a line, it still takes this one. The other one finds nobody.
    let _ = writeln!(writer, "{}", lines[3]);
    let _ = writeln!(writer, "{}", lines[5]);
    drop(writer);
    let output = importer.wait_with_output().expect("it ends");
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let report = json(&output);
    let imported = report["imported"].as_u64().expect("a count");
    assert!((2..=3).contains(&imported) && report["stopped"] == true, "{report}");
    assert!(text(&output.stderr).contains("run the same import again"), "{}", text(&output.stderr));
    let file = folder.path().join("all");
    std::fs::write(&file, LINES).expect("a file");
    let rest = json(&daybook(&data, &["import", "jsonl", file.to_str().expect("UTF-8"), "--source", "s", "--json"]));
    let counts = (&rest["imported"], &rest["alreadyThere"], &rest["stopped"]);
    assert_eq!(counts, (&(4 - imported).into(), &imported.into(), &false.into()), "{rest}");
}

/// As when the power fails right after the last append, and its bytes change: whoever opens the folder is told.
#[test]
fn a_batch_that_is_cut_off_the_end_is_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data");
    assert!(daybook(&data, &["merchant", "create", "m1"]).status.success());
    let mark = std::fs::read(data.join("durable")).expect("a mark");
    assert!(daybook(&data, &["merchant", "create", "m2"]).status.success());
    std::fs::write(data.join("durable"), mark).expect("written");
    let file = data.join("wal/00000000000000000001.wal");
    let mut bytes = std::fs::read(&file).expect("a file");
    let end = bytes.iter().rposition(|&byte| byte != 0).expect("records");
    bytes[end - 20] ^= 1;
    std::fs::write(&file, bytes).expect("written");

    let verified = daybook(&data, &["verify"]);
    let said = text(&verified.stdout);
    assert!(verified.status.success() && said.contains("NOTE ") && said.contains("(position 2)"), "{said}");
    let exported = daybook(&data, &["export", "events"]);
    let said = text(&exported.stderr);
    assert!(said.contains("warning: a batch of 1 record (position 2) at byte "), "{said}");
    assert!(said.contains("must send the command again"), "{said}");
    assert_eq!(text(&exported.stdout).lines().count(), 1);
    let again = daybook(&data, &["export", "events"]);
    assert!(!text(&again.stderr).contains("warning"), "it is said once: {}", text(&again.stderr));
}
