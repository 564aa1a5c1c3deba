//! Benchmarks that run the limit beside us, in one run, and print the ratio.
//!
//! ```text
//! cargo run --release --package daybook-benches -- [WHAT…] [--seconds N] [--orders N] [--dir DIR]
//! cargo run --release --package daybook-benches -- compare [PART…] [--seconds N] [--orders N] [--dir DIR] [--write FILE]
//! ```

mod asof;
mod backup;
mod bulk;
mod compare;
mod deadlines;
mod export;
mod file;
mod flash;
mod fold;
mod graphql;
mod growth;
mod machine;
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

use mimalloc::MiMalloc;

/// As in the `daybook` binary.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

const USAGE: &str = "\
usage: daybook-benches [WHAT…] [--seconds N] [--orders N] [--dir DIR]
       daybook-benches compare [PART…] [--seconds N] [--orders N] [--dir DIR] [--write FILE]
       daybook-benches growth [--orders N] [--dir DIR] [--write FILE]

  write   durable placeOrder through the engine, beside a bare preallocated file with one fdatasync per batch
  flash   the same of a SKU whose stock is counted, all of one SKU, beside a thousand
  tree    the same with the tree over all records kept up, beside without; what roots and proofs take
  backup  the same beside a backup again and again, each of which is restored
  open    opening a ledger of a million events (--orders)
  fold    folding a ledger of a million orders into all views, beside decoding alone
  asof    a million events (--orders) as of random positions: first and repeated questions, and those about now beside them
  views   what the views of a million orders cost: memory, pages, counts, dashboards, checkpoints
  deadlines  a million clocks that run, beside a look at every order
  pages   pages of a million orders in process and over HTTP, beside ready-made answers
  graphql  placeOrder over HTTP at 1, 64 and 512 callers, with variables and with a document each
  overload  ten times as many requests as are done in time, for 60 s: what is answered, how soon, and what comes after
  export  a million orders as CSV, JSON lines and XLSX, beside the csv library alone
  phones  the telephones of a million orders read from the log, beside the log read alone; orders found by them
  bulk    500 orders of one card SKU delivered by a job, a hundred thousand shipped, beside a plain pipeline

  compare  Daybook beside PostgreSQL, UmaDB, NATS JetStream, fjall, sled and a bare file; or one part of it:
    append   durable appends with an expected revision
    order    placing orders over HTTP, beside tables of PostgreSQL
    lists    pages of 50 of a year's orders, and figures, beside tables of PostgreSQL
    history  histories of ten events warm and cold, all events, a start, bytes on disk, beside PostgreSQL
    folds    as many events as orders, and ten times as many, read and folded, beside PostgreSQL and the memory
    bulk     500 orders of one card SKU delivered, a hundred thousand shipped, beside PostgreSQL
    alone    as append, beside the bare file alone, for --seconds that would take too long with all; not part of the whole

  growth  what everything costs with as many orders (unless said otherwise ten million), a tenth, and a hundredth of them

  --seconds   how long each width is sustained in all (default 60, compare: 12; 3 for a smoke run)
  --orders    instead of a million (growth: ten million); of events in open, asof and compare's folds; overload has 100,000 at most
  --dir       where to write, on the disk that is to be measured: in memory a sync costs nothing (default: the system's folder
              for temporary files)
  --write     the tables of all of compare, or of growth, as Markdown between two marks in this file, whatever stood there
              before; growth draws growth.svg beside it

With a million orders some GB of disk and memory are used, with ten million 10 GB of disk and 4 of memory, for several minutes.";

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
    sustained: Option<Duration>,
    orders: Option<u64>,
    dir: PathBuf,
    write: Option<PathBuf>,
}

fn config() -> Option<Config> {
    let mut config = Config { what: Vec::new(), sustained: None, orders: None, dir: std::env::temp_dir(), write: None };
    let mut args = std::env::args().skip(1);
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--seconds" => config.sustained = Some(Duration::from_secs(args.next()?.parse().ok()?)),
            "--orders" => config.orders = Some(args.next()?.parse().ok()?),
            "--dir" => config.dir = args.next()?.into(),
            "--write" => config.write = Some(args.next()?.into()),
            "compare" | "growth" if config.what.is_empty() => config.what.push(arg),
            _ if config.what == ["growth"] => return None,
            what if config.what.first().is_some_and(|first| first == "compare") => {
                config.what.push(compare::PARTS.contains(&what).then_some(arg)?);
            }
            what if ALL.contains(&what) => config.what.push(arg),
            _ => return None,
        }
    }
    // One part's tables would take the place of all; plain benchmarks have none; the smallest growth is a hundredth of the largest.
    let has_tables = ["compare", "growth"].iter().any(|name| config.what == [*name]);
    let is_too_little = config.what == ["growth"] && config.orders.is_some_and(|orders| orders < growth::LEAST);
    ((config.write.is_none() || has_tables) && !is_too_little).then_some(config)
}

fn main() -> ExitCode {
    if std::env::args().any(|arg| arg == "--help") {
        println!("{USAGE}");
        return ExitCode::SUCCESS;
    }
    let Some(config) = config() else {
        eprintln!("{USAGE}");
        return ExitCode::from(2);
    };
    if let [first, parts @ ..] = config.what.as_slice()
        && first == "compare"
    {
        let sustained = config.sustained.unwrap_or(Duration::from_secs(12));
        let write = config.write.as_deref();
        let orders = config.orders.unwrap_or(1_000_000);
        compare::run(&compare::Asked { parts, dir: &config.dir, orders, sustained, write });
        return ExitCode::SUCCESS;
    }
    if config.what == ["growth"] {
        growth::run(&config.dir, config.orders.unwrap_or(10_000_000), config.write.as_deref());
        return ExitCode::SUCCESS;
    }
    let orders = config.orders.unwrap_or(1_000_000);
    let sustained = config.sustained.unwrap_or(Duration::from_secs(60));
    println!("{}", machine::described(&config.dir));
    for what in ALL {
        if !config.what.is_empty() && !config.what.iter().any(|wanted| wanted == what) {
            continue;
        }
        println!("== {what}");
        match what {
            "write" => write::run(&config.dir, sustained),
            "flash" => flash::run(&config.dir, sustained),
            "tree" => tree::run(&config.dir, sustained),
            "backup" => backup::run(&config.dir, sustained),
            "open" => write::open(&config.dir, orders),
            "fold" => fold::run(&config.dir, orders),
            "asof" => asof::run(&config.dir, orders, sustained / 6),
            "bulk" => bulk::run(&config.dir, orders),
            "deadlines" => deadlines::run(orders),
            "views" => views::run(&config.dir, orders),
            "graphql" => graphql::run(&config.dir, sustained / 9),
            "overload" => overload::run(&config.dir, orders.min(100_000), sustained),
            "export" => export::run(&config.dir, orders),
            "phones" => phones::run(&config.dir, orders),
            _ => pages::run(&config.dir, orders, sustained / 6),
        }
    }
    ExitCode::SUCCESS
}
