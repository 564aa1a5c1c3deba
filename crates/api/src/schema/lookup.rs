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

/// Where an order is that somebody names.
pub(crate) enum Named {
    At(StreamId),
    Nowhere,
    /// Only the views can tell.
    InViews(Numbered),
}

/// An order's number, of this merchant or one below it, or the only one of its kind.
#[derive(Clone)]
pub(crate) struct Numbered {
    merchant: Option<MerchantId>,
    number: OrderNumber,
}

impl Numbered {
    /// None: what cannot be a name names nothing. A tenant's number without a merchant is one of its own: those of the merchants
    /// below it are named with theirs.
    fn of(tenant: &Tenant, by: &OrderNumberInput) -> Option<Self> {
        let merchant = match by.merchant.as_deref() {
            Some(id) => Some(MerchantId::new(id).ok()?),
            None => tenant.own().cloned(),
        };
        Some(Self { merchant, number: OrderNumber::new(&by.number).ok()? })
    }

    /// Others may have the same number.
    pub(crate) fn may_be_ambiguous(&self) -> bool {
        self.merchant.is_none()
    }
}

/// By its id, or as the merchant's own, an order is found without the views.
pub(crate) fn named(services: &Services, tenant: &Tenant, by: &OrderInput) -> Named {
    let numbered = match by {
        OrderInput::Id(id) => return stream(id).map_or(Named::Nowhere, Named::At),
        OrderInput::Number(by) => Numbered::of(tenant, by),
    };
    let Some(numbered) = numbered else { return Named::Nowhere };
    let own = numbered.merchant.as_ref().map(|merchant| StreamId::order(merchant, &numbered.number));
    match own.filter(|own| services.reader.head(*own).is_some()) {
        Some(own) => Named::At(own),
        None if tenant.shows_all() => Named::InViews(numbered),
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

/// The order's stream, as far as the views know; none if they know no such order.
pub(crate) fn order(views: &Views, Numbered { merchant, number }: &Numbered) -> Result<Option<StreamId>, ApiError> {
    let rows = views.order_list()?.by_number(merchant.as_ref(), number);
    match rows.as_slice() {
        [] => Ok(None),
        [row] => Ok(Some(row.id)),
        [..] => Err(ApiError::NumberAmbiguous),
    }
}

/// As [`order`]; one that they do not know is looked for in what the log knows by now: who was told that an order is there may
/// name it at once. Whether a number is the only one of its kind is as the views know.
pub(crate) async fn in_views(ctx: &Context<'_>, by: Numbered) -> async_graphql::Result<Option<StreamId>> {
    let end = services(ctx)?.reader.watermark();
    let again = by.clone();
    let (found, known) = look(ctx, move |_, views| Ok((order(views, &by)?, views.position()))).await?;
    if found.is_some() || known >= end {
        return Ok(found);
    }
    orders::follow(ctx, Some(end)).await?;
    look(ctx, move |_, views| order(views, &again)).await
}
