//! What the log keeps of what was asked for: enough to know it again, nothing personal.

use async_graphql::InputType;
use daybook_domain::Position;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::Which;

/// Bytes of a filter that an event keeps; of a longer one it keeps the hash.
const MAX_BYTES: usize = 8 << 10;

/// What stands in `export-opened` as the filter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Noted(Value);

impl Noted {
    /// Of a buyer or a telephone, that one was named, not which.
    pub fn orders(which: &Which) -> Self {
        let wanted = which.wanted.as_ref().and_then(|wanted| wanted.to_value().into_json().ok());
        Self(json!({"where": without_buyers(wanted.unwrap_or_else(|| json!({})))}))
    }

    /// Those behind this position.
    pub fn events(after: Position) -> Self {
        Self(json!({"after": after.to_string()}))
    }

    /// JSON of 8 KiB at most: of a longer filter, `{"sha256": …}`.
    pub fn text(&self) -> Box<str> {
        let text = self.0.to_string();
        if text.len() <= MAX_BYTES {
            return text.into();
        }
        let hash: String = Sha256::digest(&text).iter().map(|byte| format!("{byte:02x}")).collect();
        json!({"sha256": hash}).to_string().into()
    }
}

/// What is not given is left out as well.
fn without_buyers(value: Value) -> Value {
    match value {
        Value::Object(members) => members
            .into_iter()
            .filter(|(_, value)| !value.is_null())
            .map(|(name, value)| {
                let is_personal = ["buyer", "phoneTail"].contains(&name.as_str());
                if is_personal { (name, json!("named")) } else { (name, without_buyers(value)) }
            })
            .collect(),
        Value::Array(all) => all.into_iter().map(without_buyers).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value,
    }
}
