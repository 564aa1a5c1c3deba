//! What the notary signs, and what it refuses.

use daybook_proof::{
    Checkpoint, EvidenceError, Notary, NotaryError, SigningKey, VerifierKey, signed_roots, verify_consistency,
    verify_evidence,
};
use daybook_testkit::random::Random;

use crate::kit::{Book, NOW, any_history, copy, order, temp};

#[test]
fn each_checkpoint_goes_on_from_the_one_before_whatever_was_opened_between() {
    let folder = temp();
    let dir = folder.path().join("data");
    let history = any_history(&mut Random::new(1), 300);
    let mut key: Option<VerifierKey> = None;
    let mut sizes = Vec::new();
    for part in history.chunks(37) {
        let mut book = Book::open(&dir, 100);
        book.append(part);
        let (notary, own) = book.signing();
        let signed = notary.sign().unwrap();
        assert_eq!(notary.sign().unwrap(), signed, "nothing came since");
        assert_eq!(&own, key.get_or_insert(own.clone()));
        assert_eq!(signed.checkpoint.root, book.ledger.root(signed.checkpoint.size).unwrap());
        sizes.push(signed.checkpoint.size);
        drop(notary);
        book.close();
    }
    let book = Book::open(&dir, 100);
    let (notary, key) = book.signing();
    assert_eq!(notary.sizes().unwrap(), sizes);
    for &from in &sizes {
        for &to in sizes.iter().filter(|to| **to >= from) {
            let proof = notary.consistency(from, to).unwrap().to_json();
            let (earlier, later) = verify_consistency(&proof, &key).unwrap();
            assert_eq!((earlier.size, later.size), (from, to));
        }
    }
    assert!(matches!(notary.consistency(sizes[0] + 1, sizes[1]), Err(NotaryError::NoCheckpoint(_))));
    assert!(matches!(notary.consistency(sizes[1], sizes[0]), Err(NotaryError::Proof(_))));
}

#[test]
fn nothing_is_signed_without_a_key_or_records_nor_evidence_of_what_is_not_there() {
    let folder = temp();
    let mut book = Book::open(&folder.path().join("data"), 1000);
    assert!(matches!(book.notary().sign(), Err(NotaryError::NoKey(_))));
    let (notary, key) = book.signing();
    assert!(matches!(notary.sign(), Err(NotaryError::Empty)));
    book.append(&any_history(&mut Random::new(2), 50));
    let unknown = notary.evidence(order(9_999), NOW, u64::MAX).unwrap_err();
    assert_eq!(unknown.to_string(), "there is no such order");
    let bundle = notary.evidence(order(3), NOW, u64::MAX).unwrap();
    let verified = verify_evidence(&bundle, &key).unwrap();
    assert_eq!((verified.order, verified.checkpoint.size), (order(3).0, 50));
    // What has the whole order already is used again.
    notary.evidence(order(4), NOW, u64::MAX).unwrap();
    assert_eq!(notary.sizes().unwrap(), [50]);
}

#[test]
fn a_folder_that_was_put_back_or_exchanged_is_signed_no_more() {
    let folder = temp();
    let [dir, earlier] = ["data", "earlier"].map(|name| folder.path().join(name));
    let history = any_history(&mut Random::new(3), 120);
    let mut book = Book::open(&dir, 50);
    book.append(&history[..60]);
    book.signing().0.sign().unwrap();
    book.close();
    copy(&dir, &earlier);
    let mut book = Book::open(&dir, 50);
    book.append(&history[60..]);
    let signed = book.signing().0.sign().unwrap();
    book.close();
    std::fs::copy(dir.join("checkpoints"), earlier.join("checkpoints")).unwrap();

    let mut book = Book::open(&earlier, 50);
    let error = book.notary().sign().unwrap_err();
    assert!(matches!(error, NotaryError::RolledBack { records: 60, signed: 120 }), "{error}");
    assert!(error.to_string().contains("restore a backup"));
    // Gone on with, it is another branch.
    book.append(&any_history(&mut Random::new(4), 70));
    let error = book.notary().sign().unwrap_err();
    assert!(matches!(error, NotaryError::Forked { signed: 120 }), "{error}");
    assert!(error.to_string().contains("keep it as evidence"));
    assert_eq!(book.notary().latest(), Some(signed));
    book.close();
}

