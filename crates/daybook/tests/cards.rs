//! Files of cards: lists and tables as shops and their suppliers have them. A buyer gets what stands here as a secret.
#![allow(clippy::unwrap_used, reason = "unwrap is how a test fails")]

mod support;

use std::path::Path;

use serde_json::{Value, json};
use support::{Server, run, token};
use tempfile::TempDir;

fn write(folder: &Path, name: &str, bytes: &[u8]) -> String {
    let path = folder.join(name);
    std::fs::write(&path, bytes).unwrap();
    path.to_str().unwrap().to_owned()
}

/// The exit code, and everything that is said.
fn import(data: &Path, file: &str, more: &[&str]) -> (Option<i32>, String) {
    let output = run(&[&["import", "cards", file, "--merchant", "m1", "--sku", "gc"], more].concat(), data);
    let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    (output.status.code(), said)
}

struct Shop(TempDir);

impl Shop {
    fn new() -> Self {
        let shop = Self(tempfile::tempdir().unwrap());
        assert!(run(&["merchant", "create", "m1"], &shop.data()).status.success());
        shop
    }

    fn data(&self) -> std::path::PathBuf {
        self.0.path().join("data")
    }

    /// Imports a file of these bytes.
    fn import(&self, name: &str, bytes: &str, more: &[&str]) -> (Option<i32>, String) {
        import(&self.data(), &write(self.0.path(), name, bytes.as_bytes()), more)
    }

    /// Imports what must be taken as a whole.
    #[track_caller]
    fn takes(&self, name: &str, bytes: &str, more: &[&str], cards: u64) {
        let (code, said) = self.import(name, bytes, more);
        let cards = if cards == 1 { "1 card".to_owned() } else { format!("{cards} cards") };
        assert_eq!((code, said.as_str()), (Some(0), format!("imported {cards} for gc of m1\n").as_str()), "{name}");
    }

    /// Nothing of the file comes in, and why is said without a secret.
    #[track_caller]
    fn refuses(&self, name: &str, bytes: &str, more: &[&str], why: &[&str]) {
        let (code, said) = self.import(name, bytes, more);
        assert!(code == Some(1) && !said.contains("imported") && !said.contains("ZZ"), "{name}: {said}");
        assert!(why.iter().all(|why| said.contains(why)), "{name}: {said}");
    }

    /// All secrets, in their order: what buyers get.
    fn sold(&self, cards: u64) -> Vec<String> {
        let server = Server::start(&self.data(), token(&self.data()));
        let ask = |name: &str, kind: &str, what: &str, n: u32, rest: Value| {
            let mut input = json!({"commandId": format!("00000000-0000-4000-8000-{n:012}")});
            input.as_object_mut().unwrap().extend(rest.as_object().unwrap().clone());
            let query = format!(
                "mutation ($input: {kind}!) {{ it: {name}(input: $input) {{ {what} userErrors {{ code message }} }} }}"
            );
            let answer = server.query(&query, &json!({"input": input}))["it"].take();
            assert_eq!(answer["userErrors"], json!([]), "{name}");
            answer
        };
        let order = json!({"number": {"merchant": "m1", "number": "A-1"}});
        let price = |amount: &str| json!({"amount": amount, "currency": "CNY"});
        let line = json!({"sku": "gc", "title": "Card", "quantity": cards, "kind": "CARD", "unitPrice": price("1.00")});
        let place = json!({"merchant": "m1", "number": "A-1", "buyer": {"account": "ann"}, "lines": [line]});
        ask("placeOrder", "PlaceOrderInput", "", 1, place);
        let pay =
            json!({"order": order, "provider": "alipay", "tradeNumber": "T", "amount": price(&format!("{cards}.00"))});
        ask("recordPayment", "RecordPaymentInput", "", 2, pay);
        ask("deliverCards", "DeliverCardsInput", "", 3, json!({"order": order}));
        let shown = ask("revealCards", "RevealCardsInput", "secrets", 4, json!({"order": order}));
        serde_json::from_value(shown["secrets"].clone()).unwrap()
    }
}

#[test]
fn a_table_is_known_by_its_header_whatever_the_file_is_called() {
    let shop = Shop::new();
    shop.takes("semicolons.txt", "secret;note\nA1;a\n\"A;2\";b\n", &[], 2);
    shop.takes("tabs.csv", "note\t Secret \nx\tA3\n", &[], 1);
    shop.takes("commas.txt", "code,note\r\nA4,a\r\n", &[], 1);
    shop.takes("quoted.list", "\n\"No\",\"CODE\"\n1, \"A5,\"\"x\"\"\" \n", &[], 1);
    shop.takes("chinese", "卡号；旧,卡密\n1,A6\n,,\n", &[], 1);
    shop.takes("excel.csv", "\u{feff}sep=;\nCD-Key;;\nA7;;\n", &[], 1);
    shop.takes("one.txt", "secret\nA8\n", &[], 1);
    shop.takes("one.csv", "\"卡密\"\n\"A9,\"\n\" A10 \"\n", &[], 2);
    shop.takes("named.txt", "code;pin\nx;A11\n", &["--column", " PIN"], 1);
    shop.takes("nothing.csv", "secret;note\n", &[], 0);
    shop.takes("empty.csv", "", &[], 0);
    let secrets = ["A1", "A;2", "A3", "A4", "A5,\"x\"", "A6", "A7", "A8", "A9,", "A10", "A11"];
    assert_eq!(shop.sold(11), secrets);
}

