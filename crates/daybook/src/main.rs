//! The `daybook` command. All of it is in the library, so that tests can call it.

use std::process::ExitCode;

use mimalloc::MiMalloc;

/// The system's costs a third more processor time an order (docs/adr/0022-allocator.md).
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    daybook::run()
}
