//! Benchmarks that run the limit beside us, in one run, and print the ratio.
//!
//! ```text
//! cargo run --release --package daybook-benches -- [WHAT…] [--seconds N] [--orders N] [--dir DIR]
//! ```

mod asof;
mod backup;
mod bulk;
mod deadlines;
mod export;
mod file;
mod flash;
mod fold;
mod graphql;
mod orders;
mod overload;
mod pages;
mod phones;
mod spread;
mod tree;
mod usage;
mod views;
mod write;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

const USAGE: &str = "\
usage: daybook-benches [WHAT…] [--seconds N] [--orders N] [--dir DIR]

  write   durable placeOrder through the engine, beside a bare preallocated file with one fdatasync per batch
  flash   the same of a SKU whose stock is counted, all of one SKU, beside a thousand
  tree    the same with the tree over all records kept up, beside without; what roots and proofs take
  backup  the same beside a backup again and again, each of which is restored
  open    opening a ledger of a million events
  fold    folding a ledger of a million events into all views, beside decoding alone
  views   what the views of a million orders cost: memory, pages, counts, dashboards, checkpoints
  deadlines  a million clocks that run, beside a look at every order
  pages   pages of a million orders in process and over HTTP, beside ready-made answers
  graphql  placeOrder over HTTP at 1, 64 and 512 callers, with variables and with a document each
  overload  ten times as many requests as are done in time, for 60 s: what is answered, how soon, and what comes after
  export  a million orders as CSV, JSON lines and XLSX, beside the csv library alone
  phones  the telephones of a million orders read from the log, beside the log read alone; orders found by them
  asof    a million events as of random positions: first and repeated questions, and those about now beside them
  bulk    500 orders of one card SKU delivered by a job, a hundred thousand shipped, beside a plain pipeline
  --seconds   how long each width is sustained in all (default 60; 3 for a smoke run)
  --orders    instead of a million
  --dir       where to write (default: the system's folder for temporary files)";

const ALL: [&str; 15] = [
    "write",
    "flash",
    "tree",
    "backup",
    "open",
    "fold",
    "asof",
    "views",
    "deadlines",
    "pages",
    "graphql",
    "overload",
    "export",
    "phones",
    "bulk",
];

/// What the command line asks for.
struct Config {
    what: Vec<String>,
    sustained: Duration,
    orders: u64,
    dir: PathBuf,
}

fn config() -> Option<Config> {
    let mut config =
        Config { what: Vec::new(), sustained: Duration::from_secs(60), orders: 1_000_000, dir: std::env::temp_dir() };
    let mut args = std::env::args().skip(1);
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--seconds" => config.sustained = Duration::from_secs(args.next()?.parse().ok()?),
            "--orders" => config.orders = args.next()?.parse().ok()?,
            "--dir" => config.dir = args.next()?.into(),
            what if ALL.contains(&what) => config.what.push(arg),
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
    for what in ALL {
        if !config.what.is_empty() && !config.what.iter().any(|wanted| wanted == what) {
            continue;
        }
        match what {
            "write" => write::run(&config.dir, config.sustained),
            "flash" => flash::run(&config.dir, config.sustained),
            "tree" => tree::run(&config.dir, config.sustained),
            "backup" => backup::run(&config.dir, config.sustained),
            "open" => write::open(&config.dir),
            "fold" => fold::run(&config.dir),
            "asof" => asof::run(&config.dir, config.sustained / 6),
            "bulk" => bulk::run(&config.dir, config.orders),
            "deadlines" => deadlines::run(config.orders),
            "views" => views::run(&config.dir, config.orders),
            "graphql" => graphql::run(&config.dir, config.sustained / 9),
            "overload" => overload::run(&config.dir, config.orders.min(100_000), config.sustained),
            "export" => export::run(&config.dir, config.orders),
            "phones" => phones::run(&config.dir, config.orders),
            _ => pages::run(&config.dir, config.orders, config.sustained / 6),
        }
    }
    ExitCode::SUCCESS
}
