//! Roots of the ledger's tree, and proofs against them. The tree is in `tree.rs`; which nodes prove what, `ct_merkle` says.

use std::path::PathBuf;

use ct_merkle::{indices_for_consistency_proof, indices_for_inclusion_proof};
use thiserror::Error;

use crate::merkle::{self, Hash};
use crate::tree::{self, TreeError};
use crate::{Ledger, Position, ReadError};

/// Bytes of the log that are hashed at a time.
const STEP_BYTES: usize = 1 << 20;
/// As many as 128 records mostly have.
const LEAVES_BYTES: usize = 32 << 10;

/// A root that somebody signed, and over how many records, from the first on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SignedRoot {
    pub size: u64,
    pub root: [u8; 32],
}

/// Why there is no root or proof.
#[derive(Debug, Error)]
pub enum ProofError {
    #[error("the ledger has {records} records, not {asked}: there is no proof for what is not there")]
    Beyond { asked: u64, records: u64 },
    #[error("there is nothing to prove of no records")]
    Empty,
    #[error(transparent)]
    Read(#[from] ReadError),
    #[error(
        "{folder}: {source}; what is in it follows from the records: remove it while nobody has the ledger open, and it is made anew"
    )]
    Tree { folder: PathBuf, source: std::io::Error },
}

impl Ledger {
    /// The root over the first `size` records: SHA-256, as RFC 6962 defines it.
    ///
    /// What is not in the tree yet is hashed first: at most what came since the last volume was sealed, unless the tree
    /// was missing.
    ///
    /// # Errors
    /// There are fewer records, or they or the tree cannot be read.
    pub fn root(&self, size: u64) -> Result<[u8; 32], ProofError> {
        self.grow_tree(size)?;
        let tree = &self.shared.tree;
        match tree.root() {
            (all, root) if all == size => Ok(root),
            _ => tree.range(0, size, &|from, count| self.leaves(from, count)).map_err(|error| self.tree_error(error)),
        }
    }

    /// The hashes that lead from the record at `position` to the root over the first `size` records, as section 2.1.1 of
    /// RFC 6962 lists them.
    ///
    /// # Errors
    /// As [`Ledger::root`].
    pub fn inclusion(&self, position: Position, size: u64) -> Result<Vec<[u8; 32]>, ProofError> {
        if position.get() > size {
            return Err(ProofError::Beyond { asked: position.get(), records: size });
        }
        self.grow_tree(size)?;
        self.nodes(&indices_for_inclusion_proof(size, position.get() - 1), size)
    }

    /// The hashes that show that the first `from` of the first `to` records are what the root over `from` says, as
    /// section 2.1.2 of RFC 6962 lists them.
    ///
    /// # Errors
    /// `from` is 0 or more than `to`; as [`Ledger::root`].
    pub fn consistency(&self, from: u64, to: u64) -> Result<Vec<[u8; 32]>, ProofError> {
        if from == 0 {
            return Err(ProofError::Empty);
        }
        let more = to.checked_sub(from).ok_or(ProofError::Beyond { asked: from, records: to })?;
        self.grow_tree(to)?;
        self.nodes(&indices_for_consistency_proof(from, more), to)
    }

    fn nodes(&self, numbers: &[u64], size: u64) -> Result<Vec<Hash>, ProofError> {
        let leaves = |from, count| self.leaves(from, count);
        self.shared.tree.nodes(numbers, size, &leaves).map_err(|error| self.tree_error(error))
    }

    fn tree_error(&self, error: TreeError) -> ProofError {
        match error {
            TreeError::Io(source) => ProofError::Tree { folder: tree::folder(&self.shared.dir), source },
            TreeError::Read(error) => error.into(),
        }
    }

    /// Hashes of leaves: `count` from number `from` on, made from the records, which are there.
    pub(crate) fn leaves(&self, from: u64, count: usize) -> Result<Vec<Hash>, ReadError> {
        let mut leaves = Vec::with_capacity(count);
        while leaves.len() < count {
            let position = Position::FIRST.plus(from + leaves.len() as u64);
            let chunk = self.read_from(position, LEAVES_BYTES)?;
            if chunk.is_empty() {
                return Err(ReadError::Beyond { position, watermark: self.watermark() });
            }
            let left = count - leaves.len();
            leaves.extend(chunk.records().take(left).map(|record| merkle::leaf(record.bytes())));
        }
        Ok(leaves)
    }

    /// Takes all of the first `until` records into the tree.
    fn grow_tree(&self, until: u64) -> Result<(), ProofError> {
        let records = self.watermark();
        if until > records {
            return Err(ProofError::Beyond { asked: until, records });
        }
        while self.shared.tree.size() < until {
            self.grow_tree_step(STEP_BYTES)?;
        }
        Ok(())
    }

    /// Takes some more records into the tree.
    pub(crate) fn grow_tree_step(&self, max_bytes: usize) -> Result<(), ProofError> {
        let first = self.shared.tree.size();
        let chunk = self.read_from(Position::FIRST.plus(first), max_bytes)?;
        let leaves: Vec<Hash> = chunk.records().map(|record| merkle::leaf(record.bytes())).collect();
        self.shared.tree.extend(first, &leaves).map_err(|source| self.tree_error(source.into()))
    }
}
