//! Pages of the order list.

use async_graphql::{Context, InputObject, SimpleObject};
use daybook_domain::{Position, Slot};
use daybook_views::Views;
use daybook_views::query::{Cursor, Direction, OrderQuery, QueryError, Row, Sort, SortField, Take};

use super::enums::{OrderSortField, SortDirection};
use super::error::ApiError;
use super::filter::{self, OrderWhere, Seen};
use super::merchant::{self, MerchantObject};
use super::moment::Moment;
use super::order::OrderObject;
use super::page::{self, PageInfo, from_hex, to_hex};
use super::plain::{Listed, PlainList, Plan, plain};
use super::row::OrderFields;
use super::services;
use crate::access::{Relation, Tenant};
use crate::http::Services;
use crate::json::Json;
use crate::reads::{PATIENCE, Reads};
use std::sync::Arc;

#[derive(Clone, Copy, Debug, Default, InputObject)]
#[graphql(name = "OrderSort")]
pub(crate) struct OrderSort {
    /// PLACED_AT unless told otherwise.
    field: Option<OrderSortField>,
    /// DESC unless told otherwise.
    direction: Option<SortDirection>,
}

impl From<OrderSort> for Sort {
    fn from(sort: OrderSort) -> Self {
        Sort {
            field: match sort.field.unwrap_or_default() {
                OrderSortField::PlacedAt => SortField::PlacedAt,
                OrderSortField::Amount => SortField::Amount,
            },
            direction: match sort.direction.unwrap_or_default() {
                SortDirection::Asc => Direction::Ascending,
                SortDirection::Desc => Direction::Descending,
            },
        }
    }
}

/// Which part of the list is wanted.
#[derive(Clone, Debug, Default)]
pub(crate) struct Paging {
    pub(crate) first: Option<i32>,
    pub(crate) after: Option<String>,
    pub(crate) last: Option<i32>,
    pub(crate) before: Option<String>,
}

#[derive(SimpleObject)]
pub(crate) struct OrderEdge {
    cursor: String,
    node: Arc<OrderObject>,
}

plain! { EdgeFields of "OrderEdge", |edge: &OrderEdge, out| {
    "cursor" Cursor => out.word(&edge.cursor),
    "node" Node(node: OrderFields) => OrderFields::write(&edge.node, node, out),
}}

impl Listed for OrderEdge {
    type Fields = EdgeFields;
    const BYTES: usize = 120;

    fn write(&self, plan: &Plan<EdgeFields>, out: &mut Json) {
        EdgeFields::write(self, plan, out);
    }
}

#[derive(SimpleObject)]
pub(crate) struct OrderConnection {
    nodes: PlainList<Arc<OrderObject>>,
    edges: PlainList<OrderEdge>,
    page_info: PageInfo,
}

/// Waits for the views, if they must have got somewhere. See [`Reads::follow`].
pub(super) async fn follow(ctx: &Context<'_>, at_least: Option<Position>) -> async_graphql::Result<()> {
    match at_least {
        Some(position) => Ok(ctx.data::<Arc<Reads>>()?.follow(services(ctx)?, position).await?),
        None => Ok(()),
    }
}

/// Waits until the views have what was carried out. See [`Reads::follow_for`].
pub(super) async fn follow_done(ctx: &Context<'_>, position: Position) -> async_graphql::Result<()> {
    Ok(ctx.data::<Arc<Reads>>()?.follow_for(services(ctx)?, position, PATIENCE).await?)
}

/// Waits until the views have all that the log has now.
pub(super) async fn catch_up(ctx: &Context<'_>) -> async_graphql::Result<()> {
    let services = services(ctx)?;
    Ok(ctx.data::<Arc<Reads>>()?.follow(services, services.reader.watermark()).await?)
}

fn cursor(text: Option<&String>, name: &str) -> Result<Option<Cursor>, ApiError> {
    let Some(text) = text else { return Ok(None) };
    let bytes = from_hex(text).ok_or_else(|| ApiError::Invalid(format!("{name} is not a cursor of this list")))?;
    Cursor::from_bytes(&bytes).map(Some).map_err(|error| ApiError::Invalid(format!("{name}: {error}")))
}

