//! `graphql-transport-ws`: subscriptions, and whatever else, over one WebSocket.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use async_graphql::http::{WebSocket as Protocol, WebSocketProtocols, WsMessage};
use async_graphql::{Data, Error};
use axum::extract::State;
use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade};
use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use axum::response::{IntoResponse, Response};
use daybook_engine::Engine;
use futures_util::{SinkExt, StreamExt, future};

use crate::auth::Session;
use crate::host::Host;
use crate::http::App;
use crate::limits::MAX_BODY_BYTES;
use crate::run::Guarded;

const NAME: &str = "graphql-transport-ws";
/// Silence after which a connection is closed; clients ping more often.
const SILENCE: Duration = Duration::from_secs(600);
/// How long a client may take to say who it is.
const GREETING: Duration = Duration::from_secs(10);

pub(crate) async fn upgrade(State(app): State<App>, headers: HeaderMap, upgrade: WebSocketUpgrade) -> Response {
    let bearer = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok()).map(str::to_owned);
    upgrade
        .protocols([NAME])
        .max_message_size(MAX_BODY_BYTES)
        .max_frame_size(MAX_BODY_BYTES)
        .on_upgrade(move |socket| serve(app, bearer, socket))
        .into_response()
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

async fn serve(app: App, bearer: Option<String>, socket: WebSocket) {
    let _open = Open::new(&app.services.host);
    if socket.protocol().and_then(|protocol| protocol.to_str().ok()) != Some(NAME) {
        return;
    }
    let (mut sink, source) = socket.split();
    let messages = source
        .take_while(|message| future::ready(message.is_ok()))
        .filter_map(|message| future::ready(message.ok()))
        .filter_map(|message| {
            future::ready(match message {
                Message::Text(text) => Some(text.as_bytes().to_vec()),
                Message::Binary(bytes) => Some(bytes.to_vec()),
                Message::Ping(_) | Message::Pong(_) | Message::Close(_) => None,
            })
        });
    let engine = app.services.engine.clone();
    let answers = Protocol::new(Guarded(app.schema.clone()), messages, WebSocketProtocols::GraphQLWS)
        .keepalive_timeout(SILENCE)
        .on_connection_init(move |payload| future::ready(greet(&engine, bearer.as_deref(), &payload)));
    futures_util::pin_mut!(answers);
    let mut greeted = false;
    loop {
        let next = if greeted {
            answers.next().await
        } else {
            match tokio::time::timeout(GREETING, answers.next()).await {
                Ok(first) => first,
                Err(_) => Some(WsMessage::Close(4408, "Connection initialisation timeout".into())),
            }
        };
        greeted = true;
        let Some(answer) = next else { break };
        let (message, is_last) = match answer {
            WsMessage::Text(text) => (Message::Text(text.into()), false),
            WsMessage::Close(code, reason) => {
                // The protocol's own code for a refused greeting.
                let code = if code == 1002 && reason.starts_with(REFUSED) { 4403 } else { code };
                (Message::Close(Some(CloseFrame { code, reason: reason.into() })), true)
            }
        };
        if sink.send(message).await.is_err() || is_last {
            break;
        }
    }
}

const REFUSED: &str = "Forbidden";

/// The token comes in the greeting's payload, or came in the header.
fn greet(engine: &Engine, header: Option<&str>, payload: &serde_json::Value) -> Result<Data, Error> {
    let named = |name: &str| payload.get(name).and_then(serde_json::Value::as_str);
    let bearer = named("Authorization").or_else(|| named("authorization")).or(header);
    let session = Session::from_bearer(engine, bearer)
        .map_err(|error| Error::new(format!("{REFUSED}: {}", short(&error.message()))))?;
    let mut data = Data::default();
    data.insert(session);
    Ok(data)
}

/// A close frame holds 123 bytes.
fn short(text: &str) -> &str {
    text.get(..100).unwrap_or(text)
}
