//! A data folder: the ledger, its keys, and the writer over both.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use daybook_domain::Position;
use daybook_ledger::{CreateError, Ledger, OpenError, Options};
use daybook_vault::{Journal, JournalError, MasterKey, MasterKeyError, OpenReport, SlotId, Vault};
use thiserror::Error;
use uuid::Uuid;

use crate::clock::time_to_record;
use crate::error::ReadError;
use crate::relearn::{self, KeysError};
use crate::{Clock, ClockBehind, Engine, Reader};

/// Where the key comes from that wraps all other keys.
#[derive(Clone, Debug, Default)]
pub enum MasterKeySource {
    /// The file `master.key` in the data folder, made when the folder is new.
    #[default]
    Folder,
    /// Another file; made when the folder is new.
    File(PathBuf),
    /// 64 hexadecimal digits, such as from the environment.
    Hex(String),
}

#[derive(Clone, Debug, Default)]
pub struct FolderOptions {
    pub ledger: Options,
    pub master_key: MasterKeySource,
    /// The id of the ledger, if there is none in the folder yet. None: a new folder is refused.
    pub id_if_new: Option<Uuid>,
}

/// An open data folder.
pub struct Folder {
    pub engine: Engine,
    pub reader: Reader,
    /// Events from which the buyers' keys were relearned: more than none after a crash, or when the key file is older than
    /// the one that was there before.
    pub relearned: u64,
    /// Keys that the log gives to another buyer than the key file did. What was sealed under them can be read, but their
    /// buyers are not found by account, and get new keys.
    pub contested_keys: Vec<SlotId>,
    /// The clock is far behind the newest event: commands are refused until it is not any more.
    pub clock_behind: Option<ClockBehind>,
    /// Keys that are damaged: what was sealed under them cannot be read.
    pub damaged_keys: Vec<SlotId>,
}

/// Why a data folder was not opened. Nothing in it was changed, except that after [`OpenFolderError::Unfit`] and
/// [`OpenFolderError::Read`] it counts as opened once more; no event was.
#[derive(Debug, Error)]
pub enum OpenFolderError {
    #[error("there is no ledger in {dir}; `daybook serve --data {dir}` or an import makes one")]
    NoLedger { dir: PathBuf },
    #[error("{dir} is a file: name a folder")]
    NoFolder { dir: PathBuf },
    #[error(transparent)]
    Create(#[from] CreateError),
    #[error(transparent)]
    Ledger(#[from] OpenError),
    #[error(transparent)]
    MasterKey(#[from] MasterKeyError),
    #[error(transparent)]
    CreateKeys(#[from] daybook_vault::CreateError),
    #[error(transparent)]
    Keys(#[from] daybook_vault::OpenError),
    #[error("the key file belongs to ledger {keys}, the log to {log}: put the right key file into the folder")]
    OtherKeys { keys: Uuid, log: Uuid },
    #[error(transparent)]
    Erasures(#[from] JournalError),
    #[error(transparent)]
    Unfit(#[from] KeysError),
    #[error(transparent)]
    Read(#[from] ReadError),
}

/// Opens the folder, or makes it; returns when everything in it was checked and commands can be taken.
pub fn open_folder(dir: &Path, options: &FolderOptions, clock: Clock) -> Result<Folder, OpenFolderError> {
    if dir.is_file() {
        return Err(OpenFolderError::NoFolder { dir: dir.into() });
    }
    if !Ledger::exists(dir) {
        let id = options.id_if_new.ok_or_else(|| OpenFolderError::NoLedger { dir: dir.into() })?;
        check_given(&options.master_key)?;
        Ledger::create(dir, id)?;
    }
    let (ledger, appender, (vault, keys)) =
        Ledger::open_if(dir, &options.ledger, |id, last| open_vault(dir, options, id, last))?;
    let vault = Arc::new(vault);
    let reader = Reader::open(ledger.clone(), Arc::clone(&vault));
    let relearned = match relearn::relearn(&reader, &keys) {
        Ok(relearned) => relearned,
        Err(error) => {
            // Nothing was appended. What cannot be marked as closed is checked by the next opening, as after a crash.
            let _ = appender.close();
            return Err(error.into());
        }
    };
    let clock_behind = time_to_record(clock(), reader.last_recorded_at()?).err();
    let engine = Engine::start(ledger, appender, vault, clock)?;
    Ok(Folder {
        engine,
        reader,
        relearned: relearned.events,
        clock_behind,
        contested_keys: relearned.contested.into_iter().collect(),
        damaged_keys: keys.damaged,
    })
}

/// A master key that was given and is none must not leave a new ledger behind.
fn check_given(source: &MasterKeySource) -> Result<(), MasterKeyError> {
    match source {
        MasterKeySource::File(path) if path.exists() => MasterKey::load(path).map(drop),
        MasterKeySource::Folder | MasterKeySource::File(_) => Ok(()),
        MasterKeySource::Hex(hex) => MasterKey::from_hex(hex).map(drop),
    }
}

/// As `options` name it; made if there is neither it nor a key file.
pub(crate) fn master_key(dir: &Path, options: &FolderOptions) -> Result<MasterKey, MasterKeyError> {
    let keys = dir.join("keys");
    match &options.master_key {
        MasterKeySource::Folder => MasterKey::load_or_create(&dir.join("master.key"), &keys),
        MasterKeySource::File(file) => MasterKey::load_or_create(file, &keys),
        MasterKeySource::Hex(hex) => MasterKey::from_hex(hex),
    }
}

/// `log` and `last`: the ledger's id and last position. Writes to the key file only if it belongs to that ledger.
fn open_vault(
    dir: &Path,
    options: &FolderOptions,
    log: Uuid,
    last: Position,
) -> Result<(Vault, OpenReport), OpenFolderError> {
    let path = dir.join("keys");
    let exists = path.exists();
    if !exists && last > 0 {
        // They would open nothing.
        return Err(daybook_vault::OpenError::Missing { path }.into());
    }
    let master = master_key(dir, options)?;
    if !exists {
        drop(Vault::create(&path, &master, log)?);
    }
    let keys = Vault::id_of(&path, &master)?;
    if keys != log {
        return Err(OpenFolderError::OtherKeys { keys, log });
    }
    let (vault, mut report) = Vault::open(&path, &master)?;
    // What was erased in a future that a restored log does not have.
    Journal::load_for(dir, log, &vault)?.apply(&vault)?;
    report.erased = vault.erased();
    Ok((vault, report))
}
