//! Benchmarks that run the limit beside us, in one run, and print the ratio.
//!
//! ```text
//! cargo run --release --package daybook-benches -- [write] [--seconds N] [--dir DIR]
//! ```

mod file;
mod fold;
mod orders;
mod spread;
mod write;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

const USAGE: &str = "\
usage: daybook-benches [write|open|fold|all] [--seconds N] [--dir DIR]

  write   durable placeOrder through the engine, beside a bare preallocated file with one fdatasync per batch
  open    opening a ledger of a million events
  fold    folding a ledger of a million events into all views
  --seconds   how long each width is sustained in all (default 60; 3 for a smoke run)
  --dir       where to write (default: the system's folder for temporary files)";

/// What the command line asks for.
struct Config {
    what: String,
    sustained: Duration,
    dir: PathBuf,
}

fn config() -> Option<Config> {
    let mut config = Config { what: "all".into(), sustained: Duration::from_secs(60), dir: std::env::temp_dir() };
    let mut args = std::env::args().skip(1);
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "write" | "open" | "fold" | "all" => config.what = arg,
            "--seconds" => config.sustained = Duration::from_secs(args.next()?.parse().ok()?),
            "--dir" => config.dir = args.next()?.into(),
            _ => return None,
        }
    }
    Some(config)
}

fn main() -> ExitCode {
    let Some(config) = config() else {
        eprintln!("{USAGE}");
        return ExitCode::from(2);
    };
    let wants = |what: &str| config.what == what || config.what == "all";
    if wants("write") {
        write::run(&config.dir, config.sustained);
    }
    if wants("open") {
        write::open(&config.dir);
    }
    if wants("fold") {
        fold::run(&config.dir);
    }
    ExitCode::SUCCESS
}
