//! Who is asking. A credential is looked up anew for each request, so that a revoked one ends at once.

mod keys;
mod oidc;

use std::net::IpAddr;

use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use daybook_domain::{Actor, MerchantId, Role, Slot, StreamId, Timestamp, look_up_actor};
use daybook_engine::Engine;

use crate::access::{self, Tenant, Whose};
use crate::credentials::secret_sha256;
use crate::edge::RetryAfter;
use crate::http::{App, Services};
use crate::lookups::Guest;
use crate::schema::error::ApiError;
use crate::security::Asker;
use oidc::{Identity, bearer};

pub use keys::{KeysError, MAX_JWKS_BYTES};
pub use oidc::{Algorithm, Oidc, OidcOptions};

/// A caller whose credential is valid.
#[derive(Clone, Debug)]
pub(crate) struct Session {
    pub(crate) actor: Actor,
    pub(crate) tenant: Tenant,
    /// From where it came, if that is known.
    pub(crate) remote: Option<IpAddr>,
    credential: Credential,
}

/// What a session stands on.
#[derive(Clone, Copy, Debug)]
enum Credential {
    Token {
        secret_sha256: [u8; 32],
    },
    Jwt {
        ends: Timestamp,
    },
    /// Of whoever looked one order up.
    Guest {
        secret_sha256: [u8; 32],
        ends: Timestamp,
    },
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

    /// Tells the security log of it, unless its address sends so many that they would wash everything else out of it: then how
    /// long to stay away.
    pub(crate) fn tell(self, app: &App, remote: Option<IpAddr>) -> Result<ApiError, RetryAfter> {
        // What could not be looked up is not the caller's fault.
        if matches!(self.error, ApiError::Unauthenticated(_) | ApiError::Forbidden(_)) {
            app.runner.edge.wrong_token(remote)?;
        }
        app.services.security.sign_in_failed(Asker { actor: self.actor, remote }, self.code);
        Ok(self.error)
    }
}

impl From<daybook_engine::ReadError> for Unwelcome {
    fn from(error: daybook_engine::ReadError) -> Self {
        Self { error: error.into(), code: "not-checked", actor: None }
    }
}

/// The text of the header, if it is one.
pub(crate) fn authorization(headers: &HeaderMap) -> Option<&str> {
    headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok())
}

/// Before somebody signs in with a JWT: a key that is not known yet is asked for.
pub(crate) async fn prepare(services: &Services, authorization: Option<&str>) {
    if let Some(oidc) = &services.credentials.oidc {
        oidc.prepare(authorization).await;
    }
}

impl Session {
    /// From the text of an `Authorization` header: `Bearer`, and `dbk_` with 64 hexadecimal digits, or the same of a look-up with
    /// `dbb_`, or a JWT of the provider that is configured.
    pub(crate) fn from_bearer(
        services: &Services,
        header: Option<&str>,
        remote: Option<IpAddr>,
    ) -> Result<Self, Unwelcome> {
        let session = Self::sign_in(services, header)?;
        if let Credential::Token { .. } = session.credential {
            services.credentials.uses.note(session.actor.id, services.engine.now());
        }
        Ok(Self { remote, ..session })
    }

    pub(crate) fn from_headers(
        services: &Services,
        headers: &HeaderMap,
        remote: Option<IpAddr>,
    ) -> Result<Self, Unwelcome> {
        Self::from_bearer(services, authorization(headers), remote)
    }

    fn sign_in(services: &Services, header: Option<&str>) -> Result<Self, Unwelcome> {
        let missing = || Unwelcome::unauthenticated("missing", "send a token: Authorization: Bearer dbk_…");
        let malformed = || {
            Unwelcome::unauthenticated(
                "malformed",
                "what was sent is no token: they are `Bearer dbk_` and 64 hexadecimal digits, as `daybook token create` prints",
            )
        };
        let header = header.filter(|header| header.contains(' ')).ok_or_else(missing)?;
        let token = bearer(header).ok_or_else(malformed)?;
        if let Some(oidc) = services.credentials.oidc.as_deref().filter(|_| oidc::is_jwt(token)) {
            let Identity { actor, tenant, ends } = oidc.identify(services, token)?;
            return Ok(Self { actor, tenant, remote: None, credential: Credential::Jwt { ends } });
        }
        let has_shape = |prefix| {
            let hex: Option<&str> = token.strip_prefix(prefix);
            hex.is_some_and(|hex| hex.len() == 64 && hex.bytes().all(|b| b.is_ascii_hexdigit()))
        };
        if has_shape(Guest::PREFIX) {
            return Self::from_look_up(services, token);
        }
        if !has_shape("dbk_") {
            return Err(malformed());
        }
        Self::from_hash(&services.engine, secret_sha256(token))
    }

