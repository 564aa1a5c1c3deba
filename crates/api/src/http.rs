//! The routes.

use std::net::{IpAddr, SocketAddr};
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_graphql::{Request, Response as Answer};
use axum::body::Body;
use axum::extract::{ConnectInfo, State};
use axum::http::header::{ACCEPT, CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE, X_CONTENT_TYPE_OPTIONS};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Extension, Json, Router};
use daybook_engine::{Engine, Reader};
use daybook_proof::Notary;
use futures_util::{FutureExt, StreamExt};
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::timeout;

use crate::auth::{self, Session};
use crate::checkpoints::{self, Room};
use crate::credentials::Credentials;
use crate::edge::{Edge, Limits, SMALL_BODY_BYTES, SOON};
use crate::exports::{self, Exports};
use crate::host::Host;
use crate::json;
use crate::limits::MAX_BODY_BYTES;
use crate::lookups::{self, Lookups};
use crate::metrics::{self, Outcome};
use crate::page;
use crate::ready::Readiness;
use crate::run::{self, Panicked, Runner, api_failure, failure};
use crate::schema::code::Code;
use crate::schema::error::ApiError;
use crate::schema::{self, Schema};
use crate::security::SecurityLog;
use crate::socket::{self, Door};

/// How long a request's body may take to arrive.
const BODY_WITHIN: Duration = Duration::from_secs(30);
const JSON: &str = "application/json";
const GRAPHQL_RESPONSE: &str = "application/graphql-response+json; charset=utf-8";

/// What the API serves from.
#[derive(Clone)]
pub struct Services {
    pub engine: Engine,
    pub reader: Reader,
    pub host: Arc<Host>,
    pub credentials: Credentials,
    pub security: SecurityLog,
    pub exports: Exports,
    /// Who signs checkpoints of the ledger; none: nobody does.
    pub notary: Option<Arc<Notary>>,
    /// Whether GET /graphql answers with a page to try queries on.
    pub graphiql: bool,
}

impl Services {
    /// Without a door: no tokens are issued, nobody is told of incidents, nothing is exported.
    pub fn within(engine: Engine, reader: Reader, host: Arc<Host>) -> Self {
        let credentials = Credentials::new(|| Err(std::io::ErrorKind::Unsupported.into()));
        let (security, exports) = (SecurityLog::nowhere(), Exports::nowhere());
        Self { engine, reader, host, credentials, security, exports, notary: None, graphiql: false }
    }
}

/// What the handlers share.
pub(crate) struct App {
    pub(crate) services: Services,
    pub(crate) runner: Arc<Runner>,
    pub(crate) door: Door,
    pub(crate) lookups: Arc<Lookups>,
    pub(crate) checkpoints: Room,
    readiness: Arc<Readiness>,
}

/// All routes: /graphql, /graphql/ws, /exports/{id}, /lookup, /checkpoint, /healthz, /readyz, /metrics. Within the limits that go without saying.
pub fn router(services: Services) -> Router {
    router_within(services, &Limits::default())
}

/// As [`router`]. Give each request a `ConnectInfo<SocketAddr>`: without it, all are taken to come from one address.
pub fn router_within(services: Services, limits: &Limits) -> Router {
    let schema = schema::builder(services.clone()).finish();
    routes(services, schema, limits)
}

pub(crate) fn routes(services: Services, schema: Schema, limits: &Limits) -> Router {
    let runner = Arc::new(Runner::new(schema, Edge::new(limits), services.security.clone()));
    let (door, lookups, checkpoints, readiness) = Default::default();
    let app = App { services, runner, door, lookups, checkpoints, readiness };
    Router::new()
        .route("/graphql", get(page).post(graphql))
        .route("/graphql/ws", get(socket::upgrade))
        .route("/exports/{id}", get(exports::fetch))
        .route("/lookup", post(lookups::look_up).delete(lookups::end))
        .route("/checkpoint", get(checkpoints::latest))
        .route("/checkpoint/{size}", get(checkpoints::earlier))
        .route("/checkpoint/consistency", get(checkpoints::consistency))
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics_page))
        .with_state(Arc::new(app))
}

async fn page(State(app): State<Arc<App>>) -> Response {
    if app.services.graphiql { page::page() } else { StatusCode::NOT_FOUND.into_response() }
}

async fn ready(State(app): State<Arc<App>>) -> Response {
    match app.readiness.look(&app.services) {
        Ok(ready) => Json(ready).into_response(),
        Err(unready) => (StatusCode::SERVICE_UNAVAILABLE, Json(unready)).into_response(),
    }
}

