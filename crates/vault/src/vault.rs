//! The vault: who has which slot, sealing and opening under slots, erasing them.

use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt;
use std::fs::{File, OpenOptions};
use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::thread::JoinHandle;

use uuid::Uuid;
use zeroize::Zeroizing;

use crate::create::{CreateError, Entropy, FillError, create_file, fill_slots, new_file};
use crate::disk::{Disk, destroy_left_overs};
use crate::error::{
    AssignError, DisownError, EraseError, OpenSealedError, RelearnError, SealError, SealSharedError, WriteError,
};
use crate::hashes::Keys;
use crate::key_file::{Headers, KeyFile, OpenError, OpenReport};
use crate::layout::{KeyPart, NO_SUBJECT, NONCE_BYTES, SlotId, SubjectHash, SubjectPart, decode_key, decode_subject};
use crate::master::MasterKey;
use crate::sealing::{self, Context};
use crate::table::{SlotState, Table, UnknownSlot};

/// The account under which a tree's own slot stands. Accounts of buyers cannot begin with NUL.
const TREE_ACCOUNT: &str = "\0tree";

#[derive(Clone, Copy)]
pub(crate) struct Tuning {
    /// Slots that are prepared at a time.
    pub(crate) block: u32,
    /// When fewer are left, the next block is prepared in the background.
    pub(crate) low_water: u32,
}

/// Slots erased under one hold of the lock: whoever seals waits for no more than these.
const ERASED_A_LOCK: usize = 256;

const TUNING: Tuning = Tuning { block: 1024, low_water: 512 };

/// An open key file. Made to be shared by many threads: sealing, opening and looking up take a read lock for the time of
/// copying 32 bytes; no lock that they need is held during a sync.
pub struct Vault {
    pub(crate) shared: Arc<Shared>,
    background: Mutex<Option<JoinHandle<()>>>,
}

pub(crate) struct Shared {
    pub(crate) file: KeyFile,
    pub(crate) keys: Keys,
    table: RwLock<Table>,
    pub(crate) entropy: Entropy,
    tuning: Tuning,
    /// Held while a block is prepared.
    pub(crate) preparing: Mutex<()>,
    background_runs: AtomicBool,
}

impl Vault {
    /// Creates a key file (mode 0600) with a first block of slots. `id` is the ledger's.
    ///
    /// # Errors
    /// `Exists` and failures to write.
    pub fn create(path: &Path, master: &MasterKey, id: Uuid) -> Result<Vault, CreateError> {
        let bytes = new_file(&master.derive(), id, &system_entropy(), TUNING.block).map_err(|error| match error {
            FillError::Entropy(error) => CreateError::Entropy(error),
            FillError::Wrap => CreateError::Wrap,
        })?;
        create_file(path, &bytes)?;
        Ok(Vault::open(path, master)?.0)
    }

    /// Opens a key file and checks all of it, about 128 bytes per subject. Keys are unwrapped when they are first used.
    /// The caller compares [`OpenReport::id`] with the ledger's id.
    ///
    /// # Errors
    /// A wrong master key, a file that was cut off, damage that may concern slots in use. Damage of single slots does not
    /// keep the others from being used: see [`OpenReport::damaged`].
    pub fn open(path: &Path, master: &MasterKey) -> Result<(Vault, OpenReport), OpenError> {
        let file = open_file(path, File::options().read(true).write(true))?;
        // Erasing would not reach it.
        destroy_left_overs(path).map_err(|source| OpenError::Io { path: path.to_owned(), source })?;
        Vault::open_on(Box::new(file), master, path, system_entropy(), TUNING)
    }

    /// The id with which the key file was created, which must be the ledger's. Reads only, and needs the right master key.
    ///
    /// # Errors
    /// A wrong master key, a file that is no key file or has no sound header.
    pub fn id_of(path: &Path, master: &MasterKey) -> Result<Uuid, OpenError> {
        let file = open_file(path, File::options().read(true))?;
        Ok(Headers::read(&file, &master.derive(), path)?.newest.id)
    }

    pub(crate) fn open_on(
        disk: Box<dyn Disk>,
        master: &MasterKey,
        path: &Path,
        entropy: Entropy,
        tuning: Tuning,
    ) -> Result<(Vault, OpenReport), OpenError> {
        let (file, keys, table, report) = KeyFile::open(disk, master.derive(), path)?;
        let shared = Shared {
            file,
            keys,
            table: RwLock::new(table),
            entropy,
            tuning,
            preparing: Mutex::new(()),
            background_runs: AtomicBool::new(false),
        };
        Ok((Vault { shared: Arc::new(shared), background: Mutex::new(None) }, report))
    }

