//! Evidence: an order's events, as they are stored and as they read, each with the proof that it is in the ledger.

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use daybook_codec::{CodecError, StoredEvent, decode_recorded, format_time, to_json};
use daybook_domain::{Recorded, StreamId, Timestamp};
use daybook_ledger::{Origin, ProofError, ReadError, Record};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use thiserror::Error;

use crate::{Notary, NotaryError, canonical, tree};

/// What the field `format` of a bundle says.
pub(crate) const FORMAT: &str = "daybook-evidence-1";

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
}

/// A bundle as it is written: JSON, readable without Daybook.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Bundle {
    pub(crate) format: String,
    /// The signed checkpoint that the proofs lead to.
    pub(crate) checkpoint: String,
    /// What the operator says and signs beside it: which event was the last one, and how the events read.
    pub(crate) statement: String,
    /// From revision 1 on, without gaps.
    pub(crate) events: Vec<BundledEvent>,
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
    /// SHA-256 of all `event` fields, as an array, in their canonical spelling.
    pub(crate) events: [u8; 32],
    pub(crate) made: String,
    /// The version of Daybook that spelled them out.
    pub(crate) version: String,
}

impl Statement {
    pub(crate) fn write(&self) -> String {
        let Self { origin, stream, size, root, revision, position, events, made, version } = self;
        let (root, events) = (tree::encode(root), tree::encode(events));
        format!(
            "{origin}\nevidence {stream}\ncheckpoint {size} {root}\nhead {revision} {position}\nevents {events}\nmade \
             {made}\ndaybook {version}\n"
        )
    }

    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mut lines = text.lines();
        let origin = lines.next()?.to_owned();
        let mut field = |name: &str| lines.next()?.strip_prefix(name)?.strip_prefix(' ');
        let stream = field("evidence")?.parse().ok()?;
        let (size, root) = field("checkpoint")?.split_once(' ')?;
        let (revision, position) = field("head")?.split_once(' ')?;
        let statement = Self {
            origin,
            stream,
            size: size.parse().ok()?,
            root: tree::decode(root)?,
            revision: revision.parse().ok()?,
            position: position.parse().ok()?,
            events: tree::decode(field("events")?)?,
            made: field("made")?.to_owned(),
            version: field("daybook")?.to_owned(),
        };
        (statement.write() == text).then_some(statement)
    }
}

impl Notary {
    /// Everything that happened to an order, against the newest checkpoint, or one that is signed now if that has not all
    /// of it; as JSON. `now` is only said, not checked.
    ///
    /// # Errors
    /// There is no such order or no key, or something cannot be read.
    pub fn evidence(&self, stream: StreamId, now: Timestamp) -> Result<String, EvidenceError> {
        let head = self.ledger().head(stream.0).ok_or(EvidenceError::Unknown)?.position.get();
        self.check()?;
        let checkpoint = match self.latest().filter(|latest| latest.checkpoint.size >= head) {
            // Another key than the one that is there now may have signed it.
            Some(latest) if self.has_signed(&latest) => latest,
            Some(_) | None => self.sign()?,
        };
        let size = checkpoint.checkpoint.size;
        let records = self.ledger().read_stream(stream.0)?;
        let mut bundled = Vec::new();
        let mut head = None;
        // What came since the checkpoint was signed is not in it.
        for owned in records.iter().take_while(|owned| owned.record().position.get() <= size) {
            let record = owned.record();
            let position = record.position.get();
            let proof = self.ledger().inclusion(record.position, size)?;
            tree::verify_inclusion(&checkpoint.checkpoint, position, record.bytes(), &proof)
                .map_err(NotaryError::from)?;
            let event = readable(&record).map_err(|source| EvidenceError::Codec { position, source })?;
            let proof = proof.iter().map(|hash| tree::encode(hash)).collect();
            bundled.push(BundledEvent { record: BASE64.encode(record.bytes()), proof, event });
            head = Some((record.revision, position));
        }
        let (revision, position) = head.ok_or(EvidenceError::Unknown)?;
        let events = Value::from(bundled.iter().map(|bundled| bundled.event.clone()).collect::<Vec<_>>());
        let statement = self.sign_text(|key| {
            let statement = Statement {
                origin: key.name().to_owned(),
                stream: stream.0,
                size,
                root: checkpoint.checkpoint.root,
                revision,
                position,
                events: canonical::hash(&events),
                made: format_time(now),
                version: env!("CARGO_PKG_VERSION").to_owned(),
            };
            statement.write()
        })?;
        let bundle = Bundle { format: FORMAT.into(), checkpoint: checkpoint.text, statement, events: bundled };
        let mut text = serde_json::to_string_pretty(&bundle).expect("texts and JSON can be written");
        text.push('\n');
        Ok(text)
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
