//! A browser's session: its token in a cookie. What it may do is decided by the API at each request, as for everybody.

use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::header::{AUTHORIZATION, CACHE_CONTROL, CONTENT_TYPE, COOKIE, SET_COOKIE};
use axum::http::{Extensions, HeaderMap, HeaderValue, Method, StatusCode, Uri};
use axum::middleware::Next;
use axum::response::{AppendHeaders, IntoResponse, Response};
use serde::Deserialize;
use tokio::time::timeout;
use tower::ServiceExt;

use crate::packing::{packed, takes_gzip};
use crate::{Clock, assets, origin};

/// By TLS, `__Host-` keeps other hosts of the domain, and plain HTTP, from setting it.
const SECURE_NAME: &str = "__Host-daybook";
const PLAIN_NAME: &str = "daybook";
/// How the credential of a look-up begins, which is good for nothing but its session.
const LOOK_UP: &str = "dbb_";
/// What browsers keep in a cookie, less its name and attributes.
const MAX_TOKEN_BYTES: usize = 3_900;
/// Of what is said of who looks at a page.
const MOST_VIEWER_BYTES: usize = 16_384;
/// How long a token may take to arrive.
const BODY_WITHIN: Duration = Duration::from_secs(10);

#[derive(Clone)]
pub(crate) struct Sessions {
    pub(crate) api: Router,
    pub(crate) is_https: bool,
    pub(crate) clock: Clock,
}

#[derive(Deserialize)]
pub(crate) struct Opening {
    token: String,
}

fn cookie(is_secure: bool, token: &str, ends: &str) -> String {
    let (name, secure) = if is_secure { (SECURE_NAME, "; Secure") } else { (PLAIN_NAME, "") };
    format!("{name}={token}; Path=/; HttpOnly; SameSite=Strict{secure}{ends}")
}

/// What a page has to know of who looks at it before it can show anything.
const VIEWER: &str = r#"{"query":"{ viewer { id role merchant timeZone order } }"}"#;
/// What the API says of nobody.
const NOBODY: &str = r#"{"data":{"viewer":null}}"#;
/// Enough to know whether a token is good.
const ROLE: &str = r#"{"query":"{ viewer { role } }"}"#;
/// How long a document waits for it: the page's files must not wait for a server that is busy. A page that was not told asks
/// by itself.
const VIEWER_WITHIN: Duration = Duration::from_millis(250);

impl Sessions {
    /// The API's answer to who that is. `outer`: what came with the request for which it is asked.
    async fn viewer(&self, query: &'static str, header: HeaderValue, outer: &Extensions) -> Response {
        let mut asked = Request::new(Body::from(query));
        *asked.method_mut() = Method::POST;
        *asked.uri_mut() = Uri::from_static("/graphql");
        if let Some(from) = outer.get::<ConnectInfo<SocketAddr>>() {
            asked.extensions_mut().insert(*from);
        }
        asked.headers_mut().insert(AUTHORIZATION, header);
        asked.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        match self.api.clone().oneshot(asked).await {
            Ok(answer) => answer,
            Err(never) => match never {},
        }
    }

    /// A document, for whoever asks for it.
    pub(crate) async fn show(&self, document: &str, request: Request) -> Response {
        let viewer = self.viewer_of(request).await;
        assets::index(document, &viewer, (self.clock)(), self.is_https)
    }

    /// That answer for a document that a browser asks for; empty where the page has to ask by itself.
    async fn viewer_of(&self, request: Request) -> String {
        let headers = request.headers();
        if !origin::is_no_foreign(headers, self.is_https) {
            return String::new();
        }
        // Browsers send the cookie along unless another site led here, which only some of them tell.
        let is_told = headers.contains_key(origin::SITE);
        let Some(header) = token_of(headers, self.is_https).and_then(bearer) else {
            return if is_told { NOBODY.to_owned() } else { String::new() };
        };
        let answer = timeout(VIEWER_WITHIN, self.viewer(VIEWER, header, request.extensions())).await;
        let Ok(answer) = answer else { return String::new() };
        match answer.status() {
            StatusCode::OK => {}
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => return NOBODY.to_owned(),
            _ => return String::new(),
        }
        let bytes = axum::body::to_bytes(answer.into_body(), MOST_VIEWER_BYTES).await.unwrap_or_default();
        String::from_utf8(bytes.into()).unwrap_or_default()
    }
}

/// Who a browser's session is of, as the API says it: who has none is told so without being taken for somebody with a wrong token.
pub(crate) async fn who(State(sessions): State<Sessions>, request: Request) -> Response {
    let headers = request.headers();
    let header = token_of(headers, sessions.is_https).and_then(bearer);
    let mut answer = match header.filter(|_| origin::is_no_foreign(headers, sessions.is_https)) {
        Some(header) => sessions.viewer(VIEWER, header, request.extensions()).await,
        None => StatusCode::UNAUTHORIZED.into_response(),
    };
    answer.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    answer
}

