//! Credentials, as far as they may be seen.

use async_graphql::{ID, SimpleObject};
use daybook_domain::Position;
use daybook_views::Views;
use daybook_views::query::TokenEntry;

use super::enums::Role;
use super::error::ApiError;
use super::page::{self, PageInfo};
use super::scalar::DateTime;
use crate::access::Tenant;
use crate::http::Services;

/// A credential. Its secret is not kept, so nobody sees it again.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(name = "Token")]
pub(crate) struct TokenObject {
    /// Public; it stands in every event that the token's bearer caused.
    id: ID,
    role: Role,
    /// Whose data it shows; null: everybody's.
    merchant: Option<ID>,
    /// What it is for; may be empty.
    label: String,
    created_at: DateTime,
    /// From then on it lets nobody in; null: it does not end by itself.
    expires_at: Option<DateTime>,
    /// When it was ended; null: it was not.
    revoked_at: Option<DateTime>,
    /// When somebody signed in with it last, to about a minute; null: nobody did, as far as is known.
    last_used_at: Option<DateTime>,
}

impl TokenObject {
    pub(crate) fn of(services: &Services, entry: &TokenEntry) -> Self {
        Self {
            id: ID(entry.id.to_string()),
            role: entry.role.into(),
            merchant: entry.merchant.as_ref().map(|merchant| ID(merchant.as_str().to_owned())),
            label: entry.label.to_string(),
            created_at: DateTime(entry.issued.at),
            expires_at: entry.expires_at.map(DateTime),
            revoked_at: entry.revoked_at.map(DateTime),
            last_used_at: services.credentials.uses.last(entry.id).map(DateTime),
        }
    }
}

#[derive(SimpleObject)]
pub(crate) struct TokenEdge {
    cursor: String,
    node: TokenObject,
}

#[derive(SimpleObject)]
pub(crate) struct TokenConnection {
    nodes: Vec<TokenObject>,
    edges: Vec<TokenEdge>,
    page_info: PageInfo,
}

/// Newest first; a cursor is the position at which a token was issued.
pub(crate) fn list(
    services: &Services,
    views: &Views,
    tenant: &Tenant,
    first: Option<i32>,
    after: Option<&str>,
) -> Result<TokenConnection, ApiError> {
    let first = page::first(first)?;
    let bad = |_| ApiError::Invalid("after is not a cursor of this list".into());
    let before: Option<Position> = after.map(str::parse).transpose().map_err(bad)?;
    let found = views.tokens()?.page(tenant.own(), before, first);
    let edges: Vec<TokenEdge> = found
        .tokens
        .iter()
        .map(|entry| TokenEdge { cursor: entry.issued.position.to_string(), node: TokenObject::of(services, entry) })
        .collect();
    let nodes = edges.iter().map(|edge| edge.node.clone()).collect();
    let page_info = PageInfo::of(edges.iter().map(|edge| edge.cursor.as_str()), found.has_next, before.is_some());
    Ok(TokenConnection { nodes, edges, page_info })
}
