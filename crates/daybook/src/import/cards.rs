//! Card secrets from a file: one a line, or a column of a table. Nothing that is said of them holds one.

mod file;

use std::collections::BTreeMap;

use daybook_domain::limits::MAX_CARD_BYTES;
use daybook_domain::{Expected, MerchantId, Sku};
use daybook_engine::{CardImport, Engine, ExecuteError};
use serde_json::json;

use crate::cli::CardsArgs;
use crate::clock;
use crate::console::{Console, Ended, out};
use crate::data::{self, Access};
use crate::failure::Failure;
use crate::import::Progress;
use file::{Bad, Found, named};

/// Secrets that are in memory at once.
const AT_ONCE: usize = 10_000;
/// Lines that are named for each reason; beyond that they are only counted.
const NAMED: usize = 1_000;

/// A secret and its line in the file, from 1.
type Numbered = (u64, String);

#[derive(Default)]
struct Report {
    imported: u64,
    duplicates: Lines,
    bad: BTreeMap<Bad, Lines>,
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

    /// `one` and `many` are what is said of one line and of several.
    fn say(&self, text: &mut String, one: &str, many: &str) {
        let (why, lines) = if self.count == 1 { (one, "line") } else { (many, "lines") };
        if self.count > 0 {
            let named: Vec<String> = self.named.iter().map(u64::to_string).collect();
            let more = if self.count > self.named.len() as u64 { ", …" } else { "" };
            out!(text, "left out {} {why}: {lines} {}{more}", self.count, named.join(", "));
        }
    }
}

/// What is said of one such line, and of several.
fn words(bad: Bad) -> (String, String) {
    let both = |one: &str, many: &str| (one.to_owned(), many.to_owned());
    match bad {
        Bad::Empty => both("without a secret in its row", "without a secret in their rows"),
        Bad::TooLong => (
            format!("that is longer than {MAX_CARD_BYTES} bytes"),
            format!("that are longer than {MAX_CARD_BYTES} bytes"),
        ),
        Bad::Unseen => both(
            "that holds a character that cannot be seen (a TAB, a line break, a zero-width space, …)",
            "that hold a character that cannot be seen (a TAB, a line break, a zero-width space, …)",
        ),
        Bad::Name => both("that is the name of a column", "that are names of columns"),
        Bad::MoreCells => {
            both("that has more cells than there are columns", "that have more cells than there are columns")
        }
    }
}

pub(crate) fn cards(args: &CardsArgs, access: &mut Access, console: &mut Console<'_>) -> Result<Ended, Failure> {
    let merchant = data::merchant_id(&args.merchant)?;
    let sku = Sku::new(&args.sku).map_err(|error| Failure::new(format!("SKU {:?} {error}", args.sku)))?;
    let mut secrets = file::read(args)?;
    let engine = access.open(console)?.engine;
    let waiting = tokio::runtime::Builder::new_current_thread().build()?;
    let mut report = Report::default();
    let mut progress = Progress::new(file_bytes(args)?, "bytes", console);
    loop {
        let mut some: Vec<Numbered> = Vec::with_capacity(AT_ONCE);
        let mut bytes = 0;
        for found in secrets.by_ref() {
            let Found { line, bytes: read, secret } = found?;
            bytes += read;
            match secret {
                Ok(secret) => some.push((line, secret)),
                Err(bad) => report.bad.entry(bad).or_default().add(line),
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
    /// [`Ended::Wrong`] when there was no card in a line, or not every line was reached: what is known already is there.
    fn print(&self, args: &CardsArgs, console: &mut Console<'_>) -> Result<Ended, Failure> {
        let mut text = String::new();
        if args.json {
            let of = |count: u64, lines: &[u64]| json!({"count": count, "lines": lines});
            let mut bad: Vec<u64> = self.bad.values().flat_map(|lines| &lines.named).copied().collect();
            bad.sort_unstable();
            let bad = of(self.bad.values().map(|lines| lines.count).sum(), &bad);
            let duplicates = of(self.duplicates.count, &self.duplicates.named);
            out!(
                text,
                "{}",
                json!({"imported": self.imported, "duplicates": duplicates, "bad": bad, "complete": !self.is_partial})
            );
        } else {
            let cards = if self.imported == 1 { "card" } else { "cards" };
            out!(text, "imported {} {cards} for {} of {}", self.imported, args.sku, args.merchant);
            self.duplicates.say(
                &mut text,
                "that is known already or stands here twice",
                "that are known already or stand here twice",
            );
            for (bad, lines) in &self.bad {
                let (one, many) = words(*bad);
                lines.say(&mut text, &one, &many);
            }
            if self.is_partial {
                out!(text, "ended early; import the file again to go on: what is there is known");
            }
        }
        console.print(&text)?;
        Ok(if self.bad.is_empty() && !self.is_partial { Ended::Well } else { Ended::Wrong })
    }
}

fn file_bytes(args: &CardsArgs) -> Result<u64, Failure> {
    Ok(args.file.metadata().map_err(|error| named(args, &error))?.len())
}
