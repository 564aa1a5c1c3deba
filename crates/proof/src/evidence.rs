//! Evidence: an order's events, as they are stored and as they read, each with the proof that it is in the ledger.

use std::io;

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use daybook_codec::{CodecError, StoredEvent, decode_recorded, format_time, to_json};
use daybook_domain::{Recorded, StreamId, Timestamp};
use daybook_ledger::{Origin, Position, ProofError, ReadError, Record};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use thiserror::Error;

use crate::canonical::ArrayHash;
use crate::{Checkpoint, Notary, NotaryError, tree};

/// What the field `format` of a bundle says.
pub(crate) const FORMAT: &str = "daybook-evidence-1";
/// Which spelling of events as JSON bundles are made with, as the operator signs it. Whoever changes how any event of an
/// order reads, or adds a kind or a version, raises it, and keeps the spelling before for checking: bundles of that lie
/// in files that nobody changes.
pub(crate) const READINGS: u32 = 1;
/// What `verify_evidence` is ready to hold, in bytes.
pub const MAX_BUNDLE_BYTES: u64 = 1 << 30;
/// No event takes less of a bundle.
const LEAST_EVENT_BYTES: u64 = 400;

/// Why there is no evidence.
#[derive(Debug, Error)]
pub enum EvidenceError {
    #[error(transparent)]
    Notary(#[from] NotaryError),
    #[error(transparent)]
    Read(#[from] ReadError),
    #[error(transparent)]
    Proof(#[from] ProofError),
    #[error("the event at position {position} cannot be decoded: {source}; run `daybook verify`")]
    Codec { position: u64, source: CodecError },
    #[error("there is no such order")]
    Unknown,
    #[error("its bundle would have more than {} MiB", .max_bytes >> 20)]
    TooLarge { max_bytes: u64 },
    #[error(transparent)]
    Write(io::Error),
}

/// A bundle: JSON, readable without Daybook.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Bundle {
    pub(crate) format: String,
    /// The signed checkpoint that the proofs lead to.
    pub(crate) checkpoint: String,
    /// What the operator says and signs beside it: which event was the last one, and how the events read.
    pub(crate) statement: String,
    /// From revision 1 on, without gaps; each a [`BundledEvent`].
    pub(crate) events: Vec<Value>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct BundledEvent {
    /// The bytes that are a leaf of the tree, in base64.
    pub(crate) record: String,
    /// Hashes from the leaf to the root, as RFC 6962 lists them, in base64.
    pub(crate) proof: Vec<String>,
    /// What the bytes say. Personal texts are sealed in them, and stay so.
    pub(crate) event: Value,
}

/// The lines that the operator signs beside the checkpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Statement {
    pub(crate) origin: String,
    pub(crate) stream: uuid::Uuid,
    pub(crate) size: u64,
    pub(crate) root: [u8; 32],
    /// The stream's last event among the checkpoint's records.
    pub(crate) revision: u32,
    pub(crate) position: u64,
    /// How the `event` fields spell what the records say: [`READINGS`] of whoever wrote them.
    pub(crate) format: u32,
    /// SHA-256 of all `event` fields, as an array, in their canonical spelling.
    pub(crate) events: [u8; 32],
    pub(crate) made: String,
    /// The version of Daybook that spelled them out.
    pub(crate) version: String,
}

impl Statement {
    pub(crate) fn write(&self) -> String {
        let Self { origin, stream, size, root, revision, position, format, events, made, version } = self;
        let (root, events) = (tree::encode(root), tree::encode(events));
        format!(
            "{origin}\nevidence {stream}\ncheckpoint {size} {root}\nhead {revision} {position}\nreadings {format} \
             {events}\nmade {made}\ndaybook {version}\n"
        )
    }

    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mut lines = text.split('\n');
        let origin = lines.next()?.to_owned();
        let mut field = |name: &str| lines.next()?.strip_prefix(name)?.strip_prefix(' ');
        let stream = field("evidence")?.parse().ok()?;
        let (size, root) = field("checkpoint")?.split_once(' ')?;
        let (revision, position) = field("head")?.split_once(' ')?;
        let (format, events) = field("readings")?.split_once(' ')?;
        let statement = Self {
            origin,
            stream,
            size: size.parse().ok()?,
            root: tree::decode(root)?,
            revision: revision.parse().ok()?,
            position: position.parse().ok()?,
            format: format.parse().ok()?,
            events: tree::decode(events)?,
            made: field("made")?.to_owned(),
            version: field("daybook")?.to_owned(),
        };
        (statement.write() == text && format != "0").then_some(statement)
    }
}

impl Notary {
    /// Everything that happened to an order, against the newest checkpoint, or one that is signed now if that has not all
    /// of it: a bundle as JSON, of at most `max_bytes`. `now` is only said, not checked.
    ///
    /// # Errors
    /// There is no such order or no key, it has too much, or something cannot be read.
    pub fn evidence(&self, stream: StreamId, now: Timestamp, max_bytes: u64) -> Result<String, EvidenceError> {
        let mut text = String::new();
        self.write_evidence(stream, now, max_bytes, &mut |part| {
            text.push_str(part);
            Ok(())
        })?;
        Ok(text)
    }

