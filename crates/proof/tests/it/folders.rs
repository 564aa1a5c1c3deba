//! Ledgers that were edited, cut, put back, exchanged for another branch, or made up, by somebody who has everything but
//! the signing key, and makes the rest fit.

use std::fs;
use std::path::Path;

use daybook_ledger::{Ledger, SignedRoot, verify_dir_against};
use daybook_proof::{CHECKPOINTS, Checkpoint, Notary, signed_roots};
use daybook_testkit::random::Random;

use crate::kit::{Book, History, ORDERS, any_event, any_history, copy, files, options, records, temp};

/// Folders made anew, fitting in themselves.
const REBUILT: u64 = 650;
/// Bytes changed below the ledger, of folders without and with sealed volumes.
const RAW: u64 = 300;
const RAW_SEALED: u64 = 50;

/// Changes a history somewhere in its first `size` events.
fn mutate(history: &History, size: u64, random: &mut Random) -> (&'static str, History) {
    let mut mutated = history.clone();
    let at = random.below(size) as usize;
    let name = match random.below(6) {
        0 => {
            mutated[at].1 = any_event(random);
            "an event edited"
        }
        1 => {
            mutated.remove(at);
            "an event left out"
        }
        2 => {
            mutated.swap(at, random.below(size) as usize);
            "two events exchanged"
        }
        3 => {
            let event = (random.below(ORDERS), any_event(random));
            mutated.insert(at, event);
            "an event added"
        }
        4 => {
            mutated.truncate(at.max(1));
            "put back to an earlier state"
        }
        _ => {
            let branch = any_history(random, mutated.len() as u64 - at as u64);
            mutated.truncate(at);
            mutated.extend(branch);
            "another branch"
        }
    };
    (name, mutated)
}

/// By whoever serves the folder next, and by whoever verifies it with a checkpoint that was kept elsewhere.
fn who_notices(dir: &Path, volume_events: u64, outside: SignedRoot) -> (bool, bool) {
    let verified = verify_dir_against(dir, &[outside]).is_ok_and(|report| report.is_sound())
        && signed_roots(dir, &[], None).is_ok_and(|signed| {
            signed.strangers.is_empty() && verify_dir_against(dir, &signed.roots).is_ok_and(|report| report.is_sound())
        });
    let served = match Ledger::open(dir, &options(volume_events)) {
        Ok((ledger, appender)) => {
            let checked = Notary::open(ledger, None).and_then(|notary| notary.check());
            appender.close().unwrap();
            checked.is_ok()
        }
        Err(_) => false,
    };
    (!served, !verified)
}

#[test]
fn a_ledger_made_anew_around_a_change_is_noticed_at_once() {
    let seed = daybook_testkit::random::seed("DAYBOOK_EVIDENCE_SEED");
    let mut random = Random::new(seed);
    let folder = temp();
    let own = folder.path().join("own");
    let history = any_history(&mut random, 60);
    let mut book = Book::open(&own, 1 << 20);
    book.append(&history);
    let (notary, key) = book.signing();
    let signed = notary.sign().unwrap();
    let outside = Checkpoint::open(&signed.text, &key).unwrap();
    let outside = SignedRoot { size: outside.size, root: outside.root };
    let genuine = records(&book.ledger, outside.size).unwrap();
    book.append(&any_history(&mut random, 5));
    drop(notary);
    book.close();
    assert_eq!(who_notices(&own, 1 << 20, outside), (false, false), "nothing was changed");

    let mut count = 0;
    while count < REBUILT {
        let (name, mutated) = mutate(&history, outside.size, &mut random);
        let dir = folder.path().join("mutated");
        let mut book = Book::open(&dir, 1 << 20);
        book.append(&mutated);
        if records(&book.ledger, outside.size).as_ref() != Some(&genuine) {
            count += 1;
            book.close();
            for file in [CHECKPOINTS, "signing.key", "signing.pub"] {
                fs::copy(own.join(file), dir.join(file)).unwrap();
            }
            let noticed = who_notices(&dir, 1 << 20, outside);
            assert_eq!(noticed, (true, true), "seed {seed}, number {count}: {name} was not noticed by both");
            // Without the file nobody here can tell; whoever kept the checkpoint can.
            fs::remove_file(dir.join(CHECKPOINTS)).unwrap();
            assert!(who_notices(&dir, 1 << 20, outside).1, "seed {seed}, number {count}: {name}, without checkpoints");
        } else {
            book.close();
        }
        fs::remove_dir_all(&dir).unwrap();
    }
}

