//! Keys, checkpoints and evidence as a user meets them: the real binary, real folders, the script in docs.

#![allow(clippy::unwrap_used, reason = "unwrap is how a test fails")]

mod support;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use support::{Server, daybook, run, token};

const LINES: &str = r#"{"action":"register-merchant","at":"2024-01-01T00:00:00Z","id":"m1","name":"Shop"}
{"action":"place","at":"2024-01-02T10:00:00Z","merchant":"m1","number":"A-1","buyer":{"account":"小明"},"currency":"CNY","lines":[{"sku":"card","title":"Card <b>50</b>","kind":"CARD","quantity":2,"unitPrice":"9.90"}],"adjustments":[{"kind":"DISCOUNT","label":"coupon","amount":"-1.00"}]}
{"action":"record-payment","at":"2024-01-02T10:05:00Z","merchant":"m1","number":"A-1","provider":"alipay","tradeNumber":"T-1","amount":{"amount":"18.80","currency":"CNY"}}
"#;
const MORE: &str = r#"{"action":"confirm-shipment","at":"2024-01-02T10:14:00Z","merchant":"m1","number":"A-1"}
{"action":"place","at":"2024-01-03T10:00:00Z","merchant":"m1","number":"A-2","buyer":{"account":"小红"},"currency":"CNY","lines":[{"sku":"card","title":"Card","kind":"CARD","quantity":1,"unitPrice":"9.90"}]}
"#;

struct Shop {
    folder: tempfile::TempDir,
    key: String,
}

fn said(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn complained(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

#[track_caller]
fn well(output: Output) -> String {
    assert!(output.status.success(), "{}{}", said(&output), complained(&output));
    said(&output)
}

impl Shop {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut shop = Self { folder, key: String::new() };
        shop.import(LINES);
        shop.key = well(run(&["keys", "create", "--name", "shop.example/ledger"], &shop.data())).trim().to_owned();
        shop
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn import(&self, lines: &str) {
        let file = self.file("lines.jsonl", lines);
        well(run(&["import", "jsonl", file.to_str().unwrap()], &self.data()));
    }

    fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    }

    fn verify_evidence(&self, file: &Path) -> Output {
        daybook().arg("verify-evidence").arg(file).args(["--key", &self.key]).output().unwrap()
    }

    /// None where there is no Python.
    fn script(&self, file: &Path) -> Option<Output> {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/verify_evidence.py");
        let asked = Command::new("python3").arg("-B").arg(script).arg(file).arg(&self.key).output();
        asked.inspect_err(|_| println!("python3 is not installed: docs/verify_evidence.py was not run")).ok()
    }

    /// Both must agree.
    #[track_caller]
    fn is_proven(&self, text: &str) -> bool {
        let file = self.file("given.json", text);
        let ours = self.verify_evidence(&file);
        assert_eq!(said(&ours).starts_with("proven"), ours.status.success(), "{}", said(&ours));
        if let Some(theirs) = self.script(&file) {
            assert_eq!(theirs.status.code(), ours.status.code(), "{}{}", said(&theirs), complained(&theirs));
        }
        ours.status.success()
    }
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let (path, target) = entry.map(|entry| (entry.path(), to.join(entry.file_name()))).unwrap();
        if path.is_dir() {
            copy(&path, &target);
        } else if path.is_file() {
            std::fs::copy(&path, &target).unwrap();
        }
    }
}

#[test]
fn a_key_is_made_once_and_shown_again() {
    let shop = Shop::new();
    assert!(shop.key.starts_with("shop.example/ledger/"), "{}", shop.key);
    assert_eq!(well(run(&["keys", "show"], &shop.data())).trim(), shop.key);
    let again = run(&["keys", "create"], &shop.data());
    assert!(!again.status.success() && complained(&again).contains("never overwritten"));
    let none = tempfile::tempdir().unwrap();
    let data = none.path().join("data");
    assert!(complained(&run(&["checkpoint"], &data)).contains("there is no ledger"));
    token(&data);
    for command in ["checkpoint", "keys show"] {
        let args: Vec<&str> = command.split(' ').collect();
        assert!(complained(&run(&args, &data)).contains("keys create"), "{command}");
    }
    let wrong = run(&["keys", "create", "--name", "two words"], &data);
    assert!(complained(&wrong).contains("neither spaces"));
}

