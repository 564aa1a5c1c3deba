//! Checking evidence, with nothing but the bundle and the operator's public key.

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use daybook_ledger::OwnedRecord;
use thiserror::Error;
use uuid::Uuid;

use crate::canonical::ArrayHash;
use crate::checkpoint::CheckpointError;
use crate::evidence::{Bundle, BundledEvent, FORMAT, READINGS, Statement, readable};
use crate::note::{self, NoteError};
use crate::{Checkpoint, VerifierKey, json, tree};

/// What is wrong with a bundle. Whatever it is, the bundle proves nothing.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum BundleWrong {
    #[error("it is no bundle of evidence: {0}")]
    Malformed(String),
    #[error("its format {0:?} is unknown; a newer daybook may read it")]
    Format(String),
    #[error("it has no events")]
    Empty,
    #[error("its checkpoint: {0}")]
    Checkpoint(#[from] CheckpointError),
    #[error("its statement: {0}")]
    Statement(NoteError),
    #[error("its statement is none: lines are missing or wrong")]
    StatementLines,
    #[error("its statement is about another ledger or another checkpoint than the one beside it")]
    OtherCheckpoint,
    #[error("event {number}: its record is none: {what}")]
    Record { number: usize, what: String },
    #[error("event {number}: its record is of another order")]
    OtherStream { number: usize },
    #[error("event {number}: it does not follow the one before it: an event is missing, added or out of its place")]
    Chain { number: usize },
    #[error("event {number}: its record is not in the ledger that was signed")]
    NotIncluded { number: usize },
    #[error("event {number}: what is to be read is not what its record says{hint}")]
    Reading { number: usize, hint: String },
    #[error("what is to be read is not what was signed")]
    Readings,
    #[error("the last event is not the one that the operator says is the last")]
    Head,
    #[error(
        "its records are all in the ledger as it was signed, and none is missing between the first and the last; but \
         what is to be read is spelled in format {format}, which came after this program: to check that it says what the \
         records say, use daybook {version} or newer"
    )]
    NewerReadings { format: u32, version: String },
}

/// What a bundle proves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    pub checkpoint: Checkpoint,
    /// The order's stream.
    pub order: Uuid,
    /// Its events, from the first to the last; none is missing between them.
    pub events: usize,
    /// Where the last of them stands in the ledger. That it was the last when the checkpoint was signed is what the
    /// operator says; nothing proves it.
    pub last_position: u64,
    /// When the operator says that the bundle was made, in RFC 3339.
    pub made: String,
}

/// Checks a bundle: who signed it, that every event is in the ledger as signed, that none is missing between the first and
/// the last, and that what is to be read is what the records say.
///
/// # Errors
/// Whatever does not hold, the first of it.
pub fn verify_evidence(bundle: &str, key: &VerifierKey) -> Result<Verified, BundleWrong> {
    let malformed = |error: serde_json::Error| BundleWrong::Malformed(error.to_string());
    let bundle: Bundle = json::parse(bundle).and_then(json::read).map_err(malformed)?;
    if bundle.format != FORMAT {
        return Err(BundleWrong::Format(bundle.format));
    }
    let checkpoint = Checkpoint::open(&bundle.checkpoint, key)?;
    let text = note::open(&bundle.statement, key).map_err(BundleWrong::Statement)?;
    let statement = Statement::parse(text).ok_or(BundleWrong::StatementLines)?;
    if (&statement.origin, statement.size, statement.root) != (&checkpoint.origin, checkpoint.size, checkpoint.root) {
        return Err(BundleWrong::OtherCheckpoint);
    }
    if bundle.events.is_empty() {
        return Err(BundleWrong::Empty);
    }
    let mut last = (0, 0);
    let mut readings = ArrayHash::default();
    let events = bundle.events.len();
    for (at, bundled) in bundle.events.into_iter().enumerate() {
        let bundled: BundledEvent = json::read(bundled).map_err(malformed)?;
        last = check_event(at + 1, &bundled, &checkpoint, &statement, last)?;
        readings.push(&bundled.event);
    }
    if last != (statement.revision, statement.position) {
        return Err(BundleWrong::Head);
    }
    if readings.finish() != statement.events {
        return Err(BundleWrong::Readings);
    }
    if statement.format > READINGS {
        return Err(BundleWrong::NewerReadings { format: statement.format, version: statement.version });
    }
    Ok(Verified { checkpoint, order: statement.stream, events, last_position: last.1, made: statement.made })
}

/// `before`: revision and position of the event before it, zeros for none. Returns the event's.
fn check_event(
    number: usize,
    bundled: &BundledEvent,
    checkpoint: &Checkpoint,
    statement: &Statement,
    before: (u32, u64),
) -> Result<(u32, u64), BundleWrong> {
    let wrong = |what: &dyn ToString| BundleWrong::Record { number, what: what.to_string() };
    let bytes = BASE64.decode(&bundled.record).map_err(|error| wrong(&error))?;
    let owned = OwnedRecord::parse(bytes).map_err(|error| wrong(&error))?;
    let record = owned.record();
    let position = record.position.get();
    if record.stream != statement.stream {
        return Err(BundleWrong::OtherStream { number });
    }
    if record.revision != before.0 + 1 || record.previous.map_or(0, daybook_ledger::Position::get) != before.1 {
        return Err(BundleWrong::Chain { number });
    }
    let proof = bundled.proof.iter().map(|hash| tree::decode(hash)).collect::<Option<Vec<_>>>();
    let proof = proof.ok_or(BundleWrong::NotIncluded { number })?;
    tree::verify_inclusion(checkpoint, position, record.bytes(), &proof)
        .map_err(|_| BundleWrong::NotIncluded { number })?;
    if statement.format > READINGS {
        return Ok((record.revision, position));
    }
    let read = readable(&record).map_err(|error| wrong(&error))?;
    if read != bundled.event {
        let version = &statement.version;
        let hint = match version == env!("CARGO_PKG_VERSION") {
            true => String::new(),
            false => format!("; daybook {version} spelled it out, so try that if this one may write it otherwise"),
        };
        return Err(BundleWrong::Reading { number, hint });
    }
    Ok((record.revision, position))
}
