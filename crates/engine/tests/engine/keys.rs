//! Key files that are not the newest, and damaged ones.

use std::fs;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use daybook_domain::{Event, Kind, Slot, Timestamp};
use daybook_engine::{Clock, FolderOptions, MasterKeySource, OpenFolderError, Opened, open_folder};
use daybook_vault::{MasterKey, MasterKeyError, Vault};

use crate::personal::files_below;
use crate::shop::*;

/// Ann's order, then bob's; in between a copy of the key file was made, which knows ann alone.
fn two_orders(dir: &Path) {
    let shop = open(dir).with_merchant();
    shop.send(2, place("A", "ann")).unwrap();
    shop.close();
    fs::copy(dir.join("keys"), dir.with_extension("older-keys")).unwrap();
    let shop = open(dir);
    shop.send(3, place("B", "bob")).unwrap();
    shop.close();
}

fn put_back_older_keys(dir: &Path) {
    fs::copy(dir.with_extension("older-keys"), dir.join("keys")).unwrap();
}

fn account(shop: &Shop, number: &str) -> Opened {
    let reader = shop.engine.reader();
    let history = reader.history(order(number)).unwrap();
    let Event::OrderPlaced(placed) = &history[0].event else { panic!() };
    reader.open_text(&placed.account, &merchant(), order(number), Kind::OrderPlaced)
}

#[test]
fn with_an_older_key_file_a_new_buyer_gets_no_key_that_the_log_names() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("data");
    two_orders(&dir);
    put_back_older_keys(&dir);
    let shop = open(&dir);
    shop.send(4, place("C", "carl")).unwrap();
    let [ann, bob, carl] = ["A", "B", "C"].map(|number| shop.order(number).buyer);
    assert!(carl != ann && carl != bob, "{ann:?} {bob:?} {carl:?}");
    // The old file has their keys, if not who has them.
    assert_eq!(account(&shop, "A"), Opened::Text("ann".into()));
    assert_eq!(account(&shop, "B"), Opened::Text("bob".into()));
    shop.send(5, place("D", "bob")).unwrap();
    assert_eq!(shop.order("D").buyer, bob);
    assert_eq!(shop.relearned, 3);
    shop.close();
    assert_eq!(open(&dir).relearned, 0, "what was relearned is noted");
}

#[test]
fn a_key_that_log_and_key_file_give_to_different_buyers_goes_to_nobody() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("data");
    two_orders(&dir);
    put_back_older_keys(&dir);
    {
        // As an earlier version did that trusted the note: bob's key is carl's too.
        let master = MasterKey::load(&dir.join("master.key")).unwrap();
        let (vault, _) = Vault::open(&dir.join("keys"), &master).unwrap();
        assert_eq!(vault.slot_for("m1", "carl").unwrap().0, 1);
    }
    fs::remove_file(dir.join("keys.position")).unwrap();
    for round in 0..2 {
        let shop = open(&dir);
        let contested = if round == 0 { vec![1] } else { Vec::new() };
        assert_eq!(shop.contested_keys, contested, "{round}");
        assert_eq!(account(&shop, "B"), Opened::Text("bob".into()));
        let taken = ["A", "B"].map(|number| shop.order(number).buyer);
        for (n, buyer) in [(0, "bob"), (1, "carl")] {
            let number = format!("{buyer}-{round}");
            shop.send(10 + n + 10 * round, place(&number, buyer)).unwrap();
            assert!(!taken.contains(&shop.order(&number).buyer), "{number}");
        }
        assert_eq!(shop.order(&format!("bob-{round}")).buyer, Slot(2));
        assert_eq!(shop.order(&format!("carl-{round}")).buyer, Slot(3));
        shop.close();
    }
}

/// Slot `slot` begins at 8192 + 128 × slot: its key at 0, its subject at 80.
fn damage(dir: &Path, slot: u64, at: u64) {
    let file = fs::File::options().read(true).write(true).open(dir.join("keys")).unwrap();
    let mut byte = [0];
    let offset = 8192 + 128 * slot + at;
    file.read_exact_at(&mut byte, offset).unwrap();
    file.write_all_at(&[!byte[0]], offset).unwrap();
}