/// With two checkpoints that it signed, at 20 and 40 records.
fn replaced(dir: &std::path::Path) -> (Book, VerifierKey) {
    let mut book = Book::open(dir, 50);
    let history = any_history(&mut Random::new(5), 40);
    for part in history.chunks(20) {
        book.append(part);
        book.signing().0.sign().unwrap();
    }
    let old = book.signing().1;
    std::fs::remove_file(dir.join("signing.key")).unwrap();
    (book, old)
}

#[test]
fn a_key_that_was_replaced_goes_on_where_the_one_before_ended() {
    let folder = temp();
    let dir = folder.path().join("data");
    let (mut book, old) = replaced(&dir);
    let before = book.notary().latest().unwrap();
    let notary = book.notary();
    // In its own name again, as nobody says another.
    let new = notary.create_key(None).unwrap();
    assert_eq!((new.name(), new == old), (old.name(), false));
    let after = notary.sign().unwrap();
    assert_eq!((before.checkpoint.size, after.checkpoint.size), (40, 40));
    assert!(Checkpoint::open(&after.text, &new).is_ok() && Checkpoint::open(&before.text, &old).is_ok());
    assert_eq!(notary.sign().unwrap(), after);
    verify_evidence(&notary.evidence(order(1), NOW, u64::MAX).unwrap(), &new).unwrap();
    assert_eq!(book.notary().sizes().unwrap(), [20, 40, 40]);
    // What the old one signed is signed by both when it is asked for, so that whoever has either key can check it.
    let both = notary.checkpoint(20).unwrap().text;
    let (by_new, by_old) = (Checkpoint::open(&both, &new).unwrap(), Checkpoint::open(&both, &old).unwrap());
    assert_eq!((by_new.size, by_new), (20, by_old));
    book.append(&any_history(&mut Random::new(6), 20));
    notary.sign().unwrap();
    for (from, to) in [(20, 40), (20, 60), (40, 60), (20, 20)] {
        let proof = notary.consistency(from, to).unwrap().to_json();
        let (earlier, later) = verify_consistency(&proof, &new).unwrap();
        assert_eq!((earlier.size, later.size), (from, to));
    }
    let signed = signed_roots(&dir, &[], None).unwrap();
    assert_eq!((signed.roots.len(), signed.is_signer_known, signed.strangers.len()), (4, true, 0));
    let error = signed_roots(&dir, std::slice::from_ref(&new), None).unwrap_err().to_string();
    assert!(error.contains("of 20 records") && error.contains("if another key of yours"), "{error}");
    assert_eq!(signed_roots(&dir, &[new, old], None).unwrap().roots, signed.roots);
    book.close();
}

#[test]
fn a_key_of_another_name_signs_what_was_signed_before_in_its_own() {
    let folder = temp();
    let (book, _) = replaced(&folder.path().join("data"));
    let notary = book.notary();
    let new = notary.create_key(Some("shop.example/renamed")).unwrap();
    notary.sign().unwrap();
    assert_eq!(notary.checkpoint(20).unwrap().checkpoint.origin, new.name());
    verify_consistency(&notary.consistency(20, 40).unwrap().to_json(), &new).unwrap();
    book.close();
}

