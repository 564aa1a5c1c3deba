//! The project's own chores, with nothing but a Rust toolchain: `cargo xtask test`, `layering`, `bless`, `fuzz`,
//! `screenshots`.

mod browser;
mod fuzz;
mod layering;

use std::process::{Command, ExitCode};

const USAGE: &str = "\
usage: cargo xtask <chore>

  test         everything that must hold: layering, unit and integration tests, doc tests
  layering     only who may depend on whom
  bless        rewrite the schemas and golden views that tests compare with, never a kept data folder; review the
               difference
  fuzz         bytes from anywhere, through the codec, the ledger's readers, imports and GraphQL; needs a nightly compiler
               and cargo-fuzz: fuzz [seconds for each, 600] [codec] [reader] [import] [graphql]
  screenshots  rewrite the pictures of the console in docs/screenshots, on the made-up shop of `daybook demo`";

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let done = match args.first().map(String::as_str) {
        Some("test") => test(),
        Some("layering") => layering::check(),
        Some("bless") => bless(),
        Some("fuzz") => fuzz::run(&args[1..]),
        Some("screenshots") => screenshots(),
        _ => {
            eprintln!("{USAGE}");
            return ExitCode::from(2);
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("error: {why}");
            ExitCode::FAILURE
        }
    }
}

fn cargo(args: &[&str], env: &[(&str, &str)]) -> Result<(), String> {
    let program = std::env::var("CARGO").unwrap_or_else(|_| "cargo".into());
    eprintln!("$ cargo {}", args.join(" "));
    let status = Command::new(program)
        .args(args)
        .envs(env.iter().copied())
        .status()
        .map_err(|error| format!("cargo could not be started: {error}"))?;
    if status.success() { Ok(()) } else { Err(format!("`cargo {}` failed", args.join(" "))) }
}

fn has_nextest() -> bool {
    Command::new("cargo").args(["nextest", "--version"]).output().is_ok_and(|output| output.status.success())
}

fn test() -> Result<(), String> {
    layering::check()?;
    for (program, what) in [
        ("python3", "the figures of the real orders and the scripts in docs are not compared"),
        ("node", "neither the client libraries from npm nor the console in a browser are run"),
        ("npm", "neither the client libraries from npm nor the console in a browser are run"),
    ] {
        if Command::new(program).arg("--version").output().is_err() {
            eprintln!("note: {program} is not installed: {what}; install it with your system's package manager");
        }
    }
    browser::provide();
    cargo(&["test", "--workspace", "--doc"], &[])?;
    // The runner with the clearer report, where it is there; the same tests either way.
    if has_nextest() {
        cargo(&["nextest", "run", "--workspace", "--no-fail-fast"], &[])
    } else {
        cargo(&["test", "--workspace", "--lib", "--bins", "--tests", "--no-fail-fast"], &[])
    }
}

fn bless() -> Result<(), String> {
    let bless = [("BLESS", "1")];
    cargo(&["test", "--quiet", "--package", "daybook-codec"], &bless)?;
    cargo(&["test", "--quiet", "--package", "daybook-api", "--test", "api", "schema"], &bless)?;
    cargo(&["run", "--quiet", "--package", "daybook", "--", "replay", "replay-fixtures", "--bless"], &[])
}

fn screenshots() -> Result<(), String> {
    browser::provide();
    let test = ["test", "--package", "daybook", "--test", "browser", "--"];
    cargo(&[&test[..], &["--exact", "screenshots", "--ignored", "--nocapture"]].concat(), &[])
}