    /// As [`Notary::evidence`], handed on part by part: of the order's events, no more than one is held at a time.
    ///
    /// # Errors
    /// As there; also what `out` returns. What was handed on until then is no bundle.
    pub fn write_evidence(
        &self,
        stream: StreamId,
        now: Timestamp,
        max_bytes: u64,
        out: &mut dyn FnMut(&str) -> io::Result<()>,
    ) -> Result<(), EvidenceError> {
        let head = self.ledger().head(stream.0).ok_or(EvidenceError::Unknown)?;
        if u64::from(head.revision) * LEAST_EVENT_BYTES > max_bytes {
            return Err(EvidenceError::TooLarge { max_bytes });
        }
        self.check()?;
        let checkpoint = match self.latest().filter(|latest| latest.checkpoint.size >= head.position.get()) {
            // Another key than the one that is there now may have signed it.
            Some(latest) if self.has_signed(&latest) => latest,
            Some(_) | None => self.sign()?,
        };
        let size = checkpoint.checkpoint.size;
        let mut left = max_bytes;
        let mut write = |part: &str| {
            left = left.checked_sub(part.len() as u64).ok_or(EvidenceError::TooLarge { max_bytes })?;
            out(part).map_err(EvidenceError::Write)
        };
        let text = |text: &str| Value::from(text).to_string();
        let (format, signed) = (text(FORMAT), text(&checkpoint.text));
        write(&format!("{{\n\"format\": {format},\n\"checkpoint\": {signed},\n\"events\": ["))?;
        let mut events = ArrayHash::default();
        let mut last = None;
        // What came since the checkpoint was signed is not in it.
        for at in self.positions(head.position)?.into_iter().take_while(|at| at.get() <= size) {
            let owned = self.ledger().read(at)?;
            let bundled = self.bundled(&owned.record(), &checkpoint.checkpoint)?;
            events.push(&bundled.event);
            let line = serde_json::to_string(&bundled).expect("texts and JSON can be written");
            write(&format!("{}\n{line}", if last.is_none() { "" } else { "," }))?;
            last = Some((owned.record().revision, at.get()));
        }
        let (revision, position) = last.ok_or(EvidenceError::Unknown)?;
        let statement = self.sign_text(|key| {
            let statement = Statement {
                origin: key.name().to_owned(),
                stream: stream.0,
                size,
                root: checkpoint.checkpoint.root,
                revision,
                position,
                format: READINGS,
                events: events.finish(),
                made: format_time(now),
                version: env!("CARGO_PKG_VERSION").to_owned(),
            };
            statement.write()
        })?;
        write(&format!("\n],\n\"statement\": {}\n}}\n", text(&statement)))
    }

    /// Where a stream's events stand up to its newest, oldest first.
    fn positions(&self, head: Position) -> Result<Vec<Position>, ReadError> {
        let mut found = Vec::new();
        let mut next = Some(head);
        while let Some(position) = next {
            found.push(position);
            next = self.ledger().read(position)?.record().previous;
        }
        found.reverse();
        Ok(found)
    }

    fn bundled(&self, record: &Record<'_>, checkpoint: &Checkpoint) -> Result<BundledEvent, EvidenceError> {
        let position = record.position.get();
        let proof = self.ledger().inclusion(record.position, checkpoint.size)?;
        tree::verify_inclusion(checkpoint, position, record.bytes(), &proof).map_err(NotaryError::from)?;
        let event = readable(record).map_err(|source| EvidenceError::Codec { position, source })?;
        let proof = proof.iter().map(|hash| tree::encode(hash)).collect();
        Ok(BundledEvent { record: BASE64.encode(record.bytes()), proof, event })
    }
}

/// What a record says, personal texts sealed.
pub(crate) fn readable(record: &Record<'_>) -> Result<Value, CodecError> {
    Ok(to_json(&decode(record)?, &mut |_, _| None))
}

fn decode(record: &Record<'_>) -> Result<Recorded, CodecError> {
    let position = record.position.get();
    decode_recorded(&StoredEvent {
        position,
        stream: record.stream,
        revision: record.revision,
        commit_end: position + u64::from(record.commit_count) - u64::from(record.commit_index) - 1,
        kind: record.kind,
        version: record.version,
        command_id: record.command_id,
        actor: record.actor,
        role: record.role,
        origin: match record.origin {
            Origin::Live => 0,
            Origin::Import => 1,
            Origin::System => 2,
        },
        reason: record.reason.map(std::num::NonZeroU16::get),
        causation: record.causation.map(daybook_ledger::Position::get),
        correlation: record.correlation,
        recorded_at: record.recorded_at,
        occurred_at: record.occurred_at,
        payload: record.payload,
    })
}