#[test]
fn who_signed_is_checked_whatever_key_is_there() {
    let shop = Shop::new();
    well(run(&["checkpoint"], &shop.data()));
    let verify = |key: Option<&str>, more: &[&str]| {
        let mut command = daybook();
        command.arg("verify").args(more).arg("--data").arg(shop.data());
        if let Some(key) = key {
            command.env("DAYBOOK_SIGNING_KEY", key);
        }
        command.output().unwrap()
    };
    assert!(well(verify(None, &[])).contains("of 1 signed checkpoints"));
    let secret = std::fs::read_to_string(shop.data().join("signing.key")).unwrap();
    for file in ["signing.key", "signing.pub"] {
        std::fs::remove_file(shop.data().join(file)).unwrap();
    }
    let unknown = well(verify(None, &[]));
    assert!(unknown.contains("of 1 checkpoints; who signed them was not checked"), "{unknown}");
    assert!(well(verify(Some(secret.trim()), &[])).contains("of 1 signed checkpoints"));
    assert!(well(verify(None, &["--key", &shop.key])).contains("of 1 signed checkpoints"));
    let stranger = std::fs::read_to_string(Shop::new().data().join("signing.key")).unwrap();
    let found = verify(Some(stranger.trim()), &[]);
    assert_eq!(found.status.code(), Some(1));
    assert!(said(&found).contains("signed by keys that never signed here") && said(&found).contains("NOT SOUND"));
    let mut command = daybook();
    command.args(["checkpoint", "--data"]).arg(shop.data()).env("DAYBOOK_SIGNING_KEY", stranger.trim());
    assert!(complained(&command.output().unwrap()).contains("is not of this ledger"));
}

#[test]
fn a_key_is_replaced_and_proofs_go_on_across_it() {
    let mut shop = Shop::new();
    let first = well(run(&["checkpoint"], &shop.data()));
    std::fs::rename(shop.data().join("signing.key"), shop.folder.path().join("old.key")).unwrap();
    let new = well(run(&["keys", "create"], &shop.data())).trim().to_owned();
    let old = std::mem::replace(&mut shop.key, new);
    assert_ne!(old, shop.key);
    shop.import(MORE);
    well(run(&["checkpoint"], &shop.data()));
    let sizes: Vec<String> = well(run(&["checkpoint", "--list"], &shop.data())).lines().map(str::to_owned).collect();
    let between = format!("{}..{}", sizes[0], sizes[1]);
    let proof = well(run(&["checkpoint", "--consistency", &between], &shop.data()));
    assert!(shop.is_proven(&proof));
    let again = well(run(&["checkpoint", "--size", &sizes[0]], &shop.data()));
    assert!(again.starts_with(&first) && again.lines().count() == first.lines().count() + 1, "{again}");
    assert!(shop.is_proven(&well(run(&["evidence", "A-1"], &shop.data()))));
    assert!(well(run(&["verify"], &shop.data())).contains("of 2 signed checkpoints"));
    let found = run(&["verify", "--key", &shop.key], &shop.data());
    assert!(said(&found).contains("if another key of yours signed it"), "{}", said(&found));
    let both = run(&["verify", "--key", &shop.key, "--key", &old], &shop.data());
    assert!(well(both).contains("of 2 signed checkpoints"));
}

#[test]
fn evidence_proves_the_same_to_the_command_and_to_the_script() {
    let shop = Shop::new();
    let bundle = well(run(&["evidence", "A-1"], &shop.data()));
    assert!(shop.is_proven(&bundle));
    assert!(!bundle.contains("小明"), "personal texts stay sealed");
    let first = well(run(&["checkpoint"], &shop.data()));
    shop.import(MORE);
    let later = well(run(&["evidence", "m1/A-1"], &shop.data()));
    assert!(shop.is_proven(&later));
    assert!(later.contains("shipment-confirmed") && !bundle.contains("shipment-confirmed"));
    assert!(!shop.is_proven(&bundle.replace("18.80", "18.81").replace("1880", "1881")));
    assert!(!shop.is_proven(&later.replace("alipay", "wechat")));
    let sizes: Vec<String> = well(run(&["checkpoint", "--list"], &shop.data())).lines().map(str::to_owned).collect();
    assert_eq!(sizes.len(), 2, "{sizes:?}");
    let between = format!("{}..{}", sizes[0], sizes[1]);
    let proof = well(run(&["checkpoint", "--consistency", &between], &shop.data()));
    assert!(shop.is_proven(&proof));
    assert_eq!(well(run(&["checkpoint", "--size", &sizes[0]], &shop.data())), first);
    assert!(!shop.is_proven(&proof.replace(&format!("\\n{}\\n", sizes[0]), &format!("\\n{}\\n", sizes[1]))));
    assert!(!shop.is_proven("{}") && !shop.is_proven("no JSON"));
    assert!(complained(&run(&["checkpoint", "--consistency", "1"], &shop.data())).contains("1000..2500"));
    assert!(complained(&run(&["evidence", "A-404"], &shop.data())).contains("no such order"));
    assert!(complained(&run(&["evidence", "merchant:m1"], &shop.data())).contains("evidence is of an order"));
}

