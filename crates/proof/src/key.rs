//! Ed25519 keys in the text form of C2SP `signed-note`.

use std::fmt;
use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};
use sha2::{Digest, Sha256};
use thiserror::Error;
use zeroize::Zeroizing;

/// The kind of signature: Ed25519 over the note's text.
const ED25519_KIND: u8 = 1;
const PRIVATE: &str = "PRIVATE+KEY+";
/// So that the longest note that is signed here is known.
const MAX_NAME_BYTES: usize = 250;

/// Why a text is no key, or none could be made.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum KeyError {
    #[error("a verifier key is NAME+HASH+KEY, as `daybook keys show` prints it")]
    NotVerifier,
    #[error("a signing key is PRIVATE+KEY+NAME+HASH+KEY, as `daybook keys create` writes it")]
    NotSigner,
    #[error("the key's hash is not that of its name and key: it was not copied whole")]
    Hash,
    #[error("a key's name has neither spaces nor `+`, and 1 to {MAX_NAME_BYTES} bytes; such as shop.example/ledger")]
    Name,
    #[error("the system gave no random bytes")]
    Entropy,
}

/// Who signs, in four bytes.
pub(crate) type KeyHash = [u8; 4];

fn check_name(name: &str) -> Result<(), KeyError> {
    let is_length = (1..=MAX_NAME_BYTES).contains(&name.len());
    let is_fit = is_length && name.chars().all(|c| !c.is_whitespace() && !c.is_control() && c != '+');
    if is_fit { Ok(()) } else { Err(KeyError::Name) }
}

/// A public key and its name: `NAME+HASH+KEY`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifierKey {
    name: String,
    public: [u8; 32],
}

impl VerifierKey {
    /// Whose key it is; also the first line of every checkpoint that it signs.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn hash(&self) -> KeyHash {
        let hash = Sha256::new()
            .chain_update(self.name.as_bytes())
            .chain_update([b'\n', ED25519_KIND])
            .chain_update(self.public)
            .finalize();
        [hash[0], hash[1], hash[2], hash[3]]
    }

    pub(crate) fn has_signed(&self, text: &str, signature: &[u8]) -> bool {
        UnparsedPublicKey::new(&ED25519, self.public).verify(text.as_bytes(), signature).is_ok()
    }
}

impl fmt::Display for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_key(f, "", &self.name, self.hash(), &self.public)
    }
}

impl FromStr for VerifierKey {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        let (name, hash, public) = read_key(text.trim()).ok_or(KeyError::NotVerifier)?;
        check_name(&name)?;
        let key = Self { name, public: *public };
        if key.hash() == hash { Ok(key) } else { Err(KeyError::Hash) }
    }
}

/// A key pair and its name. The secret is wiped from memory when it is dropped, as far as it is ours.
pub struct SigningKey {
    verifier: VerifierKey,
    secret: Zeroizing<[u8; 32]>,
    pair: Ed25519KeyPair,
}

impl SigningKey {
    /// A new one.
    ///
    /// # Errors
    /// `Name`, `Entropy`.
    pub fn generate(name: &str) -> Result<Self, KeyError> {
        check_name(name)?;
        let mut secret = Zeroizing::new([0; 32]);
        getrandom::fill(secret.as_mut_slice()).map_err(|_| KeyError::Entropy)?;
        Self::new(name.to_owned(), secret)
    }

    fn new(name: String, secret: Zeroizing<[u8; 32]>) -> Result<Self, KeyError> {
        let pair = Ed25519KeyPair::from_seed_unchecked(secret.as_slice()).map_err(|_| KeyError::NotSigner)?;
        let public = pair.public_key().as_ref().try_into().map_err(|_| KeyError::NotSigner)?;
        Ok(Self { verifier: VerifierKey { name, public }, secret, pair })
    }

    /// What others check its signatures with.
    #[must_use]
    pub fn verifier(&self) -> &VerifierKey {
        &self.verifier
    }

