//! What a document costs, before it is run. The library tells a document's complexity to extensions alone, and asks
//! extensions about each field that it resolves: so a schema of its own weighs the document, and is never run.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use async_graphql::async_trait::async_trait;
use async_graphql::extensions::{Extension, ExtensionContext, ExtensionFactory, NextValidation};
use async_graphql::parser::types::ExecutableDocument;
use async_graphql::{Request, Response, ServerError, ValidationResult};

use crate::schema::{self, Schema};

#[derive(Clone)]
pub(crate) struct Scale(Schema);

/// What was found, and ends the request that was made to find it.
#[derive(Default)]
struct Weight(AtomicUsize);

struct Weighing;

impl ExtensionFactory for Weighing {
    fn create(&self) -> Arc<dyn Extension> {
        Arc::new(Weighing)
    }
}

#[async_trait]
impl Extension for Weighing {
    async fn validation(
        &self,
        ctx: &ExtensionContext<'_>,
        next: NextValidation<'_>,
    ) -> Result<ValidationResult, Vec<ServerError>> {
        let result = next.run(ctx).await?;
        if let Ok(weight) = ctx.data::<Arc<Weight>>() {
            weight.0.store(result.complexity, Relaxed);
        }
        Err(Vec::new())
    }
}

impl Scale {
    pub(crate) fn new() -> Self {
        Self(schema::checked().extension(Weighing).finish())
    }

    /// The complexity of what this document asks for; or why it is refused.
    pub(crate) async fn weigh(&self, document: ExecutableDocument, request: &Request) -> Result<usize, Response> {
        let weight = Arc::new(Weight::default());
        let mut copy = Request::new("").variables(request.variables.clone()).data(Arc::clone(&weight));
        copy.operation_name.clone_from(&request.operation_name);
        copy.set_parsed_query(document);
        let refused = self.0.execute(copy).await;
        if refused.errors.is_empty() { Ok(weight.0.load(Relaxed)) } else { Err(refused) }
    }
}