    /// The id with which the file was created.
    pub fn id(&self) -> Uuid {
        self.shared.file.id()
    }

    /// The subject's slot: the one it has, or the next free one. The subject's hash is written but not synced.
    /// Accounts that differ in case, or in blanks at their ends, are one subject.
    ///
    /// # Errors
    /// An account that begins with NUL; failures to prepare or write slots.
    pub fn slot_for(&self, root: &str, account: &str) -> Result<SlotId, AssignError> {
        let subject = self.subject(root, account).ok_or(AssignError::ReservedAccount)?;
        match self.slot_of(&subject) {
            Some(slot) => Ok(slot),
            None => self.assign(subject.normal),
        }
    }

    /// The slot of a tree's own texts, which belong to no buyer.
    ///
    /// # Errors
    /// Failures to prepare or write slots.
    pub fn tree_slot(&self, root: &str) -> Result<SlotId, AssignError> {
        self.assign(self.shared.keys.subject_hash(root, TREE_ACCOUNT))
    }

    /// The subject's slot, if it has one that is not erased.
    pub fn find(&self, root: &str, account: &str) -> Option<SlotId> {
        self.slot_of(&self.subject(root, account)?)
    }

    /// All slots by which the subject may be found: accounts that counted byte for byte once may have one more.
    pub fn find_all(&self, root: &str, account: &str) -> Vec<SlotId> {
        let Some(subject) = self.subject(root, account) else { return Vec::new() };
        let table = self.shared.read();
        let mut found: Vec<SlotId> = subject.exact.and_then(|exact| table.slot_of(&exact)).into_iter().collect();
        found.extend(table.slot_of(&subject.normal).filter(|slot| !found.contains(slot)));
        found
    }

    /// Slots that were handed out, are not erased, and are nobody's: after a crash, after [`Vault::disown`], and where the
    /// log gives a subject a second one. Only the log can tell whose texts lie under them. Walks all slots.
    pub fn unowned(&self) -> Vec<SlotId> {
        self.shared.read().unowned()
    }

    /// The log names this slot: it is never handed out again. Cheap to repeat.
    ///
    /// # Errors
    /// The key file has no such slot: it is older than the log.
    pub fn mark_used(&self, slot: SlotId) -> Result<(), UnknownSlot> {
        {
            let table = self.shared.read();
            table.state(slot)?;
            if table.was_handed_out(slot) {
                return Ok(());
            }
        }
        self.shared.write().mark_used(slot);
        Ok(())
    }

    /// The log gives this slot to this buyer. Changes nothing when the key file knows it already.
    ///
    /// # Errors
    /// The slot does not exist or is erased; the subject has another live slot; the slot has another subject.
    pub fn relearn(&self, slot: SlotId, root: &str, account: &str) -> Result<(), RelearnError> {
        let subject = self.subject(root, account).ok_or(RelearnError::ReservedAccount)?;
        let Some(exact) = subject.exact else { return self.bind(slot, subject.normal) };
        match self.bind(slot, subject.normal) {
            // Given when accounts counted byte for byte: two spellings had two slots, and keep them.
            Err(RelearnError::SlotTaken { .. } | RelearnError::BoundElsewhere { .. }) => self.bind(slot, exact),
            bound => bound,
        }
    }

    /// The log gives this slot to the tree itself. See [`Vault::relearn`].
    ///
    /// # Errors
    /// As [`Vault::relearn`].
    pub fn relearn_tree(&self, slot: SlotId, root: &str) -> Result<(), RelearnError> {
        self.bind(slot, self.shared.keys.subject_hash(root, TREE_ACCOUNT))
    }

    /// The log gives this slot to more than one buyer, or to another than the key file does: nobody gets it again. What was
    /// sealed under it can still be opened; whoever had it gets a new slot with the next [`Vault::slot_for`]. Not synced.
    ///
    /// # Errors
    /// The slot does not exist; failures to write.
    pub fn disown(&self, slot: SlotId) -> Result<(), DisownError> {
        let mut table = self.shared.write();
        if !table.state(slot)?.is_erased() {
            self.shared.file.write_subject(slot, &NO_SUBJECT)?;
        }
        table.disown(slot);
        Ok(())
    }

    /// How many slots, from 0, are never handed out again.
    pub fn handed_out(&self) -> u32 {
        self.shared.read().handed_out()
    }

    /// How many slots are erased.
    pub fn erased(&self) -> u32 {
        self.shared.read().erased()
    }

