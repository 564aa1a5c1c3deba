//! What each operation answers, in order.

use super::{CONTEXT, ID, master, new_disk, open};
use crate::{
    AssignError, CreateError, DisownError, MasterKey, OpenError, OpenSealedError, RelearnError, SealError, SlotId,
    UnknownSlot, Vault, WriteError,
};
use crate::{EraseError, layout};

#[test]
fn a_subject_keeps_its_slot_until_it_is_erased_and_then_gets_another() {
    let (vault, _) = open(&new_disk(4)).unwrap();
    let slot = vault.slot_for("root", "a").unwrap();
    assert_eq!(slot, SlotId(0));
    assert_eq!(vault.slot_for("root", "a").unwrap(), slot);
    assert_eq!(vault.find("root", "a"), Some(slot));
    assert_eq!(vault.find("roota", ""), None);
    assert_eq!(vault.slot_for("other", "a").unwrap(), SlotId(1));

    vault.erase(slot).unwrap();
    vault.erase(slot).unwrap();
    assert!(vault.is_erased(slot));
    assert_eq!(vault.find("root", "a"), None);
    assert_eq!(vault.slot_for("root", "a").unwrap(), SlotId(2));
    assert_eq!(vault.find("other", "a"), Some(SlotId(1)));
}

#[test]
fn case_and_blanks_at_the_ends_make_no_other_buyer() {
    let (vault, _) = open(&new_disk(4)).unwrap();
    let slot = vault.slot_for("root", "Zoë@Example.org").unwrap();
    for spelling in ["zoë@example.org", " ZOË@EXAMPLE.ORG\u{3000}", "Zoë@Example.org"] {
        assert_eq!(vault.find("root", spelling), Some(slot), "{spelling:?}");
        assert_eq!(vault.slot_for("root", spelling).unwrap(), slot, "{spelling:?}");
        vault.relearn(slot, "root", spelling).unwrap();
    }
    assert_eq!(vault.find("root", "zoe@example.org"), None);
    vault.erase(slot).unwrap();
    assert_eq!(vault.find("root", "Zoë@Example.org"), None);
}

/// Once accounts counted byte for byte.
#[test]
fn who_has_a_slot_by_the_exact_account_keeps_it() {
    let disk = new_disk(8);
    {
        let (vault, _) = open(&disk).unwrap();
        for (slot, account) in [(0, "Bob"), (1, "bob"), (2, "BOB"), (3, "Zoë")] {
            vault.bind_exactly(SlotId(slot), "root", account).unwrap();
        }
    }
    let (vault, _) = open(&disk).unwrap();
    // Twice: as after a crash, when the log is read again.
    for _ in 0..2 {
        for (slot, account) in [(0, "Bob"), (1, "bob"), (2, "BOB"), (3, "Zoë")] {
            assert_eq!(vault.find("root", account), Some(SlotId(slot)), "{account}");
            assert_eq!(vault.slot_for("root", account).unwrap(), SlotId(slot), "{account}");
            vault.relearn(SlotId(slot), "root", account).unwrap();
        }
    }
    // Its subject never reached the disk.
    vault.relearn(SlotId(4), "root", " bob").unwrap();
    assert_eq!(vault.find("root", " bob"), Some(SlotId(4)));
    assert_eq!(vault.find("root", "bOB"), Some(SlotId(1)), "a new spelling is the normal one's");
    assert!(matches!(vault.relearn(SlotId(5), "root", "bob"), Err(RelearnError::BoundElsewhere { .. })));
    assert!(matches!(vault.relearn(SlotId(0), "root", "eve"), Err(RelearnError::SlotTaken { .. })));
}

#[test]
fn blanks_do_not_lead_to_the_trees_own_slot() {
    let (vault, _) = open(&new_disk(4)).unwrap();
    vault.tree_slot("root").unwrap();
    for account in ["\0tree", " \0tree", "\0TREE "] {
        assert_eq!(vault.find("root", account), None, "{account:?}");
        assert!(matches!(vault.slot_for("root", account), Err(AssignError::ReservedAccount)), "{account:?}");
        assert!(matches!(vault.relearn(SlotId(1), "root", account), Err(RelearnError::ReservedAccount)), "{account:?}");
    }
}

