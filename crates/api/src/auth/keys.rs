//! A provider's public keys, from a JWKS document (RFC 7517).

use std::collections::HashMap;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::signature::{self, RsaPublicKeyComponents, UnparsedPublicKey};
use serde::Deserialize;
use serde::de::IgnoredAny;
use thiserror::Error;

use super::Algorithm;

/// Bytes of a document of keys.
pub const MAX_JWKS_BYTES: usize = 256 << 10;
const MAX_KEYS: usize = 100;
const MIN_RSA_BYTES: usize = 2_048 / 8;

/// Why a document of keys is of no use.
#[derive(Debug, Error)]
pub enum KeysError {
    #[error("it is no JWKS document: {0}")]
    Malformed(String),
    #[error("it has more than {MAX_JWKS_BYTES} bytes or {MAX_KEYS} keys")]
    TooLarge,
    #[error("it holds a private key, which is nobody's business but the provider's: give the public keys alone")]
    Private,
    #[error("key {kid:?} is of no use: {why}")]
    Unfit { kid: String, why: &'static str },
    #[error("two of its keys bear the kid {0:?}")]
    Twice(String),
    #[error("none of its keys is for {}", .0.name())]
    None(Algorithm),
}

#[derive(Deserialize)]
struct Document {
    keys: Vec<Jwk>,
}

#[derive(Deserialize)]
struct Jwk {
    kty: String,
    kid: Option<String>,
    #[serde(rename = "use")]
    purpose: Option<String>,
    key_ops: Option<Vec<String>>,
    alg: Option<String>,
    crv: Option<String>,
    n: Option<String>,
    e: Option<String>,
    x: Option<String>,
    y: Option<String>,
    d: Option<IgnoredAny>,
}

enum Key {
    Rsa { n: Vec<u8>, e: Vec<u8> },
    P256(Vec<u8>),
    Ed25519(Vec<u8>),
}

impl Key {
    fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        let verified = match self {
            Key::Rsa { n, e } => {
                RsaPublicKeyComponents { n, e }.verify(&signature::RSA_PKCS1_2048_8192_SHA256, message, signature)
            }
            Key::P256(point) => {
                UnparsedPublicKey::new(&signature::ECDSA_P256_SHA256_FIXED, point).verify(message, signature)
            }
            Key::Ed25519(bytes) => UnparsedPublicKey::new(&signature::ED25519, bytes).verify(message, signature),
        };
        verified.is_ok()
    }
}

/// Those of a provider's keys that are for the one algorithm.
#[derive(Default)]
pub(crate) struct Keys {
    by_kid: HashMap<String, Key>,
}

impl Keys {
    pub(crate) fn read(bytes: &[u8], algorithm: Algorithm) -> Result<Self, KeysError> {
        if bytes.len() > MAX_JWKS_BYTES {
            return Err(KeysError::TooLarge);
        }
        let document: Document =
            serde_json::from_slice(bytes).map_err(|error| KeysError::Malformed(error.to_string()))?;
        if document.keys.len() > MAX_KEYS {
            return Err(KeysError::TooLarge);
        }
        if document.keys.iter().any(|jwk| jwk.d.is_some() || jwk.kty == "oct") {
            return Err(KeysError::Private);
        }
        let mut keys = Self::default();
        for jwk in document.keys.into_iter().filter(|jwk| jwk.is_for(algorithm)) {
            let kid = jwk.kid.clone().unwrap_or_default();
            let key = jwk.key(algorithm).map_err(|why| KeysError::Unfit { kid: kid.clone(), why })?;
            if keys.by_kid.insert(kid.clone(), key).is_some() {
                return Err(KeysError::Twice(kid));
            }
        }
        if keys.by_kid.is_empty() { Err(KeysError::None(algorithm)) } else { Ok(keys) }
    }

    pub(crate) fn len(&self) -> usize {
        self.by_kid.len()
    }

    /// A token that names no key means the only one that there is.
    fn get(&self, kid: Option<&str>) -> Option<&Key> {
        match kid {
            Some(kid) => self.by_kid.get(kid),
            None if self.by_kid.len() == 1 => self.by_kid.values().next(),
            None => None,
        }
    }

    pub(crate) fn knows(&self, kid: Option<&str>) -> bool {
        self.get(kid).is_some()
    }

    /// None: the key is not known.
    pub(crate) fn verifies(&self, kid: Option<&str>, message: &[u8], signature: &[u8]) -> Option<bool> {
        self.get(kid).map(|key| key.verifies(message, signature))
    }
}

