//! Damage of the file at rest: harmless, or an error that names the slot; never another key.

use super::{CONTEXT, Random, master, new_disk, open, repeatable};
use crate::create::new_file;
use crate::layout::{KeyPart, SLOT_BYTES, SlotId, decode_key, encode_ready, slot_offset};
use crate::tests::lossy_disk::LossyDisk;
use crate::{OpenError, OpenSealedError, SealError};

const TEXT: &[u8] = b"text";
const SLOTS: usize = 4;

/// Slots 0 and 1 have subjects "0" and "1", slot 2 is erased, slot 3 is free.
fn sample() -> (Vec<u8>, Vec<Vec<u8>>) {
    let disk = new_disk(4);
    let (vault, _) = open(&disk).unwrap();
    let sealed = (0..3)
        .map(|n: u32| {
            let slot = vault.slot_for("root", &n.to_string()).unwrap();
            vault.seal(slot, &CONTEXT, TEXT).unwrap()
        })
        .collect();
    vault.erase(SlotId(2)).unwrap();
    (disk.bytes(), sealed)
}

fn slot_at(slot: u32) -> usize {
    usize::try_from(slot_offset(SlotId(slot))).unwrap()
}

#[test]
fn every_flipped_bit_is_harmless_or_names_its_slot() {
    let (bytes, sealed) = sample();
    for at in 0..bytes.len() {
        let is_padding = at < slot_at(0) && at % 4096 >= 64;
        for bit in 0..8 {
            if is_padding && (at % 64 != 0 || bit > 0) {
                continue;
            }
            let mut bytes = bytes.clone();
            bytes[at] ^= 1 << bit;
            check_flip(LossyDisk::new(bytes), &sealed, at, bit, is_padding);
        }
    }
}

fn check_flip(disk: LossyDisk, sealed: &[Vec<u8>], at: usize, bit: u32, is_padding: bool) {
    let what = format!("byte {at}, bit {bit}");
    let (vault, report) = open(&disk).unwrap_or_else(|error| panic!("{what}: {error}"));
    assert_eq!(report.header_repaired, at < slot_at(0) && !is_padding, "{what}");
    let hit =
        at.checked_sub(slot_at(0)).map(|past| (SlotId(u32::try_from(past / SLOT_BYTES).unwrap()), past % SLOT_BYTES));
    let key_hit = hit.filter(|(_, within)| *within < 80).map(|(slot, _)| slot);
    let subject_hit = hit.filter(|(slot, within)| *within >= 80 && *slot != SlotId(2)).map(|(slot, _)| slot);
    assert_eq!(report.damaged, Vec::from_iter(key_hit), "{what}");
    assert_eq!(report.subject_damaged, Vec::from_iter(subject_hit), "{what}");

    for slot in [SlotId(0), SlotId(1)] {
        let opened = vault.open_sealed(slot, &CONTEXT, &sealed[slot.0 as usize]);
        if key_hit == Some(slot) {
            assert!(matches!(opened, Err(OpenSealedError::KeyDamaged { slot: named }) if named == slot), "{what}");
            assert!(matches!(vault.seal(slot, &CONTEXT, TEXT), Err(SealError::KeyDamaged { .. })), "{what}");
        } else {
            assert_eq!(opened.unwrap_or_else(|error| panic!("{what}: {error}")), TEXT);
        }
        // The log says who it is.
        vault.relearn(slot, "root", &slot.to_string()).unwrap_or_else(|error| panic!("{what}: {error}"));
        assert_eq!(vault.find("root", &slot.to_string()), Some(slot), "{what}");
    }
    match vault.open_sealed(SlotId(2), &CONTEXT, &sealed[2]) {
        Err(OpenSealedError::Erased { .. }) => assert_ne!(key_hit, Some(SlotId(2)), "{what}"),
        Err(OpenSealedError::KeyDamaged { .. }) => assert_eq!(key_hit, Some(SlotId(2)), "{what}"),
        other => panic!("{what}: {other:?}"),
    }
    // A slot that is damaged in any part is not given to anybody.
    let fresh = vault.slot_for("root", "fresh").unwrap();
    let free_is_damaged = hit.is_some_and(|(slot, _)| slot == SlotId(3));
    assert_eq!(fresh, SlotId(if free_is_damaged { 4 } else { 3 }), "{what}");
    vault.seal(fresh, &CONTEXT, TEXT).unwrap();
}

#[test]
fn a_damaged_slot_can_be_erased_and_its_subject_gets_another() {
    let (mut bytes, _) = sample();
    bytes[slot_at(1) + 40] ^= 1;
    let (vault, report) = open(&LossyDisk::new(bytes)).unwrap();
    assert_eq!(report.damaged, [SlotId(1)]);
    vault.erase(SlotId(1)).unwrap();
    assert_eq!(vault.slot_for("root", "1").unwrap(), SlotId(3));
}

