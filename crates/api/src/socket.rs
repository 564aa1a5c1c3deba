//! `graphql-transport-ws`: subscriptions, and whatever else, over one WebSocket.

mod door;
mod gate;

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use async_graphql::http::{WebSocket as Protocol, WebSocketProtocols, WsMessage};
use async_graphql::{Data, Error};
use axum::extract::State;
use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade};
use axum::http::header::{AUTHORIZATION, RETRY_AFTER};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use futures_util::{SinkExt, StreamExt, future};
use tokio::time::{Instant, timeout, timeout_at};

use crate::access;
use crate::auth::{self, Session};
use crate::edge::{RetryAfter, SOON};
use crate::host::Host;
use crate::http::{App, Peer, address};
use crate::limits::MAX_BODY_BYTES;
use crate::run::SocketRunner;
pub(crate) use door::Door;
use door::Place;
pub(crate) use door::is_foreign;
use gate::{Gate, Refusal};

const NAME: &str = "graphql-transport-ws";
/// Silence after which a connection is closed; clients ping more often.
const SILENCE: Duration = Duration::from_secs(600);
/// How long a client may take to say who it is, whatever else it says meanwhile.
const GREETING: Duration = Duration::from_secs(10);
/// How long a client may take to take an answer.
const SENDING: Duration = Duration::from_secs(30);

/// Bytes that are read at once: most messages are short.
const READ_BUFFER_BYTES: usize = 8 << 10;
/// Bytes that wait for the system to take them: no answer is larger, and nothing else is written before it is taken.
const WRITE_BUFFER_BYTES: usize = 64 << 20;

pub(crate) async fn upgrade(
    State(app): State<Arc<App>>,
    peer: Peer,
    headers: HeaderMap,
    upgrade: WebSocketUpgrade,
) -> Response {
    if is_foreign(&headers) {
        return (StatusCode::FORBIDDEN, "WebSockets are not opened for pages of other hosts\n").into_response();
    }
    let Some(place) = app.door.enter() else {
        let message = "too many WebSockets are open; try again in a moment\n";
        return (StatusCode::SERVICE_UNAVAILABLE, [(RETRY_AFTER, SOON.0)], message).into_response();
    };
    let greeted_by = Instant::now() + GREETING;
    let bearer = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let caller = Caller { bearer, from: address(&peer) };
    upgrade
        .protocols([NAME])
        .max_message_size(MAX_BODY_BYTES)
        .max_frame_size(MAX_BODY_BYTES)
        .read_buffer_size(READ_BUFFER_BYTES)
        .max_write_buffer_size(WRITE_BUFFER_BYTES)
        .on_upgrade(move |socket| serve(app, caller, socket, place, greeted_by))
        .into_response()
}

/// Who opens a socket, as far as the request tells.
struct Caller {
    bearer: Option<String>,
    from: Option<IpAddr>,
}

/// Counts a socket for as long as it is open.
struct Open(Arc<Host>);

impl Open {
    fn new(host: &Arc<Host>) -> Self {
        host.metrics.sockets.fetch_add(1, Relaxed);
        Self(Arc::clone(host))
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.metrics.sockets.fetch_sub(1, Relaxed);
    }
}

