//! The stored form of events: frozen wire structs, upcasters, JSON.
#![deny(clippy::wildcard_enum_match_arm)]

mod error;
mod recorded;
mod stored;
mod wire;

pub use error::{CodecError, FieldProblem};
pub use recorded::{StoredEvent, decode_recorded};
pub use stored::{Encoded, current_version, decode, encode, encode_into, versions};

#[cfg(test)]
mod tests;
