//! GET /exports/<id>: the file, to whoever opened the export, and to the platform.

use std::fs::File;
use std::io::{self, Read};
use std::sync::Arc;
use std::time::Instant;

use async_graphql::Response as Answer;
use axum::body::{Body, Bytes};
use axum::extract::{Path, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use daybook_domain::export::{Export, ExportKind};
use daybook_domain::{Command, StreamId};
use daybook_engine::Request;
use futures_util::stream;
use tokio::task::spawn_blocking;
use uuid::Uuid;

use super::{Download, Progress, format_of, shown};
use crate::auth::Session;
use crate::http::{App, Peer, address, session_of, turned_away, write};
use crate::metrics::Outcome;
use crate::run::{self, api_failure, failure};
use crate::schema::code::Code;
use crate::schema::error::{ApiError, refused};

/// Bytes that are read at once.
const CHUNK_BYTES: usize = 64 << 10;

/// A HEAD takes nothing, and so is none of the events.
pub(crate) async fn fetch(
    State(app): State<Arc<App>>,
    method: Method,
    peer: Peer,
    headers: HeaderMap,
    Path(id): Path<String>,
) -> Response {
    let start = Instant::now();
    let is_taken = method != Method::HEAD;
    let (outcome, response) = answer(&app, &peer, &headers, &id, is_taken).await;
    app.services.host.metrics.answered(outcome, start.elapsed());
    response
}

async fn answer(app: &Arc<App>, peer: &Peer, headers: &HeaderMap, id: &str, is_taken: bool) -> (Outcome, Response) {
    let session = match session_of(app, address(peer), headers, false).await {
        Ok(session) => session,
        Err(refused) => return *refused,
    };
    match find(app, &session, id, is_taken).await {
        Ok(Found::File(response)) => (Outcome::Ok, response),
        Ok(Found::Crowd) => turned_away(&run::overloaded(), crate::edge::SOON.0, false),
        Ok(Found::NotThere) => {
            app.services.security.forbidden(session.asker(), "exports");
            refuse(&failure("there is no such export, or it is not yours", Code::NotFound), StatusCode::NOT_FOUND)
        }
        Ok(Found::NoFile(why)) => refuse(&failure(why, Code::NotReady), StatusCode::CONFLICT),
        Err(error) => {
            let status = match error {
                ApiError::Busy | ApiError::Full | ApiError::Stopped => StatusCode::SERVICE_UNAVAILABLE,
                _ => StatusCode::INTERNAL_SERVER_ERROR,
            };
            (Outcome::Errors, write(&api_failure(&error), status, false))
        }
    }
}

fn refuse(answer: &Answer, status: StatusCode) -> (Outcome, Response) {
    (Outcome::Refused, write(answer, status, false))
}

enum Found {
    File(Response),
    /// Nor is it told whether somebody else has it.
    NotThere,
    /// Of the caller's own: it is not whole yet, or no longer there.
    NoFile(String),
    /// Too many files are being sent.
    Crowd,
}

/// Nothing leaves before the log says who took it.
async fn find(app: &Arc<App>, session: &Session, id: &str, is_taken: bool) -> Result<Found, ApiError> {
    let services = &app.services;
    let (Ok(id), Ok(board)) = (Uuid::parse_str(id).map(StreamId), services.exports.board()) else {
        return Ok(Found::NotThere);
    };
    let Some(export) = look_up(app, session, id).await? else { return Ok(Found::NotThere) };
    match board.progress(id, &export, services.engine.now()) {
        Progress::Done => {}
        Progress::Waiting | Progress::Running { .. } => {
            return Ok(Found::NoFile("the file is not whole yet: ask for the export until its state is DONE".into()));
        }
        Progress::Cancelled => return Ok(Found::NoFile("the export was cancelled".into())),
        Progress::Failed(why) => return Ok(Found::NoFile(why)),
        Progress::Expired => return Ok(Found::NoFile("the file has expired: export again".into())),
    }
    let Some(download) = board.download(session.actor.id) else { return Ok(Found::Crowd) };
    let path = board.path(id, format_of(export.format));
    // From here on it can be sent, whoever removes it.
    let opened = spawn_blocking(move || {
        let file = File::open(path)?;
        let length = file.metadata()?.len();
        Ok::<_, io::Error>((file, length))
    });
    let (file, length) = match opened.await.map_err(internal)? {
        Ok(opened) => opened,
        Err(_) => return Ok(Found::NoFile("the file is no longer there: export again".into())),
    };
    if is_taken {
        // On a task of its own: whoever hangs up must not let the next one in before his is known.
        let (app, session, board) = (Arc::clone(app), session.clone(), Arc::clone(board));
        let told = tokio::spawn(async move {
            let _one_at_a_time = board.fetching.lock().await;
            tell(&app, &session, id).await
        });
        if let Some(instead) = told.await.map_err(internal)?? {
            return Ok(instead);
        }
    }
    Ok(Found::File(file_response(&export, file, length, download)))
}

/// Writes down that it is fetched once more; why not, if it is not.
async fn tell(app: &App, session: &Session, id: StreamId) -> Result<Option<Found>, ApiError> {
    let Some(export) = look_up(app, session, id).await? else { return Ok(Some(Found::NotThere)) };
    let fetched = Command::FetchExport { export: id };
    match app.services.engine.execute(Request::live(export.next_fetch(id), session.actor, fetched)).await {
        Ok(_) => Ok(None),
        Err(error) => Ok(Some(Found::NoFile(refused(error)?.message))),
    }
}

async fn look_up(app: &App, session: &Session, id: StreamId) -> Result<Option<Export>, ApiError> {
    let (services, session) = (app.services.clone(), session.clone());
    spawn_blocking(move || shown(&services, &session, id)).await.map_err(internal)?
}

fn internal(error: tokio::task::JoinError) -> ApiError {
    ApiError::Internal(Box::new(error))
}

fn file_response(export: &Export, file: File, length: u64, download: Download) -> Response {
    let format = format_of(export.format);
    let name = match export.kind {
        ExportKind::Orders => "orders",
        ExportKind::Events => "events",
    };
    let name = format!("attachment; filename=\"{name}-{}.{}\"", export.position, format.extension());
    let head = [
        (CONTENT_TYPE, format.media_type().to_owned()),
        (CONTENT_LENGTH, length.to_string()),
        (CONTENT_DISPOSITION, name),
        (X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned()),
        (CACHE_CONTROL, "no-store".to_owned()),
    ];
    // No thread waits for whoever reads slowly: each chunk is read when the one before it has gone.
    let chunks = stream::unfold(Some((file, length, download)), |sending| async move {
        let (mut file, left, download) = sending.filter(|(_, left, _)| *left > 0)?;
        let read = spawn_blocking(move || {
            let mut chunk = vec![0; CHUNK_BYTES];
            let count = file.read(&mut chunk)?;
            chunk.truncate(count);
            Ok::<_, io::Error>((file, chunk))
        });
        match read.await.map_err(io::Error::other).and_then(|read| read) {
            Ok((_, chunk)) if chunk.is_empty() => None,
            Ok((file, chunk)) => {
                let left = left.saturating_sub(chunk.len() as u64);
                Some((Ok(Bytes::from(chunk)), Some((file, left, download))))
            }
            // The connection ends early, and so does not look whole.
            Err(error) => {
                tracing::error!(%error, "the file of an export could not be read");
                Some((Err(error), None))
            }
        }
    });
    (head, Body::from_stream(chunks)).into_response()
}
