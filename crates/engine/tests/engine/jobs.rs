//! What jobs need of the engine: deciding without writing, and texts that are no buyer's.

use std::fs;

use daybook_domain::command::OpenJob;
use daybook_domain::job::{ErrorPolicy, JobAction};
use daybook_domain::{Command, Event, Kind, MerchantId, Rejection, StreamId};
use daybook_engine::{Opened, Request, platform_tree};

use crate::shop::*;

fn check(shop: &Shop, command_id: u128, command: Command<String>) -> Result<bool, Rejection> {
    match shop.engine.check(Request::live(id(command_id), clerk(), command)).wait() {
        Ok(receipt) => Ok(receipt.repeated),
        error => Err(rejection(error)),
    }
}

#[test]
fn a_check_says_what_would_be_and_writes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let shop = open(&folder.path().join("data")).with_merchant();
    shop.send(2, place("A", "ann")).unwrap();
    let reader = shop.engine.reader();
    let before = reader.watermark();
    assert_eq!(check(&shop, 3, pay("A", "T1")), Ok(false));
    assert_eq!(check(&shop, 4, note("B", "none")), Err(Rejection::OrderUnknown));
    assert_eq!(check(&shop, 5, place("C", "a new buyer")), Ok(false));
    assert_eq!(reader.watermark(), before, "nothing is written");
    assert_eq!(shop.engine.reader().buyer_slot(&merchant(), "nobody"), None);
    // What was only checked can still be done, under the same id.
    shop.send(3, pay("A", "T1")).unwrap();
    assert_eq!(check(&shop, 3, pay("A", "T1")), Ok(true), "it was done before");
    assert_eq!(check(&shop, 6, pay("A", "T2")).map_err(|rejection| rejection.code()), Ok(false), "more than is due");
    // Decided behind what was sent before, durable or not.
    let cancelled = shop.engine.submit(Request::live(id(7), clerk(), cancel("A", "why")));
    assert_eq!(check(&shop, 8, cancel("A", "again")), Err(Rejection::OrderCancelled));
    cancelled.wait().unwrap();
    shop.close();
}

fn open_job(text: &str, merchant: Option<MerchantId>) -> Command<String> {
    Command::OpenJob(OpenJob {
        asked: [7; 32],
        action: JobAction::AddNote { text: text.into() },
        policy: ErrorPolicy::SkipRefused,
        merchant,
        selected_at: 0,
        total: 0,
        waits: false,
        token: None,
    })
}

fn job(n: u128) -> StreamId {
    let merchant = merchant();
    StreamId::job((n != 3).then_some(&merchant), id(n))
}

fn text(shop: &Shop, command_id: u128, tree: &MerchantId) -> Opened {
    let job = job(command_id);
    let history = shop.engine.reader().history(job).unwrap();
    let Event::JobOpened(opened) = &history[0].event else { panic!("{history:?}") };
    let JobAction::AddNote { text } = &opened.action else { panic!("{opened:?}") };
    shop.engine.reader().open_text(text, tree, job, Kind::JobOpened)
}

#[test]
fn what_a_job_says_is_sealed_and_its_key_is_learned_again() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("data");
    let shop = open(&dir).with_merchant();
    shop.close();
    fs::copy(dir.join("keys"), dir.with_extension("older-keys")).unwrap();
    let shop = open(&dir);
    shop.send(2, open_job("about many", Some(merchant()))).unwrap();
    shop.send(3, open_job("the platform's", None)).unwrap();
    shop.send(4, place("A", "ann")).unwrap();
    shop.close();
    // With an older key file, nobody else gets the keys that the log names.
    fs::copy(dir.with_extension("older-keys"), dir.join("keys")).unwrap();
    let shop = open(&dir);
    assert_eq!(text(&shop, 2, &merchant()), Opened::Text("about many".into()));
    assert_eq!(text(&shop, 3, &platform_tree()), Opened::Text("the platform's".into()));
    shop.send(5, place("B", "bob")).unwrap();
    shop.send(6, open_job("once more", Some(merchant()))).unwrap();
    assert_eq!(text(&shop, 6, &merchant()), Opened::Text("once more".into()));
    let buyers = [shop.order("A").buyer, shop.order("B").buyer];
    let reader = shop.engine.reader();
    for n in [2, 3, 6] {
        let Event::JobOpened(opened) = &reader.history(job(n)).unwrap()[0].event else { panic!() };
        let JobAction::AddNote { text } = &opened.action else { panic!() };
        assert!(!buyers.contains(&text.slot), "a job's key is no buyer's");
    }
    shop.close();
}
