//! JWTs of an OpenID Connect provider, as credentials.
//!
//! What a token says of itself is believed of nothing but which key to try: the algorithm is the configured one, and
//! whatever else its header wants is refused.

use std::sync::{Mutex, PoisonError, RwLock};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use daybook_domain::{Actor, MerchantId, Role, StreamId, Timestamp, oidc_actor};
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::{Map, Value};
use tokio::sync::watch;
use tokio::time::timeout;

use super::keys::{Keys, KeysError};
use super::{Unwelcome, tenant};
use crate::access::Tenant;
use crate::http::Services;

/// Bytes of a token: those of large providers have two or three thousand.
pub(crate) const MAX_JWT_BYTES: usize = 8 << 10;
/// How far the provider's clock may be off, either way.
const LEEWAY_MICROS: i64 = 60_000_000;
/// How often a key that is not known makes somebody ask the provider for its keys, at most.
const ASK_EVERY: Duration = Duration::from_secs(60);
/// How long a request waits for the keys that were asked for.
const KEYS_WITHIN: Duration = Duration::from_secs(2);
const MAX_SUBJECT_CHARS: usize = 255;

/// The one algorithm that tokens are signed with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
    /// RSASSA-PKCS1-v1_5 with SHA-256; keys of 2048 to 8192 bits.
    Rs256,
    /// ECDSA on P-256 with SHA-256.
    Es256,
    /// Ed25519.
    EdDsa,
}

impl Algorithm {
    pub const ALL: [Algorithm; 3] = [Algorithm::Rs256, Algorithm::Es256, Algorithm::EdDsa];

    pub fn name(self) -> &'static str {
        match self {
            Algorithm::Rs256 => "RS256",
            Algorithm::Es256 => "ES256",
            Algorithm::EdDsa => "EdDSA",
        }
    }
}

/// Whose tokens are taken, and what they say.
#[derive(Clone, Debug)]
pub struct OidcOptions {
    /// `iss` of its tokens, to the letter.
    pub issuer: String,
    /// What `aud` must name.
    pub audience: String,
    pub algorithm: Algorithm,
    /// The claim with the role.
    pub role_claim: String,
    /// The claim with the merchant.
    pub merchant_claim: String,
}

/// A provider and the keys that are known of it. Whoever makes it keeps the keys up to date.
pub struct Oidc {
    options: OidcOptions,
    keys: RwLock<Keys>,
    /// Moves with each attempt to get keys, whatever came of it.
    attempts: watch::Sender<u64>,
    /// Tells whoever gets the keys that some are missing; must not block.
    ask: Box<dyn Fn() + Send + Sync>,
    asked: Mutex<Option<Instant>>,
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: Option<String>,
    typ: Option<String>,
    crit: Option<IgnoredAny>,
}

/// A token whose header asks for nothing odd.
struct Parts<'a> {
    kid: Option<String>,
    /// Header and payload as they were sent.
    signed: &'a str,
    payload: Vec<u8>,
    signature: Vec<u8>,
}

#[derive(Deserialize)]
struct Claims {
    iss: String,
    sub: String,
    aud: Audience,
    exp: serde_json::Number,
    nbf: Option<serde_json::Number>,
    iat: Option<serde_json::Number>,
    #[serde(flatten)]
    others: Map<String, Value>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Some(Vec<String>),
}

/// A token whose signature and claims are good.
pub(super) struct Identity {
    pub(super) actor: Actor,
    pub(super) tenant: Tenant,
    /// From then on it counts no more.
    pub(super) ends: Timestamp,
}

fn malformed() -> Unwelcome {
    Unwelcome::unauthenticated("jwt-malformed", "what was sent is no JWT as the provider signs them")
}

impl Oidc {
    /// Without keys so far. `ask` is called when a token names a key that is not known, at most once a minute.
    pub fn new(options: OidcOptions, ask: impl Fn() + Send + Sync + 'static) -> Self {
        let (attempts, _) = watch::channel(0);
        Self { options, keys: RwLock::default(), attempts, ask: Box::new(ask), asked: Mutex::new(None) }
    }

    /// Takes the keys of a JWKS document in place of those before; returns how many there are.
    ///
    /// # Errors
    ///
    /// The document is of no use: those before stay.
    pub fn set_keys(&self, jwks: &[u8]) -> Result<usize, KeysError> {
        let read = Keys::read(jwks, self.options.algorithm);
        let result = read.map(|keys| {
            let count = keys.len();
            *self.keys.write().unwrap_or_else(PoisonError::into_inner) = keys;
            count
        });
        self.tried();
        result
    }

