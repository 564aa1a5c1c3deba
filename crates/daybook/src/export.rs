//! The log as lines.

use std::io::{self, BufWriter, ErrorKind, Write};
use std::process::ExitCode;

use daybook_codec::to_json;

use crate::cli::ExportArgs;
use crate::data;
use crate::failure::Failure;

/// Bytes of the log that are read at a time.
const CHUNK_BYTES: usize = 1 << 20;

/// Streams events to standard output. Personal texts stay sealed: whoever analyses figures need not read them.
pub(crate) fn events(args: &ExportArgs) -> Result<ExitCode, Failure> {
    let folder = data::open(&args.data)?;
    let mut out = BufWriter::new(io::stdout().lock());
    let mut from = args.after.saturating_add(1);
    let written = loop {
        let mut failed = None;
        let next = folder.reader.for_each(from, CHUNK_BYTES, |recorded| {
            if failed.is_none() {
                failed = writeln!(out, "{}", to_json(&recorded, &mut |_, _| None)).err();
            }
        })?;
        if let Some(error) = failed {
            break Err(error);
        }
        if next == from {
            break out.flush();
        }
        from = next;
    };
    folder.engine.shutdown()?;
    match written {
        // Whoever reads us, such as `head`, has seen enough.
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(ExitCode::SUCCESS),
        Err(error) => Err(error.into()),
        Ok(()) => Ok(ExitCode::SUCCESS),
    }
}
