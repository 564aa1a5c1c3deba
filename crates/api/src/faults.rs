//! For tests: a server some of whose fields have a bug.

use std::sync::Arc;

use async_graphql::async_trait::async_trait;
use async_graphql::extensions::{Extension, ExtensionContext, ExtensionFactory, NextResolve, ResolveInfo};
use async_graphql::{ServerResult, Value};
use axum::Router;

use crate::edge::Limits;
use crate::http::{self, Services};
use crate::schema;

/// All routes; resolving a field of one of these names panics, and says `secret`, the name, and
/// what the client calls it.
pub fn router_with_bugs(services: Services, fields: &'static [&'static str]) -> Router {
    let schema = schema::builder(services.clone()).extension(Bugs(fields)).finish();
    http::routes(services, schema, &Limits::default())
}

struct Bugs(&'static [&'static str]);

impl ExtensionFactory for Bugs {
    fn create(&self) -> Arc<dyn Extension> {
        Arc::new(Bugs(self.0))
    }
}

#[async_trait]
impl Extension for Bugs {
    async fn resolve(
        &self,
        ctx: &ExtensionContext<'_>,
        info: ResolveInfo<'_>,
        next: NextResolve<'_>,
    ) -> ServerResult<Option<Value>> {
        assert!(!self.0.contains(&info.name), "secret {} {}", info.name, info.alias.unwrap_or_default());
        next.run(ctx, info).await
    }
}
