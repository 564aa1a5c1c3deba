//! Whoever signs for a ledger that is open.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard};

use daybook_ledger::{Ledger, ProofError, SignedRoot};
use thiserror::Error;

use crate::checkpoint::CheckpointError;
use crate::key_file::{self, KEY_VARIABLE};
use crate::note::{self, NoteError};
use crate::store::{CHECKPOINTS, Store};
use crate::{
    Checkpoint, ConsistencyProof, KeyError, KeyFileError, ProofWrong, SigningKey, StoreError, Stored, VerifierKey, tree,
};

/// Why nothing was signed or proven.
#[derive(Debug, Error)]
pub enum NotaryError {
    #[error("there is no signing key: make one with `daybook keys create --data {0}`")]
    NoKey(String),
    #[error("there is nothing to sign yet: the ledger has no records")]
    Empty,
    #[error("no checkpoint of {0} records was signed; the last one is what /checkpoint or `daybook checkpoint` shows")]
    NoCheckpoint(u64),
    #[error(
        "the ledger has {records} records, but a checkpoint of {signed} was signed: this folder was put back to an \
         earlier state; write nothing to it, and restore a backup that has all of them"
    )]
    RolledBack { records: u64, signed: u64 },
    #[error(
        "the first {signed} records are not those of the checkpoint that was signed: records were changed since, or this \
         is another branch of the ledger; write nothing to it, keep it as evidence, run `daybook verify`, and restore a \
         backup that fits the checkpoint"
    )]
    Forked { signed: u64 },
    #[error(
        "{path}: a checkpoint is not signed as it should be: {source}; put this file back from a backup, or from whoever has \
         copies"
    )]
    NotOurs { path: PathBuf, source: CheckpointError },
    #[error("a proof that was made does not hold: what is kept of the tree is damaged; run `daybook verify`")]
    Unproven(#[from] ProofWrong),
    #[error(transparent)]
    Proof(#[from] ProofError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    KeyFile(#[from] KeyFileError),
    #[error("the variable {KEY_VARIABLE}: {0}")]
    Key(#[from] KeyError),
}

/// Signs, keeps and proves for one ledger.
#[derive(Debug)]
pub struct Notary {
    ledger: Ledger,
    key: RwLock<Option<Arc<SigningKey>>>,
    /// Never held while anything is hashed: whoever asks for a checkpoint does not wait for the one that is being made.
    store: RwLock<Store>,
    /// One signs at a time.
    signing: Mutex<Signing>,
}

#[derive(Debug, Default)]
struct Signing {
    /// Whether the ledger was seen to go on from the last checkpoint since it was opened.
    is_checked: bool,
}

impl Notary {
    /// For an open ledger. `key` is what the environment holds, if it does; else it is the folder's.
    ///
    /// # Errors
    /// The key or the checkpoints cannot be read.
    pub fn open(ledger: Ledger, key: Option<&str>) -> Result<Self, NotaryError> {
        let key = match key {
            Some(text) => Some(text.parse::<SigningKey>()?),
            None => key_file::load(ledger.dir())?,
        };
        let store = Store::open(ledger.dir())?;
        let key = RwLock::new(key.map(Arc::new));
        Ok(Self { ledger, key, store: RwLock::new(store), signing: Mutex::default() })
    }

    pub(crate) fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// What its checkpoints are checked with; none if it has no key.
    pub fn verifier(&self) -> Option<VerifierKey> {
        self.key().map(|key| key.verifier().clone())
    }

    /// Makes the folder's signing key. Without a name, it is named after the ledger.
    ///
    /// # Errors
    /// There is one, the name is not fit, or it could not be written.
    pub fn create_key(&self, name: Option<&str>) -> Result<VerifierKey, NotaryError> {
        let own_name = format!("daybook-ledger/{}", self.ledger.id());
        let key = SigningKey::generate(name.unwrap_or(&own_name))?;
        let mut own = self.key.write().unwrap_or_else(PoisonError::into_inner);
        if own.is_some() {
            return Err(KeyFileError::Exists { path: self.ledger.dir().join(crate::KEY_FILE) }.into());
        }
        key_file::create(self.ledger.dir(), &key)?;
        let verifier = key.verifier().clone();
        *own = Some(Arc::new(key));
        Ok(verifier)
    }

    /// Whether the ledger goes on from the last checkpoint that was signed; none if there is none.
    ///
    /// Hashes at most what came since the last volume was sealed, unless the ledger's tree is missing.
    ///
    /// # Errors
    /// [`NotaryError::RolledBack`], [`NotaryError::Forked`], [`NotaryError::NotOurs`]; or it could not be told.
    pub fn check(&self) -> Result<Option<Checkpoint>, NotaryError> {
        self.check_with(&mut self.signing())
    }

    fn check_with(&self, signing: &mut Signing) -> Result<Option<Checkpoint>, NotaryError> {
        let Some(last) = self.latest() else { return Ok(None) };
        if !signing.is_checked {
            if let Some(key) = self.key() {
                // After the key was replaced, the one before had signed it.
                match Checkpoint::open(&last.text, key.verifier()) {
                    Ok(_) | Err(CheckpointError::Note(NoteError::OtherKey(_))) => {}
                    Err(error) => return Err(not_ours(self.ledger.dir(), error)),
                }
            }
            let signed = last.checkpoint.size;
            let records = self.ledger.watermark();
            if records < signed {
                return Err(NotaryError::RolledBack { records, signed });
            }
            if self.ledger.root(signed)? != last.checkpoint.root {
                return Err(NotaryError::Forked { signed });
            }
        }
        signing.is_checked = true;
        Ok(Some(last.checkpoint))
    }

    /// Signs what is durable now, and keeps it; what was signed before if nothing came since. Never signs what does not go
    /// on from that.
    ///
    /// # Errors
    /// There is no key or no record; what [`Notary::check`] returns; or it could not be kept.
    pub fn sign(&self) -> Result<Stored, NotaryError> {
        let mut signing = self.signing();
        let last = self.check_with(&mut signing)?;
        let key = self.needed_key()?;
        let size = self.ledger.watermark();
        if let Some(stored) = self.latest().filter(|last| last.checkpoint.size == size && self.has_signed(last)) {
            return Ok(stored);
        }
        if size == 0 {
            return Err(NotaryError::Empty);
        }
        let root = self.ledger.root(size)?;
        let next = Checkpoint { origin: key.verifier().name().to_owned(), size, root };
        if let Some(last) = last.filter(|last| last.size < size) {
            let proof = self.ledger.consistency(last.size, size)?;
            if let Err(wrong) = tree::verify_consistency(&last, &next, &proof) {
                tracing::error!(
                    from = last.size,
                    to = size,
                    "no checkpoint is signed: it would not go on from the last"
                );
                return Err(wrong.into());
            }
        }
        let stored = Stored { text: Checkpoint::sign(size, root, &key), checkpoint: next };
        self.store.write().unwrap_or_else(PoisonError::into_inner).append(stored.clone())?;
        Ok(stored)
    }

    /// The newest checkpoint that was signed.
    pub fn latest(&self) -> Option<Stored> {
        self.store().last().cloned()
    }

    /// The checkpoint of so many records.
    ///
    /// # Errors
    /// There is none, or it cannot be read.
    pub fn checkpoint(&self, size: u64) -> Result<Stored, NotaryError> {
        self.store().get(size)?.ok_or(NotaryError::NoCheckpoint(size))
    }

    /// How many records each checkpoint covers, ascending.
    pub fn sizes(&self) -> Vec<u64> {
        self.store().sizes().collect()
    }

    /// The proof that one checkpoint goes on from another.
    ///
    /// # Errors
    /// There are no such checkpoints, or they do not.
    pub fn consistency(&self, from: u64, to: u64) -> Result<ConsistencyProof, NotaryError> {
        let (earlier, later) = (self.checkpoint(from)?, self.checkpoint(to)?);
        let proof = self.ledger.consistency(from, to)?;
        tree::verify_consistency(&earlier.checkpoint, &later.checkpoint, &proof)?;
        Ok(ConsistencyProof::new(&earlier, &later, &proof))
    }

    pub(crate) fn has_signed(&self, stored: &Stored) -> bool {
        self.key().is_some_and(|key| Checkpoint::open(&stored.text, key.verifier()).is_ok())
    }

    /// Signs a text as this ledger's operator.
    pub(crate) fn sign_text(&self, text: impl FnOnce(&VerifierKey) -> String) -> Result<String, NotaryError> {
        let key = self.needed_key()?;
        Ok(note::sign(&text(key.verifier()), &key))
    }

    fn key(&self) -> Option<Arc<SigningKey>> {
        self.key.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn needed_key(&self) -> Result<Arc<SigningKey>, NotaryError> {
        self.key().ok_or_else(|| NotaryError::NoKey(self.ledger.dir().display().to_string()))
    }

    fn store(&self) -> RwLockReadGuard<'_, Store> {
        self.store.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn signing(&self) -> MutexGuard<'_, Signing> {
        self.signing.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn not_ours(dir: &Path, source: CheckpointError) -> NotaryError {
    NotaryError::NotOurs { path: dir.join(CHECKPOINTS), source }
}

/// The roots of all checkpoints of a folder, to compare its records with. `key`, or else the folder's own, must have
/// signed those that bear its name and hash.
///
/// # Errors
/// They cannot be read, or one of them is not signed as it should be.
pub fn signed_roots(dir: &Path, key: Option<&VerifierKey>) -> Result<Vec<SignedRoot>, NotaryError> {
    let own = match key {
        Some(key) => Some(key.clone()),
        None => key_file::load(dir)?.map(|key| key.verifier().clone()),
    };
    let stored = Store::open(dir)?.all().collect::<Result<Vec<_>, _>>()?;
    let root = |stored: Stored| {
        match own.as_ref().map(|key| Checkpoint::open(&stored.text, key)) {
            None | Some(Ok(_)) => {}
            // Keys are replaced; then those before it were signed by the one before.
            Some(Err(CheckpointError::Note(NoteError::OtherKey(_)))) if key.is_none() => {}
            Some(Err(error)) => return Err(not_ours(dir, error)),
        }
        Ok(SignedRoot { size: stored.checkpoint.size, root: stored.checkpoint.root })
    };
    stored.into_iter().map(root).collect()
}
