//! The schema: one file a subject.

mod actions;
mod actors;
mod audit;
mod cards;
mod changes;
pub(crate) mod code;
mod contributions;
mod dashboard;
pub(crate) mod delivery;
pub(crate) mod enums;
pub(crate) mod error;
mod events;
mod evidence;
mod export;
pub(crate) mod filter;
mod history;
mod job;
pub(crate) mod lookup;
pub(crate) mod merchant;
mod moment;
mod money;
mod mutation;
mod order;
mod orders;
mod page;
pub(crate) mod plain;
mod policy;
mod query;
mod queue;
mod row;
mod scalar;
mod stock;
mod subscription;
mod token;
pub(crate) mod zone;

use std::sync::Arc;

use async_graphql::{Context, ValidationMode};
use daybook_views::Views;

use crate::auth::Session;
use crate::http::Services;
use crate::limits::MAX_COMPLEXITY;
use crate::reads::Reads;
use code::Code;
use error::ApiError;
use mutation::MutationRoot;
use query::QueryRoot;
use subscription::SubscriptionRoot;

pub(crate) type Schema = async_graphql::Schema<QueryRoot, MutationRoot, SubscriptionRoot>;
type SchemaBuilder = async_graphql::SchemaBuilder<QueryRoot, MutationRoot, SubscriptionRoot>;

/// Runs what [`checked`] has let in.
pub(crate) fn builder(services: Services) -> SchemaBuilder {
    checked().data(services).validation_mode(ValidationMode::Fast)
}

/// Refuses what does not fit the schema, or is too complex.
pub(crate) fn checked() -> SchemaBuilder {
    Schema::build(QueryRoot, MutationRoot, SubscriptionRoot).limit_complexity(MAX_COMPLEXITY).limit_directives(10)
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

/// Looks at the views for a short time. See [`Reads::look`].
async fn look<T: Send + 'static>(
    ctx: &Context<'_>,
    look: impl FnOnce(&Services, &Views) -> Result<T, ApiError> + Send + 'static,
) -> async_graphql::Result<T> {
    Ok(ctx.data::<Arc<Reads>>()?.look(services(ctx)?, look).await?)
}

/// Looks at the views for as long as it may take. See [`Reads::look_long`].
async fn look_long<T: Send + 'static>(
    ctx: &Context<'_>,
    look: impl FnOnce(&Services, &Views) -> Result<T, ApiError> + Send + 'static,
) -> async_graphql::Result<T> {
    Ok(ctx.data::<Arc<Reads>>()?.look_long(services(ctx)?, look).await?)
}

/// Steps of a query of the list that is answered where it arrives: a fraction of a millisecond.
const SHORT_STEPS: u64 = 50_000;
/// Steps of any query of the list: some tenths of a second.
const MAX_STEPS: u64 = 50_000_000;

/// Asks the list, given the steps that it may take: few here; if they do not suffice, many where that holds nobody up.
async fn look_in_steps<T: Send + 'static>(
    ctx: &Context<'_>,
    ask: impl Fn(&Services, &Views, u64) -> Result<T, ApiError> + Send + Sync + 'static,
) -> async_graphql::Result<T> {
    let ask = Arc::new(ask);
    let asked = Arc::clone(&ask);
    let soon = look(ctx, move |services, views| match asked(services, views, SHORT_STEPS) {
        Err(ApiError::TooMuchWork(_)) => Ok(None),
        other => other.map(Some),
    });
    match soon.await? {
        Some(found) => Ok(found),
        None => look_long(ctx, move |services, views| ask(services, views, MAX_STEPS)).await,
    }
}

/// What is forbidden is logged.
fn allowed<T>(ctx: &Context<'_>, result: Result<T, impl Into<async_graphql::Error>>) -> async_graphql::Result<T> {
    let result = result.map_err(Into::into);
    if let Err(error) = &result
        && error.extensions.as_ref().and_then(|extensions| extensions.get("code"))
            == Some(&async_graphql::Value::from(Code::Forbidden.name()))
    {
        services(ctx)?.security.forbidden(ctx.data::<Session>()?.asker(), ctx.field().name());
    }
    result
}

fn services<'a>(ctx: &Context<'a>) -> async_graphql::Result<&'a Services> {
    ctx.data::<Services>()
}
