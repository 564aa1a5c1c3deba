//! How many files and connections this process may have open.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// More connections than this are of no use to anybody.
const MAX_CONNECTIONS: usize = 8_192;

/// Raises the limit on open files to what the process may have. Returns how many of them connections may be: half, so that
/// the ledger always gets its own.
pub(super) fn connections() -> usize {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let raised = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum });
    if let Err(error) = &raised {
        tracing::warn!(%error, ?current, "the limit on open files stays where it is");
    }
    let files = if raised.is_ok() { maximum } else { current };
    // No limit at all is none.
    let files = files.map_or(usize::MAX, |files| usize::try_from(files).unwrap_or(usize::MAX));
    (files / 2).clamp(1, MAX_CONNECTIONS)
}
