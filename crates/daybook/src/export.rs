//! The log as lines.

use std::io::{BufWriter, ErrorKind, Write};

use daybook_codec::to_json;

use crate::cli::ExportArgs;
use crate::console::{Console, Ended};
use crate::data::Access;
use crate::failure::Failure;

/// Bytes of the log that are read at a time.
const CHUNK_BYTES: usize = 1 << 20;

/// Streams events out. Personal texts stay sealed: whoever analyses figures need not read them.
pub(crate) fn events(args: &ExportArgs, access: &mut Access, console: &mut Console<'_>) -> Result<Ended, Failure> {
    let reader = access.open(console)?.reader;
    let mut out = BufWriter::with_capacity(1 << 16, &mut *console.out);
    let mut from = args.after.saturating_add(1);
    let written = loop {
        let mut failed = None;
        let next = reader.for_each(from, CHUNK_BYTES, |recorded| {
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
    match written {
        // Whoever reads us, such as `head`, has seen enough.
        Err(error) if error.kind() == ErrorKind::BrokenPipe => {
            // What is still buffered would only fail again.
            let _ = out.into_parts();
            Ok(Ended::Well)
        }
        Err(error) => Err(error.into()),
        Ok(()) => Ok(Ended::Well),
    }
}
