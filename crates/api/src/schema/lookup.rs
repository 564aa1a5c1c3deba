//! Naming an order or a point in time.

use async_graphql::{ID, InputObject, OneofObject};
use daybook_domain::{MerchantId, OrderNumber, Recorded, StreamId};
use uuid::Uuid;

use super::error::ApiError;
use super::scalar::{DateTime, Position};
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

/// The order's stream; none if there is no such order. An id is taken at its word.
pub(crate) fn order(services: &Services, by: &OrderInput) -> Result<Option<StreamId>, ApiError> {
    let OrderNumberInput { merchant, number } = match by {
        OrderInput::Id(id) => return Ok(Uuid::parse_str(id).ok().map(StreamId)),
        OrderInput::Number(number) => number,
    };
    // What cannot be a name names nothing.
    let Ok(number) = OrderNumber::new(number) else { return Ok(None) };
    let merchant = match merchant.as_deref().map(MerchantId::new) {
        Some(Err(_)) => return Ok(None),
        Some(Ok(merchant)) => Some(merchant),
        None => None,
    };
    if let Some(merchant) = &merchant {
        let own = StreamId::order(merchant, &number);
        if services.reader.head(own).is_some() {
            return Ok(Some(own));
        }
    }
    let rows = services.host.views().order_list()?.by_number(merchant.as_ref(), &number);
    match rows.as_slice() {
        [] => Ok(None),
        [row] => Ok(Some(row.id)),
        [..] => Err(ApiError::NumberAmbiguous),
    }
}
