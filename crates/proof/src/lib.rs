//! What an outsider can check: checkpoints of the ledger that its operator signed, and evidence of an order's history.
//!
//! A [`Notary`] signs that the first so many records of a ledger have this Merkle root, never against what was signed
//! before, and bundles what happened to an order with the proofs that it is in there. [`verify_evidence`] and
//! [`verify_consistency`] need nothing but what they are given and the operator's public key.
//!
//! The forms are C2SP's: `signed-note` for keys and signatures, `tlog-checkpoint` for checkpoints; the tree is RFC 6962's.

mod canonical;
mod checkpoint;
mod consistency;
mod evidence;
mod json;
mod key;
mod key_file;
mod notary;
mod note;
mod store;
mod tree;
mod verify;

pub use checkpoint::{Checkpoint, CheckpointError};
pub use consistency::{ConsistencyProof, ConsistencyWrong, verify_consistency};
pub use daybook_ledger::ProofError;
pub use evidence::{EvidenceError, MAX_BUNDLE_BYTES};
pub use key::{KeyError, SigningKey, VerifierKey};
pub use key_file::{KEY_FILE, KEY_VARIABLE, KeyFileError, PUBLIC_FILE};
pub use notary::{Notary, NotaryError, SignedRoots, signed_roots};
pub use note::NoteError;
pub use store::{CHECKPOINTS, StoreError, Stored, copy_checkpoints};
pub use tree::ProofWrong;
pub use verify::{BundleWrong, Verified, verify_evidence};