#[test]
fn a_buyer_whose_entry_is_damaged_is_relearned_from_the_whole_log() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("data");
    two_orders(&dir);
    damage(&dir, 0, 80);
    let shop = open(&dir);
    assert_eq!(shop.relearned, 3);
    assert_eq!(shop.engine.reader().buyer_slot(&merchant(), "ann"), Some(Slot(0)));
    shop.close();
    assert_eq!(open(&dir).relearned, 0, "the entry was written again");
}

#[test]
fn a_damaged_key_keeps_nobody_from_the_rest() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("data");
    two_orders(&dir);
    damage(&dir, 0, 28);
    fs::remove_file(dir.join("keys.position")).unwrap();
    let shop = open(&dir);
    assert_eq!(account(&shop, "A"), Opened::Damaged);
    assert_eq!(account(&shop, "B"), Opened::Text("bob".into()));
}

#[test]
fn a_note_of_an_earlier_version_is_not_trusted() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("data");
    two_orders(&dir);
    fs::write(dir.join("keys.position"), "3\n").unwrap();
    assert_eq!(open(&dir).relearned, 3);
}

/// Every file's name and bytes.
fn bytes_of(dir: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut files = Vec::new();
    files_below(dir, &mut files);
    files.sort();
    files.into_iter().map(|file| (file.clone(), fs::read(file).unwrap())).collect()
}

#[test]
fn a_folder_whose_keys_do_not_fit_is_refused_untouched() {
    let folder = tempfile::tempdir().unwrap();
    let (dir, other) = (folder.path().join("data"), folder.path().join("other"));
    two_orders(&dir);
    let with = |master_key| FolderOptions { master_key, ..options() };
    let id_if_new = Some(uuid::Uuid::from_u128(0xE));
    open_folder(&other, &FolderOptions { id_if_new, ..options() }, clock()).unwrap().engine.shutdown().unwrap();
    // As a crash leaves them: opening has something to cut off.
    for keys in [dir.join("keys"), other.join("keys")] {
        fs::write(&keys, [&fs::read(&keys).unwrap()[..], &[1; 100]].concat()).unwrap();
    }
    let kept = fs::read(dir.join("keys")).unwrap();
    let refused = |master_key, what: &str| {
        let before = bytes_of(&dir);
        let error = open_folder(&dir, &with(master_key), clock()).err().expect(what);
        assert!(bytes_of(&dir) == before, "{what}");
        error
    };

    let wrong = MasterKeySource::Hex("07".repeat(32));
    let error = refused(wrong, "a wrong master key");
    assert!(matches!(error, OpenFolderError::Keys(daybook_vault::OpenError::WrongMasterKey { .. })), "{error}");
    let error = refused(MasterKeySource::Hex("07".into()), "no master key");
    assert!(matches!(error, OpenFolderError::MasterKey(MasterKeyError::NotHex)), "{error}");

    fs::copy(other.join("keys"), dir.join("keys")).unwrap();
    let error = refused(MasterKeySource::File(other.join("master.key")), "another ledger's keys");
    assert!(matches!(error, OpenFolderError::OtherKeys { .. }), "{error}");

    fs::remove_file(dir.join("keys")).unwrap();
    fs::remove_file(dir.join("master.key")).unwrap();
    let error = refused(MasterKeySource::Folder, "no keys");
    assert!(matches!(error, OpenFolderError::Keys(daybook_vault::OpenError::Missing { .. })), "{error}");

    fs::write(dir.join("keys"), kept).unwrap();
    let error = refused(MasterKeySource::Folder, "keys without a master key");
    assert!(matches!(error, OpenFolderError::MasterKey(MasterKeyError::Missing { .. })), "{error}");
}

#[test]
fn a_wrong_master_key_leaves_no_new_folder_behind() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("data");
    let options = FolderOptions { master_key: MasterKeySource::Hex("07".into()), ..options() };
    assert!(matches!(open_folder(&dir, &options, clock()), Err(OpenFolderError::MasterKey(MasterKeyError::NotHex))));
    assert!(!dir.exists());
}

fn clock() -> Clock {
    std::sync::Arc::new(|| Timestamp(T0))
}
