//! How many files, volumes and connections this process may have open.

use daybook_ledger::Options;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// More connections than this are of no use to anybody.
const MAX_CONNECTIONS: usize = 8_192;
/// What an open volume takes.
const FILES_A_VOLUME: usize = 2;

/// Raises the limit on open files to what the process may have, and returns the limit that holds then.
fn raised() -> usize {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    if current == maximum {
        return count(current);
    }
    match setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum }) {
        Ok(()) => count(maximum),
        Err(error) => {
            tracing::warn!(%error, ?current, "the limit on open files stays where it is");
            count(current)
        }
    }
}

/// How many of the files that this process may have open connections may be.
pub(crate) fn connections() -> usize {
    connections_of(raised())
}

/// A ledger that has no more volumes open than this process may have.
pub(crate) fn ledger_options() -> Options {
    let options = Options::default();
    Options { open_volumes: options.open_volumes.min(volumes_of(raised())), ..options }
}

/// Half, so that the ledger always gets its own.
fn connections_of(files: usize) -> usize {
    (files / 2).clamp(1, MAX_CONNECTIONS)
}

/// A quarter is theirs.
fn volumes_of(files: usize) -> usize {
    (files / 4 / FILES_A_VOLUME).max(1)
}

/// No limit at all is none.
fn count(files: Option<u64>) -> usize {
    files.map_or(usize::MAX, |files| usize::try_from(files).unwrap_or(usize::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_and_volumes_leave_a_quarter_of_the_files_to_the_rest() {
        for files in [8, 100, 256, 1_024, 16_384] {
            assert!(connections_of(files) + FILES_A_VOLUME * volumes_of(files) <= files - files / 4, "{files}");
        }
        assert_eq!((connections_of(256), volumes_of(256)), (128, 32));
        assert_eq!((connections_of(usize::MAX), volumes_of(1)), (MAX_CONNECTIONS, 1));
    }
}