#[test]
fn what_may_be_a_table_is_refused_and_taken_by_lines_when_told_so() {
    let shop = Shop::new();
    for (name, bytes) in [
        ("a.txt", "ZZ1;a\nZZ2;b\nZZ3\n"),
        ("b.csv", "my cards,,\nnumber,serial\n1,ZZ1\n"),
        ("c.txt", "ZZ1\ta\n"),
        ("d.txt", "{\"secret\":\"ZZ1\",\"n\":1}\n"),
    ] {
        shop.refuses(name, bytes, &[], &[name, "--column", "one card a line", "--lines", "卡密"]);
    }
    shop.refuses("q.csv", "\"ZZ1\"\n\"ZZ2\"\n", &[], &["line 1 begins with a quote", "secret above", "--lines"]);
    shop.refuses("q2.csv", "B\n\"ZZ1\n2\"\n", &[], &["line 2 begins with a quote"]);
    shop.refuses("two.csv", "Code,Secret\nZZ1,ZZ2\n", &[], &["several", "Code, Secret", "--column"]);
    shop.refuses(
        "no.csv",
        "sku;pin;ZZ9\nZZ1;ZZ2;\n",
        &["--column", "pim"],
        &["no column \"pim\"", "holds sku, pin, …"],
    );
    shop.refuses("no.txt", "ZZ1\n", &["--column", "pin"], &["no column \"pin\""]);
    shop.refuses("twice.csv", "pin;pin\nZZ1;ZZ2\n", &["--column", "pin"], &["several columns"]);
    shop.refuses("open.csv", "secret,note\n\"ZZ1,a\nZZ2,b\n", &[], &["line 2 opens a quote"]);
    shop.refuses("odd.csv", "secret,note\n\"ZZ1,a\n\"ZZ2,b\n", &[], &["line 2 has quotes"]);
    let (code, said) = shop.import("both.csv", "pin\nZZ1\n", &["--column", "pin", "--lines"]);
    assert!(code == Some(2) && said.contains("cannot be used with"), "{said}");
    shop.takes("lines.txt", "C1;a\nC2,\"b\"\n\"C3\"\n", &["--lines"], 3);
    shop.takes("titled.txt", "卡密\nC4;a\n", &["--lines"], 1);
    shop.takes("few.txt", "C5\nC6,x\nC7\n", &[], 3);
    assert_eq!(shop.sold(7), ["C1;a", "C2,\"b\"", "\"C3\"", "C4;a", "C5", "C6,x", "C7"]);
}

#[test]
fn reports_name_the_lines_of_the_file() {
    let shop = Shop::new();
    let table =
        "\n\nsecret,note\n\nD1,\"a\n\nb\"\n,only a note\n\nD2\nD1,again\nD3,x,y\nsecret,note\n,,\n\"D\n4\",x\nD5,\n";
    let (code, said) = shop.import("table.csv", table, &[]);
    assert_eq!(code, Some(1));
    let lines: Vec<&str> = said.lines().collect();
    assert_eq!(
        lines,
        [
            "imported 3 cards for gc of m1",
            "left out 1 that is known already or stands here twice: line 11",
            "left out 1 without a secret in its row: line 8",
            "left out 1 that holds a character that cannot be seen (a TAB, a line break, a zero-width space, …): line 15",
            "left out 1 that is the name of a column: line 13",
            "left out 1 that has more cells than there are columns: line 12",
        ]
    );
    let (code, said) = shop.import("table.csv", table, &["--json"]);
    let report: Value = serde_json::from_str(&said).unwrap();
    assert_eq!(code, Some(1));
    assert_eq!(
        report,
        json!({"imported": 0, "duplicates": {"count": 4, "lines": [5, 10, 11, 17]},
            "bad": {"count": 4, "lines": [8, 12, 13, 15]}, "complete": true})
    );
    // A list whose cells may not be told apart.
    let (code, said) = shop.import("one.csv", "secret\nD6,7\nD8\n", &[]);
    assert!(
        code == Some(1)
            && said.contains("imported 1 card ")
            && said.contains("more cells than there are columns: line 2")
    );
    assert_eq!(shop.sold(4), ["D1", "D2", "D5", "D8"]);
}

