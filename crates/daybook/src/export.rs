//! Orders and events on their way out.

mod file;
mod orders;

use std::io::{self, BufWriter, ErrorKind, Write};
use std::ops::ControlFlow;

use daybook_api::export::{EventColumn, ExportError, Noted, time_zone, write_event_lines, write_events};
use daybook_domain::command::OpenExport;
use daybook_domain::export::{ExportFormat, ExportKind};
use daybook_domain::{Command, Position};
use daybook_engine::Request;
use daybook_sheets::{Format, Table, Written};
use sha2::{Digest, Sha256};

use crate::cli::{ExportArgs, FormatArg};
use crate::clock;
use crate::console::{Console, Ended};
use crate::data::{Access, OPERATOR, Opened};
use crate::failure::Failure;
use crate::import::Progress;
pub(crate) use file::OutFile;
pub(crate) use orders::orders;

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

impl From<FormatArg> for ExportFormat {
    fn from(format: FormatArg) -> Self {
        match format {
            FormatArg::Xlsx => ExportFormat::Xlsx,
            FormatArg::Csv => ExportFormat::Csv,
            FormatArg::Jsonl => ExportFormat::Jsonl,
        }
    }
}

/// Streams events out. Personal texts stay sealed: whoever analyses figures need not read them.
pub(crate) fn events(args: &ExportArgs, access: &mut Access, console: &mut Console<'_>) -> Result<Ended, Failure> {
    let columns = EventColumn::chosen(args.table.columns.as_deref())?;
    let are_whole = args.format == FormatArg::Jsonl && args.table.columns.is_none();
    let zone = time_zone(&args.table.time_zone)?;
    let opened = access.open(console)?;
    let reader = &opened.reader;
    let end = reader.watermark();
    let rows = end.saturating_sub(args.after);
    let named = if are_whole { String::new() } else { EventColumn::names(&columns).join(",") };
    note(
        &opened,
        Noting {
            kind: ExportKind::Events,
            format: args.format,
            columns: named,
            filter: Noted::events(args.after),
            subtree: true,
            position: end,
            rows,
        },
    )?;
    let mut nowhere = io::sink();
    let (mut out, mut said) = split(console, &mut nowhere);
    let mut progress = Progress::new(rows, "events", &said);
    let mut advance = |events| {
        progress.advance(events, &mut said);
        go_on(&said)
    };
    let between = (args.after, end);
    let written = if are_whole {
        write_event_lines(reader, between, &mut out, &mut advance)
            .and_then(|()| Ok(out.flush()?))
            .map(|()| Written { rows, cut: 0 })
    } else {
        Table::new(args.format.into(), &mut out, "events", EventColumn::headers(&columns), zone)
            .map_err(ExportError::from)
            .and_then(|mut table| {
                write_events(reader, between, &columns, &mut table, &mut advance)?;
                Ok(table.finish()?.1)
            })
    };
    progress.finish();
    ended(written, &format!("events up to position {end}"), &mut said)
}

/// What an export is known by afterwards.
struct Noting {
    kind: ExportKind,
    format: FormatArg,
    /// With commas between them.
    columns: String,
    filter: Noted,
    subtree: bool,
    position: Position,
    rows: u64,
}

/// Writes down what is about to leave the ledger, before any of it does.
fn note(opened: &Opened, noting: Noting) -> Result<(), Failure> {
    let Noting { kind, format, columns, filter, subtree, position, rows } = noting;
    let filter = filter.text();
    let open = OpenExport {
        asked: Sha256::digest(&*filter).into(),
        opener: OPERATOR.id,
        kind,
        format: format.into(),
        columns: columns.into(),
        filter,
        merchant: None,
        subtree,
        position,
        rows,
    };
    let request = Request::live(clock::new_command_id(), OPERATOR, Command::OpenExport(open));
    let noted = opened.engine.submit(request).wait();
    noted
        .map(drop)
        .map_err(|error| Failure::new(format!("nothing was exported, since it could not be recorded: {error}")))
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
