//! Checkpoints as C2SP `tlog-checkpoint` has them: whose ledger, how many records, and their Merkle root.

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use thiserror::Error;

use crate::note::{self, NoteError};
use crate::{SigningKey, VerifierKey};

/// Why a text is no checkpoint.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum CheckpointError {
    #[error(transparent)]
    Note(#[from] NoteError),
    #[error("it is no checkpoint: its lines are a name, a number of records (not 0) and a root in base64")]
    Malformed,
    #[error("it is a checkpoint of {found}, not of {wanted}")]
    Origin { found: String, wanted: String },
}

/// What somebody signed: the first `size` records have this root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// The name of whoever signs, which ends with the ledger's id.
    pub origin: String,
    /// Records, from position 1 on: at least one, for nothing is proven of none.
    pub size: u64,
    /// The root over their bytes, as RFC 6962 defines it with SHA-256.
    pub root: [u8; 32],
}

impl Checkpoint {
    pub(crate) fn sign(size: u64, root: [u8; 32], key: &SigningKey) -> String {
        note::sign(&format!("{}\n{size}\n{}\n", key.verifier().name(), BASE64.encode(root)), key)
    }

    /// The same checkpoint, signed by `key` too; said in its own name, where another had signed it.
    pub(crate) fn sign_again(text: &str, it: &Self, key: &SigningKey) -> Result<String, NoteError> {
        match it.origin == key.verifier().name() {
            true => note::sign_too(text, key),
            false => Ok(Self::sign(it.size, it.root, key)),
        }
    }

    /// Reads a signed checkpoint, and checks that the key's owner signed it.
    ///
    /// # Errors
    /// It is none, or not signed by the key, or another ledger's.
    pub fn open(text: &str, key: &VerifierKey) -> Result<Self, CheckpointError> {
        let checkpoint = Self::parse(note::open(text, key)?).ok_or(CheckpointError::Malformed)?;
        match checkpoint.origin == key.name() {
            true => Ok(checkpoint),
            false => Err(CheckpointError::Origin { found: checkpoint.origin, wanted: key.name().to_owned() }),
        }
    }

    /// What it says, whoever signed it, if anybody did.
    ///
    /// # Errors
    /// It is no checkpoint.
    pub fn read_unchecked(text: &str) -> Result<Self, CheckpointError> {
        Self::parse(note::split(text)?.0).ok_or(CheckpointError::Malformed)
    }

    fn parse(text: &str) -> Option<Self> {
        let mut lines = text.split('\n');
        let (origin, size, root) = (lines.next()?, lines.next()?, lines.next()?);
        let number: u64 = size.parse().ok()?;
        let root = BASE64.decode(root).ok()?.try_into().ok()?;
        // Lines after these are extensions; we sign none, and whoever's we read may.
        (number.to_string() == size && number > 0 && !origin.is_empty()).then(|| Self {
            origin: origin.to_owned(),
            size: number,
            root,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_checkpoint_is_what_was_signed() {
        let key = SigningKey::generate("shop.example/ledger").unwrap();
        let text = Checkpoint::sign(7, [3; 32], &key);
        let said = Checkpoint { origin: "shop.example/ledger".into(), size: 7, root: [3; 32] };
        assert_eq!(Checkpoint::open(&text, key.verifier()), Ok(said));
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[..4], ["shop.example/ledger", "7", "AwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwM=", ""]);
        assert!(lines.len() == 5 && lines[4].starts_with("— shop.example/ledger "));
        let of_another = note::sign("else\n7\nAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwM=\n", &key);
        assert!(matches!(Checkpoint::open(&of_another, key.verifier()), Err(CheckpointError::Origin { .. })));
        let root = "AwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwM=";
        for wrong in [format!("07\n{root}\n"), format!("0\n{root}\n"), "7\n".into()] {
            let text = note::sign(&format!("shop.example/ledger\n{wrong}"), &key);
            assert_eq!(Checkpoint::open(&text, key.verifier()), Err(CheckpointError::Malformed));
        }
    }
}
