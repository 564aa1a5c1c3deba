//! The schema: one file a subject.

pub(crate) mod code;
mod dashboard;
mod enums;
pub(crate) mod error;
mod events;
mod filter;
mod history;
mod lookup;
mod merchant;
mod money;
mod mutation;
mod order;
mod orders;
mod page;
mod plain;
mod query;
mod scalar;
mod subscription;
mod zone;

use std::sync::Arc;

use async_graphql::Context;

use crate::http::Services;
use crate::limits::MAX_COMPLEXITY;
use crate::reads::Reads;
use error::ApiError;
use mutation::MutationRoot;
use query::QueryRoot;
use subscription::SubscriptionRoot;

pub(crate) type Schema = async_graphql::Schema<QueryRoot, MutationRoot, SubscriptionRoot>;
type SchemaBuilder = async_graphql::SchemaBuilder<QueryRoot, MutationRoot, SubscriptionRoot>;

pub(crate) fn builder(services: Services) -> SchemaBuilder {
    Schema::build(QueryRoot, MutationRoot, SubscriptionRoot)
        .data(services)
        .limit_complexity(MAX_COMPLEXITY)
        .limit_directives(10)
}

/// The schema definition, as it stands in `schemas/api.graphql`.
pub fn sdl() -> String {
    Schema::build(QueryRoot, MutationRoot, SubscriptionRoot).finish().sdl()
}

/// Reads the ledger where that holds nobody up. See [`Reads::run`].
async fn read<T: Send + 'static>(
    ctx: &Context<'_>,
    read: impl FnOnce(&Services) -> Result<T, ApiError> + Send + 'static,
) -> async_graphql::Result<T> {
    Ok(ctx.data::<Arc<Reads>>()?.run(services(ctx)?, read).await?)
}

fn services<'a>(ctx: &Context<'a>) -> async_graphql::Result<&'a Services> {
    ctx.data::<Services>()
}
