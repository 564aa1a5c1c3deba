//! One document, from its text to its answer.

use std::any::Any;
use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use async_graphql::parser::types::{ExecutableDocument, OperationType};
use async_graphql::{Data, ErrorExtensionValues, Executor, Request, Response, ServerError};
use futures_util::stream::{self, BoxStream};
use futures_util::{FutureExt, StreamExt};
use tokio::sync::Semaphore;
use tokio::time::timeout;
use uuid::Uuid;

use crate::access;
use crate::auth::Session;
use crate::documents::{Documents, Known};
use crate::edge::{Edge, RetryAfter, SOON};
use crate::http::Services;
use crate::reads::{Reads, Rooms};
use crate::scale::Scale;
use crate::schema::Schema;
use crate::schema::code::Code;
use crate::schema::error::{ApiError, masked};
use crate::schema::plain::InBytes;
use crate::security::SecurityLog;

/// A request that got no `data`, with its code.
pub(crate) fn failure(message: impl Into<String>, code: Code) -> Response {
    let mut error = ServerError::new(message, None);
    let mut extensions = ErrorExtensionValues::default();
    extensions.set("code", code.name());
    error.extensions = Some(extensions);
    Response::from_errors(vec![error])
}

/// A request that got no `data` and is to be sent again later.
fn turned_away(message: impl Into<String>, code: Code, RetryAfter(seconds): RetryAfter) -> Response {
    let mut response = failure(message, code);
    for extensions in response.errors.iter_mut().filter_map(|error| error.extensions.as_mut()) {
        extensions.set("retryAfter", seconds);
    }
    response
}

/// The caller sends too much.
pub(crate) fn limited(after: RetryAfter) -> Response {
    let message = format!("this token has sent more than it may for now; send it again in {} s", after.0);
    turned_away(message, Code::RateLimited, after)
}

/// Somebody at the caller's address sends what lets nobody in.
pub(crate) fn too_many_wrong(after: RetryAfter) -> Response {
    let message = format!("too many wrong tokens came from this address; try again in {} s", after.0);
    turned_away(message, Code::RateLimited, after)
}

/// Too many wrong codes were sent for an order's number.
pub(crate) fn locked(after: RetryAfter) -> Response {
    let message = format!("too many wrong codes were sent for this number; try again in {} s", after.0);
    turned_away(message, Code::Locked, after)
}

/// All callers together send too much. Nothing was done.
pub(crate) fn overloaded() -> Response {
    turned_away("too many requests are under way; nothing was done, send it again in a moment", Code::Overloaded, SOON)
}

/// Seconds after which to send it again, if the answer says nothing else.
pub(crate) fn retry_after(response: &Response) -> Option<u64> {
    if response.data != async_graphql::Value::Null {
        return None;
    }
    let seconds = response.errors.iter().map(|error| match error.extensions.as_ref()?.get("retryAfter")? {
        async_graphql::Value::Number(seconds) => seconds.as_u64(),
        _ => None,
    });
    seconds.collect::<Option<Vec<u64>>>()?.into_iter().max()
}

