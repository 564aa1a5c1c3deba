//! What acts on a data folder: one function for each command, whether this process opens the folder or serves it.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use crate::cli::{Ask, ExportWhat, ImportFrom, MerchantDo, TokenDo};
use crate::console::{self, Console, Ended, Stop};
use crate::data::Access;
use crate::failure::Failure;
use crate::{export, history, import, interrupt, merchant, owner, rebuild, token, verify};

/// Has the process that serves the folder do it, or opens the folder and does it here.
pub(crate) fn run(mut ask: Ask) -> Result<ExitCode, Failure> {
    if let Some(owner) = owner::connect(&ask.data().data)? {
        fit_to_send(&mut ask)?;
        return owner.ask(&ask);
    }
    let stop = Stop::default();
    if matches!(ask, Ask::Import { .. } | Ask::Rebuild(_)) {
        let stop = stop.clone();
        interrupt::once(move || stop.set())?;
    }
    let access = Access::at_rest(ask.data());
    Ok(console::with_own(stop, |console| carry_out(&ask, access, console))?.into())
}

/// The owner opens what is to be imported itself, and stands elsewhere.
fn fit_to_send(ask: &mut Ask) -> Result<(), Failure> {
    let Ask::Import { from } = ask else { return Ok(()) };
    match from {
        ImportFrom::Jsonl(args) => {
            // Named here: the real file behind a link may have another name.
            args.source.get_or_insert_with(|| import::file_name(&args.file));
            args.file = resolved(&args.file, Path::is_file)?;
        }
        ImportFrom::Cards(args) => args.file = resolved(&args.file, Path::is_file)?,
        ImportFrom::Olist(args) => args.folder = resolved(&args.folder, Path::is_dir)?,
    }
    Ok(())
}

/// What only this process can open, such as a pipe, has no path that the owner could use.
fn resolved(path: &Path, is_fit: impl Fn(&Path) -> bool) -> Result<PathBuf, Failure> {
    let shown = path.display();
    match (path.metadata(), path.canonicalize()) {
        (Ok(_), Ok(real)) if is_fit(&real) => Ok(real),
        (Ok(_), _) => Err(Failure::new(format!(
            "{shown}: the server on this folder cannot read it, only files: save it as one first"
        ))),
        (Err(error), _) => Err(Failure::new(format!("{shown}: {error}"))),
    }
}

/// Carries a command out and closes what it opened.
pub(crate) fn carry_out(ask: &Ask, mut access: Access, console: &mut Console<'_>) -> Result<Ended, Failure> {
    let ended = act(ask, &mut access, console);
    let closed = access.close();
    let ended = ended?;
    closed?;
    Ok(ended)
}

fn act(ask: &Ask, access: &mut Access, console: &mut Console<'_>) -> Result<Ended, Failure> {
    match ask {
        Ask::Token { what: TokenDo::Create(args) } => token::create(args, access, console),
        Ask::Token { what: TokenDo::Revoke(args) } => token::revoke(args, access, console),
        Ask::Token { what: TokenDo::List(args) } => token::list(args, access, console),
        Ask::Merchant { what: MerchantDo::Create(args) } => merchant::create(args, access, console),
        Ask::Merchant { what: MerchantDo::Move(args) } => merchant::move_below(args, access, console),
        Ask::Merchant { what: MerchantDo::Close(args) } => merchant::close(args, access, console),
        Ask::Merchant { what: MerchantDo::Reopen(args) } => merchant::reopen(args, access, console),
        Ask::Merchant { what: MerchantDo::List(args) } => merchant::list(args, access, console),
        Ask::Import { from: ImportFrom::Jsonl(args) } => import::jsonl(args, access, console),
        Ask::Import { from: ImportFrom::Cards(args) } => import::cards(args, access, console),
        Ask::Import { from: ImportFrom::Olist(args) } => import::olist(args, access, console),
        Ask::History(args) => history::print(args, access, console),
        Ask::Export { what: ExportWhat::Events(args) } => export::events(args, access, console),
        Ask::Verify(args) => verify::run(args, access, console),
        Ask::Rebuild(args) => rebuild::run(args, access, console),
    }
}
