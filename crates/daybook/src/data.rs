//! The data folder that a command acts on.

use std::path::PathBuf;
use std::sync::Arc;

use daybook_api::{Forgetting, Host, Uses};
use daybook_domain::{Actor, MerchantId, Role, StreamId};
use daybook_engine::{Engine, Folder, FolderOptions, MasterKeySource, Reader, open_folder};
use daybook_ledger::Ledger;
use daybook_proof::Notary;
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::cli::DataArgs;
use crate::clock;
use crate::console::{self, Console, Stop};
use crate::failure::Failure;
use crate::files;

/// Who acts when somebody types a command at the machine itself.
pub(crate) const OPERATOR: Actor = Actor { id: Uuid::from_u128(1), role: Role::Platform };
/// Who acts when history is brought in.
pub(crate) const IMPORTER: Actor = Actor { id: Uuid::from_u128(2), role: Role::Importer };

/// The environment variable with the master key, for machines where no file may hold it.
const MASTER_KEY_VARIABLE: &str = "DAYBOOK_MASTER_KEY";
/// The one with the file that it is in.
const MASTER_KEY_FILE_VARIABLE: &str = "DAYBOOK_MASTER_KEY_FILE";

/// A ledger that is open.
#[derive(Clone)]
pub(crate) struct Opened {
    pub(crate) engine: Engine,
    pub(crate) reader: Reader,
    /// The views that this process serves, if it does.
    pub(crate) host: Option<Arc<Host>>,
    /// What forgets a buyer in this process, if it serves.
    pub(crate) forgetting: Option<Forgetting>,
    /// When tokens were last used, as this process notes it, if it serves.
    pub(crate) uses: Option<Uses>,
    /// Who signs checkpoints, where this process has one.
    pub(crate) notary: Option<Arc<Notary>>,
}

/// A command's way to its folder. It is opened when the command asks for it, so that wrong arguments make no folder.
pub(crate) struct Access {
    data: DataArgs,
    opened: Option<Opened>,
}

impl Access {
    /// Nobody has it open.
    pub(crate) fn at_rest(data: &DataArgs) -> Self {
        Self { data: data.clone(), opened: None }
    }

    /// This process serves it.
    pub(crate) fn served(opened: Opened) -> Self {
        let data = DataArgs { data: opened.reader.ledger().dir().to_path_buf(), master_key: None };
        Self { data, opened: Some(opened) }
    }

    pub(crate) fn is_served(&self) -> bool {
        self.opened.as_ref().is_some_and(|opened| opened.host.is_some())
    }

    /// For what is done to the folder while nobody has it open.
    pub(crate) fn options(&self) -> FolderOptions {
        FolderOptions {
            master_key: master_key(&self.data),
            ledger: files::ledger_options(),
            ..FolderOptions::default()
        }
    }

    pub(crate) fn dir(&self) -> &std::path::Path {
        &self.data.data
    }

    /// The folder, which is made if there is none.
    pub(crate) fn open_or_make(&mut self, console: &mut Console<'_>) -> Result<Opened, Failure> {
        self.open_with(Some(clock::random_id()), console)
    }

    /// The folder, which must hold a ledger.
    pub(crate) fn open(&mut self, console: &mut Console<'_>) -> Result<Opened, Failure> {
        self.open_with(None, console)
    }

    fn open_with(&mut self, id_if_new: Option<Uuid>, console: &mut Console<'_>) -> Result<Opened, Failure> {
        if let Some(opened) = &self.opened {
            return Ok(opened.clone());
        }
        let folder = open_with(&self.data, id_if_new, console)?;
        let (engine, reader) = (folder.engine, folder.reader);
        let opened = Opened { engine, reader, host: None, forgetting: None, uses: None, notary: None };
        self.opened = Some(opened.clone());
        Ok(opened)
    }

    /// Who signs for the folder, which must hold a ledger.
    pub(crate) fn notary(&mut self, console: &mut Console<'_>) -> Result<Arc<Notary>, Failure> {
        let opened = self.open(console)?;
        let notary = match opened.notary {
            Some(notary) => notary,
            None => Arc::new(open_notary(&opened.reader)?),
        };
        if let Some(opened) = &mut self.opened {
            opened.notary = Some(Arc::clone(&notary));
        }
        Ok(notary)
    }

