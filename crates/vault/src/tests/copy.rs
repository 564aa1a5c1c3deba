//! Other master keys, and copies.

use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::{CONTEXT, ID, master};
use crate::{CopyError, Journal, JournalError, MasterKey, OpenError, OpenSealedError, SlotId, Vault};

fn other(n: u8) -> MasterKey {
    MasterKey::from_hex(&format!("{n:02x}").repeat(32)).unwrap()
}

fn buyer(n: usize) -> String {
    format!("buyer-{n}@example.org")
}

struct Kept {
    _folder: TempDir,
    path: PathBuf,
    sealed: Vec<(SlotId, Vec<u8>)>,
    hashes: [[u8; 16]; 2],
}

/// Thirty buyers, every third of whom is erased.
fn kept() -> Kept {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("keys");
    let vault = Vault::create(&path, &master(), ID).unwrap();
    let sealed: Vec<_> = (0..30)
        .map(|n| {
            let slot = vault.slot_for("r", &buyer(n)).unwrap();
            (slot, vault.seal(slot, &CONTEXT, buyer(n).as_bytes()).unwrap())
        })
        .collect();
    vault.erase_all(&sealed.iter().step_by(3).map(|(slot, _)| *slot).collect::<Vec<_>>()).unwrap();
    let hashes = [vault.command_hash(b"abc"), vault.lookup_hash("card", "r", b"abc")];
    Kept { _folder: folder, path, sealed, hashes }
}

impl Kept {
    fn is_whole(&self, path: &Path, master: &MasterKey) {
        let (vault, report) = Vault::open(path, master).unwrap();
        assert_eq!((report.id, report.handed_out, report.erased, report.damaged.len()), (ID, 30, 10, 0));
        for (n, (slot, sealed)) in self.sealed.iter().enumerate() {
            let opened = vault.open_sealed(*slot, &CONTEXT, sealed);
            if n % 3 == 0 {
                assert!(matches!(opened, Err(OpenSealedError::Erased { .. })), "{n}");
                assert_eq!(vault.find("r", &buyer(n)), None);
            } else {
                assert_eq!(opened.unwrap(), buyer(n).as_bytes());
                assert_eq!(vault.find("r", &buyer(n)), Some(*slot));
            }
        }
        assert_eq!([vault.command_hash(b"abc"), vault.lookup_hash("card", "r", b"abc")], self.hashes);
    }

    fn rotate(&self, from: &MasterKey, to: &MasterKey) {
        Vault::open(&self.path, from).unwrap().0.rotate(&self.path, to).unwrap();
    }
}

#[test]
fn under_another_master_key_everything_is_as_it_was_and_the_old_one_opens_nothing() {
    let kept = kept();
    let mut before = File::open(&kept.path).unwrap();
    kept.rotate(&master(), &other(1));
    kept.is_whole(&kept.path, &other(1));
    assert!(matches!(Vault::open(&kept.path, &master()), Err(OpenError::WrongMasterKey { .. })));
    let mut old = Vec::new();
    before.read_to_end(&mut old).unwrap();
    assert!(old.len() > 8192 && old.iter().all(|byte| *byte == 0), "what lay there before is overwritten");
    // And so again, and back.
    for (from, to) in [(other(1), other(2)), (other(2), master())] {
        kept.rotate(&from, &to);
        kept.is_whole(&kept.path, &to);
        assert!(matches!(Vault::open(&kept.path, &from), Err(OpenError::WrongMasterKey { .. })));
    }
}

#[test]
fn slots_that_come_after_a_rotation_are_as_good() {
    let kept = kept();
    kept.rotate(&master(), &other(1));
    let (vault, _) = Vault::open(&kept.path, &other(1)).unwrap();
    let slots: Vec<_> = (0..2_000).map(|n| vault.slot_for("later", &buyer(n)).unwrap()).collect();
    let sealed = vault.seal(slots[1_999], &CONTEXT, b"text").unwrap();
    vault.sync().unwrap();
    drop(vault);
    let (vault, report) = Vault::open(&kept.path, &other(1)).unwrap();
    assert!(!report.header_repaired);
    assert_eq!(vault.find("later", &buyer(1_999)), Some(slots[1_999]));
    assert_eq!(vault.open_sealed(slots[1_999], &CONTEXT, &sealed).unwrap(), b"text");
}

