//! The command line: parses, opens, wires, and says what happened. The only place that reads the clock and makes ids.

mod cli;
mod clock;
mod data;
mod demo;
mod export;
mod failure;
mod follower;
mod history;
mod import;
mod merchant;
mod out;
mod rebuild;
mod replay;
mod serve;
mod token;
mod verify;

use std::process::ExitCode;

use clap::Parser;

use cli::{Cli, Do, ExportWhat, ImportFrom, MerchantDo, TokenDo};
use failure::Failure;

/// Runs what the command line asks for. 0: done; 1: refused or found wrong; 2: wrong usage.
pub fn run() -> ExitCode {
    let cli = Cli::parse();
    match carry_out(cli) {
        Ok(code) => code,
        Err(failure) => {
            eprintln!("error: {failure}");
            ExitCode::FAILURE
        }
    }
}

fn carry_out(cli: Cli) -> Result<ExitCode, Failure> {
    match cli.what {
        Do::Serve(args) => serve::run(&args),
        Do::Demo(args) => demo::run(&args),
        Do::Token { what: TokenDo::Create(args) } => token::create(&args),
        Do::Merchant { what: MerchantDo::Create(args) } => merchant::create(&args),
        Do::Import { from: ImportFrom::Jsonl(args) } => import::jsonl(&args),
        Do::Import { from: ImportFrom::Olist(args) } => import::olist(&args),
        Do::History(args) => history::print(&args),
        Do::Export { what: ExportWhat::Events(args) } => export::events(&args),
        Do::Verify(args) => verify::run(&args),
        Do::Replay(args) => replay::run(&args),
        Do::Rebuild(args) => rebuild::run(&args),
        Do::Schema => {
            out::print(&daybook_api::sdl())?;
            Ok(ExitCode::SUCCESS)
        }
    }
}
