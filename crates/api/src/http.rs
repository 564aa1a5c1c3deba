//! The routes.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_graphql::{Request, Response as Answer};
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::header::{ACCEPT, CONTENT_TYPE, WWW_AUTHENTICATE};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Extension, Json, Router};
use daybook_engine::{Engine, Reader};
use futures_util::FutureExt;
use tokio::time::timeout;

use crate::auth::{self, Session};
use crate::credentials::Credentials;
use crate::host::Host;
use crate::limits::MAX_BODY_BYTES;
use crate::metrics::{self, Outcome};
use crate::page;
use crate::ready::Readiness;
use crate::run::{self, Panicked, Runner, api_failure, failure};
use crate::schema::code::Code;
use crate::schema::error::ApiError;
use crate::schema::{self, Schema};
use crate::security::{Peer, SecurityLog};
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
    /// Whether GET /graphql answers with a page to try queries on.
    pub graphiql: bool,
}

/// What the handlers share.
#[derive(Clone)]
pub(crate) struct App {
    pub(crate) services: Services,
    pub(crate) runner: Runner,
    pub(crate) door: Door,
    readiness: Arc<Readiness>,
}

/// All routes: /graphql, /graphql/ws, /healthz, /readyz, /metrics.
pub fn router(services: Services) -> Router {
    let schema = schema::builder(services.clone()).finish();
    routes(services, schema)
}

pub(crate) fn routes(services: Services, schema: Schema) -> Router {
    let runner = Runner::new(schema, services.security.clone());
    let app = App { services, runner, door: Door::default(), readiness: Arc::default() };
    Router::new()
        .route("/graphql", get(page).post(graphql))
        .route("/graphql/ws", get(socket::upgrade))
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics_page))
        .with_state(app)
}

async fn page(State(app): State<App>) -> Response {
    if app.services.graphiql { page::page() } else { StatusCode::NOT_FOUND.into_response() }
}

async fn ready(State(app): State<App>) -> Response {
    match app.readiness.look(&app.services) {
        Ok(ready) => Json(ready).into_response(),
        Err(unready) => (StatusCode::SERVICE_UNAVAILABLE, Json(unready)).into_response(),
    }
}

async fn metrics_page(State(app): State<App>) -> Response {
    let text = metrics::page(&app.services.host, &app.services.reader);
    ([(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text).into_response()
}

async fn graphql(State(app): State<App>, peer: Option<Extension<Peer>>, headers: HeaderMap, body: Body) -> Response {
    let start = Instant::now();
    // Whatever panics on the way, the connection and its other requests live on.
    let answered = AssertUnwindSafe(answer(&app, peer.map(|peer| peer.0), &headers, body)).catch_unwind().await;
    let (outcome, response) = answered.unwrap_or_else(|payload| panicked(&Panicked::new(payload), &headers));
    app.services.host.metrics.answered(outcome, start.elapsed());
    response
}

async fn answer(app: &App, peer: Option<Peer>, headers: &HeaderMap, body: Body) -> (Outcome, Response) {
    let modern = wants_modern(headers);
    auth::prepare(&app.services, auth::authorization(headers)).await;
    let session = match Session::from_headers(&app.services, headers, peer.map(|peer| peer.0)) {
        Ok(session) => session,
        Err(error) => return (Outcome::Unauthenticated, unauthenticated(&error, modern)),
    };
    let refuse = |status, message: &str, code| {
        let response = write(&failure(message, code), status, modern);
        (Outcome::Refused, response)
    };
    if !is_json(headers) {
        let message = "send the request as Content-Type: application/json";
        return refuse(StatusCode::UNSUPPORTED_MEDIA_TYPE, message, Code::BadRequest);
    }
    let Ok(read) = timeout(BODY_WITHIN, read(headers, body)).await else {
        let message = "the request's body did not arrive within 30 seconds";
        return refuse(StatusCode::REQUEST_TIMEOUT, message, Code::BadRequest);
    };
    let Some(bytes) = read else {
        let message = "the request has more than 1 MiB";
        return refuse(StatusCode::PAYLOAD_TOO_LARGE, message, Code::BodyTooLarge);
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
        Ok(response) if run::is_refused(&response) => {
            // In the older form, whatever was understood as a request is answered 200.
            let status = if modern { StatusCode::BAD_REQUEST } else { StatusCode::OK };
            (Outcome::Refused, write(&response, status, modern))
        }
        Ok(response) => {
            let outcome = if response.errors.is_empty() { Outcome::Ok } else { Outcome::Errors };
            (outcome, write(&response, StatusCode::OK, modern))
        }
        Err(error) => panicked(&error, headers),
    }
}

fn panicked(error: &Panicked, headers: &HeaderMap) -> (Outcome, Response) {
    let response = write(&error.response(), StatusCode::INTERNAL_SERVER_ERROR, wants_modern(headers));
    (Outcome::Panicked, response)
}

/// None: more than is let in.
async fn read(headers: &HeaderMap, body: Body) -> Option<Bytes> {
    use axum::http::header::CONTENT_LENGTH;
    let announced = headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    if announced.is_some_and(|length| length > MAX_BODY_BYTES) {
        return None;
    }
    axum::body::to_bytes(body, MAX_BODY_BYTES).await.ok()
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

fn is_json(headers: &HeaderMap) -> bool {
    let kind = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or("");
    kind.split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case(JSON))
}

fn write(answer: &Answer, status: StatusCode, modern: bool) -> Response {
    let body = if run::is_refused(answer) {
        serde_json::to_vec(&Refused { errors: &answer.errors })
    } else {
        serde_json::to_vec(answer)
    };
    let kind = if modern { GRAPHQL_RESPONSE } else { JSON };
    match body {
        Ok(body) => (status, [(CONTENT_TYPE, kind)], body).into_response(),
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
