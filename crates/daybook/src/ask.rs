//! What acts on a data folder: one function for each command, whether this process opens the folder or serves it.

use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use crate::cli::{Ask, ExportWhat, FormatArg, ImportFrom, KeysDo, MerchantDo, TokenDo};
use crate::console::{self, Console, Ended, Stop};
use crate::data::Access;
use crate::export::OutFile;
use crate::failure::Failure;
use crate::{
    backup, checkpoint, diff, erase, evidence, export, history, import, interrupt, keys, merchant, owner, rebuild,
    ship, signing, token, verify,
};

/// Has the process that serves the folder do it, or opens the folder and does it here.
pub(crate) fn run(mut ask: Ask) -> Result<ExitCode, Failure> {
    let mut file = out_file(&ask)?;
    let code = match owner::connect(&ask.data().data)? {
        Some(owner) => {
            fit_to_send(&mut ask)?;
            match &mut file {
                Some(file) => owner.ask(&ask, file.writer())?,
                None => owner.ask(&ask, &mut std::io::stdout())?,
            }
        }
        None => at_rest(&ask, file.as_mut())?,
    };
    match file {
        Some(file) if code == ExitCode::SUCCESS => file.keep()?,
        Some(_) | None => {}
    }
    Ok(code)
}

fn at_rest(ask: &Ask, file: Option<&mut OutFile>) -> Result<ExitCode, Failure> {
    let stop = Stop::default();
    if ask.can_end_early() {
        let stop = stop.clone();
        interrupt::once(move || stop.set())?;
    }
    let access = Access::at_rest(ask.data());
    let ended = match file {
        Some(file) => console::with_own(stop, |console| {
            let Console { out: _, err, has_bar, stop } = console;
            let mut console = Console { out: file.writer(), err: &mut **err, has_bar: *has_bar, stop: stop.clone() };
            carry_out(ask, access, &mut console)
        }),
        None => console::with_own(stop, |console| carry_out(ask, access, console)),
    };
    Ok(ended?.into())
}

/// The file that the result goes to, where one is named.
fn out_file(ask: &Ask) -> Result<Option<OutFile>, Failure> {
    let Ask::Export { what } = ask else { return Ok(None) };
    match &what.table().out {
        Some(path) => OutFile::new(path).map(Some),
        None if what.format() == FormatArg::Xlsx && std::io::stdout().is_terminal() => {
            Err(Failure::new("XLSX is nothing for a terminal: name a file with --out, or send it on"))
        }
        None => Ok(None),
    }
}

/// The owner opens what is to be imported itself, and stands elsewhere.
fn fit_to_send(ask: &mut Ask) -> Result<(), Failure> {
    let from = match ask {
        Ask::Import { from } => from,
        Ask::Ship(args) => {
            args.file = resolved(&args.file, Path::is_file)?;
            return Ok(());
        }
        Ask::Erase(args) => {
            if let Some(file) = &mut args.buyers {
                *file = resolved(file, Path::is_file)?;
            }
            return Ok(());
        }
        Ask::Verify(args) => {
            if let Some(file) = &mut args.checkpoint {
                *file = resolved(file, Path::is_file)?;
            }
            return Ok(());
        }
        Ask::Keys { what: KeysDo::Backup(args) } => {
            args.to = std::path::absolute(&args.to)?;
            return Ok(());
        }
        Ask::Backup(args) => {
            args.to = std::path::absolute(&args.to)?;
            return Ok(());
        }
        Ask::Token { .. }
        | Ask::Merchant { .. }
        | Ask::History(_)
        | Ask::Export { .. }
        | Ask::Keys { .. }
        | Ask::Checkpoint(_)
        | Ask::Evidence(_)
        | Ask::Rebuild(_)
        | Ask::Diff(_) => return Ok(()),
    };
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
        (Ok(found), _) if found.is_dir() => Err(Failure::new(format!("{shown} is a folder: name a file"))),
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
        Ask::Merchant { what: MerchantDo::Set(args) } => merchant::set(args, access, console),
        Ask::Merchant { what: MerchantDo::List(args) } => merchant::list(args, access, console),
        Ask::Import { from: ImportFrom::Jsonl(args) } => import::jsonl(args, access, console),
        Ask::Import { from: ImportFrom::Cards(args) } => import::cards(args, access, console),
        Ask::Import { from: ImportFrom::Olist(args) } => import::olist(args, access, console),
        Ask::History(args) => history::print(args, access, console),
        Ask::Export { what: ExportWhat::Orders(args) } => export::orders(args, access, console),
        Ask::Export { what: ExportWhat::Events(args) } => export::events(args, access, console),
        Ask::Keys { what: KeysDo::RotateMaster(args) } => keys::rotate(args, access, console),
        Ask::Keys { what: KeysDo::Backup(args) } => keys::back_up(args, access, console),
        Ask::Keys { what: KeysDo::Restore(args) } => keys::restore(args, access, console),
        Ask::Erase(args) => erase::run(args, access, console),
        Ask::Ship(args) => ship::run(args, access, console),
        Ask::Verify(args) => verify::run(args, access, console),
        Ask::Backup(args) => backup::run(args, access, console),
        Ask::Keys { what: KeysDo::Create(args) } => signing::create(args, access, console),
        Ask::Keys { what: KeysDo::Show(_) } => signing::show(access, console),
        Ask::Checkpoint(args) => checkpoint::run(args, access, console),
        Ask::Evidence(args) => evidence::make(args, access, console),
        Ask::Rebuild(args) => rebuild::run(args, access, console),
        Ask::Diff(args) => diff::run(args, access, console),
    }
}