#[test]
fn a_rotation_that_was_interrupted_leaves_the_old_file_and_nothing_beside_it() {
    let kept = kept();
    let left = kept.path.with_file_name("keys.tmp");
    for bytes in [Vec::new(), fs::read(&kept.path).unwrap()[..9_000].to_vec(), fs::read(&kept.path).unwrap()] {
        fs::write(&left, bytes).unwrap();
        kept.is_whole(&kept.path, &master());
        assert!(!left.exists(), "erasing would not reach it");
    }
}

#[test]
fn a_header_of_format_2_with_another_bit_is_not_believed() {
    let kept = kept();
    kept.rotate(&master(), &other(1));
    let whole = fs::read(&kept.path).unwrap();
    for at in (0..140).filter(|at| !(48..60).contains(at)) {
        for page in [0, 4096] {
            let mut bytes = whole.clone();
            bytes[page + at] ^= 1;
            fs::write(&kept.path, &bytes).unwrap();
            let opened = Vault::open(&kept.path, &other(1));
            match opened {
                Ok((_, report)) => assert!(report.header_repaired, "{at}"),
                Err(error) => assert!(matches!(error, OpenError::UnknownFormat { .. }), "{at}: {error}"),
            }
            fs::write(&kept.path, &whole).unwrap();
        }
        let mut bytes = whole.clone();
        bytes[at] ^= 1;
        bytes[4096 + at] ^= 1;
        fs::write(&kept.path, &bytes).unwrap();
        assert!(Vault::open(&kept.path, &other(1)).is_err(), "{at}");
        fs::write(&kept.path, &whole).unwrap();
    }
}

#[test]
fn a_copy_is_a_key_file_of_its_own_and_overwrites_none() {
    let kept = kept();
    let copy = kept.path.with_file_name("copy");
    let (vault, _) = Vault::open(&kept.path, &master()).unwrap();
    vault.back_up(&copy).unwrap();
    assert!(matches!(vault.back_up(&copy), Err(CopyError::Exists { .. })));
    kept.is_whole(&copy, &master());
    vault.erase(kept.sealed[1].0).unwrap();
    kept.is_whole(&copy, &master());
    let after = kept.path.with_file_name("after");
    vault.back_up(&after).unwrap();
    assert_eq!(Vault::open(&after, &master()).unwrap().1.erased, 11);
}

#[test]
fn copies_made_while_others_write_are_whole() {
    let kept = kept();
    let (vault, _) = Vault::open(&kept.path, &master()).unwrap();
    std::thread::scope(|scope| {
        let writing = scope.spawn(|| {
            for n in 0..3_000 {
                let slot = vault.slot_for("busy", &buyer(n)).unwrap();
                if n % 100 == 0 {
                    vault.erase(slot).unwrap();
                }
            }
        });
        let mut n = 0;
        while !writing.is_finished() || n == 0 {
            let copy = kept.path.with_file_name(format!("copy-{n}"));
            vault.back_up(&copy).unwrap();
            let report = Vault::open(&copy, &master()).unwrap().1;
            let damage = (&report.damaged, &report.subject_damaged, report.header_repaired);
            assert_eq!(damage, (&Vec::new(), &Vec::new(), false));
            fs::remove_file(&copy).unwrap();
            n += 1;
        }
    });
}

