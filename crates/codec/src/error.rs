//! Why stored bytes are not an event.

use daybook_domain::Kind;
use thiserror::Error;

/// Why a stored event cannot be understood. Nothing here is ever mended by guessing.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum CodecError {
    #[error("event kind {kind} is not known; a newer Daybook wrote it: update this one")]
    UnknownKind { kind: u16 },
    #[error("version {version} of {} is not known; a newer Daybook wrote it: update this one", kind.name())]
    UnknownVersion { kind: Kind, version: u16 },
    #[error("the payload is no {} of version {version} ({problem}); run `daybook verify`", kind.name())]
    Malformed { kind: Kind, version: u16, problem: String },
    #[error("{bytes} bytes follow the {} of version {version}; run `daybook verify`", kind.name())]
    TrailingBytes { kind: Kind, version: u16, bytes: usize },
    #[error("{field} of the {} of version {version} {problem}; run `daybook verify`", kind.name())]
    Field { kind: Kind, version: u16, field: &'static str, problem: FieldProblem },
    #[error("{field} {number} in the envelope is not known; a newer Daybook wrote it: update this one")]
    Envelope { field: &'static str, number: u16 },
}

/// What is wrong with one field of a payload.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum FieldProblem {
    #[error("holds the unknown number {0}")]
    UnknownNumber(u8),
    #[error("is no currency code")]
    NotCurrency,
    #[error("is missing")]
    Missing,
}