/// Takes a token that the API takes; its refusal is passed on as it is.
pub(crate) async fn open(State(sessions): State<Sessions>, request: Request) -> Response {
    let headers = request.headers();
    if !origin::is_own(headers, sessions.is_https) {
        return foreign();
    }
    // Of a form of another page this is never told, not even by a browser that says nothing of where it came from.
    if !headers.get(CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"application/json")) {
        return (StatusCode::UNSUPPORTED_MEDIA_TYPE, "send {\"token\": \"…\"} as application/json\n").into_response();
    }
    let is_secure = sessions.is_https || origin::is_https(headers);
    let extensions = request.extensions().clone();
    let bytes = match timeout(BODY_WITHIN, axum::body::to_bytes(request.into_body(), MAX_TOKEN_BYTES + 100)).await {
        Ok(Ok(bytes)) => bytes,
        Ok(Err(_)) => return (StatusCode::PAYLOAD_TOO_LARGE, "a cookie holds no token of this size\n").into_response(),
        Err(_) => return (StatusCode::REQUEST_TIMEOUT, "the token did not arrive in time\n").into_response(),
    };
    let Ok(Opening { token }) = serde_json::from_slice::<Opening>(&bytes) else {
        return (StatusCode::BAD_REQUEST, "send {\"token\": \"…\"} as JSON\n").into_response();
    };
    let token = token.trim();
    let is_plain =
        |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b'~' | b'+' | b'/' | b'=');
    // What stands in a cookie must not begin another one.
    let header = bearer(token).filter(|_| token.bytes().all(is_plain));
    let Some(header) = header.filter(|_| !token.is_empty()) else {
        return (StatusCode::BAD_REQUEST, "this is no token\n").into_response();
    };
    let answer = sessions.viewer(ROLE, header, &extensions).await;
    if answer.status() != StatusCode::OK {
        return answer;
    }
    with_cookies(&[cookie(is_secure, token, "")])
}

/// Forgets it here. A token is as good as before, until it is revoked; a look-up ends.
pub(crate) async fn close(State(sessions): State<Sessions>, request: Request) -> Response {
    let headers = request.headers();
    if !origin::is_own(headers, sessions.is_https) {
        return foreign();
    }
    let look_up = token_of(headers, sessions.is_https).filter(|token| token.starts_with(LOOK_UP));
    if let Some(header) = look_up.and_then(bearer) {
        let mut ending = Request::new(Body::empty());
        *ending.method_mut() = Method::DELETE;
        *ending.uri_mut() = Uri::from_static("/lookup");
        *ending.extensions_mut() = request.extensions().clone();
        ending.headers_mut().insert(AUTHORIZATION, header);
        // If it had ended already, that is as well.
        let Ok(_) = sessions.api.oneshot(ending).await;
    }
    with_cookies(&[cookie(true, "", "; Max-Age=0"), cookie(false, "", "; Max-Age=0")])
}

fn bearer(token: &str) -> Option<HeaderValue> {
    let mut header = HeaderValue::from_str(&format!("Bearer {token}")).ok()?;
    header.set_sensitive(true);
    Some(header)
}

fn with_cookies(cookies: &[String]) -> Response {
    let cookies = cookies.iter().map(|cookie| (SET_COOKIE, cookie.clone())).collect();
    (StatusCode::NO_CONTENT, AppendHeaders::<Vec<_>>(cookies), [(CACHE_CONTROL, "no-store")]).into_response()
}

fn foreign() -> Response {
    (StatusCode::FORBIDDEN, "this is for Daybook's own pages alone\n").into_response()
}

/// Puts the session's token where the API looks for it, for our own pages alone: another page can make a browser ask, and
/// must not ask in its user's name. A request that bears a token itself is as it was.
pub(crate) async fn authorize(State(is_https): State<bool>, mut request: Request, next: Next) -> Response {
    let headers = request.headers();
    if headers.contains_key(AUTHORIZATION) {
        return next.run(request).await;
    }
    let is_safe = matches!(*request.method(), Method::GET | Method::HEAD);
    let is_meant = if is_safe { origin::is_no_foreign(headers, is_https) } else { origin::is_own(headers, is_https) };
    let header = token_of(headers, is_https).and_then(bearer);
    let Some(header) = header.filter(|_| is_meant) else { return next.run(request).await };
    // Browsers are far away, and a page of a list is mostly names of fields. No other page can make them ask, so that none
    // learns anything from an answer's length.
    let takes_gzip = takes_gzip(headers);
    request.headers_mut().insert(AUTHORIZATION, header);
    let answer = next.run(request).await;
    if takes_gzip { packed(answer).await } else { answer }
}

/// Where pages come by TLS, only the cookie that nobody else can set: one of the plain name may be another host's of the
/// domain. Whatever else stands in the header spoils nothing.
fn token_of(headers: &HeaderMap, is_https: bool) -> Option<&str> {
    let named = |name: &str| {
        let pairs = headers.get_all(COOKIE).iter().flat_map(|value| value.as_bytes().split(|&byte| byte == b';'));
        let mut values = pairs.filter_map(|pair| pair.trim_ascii().strip_prefix(name.as_bytes())?.strip_prefix(b"="));
        values.find_map(|value| str::from_utf8(value).ok().filter(|value| !value.is_empty()))
    };
    let is_plain_fit = !is_https && !origin::is_https(headers);
    named(SECURE_NAME).or_else(|| named(PLAIN_NAME).filter(|_| is_plain_fit))
}