#[test]
fn an_account_has_all_its_slots_and_slots_of_nobody_are_told() {
    let kept = kept();
    let (vault, _) = Vault::open(&kept.path, &master()).unwrap();
    let old = vault.slot_for("x", "other").unwrap();
    vault.disown(old).unwrap();
    vault.bind_exactly(old, "x", "Ann").unwrap();
    let normal = vault.slot_for("x", "ann").unwrap();
    assert_eq!(vault.find_all("x", "Ann"), [old, normal]);
    assert_eq!(vault.find_all("x", " ANN "), [normal]);
    assert_eq!(vault.find_all("x", "nobody"), []);
    assert_eq!(vault.unowned(), []);
    let lost = vault.slot_for("x", "lost").unwrap();
    vault.disown(lost).unwrap();
    assert_eq!(vault.unowned(), [lost]);
    vault.erase(lost).unwrap();
    assert_eq!(vault.unowned(), []);
}

/// What was erased after a copy was made, under a slot that the copy has not prepared, never becomes somebody's.
#[test]
fn what_a_journal_names_is_erased_in_any_copy() {
    let folder = tempfile::tempdir().unwrap();
    let (path, older) = (folder.path().join("keys"), folder.path().join("older"));
    let vault = Vault::create(&path, &master(), ID).unwrap();
    let first = vault.slot_for("r", &buyer(0)).unwrap();
    let early = vault.seal(first, &CONTEXT, b"early").unwrap();
    vault.back_up(&older).unwrap();
    let slots: Vec<SlotId> = (0..3_000).map(|n| vault.slot_for("r", &buyer(n)).unwrap()).collect();
    vault.erase_all(&[first, slots[2_500]]).unwrap();
    let journal = Journal::of(&vault);
    assert_eq!(journal.slots, [first, slots[2_500]].into());
    journal.add_to(folder.path(), ID).unwrap();
    drop(vault);

    for _ in 0..2 {
        // Again and again: it changes nothing more.
        let (vault, _) = Vault::open(&older, &master()).unwrap();
        let found = Journal::load(folder.path(), ID).unwrap();
        assert_eq!(found, journal);
        found.apply(&vault).unwrap();
        assert!(matches!(vault.open_sealed(first, &CONTEXT, &early), Err(OpenSealedError::Erased { .. })));
        assert_eq!(vault.erased_slots(), [first, slots[2_500]]);
    }
    let (vault, _) = Vault::open(&older, &master()).unwrap();
    let newer: Vec<SlotId> = (0..2_000).map(|n| vault.slot_for("new", &buyer(n)).unwrap()).collect();
    assert!(newer.iter().all(|slot| *slot > slots[2_500]));
}

/// Whoever can write where copies lie has no key, and is not to fill the disk or to destroy what is in use.
#[test]
fn a_journal_of_another_future_or_of_nothing_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let vault = Vault::create(&folder.path().join("keys"), &master(), ID).unwrap();
    let slot = vault.slot_for("r", &buyer(0)).unwrap();
    let beyond = Journal { slots: [SlotId(u32::MAX)].into() };
    beyond.add_to(folder.path(), ID).unwrap();
    let error = Journal::load_for(folder.path(), ID, &vault).unwrap_err();
    assert!(matches!(error, JournalError::Beyond { .. }), "{error}");

    let other = tempfile::tempdir().unwrap();
    Journal { slots: [slot].into() }.add_to(other.path(), ID).unwrap();
    assert_eq!(Journal::load_for(other.path(), ID, &vault).unwrap().slots, [slot].into());
    let error = Journal::add_all_of(&vault, other.path(), ID).unwrap_err();
    assert!(matches!(error, JournalError::InUse { slot: named, .. } if named == slot), "{error}");
    vault.erase(slot).unwrap();
    assert_eq!(Journal::add_all_of(&vault, other.path(), ID).unwrap(), 1);
}

#[test]
fn what_a_link_leads_to_is_not_destroyed() {
    let folder = tempfile::tempdir().unwrap();
    let (file, link) = (folder.path().join("mine"), folder.path().join("keys-20200101T000000Z"));
    std::fs::write(&file, "mine").unwrap();
    std::os::unix::fs::symlink(&file, &link).unwrap();
    crate::disk::destroy_file(&link).unwrap();
    assert!(!link.exists() && std::fs::read_to_string(&file).unwrap() == "mine");
}
