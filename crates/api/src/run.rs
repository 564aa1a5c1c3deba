//! One document, from its text to its answer.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use async_graphql::{Data, ErrorExtensionValues, Executor, Request, Response, ServerError};
use futures_util::stream::{self, BoxStream};
use futures_util::{FutureExt, StreamExt};

use crate::limits;
use crate::schema::Schema;
use crate::schema::error::{ApiError, masked};

/// A request that got no `data`, with its code.
pub(crate) fn failure(message: impl Into<String>, code: &str) -> Response {
    let mut error = ServerError::new(message, None);
    let mut extensions = ErrorExtensionValues::default();
    extensions.set("code", code);
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

/// Refuses what the limits refuse, else puts the parsed document into the request.
fn prepare(request: &mut Request) -> Result<(), Box<Response>> {
    let document = limits::parse(&request.query).map_err(|why| Box::new(failure(why, "DOCUMENT_REFUSED")))?;
    request.set_parsed_query(document);
    Ok(())
}

/// Gives a code to what the library itself refuses.
fn coded(mut response: Response) -> Response {
    for error in &mut response.errors {
        let extensions = error.extensions.get_or_insert_default();
        if extensions.get("code").is_none() {
            extensions.set("code", "DOCUMENT_REFUSED");
        }
    }
    response
}

/// Runs a query or mutation. A panic in a resolver is logged and masked.
pub(crate) async fn execute(schema: &Schema, mut request: Request) -> Result<Response, Panicked> {
    if let Err(refused) = prepare(&mut request) {
        return Ok(*refused);
    }
    match AssertUnwindSafe(schema.execute(request)).catch_unwind().await {
        Ok(response) => Ok(coded(response)),
        Err(_) => Err(Panicked),
    }
}

/// A resolver ended with a bug.
#[derive(Debug, thiserror::Error)]
#[error("a resolver panicked; the panic itself is on standard error")]
pub(crate) struct Panicked;

impl Panicked {
    pub(crate) fn response(&self) -> Response {
        failure(masked(self), "INTERNAL")
    }
}

/// What a WebSocket runs its operations with.
#[derive(Clone)]
pub(crate) struct Guarded(pub(crate) Schema);

impl Executor for Guarded {
    async fn execute(&self, request: Request) -> Response {
        execute(&self.0, request).await.unwrap_or_else(|panicked| panicked.response())
    }

    fn execute_stream(&self, mut request: Request, data: Option<Arc<Data>>) -> BoxStream<'static, Response> {
        if let Err(refused) = prepare(&mut request) {
            return stream::once(async { *refused }).boxed();
        }
        let answers = self.0.execute_stream_with_session_data(request, data.unwrap_or_default());
        let caught = AssertUnwindSafe(answers).catch_unwind();
        caught.map(|answer| answer.map_or_else(|_| Panicked.response(), coded)).boxed()
    }
}
