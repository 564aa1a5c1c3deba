//! Merchants and credentials.

use std::borrow::Cow;

use daybook_domain::event::{MerchantRegistered, TokenIssued, TokenRevoked};
use daybook_domain::{MerchantId, Role};

use super::parts::{into_merchants, merchants};
use super::text::{Opener, Sealer};
use super::{JsonError, JsonForm};
use crate::shape::shapes;
use crate::values::{Called, Id, One, Time};

shapes! {
    /// A merchant joined.
    struct MerchantRegisteredJson<'a> {
        id: Called<'a, MerchantId>,
        name: Cow<'a, str>,
        /// Root first, the parent last; empty for a tree's root.
        ancestors: Vec<Called<'a, MerchantId>>,
    }

    /// A credential was made.
    struct TokenIssuedJson<'a> {
        /// The token's public id, which is also its actor's.
        id: Id,
        role: One<Role>,
        /// The tenant; none for the platform.
        merchant: Option<Called<'a, MerchantId>>,
        expires_at: Option<Time>,
        label: Cow<'a, str>,
    }

    /// A credential is no longer good.
    struct TokenRevokedJson {}
}

impl<'a> JsonForm<'a> for MerchantRegisteredJson<'a> {
    type Event = MerchantRegistered;

    fn from_event(event: &'a MerchantRegistered, _: &mut Opener<'_>) -> Self {
        Self { id: Called::new(&event.id), name: Cow::Borrowed(&event.name), ancestors: merchants(&event.ancestors) }
    }

    fn into_event(self, _: &mut Sealer<'_>) -> Result<MerchantRegistered, JsonError> {
        Ok(MerchantRegistered {
            id: self.id.into_name(),
            name: self.name.into(),
            ancestors: into_merchants(self.ancestors),
        })
    }
}

impl<'a> JsonForm<'a> for TokenIssuedJson<'a> {
    type Event = TokenIssued;

    fn from_event(event: &'a TokenIssued, _: &mut Opener<'_>) -> Self {
        Self {
            id: Id(event.id),
            role: One(event.role),
            merchant: event.merchant.as_ref().map(Called::new),
            expires_at: event.expires_at.map(Time),
            label: Cow::Borrowed(&event.label),
        }
    }

    fn into_event(self, _: &mut Sealer<'_>) -> Result<TokenIssued, JsonError> {
        Ok(TokenIssued {
            id: self.id.0,
            role: self.role.0,
            merchant: self.merchant.map(Called::into_name),
            expires_at: self.expires_at.map(|at| at.0),
            label: self.label.into(),
        })
    }
}

impl<'a> JsonForm<'a> for TokenRevokedJson {
    type Event = TokenRevoked;

    fn from_event(_: &'a TokenRevoked, _: &mut Opener<'_>) -> Self {
        Self {}
    }

    fn into_event(self, _: &mut Sealer<'_>) -> Result<TokenRevoked, JsonError> {
        Ok(TokenRevoked {})
    }
}
