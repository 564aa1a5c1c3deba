//! What lines of an import are counted by: also a line that is no action counts, as far as it can be read, so that
//! those behind it keep their ids when it is corrected.

use std::fmt;

use daybook_domain::{MerchantId, OrderNumber, Sku, StreamId};
use serde::Deserializer;
use serde::de::{IgnoredAny, MapAccess, Visitor};
use serde_json::Value;
use uuid::Uuid;

use super::{ACTIONS, Action, action_name};

/// Lines of one action on one order (or merchant, see [`Action::target`]) are told apart by their place among each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct LineKey {
    pub target: StreamId,
    pub action: &'static str,
}

impl LineKey {
    /// The key of a line that [`super::parse_action`] does not take, whatever is wrong with it: another field, or the
    /// JSON behind the names. None: its action, or what it is about, cannot be made out.
    ///
    /// ```
    /// use daybook_codec::{LineKey, parse_action};
    ///
    /// let whole = r#"{"action":"add-note","merchant":"m1","number":"A-1","text":"x"}"#;
    /// assert_eq!(LineKey::of_bad(&whole.as_bytes()[..57]), Some(parse_action(whole).unwrap().key()));
    /// assert_eq!(LineKey::of_bad(b"no action"), None);
    /// ```
    pub fn of_bad(line: &[u8]) -> Option<Self> {
        let mut names = Names::default();
        // Where it breaks off, what was read before counts.
        let _ = serde_json::Deserializer::from_slice(line).deserialize_map(&mut names);
        names.key()
    }
}

impl Action {
    /// What the line is counted by.
    pub fn key(&self) -> LineKey {
        LineKey { target: self.target(), action: action_name(&self.command) }
    }
}

#[derive(Default)]
struct Names {
    action: Name,
    order: Name,
    merchant: Name,
    number: Name,
    id: Name,
    sku: Name,
    /// Nothing is missing because the line breaks off.
    is_whole: bool,
}

#[derive(Default, PartialEq, Eq)]
enum Name {
    #[default]
    Absent,
    Text(String),
    /// Of another type, or there twice with different texts.
    Unclear,
}

impl Name {
    fn read(&mut self, value: Value) {
        let found = match value {
            Value::Null => return,
            // Quotes and blanks are what is forgotten, or too many, most often.
            Value::String(text) => Name::Text(text.trim().to_owned()),
            Value::Number(number) => Name::Text(number.to_string()),
            Value::Bool(_) | Value::Array(_) | Value::Object(_) => Name::Unclear,
        };
        let is_clear = matches!(self, Name::Absent) || *self == found;
        *self = if is_clear { found } else { Name::Unclear };
    }

    fn text(&self) -> Option<&str> {
        match self {
            Name::Text(text) => Some(text),
            Name::Absent | Name::Unclear => None,
        }
    }
}

impl Names {
    fn key(&self) -> Option<LineKey> {
        let action = self.action.text()?;
        let action = ACTIONS.into_iter().find(|known| *known == action)?;
        let target = match action {
            "register-merchant" => StreamId::merchant(&MerchantId::new(self.id.text()?).ok()?),
            "place" if self.number == Name::Absent && self.is_whole => {
                StreamId::merchant(&MerchantId::new(self.merchant.text()?).ok()?)
            }
            "place" => self.by_number()?,
            "receive-stock" | "count-stock" | "set-stock-mark" => {
                let sku = Sku::new(self.sku.text()?).ok()?;
                StreamId::sku(&MerchantId::new(self.merchant.text()?).ok()?, &sku)
            }
            _ => self.order()?,
        };
        Some(LineKey { target, action })
    }

    fn by_number(&self) -> Option<StreamId> {
        let merchant = MerchantId::new(self.merchant.text()?).ok()?;
        Some(StreamId::order(&merchant, &OrderNumber::new(self.number.text()?).ok()?))
    }

    /// Named both ways it may be either, once the line is corrected.
    fn order(&self) -> Option<StreamId> {
        let by_id = self.order.text().and_then(|text| Uuid::try_parse(text).ok()).map(StreamId);
        match (by_id, self.by_number()) {
            (Some(by_id), Some(by_number)) => (by_id == by_number).then_some(by_id),
            (by_id, by_number) => by_id.or(by_number),
        }
    }
}

impl<'de> Visitor<'de> for &mut Names {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(field) = map.next_key::<String>()? {
            let name = match field.as_str() {
                "action" => &mut self.action,
                "order" => &mut self.order,
                "merchant" => &mut self.merchant,
                "number" => &mut self.number,
                "id" => &mut self.id,
                "sku" => &mut self.sku,
                _ => {
                    map.next_value::<IgnoredAny>()?;
                    continue;
                }
            };
            name.read(map.next_value()?);
        }
        self.is_whole = true;
        Ok(())
    }
}
