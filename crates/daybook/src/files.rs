//! How many files, volumes and connections this process may have open.

use daybook_ledger::Options;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// More connections than this are of no use to anybody.
const MAX_CONNECTIONS: usize = 8_192;

/// Raises the limit on open files to what the process may have. Returns how many of them connections may be: half, so that
/// the ledger always gets its own.
pub(crate) fn connections() -> usize {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let raised = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum });
    if let Err(error) = &raised {
        tracing::warn!(%error, ?current, "the limit on open files stays where it is");
    }
    let files = if raised.is_ok() { maximum } else { current };
    (count(files) / 2).clamp(1, MAX_CONNECTIONS)
}

/// A ledger whose open volumes, of two files each, take a quarter of what the process may have, at most.
pub(crate) fn ledger_options() -> Options {
    let options = Options::default();
    let most = count(getrlimit(Resource::Nofile).maximum) / 8;
    Options { open_volumes: options.open_volumes.min(most.max(1)), ..options }
}

/// No limit at all is none.
fn count(files: Option<u64>) -> usize {
    files.map_or(usize::MAX, |files| usize::try_from(files).unwrap_or(usize::MAX))
}
