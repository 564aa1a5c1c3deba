//! Credentials that were asked for lately. A request costs one look at its token's head, which is in memory, instead of
//! reading the token's events; a head that moved (the token was revoked) sends the next request to the events.
//!
//! Found by the SHA-256 of the secret, not by the secret: how long finding takes tells at most something of the hash,
//! from which nobody gets to a secret of 256 random bits. So nothing here has to take the same time for all.

use std::sync::{PoisonError, RwLock};

use daybook_domain::token::Token;
use daybook_domain::{Revision, State, StreamId};
use hashbrown::HashMap;

use crate::Reader;
use crate::error::ReadError;

/// When so many are known, all are forgotten. Only tokens that exist are kept, so that guessing fills nothing.
const MAX_KNOWN: usize = 1_024;

#[derive(Default)]
pub(crate) struct Tokens {
    known: RwLock<HashMap<[u8; 32], Known>>,
}

#[derive(Clone)]
struct Known {
    /// Kept because deriving it costs more than all the rest.
    stream: StreamId,
    /// The stream's head when the token was read, or before.
    revision: Revision,
    token: Token,
}

impl Tokens {
    pub(crate) fn get(&self, secret_sha256: &[u8; 32], reader: &Reader) -> Result<Option<Token>, ReadError> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner).get(secret_sha256).cloned();
        let stream = known.as_ref().map_or_else(|| StreamId::token(secret_sha256), |known| known.stream);
        // Before the state is read: what comes in between makes the next request read again.
        let Some((_, revision)) = reader.head(stream) else { return Ok(None) };
        if let Some(known) = known
            && known.revision == revision
        {
            return Ok(Some(known.token));
        }
        let token = match reader.state(stream)? {
            Some(State::Token(token)) => token,
            Some(
                State::Order(_)
                | State::Merchant(_)
                | State::Claim(_)
                | State::Card(_)
                | State::Sku(_)
                | State::Stock(_)
                | State::Job(_)
                | State::Export(_),
            )
            | None => {
                return Ok(None);
            }
        };
        let mut all = self.known.write().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= MAX_KNOWN {
            all.clear();
        }
        all.insert(*secret_sha256, Known { stream, revision, token: token.clone() });
        Ok(Some(token))
    }
}
