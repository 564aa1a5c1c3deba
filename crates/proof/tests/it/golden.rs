//! Bundles that were made once, of every format in which events were ever spelled. Both verifiers take them for ever:
//! whoever was given one keeps it for years.
//!
//! When this fails because an event of an order reads otherwise, or there is a new kind or version: raise `READINGS` in
//! `evidence.rs`, keep the spelling before for bundles that have it, and make the next file with `BLESS=1`. Never change one.

use std::collections::BTreeSet;
use std::fs;
use std::num::NonZeroU16;
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use daybook_codec::versions;
use daybook_domain::event::Subject;
use daybook_domain::{Kind, ReasonCode, Role};
use daybook_ledger::{Origin, OwnedRecord, Position};
use daybook_proof::{BundleWrong, VerifierKey, verify_evidence};
use serde_json::Value;
use uuid::Uuid;

use crate::kit::{Book, NOW, draft, order, temp};
use crate::operator::Operator;
use crate::script;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden")
}

/// Every kind and version that an order may have.
fn kinds() -> BTreeSet<(u16, u16)> {
    let kinds = Kind::ALL.iter().copied().filter(|kind| kind.subject() == Subject::Order);
    kinds.flat_map(|kind| versions(kind).iter().map(move |&version| (kind.tag(), version))).collect()
}

/// The stored form of one event of that kind and version, as the codec's own tests have it.
fn payload(kind: u16, version: u16) -> Vec<u8> {
    let name = Kind::from_tag(kind).unwrap().name();
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../replay-fixtures/golden");
    fs::read(golden.join(format!("{name}.v{version}.bin"))).unwrap()
}

/// One order to which everything happened, with all that an envelope may have, among others.
fn book(dir: &Path) -> Book {
    let mut book = Book::open(dir, 1 << 20);
    let all: Vec<_> = kinds().into_iter().collect();
    let mut number = 0;
    for (at, part) in all.chunks(3).enumerate() {
        let drafts = part.iter().map(|&(kind, version)| {
            number += 1;
            let mut draft = draft(order(1).0, number, (kind, version), payload(kind, version));
            draft.role = Role::ALL[at % Role::ALL.len()].code();
            draft.origin = [Origin::Live, Origin::Import, Origin::System][at % 3];
            draft.occurred_at = (number % 2 == 0).then_some(draft.recorded_at - 1_000_000);
            draft.reason = (at % 4 > 1).then(|| NonZeroU16::new(ReasonCode::ALL[number as usize % 26].code()).unwrap());
            draft.causation = Position::new(number / 2 * u64::from(at % 5 > 2));
            draft.correlation = (at % 2 == 1).then(|| Uuid::from_u128(u128::from(number) << 64 | 9));
            draft
        });
        book.commit(drafts.collect());
        book.commit(vec![draft(order(2).0, number, (172, 1), payload(172, 1))]);
    }
    book
}

/// Each with the public half of the key that signed it. Nobody has the other half.
fn golden() -> Vec<(String, VerifierKey)> {
    let read = |number: usize, ending: &str| fs::read_to_string(folder().join(format!("readings-{number}.{ending}")));
    let found = (1..).map_while(|number| read(number, "json").ok().map(|text| (number, text)));
    found.map(|(number, text)| (text, read(number, "key").unwrap().parse().unwrap())).collect()
}

fn format(bundle: &str) -> usize {
    let bundle: Value = serde_json::from_str(bundle).unwrap();
    let line = bundle["statement"].as_str().unwrap().lines().find_map(|line| line.strip_prefix("readings ")).unwrap();
    line.split(' ').next().unwrap().parse().unwrap()
}

#[test]
fn a_bundle_of_every_format_is_taken_for_ever() {
    let temp = temp();
    let book = book(&temp.path().join("data"));
    let (notary, key) = book.signing();
    let now = notary.evidence(order(1), NOW, u64::MAX).unwrap();
    let next = golden().len() + 1;
    if format(&now) == next && std::env::var_os("BLESS").is_some() {
        fs::create_dir_all(folder()).unwrap();
        fs::write(folder().join(format!("readings-{next}.json")), &now).unwrap();
        fs::write(folder().join(format!("readings-{next}.key")), format!("{key}\n")).unwrap();
    }
    let golden = golden();
    assert_eq!(format(&now), golden.len(), "a file of this format is missing: make it with BLESS=1");
    for (at, (bundle, key)) in golden.iter().enumerate() {
        assert_eq!(format(bundle), at + 1);
        let verified = verify_evidence(bundle, key).unwrap_or_else(|wrong| panic!("readings-{}: {wrong}", at + 1));
        assert_eq!(verified.order, order(1).0);
        if let Some(answers) = script::answers(&key.to_string(), std::slice::from_ref(bundle)) {
            assert_eq!(answers, ["proven"]);
        }
    }
    // The newest has one of each kind and version that there is.
    let newest: Value = serde_json::from_str(&golden.last().unwrap().0).unwrap();
    let records = newest["events"].as_array().unwrap().iter().map(|event| {
        let owned = OwnedRecord::parse(BASE64.decode(event["record"].as_str().unwrap()).unwrap()).unwrap();
        (owned.record().kind, owned.record().version)
    });
    assert_eq!(records.collect::<BTreeSet<_>>(), kinds());
    book.close();
}

#[test]
fn a_bundle_that_reads_in_a_newer_format_is_told_as_such_once_the_rest_holds() {
    let temp = temp();
    let dir = temp.path().join("data");
    let book = book(&dir);
    let (notary, key) = book.signing();
    let operator = Operator::of(&dir);
    let text = notary.evidence(order(1), NOW, u64::MAX).unwrap();
    let mut newer: Value = serde_json::from_str(&text).unwrap();
    newer["events"][3]["event"]["data"] = "as nobody spells it yet".into();
    let next = format(&text) + 1;
    let say =
        |text: String| text.replace("readings 1 ", &format!("readings {next} ")).replace("daybook ", "daybook 9.");
    operator.state(&mut newer, say);
    let told = verify_evidence(&newer.to_string(), &key).unwrap_err();
    assert!(matches!(&told, BundleWrong::NewerReadings { format, .. } if *format as usize == next), "{told}");
    assert!(told.to_string().contains("all in the ledger") && told.to_string().contains("use daybook 9."), "{told}");
    // What can be checked is.
    let mut shorter = newer.clone();
    shorter["events"].as_array_mut().unwrap().remove(2);
    assert!(matches!(verify_evidence(&shorter.to_string(), &key), Err(BundleWrong::Chain { number: 3 })));
    let mut reread = newer.clone();
    reread["events"][3]["event"]["data"] = "otherwise".into();
    assert_eq!(verify_evidence(&reread.to_string(), &key), Err(BundleWrong::Readings));
    let asked = [&newer, &shorter, &reread].map(Value::to_string);
    if let Some(answers) = script::answers(&key.to_string(), &asked) {
        assert!(
            answers[0].contains("all in the ledger") && answers[0].contains("came after this script"),
            "{answers:?}"
        );
        assert!(answers[1].contains("out of place") && answers[2].contains("not what was signed"), "{answers:?}");
    }
    book.close();
}
