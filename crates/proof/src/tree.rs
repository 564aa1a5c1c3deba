//! Checking proofs of RFC 6962 with `ct_merkle`: another hand than the one that makes them.

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use ct_merkle::{InclusionProof, RootHash};
use sha2::Sha256;
use thiserror::Error;

use crate::Checkpoint;

/// A proof does not prove what it should.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the proof does not lead from one to the other")]
pub struct ProofWrong;

fn root(checkpoint: &Checkpoint) -> RootHash<Sha256> {
    RootHash::new(checkpoint.root.into(), checkpoint.size)
}

/// Whether a record's bytes are those of the record at `position` of the checkpoint's.
pub(crate) fn verify_inclusion(
    checkpoint: &Checkpoint,
    position: u64,
    record: &[u8],
    proof: &[[u8; 32]],
) -> Result<(), ProofWrong> {
    let leaf = position.checked_sub(1).filter(|&leaf| leaf < checkpoint.size).ok_or(ProofWrong)?;
    let proof = InclusionProof::from_bytes(proof.concat());
    root(checkpoint).verify_inclusion(&record, leaf, &proof).map_err(|_| ProofWrong)
}

/// Whether what `earlier` says is the beginning of what `later` says.
pub(crate) fn verify_consistency(
    earlier: &Checkpoint,
    later: &Checkpoint,
    proof: &[[u8; 32]],
) -> Result<(), ProofWrong> {
    // The library takes the two for equal by their roots alone where nothing has to be hashed.
    if earlier.size == later.size && earlier.root != later.root {
        return Err(ProofWrong);
    }
    let proof = ct_merkle::ConsistencyProof::try_from_bytes(proof.concat()).map_err(|_| ProofWrong)?;
    root(later).verify_consistency(&root(earlier), &proof).map_err(|_| ProofWrong)
}

pub(crate) fn encode(hash: &[u8]) -> String {
    BASE64.encode(hash)
}

pub(crate) fn decode(text: &str) -> Option<[u8; 32]> {
    BASE64.decode(text).ok()?.try_into().ok()
}