/// One bit exchanged, a file cut, lost, or put back to what it was earlier.
fn spoil(dir: &Path, earlier: &Path, random: &mut Random) -> String {
    let all: Vec<_> = files(dir).into_iter().filter(|file| !file.ends_with("lock")).collect();
    let file = &all[random.below(all.len() as u64) as usize];
    let shown = file.strip_prefix(dir).unwrap();
    let mut bytes = fs::read(file).unwrap();
    // What is beyond the last byte that says anything is spare room.
    let used = bytes.iter().rposition(|&byte| byte != 0).map_or(0, |at| at as u64 + 1);
    let what = match random.below(8) {
        0 => {
            fs::remove_file(file).unwrap();
            return format!("{} lost", shown.display());
        }
        1 => {
            bytes.truncate(random.below(used.max(1)) as usize);
            "cut"
        }
        2 | 3 if earlier.join(shown).exists() => {
            bytes = fs::read(earlier.join(shown)).unwrap();
            "put back"
        }
        _ if used > 0 => {
            let bit = random.below(used * 8) as usize;
            bytes[bit / 8] ^= 1 << (bit % 8);
            "changed"
        }
        _ => "as it was",
    };
    fs::write(file, bytes).unwrap();
    format!("{} {what}", shown.display())
}

fn raw(volume_events: u64, commits: u64, wanted: u64, seed: u64) {
    let mut random = Random::new(seed);
    let folder = temp();
    let [own, earlier, mutated] = ["own", "earlier", "mutated"].map(|name| folder.path().join(name));
    let history = any_history(&mut random, commits);
    let mut book = Book::open(&own, volume_events);
    book.append(&history[..commits as usize / 2]);
    let (notary, key) = book.signing();
    notary.sign().unwrap();
    drop(notary);
    book.close();
    copy(&own, &earlier);
    let mut book = Book::open(&own, volume_events);
    book.append(&history[commits as usize / 2..]);
    let signed = book.signing().0.sign().unwrap();
    let outside = Checkpoint::open(&signed.text, &key).unwrap();
    let outside = SignedRoot { size: outside.size, root: outside.root };
    let genuine = records(&book.ledger, commits).unwrap();
    let begun = std::time::Instant::now();
    while book.ledger.stats().volumes < commits / volume_events {
        assert!(begun.elapsed().as_secs() < 60, "not sealed");
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    book.close();

    let (mut caught, mut harmless) = (0, 0);
    while caught < wanted {
        copy(&own, &mutated);
        let what = spoil(&mutated, &earlier, &mut random);
        match who_notices(&mutated, volume_events, outside) {
            (false, false) => {
                // Then nothing was lost or changed by it: what was spoilt is spare room, follows from the rest, or is not
                // the ledger's at all.
                let book = Book::open(&mutated, volume_events);
                let same = records(&book.ledger, commits).as_ref() == Some(&genuine);
                let root = same.then(|| book.ledger.root(commits).unwrap());
                assert_eq!(root, Some(outside.root), "seed {seed}, after {caught}: {what} was not noticed");
                book.close();
                harmless += 1;
            }
            _ => caught += 1,
        }
        fs::remove_dir_all(&mutated).unwrap();
    }
    println!("{caught} noticed, {harmless} harmless");
}

#[test]
fn a_file_that_was_changed_below_the_ledger_is_noticed_or_nothing_was_changed_by_it() {
    raw(1 << 20, 60, RAW, daybook_testkit::random::seed("DAYBOOK_EVIDENCE_SEED"));
}

#[test]
fn a_file_of_a_sealed_volume_that_was_changed_is_noticed_or_nothing_was_changed_by_it() {
    raw(40, 100, RAW_SEALED, daybook_testkit::random::seed("DAYBOOK_EVIDENCE_SEED"));
}
