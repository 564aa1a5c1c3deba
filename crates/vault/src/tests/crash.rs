//! Power failures at every call to the disk. The log is the test's own list: what stands in it is durable.

use std::collections::{HashMap, HashSet};

use super::lossy_disk::LossyDisk;
use super::{CONTEXT, Random, new_disk, open, open_with, repeatable};
use crate::create::Entropy;
use crate::layout::{SlotId, file_bytes};
use crate::{OpenError, OpenSealedError, Vault};

enum Entry {
    Sealed { slot: SlotId, account: String, sealed: Vec<u8> },
    Erased(SlotId),
}

#[derive(Default)]
struct Log {
    entries: Vec<Entry>,
    /// Live subjects.
    slots: HashMap<String, SlotId>,
    used: HashSet<SlotId>,
    erased: HashSet<SlotId>,
    erasures_acknowledged: HashSet<SlotId>,
}

#[test]
fn nothing_sealed_is_lost_and_nothing_erased_returns() {
    let base = match std::env::var("VAULT_SEED") {
        Ok(seed) => seed.parse().unwrap(),
        Err(_) => {
            let mut bytes = [0; 8];
            getrandom::fill(&mut bytes).unwrap();
            u64::from_le_bytes(bytes)
        }
    };
    for seed in base..base.saturating_add(150) {
        // Shown when the test fails. Repeat with VAULT_SEED.
        println!("seed {seed}");
        life(seed);
    }
}

fn life(seed: u64) {
    let mut random = Random(seed);
    let disk = new_disk(4);
    let mut log = Log::default();
    for run in 0..8 {
        // Sometimes the power fails during opening and replay already.
        disk.power_fails_after(random.below(60));
        // Random bytes differ from run to run, as the system's do.
        if let Some(vault) = start(&disk, repeatable(seed ^ (run << 32)), &mut log) {
            work(&vault, &mut log, &mut random);
        }
        disk.crash(&mut random);
    }
    let vault = start(&disk, repeatable(seed), &mut log).expect("the power is on");
    for (account, slot) in &log.slots {
        assert_eq!(vault.find("root", account), Some(*slot));
    }
}

/// Opens and replays. `None` when the power fails.
fn start(disk: &LossyDisk, entropy: Entropy, log: &mut Log) -> Option<Vault> {
    let (vault, report) = match open_with(disk, entropy) {
        Ok(opened) => opened,
        Err(OpenError::Io { .. }) => return None,
        Err(error) => panic!("{error}"),
    };
    assert!(report.duplicates.is_empty(), "{report:?}");
    for slot in &report.damaged {
        let is_half_erased = log.erased.contains(slot) && !log.erasures_acknowledged.contains(slot);
        assert!(is_half_erased, "the key in slot {slot} was lost");
    }
    for slot in &log.erasures_acknowledged {
        assert!(vault.is_erased(*slot), "the erasure of slot {slot} was lost");
    }
    for entry in &log.entries {
        match entry {
            Entry::Sealed { slot, account, sealed } => {
                vault.mark_used(*slot).expect("the slot is in the file");
                match vault.open_sealed(*slot, &CONTEXT, sealed) {
                    Ok(text) => {
                        assert_eq!(text, account.as_bytes());
                        if vault.relearn(*slot, "root", account).is_err() {
                            return None;
                        }
                    }
                    Err(OpenSealedError::Erased { .. } | OpenSealedError::KeyDamaged { .. }) => {
                        assert!(log.erased.contains(slot));
                    }
                    Err(error) => panic!("slot {slot}: {error}"),
                }
            }
            Entry::Erased(slot) => {
                vault.erase(*slot).ok()?;
                log.erasures_acknowledged.insert(*slot);
            }
        }
    }
    Some(vault)
}

/// Until the power fails.
fn work(vault: &Vault, log: &mut Log, random: &mut Random) {
    // The guard: even when nothing calls the disk any more, the run ends.
    for _ in 0..200 {
        let account = random.below(12).to_string();
        if random.below(5) == 0 {
            let Some(slot) = log.slots.remove(&account) else { continue };
            log.entries.push(Entry::Erased(slot));
            log.erased.insert(slot);
            if vault.erase(slot).is_err() {
                return;
            }
            log.erasures_acknowledged.insert(slot);
            continue;
        }
        let Ok(slot) = vault.slot_for("root", &account) else { return };
        let sealed = vault.seal(slot, &CONTEXT, account.as_bytes()).expect("the slot was handed out");
        match log.slots.get(&account) {
            Some(known) => assert_eq!(slot, *known),
            None => assert!(!log.used.contains(&slot), "slot {slot} was handed out twice"),
        }
        // Else the command was refused, or the crash comes before its event is durable.
        if random.coin() {
            log.slots.insert(account.clone(), slot);
            log.used.insert(slot);
            log.entries.push(Entry::Sealed { slot, account, sealed });
        }
    }
}