/// The rows with what they name, looked up under the same hold of the views, so that all of it is of one position. `moment` is
/// that of the views.
pub(crate) fn objects(
    services: &Services,
    views: &Views,
    moment: &Moment,
    tenant: &Tenant,
    rows: Vec<Row>,
) -> Result<Vec<Arc<OrderObject>>, ApiError> {
    let list = views.order_list()?;
    let mut merchants: Vec<MerchantObject> = Vec::new();
    let mut objects = Vec::with_capacity(rows.len());
    let buyers: Vec<Slot> = rows.iter().map(|row| row.order.buyer).collect();
    let accounts = services.host.accounts.get_all(&buyers, &services.reader, list);
    for (row, account) in rows.into_iter().zip(accounts) {
        let id = &row.order.merchant;
        let known = merchants.iter().rev().find(|known| known.0.id == *id).cloned();
        let merchant = known.unwrap_or_else(|| {
            let found = merchant::in_views(views, id, moment);
            let merchant = found.unwrap_or_else(|| merchant::unregistered(id));
            merchants.push(merchant.clone());
            merchant
        });
        let is_past = moment.is_past() && services.reader.head(row.id).is_some_and(|(_, newest)| newest > row.revision);
        objects.push(Arc::new(OrderObject::from_row(row, merchant, account, tenant).of_the_past(is_past)));
    }
    Ok(objects)
}

/// In so many steps at most.
#[expect(clippy::too_many_arguments, reason = "what is asked, and where")]
pub(crate) fn list(
    services: &Services,
    views: &Views,
    steps: u64,
    moment: &Moment,
    wanted: Option<OrderWhere>,
    seen: &Seen,
    sort: OrderSort,
    paging: &Paging,
) -> Result<OrderConnection, ApiError> {
    let take = match (paging.first, paging.last) {
        (Some(_), Some(_)) => return Err(ApiError::Invalid("ask for either first or last".into())),
        (None, Some(last)) => Take::Last(page::first(Some(last))?),
        (first, None) => Take::First(page::first(first)?),
    };
    let sort = Sort::from(sort);
    let (scope, filter) = filter::build(services, views, wanted, seen)?;
    let query = OrderQuery {
        scope,
        filter,
        sort,
        after: cursor(paging.after.as_ref(), "after")?,
        before: cursor(paging.before.as_ref(), "before")?,
        take,
    };
    // A cursor can be made up: one of an order that is not shown is answered as one of an order that is not there.
    let is_foreign = |cursor: Cursor| {
        let row = views.order_list().ok().and_then(|list| list.by_id(cursor.order()));
        row.is_none_or(|row| seen.tenant.relation(row.id, &row.order) == Relation::Foreign)
    };
    if !seen.tenant.shows_all() && [query.after, query.before].into_iter().flatten().any(is_foreign) {
        return Err(QueryError::CursorUnknown.into());
    }
    let page = views.order_list()?.page_within(&query, steps)?;
    let cursors: Vec<String> = page.rows.iter().map(|row| to_hex(&row.cursor(sort.field).to_bytes())).collect();
    let page_info = PageInfo::of(cursors.iter().map(String::as_str), page.has_next, page.has_previous);
    let nodes = objects(services, views, moment, &seen.tenant, page.rows)?;
    let edges = cursors.into_iter().zip(&nodes).map(|(cursor, node)| OrderEdge { cursor, node: node.clone() });
    Ok(OrderConnection { edges: PlainList(edges.collect()), nodes: PlainList(nodes), page_info })
}

/// In so many steps at most.
pub(crate) fn count(
    services: &Services,
    views: &Views,
    steps: u64,
    wanted: Option<OrderWhere>,
    seen: &Seen,
) -> Result<u64, ApiError> {
    let (scope, filter) = filter::build(services, views, wanted, seen)?;
    Ok(views.order_list()?.count_within(&scope, &filter, steps)?)
}
