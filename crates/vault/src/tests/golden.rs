//! Format 1 as it was first written. `tests/golden/v1.txt` never changes: what it holds is on people's disks.

use std::fmt::Write;

use super::lossy_disk::LossyDisk;
use super::{CONTEXT, new_disk, open};
use crate::layout::{SLOT_BYTES, SlotId, file_bytes, slot_offset};
use crate::sealing;

const GOLDEN: &str = include_str!("../../tests/golden/v1.txt");
const TEXT: &str = "张三, 13800000000";

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    })
}

fn line(name: &str) -> Vec<u8> {
    let hex = GOLDEN.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(" = ")).unwrap();
    hex.as_bytes().chunks(2).map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
}

#[test]
fn the_bytes_are_as_they_were() {
    let disk = new_disk(4);
    let (vault, _) = open(&disk).unwrap();
    let buyer = vault.slot_for("m-root", "buyer@example.org").unwrap();
    let tree = vault.tree_slot("m-root").unwrap();
    let gone = vault.slot_for("m-root", "gone").unwrap();
    vault.erase(gone).unwrap();
    assert_eq!((buyer, tree, gone), (SlotId(0), SlotId(1), SlotId(2)));

    let bytes = disk.bytes();
    let mut text = String::from("# Key file format 1, master key 00..1f, one value a line. Frozen.\n");
    let mut put = |name: &str, bytes: &[u8]| writeln!(text, "{name} = {}", hex(bytes)).unwrap();
    put("header", &bytes[..64]);
    assert_eq!(bytes[..4096], bytes[4096..8192]);
    assert!(bytes[64..4096].iter().all(|byte| *byte == 0));
    for slot in 0..4 {
        let at = usize::try_from(slot_offset(SlotId(slot))).unwrap();
        put(&format!("slot {slot}"), &bytes[at..at + SLOT_BYTES]);
    }
    assert_eq!(bytes.len() as u64, file_bytes(4));
    put(
        "sealed with key 55..55 and nonce 24..24",
        &sealing::seal(&[0x55; 32], &[0x24; 24], &CONTEXT, TEXT.as_bytes()).unwrap(),
    );
    put("sealed under slot 0", &vault.seal(buyer, &CONTEXT, TEXT.as_bytes()).unwrap());
    put("command hash of abc", &vault.command_hash(b"abc"));
    put("lookup hash of card, m-root, abc", &vault.lookup_hash("card", "m-root", b"abc"));
    assert_eq!(text, GOLDEN, "\n{text}");
}

#[test]
fn what_was_written_then_opens_now() {
    let mut bytes = line("header");
    bytes.resize(4096, 0);
    bytes.extend_from_within(..);
    for slot in 0..4 {
        bytes.extend(line(&format!("slot {slot}")));
    }
    let (vault, report) = open(&LossyDisk::new(bytes)).unwrap();
    assert_eq!((report.prepared, report.handed_out, report.erased), (4, 3, 1));
    assert_eq!(vault.find("m-root", "buyer@example.org"), Some(SlotId(0)));
    assert_eq!(vault.tree_slot("m-root").unwrap(), SlotId(1));
    let opened = vault.open_sealed(SlotId(0), &CONTEXT, &line("sealed under slot 0")).unwrap();
    assert_eq!(opened, TEXT.as_bytes());
    let opened = sealing::open(&[0x55; 32], &CONTEXT, &line("sealed with key 55..55 and nonce 24..24")).unwrap();
    assert_eq!(opened, TEXT.as_bytes());
}