async fn metrics_page(State(app): State<Arc<App>>) -> Response {
    let text = metrics::page(&app.services, &app.runner.edge);
    ([(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text).into_response()
}

/// Whom a request comes from, as far as that is known.
pub(crate) type Peer = Option<Extension<ConnectInfo<SocketAddr>>>;

pub(crate) fn address(peer: &Peer) -> Option<IpAddr> {
    peer.as_ref().map(|Extension(ConnectInfo(address))| address.ip())
}

async fn graphql(State(app): State<Arc<App>>, peer: Peer, headers: HeaderMap, body: Body) -> Response {
    let start = Instant::now();
    // Whatever panics on the way, the connection and its other requests live on.
    let answered = AssertUnwindSafe(answer(&app, address(&peer), &headers, body)).catch_unwind().await;
    let (outcome, response) = answered.unwrap_or_else(|payload| panicked(&Panicked::new(payload), &headers));
    app.services.host.metrics.answered(outcome, start.elapsed());
    response
}

async fn answer(app: &App, from: Option<IpAddr>, headers: &HeaderMap, body: Body) -> (Outcome, Response) {
    let (modern, edge) = (wants_modern(headers), &app.runner.edge);
    let session = match session_of(app, from, headers, modern).await {
        Ok(session) => session,
        Err(refused) => return *refused,
    };
    let refuse = |status, message: &str, code| {
        let response = write(&failure(message, code), status, modern);
        (Outcome::Refused, response)
    };
    if !is_json(headers) {
        let message = "send the request as Content-Type: application/json";
        return refuse(StatusCode::UNSUPPORTED_MEDIA_TYPE, message, Code::BadRequest);
    }
    let Ok(read) = timeout(BODY_WITHIN, read(edge, headers, body)).await else {
        let message = "the request's body did not arrive within 30 seconds";
        return refuse(StatusCode::REQUEST_TIMEOUT, message, Code::BadRequest);
    };
    let (bytes, _room) = match read {
        Ok(read) => read,
        Err(Unread::TooLarge) => {
            let message = "the request has more than 1 MiB";
            return refuse(StatusCode::PAYLOAD_TOO_LARGE, message, Code::BodyTooLarge);
        }
        Err(Unread::Broken) => {
            return refuse(StatusCode::BAD_REQUEST, "the request's body broke off", Code::BadRequest);
        }
        Err(Unread::NoRoom) => return turned_away(&run::overloaded(), SOON.0, modern),
    };
    match bytes.iter().find(|byte| !byte.is_ascii_whitespace()) {
        Some(b'[') => return refuse(StatusCode::BAD_REQUEST, "send one request at a time", Code::BadRequest),
        Some(b'{') => {}
        _ => return refuse(StatusCode::BAD_REQUEST, "the request is not a JSON object", Code::BadRequest),
    }
    let Ok(request) = serde_json::from_slice::<Request>(&bytes) else {
        return refuse(StatusCode::BAD_REQUEST, "the request is not a GraphQL request in JSON", Code::BadRequest);
    };
    match app.runner.run(request, &session).await {
        Ok(response) if run::is_refused(&response) && run::has_code(&response, Code::TimedOut) => {
            (Outcome::Shed, write(&response, StatusCode::SERVICE_UNAVAILABLE, modern))
        }
        Ok(response) => {
            if let Some(seconds) = run::retry_after(&response) {
                return turned_away(&response, seconds, modern);
            }
            if run::is_refused(&response) {
                // In the older form, whatever was understood as a request is answered 200.
                let status = if modern { StatusCode::BAD_REQUEST } else { StatusCode::OK };
                return (Outcome::Refused, write(&response, status, modern));
            }
            let outcome = if response.errors.is_empty() { Outcome::Ok } else { Outcome::Errors };
            (outcome, write(&response, StatusCode::OK, modern))
        }
        Err(error) => panicked(&error, headers),
    }
}

/// Who asks, if they may ask for more now.
pub(crate) async fn session_of(
    app: &App,
    from: Option<IpAddr>,
    headers: &HeaderMap,
    modern: bool,
) -> Result<Session, Box<(Outcome, Response)>> {
    let edge = &app.runner.edge;
    auth::prepare(&app.services, auth::authorization(headers)).await;
    let session = match Session::from_headers(&app.services, headers, from) {
        Ok(session) => session,
        Err(unwelcome) => {
            return Err(Box::new(match unwelcome.tell(app, from) {
                Ok(error) => (Outcome::Unauthenticated, unauthenticated(&error, modern)),
                Err(after) => turned_away(&run::too_many_wrong(after), after.0, modern),
            }));
        }
    };
    match edge.begin(session.actor.id) {
        Ok(()) => Ok(session),
        Err(after) => Err(Box::new(turned_away(&run::limited(after), after.0, modern))),
    }
}

fn panicked(error: &Panicked, headers: &HeaderMap) -> (Outcome, Response) {
    let response = write(&error.response(), StatusCode::INTERNAL_SERVER_ERROR, wants_modern(headers));
    (Outcome::Panicked, response)
}

/// An answer that says to come again, and after how many seconds: 429 to who sends too much, 503 to who meets a crowd.
pub(crate) fn turned_away(answer: &Answer, seconds: u64, modern: bool) -> (Outcome, Response) {
    let is_callers = run::has_code(answer, Code::RateLimited) || run::has_code(answer, Code::Locked);
    let (outcome, status) = match is_callers {
        true => (Outcome::Limited, StatusCode::TOO_MANY_REQUESTS),
        false => (Outcome::Shed, StatusCode::SERVICE_UNAVAILABLE),
    };
    let mut response = write(answer, status, modern);
    response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
    (outcome, response)
}

/// Why a body was not read.
enum Unread {
    TooLarge,
    Broken,
    /// Too many large ones are under way.
    NoRoom,
}

/// A body, with the room that a large one takes until it is answered. Nobody waits meanwhile for whoever sends slowly.
async fn read(edge: &Edge, headers: &HeaderMap, body: Body) -> Result<(Vec<u8>, Option<OwnedSemaphorePermit>), Unread> {
    use axum::http::header::CONTENT_LENGTH;
    let announced = headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    if announced.is_some_and(|length| length > MAX_BODY_BYTES) {
        return Err(Unread::TooLarge);
    }
    let (mut bytes, mut room) = (Vec::new(), None);
    let mut parts = body.into_data_stream();
    while let Some(part) = parts.next().await {
        let part = part.map_err(|_| Unread::Broken)?;
        let length = bytes.len() + part.len();
        if length > MAX_BODY_BYTES {
            return Err(Unread::TooLarge);
        }
        if length > SMALL_BODY_BYTES && room.is_none() {
            room = Some(edge.large_body().ok_or(Unread::NoRoom)?);
        }
        bytes.extend_from_slice(&part);
    }
    Ok((bytes, room))
}

fn unauthenticated(error: &ApiError, modern: bool) -> Response {
    let status = match error {
        ApiError::Forbidden(_) => StatusCode::FORBIDDEN,
        ApiError::Unauthenticated(_) => StatusCode::UNAUTHORIZED,
        _ => StatusCode::INTERNAL_SERVER_ERROR,
    };
    let mut response = write(&api_failure(error), status, modern);
    if status == StatusCode::UNAUTHORIZED {
        response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    response
}

/// Whether the newer media type, with its own status codes, is asked for.
fn wants_modern(headers: &HeaderMap) -> bool {
    let accept = headers.get(ACCEPT).and_then(|accept| accept.to_str().ok()).unwrap_or("");
    let position = |kind: &str| accept.find(kind);
    match (position("application/graphql-response+json"), position(JSON)) {
        (Some(modern), Some(plain)) => modern < plain,
        (modern, _) => modern.is_some(),
    }
}

pub(crate) fn is_json(headers: &HeaderMap) -> bool {
    let kind = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or("");
    kind.split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case(JSON))
}

pub(crate) fn write(answer: &Answer, status: StatusCode, modern: bool) -> Response {
    let body = if run::is_refused(answer) {
        serde_json::to_vec(&Refused { errors: &answer.errors })
    } else {
        json::answer(answer)
    };
    let kind = if modern { GRAPHQL_RESPONSE } else { JSON };
    match body {
        Ok(body) => {
            // Personal data is in most of them.
            let head = [(CONTENT_TYPE, kind), (CACHE_CONTROL, "no-store"), (X_CONTENT_TYPE_OPTIONS, "nosniff")];
            (status, head, body).into_response()
        }
        Err(error) => {
            tracing::error!(%error, "an answer could not be written");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

/// An answer that must not have `data`.
#[derive(serde::Serialize)]
struct Refused<'a> {
    errors: &'a [async_graphql::ServerError],
}