    /// Keys could not be had: whoever waits for them goes on with those that are known.
    pub fn tried(&self) {
        self.attempts.send_modify(|attempts| *attempts += 1);
    }

    /// Has the provider asked for a key that is not known, and waits a little for it.
    pub(crate) async fn prepare(&self, authorization: Option<&str>) {
        let Some(token) = authorization.and_then(bearer).filter(|token| is_jwt(token)) else { return };
        let Ok(Parts { kid, .. }) = self.parts(token) else { return };
        let mut attempts = self.attempts.subscribe();
        attempts.mark_unchanged();
        if self.keys.read().unwrap_or_else(PoisonError::into_inner).knows(kid.as_deref()) {
            return;
        }
        if let Some(wait) = self.asked() {
            let _ = timeout(wait, attempts.changed()).await;
        }
    }

    /// Asks for the provider's keys, unless that was done within the last minute; how long it is worth waiting for them.
    fn asked(&self) -> Option<Duration> {
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        match asked.map(|at| at.elapsed()) {
            Some(since) if since < ASK_EVERY => KEYS_WITHIN.checked_sub(since),
            Some(_) | None => {
                *asked = Some(Instant::now());
                (self.ask)();
                Some(KEYS_WITHIN)
            }
        }
    }

    fn parts<'a>(&self, token: &'a str) -> Result<Parts<'a>, Unwelcome> {
        if token.len() > MAX_JWT_BYTES {
            return Err(malformed());
        }
        let (signed, signature) = token.rsplit_once('.').ok_or_else(malformed)?;
        let (header, payload) = signed.split_once('.').ok_or_else(malformed)?;
        let decode = |text: &str| URL_SAFE_NO_PAD.decode(text).map_err(|_| malformed());
        let (header, payload, signature) = (decode(header)?, decode(payload)?, decode(signature)?);
        let header: Header = serde_json::from_slice(&header).map_err(|_| malformed())?;
        if header.alg != self.options.algorithm.name() {
            return Err(Unwelcome::unauthenticated(
                "jwt-algorithm",
                "the JWT is signed with another algorithm than the one that is configured",
            ));
        }
        if header.crit.is_some() || !header.typ.as_deref().is_none_or(is_our_type) {
            return Err(malformed());
        }
        Ok(Parts { kid: header.kid, signed, payload, signature })
    }

    /// Who bears the token, if it is good.
    pub(super) fn identify(&self, services: &Services, token: &str) -> Result<Identity, Unwelcome> {
        let Parts { kid, signed, payload, signature } = self.parts(token)?;
        let keys = self.keys.read().unwrap_or_else(PoisonError::into_inner);
        match keys.verifies(kid.as_deref(), signed.as_bytes(), &signature) {
            Some(true) => {}
            Some(false) => {
                return Err(Unwelcome::unauthenticated("jwt-signature", "the JWT's signature is not the provider's"));
            }
            None => {
                let why = "the JWT's key is none of the provider's that are known; try again in a minute if it is new";
                return Err(Unwelcome::unauthenticated("jwt-key-unknown", why));
            }
        }
        drop(keys);
        let claims: Claims = serde_json::from_slice(&payload).map_err(|_| {
            Unwelcome::unauthenticated("jwt-claims", "the JWT must say iss, sub, aud, exp, and nbf or iat, each once")
        })?;
        self.check(services, &claims)
    }

    fn check(&self, services: &Services, claims: &Claims) -> Result<Identity, Unwelcome> {
        if claims.iss != self.options.issuer {
            return Err(Unwelcome::unauthenticated("jwt-issuer", "the JWT is another issuer's"));
        }
        let is_for_us = match &claims.aud {
            Audience::One(audience) => *audience == self.options.audience,
            Audience::Some(audiences) => audiences.contains(&self.options.audience),
        };
        if !is_for_us {
            return Err(Unwelcome::unauthenticated("jwt-audience", "the JWT is for another audience"));
        }
        if claims.sub.is_empty() || claims.sub.chars().count() > MAX_SUBJECT_CHARS {
            return Err(Unwelcome::unauthenticated("jwt-claims", "sub of the JWT must have 1 to 255 characters"));
        }
        let ends = Timestamp(micros(Some(&claims.exp))?.saturating_add(LEEWAY_MICROS));
        // Not all providers write nbf; all say when they issued a token.
        let begins = micros(claims.nbf.as_ref().or(claims.iat.as_ref()))?.saturating_sub(LEEWAY_MICROS);
        let now = services.engine.now();
        if now >= ends {
            return Err(Unwelcome::unauthenticated("jwt-expired", "the JWT has expired"));
        }
        if now.0 < begins {
            return Err(Unwelcome::unauthenticated("jwt-not-yet", "the JWT is not valid yet"));
        }
        let (role, merchant) = self.whose(claims)?;
        let actor = Actor { id: oidc_actor(&claims.iss, &claims.sub), role };
        if let Some(merchant) = &merchant
            && services.reader.head(StreamId::merchant(merchant)).is_none()
        {
            let why = "there is no merchant as the JWT names it";
            return Err(Unwelcome::forbidden("merchant-unknown", why).of(actor));
        }
        let tenant = tenant(role, merchant, None).map_err(|unwelcome| unwelcome.of(actor))?;
        Ok(Identity { actor, tenant, ends })
    }

    /// By the same rules as tokens.
    fn whose(&self, claims: &Claims) -> Result<(Role, Option<MerchantId>), Unwelcome> {
        let role = claims.others.get(&self.options.role_claim).and_then(Value::as_str).and_then(issuable);
        let role = role.ok_or_else(|| {
            Unwelcome::forbidden("role-missing", "the JWT names no role that Daybook has, such as \"clerk\"")
        })?;
        let merchant = match claims.others.get(&self.options.merchant_claim) {
            None | Some(Value::Null) => None,
            Some(value) => {
                let id = value.as_str().and_then(|text| MerchantId::new(text).ok());
                Some(id.ok_or_else(|| {
                    Unwelcome::forbidden("merchant-unknown", "the JWT's merchant is no merchant's id")
                })?)
            }
        };
        if role == Role::Platform && merchant.is_some() {
            let why = "a JWT of the platform names no merchant: it shows every one";
            return Err(Unwelcome::forbidden("merchant-odd", why));
        }
        if role != Role::Platform && merchant.is_none() {
            // Of an auditor's or analyst's too: a claim that was forgotten must not show everything.
            let why = "the JWT's role belongs to a merchant, and it names none";
            return Err(Unwelcome::forbidden("merchant-missing", why));
        }
        Ok((role, merchant))
    }
}