#[test]
fn a_slot_that_was_disowned_is_nobodys_but_still_opens() {
    let disk = new_disk(4);
    let sealed = {
        let (vault, _) = open(&disk).unwrap();
        assert_eq!(vault.slot_for("root", "a").unwrap(), SlotId(0));
        assert_eq!(vault.slot_for("root", "b").unwrap(), SlotId(1));
        let sealed = vault.seal(SlotId(0), &CONTEXT, b"text").unwrap();
        vault.disown(SlotId(0)).unwrap();
        assert_eq!(vault.find("root", "a"), None);
        assert_eq!(vault.find("root", "b"), Some(SlotId(1)));
        assert!(matches!(vault.disown(SlotId(4)), Err(DisownError::UnknownSlot(_))));
        sealed
    };
    let (vault, report) = open(&disk).unwrap();
    assert_eq!(report.subject_damaged, []);
    assert_eq!(vault.open_sealed(SlotId(0), &CONTEXT, &sealed).unwrap(), b"text");
    assert_eq!((vault.handed_out(), vault.erased()), (2, 0));
    assert_eq!(vault.slot_for("root", "a").unwrap(), SlotId(2));
    vault.erase(SlotId(1)).unwrap();
    vault.disown(SlotId(1)).unwrap();
    assert!(open(&disk).unwrap().0.is_erased(SlotId(1)));
    assert_eq!((vault.handed_out(), vault.erased()), (3, 1));
}

#[test]
fn slots_and_subjects_survive_an_orderly_restart() {
    let disk = new_disk(4);
    let sealed = {
        let (vault, _) = open(&disk).unwrap();
        // 4 slots are prepared; the rest comes from blocks that are added.
        for account in 0..11 {
            vault.slot_for("root", &account.to_string()).unwrap();
        }
        vault.erase(SlotId(3)).unwrap();
        vault.seal(SlotId(10), &CONTEXT, b"text").unwrap()
    };
    let (vault, report) = open(&disk).unwrap();
    assert_eq!((report.id, report.prepared, report.handed_out, report.erased), (ID, 12, 11, 1));
    assert!(report.damaged.is_empty() && report.subject_damaged.is_empty() && report.duplicates.is_empty());
    assert!(!report.header_repaired);
    assert_eq!(vault.find("root", "10"), Some(SlotId(10)));
    assert_eq!(vault.open_sealed(SlotId(10), &CONTEXT, &sealed).unwrap(), b"text");
    assert_eq!(vault.find("root", "3"), None);
    assert!(vault.is_erased(SlotId(3)));
    assert_eq!(vault.slot_for("root", "3").unwrap(), SlotId(11));
}

#[test]
fn slots_that_are_unknown_not_handed_out_or_erased_are_refused_by_name() {
    let (vault, _) = open(&new_disk(4)).unwrap();
    let (unknown, unused) = (SlotId(4), SlotId(0));
    assert!(
        matches!(vault.seal(unknown, &CONTEXT, b""), Err(SealError::UnknownSlot(UnknownSlot { slot })) if slot == unknown)
    );
    assert!(matches!(vault.seal(unused, &CONTEXT, b""), Err(SealError::NotHandedOut { slot }) if slot == unused));
    assert!(matches!(vault.open_sealed(unknown, &CONTEXT, b""), Err(OpenSealedError::UnknownSlot(_))));
    assert!(matches!(vault.open_sealed(unused, &CONTEXT, b""), Err(OpenSealedError::Damaged { .. })));
    assert_eq!(vault.mark_used(unknown), Err(UnknownSlot { slot: unknown }));
    assert!(matches!(vault.relearn(unknown, "root", "a"), Err(RelearnError::UnknownSlot(_))));
    assert!(matches!(vault.erase(unknown), Err(EraseError::UnknownSlot(_))));

    let slot = vault.slot_for("root", "a").unwrap();
    let sealed = vault.seal(slot, &CONTEXT, b"text").unwrap();
    vault.erase(slot).unwrap();
    assert!(matches!(vault.seal(slot, &CONTEXT, b"text"), Err(SealError::Erased { .. })));
    assert!(matches!(vault.open_sealed(slot, &CONTEXT, &sealed), Err(OpenSealedError::Erased { .. })));
    assert!(matches!(vault.relearn(slot, "root", "a"), Err(RelearnError::Erased { .. })));
}

#[test]
fn a_slot_that_the_log_names_is_never_handed_out() {
    let (vault, _) = open(&new_disk(4)).unwrap();
    vault.mark_used(SlotId(1)).unwrap();
    vault.mark_used(SlotId(0)).unwrap();
    assert_eq!(vault.slot_for("root", "new").unwrap(), SlotId(2));
    vault.seal(SlotId(1), &CONTEXT, b"text").unwrap();
}

#[test]
fn relearning_is_idempotent_and_never_rebinds() {
    let (vault, _) = open(&new_disk(4)).unwrap();
    vault.relearn(SlotId(1), "root", "a").unwrap();
    vault.relearn(SlotId(1), "root", "a").unwrap();
    assert_eq!(vault.find("root", "a"), Some(SlotId(1)));
    assert!(matches!(
        vault.relearn(SlotId(2), "root", "a"),
        Err(RelearnError::BoundElsewhere { slot: SlotId(2), bound: SlotId(1) })
    ));
    assert!(matches!(vault.relearn(SlotId(1), "root", "b"), Err(RelearnError::SlotTaken { slot: SlotId(1) })));
    assert_eq!(vault.find("root", "b"), None);
    assert_eq!(vault.slot_for("root", "b").unwrap(), SlotId(2));
}

