//! A data folder: the ledger, its keys, and the writer over both.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use daybook_ledger::{CreateError, Ledger, OpenError, Options};
use daybook_vault::{MasterKey, MasterKeyError, OpenReport, SlotId, Vault};
use thiserror::Error;
use uuid::Uuid;

use crate::error::ReadError;
use crate::relearn::{self, KeysError};
use crate::{Clock, Engine, Reader};

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
    /// Keys that are damaged: what was sealed under them cannot be read.
    pub damaged_keys: Vec<SlotId>,
}

/// Why a data folder was not opened. Nothing in it was changed.
#[derive(Debug, Error)]
pub enum OpenFolderError {
    #[error("there is no ledger in {dir}; `daybook serve --data {dir}` or an import makes one")]
    NoLedger { dir: PathBuf },
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
    Unfit(#[from] KeysError),
    #[error(transparent)]
    Read(#[from] ReadError),
}

/// Opens the folder, or makes it; returns when everything in it was checked and commands can be taken.
pub fn open_folder(dir: &Path, options: &FolderOptions, clock: Clock) -> Result<Folder, OpenFolderError> {
    if !Ledger::exists(dir) {
        let id = options.id_if_new.ok_or_else(|| OpenFolderError::NoLedger { dir: dir.into() })?;
        Ledger::create(dir, id)?;
    }
    let (ledger, appender) = Ledger::open(dir, &options.ledger)?;
    let (vault, keys) = open_vault(dir, options, &ledger)?;
    let vault = Arc::new(vault);
    let reader = Reader::open(ledger.clone(), Arc::clone(&vault));
    let relearned = relearn::relearn(&reader, &keys)?;
    let engine = Engine::start(ledger, appender, vault, clock)?;
    Ok(Folder {
        engine,
        reader,
        relearned: relearned.events,
        contested_keys: relearned.contested.into_iter().collect(),
        damaged_keys: keys.damaged,
    })
}

fn open_vault(dir: &Path, options: &FolderOptions, ledger: &Ledger) -> Result<(Vault, OpenReport), OpenFolderError> {
    let keys = dir.join("keys");
    let master = match &options.master_key {
        MasterKeySource::Folder => MasterKey::load_or_create(&dir.join("master.key"), &keys)?,
        MasterKeySource::File(path) => MasterKey::load_or_create(path, &keys)?,
        MasterKeySource::Hex(hex) => MasterKey::from_hex(hex)?,
    };
    // A log that has events and no keys is not given new ones: they would open nothing.
    if !keys.exists() && ledger.watermark() == 0 {
        drop(Vault::create(&keys, &master, ledger.id())?);
    }
    let (vault, report) = Vault::open(&keys, &master)?;
    if report.id != ledger.id() {
        return Err(OpenFolderError::OtherKeys { keys: report.id, log: ledger.id() });
    }
    Ok((vault, report))
}