    /// The slots that are erased, rising.
    pub fn erased_slots(&self) -> Vec<SlotId> {
        self.shared.read().erased_slots()
    }

    /// Prepares slots until there is this one.
    pub(crate) fn prepare_through(&self, slot: SlotId) -> Result<(), AssignError> {
        loop {
            let left = {
                let table = self.shared.read();
                if table.prepared() > slot.0 {
                    return Ok(());
                }
                table.left()
            };
            self.shared.prepare(left.saturating_add(1))?;
        }
    }

    /// Seals a text: 40 bytes longer than it, different each time.
    ///
    /// # Errors
    /// The slot is unknown, was not handed out, is erased or damaged; no random bytes.
    pub fn seal(&self, slot: SlotId, context: &Context<'_>, plain: &[u8]) -> Result<Vec<u8>, SealError> {
        if !self.shared.read().was_handed_out(slot) {
            // Else it could be given to a buyer later, who would share the key.
            self.shared.read().state(slot)?;
            return Err(SealError::NotHandedOut { slot });
        }
        let key = self.shared.key(slot).map_err(|error| match error {
            KeyError::Unknown(error) => SealError::UnknownSlot(error),
            KeyError::Erased => SealError::Erased { slot },
            KeyError::Damaged => SealError::KeyDamaged { slot },
            KeyError::Read(source) => SealError::Read { slot, source },
        })?;
        let mut nonce = [0; NONCE_BYTES];
        (self.shared.entropy)(&mut nonce).map_err(SealError::Entropy)?;
        sealing::seal(&key, &nonce, context, plain).ok_or(SealError::TooLong)
    }

    /// Seals a text that belongs to no buyer (a clerk's note, a card's secret) under the tree's own slot.
    ///
    /// # Errors
    /// As [`Vault::tree_slot`] and [`Vault::seal`].
    pub fn seal_shared(
        &self,
        root: &str,
        context: &Context<'_>,
        plain: &[u8],
    ) -> Result<(SlotId, Vec<u8>), SealSharedError> {
        let slot = self.tree_slot(root)?;
        Ok((slot, self.seal(slot, context, plain)?))
    }

    /// Opens what [`Vault::seal`] made, where it was sealed for. Works before [`Vault::mark_used`], so that the account
    /// that [`Vault::relearn`] needs can be read.
    ///
    /// # Errors
    /// `Erased` is an answer, not a fault; all others are faults.
    pub fn open_sealed(&self, slot: SlotId, context: &Context<'_>, sealed: &[u8]) -> Result<Vec<u8>, OpenSealedError> {
        let key = self.shared.key(slot).map_err(|error| match error {
            KeyError::Unknown(error) => OpenSealedError::UnknownSlot(error),
            KeyError::Erased => OpenSealedError::Erased { slot },
            KeyError::Damaged => OpenSealedError::KeyDamaged { slot },
            KeyError::Read(source) => OpenSealedError::Read { slot, source },
        })?;
        sealing::open(&key, context, sealed).ok_or(OpenSealedError::Damaged { slot })
    }

    /// Keyed hash of a command's canonical bytes.
    pub fn command_hash(&self, command: &[u8]) -> [u8; 16] {
        self.shared.keys.command_hash(command)
    }

    /// Keyed hash by which something secret (a card's code) is found or is unique within a tree, for one purpose.
    pub fn lookup_hash(&self, purpose: &str, root: &str, bytes: &[u8]) -> [u8; 16] {
        self.shared.keys.lookup_hash(purpose, root, bytes)
    }

    /// Whether the slot is erased. `false` for a slot that does not exist.
    pub fn is_erased(&self, slot: SlotId) -> bool {
        self.shared.read().state(slot).is_ok_and(SlotState::is_erased)
    }

    /// Whether any of them is, looked up at once.
    pub fn is_any_erased(&self, slots: impl IntoIterator<Item = SlotId>) -> bool {
        let table = self.shared.read();
        slots.into_iter().any(|slot| table.state(slot).is_ok_and(SlotState::is_erased))
    }

    /// Overwrites the slot's key and subject and syncs. When this returns, what was sealed under the slot cannot be opened
    /// again, and the slot stays empty forever. May be repeated; on a damaged slot too.
    ///
    /// # Errors
    /// The slot does not exist; failures to write, after which the slot may or may not be erased.
    pub fn erase(&self, slot: SlotId) -> Result<(), EraseError> {
        self.erase_all(&[slot])
    }