#[test]
fn what_a_stranger_signed_does_not_count() {
    let folder = temp();
    let dirs = ["data", "other"].map(|name| folder.path().join(name));
    let history = any_history(&mut Random::new(7), 40);
    // Another folder with the same records, and a key of the same name.
    let [mut book, mut other] = dirs.each_ref().map(|dir| Book::open(dir, 50));
    let mut texts = Vec::new();
    for part in history.chunks(20) {
        for book in [&mut book, &mut other] {
            book.append(part);
            texts.push(book.signing().0.sign().unwrap().text);
        }
    }
    let (key, stranger) = (book.signing().1, other.signing().1);
    assert_eq!(key.name(), stranger.name());
    let file = dirs[0].join("checkpoints");
    std::fs::write(&file, format!("{}\n{}\n", texts[1], texts[2])).unwrap();
    let signed = signed_roots(&dirs[0], &[], None).unwrap();
    assert_eq!((signed.roots.len(), signed.strangers), (1, vec![20]));
    let notary = book.notary();
    notary.check().unwrap();
    // It is handed out as ours, since the ledger has that root.
    assert_eq!(Checkpoint::open(&notary.checkpoint(20).unwrap().text, &key).unwrap().size, 20);
    std::fs::write(&file, format!("{}\n{}\n", texts[0], texts[3])).unwrap();
    let error = book.notary().check().unwrap_err();
    assert!(matches!(error, NotaryError::Stranger { size: 40, .. }), "{error}");
    assert!(matches!(book.notary().sign(), Err(NotaryError::Stranger { .. })));
    // The key that the environment holds counts instead of the folder's, beside those that signed here.
    let secret = std::fs::read_to_string(dirs[1].join("signing.key")).unwrap();
    assert!(signed_roots(&dirs[0], &[], Some(&secret)).unwrap().strangers.is_empty());
    // Where no key is known, nobody can tell.
    for name in ["signing.key", "signing.pub"] {
        std::fs::remove_file(dirs[0].join(name)).unwrap();
    }
    let unknown = signed_roots(&dirs[0], &[], None).unwrap();
    assert_eq!((unknown.roots.len(), unknown.is_signer_known), (2, false));
    book.notary().check().unwrap();
    book.close();
    other.close();
}

#[test]
fn a_key_is_of_one_ledger() {
    let folder = temp();
    let dir = folder.path().join("data");
    let book = Book::open(&dir, 50);
    let (_, key) = book.signing();
    assert_eq!(key.name(), format!("shop.example/ledger/{}", book.ledger.id()));
    let foreign = SigningKey::generate("shop.example/ledger/00000000-0000-0000-0000-000000000001").unwrap();
    let error = Notary::open(book.ledger.clone(), Some(&foreign.to_secret_text())).unwrap_err();
    assert!(matches!(error, NotaryError::OtherLedger { .. }) && error.to_string().contains("keys create"), "{error}");
    std::fs::write(dir.join("signing.key"), foreign.to_secret_text().as_bytes()).unwrap();
    assert!(matches!(Notary::open(book.ledger.clone(), None), Err(NotaryError::OtherLedger { .. })));
    book.close();
}

#[test]
fn evidence_has_a_bound_and_is_handed_on_part_by_part() {
    let folder = temp();
    let mut book = Book::open(&folder.path().join("data"), 1000);
    book.append(&any_history(&mut Random::new(8), 400));
    let (notary, key) = book.signing();
    let text = notary.evidence(order(3), NOW, u64::MAX).unwrap();
    let events = verify_evidence(&text, &key).unwrap().events;
    let (mut parts, mut longest) = (String::new(), 0);
    let mut out = |part: &str| {
        longest = part.len().max(longest);
        parts.push_str(part);
        Ok(())
    };
    notary.write_evidence(order(3), NOW, text.len() as u64, &mut out).unwrap();
    assert_eq!(parts, text);
    assert!(events > 20 && longest < text.len() / 10, "{events} events, {longest} of {} bytes", text.len());
    for max_bytes in [0, 1_000, text.len() as u64 / 2, text.len() as u64 - 1] {
        let error = notary.evidence(order(3), NOW, max_bytes).unwrap_err();
        assert!(matches!(error, EvidenceError::TooLarge { .. }), "{error}");
    }
    book.close();
}
