//! What the notary signs, and what it refuses.

use daybook_proof::{Checkpoint, NotaryError, VerifierKey, verify_consistency, verify_evidence};
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
    assert_eq!(notary.sizes(), sizes);
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
    let unknown = notary.evidence(order(9_999), NOW).unwrap_err();
    assert_eq!(unknown.to_string(), "there is no such order");
    let bundle = notary.evidence(order(3), NOW).unwrap();
    let verified = verify_evidence(&bundle, &key).unwrap();
    assert_eq!((verified.order, verified.checkpoint.size), (order(3).0, 50));
    // What has the whole order already is used again.
    notary.evidence(order(4), NOW).unwrap();
    assert_eq!(notary.sizes(), [50]);
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

#[test]
fn a_key_that_was_replaced_goes_on_where_the_one_before_ended() {
    let folder = temp();
    let dir = folder.path().join("data");
    let mut book = Book::open(&dir, 50);
    book.append(&any_history(&mut Random::new(5), 40));
    let (notary, old) = book.signing();
    let before = notary.sign().unwrap();
    drop(notary);
    std::fs::remove_file(dir.join("signing.key")).unwrap();
    let (notary, new) = book.signing();
    assert_ne!(old, new);
    let after = notary.sign().unwrap();
    assert_eq!((before.checkpoint.size, after.checkpoint.size), (40, 40));
    assert!(Checkpoint::open(&after.text, &new).is_ok() && Checkpoint::open(&before.text, &old).is_ok());
    assert_eq!(notary.sign().unwrap(), after);
    verify_evidence(&notary.evidence(order(1), NOW).unwrap(), &new).unwrap();
    assert_eq!(book.notary().sizes(), [40, 40]);
    book.close();
}
