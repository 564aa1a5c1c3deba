//! How fast the ledger is on this machine: `cargo run --release -p daybook-ledger --example append_rate [FOLDER]`.
//!
//! Appends a million records of 296 bytes of payload (a stream for every four) in batches of 512 commits with binding on,
//! beside the same bytes written and synced into a bare preallocated file; then opening and scanning, from write-ahead
//! files and from a sealed volume.

use std::error::Error;
use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use daybook_ledger::{Append, Batch, BatchBuilder, Ledger, Options, Origin, Position, RecordDraft, Tail};
use uuid::Uuid;

const RECORDS: u64 = 1 << 20;
const BATCH: u64 = 512;
const PER_STREAM: u64 = 4;

fn main() -> Result<(), Box<dyn Error>> {
    let folder = std::env::args().nth(1).map_or_else(std::env::temp_dir, PathBuf::from);
    let dir = folder.join(format!("append-rate-{}", std::process::id()));
    fs::create_dir(&dir)?;
    let result = measure(&dir);
    fs::remove_dir_all(&dir)?;
    result
}

fn measure(dir: &Path) -> Result<(), Box<dyn Error>> {
    let bytes = batch(Tail { next: Position::FIRST, epoch: 1 })?.records().map(|record| record.bytes().len()).sum();
    for round in 1..=2 {
        rate(&format!("bare file, round {round}"), bare(&dir.join("bare"), bytes)?);
        let data = dir.join(format!("data-{round}"));
        Ledger::create(&data, Uuid::from_u128(1))?;
        rate(&format!("ledger, binding on, round {round}"), append(&data, &Options::default())?);
        let without = dir.join(format!("without-{round}"));
        Ledger::create(&without, Uuid::from_u128(1))?;
        let options = Options { keep_tree: false, ..Options::default() };
        rate(&format!("the same without the tree over all records, round {round}"), append(&without, &options)?);
        if round == 2 {
            // Seals, if the appends were faster than the binder.
            timed_open("opening, volume maybe not sealed", &data)?;
            seal(&data)?;
            timed_open("opening, sealed volume", &data)?;
            scan("scan of a sealed volume", &data, &Options::default())?;
            random_reads("sealed volume", &data)?;
        }
    }
    let data = dir.join("unsealed");
    Ledger::create(&data, Uuid::from_u128(1))?;
    let options = Options { volume_events: u64::MAX, ..Options::default() };
    append(&data, &options)?;
    timed_open("opening, all in write-ahead files", &data)?;
    scan("scan of write-ahead files", &data, &options)?;
    random_reads("write-ahead files", &data)
}

fn batch(tail: Tail) -> Result<Batch, Box<dyn Error>> {
    let mut batch = BatchBuilder::new(tail);
    for _ in 0..BATCH {
        let position = batch.tail().next;
        let number = position.get() - 1;
        let revision = u32::try_from(number % PER_STREAM + 1)?;
        let previous = Position::new(number).filter(|_| revision > 1);
        let draft = RecordDraft {
            stream: Uuid::from_u128(u128::from(number / PER_STREAM) << 64 | 7),
            kind: 1,
            version: 1,
            command_id: Uuid::from_u128(u128::from(number)),
            command_hash: [1; 16],
            actor: Uuid::from_u128(2),
            role: 0,
            recorded_at: 1_700_000_000_000_000 + i64::try_from(number)?,
            occurred_at: None,
            reason: None,
            causation: None,
            correlation: None,
            origin: Origin::Live,
            payload: number.to_le_bytes().repeat(300 / 8),
        };
        batch.push_commit(&[(draft, revision, previous)])?;
    }
    Ok(batch.finish())
}

fn append(dir: &Path, options: &Options) -> Result<Duration, Box<dyn Error>> {
    let (ledger, mut appender) = Ledger::open(dir, options)?;
    let mut spent = Duration::ZERO;
    for _ in 0..RECORDS / BATCH {
        let batch = batch(appender.tail())?;
        let started = Instant::now();
        let answer = appender.append(batch);
        spent += started.elapsed();
        if !matches!(answer, Append::Done { .. }) {
            return Err(format!("not appended: {answer:?}").into());
        }
    }
    let stats = ledger.stats();
    println!(
        "  {} syncs took {} ms of {} ms; bound up to {}; {} bytes of index for each of {} streams",
        stats.batches,
        stats.sync_micros / 1000,
        spent.as_millis(),
        stats.bound,
        stats.stream_index_bytes / stats.streams,
        stats.streams
    );
    appender.close()?;
    Ok(spent)
}

/// The same number of bytes, written and synced in the same portions into a file of zeros.
fn bare(path: &Path, bytes: usize) -> Result<Duration, Box<dyn Error>> {
    let file = File::create(path)?;
    let portion = vec![7; bytes];
    let zeros = vec![0; bytes];
    let at = |index: u64| index * bytes as u64;
    for index in 0..RECORDS / BATCH {
        file.write_all_at(&zeros, at(index))?;
    }
    file.sync_all()?;
    let started = Instant::now();
    for index in 0..RECORDS / BATCH {
        file.write_all_at(&portion, at(index))?;
        file.sync_data()?;
    }
    let spent = started.elapsed();
    fs::remove_file(path)?;
    Ok(spent)
}

fn seal(dir: &Path) -> Result<(), Box<dyn Error>> {
    let (ledger, appender) = Ledger::open(dir, &Options::default())?;
    let started = Instant::now();
    while ledger.stats().volumes == 0 {
        if started.elapsed() > Duration::from_secs(120) {
            return Err("not sealed within two minutes".into());
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    println!("  sealing took {} ms more", started.elapsed().as_millis());
    Ok(appender.close()?)
}

fn timed_open(what: &str, dir: &Path) -> Result<(), Box<dyn Error>> {
    let started = Instant::now();
    let (ledger, appender) = Ledger::open(dir, &Options::default())?;
    println!("{what}: {} ms for {} records", started.elapsed().as_millis(), ledger.watermark());
    Ok(appender.close()?)
}

fn scan(what: &str, dir: &Path, options: &Options) -> Result<(), Box<dyn Error>> {
    let (ledger, appender) = Ledger::open(dir, options)?;
    for round in 1..=2 {
        let started = Instant::now();
        let mut next = Position::FIRST;
        let mut bytes = 0;
        loop {
            let chunk = ledger.read_from(next, 256 << 10)?;
            bytes += chunk.records().map(|record| record.payload.len()).sum::<usize>();
            let Some(after) = chunk.next() else { break };
            next = after;
        }
        println!("{what}, round {round}: {} payload bytes", bytes);
        rate(what, started.elapsed());
    }
    Ok(appender.close()?)
}

fn random_reads(what: &str, dir: &Path) -> Result<(), Box<dyn Error>> {
    let (ledger, appender) = Ledger::open(dir, &Options { volume_events: u64::MAX, ..Options::default() })?;
    let reads = 20_000_u64;
    let started = Instant::now();
    for number in 0..reads {
        let position = number.wrapping_mul(0x9E37_79B9_7F4A_7C15) % RECORDS + 1;
        ledger.read(Position::new(position).unwrap_or(Position::FIRST))?;
    }
    println!("one random record from {what}: {} µs", started.elapsed().as_micros() / u128::from(reads));
    Ok(appender.close()?)
}

fn rate(what: &str, spent: Duration) {
    println!("{what}: {} thousand records/s", u128::from(RECORDS) / spent.as_millis().max(1));
}
