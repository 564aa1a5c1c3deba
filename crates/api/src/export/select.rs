//! Which orders: the list's own filter, looked up once.

use async_graphql::{InputType, Value};
use daybook_domain::{MerchantId, Position, StreamId};
use daybook_views::Views;
use daybook_views::query::Sort;

use super::ExportError;
use crate::access::Tenant;
use crate::http::Services;
use crate::schema::enums::Scope;
use crate::schema::error::ApiError;
use crate::schema::filter::{self, OrderWhere, Seen};
use crate::schema::lookup;

/// Steps that looking them up may take: one look of some tenths of a second, as the list itself may take.
const MAX_STEPS: u64 = 200_000_000;

/// What is asked for.
#[derive(Clone, Debug)]
pub struct Which {
    pub(crate) wanted: Option<OrderWhere>,
    pub(crate) seen: Seen,
}

impl Which {
    /// `filter`: what the API takes as `where`, as JSON. `merchant`: whose, with `subtree` those of the merchants below it
    /// too. Shows every merchant's.
    ///
    /// # Errors
    /// The filter is none, or names the merchant as well.
    pub fn parse(filter: Option<&str>, merchant: Option<&str>, subtree: bool) -> Result<Self, ExportError> {
        let mut wanted = filter.map(parse).transpose()?;
        if let Some(merchant) = merchant {
            wanted.get_or_insert_with(OrderWhere::default).of_merchant(&lookup::merchant_id(merchant)?)?;
        }
        let scope = if subtree { Scope::Subtree } else { Scope::Own };
        Ok(Self { wanted, seen: Seen { scope, tenant: Tenant::ALL } })
    }
}

impl Which {
    /// Whether contacts must have been read ([`crate::read_phones`]) before it can be looked up.
    pub fn asks_for_phones(&self) -> bool {
        self.wanted.as_ref().is_some_and(OrderWhere::asks_for_phones)
    }
}

fn parse(json: &str) -> Result<OrderWhere, ExportError> {
    let invalid = |why: String| ExportError::Invalid(format!("the filter {why}"));
    let json: serde_json::Value =
        serde_json::from_str(json).map_err(|error| invalid(format!("is no JSON: {error}")))?;
    let value = Value::from_json(json).map_err(|error| invalid(error.to_string()))?;
    let parsed = OrderWhere::parse(Some(value.clone())).map_err(|error| {
        let message = error.into_server_error(async_graphql::Pos::default()).message;
        // The rest tells within which of the library's types it was.
        let why = message.split(" (occurred while parsing").next().unwrap_or(&message);
        invalid(format!("does not fit the API's `where`, such as {{\"label\": {{\"eq\": \"TO_SHIP\"}}}}: {why}"))
    })?;
    // Parsing passes over what it does not know, which would let more through than was asked for.
    match unknown(&value, &parsed.to_value()) {
        Some((name, known)) => Err(invalid(format!("has no condition {name:?}; there are {}", known.join(", ")))),
        None => Ok(parsed),
    }
}

/// A member of the first that the second, which has all there are, does not have; and those.
fn unknown(given: &Value, known: &Value) -> Option<(String, Vec<String>)> {
    match (given, known) {
        (Value::Object(given), Value::Object(known)) => given.iter().find_map(|(name, value)| match known.get(name) {
            Some(known) => unknown(value, known),
            None => Some((name.to_string(), known.keys().map(ToString::to_string).collect())),
        }),
        (Value::List(given), Value::List(known)) => {
            given.iter().zip(known).find_map(|(given, known)| unknown(given, known))
        }
        // One value stands for a list of one.
        (given, Value::List(known)) => known.first().and_then(|known| unknown(given, known)),
        _ => None,
    }
}

/// Orders at a position, in the order of the list; 16 bytes each.
#[derive(Clone, Debug)]
pub struct Selection {
    position: Position,
    pub(super) ids: Vec<StreamId>,
    /// The merchant that it is shown to; none: whoever sees all.
    pub(super) own: Option<MerchantId>,
}

impl Selection {
    /// Looks the orders up, at the position that the views have reached. They wait meanwhile, some tenths of a second for
    /// millions of orders.
    ///
    /// # Errors
    /// The filter makes no sense, or would look at too many orders.
    pub fn new(services: &Services, which: &Which) -> Result<Self, ExportError> {
        Ok(Self::look(services, &services.host.views(), which)?)
    }

    /// As [`Selection::new`], in these views.
    pub(crate) fn look(services: &Services, views: &Views, which: &Which) -> Result<Self, ApiError> {
        let (scope, filter) = filter::build(services, views, which.wanted.clone(), &which.seen)?;
        let ids = views.order_list()?.ids_within(&scope, &filter, Sort::default(), MAX_STEPS)?;
        Ok(Self { position: views.position(), ids, own: which.seen.tenant.own().cloned() })
    }

    /// All rows are as of this.
    pub fn position(&self) -> Position {
        self.position
    }

    pub fn len(&self) -> u64 {
        self.ids.len() as u64
    }

    pub fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(filter: &str) -> String {
        Which::parse(Some(filter), None, false).unwrap_err().to_string()
    }

    #[test]
    fn a_filter_is_what_the_list_takes_and_nothing_else() {
        for good in [
            "{}",
            r#"{"label": {"oneOf": ["TO_SHIP", "SHIPPED"]}, "placedAt": {"gte": "2018-01-01T00:00:00Z"}}"#,
            r#"{"AND": [{"number": {"eq": "A-1"}}, {"OR": {"tag": {"eq": "vip"}}}], "total": {"currency": "CNY", "gte": "1.50"}}"#,
        ] {
            Which::parse(Some(good), None, false).unwrap();
        }
        assert!(refusal("{").starts_with("the filter is no JSON"));
        assert!(refusal("[]").starts_with("the filter does not fit"));
        assert!(refusal(r#"{"label": {"eq": "LOST"}}"#).starts_with("the filter does not fit"));
        assert!(
            refusal(r#"{"lable": {"eq": "TO_SHIP"}}"#).starts_with("the filter has no condition \"lable\"; there are ")
        );
        assert_eq!(
            refusal(r#"{"OR": [{}, {"tag": {"ep": "x"}}]}"#),
            "the filter has no condition \"ep\"; there are eq, oneOf"
        );
        assert!(refusal(r#"{"OR": {"x": 1}}"#).contains(" there are ") && refusal(r#"{"x": 1}"#).contains(" label, "));
        assert!(!refusal(r#"{"label": {"oneOf": ["TOSHIP"]}}"#).contains("occurred"));
        let twice = Which::parse(Some(r#"{"merchant": {"eq": "m1"}}"#), Some("m1"), false);
        assert!(twice.unwrap_err().to_string().starts_with("name the merchant once"));
    }
}
