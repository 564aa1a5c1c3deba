//! Many threads at once.

use std::collections::HashSet;
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Barrier, OnceLock};
use std::time::Duration;

use super::hooked_disk::HookedDisk;
use super::{CONTEXT, ID, SMALL, master, new_disk, open, repeatable};
use crate::vault::Tuning;
use crate::{OpenSealedError, SlotId, Vault};

/// Half of the accounts are wanted by all threads at once, half by one thread each.
#[test]
fn sixteen_threads_get_one_slot_per_subject_and_no_slot_twice() {
    const THREADS: usize = 16;
    const ACCOUNTS: usize = 400;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("keys");
    let vault = Vault::create(&path, &master(), ID).unwrap();
    let barrier = Barrier::new(THREADS);
    let results: Vec<Vec<(String, SlotId, Vec<u8>)>> = std::thread::scope(|scope| {
        let (vault, barrier) = (&vault, &barrier);
        let threads: Vec<_> = (0..THREADS)
            .map(|thread| {
                scope.spawn(move || {
                    barrier.wait();
                    let names =
                        (0..ACCOUNTS).map(|n| if n % 2 == 0 { format!("all {n}") } else { format!("{thread} {n}") });
                    names
                        .map(|name| {
                            let slot = vault.slot_for("root", &name).unwrap();
                            let sealed = vault.seal(slot, &CONTEXT, name.as_bytes()).unwrap();
                            (name, slot, sealed)
                        })
                        .collect()
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    drop(vault);

    let (vault, _) = Vault::open(&path, &master()).unwrap();
    let mut subjects = HashSet::new();
    let mut slots = HashSet::new();
    for (name, slot, sealed) in results.into_iter().flatten() {
        assert_eq!(vault.find("root", &name), Some(slot));
        assert_eq!(vault.open_sealed(slot, &CONTEXT, &sealed).unwrap(), name.as_bytes());
        subjects.insert(name);
        slots.insert(slot);
    }
    assert_eq!(subjects.len(), ACCOUNTS / 2 * (THREADS + 1));
    assert_eq!(slots.len(), subjects.len());
}

/// Opening races with erasing: an answer is the text or `Erased`, and after the erasure always `Erased`.
#[test]
fn opening_while_erasing_answers_the_text_or_erased() {
    let disk = new_disk(4);
    let sealed: Vec<_> = {
        let (vault, _) = open(&disk).unwrap();
        (0..200)
            .map(|n: u32| {
                let slot = vault.slot_for("r", &n.to_string()).unwrap();
                vault.seal(slot, &CONTEXT, b"text").unwrap()
            })
            .collect()
    };
    // Reopened, so that keys are unwrapped during the race.
    let (vault, _) = open(&disk).unwrap();
    std::thread::scope(|scope| {
        let (vault, sealed) = (&vault, &sealed);
        for _ in 0..3 {
            scope.spawn(move || {
                for (slot, sealed) in (0..).map(SlotId).zip(sealed) {
                    let opened = vault.open_sealed(slot, &CONTEXT, sealed);
                    assert!(matches!(opened, Ok(_) | Err(OpenSealedError::Erased { .. })), "{opened:?}");
                }
            });
        }
        scope.spawn(move || {
            for (slot, sealed) in (0..).map(SlotId).zip(sealed) {
                vault.erase(slot).unwrap();
                let opened = vault.open_sealed(slot, &CONTEXT, sealed);
                assert!(matches!(opened, Err(OpenSealedError::Erased { .. })));
            }
        });
    });
}

#[test]
fn two_threads_that_ask_at_the_same_moment_get_the_same_slot() {
    const ROUNDS: u32 = 3000;
    let tuning = Tuning { block: 4096, low_water: 0 };
    let (vault, _) =
        Vault::open_on(Box::new(new_disk(1)), &master(), Path::new("keys"), repeatable(3), tuning).unwrap();
    let arrived = AtomicU32::new(0);
    let ask = || {
        let mut slots = Vec::new();
        for round in 0..ROUNDS {
            // Closer together than a barrier lets them go.
            arrived.fetch_add(1, Ordering::AcqRel);
            while arrived.load(Ordering::Acquire) < 2 * (round + 1) {
                // The other may have no core of its own.
                std::thread::yield_now();
            }
            slots.push(vault.slot_for("root", &round.to_string()).unwrap());
        }
        slots
    };
    let (one, two) = std::thread::scope(|scope| {
        let other = scope.spawn(ask);
        (ask(), other.join().unwrap())
    });
    assert_eq!(one, two);
}

#[test]
fn a_slot_erased_while_its_key_is_read_is_erased() {
    for erase_before_read in [true, false] {
        let disk = new_disk(4);
        let slot = SlotId(0);
        let sealed = {
            let (vault, _) = open(&disk).unwrap();
            assert_eq!(vault.slot_for("root", "a").unwrap(), slot);
            vault.seal(slot, &CONTEXT, b"text").unwrap()
        };
        let vault: Arc<OnceLock<Vault>> = Arc::default();
        let erase = {
            let vault = Arc::clone(&vault);
            // Nothing while it is being opened.
            move || vault.get().into_iter().for_each(|vault: &Vault| vault.erase(slot).unwrap())
        };
        let hooked = HookedDisk::new(disk);
        let hooked = if erase_before_read { hooked.before_read(erase) } else { hooked.after_read(erase) };
        let opened = Vault::open_on(Box::new(hooked), &master(), Path::new("keys"), repeatable(3), SMALL).unwrap().0;
        let vault = vault.get_or_init(|| opened);
        for _ in 0..2 {
            let opened = vault.open_sealed(slot, &CONTEXT, &sealed);
            assert!(matches!(opened, Err(OpenSealedError::Erased { .. })), "{erase_before_read}: {opened:?}");
        }
    }
}

#[test]
fn nothing_writes_to_the_file_once_the_vault_is_gone() {
    let disk = new_disk(4);
    let slow = HookedDisk::new(disk.clone()).before_sync(|| std::thread::sleep(Duration::from_millis(30)));
    let tuning = Tuning { block: 4, low_water: 4 };
    let (vault, _) = Vault::open_on(Box::new(slow), &master(), Path::new("keys"), repeatable(3), tuning).unwrap();
    vault.slot_for("root", "a").unwrap();
    assert_eq!(disk.handles(), 2);
    drop(vault);
    assert_eq!(disk.handles(), 1);
    // The block was prepared before anybody waited for it.
    assert_eq!(open(&disk).unwrap().1.prepared, 8);
}
