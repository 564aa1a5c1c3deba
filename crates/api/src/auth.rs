//! Who is asking. A credential is looked up anew for each request, so that a revoked one ends at once.

use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use daybook_domain::{Actor, Role, StreamId};
use daybook_engine::Engine;
use sha2::{Digest, Sha256};

use crate::access::{self, Tenant};
use crate::schema::error::ApiError;

/// A caller whose token is valid.
#[derive(Clone, Debug)]
pub(crate) struct Session {
    pub(crate) actor: Actor,
    pub(crate) tenant: Tenant,
    secret_sha256: [u8; 32],
}

impl Session {
    /// From the text of an `Authorization` header: `Bearer dbk_` and 64 hexadecimal digits.
    pub(crate) fn from_bearer(engine: &Engine, header: Option<&str>) -> Result<Self, ApiError> {
        const MISSING: ApiError = ApiError::Unauthenticated("send a token: Authorization: Bearer dbk_…");
        const MALFORMED: ApiError = ApiError::Unauthenticated(
            "what was sent is no token: they are `Bearer dbk_` and 64 hexadecimal digits, as `daybook token create` prints",
        );
        let (scheme, token) = header.and_then(|header| header.split_once(' ')).ok_or(MISSING)?;
        let token = token.trim();
        let has_shape =
            token.strip_prefix("dbk_").is_some_and(|hex| hex.len() == 64 && hex.bytes().all(|b| b.is_ascii_hexdigit()));
        if !scheme.eq_ignore_ascii_case("bearer") || !has_shape {
            return Err(MALFORMED);
        }
        Self::from_hash(engine, Sha256::digest(token.as_bytes()).into())
    }

    pub(crate) fn from_headers(engine: &Engine, headers: &HeaderMap) -> Result<Self, ApiError> {
        Self::from_bearer(engine, headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok()))
    }

    fn from_hash(engine: &Engine, secret_sha256: [u8; 32]) -> Result<Self, ApiError> {
        let token = engine.token(&secret_sha256)?;
        let token = token
            .filter(|token| token.is_valid_at(engine.now()))
            .ok_or(ApiError::Unauthenticated("the token is unknown, expired or revoked"))?;
        if !access::is_let_in(token.role) {
            return Err(ApiError::Forbidden("tokens of this role are not let in so far"));
        }
        let actor = token.actor();
        let tenant = match (token.role, token.merchant) {
            (Role::Platform, _) => Tenant::All,
            (_, Some(merchant)) => Tenant::Merchant(merchant),
            (_, None) => {
                return Err(ApiError::Forbidden("a token of this role belongs to a merchant; issue another one"));
            }
        };
        Ok(Self { actor, tenant, secret_sha256 })
    }

    /// The token's stream.
    pub(crate) fn token(&self) -> StreamId {
        StreamId::token(&self.secret_sha256)
    }

    /// Whether the token is still valid: long-lived connections ask again and again.
    pub(crate) fn renew(&self, engine: &Engine) -> Result<(), ApiError> {
        Self::from_hash(engine, self.secret_sha256).map(|_| ())
    }
}