    /// [`Vault::erase`] for many slots with one sync. Stops at the first failure.
    ///
    /// # Errors
    /// As [`Vault::erase`].
    pub fn erase_all(&self, slots: &[SlotId]) -> Result<(), EraseError> {
        for some in slots.chunks(ERASED_A_LOCK) {
            let mut table = self.shared.write();
            let mut written = HashSet::with_capacity(some.len());
            let done = some.iter().try_for_each(|slot| {
                // A slot that was read as erased is written again: an earlier process may have failed to sync it.
                if table.state(*slot)? != SlotState::Erased {
                    self.shared.file.write_erased(*slot)?;
                    written.insert(*slot);
                }
                Ok::<_, EraseError>(())
            });
            // Also when the next one failed.
            table.forget(&written);
            done?;
        }
        // Covers another caller's erasure of the same slot too.
        Ok(self.sync()?)
    }

    /// Makes durable which subject has which slot, so that a replay can start from here.
    ///
    /// # Errors
    /// Failures to write.
    pub fn sync(&self) -> Result<(), WriteError> {
        self.shared.file.sync_through(self.shared.file.last_write())
    }

    /// None: no buyer's account.
    fn subject(&self, root: &str, account: &str) -> Option<Subject> {
        let normal = normal_account(account);
        // Also after blanks: those do not count.
        if is_reserved(&normal) {
            return None;
        }
        let hash = |account| self.shared.keys.subject_hash(root, account);
        Some(Subject { normal: hash(&normal), exact: (normal != account).then(|| hash(account)) })
    }

    fn slot_of(&self, subject: &Subject) -> Option<SlotId> {
        let table = self.shared.read();
        // The exact one first: whoever had a slot before keeps it.
        subject.exact.and_then(|exact| table.slot_of(&exact)).or_else(|| table.slot_of(&subject.normal))
    }

    fn assign(&self, subject: SubjectHash) -> Result<SlotId, AssignError> {
        if let Some(slot) = self.shared.read().slot_of(&subject) {
            return Ok(slot);
        }
        loop {
            let (slot, left) = {
                let mut table = self.shared.write();
                if let Some(slot) = table.slot_of(&subject) {
                    return Ok(slot);
                }
                let slot = table.take_next();
                if let Some(slot) = slot {
                    // Under the lock, so that an erasure of the slot cannot come between.
                    self.shared.file.write_subject(slot, &subject)?;
                    table.bind(subject, slot);
                }
                (slot, table.left())
            };
            if let Some(slot) = slot {
                if left < self.shared.tuning.low_water {
                    self.prepare_in_background();
                }
                return Ok(slot);
            }
            self.shared.prepare(1)?;
        }
    }

    fn bind(&self, slot: SlotId, subject: SubjectHash) -> Result<(), RelearnError> {
        if self.shared.read().slot_of(&subject) == Some(slot) {
            return Ok(());
        }
        let mut table = self.shared.write();
        if table.state(slot)?.is_erased() {
            return Err(RelearnError::Erased { slot });
        }
        match table.slot_of(&subject) {
            Some(bound) if bound == slot => return Ok(()),
            Some(bound) => return Err(RelearnError::BoundElsewhere { slot, bound }),
            None => {}
        }
        let bytes = self.shared.file.read_slot(slot).map_err(WriteError::Io)?;
        match decode_subject(slot, &bytes) {
            SubjectPart::Hash(other) if other != subject => {
                return Err(RelearnError::SlotTaken { slot });
            }
            SubjectPart::Hash(_) | SubjectPart::None | SubjectPart::Damaged => {}
        }
        self.shared.file.write_subject(slot, &subject)?;
        table.bind(subject, slot);
        Ok(())
    }

    /// As slots were given when accounts counted byte for byte.
    #[cfg(test)]
    pub(crate) fn bind_exactly(&self, slot: SlotId, root: &str, account: &str) -> Result<(), RelearnError> {
        self.bind(slot, self.shared.keys.subject_hash(root, account))
    }

    /// Starts at most one thread. If it fails, whoever finds no slot left prepares the block and gets the error.
    fn prepare_in_background(&self) {
        if self.shared.background_runs.swap(true, Ordering::AcqRel) {
            return;
        }
        let shared = Arc::clone(&self.shared);
        let thread = std::thread::Builder::new().name("vault-prepare".into()).spawn(move || {
            let _ = shared.prepare(shared.tuning.low_water);
            shared.background_runs.store(false, Ordering::Release);
        });
        match thread {
            Ok(thread) => *lock(&self.background) = Some(thread),
            Err(_) => self.shared.background_runs.store(false, Ordering::Release),
        }
    }
}

