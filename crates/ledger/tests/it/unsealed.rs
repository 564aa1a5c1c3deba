//! Damage to the pages of a volume that is not sealed yet: verify sees it, and nothing is lost by it.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use daybook_ledger::{Options, verify_dir};

use crate::kit::{self, Folder, all, folder, open, open_sled};
use crate::volumes::wait_for_volumes;

const RECORDS: u64 = 300;

fn options(volume_events: u64) -> Options {
    Options { volume_events, wal_file_bytes: 2 << 20, ..Options::default() }
}

/// A closed ledger with pages that are not sealed, and its records.
fn with_pages() -> (Folder, Vec<Vec<u8>>) {
    let folder = folder();
    let mut it = open(&folder.dir, &options(1 << 20));
    for _ in 0..RECORDS / 10 {
        it.append(10, 7, 2000);
    }
    let deadline = Instant::now() + Duration::from_secs(20);
    while it.ledger.stats().bound < RECORDS / 2 {
        assert!(Instant::now() < deadline, "no pages were bound");
        std::thread::sleep(Duration::from_millis(5));
    }
    let records = all(&it.ledger);
    it.close();
    (folder, records)
}

impl Folder {
    fn sled(&self) -> PathBuf {
        self.dir.join("volumes/00000000000000000001/sled")
    }
}

/// Whatever became of the pages, everything is there and is sealed as if nothing had been.
fn is_mended(folder: &Folder, records: &[Vec<u8>]) {
    let it = open(&folder.dir, &options(RECORDS));
    wait_for_volumes(&it.ledger, 1);
    assert_eq!(all(&it.ledger), records);
    it.close();
    let report = verify_dir(&folder.dir).unwrap();
    assert!(report.is_sound() && report.remarks.is_empty(), "{report}");
    assert_eq!((report.volumes, report.unsealed_pages, report.unsealed_pages_missing), (1, 0, 0));
}

#[test]
fn whole_pages_are_counted() {
    let (folder, _) = with_pages();
    let report = verify_dir(&folder.dir).unwrap();
    assert!(report.is_sound() && report.remarks.is_empty() && report.unsealed_pages >= 4, "{report}");
    assert_eq!((report.volumes, report.pages, report.records), (0, 0, RECORDS));
}

#[test]
fn a_flipped_bit_in_a_page_is_seen() {
    // Sled takes it for a torn end, or refuses the page if it has seen the file whole before.
    for opened_before in [false, true] {
        let (folder, records) = with_pages();
        let healthy = folder.dir.parent().unwrap().join("healthy");
        kit::copy(&folder.dir, &healthy);
        let before = verify_dir(if opened_before { &folder.dir } else { &healthy }).unwrap();
        let file = folder.sled().join("db");
        let mut bytes = std::fs::read(&file).unwrap();
        // A command's id and hash stand in a page as they are.
        let command = &records[10][52..84];
        let at = bytes.windows(command.len()).position(|window| window == command).expect("its page is written down");
        bytes[at + 20] ^= 1;
        std::fs::write(&file, bytes).unwrap();
        let after = verify_dir(&folder.dir).unwrap();
        assert!(after.is_sound(), "{after}");
        let fewer = after.unsealed_pages_missing > before.unsealed_pages_missing;
        assert!(fewer || !after.remarks.is_empty(), "opened before: {opened_before}: {after}");
        is_mended(&folder, &records);
    }
}

/// With every checksum of sled's right.
#[test]
fn another_page_in_the_place_of_one_is_remarked() {
    let (folder, records) = with_pages();
    {
        let db = open_sled(&folder.sled());
        let (key, page) = db.iter().nth(1).unwrap().unwrap();
        let mut page = page.to_vec();
        let middle = page.len() / 2;
        page[middle] ^= 1;
        db.insert(key, page).unwrap();
        db.insert(47_u64.to_be_bytes(), b"no page").unwrap();
        db.flush().unwrap();
    }
    let report = verify_dir(&folder.dir).unwrap();
    assert_eq!(report.remarks.len(), 2, "{report}");
    assert!(report.is_sound() && report.to_string().contains("page 47: it is not a page"), "{report}");
    is_mended(&folder, &records);
}