async fn serve(app: Arc<App>, caller: Caller, socket: WebSocket, mut place: Place, greeted_by: Instant) {
    let _open = Open::new(&app.services.host);
    if socket.protocol().and_then(|protocol| protocol.to_str().ok()) != Some(NAME) {
        return;
    }
    let runner = SocketRunner::new(Arc::clone(&app.runner), app.services.clone());
    let gate = Gate::default();
    let (mut sink, source) = socket.split();
    let (at_gate, asked) = (gate.clone(), runner.clone());
    let messages = source
        .take_while(|message| future::ready(message.is_ok()))
        .filter_map(|message| {
            future::ready(match message {
                Ok(Message::Text(text)) => Some(text.as_bytes().to_vec()),
                Ok(Message::Binary(bytes)) => Some(bytes.to_vec()),
                Ok(Message::Ping(_) | Message::Pong(_) | Message::Close(_)) | Err(_) => None,
            })
        })
        .take_while(move |message| future::ready(at_gate.lets_in(message, asked.is_greeted())));
    let (asked_app, greeted_runner) = (app.clone(), runner.clone());
    let answers = Protocol::new(runner.clone(), messages, WebSocketProtocols::GraphQLWS)
        .keepalive_timeout(SILENCE)
        .on_connection_init(move |payload| async move {
            let session = greet(&asked_app, &caller, &payload).await;
            session.and_then(|session| {
                let share = asked_app.door.share(&session);
                let share = share.ok_or_else(|| {
                    Error::new(format!("{TOO_MANY} WebSockets of this token or its merchant are open"))
                })?;
                greeted_runner.greet(session);
                let mut data = Data::default();
                data.insert(Arc::new(share));
                Ok(data)
            })
        });
    futures_util::pin_mut!(answers);
    loop {
        let next = if runner.is_greeted() {
            place.is_known();
            answers.next().await
        } else {
            let too_late = || Some(WsMessage::Close(4408, "Connection initialisation timeout".into()));
            tokio::select! {
                biased;
                next = timeout_at(greeted_by, answers.next()) => next.unwrap_or_else(|_| too_late()),
                () = place.is_shown_out() => too_late(),
            }
        };
        let (message, is_last) = match next {
            Some(WsMessage::Text(text)) => {
                gate.answered(&text);
                (Message::Text(text.into()), false)
            }
            Some(WsMessage::Close(code, reason)) => {
                // The protocol's own codes for a refused greeting.
                let code = match code {
                    1002 if reason.starts_with(REFUSED) => 4403,
                    1002 if reason.starts_with(TOO_MANY) => 4429,
                    code => code,
                };
                (close(code, reason), true)
            }
            None => match gate.refused() {
                Some(Refusal { code, reason }) => (close(code, reason.into()), true),
                None => break,
            },
        };
        // Who does not read is not waited for. There is no room to tell him so; whatever he was sent before bears the
        // position from which he goes on.
        let sent = timeout(SENDING, sink.send(message)).await;
        if sent.is_err() {
            app.services.host.metrics.cut_off.fetch_add(1, Relaxed);
        }
        if is_last || !matches!(sent, Ok(Ok(()))) {
            break;
        }
        if runner.is_refused_too_often() {
            let _ = timeout(SENDING, sink.send(close(4429, "Too many refused operations".into()))).await;
            break;
        }
    }
}

fn close(code: u16, reason: String) -> Message {
    Message::Close(Some(CloseFrame { code, reason: reason.into() }))
}

const REFUSED: &str = "Forbidden";
const TOO_MANY: &str = "Too many";

/// The token comes in the greeting's payload, or came in the header.
async fn greet(app: &App, caller: &Caller, payload: &serde_json::Value) -> Result<Session, Error> {
    let named = |name: &str| payload.get(name).and_then(serde_json::Value::as_str);
    let bearer = named("Authorization").or_else(|| named("authorization")).or(caller.bearer.as_deref());
    auth::prepare(&app.services, bearer).await;
    let session = Session::from_bearer(&app.services, bearer, caller.from).map_err(|unwelcome| {
        match unwelcome.tell(app, caller.from) {
            Ok(error) => Error::new(format!("{REFUSED}: {}", short(&error.message()))),
            Err(RetryAfter(seconds)) => {
                Error::new(format!("{TOO_MANY} wrong tokens from this address: try again in {seconds} s"))
            }
        }
    })?;
    // Buyers need no token to come by a credential: they would take the places of those who work here.
    if !access::may_follow(session.actor.role) {
        return Err(Error::new(format!("{REFUSED}: this role has no subscriptions; ask by POST /graphql")));
    }
    Ok(session)
}

/// A close frame holds 123 bytes.
fn short(text: &str) -> &str {
    text.get(..112).unwrap_or(text)
}
