//! One document, from its text to its answer.

use std::any::Any;
use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, OnceLock};

use async_graphql::{Data, ErrorExtensionValues, Executor, Request, Response, ServerError};
use futures_util::stream::{self, BoxStream};
use futures_util::{FutureExt, StreamExt};
use tokio::sync::Semaphore;

use crate::access;
use crate::auth::Session;
use crate::documents::Documents;
use crate::http::Services;
use crate::reads::{Reads, Rooms};
use crate::schema::Schema;
use crate::schema::code::Code;
use crate::schema::error::{ApiError, masked};
use crate::security::SecurityLog;

/// A request that got no `data`, with its code.
pub(crate) fn failure(message: impl Into<String>, code: Code) -> Response {
    let mut error = ServerError::new(message, None);
    let mut extensions = ErrorExtensionValues::default();
    extensions.set("code", code.name());
    error.extensions = Some(extensions);
    Response::from_errors(vec![error])
}

pub(crate) fn api_failure(error: &ApiError) -> Response {
    failure(error.message(), error.code())
}

/// Whether the request was refused before anything was resolved: then the answer has no `data`.
pub(crate) fn is_refused(response: &Response) -> bool {
    response.data == async_graphql::Value::Null
        && !response.errors.is_empty()
        && response.errors.iter().all(|error| error.path.is_empty())
}

/// What documents are run with.
#[derive(Clone)]
pub(crate) struct Runner {
    schema: Schema,
    documents: Documents,
    rooms: Rooms,
    security: SecurityLog,
}

impl Runner {
    pub(crate) fn new(schema: Schema, security: SecurityLog) -> Self {
        Self { schema, documents: Documents::default(), rooms: Rooms::default(), security }
    }

    /// Refuses what the limits refuse, else puts into the request what it is run with.
    fn prepare(&self, mut request: Request, session: &Session) -> Result<Request, Box<Response>> {
        let document =
            self.documents.parse(&request.query).map_err(|why| Box::new(failure(why, Code::DocumentRefused)))?;
        if let Some(field) = access::refused(&document, session.actor.role) {
            self.security.forbidden(session.asker(), &field);
            let message = format!("a token of the role {} may not ask for {field}", session.actor.role.name());
            return Err(Box::new(failure(message, Code::Forbidden)));
        }
        request.set_parsed_query(document);
        Ok(request.data(session.clone()).data(Arc::new(Reads::new(&self.rooms))))
    }

    /// Runs a query or mutation. A panic in a resolver is logged and masked.
    pub(crate) async fn run(&self, request: Request, session: &Session) -> Result<Response, Panicked> {
        let request = match self.prepare(request, session) {
            Ok(request) => request,
            Err(refused) => return Ok(*refused),
        };
        match AssertUnwindSafe(self.schema.execute(request)).catch_unwind().await {
            Ok(response) => Ok(coded(response)),
            Err(payload) => Err(Panicked::new(payload)),
        }
    }
}

/// What one WebSocket runs its operations with.
#[derive(Clone)]
pub(crate) struct SocketRunner {
    runner: Runner,
    services: Services,
    /// Set by the greeting.
    session: Arc<OnceLock<Session>>,
    slots: Arc<Semaphore>,
    /// Operations refused one after another.
    refusals: Arc<AtomicU32>,
}

/// Operations that one WebSocket may have under way.
pub(crate) const MAX_OPERATIONS: usize = 64;
/// Operations that may be refused one after another before the socket is closed.
const MAX_REFUSALS: u32 = 32;

impl SocketRunner {
    pub(crate) fn new(runner: Runner, services: Services) -> Self {
        let slots = Arc::new(Semaphore::new(MAX_OPERATIONS));
        Self { runner, services, session: Arc::default(), slots, refusals: Arc::default() }
    }

    pub(crate) fn is_greeted(&self) -> bool {
        self.session.get().is_some()
    }

    pub(crate) fn is_refused_too_often(&self) -> bool {
        self.refusals.load(Ordering::Relaxed) >= MAX_REFUSALS
    }