pub(crate) fn has_code(response: &Response, code: Code) -> bool {
    let has =
        |error: &ServerError| error.extensions.as_ref().and_then(|all| all.get("code")) == Some(&code.name().into());
    response.errors.iter().any(has)
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
pub(crate) struct Runner {
    schema: Schema,
    scale: Scale,
    documents: Documents,
    rooms: Rooms,
    pub(crate) edge: Edge,
    security: SecurityLog,
}

/// An operation that is understood, and that its token may ask for.
struct Prepared {
    request: Request,
    document: Arc<Known>,
    kind: OperationType,
    actor: Uuid,
}

impl Prepared {
    /// Lists may be written at once: whoever writes the answer is [`crate::json::answer`].
    fn in_bytes(self) -> Self {
        if !self.document.is_distinct {
            return self;
        }
        Self { request: self.request.data(InBytes), ..self }
    }

    /// What its resolvers read by.
    fn with(self, reads: Reads) -> Self {
        Self { request: self.request.data(Arc::new(reads)), ..self }
    }
}

/// What is answered to a query that has not ended; reads end by themselves before.
const QUERY_WITHIN: Duration = Duration::from_secs(20);

impl Runner {
    pub(crate) fn new(schema: Schema, edge: Edge, security: SecurityLog) -> Self {
        let (documents, rooms) = (Documents::default(), Rooms::default());
        Self { schema, scale: Scale::new(), documents, rooms, edge, security }
    }

    /// Refuses what the limits refuse, else puts into the request what it is run with.
    fn prepare(&self, request: Request, session: &Session) -> Result<Prepared, Box<Response>> {
        let known =
            self.documents.parse(&request.query).map_err(|why| Box::new(failure(why, Code::DocumentRefused)))?;
        if let Some(field) = access::refused(&known.document, session.actor.role) {
            // A name that is none may be anything, such as a token in the wrong place.
            self.security.forbidden(session.asker(), if access::is_field(&field) { &field } else { "unknown" });
            let message = format!("a token of the role {} may not ask for {field}", session.actor.role.name());
            return Err(Box::new(failure(message, Code::Forbidden)));
        }
        let request = request.data(session.clone());
        let kind = kind(&known.document, request.operation_name.as_deref());
        Ok(Prepared { request, document: known, kind, actor: session.actor.id })
    }

    /// Refuses what does not fit the schema, costs too much at all, or costs more than the token has left.
    async fn weigh(&self, prepared: Prepared) -> Result<Request, Response> {
        let Prepared { mut request, document, actor, .. } = prepared;
        let complexity = document.weigh(&self.scale, &request).await?;
        self.edge.charge(actor, complexity).map_err(limited)?;
        request.set_parsed_query(Arc::unwrap_or_clone(document).document);
        Ok(request)
    }

    /// Waits for a turn, but not for long.
    async fn execute(self: &Arc<Self>, prepared: Prepared) -> Response {
        let kind = prepared.kind;
        let Some(turn) = self.edge.enter(kind).await.map(Arc::new) else { return overloaded() };
        let reads = Reads::new(&self.rooms, Some(Arc::clone(&turn)), kind != OperationType::Mutation);
        let prepared = prepared.with(reads);
        let runner = Arc::clone(self);
        let answer = self.edge.work(async move {
            match runner.weigh(prepared).await {
                Ok(request) => runner.schema.execute(request).await,
                Err(refused) => refused,
            }
        });
        let answer = match kind {
            // What may have been carried out is not answered as if it had not been: it is waited for.
            OperationType::Mutation => answer.await,
            OperationType::Query | OperationType::Subscription => match timeout(QUERY_WITHIN, answer).await {
                Ok(answer) => answer,
                Err(_) => return api_failure(&ApiError::TimedOut),
            },
        };
        answer.unwrap_or_else(|| api_failure(&ApiError::Stopped))
    }

    /// Runs a query or mutation, whose answer must be written by [`crate::json::answer`]. A panic in a resolver is logged and
    /// masked.
    pub(crate) async fn run(self: &Arc<Self>, request: Request, session: &Session) -> Result<Response, Panicked> {
        match self.prepare(request, session) {
            Ok(prepared) => self.run_prepared(prepared.in_bytes()).await,
            Err(refused) => Ok(*refused),
        }
    }

    async fn run_prepared(self: &Arc<Self>, prepared: Prepared) -> Result<Response, Panicked> {
        if prepared.kind == OperationType::Subscription {
            let why =
                "subscriptions are told over a WebSocket: open /graphql/ws with the protocol graphql-transport-ws";
            return Ok(failure(why, Code::DocumentRefused));
        }
        match AssertUnwindSafe(self.execute(prepared)).catch_unwind().await {
            Ok(response) => Ok(coded(response)),
            Err(payload) => Err(Panicked::new(payload)),
        }
    }
}

impl Runner {
    /// As [`Runner::run`], with a panic as its answer, for whoever writes answers in another way.
    async fn answer(self: &Arc<Self>, request: Request, session: &Session) -> Response {
        match self.prepare(request, session) {
            Ok(prepared) => self.run_prepared(prepared).await.unwrap_or_else(|panicked| panicked.response()),
            Err(refused) => *refused,
        }
    }
}

/// What is asked for; a query if that is not known, which the validation refuses.
fn kind(document: &ExecutableDocument, name: Option<&str>) -> OperationType {
    let mut operations = document.operations.iter();
    let asked = operations.find(|(own, _)| name.is_none() || own.map(|own| own.as_str()) == name);
    asked.map_or(OperationType::Query, |(_, operation)| operation.node.ty)
}

/// What one WebSocket runs its operations with.
#[derive(Clone)]
pub(crate) struct SocketRunner {
    runner: Arc<Runner>,
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
    pub(crate) fn new(runner: Arc<Runner>, services: Services) -> Self {
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
            Ok(session) => self.runner.answer(request, &session).await,
            Err(error) => api_failure(&error),
        }
    }

    fn execute_stream(&self, request: Request, data: Option<Arc<Data>>) -> BoxStream<'static, Response> {
        let refuse = |response| {
            self.refusals.fetch_add(1, Ordering::Relaxed);
            once(response)
        };
        let session = match self.session() {
            Ok(session) => session,
            Err(error) => return refuse(api_failure(&error)),
        };
        if let Err(after) = self.runner.edge.begin(session.actor.id) {
            return refuse(limited(after));
        }
        let Ok(slot) = Arc::clone(&self.slots).try_acquire_owned() else {
            let message = format!("a socket may have {MAX_OPERATIONS} operations under way");
            return refuse(failure(message, Code::TooManyOperations));
        };
        let prepared = match self.runner.prepare(request, &session) {
            Ok(prepared) => prepared,
            Err(refused) => return refuse(*refused),
        };
        self.refusals.store(0, Ordering::Relaxed);
        let runner = Arc::clone(&self.runner);
        let answers = async move {
            if prepared.kind != OperationType::Subscription {
                return once(runner.execute(prepared).await);
            }
            let prepared = prepared.with(Reads::new(&runner.rooms, None, true));
            match runner.weigh(prepared).await {
                Ok(request) => runner.schema.execute_stream_with_session_data(request, data.unwrap_or_default()),
                Err(refused) => once(refused),
            }
        };
        let caught = AssertUnwindSafe(stream::once(answers).flatten()).catch_unwind();
        caught
            .map(move |answer| {
                let _held_until_the_stream_ends = &slot;
                answer.map_or_else(|payload| Panicked::new(payload).response(), coded)
            })
            .boxed()
    }
}

fn once(response: Response) -> BoxStream<'static, Response> {
    stream::once(async { response }).boxed()
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

/// A resolver ended with a bug; holds what may be logged of it.
#[derive(Debug, thiserror::Error)]
#[error("a panic, whose place is on standard error{0}")]
pub(crate) struct Panicked(String);

/// What a panic said, if the program alone wrote it: words that were put together may hold what somebody sent, such as
/// the text that was cut within a character.
pub fn panic_words(payload: &dyn Any) -> Option<&'static str> {
    payload.downcast_ref::<&'static str>().copied()
}

impl Panicked {
    /// From what `catch_unwind` caught.
    #[allow(clippy::needless_pass_by_value, reason = "a panic that was caught has been dealt with")]
    pub(crate) fn new(payload: Box<dyn Any + Send>) -> Self {
        Self(panic_words(payload.as_ref()).map(|words| format!(": {words}")).unwrap_or_default())
    }

    pub(crate) fn response(&self) -> Response {
        failure(masked(self), Code::Internal)
    }
}
