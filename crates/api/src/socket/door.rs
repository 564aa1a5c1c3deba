//! Who may open a WebSocket at all.

use std::sync::Arc;

use axum::http::HeaderMap;
use axum::http::header::{HOST, ORIGIN};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// WebSockets at a time.
const MAX_SOCKETS: usize = 1_024;
/// Of these, that have not said yet who they are.
const MAX_STRANGERS: usize = 64;

/// How many may still come in; shared by all.
#[derive(Clone)]
pub(crate) struct Door {
    sockets: Arc<Semaphore>,
    strangers: Arc<Semaphore>,
}

impl Default for Door {
    fn default() -> Self {
        Self { sockets: Arc::new(Semaphore::new(MAX_SOCKETS)), strangers: Arc::new(Semaphore::new(MAX_STRANGERS)) }
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