/// The roles that people bring; the others are Daybook's own.
fn issuable(name: &str) -> Option<Role> {
    Role::from_name(name).filter(|role| !matches!(role, Role::System | Role::Importer))
}

/// A token that is none of ours, and has a header, a payload and a signature.
pub(super) fn is_jwt(token: &str) -> bool {
    !token.starts_with("dbk_") && token.bytes().filter(|&byte| byte == b'.').count() == 2
}

/// The credential of an `Authorization: Bearer`.
pub(super) fn bearer(authorization: &str) -> Option<&str> {
    let (scheme, token) = authorization.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

fn is_our_type(typ: &str) -> bool {
    let typ = typ.to_ascii_lowercase();
    matches!(typ.strip_prefix("application/").unwrap_or(&typ), "jwt" | "at+jwt")
}

/// A time of a claim, in seconds since 1970; what is behind a point is cut off.
fn micros(seconds: Option<&serde_json::Number>) -> Result<i64, Unwelcome> {
    let read = |number: &serde_json::Number| {
        let text = number.to_string();
        let whole = text.split_once('.').map_or(text.as_str(), |(whole, _)| whole);
        // Rules out exponents too.
        whole.parse::<i64>().ok()?.checked_mul(1_000_000)
    };
    seconds.and_then(read).ok_or_else(|| {
        Unwelcome::unauthenticated("jwt-claims", "exp, and nbf or iat, of the JWT must be seconds since 1970")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_seconds_with_or_without_a_fraction() {
        let read = |text: &str| micros(Some(&serde_json::from_str(text).unwrap())).ok();
        assert_eq!(read("1700000000"), Some(1_700_000_000_000_000));
        assert_eq!(read("1700000000.75"), Some(1_700_000_000_000_000));
        assert_eq!((read("1e300"), read("18446744073709551615"), read("9223372036854775807")), (None, None, None));
        assert!(micros(None).is_err());
    }

    #[test]
    fn types_and_credentials_are_told_apart() {
        assert!(["JWT", "jwt", "at+jwt", "application/at+jwt"].into_iter().all(is_our_type));
        assert!(!["JWE", "dpop+jwt", "logout+jwt", ""].into_iter().any(is_our_type));
        assert!(is_jwt("a.b.c") && !is_jwt("a.b") && !is_jwt("a.b.c.d") && !is_jwt("dbk_a.b.c"));
        assert_eq!(bearer("bearer  x "), Some("x"));
        assert_eq!((bearer("Basic x"), bearer("x")), (None, None));
    }
}
