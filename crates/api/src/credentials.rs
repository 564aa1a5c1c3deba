//! Where new credentials come from. Random bits are drawn by whoever serves; here they become commands.

use std::io;
use std::sync::Arc;

use sha2::{Digest, Sha256};
use tokio::sync::Mutex;
use uuid::Uuid;

use crate::auth::Oidc;
use crate::lookups::Guests;
use crate::uses::Uses;

/// A credential that nobody has yet. It has no `Debug`: a secret is in it.
pub struct NewToken {
    /// The public id, which will stand in every event that its bearer causes: it must tell nothing of the secret.
    pub id: Uuid,
    /// `dbk_` and 256 random bits in 64 hexadecimal digits: the prefix lets scanners for leaked secrets find it.
    pub secret: String,
}

impl NewToken {
    /// # Errors
    ///
    /// `fill` could not fill the bytes with random bits.
    pub fn make(id: Uuid, fill: impl FnOnce(&mut [u8]) -> io::Result<()>) -> io::Result<Self> {
        let mut bits = [0_u8; 32];
        fill(&mut bits)?;
        let hex: String = bits.iter().map(|byte| format!("{byte:02x}")).collect();
        Ok(Self { id, secret: format!("dbk_{hex}") })
    }

    /// All that is kept of the secret.
    pub fn secret_sha256(&self) -> [u8; 32] {
        secret_sha256(&self.secret)
    }
}

pub(crate) fn secret_sha256(secret: &str) -> [u8; 32] {
    Sha256::digest(secret.as_bytes()).into()
}

/// What credentials are made and looked at with. Clones share it.
#[derive(Clone)]
pub struct Credentials {
    maker: Arc<dyn Fn() -> io::Result<NewToken> + Send + Sync>,
    /// One is issued at a time, so that a command that is sent twice at once issues one.
    pub(crate) issuing: Arc<Mutex<()>>,
    pub(crate) oidc: Option<Arc<Oidc>>,
    pub(crate) uses: Uses,
    /// Those who looked an order up.
    pub(crate) guests: Arc<Guests>,
}

impl Credentials {
    /// `maker` makes another token each time.
    pub fn new(maker: impl Fn() -> io::Result<NewToken> + Send + Sync + 'static) -> Self {
        Self {
            maker: Arc::new(maker),
            issuing: Arc::default(),
            oidc: None,
            uses: Uses::default(),
            guests: Arc::default(),
        }
    }

    /// JWTs of this provider are taken too.
    #[must_use]
    pub fn with_oidc(self, oidc: Arc<Oidc>) -> Self {
        Self { oidc: Some(oidc), ..self }
    }

    /// Goes on from what is known of when tokens were used.
    #[must_use]
    pub fn with_uses(self, uses: Uses) -> Self {
        Self { uses, ..self }
    }

    pub(crate) fn make(&self) -> io::Result<NewToken> {
        (self.maker)()
    }
}
