//! What can be asked.

use std::sync::Arc;

use async_graphql::{Context, ID, Interface, Object, Result};
use daybook_domain::{MerchantId, StreamId};
use uuid::Uuid;

use super::dashboard::{self, Dashboard, Question, TimeRange};
use super::enums::{Basis, Scope};
use super::filter::OrderWhere;
use super::history::HistoryConnection;
use super::lookup::{self, AsOf, OrderInput};
use super::merchant::{self, MerchantConnection, MerchantObject};
use super::order::OrderObject;
use super::orders::{self, OrderConnection, OrderSort, Paging};
use super::scalar::Position;
use super::subscription::{Viewer, viewer};
use super::{events, page, services};
use crate::auth::Session;
use crate::http::Services;

pub(crate) struct QueryRoot;

/// Whatever has an id.
#[derive(Interface)]
#[graphql(field(name = "id", ty = "ID"))]
pub(crate) enum Node {
    Order(Arc<OrderObject>),
    Merchant(MerchantObject),
}

fn by_stream(services: &Services, stream: StreamId, as_of: Option<&AsOf>) -> Result<Option<OrderObject>> {
    Ok(OrderObject::load(services, stream, |recorded| as_of.is_none_or(|as_of| as_of.includes(recorded)))?)
}

#[Object(name = "Query")]
#[allow(clippy::too_many_arguments, reason = "a field's arguments")]
impl QueryRoot {
    /// Orders, newest first unless told otherwise; at most 250 at a time. `scope` says whether the merchants below those
    /// named in `where.merchant` count too.
    #[graphql(complexity = "page::cost(first, last, child_complexity)")]
    async fn orders(
        &self,
        ctx: &Context<'_>,
        #[graphql(name = "where")] wanted: Option<OrderWhere>,
        #[graphql(default)] scope: Scope,
        #[graphql(default)] sort_by: OrderSort,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
        #[graphql(desc = "Wait until the list knows this position, such as a receipt's.")] at_least: Option<Position>,
    ) -> Result<OrderConnection> {
        let services = services(ctx)?;
        orders::wait(services, at_least.map(|at| at.0)).await?;
        let paging = Paging { first, after, last, before };
        Ok(orders::list(services, wanted, scope, sort_by, &paging)?)
    }

    async fn orders_count(
        &self,
        ctx: &Context<'_>,
        #[graphql(name = "where")] wanted: Option<OrderWhere>,
        #[graphql(default)] scope: Scope,
        at_least: Option<Position>,
    ) -> Result<u64> {
        let services = services(ctx)?;
        orders::wait(services, at_least.map(|at| at.0)).await?;
        Ok(orders::count(services, wanted, scope)?)
    }

    /// One order, from its own events: always up to date. With `asOf` as it was; null if it was not there then.
    async fn order(&self, ctx: &Context<'_>, by: OrderInput, as_of: Option<AsOf>) -> Result<Option<OrderObject>> {
        let services = services(ctx)?;
        match lookup::order(services, &by)? {
            Some(stream) => by_stream(services, stream, as_of.as_ref()),
            None => Ok(None),
        }
    }

    /// The figures of a period. Without `merchant`, of all.
    async fn dashboard(
        &self,
        ctx: &Context<'_>,
        merchant: Option<String>,
        #[graphql(default)] scope: Scope,
        range: TimeRange,
        #[graphql(default_with = "\"UTC\".to_owned()", desc = "An IANA name, such as Asia/Shanghai.")]
        time_zone: String,
        currency: String,
        #[graphql(default_with = "Basis::Cohort")] basis: Basis,
        at_least: Option<Position>,
    ) -> Result<Dashboard> {
        let services = services(ctx)?;
        orders::wait(services, at_least.map(|at| at.0)).await?;
        let question = Question { merchant, scope, range, time_zone, currency, basis };
        Ok(dashboard::ask(services, &question)?)
    }

    /// The log from behind a position on, oldest first. Cursors are positions. A page of few kinds may end early, with
    /// `hasNextPage`: go on from `endCursor`.
    #[graphql(complexity = "page::cost(first, None, child_complexity)")]
    async fn events(
        &self,
        ctx: &Context<'_>,
        after: Option<Position>,
        first: Option<i32>,
        #[graphql(desc = "Such as order-placed.")] kinds: Option<Vec<String>>,
    ) -> Result<HistoryConnection> {
        let kinds = events::kinds(kinds)?;
        Ok(events::list(services(ctx)?, after.map_or(0, |after| after.0), first, kinds.as_ref())?)
    }

    /// Who is asking.
    async fn viewer(&self, ctx: &Context<'_>) -> Result<Viewer> {
        Ok(viewer(ctx.data::<Session>()?))
    }

    /// Merchants by id; with `root` only that one and those below it.
    #[graphql(complexity = "page::cost(first, None, child_complexity)")]
    async fn merchants(
        &self,
        ctx: &Context<'_>,
        root: Option<String>,
        first: Option<i32>,
        after: Option<String>,
    ) -> Result<MerchantConnection> {
        Ok(merchant::list(services(ctx)?, root, first, after)?)
    }

    async fn merchant(&self, ctx: &Context<'_>, id: ID) -> Result<Option<MerchantObject>> {
        match MerchantId::new(&id) {
            Ok(id) => Ok(merchant::find(services(ctx)?, &id)?),
            Err(_) => Ok(None),
        }
    }

    /// Anything by its id.
    async fn node(&self, ctx: &Context<'_>, id: ID) -> Result<Option<Node>> {
        let services = services(ctx)?;
        if let Ok(stream) = Uuid::parse_str(&id)
            && let Some(order) = by_stream(services, StreamId(stream), None)?
        {
            return Ok(Some(Node::Order(Arc::new(order))));
        }
        match MerchantId::new(&id) {
            Ok(id) => Ok(merchant::find(services, &id)?.map(Node::Merchant)),
            Err(_) => Ok(None),
        }
    }
}
