//! POST /lookup: a buyer who has no token, but an order's number and its code, gets a credential for that one order.
//!
//! Codes are short, so that what matters is how often they can be tried: five times for a number, then that number is
//! locked, whether there is such an order or not. Nothing that is answered tells which. DELETE /lookup ends a credential.

mod code;
mod guests;
mod locks;

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::body::{Body, to_bytes};
use axum::extract::State;
use axum::http::header::CACHE_CONTROL;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use daybook_codec::format_time;
use daybook_domain::{Actor, MerchantId, OrderNumber, Role, StreamId, look_up_actor};
use futures_util::FutureExt;
use serde::{Deserialize, Serialize};
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;
use tokio::time::{Instant, sleep_until, timeout};

use crate::credentials::secret_sha256;
use crate::edge::{RetryAfter, SOON};
use crate::http::{App, Peer, Services, address, is_json, session_of, turned_away, write};
use crate::metrics::Outcome;
use crate::run::{self, Panicked, api_failure, failure};
use crate::schema::code::Code;
use crate::schema::error::ApiError;
use crate::security::Asker;
use crate::socket::is_foreign;
pub(crate) use guests::{Guest, Guests};
use locks::Locks;

/// How long a credential is good for.
const GOOD_FOR_MICROS: i64 = 30 * 60 * 1_000_000;
/// A request has a number and a code.
const MAX_BODY_BYTES: usize = 4 << 10;
const BODY_WITHIN: Duration = Duration::from_secs(10);
/// Whoever is refused waits so long, or a multiple of it, whatever had to be looked at for it: how long it took would tell
/// what is there.
const REFUSED_AFTER: Duration = Duration::from_millis(250);
/// Look-ups that read the ledger at the same time, and how long others wait for their turn.
const AT_ONCE: usize = 8;
const TURN_WITHIN: Duration = Duration::from_millis(250);
/// Of a code; one that is longer opens nothing.
const MAX_CODE_CHARS: usize = 128;

/// What look-ups share.
pub(crate) struct Lookups {
    locks: Locks,
    turns: Arc<Semaphore>,
}

