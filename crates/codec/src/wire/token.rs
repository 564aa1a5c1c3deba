//! A credential's events.

use daybook_domain::event::{TokenIssued, TokenRevoked};
use daybook_domain::{MerchantId, Role, Slot, Timestamp};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::parts::variant;
use super::{BadField, FromWire, ToWire};

#[derive(Serialize, Deserialize)]
pub(crate) struct TokenIssuedV1<'a> {
    id: [u8; 16],
    role: u8,
    merchant: Option<&'a str>,
    expires_at: Option<i64>,
    label: &'a str,
}

#[cfg(test)]
impl<'a> ToWire<'a> for TokenIssuedV1<'a> {
    type Event = TokenIssued;

    fn from_event(event: &'a TokenIssued) -> Self {
        Self {
            id: event.id.into_bytes(),
            role: event.role.code(),
            merchant: event.merchant.as_ref().map(|id| id.as_str()),
            expires_at: event.expires_at.map(|at| at.0),
            label: &event.label,
        }
    }
}

impl<'a> FromWire<'a> for TokenIssuedV1<'a> {
    type Event = TokenIssued;

    fn into_event(self) -> Result<TokenIssued, BadField> {
        Ok(TokenIssued {
            id: Uuid::from_bytes(self.id),
            role: variant("role", self.role, &Role::ALL, Role::code)?,
            merchant: self.merchant.map(MerchantId::from_stored),
            expires_at: self.expires_at.map(Timestamp),
            label: self.label.into(),
            buyer: None,
        })
    }
}

/// With the buyer whose orders it shows.
#[derive(Serialize, Deserialize)]
pub(crate) struct TokenIssuedV2<'a> {
    id: [u8; 16],
    role: u8,
    merchant: Option<&'a str>,
    expires_at: Option<i64>,
    label: &'a str,
    buyer: Option<u32>,
}

impl<'a> ToWire<'a> for TokenIssuedV2<'a> {
    type Event = TokenIssued;

    fn from_event(event: &'a TokenIssued) -> Self {
        Self {
            id: event.id.into_bytes(),
            role: event.role.code(),
            merchant: event.merchant.as_ref().map(|id| id.as_str()),
            expires_at: event.expires_at.map(|at| at.0),
            label: &event.label,
            buyer: event.buyer.map(|slot| slot.0),
        }
    }
}

impl<'a> FromWire<'a> for TokenIssuedV2<'a> {
    type Event = TokenIssued;

    fn into_event(self) -> Result<TokenIssued, BadField> {
        Ok(TokenIssued {
            id: Uuid::from_bytes(self.id),
            role: variant("role", self.role, &Role::ALL, Role::code)?,
            merchant: self.merchant.map(MerchantId::from_stored),
            expires_at: self.expires_at.map(Timestamp),
            label: self.label.into(),
            buyer: self.buyer.map(Slot),
        })
    }
}

#[derive(Serialize, Deserialize)]
pub(crate) struct TokenRevokedV1 {}

impl ToWire<'_> for TokenRevokedV1 {
    type Event = TokenRevoked;

    fn from_event(_: &TokenRevoked) -> Self {
        Self {}
    }
}

impl FromWire<'_> for TokenRevokedV1 {
    type Event = TokenRevoked;

    fn into_event(self) -> Result<TokenRevoked, BadField> {
        Ok(TokenRevoked {})
    }
}
