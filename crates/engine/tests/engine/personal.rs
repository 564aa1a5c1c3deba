use daybook_domain::command::PlaceOrder;
use daybook_domain::{Command, Event, Expected, Kind, MerchantId, Slot};
use daybook_engine::{Opened, Request};

use crate::shop::*;

pub(crate) fn files_below(dir: &std::path::Path, found: &mut Vec<std::path::PathBuf>) {
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { files_below(&path, found) } else { found.push(path) }
    }
}

#[test]
fn no_file_holds_a_personal_text_in_the_clear() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("data");
    let shop = open(&dir).with_merchant();
    shop.send(2, place("A", "ann-the-buyer")).unwrap();
    shop.send(3, note("A", "ann-the-buyer called")).unwrap();
    shop.send(4, cancel("A", "ann-the-buyer moved")).unwrap();
    shop.engine.shutdown().unwrap();
    let mut files = Vec::new();
    files_below(&dir, &mut files);
    assert!(files.len() > 4);
    let holding = |text: &[u8]| {
        files.iter().filter(|file| std::fs::read(file).unwrap().windows(text.len()).any(|part| part == text)).count()
    };
    assert!(holding(b"card") > 0, "the search finds what is not sealed");
    assert_eq!(holding(b"ann-the-buyer"), 0);
}

#[test]
fn texts_are_opened_where_they_belong() {
    let folder = tempfile::tempdir().unwrap();
    let shop = open(&folder.path().join("data")).with_merchant();
    shop.send(2, place("A", "ann")).unwrap();
    shop.send(3, cancel("A", "moved")).unwrap();
    let reader = shop.engine.reader();
    let history = reader.history(order("A")).unwrap();
    let Event::OrderPlaced(placed) = &history[0].event else { panic!() };
    let Event::OrderCancelled(cancelled) = &history[1].event else { panic!() };
    let open = |sealed, kind| reader.open_text(sealed, &merchant(), order("A"), kind);
    assert_eq!(open(&placed.account, Kind::OrderPlaced), Opened::Text("ann".into()));
    assert_eq!(open(cancelled.note.as_ref().unwrap(), Kind::OrderCancelled), Opened::Text("moved".into()));
    assert_eq!(open(&placed.account, Kind::NoteAdded), Opened::Damaged);
    assert_eq!(reader.buyer_slot(&merchant(), "ann"), Some(placed.account.slot));
    assert_eq!(reader.buyer_slot(&merchant(), "bob"), None);
}

#[test]
fn buyers_are_relearned_after_a_crash() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("data");
    {
        let shop = open(&dir).with_merchant();
        shop.send(2, place("A", "ann")).unwrap();
        shop.send(3, place("B", "bob")).unwrap();
        shop.engine.shutdown().unwrap();
    }
    assert_eq!(open_and_close(&dir), 0, "after a clean end nothing has to be relearned");
    std::fs::remove_file(dir.join("keys.position")).unwrap();
    assert_eq!(open_and_close(&dir), 3);
    let shop = open(&dir);
    let slot = shop.order("A").buyer;
    shop.send(4, place("C", "ann")).unwrap();
    assert_eq!(shop.order("C").buyer, slot);
    assert_ne!(shop.order("B").buyer, slot);
}

fn open_and_close(dir: &std::path::Path) -> u64 {
    let shop = open(dir);
    shop.engine.shutdown().unwrap();
    shop.relearned
}

#[test]
fn an_order_that_is_refused_takes_no_key() {
    let folder = tempfile::tempdir().unwrap();
    let shop = open(&folder.path().join("data")).with_merchant();
    shop.send(2, place("A", "ann")).unwrap();
    let changed = |number: &str, buyer: &str, change: fn(&mut PlaceOrder<String>)| {
        let Command::Place(mut order) = place(number, buyer) else { panic!() };
        change(&mut order);
        Command::Place(order)
    };
    let refused = [
        (place("A", "bob"), Expected::Any),
        (place("A", "bob"), Expected::NoStream),
        (place("B", "bob"), Expected::Exact(1)),
        (changed("B", "bob", |order| order.lines.clear()), Expected::Any),
        (changed("B", "bob", |order| order.lines[0].quantity = 0), Expected::Any),
        (changed("B", "bob", |order| order.lines[0].unit_minor = -1), Expected::Any),
        (changed("B", "bob", |order| order.merchant = MerchantId::new("m2").unwrap()), Expected::Any),
    ];
    let reader = shop.engine.reader();
    for (n, (command, expected)) in (100..).zip(refused) {
        let shown = format!("{command:?}, {expected:?}");
        let request = Request { expected, ..Request::live(id(n), clerk(), command) };
        rejection(shop.engine.submit(request).wait());
        assert_eq!(reader.buyer_slot(&merchant(), "bob"), None, "{shown}");
    }
    // The next slot is the one behind ann's: none was used up in between, and none is missing afterwards.
    let ann = reader.buyer_slot(&merchant(), "ann").unwrap();
    shop.send(3, place("B", "bob")).unwrap();
    assert_eq!(reader.buyer_slot(&merchant(), "bob"), Some(Slot(ann.0 + 1)));
    // A known buyer's order is refused as before.
    rejection(shop.send(4, place("A", "bob")));
    // The same command again, by a buyer who was new then, is still the same command.
    assert!(shop.send(3, place("B", "bob")).unwrap().repeated);
}
