//! The command line: parses, opens, wires, and says what happened. The only place that reads the clock and makes ids.

mod ask;
mod automation;
mod backup;
mod checkpoint;
mod cli;
mod clock;
mod console;
mod data;
mod demo;
mod diff;
mod erase;
mod evidence;
mod export;
mod failure;
mod files;
mod find;
mod follower;
mod history;
mod import;
mod interrupt;
mod keys;
mod merchant;
mod oidc;
mod owner;
mod rebuild;
mod replay;
mod security_log;
mod serve;
mod ship;
mod signing;
mod table;
mod token;
mod uses;
mod verify;

use std::process::ExitCode;

use clap::Parser;

use cli::{Cli, Do};
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
        Do::Replay(args) => replay::run(&args),
        Do::Restore(args) => backup::restore(&args),
        Do::Schema => {
            console::print(&daybook_api::sdl())?;
            Ok(ExitCode::SUCCESS)
        }
        Do::VerifyEvidence(args) => evidence::verify(&args),
        Do::Ask(ask) => ask::run(ask),
    }
}
