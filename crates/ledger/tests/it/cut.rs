//! The very last batch damaged, and a mark that power loss left behind: what is cut off is said.

use daybook_ledger::{Ledger, verify_dir};

use crate::kit::{Folder, all, folder, open, tiny_file};

const WAL: &str = "wal/00000000000000000001.wal";

/// A ledger with `before` batches of one record and then one of two, whose mark knows nothing of the last; where the last
/// begins and ends in the file.
fn with_an_old_mark(before: u64) -> (Folder, std::ops::Range<usize>) {
    let folder = folder();
    let mut it = open(&folder.dir, &tiny_file());
    for _ in 0..before {
        it.append(1, 2, 20);
    }
    let end =
        || std::fs::read(folder.dir.join(WAL)).map_or(4096, |bytes| bytes.iter().rposition(|&b| b != 0).unwrap() + 1);
    let mark = std::fs::read(folder.dir.join("durable")).unwrap();
    let begins = if before == 0 { 4096 } else { end() };
    it.append(2, 2, 20);
    let range = begins..end();
    drop(it);
    std::fs::write(folder.dir.join("durable"), mark).unwrap();
    (folder, range)
}

#[test]
fn whatever_bit_of_the_last_batch_flips_the_cut_is_said() {
    for before in [0, 3] {
        let (folder, range) = with_an_old_mark(before);
        let whole = std::fs::read(folder.dir.join(WAL)).unwrap();
        let mark = std::fs::read(folder.dir.join("durable")).unwrap();
        for byte in range.clone() {
            let mut flipped = whole.clone();
            flipped[byte] ^= 1 << (byte % 8);
            std::fs::write(folder.dir.join(WAL), flipped).unwrap();
            std::fs::write(folder.dir.join("durable"), &mark).unwrap();
            let report = verify_dir(&folder.dir).unwrap();
            assert!(report.is_sound(), "{report}");
            assert_eq!(report.remarks.len(), 1, "byte {}: {report}", byte - range.start);
            let it = open(&folder.dir, &tiny_file());
            let cut = it.ledger.cut().expect("it is said").clone();
            assert_eq!((cut.first.get(), cut.offset), (before + 1, range.start as u64));
            assert_eq!(all(&it.ledger).len() as u64, before);
            drop(it);
            // Cut off is cut off: it is said once.
            assert_eq!(open(&folder.dir, &tiny_file()).ledger.cut(), None);
        }
    }
}

#[test]
fn a_cut_is_said_with_its_positions() {
    let (folder, range) = with_an_old_mark(3);
    let mut bytes = std::fs::read(folder.dir.join(WAL)).unwrap();
    bytes[range.end - 30] ^= 1;
    std::fs::write(folder.dir.join(WAL), bytes).unwrap();
    let report = verify_dir(&folder.dir).unwrap().to_string();
    assert!(report.contains("a batch of 2 records (positions 4 to 5)"), "{report}");
    let (ledger, _) = Ledger::open(&folder.dir, &tiny_file()).unwrap();
    let cut = ledger.cut().unwrap().to_string();
    assert!(cut.contains("a batch of 2 records (positions 4 to 5) at byte "), "{cut}");
}

#[test]
fn nothing_is_said_where_nothing_is_cut() {
    for before in [0, 3] {
        let (folder, _) = with_an_old_mark(before);
        let report = verify_dir(&folder.dir).unwrap();
        assert!(report.is_sound() && report.remarks.is_empty(), "{report}");
        let it = open(&folder.dir, &tiny_file());
        assert_eq!((it.ledger.cut(), it.ledger.watermark()), (None, before + 2));
    }
}
