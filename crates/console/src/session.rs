//! A browser's session: its token in a cookie. What it may do is decided by the API at each request, as for everybody.

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header::{AUTHORIZATION, CACHE_CONTROL, CONTENT_TYPE, COOKIE, SET_COOKIE};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use tower::ServiceExt;

use crate::origin;

/// By TLS, `__Host-` keeps other hosts of the domain, and plain HTTP, from setting it.
const SECURE_NAME: &str = "__Host-daybook";
const PLAIN_NAME: &str = "daybook";
/// Longer than any token of ours, and than any JWT that is taken.
const MAX_TOKEN_BYTES: usize = 8 << 10;

#[derive(Clone)]
pub(crate) struct Sessions {
    pub(crate) api: Router,
    pub(crate) is_https: bool,
}

#[derive(Deserialize)]
pub(crate) struct Opening {
    token: String,
}

impl Sessions {
    fn cookie(&self, token: &str, ends: &str) -> String {
        let (name, secure) = if self.is_https { (SECURE_NAME, "; Secure") } else { (PLAIN_NAME, "") };
        format!("{name}={token}; Path=/; HttpOnly; SameSite=Strict{secure}{ends}")
    }
}

/// Takes a token that the API takes; its refusal is passed on as it is.
pub(crate) async fn open(State(sessions): State<Sessions>, request: Request) -> Response {
    if !origin::is_own(request.headers()) {
        return foreign();
    }
    let extensions = request.extensions().clone();
    let Ok(bytes) = axum::body::to_bytes(request.into_body(), MAX_TOKEN_BYTES + 1024).await else {
        return (StatusCode::PAYLOAD_TOO_LARGE, "a token has at most 8 KiB\n").into_response();
    };
    let Ok(Opening { token }) = serde_json::from_slice::<Opening>(&bytes) else {
        return (StatusCode::BAD_REQUEST, "send {\"token\": \"…\"} as JSON\n").into_response();
    };
    let token = token.trim();
    let is_plain =
        |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b'~' | b'+' | b'/' | b'=');
    // What stands in a cookie must not begin another one.
    let header = HeaderValue::from_str(&format!("Bearer {token}")).ok().filter(|_| token.bytes().all(is_plain));
    let Some(header) = header.filter(|_| !token.is_empty()) else {
        return (StatusCode::BAD_REQUEST, "this is no token\n").into_response();
    };
    let mut asked = Request::new(Body::from(r#"{"query":"{ viewer { role } }"}"#));
    *asked.method_mut() = Method::POST;
    *asked.uri_mut() = axum::http::Uri::from_static("/graphql");
    *asked.extensions_mut() = extensions;
    asked.headers_mut().insert(AUTHORIZATION, header);
    asked.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    let answer = match sessions.api.clone().oneshot(asked).await {
        Ok(answer) => answer,
        Err(never) => match never {},
    };
    if answer.status() != StatusCode::OK {
        return answer;
    }
    with_cookie(&sessions.cookie(token, ""))
}

/// Forgets it here; the token is as good as before, until it is revoked.
pub(crate) async fn close(State(sessions): State<Sessions>, headers: HeaderMap) -> Response {
    if !origin::is_own(&headers) {
        return foreign();
    }
    with_cookie(&sessions.cookie("", "; Max-Age=0"))
}

fn with_cookie(cookie: &str) -> Response {
    (StatusCode::NO_CONTENT, [(SET_COOKIE, cookie), (CACHE_CONTROL, "no-store")]).into_response()
}

fn foreign() -> Response {
    (StatusCode::FORBIDDEN, "this is for Daybook's own pages alone\n").into_response()
}

/// Puts the session's token where the API looks for it, for our own pages alone: another page can make a browser ask, and
/// must not ask in its user's name. A request that bears a token itself is as it was.
pub(crate) async fn authorize(mut request: Request, next: Next) -> Response {
    let headers = request.headers();
    if headers.contains_key(AUTHORIZATION) {
        return next.run(request).await;
    }
    let is_safe = matches!(*request.method(), Method::GET | Method::HEAD);
    let is_meant = if is_safe { origin::is_no_foreign(headers) } else { origin::is_own(headers) };
    let header = token_of(headers).and_then(|token| HeaderValue::from_str(&format!("Bearer {token}")).ok());
    if let Some(mut header) = header.filter(|_| is_meant) {
        header.set_sensitive(true);
        request.headers_mut().insert(AUTHORIZATION, header);
    }
    next.run(request).await
}

fn token_of(headers: &HeaderMap) -> Option<&str> {
    let pairs = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok()).flat_map(|text| text.split(';'));
    let mut named = pairs.filter_map(|pair| pair.trim().split_once('='));
    named.find(|(name, _)| *name == SECURE_NAME || *name == PLAIN_NAME).map(|(_, token)| token)
}
