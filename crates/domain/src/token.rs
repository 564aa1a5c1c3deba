//! A credential. Its stream follows from the SHA-256 of its secret, which is all that is known of the secret.

use uuid::Uuid;

use crate::event::TokenIssued;
use crate::ids::{Actor, MerchantId, Role};
use crate::sealed::Slot;
use crate::time::Timestamp;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    pub id: Uuid,
    pub role: Role,
    pub merchant: Option<MerchantId>,
    pub expires_at: Option<Timestamp>,
    /// Only of the role Buyer: whose orders it shows.
    pub buyer: Option<Slot>,
    pub revoked: bool,
}

impl Token {
    pub fn issued(event: &TokenIssued) -> Self {
        Self {
            id: event.id,
            role: event.role,
            merchant: event.merchant.clone(),
            expires_at: event.expires_at,
            buyer: event.buyer,
            revoked: false,
        }
    }

    pub fn is_valid_at(&self, now: Timestamp) -> bool {
        !self.revoked && self.expires_at.is_none_or(|end| now < end)
    }

    pub fn actor(&self) -> Actor {
        Actor { id: self.id, role: self.role }
    }
}
