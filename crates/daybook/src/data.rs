//! Opening a data folder.

use daybook_domain::{Actor, MerchantId, Role};
use daybook_engine::{Folder, FolderOptions, MasterKeySource, open_folder};
use uuid::Uuid;

use crate::cli::DataArgs;
use crate::clock;
use crate::failure::Failure;

/// Who acts when somebody types a command at the machine itself.
pub(crate) const OPERATOR: Actor = Actor { id: Uuid::from_u128(1), role: Role::Platform };
/// Who acts when history is brought in.
pub(crate) const IMPORTER: Actor = Actor { id: Uuid::from_u128(2), role: Role::Importer };

/// The environment variable with the master key, for machines where no file may hold it.
const MASTER_KEY_VARIABLE: &str = "DAYBOOK_MASTER_KEY";

/// Opens the folder, or makes it.
pub(crate) fn open_or_make(args: &DataArgs) -> Result<Folder, Failure> {
    open_with(args, Some(clock::random_id()))
}

/// Opens a folder that must hold a ledger.
pub(crate) fn open(args: &DataArgs) -> Result<Folder, Failure> {
    open_with(args, None)
}

fn open_with(args: &DataArgs, id_if_new: Option<Uuid>) -> Result<Folder, Failure> {
    let master_key = match (&args.master_key, std::env::var(MASTER_KEY_VARIABLE)) {
        (Some(path), _) => MasterKeySource::File(path.clone()),
        (None, Ok(hex)) => MasterKeySource::Hex(hex),
        (None, Err(_)) => MasterKeySource::Folder,
    };
    let options = FolderOptions { master_key, id_if_new, ..FolderOptions::default() };
    let folder = open_folder(&args.data, &options, clock::system())?;
    if let Some(cut) = folder.reader.ledger().cut() {
        eprintln!("warning: {cut}, and was cut off: who was given a receipt for it must send the command again");
    }
    if folder.relearned > 0 {
        eprintln!("{}: not closed cleanly last time; all that was durable is there", args.data.display());
    }
    for slot in &folder.damaged_keys {
        eprintln!("warning: key {slot} is damaged: what was sealed under it cannot be read; restore the key file");
    }
    Ok(folder)
}

pub(crate) fn merchant_id(text: &str) -> Result<MerchantId, Failure> {
    MerchantId::new(text).map_err(|error| Failure::new(format!("merchant id {text:?} {error}")))
}