#[test]
fn a_page_is_for_reading_and_hides_what_is_personal_unless_it_is_asked_for() {
    let shop = Shop::new();
    let page = well(run(&["evidence", "A-1", "--html"], &shop.data()));
    for there in [
        "<html lang=\"en\">",
        "@media print",
        "Order placed",
        "Payment received",
        "(hidden)",
        "18.80 CNY",
        "Card &lt;b&gt;50",
    ] {
        assert!(page.contains(there), "{there} is missing in {page}");
    }
    for absent in ["小明", "T-1", "<script", "<b>50", "http://", "https://", "src="] {
        assert!(!page.contains(absent), "{absent} is in {page}");
    }
    let page = well(run(&["evidence", "A-1", "--html", "--language", "zh-CN", "--personal"], &shop.data()));
    for there in ["<html lang=\"zh-CN\">", "已下单", "已收款", "小明", "T-1", "本页含个人信息"] {
        assert!(page.contains(there), "{there} is missing in {page}");
    }
    assert!(!page.contains("Order placed") && !page.contains("<script"));
}

#[test]
fn a_folder_that_was_put_back_is_not_served_and_not_sound() {
    let shop = Shop::new();
    well(run(&["checkpoint"], &shop.data()));
    let earlier = shop.folder.path().join("earlier");
    copy(&shop.data(), &earlier);
    shop.import(MORE);
    let checkpoint = well(run(&["checkpoint"], &shop.data()));
    let kept = shop.file("kept-elsewhere", &checkpoint);
    let verify = |data: &Path, key: &str| {
        let mut command = daybook();
        command.args(["verify", "--key", key, "--checkpoint"]).arg(&kept).arg("--data").arg(data).output().unwrap()
    };
    let sound = verify(&shop.data(), &shop.key);
    assert!(well(sound).contains("3 signed checkpoints"));
    // Its own checkpoints were put back with it: only who kept one elsewhere can tell.
    assert!(run(&["verify"], &earlier).status.success());
    let found = verify(&earlier, &shop.key);
    assert!(
        found.status.code() == Some(1) && said(&found).contains("put back to an earlier state"),
        "{}",
        said(&found)
    );
    std::fs::copy(shop.data().join("checkpoints"), earlier.join("checkpoints")).unwrap();
    let found = run(&["verify"], &earlier);
    assert!(said(&found).contains("put back to an earlier state") && said(&found).contains("NOT SOUND"));
    let refused = run(&["serve", "--listen", "127.0.0.1:0"], &earlier);
    assert_eq!(refused.status.code(), Some(1));
    assert!(complained(&refused).contains("restore a backup that has all of them"), "{}", complained(&refused));
    // Gone on with by commands, it is another branch.
    let file = shop.file("other.jsonl", &MORE.replace("A-2", "A-9").replace("小红", "小李"));
    well(run(&["import", "jsonl", file.to_str().unwrap()], &earlier));
    let refused = run(&["serve", "--listen", "127.0.0.1:0"], &earlier);
    assert!(complained(&refused).contains("another branch of the ledger"), "{}", complained(&refused));
    assert!(said(&run(&["verify"], &earlier)).contains("not the one that was signed"));
    assert!(!run(&["checkpoint"], &earlier).status.success());
    // A checkpoint that somebody else signed is none.
    let other = Shop::new();
    assert!(complained(&verify(&shop.data(), &other.key)).contains("not signed by"));
}

#[test]
fn a_server_signs_by_itself_publishes_it_and_takes_commands_for_its_folder() {
    let shop = Shop::new();
    let mut command = daybook();
    command
        .args(["serve", "--listen", "127.0.0.1:0", "--rate-limit", "0", "--checkpoint-every", "1", "--data"])
        .arg(shop.data());
    let server = Server::spawn(command, token(&shop.data()));
    let begun = Instant::now();
    let newest = loop {
        let (status, body) = server.client().with_token("nobody").request("GET /checkpoint", "").unwrap();
        if status == 200 {
            break body;
        }
        assert!(begun.elapsed() < Duration::from_secs(30), "{body}");
        std::thread::sleep(Duration::from_millis(50));
    };
    assert_eq!(well(run(&["checkpoint"], &shop.data())), newest, "nothing came since");
    assert_eq!(well(run(&["keys", "show"], &shop.data())).trim(), shop.key);
    shop.import(MORE);
    assert!(shop.is_proven(&well(run(&["evidence", "A-2"], &shop.data()))));
    let evidence = server.query(
        "{ orderEvidence(by: {number: {merchant: \"m1\", number: \"A-1\"}}) { bundle key } }",
        &serde_json::json!({}),
    );
    assert_eq!(evidence["orderEvidence"]["key"], shop.key);
    assert!(shop.is_proven(evidence["orderEvidence"]["bundle"].as_str().unwrap()));
    let sizes = well(run(&["checkpoint", "--list"], &shop.data()));
    let (from, to) = (sizes.lines().next().unwrap(), sizes.lines().last().unwrap());
    assert_ne!(from, to);
    let proof = server.client().request(&format!("GET /checkpoint/consistency?from={from}&to={to}"), "").unwrap();
    assert!(shop.is_proven(&proof.1));
    assert!(well(run(&["verify"], &shop.data())).contains("signed checkpoints"));
    assert_eq!(server.interrupt(), Some(0));
    assert!(well(run(&["verify"], &shop.data())).contains("sound"));
}
