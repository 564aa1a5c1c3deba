//! Bringing history in: every source becomes actions, every action one command with an id that follows from the source,
//! so that a second run changes nothing and a run that was cut off goes on.

mod cards;
mod count;
mod olist;
mod progress;
mod report;
mod send;

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::ops::ControlFlow;
use std::path::Path;

use daybook_codec::{LineKey, parse_action};
use daybook_sheets::BYTE_ORDER_MARK;

use crate::cli::{JsonlArgs, OlistArgs};
use crate::console::{Console, Ended};
use crate::data::Access;
use crate::failure::Failure;
pub(crate) use cards::cards;
use count::Counts;
pub(crate) use progress::Progress;
use report::Report;
use send::Sender;

/// The longest line that is read, in bytes.
const MAX_LINE_BYTES: u64 = 1 << 20;

pub(crate) fn jsonl(args: &JsonlArgs, access: &mut Access, console: &mut Console<'_>) -> Result<Ended, Failure> {
    let named = |error| Failure::new(format!("{}: {error}", args.file.display()));
    let file = File::open(&args.file).map_err(named)?;
    let metadata = file.metadata().map_err(named)?;
    if metadata.is_dir() {
        return Err(Failure::new(format!("{} is a folder: name a file", args.file.display())));
    }
    let bytes = metadata.len();
    let source = args.source.clone().unwrap_or_else(|| file_name(&args.file));
    let engine = access.open_or_make(console)?.engine;
    let mut report = Report::default();
    let mut progress = Progress::new(bytes, "bytes", console);
    let mut sender = Sender::new(&engine, access.is_served());
    let mut counts = Counts::new(engine.reader());
    let mut reader = BufReader::new(file);
    let mut line = Vec::new();
    for number in 1_u64.. {
        if console.stop.is_set() {
            report.stopped();
            break;
        }
        line.clear();
        let read = std::io::Read::take(&mut reader, MAX_LINE_BYTES).read_until(b'\n', &mut line)?;
        if read == 0 {
            break;
        }
        progress.advance(read as u64, console);
        if number == 1 && line.starts_with(BYTE_ORDER_MARK) {
            line.drain(..BYTE_ORDER_MARK.len());
        }
        if read as u64 == MAX_LINE_BYTES && line.last() != Some(&b'\n') {
            counts.skip(LineKey::of_bad(&line));
            report.bad_line(number, format!("is longer than {MAX_LINE_BYTES} bytes"));
            skip_line(&mut reader)?;
            continue;
        }
        let Ok(text) = std::str::from_utf8(&line) else {
            counts.skip(LineKey::of_bad(&line));
            report.bad_line(number, "is not UTF-8".into());
            continue;
        };
        if text.trim().is_empty() {
            continue;
        }
        match parse_action(text.trim()) {
            Err(error) => {
                counts.skip(LineKey::of_bad(&line));
                report.bad_line(number, error.to_string());
            }
            Ok(action) => {
                let counted = counts.next(number, &action, &source)?;
                if let Some(placed) = counted.foreign {
                    report.bad_line(number, foreign(number, placed, &source));
                    continue;
                }
                if let Some(key) = counted.key
                    && let Some(other) = sender.changed_line(key, &mut report)?
                    && !counts.is_there(&action, &counted)?
                {
                    report.bad_line(number, shifted(other));
                    continue;
                }
                let key = counted.key.filter(|_| counted.is_known);
                sender.send(number, counted.command_id, key, action, &mut report)?;
            }
        }
    }
    sender.finish(&mut report)?;
    progress.finish();
    report.print(args.json, console)
}

/// Why a line is left out whose id follows from its place, once lines before it stand at other places than before.
fn shifted(other: u64) -> String {
    format!(
        "stands behind line {other}, where another line of the same action on the same order was imported before: it may \
         have been imported itself; put line {other} behind the others of its action and order, and import again"
    )
}

/// Why no line of an order is imported that something else had placed.
fn foreign(line: u64, placed: u64, source: &str) -> String {
    if line != placed {
        return format!("is left out with line {placed}, which places its order");
    }
    format!(
        "its order is there already, and was not placed by this line of the source {source:?}: this and its other lines \
         may have been imported from a file of another name; then import with `--source` and that name"
    )
}

/// What the ids of a file's lines belong to unless somebody says otherwise.
pub(crate) fn file_name(path: &Path) -> String {
    path.file_name().map_or_else(|| "import".to_owned(), |name| name.to_string_lossy().into_owned())
}

fn skip_line(reader: &mut impl BufRead) -> std::io::Result<()> {
    let mut rest = Vec::new();
    loop {
        rest.clear();
        let read = std::io::Read::take(&mut *reader, MAX_LINE_BYTES).read_until(b'\n', &mut rest)?;
        if read == 0 || rest.last() == Some(&b'\n') {
            return Ok(());
        }
    }
}

pub(crate) fn olist(args: &OlistArgs, access: &mut Access, console: &mut Console<'_>) -> Result<Ended, Failure> {
    let source = olist::Source::read(&args.folder)?;
    let engine = access.open_or_make(console)?.engine;
    let mut report = Report::default();
    let mut progress = Progress::new(source.len() as u64, "orders", console);
    let mut sender = Sender::new(&engine, access.is_served());
    source.actions(&mut report, |report, step| match step {
        _ if console.stop.is_set() => {
            report.stopped();
            Ok(ControlFlow::Break(()))
        }
        olist::Step::OrderDone => {
            progress.advance(1, console);
            Ok(ControlFlow::Continue(()))
        }
        olist::Step::Action { line, ordinal, action } => {
            let command_id = action.command_id("olist", ordinal);
            sender.send(line, command_id, None, *action, report)?;
            Ok(ControlFlow::Continue(()))
        }
    })?;
    sender.finish(&mut report)?;
    progress.finish();
    report.print(args.json, console)
}
