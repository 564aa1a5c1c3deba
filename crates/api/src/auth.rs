//! Who is asking. A credential is looked up anew for each request, so that a revoked one ends at once.

use std::net::IpAddr;

use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use daybook_domain::{Actor, MerchantId, Role};
use daybook_engine::Engine;

use crate::access::{self, Tenant};
use crate::credentials::secret_sha256;
use crate::http::Services;
use crate::schema::error::ApiError;
use crate::security::Asker;

/// A caller whose credential is valid.
#[derive(Clone, Debug)]
pub(crate) struct Session {
    pub(crate) actor: Actor,
    pub(crate) tenant: Tenant,
    /// From where it came, if that is known.
    pub(crate) remote: Option<IpAddr>,
    secret_sha256: [u8; 32],
}

/// Why a credential was not taken.
pub(crate) struct Unwelcome {
    error: ApiError,
    /// For the security log.
    code: &'static str,
    actor: Option<Actor>,
}

impl Unwelcome {
    pub(crate) fn unauthenticated(code: &'static str, why: &'static str) -> Self {
        Self { error: ApiError::Unauthenticated(why), code, actor: None }
    }

    pub(crate) fn forbidden(code: &'static str, why: &'static str) -> Self {
        Self { error: ApiError::Forbidden(why), code, actor: None }
    }

    pub(crate) fn of(self, actor: Actor) -> Self {
        Self { actor: Some(actor), ..self }
    }
}

impl From<daybook_engine::ReadError> for Unwelcome {
    fn from(error: daybook_engine::ReadError) -> Self {
        Self { error: error.into(), code: "not-checked", actor: None }
    }
}

impl Session {
    /// From the text of an `Authorization` header: `Bearer dbk_` and 64 hexadecimal digits. A failure is logged.
    pub(crate) fn from_bearer(
        services: &Services,
        header: Option<&str>,
        remote: Option<IpAddr>,
    ) -> Result<Self, ApiError> {
        let session = Self::sign_in(services, header).map_err(|unwelcome| {
            let asker = Asker { actor: unwelcome.actor, remote };
            services.security.sign_in_failed(asker, unwelcome.code);
            unwelcome.error
        })?;
        Ok(Self { remote, ..session })
    }

    pub(crate) fn from_headers(
        services: &Services,
        headers: &HeaderMap,
        remote: Option<IpAddr>,
    ) -> Result<Self, ApiError> {
        Self::from_bearer(services, headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok()), remote)
    }

    fn sign_in(services: &Services, header: Option<&str>) -> Result<Self, Unwelcome> {
        let missing = || Unwelcome::unauthenticated("missing", "send a token: Authorization: Bearer dbk_…");
        let (scheme, token) = header.and_then(|header| header.split_once(' ')).ok_or_else(missing)?;
        let token = token.trim();
        let has_shape =
            token.strip_prefix("dbk_").is_some_and(|hex| hex.len() == 64 && hex.bytes().all(|b| b.is_ascii_hexdigit()));
        if !scheme.eq_ignore_ascii_case("bearer") || !has_shape {
            return Err(Unwelcome::unauthenticated(
                "malformed",
                "what was sent is no token: they are `Bearer dbk_` and 64 hexadecimal digits, as `daybook token create` prints",
            ));
        }
        Self::from_hash(&services.engine, secret_sha256(token))
    }

    fn from_hash(engine: &Engine, secret_sha256: [u8; 32]) -> Result<Self, Unwelcome> {
        let refuse = |code| Unwelcome::unauthenticated(code, "the token is unknown, expired or revoked");
        let token = engine.token(&secret_sha256)?.ok_or_else(|| refuse("token-unknown"))?;
        let actor = token.actor();
        if !token.is_valid_at(engine.now()) {
            return Err(refuse(if token.revoked { "token-revoked" } else { "token-expired" }).of(actor));
        }
        let tenant = tenant(token.role, token.merchant).map_err(|unwelcome| unwelcome.of(actor))?;
        Ok(Self { actor, tenant, remote: None, secret_sha256 })
    }

    /// Whether the credential is still valid: long-lived connections ask again and again.
    pub(crate) fn renew(&self, engine: &Engine) -> Result<(), ApiError> {
        Self::from_hash(engine, self.secret_sha256).map(|_| ()).map_err(|unwelcome| unwelcome.error)
    }

    pub(crate) fn asker(&self) -> Asker {
        Asker { actor: Some(self.actor), remote: self.remote }
    }
}

/// Whose data somebody of this role sees, whatever the credential.
fn tenant(role: Role, merchant: Option<MerchantId>) -> Result<Tenant, Unwelcome> {
    if !access::is_let_in(role) {
        return Err(Unwelcome::forbidden("role-not-let-in", "tokens of this role are not let in so far"));
    }
    match (role, merchant) {
        (Role::Platform, _) => Ok(Tenant::All),
        (_, Some(merchant)) => Ok(Tenant::Merchant(merchant)),
        (_, None) => {
            let why = "a token of this role belongs to a merchant; issue another one";
            Err(Unwelcome::forbidden("merchant-missing", why))
        }
    }
}
