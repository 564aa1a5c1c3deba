use daybook_domain::Rejection;
use daybook_domain::command::Command;

use crate::shop::*;

#[test]
fn the_same_command_returns_its_first_receipt_also_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("data");
    let shop = open(&dir).with_merchant();
    let first = shop.send(2, place("A", "ann")).unwrap();
    let paid = shop.send(3, pay("A", "T1")).unwrap();
    assert_eq!((first.position, paid.position, first.repeated), (2, 4, false));
    for round in 0..2 {
        let shop = if round == 0 { &shop } else { &reopened(&shop, &dir) };
        let again = shop.send(2, place("A", "ann")).unwrap();
        assert_eq!((again.position, again.repeated), (2, true));
        let again = shop.send(3, pay("A", "T1")).unwrap();
        assert_eq!((again.position, again.command_id, again.repeated), (4, id(3), true));
        // The same callback under an id of its own: nothing new, the first receipt.
        let callback = shop.send(100 + round, pay("A", "T1")).unwrap();
        assert_eq!((callback.position, callback.command_id, callback.repeated), (4, id(3), true));
        assert_eq!(shop.engine.reader().watermark(), 4);
        assert_eq!(rejection(shop.send(2, place("A", "bob"))), Rejection::CommandIdReused);
        assert_eq!(rejection(shop.send(9, place("A", "ann"))), Rejection::NumberTaken);
    }
}

fn reopened(shop: &Shop, dir: &std::path::Path) -> Shop {
    shop.engine.shutdown().unwrap();
    let copy = dir.with_extension("copy");
    copy_folder(dir, &copy);
    open(&copy)
}

pub(crate) fn copy_folder(from: &std::path::Path, to: &std::path::Path) {
    std::fs::create_dir(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy_folder(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

#[test]
fn an_order_without_a_number_is_found_again_by_its_command() {
    let folder = tempfile::tempdir().unwrap();
    let shop = open(&folder.path().join("data")).with_merchant();
    let unnumbered = || match place("x", "ann") {
        Command::Place(mut place) => {
            place.number = None;
            Command::Place(place)
        }
        other => other,
    };
    let first = shop.send(2, unnumbered()).unwrap();
    let again = shop.send(2, unnumbered()).unwrap();
    assert_eq!((again.position, again.stream, again.repeated), (first.position, first.stream, true));
    let other = shop.send(3, unnumbered()).unwrap();
    assert_ne!(other.stream, first.stream);
}

#[test]
fn refusals_are_not_remembered() {
    let folder = tempfile::tempdir().unwrap();
    let shop = open(&folder.path().join("data")).with_merchant();
    assert_eq!(rejection(shop.send(5, pay("A", "T1"))), Rejection::OrderUnknown);
    shop.send(2, place("A", "ann")).unwrap();
    assert!(!shop.send(5, pay("A", "T1")).unwrap().repeated);
}