    /// Closes the ledger cleanly, if the command opened it.
    pub(crate) fn close(self) -> Result<(), Failure> {
        match self.opened {
            Some(opened) if opened.host.is_none() => Ok(opened.engine.shutdown()?),
            Some(_) | None => Ok(()),
        }
    }
}

/// Who signs for a ledger that is open.
pub(crate) fn open_notary(reader: &Reader) -> Result<Notary, Failure> {
    let key = signing_key();
    Ok(Notary::open(reader.ledger().clone(), key.as_ref().map(|key| key.as_str()))?)
}

/// The signing key that the environment holds, if it does.
pub(crate) fn signing_key() -> Option<Zeroizing<String>> {
    std::env::var(daybook_proof::KEY_VARIABLE).ok().map(Zeroizing::new)
}

/// Opens the folder, or makes it, for a server.
pub(crate) fn open_to_serve(args: &DataArgs) -> Result<Folder, Failure> {
    console::with_own(Stop::default(), |console| open_with(args, Some(clock::random_id()), console))
}

/// As the command line names it, or else the environment, or else in the folder.
fn master_key(args: &DataArgs) -> MasterKeySource {
    let named = args.master_key.clone().or_else(|| std::env::var_os(MASTER_KEY_FILE_VARIABLE).map(PathBuf::from));
    match (named, std::env::var(MASTER_KEY_VARIABLE)) {
        (Some(path), _) => MasterKeySource::File(path),
        (None, Ok(hex)) => MasterKeySource::Hex(hex),
        (None, Err(_)) => MasterKeySource::Folder,
    }
}

fn open_with(args: &DataArgs, id_if_new: Option<Uuid>, console: &mut Console<'_>) -> Result<Folder, Failure> {
    let options = FolderOptions { ledger: files::ledger_options(), master_key: master_key(args), id_if_new };
    let is_new = !Ledger::exists(&args.data);
    let new_key = match &options.master_key {
        MasterKeySource::File(path) if !path.exists() => Some(path),
        MasterKeySource::File(_) | MasterKeySource::Folder | MasterKeySource::Hex(_) => None,
    };
    let folder = open_folder(&args.data, &options, clock::system())?;
    if is_new {
        console.say(&format!("{}: a new ledger was made", args.data.display()));
    }
    if let Some(path) = new_key {
        console.say(&format!("{}: a new master key was made; without it nobody reads this ledger", path.display()));
    }
    if let Some(cut) = folder.reader.ledger().cut() {
        console.say(&format!(
            "warning: {cut}, and was cut off: who was given a receipt for it must send the command again"
        ));
    }
    if folder.relearned > 0 {
        console.say(&format!("{}: not closed cleanly last time; all that was durable is there", args.data.display()));
    }
    if let Some(behind) = &folder.clock_behind {
        console.say(&format!("warning: {behind}; until then commands are refused"));
    }
    for slot in &folder.contested_keys {
        console.say(&format!(
            "warning: the log and the key file give key {slot} to different buyers: it is nobody's from now on; what was \
             sealed under it stays readable; restore the newest key file if there is one"
        ));
    }
    for slot in &folder.damaged_keys {
        console.say(&format!(
            "warning: key {slot} is damaged: what was sealed under it cannot be read; restore the key file"
        ));
    }
    Ok(folder)
}

/// One that is there.
pub(crate) fn known_merchant(reader: &Reader, text: &str) -> Result<MerchantId, Failure> {
    let id = merchant_id(text)?;
    match reader.head(StreamId::merchant(&id)) {
        Some(_) => Ok(id),
        None => Err(Failure::new(format!("there is no merchant {id}; `daybook merchant list` shows all"))),
    }
}

pub(crate) fn merchant_id(text: &str) -> Result<MerchantId, Failure> {
    MerchantId::new(text).map_err(|error| Failure::new(format!("merchant id {text:?} {error}")))
}
