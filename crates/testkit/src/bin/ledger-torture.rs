//! Loads a ledger until killed, or checks what a load left: see `daybook_testkit::torture`.
//!
//!     ledger-torture run DATA JOURNALS CLIENTS THINK_MICROS SEED
//!     ledger-torture check DATA JOURNALS close|drop
//!
//! Exit codes: 0 all is right, 1 found wrong (said on standard output), 2 wrong usage, 70 the ledger writes no more.

use daybook_testkit::torture::{End, Load, check, run};
use std::path::Path;
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        ["run", data, journals, clients, think, seed] => {
            let (Ok(clients), Ok(think_micros), Ok(seed)) = (clients.parse(), think.parse(), seed.parse()) else {
                return usage();
            };
            match run(Path::new(data), Path::new(journals), Load { clients, think_micros, seed }) {
                End::Poisoned(error) => {
                    println!("poisoned: {error}");
                    // As the binary does: no thread gets to do anything more.
                    std::process::exit(70);
                }
                End::Broken(what) => {
                    println!("{what}");
                    std::process::exit(1);
                }
            }
        }
        ["check", data, journals, close] => match check(Path::new(data), Path::new(journals), close == "close") {
            Ok(found) => {
                println!("{found:?}");
                ExitCode::SUCCESS
            }
            Err(what) => {
                println!("{what}");
                ExitCode::from(1)
            }
        },
        _ => usage(),
    }
}

fn usage() -> ExitCode {
    eprintln!("usage: ledger-torture run DATA JOURNALS CLIENTS THINK_MICROS SEED");
    eprintln!("       ledger-torture check DATA JOURNALS close|drop");
    ExitCode::from(2)
}
