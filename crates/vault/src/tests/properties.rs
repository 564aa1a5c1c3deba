use proptest::prelude::*;
use uuid::Uuid;

use super::{new_disk, open};
use crate::{Context, OpenSealedError, SlotId};

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
