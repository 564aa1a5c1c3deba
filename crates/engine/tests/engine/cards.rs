//! Cards: sealed, imported once, and known again after a crash.

use daybook_domain::command::{ImportCards, NewCard};
use daybook_domain::limits::{MAX_CARDS, MAX_CARDS_BYTES};
use daybook_domain::{Command, Event, Kind, Rejection, Sku, StreamId};
use daybook_engine::Opened;

use crate::personal::files_below;
use crate::shop::*;

fn sku() -> Sku {
    Sku::new("card").unwrap()
}

fn import(secrets: impl IntoIterator<Item = String>) -> Command<String> {
    let card = |secret| NewCard { secret, fingerprint: [0; 16] };
    let cards = secrets.into_iter().map(card).collect();
    Command::ImportCards(ImportCards { merchant: merchant(), sku: sku(), cards })
}

#[test]
fn secrets_are_opened_where_they_belong_and_stand_nowhere_in_the_clear() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("data");
    let shop = open(&dir).with_merchant();
    let secrets = ["XKCD-0001-secret", "XKCD-0002-secret"].map(str::to_owned);
    shop.send(2, import(secrets.clone())).unwrap();
    let (reader, stream) = (shop.engine.reader(), StreamId::sku(&merchant(), &sku()));
    let history = reader.history(stream).unwrap();
    let Event::CardsImported(imported) = &history[0].event else { panic!("{history:?}") };
    let opened =
        imported.secrets.iter().map(|sealed| reader.open_text(sealed, &merchant(), stream, Kind::CardsImported));
    assert_eq!(opened.collect::<Vec<_>>(), secrets.map(Opened::Text));
    shop.close();
    let mut files = Vec::new();
    files_below(&dir, &mut files);
    let holding = |text: &[u8]| {
        files.iter().filter(|file| std::fs::read(file).unwrap().windows(text.len()).any(|part| part == text)).count()
    };
    assert!(holding(b"card") > 0, "the search finds what is not sealed");
    assert_eq!(holding(b"XKCD-"), 0);
}

#[test]
fn a_card_is_known_again_after_a_crash_and_so_is_the_key_of_its_tree() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("data");
    let shop = open(&dir).with_merchant();
    shop.send(2, import(["one".to_owned()])).unwrap();
    shop.send(3, place("A", "ann")).unwrap();
    shop.close();
    // As after a crash: nobody noted up to where the key file is complete.
    std::fs::remove_file(dir.join("keys.position")).unwrap();
    let shop = open(&dir);
    assert!(shop.contested_keys.is_empty());
    assert_eq!(rejection(shop.send(4, import(["one".to_owned()]))), Rejection::CardsKnown);
    assert!(shop.send(2, import(["one".to_owned()])).unwrap().repeated);
    shop.send(5, import(["two".to_owned()])).unwrap();
    let slots: Vec<_> = shop.engine.reader().history(StreamId::sku(&merchant(), &sku())).unwrap().into_iter().collect();
    let slot = |event: &Event| if let Event::CardsImported(e) = event { e.secrets[0].slot } else { panic!() };
    assert_eq!(slot(&slots[0].event), slot(&slots[1].event), "one key for the tree's cards");
    assert_ne!(slot(&slots[0].event), shop.order("A").buyer);
}

#[test]
fn as_many_cards_as_a_command_may_bring_fit_into_a_commit() {
    let folder = tempfile::tempdir().unwrap();
    let shop = open(&folder.path().join("data")).with_merchant();
    let each = MAX_CARDS_BYTES / MAX_CARDS;
    shop.send(2, import((0..MAX_CARDS).map(|n| format!("{n:0each$}")))).unwrap();
}
