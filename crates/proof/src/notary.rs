//! Whoever signs for a ledger that is open.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard};

use daybook_ledger::{Ledger, ProofError, SignedRoot};
use thiserror::Error;
use uuid::Uuid;

use crate::checkpoint::CheckpointError;
use crate::key_file::{self, KEY_VARIABLE, PUBLIC_FILE};
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
    #[error(
        "{path}: the last checkpoint, of {size} records, is not signed by a key that ever signed here: if it was yours, write its \
         public half into {PUBLIC_FILE}, a line of its own; else put this file back from a backup, or from \
         whoever has copies"
    )]
    Stranger { path: PathBuf, size: u64 },
    #[error(
        "the signing key {name} is not of this ledger, whose keys are named …/{ledger}: use its own, or make one with \
         `daybook keys create`"
    )]
    OtherLedger { name: String, ledger: Uuid },
    #[error(
        "{path}: the checkpoint of {size} records: {error}; if another key of yours signed it, name that too; if the file is \
         damaged, put it back from a backup"
    )]
    NotSigned { path: PathBuf, size: u64, error: NoteError },
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
        if let Some(key) = key.as_ref().map(SigningKey::verifier).filter(|key| !is_of(key.name(), ledger.id())) {
            return Err(NotaryError::OtherLedger { name: key.name().to_owned(), ledger: ledger.id() });
        }
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

    /// Makes the folder's signing key, named `name` and the ledger's id: so what is signed says of which ledger it is.
    /// Without a name, it is named as whoever signed last, if anybody did.
    ///
    /// # Errors
    /// There is one, the name is not fit, or it could not be written.
    pub fn create_key(&self, name: Option<&str>) -> Result<VerifierKey, NotaryError> {
        let id = self.ledger.id();
        let before = self.latest().map(|last| last.checkpoint.origin).filter(|origin| is_of(origin, id));
        let name = match (name, before) {
            (None, Some(before)) => before,
            (name, _) => format!("{}/{id}", name.unwrap_or("daybook-ledger")),
        };
        let key = SigningKey::generate(&name)?;
        let mut own = self.key.write().unwrap_or_else(PoisonError::into_inner);
        if own.is_some() {
            return Err(KeyFileError::Exists { path: self.ledger.dir().join(crate::KEY_FILE) }.into());
        }
        key_file::create(self.ledger.dir(), &key)?;
        key_file::remember(self.ledger.dir(), key.verifier())?;
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
            let key = self.key().map(|key| key.verifier().clone());
            let known = Known::of(self.ledger.dir(), key)?;
            if !known.0.is_empty() && !known.have_signed(self.ledger.dir(), &last)? {
                let path = self.ledger.dir().join(CHECKPOINTS);
                return Err(NotaryError::Stranger { path, size: last.checkpoint.size });
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
        key_file::remember(self.ledger.dir(), key.verifier())?;
        self.store.write().unwrap_or_else(PoisonError::into_inner).append(stored.clone())?;
        Ok(stored)
    }

    /// The newest checkpoint that was signed.
    pub fn latest(&self) -> Option<Stored> {
        self.store().last().cloned()
    }

    /// The checkpoint of so many records. One that another key had signed is signed anew, if the ledger still has that root.
    ///
    /// # Errors
    /// There is none, it cannot be read, or the ledger does not go on from it.
    pub fn checkpoint(&self, size: u64) -> Result<Stored, NotaryError> {
        let stored = self.store().get(size)?.ok_or(NotaryError::NoCheckpoint(size))?;
        let Some(key) = self.key().filter(|_| !self.has_signed(&stored)) else { return Ok(stored) };
        if self.ledger.root(size)? != stored.checkpoint.root {
            return Err(NotaryError::Forked { signed: size });
        }
        let text = Checkpoint::sign_again(&stored.text, &stored.checkpoint, &key)
            .map_err(|error| not_ours(self.ledger.dir(), error.into()))?;
        let origin = key.verifier().name().to_owned();
        Ok(Stored { text, checkpoint: Checkpoint { origin, ..stored.checkpoint } })
    }

    /// How many records each checkpoint covers, ascending.
    ///
    /// # Errors
    /// They cannot be read.
    pub fn sizes(&self) -> Result<Vec<u64>, NotaryError> {
        self.store().all().map(|stored| Ok(stored?.checkpoint.size)).collect()
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

/// Whether whoever signs by this name signs for this ledger.
fn is_of(name: &str, ledger: Uuid) -> bool {
    name.strip_suffix(&ledger.to_string()).is_some_and(|before| before.ends_with('/'))
}

/// Those whose checkpoints count.
struct Known(Vec<VerifierKey>);

impl Known {
    /// Who signs for a folder, and who did before.
    fn of(dir: &Path, own: Option<VerifierKey>) -> Result<Self, NotaryError> {
        let mut keys = key_file::known(dir)?;
        keys.extend(own);
        Ok(Self(keys))
    }

    /// Whether one of them signed it.
    fn have_signed(&self, dir: &Path, stored: &Stored) -> Result<bool, NotaryError> {
        for key in &self.0 {
            match Checkpoint::open(&stored.text, key) {
                Ok(_) => return Ok(true),
                Err(CheckpointError::Note(NoteError::OtherKey(_))) => {}
                Err(error) => return Err(not_ours(dir, error)),
            }
        }
        Ok(false)
    }
}

fn not_ours(dir: &Path, source: CheckpointError) -> NotaryError {
    NotaryError::NotOurs { path: dir.join(CHECKPOINTS), source }
}

/// The checkpoints of a folder, to compare its records with.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SignedRoots {
    /// Of those that count: signed by a key that is known; or all of them where none is.
    pub roots: Vec<SignedRoot>,
    /// Whether it was checked who signed them.
    pub is_signer_known: bool,
    /// How many records those cover that somebody else signed.
    pub strangers: Vec<u64>,
}

/// The roots of a folder's checkpoints. With `keys`, one of these must have signed each. Else those count that the folder's
/// own key has signed, or the one that the environment holds (`own`), or one that signed here before.
///
/// # Errors
/// They or the keys cannot be read, or a checkpoint is not signed as it should be.
pub fn signed_roots(dir: &Path, keys: &[VerifierKey], own: Option<&str>) -> Result<SignedRoots, NotaryError> {
    let known = match (keys, own) {
        ([], Some(text)) => Known::of(dir, Some(text.parse::<SigningKey>()?.verifier().clone()))?,
        ([], None) => Known::of(dir, key_file::load(dir)?.map(|key| key.verifier().clone()))?,
        (keys, _) => Known(keys.to_vec()),
    };
    let mut found = SignedRoots { is_signer_known: !known.0.is_empty(), ..SignedRoots::default() };
    for stored in Store::open(dir)?.all() {
        let stored = stored?;
        let Checkpoint { size, root, .. } = stored.checkpoint;
        match known.0.is_empty() || known.have_signed(dir, &stored)? {
            true => found.roots.push(SignedRoot { size, root }),
            false if keys.is_empty() => found.strangers.push(size),
            false => {
                let keys: Vec<_> = keys.iter().map(VerifierKey::to_string).collect();
                let error = NoteError::OtherKey(keys.join(" or "));
                return Err(NotaryError::NotSigned { path: dir.join(CHECKPOINTS), size, error });
            }
        }
    }
    Ok(found)
}
