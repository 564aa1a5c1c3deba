//! Evidence for those who have no ledger: made here, and checked here without one.

mod page;
mod words;

use std::io::Read;
use std::process::ExitCode;

use daybook_proof::{Checkpoint, MAX_BUNDLE_BYTES, VerifierKey, verify_consistency, verify_evidence};
use serde_json::Value;

use crate::cli::{EvidenceArgs, VerifyEvidenceArgs};
use crate::console::{Console, Ended};
use crate::data::Access;
use crate::failure::Failure;
use crate::find::{self, Subject};
use crate::{clock, console};

pub(crate) fn make(args: &EvidenceArgs, access: &mut Access, console: &mut Console<'_>) -> Result<Ended, Failure> {
    let reader = access.open(console)?.reader;
    let Subject::Order(stream) = find::subject(&reader, &args.order)? else {
        return Err(Failure::new(format!("{}: evidence is of an order: name its number", args.order)));
    };
    let notary = access.notary(console)?;
    match args.html {
        true => console.print(&page::write(&reader, stream, args, notary.latest().as_ref())?)?,
        false => {
            let mut out = |part: &str| console.print(part);
            notary.write_evidence(stream, clock::system()(), MAX_BUNDLE_BYTES, &mut out)?;
        }
    }
    Ok(Ended::Well)
}

pub(crate) fn verify(args: &VerifyEvidenceArgs) -> Result<ExitCode, Failure> {
    let key: VerifierKey = args.key.parse()?;
    let shown = args.file.display();
    let failure = |why: &dyn std::fmt::Display| Failure::new(format!("{shown}: {why}"));
    let mut text = String::new();
    let file = std::fs::File::open(&args.file).map_err(|error| failure(&error))?;
    file.take(MAX_BUNDLE_BYTES + 1).read_to_string(&mut text).map_err(|error| failure(&error))?;
    if text.len() as u64 > MAX_BUNDLE_BYTES {
        return Err(failure(&"it is larger than any bundle"));
    }
    let found = if is_consistency(&text) { consistent(&text, &key) } else { evident(&text, &key) };
    match found {
        Ok(said) => {
            console::print(&said)?;
            Ok(ExitCode::SUCCESS)
        }
        Err(why) => {
            console::print(&format!("NOT PROVEN: {why}\n"))?;
            Ok(ExitCode::FAILURE)
        }
    }
}

fn is_consistency(text: &str) -> bool {
    let format =
        serde_json::from_str::<Value>(text).ok().and_then(|value| Some(value.get("format")?.as_str()?.to_owned()));
    format.is_some_and(|format| format.starts_with("daybook-consistency"))
}

fn consistent(text: &str, key: &VerifierKey) -> Result<String, String> {
    let (earlier, later) = verify_consistency(text, key).map_err(|error| error.to_string())?;
    Ok(format!(
        "proven: the first {} of the {} records of {} are those that were signed before\n",
        earlier.size, later.size, later.origin
    ))
}

fn evident(text: &str, key: &VerifierKey) -> Result<String, String> {
    let verified = verify_evidence(text, key).map_err(|error| error.to_string())?;
    let Checkpoint { origin, size, .. } = &verified.checkpoint;
    Ok(format!(
        "proven: the {} events of order {} are in the ledger {origin} as it was signed with {size} records; none is \
         missing between the first and the last, which stands at position {}\nsaid by {origin}, and not proven: it was \
         the last among these records; the bundle was made {}\n",
        verified.events, verified.order, verified.last_position, verified.made
    ))
}