impl Jwk {
    /// Keys for anything else may stand beside, such as for encryption.
    fn is_for(&self, algorithm: Algorithm) -> bool {
        let (kty, crv) = match algorithm {
            Algorithm::Rs256 => ("RSA", None),
            Algorithm::Es256 => ("EC", Some("P-256")),
            Algorithm::EdDsa => ("OKP", Some("Ed25519")),
        };
        self.kty == kty
            && (crv.is_none() || self.crv.as_deref() == crv)
            && self.purpose.as_deref().is_none_or(|purpose| purpose == "sig")
            && self.alg.as_deref().is_none_or(|alg| alg == algorithm.name())
            && self.key_ops.as_ref().is_none_or(|ops| ops.iter().any(|op| op == "verify"))
    }

    fn key(&self, algorithm: Algorithm) -> Result<Key, &'static str> {
        match algorithm {
            Algorithm::Rs256 => {
                let n = without_zeros(bytes(self.n.as_deref())?);
                if n.len() < MIN_RSA_BYTES || (n.len() == MIN_RSA_BYTES && n[0] < 0x80) {
                    return Err("an RSA key must have 2048 bits at least");
                }
                Ok(Key::Rsa { n, e: without_zeros(bytes(self.e.as_deref())?) })
            }
            Algorithm::Es256 => {
                let (x, y) = (bytes(self.x.as_deref())?, bytes(self.y.as_deref())?);
                if x.len() != 32 || y.len() != 32 {
                    return Err("x and y of a P-256 key have 32 bytes each");
                }
                Ok(Key::P256([&[4][..], &x, &y].concat()))
            }
            Algorithm::EdDsa => {
                let x = bytes(self.x.as_deref())?;
                if x.len() == 32 { Ok(Key::Ed25519(x)) } else { Err("x of an Ed25519 key has 32 bytes") }
            }
        }
    }
}

fn bytes(text: Option<&str>) -> Result<Vec<u8>, &'static str> {
    let text = text.ok_or("a part of it is missing")?;
    URL_SAFE_NO_PAD.decode(text).map_err(|_| "a part of it is not base64url without padding")
}

fn without_zeros(mut bytes: Vec<u8>) -> Vec<u8> {
    let zeros = bytes.iter().take_while(|&&byte| byte == 0).count();
    bytes.drain(..zeros);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, algorithm: Algorithm) -> String {
        match Keys::read(text.as_bytes(), algorithm) {
            Ok(keys) => format!("{} keys", keys.len()),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn keys_for_something_else_are_passed_over_and_what_is_wrong_is_said() {
        let x = "A".repeat(43);
        let ed = |more: &str| format!(r#"{{"kty": "OKP", "crv": "Ed25519", "x": "{x}"{more}}}"#);
        let set = |keys: &[String]| format!(r#"{{"keys": [{}]}}"#, keys.join(","));
        let eddsa = |keys: &[String]| read(&set(keys), Algorithm::EdDsa);
        assert_eq!(eddsa(&[ed(""), ed(r#", "kid": "a""#)]), "2 keys");
        let others = [ed(r#", "use": "enc""#), ed(r#", "alg": "ES256""#), ed(r#", "key_ops": ["sign"]"#)];
        assert_eq!(eddsa(&others), "none of its keys is for EdDSA");
        assert_eq!(read(&set(&[ed("")]), Algorithm::Rs256), "none of its keys is for RS256");
        assert!(eddsa(&[ed(r#", "kid": "a""#), ed(r#", "kid": "a""#)]).contains("two of its keys"));
        assert!(eddsa(&[ed(r#", "d": "AAAA""#)]).contains("private"));
        assert!(eddsa(&[r#"{"kty": "oct", "k": "AAAA"}"#.into()]).contains("private"));
        assert!(eddsa(&[r#"{"kty": "OKP", "crv": "Ed25519", "x": "AAAA"}"#.into()]).contains("32 bytes"));
        assert!(eddsa(&[r#"{"kty": "OKP", "crv": "Ed25519"}"#.into()]).contains("missing"));
        let short = format!(r#"{{"kty": "RSA", "n": "{}8", "e": "AQAB"}}"#, "_".repeat(170));
        assert!(read(&set(&[short]), Algorithm::Rs256).contains("2048 bits"));
        assert!(read("[]", Algorithm::Rs256).contains("no JWKS"));
        assert!(read(&" ".repeat(MAX_JWKS_BYTES + 1), Algorithm::Rs256).contains("more than"));
    }
}
