mod api;
mod copy;
mod crash;
mod damage;
mod golden;
mod hooked_disk;
mod lossy_disk;
mod master;
mod properties;
mod races;

use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use uuid::Uuid;

use crate::create::{Entropy, new_file};
use crate::key_file::{OpenError, OpenReport};
use crate::vault::Tuning;
use crate::{Context, MasterKey, Vault};
use lossy_disk::LossyDisk;

const ID: Uuid = Uuid::from_u128(0x0192_0000_0000_7000_8000_0000_0000_0001);
const STREAM: Uuid = Uuid::from_u128(0x0192_0000_0000_7000_8000_0000_0000_0002);
const CONTEXT: Context<'static> = Context { tenant: "m-1", stream: STREAM, kind: 7 };
/// Small, and without a thread, so that a run can be repeated.
const SMALL: Tuning = Tuning { block: 4, low_water: 0 };

fn master() -> MasterKey {
    let hex = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
    MasterKey::from_hex(hex).unwrap()
}

/// BLAKE3 of (seed, a counter), extended.
fn repeatable(seed: u64) -> Entropy {
    let counter = AtomicU64::new(0);
    Box::new(move |bytes| {
        let mut hasher = blake3::Hasher::new();
        hasher.update(&seed.to_le_bytes());
        hasher.update(&counter.fetch_add(1, Ordering::Relaxed).to_le_bytes());
        hasher.finalize_xof().fill(bytes);
        Ok(())
    })
}

fn new_disk(slots: u32) -> LossyDisk {
    let Ok(bytes) = new_file(&master().derive(), ID, &repeatable(1), slots) else {
        panic!("no file");
    };
    LossyDisk::new(bytes)
}

fn open(disk: &LossyDisk) -> Result<(Vault, OpenReport), OpenError> {
    open_with(disk, repeatable(2))
}

fn open_with(disk: &LossyDisk, entropy: Entropy) -> Result<(Vault, OpenReport), OpenError> {
    Vault::open_on(Box::new(disk.clone()), &master(), Path::new("keys"), entropy, SMALL)
}

/// SplitMix64.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    fn coin(&mut self) -> bool {
        self.next() & 1 == 1
    }
}