impl Default for Lookups {
    fn default() -> Self {
        Self { locks: Locks::default(), turns: Arc::new(Semaphore::new(AT_ONCE)) }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    merchant: Option<String>,
    number: String,
    code: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Opened {
    token: String,
    expires_at: String,
}

pub(crate) async fn look_up(State(app): State<Arc<App>>, peer: Peer, headers: HeaderMap, body: Body) -> Response {
    let start = Instant::now();
    let answered = AssertUnwindSafe(answer(&app, &peer, &headers, body)).catch_unwind().await;
    let (outcome, response) = answered.unwrap_or_else(|payload| {
        let response = write(&Panicked::new(payload).response(), StatusCode::INTERNAL_SERVER_ERROR, false);
        (Outcome::Panicked, response)
    });
    app.services.host.metrics.answered(outcome, start.elapsed());
    response
}

fn refuse(status: StatusCode, message: impl Into<String>, code: Code) -> (Outcome, Response) {
    (Outcome::Refused, write(&failure(message, code), status, false))
}

async fn answer(app: &App, peer: &Peer, headers: &HeaderMap, body: Body) -> (Outcome, Response) {
    if is_foreign(headers) {
        return refuse(StatusCode::FORBIDDEN, "orders are not looked up for pages of other hosts", Code::Forbidden);
    }
    // Of a form of another page this is never told.
    if !is_json(headers) {
        let message = "send {\"number\": \"…\", \"code\": \"…\"} as Content-Type: application/json";
        return refuse(StatusCode::UNSUPPORTED_MEDIA_TYPE, message, Code::BadRequest);
    }
    let remote = address(peer);
    // Before anything is tried: else whoever is beyond it would still learn which codes are right.
    if let Err(after) = app.runner.edge.try_code(remote) {
        return turned_away(&run::too_many_wrong(after), after.0, false);
    }
    let bytes = match timeout(BODY_WITHIN, to_bytes(body, MAX_BODY_BYTES)).await {
        Ok(Ok(bytes)) => bytes,
        Ok(Err(_)) => {
            return refuse(StatusCode::PAYLOAD_TOO_LARGE, "the request has more than 4 KiB", Code::BodyTooLarge);
        }
        Err(_) => {
            let message = "the request's body did not arrive within 10 seconds";
            return refuse(StatusCode::REQUEST_TIMEOUT, message, Code::BadRequest);
        }
    };
    let wanted = match serde_json::from_slice::<Asked>(&bytes).map_err(|error| error.to_string()).and_then(Wanted::read)
    {
        Ok(wanted) => wanted,
        Err(why) => {
            let message = format!(
                "send {{\"merchant\": \"…\", \"number\": \"…\", \"code\": \"…\"}}, merchant if you know it: {why}"
            );
            return refuse(StatusCode::BAD_REQUEST, message, Code::BadRequest);
        }
    };
    let Ok(turn) = timeout(TURN_WITHIN, Arc::clone(&app.lookups.turns).acquire_owned()).await else {
        return turned_away(&run::overloaded(), SOON.0, false);
    };
    // From here on: whoever sends slowly learns nothing of how long the rest takes.
    let begun = Instant::now();
    let now = app.services.engine.now();
    let asker = Asker { actor: None, remote };
    let tried = match app.lookups.locks.begin(&wanted.number, now) {
        Ok(tried) => tried,
        Err(until) => {
            app.services.security.look_up_failed(asker, "lookup-locked", None);
            let seconds = u64::try_from(until.seconds_since(now)).unwrap_or(0) + 1;
            return turned_away(&run::locked(RetryAfter(seconds)), seconds, false);
        }
    };
    let services = app.services.clone();
    let looking = spawn_blocking(move || {
        let _held_until_it_ends = turn;
        wanted.find(&services)
    });
    let found = match looking.await {
        Ok(Ok(found)) => found,
        Ok(Err(error)) => {
            app.lookups.locks.take_back(tried);
            return failed(error);
        }
        Err(error) => {
            app.lookups.locks.take_back(tried);
            return failed(ApiError::Internal(Box::new(error)));
        }
    };
    match found {
        Found::One { merchant, order, is_only } => {
            // That it fits this order alone says that it is wrong for the others of the number: so it is a try of theirs.
            if is_only {
                app.lookups.locks.take_back(tried);
            }
            app.runner.edge.right_code(remote);
            open(app, asker, Guest { merchant, order, ends: now.plus_micros(GOOD_FOR_MICROS) })
        }
        Found::Several => {
            app.runner.edge.right_code(remote);
            let message = "several merchants have an order of this number with this code: name the merchant";
            refuse(StatusCode::CONFLICT, message, Code::NumberAmbiguous)
        }
        Found::None { of } => {
            app.services.security.look_up_failed(asker, "lookup-wrong", of);
            sleep_until(begun + refused_after(begun.elapsed())).await;
            refuse(StatusCode::NOT_FOUND, "there is no order of this number with this code", Code::NotFound)
        }
    }
}

/// Rounded up.
fn refused_after(taken: Duration) -> Duration {
    let steps = taken.as_millis() / REFUSED_AFTER.as_millis() + 1;
    REFUSED_AFTER.saturating_mul(u32::try_from(steps).unwrap_or(u32::MAX))
}

/// Ends the credential of a look-up that the request bears.
pub(crate) async fn end(State(app): State<Arc<App>>, peer: Peer, headers: HeaderMap) -> Response {
    let start = Instant::now();
    let (outcome, response) = match session_of(&app, address(&peer), &headers, false).await {
        Ok(session) => match session.look_up() {
            Some(secret_sha256) => {
                app.services.credentials.guests.end(&secret_sha256);
                (Outcome::Ok, StatusCode::NO_CONTENT.into_response())
            }
            None => {
                let message = "only what POST /lookup gave ends here: end a token with revokeToken";
                refuse(StatusCode::FORBIDDEN, message, Code::Forbidden)
            }
        },
        Err(refused) => *refused,
    };
    app.services.host.metrics.answered(outcome, start.elapsed());
    response
}

fn failed(error: ApiError) -> (Outcome, Response) {
    let status = match error {
        ApiError::Busy | ApiError::Stopped | ApiError::View(_) => StatusCode::SERVICE_UNAVAILABLE,
        _ => StatusCode::INTERNAL_SERVER_ERROR,
    };
    (Outcome::Errors, write(&api_failure(&error), status, false))
}

fn open(app: &App, asker: Asker, guest: Guest) -> (Outcome, Response) {
    let (id, token) = match app.services.credentials.make() {
        Ok(made) => (made.id, made.secret.replacen("dbk_", Guest::PREFIX, 1)),
        Err(error) => return failed(ApiError::Internal(Box::new(error))),
    };
    let opened = Opened { token, expires_at: format_time(guest.ends) };
    let actor = Actor { id: look_up_actor(guest.order), role: Role::Buyer };
    app.services.security.looked_up(Asker { actor: Some(actor), ..asker }, guest.order, id);
    app.services.credentials.guests.add(secret_sha256(&opened.token), guest, app.services.engine.now());
    (Outcome::Ok, ([(CACHE_CONTROL, "no-store")], Json(opened)).into_response())
}

/// What is asked for, once it is understood.
struct Wanted {
    merchant: Option<MerchantId>,
    number: OrderNumber,
    code: String,
}

/// What there is of that number, with that code.
enum Found {
    One {
        merchant: MerchantId,
        order: StreamId,
        /// No other one of that number was asked for.
        is_only: bool,
    },
    Several,
    None {
        /// The order of that number, if there is just one.
        of: Option<StreamId>,
    },
}

impl Wanted {
    fn read(asked: Asked) -> Result<Self, String> {
        let merchant = asked.merchant.as_deref().map(str::trim).filter(|merchant| !merchant.is_empty());
        let merchant = merchant.map(MerchantId::new).transpose().map_err(|error| format!("merchant {error}"))?;
        let number = OrderNumber::new(asked.number.trim()).map_err(|error| format!("number {error}"))?;
        let code = asked.code.trim();
        if code.is_empty() || code.chars().count() > MAX_CODE_CHARS {
            return Err(format!("code must have 1 to {MAX_CODE_CHARS} characters"));
        }
        Ok(Self { merchant, number, code: code.to_owned() })
    }

    /// Reads the ledger.
    fn find(&self, services: &Services) -> Result<Found, ApiError> {
        let candidates = match &self.merchant {
            Some(merchant) => {
                let order = StreamId::order(merchant, &self.number);
                if services.reader.head(order).is_some() { vec![order] } else { Vec::new() }
            }
            None => {
                let rows = services.host.views().order_list()?.by_number(None, &self.number);
                rows.into_iter().map(|row| row.id).collect()
            }
        };
        let mut right = Vec::new();
        for &order in &candidates {
            if let Some((merchant, code)) = code::of(services, order)?
                && code.is(&self.code)
            {
                right.push((merchant, order));
            }
        }
        Ok(match (right.pop(), right.pop()) {
            (Some((merchant, order)), None) => Found::One { merchant, order, is_only: candidates.len() == 1 },
            (Some(_), Some(_)) => Found::Several,
            (None, _) => {
                Found::None { of: Some(&candidates).filter(|all| all.len() == 1).and_then(|all| all.first().copied()) }
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_refused_waits_for_the_next_quarter_of_a_second() {
        for (taken, waits) in [(0, 250), (1, 250), (249, 250), (250, 500), (600, 750)] {
            assert_eq!(refused_after(Duration::from_millis(taken)), Duration::from_millis(waits));
        }
    }
}
