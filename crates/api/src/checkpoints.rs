//! GET /checkpoint: what the operator signed of the ledger, for anybody: how many records there are and their root.

use std::sync::Arc;

use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER, X_CONTENT_TYPE_OPTIONS};
use axum::response::{IntoResponse, Response};
use daybook_proof::{Notary, NotaryError, ProofError};
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;

use crate::edge::SOON;
use crate::http::App;

/// Those who read checkpoints or proofs at a time: nobody asks them for a token, so they must not take much.
const AT_A_TIME: usize = 4;
const TEXT: &str = "text/plain; charset=utf-8";

#[derive(Clone)]
pub(crate) struct Room(Arc<Semaphore>);

impl Default for Room {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(AT_A_TIME)))
    }
}

/// Two numbers of records.
#[derive(serde::Deserialize)]
pub(crate) struct Between {
    from: u64,
    to: u64,
}

/// The newest checkpoint.
pub(crate) async fn latest(State(app): State<App>) -> Response {
    let none = || say(StatusCode::NOT_FOUND, "no checkpoint was signed yet\n");
    match app.services.notary.as_ref().and_then(|notary| notary.latest()) {
        Some(stored) => answer(TEXT, "no-cache", stored.text),
        None => none(),
    }
}

/// The checkpoint of so many records.
pub(crate) async fn earlier(State(app): State<App>, Path(size): Path<String>) -> Response {
    let Ok(size) = size.parse() else {
        return say(StatusCode::BAD_REQUEST, "ask for /checkpoint/NUMBER, the number of records that it covers\n");
    };
    with_notary(&app, move |notary| Ok(answer(TEXT, FOR_EVER, notary.checkpoint(size)?.text))).await
}

/// The proof that one checkpoint goes on from another.
pub(crate) async fn consistency(State(app): State<App>, between: Result<Query<Between>, QueryRejection>) -> Response {
    let Ok(Query(Between { from, to })) = between else {
        let how = "ask for /checkpoint/consistency?from=NUMBER&to=NUMBER, the numbers of records of two checkpoints\n";
        return say(StatusCode::BAD_REQUEST, how);
    };
    let read = move |notary: &Notary| Ok(answer("application/json", FOR_EVER, notary.consistency(from, to)?.to_json()));
    with_notary(&app, read).await
}

/// What was signed never changes.
const FOR_EVER: &str = "public, max-age=31536000, immutable";

async fn with_notary(
    app: &App,
    read: impl FnOnce(&Notary) -> Result<Response, NotaryError> + Send + 'static,
) -> Response {
    let Some(notary) = app.services.notary.clone() else {
        return say(StatusCode::NOT_FOUND, "no checkpoint was signed yet\n");
    };
    let Ok(_turn) = Arc::clone(&app.checkpoints.0).try_acquire_owned() else {
        let mut busy = say(StatusCode::SERVICE_UNAVAILABLE, "too many ask at once; try again in a moment\n");
        busy.headers_mut().insert(RETRY_AFTER, SOON.0.into());
        return busy;
    };
    let answer = spawn_blocking(move || {
        let _held_until_it_is_read = &_turn;
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
