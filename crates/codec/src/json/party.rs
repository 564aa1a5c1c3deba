//! Merchants and credentials.

use std::borrow::Cow;

use daybook_domain::event::{
    MerchantClosed, MerchantMoved, MerchantRegistered, MerchantReopened, TokenIssued, TokenRevoked,
};
use daybook_domain::{MerchantId, Role, Slot};

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

    /// A merchant stands below another one of its tree from now on, with all that stands below it.
    struct MerchantMovedJson<'a> {
        parent: Called<'a, MerchantId>,
    }

    /// A merchant takes no more orders.
    struct MerchantClosedJson {}

    /// A merchant takes orders again.
    struct MerchantReopenedJson {}

    /// A credential was made.
    struct TokenIssuedJson<'a> {
        /// The token's public id, which is also its actor's.
        id: Id,
        role: One<Role>,
        /// The tenant; none for the platform.
        merchant: Option<Called<'a, MerchantId>>,
        expires_at: Option<Time>,
        label: Cow<'a, str>,
        /// The key's slot of the buyer whose orders it shows.
        buyer: Option<u32>,
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

impl<'a> JsonForm<'a> for MerchantMovedJson<'a> {
    type Event = MerchantMoved;

    fn from_event(event: &'a MerchantMoved, _: &mut Opener<'_>) -> Self {
        Self { parent: Called::new(&event.parent) }
    }

    fn into_event(self, _: &mut Sealer<'_>) -> Result<MerchantMoved, JsonError> {
        Ok(MerchantMoved { parent: self.parent.into_name() })
    }
}

impl<'a> JsonForm<'a> for MerchantClosedJson {
    type Event = MerchantClosed;

    fn from_event(_: &'a MerchantClosed, _: &mut Opener<'_>) -> Self {
        Self {}
    }

    fn into_event(self, _: &mut Sealer<'_>) -> Result<MerchantClosed, JsonError> {
        Ok(MerchantClosed {})
    }
}

impl<'a> JsonForm<'a> for MerchantReopenedJson {
    type Event = MerchantReopened;

    fn from_event(_: &'a MerchantReopened, _: &mut Opener<'_>) -> Self {
        Self {}
    }

    fn into_event(self, _: &mut Sealer<'_>) -> Result<MerchantReopened, JsonError> {
        Ok(MerchantReopened {})
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
            buyer: event.buyer.map(|slot| slot.0),
        }
    }

    fn into_event(self, _: &mut Sealer<'_>) -> Result<TokenIssued, JsonError> {
        Ok(TokenIssued {
            id: self.id.0,
            role: self.role.0,
            merchant: self.merchant.map(Called::into_name),
            expires_at: self.expires_at.map(|at| at.0),
            label: self.label.into(),
            buyer: self.buyer.map(Slot),
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
