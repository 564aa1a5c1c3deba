//! Proofs that one checkpoint goes on from another, as they are handed out.

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::checkpoint::CheckpointError;
use crate::{Checkpoint, ProofWrong, Stored, VerifierKey, json, tree};

/// What the field `format` says.
const FORMAT: &str = "daybook-consistency-1";

/// Two checkpoints, and the hashes that show that the later one goes on from the earlier: JSON, readable without Daybook.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConsistencyProof {
    format: String,
    earlier: String,
    later: String,
    /// As RFC 6962 lists them, in base64.
    proof: Vec<String>,
}

/// What is wrong with a proof of consistency.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ConsistencyWrong {
    #[error("it is no proof of consistency: {0}")]
    Malformed(String),
    #[error("its {which} checkpoint: {source}")]
    Checkpoint { which: &'static str, source: CheckpointError },
    #[error(
        "the later checkpoint does not go on from the earlier: records were changed or left out between them, or the proof was"
    )]
    Proof(#[from] ProofWrong),
}

impl ConsistencyProof {
    pub(crate) fn new(earlier: &Stored, later: &Stored, proof: &[[u8; 32]]) -> Self {
        let proof = proof.iter().map(|hash| tree::encode(hash)).collect();
        Self { format: FORMAT.into(), earlier: earlier.text.clone(), later: later.text.clone(), proof }
    }

    /// As it is handed out, with a line feed at its end.
    #[must_use]
    pub fn to_json(&self) -> String {
        let mut text = serde_json::to_string_pretty(self).expect("texts can be written");
        text.push('\n');
        text
    }
}

/// Checks a proof with nothing but the operator's public key; returns the two checkpoints, the earlier first.
///
/// # Errors
/// Whatever does not hold: one of the two is not signed by the key, or the proof does not lead from one to the other.
pub fn verify_consistency(text: &str, key: &VerifierKey) -> Result<(Checkpoint, Checkpoint), ConsistencyWrong> {
    let malformed = |error: serde_json::Error| ConsistencyWrong::Malformed(error.to_string());
    let it: ConsistencyProof = json::parse(text).and_then(json::read).map_err(malformed)?;
    if it.format != FORMAT {
        return Err(ConsistencyWrong::Malformed(format!("its format is {:?}", it.format)));
    }
    let open =
        |which, text| Checkpoint::open(text, key).map_err(|source| ConsistencyWrong::Checkpoint { which, source });
    let (earlier, later) = (open("earlier", &it.earlier)?, open("later", &it.later)?);
    let proof = it.proof.iter().map(|hash| tree::decode(hash)).collect::<Option<Vec<_>>>().ok_or(ProofWrong)?;
    tree::verify_consistency(&earlier, &later, &proof)?;
    Ok((earlier, later))
}