/// Waits for the background, so that nothing writes to the file any more once the vault is gone.
impl Drop for Vault {
    fn drop(&mut self) {
        if let Some(thread) = lock(&self.background).take() {
            let _ = thread.join();
        }
    }
}

impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Vault").field("id", &self.id()).finish_non_exhaustive()
    }
}

enum KeyError {
    Unknown(UnknownSlot),
    Erased,
    Damaged,
    Read(io::Error),
}

impl Shared {
    fn read(&self) -> RwLockReadGuard<'_, Table> {
        self.table.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn write(&self) -> RwLockWriteGuard<'_, Table> {
        self.table.write().unwrap_or_else(PoisonError::into_inner)
    }

    fn key(&self, slot: SlotId) -> Result<Zeroizing<[u8; 32]>, KeyError> {
        let table = self.read();
        match table.state(slot).map_err(KeyError::Unknown)? {
            SlotState::Unwrapped => table.key(slot).ok_or(KeyError::Damaged),
            SlotState::Erased | SlotState::ErasedBefore => Err(KeyError::Erased),
            SlotState::Damaged => Err(KeyError::Damaged),
            SlotState::Wrapped => {
                drop(table);
                self.unwrap_key(slot)
            }
        }
    }

    /// Reads and unwraps outside the lock; then looks again whether the slot was erased meanwhile.
    fn unwrap_key(&self, slot: SlotId) -> Result<Zeroizing<[u8; 32]>, KeyError> {
        let key = self.file.read_slot(slot).map(|bytes| match decode_key(slot, &bytes) {
            KeyPart::Ready { nonce, wrapped } => {
                sealing::unwrap(&self.keys.wrapping, self.file.id(), slot, &nonce, &wrapped)
            }
            KeyPart::Erased | KeyPart::Damaged => None,
        });
        let mut table = self.write();
        if table.state(slot).is_ok_and(SlotState::is_erased) {
            return Err(KeyError::Erased);
        }
        let key = key.map_err(KeyError::Read)?.ok_or(KeyError::Damaged)?;
        table.keep_key(slot, &key);
        Ok(key)
    }

    /// Prepares a block, unless `wanted` slots are left by the time it is this caller's turn.
    fn prepare(&self, wanted: u32) -> Result<(), AssignError> {
        let _turn = lock(&self.preparing);
        let first = {
            let table = self.read();
            if table.left() >= wanted {
                return Ok(());
            }
            table.prepared()
        };
        let end = first.checked_add(self.tuning.block).ok_or(AssignError::Full)?;
        let filled =
            fill_slots(&self.keys, self.file.id(), &self.entropy, first..end).map_err(|error| match error {
                FillError::Entropy(error) => AssignError::Entropy(error),
                FillError::Wrap => AssignError::Wrap,
            })?;
        self.file.append(&filled.bytes, end)?;

        // Durable: from here on they may be handed out.
        let mut table = self.write();
        for (number, key) in (first..end).zip(filled.keys.iter()) {
            table.push(SlotState::Wrapped);
            table.keep_key(SlotId(number), key);
        }
        Ok(())
    }
}

/// A buyer, as the table of slots knows it.
struct Subject {
    normal: SubjectHash,
    /// Of the account as it was given, where that is not its normal form. Slots were given by it once, byte for byte, and
    /// stay with those who have them.
    exact: Option<SubjectHash>,
}

/// Whether two spellings are one buyer's account.
pub fn is_same_account(one: &str, other: &str) -> bool {
    normal_account(one) == normal_account(other)
}

/// What makes two accounts one: neither case nor blanks at the ends count. Hashes of it are stored, so it is frozen.
fn normal_account(account: &str) -> Cow<'_, str> {
    let trimmed = account.trim();
    if trimmed.bytes().all(|byte| byte.is_ascii() && !byte.is_ascii_uppercase()) {
        return Cow::Borrowed(trimmed);
    }
    Cow::Owned(trimmed.to_lowercase())
}

fn open_file(path: &Path, options: &OpenOptions) -> Result<File, OpenError> {
    options.open(path).map_err(|source| match source.kind() {
        io::ErrorKind::NotFound => OpenError::Missing { path: path.to_owned() },
        _ => OpenError::Io { path: path.to_owned(), source },
    })
}

fn is_reserved(account: &str) -> bool {
    account.starts_with('\0')
}

fn system_entropy() -> Entropy {
    Box::new(getrandom::fill)
}

pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