    /// Lets the socket in, once.
    pub(crate) fn greet(&self, session: Session) {
        // A second greeting closes the socket before it gets here.
        let _ = self.session.set(session);
    }

    /// The session, if its token is still valid: it may have been revoked since the greeting.
    fn session(&self) -> Result<Session, ApiError> {
        let session = self.session.get().ok_or(ApiError::Unauthenticated("the greeting is missing"))?;
        session.renew(&self.services.engine).inspect_err(|_| {
            self.services.security.sign_in_failed(session.asker(), "session-ended");
        })?;
        Ok(session.clone())
    }
}

impl Executor for SocketRunner {
    async fn execute(&self, request: Request) -> Response {
        match self.session() {
            Ok(session) => self.runner.run(request, &session).await.unwrap_or_else(|panicked| panicked.response()),
            Err(error) => api_failure(&error),
        }
    }

    fn execute_stream(&self, request: Request, data: Option<Arc<Data>>) -> BoxStream<'static, Response> {
        let refuse = |response| {
            self.refusals.fetch_add(1, Ordering::Relaxed);
            stream::once(async { response }).boxed()
        };
        let session = match self.session() {
            Ok(session) => session,
            Err(error) => return refuse(api_failure(&error)),
        };
        let Ok(slot) = Arc::clone(&self.slots).try_acquire_owned() else {
            let message = format!("a socket may have {MAX_OPERATIONS} operations under way");
            return refuse(failure(message, Code::TooManyOperations));
        };
        let request = match self.runner.prepare(request, &session) {
            Ok(request) => request,
            Err(refused) => return refuse(*refused),
        };
        self.refusals.store(0, Ordering::Relaxed);
        let answers = self.runner.schema.execute_stream_with_session_data(request, data.unwrap_or_default());
        let caught = AssertUnwindSafe(answers).catch_unwind();
        caught
            .map(move |answer| {
                let _held_until_the_stream_ends = &slot;
                answer.map_or_else(|payload| Panicked::new(payload).response(), coded)
            })
            .boxed()
    }
}

/// What a value of a type looks like, where its name does not tell.
const LOOKS: [(&str, &str); 3] = [
    ("Decimal", "a string such as \"9.90\""),
    ("DateTime", "a string such as \"2018-01-31T12:00:00Z\""),
    ("Position", "a whole number, such as \"1234\""),
];

/// The library's message, without the value that it would show: that may be a secret.
fn clear(message: &mut String) {
    if message.starts_with("Expected input type \"")
        && let Some(end) = message.find("\", found ")
    {
        message.truncate(end + 1);
    }
    let looks = LOOKS.iter().find(|(name, _)| message.ends_with(&format!("expected type \"{name}\"")));
    if let Some((_, look)) = looks {
        message.push_str(": ");
        message.push_str(look);
    }
}

/// Gives a code, and clear words, to what the library itself refuses.
fn coded(mut response: Response) -> Response {
    for error in &mut response.errors {
        clear(&mut error.message);
        let extensions = error.extensions.get_or_insert_default();
        if extensions.get("code").is_none() {
            extensions.set("code", Code::DocumentRefused.name());
        }
    }
    response
}

/// A resolver ended with a bug; holds what it said, for the log.
#[derive(Debug, thiserror::Error)]
#[error("a panic, whose place is on standard error: {0}")]
pub(crate) struct Panicked(String);

impl Panicked {
    /// From what `catch_unwind` caught.
    #[allow(clippy::needless_pass_by_value, reason = "a panic that was caught has been dealt with")]
    pub(crate) fn new(payload: Box<dyn Any + Send>) -> Self {
        let text = payload.downcast_ref::<&str>().map(|text| (*text).to_owned());
        let text = text.or_else(|| payload.downcast_ref::<String>().cloned());
        Self(text.unwrap_or_else(|| "it bears no text".to_owned()))
    }

    pub(crate) fn response(&self) -> Response {
        failure(masked(self), Code::Internal)
    }
}
