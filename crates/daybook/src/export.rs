//! Orders and events on their way out.

mod file;
mod orders;

use std::io::{self, BufWriter, ErrorKind, Write};
use std::ops::ControlFlow;

use daybook_api::export::{EventColumn, ExportError, time_zone, write_events};
use daybook_codec::to_json;
use daybook_sheets::{Format, Table, Written};

use crate::cli::{ExportArgs, FormatArg, TableArgs};
use crate::console::{Console, Ended};
use crate::data::Access;
use crate::failure::Failure;
use crate::import::Progress;
pub(crate) use file::OutFile;
pub(crate) use orders::orders;

/// Bytes of the log that are read at a time.
const CHUNK_BYTES: usize = 1 << 20;
/// Bytes that are written at once.
const OUT_BYTES: usize = 1 << 16;

impl From<FormatArg> for Format {
    fn from(format: FormatArg) -> Self {
        match format {
            FormatArg::Xlsx => Format::Xlsx,
            FormatArg::Csv => Format::Csv,
            FormatArg::Jsonl => Format::Jsonl,
        }
    }
}

/// Streams events out. Personal texts stay sealed: whoever analyses figures need not read them.
pub(crate) fn events(args: &ExportArgs, access: &mut Access, console: &mut Console<'_>) -> Result<Ended, Failure> {
    if args.format == FormatArg::Jsonl && args.table.columns.is_none() {
        return lines(args, access, console);
    }
    let columns = EventColumn::chosen(args.table.columns.as_deref())?;
    let zone = time_zone(&args.table.time_zone)?;
    let reader = access.open(console)?.reader;
    let end = reader.watermark();
    let mut nowhere = io::sink();
    let (mut out, mut said) = split(console, &mut nowhere);
    let mut progress = Progress::new(end.saturating_sub(args.after), "events", &said);
    let written = Table::new(args.format.into(), &mut out, "events", EventColumn::headers(&columns), zone)
        .map_err(ExportError::from)
        .and_then(|mut table| {
            write_events(&reader, (args.after, end), &columns, &mut table, &mut |events| {
                progress.advance(events, &mut said);
                go_on(&said)
            })?;
            Ok(table.finish()?.1)
        });
    progress.finish();
    ended(written, &format!("events up to position {end}"), &mut said)
}

fn go_on(console: &Console<'_>) -> ControlFlow<()> {
    if console.stop.is_set() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
}

/// Where results go, and a console for everything else.
fn split<'a>(console: &'a mut Console<'_>, nowhere: &'a mut io::Sink) -> (BufWriter<&'a mut dyn Write>, Console<'a>) {
    let said = Console { out: nowhere, err: &mut *console.err, has_bar: console.has_bar, stop: console.stop.clone() };
    (BufWriter::with_capacity(OUT_BYTES, &mut *console.out), said)
}

/// Says what was written, or why it was not.
fn ended(written: Result<Written, ExportError>, what: &str, console: &mut Console<'_>) -> Result<Ended, Failure> {
    match written {
        Ok(Written { rows, cut }) => {
            console.say(&format!("{rows} {what}"));
            if cut > 0 {
                console.say(&format!(
                    "{cut} cells held more than the 32767 characters that a spreadsheet takes, and end with …: `--format \
                     jsonl` has all of them"
                ));
            }
            Ok(Ended::Well)
        }
        // Whoever reads us, such as `head`, has seen enough.
        Err(ExportError::Write(error)) if error.kind() == ErrorKind::BrokenPipe => Ok(Ended::Well),
        Err(ExportError::Ended) => {
            console.say("interrupted: what was written is not whole");
            Ok(Ended::Wrong)
        }
        Err(error) => Err(error.into()),
    }
}

/// The log as lines.
fn lines(args: &ExportArgs, access: &mut Access, console: &mut Console<'_>) -> Result<Ended, Failure> {
    let TableArgs { columns: _, time_zone: _, out: _ } = &args.table;
    let reader = access.open(console)?.reader;
    let stop = console.stop.clone();
    let mut out = BufWriter::with_capacity(OUT_BYTES, &mut *console.out);
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
        if stop.is_set() {
            break Err(io::Error::from(ErrorKind::Interrupted));
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
        Err(error) if error.kind() == ErrorKind::Interrupted => {
            drop(out);
            console.say("interrupted: what was written is not whole");
            Ok(Ended::Wrong)
        }
        Err(error) => Err(error.into()),
        Ok(()) => Ok(Ended::Well),
    }
}
