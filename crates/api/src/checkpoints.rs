//! GET /checkpoint: what the operator signed of the ledger, for anybody: how many records there are and their root.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER, X_CONTENT_TYPE_OPTIONS};
use axum::response::{IntoResponse, Response};
use daybook_proof::{Notary, NotaryError, ProofError};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::spawn_blocking;
use tokio::time::timeout;

use crate::edge::{SOON, network};
use crate::http::{App, Peer, address};
use crate::shares::{Share, Shares};

/// Those who read checkpoints or proofs at a time: nobody asks them for a token, so they must not take much.
const AT_A_TIME: usize = 4;
/// Of one network, those who read or wait. The rest of the world waits behind these, and not behind all that it may send.
const MOST_OF_ONE: usize = 16;
/// How long others wait for their turn, first come, first served: each takes some milliseconds.
const TURN_WITHIN: Duration = Duration::from_secs(1);
const TEXT: &str = "text/plain; charset=utf-8";

#[derive(Clone)]
pub(crate) struct Room {
    turns: Arc<Semaphore>,
    shares: Shares<IpAddr>,
}

impl Default for Room {
    fn default() -> Self {
        Self { turns: Arc::new(Semaphore::new(AT_A_TIME)), shares: Shares::default() }
    }
}

/// Held while one reads.
struct InRoom {
    _share: Share<IpAddr>,
    _turn: OwnedSemaphorePermit,
}

impl Room {
    /// None: those of the same network have their share already, or nobody's turn ended in time.
    async fn enter(&self, from: Option<IpAddr>) -> Option<InRoom> {
        let share = self.shares.take(vec![network(from)], |_| MOST_OF_ONE)?;
        let turn = timeout(TURN_WITHIN, Arc::clone(&self.turns).acquire_owned()).await.ok()?.ok()?;
        Some(InRoom { _share: share, _turn: turn })
    }
}

/// Two numbers of records.
#[derive(serde::Deserialize)]
pub(crate) struct Between {
    from: u64,
    to: u64,
}

/// The newest checkpoint.
pub(crate) async fn latest(State(app): State<Arc<App>>) -> Response {
    let none = || say(StatusCode::NOT_FOUND, "no checkpoint was signed yet\n");
    match app.services.notary.as_ref().and_then(|notary| notary.latest()) {
        Some(stored) => answer(TEXT, "no-cache", stored.text),
        None => none(),
    }
}

/// The checkpoint of so many records.
pub(crate) async fn earlier(State(app): State<Arc<App>>, peer: Peer, Path(size): Path<String>) -> Response {
    let Ok(size) = size.parse() else {
        return say(StatusCode::BAD_REQUEST, "ask for /checkpoint/NUMBER, the number of records that it covers\n");
    };
    with_notary(&app, &peer, move |notary| Ok(answer(TEXT, A_WHILE, notary.checkpoint(size)?.text))).await
}

/// The proof that one checkpoint goes on from another.
pub(crate) async fn consistency(
    State(app): State<Arc<App>>,
    peer: Peer,
    between: Result<Query<Between>, QueryRejection>,
) -> Response {
    let Ok(Query(Between { from, to })) = between else {
        let how = "ask for /checkpoint/consistency?from=NUMBER&to=NUMBER, the numbers of records of two checkpoints\n";
        return say(StatusCode::BAD_REQUEST, how);
    };
    let read = move |notary: &Notary| Ok(answer("application/json", A_WHILE, notary.consistency(from, to)?.to_json()));
    with_notary(&app, &peer, read).await
}

/// What was signed never changes, but another key may sign it anew.
const A_WHILE: &str = "public, max-age=300";

async fn with_notary(
    app: &App,
    peer: &Peer,
    read: impl FnOnce(&Notary) -> Result<Response, NotaryError> + Send + 'static,
) -> Response {
    let Some(notary) = app.services.notary.clone() else {
        return say(StatusCode::NOT_FOUND, "no checkpoint was signed yet\n");
    };
    let Some(held) = app.checkpoints.enter(address(peer)).await else {
        let mut busy = say(StatusCode::SERVICE_UNAVAILABLE, "too many ask at once; try again in a moment\n");
        busy.headers_mut().insert(RETRY_AFTER, SOON.0.into());
        return busy;
    };
    let answer = spawn_blocking(move || {
        let _held_until_it_is_read = held;
        read(&notary)
    });
    match answer.await {
        Ok(Ok(response)) => response,
        Ok(Err(
            error @ (NotaryError::NoCheckpoint(_) | NotaryError::Proof(ProofError::Beyond { .. } | ProofError::Empty)),
        )) => say(StatusCode::NOT_FOUND, format!("{error}\n")),
        Ok(Err(error)) => {
            tracing::error!(%error, "a checkpoint or proof could not be given");
            say(StatusCode::INTERNAL_SERVER_ERROR, "it could not be read; the process log says why\n")
        }
        Err(_) => say(StatusCode::INTERNAL_SERVER_ERROR, "it could not be read\n"),
    }
}

fn say(status: StatusCode, text: impl Into<String>) -> Response {
    (status, answer(TEXT, "no-store", text.into())).into_response()
}

fn answer(kind: &'static str, caching: &'static str, text: String) -> Response {
    ([(CONTENT_TYPE, kind), (CACHE_CONTROL, caching), (X_CONTENT_TYPE_OPTIONS, "nosniff")], text).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn nobody_is_kept_off_by_those_of_one_network() {
        let room = Room::default();
        let address = |n: u8| Some(IpAddr::from([192, 0, 2, n]));
        let mut reading = Vec::new();
        for _ in 0..AT_A_TIME {
            reading.push(room.enter(address(1)).await.unwrap());
        }
        let enter = |from| {
            let room = room.clone();
            tokio::spawn(async move { room.enter(from).await })
        };
        let waiting: Vec<_> = (AT_A_TIME..MOST_OF_ONE).map(|_| enter(address(1))).collect();
        tokio::task::yield_now().await;
        assert!(room.enter(address(1)).await.is_none(), "they have their share");
        let other = enter(address(2));
        tokio::task::yield_now().await;
        // As many turns end as there are before it, while the first ask again and again.
        for waiting in waiting {
            drop(reading.pop());
            drop(enter(address(1)));
            reading.push(waiting.await.unwrap().unwrap());
        }
        drop(reading);
        assert!(other.await.unwrap().is_some());
        assert_eq!(room.turns.available_permits(), AT_A_TIME);
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_waits_too_long_is_told_so() {
        let room = Room::default();
        let mut reading = Vec::new();
        for n in 1..=AT_A_TIME {
            reading.push(room.enter(format!("192.0.2.{n}").parse().ok()).await.unwrap());
        }
        assert!(room.enter(None).await.is_none());
        reading.pop();
        assert!(room.enter(None).await.is_some());
    }
}