#[test]
fn a_subject_that_a_crash_lost_is_relearned() {
    let disk = new_disk(4);
    let before = disk.bytes();
    let (vault, _) = open(&disk).unwrap();
    let slot = vault.slot_for("root", "a").unwrap();
    let sealed = vault.seal(slot, &CONTEXT, b"a").unwrap();
    drop(vault);

    // Nothing was synced since.
    let (vault, report) = open(&LossyDisk::new(before)).unwrap();
    assert_eq!(report.handed_out, 0);
    assert_eq!(vault.find("root", "a"), None);
    vault.mark_used(slot).unwrap();
    assert_eq!(vault.open_sealed(slot, &CONTEXT, &sealed).unwrap(), b"a");
    vault.relearn(slot, "root", "a").unwrap();
    assert_eq!(vault.find("root", "a"), Some(slot));
}

#[test]
fn slots_that_were_never_counted_are_cut_off_when_both_headers_are_sound() {
    let disk = new_disk(4);
    disk.overwrite(usize::try_from(file_bytes(4)).unwrap(), &[7; 300]);
    let (vault, report) = open(&disk).unwrap();
    assert_eq!((report.prepared, report.leftover_bytes), (4, 300));
    assert_eq!(disk.bytes().len() as u64, file_bytes(4));
    for account in 0..6 {
        let slot = vault.slot_for("root", &account.to_string()).unwrap();
        vault.seal(slot, &CONTEXT, b"text").unwrap();
    }
    drop(vault);
    assert!(open(&disk).unwrap().1.damaged.is_empty());
}

/// Two blocks; the header that counts the second is damaged.
fn newer_header_damaged() -> LossyDisk {
    let disk = new_disk(4);
    let (vault, _) = open(&disk).unwrap();
    for account in 0..6 {
        vault.slot_for("root", &account.to_string()).unwrap();
    }
    drop(vault);
    let bytes = disk.bytes();
    let newer = if bytes[44] == 8 { 0 } else { 4096 };
    assert_eq!((bytes[newer + 44], bytes[4096 - newer + 44]), (8, 4));
    disk.overwrite(newer + 44, &[0]);
    disk
}

#[test]
fn slots_that_only_a_damaged_header_counts_are_kept() {
    let (vault, report) = open(&newer_header_damaged()).unwrap();
    assert!(report.header_repaired);
    assert_eq!((report.prepared, report.handed_out, report.leftover_bytes), (8, 6, 0));
    assert_eq!(vault.find("root", "5"), Some(SlotId(5)));
}

#[test]
fn slots_that_only_a_damaged_header_counts_are_not_cut_off_when_one_is_damaged() {
    let disk = newer_header_damaged();
    disk.overwrite(usize::try_from(file_bytes(6)).unwrap() + 10, &[1, 2, 3]);
    let before = disk.bytes();
    assert!(matches!(open(&disk), Err(OpenError::TailDamaged { slot: SlotId(6), .. })));
    assert_eq!(disk.bytes(), before);
}

#[test]
fn an_erasure_whose_sync_failed_is_written_again_by_the_next_process() {
    let disk = new_disk(4);
    let (vault, _) = open(&disk).unwrap();
    let slot = vault.slot_for("root", "a").unwrap();
    vault.sync().unwrap();
    disk.fail_syncs_after(Some(0));
    vault.erase(slot).unwrap_err();
    vault.erase(slot).unwrap_err();
    drop(vault);
    disk.fail_syncs_after(None);

    // The page cache shows it as erased.
    let (vault, _) = open(&disk).unwrap();
    vault.erase(slot).unwrap();
    drop(vault);
    disk.crash(&mut Random(0));
    assert!(open(&disk).unwrap().0.is_erased(slot));
}

#[test]
fn slots_whose_sync_failed_are_written_again_by_the_next_process() {
    // Fails at the slots' sync, or at the header's. A header that is damaged as well makes the slots be adopted.
    for (syncs, header_is_damaged) in [(0, false), (1, false), (0, true)] {
        let disk = new_disk(4);
        let (vault, _) = open(&disk).unwrap();
        for account in 0..4 {
            vault.slot_for("root", &account.to_string()).unwrap();
        }
        vault.sync().unwrap();
        disk.fail_syncs_after(Some(syncs));
        vault.slot_for("root", "4").unwrap_err();
        drop(vault);
        disk.fail_syncs_after(None);
        if header_is_damaged {
            disk.overwrite(44, &[9]);
        }

        let (vault, _) = open(&disk).unwrap();
        let slot = vault.slot_for("root", "4").unwrap();
        let sealed = vault.seal(slot, &CONTEXT, b"text").unwrap();
        drop(vault);
        disk.crash(&mut Random(0));
        let (vault, _) = open(&disk).unwrap();
        assert_eq!(vault.open_sealed(slot, &CONTEXT, &sealed).unwrap(), b"text");
    }
}

#[test]
fn the_two_headers_are_written_in_turn() {
    let disk = new_disk(4);
    let (vault, _) = open(&disk).unwrap();
    let mut counts = Vec::new();
    for account in 0..16 {
        vault.slot_for("root", &account.to_string()).unwrap();
        let bytes = disk.bytes();
        counts.push((bytes[44].min(bytes[4096 + 44]), bytes[44].max(bytes[4096 + 44])));
    }
    counts.dedup();
    assert_eq!(counts, [(4, 4), (4, 8), (8, 12), (12, 16)]);
}