#[test]
fn a_file_that_is_imported_again_is_no_failure() {
    let shop = Shop::new();
    shop.takes("list.txt", "E1\nE2\n", &[], 2);
    let (code, said) = shop.import("list.txt", "E1\nE2\n", &[]);
    assert_eq!(code, Some(0));
    assert_eq!(
        said,
        "imported 0 cards for gc of m1\nleft out 2 that are known already or stand here twice: lines 1, 2\n"
    );
    let (code, said) = shop.import("list.txt", "E1\n\nE3\n", &[]);
    assert_eq!(code, Some(0));
    assert_eq!(said, "imported 1 card for gc of m1\nleft out 1 that is known already or stands here twice: line 1\n");
}

#[test]
fn a_secret_with_something_that_cannot_be_seen_is_left_out() {
    let shop = Shop::new();
    let unseen =
        ['\u{200b}', '\u{feff}', '\u{fe0f}', '\u{ad}', '\u{202e}', '\u{e0041}', '\u{3164}', '\u{7}', '\u{85}', '\t'];
    let mut list = String::from(" F1\u{a0}\u{3000}\n");
    for c in unseen {
        list.push_str(&format!("ZZ{c}9\n"));
    }
    list.push_str("\u{200b}ZZ\nZZ\u{feff}\nF2 x\u{1f4b3}\n");
    let (code, said) = shop.import("list.txt", &list, &[]);
    assert!(code == Some(1) && said.contains("imported 2 cards") && !said.contains("ZZ"), "{said}");
    assert!(said.contains("left out 12 that hold a character that cannot be seen"), "{said}");
    assert!(said.contains("lines 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13\n"), "{said}");
    assert_eq!(shop.sold(2), ["F1", "F2 x\u{1f4b3}"]);
}

#[test]
fn card_files_are_read_as_they_come() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let write = |name: &str, bytes: &[u8]| write(folder.path(), name, bytes);
    let import = |file: &str, more: &[&str]| import(&data, file, more);
    let list = write("list.txt", "\u{feff}A-1\r\n  A-2  \r\n".as_bytes());
    let (code, said) = import(&list, &[]);
    assert!(code == Some(1) && said.contains("no ledger"), "{said}");
    assert!(run(&["merchant", "create", "m1"], &data).status.success());
    assert_eq!(import(&list, &[]).0, Some(0));
    let table = write("table.csv", "卡号,卡密\n1,\"A-2\"\n2,\"A,3\"\n".as_bytes());
    let (code, said) = import(&table, &["--json"]);
    let report: Value = serde_json::from_str(said.lines().next().unwrap()).unwrap();
    assert_eq!(code, Some(0), "what is known is no fault");
    assert_eq!(
        report,
        json!({"imported": 1, "duplicates": {"count": 1, "lines": [2]}, "bad": {"count": 0, "lines": []}, "complete": true})
    );
    assert_eq!(import(&table, &["--column", "卡号"]).0, Some(0), "other secrets");
    assert_eq!(
        import(&write("bare.csv", b"B-1\nB-2\n"), &[]).1.lines().next().unwrap(),
        "imported 2 cards for gc of m1"
    );
    let long = write("long.txt", format!("C-1\n{}\n\tC\t2\n", "x".repeat(1_025)).as_bytes());
    let (code, said) = import(&long, &[]);
    assert!(
        code == Some(1)
            && said.contains("imported 1 card for")
            && said.contains("left out 1 that is longer")
            && said.contains("left out 1 that holds"),
        "{said}"
    );
    for (name, bytes, why) in [
        ("many.csv", b"a,b\n1,2\n".as_slice(), "--column"),
        ("latin.txt", b"ok\n\xff\xfe\n", "line 2 is not UTF-8"),
        ("nothing.csv", b"secret\n", "imported 0 cards"),
    ] {
        let (_, said) = import(&write(name, bytes), &[]);
        assert!(said.contains(why), "{name}: {said}");
    }
    let (code, said) = import("nowhere.txt", &[]);
    assert!(code == Some(1) && said.contains("nowhere.txt"), "{said}");
    let (_, said) = import(&list, &[]);
    assert!(said.contains("left out 2") && !said.contains("A-1"), "a secret is shown: {said}");
    let output = run(&["import", "cards", &list, "--merchant", "m9", "--sku", "gc"], &data);
    assert!(String::from_utf8_lossy(&output.stderr).contains("m9"));
}

#[test]
fn ten_thousand_cards_come_in() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    assert!(run(&["merchant", "create", "m1"], &data).status.success());
    let file = folder.path().join("cards.txt");
    let secrets: String = (0..10_050).map(|n| format!("CARD-{:05}-{:032x}\n", n % 10_000, n % 10_000)).collect();
    std::fs::write(&file, secrets).unwrap();
    let output = run(&["import", "cards", file.to_str().unwrap(), "--merchant", "m1", "--sku", "gc"], &data);
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(said.contains("imported 10000 cards") && said.contains("left out 50"), "{said}");
    assert!(said.contains("lines 10001, 10002"), "{said}");
}
