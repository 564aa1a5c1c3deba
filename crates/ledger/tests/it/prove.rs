//! Roots and proofs of a ledger as it grows, is opened again, and as it was before it kept a tree.

use std::time::{Duration, Instant};

use ct_merkle::mem_backed_tree::MemoryBackedTree;
use ct_merkle::{ConsistencyProof, InclusionProof, RootHash};
use daybook_ledger::{Ledger, Position, ProofError, SignedRoot, verify_dir, verify_dir_against};
use sha2::Sha256;

use crate::kit::{Open, all, folder, open, small};
use crate::volumes::wait_for_volumes;

/// The library's own tree, all in memory, over what readers read.
fn reference(ledger: &Ledger, size: u64) -> MemoryBackedTree<Sha256, Vec<u8>> {
    let mut tree = MemoryBackedTree::new();
    all(ledger).into_iter().take(size as usize).for_each(|bytes| tree.push(bytes));
    tree
}

fn root(bytes: [u8; 32], size: u64) -> RootHash<Sha256> {
    RootHash::new(bytes.into(), size)
}

/// Every proof of some sizes, checked by the library alone.
fn check_proofs(ledger: &Ledger) {
    let records = ledger.watermark();
    let bytes = all(ledger);
    for size in [1, 2, 7, 256, 300, 513, records - 1, records] {
        let expected = reference(ledger, size).root();
        let proven = root(ledger.root(size).unwrap(), size);
        assert!(proven == expected, "the root over {size} records");
        for position in [1, 2, size / 2 + 1, size] {
            let Some(at) = Position::new(position).filter(|at| at.get() <= size) else { continue };
            let proof = InclusionProof::<Sha256>::from_bytes(ledger.inclusion(at, size).unwrap().concat());
            proven.verify_inclusion(&bytes[position as usize - 1], position - 1, &proof).unwrap();
            assert!(proven.verify_inclusion(&bytes[position as usize % bytes.len()], position - 1, &proof).is_err());
        }
        let proof = ConsistencyProof::<Sha256>::try_from_bytes(ledger.consistency(size, records).unwrap().concat());
        let whole = root(ledger.root(records).unwrap(), records);
        whole.verify_consistency(&proven, &proof.unwrap()).unwrap();
    }
}

fn grown() -> (crate::kit::Folder, Open) {
    let folder = folder();
    let mut it = open(&folder.dir, &small());
    for batch in 0..100 {
        it.append(1 + batch % 30, 37, 200);
    }
    (folder, it)
}

#[test]
fn whatever_is_durable_can_be_proven_at_once_and_after_each_opening() {
    let (folder, mut it) = grown();
    check_proofs(&it.ledger);
    wait_for_volumes(&it.ledger, it.ledger.watermark() / 530);
    it.append(20, 37, 200);
    check_proofs(&it.ledger);
    let before = it.ledger.root(it.ledger.watermark()).unwrap();
    it.close();
    let it = open(&folder.dir, &small());
    assert_eq!(it.ledger.root(it.ledger.watermark()).unwrap(), before);
    check_proofs(&it.ledger);
    assert!(matches!(it.ledger.root(u64::MAX), Err(ProofError::Beyond { .. })));
    assert!(matches!(it.ledger.consistency(0, 5), Err(ProofError::Empty)));
    assert!(it.ledger.inclusion(Position::new(9).unwrap(), 8).is_err() && it.ledger.consistency(9, 8).is_err());
}

/// Of a ledger without a tree, as all were once, it is made in the background, and only once.
#[test]
fn a_folder_without_a_tree_is_given_one() {
    let (folder, it) = grown();
    let records = it.ledger.watermark();
    let expected = it.ledger.root(records).unwrap();
    wait_for_volumes(&it.ledger, records / 530);
    it.close();
    let tree = folder.dir.join("tree");
    std::fs::remove_dir_all(&tree).unwrap();
    assert_eq!(verify_dir(&folder.dir).unwrap().root, Some(expected), "what is not there is no finding");
    let it = open(&folder.dir, &small());
    let (mark, started) = (tree.join("mark"), Instant::now());
    while !mark.exists() {
        assert!(started.elapsed() < Duration::from_secs(30), "no tree was made");
        std::thread::sleep(Duration::from_millis(2));
    }
    assert_eq!(it.ledger.root(records).unwrap(), expected);
    it.close();
    let made = std::fs::metadata(&mark).unwrap().modified().unwrap();
    let it = open(&folder.dir, &small());
    check_proofs(&it.ledger);
    assert_eq!(std::fs::metadata(&mark).unwrap().modified().unwrap(), made);
    it.close();
}

#[test]
fn the_folders_of_the_first_format_have_proofs() {
    let fixture = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../replay-fixtures/folder-format-1");
    let temp = tempfile::tempdir().unwrap();
    // Kept without the zeros at the files' ends.
    for line in std::fs::read_to_string(fixture.join("files.txt")).unwrap().lines() {
        let path = temp.path().join(line.split(' ').next().unwrap());
        let Some((name, length)) = line.split_once(' ') else {
            std::fs::create_dir_all(path).unwrap();
            continue;
        };
        std::fs::copy(fixture.join("data").join(name), &path).unwrap();
        std::fs::File::options().write(true).open(path).unwrap().set_len(length.parse().unwrap()).unwrap();
    }
    let it = open(temp.path(), &small());
    let size = it.ledger.watermark();
    assert!(size > 10 && root(it.ledger.root(size).unwrap(), size) == reference(&it.ledger, size).root());
    it.close();
}

#[test]
fn verify_compares_every_hash_and_every_signed_root() {
    let (folder, it) = grown();
    let records = it.ledger.watermark();
    wait_for_volumes(&it.ledger, records / 530);
    let signed = |size| SignedRoot { size, root: it.ledger.root(size).unwrap() };
    let right = [signed(1), signed(600), signed(records)];
    let wrong = SignedRoot { root: signed(600).root, size: 601 };
    let beyond = SignedRoot { size: records + 1, ..signed(records) };
    let report = it.ledger.verify_against(&right);
    assert!(report.is_sound() && report.signed_roots == 3 && report.root == Some(right[2].root), "{report}");
    it.close();
    let report = verify_dir_against(&folder.dir, &right).unwrap();
    assert!(report.is_sound() && report.signed_roots == 3 && report.root == Some(right[2].root), "{report}");
    for (case, what) in [(wrong, "not the one that was signed"), (beyond, "put back to an earlier state")] {
        let report = verify_dir_against(&folder.dir, &[right[0], case]).unwrap();
        assert!(report.findings.len() == 1 && report.to_string().contains(what), "{report}");
    }
    // In a row that is not whole yet it is noticed when the tree is opened, and made again.
    let path = folder.dir.join("tree/level-08");
    let before = std::fs::read(&path).unwrap();
    let mut bytes = before.clone();
    bytes[32] ^= 0x40;
    std::fs::write(&path, bytes).unwrap();
    let report = verify_dir(&folder.dir).unwrap();
    assert!(report.to_string().contains("made anew"), "{report}");
    std::fs::write(&path, before).unwrap();
    assert!(verify_dir(&folder.dir).unwrap().is_sound());
}
