//! Naming an order or a point in time.

use async_graphql::{Context, ID, InputObject, OneofObject};
use daybook_domain::{MerchantId, OrderNumber, Recorded, State, StreamId};
use daybook_views::Views;
use uuid::Uuid;

use super::error::ApiError;
use super::scalar::{DateTime, Position};
use super::{look, orders, services};
use crate::access::{Relation, Tenant};
use crate::http::Services;

/// An order, by its id or by its number.
#[derive(Clone, Debug, OneofObject)]
pub(crate) enum OrderInput {
    Id(ID),
    Number(OrderNumberInput),
}

/// An order number. The merchant's own order of that number is meant; if it has none, that of a merchant below it.
#[derive(Clone, Debug, InputObject)]
pub(crate) struct OrderNumberInput {
    /// Without one, the number must be the only one of its kind.
    pub(crate) merchant: Option<String>,
    pub(crate) number: String,
}

/// A point in the past: what was known then.
#[derive(Clone, Debug, OneofObject)]
pub(crate) enum AsOf {
    /// After this revision of the order.
    Revision(i32),
    /// After this position of the ledger.
    Position(Position),
    /// What the ledger knew at this time.
    Time(DateTime),
}

impl AsOf {
    pub(crate) fn includes(&self, recorded: &Recorded) -> bool {
        match self {
            AsOf::Revision(revision) => i64::from(recorded.revision) <= i64::from(*revision),
            AsOf::Position(position) => recorded.position <= position.0,
            AsOf::Time(time) => recorded.recorded_at <= time.0,
        }
    }
}

pub(crate) fn merchant_id(text: &str) -> Result<MerchantId, ApiError> {
    MerchantId::new(text).map_err(|error| ApiError::Invalid(format!("the merchant's id {error}")))
}

fn stream(id: &ID) -> Option<StreamId> {
    Uuid::parse_str(id).ok().map(StreamId)
}

/// The stream of an order that can be named without the views: by its id, or as the merchant's own.
pub(crate) fn own(services: &Services, by: &OrderInput) -> Option<StreamId> {
    match by {
        OrderInput::Id(id) => stream(id),
        OrderInput::Number(OrderNumberInput { merchant, number }) => {
            let merchant = MerchantId::new(merchant.as_deref()?).ok()?;
            let own = StreamId::order(&merchant, &OrderNumber::new(number).ok()?);
            services.reader.head(own).map(|_| own)
        }
    }
}

/// Where an order is that somebody names.
pub(crate) enum Named {
    At(StreamId),
    Nowhere,
    /// Only the views can tell.
    InViews(OrderInput),
}

/// A tenant's number without a merchant is one of its own: those of the merchants below it are named with theirs.
pub(crate) fn named(services: &Services, tenant: &Tenant, by: &OrderInput) -> Named {
    let by = match (tenant.own(), by) {
        (Some(own), OrderInput::Number(OrderNumberInput { merchant: None, number })) => {
            OrderInput::Number(OrderNumberInput { merchant: Some(own.as_str().to_owned()), number: number.clone() })
        }
        _ => by.clone(),
    };
    match own(services, &by) {
        Some(own) => Named::At(own),
        None if tenant.shows_all() => Named::InViews(by),
        None => Named::Nowhere,
    }
}

/// What the order of a stream is to the tenant; of one that shows everything nothing is looked up.
pub(crate) fn relation(services: &Services, tenant: &Tenant, stream: StreamId) -> Result<Relation, ApiError> {
    if tenant.shows_all() {
        return Ok(Relation::Own);
    }
    let Some((position, _)) = services.reader.head(stream) else { return Ok(Relation::Foreign) };
    if let Some(views) = services.host.try_views()
        && let Ok(list) = views.order_list()
    {
        match list.by_id(stream) {
            Some(row) => return Ok(tenant.relation(stream, &row.order)),
            None if views.position() >= position => return Ok(Relation::Foreign),
            // They have not got there yet.
            None => {}
        }
    }
    Ok(match services.reader.state(stream)? {
        Some(State::Order(order)) => tenant.relation(stream, &order),
        Some(_) | None => Relation::Foreign,
    })
}

/// The order's stream; none if there is no such order. An id is taken at its word.
pub(crate) fn order(services: &Services, views: &Views, by: &OrderInput) -> Result<Option<StreamId>, ApiError> {
    if let Some(own) = own(services, by) {
        return Ok(Some(own));
    }
    let OrderNumberInput { merchant, number } = match by {
        OrderInput::Id(_) => return Ok(None),
        OrderInput::Number(number) => number,
    };
    // What cannot be a name names nothing.
    let Ok(number) = OrderNumber::new(number) else { return Ok(None) };
    let merchant = match merchant.as_deref().map(MerchantId::new) {
        Some(Err(_)) => return Ok(None),
        Some(Ok(merchant)) => Some(merchant),
        None => None,
    };
    let rows = views.order_list()?.by_number(merchant.as_ref(), &number);
    match rows.as_slice() {
        [] => Ok(None),
        [row] => Ok(Some(row.id)),
        [..] => Err(ApiError::NumberAmbiguous),
    }
}

/// As [`order`], of what the log knows by now: who was told that an order is there may name it at once.
pub(crate) async fn in_views(ctx: &Context<'_>, by: OrderInput) -> async_graphql::Result<Option<StreamId>> {
    let services = services(ctx)?;
    let end = services.reader.watermark();
    let again = by.clone();
    let (found, known) = look(ctx, move |services, views| Ok((order(services, views, &by)?, views.position()))).await?;
    if found.is_some() || known >= end {
        return Ok(found);
    }
    orders::follow(ctx, Some(end)).await?;
    look(ctx, move |services, views| order(services, views, &again)).await
}
