//! Tokens by when they were issued.

use daybook_domain::{Actor, CommandId, Event, MerchantId, Position, Recorded, Role, Slot, StreamId, Timestamp};
use uuid::Uuid;

/// All that may be known of a credential; neither its secret nor the secret's hash is in the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenEntry {
    pub stream: StreamId,
    /// Its public id, which is also its actor's.
    pub id: Uuid,
    pub role: Role,
    /// Whose it is; none for the platform's.
    pub merchant: Option<MerchantId>,
    /// Whose orders it shows, of a buyer's.
    pub buyer: Option<Slot>,
    pub label: Box<str>,
    pub issued: Issuance,
    pub expires_at: Option<Timestamp>,
    pub revoked_at: Option<Timestamp>,
}

impl TokenEntry {
    /// As of the event that made it; none if this is another event.
    pub fn issued(recorded: &Recorded) -> Option<Self> {
        let Event::TokenIssued(event) = &recorded.event else { return None };
        Some(Self {
            stream: recorded.stream,
            id: event.id,
            role: event.role,
            merchant: event.merchant.clone(),
            buyer: event.buyer,
            label: event.label.clone(),
            issued: Issuance {
                position: recorded.position,
                at: recorded.recorded_at,
                command_id: recorded.command_id,
                actor: recorded.actor,
            },
            expires_at: event.expires_at,
            revoked_at: None,
        })
    }
}

/// The event that made a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Issuance {
    pub position: Position,
    pub at: Timestamp,
    pub command_id: CommandId,
    pub actor: Actor,
}

/// Newest first; the next page ends before the last one's position.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TokenPage {
    pub tokens: Vec<TokenEntry>,
    pub has_next: bool,
}
