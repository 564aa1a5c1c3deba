//! The tree over all records: against what is kept of it in the folder `tree`, and against roots that were signed.

use std::path::{Path, PathBuf};

use uuid::Uuid;

use super::Finding;
use crate::SignedRoot;
use crate::merkle::{Hash, Merkle};
use crate::tree::{self, FAN, Rows, fold};

pub(super) struct Whole {
    dir: PathBuf,
    merkle: Merkle,
    /// What is kept, and of how many records.
    kept: Option<(Rows, u64)>,
    /// Of each row the hashes that are not a node of the next one yet.
    open: Vec<Vec<Hash>>,
    /// By size.
    signed: Vec<SignedRoot>,
    /// Of `signed`, how many were compared.
    compared: usize,
    /// A record is missing: no root can be told any more.
    has_gap: bool,
}

impl Whole {
    /// `kept`: how many records are in the folder's tree, if there is one.
    pub(super) fn new(dir: &Path, kept: u64, signed: &[SignedRoot]) -> (Self, Option<Finding>) {
        let mut signed = signed.to_vec();
        signed.sort_unstable_by_key(|signed| (signed.size, signed.root));
        let (kept, finding) = match Rows::open(&tree::folder(dir)) {
            Ok(rows) => (Some((rows, kept)).filter(|(_, kept)| *kept > 0), None),
            Err(error) => (None, Some(Finding { file: tree::folder(dir), position: 0, what: error.to_string() })),
        };
        let whole = Self {
            dir: dir.into(),
            merkle: Merkle::default(),
            kept,
            open: Vec::new(),
            signed,
            compared: 0,
            has_gap: false,
        };
        (whole, finding)
    }

    /// Takes in the next record's leaf.
    pub(super) fn take(&mut self, position: u64, leaf: Hash, findings: &mut Vec<Finding>) {
        if position != self.merkle.leaves() + 1 {
            self.has_gap = true;
        }
        if self.has_gap {
            return;
        }
        self.merkle.push(leaf);
        if let Err(what) = self.compare_kept(position - 1, leaf) {
            self.kept = None;
            let what =
                format!("{what}; it follows from the records: remove this folder while nobody has the ledger open");
            findings.push(Finding { file: tree::folder(&self.dir), position, what });
        }
        while let Some(signed) = self.signed.get(self.compared).filter(|signed| signed.size == position) {
            if signed.root != self.merkle.root() {
                let what = "the root over all records up to here is not the one that was signed: records were changed \
                            since, or this is another branch of the ledger; write nothing to it, keep it as evidence, \
                            and restore a backup that fits the checkpoint";
                findings.push(Finding { file: self.dir.clone(), position, what: what.into() });
            }
            self.compared += 1;
        }
    }

    fn compare_kept(&mut self, at: u64, leaf: Hash) -> Result<(), String> {
        let Some((rows, kept)) = &mut self.kept else { return Ok(()) };
        if at >= *kept {
            return Ok(());
        }
        let (mut hash, mut at, mut kept, mut row) = (leaf, at, *kept, 0);
        loop {
            // Of the leaves there is no file.
            if let Some(file) = usize::checked_sub(row, 1)
                && rows.get(file, at, kept).map_err(|error| error.to_string())? != hash
            {
                return Err("a hash is not that of the records".into());
            }
            if row == self.open.len() {
                self.open.push(Vec::new());
            }
            let open = &mut self.open[row];
            open.push(hash);
            if open.len() < FAN {
                return Ok(());
            }
            hash = fold(open);
            open.clear();
            (at, kept, row) = (at / FAN as u64, kept / FAN as u64, row + 1);
        }
    }

    /// What was signed and is not there; how many signed roots were right or wrong.
    pub(super) fn finish(self, end: u64, findings: &mut Vec<Finding>) -> (u64, Option<Hash>) {
        if !self.has_gap {
            for missing in &self.signed[self.compared..] {
                let what = format!(
                    "a checkpoint of {} records was signed, but there are only {end}: this folder was put back to an \
                     earlier state; write nothing to it, and restore a backup that has all of them",
                    missing.size
                );
                findings.push(Finding { file: self.dir.clone(), position: end, what });
            }
        }
        (self.compared as u64, (!self.has_gap).then(|| self.merkle.root()))
    }
}

/// How many records are in the tree of a folder that nobody has open.
pub(super) fn kept_at_rest(dir: &Path, ledger: Uuid) -> Result<u64, Finding> {
    tree::durable_leaves(dir, ledger).map_err(|what| Finding {
        file: tree::folder(dir),
        position: 0,
        what: format!("{what}: it is made anew from the records when the ledger is opened"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::merkle::leaf;
    use crate::tree::Tree;

    /// Every hash that is kept is compared, not only those of the last row.
    #[test]
    fn a_hash_that_is_not_that_of_the_records_is_found() {
        let folder = tempfile::tempdir().unwrap();
        let leaves: Vec<Hash> = (0..70_000_u64).map(|n| leaf(&n.to_le_bytes())).collect();
        Tree::open(folder.path(), Uuid::from_u128(1), |_| None).extend(0, &leaves).unwrap();
        let findings = || {
            let (mut whole, mut findings) = (Whole::new(folder.path(), 70_000, &[]).0, Vec::new());
            (1..).zip(&leaves).for_each(|(position, leaf)| whole.take(position, *leaf, &mut findings));
            findings
        };
        assert_eq!(findings().len(), 0);
        let level = tree::folder(folder.path()).join("level-08");
        let mut bytes = std::fs::read(&level).unwrap();
        bytes[5 * 32 + 3] ^= 0x40;
        std::fs::write(&level, bytes).unwrap();
        let found = findings();
        assert!(found.len() == 1 && found[0].what.contains("remove this folder"), "{found:?}");
        assert_eq!(found[0].position, 6 * FAN as u64);
    }
}