#[test]
fn a_buyer_cannot_take_the_name_of_the_trees_own_slot() {
    let (vault, _) = open(&new_disk(4)).unwrap();
    let (slot, sealed) = vault.seal_shared("root", &CONTEXT, b"note").unwrap();
    assert_eq!(vault.tree_slot("root").unwrap(), slot);
    assert_eq!(vault.open_sealed(slot, &CONTEXT, &sealed).unwrap(), b"note");
    assert!(matches!(vault.slot_for("root", "\0tree"), Err(AssignError::ReservedAccount)));
    assert!(matches!(vault.relearn(slot, "root", "\0tree"), Err(RelearnError::ReservedAccount)));
    assert_eq!(vault.find("root", "\0tree"), None);
    vault.relearn_tree(slot, "root").unwrap();
    assert_ne!(vault.slot_for("root", "tree").unwrap(), slot);
}

#[test]
fn an_erased_slot_leaves_nothing_in_the_file() {
    let disk = new_disk(4);
    let (vault, _) = open(&disk).unwrap();
    let slot = vault.slot_for("root", "a").unwrap();
    vault.erase(slot).unwrap();
    let at = usize::try_from(layout::slot_offset(slot)).unwrap();
    let bytes = &disk.bytes()[at..at + layout::SLOT_BYTES];
    assert_eq!(bytes[0], 2);
    assert!(bytes[1..76].iter().chain(&bytes[80..124]).all(|byte| *byte == 0), "{bytes:02x?}");
}

#[test]
fn after_a_sync_that_failed_nothing_more_is_written_but_texts_still_open() {
    let disk = new_disk(4);
    let (vault, _) = open(&disk).unwrap();
    let slot = vault.slot_for("root", "a").unwrap();
    let sealed = vault.seal(slot, &CONTEXT, b"text").unwrap();
    disk.fail_syncs_after(Some(0));
    assert!(matches!(vault.sync(), Err(WriteError::Io(_))));
    disk.fail_syncs_after(None);
    assert!(matches!(vault.sync(), Err(WriteError::Poisoned)));
    assert!(matches!(vault.erase(slot), Err(EraseError::Write(WriteError::Poisoned))));
    assert!(matches!(vault.slot_for("root", "b"), Err(AssignError::Write(WriteError::Poisoned))));
    assert_eq!(vault.slot_for("root", "a").unwrap(), slot);
    assert_eq!(vault.open_sealed(slot, &CONTEXT, &sealed).unwrap(), b"text");
}

#[test]
fn the_real_file_is_private_and_never_overwritten() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("keys");
    assert!(matches!(Vault::open(&path, &master()), Err(OpenError::Missing { .. })));
    // A crash can leave one, whatever its mode.
    std::fs::write(folder.path().join("keys.tmp"), b"half").unwrap();

    let vault = Vault::create(&path, &master(), ID).unwrap();
    let slot = vault.slot_for("root", "a").unwrap();
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(!folder.path().join("keys.tmp").exists());
    drop(vault);
    assert!(matches!(Vault::create(&path, &master(), ID), Err(CreateError::Exists { .. })));

    let (vault, report) = Vault::open(&path, &master()).unwrap();
    assert_eq!((vault.id(), report.prepared), (ID, 1024));
    assert_eq!(vault.find("root", "a"), Some(slot));

    let other = MasterKey::from_hex(&"ab".repeat(32)).unwrap();
    let error = Vault::open(&path, &other).unwrap_err();
    assert!(matches!(error, OpenError::WrongMasterKey { .. }));
    assert!(error.to_string().contains("put back the one with which the file was created, or the newest one"));
}

#[test]
fn hashes_depend_on_every_part() {
    let (vault, _) = open(&new_disk(4)).unwrap();
    let all = [
        vault.lookup_hash("card", "root", b"x"),
        vault.lookup_hash("card", "root", b"y"),
        vault.lookup_hash("card", "roo", b"tx"),
        vault.lookup_hash("car", "droot", b"x"),
        vault.lookup_hash("other", "root", b"x"),
        vault.command_hash(b"x"),
        vault.command_hash(b"y"),
    ];
    for (i, hash) in all.iter().enumerate() {
        assert!(!all[..i].contains(hash), "{i}");
    }
    assert_eq!(all[0], vault.lookup_hash("card", "root", b"x"));
}
