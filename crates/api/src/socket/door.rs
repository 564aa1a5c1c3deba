//! Who may open a WebSocket at all.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::http::HeaderMap;
use axum::http::header::{HOST, ORIGIN};
use hashbrown::HashMap;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use uuid::Uuid;

/// WebSockets at a time.
const MAX_SOCKETS: usize = 1_024;
/// Of these, that have not said yet who they are.
const MAX_STRANGERS: usize = 64;
/// Of all, that one token may have.
const MAX_OF_ONE: usize = 256;

/// How many may still come in; shared by all.
#[derive(Clone)]
pub(crate) struct Door {
    sockets: Arc<Semaphore>,
    strangers: Arc<Semaphore>,
    /// How many each token has that has any.
    by_actor: Arc<Mutex<HashMap<Uuid, usize>>>,
}

impl Default for Door {
    fn default() -> Self {
        Self {
            sockets: Arc::new(Semaphore::new(MAX_SOCKETS)),
            strangers: Arc::new(Semaphore::new(MAX_STRANGERS)),
            by_actor: Arc::default(),
        }
    }
}

/// One of a token's sockets, for as long as it is open.
pub(super) struct Share {
    door: Door,
    actor: Uuid,
}

impl Drop for Share {
    fn drop(&mut self) {
        let mut by_actor = self.door.by_actor();
        if let Some(count) = by_actor.get_mut(&self.actor) {
            *count -= 1;
            if *count == 0 {
                by_actor.remove(&self.actor);
            }
        }
    }
}

/// Held by a socket for as long as it is open.
pub(super) struct Place {
    _socket: OwnedSemaphorePermit,
    stranger: Option<OwnedSemaphorePermit>,
}

impl Door {
    /// None: there is no room.
    pub(super) fn enter(&self) -> Option<Place> {
        let stranger = Arc::clone(&self.strangers).try_acquire_owned().ok()?;
        let socket = Arc::clone(&self.sockets).try_acquire_owned().ok()?;
        Some(Place { _socket: socket, stranger: Some(stranger) })
    }

    /// None: the token has its share already.
    pub(super) fn share(&self, actor: Uuid) -> Option<Share> {
        let mut by_actor = self.by_actor();
        let count = by_actor.entry(actor).or_default();
        if *count >= MAX_OF_ONE {
            return None;
        }
        *count += 1;
        Some(Share { door: self.clone(), actor })
    }

    fn by_actor(&self) -> MutexGuard<'_, HashMap<Uuid, usize>> {
        self.by_actor.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Place {
    /// It has said who it is.
    pub(super) fn is_known(&mut self) {
        self.stranger = None;
    }
}

/// Whether a page of another host opens the socket: a browser says whose page it is, and no page elsewhere has any
/// business here. Programs say nothing.
pub(super) fn is_foreign(headers: &HeaderMap) -> bool {
    let Some(origin) = headers.get(ORIGIN) else { return false };
    let host = headers.get(HOST).and_then(|host| host.to_str().ok());
    let (Some(origin), Some(host)) = (origin.to_str().ok().and_then(|origin| origin.split_once("://")), host) else {
        return true;
    };
    let default_port = match origin.0 {
        "http" => ":80",
        "https" => ":443",
        _ => return true,
    };
    let without_port = |host: &'_ str| host.strip_suffix(default_port).unwrap_or(host).to_ascii_lowercase();
    without_port(origin.1) != without_port(host)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_has_its_share_of_sockets_and_no_more() {
        let door = Door::default();
        let (one, other) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let mut shares: Vec<Share> = (0..MAX_OF_ONE).map(|_| door.share(one).unwrap()).collect();
        assert!(door.share(one).is_none());
        assert!(door.share(other).is_some(), "another one has its own");
        shares.pop();
        assert!(door.share(one).is_some());
        drop(shares);
        assert!(door.by_actor().is_empty(), "nothing is kept of those that are gone");
    }

    #[test]
    fn a_page_is_at_home_on_its_own_host_alone() {
        let is_foreign = |origin: &str, host: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(ORIGIN, origin.parse().unwrap());
            headers.insert(HOST, host.parse().unwrap());
            is_foreign(&headers)
        };
        assert!(!is_foreign("http://127.0.0.1:8080", "127.0.0.1:8080"));
        assert!(!is_foreign("https://Shop.example", "shop.example"));
        assert!(!is_foreign("https://shop.example", "shop.example:443"));
        assert!(is_foreign("http://127.0.0.1:8081", "127.0.0.1:8080"));
        assert!(is_foreign("https://evil.example", "shop.example"));
        assert!(is_foreign("https://shop.example.evil.example", "shop.example"));
        assert!(is_foreign("null", "shop.example"));
        assert!(is_foreign("file://", ""));
        assert!(!super::is_foreign(&HeaderMap::new()), "a program says nothing");
    }
}