#[test]
fn two_damaged_headers_refuse_and_so_does_a_file_of_something_else() {
    let (mut bytes, _) = sample();
    bytes[30] ^= 1;
    bytes[4096 + 30] ^= 1;
    assert!(matches!(open(&LossyDisk::new(bytes)), Err(OpenError::HeaderDamaged { .. })));
    assert!(matches!(open(&LossyDisk::new(vec![7; 9000])), Err(OpenError::NotAKeyFile { .. })));
    assert!(matches!(open(&LossyDisk::new(vec![7; 900])), Err(OpenError::NotAKeyFile { .. })));
}

#[test]
fn a_later_format_is_refused_by_name() {
    let (mut bytes, _) = sample();
    bytes[8] = 3;
    let crc = crc32fast::hash(&bytes[..60]);
    bytes[60..64].copy_from_slice(&crc.to_le_bytes());
    assert!(matches!(open(&LossyDisk::new(bytes)), Err(OpenError::UnknownFormat { version: 3, .. })));
}

#[test]
fn a_file_cut_off_anywhere_refuses_and_is_left_as_it_is() {
    let (bytes, _) = sample();
    for length in 0..bytes.len() {
        let disk = LossyDisk::new(bytes[..length].to_vec());
        let error = open(&disk).unwrap_err();
        let expected = if length < slot_at(0) { slot_at(0) } else { bytes.len() };
        assert!(
            matches!(error, OpenError::Truncated { expected_bytes, actual_bytes, .. }
                if expected_bytes == expected as u64 && actual_bytes == length as u64),
            "{length}: {error}"
        );
        assert_eq!(disk.bytes(), &bytes[..length]);
    }
}

/// Checksums are no secret: only the wrapping's associated data keeps a key in its place.
#[test]
fn a_key_copied_to_another_slot_or_file_does_not_open() {
    let (bytes, _) = sample();
    let other_file = new_file(&master().derive(), uuid::Uuid::from_u128(9), &repeatable(9), 4);
    let Ok(other_file) = other_file else { panic!("no file") };
    for (from, number) in [(&bytes, 1), (&bytes, 3), (&other_file, 0)] {
        let slot = from[slot_at(number)..][..SLOT_BYTES].try_into().unwrap();
        let KeyPart::Ready { nonce, wrapped } = decode_key(SlotId(number), slot) else { panic!("not ready") };
        let disk = LossyDisk::new(bytes.clone());
        disk.overwrite(slot_at(0), &encode_ready(SlotId(0), &nonce, &wrapped));
        let (vault, _) = open(&disk).unwrap();
        vault.mark_used(SlotId(0)).unwrap();
        assert!(matches!(vault.seal(SlotId(0), &CONTEXT, TEXT), Err(SealError::KeyDamaged { slot: SlotId(0) })));
    }
    // A slot written whole to a wrong place fails its checksum there.
    let disk = LossyDisk::new(bytes.clone());
    disk.overwrite(slot_at(0), &bytes[slot_at(2)..][..SLOT_BYTES]);
    assert_eq!(open(&disk).unwrap().1.damaged, [SlotId(0)]);
}

#[test]
fn a_subject_with_two_slots_is_reported() {
    let (bytes, _) = sample();
    let disk = LossyDisk::new(bytes.clone());
    let subject = bytes[slot_at(0) + 80..][..16].try_into().unwrap();
    disk.overwrite(slot_at(1) + 80, &crate::layout::encode_subject(SlotId(1), &subject));
    let (vault, report) = open(&disk).unwrap();
    assert_eq!(report.duplicates, [(SlotId(0), SlotId(1))]);
    assert_eq!(vault.find("root", "0"), Some(SlotId(0)));
}

#[test]
fn random_garbage_in_the_slots_never_opens_and_never_panics() {
    let seed = u64::from_le_bytes(random_bytes());
    println!("seed {seed}");
    let mut random = Random(seed);
    let (bytes, sealed) = sample();
    for _ in 0..500 {
        let mut bytes = bytes.clone();
        for _ in 0..random.below(6) + 1 {
            let at = slot_at(0) + usize::try_from(random.below((SLOTS * SLOT_BYTES) as u64)).unwrap();
            bytes[at] = random.next().to_le_bytes()[0];
        }
        let (vault, report) = open(&LossyDisk::new(bytes)).unwrap();
        for slot in [SlotId(0), SlotId(1)] {
            match vault.open_sealed(slot, &CONTEXT, &sealed[slot.0 as usize]) {
                Ok(text) => assert_eq!(text, TEXT, "seed {seed}"),
                Err(error) => {
                    assert!(matches!(error, OpenSealedError::KeyDamaged { .. }), "seed {seed}: {error}");
                    assert!(report.damaged.contains(&slot), "seed {seed}");
                }
            }
        }
    }
}

fn random_bytes() -> [u8; 8] {
    let mut bytes = [0; 8];
    getrandom::fill(&mut bytes).unwrap();
    bytes
}
