//! Card secrets from a file: one a line, or a column of a CSV file. Nothing that is said of them holds one.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};

use daybook_domain::limits::MAX_CARD_BYTES;
use daybook_domain::{Expected, MerchantId, Sku};
use daybook_engine::{CardImport, Engine, ExecuteError};
use serde_json::json;

use super::BYTE_ORDER_MARK;
use crate::cli::CardsArgs;
use crate::clock;
use crate::console::{Console, Ended, out};
use crate::data::{self, Access};
use crate::failure::Failure;
use crate::import::Progress;

/// Secrets that are in memory at once.
const AT_ONCE: usize = 10_000;
/// Lines that are named for each reason; beyond that they are only counted.
const NAMED: usize = 1_000;
/// What a column of secrets is called.
const COLUMNS: [&str; 4] = ["secret", "card", "code", "卡密"];

/// A secret and its line in the file, from 1.
type Numbered = (u64, String);

#[derive(Default)]
struct Report {
    imported: u64,
    duplicates: Lines,
    bad: Lines,
    is_partial: bool,
}

/// Lines that were left out, for one reason.
#[derive(Default)]
struct Lines {
    named: Vec<u64>,
    count: u64,
}

impl Lines {
    fn add(&mut self, line: u64) {
        self.count += 1;
        if self.named.len() < NAMED {
            self.named.push(line);
        }
    }

    fn say(&self, text: &mut String, why: &str) {
        if self.count > 0 {
            let named: Vec<String> = self.named.iter().map(u64::to_string).collect();
            let more = if self.count > self.named.len() as u64 { ", …" } else { "" };
            out!(text, "left out {} {why}: lines {}{more}", self.count, named.join(", "));
        }
    }
}

pub(crate) fn cards(args: &CardsArgs, access: &mut Access, console: &mut Console<'_>) -> Result<Ended, Failure> {
    let merchant = data::merchant_id(&args.merchant)?;
    let sku = Sku::new(&args.sku).map_err(|error| Failure::new(format!("SKU {:?} {error}", args.sku)))?;
    let mut secrets = read(args)?;
    let engine = access.open(console)?.engine;
    let waiting = tokio::runtime::Builder::new_current_thread().build()?;
    let mut report = Report::default();
    let mut progress = Progress::new(file_bytes(args)?, "bytes", console);
    loop {
        let mut some: Vec<Numbered> = Vec::with_capacity(AT_ONCE);
        let mut bytes = 0;
        for found in secrets.by_ref() {
            let (line, secret) = found?;
            bytes += secret.len() as u64 + 1;
            let secret = secret.trim();
            match secret {
                "" => {}
                _ if secret.len() > MAX_CARD_BYTES || secret.contains(char::is_control) => report.bad.add(line),
                _ => some.push((line, secret.to_owned())),
            }
            if some.len() == AT_ONCE {
                break;
            }
        }
        let is_last = some.len() < AT_ONCE;
        if !some.is_empty() {
            waiting.block_on(bring(&engine, &merchant, &sku, some, &mut report))?;
        }
        progress.advance(bytes, console);
        if is_last {
            break;
        }
        if console.stop.is_set() {
            report.is_partial = true;
            break;
        }
    }
    progress.finish();
    report.print(args, console)
}

async fn bring(
    engine: &Engine,
    merchant: &MerchantId,
    sku: &Sku,
    some: Vec<Numbered>,
    report: &mut Report,
) -> Result<(), ExecuteError> {
    let (lines, secrets): (Vec<u64>, Vec<String>) = some.into_iter().unzip();
    let import = CardImport {
        command_id: clock::new_command_id(),
        actor: data::OPERATOR,
        expected: Expected::Any,
        merchant: merchant.clone(),
        sku: sku.clone(),
        secrets,
    };
    let brought = engine.import_cards(import).await.map_err(|cut_off| cut_off.error)?;
    report.imported += brought.imported;
    brought.duplicates.iter().filter_map(|place| lines.get(*place)).for_each(|line| report.duplicates.add(*line));
    Ok(())
}

impl Report {
    /// [`Ended::Wrong`] when a line was left out.
    fn print(&self, args: &CardsArgs, console: &mut Console<'_>) -> Result<Ended, Failure> {
        let mut text = String::new();
        if args.json {
            let of = |lines: &Lines| json!({"count": lines.count, "lines": lines.named});
            out!(
                text,
                "{}",
                json!({"imported": self.imported, "duplicates": of(&self.duplicates), "bad": of(&self.bad),
                    "complete": !self.is_partial})
            );
        } else {
            out!(text, "imported {} cards for {} of {}", self.imported, args.sku, args.merchant);
            self.duplicates.say(&mut text, "that had been imported before, or stand here twice");
            self.bad.say(&mut text, &format!("that are no single line of at most {MAX_CARD_BYTES} bytes"));
            if self.is_partial {
                out!(text, "ended early; import the file again to go on: what is there is known");
            }
        }
        console.print(&text)?;
        let is_whole = self.duplicates.count == 0 && self.bad.count == 0 && !self.is_partial;
        Ok(if is_whole { Ended::Well } else { Ended::Wrong })
    }
}

