//! What sealing, opening, new buyers and opening the file cost: `cargo run --release -p daybook-vault --example measure`.

use std::hint::black_box;
use std::time::Instant;

use daybook_vault::{Context, MasterKey, SlotId, Vault};
use uuid::Uuid;

const SUBJECTS: u32 = 100_000;
const ROUNDS: u32 = 1_000_000;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = tempfile::tempdir_in(".")?;
    let path = folder.path().join("keys");
    let master = MasterKey::from_hex(&"42".repeat(32))?;
    let context = Context { tenant: "01920000-0000-7000-8000-000000000001", stream: Uuid::from_u128(1), kind: 1 };
    let text = [b'x'; 100];

    let vault = Vault::create(&path, &master, Uuid::from_u128(7))?;
    let start = Instant::now();
    let mut longest_us = 0;
    for n in 0..SUBJECTS {
        let one = Instant::now();
        vault.slot_for("root", &n.to_string())?;
        longest_us = longest_us.max(one.elapsed().as_micros());
    }
    report("slot_for, new", start, SUBJECTS);
    println!("  longest {longest_us} us");
    let start = Instant::now();
    for n in 0..SUBJECTS {
        black_box(vault.slot_for("root", &n.to_string())?);
    }
    report("slot_for, known", start, SUBJECTS);

    let slot = SlotId(7);
    let start = Instant::now();
    for _ in 0..ROUNDS {
        black_box(vault.seal(slot, &context, black_box(&text))?);
    }
    report("seal 100 bytes", start, ROUNDS);
    let sealed = vault.seal(slot, &context, &text)?;
    let start = Instant::now();
    for _ in 0..ROUNDS {
        black_box(vault.open_sealed(slot, &context, black_box(&sealed))?);
    }
    report("open 100 bytes", start, ROUNDS);
    let start = Instant::now();
    for _ in 0..ROUNDS {
        black_box(vault.command_hash(black_box(&text)));
    }
    report("command_hash of 100 bytes", start, ROUNDS);
    let start = Instant::now();
    vault.erase(SlotId(9))?;
    report("erase", start, 1);
    drop(vault);

    let start = Instant::now();
    let (vault, opened) = Vault::open(&path, &master)?;
    println!("open file of {} slots: {} us", opened.prepared, start.elapsed().as_micros());
    let start = Instant::now();
    for n in 10..SUBJECTS {
        // Refused, because this was sealed under another slot; the key is unwrapped all the same.
        let _ = black_box(vault.open_sealed(SlotId(n), &context, &sealed));
    }
    report("unwrap a key and open", start, SUBJECTS - 10);
    Ok(())
}

fn report(what: &str, start: Instant, times: u32) {
    println!("{what}: {} ns", start.elapsed().as_nanos() / u128::from(times));
}
