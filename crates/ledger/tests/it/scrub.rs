//! Walking through the sealed volumes a page at a time.

use daybook_ledger::{Ledger, Options, Position, Scrubbed, verify_dir};

use crate::kit::{Folder, folder, open, open_sled, small};
use crate::volumes::wait_for_volumes;

/// Three sealed volumes of several pages and some records that are not sealed.
fn sealed() -> Folder {
    let folder = folder();
    let mut it = open(&folder.dir, &small());
    for _ in 0..160 {
        it.append(10, 7, 900);
    }
    wait_for_volumes(&it.ledger, 3);
    it.close();
    folder
}

/// One round: where the pages begin, and where damage was found.
fn round(ledger: &Ledger, mut from: Position) -> (Vec<u64>, Vec<u64>) {
    let (mut pages, mut damaged) = (Vec::new(), Vec::new());
    loop {
        pages.push(from.get());
        from = match ledger.scrub_step(from) {
            Scrubbed::Sound { bytes, next } => {
                assert!(bytes > 0 && next > from);
                next
            }
            Scrubbed::Damaged { error, next } => {
                assert!(error.to_string().contains("restore"), "{error}");
                damaged.push(from.get());
                next
            }
            Scrubbed::End => {
                pages.pop();
                return (pages, damaged);
            }
        };
    }
}

#[test]
fn each_sealed_page_is_looked_at_once_and_a_round_can_begin_anywhere() {
    let folder = sealed();
    let report = verify_dir(&folder.dir).unwrap();
    let it = open(&folder.dir, &Options { open_volumes: 1, ..small() });
    let (pages, damaged) = round(&it.ledger, Position::FIRST);
    assert_eq!((pages.len() as u64, damaged), (report.pages, vec![]));
    assert!(report.volumes == 3 && report.pages > 20, "{report}");
    // In the middle of a page: that page and those behind it.
    let (rest, _) = round(&it.ledger, Position::new(pages[5] + 1).unwrap());
    assert_eq!(rest[1..], pages[6..]);
    assert_eq!(it.ledger.stats().scrubbed_pages, pages.len() as u64 + rest.len() as u64);
    assert_eq!(it.ledger.stats().scrub_damaged, 0);
}

#[test]
fn damage_is_found_and_counted_and_the_round_goes_on() {
    let folder = sealed();
    let volume = folder.dir.join("volumes/00000000000000000001");
    let first = {
        let db = open_sled(&volume.join("sled"));
        let (key, page) = db.iter().nth(2).unwrap().unwrap();
        let mut bytes = page.to_vec();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        db.insert(&key, bytes).unwrap();
        db.flush().unwrap();
        // Its first position, as its header has it.
        u64::from_le_bytes(page[24..32].try_into().unwrap())
    };
    std::fs::remove_file(folder.dir.join("volumes/00000000000000000501/sled/conf")).unwrap();
    let it = open(&folder.dir, &small());
    let (pages, damaged) = round(&it.ledger, Position::FIRST);
    assert_eq!(damaged, [first, 501]);
    assert!(pages.contains(&1001) && pages.last() > Some(&1001), "the last volume is looked at too: {pages:?}");
    assert_eq!(it.ledger.stats().scrub_damaged, 2);
}