    fn from_look_up(services: &Services, token: &str) -> Result<Self, Unwelcome> {
        let refuse = |code| Unwelcome::unauthenticated(code, "the look-up has ended: look the order up again");
        let secret_sha256 = secret_sha256(token);
        let guest = services.credentials.guests.get(&secret_sha256).ok_or_else(|| refuse("token-unknown"))?;
        let Guest { merchant, order, ends } = guest;
        let actor = Actor { id: look_up_actor(order), role: Role::Buyer };
        if services.engine.now() >= ends {
            return Err(refuse("token-expired").of(actor));
        }
        let tenant = Tenant { whose: Whose::Order(merchant, order), is_masked: false };
        Ok(Self { actor, tenant, remote: None, credential: Credential::Guest { secret_sha256, ends } })
    }

    fn from_hash(engine: &Engine, secret_sha256: [u8; 32]) -> Result<Self, Unwelcome> {
        let refuse = |code| Unwelcome::unauthenticated(code, "the token is unknown, expired or revoked");
        let token = engine.token(&secret_sha256)?.ok_or_else(|| refuse("token-unknown"))?;
        let actor = token.actor();
        if !token.is_valid_at(engine.now()) {
            return Err(refuse(if token.revoked { "token-revoked" } else { "token-expired" }).of(actor));
        }
        if token.buyer.is_some_and(|buyer| engine.is_erased(buyer)) {
            return Err(refuse("buyer-erased").of(actor));
        }
        let tenant = tenant(token.role, token.merchant, token.buyer).map_err(|unwelcome| unwelcome.of(actor))?;
        Ok(Self { actor, tenant, remote: None, credential: Credential::Token { secret_sha256 } })
    }

    /// The token's stream; what the ledger does not have has none.
    pub(crate) fn token(&self) -> Option<StreamId> {
        match self.credential {
            Credential::Token { secret_sha256 } => Some(StreamId::token(&secret_sha256)),
            Credential::Jwt { .. } | Credential::Guest { .. } => None,
        }
    }

    /// The hash of what a look-up gave; of any other credential none.
    pub(crate) fn look_up(&self) -> Option<[u8; 32]> {
        match self.credential {
            Credential::Guest { secret_sha256, .. } => Some(secret_sha256),
            Credential::Token { .. } | Credential::Jwt { .. } => None,
        }
    }

    /// Whether the credential is still valid: long-lived connections ask again and again.
    pub(crate) fn renew(&self, engine: &Engine) -> Result<(), ApiError> {
        match self.credential {
            Credential::Token { secret_sha256 } => {
                Self::from_hash(engine, secret_sha256).map(|_| ()).map_err(|unwelcome| unwelcome.error)
            }
            Credential::Jwt { ends } | Credential::Guest { ends, .. } if engine.now() < ends => Ok(()),
            Credential::Jwt { .. } => Err(ApiError::Unauthenticated("the JWT has expired")),
            Credential::Guest { .. } => Err(ApiError::Unauthenticated("the look-up has ended")),
        }
    }

    pub(crate) fn asker(&self) -> Asker {
        Asker { actor: Some(self.actor), remote: self.remote }
    }
}

/// What somebody of this role sees, whatever the credential.
fn tenant(role: Role, merchant: Option<MerchantId>, buyer: Option<Slot>) -> Result<Tenant, Unwelcome> {
    if !access::is_let_in(role) {
        return Err(Unwelcome::forbidden("role-not-let-in", "credentials of this role are not let in"));
    }
    Tenant::of(role, merchant, buyer).ok_or_else(|| match role {
        Role::Buyer => Unwelcome::forbidden("buyer-missing", "the credential names no buyer of a merchant"),
        _ => Unwelcome::forbidden("merchant-missing", "this role belongs to a merchant, and the credential names none"),
    })
}
