//! An event together with its envelope, as the ledger hands it out.

use daybook_domain::{Actor, CommandId, Origin, Position, ReasonCode, Recorded, Revision, Role, StreamId, Timestamp};
use uuid::Uuid;

use crate::error::CodecError;
use crate::stored::decode;

/// An envelope's fields and the payload, whatever ledger they come from. Times are microseconds since 1970.
#[derive(Clone, Copy, Debug)]
pub struct StoredEvent<'a> {
    pub position: Position,
    pub stream: Uuid,
    pub revision: Revision,
    /// The last position of the commit that the event is part of.
    pub commit_end: Position,
    pub kind: u16,
    pub version: u16,
    pub command_id: Uuid,
    pub actor: Uuid,
    pub role: u8,
    pub origin: u8,
    pub reason: Option<u16>,
    pub causation: Option<Position>,
    pub correlation: Option<Uuid>,
    pub recorded_at: i64,
    pub occurred_at: i64,
    pub payload: &'a [u8],
}

/// Decodes payload and envelope.
///
/// # Errors
///
/// As [`decode`]; also when role, origin or reason are unknown.
pub fn decode_recorded(stored: &StoredEvent<'_>) -> Result<Recorded, CodecError> {
    let unknown = |field, number: u16| CodecError::Envelope { field, number };
    let event = decode(stored.kind, stored.version, stored.payload)?;
    let origin = Origin::VARIANTS.iter().copied().find(|&origin| origin as u8 == stored.origin);
    let reason = |code| ReasonCode::from_code(code).ok_or_else(|| unknown("reason", code));
    Ok(Recorded {
        position: stored.position,
        stream: StreamId(stored.stream),
        revision: stored.revision,
        version: stored.version,
        commit_end: stored.commit_end,
        command_id: CommandId(stored.command_id),
        actor: Actor {
            id: stored.actor,
            role: Role::from_code(stored.role).ok_or_else(|| unknown("role", stored.role.into()))?,
        },
        origin: origin.ok_or_else(|| unknown("origin", stored.origin.into()))?,
        reason: stored.reason.map(reason).transpose()?,
        causation: stored.causation,
        correlation: stored.correlation,
        recorded_at: Timestamp(stored.recorded_at),
        occurred_at: Timestamp(stored.occurred_at),
        event,
    })
}