fn file_bytes(args: &CardsArgs) -> Result<u64, Failure> {
    Ok(args.file.metadata().map_err(|error| named(args, &error))?.len())
}

fn named(args: &CardsArgs, why: &dyn std::fmt::Display) -> Failure {
    Failure::new(format!("{}: {why}", args.file.display()))
}

type Secrets = Box<dyn Iterator<Item = Result<Numbered, Failure>>>;

/// Line by line; a file whose name ends with `.csv`, or of which a column is named, as CSV.
fn read(args: &CardsArgs) -> Result<Secrets, Failure> {
    let file = File::open(&args.file).map_err(|error| named(args, &error))?;
    if file.metadata()?.is_dir() {
        return Err(named(args, &"is a folder: name a file"));
    }
    let mut reader = BufReader::new(file);
    if reader.fill_buf().map_err(|error| named(args, &error))?.starts_with(BYTE_ORDER_MARK) {
        reader.consume(BYTE_ORDER_MARK.len());
    }
    let is_csv = args.file.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("csv"));
    if is_csv || args.column.is_some() { csv(args, reader) } else { Ok(lines(args, reader)) }
}

/// The longest line that is read whole: a secret is much shorter.
const MAX_LINE_BYTES: u64 = 64 << 10;

fn lines(args: &CardsArgs, mut reader: BufReader<File>) -> Secrets {
    let shown = args.file.display().to_string();
    let wrong = move |line: u64, why: &str| Failure::new(format!("{shown}: line {line} {why}"));
    let mut number = 0_u64;
    Box::new(std::iter::from_fn(move || {
        number += 1;
        let mut line = Vec::new();
        match Read::take(&mut reader, MAX_LINE_BYTES).read_until(b'\n', &mut line) {
            Ok(0) => None,
            Ok(read) if read as u64 == MAX_LINE_BYTES && line.last() != Some(&b'\n') => {
                Some(Err(wrong(number, &format!("is longer than {MAX_LINE_BYTES} bytes: is this a list of cards?"))))
            }
            Ok(_) => Some(match String::from_utf8(line) {
                Ok(text) => Ok((number, text)),
                Err(_) => Err(wrong(number, "is not UTF-8: save the file as UTF-8")),
            }),
            Err(error) => Some(Err(wrong(number, &error.to_string()))),
        }
    }))
}

fn csv(args: &CardsArgs, reader: BufReader<File>) -> Result<Secrets, Failure> {
    let mut reader = ::csv::ReaderBuilder::new().flexible(true).from_reader(reader);
    let headers = reader.headers().map_err(|error| named(args, &error))?;
    let is_wanted = |name: &str| match &args.column {
        Some(column) => name == column,
        None => COLUMNS.iter().any(|known| name.eq_ignore_ascii_case(known)),
    };
    let at = match (headers.iter().position(|name| is_wanted(name.trim())), headers.len(), &args.column) {
        (Some(at), _, _) => at,
        // A single column without a name: its first line is a secret too.
        (None, 1, None) => {
            let file = File::open(&args.file).map_err(|error| named(args, &error))?;
            let mut reader = BufReader::new(file);
            if reader.fill_buf()?.starts_with(BYTE_ORDER_MARK) {
                reader.consume(BYTE_ORDER_MARK.len());
            }
            return Ok(lines(args, reader));
        }
        (None, _, None) => {
            let why = format!("has no column named {}: name it with --column", COLUMNS.join(", "));
            return Err(named(args, &why));
        }
        (None, _, Some(column)) => return Err(named(args, &format!("has no column named {column:?}"))),
    };
    let shown = args.file.display().to_string();
    Ok(Box::new(reader.into_records().map(move |record| {
        // What a reader says of a record may hold a part of it.
        let record = record.map_err(|error| {
            let line = error.position().map_or(0, ::csv::Position::line);
            Failure::new(format!("{shown}: line {line} is no CSV in UTF-8"))
        })?;
        let line = record.position().map_or(0, ::csv::Position::line);
        Ok((line, record.get(at).unwrap_or_default().to_owned()))
    })))
}
