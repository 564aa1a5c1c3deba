//! Who may open a WebSocket at all.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::http::HeaderMap;
use axum::http::header::{HOST, ORIGIN};
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

use crate::auth::Session;
use crate::shares::{Share, Sharer, Shares};

/// WebSockets at a time.
const MAX_SOCKETS: usize = 1_024;
/// Of these, that have not said yet who they are.
const MAX_STRANGERS: usize = 64;
/// Of all, that one token may have.
const MAX_OF_TOKEN: usize = 256;
/// Of all, that the tokens of one merchant may have together.
const MAX_OF_MERCHANT: usize = 512;
/// For so long a stranger is not shown out to make room for another.
const LEFT_ALONE: Duration = Duration::from_secs(1);

/// How many may still come in; shared by all.
#[derive(Clone)]
pub(crate) struct Door {
    sockets: Arc<Semaphore>,
    strangers: Arc<Mutex<Strangers>>,
    shares: Shares<Sharer>,
}

/// Those that have not said who they are, by when they came.
#[derive(Default)]
struct Strangers {
    next: u64,
    by_number: BTreeMap<u64, Stranger>,
}

struct Stranger {
    came: Instant,
    shown_out: Arc<Notify>,
}

fn most(of: &Sharer) -> usize {
    match of {
        Sharer::Token(_) => MAX_OF_TOKEN,
        Sharer::Merchant(_) => MAX_OF_MERCHANT,
    }
}

impl Default for Door {
    fn default() -> Self {
        Self { sockets: Arc::new(Semaphore::new(MAX_SOCKETS)), strangers: Arc::default(), shares: Shares::default() }
    }
}

/// Held by a socket for as long as it is open.
pub(super) struct Place {
    door: Door,
    _socket: OwnedSemaphorePermit,
    stranger: Option<(u64, Arc<Notify>)>,
}

impl Door {
    /// None: there is no room. Where strangers have it all, the one that has said nothing for longest makes room: else
    /// whoever opens sockets and is silent would keep everybody out.
    pub(super) fn enter(&self) -> Option<Place> {
        let socket = Arc::clone(&self.sockets).try_acquire_owned().ok()?;
        let mut strangers = self.strangers();
        if strangers.by_number.len() >= MAX_STRANGERS {
            let oldest = strangers.by_number.first_entry()?;
            if oldest.get().came.elapsed() < LEFT_ALONE {
                return None;
            }
            oldest.remove().shown_out.notify_one();
        }
        let number = strangers.next;
        strangers.next += 1;
        let shown_out = Arc::new(Notify::new());
        strangers.by_number.insert(number, Stranger { came: Instant::now(), shown_out: Arc::clone(&shown_out) });
        Some(Place { door: self.clone(), _socket: socket, stranger: Some((number, shown_out)) })
    }

    /// None: the token, or its merchant, has its share already.
    pub(super) fn share(&self, session: &Session) -> Option<Share<Sharer>> {
        self.shares.take(Sharer::of(session), most)
    }

    fn strangers(&self) -> MutexGuard<'_, Strangers> {
        self.strangers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Place {
    /// It has said who it is.
    pub(super) fn is_known(&mut self) {
        if let Some((number, _)) = self.stranger.take() {
            self.door.strangers().by_number.remove(&number);
        }
    }

    /// Returns when a stranger has to make room for another.
    pub(super) async fn is_shown_out(&self) {
        match &self.stranger {
            Some((_, shown_out)) => shown_out.notified().await,
            None => std::future::pending().await,
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.is_known();
    }
}

/// Whether it is a page of another host that asks: a browser says whose page it is, and no page elsewhere has any business
/// here. Programs say nothing.
pub(crate) fn is_foreign(headers: &HeaderMap) -> bool {
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

    #[tokio::test(start_paused = true)]
    async fn the_stranger_that_is_silent_for_longest_makes_room() {
        let door = Door::default();
        let mut places: Vec<Place> = (0..MAX_STRANGERS).map(|_| door.enter().unwrap()).collect();
        assert!(door.enter().is_none(), "they have only come");
        tokio::time::advance(LEFT_ALONE).await;
        places[0].is_known();
        let into_the_free_one = door.enter().unwrap();
        let instead = door.enter().unwrap();
        places[1].is_shown_out().await;
        let second = tokio::time::timeout(Duration::from_secs(1), places[2].is_shown_out()).await;
        assert!(second.is_err(), "one is enough");
        assert_eq!(door.strangers().by_number.len(), MAX_STRANGERS);
        drop((places, into_the_free_one, instead));
        assert!(door.strangers().by_number.is_empty());
        assert_eq!(door.sockets.available_permits(), MAX_SOCKETS);
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
