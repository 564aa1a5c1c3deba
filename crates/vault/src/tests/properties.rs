use std::collections::HashSet;
use std::sync::Barrier;

use proptest::prelude::*;
use uuid::Uuid;

use super::{ID, master, new_disk, open};
use crate::{Context, OpenSealedError, SlotId, Vault};

proptest! {
    #[test]
    fn what_is_sealed_opens_there_and_only_there(
        tenant in ".{0,40}", other_tenant in ".{0,40}",
        stream: u128, other_stream: u128,
        kind: u16, other_kind: u16,
        plain in proptest::collection::vec(any::<u8>(), 0..400),
    ) {
        let (vault, _) = open(&new_disk(2)).unwrap();
        let (slot, other_slot) = (vault.slot_for("r", "a").unwrap(), vault.slot_for("r", "b").unwrap());
        let context = Context { tenant: &tenant, stream: Uuid::from_u128(stream), kind };
        let sealed = vault.seal(slot, &context, &plain).unwrap();
        prop_assert_eq!(sealed.len(), plain.len() + 40);
        prop_assert_eq!(&vault.open_sealed(slot, &context, &sealed).unwrap(), &plain);
        prop_assert_ne!(&vault.seal(slot, &context, &plain).unwrap(), &sealed);

        let elsewhere = [
            (slot, Context { tenant: &other_tenant, ..context }),
            (slot, Context { stream: Uuid::from_u128(other_stream), ..context }),
            (slot, Context { kind: other_kind, ..context }),
            (other_slot, context),
        ];
        for (where_slot, where_context) in elsewhere {
            if (where_slot, where_context) != (slot, context) {
                let opened = vault.open_sealed(where_slot, &where_context, &sealed);
                let damaged = matches!(opened, Err(OpenSealedError::Damaged { slot }) if slot == where_slot);
                prop_assert!(damaged);
            }
        }
    }

    #[test]
    fn an_altered_text_does_not_open(plain in proptest::collection::vec(any::<u8>(), 0..100), at: prop::sample::Index, bit in 0..8) {
        let (vault, _) = open(&new_disk(1)).unwrap();
        let slot = vault.slot_for("r", "a").unwrap();
        let mut sealed = vault.seal(slot, &super::CONTEXT, &plain).unwrap();
        let at = at.index(sealed.len());
        prop_assert!(vault.open_sealed(slot, &super::CONTEXT, &sealed[..at]).is_err());
        sealed[at] ^= 1u8 << bit;
        let opened = vault.open_sealed(slot, &super::CONTEXT, &sealed);
        let damaged = matches!(opened, Err(OpenSealedError::Damaged { .. }));
        prop_assert!(damaged);
    }

    #[test]
    fn erasing_touches_one_slot_alone(count in 1u32..30, erased in proptest::collection::hash_set(0u32..30, 0..10)) {
        let disk = new_disk(4);
        let (vault, _) = open(&disk).unwrap();
        let sealed: Vec<_> = (0..count)
            .map(|n| {
                let slot = vault.slot_for("r", &n.to_string()).unwrap();
                (slot, vault.seal(slot, &super::CONTEXT, &n.to_le_bytes()).unwrap())
            })
            .collect();
        let erased: Vec<SlotId> = erased.into_iter().filter(|n| *n < count).map(SlotId).collect();
        vault.erase_all(&erased).unwrap();
        let (reopened, _) = open(&disk).unwrap();
        for vault in [&vault, &reopened] {
            for (n, (slot, sealed)) in (0u32..).zip(&sealed) {
                let opened = vault.open_sealed(*slot, &super::CONTEXT, sealed);
                if erased.contains(slot) {
                    let is_erased = matches!(opened, Err(OpenSealedError::Erased { .. }));
                    prop_assert!(is_erased);
                    prop_assert_eq!(vault.find("r", &n.to_string()), None);
                } else {
                    prop_assert_eq!(opened.unwrap(), n.to_le_bytes());
                    prop_assert_eq!(vault.find("r", &n.to_string()), Some(*slot));
                }
            }
        }
    }
}

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
                            let sealed = vault.seal(slot, &super::CONTEXT, name.as_bytes()).unwrap();
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
        assert_eq!(vault.open_sealed(slot, &super::CONTEXT, &sealed).unwrap(), name.as_bytes());
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
                vault.seal(slot, &super::CONTEXT, b"text").unwrap()
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
                    let opened = vault.open_sealed(slot, &super::CONTEXT, sealed);
                    assert!(matches!(opened, Ok(_) | Err(OpenSealedError::Erased { .. })), "{opened:?}");
                }
            });
        }
        scope.spawn(move || {
            for (slot, sealed) in (0..).map(SlotId).zip(sealed) {
                vault.erase(slot).unwrap();
                let opened = vault.open_sealed(slot, &super::CONTEXT, sealed);
                assert!(matches!(opened, Err(OpenSealedError::Erased { .. })));
            }
        });
    });
}