    pub(crate) fn sign(&self, text: &str) -> [u8; 64] {
        let signature = self.pair.sign(text.as_bytes());
        signature.as_ref().try_into().expect("Ed25519 signatures have 64 bytes")
    }

    /// `PRIVATE+KEY+NAME+HASH+KEY`: the secret itself.
    #[must_use]
    pub fn to_secret_text(&self) -> Zeroizing<String> {
        struct Secret<'a>(&'a SigningKey);
        impl fmt::Display for Secret<'_> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let SigningKey { verifier, secret, .. } = self.0;
                write_key(f, PRIVATE, &verifier.name, verifier.hash(), secret)
            }
        }
        Zeroizing::new(Secret(self).to_string())
    }
}

impl FromStr for SigningKey {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        let rest = text.trim().strip_prefix(PRIVATE).ok_or(KeyError::NotSigner)?;
        let (name, hash, secret) = read_key(rest).ok_or(KeyError::NotSigner)?;
        check_name(&name)?;
        let key = Self::new(name, secret)?;
        if key.verifier.hash() == hash { Ok(key) } else { Err(KeyError::Hash) }
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey").field("verifier", &self.verifier).finish_non_exhaustive()
    }
}

fn write_key(f: &mut fmt::Formatter<'_>, before: &str, name: &str, hash: KeyHash, key: &[u8; 32]) -> fmt::Result {
    let mut bytes = Zeroizing::new([ED25519_KIND; 33]);
    bytes[1..].copy_from_slice(key);
    write!(f, "{before}{name}+{:08x}+{}", u32::from_be_bytes(hash), BASE64.encode(bytes))
}

fn read_key(text: &str) -> Option<(String, KeyHash, Zeroizing<[u8; 32]>)> {
    let (name, rest) = text.split_once('+')?;
    let (hash, key) = rest.split_once('+')?;
    // In one spelling alone, as other programs take it.
    let is_hash = hash.len() == 8 && hash.bytes().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f'));
    let hash = u32::from_str_radix(hash, 16).ok().filter(|_| is_hash)?;
    let bytes = Zeroizing::new(BASE64.decode(key).ok()?);
    let (&kind, key) = bytes.split_first()?;
    let key = Zeroizing::new(<[u8; 32]>::try_from(key).ok()?);
    (kind == ED25519_KIND).then(|| (name.to_owned(), hash.to_be_bytes(), key))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// From the documentation of Go's `golang.org/x/mod/sumdb/note`, which C2SP's form comes from.
    const GO_SIGNER: &str = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz";
    const GO_VERIFIER: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";

    #[test]
    fn keys_are_those_of_other_programs() {
        let signer: SigningKey = GO_SIGNER.parse().unwrap();
        assert_eq!(signer.verifier().to_string(), GO_VERIFIER);
        assert_eq!(*signer.to_secret_text(), GO_SIGNER);
        assert_eq!(&GO_VERIFIER.parse::<VerifierKey>().unwrap(), signer.verifier());
        assert!(!format!("{signer:?}").contains("AYEK"));
    }

    #[test]
    fn what_is_no_key_is_refused() {
        let flipped = GO_VERIFIER.replace("+ARpc", "+ARpd");
        assert_eq!(flipped.parse::<VerifierKey>(), Err(KeyError::Hash));
        assert_eq!(GO_VERIFIER.replace("Peter", "Petra").parse::<VerifierKey>(), Err(KeyError::Hash));
        let upper = GO_VERIFIER.replace("c74f20a3", "C74F20A3");
        for text in ["", "a", "a+b", "a+b+c", "name+c74f20a3+", "name+c74f20a+ARpc", &upper, GO_SIGNER] {
            assert!(text.parse::<VerifierKey>().is_err(), "{text}");
        }
        assert_eq!(GO_VERIFIER.parse::<SigningKey>().unwrap_err(), KeyError::NotSigner);
        for name in ["", "two words", "a+b", "line\n", &"n".repeat(251)] {
            assert_eq!(SigningKey::generate(name).unwrap_err(), KeyError::Name);
        }
    }
}
